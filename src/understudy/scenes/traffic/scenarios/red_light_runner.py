"""Red-light runner: the ego has green; a car from the right drives into the crossing on red, out from behind the corner."""

from __future__ import annotations

import numpy as np

from understudy.scenes.traffic.scenarios.common import BRAKING, SIZES, STREET_SPEED, agent, crossroads, ego_driver
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values

CROSSING_X_M = 70.0


def _stage(p: Values) -> Staging:
    arrival = (CROSSING_X_M - 0.5 * SIZES["car"][0]) / p["ego_speed_mps"]
    way = p["runner_speed_mps"] * (arrival + p["arrival_offset_s"])
    runner = Script(x_m=CROSSING_X_M, y_m=-way, heading_rad=0.5 * np.pi, speed_mps=p["runner_speed_mps"])
    return [ego_driver(p, foresight_s=3.0, sight_m=p["sight_m"])], [runner]


RED_LIGHT_RUNNER = Scenario(
    "red_light_runner",
    "The ego has green; a car from the right drives into the crossing on red.",
    (
        STREET_SPEED,
        Parameter("runner_speed_mps", "of the other", 6.0, 28.0, "norm", {"loc": 14.0, "scale": 2.5}),
        Parameter("arrival_offset_s", "of the other, later than the undisturbed ego", -4.0, 4.0, "norm", {"loc": 0.0, "scale": 1.5}),
        Parameter("sight_m", "at which the other comes out from behind the corner", 8.0, 90.0, "lognorm", {"s": 0.4, "scale": 35.0}),
        *BRAKING,
    ),
    (agent("ego", "car"), agent("runner", "car")),
    _stage,
    crossroads(CROSSING_X_M),
    duration_s=12.0,
)
