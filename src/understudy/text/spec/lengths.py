"""How long texts are: least and most words, of all texts or by a column's value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec

Bounds = tuple[int, int]
_ANY = (0, 1 << 40)


@dataclass(frozen=True)
class Lengths:
    """output: the text that is measured. everywhere: its bounds; by: the column whose value decides them, and those of each value."""

    output: str
    everywhere: Bounds | None
    by: str | None
    of_value: Mapping[Any, Bounds]

    @classmethod
    def of(cls, spec: TextSpec) -> Lengths | None:
        """Those of a spec; None: it says none. Raises `Contradiction`."""
        if spec.words is None:
            return None
        measured = spec.of_task.measured
        if measured is None:
            raise Contradiction(f"The length of texts is not limited in the task {spec.task}.", "Leave `words` out.", at=("words",))
        output = spec.text if measured == "text" else measured
        if isinstance(spec.words, tuple):
            return cls(output, _bounds(spec.words, ("words",)), None, {})
        stated = dict(spec.words)
        column = stated.pop("by", None)
        if not isinstance(column, str) or (column not in spec.columns and not isinstance(spec.rows, str)):
            remedy = did_you_mean(str(column), spec.columns) if column else "Write words: {by: COLUMN, VALUE: [3, 20]}, or words: [3, 20]."
            raise Contradiction(f'"{column}" is no column that lengths could go by.', remedy, at=("words", "by"))
        return cls(output, None, column, {value: _bounds(bounds, ("words", value)) for value, bounds in stated.items()})

    def outside(self, frame: pl.DataFrame) -> NDArray[np.bool_]:
        """Which texts are too short or too long."""
        counts = np.array([0 if text is None else len(text.split()) for text in frame[self.output].to_list()], dtype=np.int64)
        if self.everywhere is not None:
            return np.asarray((counts < self.everywhere[0]) | (counts > self.everywhere[1]))
        assert self.by is not None
        bounds = [self.of_value.get(value, _ANY) for value in frame[self.by].to_list()]
        limits = np.array(bounds, dtype=np.int64).reshape(-1, 2)
        return np.asarray((counts < limits[:, 0]) | (counts > limits[:, 1]))

    def in_words(self, frame: pl.DataFrame, row: int) -> str:
        """What a row of these was to have, and has."""
        bounds = self.everywhere or self.of_value[frame[self.by or ""][row]]
        return f"{len(frame[self.output][row].split())} words, where {bounds[0]} to {bounds[1]} were asked for"


def _bounds(stated: Any, at: tuple[Any, ...]) -> Bounds:
    if not isinstance(stated, list | tuple) or len(stated) != 2 or not all(isinstance(n, int) and n >= 0 for n in stated):
        raise Contradiction(f"A length is a least and a most number of words, not {stated!r}.", "Write [3, 20].", at=at)
    if stated[0] > stated[1]:
        raise Contradiction(f"The least number of words ({stated[0]}) is above the most ({stated[1]}).", at=at)
    return stated[0], stated[1]
