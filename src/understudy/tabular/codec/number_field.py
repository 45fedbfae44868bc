"""A field of numbers: a `Shape` with NULL put first, and conditions on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.tabular.codec.column import Arrays, Limit, Part, null_and, where
from understudy.tabular.codec.protection import Protection
from understudy.tabular.codec.shape import HAIR, Shape, fit_shape
from understudy.tabular.fields import Allowed, Field, Floats, Positions, Tokens


@dataclass(frozen=True)
class NumberField:
    """Axis values, missing as NaN, to tokens and positions and back."""

    field: Field
    shape: Shape

    @classmethod
    def fit(
        cls,
        name: str,
        column: str,
        axis: Floats,
        *,
        grid: bool,
        moduli: tuple[int, ...],
        protection: Protection,
        rare: int,
        main: bool = True,
    ) -> Self:
        """Fit to (n,) axis values with at least one that is not missing."""
        present = axis[~np.isnan(axis)]
        values, counts = np.unique(present, return_counts=True)
        shape = fit_shape(values, counts, grid=grid, moduli=moduli, protection=protection, rare=rare)
        return cls._of(name, column, shape, 1 - len(present) / len(axis), main)

    @classmethod
    def _of(cls, name: str, column: str, shape: Shape, missing: float, main: bool) -> Self:
        shares, atom = shape.rows / shape.rows.sum(), shape.atom
        if missing > 0:
            shares, atom = null_and(shares, atom, missing)
        return cls(Field(name, column, "numeric", len(shares), 0 if missing > 0 else None, shares, atom, main), shape)

    @property
    def offset(self) -> int:
        """The token of the shape's token 0."""
        return 0 if self.field.null_token is None else 1

    @property
    def usual(self) -> int:
        """The commonest token that is a value: it stands in for a missing value where none was seen in training."""
        return int(np.argmax(self.field.shares[self.offset :])) + self.offset

    def encode(self, axis: Floats) -> Part:
        missing = np.isnan(axis)
        any_missing = bool(missing.any())
        tokens, positions = self.shape.encode(np.where(missing, self.shape.pieces.low[0], axis) if any_missing else axis)
        tokens = (tokens + self.offset).astype(self.field.token_type)
        if any_missing:
            tokens[missing] = 0 if self.offset else self.usual
            if positions is not None:
                positions[missing] = 0
        return tokens, positions

    def decode(self, tokens: Tokens, positions: Positions | None, stream: Stream, limit: Limit | None = None) -> Floats:
        """Axis values; NaN where missing. ``stream`` is the field's own."""
        rng = stream.child("digits").generator()
        of_shape = tokens
        if self.offset:
            of_shape = np.maximum(tokens.astype(np.int32) - 1, 0)
        if positions is None and not self.shape.atom.all():
            positions = self.shape.draw_positions(tokens, stream.child("position").generator())
        values = self.shape.decode(of_shape, positions, rng)
        if limit is not None:
            values = limit.apply(values)
        if self.offset:
            values[tokens == 0] = np.nan
        return values

    def coordinate(self, axis: Floats) -> Floats:
        """Coordinates of axis values, as bounds; NaN stays NaN."""
        return np.where(np.isnan(axis), np.nan, self.shape.coordinate(np.nan_to_num(axis)) + self.offset)

    def allow_range(self, low: float, high: float, null: bool, say: Any) -> tuple[Allowed, Limit]:
        """The closed range [low, high]. ``say`` writes an axis value for people. Raises ``ConditionError``."""
        if self.shape.grid:
            low, high = np.ceil(low - 1e-6), np.floor(high + 1e-6)
        if low > high:
            raise ConditionError("The range is empty: its low end lies above its high end.", where=where(self.field.column))
        if low > self.shape.highest or high < self.shape.lowest:
            raise self._outside(say)
        # A point of the grid stands for its cell.
        cell = 0.5 - 1e-6 if self.shape.grid else 0.0
        ends = self.coordinate(np.array([low - cell, high + cell]))
        return self._allowed(float(ends[0]), float(ends[1]), null, say), Limit(low, high)

    def allow_choices(self, choices: Floats, null: bool, say: Any) -> tuple[Allowed, Limit]:
        """One of the ``choices``. A choice inside a bin allows the bin; the limit then makes it exact."""
        choices = np.unique(choices)
        if len(choices) == 1 and self.shape.grid:
            self._require_possible(choices, say)
            return self.allow_range(float(choices[0]), float(choices[0]), null, say)
        self._require_possible(choices, say)
        tokens = np.floor(self.coordinate(choices)).astype(np.int64)
        mask = np.zeros(self.field.size, bool)
        mask[tokens] = True
        mask[0] |= self._null(null)
        return Allowed(mask, nullable=bool(self.offset)), Limit(choices=tuple(choices.tolist()))

    def allow_null(self) -> Allowed:
        mask = np.zeros(self.field.size, bool)
        mask[0] = self._null(True)
        return Allowed(mask, nullable=True)

    def _allowed(self, low: float, high: float, null: bool, say: Any) -> Allowed:
        token = np.arange(self.field.size, dtype=np.float64)
        mask = np.where(self.field.atom, (token >= low) & (token <= high), (token + 1 - 2 * HAIR > low) & (token <= high))
        if self.offset:
            mask[0] = False
        if not mask.any():
            raise ConditionError(
                f'No value of the column "{self.field.column}" lies in this range.',
                where=where(self.field.column),
                remedy=self._domain(say),
            )
        if null:
            mask[0] = self._null(True)
        return Allowed(mask, low, high, nullable=bool(self.offset))

    def _null(self, null: bool) -> bool:
        if null and not self.offset:
            raise ConditionError(
                f'The column "{self.field.column}" is never missing.', where=where(self.field.column), remedy="Leave None out."
            )
        return null

    def _require_possible(self, choices: Floats, say: Any) -> None:
        low, high = self.shape.lowest, self.shape.highest
        if (choices < low).any() or (choices > high).any():
            raise self._outside(say)
        coordinate = self.shape.coordinate(choices)
        token = np.floor(coordinate).astype(np.int64)
        between = self.shape.atom[token] & (coordinate > token)
        if self.shape.grid:
            between |= np.abs(choices - np.rint(choices)) > 1e-6
        if between.any():
            raise ConditionError(
                f'The column "{self.field.column}" never holds {say(float(choices[between.argmax()]))}.',
                where=where(self.field.column),
                remedy=f"Ask for a range instead. {self._domain(say)}",
            )

    def _outside(self, say: Any) -> ConditionError:
        return ConditionError(
            f'The condition lies outside of what the column "{self.field.column}" holds.',
            where=where(self.field.column),
            remedy=self._domain(say),
        )

    def _domain(self, say: Any) -> str:
        return f"Its values go from {say(self.shape.lowest)} to {say(self.shape.highest)}."

    def to_state(self) -> tuple[dict[str, Any], Arrays]:
        facts, arrays = self.shape.to_state(self.field.name)
        missing = float(self.field.shares[0]) if self.offset else 0.0
        return {"name": self.field.name, "column": self.field.column, "main": self.field.main, "missing": missing, "shape": facts}, arrays

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays) -> Self:
        shape = Shape.from_state(facts["shape"], arrays, facts["name"])
        return cls._of(facts["name"], facts["column"], shape, facts["missing"], facts["main"])
