"""A frame while it is hurt: its rows and their copies, which cells are hurt already, the labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data import keyed
from understudy.rules.dirt import plan as p

GROUP = 1024
"""Rows that duplicates and stale values look into; what is made alone begins at a multiple of it."""
LABELS = {
    "table": pl.String, "row": pl.Int64, "of": pl.Int64, "column": pl.String, "kind": pl.String, "clean": pl.String, "dirty": pl.String,
}  # fmt: skip
"""row: of the dirty table, from 0. of: of the clean table. column: null where the whole row is meant. clean, dirty: the values as text."""


def duplicates_in(plan: p.Plan, rows: int) -> int:
    """How many rows of a whole group of so many come again."""
    return min(rows, sum(round(entry.rate * rows) for entry in plan if isinstance(entry, p.DuplicateHurt)))


def dirty_rows(plan: p.Plan, rows: int) -> int:
    """How many rows a table of `rows` clean ones has when it is hurt."""
    return rows // GROUP * (GROUP + duplicates_in(plan, GROUP)) + rows % GROUP + duplicates_in(plan, rows % GROUP)


class Work:
    """A frame while it is hurt. rows, origin: (n,) each row's number in the dirty table and in the clean one. copy_of: 0 for rows that come
    first, 1 + the entry of the plan that copied them. typed: the clean columns; columns: as they are now. taken: cells that are hurt."""

    def __init__(self, frame: pl.DataFrame, plan: p.Plan, stream: Stream, table: str, first_row: int) -> None:
        self.plan, self.stream, self.table = plan, stream, table
        self.origin, self.copy_of = self._order(frame.height, first_row)
        self.rows = np.arange(len(self.origin)) + first_row // GROUP * (GROUP + duplicates_in(plan, GROUP))
        self.typed = {name: self._spread(frame[name], self.origin - first_row) for name in frame.columns}
        self.columns = {name: self._as_hurt(series) for name, series in self.typed.items()}
        self.taken: dict[str, NDArray[np.bool_]] = {name: np.zeros(len(self.rows), bool) for name in self.columns}
        self.labels: list[pl.DataFrame] = []
        self.drifts: list[tuple[p.SchemaHurt, NDArray[np.bool_]]] = []

    def _order(self, height: int, first_row: int) -> tuple[keyed.Rows, NDArray[np.int8]]:
        """The clean row of each dirty row, and whether it is a copy: 0 no, 1 + the entry that made it."""
        origin, copies = [np.arange(height) + first_row], [np.zeros(height, np.int8)]
        after: list[NDArray[np.float64]] = [np.arange(height, dtype=np.float64)]
        key = keyed.key_of(self.stream, "duplicates")
        for start in range(0, height, GROUP) if duplicates_in(self.plan, GROUP) else ():
            size = min(GROUP, height - start)
            kinds = self._copied(size)
            again = keyed.permuted(np.arange(size), size, key ^ keyed.words(np.array([first_row + start]), key)[0])[: len(kinds)]
            # A copy stands somewhere after its row, in the same group.
            gap = keyed.uniforms(again + start + first_row, keyed.key_of(self.stream, "duplicates", "after"))
            origin.append(again + start + first_row)
            copies.append(kinds)
            after.append(np.asarray(start + again + np.floor(gap * (size - again)) + 0.5, dtype=np.float64))
        place = np.argsort(np.concatenate(after), kind="stable")
        return np.concatenate(origin)[place], np.concatenate(copies)[place]

    def _copied(self, size: int) -> NDArray[np.int8]:
        """For each copy in a group of so many rows: 1 + the entry that makes it."""
        each = [np.full(round(e.rate * size), i + 1, np.int8) for i, e in enumerate(self.plan) if isinstance(e, p.DuplicateHurt)]
        return np.concatenate(each)[:size]

    @staticmethod
    def _spread(series: pl.Series, rows: keyed.Rows) -> pl.Series:
        return series if len(rows) == len(series) else series.gather(rows)

    def _as_hurt(self, series: pl.Series) -> pl.Series:
        """The column in the type that the plan makes it."""
        texts = any(series.name in entry.named and _makes_texts(entry, series) for entry in self.plan)
        return as_text(series) if texts else series

    # -- what the kinds use

    def hit(self, column: str, rate: float, stream: Stream) -> keyed.Rows:
        """The places in a column that an entry hurts: chance `rate`, there is a value, and it is not hurt yet."""
        met = below(keyed.words(self.rows, keyed.key_of(stream, column, "where")), rate)
        return np.flatnonzero(met & ~self.taken[column] & self.columns[column].is_not_null().to_numpy())

    def bits(self, places: keyed.Rows, stream: Stream, *path: str) -> keyed.Words:
        return keyed.words(self.rows[places], keyed.key_of(stream, *path))

    def put(self, column: str, places: keyed.Rows, values: pl.Series, kind: str) -> None:
        """Put values into a column, and label the cells that they change."""
        old = self.columns[column]
        was = old.gather(places)
        changed = np.flatnonzero(was.ne_missing(values.cast(old.dtype)).to_numpy())
        places, was, values = places[changed], was.gather(changed), values.cast(old.dtype).gather(changed)
        if not len(places):
            return
        self.columns[column] = old.scatter(places, values) if values.null_count() == 0 else _scattered(old, places, values)
        self.taken[column][places] = True
        self.label(places, column, kind, as_text(was), as_text(values))

    def label(self, places: keyed.Rows, column: str | None, kind: str, clean: pl.Series, dirty: pl.Series) -> None:
        self.labels.append(
            pl.DataFrame(
                {
                    "table": [self.table] * len(places),
                    "row": self.rows[places],
                    "of": self.origin[places],
                    "column": [column] * len(places),
                    "kind": [kind] * len(places),
                    "clean": clean,
                    "dirty": dirty,
                },
                schema=LABELS,
            )
        )

    def rewrite(self, column: str, places: keyed.Rows, change: Callable[[str, int], str], stream: Stream, kind: str) -> None:
        texts, bits = self.columns[column].gather(places).to_list(), self.bits(places, stream, column, "how").tolist()
        self.put(column, places, pl.Series([change(text, bit) for text, bit in zip(texts, bits, strict=True)], dtype=pl.String), kind)


def below(words: keyed.Words, rate: float) -> NDArray[np.bool_]:
    """Which words are of the least share `rate` of all."""
    return np.ones(len(words), bool) if rate >= 1 else words < np.uint64(int(rate * 2**53) << 11)


def as_text(values: pl.Series) -> pl.Series:
    """Values as text, so that they can be read back."""
    if values.dtype == pl.Date or values.dtype == pl.Datetime:
        return values.dt.to_string("iso")
    return values.cast(pl.String)


def _scattered(series: pl.Series, places: keyed.Rows, values: pl.Series) -> pl.Series:
    """`scatter` that takes missing values too."""
    index = np.arange(len(series))
    index[places] = len(series) + np.arange(len(places))
    return pl.concat([series, values.rename(series.name)]).gather(index)


def _makes_texts(entry: p.Hurt, series: pl.Series) -> bool:
    """Whether what an entry does to a column makes it one of texts."""
    match entry:
        case p.FormatHurt():
            return True
        case p.MissingHurt(markers=markers):
            return series.dtype == pl.Enum or series.dtype == pl.Categorical or (
                series.dtype != pl.String and any(isinstance(marker, str) for marker in markers or ())
            )  # fmt: skip
        case p.SchemaHurt(retype=retype):
            return series.name in retype
        case p.LateHurt() | p.UnitHurt() | p.OutlierHurt():
            return False
    return series.dtype == pl.Enum or series.dtype == pl.Categorical
