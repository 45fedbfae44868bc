"""Rules on columns and between them: declared by a person or found in the data, and checked on any frame.

`discover` offers the rules that hold on every row and would not hold by chance (`data/discovery/`, one file a rule);
`check` counts the rows that break them. A missing value breaks no rule, unless the rule speaks of missing values itself; for a dependency
and for combinations it is a value like any other, because whether a value is missing depends on other columns as the value does.

To add a rule, see CONTRIBUTING.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from understudy.core.errors import ConstraintError

if TYPE_CHECKING:
    import polars as pl

    from understudy.data.expression import Expression
    from understudy.data.schema import TableSchema
    from understudy.data.table import Table


class Contradiction(ValueError):
    """A schema at odds with itself: what is wrong, the remedy, and the place in the schema (keys and positions)."""

    def __init__(self, what: str, remedy: str | None = None, at: tuple[str | int, ...] = ()) -> None:
        super().__init__(what if remedy is None else f"{what} {remedy}")
        self.what = what
        self.remedy = remedy
        self.at = at


class Rule(BaseModel):
    """What all constraints have: the evidence, and whether generators must keep them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enforce: bool = Field(default=True, description="every synthetic row keeps it")
    rows_checked: int = Field(default=0, ge=0, description="rows on which it was tried")
    exceptions: int = Field(default=0, ge=0, description="rows that break it in the source")
    reason: str = Field(default="", description="why it is offered")


class Dependency(Rule):
    """Each value of the determinant goes with one value of the dependent: a → b. The mapping is learned, not listed."""

    type: Literal["dependency"] = "dependency"
    determinants: list[str] = Field(min_length=1)
    dependent: str
    one_to_one: bool = Field(default=False, description="the dependent determines the determinant too")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        return _columns_differ(self, [*self.determinants, self.dependent])


class Inequality(Rule):
    """low ≤ high (low < high where strict) on every row that has both."""

    type: Literal["inequality"] = "inequality"
    low: str
    high: str
    strict: bool = False

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        return _columns_differ(self, [self.low, self.high])


class Sum(Rule):
    """total = the sum of the parts, exact to `decimals` digits, on every row that has all of them."""

    type: Literal["sum"] = "sum"
    total: str
    parts: list[str] = Field(min_length=2)
    decimals: int = Field(default=0, ge=0, le=12)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        return _columns_differ(self, [self.total, *self.parts])


class OneHot(Rule):
    """Of these 0/1 columns exactly one is 1 on every row."""

    type: Literal["one_hot"] = "one_hot"
    columns: list[str] = Field(min_length=2)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        return _columns_differ(self, self.columns)


class Equal(Rule):
    """Two columns hold the same value on every row; missing equals missing."""

    type: Literal["equal"] = "equal"
    a: str
    b: str

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        return _columns_differ(self, [self.a, self.b])


Value = bool | int | float | str


class Range(Rule):
    """A number or a moment lies between two ends (None: open), which belong to the range unless they are strict."""

    type: Literal["range"] = "range"
    column: str
    low: Value | None = None
    high: Value | None = None
    strict_low: bool = Field(default=False, description="the low end does not belong to the range")
    strict_high: bool = Field(default=False, description="the high end does not belong to the range")

    @field_validator("low", "high", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        return _plain(value)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.low is None and self.high is None:
            raise Contradiction(f'The range of "{self.column}" has no end.', "State low, high or both.")
        strict = self.strict_low or self.strict_high
        if _comparable(self.low, self.high) and (self.low > self.high or (strict and self.low == self.high)):  # type: ignore[operator]
            raise Contradiction(f'The range of "{self.column}" is empty: its low end lies above its high end.', at=("low",))
        return self


class Combinations(Rule):
    """Only combinations of values that the learned rows hold are made: no city in a wrong country."""

    type: Literal["combinations"] = "combinations"
    columns: list[str] = Field(min_length=2)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        return _columns_differ(self, self.columns)


class Formula(Rule):
    """A column is computed from others: target = expression, in the target's own type and decimals. See `data/expression.py`."""

    type: Literal["formula"] = "formula"
    target: str
    expression: str

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            columns = self.parsed().columns
        except ConstraintError as error:
            raise Contradiction(f"{error.what} ({error.where})" if error.where else error.what, error.remedy, at=("expression",)) from None
        if self.target in columns:
            raise Contradiction(f'The formula of "{self.target}" is made of that very column.', at=("expression",))
        return self

    def parsed(self) -> Expression:
        """The expression, read."""
        from understudy.data.expression import parse

        return parse(self.expression)


class Within(BaseModel):
    """What an implication asks of a column beyond plain values: a closed range, and whether the value is missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: Value | None = None
    high: Value | None = None
    missing: bool | None = Field(default=None, description="true: missing (or, with ends, that too); false: there")

    @field_validator("low", "high", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        return _plain(value)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.low is None and self.high is None and self.missing is None:
            raise Contradiction("A condition says low, high or missing.", "For example {low: 18} or {missing: true}.")
        if _comparable(self.low, self.high) and self.low > self.high:  # type: ignore[operator]
            raise Contradiction("A range is empty: its low end lies above its high end.")
        return self


Wanted = Value | list[Value | None] | Within


class Implication(Rule):
    """Rows that meet all conditions of `when` meet all of `then`. A condition: a value, a list, {low, high}, or null for missing."""

    type: Literal["implication"] = "implication"
    when: dict[str, Wanted] = Field(min_length=1)
    then: dict[str, Wanted] = Field(min_length=1)

    @field_validator("when", "then", mode="before")
    @classmethod
    def _as_written(cls, conditions: Any) -> Any:
        return {name: _condition(wanted) for name, wanted in conditions.items()} if isinstance(conditions, Mapping) else conditions

    @model_validator(mode="after")
    def _choices_are_there(self) -> Self:
        for name, wanted in (*self.when.items(), *self.then.items()):
            if wanted == []:
                raise Contradiction(f'The condition on "{name}" lists no value.', "Name at least one, or null for missing.")
        return self


class Regex(Rule):
    """Every value, as the source writes it, matches the pattern from its first to its last character."""

    type: Literal["regex"] = "regex"
    column: str
    pattern: str

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            re.compile(self.pattern)
        except re.error as error:
            what = f"The pattern {self.pattern!r} is no regular expression: {error}."
            raise Contradiction(what, at=("pattern",)) from None
        if not _matches_in_linear_time(self.pattern):
            what = f"The pattern {self.pattern!r} looks ahead, looks back or refers back, which cannot be matched in bounded time."
            raise Contradiction(what, "Write it without (?=…), (?!…), (?<=…), (?<!…) and \\1.", at=("pattern",))
        return self


class Unique(Rule):
    """No two rows of a data set hold the same values in these columns; rows in which one is missing are not compared."""

    type: Literal["unique"] = "unique"
    columns: list[str] = Field(min_length=1)
    most: int | None = Field(
        default=None, ge=1, description="rows that a data set may have, where its columns are learned; default: twice the source's"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        return _columns_differ(self, self.columns)


AnyRule = Dependency | Inequality | Sum | OneHot | Equal | Range | Combinations | Formula | Implication | Regex | Unique
Constraint = Annotated[AnyRule, Field(discriminator="type")]
RULES: tuple[type[Rule], ...] = (
    Dependency, Inequality, Sum, OneHot, Equal, Range, Combinations, Formula, Implication, Regex, Unique,
)  # fmt: skip
TYPES: tuple[str, ...] = tuple(str(rule.model_fields["type"].default) for rule in RULES)


R = TypeVar("R", bound=Rule)


def _columns_differ(rule: R, names: list[str]) -> R:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Contradiction(f'A constraint names the column "{twice}" twice.')
    return rule


def _comparable(low: Any, high: Any) -> bool:
    numbers = int | float
    return (isinstance(low, numbers) and isinstance(high, numbers)) or (isinstance(low, str) and isinstance(high, str) and _iso(low, high))


def _iso(low: str, high: str) -> bool:
    """Whether both are moments of one form, so that their texts are ordered as they are."""
    return len(low) == len(high) and all(re.fullmatch(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d.*)?|\d\d:\d\d.*", text) for text in (low, high))


def _plain(value: Any) -> Any:
    """Moments as text and array scalars as Python's: what a YAML file holds."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return int(value / timedelta(microseconds=1)) if isinstance(value, timedelta) else value


def _condition(wanted: Any) -> Any:
    """A condition as Python code may write it, in the form that a file has."""
    if wanted is None:
        return {"missing": True}
    if isinstance(wanted, tuple) and len(wanted) == 2:
        return {"low": _plain(wanted[0]), "high": _plain(wanted[1])}
    if isinstance(wanted, set | frozenset):
        return sorted((_plain(value) for value in wanted), key=repr)
    return [_plain(value) for value in wanted] if isinstance(wanted, list) else _plain(wanted)


def _matches_in_linear_time(pattern: str) -> bool:
    import polars as pl

    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError:
        return False
    return True


def columns_of(constraint: Constraint) -> list[str]:
    """The columns that a constraint names."""
    match constraint:
        case Dependency():
            return [*constraint.determinants, constraint.dependent]
        case Inequality():
            return [constraint.low, constraint.high]
        case Sum():
            return [constraint.total, *constraint.parts]
        case OneHot() | Combinations() | Unique():
            return list(constraint.columns)
        case Equal():
            return [constraint.a, constraint.b]
        case Range() | Regex():
            return [constraint.column]
        case Formula():
            return [constraint.target, *constraint.parsed().columns]
        case Implication():
            return list(dict.fromkeys([*constraint.when, *constraint.then]))


def constraint_keys() -> list[str]:
    """Every key that some constraint has."""
    models: list[type[BaseModel]] = [*RULES, Within]
    return sorted({key for model in models for key in model.model_fields})


def in_words(rule: Constraint) -> str:
    """A rule in one line."""
    match rule:
        case Dependency():
            verb = "determines" if len(rule.determinants) == 1 else "determine"
            return f"{' and '.join(rule.determinants)} {verb} {rule.dependent}"
        case Inequality():
            return f"{rule.low} {'<' if rule.strict else '≤'} {rule.high}"
        case Sum():
            return f"{rule.total} = {' + '.join(rule.parts)}"
        case OneHot():
            return f"exactly one of {', '.join(rule.columns)} is 1"
        case Equal():
            return f"{rule.b} equals {rule.a}"
        case Range():
            low = "" if rule.low is None else f"{rule.low} {'<' if rule.strict_low else '≤'} "
            return low + rule.column + ("" if rule.high is None else f" {'<' if rule.strict_high else '≤'} {rule.high}")
        case Combinations():
            return f"only known combinations of {' and '.join(rule.columns)}"
        case Formula():
            return f"{rule.target} = {rule.expression}"
        case Implication():
            return f"if {_all_in_words(rule.when)}, then {_all_in_words(rule.then)}"
        case Regex():
            return f"{rule.column} matches {rule.pattern}"
        case Unique():
            return f"no two rows have the same {' and '.join(rule.columns)}"


def _all_in_words(conditions: Mapping[str, Wanted]) -> str:
    return " and ".join(f"{name} {_wanted_in_words(wanted)}" for name, wanted in conditions.items())


def _wanted_in_words(wanted: Wanted) -> str:
    if isinstance(wanted, Within):
        low = "" if wanted.low is None else f"≥ {wanted.low}"
        high = "" if wanted.high is None else f"≤ {wanted.high}"
        ends = " and ".join(filter(None, [low, high]))
        missing = "" if wanted.missing is None else "is missing" if wanted.missing else "is there"
        return (" or " if wanted.missing else " and ").join(filter(None, [ends, missing]))
    if isinstance(wanted, list):
        return "is one of " + ", ".join("missing" if value is None else str(value) for value in wanted)
    return f"is {wanted}"


def mapping_key(rule: Constraint) -> str:
    """What `check` finds a rule's frame of right pairs or combinations under."""
    return rule.dependent if isinstance(rule, Dependency) else " + ".join(columns_of(rule))


def discover(table: Table, schema: TableSchema) -> list[Constraint]:
    """The rules that hold on every row of `table` and that chance would not make hold, each with its reason.

    Copies, sums, one-hot groups, dependencies and inequalities, in this order; what one rule implies is not offered by another.
    """
    from understudy.data.discovery.copies import find_copies
    from understudy.data.discovery.dependencies import find_dependencies
    from understudy.data.discovery.inequalities import find_inequalities
    from understudy.data.discovery.one_hot import find_one_hot
    from understudy.data.discovery.sums import find_sums
    from understudy.data.discovery.survey import Survey

    survey = Survey.of(table, schema)
    copies = find_copies(survey)
    repeated = frozenset(rule.b for rule in copies)
    sums = find_sums(survey, repeated)
    groups = find_one_hot(survey, repeated)
    dependencies = find_dependencies(survey, repeated)
    inequalities = find_inequalities(survey, sums, dependencies, repeated)
    return [*copies, *sums, *groups, *dependencies, *inequalities]


def check(
    frame: pl.DataFrame,
    constraints: Sequence[Constraint],
    mappings: Mapping[str, pl.DataFrame] | None = None,
    schema: TableSchema | None = None,
) -> list[int]:
    """How many rows of `frame` break each constraint.

    Args:
        mappings: for a dependent, the pairs that are right: a frame with the determinants' columns and the dependent's. Rows whose
            determinant is not among them are not counted. Without a mapping, the rows off the commonest value count. For combinations
            (under their columns joined by " + ") those that are known; without them, none is broken.
        schema: tells how to read numbers and dates kept as text; needed where a constraint names such a column.
    """
    from understudy.data.breaches import breaches

    return [breaches(frame, constraint, (mappings or {}), schema) for constraint in constraints]
