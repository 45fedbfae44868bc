"""Declared rules held against the schema and against one another, by logic alone: what can never hold is refused before any work.

Ranges are carried along inequalities (a ≤ b gives b the low end of a, and a the high end of b) until nothing changes; an interval that
is empty then, or a circle of inequalities with a strict one in it, is a contradiction. What logic cannot see is left to trial rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from understudy.core.errors import ConditionError, ConstraintError
from understudy.data.breaches import computed, wanted_as_condition
from understudy.data.condition import Condition, in_typed_values, meets, moment_spans
from understudy.data.constraints import Combinations, Constraint, Formula, Implication, Inequality, Range, Wanted, Within, in_words
from understudy.data.expression import sort_of
from understudy.data.schema import ColumnSchema, TableSchema

_INF = float("inf")
_DTYPES: dict[str, pl.DataType] = {
    "number": pl.Float64(), "moment": pl.Datetime("us"), "time": pl.Time(), "duration": pl.Duration("us"), "truth": pl.Boolean(),
    "text": pl.String(),
}  # fmt: skip


def refuse_contradictions(schema: TableSchema) -> None:
    """Raise `ConstraintError` where an enforced rule does not fit its columns, or rules exclude one another."""
    rules = [rule for rule in schema.constraints if rule.enforce]
    columns = {column.name: column for column in schema.columns}
    for rule in rules:
        _refuse_unfit(rule, columns)
    _refuse_circles_of_formulas([rule for rule in rules if isinstance(rule, Formula)])
    inequalities = [rule for rule in rules if isinstance(rule, Inequality)]
    _refuse_circles(inequalities)
    intervals = _intervals([rule for rule in rules if isinstance(rule, Range)], inequalities, columns)
    for rule in rules:
        if isinstance(rule, Implication):
            _refuse_impossible(rule, intervals, columns)


# Each rule by itself


def _refuse_unfit(rule: Constraint, columns: Mapping[str, ColumnSchema]) -> None:
    match rule:
        case Range():
            column = columns[rule.column]
            if column.remade or sort_of(column) in ("text", "truth"):
                raise ConstraintError(
                    f'A range needs numbers or moments, but the column "{rule.column}" is {column.kind}.',
                    where=in_words(rule), remedy="List the values that may occur in an implication, or change the column's kind.",
                )  # fmt: skip
            _refuse_unreadable(rule, in_typed_values(Condition(rule.column, None, rule.low, rule.high), column), column)
        case Implication():
            for name, wanted in (*rule.when.items(), *rule.then.items()):
                _refuse_condition(rule, columns[name], wanted)
        case Formula():
            computed(rule, columns)
        case Combinations():
            made = next((columns[name] for name in rule.columns if columns[name].remade), None)
            if made is not None:
                raise ConstraintError(
                    f'The column "{made.name}" is {made.kind}: its values are made anew, so no combination of training can come back.',
                    where=in_words(rule), remedy="Leave it out of the combinations, or declare it categorical.",
                )  # fmt: skip


def _refuse_condition(rule: Implication, column: ColumnSchema, wanted: Wanted) -> None:
    condition = wanted_as_condition(column.name, wanted, column)
    if condition is None or condition.only_null:
        return
    if column.remade:
        raise ConstraintError(
            f'The column "{column.name}" is {column.kind}: its values are made anew, so a rule can only speak of whether one is there.',
            where=in_words(rule), remedy="Ask for {missing: true} or {missing: false}, or declare the column categorical.",
        )  # fmt: skip
    _refuse_unreadable(rule, condition, column)


def _refuse_unreadable(rule: Constraint, condition: Condition, column: ColumnSchema) -> None:
    """Values that the column cannot hold are told before any row is looked at."""
    dtype = pl.Date() if column.kind == "date" else _DTYPES[sort_of(column)]
    try:
        meets(pl.Series(column.name, [None], dtype=dtype), condition)
    except ConditionError as error:
        raise ConstraintError(error.what, where=in_words(rule), remedy=error.remedy) from None


def _refuse_circles_of_formulas(rules: list[Formula]) -> None:
    made: dict[str, Formula] = {}
    for rule in rules:
        if rule.target in made:
            raise ConstraintError(f'Two formulas compute the column "{rule.target}".', where=in_words(rule), remedy="Keep one of them.")
        made[rule.target] = rule
    for rule in rules:
        path = _way_back(rule.target, {target: list(other.parsed().columns) for target, other in made.items()})
        if path:
            raise ConstraintError(
                f"Formulas go in a circle: {' is computed from '.join(path)}.",
                where=in_words(rule), remedy="One column of the circle must be learned: take its formula out.",
            )  # fmt: skip


def _way_back(start: str, follows: Mapping[str, list[str]]) -> list[str]:
    """A path from `start` to itself, or nothing."""
    waiting = [[start]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        for name in follows.get(path[-1], []):
            if name == start:
                return [*path, start]
            if name not in seen:
                seen.add(name)
                waiting.append([*path, name])
    return []


# Inequalities and ranges together


def _refuse_circles(rules: list[Inequality]) -> None:
    above: dict[str, list[str]] = {}
    for rule in rules:
        above.setdefault(rule.low, []).append(rule.high)
    for rule in rules:
        if not rule.strict:
            continue
        path = _way_back(rule.low, {**above, rule.low: [rule.high]})
        if path:
            raise ConstraintError(
                f"Inequalities go in a circle: {' ≤ '.join(path)}, with {in_words(rule)} among them.",
                where=in_words(rule), remedy="Take one of them out, or set enforce: false on it.",
            )  # fmt: skip


@dataclass(frozen=True)
class _End:
    """One end of an interval in plain numbers, and the rules that it comes from."""

    value: float
    strict: bool = False
    rules: tuple[str, ...] = ()


@dataclass
class _Interval:
    low: _End
    high: _End

    @property
    def empty(self) -> bool:
        return self.low.value > self.high.value or (self.low.value == self.high.value and (self.low.strict or self.high.strict))


def _intervals(ranges: list[Range], inequalities: list[Inequality], columns: Mapping[str, ColumnSchema]) -> dict[str, _Interval]:
    """What ranges and inequalities leave of each column. Raises `ConstraintError` where that is nothing."""
    found: dict[str, _Interval] = {}
    for rule in ranges:
        column = columns[rule.column]
        low, high = _span(in_typed_values(Condition(rule.column, None, rule.low, rule.high), column), column)
        mine = (in_words(rule),)
        _narrow(found, rule.column, _End(low, rule.strict_low, mine), _End(high, rule.strict_high, mine))
    for _ in range(len(inequalities) if found else 0):
        for unequal in inequalities:
            if sort_of(columns[unequal.low]) != sort_of(columns[unequal.high]):
                continue
            below, above = (found.get(name, _free()) for name in (unequal.low, unequal.high))
            words = in_words(unequal)
            _narrow(found, unequal.high, _End(below.low.value, below.low.strict or unequal.strict, (*below.low.rules, words)), _free().high)
            least = _End(below.low.value, below.low.strict or unequal.strict, (*below.low.rules, words))
            most = _End(above.high.value, above.high.strict or unequal.strict, (*above.high.rules, words))
            _narrow(found, unequal.high, least, _free().high)
            _narrow(found, unequal.low, _free().low, most)
    return found


def _free() -> _Interval:
    return _Interval(_End(-_INF), _End(_INF))


def _narrow(found: dict[str, _Interval], name: str, low: _End, high: _End) -> None:
    mine = found.get(name, _free())
    if (low.value, low.strict) > (mine.low.value, mine.low.strict) and low.value > -_INF:
        mine = _Interval(low, mine.high)
    if (-high.value, high.strict) > (-mine.high.value, mine.high.strict) and high.value < _INF:
        mine = _Interval(mine.low, high)
    found[name] = mine
    if mine.empty:
        raise ConstraintError(
            f'The rules leave no value for the column "{name}": {_listed((*mine.low.rules, *mine.high.rules))}.',
            where="constraints", remedy="Widen one of them, or set enforce: false on it.",
        )  # fmt: skip


def _listed(rules: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(rules))


def _span(condition: Condition, column: ColumnSchema) -> tuple[float, float]:
    """A range in plain numbers: moments in microseconds, a day named for a moment as the whole day."""
    sort = sort_of(column)
    if sort in ("moment", "time"):
        dtype = "Date" if column.kind == "date" else "Time" if sort == "time" else "Datetime"
        return moment_spans(condition, dtype)[0]
    low = -_INF if condition.low is None else _as_number(condition.low)
    return low, _INF if condition.high is None else _as_number(condition.high)


def _as_number(value: object) -> float:
    return float(value.total_seconds() * 1e6) if hasattr(value, "total_seconds") else float(value)  # type: ignore[arg-type]


# Implications


def _refuse_impossible(rule: Implication, intervals: Mapping[str, _Interval], columns: Mapping[str, ColumnSchema]) -> None:
    """A conclusion that other rules, or the premise itself, leave nothing of."""
    for name, wanted in rule.then.items():
        if isinstance(wanted, Within) and wanted.missing:
            continue
        spans = _spans(name, wanted, columns[name])
        interval = intervals.get(name)
        if spans is not None and interval is not None and all(_apart(span, interval) for span in spans):
            others = _listed((*interval.low.rules, *interval.high.rules))
            raise ConstraintError(
                f'No value of "{name}" keeps both the implication and: {others}.',
                where=in_words(rule), remedy="Change one of the two, or set enforce: false on it.",
            )  # fmt: skip
        if name in rule.when and _exclude(rule.when[name], wanted, columns[name]):
            raise ConstraintError(
                f'The implication asks of "{name}" what its own condition excludes, so that no row could meet the condition.',
                where=in_words(rule), remedy="Take the column out of one of the two sides.",
            )  # fmt: skip


def _spans(name: str, wanted: Wanted, column: ColumnSchema) -> list[tuple[float, float]] | None:
    """The values that a condition allows, as closed spans of plain numbers; None for values without an order."""
    condition = wanted_as_condition(name, wanted, column)
    if condition is None or sort_of(column) in ("text", "truth"):
        return None
    if condition.choices is None:
        return [_span(condition, column)]
    return [_span(Condition(name, None, choice, choice), column) for choice in condition.choices]


def _apart(span: tuple[float, float], interval: _Interval) -> bool:
    low = _End(span[0]) if span[0] > interval.low.value else interval.low
    high = _End(span[1]) if span[1] < interval.high.value else interval.high
    return _Interval(low, high).empty


def _exclude(first: Wanted, second: Wanted, column: ColumnSchema) -> bool:
    """Whether no present value meets both conditions."""
    a, b = _spans(column.name, first, column), _spans(column.name, second, column)
    if a is not None and b is not None:
        return all(max(x[0], y[0]) > min(x[1], y[1]) for x in a for y in b)
    one, other = (wanted_as_condition(column.name, wanted, column) for wanted in (first, second))
    if one is None or other is None or one.choices is None or other.choices is None or not one.choices:
        return False
    return not {str(choice) for choice in one.choices} & {str(choice) for choice in other.choices}
