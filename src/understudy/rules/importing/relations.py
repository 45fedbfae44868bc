"""Keys and foreign keys made so that they hold by construction.

| declared | made |
|---|---|
| a key of one column | numbers, texts or identifiers that never repeat |
| a foreign key | a reference to the other table's key, drawn with equal chances |
| a foreign key inside a key or a unique set | rows that belong to those of the other table (`per`); the rest differs among them |
| a key of two foreign keys | `per` one of them, and a distinct reference to the other |
| a foreign key of several columns | one hidden reference, and a `parent` column for each part |
| a foreign key to its own table | earlier rows of the table |
| tables that refer to one another in a circle | one nullable reference left empty |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from understudy.rules.importing.declared import Declared, DeclaredColumn, DeclaredReference, DeclaredTable, free_name
from understudy.rules.importing.uniqueness import differing, never_repeating
from understudy.rules.spec import FanOut

Facts = dict[str, Any]
MOST = FanOut.model_fields["most"].default
CHILDREN = 3.0
"""Rows that belong to each row of an owner, where nothing is known."""
ROOTS = 0.05


@dataclass
class TablePlan:
    """How the keys and references of a table are made. unique: columns that never repeat in the whole table; drawn:
    columns whose combinations do not, so that they have equal chances."""

    table: DeclaredTable
    rows: float
    owner: DeclaredReference | None = None
    per: Facts | None = None
    columns: dict[str, Facts] = field(default_factory=dict)
    hidden: dict[str, Facts] = field(default_factory=dict)
    unique: set[str] = field(default_factory=set)
    made: set[DeclaredReference] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)

    def hide(self, wanted: str, facts: Facts) -> str:
        """Add a hidden column; the same facts again are the same column."""
        for name, known in self.hidden.items():
            if known == {**facts, "hidden": True}:
                return name
        name = free_name(wanted, [*self.table.columns, *self.hidden])
        self.hidden[name] = {**facts, "hidden": True}
        return name


def plan_relations(declared: Declared, rows: int) -> dict[str, TablePlan]:
    """A plan for every table, parents first where that is possible."""
    for table in declared.tables.values():
        table.references = list(_sound(declared, table))
    _break_circles(declared)
    plans: dict[str, TablePlan] = {}
    for name in parents_first(declared):
        table = declared.tables[name]
        plan = plans[name] = TablePlan(table, float(table.rows if table.rows is not None else rows))
        _give_owner(declared, plans, plan)
        _settle_unique_sets(declared, plans, plan)
        for reference in sorted(table.references, key=lambda r: -len(r.columns)):
            _refer(declared, plans, plan, reference)
    return plans


def parents_first(declared: Declared) -> list[str]:
    """The tables, each after those it refers to; in a circle, in the order declared."""
    order: list[str] = []
    waiting = list(declared.tables)
    while waiting:
        free = [n for n in waiting if all(r.table == n or r.table not in waiting for r in declared.tables[n].references)]
        for name in free or waiting[:1]:
            order.append(name)
            waiting.remove(name)
    return order


def _sound(declared: Declared, table: DeclaredTable) -> list[DeclaredReference]:
    """The references that name a table and as many of its columns as they have."""
    sound: list[DeclaredReference] = []
    for reference in table.references:
        place = ", ".join(reference.columns)
        target = declared.tables.get(reference.table)
        if target is None:
            declared.note("left out", f'a reference to the table "{reference.table}", which is not in the schema', table.name, place)
            continue
        to = reference.to or target.key
        if len(to) != len(reference.columns) or any(name not in target.columns for name in to):
            declared.note("left out", f'a reference to "{reference.table}" that does not name its key', table.name, place)
            continue
        found = DeclaredReference(reference.columns, reference.table, tuple(to), reference.owns)
        if found not in sound:
            sound.append(found)
    return sound


def _break_circles(declared: Declared) -> None:
    """Leave a nullable reference of every circle of tables empty, so that their rows can be loaded parents first."""
    while (circle := _circle(declared)) is not None:
        for name, reference in circle:
            table = declared.tables[name]
            bound = {column for names in (table.key, *table.unique) for column in names}
            if all(table.columns[c].nullable for c in reference.columns) and not bound & set(reference.columns):
                for column in reference.columns:
                    table.columns[column].nulls = 1.0
                table.references.remove(reference)
                way = " → ".join([*(step for step, _ in circle), circle[0][0]])
                text = f"{way} is a circle: the reference is empty in all rows, so that the tables can be filled one after the other"
                declared.note("changed", text, name, ", ".join(reference.columns))
                break
        else:
            way = " → ".join([*(step for step, _ in circle), circle[0][0]])
            declared.note("guessed", f"{way} is a circle without a nullable reference: load with deferred constraints", circle[0][0])
            return


def _circle(declared: Declared) -> list[tuple[str, DeclaredReference]] | None:
    done: set[str] = set()

    def walk(name: str, path: list[tuple[str, DeclaredReference]]) -> list[tuple[str, DeclaredReference]] | None:
        for reference in declared.tables[name].references:
            if reference.table == name or reference.table in done:
                continue
            on_path = [step for step, _ in path]
            if reference.table in [*on_path, name]:
                whole = [*path, (name, reference)]
                return whole[[step for step, _ in whole].index(reference.table) :]
            found = walk(reference.table, [*path, (name, reference)])
            if found is not None:
                return found
        done.add(name)
        return None

    for start in declared.tables:
        found = walk(start, [])
        if found is not None:
            return found
    return None


# ---- owners


def _give_owner(declared: Declared, plans: dict[str, TablePlan], plan: TablePlan) -> None:
    reference = _owner(declared, plans, plan)
    if reference is None:
        return
    table, owner = plan.table, plans[reference.table]
    alone = any(set(names) == set(reference.columns) for names in (table.key, *table.unique) if names)
    mean = plan.rows / owner.rows if table.rows is not None and owner.rows else (1.0 if alone else CHILDREN)
    if alone:
        share = min(1.0, mean)
        law: Any = {"values": {1: 1.0} if share == 1 else {0: 1 - share, 1: share}}
        plan.per = {"table": reference.table, "count": law, "most": 1}
        mean = share
    else:
        measured = declared.fan_out(table.name, reference)
        plan.per = {"table": reference.table, "count": counts(mean)}
        if measured is not None:
            plan.per["count"], plan.per["most"] = measured[0].model_dump(), measured[1]
        else:
            declared.note("guessed", f'about {mean:.3g} rows for each row of "{reference.table}"', table.name)
    plan.owner, plan.rows = reference, owner.rows * mean


def _owner(declared: Declared, plans: dict[str, TablePlan], plan: TablePlan) -> DeclaredReference | None:
    table = plan.table
    there = [r for r in table.references if r.table != table.name and r.table in plans]
    fit = [r for r in there if plans[r.table].rows and all(not table.columns[name].nullable or name in table.key for name in r.columns)]
    if table.rows == 0:
        return None
    for names in (table.key, *table.unique):
        inside = [r for r in fit if set(r.columns) <= set(names)]
        if inside:
            return _roomiest(plans, plan, inside, names)
    for reference in fit:
        if reference.owns:
            return reference
    for reference in fit:
        theirs = [singular(word) for word in plans[reference.table].table.words]
        mine = [singular(word) for word in table.words]
        if len(mine) > len(theirs) and mine[: len(theirs)] == theirs:
            return reference
    return None


def _roomiest(plans: dict[str, TablePlan], plan: TablePlan, inside: list[DeclaredReference], names: tuple[str, ...]) -> DeclaredReference:
    """The first of the references in a key, but where its owners would need most rows of the other table each, the other one."""
    # Of several references to one table the engine takes the first column's for the owner.
    order = list(plan.table.columns)
    inside = sorted(inside, key=lambda r: (min(names.index(n) for n in r.columns), min(order.index(n) for n in r.columns)))
    first_to = {r.table: r for r in sorted(inside, key=lambda r: -min(order.index(n) for n in r.columns))}
    inside = list(dict.fromkeys([first_to[inside[0].table], *inside]))
    first, others = inside[0], inside[1:]
    covered = {n for r in inside for n in r.columns} == set(names)
    if others and covered and plan.table.rows is not None:
        mean = plan.rows / max(1.0, plans[first.table].rows)
        if mean > 0.5 * plans[others[0].table].rows and plans[others[0].table].rows < plans[first.table].rows * 2:
            return others[0] if plan.rows / max(1.0, plans[others[0].table].rows) < plans[first.table].rows * 0.5 else first
    return first


def counts(mean: float) -> Facts:
    """A law of counts with a mean: scattered more than by chance alone."""
    if mean <= 0:
        return {"values": {0: 1.0}}
    return {"nbinom": {"n": 2, "p": round(2 / (2 + mean), 6)}}


def singular(word: str) -> str:
    """An English noun without its plural's ending, roughly."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


# ---- unique sets


def _settle_unique_sets(declared: Declared, plans: dict[str, TablePlan], plan: TablePlan) -> None:
    table = plan.table
    for names in dict.fromkeys([table.key, *table.unique]):
        if not names or set(names) & plan.unique:
            continue
        beside = [name for name in names if plan.owner is not None and name not in plan.owner.columns]
        if plan.owner is not None and set(plan.owner.columns) <= set(names):
            if not beside:
                plan.unique |= set(names)
                continue
            if _differ_within_owner(declared, plans, plan, beside):
                continue
        _never_repeat(declared, plans, plan, names)


def _differ_within_owner(declared: Declared, plans: dict[str, TablePlan], plan: TablePlan, beside: list[str]) -> bool:
    """Make one column, or one further reference, differ among the rows of one owner."""
    table = plan.table
    bound = {c for r in table.references for c in r.columns}
    for reference in table.references:
        if reference != plan.owner and set(reference.columns) <= set(beside) and reference.table in plans and reference.table != table.name:
            _limit(plan, int(plans[reference.table].rows))
            _refer(declared, plans, plan, reference, distinct=True)
            return True
    free = [table.columns[name] for name in beside if name not in bound and name not in plan.columns]
    for column in sorted(free, key=_readiness):
        made, limit = differing(plan, column)
        if made is not None:
            plan.columns[column.name] = made
            if limit is not None:
                _limit(plan, limit)
            return True
    return False


def _limit(plan: TablePlan, most: int) -> None:
    """No owner has more than so many rows."""
    if plan.per is None:
        return
    per = plan.per
    if most < per.get("most", MOST):
        per["most"] = max(1, most)
    law = per["count"].get("nbinom")
    if law is not None and most <= MOST and (mean := law["n"] * (1 - law["p"]) / law["p"]) > most / 4:
        per["count"] = {"binom": {"n": max(1, most), "p": round(min(1.0, mean / most), 6)}}


def _never_repeat(declared: Declared, plans: dict[str, TablePlan], plan: TablePlan, names: tuple[str, ...]) -> None:
    """Make one column of a set never repeat in the whole table."""
    table = plan.table
    bound = {c for r in table.references for c in r.columns}
    free = [table.columns[name] for name in names if name not in bound and name not in plan.columns]
    for column in sorted(free, key=_readiness):
        made = never_repeating(declared, plan, column)
        if made is not None:
            plan.columns[column.name] = made
            plan.unique.add(column.name)
            if len(names) > 1 and plan.owner is None:
                declared.note("changed", f"never repeats by itself, so that ({', '.join(names)}) does not", table.name, column.name)
            return
    if _combinations(plans, plan, names) >= 2 * plan.rows:
        # A permutation of all combinations: references and choices with equal chances.
        for name in names:
            plan.drawn.add(name)
        return
    table.unique = [kept for kept in table.unique if kept != names]
    table.key = () if table.key == names else table.key
    declared.note("left out", f"({', '.join(names)}) is not made unique: values may repeat", table.name)


def _combinations(plans: dict[str, TablePlan], plan: TablePlan, names: tuple[str, ...]) -> float:
    """How many combinations columns have that are single references, choices or truths; 0 where one is something else."""
    table, combinations = plan.table, 1.0
    for name in names:
        column = table.columns[name]
        reference = next((r for r in table.references if r.columns == (name,)), None)
        if reference is not None and reference.table in plans and reference.table != table.name:
            combinations *= plans[reference.table].rows * 0.9
        elif column.choices or column.kind == "boolean":
            combinations *= len(set(column.choices or (False, True)))
        else:
            return 0.0
    return combinations


def _readiness(column: DeclaredColumn) -> int:
    """Which columns are made to differ before others: those that look best so."""
    order = ("integer", "uuid", "text", "unknown", "date", "datetime", "decimal")
    return order.index(column.kind) if column.kind in order and not column.choices else len(order)


# ---- references


def _refer(declared: Declared, plans: dict[str, TablePlan], plan: TablePlan, reference: DeclaredReference, distinct: bool = False) -> None:
    if reference in plan.made:
        return
    plan.made.add(reference)
    table = plan.table
    taken = [name for name in reference.columns if name in plan.columns]
    if taken:
        if len(taken) < len(reference.columns) or not _follows(declared, plan, reference):
            _overlaps(declared, plan, reference, taken)
        return
    _leave_empty_of_none(plans, plan, reference)
    if reference.table == table.name:
        _refer_to_itself(declared, plan, reference)
        return
    owner = reference == plan.owner
    if len(reference.columns) == 1 and is_key(declared.tables[reference.table], reference.to[0]):
        facts: Facts = {"type": "reference", "to": f"{reference.table}.{reference.to[0]}"}
        plan.columns[reference.columns[0]] = {**facts, "distinct": True} if distinct else facts
        return
    way: Facts = {}
    if not owner:
        to = f"{reference.table}.{_row_of(declared, plans, reference.table)}"
        hidden: Facts = {"type": "reference", "to": to, **({"distinct": True} if distinct else {})}
        if all(table.columns[name].nullable for name in reference.columns):
            hidden["roots"] = _share_of_nulls(table, reference)
        way = {"through": plan.hide("_".join(["", *reference.columns]), hidden)}
    for name, theirs in zip(reference.columns, reference.to, strict=True):
        plan.columns[name] = {"type": "parent", "of": f"{reference.table}.{theirs}", **way}


def _leave_empty_of_none(plans: dict[str, TablePlan], plan: TablePlan, reference: DeclaredReference) -> None:
    """Nothing can refer to a table without rows."""
    if reference.table in plans and plans[reference.table].rows == 0:
        for name in reference.columns:
            if plan.table.columns[name].nullable:
                plan.table.columns[name].nulls = 1.0


def _share_of_nulls(table: DeclaredTable, reference: DeclaredReference) -> float:
    stated = [table.columns[name].nulls for name in reference.columns]
    return max((share for share in stated if isinstance(share, int | float)), default=0.1)


def _row_of(declared: Declared, plans: dict[str, TablePlan], name: str) -> str:
    """A column that names each row of a table: its key, or a hidden one."""
    table = declared.tables[name]
    if len(table.key) == 1:
        return table.key[0]
    return plans[name].hide("_row", {"type": "key"})


def is_key(table: DeclaredTable, column: str) -> bool:
    """Whether a column alone names a row."""
    return table.key == (column,) or (column,) in table.unique


def _follows(declared: Declared, plan: TablePlan, reference: DeclaredReference) -> bool:
    """Whether a reference holds because the columns come from rows that refer there themselves."""
    for other in plan.table.references:
        if other == reference or not set(reference.columns) <= set(other.columns):
            continue
        theirs = tuple(other.to[other.columns.index(name)] for name in reference.columns)
        there = declared.tables[other.table].references
        if any(r.table == reference.table and r.columns == theirs and r.to == reference.to for r in there):
            return True
        if (other.table, theirs) == (reference.table, reference.to):
            return True
    return False


def _overlaps(declared: Declared, plan: TablePlan, reference: DeclaredReference, taken: list[str]) -> None:
    """Columns that another reference fills already: the rest of this one is left empty where it may be."""
    rest = [name for name in reference.columns if name not in taken]
    place = ", ".join(reference.columns)
    if rest and all(plan.table.columns[name].nullable for name in rest):
        for name in rest:
            plan.table.columns[name].nulls = 1.0
        text = f'{", ".join(taken)} follows another reference, so the one to "{reference.table}" is left empty'
        declared.note("changed", text, plan.table.name, place)
        return
    text = f'a reference to "{reference.table}" whose column {", ".join(taken)} follows another one: it may name no row'
    declared.note("left out", text, plan.table.name, place)


def _refer_to_itself(declared: Declared, plan: TablePlan, reference: DeclaredReference) -> None:
    table = plan.table
    nullable = all(table.columns[name].nullable for name in reference.columns)
    if len(reference.columns) > 1 or not is_key(table, reference.to[0]):
        for name, theirs in zip(reference.columns, reference.to, strict=True):
            if nullable:
                table.columns[name].nulls = 1.0
            else:
                plan.columns[name] = {"type": "expression", "formula": f"col({_quoted(theirs)})"}
        text = "left empty" if nullable else "every row names itself"
        declared.note("changed", f"a reference of several columns to its own table: {text}", table.name, ", ".join(reference.columns))
        return
    name, key = reference.columns[0], reference.to[0]
    up: Facts = {"type": "reference", "to": f"self.{key}", "roots": ROOTS}
    if nullable:
        plan.columns[name] = up
        declared.note("guessed", f"{ROOTS:.0%} of rows refer to none, the others to earlier rows", table.name, name)
        return
    hidden = plan.hide(f"_{name}", up)
    plan.columns[name] = {"type": "expression", "formula": f"coalesce(col({_quoted(hidden)}), col({_quoted(key)}))"}
    declared.note("guessed", f"{ROOTS:.0%} of rows refer to themselves, the others to earlier rows", table.name, name)


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
