"""`Graph`: what can be said of the objects in a frame without a doubt, for captions and questions.

Objects of few pixels are not spoken of, and no statement is made that leaves them out: nobody can be asked to count what nobody sees.
Comparisons need a clear difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from understudy.data.media.items import Category, Frame, Instance
from understudy.scenes.labels.words import name, noun

CLEAR_PIXELS = 60
"""An object with fewer is too small to be spoken of."""

CLEARLY_LEFT = 0.06
"""Of the picture's width between the middles of two objects."""

CLEARLY_NEARER = 1.2
"""Between two distances."""

MOVING, STANDING = 0.5, 0.05
"""m/s from which an object moves, and below which it stands."""

HIDDEN, WHOLE = 0.3, 0.02
"""Share from which an object is partly hidden, and below which it is not."""


@dataclass(frozen=True)
class Graph:
    """Attributes:
    objects: those that are large enough, nearest first. nouns: of all, by track.
    vague: nouns of which some object is too small to be counted on.
    hiders: track of the object that hides most of another's hidden pixels, by the track of that other.
    """

    frame: Frame
    objects: tuple[Instance, ...]
    nouns: Mapping[int, str]
    names: Mapping[int, str]
    vague: frozenset[str]
    hiders: Mapping[int, int]

    @classmethod
    def of(cls, frame: Frame, categories: Sequence[Category], hiders: Mapping[int, int] | None = None) -> Graph:
        called = {category.id: category.name for category in categories}
        nouns = {instance.track: noun(called[instance.category]) for instance in frame.instances}
        names = {instance.track: name(instance, called[instance.category]) for instance in frame.instances}
        clear = [instance for instance in frame.instances if instance.pixels >= CLEAR_PIXELS]
        vague = frozenset(nouns[instance.track] for instance in frame.instances if instance.pixels < CLEAR_PIXELS)
        return cls(frame, tuple(sorted(clear, key=lambda instance: instance.distance)), nouns, names, vague, hiders or {})

    def counts(self) -> Counter[str]:
        """Objects of each noun, by how many there are."""
        return Counter(self.nouns[instance.track] for instance in self.objects)

    def colored(self) -> Counter[str]:
        return Counter(self.names[instance.track] for instance in self.objects)

    def unique(self) -> list[tuple[Instance, str]]:
        """Objects that a name fits alone, even among those too small to be spoken of: the noun where it does, else with the colour."""
        nouns, names = (Counter(known[instance.track] for instance in self.frame.instances) for known in (self.nouns, self.names))
        found = []
        for instance in self.objects:
            for called, counts in ((self.nouns, nouns), (self.names, names)):
                if counts[called[instance.track]] == 1:
                    found.append((instance, called[instance.track]))
                    break
        return found

    def side(self, instance: Instance) -> str:
        """ "left", "right" or "middle" of the picture; thirds."""
        share = _middle(instance) / self.frame.width
        return "left" if share < 1 / 3 else "right" if share > 2 / 3 else "middle"

    def left_of(self, one: Instance, other: Instance) -> bool | None:
        """None where it is not clear."""
        gap = (_middle(other) - _middle(one)) / self.frame.width
        return None if abs(gap) < CLEARLY_LEFT else gap > 0

    @staticmethod
    def nearer(one: Instance, other: Instance) -> bool | None:
        ratio = other.distance / max(one.distance, 1e-9)
        return None if 1 / CLEARLY_NEARER < ratio < CLEARLY_NEARER else ratio > 1

    @staticmethod
    def moves(instance: Instance) -> bool | None:
        speed = float(np.linalg.norm(instance.velocity))
        return True if speed >= MOVING else False if speed < STANDING else None

    @staticmethod
    def hidden(instance: Instance) -> bool | None:
        return True if instance.occlusion >= HIDDEN else False if instance.occlusion < WHOLE else None


def _middle(instance: Instance) -> float:
    return (instance.box[0] + instance.box[2]) / 2
