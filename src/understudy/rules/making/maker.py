"""What makes a column: one `Maker` for each, compiled once from what the spec says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.data.keyed import Words
from understudy.rules.cells import Cells, World

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """Where a column stands in the spec: for errors, and for the key of its random bits. path: of a column inside a case."""

    table: str
    column: str
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return f"tables.{self.table}.columns.{self.column}"


class Maker(ABC):
    """Makes a column's values for any rows.

    Attributes:
        kind: what the values are, in the words of a schema: what formulas take them for.
        correlates: its values ascend with its own random bits, so that it can be drawn together with others.
        domain: how many values it has, where they are known, have equal chances and ascend with the bits.
    """

    kind: str = "text"
    correlates: ClassVar[bool] = False
    domain: int | None = None
    group: CopulaMember | None = None

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def countable(self) -> bool:
        """Whether it has a closed list of values with equal chances."""
        return self.domain is not None

    def domain_in(self, world: World) -> int:
        """How many values it has in a data set."""
        assert self.domain is not None
        return self.domain

    @abstractmethod
    def make(self, cells: Cells) -> pl.Series:
        """The values of these rows."""

    def words(self, cells: Cells, *purpose: str | int) -> Words:
        """Random bits of this column's own; without a purpose those that its value ascends with."""
        if self.group is not None and not purpose:
            return self.group.words(cells)
        return cells.words(self.place.column, *self.place.path, *purpose)

    def refuse(self, what: str, remedy: str | None = None) -> ConstraintError:
        """An error at this column."""
        return ConstraintError(what, where=str(self.place), remedy=remedy)


class CopulaMember(ABC):
    """A column's part in a group of columns that are drawn together."""

    @abstractmethod
    def words(self, cells: Cells) -> Words: ...


def enum_series(codes: NDArray[Any], texts: pl.Enum) -> pl.Series:
    """Texts of a closed list by their places in it."""
    size = len(texts.categories)
    kind = np.uint8 if size < 255 else np.uint16 if size < 65_535 else np.uint32
    return pl.Series(codes.astype(kind)).cat.to(texts)


def enum_of(texts: Sequence[str]) -> pl.Enum:
    return pl.Enum(list(texts))
