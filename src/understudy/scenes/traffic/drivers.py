"""How vehicles are driven: the intelligent driver model along the lane, MOBIL between lanes, the kinematic bicycle on the plane.

- IDM: Treiber, Hennecke, Helbing 2000, "Congested traffic states in empirical observations and microscopic simulations",
  Physical Review E 62, 1805, equations 2-3. The equilibrium gap is their equation 5.
- MOBIL: Kesting, Treiber, Helbing 2007, "General lane-changing model MOBIL for car-following models", Transportation Research
  Record 1999, 86.
- Kinematic bicycle: Kong, Pfeiffer, Schildbach, Borrelli 2015, "Kinematic and dynamic vehicle models for autonomous driving control
  design", IEEE Intelligent Vehicles Symposium, equation 2; here each step is an exact arc instead of an Euler step.

All functions take arrays of any one shape (vehicles, or scenarios × vehicles) or scalars, and broadcast. Kernels call the compiled form
of the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike

EXPONENT = 4
GAP_FLOOR_M = 1e-3


def idm(
    speed: Any, gap: Any, closing: Any, desired: Any, headway: Any, standstill: Any, acceleration: Any, brake: Any, exponent: Any = EXPONENT
) -> Any:
    """The acceleration of an IDM driver, m/s². Lower bounds are the caller's: a gap near zero asks for any deceleration.

    Args:
        speed: own speed v, m/s, ≥ 0.
        gap: s, bumper to bumper, m; infinite on a free road. Gaps under a millimetre count as one.
        closing: own speed less the leader's, Δv, m/s.
        desired: v0, m/s, > 0.
        headway: T, s. standstill: s0, m. acceleration: a, m/s². brake: comfortable b, m/s². exponent: δ.
    """
    wish = standstill + np.maximum(0.0, speed * headway + speed * closing / (2.0 * np.sqrt(acceleration * brake)))
    return acceleration * (1.0 - (speed / desired) ** exponent - (wish / np.maximum(gap, GAP_FLOOR_M)) ** 2)


idm_kernel = numba.njit(cache=True, inline="always", error_model="numpy")(idm)


def advance(speed: Any, acceleration: Any, step_s: float) -> tuple[Any, Any]:
    """The speed after a step, and the way gone in it, m, under constant acceleration; a vehicle that comes to rest in the step stays there.

    Treiber, Kanagaraj 2015, "Comparing numerical integration schemes for time-continuous car-following models", Physica A 419, section 3
    (the ballistic scheme).
    """
    after = np.maximum(0.0, speed + acceleration * step_s)
    stops = speed + acceleration * step_s < 0.0
    braking = np.where(stops, np.minimum(acceleration, -1e-12), -1.0)
    return after, np.where(stops, -(speed**2) / (2.0 * braking), 0.5 * (speed + after) * step_s)


@dataclass(frozen=True)
class Idm:
    """An IDM driver, or many: every field is a number or an array of one shape. The defaults are those of a car on a motorway.

    Attributes:
        desired_mps: v0, the speed on a free road, > 0.
        headway_s: T, the time gap in steady traffic, usually 0.8 … 2.
        standstill_m: s0, the gap at rest, usually 1 … 4.
        acceleration_mps2: a, usually 0.3 … 3. brake_mps2: b, comfortable, usually 1 … 3.
        exponent: δ, 4 in nearly all of the literature.
        hardest_brake_mps2: what tyres and road give, usually 4 … 9.
    """

    desired_mps: Any = 33.3
    headway_s: Any = 1.5
    standstill_m: Any = 2.0
    acceleration_mps2: Any = 1.4
    brake_mps2: Any = 2.0
    exponent: Any = EXPONENT
    hardest_brake_mps2: Any = 8.0

    def acceleration(self, speed: ArrayLike, gap: ArrayLike = np.inf, closing: ArrayLike = 0.0) -> Any:
        """m/s², not below -hardest_brake_mps2. speed: m/s. gap: m, infinite on a free road. closing: own speed less the leader's, m/s."""
        free = idm(
            np.asarray(speed, dtype=np.float64), np.asarray(gap, dtype=np.float64), np.asarray(closing, dtype=np.float64),
            self.desired_mps, self.headway_s, self.standstill_m, self.acceleration_mps2, self.brake_mps2, self.exponent,
        )  # fmt: skip
        return np.maximum(free, -np.asarray(self.hardest_brake_mps2))

    def equilibrium_gap(self, speed: ArrayLike) -> Any:
        """The gap, m, at which a vehicle behind an equally fast one neither speeds up nor slows down; infinite at the desired speed."""
        v = np.asarray(speed, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = (self.standstill_m + v * self.headway_s) / np.sqrt(1.0 - (v / self.desired_mps) ** self.exponent)
        return np.where(v < self.desired_mps, gap, np.inf)


@dataclass(frozen=True)
class Mobil:
    """When a driver changes lanes.

    Attributes:
        politeness: p, how much the loss of others weighs: 0 selfish … 0.5 polite.
        threshold_mps2: Δa_th, the least gain in acceleration that is worth a change.
        safe_brake_mps2: b_safe, the hardest braking that the change may ask of the new follower.
        bias_mps2: Δa_bias, added for a change to the right, taken off for one to the left: the rule to keep right (0: no rule).
    """

    politeness: float = 0.2
    threshold_mps2: float = 0.1
    safe_brake_mps2: float = 4.0
    bias_mps2: float = 0.2

    def gain(self, own: tuple[Any, Any], new_follower: tuple[Any, Any], old_follower: tuple[Any, Any], to_right: ArrayLike = False) -> Any:
        """By how much, m/s², the change is worth more than the threshold; -inf where it is not safe.

        Args:
            own, new_follower, old_follower: accelerations (as things are, after the change), m/s²; (0, 0) where there is none.
            to_right: whether the change goes to the right.
        """
        others = (new_follower[1] - new_follower[0]) + (old_follower[1] - old_follower[0])
        bias = np.where(to_right, self.bias_mps2, -self.bias_mps2)
        worth = (own[1] - own[0]) + self.politeness * others + bias - self.threshold_mps2
        return np.where(np.asarray(new_follower[1]) >= -self.safe_brake_mps2, worth, -np.inf)


@dataclass(frozen=True)
class Bicycle:
    """A vehicle as a bicycle that does not slip.

    Attributes:
        front_m: centre of the vehicle to the front axle. rear_m: centre to the rear axle.
        steepest_rad: the largest steering angle.
    """

    front_m: float = 1.35
    rear_m: float = 1.35
    steepest_rad: float = 0.6

    def step(self, pose: Any, speed: ArrayLike, acceleration: ArrayLike, steering: ArrayLike, step_s: float) -> tuple[Any, Any]:
        """The pose and speed after a step.

        Args:
            pose: (..., 3) x, y of the centre, m, and heading, rad, from +x to the left. speed: (...) m/s, ≥ 0.
            acceleration: (...) m/s². steering: (...) angle of the front wheel, rad, positive to the left; clipped to `steepest_rad`.

        Returns:
            pose (..., 3), speed (...). The way is an exact arc: as long as the steering is held, steps of any length end in the same place.
        """
        at = np.asarray(pose, dtype=np.float64)
        after, way = advance(np.asarray(speed, dtype=np.float64), np.asarray(acceleration, dtype=np.float64), step_s)
        tangent = np.tan(np.clip(steering, -self.steepest_rad, self.steepest_rad))
        slip = np.arctan(self.rear_m / (self.front_m + self.rear_m) * tangent)
        turn = way * np.cos(slip) * tangent / (self.front_m + self.rear_m)
        chord = way * np.sinc(turn / (2.0 * np.pi))
        direction = at[..., 2] + slip + 0.5 * turn
        moved = (at[..., 0] + chord * np.cos(direction), at[..., 1] + chord * np.sin(direction), at[..., 2] + turn)
        return np.stack(np.broadcast_arrays(*moved), axis=-1), after

    def steering_towards(self, pose: Any, target: Any) -> Any:
        """The steering angle, rad, whose arc leads the rear axle through `target` (..., 2), m: pure pursuit.

        Coulter 1992, "Implementation of the pure pursuit path tracking algorithm", CMU-RI-TR-92-01.
        """
        at, goal = np.asarray(pose, dtype=np.float64), np.asarray(target, dtype=np.float64)
        cos, sin = np.cos(at[..., 2]), np.sin(at[..., 2])
        dx, dy = goal[..., 0] - (at[..., 0] - self.rear_m * cos), goal[..., 1] - (at[..., 1] - self.rear_m * sin)
        sideways, away2 = dy * cos - dx * sin, np.maximum(dx**2 + dy**2, 1e-12)
        angle = np.arctan((self.front_m + self.rear_m) * 2.0 * sideways / away2)
        return np.clip(angle, -self.steepest_rad, self.steepest_rad)
