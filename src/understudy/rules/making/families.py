"""Columns between tables: references, columns of the owner, figures over what belongs to a row, and what runs along one owner's rows."""

from __future__ import annotations

import numba
import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.data.keyed import GOLDEN, Rows, Words, mixed, permuted
from understudy.rules.cells import Cells, World, null_where
from understudy.rules.columns import AggregateColumn, ParentColumn, PartColumn, ReferenceColumn, RunningColumn, SiblingColumn, StateColumn
from understudy.rules.inverse import Floats, Inverse, discrete, inverse_of, zipf_ranks
from understudy.rules.law import Law
from understudy.rules.making.choices import below, threshold
from understudy.rules.making.maker import Maker, Place, enum_series
from understudy.rules.making.times import scaled


class OwnerMaker(Maker):
    """The key of the row that owns this one."""

    def __init__(self, place: Place, table: str, column: str, kind: str) -> None:
        super().__init__(place)
        self._table, self._column, self.kind = table, column, kind

    def make(self, cells: Cells) -> pl.Series:
        return cells.related(self._table).column(self._column)


class ReferenceMaker(Maker):
    """The key of a drawn row of another table, or of an earlier one of this."""

    def __init__(self, place: Place, column: ReferenceColumn, table: str, kind: str) -> None:
        super().__init__(place)
        self.table, self.kind, self.distinct = table, kind, column.distinct
        self._column = column.to.partition(".")[2]
        self._self = column.to.startswith("self.")
        self._roots = threshold(column.roots)
        self._has_roots = column.roots > 0 or self._self
        self._law = column.law

    @property
    def countable(self) -> bool:
        return self._law is None and not self._has_roots and not self.distinct

    def domain_in(self, world: World) -> int:
        return world.rows(self.table)

    def rows(self, cells: Cells) -> tuple[Rows, NDArray[np.bool_] | None]:
        """The rows referred to, and which refer to one at all (None: all)."""
        found: tuple[Rows, NDArray[np.bool_] | None] = cells.keep(("refers", self.place), lambda: self._rows(cells))
        return found

    def _rows(self, cells: Cells) -> tuple[Rows, NDArray[np.bool_] | None]:
        size = cells.world.rows(self.table)
        if size == 0 and cells.height:
            raise self.refuse(f'"{self.table}" has no rows to refer to.', "Give it rows.")
        rows = self._drawn(cells, size)
        if not self._has_roots:
            return rows, None
        present = ~below(cells.words(self.place.column, "root"), self._roots)
        return rows, present & (cells.rows > 0) if self._self else present

    def _drawn(self, cells: Cells, size: int) -> Rows:
        if self._self:
            return (uniform(self.words(cells)) * cells.rows).astype(np.int64)
        if self.distinct:
            return self._distinct(cells, size)
        if self._law is None:
            return scaled(self.words(cells), size)
        law: Inverse = cells.world.once(("ranks", self.place), lambda: rank_law(self._law, size))  # type: ignore[arg-type]
        rows = np.clip(law.at(self.words(cells)).astype(np.int64), 0, size - 1)
        ranked = self._law.name in ("zipf", "zipfian")
        return permuted(rows, size, cells.world.key(self.place.table, self.place.column, "ranks")) if ranked else rows

    def _distinct(self, cells: Cells, size: int) -> Rows:
        owners, places = cells.ownership()
        if len(places) and places.max() >= size:
            raise self.refuse(
                f'An owner has {int(places.max()) + 1:,} rows, but there are only {size:,} rows of "{self.table}" for them to differ in.',
                f"Say per: {{most: {size}}}.",
            )
        key = cells.world.key(self.place.table, self.place.column, "distinct")
        return permuted(places, size, mixed(owners.astype(np.uint64) * GOLDEN + key))

    def make(self, cells: Cells) -> pl.Series:
        rows, present = self.rows(cells)
        made = cells.world.cells(self.table, rows).column(self._column)
        return made if present is None else null_where(made, ~present)


def rank_law(law: Law, size: int) -> Inverse:
    """A law over the rows of a table: Zipf's over ranks; any other between 0 and 1, stretched over the rows."""
    if law.name in ("zipf", "zipfian"):
        return zipf_ranks(law.parameters["a"], size)
    return _Stretched(inverse_of(law, 0.0, 1.0), size)


class _Stretched(Inverse):
    def __init__(self, inner: Inverse, size: int) -> None:
        self._inner, self._size = inner, size
        self.low, self.high = 0.0, float(size)

    def at(self, words: Words) -> Floats:
        return np.floor(self._inner.at(words) * self._size)

    def share_below(self, values: Floats) -> Floats:
        return self._inner.share_below(values / self._size)


class ParentMaker(Maker):
    """A column of the row that owns this one, or that a reference names."""

    def __init__(self, place: Place, column: ParentColumn, kind: str) -> None:
        super().__init__(place)
        self._table, _, self._column = column.of.partition(".")
        self._through, self.kind = column.through, kind

    def make(self, cells: Cells) -> pl.Series:
        return cells.related(self._table, self._through).column(self._column)


class AggregateMaker(Maker):
    """A figure over the rows of another table that belong to this one."""

    def __init__(self, place: Place, column: AggregateColumn, kind: str, decimals: int | None) -> None:
        super().__init__(place)
        self._table, _, self._column = column.of.partition(".")
        self._by, self._decimals = column.by, decimals
        self.kind = {"count": "integer", "mean": "decimal"}.get(column.by, kind)
        if column.by in ("sum", "mean") and kind not in ("integer", "decimal", "boolean"):
            raise self.refuse(
                f'A {column.by} is taken of numbers, and "{column.of}" is of kind {kind}.', "Use count, min, max, first or last."
            )

    def make(self, cells: Cells) -> pl.Series:
        children = cells.children(self._table)
        starts = children.starts
        if self._by == "count" and not children.cells.world.tables[self._table].may_miss(self._column):
            return pl.Series(np.diff(starts))
        values = children.cells.column(self._column)
        if self._by in ("first", "last"):
            return _picked(values, starts[:-1] if self._by == "first" else starts[1:] - 1, np.diff(starts) == 0)
        if self._by in ("sum", "count", "mean"):
            return self._summed(values, starts)
        return self._extreme(values, starts)

    def _summed(self, values: pl.Series, starts: Rows) -> pl.Series:
        counts = segment_sums(values.is_not_null().to_numpy().astype(np.float64), starts)
        if self._by == "count":
            return pl.Series(counts.astype(np.int64))
        scale = 1.0 if self._decimals is None else 10.0**self._decimals
        numbers = values.cast(pl.Float64).fill_null(0.0).to_numpy()
        # Whole numbers of the last digit add up without error.
        sums = segment_sums(np.round(numbers * scale), starts) / scale
        if self._by == "mean":
            return null_where(pl.Series(sums / np.maximum(counts, 1)), counts == 0)
        return pl.Series(sums).cast(pl.Int64) if self.kind == "integer" else pl.Series(sums)

    def _extreme(self, values: pl.Series, starts: Rows) -> pl.Series:
        owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        frame = pl.DataFrame({"owner": owners, "value": values})
        figure = pl.col("value").min() if self._by == "min" else pl.col("value").max()
        found = frame.group_by("owner", maintain_order=True).agg(figure)
        everyone = pl.DataFrame({"owner": np.arange(len(starts) - 1)})
        return everyone.join(found, on="owner", how="left", maintain_order="left")["value"]


class StateMaker(Maker):
    """A Markov chain along the rows of one owner, walked from the first."""

    kind = "categorical"

    def __init__(self, place: Place, column: StateColumn) -> None:
        super().__init__(place)
        self._states = column.states
        self._enum = pl.Enum(self._states)
        self._initial = discrete(np.array([column.initial.get(state, 0.0) for state in self._states]))
        size = len(self._states)
        onward = np.eye(size)
        for state, chances in column.transitions.items():
            if chances:
                onward[self._states.index(state)] = [chances.get(to, 0.0) for to in self._states]
        self._onward: NDArray[np.uint64] = np.stack([discrete(row).thresholds for row in onward])

    def make(self, cells: Cells) -> pl.Series:
        whole = cells.whole()
        words = self.words(whole.cells)
        states = _walked(words, whole.starts, self._initial.thresholds, self._onward)
        return enum_series(states[whole.at], self._enum)


class OrdinalMaker(Maker):
    """The place among the owner's rows, from 1."""

    kind = "integer"

    def make(self, cells: Cells) -> pl.Series:
        return pl.Series((cells.ownership()[1] + 1).astype(np.int32))


class SiblingMaker(Maker):
    """Another row's value, some steps on among the owner's rows."""

    def __init__(self, place: Place, column: SiblingColumn, kind: str) -> None:
        super().__init__(place)
        self._of, self._step, self.kind = column.of, column.step, kind

    def make(self, cells: Cells) -> pl.Series:
        whole = cells.whole()
        owner = np.searchsorted(whole.starts, whole.at, side="right") - 1
        wanted = whole.at + self._step
        outside = (wanted < whole.starts[owner]) | (wanted >= whole.starts[owner + 1])
        return _picked(whole.cells.column(self._of), wanted, outside)


class RunningMaker(Maker):
    """A figure over the owner's rows up to this one."""

    def __init__(self, place: Place, column: RunningColumn, kind: str, decimals: int | None) -> None:
        super().__init__(place)
        self._of, self._by, self._decimals = column.of, column.by, decimals
        self.kind = {"count": "integer", "mean": "decimal"}.get(column.by, kind)

    def make(self, cells: Cells) -> pl.Series:
        whole = cells.whole()
        values = whole.cells.column(self._of)
        present = values.is_not_null().to_numpy()
        scale = 1.0 if self._decimals is None else 10.0**self._decimals
        # Whole numbers of the last digit add up without error.
        numbers = np.round(values.cast(pl.Float64).fill_null(0.0).to_numpy() * scale)
        figures, counts = _running(numbers, present, whole.starts, FIGURES.index(self._by))
        if self._by == "count":
            return pl.Series(counts[whole.at])
        if self._by == "mean":
            figures = figures / np.maximum(counts, 1)
        made = pl.Series(figures[whole.at] / scale)
        made = made.cast(pl.Int64) if self.kind == "integer" else made
        return made if self._by == "sum" else null_where(made, counts[whole.at] == 0)


class PartMaker(Maker):
    """Parts of a total that sum to it exactly, in units of its last digit: shares are a Dirichlet's, cumulated and rounded."""

    kind = "decimal"

    def __init__(self, place: Place, column: PartColumn, group: list[tuple[str, PartColumn]], decimals: int) -> None:
        super().__init__(place)
        self._of, self._scale = column.of, 10.0**decimals
        if decimals == 0:
            self.kind = "integer"
        total = sum(part.weight for _, part in group)
        self._laws = [
            (name, inverse_of(Law(name="gamma", parameters={"a": part.concentration * len(group) * part.weight / total}), None, None))
            for name, part in group
        ]
        self._own = [name for name, _ in group].index(place.column)

    def make(self, cells: Cells) -> pl.Series:
        units = cells.keep(("parts", self._of), lambda: self._units(cells))[self._own]
        made = pl.Series(units / self._scale)
        made = made.cast(pl.Int64) if self.kind == "integer" else made
        return null_where(made, cells.column(self._of).is_null().to_numpy())

    def _units(self, cells: Cells) -> list[Floats]:
        total = np.round(cells.column(self._of).cast(pl.Float64).fill_null(0.0).to_numpy() * self._scale)
        weights = [law.at(cells.words(name)) for name, law in self._laws]
        cumulated = np.cumsum(weights, axis=0)
        ends = np.round(cumulated / cumulated[-1] * total)
        ends[-1] = total
        return [ends[0], *np.diff(ends, axis=0)]


class OwnedPartMaker(Maker):
    """The parts of an owner's total over its rows, exactly."""

    kind = "decimal"

    def __init__(self, place: Place, column: PartColumn, decimals: int) -> None:
        super().__init__(place)
        self._table, _, self._column = column.of.partition(".")
        self._scale = 10.0**decimals
        if decimals == 0:
            self.kind = "integer"
        self._law = inverse_of(Law(name="gamma", parameters={"a": column.concentration}), None, None)

    def make(self, cells: Cells) -> pl.Series:
        whole = cells.whole()
        total = whole.cells.related(self._table).column(self._column).cast(pl.Float64).fill_null(0.0).to_numpy()
        weights = self._law.at(self.words(whole.cells))
        units = _split(np.round(total * self._scale), weights, whole.starts)[whole.at]
        made = pl.Series(units / self._scale)
        return made.cast(pl.Int64) if self.kind == "integer" else made


def uniform(words: Words) -> Floats:
    """Numbers in [0, 1), ascending with the bits."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _picked(values: pl.Series, places: Rows, missing: NDArray[np.bool_]) -> pl.Series:
    if not len(values):
        return pl.Series([None] * len(places), dtype=values.dtype)
    return null_where(values.gather(np.where(missing, 0, places)), missing)


def segment_sums(values: Floats, starts: Rows) -> Floats:
    """The sum of each segment; 0 of an empty one."""
    return np.asarray(_segment_sums(np.ascontiguousarray(values), starts))


@numba.njit(cache=True, nogil=True)
def _segment_sums(values: Floats, starts: Rows) -> Floats:
    sums = np.zeros(len(starts) - 1)
    for i in range(len(sums)):
        for j in range(starts[i], starts[i + 1]):
            sums[i] += values[j]
    return sums


FIGURES = ("sum", "count", "min", "max", "mean")


@numba.njit(cache=True, nogil=True)
def _running(values: Floats, present: NDArray[np.bool_], starts: Rows, figure: int) -> tuple[Floats, Rows]:
    """Sums (or least, or greatest values) so far in each segment, and how many values they are of."""
    found, counts = np.empty(len(values)), np.empty(len(values), np.int64)
    for i in range(len(starts) - 1):
        so_far, count = 0.0, 0
        for j in range(starts[i], starts[i + 1]):
            if present[j]:
                if figure == 2:
                    so_far = values[j] if count == 0 else min(so_far, values[j])
                elif figure == 3:
                    so_far = values[j] if count == 0 else max(so_far, values[j])
                else:
                    so_far += values[j]
                count += 1
            found[j], counts[j] = so_far, count
    return found, counts


@numba.njit(cache=True, nogil=True)
def _walked(words: Words, starts: Rows, initial: Words, onward: NDArray[np.uint64]) -> NDArray[np.int32]:
    states = np.empty(len(words), np.int32)
    for i in range(len(starts) - 1):
        for j in range(starts[i], starts[i + 1]):
            row = initial if j == starts[i] else onward[states[j - 1]]
            state = 0
            while state < len(row) - 1 and words[j] >= row[state]:
                state += 1
            states[j] = state
    return states


@numba.njit(cache=True, nogil=True)
def _split(totals: Floats, weights: Floats, starts: Rows) -> Floats:
    """Each segment's total in whole units, by its weights."""
    parts = np.empty(len(weights))
    for i in range(len(starts) - 1):
        first, last = starts[i], starts[i + 1]
        weight = 0.0
        for j in range(first, last):
            weight += weights[j]
        done, cumulated = 0.0, 0.0
        for j in range(first, last):
            cumulated += weights[j]
            end = totals[j] if j == last - 1 else np.rint(cumulated / weight * totals[j])
            parts[j] = end - done
            done = end
    return parts
