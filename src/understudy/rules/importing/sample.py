"""A table of values, profiled: what its columns are (`data/infer.py`), how their values are distributed, and the rules between them.

No value that fewer than five rows share goes into the spec: rare choices are left out, ends of ranges are those that five rows reach, and
edges of histograms are rounded to two digits. The notes say what was left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import TypeAdapter

from understudy.data.constraints import Dependency, Equal, Inequality, OneHot, Sum
from understudy.data.typed import typed
from understudy.rules.columns import WEEKDAYS, AnyColumn
from understudy.rules.importing.building import build
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredTable, Kind
from understudy.rules.importing.imported import Imported
from understudy.rules.importing.patterns import readable_regex

if TYPE_CHECKING:
    from understudy.data.schema import ColumnSchema, TableSchema

Facts = dict[str, Any]
Floats = NDArray[np.float64]
FEWEST = 5
"""Rows that share a value before it is told."""
_MOST_CHOICES, _MOST_LEVELS, _BINS, _MOST_PAIRS = 60, 20, 24, 150
_PERSONS = {
    "name": "name", "first_name": "first_name", "last_name": "last_name", "email": "email", "phone": "phone", "address": "street",
    "street": "street", "city": "city", "postcode": "post_code", "iban": "iban", "username": "user_name",
}  # fmt: skip
_COLUMN: TypeAdapter[Any] = TypeAdapter(AnyColumn)


def from_sample(source: Any, *, rows: int | None = None, scale: float = 1.0, name: str | None = None) -> Imported:
    """A spec that proposes rows like those of a table: a file, a database's table or a frame of any kind.

    Args:
        rows: as many as the table has, unless told.
        scale: so many times the rows.
        name: of the table, where the file's name is not meant.
    """
    from understudy.data.files import read
    from understudy.data.table import Table, as_table

    table = source if isinstance(source, Table) else read(source) if isinstance(source, str | Path) else as_table(source)
    title = name or re.sub(r"\W+", "_", Path(table.origin.rpartition("#")[2]).name.partition(".")[0]) or "data"
    declared = Declared(name=title)
    target = declared.tables[title] = DeclaredTable(title, rows=rows if rows is not None else table.rows)
    for column in table.schema.columns:
        target.add(DeclaredColumn(column.name.replace(".", "_"), nullable=column.nullable))
    profile_table(declared, target, table)
    return build(declared, scale=scale)


def profile_table(declared: Declared, target: DeclaredTable, table: Any) -> None:
    """Give a declared table's columns the makings that a table's values propose; what is declared of a column stays."""
    if not table.rows:
        return
    schema: TableSchema = table.schema
    profile = _Profile(declared, target, schema, table.frame)
    bound = {name for names in (target.key, *target.unique) for name in names} | {n for r in target.references for n in r.columns}
    for column in schema.columns:
        own = target.columns.get(column.name.replace(".", "_"))
        if own is not None and own.name not in bound and not (own.choices or own.formula or own.pattern):
            profile.column(column, own)
    profile.rules(bound)


class _Profile:
    """What the values of one table propose."""

    def __init__(self, declared: Declared, target: DeclaredTable, schema: TableSchema, frame: pl.DataFrame) -> None:
        self._declared, self._target, self._schema = declared, target, schema
        self._values = {column.name: typed(frame[column.name], column) for column in schema.columns if column.name in frame.columns}
        self._rows = frame.height

    def column(self, column: ColumnSchema, own: DeclaredColumn) -> None:
        """A making for a column, or a kind that its name and type then fill."""
        series = self._values[column.name]
        own.nullable = own.nullable and column.nullable
        own.nulls = round(series.null_count() / self._rows, 4) if own.nullable else None
        own.kind = own.kind if own.kind != "unknown" else _kind(column)
        values = series.drop_nulls()
        facts = self._facts(column, own, values) if len(values) >= FEWEST else None
        if facts is not None:
            nulls = {"nulls": own.nulls} if own.nullable and own.nulls else {}
            own.column = _COLUMN.validate_python({**_as_declared(own, facts), **nulls})

    def _facts(self, column: ColumnSchema, own: DeclaredColumn, values: pl.Series) -> Facts | None:
        match column.kind:
            case "integer" | "decimal" | "latitude" | "longitude":
                return self._number(column, own, values)
            case "boolean":
                return {"type": "boolean", "share": round(float(values.cast(pl.Float64).mean() or 0), 3)}  # type: ignore[arg-type]
            case "categorical" | "ordinal" | "constant":
                return self._choice(own, values)
            case "date" | "datetime":
                return self._moment(column, own, values)
            case "time":
                return {"type": "time", "hours": _weights(values.dt.hour(), range(24))}
            case "identifier":
                return self._identifier(column, own, values)
            case "personal":
                return self._person(column, own)
            case "code":
                return self._code(column, own)
            case "duration":
                self._note("changed", "durations are made as seconds", own)
                return self._number(column, own, values.dt.total_microseconds() / 1_000_000)
        return {"type": "list", "list": "sentences"}

    def _note(self, what: Any, text: str, own: DeclaredColumn) -> None:
        self._declared.note(what, text, self._target.name, own.name)

    # ---- one column

    def _number(self, column: ColumnSchema, own: DeclaredColumn, values: pl.Series) -> Facts | None:
        numbers = np.sort(values.cast(pl.Float64).to_numpy())
        decimals = 0 if values.dtype.is_integer() else min(column.decimals if column.decimals is not None else 6, 9)
        if own.digits is not None and own.decimals is not None:
            decimals = min(decimals, own.decimals)
        kind = {"type": "integer"} if values.dtype.is_integer() else {"type": "decimal", "decimals": decimals}
        levels, counts = np.unique(numbers, return_counts=True)
        if len(levels) <= _MOST_LEVELS:
            kept = counts >= FEWEST
            if not kept.any():
                return None
            self._left_out(own, int((~kept).sum()), int(counts[~kept].sum()))
            return {
                **kind,
                "law": {
                    "values": {float(v): round(float(n) / counts[kept].sum(), 4) for v, n in zip(levels[kept], counts[kept], strict=True)}
                },
            }
        low, high = _rounded_range(numbers, decimals)
        outside = int(((numbers < low) | (numbers > high)).sum())
        if outside:
            self._note("changed", f"values stay between {low:g} and {high:g}, which {outside} rows did not", own)
        inner = numbers[(numbers >= low) & (numbers <= high)]
        return {**kind, "low": low, "high": high, "law": fitted(inner) or histogram(inner, low, high)}

    def _left_out(self, own: DeclaredColumn, values: int, rows: int) -> None:
        if values:
            self._note("left out", f"{values} values that fewer than {FEWEST} rows share ({rows} rows)", own)

    def _choice(self, own: DeclaredColumn, values: pl.Series) -> Facts | None:
        if values.dtype.is_temporal() or own.kind in ("date", "datetime", "time"):
            return None  # a choice is of texts or numbers: days of the declared kind take its place
        counted = values.cast(pl.String).alias("v").value_counts(name="n").sort(["n", "v"], descending=[True, False])
        kept = counted.filter(pl.col("n") >= FEWEST).head(_MOST_CHOICES)
        if kept.height == 0:
            return None
        rest = counted.height - kept.height
        total = int(kept["n"].sum())
        self._left_out(own, rest, int(counted["n"].sum()) - total)
        texts, numbers = kept["v"].to_list(), values.dtype.is_numeric()
        shares = [round(n / total, 4) for n in kept["n"]]
        plain = {(float(t) if "." in t else int(t)) if numbers else t: max(share, 0.0001) for t, share in zip(texts, shares, strict=True)}
        if len(plain) == 1 and not rest:
            return {"type": "constant", "value": next(iter(plain))}
        return {"type": "choice", "values": plain}

    def _moment(self, column: ColumnSchema, own: DeclaredColumn, values: pl.Series) -> Facts | None:
        days = values.dt.date().sort()
        first, last = days[FEWEST - 1], days[-FEWEST]
        if first >= last:
            return None
        facts: Facts = {"type": column.kind, "between": [first.isoformat(), last.isoformat()]}
        if (last - first).days > 28:
            facts["weekdays"] = {WEEKDAYS[day - 1]: w for day, w in _weights(days.dt.weekday(), range(1, 8)).items()}
        if (last - first).days > 700:
            facts["months"] = _weights(days.dt.month(), range(1, 13))
        if column.kind == "datetime":
            finest = {"hour": "h", "minute": "min", "second": "s", "millisecond": "ms"}.get(str(column.resolution), "us")
            facts["resolution"] = "h" if column.resolution in ("year", "month", "day") else finest
            facts["hours"] = _weights(values.dt.hour(), range(24))
        return facts

    def _identifier(self, column: ColumnSchema, own: DeclaredColumn, values: pl.Series) -> Facts | None:
        if values.dtype.is_numeric():
            if column.unique and not own.nullable:
                start = 10 ** max(0, len(str(abs(int(values.min() or 0)))) - 1)  # type: ignore[arg-type]
                own.kind = "integer"
                return {"type": "key", **({"start": start} if start > 1 else {})}
            return self._number(column, own, values)
        pattern = readable_regex(column.pattern) if column.pattern else None
        if "UUID" in column.reason:
            return {"type": "key", "uuid": True}
        if pattern is not None:
            return {"type": "pattern", "regex": pattern, **({"unique": True} if column.unique else {})}
        return None

    def _person(self, column: ColumnSchema, own: DeclaredColumn) -> Facts | None:
        field = _PERSONS.get(str(column.personal))
        if field is not None:
            return {"type": "person", "field": field}
        regex = readable_regex(column.pattern) if column.pattern else None
        return {"type": "pattern", "regex": regex} if regex is not None else None

    def _code(self, column: ColumnSchema, own: DeclaredColumn) -> Facts | None:
        regex = readable_regex(column.pattern) if column.pattern else None
        if regex is None:
            return None
        return {"type": "pattern", "regex": regex}

    # ---- between columns

    def rules(self, bound: set[str]) -> None:
        """The rules found between columns, each in the form that makes it hold."""
        for rule in self._schema.constraints:
            match rule:
                case Equal(a=a, b=b):
                    self._calculated(b, _named(a), bound)
                case Sum():
                    self._calculated(rule.total, " + ".join(map(_named, rule.parts)), bound, rule.decimals)
                case Inequality():
                    self._beside(rule, bound)
                case Dependency() if len(rule.determinants) == 1:
                    self._listed(rule.determinants[0], rule.dependent, bound)
                case OneHot():
                    self._one_of(rule.columns, bound)
                case _:
                    self._declared.note("left out", f"a rule between columns: {type(rule).__name__.lower()}", self._target.name)
        self._correlate()

    def _free(self, names: Iterable[str], bound: set[str]) -> list[DeclaredColumn] | None:
        """The columns, where all are proposed by values alone and none is made from another already."""
        own = [self._target.columns.get(name.replace(".", "_")) for name in names]
        free = [c for c in own if c is not None and c.name not in bound and c.column is not None and c.formula is None]
        return free if len(free) == len(own) else None

    def _calculated(self, name: str, formula: str, bound: set[str], decimals: int | None = None) -> None:
        free = self._free([name], bound)
        if free is None or _made_of_others(free[0].column):
            return
        free[0].column = _COLUMN.validate_python({"type": "expression", "formula": formula, **({"decimals": decimals} if decimals else {})})
        self._note("guessed", f"it is always {formula}", free[0])
        bound.add(name)

    def _beside(self, rule: Inequality, bound: set[str]) -> None:
        """One column above another, by a gap like the gaps that are there."""
        free = self._free([rule.low, rule.high], bound)
        if free is None or any(_made_of_others(c.column) for c in free):
            return
        low, high = self._values[rule.low], self._values[rule.high]
        moments = low.dtype.is_temporal()
        if moments != high.dtype.is_temporal() or (
            free[0].column is not None and free[1].column is not None and free[0].column.type != free[1].column.type
        ):
            return
        gaps = _gaps(low, high)
        if len(gaps) < 4 * FEWEST:
            return
        least, most = _rounded_range(np.sort(gaps), 0 if moments or low.dtype.is_integer() else 6)
        least = max(least, 1.0 if rule.strict and low.dtype.is_integer() else 0.0)
        kept = {k: v for k, v in _plain(free[1].column).items() if k not in ("between", "law", "weekdays", "months", "hours", "holidays")}
        inside = gaps[(gaps >= least) & (gaps <= most)]
        if not least < most or len(inside) < FEWEST:
            return
        free[1].column = _COLUMN.validate_python({**kept, "above": free[0].name, "gap": histogram(np.sort(inside), least, most)})
        self._note("guessed", f'never below "{free[0].name}"', free[1])
        bound.add(rule.high)

    def _listed(self, a: str, b: str, bound: set[str]) -> None:
        """What follows from a column of choices, as cases: one for each value of it that is told."""
        free = self._free([a, b], bound)
        if free is None or free[0].column is None or free[0].column.type != "choice" or _made_of_others(free[1].column):
            return
        told = free[0].column.weights
        pairs = (
            pl.DataFrame({"a": self._values[a].cast(pl.String), "b": self._values[b]})
            .drop_nulls("a")
            .group_by("a")
            .agg(pl.col("b").first())
        )
        found = {row["a"]: row["b"] for row in pairs.iter_rows(named=True)}
        values = {value: found.get(str(value)) for value in told}
        if len(values) > _MOST_PAIRS or not all(isinstance(v, bool | int | float | str) or v is None for v in values.values()):
            return
        then: dict[Any, list[Any]] = {}
        for value, follows in values.items():
            then.setdefault(follows, []).append(value)
        if None in then:
            return
        cases = [
            {"when": f"{_named(free[0].name)} in [{', '.join(map(_constant, group))}]", "then": value} for value, group in then.items()
        ]
        free[1].column = _COLUMN.validate_python({"type": "case", "cases": cases})
        self._note("guessed", f'it follows from "{free[0].name}" ({len(values)} values)', free[1])
        bound.add(b)

    def _one_of(self, names: Sequence[str], bound: set[str]) -> None:
        """Exactly one of some flags is set: a hidden choice says which."""
        free = self._free(names, bound)
        if free is None:
            return
        counts = {c.name: int(self._values[name].cast(pl.Int64).sum() or 0) for c, name in zip(free, names, strict=True)}
        if min(counts.values()) < FEWEST:
            return
        hidden = DeclaredColumn(f"_one_of_{free[0].name}", "text", nullable=False)
        weights = {name: round(n / sum(counts.values()), 4) for name, n in counts.items()}
        hidden.column = _COLUMN.validate_python({"type": "choice", "values": weights, "hidden": True})
        self._target.add(hidden)
        for column, name in zip(free, names, strict=True):
            truth = self._values[name].dtype == pl.Boolean
            formula = f"{_named(hidden.name)} == {_constant(column.name)}"
            column.column = _COLUMN.validate_python({"type": "expression", "formula": formula if truth else f"1 if {formula} else 0"})
            bound.add(name)

    def _correlate(self) -> None:
        """Numbers that go together, by their ranks."""
        names = [
            name for name, column in self._target.columns.items()
            if column.column is not None and column.column.type in ("integer", "decimal") and not _made_of_others(column.column)
        ]  # fmt: skip
        shown = {column.name.replace(".", "_"): column.name for column in self._schema.columns}
        ranks = pl.DataFrame({name: self._values[shown[name]].cast(pl.Float64) for name in names}).drop_nulls()
        if len(names) < 2 or ranks.height < 50:
            return
        found = np.corrcoef(np.column_stack([ranks[name].rank().to_numpy() for name in names]).T)
        found = np.nan_to_num(2 * np.sin(np.pi / 6 * found))
        near = [i for i in range(len(names)) if np.abs(np.delete(found[i], i)).max() >= 0.15]
        if len(near) < 2:
            return
        matrix = _positive(found[np.ix_(near, near)])
        self._target.correlations.append({"columns": [names[i] for i in near], "matrix": matrix.tolist()})
        self._declared.note(
            "guessed", f"{', '.join(names[i] for i in near)} are drawn together, correlated by their ranks", self._target.name
        )


def histogram(values: Floats, low: float, high: float) -> Facts:
    """A histogram of sorted numbers whose edges are rounded quantiles, each bin of at least five rows."""
    quantiles = np.quantile(values, np.linspace(0, 1, _BINS + 1))[1:-1]
    edges = sorted({low, high, *(_round(float(q)) for q in quantiles if low < _round(float(q)) < high)})
    counts = [int(n) for n in np.histogram(values, edges)[0]]
    while len(counts) > 1 and min(counts) < FEWEST:
        at = int(np.argmin(counts))
        other = at - 1 if at == len(counts) - 1 or (at > 0 and counts[at - 1] <= counts[at + 1]) else at + 1
        counts[min(at, other)] += counts[max(at, other)]
        del counts[max(at, other)], edges[max(at, other)]
    if not edges[0] < edges[-1]:
        return {"values": {edges[0]: 1.0}}
    return {"histogram": {"edges": edges, "shares": [round(n / sum(counts), 4) or 0.0001 for n in counts]}}


def fitted(values: Floats) -> Facts | None:
    """A law of few parameters where the numbers are not to be told from it (Kolmogorov and Smirnov's test, 5 %)."""
    from scipy import stats

    if len(values) < 100:
        return None
    limit = 1.36 / math.sqrt(len(values))
    mean, spread = float(values.mean()), float(values.std())
    tried: list[tuple[str, Facts]] = [("norm", {"loc": _round(mean, 4), "scale": _round(spread, 4)})]
    if values[0] > 0:
        logs = np.log(values)
        tried.append(("lognorm", {"s": _round(float(logs.std()), 4), "scale": _round(float(np.exp(logs.mean())), 4)}))
        tried.append(("gamma", {"a": _round((mean / spread) ** 2, 4), "scale": _round(spread**2 / mean, 4)}))
        tried.append(("expon", {"scale": _round(mean, 4)}))
    tried.append(("uniform", {"loc": _round(float(values[0])), "scale": _round(float(values[-1] - values[0]))}))
    for name, parameters in tried:
        sound = min(parameters.get(key, 1.0) for key in ("scale", "s", "a")) > 0
        if sound and stats.kstest(values, name, args=_ordered(name, parameters)).statistic < limit:
            return {name: parameters}
    return None


def _ordered(name: str, parameters: Facts) -> tuple[float, ...]:
    shapes = [parameters[key] for key in ("s", "a") if key in parameters]
    return (*shapes, parameters.get("loc", 0.0), parameters["scale"])


def _round(value: float, digits: int = 2) -> float:
    """A number to some significant digits."""
    return 0.0 if value == 0 else float(f"{value:.{digits}g}")


def _rounded_range(values: Floats, decimals: int) -> tuple[float, float]:
    """A range that at least five rows reach on either side, on round numbers."""
    low, high = float(values[min(FEWEST, len(values)) - 1]), float(values[-min(FEWEST, len(values))])
    if low >= high:
        low, high = float(values[0]), float(values[-1])
    step = 10.0 ** (math.floor(math.log10(max(high - low, 1e-9))) - 1)
    step = max(step, 10.0**-decimals)
    digits = max(0, -math.floor(math.log10(step)))
    return round(math.floor(low / step) * step, digits), round(math.ceil(high / step) * step, digits)


def _weights(parts: pl.Series, known: Iterable[int]) -> dict[int, float]:
    """Weights of parts of the calendar; those of fewer than five rows share one."""
    counts = dict(parts.value_counts(name="n").iter_rows())
    total = float(sum(counts.values())) or 1.0
    return {part: round(counts.get(part, 0) / total, 3) if counts.get(part, 0) >= FEWEST else 0.0 for part in known}


def _gaps(low: pl.Series, high: pl.Series) -> Floats:
    """By how much one column is above the other; moments in days."""
    if low.dtype.is_temporal():
        both = pl.DataFrame({"a": low.cast(pl.Datetime("us")), "b": high.cast(pl.Datetime("us"))}).drop_nulls()
        return (both["b"] - both["a"]).dt.total_microseconds().cast(pl.Float64).to_numpy() / 86_400_000_000
    both = pl.DataFrame({"a": low.cast(pl.Float64), "b": high.cast(pl.Float64)}).drop_nulls()
    return (both["b"] - both["a"]).to_numpy()


def _positive(matrix: Floats) -> Floats:
    """The matrix rounded to two digits, nearer to 0 until it is positive definite."""
    for share in np.linspace(1, 0, 21):
        found: Floats = np.round(matrix * share, 2)
        np.fill_diagonal(found, 1.0)
        found = (found + found.T) / 2
        if np.linalg.eigvalsh(found).min() > 0.01:
            return found
    return np.eye(len(matrix))


def _kind(column: ColumnSchema) -> Kind:
    kinds: dict[str, Kind] = {
        "integer": "integer", "decimal": "decimal", "latitude": "decimal", "longitude": "decimal", "boolean": "boolean", "date": "date",
        "datetime": "datetime", "time": "time", "duration": "decimal",
    }  # fmt: skip
    if column.dtype.startswith(("Int", "UInt")):
        return "integer"
    return kinds.get(column.kind, "text")


def _as_declared(own: DeclaredColumn, facts: Facts) -> Facts:
    """Within the bounds and the room that are declared: ends of ranges were rounded outwards."""
    if facts["type"] in ("integer", "decimal") and "low" in facts:
        low, high = facts["low"], facts["high"]
        low = low if own.low is None else max(low, own.low)
        high = high if own.high is None else min(high, own.high)
        return {**facts, "low": low, "high": high} if low < high else facts
    if own.length is not None and facts["type"] in ("person", "list"):
        return {**facts, "longest": own.length}
    return facts


def _made_of_others(column: Any) -> bool:
    return column is not None and (column.type in ("expression", "case") or getattr(column, "above", None) is not None)


def _plain(column: Any) -> Facts:
    return {"type": column.type, **column.model_dump(exclude_defaults=True)}


def _named(name: str) -> str:
    name = name.replace(".", "_")
    return name if name.isidentifier() else f'col("{name}")'


def _constant(value: Any) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)
