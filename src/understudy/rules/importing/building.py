"""From what a schema declares to a spec that generates at once: keys and references first, then values, then orders between columns."""

from __future__ import annotations

from typing import Any

from understudy.core.errors import SchemaError
from understudy.data.expression import parse
from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredOrder
from understudy.rules.importing.imported import Imported
from understudy.rules.importing.names import SENTENCES, WORDS, comes_before
from understudy.rules.importing.relations import TablePlan, plan_relations
from understudy.rules.importing.values import settle_kind, value_column
from understudy.rules.spec import Spec

Facts = dict[str, Any]
_OWN_LAW = ("between", "law", "weekdays", "months", "holidays", "growth", "hours")
NULLS = 0.1
ROWS = 1000


def build(declared: Declared, *, rows: int = ROWS, scale: float = 1.0) -> Imported:
    """The spec of a declared schema.

    Args:
        rows: of each table whose number of rows is not known.
        scale: so many times the rows.

    Raises:
        SchemaError: there is no table.
    """
    if not any(table.columns for table in declared.tables.values()):
        raise SchemaError("The schema declares no table with columns.", where=declared.name)
    declared.tables = {name: table for name, table in declared.tables.items() if table.columns}
    for table in declared.tables.values():
        for column in table.columns.values():
            settle_kind(declared, table, column)
        if table.rows is not None:
            table.rows = max(min(table.rows, 1), round(table.rows * scale))
    plans = plan_relations(declared, max(1, round(rows * scale)))
    tables = {name: _table(declared, plans[name]) for name in declared.tables}
    return Imported(
        Spec.from_dict({"name": declared.name, "lists": _lists(declared, tables), "tables": tables}, declared.name), declared.notes
    )


def _table(declared: Declared, plan: TablePlan) -> Facts:
    table = plan.table
    columns = {
        name: plan.columns.get(name) or value_column(declared, table, column, even=name in plan.drawn)
        for name, column in table.columns.items()
    }
    _guess_orders(declared, plan, columns)
    for order in table.orders:
        _keep_order(declared, plan, columns, order)
    empty = False
    for name, column in table.columns.items():
        empty |= _leave_empty(plan, columns[name], column)
        if column.description:
            columns[name] = {**columns[name], "description": column.description}
    if empty:
        declared.note("guessed", f"columns that may be missing are in {NULLS:.0%} of rows", table.name)
    people: Facts = {facts["who"]: {} for facts in columns.values() if facts["type"] == "person" and facts.get("who", "person") != "person"}
    unique = [list(names) for names in dict.fromkeys(table.unique) if names != table.key]
    return {
        **({"per": plan.per} if plan.per is not None else {"rows": round(plan.rows)}),
        **({"key": list(table.key)} if table.key else {}),
        **({"people": people} if people else {}),
        "columns": {**columns, **plan.hidden},
        **({"correlations": table.correlations} if table.correlations else {}),
        **({"unique": unique} if unique else {}),
        **({"rules": table.rules} if table.rules else {}),
    }


def _leave_empty(plan: TablePlan, facts: Facts, column: DeclaredColumn) -> bool:
    """Give a column its missing values; whether their share is a guess."""
    own = column.column is not None or column.formula is not None or "through" in facts
    owner = plan.owner is not None and column.name in plan.owner.columns
    if own or owner or not column.nullable or column.name in plan.table.key:
        return False
    if column.nulls is not None:
        if column.nulls != 0:
            facts["nulls"] = column.nulls
        return False
    if facts.get("to", "").startswith("self."):
        return False
    facts["nulls"] = NULLS
    return True


def _lists(declared: Declared, tables: dict[str, Facts]) -> Facts:
    """The lists that columns name, with their words."""
    used = {facts["list"] for table in tables.values() for facts in table["columns"].values() if facts["type"] == "list"}
    half = len(WORDS) // 2
    pairs = [f"{a.capitalize()} {b.capitalize()}" for i, a in enumerate(WORDS[:half]) for b in (WORDS[half + i], WORDS[-1 - i]) if a != b]
    known: dict[str, list[str]] = {"words": WORDS, "sentences": SENTENCES, "names": list(dict.fromkeys(pairs))}
    own = {name: source.model_dump(mode="json", exclude_defaults=True) for name, source in declared.lists.items() if name in used}
    return {**{name: {"values": values} for name, values in known.items() if name in used and name not in own}, **own}


# ---- orders


def _guess_orders(declared: Declared, plan: TablePlan, columns: Facts) -> None:
    """Moments whose names come one after the other, such as created and updated."""
    days = [c for c in plan.table.columns.values() if c.kind in ("date", "datetime") and "between" in columns[c.name] and c.column is None]
    stated = {frozenset((order.low, order.high)) for order in plan.table.orders}
    for later in days:
        for earlier in days:
            pair = frozenset((earlier.name, later.name))
            if earlier.kind == later.kind and earlier is not later and comes_before(earlier.name, later.name) and pair not in stated:
                plan.table.orders.append(DeclaredOrder(earlier.name, later.name, guessed=True))
                stated.add(pair)
                declared.note("guessed", f'not before "{earlier.name}"', plan.table.name, later.name)
                break


def _keep_order(declared: Declared, plan: TablePlan, columns: Facts, order: DeclaredOrder) -> None:
    """Make one column beside the other; a rule where neither can be."""
    table = plan.table
    low, high = table.columns[order.low], table.columns[order.high]
    pair = ((high, low, "above"), (low, high, "below"))
    sure = (high.nullable and not low.nullable) or high.nullable == low.nullable
    for made, base, side in pair if sure else reversed(pair):
        if _free(plan, columns[made.name]) and not _leads_to(columns, base.name, made.name):
            _share_bounds(columns, low.name, high.name)
            columns[made.name] = _beside(columns[made.name], columns[base.name], base.name, side, order.strict)
            return
    if order.guessed:
        return
    kept = table.add_rule(f"{_named(order.low)} {'<' if order.strict else '<='} {_named(order.high)}", f"{order.low}_before_{order.high}")
    declared.note("changed", f'kept as the rule "{kept}": rows that break it are drawn again', table.name, f"{order.low}, {order.high}")


def _free(plan: TablePlan, facts: Facts) -> bool:
    if facts["type"] not in ("integer", "decimal", "date", "datetime") or facts in plan.columns.values():
        return False
    return "above" not in facts and "below" not in facts


def _leads_to(columns: Facts, start: str, goal: str) -> bool:
    """Whether one column is made from the other already."""
    waiting, seen = [start], set()
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name in seen or name not in columns:
            continue
        seen.add(name)
        facts = columns[name]
        waiting += [facts[key] for key in ("above", "below") if key in facts]
        waiting += parse(facts["formula"]).columns if "formula" in facts else []
    return False


def _share_bounds(columns: Facts, low: str, high: str) -> None:
    """The smaller column stays under the greater one's upper bound, the greater one over the smaller one's lower bound."""
    below, above = columns[low], columns[high]
    if "high" in above and "high" in below:
        below["high"] = min(below["high"], above["high"])
    if "low" in above and "low" in below:
        above["low"] = max(above["low"], below["low"])
    for facts in (below, above):
        if "low" in facts and "high" in facts and facts["low"] > facts["high"]:
            facts["high"] = facts["low"]


def _beside(facts: Facts, base: Facts, name: str, side: str, strict: bool) -> Facts:
    kept = {key: value for key, value in facts.items() if key not in _OWN_LAW}
    if facts["type"] in ("date", "datetime"):
        far = "between" in base and "between" in facts and int(facts["between"][0][:4]) - int(base["between"][0][:4]) > 20
        if far:
            return {**kept, side: name, "gap": {"norm": {"loc": 11_000, "scale": 2000}}, "unit": "days"}
        return {**kept, side: name, "gap": {"expon": {"loc": 1 if strict else 0, "scale": 10}}, "unit": "days"}
    span = max(1.0, float(facts.get("high", 1000)) - float(facts.get("low", 0)))
    step = 1 if facts["type"] == "integer" else 10.0 ** -facts.get("decimals", 2)
    if facts["type"] == "integer":
        return {**kept, side: name, "gap": {"randint": {"low": step if strict else 0, "high": max(2, round(span / 4))}}}
    return {**kept, side: name, "gap": {"uniform": {"loc": step if strict else 0, "scale": span / 4}}}


def _named(name: str) -> str:
    return name if name.isidentifier() else f'col("{name}")'
