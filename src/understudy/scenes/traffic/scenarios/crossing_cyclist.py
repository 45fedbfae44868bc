"""Crossing cyclist: one comes from the right, at any angle, and does not give way."""

from __future__ import annotations

import numpy as np

from understudy.scenes.traffic.scenarios.common import BRAKING, SIZES, STREET_SPEED, agent, ego_driver, street
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values

MEETING_S = 4.5


def _stage(p: Values) -> Staging:
    direction = np.pi * p["angle_deg"] / 180.0
    meets_x = p["ego_speed_mps"] * MEETING_S
    way = p["cyclist_speed_mps"] * (MEETING_S + p["arrival_offset_s"])
    cyclist = Script(
        x_m=meets_x + 0.5 * SIZES["car"][0] - way * np.cos(direction), y_m=-way * np.sin(direction), heading_rad=direction,
        speed_mps=p["cyclist_speed_mps"],
    )  # fmt: skip
    return [ego_driver(p, foresight_s=p["foresight_s"], sight_m=p["sight_m"])], [cyclist]


CROSSING_CYCLIST = Scenario(
    "crossing_cyclist",
    "A cyclist comes from the right, at any angle, and does not give way.",
    (
        STREET_SPEED,
        Parameter("cyclist_speed_mps", "of the cyclist", 1.5, 10.0, "norm", {"loc": 4.8, "scale": 1.1}),
        Parameter("arrival_offset_s", "of the cyclist, later than the undisturbed ego", -3.0, 3.0, "norm", {"loc": 0.0, "scale": 1.2}),
        Parameter(
            "angle_deg",
            "between the two ways; 90 straight across, more: towards the ego",
            50.0,
            130.0,
            "norm",
            {"loc": 90.0, "scale": 12.0},
        ),
        Parameter("sight_m", "at which the cyclist comes into view", 8.0, 80.0, "lognorm", {"s": 0.4, "scale": 38.0}),
        Parameter(
            "foresight_s", "how far ahead the ego's driver reckons with the cyclist's way", 0.5, 4.0, "norm", {"loc": 2.2, "scale": 0.5}
        ),
        *BRAKING,
    ),
    (agent("ego", "car"), agent("cyclist", "cyclist")),
    _stage,
    street(),
)
