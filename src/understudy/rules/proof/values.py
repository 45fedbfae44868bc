"""What can be wrong with one value of a column, by the column's type: `Fault`s in SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from understudy.data.expression_sql import literal
from understudy.rules import columns as c
from understudy.rules.proof.facts import Facts
from understudy.rules.proof.terms import Rows, Unseen

_STEP_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
_MOST_LISTED = 2_000
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_SIMPLE_FORMAT = re.compile(r"^([^{}]*)\{(?::(0(\d+))?d?)?\}([^{}]*)$")


@dataclass(frozen=True)
class Fault:
    """rule: its name; what: it in words; broken: SQL that is true where the value breaks it; skipped: why it cannot be said in SQL."""

    rule: str
    what: str
    broken: str = "false"
    doubt: tuple[str, ...] = ()
    skipped: str = ""


def faults(rows: Rows, column: c.Column, x: str) -> Iterator[Fault]:
    """All that can be wrong with a value `x` (SQL) of a column that is drawn, or made from others of its row."""
    if isinstance(column, c.TextColumn) and column.longest is not None:
        yield Fault("longest", f"has at most {column.longest} characters", f"length({x}) > {column.longest}")
    match column:
        case c.NumberColumn():
            yield from _number(rows, column, x)
        case c.ChoiceColumn():
            yield _listed(x, [value for value, weight in column.weights.items() if weight > 0])
        case c.StateColumn():
            yield _listed(x, column.states)
        case c.ListColumn():
            yield from _entry(rows.facts, rows.table, column, x)
        case c.PatternColumn():
            yield _matching(x, column.regex, "pattern")
        case c.DayColumn() | c.TimeColumn():
            yield from _moment(rows, column, x)
        case c.PersonColumn():
            yield from _person(rows, column, x)
        case c.ExpressionColumn() | c.TemplateColumn() | c.ConstantColumn() | c.ParentColumn() | c.CaseColumn():
            yield from _defined(rows, column, x)
        case c.KeyColumn():
            yield from _key(column, x)
        case c.ModelColumn() | c.FrameColumn() | c.WordColumn():
            yield Fault("source", "is a value of its source", skipped="the source is read by the maker alone")


def _number(rows: Rows, column: c.NumberColumn, x: str) -> Iterator[Fault]:
    if column.low is not None:
        yield Fault("low", f"is at least {column.low:g}", f"{x} < {literal(column.low)}")
    if column.high is not None:
        yield Fault("high", f"is at most {column.high:g}", f"{x} > {literal(column.high)}")
    if isinstance(column, c.DecimalColumn) and column.decimals < 15:
        yield Fault(
            "decimals",
            f"has {column.decimals} digits after the point",
            f"{x} <> round_even({x} * 1e{column.decimals}, 0) / 1e{column.decimals}",
        )
    if column.law is not None and column.law.name == "values":
        numbers = [value for value, weight in (column.law.values or {}).items() if weight > 0]
        yield _listed(x, [int(n) if isinstance(column, c.IntegerColumn) else n for n in numbers])
    for side, sign, name in (("above", "<", column.above), ("below", ">", column.below)):
        if name is not None:
            yield _beside(rows, side, f"is {'at least' if side == 'above' else 'at most'} {name}", name, f"{x} {sign} @")


def _beside(rows: Rows, rule: str, what: str, name: str, broken: str) -> Fault:
    """A rule against another column, which may be out of sight; @ stands for it."""
    try:
        base = rows.term(name)
    except Unseen as why:
        return Fault(rule, what, skipped=str(why))
    return Fault(rule, what, broken.replace("@", base.text), base.doubt)


def _listed(x: str, values: Sequence[c.Scalar]) -> Fault:
    shown = ", ".join(map(str, values[:8])) + (f" … ({len(values)} values)" if len(values) > 8 else "")
    return Fault("values", f"is one of {shown}", f"{x} NOT IN ({', '.join(map(literal, values))})")


def _entry(facts: Facts, table: str, column: c.ListColumn, x: str) -> Iterator[Fault]:
    entries = facts.entries(column.list)
    what = f'is an entry of the list "{column.list}"'
    if entries is None:
        yield Fault("values", what, skipped="the list is drawn when making")
        return
    name = column.column or facts.first_column(column.list)
    there = entries.filter(entries[""] > 0)
    values = there[name].drop_nulls().unique(maintain_order=True).to_list()
    cut = [str(v)[: column.longest] if column.longest is not None else v for v in values]
    yield (
        Fault("values", what, f"{x} NOT IN ({', '.join(map(literal, cut))})")
        if len(cut) <= _MOST_LISTED
        else Fault("values", what, skipped=f"the list has more than {_MOST_LISTED} values")
    )
    if column.together is None:
        return
    yield from _together(facts, table, column, x, name)


def _together(facts: Facts, table: str, column: c.ListColumn, x: str, name: str) -> Iterator[Fault]:
    other = facts.column(table, str(column.together))
    entries = facts.entries(column.list)
    assert entries is not None
    what = f"belongs to the same entry as {column.together}"
    if other.hidden or not isinstance(other, c.ListColumn):
        yield Fault("with", what, skipped=f'"{column.together}" is hidden')
        return
    theirs = other.column or facts.first_column(column.list)
    pairs = entries.filter(entries[""] > 0).select(a=theirs, b=name).drop_nulls().unique(maintain_order=True).rows()
    if len(pairs) > _MOST_LISTED:
        yield Fault("with", what, skipped=f"the list has more than {_MOST_LISTED} entries")
        return
    listed = ", ".join(f"({literal(_cut(a, other.longest))}, {literal(_cut(b, column.longest))})" for a, b in pairs)
    y = f'"t".{_q(str(column.together))}'
    yield Fault("with", what, f"{x} IS NOT NULL AND {y} IS NOT NULL AND ({y}, {x}) NOT IN ({listed})")


def _cut(value: object, longest: int | None) -> object:
    return str(value)[:longest] if longest is not None else value


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _matching(x: str, regex: str, rule: str) -> Fault:
    return Fault(rule, f"is a text of {regex}", f"NOT regexp_full_match({x}, {literal(regex)})")


def _moment(rows: Rows, column: c.DayColumn | c.TimeColumn, x: str) -> Iterator[Fault]:
    if isinstance(column, c.DateTimeColumn | c.TimeColumn):
        us = f"epoch_us({x})" if isinstance(column, c.DateTimeColumn) else f"date_part('epoch', {x}) * 1000000"
        if column.resolution != "us":
            yield Fault("resolution", f"is a whole {column.resolution}", f"({us})::BIGINT % {_STEP_US[column.resolution]} <> 0")
        if isinstance(column.hours, dict):
            hours = [hour for hour, weight in column.hours.items() if weight > 0]
            yield Fault(
                "hours", f"falls into the hours {', '.join(map(str, sorted(hours)))}", f"hour({x}) NOT IN ({', '.join(map(str, hours))})"
            )
    if isinstance(column, c.DayColumn):
        yield from _day(rows, column, x)


def _day(rows: Rows, column: c.DayColumn, x: str) -> Iterator[Fault]:
    if column.between is not None:
        first, last = column.between
        yield Fault("first", f"is not before {first}", f"{x} < {literal(_as_moment(first, last=False))}")
        yield Fault("last", f"is not after {last}", f"{x} > {literal(_as_moment(last, last=True))}")
    never = [c.WEEKDAYS.index(day) + 1 for day, weight in column.weekdays.items() if weight == 0]
    if never:
        yield Fault("weekdays", f"is no {', '.join(c.WEEKDAYS[n - 1] for n in never)}", f"isodow({x}) IN ({', '.join(map(str, never))})")
    months = [month for month, weight in column.months.items() if weight == 0]
    if months:
        yield Fault("months", f"is in none of the months {months}", f"month({x}) IN ({', '.join(map(str, months))})")
    if column.holidays is not None and column.holidays.weight == 0:
        yield Fault("holidays", f"is no holiday of {column.holidays.country}", skipped="the calendar is the maker's own")
    form = "::DATE" if isinstance(column, c.DateColumn) else "::TIMESTAMP"
    for side, sign, name in (("above", "<", column.above), ("below", ">", column.below)):
        if name is not None:
            words = f"is {'at or after' if side == 'above' else 'at or before'} {name}"
            yield _beside(rows, side, words, name, f"{x} {sign} (@){form}")
    if column.until is not None:
        bound, sign = literal(_as_moment(column.until, last=column.above is not None)), ">" if column.above is not None else "<"
        yield Fault("until", f"is not {'after' if column.above is not None else 'before'} {column.until}", f"{x} {sign} {bound}")


def _as_moment(text: str, *, last: bool) -> datetime:
    """A moment as a spec writes it; a day alone ends with its last microsecond."""
    moment = datetime.fromisoformat(text).replace(tzinfo=None)
    return moment + timedelta(days=1, microseconds=-1) if last and len(text.strip()) <= 10 else moment


def _person(rows: Rows, column: c.PersonColumn, x: str) -> Iterator[Fault]:
    spec, people = rows.facts.spec, rows.facts.table(rows.table).people.get(column.who)
    youngest, oldest = people.age if people is not None else (18, 90)
    match column.field:
        case "sex":
            yield _listed(x, [sex for sex, share in (people.sex if people is not None else {"female": 1, "male": 1}).items() if share > 0])
        case "age":
            yield Fault("age", f"is an age from {youngest} to {oldest}", f"{x} < {youngest} OR {x} > {oldest}")
            yield from _age(rows, column, x)
        case "birth_date":
            aged = _years(x, date.fromisoformat(spec.today))
            yield Fault("age", f"makes an age from {youngest} to {oldest} on {spec.today}", f"{aged} < {youngest} OR {aged} > {oldest}")
        case "email":
            yield _matching(x, r"[^@\s]+@[^@\s]+\.[^@\s]+", "form")
        case "latitude" | "longitude":
            most = 90 if column.field == "latitude" else 180
            yield Fault("range", f"lies between -{most} and {most}", f"abs({x}) > {most}")
        case "country_code":
            yield _matching(x, "[A-Z]{2}", "form")
        case _:
            yield Fault("person", f"is the {column.field} of a person", skipped="the vocabularies are the maker's own")


def _age(rows: Rows, column: c.PersonColumn, x: str) -> Iterator[Fault]:
    for name, other in rows.facts.table(rows.table).columns.items():
        if isinstance(other, c.PersonColumn) and (other.field, other.who) == ("birth_date", column.who) and not other.hidden:
            aged = _years(rows.text(name), date.fromisoformat(rows.facts.spec.today))
            yield Fault("birth", f"is the age of one born on {name}", f"{x} <> {aged}")


def _years(born: str, today: date) -> str:
    """Whole years between a birth date and a day."""
    later = f"(month({born}), day({born})) > ({today.month}, {today.day})"
    return f"(CASE WHEN {later} THEN {today.year - 1} ELSE {today.year} END - year({born}))"


def _defined(rows: Rows, column: c.Column, x: str) -> Iterator[Fault]:
    """What a column must be by its definition."""
    rule = {"template": "text", "constant": "value", "parent": "of", "case": "case"}.get(column.type, "formula")
    what = f"is what its {column.type} says"
    try:
        term = rows.expected(column)
    except Unseen as why:
        drawn = isinstance(column, c.CaseColumn) and str(why) == "it is drawn"
        yield from _by_case(rows, column, x) if drawn and isinstance(column, c.CaseColumn) else [Fault(rule, what, skipped=str(why))]
        return
    if term.sort == "duration":
        yield Fault(rule, what, skipped="durations are written in a way of each format's own")
        return
    if term.close:
        near = f"abs({x} - {term.text}) <= 1e-9 * greatest(1, abs({term.text}))"
        yield Fault(rule, f"{what} (to nine digits)", f"({x} IS NULL) <> ({term.text} IS NULL) OR NOT ({near})", term.doubt)
        return
    yield Fault(rule, what, f"{x} IS DISTINCT FROM {term.text}", term.doubt)


def _by_case(rows: Rows, column: c.CaseColumn, x: str) -> Iterator[Fault]:
    """Cases some of which are drawn: in each, what can be wrong there."""
    doubts: list[str] = []

    def wrong(branch: c.Scalar | c.Column | None) -> str:
        if branch is None:
            return f"{x} IS NOT NULL"
        if not isinstance(branch, c.Column):
            return f"{x} IS DISTINCT FROM {literal(branch)}"
        found = [fault for fault in faults(rows, branch, x) if not fault.skipped]
        doubts.extend(doubt for fault in found for doubt in fault.doubt)
        return " OR ".join(f"coalesce({fault.broken}, false)" for fault in found) or "false"

    try:
        tests = [rows.formula(case.when) for case in column.cases]
    except Unseen as why:
        yield Fault("case", "is what its case says", skipped=str(why))
        return
    doubts += [doubt for test in tests for doubt in test.doubt]
    cases = " ".join(f"WHEN {test.text} THEN {wrong(case.then)}" for test, case in zip(tests, column.cases, strict=True))
    yield Fault("case", "is what its case says", f"(CASE {cases} ELSE {wrong(column.otherwise)} END)", tuple(dict.fromkeys(doubts)))


def _key(column: c.KeyColumn, x: str) -> Iterator[Fault]:
    if column.uuid:
        yield _matching(x, UUID, "form")
    elif column.pattern is not None:
        yield _matching(x, column.pattern, "form")
    elif column.format is not None:
        simple = _SIMPLE_FORMAT.match(column.format)
        if simple is None:
            yield Fault("form", f"is written as {column.format}", skipped="formats of Python have no twin in SQL")
            return
        digits = f"[0-9]{{{simple[3]},}}" if simple[3] else "-?[0-9]+"
        yield _matching(x, re.escape(simple[1]) + digits + re.escape(simple[4]), "form")
