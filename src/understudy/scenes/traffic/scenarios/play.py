"""Scenes played out: some agents move by a script, drivers react to them. Compiled, many runs at once, one time step after another.

A script is what a logical scenario varies: where an agent starts, when it speeds up or brakes, when it moves sideways. A driver goes along
+x, follows by the IDM whatever is in its way and noticed, a reaction time late, with brakes that have an end, and may swerve. Being noticed
needs sight: the distance seen (fog, night) and no other agent in between. What runs and what is drawn is one and the same computation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.traffic.boxes import crosses
from understudy.scenes.traffic.drivers import GAP_FLOOR_M, idm_kernel
from understudy.scenes.traffic.safety import COLUMNS, COS, SIN, SPEED, X, Y

Floats = NDArray[np.float64]

STEEPEST = 0.5  # metres sideways for each metre ahead
# Columns of a driver.
(
    START_X, START_Y, START_SPEED, DESIRED, HEADWAY, STANDSTILL, ACCELERATION, BRAKE, HARDEST, REACTION, SIGHT, FORESIGHT, SWERVE, SWERVE_S,
    SWERVE_FROM,
) = range(15)  # fmt: skip


@dataclass(frozen=True)
class Script:
    """What one agent does in n runs; numbers stand for the same in all.

    Attributes:
        x_m, y_m, heading_rad, speed_mps: at the beginning.
        phases: (time from which, s; acceleration, m/s²), ascending in time. It neither goes backwards nor above `fastest_mps`.
        shifts: (time, s; duration, s; way to the left, m): smooth moves sideways, with the least jerk.
        fastest_mps: no acceleration above this.
    """

    x_m: Any = 0.0
    y_m: Any = 0.0
    heading_rad: Any = 0.0
    speed_mps: Any = 0.0
    phases: tuple[tuple[Any, Any], ...] = ()
    shifts: tuple[tuple[Any, Any, Any], ...] = ()
    fastest_mps: Any = 70.0


@dataclass(frozen=True)
class Driver:
    """Who drives a vehicle along +x in n runs; numbers stand for the same in all.

    Attributes:
        x_m, y_m, speed_mps: at the beginning.
        desired_mps, headway_s, standstill_m, acceleration_mps2, brake_mps2: of the IDM (see `drivers.Idm`).
        hardest_brake_mps2: what tyres and road give.
        reaction_s: from what happens to what the driver does about it.
        sight_m: what is farther away is not noticed.
        foresight_s: who will be in the way within this time is braked for already; 0: only who is in the way now.
        swerve_m: way to the left that is tried, beside braking; 0: none. swerve_s: how long that takes.
        swerve_from_mps2: braking needed from which on it is tried.
    """

    x_m: Any = 0.0
    y_m: Any = 0.0
    speed_mps: Any = 30.0
    desired_mps: Any = 33.0
    headway_s: Any = 1.2
    standstill_m: Any = 2.0
    acceleration_mps2: Any = 1.4
    brake_mps2: Any = 2.5
    hardest_brake_mps2: Any = 8.0
    reaction_s: Any = 1.0
    sight_m: Any = 300.0
    foresight_s: Any = 0.0
    swerve_m: Any = 0.0
    swerve_s: Any = 2.0
    swerve_from_mps2: Any = 5.0


def play(
    drivers: list[Driver], scripts: list[Script], halves: Floats, hides: NDArray[np.bool_], runs: int, steps: int, step_s: float
) -> Floats:
    """The states (runs, steps + 1, agents, 5) of all agents: drivers first, each reacting to those before it, then the scripted ones.

    Args:
        halves: (agents, 2) half lengths and half widths. hides: (agents,) who stands in the line of sight.
    """
    states = np.empty((runs, steps + 1, len(drivers) + len(scripts), COLUMNS))
    for place, script in enumerate(scripts, len(drivers)):
        start = _columns(runs, script.x_m, script.y_m, script.heading_rad, script.speed_mps, script.fastest_mps)
        phases = np.stack([_columns(runs, *phase) for phase in script.phases], axis=1) if script.phases else np.empty((runs, 0, 2))
        shifts = np.stack([_columns(runs, *shift) for shift in script.shifts], axis=1) if script.shifts else np.empty((runs, 0, 3))
        _perform(start, phases, shifts, step_s, place, states)
    for place, driver in enumerate(drivers):
        others = np.array([*range(place), *range(len(drivers), states.shape[2])])
        _drive(_columns(runs, *vars(driver).values()), others, halves, hides, step_s, place, states)
    return states


def _columns(runs: int, *values: Any) -> Floats:
    """(runs, values) from numbers and arrays (runs,)."""
    table = np.empty((runs, len(values)))
    for place, value in enumerate(values):
        table[:, place] = value
    return table


# Kernels index into whole arrays: a view made in a loop is counted by reference, which costs more than the arithmetic.


@numba.njit(cache=True, error_model="numpy")
def _perform(start: Any, phases: Any, shifts: Any, step: Any, place: Any, states: Any) -> None:
    for run in range(len(start)):
        x, y, speed, slope, fastest = start[run, 0], start[run, 1], start[run, 3], 0.0, start[run, 4]
        cos, sin = np.cos(start[run, 2]), np.sin(start[run, 2])
        aimed = _aside(shifts, run, 0.0)
        for at in range(states.shape[1]):
            after, way = _advanced(speed, min(_mean_pull(phases, run, at * step, step), (fastest - speed) / step), step)
            next_aim = _aside(shifts, run, at * step + step)
            aside, aimed = min(max(next_aim - aimed, -STEEPEST * way), STEEPEST * way), next_aim
            if way > 0.0:
                slope = aside / way
            _write(states, run, at, place, x, y, cos, sin, speed, slope)
            x, y, speed = x + way * cos - aside * sin, y + way * sin + aside * cos, after


@numba.njit(cache=True, inline="always", error_model="numpy")
def _write(states: Any, run: Any, at: Any, place: Any, x: Any, y: Any, cos: Any, sin: Any, speed: Any, slope: Any) -> None:
    """A state from the place, the direction of the road and the slope of the path to it."""
    states[run, at, place, X], states[run, at, place, Y] = x, y
    if slope == 0.0:
        states[run, at, place, COS], states[run, at, place, SIN], states[run, at, place, SPEED] = cos, sin, speed
    else:
        long = np.sqrt(1.0 + slope * slope)
        states[run, at, place, SPEED] = speed * long
        states[run, at, place, COS], states[run, at, place, SIN] = (cos - slope * sin) / long, (sin + slope * cos) / long


@numba.njit(cache=True, inline="always", error_model="numpy")
def _advanced(speed: Any, pull: Any, step: Any) -> Any:
    """`drivers.advance` for one vehicle."""
    after = speed + pull * step
    if after < 0.0:
        return 0.0, -speed * speed / (2.0 * pull)
    return after, 0.5 * (speed + after) * step


@numba.njit(cache=True, inline="always", error_model="numpy")
def _mean_pull(phases: Any, run: Any, time: Any, step: Any) -> Any:
    """The mean acceleration of a script in the step from `time` on: phases may begin within it."""
    total, count = 0.0, phases.shape[1]
    for place in range(count):
        until = phases[run, place + 1, 0] if place + 1 < count else np.inf
        total += phases[run, place, 1] * max(0.0, min(until, time + step) - max(phases[run, place, 0], time))
    return total / step


@numba.njit(cache=True, inline="always", error_model="numpy")
def _aside(shifts: Any, run: Any, time: Any) -> Any:
    """How far to the left a script's shifts have led by a time."""
    total = 0.0
    for place in range(shifts.shape[1]):
        total += shifts[run, place, 2] * _smooth((time - shifts[run, place, 0]) / shifts[run, place, 1])
    return total


@numba.njit(cache=True, inline="always", error_model="numpy")
def _smooth(share: Any) -> Any:
    """The move of least jerk from 0 to 1. Flash, Hogan 1985, "The coordination of arm movements", Journal of Neuroscience 5, 1688."""
    t = min(max(share, 0.0), 1.0)
    return t * t * t * (10.0 + t * (6.0 * t - 15.0))


@numba.njit(cache=True, error_model="numpy")
def _drive(drivers: Any, others: Any, halves: Any, hides: Any, step: Any, place: Any, states: Any) -> None:
    commands, noticed = np.empty(states.shape[1]), np.empty(len(others), dtype=np.bool_)
    for run in range(len(drivers)):
        x, y, speed, slope, swerves_at = drivers[run, START_X], drivers[run, START_Y], drivers[run, START_SPEED], 0.0, np.inf
        delay, swerve, swerve_s = drivers[run, REACTION] / step, drivers[run, SWERVE], drivers[run, SWERVE_S]
        hardest, swerve_from = drivers[run, HARDEST], drivers[run, SWERVE_FROM]
        taste = (
            drivers[run, DESIRED], drivers[run, HEADWAY], drivers[run, STANDSTILL], drivers[run, ACCELERATION], drivers[run, BRAKE],
            drivers[run, SIGHT], drivers[run, FORESIGHT],
        )  # fmt: skip
        noticed[:] = False
        for at in range(states.shape[1]):
            _write(states, run, at, place, x, y, 1.0, 0.0, speed, slope)
            commands[at], need = _wish(taste, run, at, x, y, speed, others, halves, hides, place, states, noticed)
            if swerve != 0.0 and need >= swerve_from and swerves_at == np.inf:
                swerves_at = (at + delay) * step
            after, way = _advanced(speed, max(_delayed(commands, at, delay), -hardest), step)
            aside, begun = 0.0, at * step - swerves_at
            if begun + step > 0.0:
                aside = swerve * (_smooth((begun + step) / swerve_s) - _smooth(begun / swerve_s))
                aside = min(max(aside, -STEEPEST * way), STEEPEST * way)
            if way > 0.0:
                slope = aside / way
            x, y, speed = x + way, y + aside, after


@numba.njit(cache=True, inline="always", error_model="numpy")
def _delayed(commands: Any, at: Any, delay: Any) -> Any:
    """What was decided `delay` steps ago; nothing before the beginning."""
    when = at - delay
    if when <= -1.0:
        return 0.0
    before = int(np.floor(when))
    share = when - before
    later = commands[before + 1] if before < at else commands[at]
    return (1.0 - share) * (commands[before] if before >= 0 else 0.0) + share * later


@numba.njit(cache=True, inline="always", error_model="numpy")
def _wish(
    taste: Any, run: Any, at: Any, x: Any, y: Any, speed: Any, others: Any, halves: Any, hides: Any, place: Any, states: Any, noticed: Any
) -> Any:
    """The acceleration that the driver would choose now, and the braking, m/s², needed for the most urgent of those in the way."""
    wish, need = np.inf, 0.0
    desired, headway, standstill, acceleration, brake, sight, foresight = taste
    for slot in range(len(others)):
        other = others[slot]
        if states[run, at, other, X] <= x:
            continue
        if not noticed[slot]:
            noticed[slot] = _sees(x, y, sight, other, place, states, run, at, halves, hides)
            if not noticed[slot]:
                continue
        cos, sin, length, width = states[run, at, other, COS], states[run, at, other, SIN], halves[other, 0], halves[other, 1]
        long, reach = abs(cos) * length + abs(sin) * width, abs(sin) * length + abs(cos) * width + halves[place, 1]
        gap, closing = states[run, at, other, X] - long - x - halves[place, 0], speed - states[run, at, other, SPEED] * cos
        aside, drift = states[run, at, other, Y] - y, states[run, at, other, SPEED] * sin
        if _in_the_way(foresight, aside, drift, reach, gap, closing, 2.0 * (long + halves[place, 0])):
            wish = min(wish, idm_kernel(speed, gap, closing, desired, headway, standstill, acceleration, brake))
            if closing > 0.0:
                need = max(need, closing * closing / (2.0 * max(gap, GAP_FLOOR_M)))
    if wish == np.inf:
        wish = idm_kernel(speed, np.inf, 0.0, desired, headway, standstill, acceleration, brake)
    return wish, need


@numba.njit(cache=True, inline="always", error_model="numpy")
def _in_the_way(foresight: Any, aside: Any, drift: Any, reach: Any, gap: Any, closing: Any, lengths: Any) -> Any:
    """Whether somebody ahead is in the driver's corridor, or will be when the driver comes there.

    aside: how far to the left, drifting by `drift` m/s. reach: the sum of the half widths. lengths: of both.
    """
    if abs(aside) < reach:
        return True
    if foresight <= 0.0 or aside * drift >= 0.0 or closing <= 0.0:
        return False
    enters, leaves = (abs(aside) - reach) / abs(drift), (abs(aside) + reach) / abs(drift)
    comes, is_past = max(gap, 0.0) / closing, (max(gap, 0.0) + lengths) / closing
    return enters <= foresight and enters <= is_past and leaves >= comes


@numba.njit(cache=True, error_model="numpy")
def _sees(x: Any, y: Any, sight: Any, other: Any, place: Any, states: Any, run: Any, at: Any, halves: Any, hides: Any) -> bool:
    """Whether the middle of somebody is near enough and behind nobody. The eye is over the middle of the driver's vehicle."""
    ux, uy = states[run, at, other, X] - x, states[run, at, other, Y] - y
    if ux * ux + uy * uy > sight * sight:
        return False
    for blocker in range(states.shape[2]):
        if not hides[blocker] or blocker in (other, place):
            continue
        dx, dy = states[run, at, blocker, X] - x, states[run, at, blocker, Y] - y
        cos, sin = states[run, at, blocker, COS], states[run, at, blocker, SIN]
        if crosses(dx, dy, ux, uy, cos, sin, halves[blocker, 0], halves[blocker, 1]):
            return False
    return True
