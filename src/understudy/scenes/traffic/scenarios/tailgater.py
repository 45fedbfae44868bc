"""Tailgater: the traffic ahead brakes, the ego brakes with it, and the one behind the ego is too close."""

from __future__ import annotations

from understudy.scenes.traffic.scenarios.common import BRAKING, CAR_M, MOTORWAY_SPEED, agent, ego_driver, motorway
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Driver, Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values


def _stage(p: Values) -> Staging:
    speed = p["ego_speed_mps"]
    ego = ego_driver(p, headway_s=1.3)
    tailgater = Driver(
        x_m=-CAR_M - speed * p["tail_gap_s"], speed_mps=speed, desired_mps=1.15 * speed, headway_s=p["tail_gap_s"],
        reaction_s=p["tail_reaction_s"], hardest_brake_mps2=p["tail_brake_mps2"],
    )  # fmt: skip
    lead = Script(x_m=CAR_M + 1.8 * speed, speed_mps=speed, phases=((1.0, -p["lead_brake_mps2"]), (1.0 + p["braking_s"], 0.0)))
    return [ego, tailgater], [lead]


TAILGATER = Scenario(
    "tailgater",
    "The traffic ahead brakes, the ego brakes with it, and the one behind the ego is too close.",
    (
        MOTORWAY_SPEED,
        Parameter("tail_gap_s", "time gap of the one behind", 0.2, 2.5, "lognorm", {"s": 0.35, "scale": 0.8}),
        Parameter("lead_brake_mps2", "how hard the car ahead brakes", 0.5, 9.0, "gamma", {"a": 4.0, "scale": 0.8}),
        Parameter("braking_s", "how long it brakes", 0.5, 6.0, "lognorm", {"s": 0.5, "scale": 2.0}),
        Parameter("tail_reaction_s", "of the one behind; who tailgates is attentive", 0.2, 2.0, "lognorm", {"s": 0.3, "scale": 0.6}),
        Parameter("tail_brake_mps2", "what the one behind can brake", 4.0, 10.0, "norm", {"loc": 7.5, "scale": 0.8}),
        *BRAKING,
    ),
    (agent("ego", "car"), agent("tailgater", "car"), agent("lead", "car")),
    _stage,
    motorway(),
    duration_s=12.0,
)
