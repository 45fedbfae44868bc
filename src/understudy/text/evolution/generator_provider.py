"""Texts from any generator of texts: a grammar, or a model of public texts. Works without a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from understudy.core.generator import Generator
    from understudy.core.random import Stream

_SPARE = 4
"""Partners drawn for each text that is varied."""


class GeneratorProvider:
    """Draws from a generator whose frames have a column of texts, and varies a text by crossing it with others of its label.

    Args:
        generator: it must take `given={label: value}` where texts have labels.
        text, label: its columns; label None where it has none.
    """

    def __init__(self, generator: Generator, text: str = "text", label: str | None = None) -> None:
        self.generator, self.text, self.label = generator, text, label

    def draw(self, labels: Sequence[Any], stream: Stream) -> list[str]:
        """A text of each of these labels: the first ones of the generator's data set for a seed of the stream's."""
        seed = int(stream.child("seed").generator().integers(2**62))
        texts = [""] * len(labels)
        for label in dict.fromkeys(labels):
            places = [i for i, other in enumerate(labels) if other == label]
            given = None if self.label is None or label is None else {self.label: label}
            made = self.generator.sample(len(places), seed=seed, given=given)
            for place, text in zip(places, made[self.text], strict=True):
                texts[place] = text
        return texts

    def vary(self, texts: Sequence[str], labels: Sequence[Any], stream: Stream) -> list[str]:
        """Each text up to a word, and a drawn text from that word on; where they share none, a drawn text instead of it."""
        partners = [self.draw(labels, stream.child("partner", number)) for number in range(_SPARE)]
        rng = stream.child("cross").generator()
        return [_crossed(text, [drawn[i] for drawn in partners], rng) for i, text in enumerate(texts)]

    def says(self) -> list[str]:
        return [f"texts were drawn from the generator `{self.generator.name}` and varied by crossing; it decides what can be said at all"]


def _crossed(text: str, partners: list[str], rng: np.random.Generator) -> str:
    """`text` and the first partner that shares a word with it, crossed there at random, either's beginning first."""
    words = text.split(" ")
    for partner in partners:
        others = partner.split(" ")
        shared = sorted({word for word in words[1:-1] if word} & set(others[1:-1]))
        if not shared or partner == text:
            continue
        word = shared[int(rng.integers(len(shared)))]
        here, there = words.index(word, 1), others.index(word, 1)
        first, second = (words[:here], others[there:]) if rng.random() < 0.5 else (others[:there], words[here:])
        return " ".join([*first, *second])
    return partners[0]
