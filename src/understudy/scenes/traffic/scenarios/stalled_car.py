"""Stalled car: one stands in the lane behind a bend, partly on the shoulder."""

from __future__ import annotations

from understudy.scenes.traffic.scenarios.common import FOLLOWING, RURAL_SPEED, SIZES, agent, ego_driver, street
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values


def _stage(p: Values) -> Staging:
    stalled = Script(x_m=p["sight_m"] + p["ego_speed_mps"], y_m=-p["on_shoulder_m"])
    oncoming_speed = 0.9 * p["ego_speed_mps"]
    oncoming = Script(x_m=stalled.x_m + oncoming_speed * p["oncoming_s"], y_m=3.25, heading_rad=3.141592653589793, speed_mps=oncoming_speed)
    ego = ego_driver(p, sight_m=p["sight_m"] + SIZES["car"][0], swerve_m=p["swerve_m"], swerve_s=2.0, swerve_from_mps2=3.5)
    return [ego], [stalled, oncoming]


STALLED_CAR = Scenario(
    "stalled_car",
    "A car stands in the lane behind a bend, partly on the shoulder, while another comes the other way.",
    (
        RURAL_SPEED,
        Parameter("sight_m", "at which it comes into view", 20.0, 200.0, "lognorm", {"s": 0.35, "scale": 85.0}),
        Parameter("on_shoulder_m", "how far right of the lane's middle it stands", 0.0, 3.0, "beta", {"a": 1.5, "b": 3.0, "scale": 3.0}),
        Parameter("swerve_m", "how far the ego swerves to the left", 0.0, 2.5, "beta", {"a": 1.5, "b": 2.5, "scale": 2.5}),
        Parameter("oncoming_s", "when the oncoming car passes the stalled one", 0.5, 12.0, "gamma", {"a": 3.0, "scale": 2.0}),
        *FOLLOWING,
    ),
    (agent("ego", "car"), agent("stalled", "car"), agent("oncoming", "car")),
    _stage,
    street(500.0, 3.25, 27.8),
    duration_s=12.0,
)
