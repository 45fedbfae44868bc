"""Animal: a deer runs onto a country road from the right, and may freeze there."""

from __future__ import annotations

import numpy as np

from understudy.scenes.traffic.scenarios.common import BRAKING, RURAL_SPEED, SIZES, agent, ego_driver, street
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Script
from understudy.scenes.traffic.scenarios.scenario import Scenario, Staging, Values

EDGE_M = 3.5
APPEARS_S = 1.0


def _stage(p: Values) -> Staging:
    deer_speed = p["deer_speed_mps"]
    place = 0.5 * SIZES["car"][0] + p["ego_speed_mps"] * (APPEARS_S + p["time_to_arrival_s"])
    freezes_at = APPEARS_S + (EDGE_M + p["freezes_m"]) / deer_speed
    deer = Script(
        x_m=place, y_m=-EDGE_M - 0.5 * SIZES["deer"][0], heading_rad=0.5 * np.pi, phases=((APPEARS_S, 12.0), (freezes_at, -12.0)),
        fastest_mps=deer_speed,
    )  # fmt: skip
    return [ego_driver(p, sight_m=p["sight_m"], foresight_s=1.5)], [deer]


ANIMAL = Scenario(
    "animal",
    "A deer runs onto a country road from the right, and may freeze there.",
    (
        RURAL_SPEED,
        Parameter("deer_speed_mps", "of the deer", 1.0, 14.0, "lognorm", {"s": 0.4, "scale": 5.0}),
        Parameter("time_to_arrival_s", "of the undisturbed ego as the deer sets off", 0.3, 5.5, "gamma", {"a": 4.0, "scale": 0.9}),
        Parameter(
            "freezes_m",
            "where it stops, left of the ego; far: it does not",
            -3.0,
            12.0,
            "norm",
            {"loc": 6.0, "scale": 4.0},
        ),
        Parameter("sight_m", "at which it is seen, by day or in the headlights", 25.0, 250.0, "lognorm", {"s": 0.5, "scale": 80.0}),
        *BRAKING,
    ),
    (agent("ego", "car"), agent("deer", "deer")),
    _stage,
    street(500.0, 3.25, 27.8),
    duration_s=10.0,
)
