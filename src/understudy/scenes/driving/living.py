"""Agents that are no motor vehicles: people, riders, animals, and what lies on the road."""

from __future__ import annotations

import numpy as np

from understudy.scenes.geometry.motion import Motion
from understudy.scenes.models.people import look, person
from understudy.scenes.scene import Body


def living(name: str, category: int, track: int, kind: str, motion: Motion, rng: np.random.Generator) -> Body:
    """The body of a walker, rider, animal or thing of this kind that moves so."""
    if kind == "pedestrian":
        headings = np.unwrap(np.arctan2(motion.rotations[:, 1, 0], motion.rotations[:, 0, 0]))
        moves = float(np.linalg.norm(np.diff(motion.positions, axis=0), axis=1).sum()) > 0.2
        return person(name, category, track, look(rng), motion.times, motion.positions, headings, "walk" if moves else "stand")
    raise NotImplementedError(kind)
