"""How dangerous runs were: figures of the first vehicle against all others, up to the first contact. Compiled.

Between two frames both move in a straight line, so that small or fast things cannot slip through each other, and the nearest approach is
a continuous function of a scenario's parameters, as searches need it.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.traffic.boxes import contact_time, nearest_approach, separation
from understudy.scenes.traffic.safety import COS, SIN, SPEED, X, Y, needed, post_encroachment

Floats = NDArray[np.float64]

GAP, CONTACT, IMPACT, TTC, DRAC, PET, OTHER = range(7)  # the columns of a measure


def measure(states: Floats, halves: Floats, step_s: float, pet_horizon_s: float) -> Floats:
    """(runs, 7): least gap, time of contact (infinite: none), speed of impact, least TTC, highest DRAC, PET, and the number of the agent
    that was nearest."""
    measures = np.empty((len(states), 7))
    _measure(states, halves, step_s, pet_horizon_s, measures)
    return measures


# Kernels index into whole arrays: a view made in a loop is counted by reference, which costs more than the arithmetic.


@numba.njit(cache=True, error_model="numpy")
def _measure(states: Any, halves: Any, step: Any, horizon: Any, measures: Any) -> None:
    agents, frames = states.shape[2], states.shape[1]
    bounds = np.empty((agents, frames - 1))
    for run in range(len(states)):
        gap, contact, impact, ttc, drac, nearest, last = np.inf, np.inf, 0.0, np.inf, 0.0, 1, frames - 1
        for other in range(1, agents):
            found, when, speed = _first_contact(states, run, other, halves, step, last, bounds)
            if when < contact:
                gap, contact, impact, nearest, last = 0.0, when, speed, other, found + 1
        for other in range(1, agents):
            if contact == np.inf:
                approach = _least_gap(states, run, other, halves, bounds, last, gap)
                if approach < gap:
                    gap, nearest = approach, other
                ttc, drac = _urgency(states, run, other, halves, last, bounds, ttc, drac)
        if contact < np.inf:
            ttc, drac = 0.0, np.inf
        measures[run, GAP], measures[run, CONTACT], measures[run, IMPACT], measures[run, TTC] = gap, contact, impact, ttc
        measures[run, DRAC], measures[run, OTHER] = drac, nearest
        measures[run, PET] = 0.0 if contact < np.inf else _encroachment(states, run, halves, step, horizon)


@numba.njit(cache=True, error_model="numpy")
def _encroachment(states: Any, run: Any, halves: Any, step: Any, horizon: Any) -> Any:
    least = np.inf
    for other in range(1, states.shape[2]):
        if horizon > 0.0:
            pet = post_encroachment(states[run, :, 0], states[run, :, other], halves[0], halves[other], step, min(horizon, least))
            least = min(least, pet)
    return least


@numba.njit(cache=True, inline="always", error_model="numpy")
def _pair(states: Any, run: Any, at: Any, other: Any) -> Any:
    """From the first agent to another in the frame `at`, and how that changes until the next: dx, dy, wx, wy."""
    dx, dy = states[run, at, other, X] - states[run, at, 0, X], states[run, at, other, Y] - states[run, at, 0, Y]
    wx = states[run, at + 1, other, X] - states[run, at + 1, 0, X] - dx
    wy = states[run, at + 1, other, Y] - states[run, at + 1, 0, Y] - dy
    return dx, dy, wx, wy


@numba.njit(cache=True, inline="always", error_model="numpy")
def _turns(states: Any, run: Any, at: Any, other: Any) -> Any:
    """Cosine and sine of the first agent's heading, and of another's."""
    return states[run, at, 0, COS], states[run, at, 0, SIN], states[run, at, other, COS], states[run, at, other, SIN]


@numba.njit(cache=True, error_model="numpy")
def _first_contact(states: Any, run: Any, other: Any, halves: Any, step: Any, last: Any, bounds: Any) -> Any:
    """The frame before the first contact, its time and the relative speed; fills in the lower bounds of the distance on the way."""
    la, wa, lb, wb = halves[0, 0], halves[0, 1], halves[other, 0], halves[other, 1]
    for at in range(last):
        dx, dy, wx, wy = _pair(states, run, at, other)
        ca, sa, cb, sb = _turns(states, run, at, other)
        bounds[other, at] = separation(dx, dy, wx, wy, ca, sa, la, wa, cb, sb, lb, wb)
        if bounds[other, at] <= 0.0:
            share = contact_time(dx, dy, wx, wy, ca, sa, la, wa, cb, sb, lb, wb)
            if share <= 1.0:
                return at, (at + share) * step, np.sqrt(wx * wx + wy * wy) / step
    return last, np.inf, 0.0


@numba.njit(cache=True, error_model="numpy")
def _least_gap(states: Any, run: Any, other: Any, halves: Any, bounds: Any, last: Any, least: Any) -> Any:
    """The nearest approach, or `least` where that is nearer: looked for where the lower bound is lowest, then where it matters."""
    lowest = 0
    for at in range(last):
        if bounds[other, at] < bounds[other, lowest]:
            lowest = at
    best = min(least, _approach(states, run, lowest, other, halves))
    for at in range(last):
        if bounds[other, at] < best:
            best = min(best, _approach(states, run, at, other, halves))
    return best


@numba.njit(cache=True, error_model="numpy")
def _approach(states: Any, run: Any, at: Any, other: Any, halves: Any) -> Any:
    dx, dy, wx, wy = _pair(states, run, at, other)
    ca, sa, cb, sb = _turns(states, run, at, other)
    return nearest_approach(dx, dy, wx, wy, ca, sa, halves[0, 0], halves[0, 1], cb, sb, halves[other, 0], halves[other, 1])


@numba.njit(cache=True, error_model="numpy")
def _urgency(states: Any, run: Any, other: Any, halves: Any, last: Any, bounds: Any, ttc: Any, drac: Any) -> Any:
    """The least TTC and the highest DRAC; frames that cannot change them, by the lower bound of the distance, are passed over."""
    la, wa, lb, wb = halves[0, 0], halves[0, 1], halves[other, 0], halves[other, 1]
    for at in range(last):
        ca, sa, cb, sb = _turns(states, run, at, other)
        fast, slow = states[run, at, other, SPEED], states[run, at, 0, SPEED]
        wx, wy, bound = fast * cb - slow * ca, fast * sb - slow * sa, max(bounds[other, at], 0.0)
        square = wx * wx + wy * wy
        if bound * bound >= square * ttc * ttc and square <= 2.0 * bound * drac:
            continue
        dx, dy = states[run, at, other, X] - states[run, at, 0, X], states[run, at, other, Y] - states[run, at, 0, Y]
        time = contact_time(dx, dy, wx, wy, ca, sa, la, wa, cb, sb, lb, wb)
        if time < np.inf:
            ttc, drac = min(ttc, time), max(drac, needed(wx, wy, time))
    return ttc, drac
