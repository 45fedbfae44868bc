"""Cut-in: a car on the lane to the left comes into the ego's lane close before it, and brakes there."""

from __future__ import annotations

from understudy.scenes.traffic.scenarios.common import CAR_M, FOLLOWING, LANE_M, MOTORWAY_SPEED, agent, ego_driver, motorway
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values

BRAKING_S = 3.0


def _stage(p: Values) -> Staging:
    changed_s = 0.5 + 0.7 * p["lane_change_s"]
    cutter = Script(
        x_m=p["gap_m"] + CAR_M, y_m=LANE_M, speed_mps=p["ego_speed_mps"] + p["speed_difference_mps"],
        phases=((changed_s, -p["brake_after_mps2"]), (changed_s + BRAKING_S, 0.0)), shifts=((0.5, p["lane_change_s"], -LANE_M),),
    )  # fmt: skip
    return [ego_driver(p)], [cutter]


CUT_IN = Scenario(
    "cut_in",
    "A car on the lane to the left comes into the ego's lane close before it, and brakes there.",
    (
        MOTORWAY_SPEED,
        Parameter(
            "gap_m", "from the ego's front to the other's rear when the change begins", 3.0, 150.0, "lognorm", {"s": 0.45, "scale": 38.0}
        ),
        Parameter("speed_difference_mps", "the other's speed less the ego's", -12.0, 12.0, "norm", {"loc": 2.0, "scale": 2.2}),
        Parameter("lane_change_s", "how long the change of lanes takes", 1.5, 9.0, "lognorm", {"s": 0.3, "scale": 4.5}),
        Parameter("brake_after_mps2", "how hard it brakes for three seconds, once it is mostly there", 0.0, 8.0, "expon", {"scale": 0.5}),
        *FOLLOWING,
    ),
    (agent("ego", "car"), agent("cutter", "car")),
    _stage,
    motorway(),
)
