"""What two agents do after they touched: they go on together at the speed that keeps their momentum, and brake to rest.

A plastic impact. At the speeds of crashes the coefficient of restitution of cars is 0 … 0.2: Antonetti 1998, "Estimating the coefficient of
restitution of vehicle-to-vehicle bumper impacts", SAE 980552. Mass is taken as the footprint's area to the power 3/2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.traffic.safety import COS, SIN, SPEED, X, Y

Floats = NDArray[np.float64]

BRAKE_MPS2 = 6.0


def after_contact(states: Floats, halves: Floats, other: int, contact_s: float, step_s: float) -> Floats:
    """The states (S, A, 5) with the first agent and `other` moved as one from the contact on. Frames before it are left as they are."""
    changed = states.copy()
    before = min(int(contact_s / step_s), len(states) - 2)
    share = contact_s / step_s - before
    pair = [0, other]
    mass = np.prod(halves[pair], axis=1) ** 1.5
    way = states[before + 1, pair][:, (X, Y)] - states[before, pair][:, (X, Y)]
    common = (mass[:, None] * way).sum(axis=0) / mass.sum() / step_s
    speed = float(np.hypot(*common))
    stop_s = speed / BRAKE_MPS2
    lasting = np.minimum((np.arange(before + 1, len(states))) * step_s - contact_s, stop_s)
    gone = np.outer(lasting - 0.5 * lasting**2 / max(stop_s, 1e-9), common)
    for agent, step in zip(pair, way, strict=True):
        changed[before + 1 :, agent, X : Y + 1] = states[before, agent, X : Y + 1] + share * step + gone
        changed[before + 1 :, agent, COS : SIN + 1] = states[before, agent, COS : SIN + 1]
        changed[before + 1 :, agent, SPEED] = np.maximum(speed - BRAKE_MPS2 * lasting, 0.0)
    return changed
