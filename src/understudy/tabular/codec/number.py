"""Numbers and durations: one field, on an axis of whole numbers where the column has a grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.core.wording import counted
from understudy.data.condition import Condition
from understudy.data.dtypes import dtype_name, polars_dtype
from understudy.data.schema import ColumnSchema
from understudy.tabular.codec.column import Arrays, ColumnCodec, Limit, Part, Restriction, Tables, where
from understudy.tabular.codec.number_field import NumberField
from understudy.tabular.codec.protection import Protection
from understudy.tabular.fields import Field, Floats, Positions, Tokens

DIGITS = (10, 100, 1000)
_EXACT = 2.0**52  # whole numbers up to here are exact in float64
_FAR_EXPONENT, _FARTHEST_EXPONENT = 100, 300
_TICKS_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_UNITS_S = (86400, 3600, 60, 1)


@dataclass(frozen=True)
class Axis:
    """Typed values to axis values and back: axis = (value - offset) * scale, or value in ticks / ticks for durations.

    ``grid``: axis values are whole. ``moduli``: after which their digits repeat.
    """

    dtype: str
    grid: bool
    scale: float = 1.0
    ticks: int = 1
    offset: int = 0
    moduli: tuple[int, ...] = DIGITS

    @classmethod
    def of(cls, values: pl.Series, decimals: int | None) -> Self:
        """The axis for typed ``values``."""
        dtype = dtype_name(values.dtype)
        if isinstance(values.dtype, pl.Duration):
            return cls(dtype, True, **_resolution(values))
        if values.dtype.is_integer():
            return cls(dtype, True, offset=_offset(values))
        if decimals is None or not _on_grid(values, decimals):
            return cls(dtype, False, scale=_workable(values))
        return cls(dtype, True, scale=10.0**decimals)

    def forward(self, values: pl.Series) -> Floats:
        """(n,) float64, missing as NaN."""
        if isinstance(values.dtype, pl.Duration):
            return values.to_physical().cast(pl.Float64).to_numpy() / self.ticks
        if self.offset:
            values = values - self.offset
        axis = values.cast(pl.Float64).to_numpy()
        if self.scale != 1.0:
            axis = np.rint(axis * self.scale) if self.grid else axis * self.scale
        return axis

    def backward(self, axis: Floats) -> pl.Series:
        dtype = polars_dtype(self.dtype)
        if self.scale != 1.0:
            axis = axis / self.scale
        if dtype.is_float():
            return pl.Series(axis, nan_to_null=True)
        # NaN has no whole number: it is masked out afterwards.
        missing = np.isnan(axis)
        any_missing = bool(missing.any())
        whole = np.where(missing, 0.0, axis) if any_missing else axis
        series = pl.Series(whole.astype(np.int64) * self.ticks + self.offset if self.ticks != 1 or self.offset else whole.astype(np.int64))
        if any_missing:
            series = series.set(pl.Series(missing), None)
        return series.cast(dtype)

    def to_plain(self, axis: Floats) -> Floats:
        """Axis values as the numbers they mean (durations: microseconds)."""
        if self.dtype.startswith("Duration"):
            return axis * (self.ticks / _TICKS_PER_SECOND[_unit(self.dtype)] * 1e6)
        return axis / self.scale + self.offset

    def from_plain(self, values: Floats) -> Floats:
        if self.dtype.startswith("Duration"):
            return values / (self.ticks / _TICKS_PER_SECOND[_unit(self.dtype)] * 1e6)
        return (values - self.offset) * self.scale

    def read(self, value: Any) -> float:
        """A condition's value on the axis. Raises ``TypeError`` or ``ValueError`` where it is no number."""
        if isinstance(value, timedelta):
            return float(self.from_plain(np.array(value / timedelta(microseconds=1))))
        if isinstance(value, bool):
            raise TypeError("a number is needed, not a boolean")
        if self.offset and isinstance(value, int):
            return float(value - self.offset)
        return float(self.from_plain(np.array(float(value))))

    def say(self, axis: float) -> str:
        """An axis value as people write it."""
        if self.dtype.startswith("Duration"):
            return str(timedelta(microseconds=float(self.to_plain(np.array(axis)))))
        if self.offset:
            return str(int(axis) + self.offset)
        value = axis / self.scale
        return f"{value:.10g}" if not value.is_integer() else str(int(value))

    def to_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "moduli": list(self.moduli)}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Self:
        return cls(**{**facts, "moduli": tuple(facts["moduli"])})


def _unit(dtype: str) -> str:
    return dtype[len("Duration[") : -1]


def _on_grid(values: pl.Series, decimals: int) -> bool:
    """Whether all values have at most so many decimals, as far as float64 can tell."""
    present = values.drop_nulls().to_numpy()
    scaled = present * 10.0**decimals
    return bool((np.abs(scaled) < _EXACT).all() and (np.abs(scaled - np.rint(scaled)) < 1e-3).all())


def _workable(values: pl.Series) -> float:
    """What to multiply numbers by whose squares float64 cannot hold; 1 for all others."""
    largest = float(cast("float", values.abs().max() or 1.0))
    exponent = math.floor(math.log10(largest))
    return 1.0 if abs(exponent) < _FAR_EXPONENT else 10.0 ** -max(-_FARTHEST_EXPONENT, min(_FARTHEST_EXPONENT, exponent))


def _offset(values: pl.Series) -> int:
    """What to subtract from integers that float64 cannot hold exactly."""
    if values.null_count() == len(values):
        return 0
    low, high = int(cast("int", values.min())), int(cast("int", values.max()))
    if max(abs(low), abs(high)) < _EXACT:
        return 0
    # As round as the room for exact numbers lets it be, because the model file must not tell the smallest value.
    room = int(_EXACT) - (high - low)
    unit = 10 ** max(3, len(str(room)) - 1) if room > 0 else 10**15
    return abs(low) // unit * unit * (1 if low >= 0 else -1)


def _resolution(values: pl.Series) -> dict[str, Any]:
    """The coarsest of day, hour, minute, second that all durations are whole in, else their own tick."""
    per_second = _TICKS_PER_SECOND[values.dtype.time_unit]  # type: ignore[attr-defined]
    ticks = values.drop_nulls().to_physical().to_numpy()
    for unit_s in _UNITS_S:
        if not (ticks % (unit_s * per_second)).any():
            return {"ticks": unit_s * per_second, "moduli": {86400: (10,), 3600: (24,), 60: (60,), 1: (60, 3600)}[unit_s]}
    for fraction in (10**3, 10**6):
        if per_second % fraction == 0 and not (ticks % (per_second // fraction)).any():
            return {"ticks": per_second // fraction, "moduli": DIGITS}
    return {"ticks": 1, "moduli": DIGITS}


class NumberColumn(ColumnCodec):
    """integer, decimal, latitude, longitude, duration."""

    tag: ClassVar[str] = "number"

    def __init__(self, name: str, axis: Axis, number: NumberField) -> None:
        self.name = name
        self.axis = axis
        self.number = number
        self.fields: list[Field] = [number.field]

    @classmethod
    def fit(cls, sample: pl.Series, column: ColumnSchema, protection: Protection, rare: int) -> Self:
        """Learn from a sample of typed values, at least one of them present."""
        axis = Axis.of(sample, column.decimals)
        values = axis.forward(sample)
        number = NumberField.fit(column.name, column.name, values, grid=axis.grid, moduli=axis.moduli, protection=protection, rare=rare)
        return cls(column.name, axis, number)

    def encode(self, values: pl.Series) -> list[Part]:
        return [self.number.encode(self.axis.forward(values))]

    def decode(self, parts: list[Part], rows: NDArray[np.int64], stream: Stream, limits: dict[int, Limit]) -> pl.Series:
        tokens, positions = parts[0]
        axis = self.number.decode(tokens, positions, stream.child(self.name), limits.get(0))
        return self.axis.backward(axis).alias(self.name)

    def restrict(self, condition: Condition) -> Restriction:
        if condition.only_null:
            return Restriction({0: self.number.allow_null()})
        say = self.axis.say
        if condition.choices is None:
            low = -np.inf if condition.low is None else self._read(condition.low)
            high = np.inf if condition.high is None else self._read(condition.high)
            allowed, limit = self.number.allow_range(low, high, condition.null, say)
        else:
            choices = np.array([self._read(value) for value in condition.choices])
            allowed, limit = self.number.allow_choices(choices, condition.null, say)
        return Restriction({0: allowed}, {0: limit})

    def _read(self, value: Any) -> float:
        try:
            return self.axis.read(value)
        except (TypeError, ValueError):
            kind = "durations" if self.axis.dtype.startswith("Duration") else "numbers"
            raise ConditionError(
                f'The column "{self.name}" holds {kind}, and {value!r} is none.',
                where=where(self.name),
                remedy=f"Its values go from {self.axis.say(self.number.shape.lowest)} to {self.axis.say(self.number.shape.highest)}.",
            ) from None

    def scale(self, tokens: Tokens, positions: Positions | None, stream: Stream) -> Floats:
        return self.axis.to_plain(self.number.decode(tokens, positions, stream.child(self.name)))

    def coordinate(self, values: Floats) -> Floats:
        return self.number.coordinate(self.axis.from_plain(values))

    @property
    def step(self) -> float:
        return float(self.axis.to_plain(np.array(1.0)) - self.axis.to_plain(np.array(0.0))) if self.axis.grid else 0.0

    def interval_names(self) -> list[str]:
        """Each token but NULL as people write it: a value of its own, or the interval "low..high" that a bin takes."""
        pieces, atom = self.number.shape.pieces, self.number.shape.atom
        first = np.searchsorted(pieces.token, np.arange(len(atom)), side="left")
        last = np.searchsorted(pieces.token, np.arange(len(atom)), side="right") - 1
        low, high = pieces.low[first], pieces.high[last]
        say = self.axis.say
        return [
            say(float(a)) if alone or a == b else f"{say(float(a))}..{say(float(b))}" for a, b, alone in zip(low, high, atom, strict=True)
        ]

    def what(self) -> str:
        return describe_shape(self.number, self.axis.say)

    def to_state(self) -> tuple[dict[str, Any], Arrays, Tables]:
        facts, arrays = self.number.to_state()
        return {"name": self.name, "axis": self.axis.to_dict(), "number": facts}, arrays, {}

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays, tables: Tables) -> Self:
        return cls(facts["name"], Axis.from_dict(facts["axis"]), NumberField.from_state(facts["number"], arrays))


def describe_shape(number: NumberField, say: Any) -> str:
    """What became of a number, in words."""
    shape = number.shape
    atoms, bins = int(shape.atom.sum()), int((~shape.atom).sum())
    parts = [counted(atoms, "value of its own", "values of their own")] * (atoms > 0) + [counted(bins, "bin", "bins")] * (bins > 0)
    text = f"learned as {' and '.join(parts)}, from {say(shape.lowest)} to {say(shape.highest)}"
    if shape.absorbed:
        rows = counted(shape.absorbed, "row", "rows")
        text += f"; {rows} with values that too few share count as the nearest of them"
    if shape.granularity.modulus:
        text += "; last digits as unevenly spread as in the source"
    return text
