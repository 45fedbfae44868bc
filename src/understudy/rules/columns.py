"""What a column of a spec can be: one model a `type`. `docs/rules.md` shows each; `rules/making/` makes them.

Every column may be hidden (computed, not written), and may be missing in a share of rows, or where a formula says so.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from understudy.data.constraints import Contradiction
from understudy.rules.law import Law

Scalar = bool | int | float | str
Share = Annotated[float, Field(ge=0, le=1)]
Unit = Literal["microseconds", "milliseconds", "seconds", "minutes", "hours", "days", "weeks"]
By = Literal["sum", "count", "min", "max", "mean", "first", "last"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Column(BaseModel):
    """What all columns have. nulls: the share of rows without a value, or a formula that is true there."""

    model_config = ConfigDict(extra="forbid")

    type: str
    description: str | None = None
    hidden: bool = False
    nulls: Share | str = 0.0

    @model_serializer(mode="wrap")
    def _with_its_type(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The type comes first, and is there although it is the default."""
        return {"type": self.type, **plain(self)}


class KeyColumn(Column):
    """A key: 1, 2, 3 … in row order, unique at any number of rows.

    start: the first number. shuffled: in an order of no pattern (a Feistel permutation). format: as in Python, `C{:08d}`. uuid: an
    RFC 9562 version 8 identifier instead. pattern: a regular expression whose strings are the keys.
    """

    type: Literal["key"] = "key"
    start: int = 1
    shuffled: bool = False
    format: str | None = None
    uuid: bool = False
    pattern: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if sum((self.format is not None, self.uuid, self.pattern is not None)) > 1:
            raise Contradiction("A key has one form: format, uuid or pattern.", "Keep one of them.")
        if self.format is not None:
            try:
                self.format.format(1)
            except (ValueError, IndexError, KeyError, TypeError) as error:
                raise Contradiction(
                    f'The format "{self.format}" does not write a number: {error}.', 'As in Python: "C{:08d}".', at=("format",)
                ) from None
        return self


class NumberColumn(Column):
    """What numbers have. law: their distribution, uniform between low and high unless told. above, below: another column of numbers
    that they keep on one side of, by a gap of the law `gap`."""

    law: Law | None = None
    low: float | None = None
    high: float | None = None
    above: str | None = None
    below: str | None = None
    gap: Law | None = None

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if self.above is not None or self.below is not None:
            if self.above is not None and self.below is not None:
                raise Contradiction(
                    "A column keeps above one column or below one, not both.", 'Use a rule: "a <= b and b <= c".', at=("below",)
                )
            if self.gap is None or self.law is not None:
                raise Contradiction(
                    "Beside another column, the law is that of the gap to it.", "Write gap: {expon: {scale: 5}} and no law."
                )
        elif self.gap is not None:
            raise Contradiction("A gap is one to another column.", "Write above: COLUMN or below: COLUMN.", at=("gap",))
        elif self.law is None and (self.low is None or self.high is None):
            raise Contradiction("A number needs a law, or low and high.", "Write law: {norm: {loc: 0, scale: 1}}, or low: 0 and high: 10.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise Contradiction(f"low ({self.low:g}) is above high ({self.high:g}).", "Exchange them.", at=("low",))
        return self


class IntegerColumn(NumberColumn):
    """Whole numbers; both bounds belong to them."""

    type: Literal["integer"] = "integer"


class DecimalColumn(NumberColumn):
    """Numbers with `decimals` digits after the point."""

    type: Literal["decimal"] = "decimal"
    decimals: int = Field(default=2, ge=0, le=15)


class BooleanColumn(Column):
    """True in a share of rows."""

    type: Literal["boolean"] = "boolean"
    share: Share = 0.5


Weighted = list[Scalar] | dict[Scalar, float]


class ChoiceColumn(Column):
    """One of some values, with equal chances or by weight: `[a, b]` or `{a: 3, b: 1}`."""

    type: Literal["choice"] = "choice"
    values: Weighted

    @field_validator("values")
    @classmethod
    def _usable(cls, values: list[Scalar] | dict[Scalar, float]) -> list[Scalar] | dict[Scalar, float]:
        if not values:
            raise Contradiction("A choice has at least one value.")
        if isinstance(values, dict) and (any(not 0 <= w < float("inf") for w in values.values()) or not sum(values.values()) > 0):
            raise Contradiction("Weights are numbers of at least 0, one of them above.")
        if isinstance(values, list) and len({(type(v), v) for v in values}) != len(values):
            raise Contradiction("A value is listed twice.", "Give weights instead: {a: 2, b: 1}.")
        if len({bool if isinstance(v, bool) else str if isinstance(v, str) else float for v in values}) > 1:
            raise Contradiction("The values of a choice are of one type.", "Put texts in quotation marks.")
        return values

    @property
    def weights(self) -> dict[Scalar, float]:
        return dict(self.values) if isinstance(self.values, dict) else dict.fromkeys(self.values, 1.0)


class TextColumn(Column):
    """What made-up texts have. longest: no text has more characters; a longer one is cut, as where a database leaves room for so many."""

    longest: int | None = Field(default=None, ge=1)


class ListColumn(TextColumn):
    """An entry of one of the spec's lists. column: which column of the list. with: another column of this table, drawn from the same
    list: both are of the same entry, so that what belongs together stays together."""

    type: Literal["list"] = "list"
    list: str
    column: str | None = None
    together: str | None = Field(default=None, alias="with")

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class PatternColumn(Column):
    """Text of a regular expression (letters, classes, groups, |, {n,m}, ? * + with at most 16 repeats); unique: no two rows alike."""

    type: Literal["pattern"] = "pattern"
    regex: str
    unique: bool = False


class TemplateColumn(TextColumn):
    """Columns put into a text: `{first} {last} <{mail}>`; {{ and }} are braces. A missing value makes it missing."""

    type: Literal["template"] = "template"
    text: str


class ExpressionColumn(Column):
    """A formula over columns (docs/schema.md). decimals: round numbers to so many."""

    type: Literal["expression"] = "expression"
    formula: str
    decimals: int | None = Field(default=None, ge=0, le=15)


class When(BaseModel):
    """A case: where the formula `when` is true, `then` is the value, or the column that makes it."""

    model_config = ConfigDict(extra="forbid")

    when: str
    then: Scalar | AnyColumn


class CaseColumn(Column):
    """The first case whose condition is true; else `otherwise` (missing unless told)."""

    type: Literal["case"] = "case"
    cases: list[When] = Field(min_length=1)
    otherwise: Scalar | AnyColumn | None = Field(default=None, alias="else")

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


PERSON_FIELDS = (
    "sex", "first_name", "last_name", "name", "prefix", "birth_date", "age", "email", "user_name", "phone", "street", "city", "region",
    "post_code", "country", "country_code", "latitude", "longitude", "company", "job", "iban", "bank",
)  # fmt: skip


class PersonColumn(TextColumn):
    """A datum of a made-up person. All columns of one `who` speak of the same: name, sex, birth date, e-mail, place and telephone agree."""

    type: Literal["person"] = "person"
    field: Literal[
        "sex", "first_name", "last_name", "name", "prefix", "birth_date", "age", "email", "user_name", "phone", "street", "city", "region",
        "post_code", "country", "country_code", "latitude", "longitude", "company", "job", "iban", "bank",
    ]  # fmt: skip
    who: str = "person"

    @model_validator(mode="after")
    def _only_texts_are_cut(self) -> Self:
        if self.longest is not None and self.field in ("birth_date", "age", "latitude", "longitude"):
            raise Contradiction(f"The field {self.field} is no text, so it is not cut.", "Leave out longest.", at=("longest",))
        return self


class WordColumn(TextColumn):
    """A word of the vocabularies: a product, a company, a job, a bank, a street. locale: the spec's unless told."""

    type: Literal["word"] = "word"
    of: Literal["product", "company", "job", "bank", "street", "city", "country", "first_name", "last_name"]
    locale: str | None = None


class Holidays(BaseModel):
    """weight: how often a holiday of the country occurs beside the same day without."""

    model_config = ConfigDict(extra="forbid")

    country: str
    weight: float = Field(default=0.0, ge=0)


class DayColumn(Column):
    """What columns of days have. between: first and last. weekdays, months: weights (1 unless told). holidays: theirs.
    growth: how many times as frequent the last day is as the first. above, below: another column of moments that they keep on one side of,
    by a gap of so many units; until: the last moment that the gap may reach (below: the first)."""

    between: tuple[str, str] | None = None
    weekdays: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], float] = Field(default_factory=dict)
    months: dict[int, float] = Field(default_factory=dict)
    holidays: Holidays | None = None
    growth: float = Field(default=1.0, gt=0)
    above: str | None = None
    below: str | None = None
    gap: Law | None = None
    unit: Unit = "days"
    until: str | None = None

    @field_validator("months")
    @classmethod
    def _are_months(cls, months: dict[int, float]) -> dict[int, float]:
        if any(not 1 <= month <= 12 for month in months):
            raise Contradiction("Months are numbered 1 to 12.")
        return months

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        beside = self.above is not None or self.below is not None
        if beside == (self.between is not None):
            raise Contradiction(
                "A moment lies between two, or beside another column.",
                "Write between: [2024-01-01, 2024-12-31], or above: COLUMN and gap: LAW.",
            )
        if beside != (self.gap is not None) or (self.above is not None and self.below is not None):
            raise Contradiction(
                "Beside another column (above: or below:), the law of the gap to it is needed.", "Write gap: {expon: {scale: 5}}."
            )
        if self.until is not None and not beside:
            raise Contradiction("`until` ends a gap beside another column.", "Between two moments, the second is the end.", at=("until",))
        if beside and (self.weekdays or self.months or self.holidays):
            raise Contradiction("Weights of days belong to `between`.", "Leave them out beside another column.")
        return self


class DateColumn(DayColumn):
    """Calendar days."""

    type: Literal["date"] = "date"
    unit: Literal["days", "weeks"] = "days"


class DateTimeColumn(DayColumn):
    """Moments of local time. hours: "9-17", or weights of hours `{8: 1, 9: 3}`. resolution: the finest unit."""

    type: Literal["datetime"] = "datetime"
    hours: str | dict[int, float] | None = None
    resolution: Literal["us", "ms", "s", "min", "h"] = "s"

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, hours: str | dict[int, float] | None) -> dict[int, float] | None:
        return hour_weights(hours)


class TimeColumn(Column):
    """Times of day."""

    type: Literal["time"] = "time"
    hours: str | dict[int, float] | None = None
    resolution: Literal["us", "ms", "s", "min", "h"] = "s"

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, hours: str | dict[int, float] | None) -> dict[int, float] | None:
        return hour_weights(hours)


def hour_weights(hours: str | dict[int, float] | None) -> dict[int, float] | None:
    """Weights of hours; "9-17" are the hours from 9:00 up to 17:00."""
    if isinstance(hours, str):
        first, dash, last = hours.partition("-")
        if not (dash and first.strip().isdigit() and last.strip().isdigit() and 0 <= int(first) < int(last) <= 24):
            raise Contradiction(f'"{hours}" are no hours.', 'Write "9-17", or weights: {9: 1, 10: 2}.')
        return dict.fromkeys(range(int(first), int(last)), 1.0)
    if hours is not None and (any(not 0 <= hour <= 23 for hour in hours) or not sum(hours.values()) > 0):
        raise Contradiction("Hours are numbered 0 to 23, and one of them has a weight above 0.")
    return hours


class PartColumn(Column):
    """A part of a total (`of`: a column of this table): all parts of it sum to it exactly. weight: its expected share beside the others'.
    concentration: how close shares keep to that (Dirichlet)."""

    type: Literal["part"] = "part"
    of: str
    weight: float = Field(default=1.0, gt=0)
    concentration: float = Field(default=4.0, gt=0)


class ReferenceColumn(Column):
    """A foreign key: the value of a column of another table (`to: table.column`), or of this one (`to: self.column`: earlier rows only).

    In a table that is `per` the other, the owner's. Else drawn: law: ranks of the rows, equal chances unless told; distinct: the rows of
    one owner have different ones; roots: the share of rows that refer to none (trees).
    """

    type: Literal["reference"] = "reference"
    to: str = Field(pattern=r"^[^.]+\.[^.]+$")
    law: Law | None = None
    distinct: bool = False
    roots: Share = 0.0


class ParentColumn(Column):
    """A column of the owner, or of the row that a reference names: `of: table.column`. through: the reference, where several name rows
    of that table."""

    type: Literal["parent"] = "parent"
    of: str = Field(pattern=r"^[^.]+\.[^.]+$")
    through: str | None = None


class AggregateColumn(Column):
    """A figure over the rows that belong to this one, in a table that is `per` it: `of: lines.amount`, `by: sum`. Without rows a sum and a
    count are 0, the others missing."""

    type: Literal["aggregate"] = "aggregate"
    of: str = Field(pattern=r"^[^.]+\.[^.]+$")
    by: By = "sum"


class StateColumn(Column):
    """A Markov chain along the rows of one owner. initial: chances of the first state; transitions: of the next, state by state.
    A state without transitions is absorbing."""

    type: Literal["state"] = "state"
    initial: dict[str, float]
    transitions: dict[str, dict[str, float]]

    @model_validator(mode="after")
    def _is_a_chain(self) -> Self:
        if not sum(self.initial.values()) > 0:
            raise Contradiction("One initial state has a chance above 0.", at=("initial",))
        known = self.states
        for state, onward in self.transitions.items():
            if state not in known:
                raise Contradiction(f'No way leads to the state "{state}".', at=("transitions", state))
            if onward and not sum(onward.values()) > 0:
                raise Contradiction(f'The state "{state}" has no way on.', "Leave it out to make it absorbing.", at=("transitions", state))
        return self

    @property
    def states(self) -> list[str]:
        """All states, in order of appearance."""
        return list(dict.fromkeys([*self.initial, *(state for onward in self.transitions.values() for state in onward)]))


class OrdinalColumn(Column):
    """1, 2, 3 … among the rows of one owner."""

    type: Literal["ordinal"] = "ordinal"


class SiblingColumn(Column):
    """A column's value `step` rows on (before, where negative) among the rows of one owner; missing beyond the ends."""

    type: Literal["sibling"] = "sibling"
    of: str
    step: int = 1


class RunningColumn(Column):
    """A figure over the rows of one owner up to this one."""

    type: Literal["running"] = "running"
    of: str
    by: Literal["sum", "count", "min", "max", "mean"] = "sum"


class ConstantColumn(Column):
    """One value."""

    type: Literal["constant"] = "constant"
    value: Scalar


class ModelColumn(Column):
    """A column of a fitted model that the spec names under `models`; all columns of one model come from the same of its rows."""

    type: Literal["model"] = "model"
    model: str
    column: str


class FrameColumn(Column):
    """A column of a table that the spec names under `frames`; all columns of one frame come from the same of its rows.
    take: rows in their order (repeated from the top), or drawn."""

    type: Literal["frame"] = "frame"
    frame: str
    column: str
    take: Literal["order", "draw"] = "draw"


AnyColumn = Annotated[
    KeyColumn | IntegerColumn | DecimalColumn | BooleanColumn | ChoiceColumn | ListColumn | PatternColumn | TemplateColumn
    | ExpressionColumn | CaseColumn | PersonColumn | WordColumn | DateColumn | DateTimeColumn | TimeColumn | PartColumn
    | ReferenceColumn | ParentColumn | AggregateColumn | StateColumn | OrdinalColumn | SiblingColumn | RunningColumn
    | ConstantColumn | ModelColumn | FrameColumn,
    Field(discriminator="type"),
]  # fmt: skip

When.model_rebuild()
CaseColumn.model_rebuild()


def column_types() -> dict[str, type[Column]]:
    """The column models by their `type`."""
    union: Any = AnyColumn.__origin__  # type: ignore[attr-defined]
    return {model.model_fields["type"].default: model for model in union.__args__}
