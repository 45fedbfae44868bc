"""The steps of a spec as a graph: what each uses, what comes before the record and what after it, and what is made again when one refuses.

Everything that can be wrong with it is told here, before anybody is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.core.errors import ConstraintError, did_you_mean
from understudy.data.constraints import Contradiction
from understudy.data.expression import Term, parse
from understudy.data.schema import ColumnSchema
from understudy.text.ways.asking.values import part_of

if TYPE_CHECKING:
    from understudy.text.spec.language_model import LanguageModelSection
    from understudy.text.spec.steps import StepSection
    from understudy.text.ways.asking.words import Words

RECORD = "record"
"""The record itself, beside the names of steps."""
_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(), "texts": pl.List(pl.String()), "integer": pl.Int64(), "number": pl.Float64(), "boolean": pl.Boolean(),
}  # fmt: skip
_KINDS = {pl.Boolean: "boolean", pl.Date: "date", pl.Datetime: "datetime", pl.Time: "time", pl.String: "text"}

Types = dict[str, pl.DataType]


class StepGraph:
    """Steps and the record in the order of their uses.

    Args:
        section: with the steps. columns: of a row, with their types, hidden ones too. outputs: of the record. words: all templates, read.

    Attributes:
        order: names of the steps that are needed, each behind those that it uses; `before` and `after` are its two halves.
        uses: of each step, the steps that it uses, and `RECORD`. unused: steps that nothing uses, which are left out.
        kept: columns that steps put out, in the order of the spec: of which step, of which part (None: the whole), and their type.
        formulas: of expressions and checks.

    Raises:
        Contradiction: a name that is not there, a circle, a formula that cannot be, a retry that would change nothing; says where.
    """

    def __init__(self, section: LanguageModelSection, columns: Types, outputs: Types, words: Words) -> None:
        self.steps, self._columns, self._outputs, self._words = section.steps, columns, outputs, words
        self._require_names()
        self._parsed = {name: parsed(step, ("llm", "steps", name), self.steps) for name, step in self.steps.items()}
        self.uses = {name: self._used_by(name) for name in self.steps}
        self.uses[RECORD] = self._nodes({*words.uses.get(("llm", "prompt"), ()), *words.uses.get(("llm", "system"), ())})
        whole = self._ordered()
        late = self._downstream({RECORD})
        self._require_prompt(late)
        self.types = self._typed(whole)
        self.again = {name: self._made_again(name) for name in self.steps}
        self.kept = self._kept()
        needed = self._needed()
        self.unused = [name for name in self.steps if name not in needed]
        self.order = [name for name in whole if name in needed]
        self.before = [name for name in self.order if name not in late]
        self.after = [name for name in self.order if name in late]

    def undone(self, again: Iterable[str]) -> set[str]:
        """What is made again where these are: they, and all that uses them."""
        return self._downstream(again)

    # -- names

    def _require_names(self) -> None:
        for name in self.steps:
            at = ("llm", "steps", name)
            if not name.isidentifier() or name.startswith("_"):
                raise Contradiction(f'"{name}" cannot be the name of a step.', "Use letters, digits and _.", at=at)
            if name in (*self._columns, *self._outputs, RECORD, "case", "problem"):
                raise Contradiction(f'"{name}" is the name of something else already.', "Give the step another name.", at=at)

    @property
    def names(self) -> list[str]:
        """Everything that a step may speak of."""
        return [*self.steps, *self._columns, *self._outputs, RECORD]

    def _used_by(self, name: str) -> set[str]:
        step, at = self.steps[name], ("llm", "steps", name)
        used = set().union(*(found for place, found in self._words.uses.items() if place[:3] == at))
        formula = self._parsed[name]
        if formula is not None:
            key = "expression" if step.expression is not None else "check"
            used |= {self._known(stated, (*at, key)) for stated in formula.columns}
        if step.kind == "judge":
            places = [(*at, "of"), *((*at, "of", place) for place in range(len(step.judged)))]
            single = not isinstance(step.of, list)
            used |= {self._known(stated, places[0] if single else places[place + 1]) for place, stated in enumerate(step.judged)}
        if step.kind == "check" and formula is None:
            used.add(self._known(str(step.check), (*at, "check")))
        return self._nodes(used)

    def _known(self, stated: str, at: tuple[Any, ...]) -> str:
        """The step, column or output that a name means, "facts.topic" a part of one. Raises where there is none."""
        whole, _, part = stated.partition(".")
        if stated in self._columns:
            return stated
        if whole not in self.names:
            raise Contradiction(f'There is no column or step "{whole}".', did_you_mean(whole, self.names, shown=30), at=at)
        if part:
            parts = self.steps[whole].parts if whole in self.steps else None
            if parts is None or part not in parts:
                raise Contradiction(f'"{whole}" has no part "{part}".', did_you_mean(part, parts or []), at=at)
        return whole

    def _nodes(self, names: Iterable[str]) -> set[str]:
        """The steps among these names, and `RECORD` for what the record holds."""
        return {name for name in names if name in self.steps} | ({RECORD} if {*names} & {*self._outputs, RECORD} else set())

    # -- order

    def _ordered(self) -> list[str]:
        """The steps, each behind those that it uses. Raises where some use one another in a circle."""
        done: dict[str, None] = {}

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                self._refuse_circle([*path[path.index(name) :], name])
            if name not in done:
                for used in sorted(self.uses[name], key=[*self.steps, RECORD].index):
                    visit(used, (*path, name))
                done[name] = None

        for name in (*self.steps, RECORD):
            visit(name, ())
        return [name for name in done if name != RECORD]

    def _refuse_circle(self, circle: list[str]) -> None:
        if RECORD in circle:
            self._require_prompt(set(circle))
        at = ("llm", "steps", next(name for name in circle if name != RECORD))
        raise Contradiction(f"The steps use one another in a circle: {' → '.join(circle)}.", "Leave one of the uses out.", at=at)

    def _require_prompt(self, late: set[str]) -> None:
        """What the record is asked for with must be there before it."""
        for at in (("llm", "prompt"), ("llm", "system")):
            for name in sorted(self._words.uses.get(at, ())):
                if name in self._outputs or name == RECORD:
                    raise Contradiction(
                        f'"{name}" is what is asked for here, and is not there yet.', "Use columns, or steps before it.", at=at
                    )
                if name in late:
                    what = f'The step "{name}" comes after the record: it uses what the record holds.'
                    raise Contradiction(what, "Use columns, or steps before it.", at=at)

    def _downstream(self, roots: Iterable[str]) -> set[str]:
        found = set(roots)
        while more := {name for name, used in self.uses.items() if name not in found and used & found}:
            found |= more
        return found

    def _upstream(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        left = set(names)
        while left:
            found |= left
            left = set().union(*(self.uses[name] for name in left)) - found
        return found

    def _needed(self) -> set[str]:
        """What the record uses, what is put out, what may refuse, and what these use."""
        refusing = {name for name, step in self.steps.items() if step.kind == "check" or step.least is not None}
        return self._upstream({RECORD, *refusing, *(name for name, step in self.steps.items() if step.keep)})

    def _made_again(self, name: str) -> set[str]:
        """What is made again when a step refuses: what it names, or the nearest that it depends on and that could come out otherwise."""
        step, at = self.steps[name], ("llm", "steps", name, "retry")
        behind = self._upstream({name}) - ({name} if step.kind == "check" else set())
        could = [other for other in (*self.steps, RECORD) if other in behind and (other == RECORD or self.steps[other].asks)]
        if step.retry is not None:
            if step.retry not in (*self.steps, RECORD):
                raise Contradiction(f'There is no step "{step.retry}".', did_you_mean(step.retry, [*could, RECORD]), at=at)
            if step.retry not in could:
                what = f'Another "{step.retry}" would change nothing: "{name}" does not depend on it, or it is not asked for.'
                raise Contradiction(what, f"It depends on: {', '.join(could) or 'nothing that is asked for'}.", at=at)
            return {step.retry}
        found: set[str] = set()
        left, seen = set(self.uses[name]), set[str]()
        while left:
            other = left.pop()
            seen.add(other)
            if other == RECORD or self.steps[other].kind == "prompt":
                found.add(other)
            else:
                left |= self.uses[other] - seen
        return found

    # -- types

    def _typed(self, whole: list[str]) -> Types:
        """The type of every name that a formula may use, and the formulas compiled."""
        stated = {**self._columns, **self._outputs}
        types = {name: pl.Int64() if dtype.is_integer() else dtype for name, dtype in stated.items() if not dtype.is_nested()}
        self.formulas: dict[str, Formula] = {}
        for name in whole:
            step = self.steps[name]
            formula = self._parsed[name]
            if formula is not None:
                key = "expression" if step.expression is not None else "check"
                made = Formula(formula, types, ("llm", "steps", name, key))
                if step.kind == "check" and made.sort != "truth":
                    remedy = f"Compare it, as in {step.check} > 1, or write matches or one_of."
                    raise Contradiction(f"A check is true or false, and this is a {made.sort}.", remedy, at=("llm", "steps", name, key))
                self.formulas[name] = made
                types[name] = made.dtype
            elif step.fields is not None:
                types |= {f"{name}.{part}": _type_of(kind) for part, kind in step.fields.items() if kind != "texts"}
            elif step.kind == "judge":
                types |= {name: pl.Int64(), f"{name}.score": pl.Int64(), f"{name}.reason": pl.String()}
            elif step.kind != "check":
                types[name] = pl.String()
        return types

    def _kept(self) -> dict[str, tuple[str, str | None, pl.DataType]]:
        found: dict[str, tuple[str, str | None, pl.DataType]] = {}
        for name, step in self.steps.items():
            if not step.keep:
                continue
            columns: dict[str, tuple[str, str | None, pl.DataType]] = {name: (name, None, self.types.get(name, pl.String()))}
            if step.kind == "judge":
                columns[f"{name}_reason"] = (name, "reason", pl.String())
            if step.fields is not None:
                columns = {f"{name}_{part}": (name, part, _type_of(kind)) for part, kind in step.fields.items()}
            for column in columns:
                if column in (*self._columns, *self._outputs, *found, "case", "problem"):
                    what = f'The step puts out a column "{column}", and there is one of that name.'
                    raise Contradiction(what, "Give the step another name.", at=("llm", "steps", name, "keep"))
            found |= columns
        return found


class Formula:
    """A formula over named values.

    Raises:
        Contradiction: it cannot be read, or is not made for these values; `at` says where.
    """

    def __init__(self, expression: Any, types: Types, at: tuple[Any, ...]) -> None:
        self._types = {name: types[name] for name in expression.columns if name in types}
        schema = {name: _schema(name, dtype) for name, dtype in types.items()}
        try:
            term: Term = expression.compiled(schema)
        except ConstraintError as error:
            raise _told(error, at) from None
        self.sort, self._expr = term.sort, term.expr.alias("value")
        empty = pl.DataFrame(schema=self._types or {"nothing": pl.Int64()})
        self.dtype = empty.select(self._expr).schema["value"]

    def of(self, values: Mapping[str, Any]) -> Any:
        """Its value for these values; None where it is missing."""
        row = {name: [_plain(value_of(name, values))] for name in self._types}
        return pl.DataFrame(row or {"nothing": [0]}, schema=self._types or None).select(self._expr)["value"][0]


def value_of(name: str, values: Mapping[str, Any]) -> Any:
    """What a name means, "facts.topic" a part."""
    if name in values:
        return values[name]
    whole, _, part = name.partition(".")
    return part_of(values[whole], part)


def parsed(step: StepSection, at: tuple[Any, ...], steps: Mapping[str, Any]) -> Any:
    """The formula of a step; None where it has none."""
    text = step.expression if step.expression is not None else step.check
    if text is None or step.matches is not None or step.one_of is not None:
        return None
    key = "expression" if step.expression is not None else "check"
    try:
        return parse(text)
    except ConstraintError as error:
        dotted = next((found for found in re.findall(r"\b\w+\.\w+\b", text) if found.partition(".")[0] in steps), None)
        raise _told(error, (*at, key), None if dotted is None else f'Name the part of a step as col("{dotted}").') from None


def _told(error: ConstraintError, at: tuple[Any, ...], remedy: str | None = None) -> Contradiction:
    what = error.what if error.where is None else f"{error.what.rstrip('.')} ({error.where})."
    return Contradiction(what, remedy or error.remedy, at=at)


def _schema(name: str, dtype: pl.DataType) -> ColumnSchema:
    kind: Any = "integer" if dtype.is_integer() else "decimal" if dtype.is_numeric() else _KINDS.get(dtype.base_type(), "text")
    return ColumnSchema(name=name, kind=kind, dtype=str(dtype))


def _type_of(kind: Any) -> pl.DataType:
    return pl.String() if isinstance(kind, list) else _TYPES[kind]


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
