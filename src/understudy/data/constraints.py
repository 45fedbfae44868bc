"""Rules between columns: declared by a person or found in the data, and checked on any frame.

`discover` offers the rules that hold on every row and would not hold by chance (`data/discovery/`, one file a rule);
`check` counts the rows that break them. A missing value breaks no inequality, sum or one-hot group; for a dependency it is a
value like any other, because whether a value is missing depends on other columns as the value does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import polars as pl

    from understudy.data.schema import TableSchema
    from understudy.data.table import Table


class Contradiction(ValueError):
    """A schema at odds with itself: what is wrong, the remedy, and the place in the schema (keys and positions)."""

    def __init__(self, what: str, remedy: str | None = None, at: tuple[str | int, ...] = ()) -> None:
        super().__init__(what)
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


Constraint = Annotated[Dependency | Inequality | Sum | OneHot | Equal, Field(discriminator="type")]


R = TypeVar("R", bound=Rule)


def _columns_differ(rule: R, names: list[str]) -> R:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Contradiction(f'A constraint names the column "{twice}" twice.')
    return rule


def columns_of(constraint: Constraint) -> list[str]:
    """The columns that a constraint names."""
    match constraint:
        case Dependency():
            return [*constraint.determinants, constraint.dependent]
        case Inequality():
            return [constraint.low, constraint.high]
        case Sum():
            return [constraint.total, *constraint.parts]
        case OneHot():
            return list(constraint.columns)
        case Equal():
            return [constraint.a, constraint.b]


def constraint_keys() -> list[str]:
    """Every key that some constraint has."""
    models: list[type[Rule]] = [Dependency, Inequality, Sum, OneHot, Equal]
    return sorted({key for model in models for key in model.model_fields})


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
            determinant is not among them are not counted. Without a mapping, the rows off the commonest value count.
        schema: tells how to read numbers and dates kept as text; needed where a constraint names such a column.
    """
    from understudy.data.breaches import breaches

    return [breaches(frame, constraint, (mappings or {}), schema) for constraint in constraints]
