"""Columns that never repeat, in the whole table or among the rows of one owner, whatever their type."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from understudy.rules.importing.declared import Declared, DeclaredColumn
from understudy.rules.importing.names import guessed
from understudy.rules.importing.patterns import readable_regex

if TYPE_CHECKING:
    from understudy.rules.importing.relations import TablePlan

Facts = dict[str, Any]
_FIRST_DAY = "2015-01-01"
_ROOM_TO_GROW = 1000
"""Keys of texts are long enough for so many times the rows."""


def never_repeating(declared: Declared, plan: TablePlan, column: DeclaredColumn) -> Facts | None:
    """What makes a column differ in all rows of the table; None where its type has too few values."""
    if column.choices or column.kind in ("boolean", "binary", "time"):
        return None
    match column.kind:
        case "integer":
            return _numbers(declared, plan, column)
        case "uuid":
            return {"type": "key", "uuid": True}
        case "date" | "datetime":
            return _days(plan, column, plan.hide("_n", {"type": "key"}))
        case "decimal":
            number = plan.hide("_n", {"type": "key"})
            step = 10 ** (column.decimals or 0)
            return {"type": "expression", "formula": f"{number} / {step}" if step > 1 else number, "decimals": column.decimals or 0}
    return _texts(declared, plan, column)


def differing(plan: TablePlan, column: DeclaredColumn) -> tuple[Facts | None, int | None]:
    """What makes a column differ among the rows of one owner, and the most rows that an owner can then have."""
    if column.choices or column.kind == "boolean":
        values = list(dict.fromkeys(column.choices or [False, True]))
        if len(values) < 2:
            return None, None
        nth = plan.hide("_nth", {"type": "ordinal"})
        cases = [{"when": f"{nth} == {i + 1}", "then": value} for i, value in enumerate(values[:-1])]
        return {"type": "case", "cases": cases, "else": values[-1]}, len(values)
    if column.kind == "integer" and (column.low is None or column.low <= 1):
        return {"type": "ordinal"}, int(min(column.high or 10_000, 10_000_000))
    if column.kind == "integer":
        nth = plan.hide("_nth", {"type": "ordinal"})
        start = math.ceil(column.low or 0)
        return {"type": "expression", "formula": f"{nth} + {start - 1}"}, int(min((column.high or start + 10_000) - start + 1, 10_000_000))
    if column.kind == "decimal":
        nth = plan.hide("_nth", {"type": "ordinal"})
        return {"type": "expression", "formula": nth, "decimals": column.decimals or 0}, None
    if column.kind in ("date", "datetime"):
        return _days(plan, column, plan.hide("_nth", {"type": "ordinal"}), apart=30), None
    if column.kind == "uuid":
        return {"type": "key", "uuid": True}, None
    return None, None


def _numbers(declared: Declared, plan: TablePlan, column: DeclaredColumn) -> Facts:
    start = column.start
    if column.low is not None and column.low > start:
        start = math.ceil(column.low)
    if column.high is not None and start + plan.rows - 1 > column.high:
        text = f"the type holds numbers up to {column.high:,.0f}, fewer than the table has rows"
        declared.note("left out", text, plan.table.name, column.name)
    return {"type": "key", **({"start": start} if start != 1 else {})}


def _days(plan: TablePlan, column: DeclaredColumn, number: str, apart: int = 1) -> Facts:
    """A day or moment for each number, so many days apart; moments an hour apart."""
    first = plan.hide("_first_day", {"type": "date", "between": [column.first or _FIRST_DAY] * 2})
    steps = f"{number} * {apart}" if apart > 1 else number if column.kind == "date" else f"{number} / 24"
    return {"type": "expression", "formula": f"add_days({first}, {steps})"}


def _texts(declared: Declared, plan: TablePlan, column: DeclaredColumn) -> Facts | None:
    """E-mail addresses stay such; other texts are codes: initials of the table and a number, as the room allows."""
    if column.pattern is not None and (regex := readable_regex(column.pattern)) is not None:
        return {"type": "pattern", "regex": regex, "unique": True}
    facts = guessed(column, plan.table) or {}
    if facts.get("type") == "person" and facts.get("field") == "email" and column.least_length <= 6:
        return facts
    room = column.length or 64
    needed = max(4, math.ceil(math.log10(max(10.0, plan.rows * _ROOM_TO_GROW))))
    initials = "".join(word[0] for word in plan.table.words if word[0].isalpha())[:3].upper() or "K"
    if room >= needed + len(initials) and column.least_length <= needed + len(initials):
        return {"type": "key", "format": f"{initials}{{:0{needed}d}}"}
    width = max(room if column.length is not None else column.least_length, 1)
    if 26.0**width >= plan.rows * 2:
        return {"type": "key", "pattern": f"[A-Z]{{{width}}}"}
    if 36.0**width >= plan.rows:
        return {"type": "key", "pattern": f"[A-Z0-9]{{{width}}}"}
    declared.note("left out", f"{width} characters are too few for {plan.rows:,.0f} different texts", plan.table.name, column.name)
    return None
