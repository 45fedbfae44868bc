"""What may enter a table, and how: one rule for every source.

Missing is null, never NaN. Infinities, nested and binary cells are refused with a remedy, or changed where the caller
asked for it. Types that nothing behind this door handles (128-bit integers, half floats) become ones that are handled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from understudy.core.errors import DataError
from understudy.core.wording import counted
from understudy.data.table import Note, quoted
from understudy.data.values import Nested, json_text, nested_note, refusal, typed_series

Infinities = Literal["error", "null"]
_ROWS_SHOWN = 3
_FLOATS = (pl.Float32, pl.Float64, pl.Float16)


@dataclass(frozen=True)
class Admission:
    """The caller's choices. nested: refuse, or pass as JSON text. infinities: refuse, or treat as missing."""

    nested: Nested = "error"
    infinities: Infinities = "error"


@dataclass
class _Seen:
    nan: int = 0
    infinite: int = 0
    rows: tuple[int, ...] = ()


class Door:
    """Examines a table's frames once (`examine`, then `finish`), and brings any of its frames into the house's form (`admit`)."""

    def __init__(self, dtypes: Mapping[str, pl.DataType], admission: Admission, *, where: str) -> None:
        self._admission = admission
        self._where = where
        self._floats = [name for name, dtype in dtypes.items() if dtype in _FLOATS]
        self._nested = [name for name, dtype in dtypes.items() if dtype.is_nested()]
        self._seen = {name: _Seen() for name in self._floats}
        self._rows = 0
        self.notes: list[Note] = []
        for name, dtype in dtypes.items():
            self._check_dtype(name, dtype)

    @property
    def examined(self) -> list[str]:
        """The columns that `examine` has to see."""
        return list(self._floats)

    def examine(self, frame: pl.DataFrame) -> None:
        """Count NaN and infinities; frames come in order."""
        if self._floats:
            counts = frame.select(
                *(pl.col(name).is_nan().sum().alias(f"nan {i}") for i, name in enumerate(self._floats)),
                *(pl.col(name).is_infinite().sum().alias(f"inf {i}") for i, name in enumerate(self._floats)),
            ).row(0)
            for name, nan, infinite in zip(self._floats, counts, counts[len(self._floats) :], strict=False):
                seen = self._seen[name]
                seen.nan += nan
                if infinite and len(seen.rows) < _ROWS_SHOWN:
                    rows = frame[name].is_infinite().fill_null(False).arg_true() + self._rows + 1
                    seen.rows = (*seen.rows, *rows.to_list())[:_ROWS_SHOWN]
                seen.infinite += infinite
        self._rows += frame.height

    def finish(self) -> list[Note]:
        """The notes on what `admit` changes. Raises `DataError` for infinities unless they were to be treated as missing."""
        for name, seen in self._seen.items():
            if seen.nan:
                self.notes.append(Note(name, f"{counted(seen.nan, 'NaN cell')} read as missing", "NaN is no number"))
            if seen.infinite and self._admission.infinities == "error":
                raise infinities_error(name, seen.infinite, seen.rows, self._where)
            if seen.infinite:
                self.notes.append(infinities_note(name, seen.infinite))
        return self.notes

    def admit(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with its cells in the house's form."""
        present = dict(frame.schema)
        changed = [pl.col(name).fill_nan(None) for name in self._floats if name in present]
        if self._admission.infinities == "null":
            changed = [pl.when(column.is_finite()).then(column) for column in changed]
        frame = frame.with_columns(changed) if changed else frame
        for name in self._nested:
            if name in present:
                frame = frame.with_columns(pl.Series(name, [json_text(value) for value in frame[name].to_list()], dtype=pl.String))
        casts = {name: _handled(dtype) for name, dtype in present.items() if _handled(dtype) != dtype}
        return frame.with_columns(pl.col(name).cast(dtype) for name, dtype in casts.items())

    def _check_dtype(self, name: str, dtype: pl.DataType) -> None:
        if dtype.is_nested() and self._admission.nested == "text":
            self.notes.append(nested_note(name))
        elif dtype.is_nested():
            raise refusal(name, str(dtype), "nested", where=self._where)
        elif dtype == pl.Binary:
            raise refusal(name, str(dtype), "binary", where=self._where)
        elif dtype in (pl.Int128, pl.UInt128):
            self.notes.append(Note(name, "read as text", f"its type {dtype} is wider than 64 bits"))
        elif not _is_known(dtype):
            raise refusal(name, str(dtype), "other", where=self._where)


def admitted(frame: pl.DataFrame, admission: Admission, *, where: str) -> tuple[pl.DataFrame, list[Note]]:
    """A whole frame through the door."""
    frame, notes = _objects_typed(frame, admission, where)
    door = Door(frame.schema, admission, where=where)
    door.examine(frame)
    return door.admit(frame), notes + door.finish()


def infinities_error(name: str, count: int, rows: Sequence[int], where: str) -> DataError:
    """The refusal of infinite cells."""
    places = ", ".join(f"{row:,}" for row in rows) + (", …" if count > len(rows) else "")
    return DataError(
        f'Column "{name}" holds {counted(count, "infinite value")}.',
        where=f"{where}, row{'s' if count > 1 else ''} {places}",
        remedy='Correct them, or treat them as missing: read(..., infinities="null").',
    )


def infinities_note(name: str, count: int) -> Note:
    return Note(name, f"{counted(count, 'infinite value')} read as missing", 'infinities="null" was asked for')


def require_columns(names: Iterable[str], *, where: str) -> list[str]:
    """The column names, which must be there and differ. Raises `DataError` naming the repeated names and their positions."""
    names = list(names)
    if not names:
        raise DataError("The table has no columns.", where=where, remedy="Hand in a table with at least one column.")
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names, start=1):
        positions.setdefault(name, []).append(position)
    repeated = {name: places for name, places in positions.items() if len(places) > 1}
    if repeated:
        listed = "; ".join(f'"{name}" at positions {_enumerated(places)}' for name, places in list(repeated.items())[:5])
        raise DataError(
            f"{len(repeated)} column name{'s are' if len(repeated) > 1 else ' is'} used more than once: {quoted(list(repeated))}.",
            where=f"{where}: {listed}",
            remedy="Give each column a name of its own.",
        )
    return names


def require_rows(rows: int, *, where: str) -> None:
    """Raises `DataError` where a table has columns but no row."""
    if rows == 0:
        raise DataError("The table has column names but no rows.", where=where, remedy="Hand in a table with at least one row of values.")


def _enumerated(places: list[int]) -> str:
    return ", ".join(map(str, places[:-1])) + f" and {places[-1]}"


def _objects_typed(frame: pl.DataFrame, admission: Admission, where: str) -> tuple[pl.DataFrame, list[Note]]:
    notes: list[Note] = []
    for name, dtype in frame.schema.items():
        if dtype == pl.Object:
            series, told = typed_series(name, frame[name].to_list(), where=where, nested=admission.nested)
            frame = frame.with_columns(series)
            notes += told
    return frame, notes


def _handled(dtype: pl.DataType) -> pl.DataType:
    if dtype in (pl.Int128, pl.UInt128):
        return pl.String()
    return pl.Float32() if dtype == pl.Float16 else dtype


def _is_known(dtype: pl.DataType) -> bool:
    known = (pl.Boolean, pl.String, pl.Categorical, pl.Enum, pl.Null)
    return dtype.is_numeric() or dtype.is_temporal() or dtype in known
