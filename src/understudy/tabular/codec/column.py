"""What the codec of one column must do; `number.py`, `category.py`, `calendar.py` and `remade.py` do it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, did_you_mean
from understudy.core.random import Stream
from understudy.data.condition import Condition
from understudy.tabular.fields import Allowed, Field, Floats, Positions, Tokens

Part = tuple[Tokens, Positions | None]
Arrays = dict[str, NDArray[Any]]
Tables = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Limit:
    """What a drawn number is moved to, on the field's axis: the nearest of ``choices``, or into [low, high]."""

    low: float = -np.inf
    high: float = np.inf
    choices: tuple[float, ...] | None = None

    def apply(self, values: Floats) -> Floats:
        if self.choices is None:
            return np.clip(values, self.low, self.high)
        choices = np.array(self.choices)
        right = np.searchsorted(choices, values).clip(0, len(choices) - 1)
        left = (right - 1).clip(0)
        return np.asarray(np.where(values - choices[left] <= choices[right] - values, choices[left], choices[right]))


@dataclass(frozen=True)
class Restriction:
    """What a condition leaves of a column: per field of the column (by its place in `ColumnCodec.fields`) the tokens and
    coordinates allowed, and limits that make decoded numbers exact. ``exact`` is False where the fields allow rows that the
    condition does not: these must be tested one by one, with `condition.meets`.
    """

    allowed: dict[int, Allowed]
    limits: dict[int, Limit] = field(default_factory=dict)
    exact: bool = True


class ColumnCodec(ABC):
    """One column to tokens and back.

    To add a kind of column: subclass, give it a ``tag``, and name it in `codec.py`'s table. ``fields`` may be empty (nothing is
    learned). Values are typed (see ``data``): numbers, moments in time, booleans, text.
    """

    tag: ClassVar[str]
    name: str
    fields: list[Field]

    @abstractmethod
    def encode(self, values: pl.Series) -> list[Part]:
        """Tokens and positions of each field for (n,) typed values."""

    @abstractmethod
    def decode(self, parts: list[Part], rows: NDArray[np.int64], stream: Stream, limits: dict[int, Limit]) -> pl.Series:
        """(n,) typed values. A position of None is drawn from the bin's shape. ``rows``: the rows' numbers in the whole data set."""

    @abstractmethod
    def restrict(self, condition: Condition) -> Restriction:
        """What ``condition`` leaves. Raises ``ConditionError`` where that is nothing, saying what the column may hold."""

    def scale(self, tokens: Tokens, positions: Positions | None, stream: Stream) -> Floats:
        """Values (n,) of the main field as plain numbers, missing as NaN: see `Codec.decode_field`."""
        raise TypeError(f'"{self.name}" has no order')

    def coordinate(self, values: Floats) -> Floats:
        """Main-field coordinates of plain numbers: see `Codec.coordinate`."""
        raise TypeError(f'"{self.name}" has no order')

    @property
    def step(self) -> float:
        """The least difference between two values as plain numbers; 0 where there is none."""
        return 0.0

    @abstractmethod
    def what(self) -> str:
        """What was done to the column, for the record."""

    @abstractmethod
    def to_state(self) -> tuple[dict[str, Any], Arrays, Tables]: ...

    @classmethod
    @abstractmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays, tables: Tables) -> Self: ...


def rest(column: ColumnCodec, excluded: Sequence[Condition]) -> Restriction:
    """What is left of a column by conditions that must not hold; tested where fields cannot tell them apart."""
    if len(column.fields) != 1:
        return Restriction({}, exact=False)
    size, exact = column.fields[0].size, True
    mask = np.ones(size, bool)
    for condition in excluded:
        found = column.restrict(condition)
        whole, limit = found.allowed[0].mask.copy(), found.limits.get(0)
        for token in np.flatnonzero(whole & ~column.fields[0].atom):
            whole[token] = found.allowed[0].span(int(token)) == (0.0, 1.0) and (limit is None or limit.choices is None)
        exact = exact and found.exact and bool((whole == found.allowed[0].mask).all())
        mask &= ~whole
    if not (mask & (column.fields[0].shares > 0)).any():
        raise ConditionError("No other value is left.", where=where(column.name))
    return Restriction({0: Allowed(mask, nullable=column.fields[0].null_token is not None)}, exact=exact)


def where(column: str) -> str:
    """A condition's place in an error message."""
    return f'given, column "{column}"'


def unknown_value(column: str, value: Any, choices: list[str]) -> ConditionError:
    return ConditionError(
        f'The model knows no value {value!r} of the column "{column}".',
        where=where(column),
        remedy=did_you_mean(str(value), choices) + " Values that too few rows held are protected and cannot be asked for.",
    )


def no_missing(column: str) -> ConditionError:
    return ConditionError(f'The column "{column}" is never missing.', where=where(column), remedy="Leave None out.")


def null_and(shares: Floats, atom: NDArray[np.bool_], missing: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Shares and atoms with the token NULL put first, of share ``missing`` > 0."""
    return np.append(missing, shares * (1 - missing)), np.append(True, atom)
