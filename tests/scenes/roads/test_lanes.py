"""Lanes of networks: where they lead, who waits, what one may change to."""

import numpy as np
import pytest

from understudy.scenes.roads.building import Profile, crossing, motorway, roundabout, t_junction, town_grid
from understudy.scenes.roads.lanes import lanes_of
from understudy.scenes.traffic.lanes import checked


@pytest.mark.parametrize("network", [motorway(300.0), crossing(), t_junction(), roundabout(), town_grid(2, 3, uneven=5.0)])
def test_lanes_go_on_without_a_gap_or_a_kink(network):
    lanes = checked(lanes_of(network, longest=1.0, tolerance=0.001))
    for lane in lanes.values():
        for name in lane.successors:
            following = lanes[name]
            np.testing.assert_allclose(following.centre[0], lane.centre[-1], atol=1e-6)
            first, last = lane.centre[-1] - lane.centre[-2], following.centre[1] - following.centre[0]
            turn = np.arctan2(first[0] * last[1] - first[1] * last[0], first @ last)
            assert abs(turn) < 0.15, (lane.id, name)


def test_on_a_motorway_one_may_change_to_lanes_of_the_same_direction():
    lanes = {lane.id: lane for lane in lanes_of(motorway(300.0))}
    assert (lanes["1/0/-3"].left, lanes["1/0/-3"].right) == ("1/0/-2", "1/0/-4")
    assert (lanes["1/0/3"].left, lanes["1/0/3"].right) == ("1/0/2", "1/0/4")
    assert lanes["1/0/-2"].left is None
    assert lanes["1/0/-2"].speed_limit_mps == pytest.approx(130 / 3.6)
    assert lanes["1/0/2"].centre[0, 0] == 300.0, "lanes on the left run against the reference line"


def test_the_side_road_of_a_t_junction_gives_way_and_the_main_road_does_not():
    network = t_junction()
    stops = {lane.id: lane.stops for lane in lanes_of(network) if network.roads[lane.id.split("/")[0]].junction is None}
    (line,) = stops["3/0/-1"]
    origins = {network.roads[way.split("/")[0]].predecessor.id for way in line.yields_to}
    assert origins == {"1", "2"}
    assert line.position_m == pytest.approx(network.roads["3"].length - 1.0)
    assert not stops["1/0/-1"]
    assert not stops["2/0/-1"]


def test_without_signs_who_comes_from_the_right_goes_first():
    network = crossing(rule="right before left", zebra=False)
    lanes = {lane.id: lane for lane in lanes_of(network)}
    (line,) = lanes["1/0/-1"].stops  # from the east, heading west: the north is on the right
    assert {network.roads[way.split("/")[0]].predecessor.id for way in line.yields_to} == {"2"}


def test_who_enters_a_roundabout_gives_way_to_those_in_it():
    network = roundabout()
    lanes = {lane.id: lane for lane in lanes_of(network)}
    arms = [road.id for road in network.roads.values() if road.junction is None and road.successor and road.predecessor is None]
    assert len(arms) == 4
    for arm in arms:
        (line,) = lanes[f"{arm}/0/-1"].stops
        assert line.yields_to
        assert all(network.roads[way.split("/")[0]].predecessor.id not in arms for way in line.yields_to)


def test_lights_of_one_junction_are_never_green_for_crossing_roads():
    network = crossing(Profile("town", forward=2, backward=2, sidewalk=2.0, edge=False))
    lines = {lane.id: lane.stops[0] for lane in lanes_of(network) if lane.stops}
    east, north = lines["1/0/-1"].signal, lines["2/0/-1"].signal
    assert east is not None
    assert north is not None
    times = np.arange(0.0, 200.0, 0.5)
    assert not any(east.colour(time) != "red" and north.colour(time) != "red" for time in times)
    assert {east.colour(time) for time in times} == {"green", "yellow", "red"}
    assert all(lines["1/0/-1"].signal.colour(time) == lines["3/0/-1"].signal.colour(time) for time in times)
