"""From a spec to its named checks: every rule that can be broken, each with the SQL that finds the rows that break it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from understudy.data.expression_sql import SqlTerm, literal, quoted
from understudy.rules import columns as c
from understudy.rules.proof.check import Check
from understudy.rules.proof.facts import Facts
from understudy.rules.proof.terms import Rows, Unseen
from understudy.rules.proof.values import faults

ALIAS, OWNER = '"t".', '"o".'


def checks_of(facts: Facts) -> list[Check]:
    """The named checks of a spec, table by table."""
    return [check for table in facts.spec.tables for check in _of_table(facts, table)]


def _of_table(facts: Facts, table: str) -> Iterator[Check]:
    stated = facts.table(table)
    yield from _size(facts, table)
    for number, columns in enumerate(([stated.key] if stated.key else []) + stated.unique):
        yield _unique(facts, table, columns, "key" if number == 0 and stated.key else "unique")
    for name, column in stated.columns.items():
        if not column.hidden:
            yield from _of_column(facts, table, name, column)
    yield from _sums(facts, table)
    for rule, formula in stated.rules.items():
        yield _rule(facts, table, rule, formula)


def _size(facts: Facts, table: str) -> Iterator[Check]:
    per, rows = facts.table(table).per, facts.table(table).rows
    if per is None:
        yield Check(f"{table}.rows", table, (), "rows", f"has {rows:,} rows", "rows", broken=str(rows))
        return
    owner = facts.owner_column(table)
    why = "" if owner is not None else f'no written column names the row of "{per.table}"'
    for rule, sign, bound in (("least", "<", per.least), ("most", ">", per.most)):
        what = f'has at {rule} {bound:,} rows a row of "{per.table}"'
        yield _owned(facts, f"{table}.per.{rule}", table, (), rule, what, f'coalesce("f"."n", 0) {sign} {bound}', {}, why)
    along = Check(f"{table}.per.adjacent", table, (owner or "",), "adjacent", "keeps the rows of one owner together", "adjacent")
    yield along if owner is not None else replace(along, scope="none", columns=(), skipped=why)


def _owned(
    facts: Facts, name: str, child: str, columns: tuple[str, ...], rule: str, what: str, broken: str, figures: dict[str, str], why: str,
    *, of: str | None = None, doubt: tuple[str, ...] = (),
) -> Check:  # fmt: skip
    """A check of owners and the rows of `child` that belong to them; it is of the table `of`."""
    per = facts.table(child).per
    assert per is not None
    owner = facts.owner_column(child)
    hidden = owner is not None and facts.column(*facts.target(child, owner)).hidden
    why = why or ("the owner's key is hidden" if hidden else "")
    scope = "none" if why else "owned"
    return Check(name, of or child, columns, rule, what, scope, broken, doubt, why, child=child, figures=figures)  # type: ignore[arg-type]


def _unique(facts: Facts, table: str, columns: Sequence[str], rule: str) -> Check:
    hidden = [name for name in columns if facts.column(table, name).hidden]
    name = f"{table}.{rule}({', '.join(columns)})"
    found = Check(name, table, tuple(columns), rule, f"differ in {', '.join(columns)}", "unique")
    return replace(found, scope="none", skipped=f'"{hidden[0]}" is hidden') if hidden else found


def _of_column(facts: Facts, table: str, name: str, column: c.Column) -> Iterator[Check]:
    rows = Rows(facts, table)
    x, at = rows.text(name), f"{table}.{name}"
    kind = facts.kind(table, name)
    if kind is not None:
        yield Check(
            f"{at}.type", table, (name,), "type", f"is of the kind {kind}", broken=f'"t".{quoted(unread(name))} IS NOT NULL AND {x} IS NULL'
        )
    absent, checks = _nulls(facts, table, name, column)
    yield from checks
    # What cannot be read breaks the rule of types alone.
    unreadable = f'("t".{quoted(unread(name))} IS NOT NULL AND {x} IS NULL)'
    absent = unreadable if absent is None else f"({absent} OR {unreadable})"
    for fault in faults(rows, column, x):
        found = Check(f"{at}.{fault.rule}", table, (name,), fault.rule, fault.what, "row", fault.broken, fault.doubt)
        yield _placed(found, rows, absent, fault.skipped)
        rows.joins = {}
    yield from _relations(facts, table, name, column, absent)
    if _alone_unique(facts, table, name, column):
        yield Check(f"{at}.unique", table, (name,), "unique", "differs in every row", "unique")


def unread(name: str) -> str:
    """The name of the column that keeps what could not be read as its kind."""
    return f"{name} as written"


def _alone_unique(facts: Facts, table: str, name: str, column: c.Column) -> bool:
    stated = facts.table(table)
    if [name] in [stated.key, *stated.unique]:
        return False
    whole_email = isinstance(column, c.PersonColumn) and column.field == "email" and column.longest is None
    return isinstance(column, c.KeyColumn) or (isinstance(column, c.PatternColumn) and column.unique) or whole_email


def _placed(check: Check, rows: Rows, absent: str | None, skipped: str) -> Check:
    """A check with the rows it joins; where a value may be absent, its absence breaks nothing."""
    if skipped:
        return replace(check, scope="none", skipped=skipped)
    broken = check.broken if absent is None else f"({check.broken}) AND NOT ({absent})"
    return replace(check, broken=broken, joins=dict(rows.joins), scope="joined" if rows.joins else check.scope)


def _nulls(facts: Facts, table: str, name: str, column: c.Column) -> tuple[str | None, list[Check]]:
    """SQL that is true where a value is absent as it may be, and the checks that say so."""
    rows = Rows(facts, table)
    x, at = rows.text(name), f"{table}.{name}.null"
    natural = facts.misses_by_nature(table, column)
    gone = f'{x} IS NULL AND "t".{quoted(unread(name))} IS NULL'
    if isinstance(column.nulls, str):
        check = Check(at, table, (name,), "null", f"is missing where {column.nulls}")
        try:
            where = rows.formula(column.nulls)
        except Unseen as why:
            return f"{x} IS NULL", [replace(check, scope="none", skipped=str(why))]
        always = f"({where.text}) IS TRUE"
        broken = f"{always} AND {x} IS NOT NULL" if natural else f"({always}) <> ({gone})"
        return always, [_placed(replace(check, broken=broken, doubt=where.doubt), rows, None, "")]
    if column.nulls > 0:
        return f"{x} IS NULL", []
    if natural:
        return None, []
    return None, [Check(at, table, (name,), "null", "is there in every row", broken=gone)]


def _relations(facts: Facts, table: str, name: str, column: c.Column, absent: str | None) -> Iterator[Check]:
    """Checks against other rows."""
    match column:
        case c.ReferenceColumn():
            yield from _reference(facts, table, name, column)
        case c.AggregateColumn():
            yield _aggregate(facts, table, name, column, absent)
        case c.StateColumn() | c.OrdinalColumn() | c.SiblingColumn() | c.RunningColumn():
            yield _along(facts, table, name, column, absent)


def _reference(facts: Facts, table: str, name: str, column: c.ReferenceColumn) -> Iterator[Check]:
    at, x = f"{table}.{name}", Rows(facts, table).text(name)
    other, key = facts.target(table, name)
    check = Check(f"{at}.reference", table, (name,), "reference", f"names a row of {other} by its {key}", "joined")
    if facts.column(other, key).hidden:
        yield replace(check, scope="none", skipped=f'"{other}.{key}" is hidden')
        return
    alias = f"t {name}"
    broken = f"{x} IS NOT NULL AND {quoted(alias)}.{quoted(key)} IS NULL"
    yield replace(check, broken=broken, joins={alias: ("t", name, other, key)})
    if column.to.startswith("self."):
        yield _earlier(facts, table, name, key)
    if column.distinct:
        owner = facts.owner_column(table)
        found = Check(f"{at}.distinct", table, (owner or "", name), "distinct", "differs among the rows of one owner", "unique")
        yield found if owner else replace(found, scope="none", columns=(name,), skipped="no written column names the owner")


def _earlier(facts: Facts, table: str, name: str, key: str) -> Check:
    """Trees: a row refers to an earlier one."""
    check = Check(f"{table}.{name}.earlier", table, (name,), "earlier", "names an earlier row")
    stated = facts.column(table, key)
    if isinstance(stated, c.KeyColumn) and not (stated.shuffled or stated.format or stated.uuid or stated.pattern):
        rows = Rows(facts, table)
        return replace(check, broken=f"{rows.text(name)} >= {rows.text(key)}")
    return replace(check, scope="none", skipped="keys without an order do not tell which row is earlier")


def _units(text: str, decimals: int | None) -> str:
    """A number in whole units of its last digit, which add up without error."""
    return f"({text})::DOUBLE" if decimals is None else f"round_even(({text})::DOUBLE * 1e{decimals}, 0)"


def _equal(a: str, b: str, decimals: int | None) -> str:
    """Whether two figures differ; those of no fixed number of digits are compared to nine."""
    if decimals is not None:
        return f"{_units(a, decimals)} IS DISTINCT FROM {b}"
    return f"(({a}) IS NULL) <> (({b}) IS NULL) OR abs(({a}) - ({b})) > 1e-9 * greatest(1, abs({b}))"


def _aggregate(facts: Facts, table: str, name: str, column: c.AggregateColumn, absent: str | None) -> Check:
    child, _, of = column.of.partition(".")
    label, what = f"{table}.{name}.aggregate", f"is the {column.by} of {column.of}"
    owner = facts.owner_column(child)
    why = "" if owner else f'no written column of "{child}" names the row'
    own = f'"o".{quoted(name)}'
    try:
        term = Rows(facts, child, "t").term(of)
    except Unseen as reason:
        return _owned(facts, label, child, (name,), "aggregate", what, "false", {}, str(reason), of=table)
    decimals = facts.decimals(child, of)
    figure, broken = _figure(column.by, term, decimals, own)
    key = f"{column.by} of {of}"
    text = broken.replace("@", f'"f".{quoted(key)}')
    text = text if absent is None else f"({text}) AND NOT ({absent.replace(ALIAS, OWNER)})"
    return _owned(facts, label, child, (name,), "aggregate", what, text, {key: figure}, why, of=table, doubt=())


def _figure(by: str, term: SqlTerm, decimals: int | None, own: str) -> tuple[str, str]:
    """SQL of a figure over an owner's rows, and of its being unlike the owner's own; @ stands for the figure."""
    units = _units(term.text, decimals)
    match by:
        case "sum":
            return f"sum({units})", _equal(own, "coalesce(@, 0)", decimals)
        case "count":
            return f"count({term.text})", f"{own} IS DISTINCT FROM coalesce(@, 0)"
        case "mean":
            scale = 1 if decimals is None else 10**decimals
            return f"sum({units}) / {scale}e0 / nullif(count({term.text}), 0)", _equal(own, "@", None)
        case "min" | "max":
            return f"{by}({term.text})", f"{own} IS DISTINCT FROM @"
    pick = "arg_min_null" if by == "first" else "arg_max_null"
    return f'{pick}({term.text}, "t"."row number")', f"{own} IS DISTINCT FROM @"


def _along(facts: Facts, table: str, name: str, column: c.Column, absent: str | None) -> Check:
    """A check against the row before, or some rows on, of the same owner."""
    rule = {"state": "transitions", "ordinal": "ordinal", "sibling": "of", "running": "running"}[column.type]
    owner = facts.owner_column(table)
    check = Check(f"{table}.{name}.{rule}", table, (name,), rule, "", "along")
    try:
        if owner is None:
            raise Unseen("no written column names the owner")
        found = _walked(facts, table, name, column, quoted(owner), check)
    except Unseen as why:
        return replace(check, scope="none", what="follows from the rows before", skipped=str(why))
    return found if absent is None else replace(found, broken=f"({found.broken}) AND NOT ({absent})")


def _walked(facts: Facts, table: str, name: str, column: c.Column, owner: str, check: Check) -> Check:
    x, own = f'"t".{quoted(name)}', f'"t".{owner}'
    windows = {"owner before": f"lag({owner}) OVER ()"}
    same = f'({own} = "t"."owner before") IS TRUE'
    before = f'"t".{quoted(f"{name} before")}'
    windows[f"{name} before"] = f"lag({quoted(name)}) OVER ()"
    match column:
        case c.OrdinalColumn():
            broken = f"{x} IS DISTINCT FROM CASE WHEN {same} THEN {before} + 1 ELSE 1 END"
            return replace(check, what="counts the rows of an owner from 1", broken=broken, windows=windows)
        case c.StateColumn():
            return replace(check, what="begins and goes on as its chain allows", broken=_steps(column, x, before, same), windows=windows)
        case c.SiblingColumn():
            return _sibling(facts, table, column, x, own, owner, check)
        case c.RunningColumn():
            return _running(facts, table, name, column, same, check, windows)
    raise Unseen("no rule runs along it")


def _steps(column: c.StateColumn, x: str, before: str, same: str) -> str:
    """True where a state is none to begin with, or no way leads from the one before to it."""
    onward = {state: {to for to, chance in ways.items() if chance > 0} for state, ways in column.transitions.items() if ways}
    ways = [(state, to) for state in column.states for to in sorted(onward.get(state, {state}))]
    begins = [state for state, chance in column.initial.items() if chance > 0]
    allowed = f"({before}, {x}) IN ({', '.join(f'({literal(a)}, {literal(b)})' for a, b in ways)})"
    first = f"{x} IN ({', '.join(map(literal, begins))})"
    return f"{x} IS NOT NULL AND NOT coalesce(CASE WHEN {same} THEN {before} IS NULL OR {allowed} ELSE {first} END, true)"


def _sibling(facts: Facts, table: str, column: c.SiblingColumn, x: str, own: str, owner: str, check: Check) -> Check:
    if facts.column(table, column.of).hidden:
        raise Unseen(f'"{column.of}" is hidden')
    way, steps = ("lead", column.step) if column.step >= 0 else ("lag", -column.step)
    ahead, whose = f"{column.of} {column.step} on", f"owner {column.step} on"
    windows = {ahead: f"{way}({quoted(column.of)}, {steps}) OVER ()", whose: f"{way}({owner}, {steps}) OVER ()"}
    there = f'({own} = "t".{quoted(whose)}) IS TRUE'
    broken = f'{x} IS DISTINCT FROM CASE WHEN {there} THEN "t".{quoted(ahead)} END'
    return replace(check, what=f"is {column.of} {column.step} rows on", broken=broken, windows=windows)


def _running(facts: Facts, table: str, name: str, column: c.RunningColumn, same: str, check: Check, windows: dict[str, str]) -> Check:
    term = Rows(facts, table).term(column.of)
    decimals = facts.decimals(table, column.of)
    x, before = f'"t".{quoted(name)}', f'"t".{quoted(f"{name} before")}'
    what = f"is the {column.by} of {column.of} so far"
    if column.by == "mean" or facts.column(table, name).nulls != 0.0:
        raise Unseen("a mean so far is not found from the row before" if column.by == "mean" else "it is missing in some rows")
    last = f"CASE WHEN {same} THEN {before} END"
    if column.by == "sum":
        broken = _equal(x, f"coalesce({_units(last, decimals)}, 0) + coalesce({_units(term.text, decimals)}, 0)", decimals)
    elif column.by == "count":
        broken = f"{x} IS DISTINCT FROM coalesce({last}, 0) + ({term.text} IS NOT NULL)::BIGINT"
    else:
        pick = "least" if column.by == "min" else "greatest"
        broken = f"{x} IS DISTINCT FROM {pick}({last}, {term.text})"
    return replace(check, what=what, broken=broken, windows=windows)


def _sums(facts: Facts, table: str) -> Iterator[Check]:
    """Totals whose parts are columns of the row, or rows that belong to it."""
    wholes: dict[str, list[str]] = {}
    for name, column in facts.table(table).columns.items():
        if isinstance(column, c.PartColumn):
            wholes.setdefault(column.of, []).append(name)
    for of, parts in wholes.items():
        if of in facts.table(table).columns:
            yield _sum_in_row(facts, table, of, parts)
        else:
            yield _sum_of_rows(facts, table, of, parts[0])


def _sum_in_row(facts: Facts, table: str, of: str, parts: list[str]) -> Check:
    rows, decimals = Rows(facts, table), facts.decimals(table, of)
    check = Check(f"{table}.{of}.parts", table, (of, *parts), "parts", f"is the sum of {', '.join(parts)}")
    try:
        total, terms = rows.term(of), [rows.term(part) for part in parts]
    except Unseen as why:
        return replace(check, scope="none", skipped=str(why))
    if any(facts.column(table, part).nulls != 0.0 for part in parts):
        return replace(check, scope="none", skipped="parts are missing in some rows")
    summed = " + ".join(_units(term.text, decimals) for term in terms)
    return replace(check, broken=f"{_units(total.text, decimals)} IS DISTINCT FROM {summed}")


def _sum_of_rows(facts: Facts, table: str, of: str, part: str) -> Check:
    owner, _, total = of.partition(".")
    label, what = f"{owner}.{total}.parts of {table}", f"is the sum of {table}.{part}"
    decimals = facts.decimals(table, of)
    try:
        term, whole = Rows(facts, table).term(part), Rows(facts, owner, "o").term(total)
    except Unseen as reason:
        return _owned(facts, label, table, (total,), "parts", what, "false", {}, str(reason), of=owner)
    key = f"parts {part}"
    broken = f'"f"."n" > 0 AND {_units(f"coalesce({whole.text}, 0)", decimals)} IS DISTINCT FROM "f".{quoted(key)}'
    why = "" if facts.owner_column(table) else "no written column names the owner"
    return _owned(facts, label, table, (total,), "parts", what, broken, {key: f"sum({_units(term.text, decimals)})"}, why, of=owner)


def _rule(facts: Facts, table: str, rule: str, formula: str) -> Check:
    rows = Rows(facts, table)
    check = Check(f"{table}.rules.{rule}", table, facts.names_in(formula), rule, formula)
    try:
        term = rows.formula(formula)
    except Unseen as why:
        return replace(check, scope="none", skipped=str(why))
    # As a CHECK in SQL: unknown is not broken.
    return _placed(replace(check, broken=f"({term.text}) IS FALSE", doubt=term.doubt), rows, None, "")
