"""Agents that are no motor vehicles: people, riders, animals, and what lies on the road."""

from __future__ import annotations

import numpy as np

from understudy.scenes.geometry.motion import Motion
from understudy.scenes.models.animals import KINDS as ANIMALS
from understudy.scenes.models.animals import animal
from understudy.scenes.models.people import look, person
from understudy.scenes.models.riders import rider
from understudy.scenes.models.street import DEBRIS
from understudy.scenes.scene import Body

TYRE = "tyre tread"
RIDERS = {"cyclist": "bicycle", "motorcycle": "motorcycle"}


def living(name: str, category: int, track: int, kind: str, motion: Motion, rng: np.random.Generator) -> Body:
    """The body of a walker, rider, animal or thing of this kind that moves so.

    kind: "pedestrian", "cyclist", "motorcycle", an animal's, or "debris" and whatever else lies about.
    """
    headings = np.unwrap(np.arctan2(motion.rotations[:, 1, 0], motion.rotations[:, 0, 0]))
    if kind == "pedestrian":
        moves = float(np.linalg.norm(np.diff(motion.positions, axis=0), axis=1).sum()) > 0.2
        return person(name, category, track, look(rng), motion.times, motion.positions, headings, "walk" if moves else "stand")
    if kind in RIDERS:
        return rider(name, category, track, RIDERS[kind], look(rng), motion, rng)
    if kind in ANIMALS:
        return animal(name, category, track, kind, rng, motion.times, motion.positions, headings)
    found = TYRE if kind == "tyre" else str(rng.choice(list(DEBRIS)))
    return DEBRIS[found](rng).body(name, category, track, motion, attributes={"kind": found})
