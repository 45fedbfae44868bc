"""Asked shares of a column's values: ``given={"churn": {"Yes": 0.5}}``.

Every combination of asked values, one from each column with shares, is a cell (what no value was asked for is a value too: the rest).
One column's cells have the asked shares. Several columns' cells have the shares that keep the model's association and meet every
column's own: iterative proportional fitting (Deming & Stephan 1940) of the cell probabilities of a pilot sample. Rows are apportioned
to cells by their number (`apportioning.py`), and each cell's rows are drawn under ordinary conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, ConstraintError, did_you_mean
from understudy.core.random import Stream
from understudy.data.apportioning import Apportioning
from understudy.data.condition import Condition, in_typed_values, meets
from understudy.tabular.condition import parse_conditions, rest_of
from understudy.tabular.fields import Floats
from understudy.tabular.redrawing import registry_of
from understudy.tabular.synthesizer import Conditions, Recipe
from understudy.tabular.uniqueness import Unkeyed

if TYPE_CHECKING:
    from understudy.tabular.synthesizer import TableSynthesizer

Integers = NDArray[np.int64]

PILOT = 4096
"""Rows of the pilot sample under each value of its first column."""
PROBE = 64
MOST_CELLS = 1000
SWEEPS = 2000
CLOSE = 1e-9
WORTH_ASKING = 1e-4
"""By how much shares that cannot be met together may miss; more is refused."""


@dataclass(frozen=True)
class Proportion:
    """The asked values of one column, the last of them the rest where shares leave something over, and their shares."""

    column: str
    values: tuple[Condition, ...]
    shares: Floats

    def place(self, typed_values: pl.Series) -> Integers:
        """(n,) which of the values each row has; the last where it has none."""
        out = np.full(len(typed_values), len(self.values) - 1, np.int64)
        for k, value in reversed(list(enumerate(self.values))):
            out[meets(typed_values, value)] = k
        return out


@dataclass(frozen=True)
class Shares(Recipe):
    """Cells, each with its conditions prepared, and the rows that belong to them."""

    cells: tuple[Conditions, ...] = ()
    said: tuple[str, ...] = ()
    apportioning: Apportioning = field(default_factory=lambda: Apportioning(np.ones(1)))

    def make(self, model: TableSynthesizer, rows: Integers, rng: Stream) -> pl.DataFrame:
        if self.most is not None and rows[-1] >= self.most:
            there = rows[rows < self.most]
            return self.make(model, there, rng) if len(there) else model._finished(rows[:1], rng, self.cells[0], Unkeyed()).head(0)
        own = self.apportioning.cells(int(rows[0]), len(rows))
        parts, order, registry = [], [], registry_of(model, rows, rng)
        for k in np.unique(own):
            at = np.flatnonzero(own == k)
            finished = model._finished(rows[at], rng.child("cell", int(k)), self.cells[k], registry)
            if finished.height < len(at):
                raise self._used_up(len(at), finished.height, str(self.said[int(k)]))
            parts.append(finished.select(model.schema.names))
            order.append(at)
        return pl.concat(parts)[np.argsort(np.concatenate(order), kind="stable")]

    @staticmethod
    def _used_up(wanted: int, found: int, cell: str) -> ConstraintError:
        return ConstraintError(
            f"Only {found:,} of {wanted:,} rows with {cell} were found whose keys no other row has.", where="given",
            remedy="Ask for fewer rows, or for a smaller share of them.",
        )  # fmt: skip


def prepare_shares(model: TableSynthesizer, given: Mapping[str, Any]) -> Shares:
    """Raises ``ConditionError`` for shares that cannot be met, saying which."""
    names = model.schema.names
    for name in given:
        if str(name) not in names:
            raise ConditionError(f'There is no column "{name}".', where="given", remedy=did_you_mean(str(name), names))
    others = {name: wanted for name, wanted in given.items() if not isinstance(wanted, Mapping)}
    columns = [_proportion(model, str(name), wanted) for name, wanted in given.items() if isinstance(wanted, Mapping)]
    cells = list(product(*(range(len(c.values)) for c in columns)))
    if len(cells) > MOST_CELLS:
        raise ConditionError(
            f"The shares make {len(cells):,} combinations of values, more than {MOST_CELLS:,}.", where="given",
            remedy="Ask for shares in fewer columns, or of fewer values.",
        )  # fmt: skip
    shares = columns[0].shares if len(columns) == 1 else _joint(model, columns, others)
    used = [k for k in range(len(cells)) if shares.ravel()[k] > 0]
    prepared = [_prepared(model, columns, cells[k], others) for k in used]
    kept = shares.ravel()[used]
    apportioning = Apportioning(kept / kept.sum())
    said = tuple(_said(columns, cells[k]) for k in used)
    return Shares(cells=tuple(prepared), said=said, apportioning=apportioning, most=_most(model, others, prepared, apportioning))


def _most(model: TableSynthesizer, others: Mapping[str, Any], cells: list[Conditions], apportioning: Apportioning) -> int | None:
    """How many rows there are, where keys must not repeat: as many as all cells together, and each by itself, have keys for."""
    unique = model.constraints.unique
    if unique is None:
        return None
    whole = model._prepare(dict(others)) if others else None
    rows = unique.rows if whole is None or whole.most is None else whole.most
    limits = [unique.rows if cell.most is None else cell.most for cell in cells]
    for limit, share in zip(limits, apportioning.shares, strict=True):
        if share * unique.block_size + 1 > limit:
            rows = min(rows, int(limit / share) + 1)
    first = min(rows, unique.block_size)
    counts = np.array([np.cumsum(apportioning.cells(0, first) == k) for k in range(len(cells))])
    enough = (counts <= np.array(limits)[:, None]).all(axis=0)
    return rows if enough.all() else int(np.argmin(enough))


def _prepared(model: TableSynthesizer, columns: list[Proportion], cell: tuple[int, ...], others: Mapping[str, Any]) -> Conditions:
    wanted = {c.column: c.values[k] for c, k in zip(columns, cell, strict=True)}
    try:
        prepared = model._prepare({**others, **wanted})
    except ConditionError as error:
        raise ConditionError(f"No row can be {_said(columns, cell)}: {error.what}", where="given", remedy=error.remedy) from None
    assert prepared is not None
    return prepared


def _proportion(model: TableSynthesizer, column: str, wanted: Mapping[Any, Any]) -> Proportion:
    where = f'given, column "{column}"'
    values = [in_typed_values(parse_conditions({column: value})[column], model.schema.column(column)) for value in wanted]
    shares = np.array([_share(share, where) for share in wanted.values()])
    if not len(values):
        raise ConditionError("No value is given a share.", where=where, remedy='For example {"churn": {"Yes": 0.5}}.')
    if shares.sum() > 1 + 1e-9:
        raise ConditionError(f"The shares sum to {shares.sum():g}, more than 1.", where=where, remedy="Lower some of them.")
    for value in values:
        model._compiled({column: value})  # refuses what the column cannot hold
    _refuse_overlap(model, values, where)
    left = 1 - float(shares.sum())
    if left <= 1e-9:
        return Proportion(column, tuple(values), shares / shares.sum())
    rest = rest_of(values)
    try:
        model._compiled({column: rest})
    except ConditionError:
        raise ConditionError(
            f"The shares sum to {shares.sum():g}, and no other value is there for the rest.", where=where, remedy="Let them sum to 1."
        ) from None
    return Proportion(column, (*values, rest), np.append(shares, left))


def _share(share: Any, where: str) -> float:
    try:
        number = float(share)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 <= number <= 1:
        raise ConditionError(f"{share!r} is no share.", where=where, remedy="A share is a number from 0 to 1.")
    return number


def _refuse_overlap(model: TableSynthesizer, values: list[Condition], where: str) -> None:
    """Raises ``ConditionError`` where one row could have two of the asked values."""
    allowed = [model._compiled({value.column: value}).allowed for value in values]
    for k, second in enumerate(values):
        for first, own in zip(values[:k], allowed, strict=False):
            common = [own[j].mask & allowed[k][j].mask for j in own.keys() & allowed[k].keys()]
            if common and all(mask.any() for mask in common) and _meet(first, second):
                raise ConditionError(f"{first} and {second} overlap.", where=where, remedy="Give each value one share.")


def _meet(first: Condition, second: Condition) -> bool:
    """Whether two conditions whose tokens overlap can hold at once: ranges may share a bin, and no value."""
    if first.null and second.null:
        return True
    if first.choices is not None or second.choices is not None:
        return True
    (low, high), (other_low, other_high) = (first.low, first.high), (second.low, second.high)
    try:
        below = high is not None and other_low is not None and high < other_low
        above = other_high is not None and low is not None and other_high < low
    except TypeError:
        return True
    return not (below or above)


# -- several columns at once


def _joint(model: TableSynthesizer, columns: list[Proportion], others: Mapping[str, Any]) -> Floats:
    """Shares of all cells, one axis a column."""
    counts = _pilot(model, columns, others)
    table = np.where(counts > 0, counts, 0.5) / counts.sum()
    for cell in zip(*np.nonzero(counts == 0), strict=True):
        if not _possible(model, columns, tuple(int(k) for k in cell), others):
            table[cell] = 0.0
    return _fitted(table, columns)


def _pilot(model: TableSynthesizer, columns: list[Proportion], others: Mapping[str, Any]) -> Floats:
    """Rows of a pilot sample in every cell: as many under each value of the first column, which the fitting makes up for."""
    first, counts = columns[0], np.zeros([len(c.values) for c in columns])
    for k in range(len(first.values)):
        prepared = _prepared(model, [first], (k,), others)
        rows = model._finished(np.arange(PILOT), Stream(0).child("pilot", k), prepared, Unkeyed())
        places = [c.place(rows[c.column]) for c in columns[1:]]
        np.add.at(counts[k], tuple(places), 1)
    return counts


def _possible(model: TableSynthesizer, columns: list[Proportion], cell: tuple[int, ...], others: Mapping[str, Any]) -> bool:
    try:
        model._finished(np.arange(PROBE), Stream(0).child("probe"), _prepared(model, columns, cell, others), Unkeyed())
    except ConditionError:
        return False
    return True


def _fitted(table: Floats, columns: list[Proportion]) -> Floats:
    """Iterative proportional fitting. Raises ``ConditionError`` naming the value whose share cannot be met beside the others."""
    axes = range(table.ndim)
    for _ in range(SWEEPS):
        for axis in axes:
            margin = table.sum(axis=tuple(a for a in axes if a != axis))
            factor = np.divide(columns[axis].shares, margin, out=np.zeros_like(margin), where=margin > 0)
            table = table * factor.reshape([-1 if a == axis else 1 for a in axes])
        missed = [np.abs(table.sum(axis=tuple(a for a in axes if a != axis)) - columns[axis].shares) for axis in axes]
        if max(m.max() for m in missed) < CLOSE:
            break
    axis = int(np.argmax([m.max() for m in missed]))
    if missed[axis].max() > WORTH_ASKING:
        value, share = columns[axis].values[int(missed[axis].argmax())], columns[axis].shares[int(missed[axis].argmax())]
        raise ConditionError(
            f"{value} cannot have the share {share:g} beside the other shares: in this model it does not come with enough of their values.",
            where="given", remedy="Lower the shares of values that exclude one another.",
        )  # fmt: skip
    return np.asarray(table / table.sum())


def _said(columns: list[Proportion], cell: tuple[int, ...]) -> str:
    return " and ".join(str(c.values[k]) for c, k in zip(columns, cell, strict=True))
