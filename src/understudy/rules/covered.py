"""Rows of a table that hold every pair (or triple) of values of its columns of few values.

    made = covering_rows(data, "orders", strength=2)
    made.frame, made.coverage

Choices, booleans, entries of short lists, states, and whether a value is missing. Rules that name such columns alone tell which
combinations cannot be; other rules are held by drawing the rest of the row again. States belong to the history of their owner and are not
set: rows are looked for whose history has come to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.keyed import Rows
from understudy.rules import columns as c
from understudy.rules.compiling import CompiledTable
from understudy.rules.covering import Allowed, Codes, Coverage, coverage, covering_array
from understudy.rules.dataset import Dataset
from understudy.rules.making.choices import ListMaker
from understudy.rules.setting import SetCells, entry_of, large_enough, place

MOST_VALUES, MOST_CHECKED = 60, 200_000
SEARCHED_ROWS = 1_000_000


@dataclass(frozen=True)
class CoveringRows:
    """frame: the rows. labels: the columns that are covered, each row's values. coverage: counted from the finished rows.
    refused: rows that were wanted and that no draw of their other columns makes valid."""

    frame: pl.DataFrame
    labels: pl.DataFrame
    coverage: Coverage
    refused: pl.DataFrame


@dataclass(frozen=True)
class _Factor:
    """A column of few values. values: with None for a missing one. set_by: what its value is set by; None: it is looked for."""

    column: str
    values: list[Any]
    set_by: Any


def covering_rows(
    data: Dataset, table: str, *, strength: int = 2, columns: Sequence[str] | None = None, seed: int | None = None
) -> CoveringRows:
    """Few rows that cover all combinations of values of any `strength` columns.

    Args:
        data: tables declared by a spec.
        table: one of them.
        strength: 1, 2 (pairs) or 3 (triples).
        columns: which columns; all of few values unless told.
        seed: of what is not covered; the spec's unless told.

    Raises:
        ArgumentError: no such table, column or strength, or too few columns of few values.
        ConstraintError: the rules allow no row, or there are too many combinations.
    """
    compiled = data.world(data.seed).tables
    if table not in compiled:
        raise ArgumentError(f'There is no table "{table}".', remedy=did_you_mean(table, list(compiled)))
    factors = _factors(data, table, columns)
    if len(factors) < strength:
        raise ArgumentError(f'"{table}" has {len(factors)} columns of few values; a strength of {strength} needs as many.', where="columns")
    rules = _forbidden(data, table, factors)
    sizes = [len(factor.values) for factor in factors]
    wanted = covering_array(sizes, strength, forbidden=rules, seed=data.seed if seed is None else seed)
    larger = large_enough(data, table, len(wanted))
    rows, found = _rows(larger, table, factors, wanted, seed)
    settings = [
        {factor.set_by: _set(factor, int(code)) for factor, code in zip(factors, row, strict=True) if factor.set_by is not None}
        for row in wanted
    ]
    made = place(larger, table, rows, settings, seed=seed)
    names = [factor.column for factor in factors]
    kept = made.kept & found
    shown = pl.DataFrame(
        {f.column: [_text(f.values[code]) for code in wanted[:, i]] for i, f in enumerate(factors)}, schema=dict.fromkeys(names, pl.String)
    )
    frame = made.frame.filter(pl.Series(kept))
    counted = coverage(_codes(frame, factors), sizes, strength, rules)
    return CoveringRows(frame, shown.filter(pl.Series(kept)), counted, shown.filter(pl.Series(~kept)))


def _factors(data: Dataset, table: str, columns: Sequence[str] | None) -> list[_Factor]:
    stated, compiled = data.spec.tables[table], data.world(data.seed).tables[table]
    named = {name for names in (stated.key, *stated.unique) for name in names}
    found = [factor for name in stated.visible if name not in named for factor in _factor(name, stated.columns[name], compiled)]
    if columns is None:
        return found
    by_name = {factor.column: factor for factor in found}
    for name in columns:
        if name not in by_name:
            raise ArgumentError(
                f'"{name}" is no column of few values that can be covered.', where=table, remedy=did_you_mean(name, by_name)
            )
    return [by_name[name] for name in columns]


def _factor(name: str, column: c.Column, compiled: CompiledTable) -> list[_Factor]:
    missing = [None] if not isinstance(column.nulls, str) and column.nulls > 0 else []
    maker = compiled.makers[name]
    match column:
        case c.BooleanColumn():
            return [_Factor(name, [False, True, *missing], name)]
        case c.ChoiceColumn():
            values = [value for value, weight in column.weights.items() if weight > 0]
            return [_Factor(name, [*values, *missing], name)] if len(values) <= MOST_VALUES else []
        case c.StateColumn():
            return [_Factor(name, [*column.states], None)]
        case c.ListColumn() if isinstance(maker, ListMaker) and maker._leader is None and len(maker._table.values) <= MOST_VALUES:
            entries = maker._pool.take(np.arange(len(maker._table.values))).cast(pl.String)
            return [_Factor(name, entries.to_list(), entry_of(maker))] if entries.n_unique() == len(entries) and not missing else []
    return []


def _set(factor: _Factor, code: int) -> Any:
    return code if isinstance(factor.set_by, tuple) else factor.values[code]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _codes(frame: pl.DataFrame, factors: list[_Factor]) -> Codes:
    """The codes of finished rows, read from their values."""
    found = [[list(map(_key, factor.values)).index(_key(value)) for value in frame[factor.column].to_list()] for factor in factors]
    return np.array(found, dtype=np.int64).reshape(len(factors), frame.height).T


def _key(value: Any) -> str | None:
    return None if value is None else str(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _forbidden(data: Dataset, table: str, factors: list[_Factor]) -> list[Allowed]:
    """What the rules that name such columns alone leave of them, tried on all their combinations."""
    world = data.world(data.seed)
    compiled = world.tables[table]
    at = {factor.column: i for i, factor in enumerate(factors)}
    found = []
    for formula in compiled.rules.values():
        used = sorted({at[name] for name in formula.expression.columns if name in at})
        if not used or any(name not in at for name in formula.expression.columns):
            continue
        shape = [len(factors[i].values) for i in used]
        if np.prod(shape) > MOST_CHECKED:
            continue
        settings: list[dict[str, Any]] = [
            {factors[i].column: factors[i].values[code] for i, code in zip(used, codes, strict=True)}
            for codes in product(*map(range, shape))
        ]
        cells = SetCells(world, table, np.zeros(len(settings), np.int64), settings)
        found.append(Allowed(tuple(used), formula.at(cells).fill_null(True).to_numpy().reshape(shape)))
    return found


def _rows(data: Dataset, table: str, factors: list[_Factor], wanted: Codes, seed: int | None) -> tuple[Rows, Any]:
    """Which rows to set cells in: any, or those whose states are the wanted ones; and whether there was one."""
    looked_for = [i for i, factor in enumerate(factors) if factor.set_by is None]
    if not looked_for:
        return np.arange(len(wanted)), np.ones(len(wanted), bool)
    world = data.world(data.seed if seed is None else seed)
    rows, found = np.arange(len(wanted)), np.zeros(len(wanted), bool)
    taken: list[int] = []
    for start in range(0, min(world.rows(table), SEARCHED_ROWS), 65_536):
        there = np.arange(start, min(start + 65_536, world.rows(table)))
        cells = world.cells(table, there)
        states = np.array([cells.column(factors[i].column).cast(pl.String).to_list() for i in looked_for]).T
        free = {state: list(np.flatnonzero((states == state).all(axis=1))[::-1]) for state in set(map(tuple, states.tolist()))}
        for i in np.flatnonzero(~found):
            state = tuple(factors[j].values[wanted[i, j]] for j in looked_for)
            if free.get(state):
                rows[i], found[i] = there[free[state].pop()], True
                taken.append(int(rows[i]))
        if found.all():
            break
    return rows, found
