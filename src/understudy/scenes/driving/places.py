"""Where scenarios take place: a network of roads that fits the lanes of each, with the coordinates of the scenario."""

from __future__ import annotations

from dataclasses import dataclass

from understudy.scenes.geometry.motion import Motion, still
from understudy.scenes.roads.building import Profile, crossing, motorway
from understudy.scenes.roads.network import RoadNetwork
from understudy.scenes.traffic.scenarios import Scenario


@dataclass(frozen=True)
class Place:
    """kind: "motorway", "street" or "crossroads". network: its roads. motion: from the network's coordinates to the scenario's, in which
    the ego begins at the origin along x. lane_width: m. lanes: the middles (y) of lanes along x, with their direction (1: as the ego)."""

    kind: str
    network: RoadNetwork
    motion: Motion
    lane_width: float
    lanes: tuple[tuple[float, int], ...]

    @property
    def edge_right(self) -> float:
        """y of the right edge of the asphalt."""
        return min(y for y, _ in self.lanes) - self.lane_width / 2


def place_of(scenario: Scenario) -> Place:
    """The place whose lanes are those of the scenario."""
    ids = {lane.id: lane for lane in scenario.road}
    if "up" in ids:
        return _crossroads(float(ids["up"].centre[0, 0]), ids["up"].width_m)
    if "there" in ids:
        return _street(ids["there"].width_m)
    return _motorway()


def _motorway() -> Place:
    lane, median = 3.5, 4.0
    profile = Profile("motorway", forward=2, backward=2, lane_width=lane, shoulder=2.5, median=median, speed=130 / 3.6)
    middle = 1.5 * lane + median / 2
    lanes = ((0.0, 1), (lane, 1), (middle + median / 2 + lane / 2, -1), (middle + median / 2 + 1.5 * lane, -1))
    return Place("motorway", motorway(1500.0, profile), still((-300.0, middle, 0.0)), lane, lanes)


def _street(lane: float) -> Place:
    profile = Profile("town", lane_width=lane, parking=2.3, sidewalk=2.6, speed=50 / 3.6)
    return Place("street", motorway(760.0, profile), still((-160.0, lane / 2, 0.0)), lane, ((0.0, 1), (lane, -1)))


def _crossroads(at: float, lane: float) -> Place:
    profile = Profile("town", lane_width=lane, sidewalk=2.6, speed=50 / 3.6)
    network = crossing(profile, arms=4, length=240.0, rule="lights", zebra=True)
    return Place("crossroads", network, still((at - lane / 2, lane / 2, 0.0)), lane, ((0.0, 1), (lane, -1)))
