"""Occluded pedestrian: somebody steps onto the road from behind a van parked at its edge."""

from __future__ import annotations

import numpy as np

from understudy.scenes.traffic.scenarios.common import BRAKING, SIZES, STREET_SPEED, agent, ego_driver, street
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values


def _stage(p: Values) -> Staging:
    ego_half, van_long, van_wide = 0.5 * SIZES["car"][1], SIZES["van"][0], SIZES["van"][1]
    place = p["ego_speed_mps"] * 4.0 + 10.0
    van_y = -(ego_half + p["side_gap_m"] + 0.5 * van_wide)
    arrival = (place - 0.5 * SIZES["car"][0]) / p["ego_speed_mps"]
    start = van_y - 0.5 * van_wide - 0.5 * SIZES["pedestrian"][0]
    steps_off = np.maximum(arrival - p["time_to_arrival_s"] - (-ego_half - start) / p["walking_speed_mps"], 0.0)
    walker = Script(
        x_m=place, y_m=start, heading_rad=0.5 * np.pi, phases=((steps_off, 8.0),), fastest_mps=p["walking_speed_mps"],
    )  # fmt: skip
    van = Script(x_m=place - 0.5 * van_long - p["step_out_m"] - 0.5 * SIZES["pedestrian"][1], y_m=van_y)
    return [ego_driver(p, foresight_s=3.0)], [walker, van]


OCCLUDED_PEDESTRIAN = Scenario(
    "occluded_pedestrian",
    "Somebody steps onto the road from behind a van parked at its edge.",
    (
        STREET_SPEED,
        Parameter("walking_speed_mps", "of the pedestrian", 0.6, 4.0, "lognorm", {"s": 0.25, "scale": 1.5}),
        Parameter(
            "time_to_arrival_s",
            "of the undisturbed ego when the pedestrian reaches its corridor",
            -1.0,
            3.4,
            "norm",
            {"loc": 1.8, "scale": 0.8},
        ),
        Parameter("side_gap_m", "between the ego's side and the van", 0.4, 3.0, "lognorm", {"s": 0.4, "scale": 1.1}),
        Parameter("step_out_m", "ahead of the van's front", 0.3, 4.0, "lognorm", {"s": 0.5, "scale": 0.8}),
        *BRAKING,
    ),
    (agent("ego", "car"), agent("pedestrian", "pedestrian"), agent("parked", "van")),
    _stage,
    street(),
    hides=("parked",),
)
