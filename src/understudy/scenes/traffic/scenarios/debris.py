"""Debris: a tyre falls off the truck ahead, slides and comes to rest in the ego's lane."""

from __future__ import annotations

from understudy.scenes.traffic.scenarios.common import FOLLOWING, MOTORWAY_SPEED, SIZES, agent, ego_driver, motorway
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values

FALLS_S = 1.0


def _stage(p: Values) -> Staging:
    rear = 0.5 * SIZES["car"][0] + p["time_gap_s"] * p["ego_speed_mps"]
    truck = Script(x_m=rear + 0.5 * SIZES["truck"][0], speed_mps=p["ego_speed_mps"])
    tyre = Script(
        x_m=rear - 0.5 * SIZES["tyre"][0], y_m=p["lateral_m"], speed_mps=p["ego_speed_mps"], phases=((FALLS_S, -p["sliding_mps2"]),),
    )  # fmt: skip
    ego = ego_driver(p, swerve_m=p["swerve_m"], swerve_s=1.8, swerve_from_mps2=3.0)
    return [ego], [tyre, truck]


DEBRIS = Scenario(
    "debris",
    "A tyre falls off the truck ahead, slides and comes to rest in the ego's lane.",
    (
        MOTORWAY_SPEED.between(18.0, 28.0, "norm", {"loc": 23.5, "scale": 1.5}),
        Parameter("time_gap_s", "between the ego and the truck", 0.6, 5.0, "lognorm", {"s": 0.4, "scale": 2.2}),
        Parameter("sliding_mps2", "how fast the tyre slows down", 1.5, 9.0, "norm", {"loc": 4.5, "scale": 1.2}),
        Parameter("lateral_m", "of the tyre, left of the middle of the lane", -2.5, 2.5, "norm", {"loc": 0.0, "scale": 0.8}),
        Parameter(
            "swerve_m",
            "how far the ego swerves to the left, at most into the next lane",
            0.0,
            3.5,
            "beta",
            {"a": 1.5, "b": 2.0, "scale": 3.5},
        ),
        *FOLLOWING,
    ),
    (agent("ego", "car"), agent("tyre", "tyre"), agent("truck", "truck")),
    _stage,
    motorway(),
    duration_s=12.0,
)
