"""The catalogue of logical scenarios: named, with parameters that have units, bounds and laws.

    from understudy.scenes.traffic.scenarios import scenario
    cut_in = scenario("cut_in")
    outcome = cut_in.run(cut_in.draw(100_000, Stream(7)))      # figures of safety, no pixels
    cut_in.trajectories(cut_in.draw(1, Stream(7))[0])          # one run, everybody at every moment

A scenario of one's own is a `Scenario` with a staging function; searches and coverage take it as well.
"""

from __future__ import annotations

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.traffic.scenarios.animal import ANIMAL
from understudy.scenes.traffic.scenarios.crossing_cyclist import CROSSING_CYCLIST
from understudy.scenes.traffic.scenarios.cut_in import CUT_IN
from understudy.scenes.traffic.scenarios.cut_out import CUT_OUT
from understudy.scenes.traffic.scenarios.debris import DEBRIS
from understudy.scenes.traffic.scenarios.fog_queue_end import FOG_QUEUE_END
from understudy.scenes.traffic.scenarios.hard_brake import HARD_BRAKE
from understudy.scenes.traffic.scenarios.occluded_pedestrian import OCCLUDED_PEDESTRIAN
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Driver, Script
from understudy.scenes.traffic.scenarios.red_light_runner import RED_LIGHT_RUNNER
from understudy.scenes.traffic.scenarios.scenario import Outcome, Scenario
from understudy.scenes.traffic.scenarios.stalled_car import STALLED_CAR
from understudy.scenes.traffic.scenarios.tailgater import TAILGATER
from understudy.scenes.traffic.scenarios.wrong_way import WRONG_WAY

__all__ = ["CATALOGUE", "Driver", "Outcome", "Parameter", "Scenario", "Script", "scenario"]

CATALOGUE: dict[str, Scenario] = {
    known.name: known
    for known in (
        CUT_IN, CUT_OUT, HARD_BRAKE, OCCLUDED_PEDESTRIAN, CROSSING_CYCLIST, RED_LIGHT_RUNNER, WRONG_WAY, DEBRIS, ANIMAL, STALLED_CAR,
        TAILGATER, FOG_QUEUE_END,
    )
}  # fmt: skip


def scenario(name: str) -> Scenario:
    """A scenario of the catalogue. Raises ArgumentError for a name that is not in it; "-" and "_" are the same."""
    key = name.replace("-", "_")
    if key not in CATALOGUE:
        raise ArgumentError(f'There is no scenario "{name}".', remedy=did_you_mean(key, CATALOGUE))
    return CATALOGUE[key]
