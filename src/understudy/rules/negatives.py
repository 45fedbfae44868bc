"""Rows that break exactly one named rule: valid rows with as few cells changed as it takes, and labels that say what and why.

Every rule has the name that the proof gives it. What follows from a changed cell by definition (a formula, a total) changes with it. What
is made is proven before it is handed out: the rule is broken, and no other. A rule that others imply cannot be broken alone; that is said,
with the rules that break with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, ConstraintError, did_you_mean
from understudy.core.lazy import make_callable
from understudy.core.random import Stream
from understudy.data.expression_sql import quoted
from understudy.rules import columns as c
from understudy.rules.dataset import Dataset
from understudy.rules.proof.check import Check
from understudy.rules.proof.compiling import checks_of
from understudy.rules.proof.facts import Facts
from understudy.rules.proof.output import Output, connected
from understudy.rules.proof.proving import Prover
from understudy.rules.proof.terms import Rows, Unseen
from understudy.rules.spec import Spec

Tables = dict[str, pl.DataFrame]
_MOST_ROWS = 500_000
_ROUNDS, _CANDIDATES, _SINGLES = 8, 40, 3
_STEP = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
_DEFINED = ("formula", "text", "case", "value", "of", "aggregate", "birth", "running", "parts")


@dataclass
class Negatives:
    """rows: the rows that break the rule. labels: for each changed cell its table, row number, column, rule, reason, and what it was and
    is. tables: the whole data set with these rows in it."""

    rule: str
    rows: pl.DataFrame
    labels: pl.DataFrame
    tables: Tables = field(repr=False)

    def save(self, folder: str | Path) -> None:
        """Write `rows.parquet` and `labels.csv`."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        self.rows.write_parquet(target / "rows.parquet")
        self.labels.write_csv(target / "labels.csv")


def named_rules(data: Dataset | Spec, table: str | None = None) -> dict[str, str]:
    """The names of all rules of a spec, or of one table's, each in words."""
    spec = data.spec if isinstance(data, Dataset) else data
    return {check.name: check.what for check in checks_of(Facts(spec)) if table in (None, check.table)}


def negatives(data: Dataset, rule: str, n: int = 10, *, seed: int = 0, tables: Mapping[str, pl.DataFrame] | None = None) -> Negatives:
    """Rows that break one rule and no other.

    Args:
        data: the data set whose rows are taken. rule: a name of `named_rules`. n: how many rows. seed: which rows.
        tables: the data set's tables, if they are at hand already.

    Raises:
        ArgumentError: no such rule, or the data set is too large to be held whole. ConstraintError: the rule cannot be broken alone; why.
    """
    facts = Facts(data.spec)
    checks = {check.name: check for check in checks_of(facts)}
    if rule not in checks:
        raise ArgumentError(f'There is no rule "{rule}".', where="rule", remedy=did_you_mean(rule, checks))
    if tables is None and sum(data.sizes().values()) > _MOST_ROWS:
        raise ArgumentError(f"More than {_MOST_ROWS:,} rows are too many to break rules in.", remedy="Dataset(spec, scale=0.01) has fewer.")
    whole = dict(tables) if tables is not None else {name: t.sample(data.sizes()[name], seed=data.seed) for name, t in data.tables.items()}
    whole = {name: frame.with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String)) for name, frame in whole.items()}
    check = checks[rule]
    if check.skipped:
        raise _alone(rule, f"the proof does not re-check it: {check.skipped}")
    return Breaker(facts, whole, np.random.default_rng(Stream(seed).child("negatives", rule).generator().integers(2**32))).broken(check, n)


def _alone(rule: str, why: str) -> ConstraintError:
    return ConstraintError(f'The rule "{rule}" cannot be broken alone: {why}.', where=rule)


def _windowed(facts: Facts, check: Check, name: str, column: c.Column) -> str | None:
    """SQL of what runs along the rows of an owner, and of the last part of a total."""
    owner = facts.owner_column(check.table)
    rows = f'(SELECT *, row_number() OVER () AS "at" FROM {quoted(check.table)}) AS "t"'
    if isinstance(column, c.PartColumn) and check.scope == "row":
        last_digit = facts.decimals(check.table, column.of) or 0
        others = "".join(f" - {quoted(part)}" for part in check.columns[1:-1])
        return f'SELECT round({quoted(column.of)}{others}, {last_digit}) FROM {rows} ORDER BY "at"'
    if owner is None or not isinstance(column, c.SiblingColumn | c.RunningColumn):
        return None
    over = f'OVER (PARTITION BY {quoted(owner)} ORDER BY "at"'
    if isinstance(column, c.SiblingColumn):
        figure = f"lead({quoted(column.of)}, {column.step}) {over})"
    else:
        digits = facts.decimals(check.table, column.of)
        figure = f"{column.by}({quoted(column.of)}) {over} ROWS UNBOUNDED PRECEDING)"
        figure = figure if digits is None or column.by == "mean" else f"round({figure}, {digits})"
    return f'SELECT {figure} FROM {rows} ORDER BY "at"'


@dataclass(frozen=True)
class Change:
    """New values of one column in some rows."""

    column: str
    values: list[Any]
    why: str
    rows: np.ndarray[tuple[int], np.dtype[np.int64]]

    def of(self, places: list[int]) -> Change:
        """Some of the rows."""
        return Change(self.column, [self.values[i] for i in places], self.why, self.rows[places])


class Breaker:
    """Breaks rules in the tables of a data set."""

    def __init__(self, facts: Facts, tables: Tables, rng: np.random.Generator) -> None:
        self._facts, self._tables, self._rng = facts, tables, rng

    def broken(self, check: Check, n: int) -> Negatives:
        others: set[str] = set()
        tried = False
        for change in self._changes(check, max(n, _CANDIDATES)):
            tried = True
            for kept in self._choices(check, change, n, others):
                made, found, _ = self._settled(check, kept)
                if found == {check.name}:
                    return self._told(check, kept, made)
                others |= found - {check.name}
        if not tried:
            raise _alone(check.name, self._why_never(check))
        raise _alone(check.name, f"{', '.join(sorted(others)[:4])} would break with it" if others else "no change of a cell breaks it")

    def _choices(self, check: Check, change: Change, n: int, others: set[str]) -> Iterator[Change]:
        """The rows of a change in which no other rule of the row breaks, then some of them alone."""
        _, found, flagged = self._settled(check, change)
        others |= found - {check.name}
        good = [i for i, row in enumerate(change.rows) if int(row) not in flagged]
        if good:
            yield change.of(good[:n])
            for i in good[:_SINGLES] if len(good) > 1 else []:
                yield change.of([i])

    def _why_never(self, check: Check) -> str:
        if check.rule == "type":
            return "every value reads as a text"
        if check.rule in ("rows", "least", "most", "adjacent"):
            return "it is a rule of how many rows there are and how they stand, which no change of a cell breaks"
        return "no value that breaks it was found"

    # -- changing, and what follows

    def _settled(self, check: Check, change: Change) -> tuple[Tables, set[str], set[int]]:
        """The tables after a change and what follows from it by definition, the rules that are broken then, and the rows of this table
        that break another."""
        tables = dict(self._tables)
        tables[check.table] = _changed(tables[check.table], change)
        found, flagged, followed = set[str](), set[int](), set[str]()
        for _ in range(_ROUNDS):
            found, flagged, checks = self._breaking(tables, check)
            follow = [
                other for other in checks if other.name in found and other.name not in followed | {check.name} and other.rule in _DEFINED
            ]
            if check.name not in found or not follow:
                break
            for other in follow:
                followed.add(other.name)
                self._followed(tables, other)
        return tables, found, flagged

    def _breaking(self, tables: Tables, check: Check) -> tuple[set[str], set[int], list[Check]]:
        connection = connected(1, None, None)
        try:
            facts = Facts(self._facts.spec, self._facts.folder)
            prover = Prover(Output(connection, facts, tables), facts)
            found = {one.name for one in prover.run(lambda done, total: None) if one.violations}
            checks = checks_of(facts)
            flagged: set[int] = set()
            for other in checks:
                if other.name in found - {check.name} and other.table == check.table and other.scope in ("row", "joined", "along"):
                    numbered = f'(SELECT *, row_number() OVER () - 1 AS "at" FROM {quoted(check.table)})'
                    source = prover.source(other.scope, [other]).replace(f"FROM {quoted(check.table)})", f"FROM {numbered})")
                    source = source.replace(f'{quoted(check.table)} AS "t"', f'{numbered} AS "t"', 1)
                    flagged |= {
                        int(at) for (at,) in connection.execute(f'SELECT "t"."at" FROM {source} WHERE {other.condition}').fetchall()
                    }
            return found, flagged, checks
        finally:
            connection.close()

    def _followed(self, tables: Tables, check: Check) -> bool:
        """Compute a column anew by its definition."""
        name = check.columns[-1 if check.rule == "parts" else 0]
        connection = connected(1, None, None)
        try:
            facts = Facts(self._facts.spec, self._facts.folder)
            prover = Prover(Output(connection, facts, tables), facts)
            query = self._definition(facts, prover, check, name)
            if query is None:
                return False
            values = [row[0] for row in connection.execute(query).fetchall()]
        finally:
            connection.close()
        frame = tables[check.table]
        if len(values) != frame.height:
            return False  # a key that repeats joins more rows
        column = pl.Series(name, values, strict=False)
        if frame[name].dtype != pl.String or column.dtype == pl.String:
            column = column.cast(frame[name].dtype, strict=False)
        tables[check.table] = frame.with_columns(column)
        return True

    @staticmethod
    def _definition(facts: Facts, prover: Prover, check: Check, name: str) -> str | None:
        column = facts.column(check.table, name)
        if isinstance(column, c.SiblingColumn | c.RunningColumn | c.PartColumn):
            return _windowed(facts, check, name, column)
        alias = "o" if check.scope == "owned" else "t"
        order = f'ORDER BY {quoted(alias)}."at"'
        if isinstance(column, c.AggregateColumn):
            decimals = facts.decimals(check.child, column.of.partition(".")[2])
            figure = f'"f".{quoted(next(iter(check.figures)))}'
            figure = f"coalesce({figure}, 0)" if column.by in ("sum", "count") else figure
            figure = f"{figure} / 1e{decimals or 0}" if column.by == "sum" else figure
        else:
            rows = Rows(facts, check.table)
            try:
                figure = rows.expected(column).text
            except Unseen:
                return None
        source = prover.source(check.scope, [check])
        numbered = f'(SELECT *, row_number() OVER () AS "at" FROM {quoted(check.table)}) AS {quoted(alias)}'
        return f"SELECT {figure} FROM {source.replace(f'{quoted(check.table)} AS {quoted(alias)}', numbered, 1)} {order}"

    def _told(self, check: Check, change: Change, made: Tables) -> Negatives:
        labels: list[dict[str, Any]] = []
        for table, frame in made.items():
            before = self._tables[table]
            for name in frame.columns:
                old, new = before[name].cast(pl.String), frame[name].cast(pl.String)
                for row in np.flatnonzero(~old.eq_missing(new).to_numpy()):
                    main = table == check.table and name == change.column
                    why = change.why if main else "follows from the changed cell"
                    labels.append(
                        {
                            "table": table,
                            "row": int(row),
                            "column": name,
                            "rule": check.name,
                            "why": why,
                            "was": old[int(row)],
                            "is": new[int(row)],
                        }
                    )
        return Negatives(check.name, made[check.table][change.rows.tolist()], pl.DataFrame(labels), made)

    # -- what may be changed

    def _changes(self, check: Check, n: int) -> Iterator[Change]:
        """Changes that may break a rule, the likeliest first."""
        table = self._tables[check.table]
        if check.name.startswith(f"{check.table}.rules."):
            yield from self._of_rule(check, n)
            return
        if not check.columns or check.rule in ("rows", "least", "most", "adjacent"):
            return
        name = check.columns[-1] if check.rule in ("distinct",) else check.columns[0]
        if check.rule == "parts":
            name = check.columns[-1] if len(check.columns) > 1 else name
        if check.rule in ("key", "unique", "distinct"):
            yield from self._repeats(check, n)
            return
        rows = self._rows(check, table, name, n)
        column = self._facts.column(check.table, name)
        if not len(rows):
            return
        for why, make in _makers(self._facts, check, column, name, self._looked_up):
            values = [make(table, int(row), self._rng) for row in rows]
            kept = [(row, value) for row, value in zip(rows, values, strict=True) if value is not _NOTHING]
            if kept:
                yield Change(name, [value for _, value in kept], why, np.array([row for row, _ in kept]))

    def _looked_up(self, table: pl.DataFrame, row: int, name: str) -> Any:
        """A column's value in a row, or that of the row of another table that it belongs or refers to."""
        if name in table.columns:
            return table[name][row]
        other, _, theirs = name.partition(".")
        owned = next((t for t, frame in self._tables.items() if frame.columns == table.columns), None)
        way = self._facts.reference_to(owned, other) if owned is not None else None
        if owned is None or way is None or theirs not in self._tables[other].columns:
            return None
        found = self._tables[other].filter(pl.col(self._facts.target(owned, way)[1]) == table[way][row])
        return found[theirs][0] if found.height else None

    def _rows(self, check: Check, table: pl.DataFrame, name: str, n: int) -> Any:
        """Rows to be changed: with a value, last of their owner where rows follow one another, and named by no other row."""
        free = np.ones(table.height, bool) if check.rule == "null" else table[name].is_not_null().to_numpy()
        owner = self._facts.owner_column(check.table)
        if owner is not None:
            last = table[owner].ne_missing(table[owner].shift(-1)).to_numpy()
            free &= last if check.scope == "along" or last.sum() >= n else free
        free &= ~self._named(check.table, table, name)
        return np.sort(self._rng.permutation(np.flatnonzero(free))[:n])

    def _named(self, table_name: str, table: pl.DataFrame, name: str) -> Any:
        """Which rows others refer to by the column."""
        named = np.zeros(table.height, bool)
        for other, stated in self._facts.spec.tables.items():
            for reference, column in stated.columns.items():
                if (
                    isinstance(column, c.ReferenceColumn)
                    and not column.hidden
                    and self._facts.target(other, reference) == (table_name, name)
                ):
                    named |= table[name].is_in(self._tables[other][reference].drop_nulls().unique().implode()).fill_null(False).to_numpy()
        return named

    def _repeats(self, check: Check, n: int) -> Iterator[Change]:
        """The last column of a set takes a value with which the set is another row's."""
        table = self._tables[check.table]
        name = check.columns[-1]
        same = np.ones(table.height, bool)
        for other in check.columns[:-1]:
            same &= table[other].eq_missing(table[other].shift(1)).to_numpy()
        same[0] = False
        same &= (
            ~self._named(check.table, table, name) & table[name].is_not_null().to_numpy() & table[name].shift(1).is_not_null().to_numpy()
        )
        owner = self._facts.owner_column(check.table)
        if owner is not None and len(check.columns) > 1:
            same &= table[owner].ne_missing(table[owner].shift(-1)).to_numpy()
        chosen = np.flatnonzero(same)
        rows = np.sort(self._rng.permutation(chosen[np.diff(chosen, prepend=-2) > 1])[:n])
        if len(rows):
            yield Change(
                name, [table[name][int(row) - 1] for row in rows], f"the same {', '.join(check.columns)} as in the row before", rows
            )

    def _of_rule(self, check: Check, n: int) -> Iterator[Change]:
        """Values that other rows have, under which a formula is false."""
        table, rows = self._tables[check.table], Rows(self._facts, check.table)
        formula = rows.formula(self._facts.table(check.table).rules[check.rule])
        if rows.joins:
            return
        for name in check.columns:
            pool = table[name].drop_nulls().unique().sort()
            if not len(pool):
                continue
            values = pool.gather(np.unique(np.linspace(0, len(pool) - 1, 40).astype(int)))
            crossed = table.with_row_index("at").drop(name).join(values.to_frame(), how="cross")
            connection = connected(1, None, None)
            try:
                connection.register("crossed", crossed.to_arrow())
                false = connection.execute(
                    f'SELECT "at", min({quoted(name)}) FROM crossed AS "t" WHERE ({formula.text}) IS FALSE GROUP BY 1 ORDER BY 1'
                ).fetchall()
            finally:
                connection.close()
            if false:
                chosen = sorted(self._rng.permutation(len(false))[:n].tolist())
                yield Change(name, [false[i][1] for i in chosen], f"{check.what} is false", np.array([false[i][0] for i in chosen]))


def _changed(table: pl.DataFrame, change: Change) -> pl.DataFrame:
    """The table with some cells changed; a value of another type makes a text of the column."""
    series = table[change.column]
    if any(isinstance(value, str) for value in change.values) and series.dtype != pl.String:
        series = series.cast(pl.String)
    new = pl.Series(change.values, dtype=pl.Float64 if series.dtype.is_float() else series.dtype, strict=False)
    if series.dtype.is_integer():
        series, new = series.cast(pl.Int64), new.cast(pl.Int64)
    return table.with_columns(series.scatter(change.rows.tolist(), new).alias(change.column))


_NOTHING = object()
Maker = Callable[[pl.DataFrame, int, np.random.Generator], Any]


def _makers(
    facts: Facts, check: Check, column: c.Column, name: str, look: Callable[[pl.DataFrame, int, str], Any]
) -> Iterator[tuple[str, Maker]]:
    """Ways to break a rule of one column: why, and the new value for a row."""
    kind = facts.kind(check.table, name)
    step = _step_of(facts, check.table, name, column, kind)
    if check.rule in ("reference", "earlier", "transitions", "with"):
        yield from _related(facts, check, column, name, kind)
        return
    match check.rule:
        case "type":
            if kind != "text":
                yield f'"?" is no {kind}', lambda t, r, g: "?"
        case "null":
            yield "missing", lambda t, r, g: None if t[name][r] is not None else _NOTHING
            yield "there, and is to be missing", lambda t, r, g: _some(t, name) if t[name][r] is None else _NOTHING
        case "low" | "high" | "first" | "last" | "until" | "age" | "range":
            yield from _beyond(facts, check, column, name, step)
        case "above" | "below":
            base, sign = getattr(column, check.rule), -1 if check.rule == "above" else 1
            yield f"on the wrong side of {base}", lambda t, r, g: _shifted(look(t, r, base), sign, step, kind)
        case "decimals":
            yield "one digit more", lambda t, r, g: t[name][r] + step / 2
            yield "one digit more", lambda t, r, g: t[name][r] - step / 2
        case "values" | "pattern" | "form" | "longest":
            yield from _unlisted(check, column, name, kind)
        case "resolution":
            yield "a microsecond late", lambda t, r, g: _shifted(t[name][r], 1, 1, kind)
            yield "a microsecond early", lambda t, r, g: _shifted(t[name][r], -1, 1, kind)
        case "hours" | "weekdays" | "months":
            yield from _elsewhere(column, check.rule, name)
        case _:
            yield "not what its definition says", lambda t, r, g: _otherwise(t[name][r], step, kind)


def _related(facts: Facts, check: Check, column: c.Column, name: str, kind: str | None) -> Iterator[tuple[str, Maker]]:
    """Ways to break a rule between a cell and others."""
    match check.rule:
        case "reference":
            yield "no row has this key", lambda t, r, g: _dangling(t[name], kind)
        case "earlier":
            key = facts.target(check.table, name)[1]
            yield "names itself", lambda t, r, g: t[key][r]
        case "transitions":
            yield "no way leads to this state", lambda t, r, g: _forbidden(column, t, name, r, facts.owner_column(check.table))
        case "with":
            yield "of another entry", lambda t, r, g: next(iter(t.filter(pl.col(name) != t[name][r])[name].head(1).to_list()), _NOTHING)


def _step_of(facts: Facts, table: str, name: str, column: c.Column, kind: str | None) -> float:
    """The least difference of two values."""
    if isinstance(column, c.DateTimeColumn | c.TimeColumn):
        return _STEP[column.resolution]
    return float(10.0 ** -(facts.decimals(table, name) or 0)) if kind == "decimal" else 1.0


def _shifted(value: Any, sign: int, step: float, kind: str | None) -> Any:
    """A value moved by a step."""
    if value is None:
        return _NOTHING
    if kind == "datetime":
        moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        return moment + dt.timedelta(microseconds=sign * step)
    if kind == "date":
        day = value.date() if isinstance(value, dt.datetime) else value
        return day + dt.timedelta(days=sign)
    if kind == "time":
        us = ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond + sign * int(step)
        return (dt.datetime(2000, 1, 1) + dt.timedelta(microseconds=us % 86_400_000_000)).time()
    return round(value + sign * step, 12) if kind == "decimal" else value + sign


def _beyond(facts: Facts, check: Check, column: c.Column, name: str, step: float) -> Iterator[tuple[str, Maker]]:
    """The nearest value outside a bound."""
    kind = facts.kind(check.table, name)
    bound: Any = None
    sign = 1
    if isinstance(column, c.NumberColumn):
        bound, sign = (column.low, -1) if check.rule == "low" else (column.high, 1)
        bound = int(bound) if kind == "integer" and bound is not None else bound
    elif isinstance(column, c.DayColumn):
        text = column.between[0 if check.rule == "first" else 1] if column.between is not None else str(column.until)
        sign = -1 if check.rule == "first" or (check.rule == "until" and column.below is not None) else 1
        bound = dt.datetime.fromisoformat(text)
        whole_day = sign > 0 and len(text.strip()) <= 10 and kind == "datetime"
        bound = bound + dt.timedelta(days=1, microseconds=-step) if whole_day else bound
    elif check.rule == "age" and isinstance(column, c.PersonColumn) and kind == "integer":
        people = facts.table(check.table).people.get(column.who)
        bound = people.age[1] if people is not None else 90
    if bound is not None:
        yield f"beyond {bound}", lambda t, r, g: _shifted(bound, sign, step, kind)
    if isinstance(column, c.DateTimeColumn) and column.between is not None:
        yield f"beyond {bound}", lambda t, r, g: _moved(t[name][r], column, sign)


def _moved(value: dt.datetime, column: c.DateTimeColumn, sign: int) -> Any:
    """The same time of a day outside, of a weekday and month that are allowed."""
    assert column.between is not None
    day = dt.datetime.fromisoformat(column.between[0 if sign < 0 else 1]).date()
    for _ in range(400):
        day += dt.timedelta(days=sign)
        if _allowed(column, day):
            return dt.datetime.combine(day, value.time())
    return _NOTHING


def _allowed(column: c.DayColumn, day: dt.date) -> bool:
    weekday: Any = c.WEEKDAYS[day.weekday()]
    return column.weekdays.get(weekday, 1.0) > 0 and column.months.get(day.month, 1.0) > 0


def _elsewhere(column: c.Column, rule: str, name: str) -> Iterator[tuple[str, Maker]]:
    """A moment near by that falls into an hour, weekday or month that is closed."""
    if rule == "hours":
        open_hours: Any = getattr(column, "hours", None) or {}
        closed = [hour for hour in range(24) if not open_hours.get(hour, 0.0) > 0]
        yield "outside the hours", lambda t, r, g: t[name][r].replace(hour=closed[int(g.integers(len(closed)))]) if closed else _NOTHING
    elif isinstance(column, c.DayColumn):
        yield f"on one of the closed {rule}", lambda t, r, g: _closed(t[name][r], column, rule)


def _closed(value: Any, column: c.DayColumn, rule: str) -> Any:
    for ahead in range(1, 400):
        for sign in (1, -1):
            moved = value + dt.timedelta(days=sign * ahead)
            weekday: Any = c.WEEKDAYS[moved.weekday()]
            day_closed, month_closed = column.weekdays.get(weekday, 1.0) == 0, column.months.get(moved.month, 1.0) == 0
            if (day_closed, month_closed) == (rule == "weekdays", rule == "months"):
                return moved
    return _NOTHING


def _unlisted(check: Check, column: c.Column, name: str, kind: str | None) -> Iterator[tuple[str, Maker]]:
    if kind == "text":
        longest = getattr(column, "longest", None)
        long = "x" * ((longest or 0) + 1)
        yield (
            "not one of the values" if check.rule == "values" else "not of this form",
            lambda t, r, g: long if check.rule == "longest" else f"{t[name][r]}?"[-(longest or 10**6) :],
        )
    elif kind != "boolean":
        yield "not one of the values", lambda t, r, g: _highest(t[name]) + 1


def _highest(values: pl.Series) -> Any:
    return values.max()


def _dangling(values: pl.Series, kind: str | None) -> Any:
    return f"{_highest(values)}?" if kind == "text" else int(_highest(values)) + 1_000_000_007


def _forbidden(column: c.Column, table: pl.DataFrame, name: str, row: int, owner: str | None) -> Any:
    """A state that no way leads to from the one before."""
    assert isinstance(column, c.StateColumn)
    assert owner is not None
    first = row == 0 or table[owner][row] != table[owner][row - 1]
    before = None if first else table[name][row - 1]
    onward = column.transitions.get(before) if before is not None else column.initial
    reached = {before} if not first and not onward else {state for state, chance in (onward or {}).items() if chance > 0}
    return next((state for state in column.states if state not in reached), _NOTHING)


def _some(table: pl.DataFrame, name: str) -> Any:
    there = table[name].drop_nulls()
    return there[0] if len(there) else _NOTHING


def _otherwise(value: Any, step: float, kind: str | None) -> Any:
    if value is None:
        return _NOTHING
    if kind == "boolean":
        return not value
    return f"{value}?" if kind == "text" else _shifted(value, 1, step, kind)


make_callable(__name__, "negatives")  # `rules.negatives` is this module and the function in it
