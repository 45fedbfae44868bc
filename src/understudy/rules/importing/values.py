"""What makes the values of a column that is no key and no reference: what is declared of it first, then its name, then its type."""

from __future__ import annotations

from typing import Any

from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredTable, Kind
from understudy.rules.importing.names import UUID_REGEX, guessed
from understudy.rules.importing.patterns import readable_regex

Facts = dict[str, Any]
FIRST, LAST = "2022-01-01", "2025-12-31"
_FORMATS = {
    "email": "email", "idn-email": "email", "uri": "url", "url": "url", "uri-reference": "url", "ipv4": "ip_address", "uuid": "uuid",
    "hostname": "host", "password": "password",
}  # fmt: skip
_CUT = ("person", "word", "list", "template")
_FAR = 0.2


def value_column(declared: Declared, table: DeclaredTable, column: DeclaredColumn, *, even: bool = False) -> Facts:
    """A column's making, with everything declared of it kept. even: choices have equal chances."""
    if column.column is not None:
        return {"type": column.column.type, **column.column.model_dump(exclude_defaults=True)}
    if column.formula is not None:
        decimals = {"decimals": column.decimals} if column.kind == "decimal" and column.decimals is not None else {}
        return {"type": "expression", "formula": column.formula, **decimals}
    if column.choices:
        return {"type": "choice", "values": list(column.choices) if even else _weighed(column)}
    if even and column.kind == "boolean":
        return {"type": "boolean", "share": 0.5}
    facts = _by_pattern(declared, table, column) or _by_name(declared, table, column) or _by_type(declared, table, column)
    return _within(declared, table, column, facts)


def settle_kind(declared: Declared, table: DeclaredTable, column: DeclaredColumn) -> None:
    """Take a column without a type for what its name says."""
    if column.kind != "unknown" or column.column is not None:
        return
    words = column.words or ["x"]
    if column.choices:
        sorts = {type(value) for value in column.choices}
        column.kind = "text" if str in sorts else "decimal" if float in sorts else "integer"
    elif column.low is not None or column.high is not None:
        column.kind = "decimal"
    elif words[-1] in ("at", "time", "timestamp", "datetime", "ts"):
        column.kind = "datetime"
    elif words[-1] in ("date", "day", "on", "dob", "birthday"):
        column.kind = "date"
    elif words[0] in ("is", "has", "was", "can"):
        column.kind = "boolean"
    elif words[-1] == "id":
        column.kind = "integer"
    else:
        kinds: tuple[Kind, ...] = ("text", "decimal", "integer", "date")
        tried = [(kind, guessed(DeclaredColumn(column.name, kind), table)) for kind in kinds]
        named: list[Kind] = [kind for kind, facts in tried if facts is not None]
        column.kind = named[0] if named else "text"
    declared.note("guessed", f"its type is not declared; by its name it is taken for {column.kind}", table.name, column.name)


def _weighed(column: DeclaredColumn) -> Any:
    """Choices, the default more often than the others."""
    choices = list(column.choices or [])
    if column.default in choices and len(choices) > 1 and not any(isinstance(v, bool) for v in choices):
        return {value: (3.0 if value == column.default else 1.0) for value in choices}
    return choices


def _by_pattern(declared: Declared, table: DeclaredTable, column: DeclaredColumn) -> Facts | None:
    if column.pattern is not None and column.kind in ("text", "unknown"):
        regex = readable_regex(column.pattern)
        if regex is not None:
            return {"type": "pattern", "regex": regex}
        declared.note("left out", f"the pattern {column.pattern} asks for more than can be made", table.name, column.name)
    word = _FORMATS.get(column.format or "")
    if word is None or column.kind not in ("text", "unknown"):
        return None
    likeness = DeclaredColumn(word, "text", length=column.length)
    return guessed(likeness, DeclaredTable("t"))


def _by_name(declared: Declared, table: DeclaredTable, column: DeclaredColumn) -> Facts | None:
    found = guessed(column, table)
    if found is None:
        return None
    facts = dict(found)
    if "years" in facts:
        first, last = facts.pop("years")
        facts = {"type": column.kind, "between": [f"{first}-01-01", f"{last}-12-31"]}
    if facts["type"] == "choice":
        shown = ", ".join(str(value) for value in facts["values"])
        declared.note("guessed", f"its values, by its name: {shown}", table.name, column.name)
    if facts["type"] == "integer" and column.kind == "decimal":
        facts = {**facts, "type": "decimal", "decimals": 0}
    return facts


def _by_type(declared: Declared, table: DeclaredTable, column: DeclaredColumn) -> Facts:
    match column.kind:
        case "integer":
            return {"type": "integer", "low": 0, "high": 1000}
        case "decimal":
            return {"type": "decimal", "low": 0, "high": 1000, "decimals": 2}
        case "boolean":
            return {"type": "boolean"}
        case "date":
            return {"type": "date", "between": [FIRST, LAST]}
        case "datetime":
            return {"type": "datetime", "between": [FIRST, LAST]}
        case "time":
            return {"type": "time"}
        case "uuid":
            return {"type": "pattern", "regex": UUID_REGEX}
        case "binary":
            return _binary(declared, table, column)
    return _any_text(column)


def _binary(declared: Declared, table: DeclaredTable, column: DeclaredColumn) -> Facts:
    if column.nullable:
        column.nulls = 1.0
        declared.note("left out", "binary values are not made: it is empty in all rows", table.name, column.name)
        return {"type": "constant", "value": ""}
    declared.note("changed", "binary values are made as hexadecimal text of 8 bytes, such as PostgreSQL reads", table.name, column.name)
    return {"type": "pattern", "regex": r"\\x([0-9a-f]{2}){8}"}


def _any_text(column: DeclaredColumn) -> Facts:
    """A name of two words, a word, or letters: as there is room."""
    room = column.length
    if room is None or room >= 15:
        return {"type": "list", "list": "names"}
    if room >= 8:
        return {"type": "list", "list": "words"}
    return {"type": "pattern", "regex": f"[A-Z]{{{room}}}" if room <= 3 else f"[a-z]{{3,{room}}}"}


# ---- what is declared, kept


def _within(declared: Declared, table: DeclaredTable, column: DeclaredColumn, facts: Facts) -> Facts:
    if facts["type"] in ("integer", "decimal"):
        return _within_bounds(declared, table, column, dict(facts))
    if facts["type"] in ("date", "datetime"):
        return _within_days(column, dict(facts))
    if facts["type"] == "person" and facts["field"] == "age" and (column.low is not None or column.high is not None):
        low, high = max(18.0, column.low or 18.0), min(90.0, column.high or 90.0)
        if low > high:
            return _within_bounds(declared, table, column, {"type": "integer", "low": 0, "high": 120})
        return {"type": "integer", "low": low, "high": high}
    if column.kind in ("text", "unknown"):
        return _within_room(declared, table, column, facts)
    if facts["type"] == "choice" and column.kind in ("integer", "decimal") and (column.low is not None or column.high is not None):
        least, most = column.low, column.high
        kept = {v: w for v, w in facts["values"].items() if (least is None or v >= least) and (most is None or v <= most)}
        if not kept:
            return _within_bounds(declared, table, column, {"type": column.kind, "low": 0, "high": 1000})
        return {"type": "choice", "values": kept}
    return facts


def _within_bounds(declared: Declared, table: DeclaredTable, column: DeclaredColumn, facts: Facts) -> Facts:
    """Bounds declared are kept; where they leave little of a guessed law, the law goes."""
    low, high = column.low, column.high
    if column.kind == "decimal":
        decimals = column.decimals if column.decimals is not None else facts.get("decimals", 2)
        facts["decimals"] = min(decimals, 6) if column.decimals is None else min(decimals, 15)
        if column.digits is not None:
            room = 10.0 ** (column.digits - (column.decimals or 0)) - 10.0 ** -(column.decimals or 0)
            high = room if high is None else min(high, room)
    guess_low, guess_high = facts.get("low", 0), facts.get("high", 1000)
    lowest = guess_low if low is None else max(low, guess_low)
    highest = guess_high if high is None else min(high, guess_high)
    if lowest > highest or (lowest == highest and low != high):
        lowest = low if low is not None else (high or 0) - 1000
        highest = high if high is not None else lowest + 1000
        if lowest > highest:
            declared.note("left out", f"no number lies between {lowest:g} and {highest:g}", table.name, column.name)
            lowest, highest = highest, lowest
        facts.pop("law", None)
    if column.low is not None and column.low < guess_low and "law" not in facts:
        lowest = column.low
    if column.high is not None and column.low is not None and column.kind == "decimal" and "law" not in facts:
        highest = max(highest, column.high)
    if facts["type"] == "integer":
        lowest, highest = int(lowest), int(highest)
    if "law" in facts and _mass(facts["law"], lowest, highest) < _FAR:
        facts.pop("law")
    return {**facts, "low": lowest, "high": highest}


def _mass(law: Facts, low: float, high: float) -> float:
    """How much of a distribution lies between two bounds."""
    from scipy import stats

    ((name, parameters),) = law.items()
    frozen = getattr(stats, name)(**parameters)
    return float(frozen.cdf(high) - frozen.cdf(low - 1e-9))


def _within_days(column: DeclaredColumn, facts: Facts) -> Facts:
    if "between" not in facts:
        return facts
    first, last = facts["between"]
    if column.first is not None:
        first = max(first, column.first) if column.first <= last else column.first
    if column.last is not None:
        last = min(last, column.last) if column.last >= first else column.last
    if first > last and column.first is not None:
        last = f"{int(column.first[:4]) + 4:04d}-12-31"
    elif first > last:
        first = f"{int(last[:4]) - 4:04d}-01-01"
    return {**facts, "between": [first, last]}


def _within_room(declared: Declared, table: DeclaredTable, column: DeclaredColumn, facts: Facts) -> Facts:
    if column.least_length > 0 and (facts["type"] != "pattern" or column.pattern is None):
        most = max(column.least_length, min(column.length or column.least_length + 8, column.least_length + 8))
        declared.note("changed", f"letters, so that there are at least {column.least_length} characters", table.name, column.name)
        return {"type": "pattern", "regex": f"[a-z]{{{column.least_length},{most}}}"}
    if column.length is None:
        return facts
    if facts["type"] in _CUT:
        return {**facts, "longest": column.length}
    if facts["type"] == "choice" and any(len(str(value)) > column.length for value in facts["values"]):
        return {"type": "pattern", "regex": f"[A-Z]{{{min(column.length, 3)}}}"}
    return facts
