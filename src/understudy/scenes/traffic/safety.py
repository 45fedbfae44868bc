"""How near traffic comes to a crash: time to collision, post-encroachment time, deceleration needed. Thresholds are the caller's.

- TTC, time to collision: until two boxes touch if both keep their velocities. Hayward 1972, "Near-miss determination through use of a scale
  of danger", Highway Research Record 384.
- PET, post-encroachment time: between the first leaving a place and the second coming to it. Allen, Shin, Cooper 1978, "Analysis of traffic
  conflicts and collisions", Transportation Research Record 667.
- DRAC, deceleration rate to avoid a crash: Cooper, Ferguson 1976, "Traffic studies at T-junctions", Traffic Engineering and Control 17;
  along a lane Δv² / (2 gap). On the plane the speed is that of one box relative to the other and the gap is the way to contact along it,
  which is the same number for vehicles one behind the other.

A common reading is that a TTC under 1.5 s is a serious conflict and one under 4 s worth a look; it depends on speeds and on the study, so
no function here has a threshold of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from understudy.core.errors import ArgumentError
from understudy.scenes.traffic.boxes import contact_time, nearest_approach, separation
from understudy.scenes.traffic.trajectories import Floats, Trajectories

X, Y, COS, SIN, SPEED = range(5)  # the columns of a state
COLUMNS = 5


def time_to_collision(gap: ArrayLike, closing: ArrayLike) -> Any:
    """TTC along a lane, s: infinite where the gap does not shrink, 0 where there is none. gap: m. closing: m/s, follower less leader."""
    gap, closing = np.broadcast_arrays(np.maximum(np.asarray(gap, dtype=np.float64), 0.0), np.asarray(closing, dtype=np.float64))
    return np.where(gap == 0.0, 0.0, np.divide(gap, closing, out=np.full(gap.shape, np.inf), where=closing > 0.0))


def deceleration_to_avoid_crash(gap: ArrayLike, closing: ArrayLike) -> Any:
    """DRAC along a lane, m/s², ≥ 0: what brings the closing speed to nought within the gap. Infinite at no gap while closing."""
    closing = np.maximum(np.asarray(closing, dtype=np.float64), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = closing**2 / (2.0 * np.maximum(np.asarray(gap, dtype=np.float64), 0.0))
    return np.where(closing > 0.0, rate, 0.0)


@dataclass(frozen=True)
class Conflicts:
    """Figures of pairs of agents at each time.

    Attributes:
        times_s: (S,).
        pairs: P pairs of agents' ids.
        gap_m: (S, P) distance of the two boxes, 0 where they overlap. NaN, like the rest, where one of them is not present.
        ttc_s: (S, P) infinite where they are not on a course to collide.
        drac_mps2: (S, P) 0 where they are not on such a course; infinite in contact.
        pet_s: (P,) the least time between one being in a place and the other; infinite above the horizon. Whole steps.
    """

    times_s: Floats
    pairs: tuple[tuple[str, str], ...]
    gap_m: Floats
    ttc_s: Floats
    drac_mps2: Floats
    pet_s: Floats

    def intervals(self, *, ttc_s: float | None = None, drac_mps2: float | None = None, gap_m: float | None = None) -> list[Interval]:
        """When a pair is at or beyond any of the limits given: TTC at most, DRAC at least, gap at most.

        Raises:
            ArgumentError: no limit is given.
        """
        tests = [(self.ttc_s, ttc_s, np.less_equal), (self.drac_mps2, drac_mps2, np.greater_equal), (self.gap_m, gap_m, np.less_equal)]
        asked = [compare(figure, limit) for figure, limit, compare in tests if limit is not None]
        if not asked:
            raise ArgumentError("Conflicts are told by a limit.", remedy="Pass ttc_s=, drac_mps2= or gap_m=, for example ttc_s=1.5.")
        beyond = np.logical_or.reduce(asked)
        return [found for place, pair in enumerate(self.pairs) for found in self._runs(beyond[:, place], place, pair)]

    def _runs(self, beyond: NDArray[np.bool_], place: int, pair: tuple[str, str]) -> list[Interval]:
        edges = np.flatnonzero(np.diff(np.concatenate(([0], beyond.astype(np.int8), [0]))))
        return [
            Interval(pair, float(self.times_s[a]), float(self.times_s[b - 1]), float(self.ttc_s[a:b, place].min()))
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]


@dataclass(frozen=True)
class Interval:
    """A time during which a pair was in conflict, and the least TTC in it."""

    pair: tuple[str, str]
    begin_s: float
    end_s: float
    least_ttc_s: float


def conflicts(
    trajectories: Trajectories, pairs: Sequence[tuple[str, str]] | None = None, *, pet_horizon_s: float = 5.0, within_m: float = np.inf
) -> Conflicts:
    """Gap, TTC, DRAC at each time and PET of pairs of agents.

    Args:
        trajectories: at equal steps in time.
        pairs: ids; None for all pairs.
        pet_horizon_s: PETs up to this are told; all higher ones are infinite.
        within_m: where boxes are farther apart than this, TTC is infinite and DRAC 0. For large crowds of agents.
    """
    chosen = tuple(pairs) if pairs is not None else tuple(combinations((agent.id for agent in trajectories.agents), 2))
    times = trajectories.times_s
    step = float(times[1] - times[0]) if len(times) > 1 else 1.0
    states, halves = states_of(trajectories), halves_of(trajectories)
    figures, pets = np.full((3, len(times), len(chosen)), np.nan), np.full(len(chosen), np.inf)
    for place, pair in enumerate(chosen):
        a, b = trajectories.index(pair[0]), trajectories.index(pair[1])
        figures[:, :, place] = pair_figures(states[:, a], states[:, b], halves[a], halves[b], within_m)
        pets[place] = post_encroachment(states[:, a], states[:, b], halves[a], halves[b], step, pet_horizon_s)
    return Conflicts(times, chosen, figures[0], figures[1], figures[2], pets)


def states_of(trajectories: Trajectories) -> Floats:
    """(S, A, 5): x, y, cosine and sine of the heading, speed; NaN where an agent is not present."""
    heading = np.where(trajectories.present, trajectories.heading_rad, np.nan)
    place = np.where(trajectories.present[..., None], trajectories.position_m, np.nan)
    return np.stack((place[..., 0], place[..., 1], np.cos(heading), np.sin(heading), trajectories.speed_mps), axis=-1)


def halves_of(trajectories: Trajectories) -> Floats:
    """(A, 2): half lengths and half widths."""
    return np.array([agent.size_m[:2] for agent in trajectories.agents]).reshape(-1, 2) / 2.0


@numba.njit(cache=True, error_model="numpy")
def pair_figures(first: Any, second: Any, half: Any, other: Any, within: Any) -> Any:
    """(3, S): gap, TTC, DRAC of two boxes. first, second: states (S, 5). half, other: half length and half width."""
    figures = np.full((3, len(first)), np.nan)
    for at in range(len(first)):
        a, b = first[at], second[at]
        dx, dy = b[X] - a[X], b[Y] - a[Y]
        if not dx * dx + dy * dy >= 0.0:
            continue
        gap = nearest_approach(dx, dy, 0.0, 0.0, a[COS], a[SIN], half[0], half[1], b[COS], b[SIN], other[0], other[1])
        wx, wy = b[SPEED] * b[COS] - a[SPEED] * a[COS], b[SPEED] * b[SIN] - a[SPEED] * a[SIN]
        ttc = np.inf
        if gap <= within:
            ttc = contact_time(dx, dy, wx, wy, a[COS], a[SIN], half[0], half[1], b[COS], b[SIN], other[0], other[1])
        figures[0, at], figures[1, at], figures[2, at] = gap, ttc, needed(wx, wy, ttc)
    return figures


@numba.njit(cache=True, inline="always", error_model="numpy")
def needed(wx: Any, wy: Any, ttc: Any) -> Any:
    """DRAC from the relative velocity and the TTC."""
    return np.sqrt(wx * wx + wy * wy) / (2.0 * ttc) if ttc > 0.0 else np.inf


@numba.njit(cache=True, error_model="numpy")
def post_encroachment(first: Any, second: Any, half: Any, other: Any, step: Any, horizon: Any) -> Any:
    """PET, s, of two boxes in whole steps: the least offset in time at which their boxes overlap; infinite above the horizon.

    From where the first is at some time, the second's way is followed into the future and the past: as many steps at once as it needs at
    least, at its highest speed, to come near.
    """
    reach = np.sqrt(half[0] ** 2 + half[1] ** 2) + np.sqrt(other[0] ** 2 + other[1] ** 2)
    stride, la, wa, lb, wb = max(_longest_step(second), 1e-9), half[0], half[1], other[0], other[1]
    best = int(horizon / step + 1e-9) + 1
    none = best
    for at in range(len(first)):
        x, y, ca, sa = first[at, X], first[at, Y], first[at, COS], first[at, SIN]
        for direction in (1, -1):
            offset = 0
            while offset < best and 0 <= at + direction * offset < len(second):
                then = at + direction * offset
                dx, dy = second[then, X] - x, second[then, Y] - y
                away = np.sqrt(dx * dx + dy * dy) - reach
                if away <= 0.0:
                    away = separation(dx, dy, 0.0, 0.0, ca, sa, la, wa, second[then, COS], second[then, SIN], lb, wb)
                if away <= 0.0:
                    best = offset
                elif away > stride:
                    offset += int(min(away / stride, 1e6))
                else:
                    offset += 1
    return best * step if best < none else np.inf


@numba.njit(cache=True, inline="always", error_model="numpy")
def _longest_step(path: Any) -> Any:
    """The longest way between two frames."""
    longest = 0.0
    for at in range(len(path) - 1):
        way = (path[at + 1, X] - path[at, X]) ** 2 + (path[at + 1, Y] - path[at, Y]) ** 2
        if way > longest:
            longest = way
    return np.sqrt(longest)
