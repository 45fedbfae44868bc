"""Wrong way: one comes towards the ego on its own lane; the ego brakes and swerves to the shoulder."""

from __future__ import annotations

import numpy as np

from understudy.scenes.traffic.scenarios.common import BRAKING, MOTORWAY_SPEED, agent, ego_driver, motorway
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values

COMES_INTO_VIEW_S = 1.0


def _stage(p: Values) -> Staging:
    closing = p["ego_speed_mps"] + p["wrong_speed_mps"]
    other = Script(
        x_m=p["sight_m"] + COMES_INTO_VIEW_S * closing, y_m=p["lateral_m"], heading_rad=np.pi, speed_mps=p["wrong_speed_mps"],
        phases=((COMES_INTO_VIEW_S + p["reaction_s"], -p["wrong_brake_mps2"]),),
    )  # fmt: skip
    ego = ego_driver(p, sight_m=p["sight_m"], swerve_m=-p["swerve_m"], swerve_s=p["swerve_s"], swerve_from_mps2=0.0)
    return [ego], [other]


WRONG_WAY = Scenario(
    "wrong_way",
    "One comes towards the ego on its own lane; the ego brakes and swerves to the shoulder.",
    (
        MOTORWAY_SPEED,
        Parameter("wrong_speed_mps", "of the other", 8.0, 40.0, "norm", {"loc": 24.0, "scale": 5.0}),
        Parameter("sight_m", "at which it comes into view", 60.0, 500.0, "lognorm", {"s": 0.35, "scale": 260.0}),
        Parameter("lateral_m", "its middle, left of the ego's", -1.0, 3.5, "norm", {"loc": 0.8, "scale": 0.8}),
        Parameter("wrong_brake_mps2", "how hard it brakes", 0.0, 8.0, "gamma", {"a": 2.0, "scale": 1.5}),
        Parameter("swerve_m", "how far the ego swerves to the right", 1.0, 4.5, "norm", {"loc": 3.2, "scale": 0.5}),
        Parameter("swerve_s", "how long that takes", 1.2, 5.0, "lognorm", {"s": 0.25, "scale": 2.4}),
        *BRAKING,
    ),
    (agent("ego", "car"), agent("wrong", "car")),
    _stage,
    motorway(),
    duration_s=12.0,
)
