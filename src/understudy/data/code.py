"""Short codes made anew: shapes as often as in the source, characters at each place as often as there.

A code such as `C85`, `A/5 21171` or `V27` has a shape (letters, digits, marks) and, at each place of a shape, characters with frequencies.
Shapes of fewer than five rows give way to the others; within a shape a character of fewer than five rows is not used, unless none
of its place has more (then any of its class may stand there). The places are filled independently, so a whole real code comes back
only by chance.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from understudy.core.random import Stream
from understudy.data.inference.words import masks_of
from understudy.data.keyed import Rows, choices, key_of
from understudy.data.letters import letters_of, scattered, texts_of
from understudy.data.regenerator import Regenerator
from understudy.data.schema import ColumnSchema

_FEWEST_ROWS = 5
_MOST_SHAPES = 200
_CLASSES = {"9": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz"}


@dataclass(frozen=True)
class Shape:
    """One shape: how many rows have it, and for each place the characters that may stand there with their counts."""

    rows: int
    characters: list[str]
    counts: list[list[int]]


class Code(Regenerator):
    """Codes by shape and by character frequencies at each place."""

    tag: ClassVar[str] = "code"

    def __init__(self, shapes: list[Shape]) -> None:
        self.shapes = shapes
        self.notes = [f"{len(shapes)} shapes of codes are kept; characters are drawn place by place"]

    @classmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        frame = pl.DataFrame({"text": values, "mask": masks_of(values)})
        parts = sorted(frame.partition_by("mask", as_dict=True).items(), key=lambda item: (-item[1].height, item[0]))
        kept = [part for _, part in parts[:_MOST_SHAPES] if part.height >= _FEWEST_ROWS] or [part for _, part in parts[:1]]
        return cls([_shape(part["text"], str(part["mask"][0])) for part in kept])

    def texts(self, rows: Rows, stream: Stream) -> pl.Series:
        if not len(rows):
            return pl.Series([], dtype=pl.String)
        weights = np.array([shape.rows for shape in self.shapes], dtype=np.float64)
        chosen = choices(rows, key_of(stream, "shape"), weights)
        parts = [
            (place, self._filled(i, rows[place], stream)) for i in range(len(self.shapes)) if len(place := np.flatnonzero(chosen == i))
        ]
        return scattered(parts, len(rows))

    def _filled(self, i: int, rows: Rows, stream: Stream) -> pl.Series:
        shape = self.shapes[i]
        letters = np.empty((len(rows), len(shape.characters)), dtype=np.uint32)
        for place, (characters, counts) in enumerate(zip(shape.characters, shape.counts, strict=True)):
            codes = np.array([ord(character) for character in characters], dtype=np.uint32)
            key = key_of(stream, "character", i, place)
            letters[:, place] = codes[choices(rows, key, np.array(counts, dtype=np.float64))] if len(codes) > 1 else codes[0]
        return texts_of(letters)

    def to_dict(self) -> dict[str, Any]:
        return {"tag": self.tag, "dtype": self.dtype, "shapes": [asdict(shape) for shape in self.shapes]}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        made = cls([Shape(**shape) for shape in state["shapes"]])
        made.dtype = state["dtype"]
        return made


def _shape(texts: pl.Series, mask: str) -> Shape:
    letters = letters_of(texts)
    characters: list[str] = []
    counts: list[list[int]] = []
    for place in range(letters.shape[1]):
        codes, seen = np.unique(letters[:, place], return_counts=True)
        common = seen >= _FEWEST_ROWS
        if common.any():
            characters.append("".join(chr(code) for code in codes[common]))
            counts.append([int(count) for count in seen[common]])
        else:
            letters_here = _CLASSES.get(mask[place], mask[place])
            characters.append(letters_here)
            counts.append([1] * len(letters_here))
    return Shape(len(texts), characters, counts)
