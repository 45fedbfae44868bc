"""Distributions as declared? Shares by Pearson's test, laws by Kolmogorov's, rank correlations by their standard error.

Rows are taken from places spread over a table. All tests together are wrong about a faultless output with the chance `level` (Holm).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.data.expression_sql import quoted
from understudy.rules import columns as c
from understudy.rules.law import Law
from understudy.rules.proof import laws
from understudy.rules.proof.dependence import correlations
from understudy.rules.proof.facts import Facts
from understudy.rules.proof.output import Output
from understudy.rules.proof.result import Tested

_PLACES = 16
_LEAST_ROWS = 50
_UNIT_US = {
    "microseconds": 1, "milliseconds": 1_000, "seconds": 1_000_000, "minutes": 60_000_000, "hours": 3_600_000_000,
    "days": 86_400_000_000, "weeks": 604_800_000_000,
}  # fmt: skip
_STEP_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}


@dataclass
class Sample:
    """Runs of neighbouring rows of a table."""

    runs: list[pl.DataFrame]

    @property
    def frame(self) -> pl.DataFrame:
        return pl.concat(self.runs) if self.runs else pl.DataFrame()


def tests_of(target: Output, facts: Facts, rows: dict[str, int], level: float, size: int) -> list[Tested]:
    """All tests of a spec's distributions."""
    found: list[Tested] = []
    for table in facts.spec.tables:
        if rows[table] >= _LEAST_ROWS:
            sample = sampled(target, table, rows[table], size)
            found += _of_table(facts, table, sample, rows)
    told = [test for test in found if test.p is not None]
    for test, adjusted in zip(told, laws.holm([float(test.p or 0.0) for test in told]), strict=True):
        test.adjusted, test.passed = adjusted, adjusted >= level
    return found


def sampled(target: Output, table: str, rows: int, size: int) -> Sample:
    """At most `size` rows, in runs spread over the table; of Parquet files, only these are read."""
    files = target.files.get(table, [])
    columns = target.facts.table(table).visible
    if rows <= size or not files or files[0].suffix != ".parquet":
        listed = ", ".join(map(quoted, columns))
        return Sample([_plain(target.frame(f"SELECT {listed} FROM {quoted(table)} LIMIT {size}"))])
    import pyarrow.parquet as pq

    groups = [(path, group) for path in files for group in range(pq.ParquetFile(path).num_row_groups)]
    chosen = [groups[i] for i in np.unique(np.linspace(0, len(groups) - 1, _PLACES).astype(int))]
    each = size // len(chosen)
    return Sample([_plain(pl.from_arrow(pq.ParquetFile(path).read_row_group(g, columns=columns).slice(0, each))) for path, g in chosen])


def _plain(frame: Any) -> pl.DataFrame:
    return pl.DataFrame(frame).with_columns(pl.col(pl.Enum, pl.Categorical).cast(pl.String))


def _of_table(facts: Facts, table: str, sample: Sample, rows: dict[str, int]) -> Iterator[Tested]:
    stated, frame = facts.table(table), sample.frame
    bound = {name for formula in stated.rules.values() for name in facts.names_in(formula)}
    bound |= {name for group in stated.unique + ([stated.key] if stated.key else []) for name in group}
    bound |= {name for group in stated.correlations for name in group.columns if bound & set(group.columns)}
    for name, column in stated.columns.items():
        if column.hidden:
            continue
        yield from _missing(table, name, column, frame)
        if name in bound:
            continue  # rules and uniqueness choose among the rows that the law gives
        yield from _of_column(facts, table, name, column, frame, rows)
    if stated.per is not None:
        yield from _counts(facts, table, sample)
        yield from _chains(facts, table, sample)
    for group in stated.correlations:
        if not bound & set(group.columns):
            yield from correlations(table, group, frame, stated)


def _test(table: str, columns: list[str], rule: str, what: str, test: str, rows: int, found: tuple[float, float]) -> Tested:
    statistic, p = found
    shown = statistic if np.isfinite(statistic) else None
    return Tested(
        name=f"{table}.{','.join(columns)}.{rule}", table=table, columns=columns, what=what, test=test, rows=rows, statistic=shown, p=p
    )


def _missing(table: str, name: str, column: c.Column, frame: pl.DataFrame) -> Iterator[Tested]:
    natural = isinstance(
        column, c.SiblingColumn | c.ExpressionColumn | c.CaseColumn | c.ParentColumn | c.AggregateColumn | c.TemplateColumn
    )
    if isinstance(column.nulls, str) or not 0 < column.nulls < 1 or natural:
        return
    roots = column.roots if isinstance(column, c.ReferenceColumn) else 0.0
    share = 1 - (1 - column.nulls) * (1 - roots)
    missing = frame[name].null_count()
    counts, shares = np.array([missing, frame.height - missing]), np.array([share, 1 - share])
    yield _test(
        table, [name], "missing", f"missing in {share:.3g} of the rows", "chi-square", frame.height, laws.chi_square(counts, shares)
    )


def _of_column(facts: Facts, table: str, name: str, column: c.Column, frame: pl.DataFrame, rows: dict[str, int]) -> Iterator[Tested]:
    values = frame[name].drop_nulls()
    if len(values) < _LEAST_ROWS:
        return
    match column:
        case c.ChoiceColumn():
            yield _shares(table, name, values, {value: float(weight) for value, weight in column.weights.items()})
        case c.BooleanColumn():
            yield _shares(table, name, values, {True: column.share, False: 1 - column.share})
        case c.ListColumn():
            yield from _entries(facts, table, name, column, values)
        case c.NumberColumn():
            yield from _number(table, name, column, frame)
        case c.DayColumn() | c.TimeColumn():
            yield from _moments(table, name, column, values)
        case c.ReferenceColumn():
            yield from _references(facts, table, name, column, values, rows)


def _shares(table: str, name: str, values: pl.Series, weights: dict[Any, float]) -> Tested:
    counted = dict(values.value_counts().iter_rows())
    odd = sum(n for value, n in counted.items() if value not in weights)
    counts = np.array([counted.get(value, 0) for value in weights] + [odd], dtype=np.float64)
    shares = np.array([*weights.values(), 0.0])
    return _test(table, [name], "shares", f"shares of {len(weights)} values", "chi-square", len(values), laws.chi_square(counts, shares))


def _entries(facts: Facts, table: str, name: str, column: c.ListColumn, values: pl.Series) -> Iterator[Tested]:
    entries = facts.entries(column.list)
    if entries is None or column.longest is not None:
        return
    of = column.column or facts.first_column(column.list)
    yield _shares(table, name, values, dict(entries.group_by(of, maintain_order=True).agg(pl.col("").sum()).drop_nulls().iter_rows()))


def _number(table: str, name: str, column: c.NumberColumn, frame: pl.DataFrame) -> Iterator[Tested]:
    whole = isinstance(column, c.IntegerColumn)
    step = 1.0 if whole else 10.0 ** -(column.decimals if isinstance(column, c.DecimalColumn) else 0)
    if column.gap is not None:
        yield from _gap(table, name, column, frame, step, whole)
        return
    values = frame[name].drop_nulls().cast(pl.Float64).to_numpy()
    low, high = column.low, column.high
    law = column.law or Law(name="uniform", parameters={"loc": low or 0.0, "scale": (high or 0.0) - (low or 0.0)})
    if column.law is None and whole:
        law = Law(name="uniform", parameters={"loc": (low or 0.0) - 0.5, "scale": (high or 0.0) - (low or 0.0) + 1})
    if whole and not laws.is_discrete(law):
        low, high = (None if low is None else low - 0.5), (None if high is None else high + 0.5)
    if laws.is_discrete(law):
        yield _discrete(table, name, law, values, low, high)
        return
    found = laws.kolmogorov(values, lambda x: laws.cut(law, x + step / 2, low, high))
    yield _test(table, [name], "law", f"follows {law.name}", "Kolmogorov-Smirnov", len(values), found)


def _discrete(table: str, name: str, law: Law, values: NDArray[np.float64], low: float | None, high: float | None) -> Tested:
    seen, counts = np.unique(values, return_counts=True)
    if len(seen) > 1000:
        found = laws.kolmogorov(values, lambda x: laws.cut(law, x, low, high))
        return _test(table, [name], "law", f"follows {law.name}", "Kolmogorov-Smirnov", len(values), found)
    ends = laws.cut(law, seen, low, high)
    before = laws.cut(law, seen - 1e-9 * np.maximum(1, np.abs(seen)), low, high)
    counts, shares = np.append(counts, 0), np.append(ends - before, max(0.0, 1 - float((ends - before).sum())))
    return _test(table, [name], "law", f"follows {law.name}", "chi-square", len(values), laws.chi_square(counts.astype(np.float64), shares))


def _gap(table: str, name: str, column: c.NumberColumn, frame: pl.DataFrame, step: float, whole: bool) -> Iterator[Tested]:
    """The gap to another column of the row, where no bound cuts it short."""
    base, bound = column.above or column.below or "", column.high if column.above is not None else column.low
    if base not in frame.columns or bound is not None or column.gap is None:
        return
    law, sign = column.gap, 1 if column.above is not None else -1
    pairs = frame.select(pl.col(name).cast(pl.Float64), b=pl.col(base).cast(pl.Float64)).drop_nulls()
    gaps = np.round((pairs[name] - pairs["b"]).to_numpy() * sign / step) * step
    ahead = step / 2 if whole else step
    found = laws.kolmogorov(gaps, lambda x: laws.cut(law, x + ahead * (1 - 1e-9), 0.0, None))
    yield _test(table, [name], "gap", f"the gap to {base} follows {law.name}", "Kolmogorov-Smirnov", len(gaps), found)


def _moments(table: str, name: str, column: c.Column, values: pl.Series) -> Iterator[Tested]:
    if isinstance(column, c.DateTimeColumn | c.TimeColumn):
        yield from _hours(table, name, column, values)
    if not isinstance(column, c.DayColumn) or column.between is None or column.holidays is not None:
        return
    first, last = (datetime.fromisoformat(text) for text in column.between)
    days = [first.date() + timedelta(n) for n in range((last.date() - first.date()).days + 1)]
    weights = np.array([float(column.weekdays.get(c.WEEKDAYS[day.weekday()], 1.0)) * column.months.get(day.month, 1.0) for day in days])  # type: ignore[call-overload]
    weights *= 1 + (column.growth - 1) * np.arange(len(days)) / max(1, len(days) - 1)
    if isinstance(column, c.DateTimeColumn):
        weights[0] *= 1 - (first - datetime.combine(first.date(), datetime.min.time())) / timedelta(days=1)
        weights[-1] *= (
            1.0 if len(column.between[1].strip()) <= 10 else (last - datetime.combine(last.date(), datetime.min.time())) / timedelta(days=1)
        )
    for rule, of, made in (
        ("weekday shares", [day.isoweekday() for day in days], values.dt.weekday()),
        (
            "month shares",
            [day.year * 12 + day.month for day in days],
            values.dt.year().cast(pl.Int64) * 12 + values.dt.month().cast(pl.Int64),
        ),
    ):
        shares: dict[Any, float] = {}
        for key, weight in zip(of, weights, strict=True):
            shares[key] = shares.get(key, 0.0) + float(weight)
        yield _shares(table, name, made, shares).model_copy(update={"name": f"{table}.{name}.{rule}", "what": rule})


def _hours(table: str, name: str, column: c.DateTimeColumn | c.TimeColumn, values: pl.Series) -> Iterator[Tested]:
    if isinstance(column, c.DateTimeColumn) and (column.between is None or any(len(text.strip()) > 10 for text in column.between)):
        return
    hours = column.hours if isinstance(column.hours, dict) else dict.fromkeys(range(24), 1.0)
    test = _shares(table, name, values.dt.hour().cast(pl.Int64), {hour: float(weight) for hour, weight in hours.items()})
    yield test.model_copy(update={"name": f"{table}.{name}.hour shares", "what": "shares of hours"})


def _references(
    facts: Facts, table: str, name: str, column: c.ReferenceColumn, values: pl.Series, rows: dict[str, int]
) -> Iterator[Tested]:
    """How often rows are referred to: Zipf's law by the most frequent, whichever rows these are; equal chances along the key."""
    other, key = facts.target(table, name)
    if name == facts.owner_column(table) or column.distinct or column.to.startswith("self."):
        return
    size = rows[other]
    if column.law is not None and column.law.name == "zipfian":
        yield from _zipf(table, name, values, float(column.law.parameters["a"]), size)
    keys = facts.column(other, key)
    if column.law is None and isinstance(keys, c.KeyColumn) and facts.kind(other, key) == "integer":
        found = laws.kolmogorov(values.cast(pl.Float64).to_numpy(), lambda x: (x - keys.start + 1) / size)
        yield _test(table, [name], "references", f"refers to all rows of {other} alike", "Kolmogorov-Smirnov", len(values), found)


def _zipf(table: str, name: str, values: pl.Series, a: float, size: int) -> Iterator[Tested]:
    counts = np.sort(values.value_counts()["count"].to_numpy())[::-1].astype(np.float64)
    shares = 1.0 / np.arange(1, size + 1, dtype=np.float64) ** a
    shares /= shares.sum()
    n, told = len(values), 0
    # Ranks so far apart that chance does not exchange them.
    while told + 1 < min(size, len(counts), 200) and n * (shares[told] - shares[told + 1]) > 6 * np.sqrt(
        n * (shares[told] + shares[told + 1])
    ):
        told += 1
    if told == 0:
        return
    found = laws.chi_square(np.append(counts[:told], n - counts[:told].sum()), np.append(shares[:told], 1 - shares[:told].sum()))
    yield _test(table, [name], "references", f"the {told} most frequent follow Zipf's law", "chi-square", n, found)


def _counts(facts: Facts, table: str, sample: Sample) -> Iterator[Tested]:
    """Rows per owner, of the owners that lie wholly inside a run."""
    per, owner = facts.table(table).per, facts.owner_column(table)
    if per is None or owner is None:
        return
    dense = (
        isinstance(keys := facts.column(*facts.target(table, owner)), c.KeyColumn)
        and not keys.shuffled
        and facts.kind(table, owner) == "integer"
    )
    counts: list[int] = []
    for run in sample.runs:
        lengths = run.group_by(owner, maintain_order=True).len()[1:-1]
        counts += lengths["len"].to_list()
        if dense and lengths.height:
            counts += [0] * int(lengths[owner][-1] - lengths[owner][0] + 1 - lengths.height)
    if len(counts) < _LEAST_ROWS:
        return
    least = per.least if dense else max(1, per.least)
    values = np.array(counts, dtype=np.float64)
    widened = 0.0 if laws.is_discrete(per.count) else 0.5
    support = np.arange(least, min(per.most, int(values.max()) + 1) + 1, dtype=np.float64)
    ends = laws.cut(per.count, support + widened, least - widened, per.most + widened)
    shares = np.diff(np.concatenate(([0.0], ends)))
    seen = np.array([(values == k).sum() for k in support], dtype=np.float64)
    found = laws.chi_square(np.append(seen, (values > support[-1]).sum()), np.append(shares, max(0.0, 1 - ends[-1])))
    yield _test(table, [owner], "rows per owner", f"rows per row of {per.table} follow {per.count.name}", "chi-square", len(values), found)


def _chains(facts: Facts, table: str, sample: Sample) -> Iterator[Tested]:
    """First states, and steps from each state."""
    owner = facts.owner_column(table)
    for name, column in facts.table(table).columns.items():
        if not isinstance(column, c.StateColumn) or column.hidden or owner is None:
            continue
        steps = pl.concat([run.select(pl.col(owner, name), w=pl.col(owner).shift(1), b=pl.col(name).shift(1))[1:] for run in sample.runs])
        starts = steps.filter(pl.col(owner) != pl.col("w"))[name].drop_nulls()
        if len(starts) >= _LEAST_ROWS and column.nulls == 0.0:
            yield _shares(table, name, starts, dict(column.initial)).model_copy(
                update={"name": f"{table}.{name}.first states", "what": "shares of first states"}
            )
        for state, onward in column.transitions.items():
            made = steps.filter((pl.col(owner) == pl.col("w")) & (pl.col("b") == state))[name].drop_nulls()
            if onward and len(made) >= _LEAST_ROWS:
                yield _shares(table, name, made, dict(onward)).model_copy(
                    update={"name": f"{table}.{name}.steps from {state}", "what": f"shares of steps from {state}"}
                )
