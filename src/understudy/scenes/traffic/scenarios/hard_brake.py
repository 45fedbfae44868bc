"""Hard brake: the car that the ego follows brakes hard, down to rest if it comes to that."""

from __future__ import annotations

from understudy.scenes.traffic.scenarios.common import BRAKING, CAR_M, MOTORWAY_SPEED, agent, ego_driver, motorway
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values


def _stage(p: Values) -> Staging:
    speed = p["ego_speed_mps"]
    lead = Script(
        x_m=speed * p["time_gap_s"] + CAR_M, speed_mps=speed,
        phases=((1.0, -p["lead_brake_mps2"]), (1.0 + p["braking_s"], 0.0)),
    )  # fmt: skip
    return [ego_driver(p, headway_s=p["time_gap_s"])], [lead]


HARD_BRAKE = Scenario(
    "hard_brake",
    "The car that the ego follows brakes hard.",
    (
        MOTORWAY_SPEED,
        Parameter("time_gap_s", "at which the ego follows", 0.4, 4.0, "lognorm", {"s": 0.4, "scale": 1.5}),
        Parameter("lead_brake_mps2", "how hard the car ahead brakes", 2.0, 9.5, "gamma", {"a": 9.0, "scale": 0.45}),
        Parameter("braking_s", "how long it brakes", 0.5, 8.0, "lognorm", {"s": 0.5, "scale": 2.5}),
        *BRAKING,
    ),
    (agent("ego", "car"), agent("lead", "car")),
    _stage,
    motorway(),
    duration_s=12.0,
)
