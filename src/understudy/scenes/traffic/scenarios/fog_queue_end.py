"""Fog with the end of a queue: the ego drives too fast for the sight, and comes upon a queue that stands or crawls on a wet road."""

from __future__ import annotations

import numpy as np

from understudy.scenes.traffic.scenarios.common import CAR_M, HEADWAY, LANE_M, MOTORWAY_SPEED, REACTION, agent, ego_driver, motorway
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values

COMES_INTO_VIEW_S = 1.5


def _stage(p: Values) -> Staging:
    closing = np.maximum(p["ego_speed_mps"] - p["queue_speed_mps"], 0.0)
    end = 0.5 * CAR_M + p["visibility_m"] + COMES_INTO_VIEW_S * closing
    spacing = 2.5 + CAR_M + 1.2 * p["queue_speed_mps"]
    places = [(end, 0.0), (end + spacing, 0.0), (end + 0.4 * spacing, LANE_M)]
    queue = [Script(x_m=x, y_m=y, speed_mps=p["queue_speed_mps"]) for x, y in places]
    return [ego_driver(p, sight_m=p["visibility_m"] + 0.5 * CAR_M)], queue


FOG_QUEUE_END = Scenario(
    "fog_queue_end",
    "The ego comes upon the end of a queue in fog, on a wet road.",
    (
        MOTORWAY_SPEED.between(8.0, 40.0, "norm", {"loc": 21.0, "scale": 3.5}),
        Parameter("visibility_m", "how far one sees in the fog", 20.0, 300.0, "lognorm", {"s": 0.45, "scale": 110.0}),
        Parameter("queue_speed_mps", "of the queue", 0.0, 10.0, "gamma", {"a": 1.5, "scale": 2.0}),
        REACTION,
        HEADWAY,
        Parameter("hardest_brake_mps2", "what tyres and the wet road give", 3.0, 8.0, "norm", {"loc": 5.5, "scale": 0.7}),
    ),
    (agent("ego", "car"), agent("last", "car"), agent("before_last", "truck"), agent("beside", "van")),
    _stage,
    motorway(),
    duration_s=14.0,
)
