"""Cut-out: the car ahead leaves the lane late, and behind it one stands or crawls."""

from __future__ import annotations

from understudy.scenes.traffic.scenarios.common import CAR_M, FOLLOWING, LANE_M, MOTORWAY_SPEED, agent, ego_driver, motorway
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values


def _stage(p: Values) -> Staging:
    speed = p["ego_speed_mps"]
    lead_x = speed * p["time_gap_s"] + CAR_M
    lead = Script(x_m=lead_x, speed_mps=speed, shifts=((1.0, p["lane_change_s"], LANE_M),))
    ahead = lead_x + CAR_M + (speed - p["slow_speed_mps"]) * (p["lane_change_s"] + p["time_left_s"]) + speed - p["slow_speed_mps"]
    return [ego_driver(p)], [lead, Script(x_m=ahead, speed_mps=p["slow_speed_mps"])]


CUT_OUT = Scenario(
    "cut_out",
    "The car ahead, a van, leaves the lane late; behind it one stands or crawls, and the ego sees it only then.",
    (
        MOTORWAY_SPEED,
        Parameter("time_gap_s", "between the ego and the van ahead", 0.5, 3.0, "lognorm", {"s": 0.4, "scale": 1.5}),
        Parameter("lane_change_s", "how long the van takes to leave the lane", 1.5, 6.0, "lognorm", {"s": 0.3, "scale": 3.0}),
        Parameter(
            "time_left_s", "from the van's being out of the lane to where the slow car is", 0.0, 8.0, "gamma", {"a": 4.0, "scale": 0.9}
        ),
        Parameter("slow_speed_mps", "of the car behind which the van was hidden", 0.0, 15.0, "gamma", {"a": 3.0, "scale": 3.0}),
        *FOLLOWING,
    ),
    (agent("ego", "car"), agent("lead", "van"), agent("slow", "car")),
    _stage,
    motorway(),
    hides=("lead",),
    duration_s=12.0,
)
