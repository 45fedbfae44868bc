"""`dirty`: a frame hurt by a plan, and a label for every hurt cell.

Which cells are hurt, and how, is a function of (seed, table, column, row, entry of the plan) alone, so parts can be made alone. What looks
beyond its row (duplicates, stale values) looks into the row's group of 1,024 only. A cell is hurt once: the first entry that hits it
has it, so that every label tells the clean value, and all labels undone give the clean frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, ConstraintError, did_you_mean
from understudy.core.random import Stream
from understudy.rules.dirt import plan as p
from understudy.rules.dirt.kinds import HURTS
from understudy.rules.dirt.work import GROUP, LABELS, Work


@dataclass(frozen=True)
class Dirty:
    """frame: as it comes. labels: one row for every hurt cell (see `LABELS`). origin: each row's number in the clean table."""

    frame: pl.DataFrame
    labels: pl.DataFrame
    origin: pl.Series
    _drifts: list[tuple[p.SchemaHurt, NDArray[np.bool_]]] = field(default_factory=list, repr=False)
    _types: dict[str, Any] = field(default_factory=dict, repr=False)

    def split(self) -> list[pl.DataFrame]:
        """The frame in parts of one schema each, as a source would send them: without the columns that a part does not have."""
        if not self._drifts:
            return [self.frame]
        stage = np.zeros(self.frame.height, np.int64)
        for i, (_, after) in enumerate(self._drifts):
            stage |= after.astype(np.int64) << i
        parts = []
        for code in dict.fromkeys(stage.tolist()):
            gone = {name for i, (drift, _) in enumerate(self._drifts) for name in _gone(drift, bool(code >> i & 1))}
            part = self.frame.filter(pl.Series(stage == code)).drop(gone & set(self.frame.columns))
            texts = {name for i, (drift, _) in enumerate(self._drifts) for name in drift.retype if not code >> i & 1}
            parts.append(part.with_columns(_read_back(part[name], self._types[name]) for name in texts))
        return parts


def _read_back(texts: pl.Series, dtype: Any) -> pl.Series:
    """Values that were written as text, in their own type; what a hurt made unreadable is missing."""
    if dtype == pl.Date or dtype == pl.Datetime:
        return texts.str.to_datetime(strict=False).cast(dtype)
    return texts.cast(dtype, strict=False)


def _gone(drift: p.SchemaHurt, after: bool) -> list[str]:
    return [*drift.rename, *drift.drop] if after else [*drift.rename.values(), *drift.add]


def dirty(frame: pl.DataFrame, plan: Any, seed: int = 0, *, table: str = "table", first_row: int = 0) -> Dirty:
    """Hurt a frame by a plan.

    Args:
        frame: clean rows.
        plan: entries as models or plain values (`dirt/plan.py`).
        seed: of the dirt, 0 .. 2**63-1.
        table: its name, in the labels and in the seed's path.
        first_row: the number of the frame's first row in the whole table; a multiple of 1,024.

    Raises:
        SchemaError: the plan is no plan.
        ConstraintError: a column that is not there, or whose type a kind of dirt is not made for.
        ArgumentError: `first_row` is no multiple of 1,024.
    """
    if first_row < 0 or first_row % GROUP:
        raise ArgumentError(f"`first_row` is a multiple of {GROUP:,}, not {first_row}.", remedy="Hurt whole groups of rows at a time.")
    entries = p.plan_of(plan)
    require_fits(entries, dict(frame.schema), table)
    return hurt(frame, entries, Stream(seed), table, first_row)


def hurt(frame: pl.DataFrame, plan: p.Plan, seed: Stream, table: str, first_row: int) -> Dirty:
    """`dirty` by the stream of a seed, and of a plan that is known to fit."""
    stream = seed.child("dirt", table)
    work = Work(frame, plan, stream, table, first_row)
    seen: dict[str, int] = {}
    for entry in plan:
        seen[entry.kind] = seen.get(entry.kind, -1) + 1
        HURTS[type(entry)](work, entry, stream.child(entry.kind, seen[entry.kind]))
    labels = pl.concat(work.labels) if work.labels else pl.DataFrame(schema=LABELS)
    labels = labels.sort("row", "column", maintain_order=True)
    return Dirty(pl.DataFrame(work.columns), labels, pl.Series("of", work.origin), work.drifts, dict(frame.schema))


def require_fits(plan: p.Plan, schema: dict[str, Any], table: str) -> None:
    """Raise `ConstraintError` where a plan names a column that is not there, or of a type that it cannot hurt."""
    schema = {name: pl.String() if isinstance(dtype, pl.Enum | pl.Categorical) else dtype for name, dtype in schema.items()}
    for i, entry in enumerate(plan):
        where = f'dirt of "{table}", entry {i + 1} ({entry.kind})'
        for name in entry.named:
            if name not in schema:
                raise ConstraintError(f'There is no column "{name}".', where=where, remedy=did_you_mean(name, list(schema)))
        for name in _hurt_columns(entry):
            if not _fits(entry, schema[name]):
                raise ConstraintError(f'"{name}" is {schema[name]}; {_MADE_FOR[entry.kind]}.', where=where, remedy="Leave the column out.")
        match entry:
            case p.SwapHurt() if schema[entry.columns[0]] != schema[entry.columns[1]]:
                raise ConstraintError(
                    f'"{entry.columns[0]}" and "{entry.columns[1]}" are of two types, so their values cannot be exchanged.', where=where
                )
            case p.LateHurt(arrival=new) | p.DuplicateHurt(match=str(new)) if new in schema:
                raise ConstraintError(f'There is a column "{new}" already.', where=where, remedy="Give the new one another name.")


_MADE_FOR = {
    **dict.fromkeys(("typo", "case", "encoding", "whitespace", "duplicate"), "slips are made in texts"),
    **dict.fromkeys(("unit", "outlier"), "only numbers have units and lie far out"),
    **dict.fromkeys(("format", "late"), "only days and moments are written or delayed so"),
}


def _hurt_columns(entry: p.Hurt) -> list[str]:
    return [entry.column] if isinstance(entry, p.LateHurt) else list(getattr(entry, "columns", []))


def _fits(entry: p.Hurt, dtype: Any) -> bool:
    match entry:
        case p.TypoHurt() | p.CaseHurt() | p.EncodingHurt() | p.WhitespaceHurt() | p.DuplicateHurt():
            return bool(dtype == pl.String)
        case p.UnitHurt() | p.OutlierHurt():
            return bool(dtype.is_numeric())
        case p.FormatHurt():
            return bool(dtype == pl.Date or dtype == pl.Datetime)
        case p.LateHurt():
            return bool(dtype == pl.Datetime)
    return True
