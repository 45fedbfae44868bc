"""What the scenarios share: sizes, roads, and the ego's driver with the parameters that all of them vary.

Laws of drivers, all cut at the bounds of the parameter:
- reaction to what is not expected: log-normal with a median of 1.1 s and a shape of 0.33. Green 2000, "How long does it take to stop?",
  Transportation Human Factors 2, 195: 1.25 s for common, unexpected signals, 1.5 s for surprise intrusions, skewed to the right;
- hardest braking on a dry road 7.5 ± 0.8 m/s²: Fambro and others 1997, "Determination of stopping sight distances", NCHRP Report 400;
- steady time gap 1.3 ± 0.3 s: the order of Treiber, Kesting 2013, "Traffic flow dynamics", table 11.2.
"""

from __future__ import annotations

from typing import Any

from understudy.scenes.traffic.lanes import Lane, straight
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Driver
from understudy.scenes.traffic.scenarios.scenario import Values
from understudy.scenes.traffic.trajectories import Agent

SIZES = {
    "car": (4.6, 1.85, 1.5), "van": (5.4, 2.0, 2.2), "truck": (9.0, 2.5, 3.4), "pedestrian": (0.5, 0.6, 1.75), "cyclist": (1.8, 0.6, 1.75),
    "deer": (1.6, 0.5, 1.3), "tyre": (0.7, 0.7, 0.3),
}  # fmt: skip
CAR_M = SIZES["car"][0]
LANE_M, STREET_LANE_M = 3.5, 3.25

MOTORWAY_SPEED = Parameter("ego_speed_mps", "the ego's speed at the beginning", 20.0, 42.0, "norm", {"loc": 31.0, "scale": 3.5})
STREET_SPEED = Parameter("ego_speed_mps", "the ego's speed at the beginning", 6.0, 22.0, "norm", {"loc": 13.0, "scale": 2.0})
RURAL_SPEED = Parameter("ego_speed_mps", "the ego's speed at the beginning", 12.0, 36.0, "norm", {"loc": 24.0, "scale": 3.0})
REACTION = Parameter("reaction_s", "from what happens to the ego's braking", 0.3, 3.0, "lognorm", {"s": 0.33, "scale": 1.1})
HARDEST_BRAKE = Parameter("hardest_brake_mps2", "what the ego's tyres and the road give", 4.0, 10.0, "norm", {"loc": 7.5, "scale": 0.8})
HEADWAY = Parameter("headway_s", "the time gap that the ego's driver keeps", 0.5, 2.5, "norm", {"loc": 1.3, "scale": 0.3})
BRAKING = (REACTION, HARDEST_BRAKE)
FOLLOWING = (REACTION, HEADWAY, HARDEST_BRAKE)
"""What varies of the ego's driver: where the ego only brakes, and where it follows others."""


def agent(id: str, kind: str) -> Agent:  # noqa: A002
    """An agent of the usual size of its kind."""
    return Agent(id, kind, SIZES[kind])


def ego_driver(p: Values, **other: Any) -> Driver:
    """The ego: its driver wants to go a tenth faster than it begins with."""
    speed = p["ego_speed_mps"]
    known: dict[str, Any] = {
        "speed_mps": speed,
        "desired_mps": 1.1 * speed,
        "reaction_s": p["reaction_s"],
        "hardest_brake_mps2": p["hardest_brake_mps2"],
    }
    if "headway_s" in p:
        known["headway_s"] = p["headway_s"]
    return Driver(**(known | other))


def motorway(speed_limit_mps: float = 36.1) -> tuple[Lane, ...]:
    """Two lanes of one direction; the ego is on the right one, whose middle is the x axis."""
    right = straight("right", 700.0, start=(-150.0, 0.0), left="left", speed_limit_mps=speed_limit_mps)
    return right, straight("left", 700.0, start=(-150.0, LANE_M), right="right", speed_limit_mps=speed_limit_mps)


def street(length_m: float = 400.0, width_m: float = STREET_LANE_M, speed_limit_mps: float = 13.9) -> tuple[Lane, ...]:
    """One lane each way; the ego's middle is the x axis, oncoming traffic is on its left."""
    there = straight("there", length_m, start=(-100.0, 0.0), width_m=width_m, speed_limit_mps=speed_limit_mps)
    back = straight(
        "back", length_m, start=(length_m - 100.0, width_m), heading_rad=3.141592653589793, width_m=width_m, speed_limit_mps=speed_limit_mps
    )
    return there, back


def crossroads(cross_x_m: float, speed_limit_mps: float = 13.9) -> tuple[Lane, ...]:
    """A street, and one that crosses it: from the right at `cross_x_m`, from the left a lane before it."""
    up = straight(
        "up", 240.0, start=(cross_x_m, -120.0), heading_rad=1.5707963267948966, width_m=STREET_LANE_M, speed_limit_mps=speed_limit_mps
    )
    down = straight(
        "down", 240.0, start=(cross_x_m - STREET_LANE_M, 120.0), heading_rad=-1.5707963267948966, width_m=STREET_LANE_M,
        speed_limit_mps=speed_limit_mps,
    )  # fmt: skip
    return *street(), up, down
