"""What a table's columns mean: one `ColumnSchema` a column, the `Constraint`s between them, and their YAML file.

A schema is what `infer_schema` proposes and a person may overrule. The YAML file and the objects are one-to-one:
`TableSchema.save(path)` and `TableSchema.load(path)` give the same schema back, and a mistake in the file is
reported with its line, the word that is wrong and the nearest word that is right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from understudy.core.errors import SchemaError, did_you_mean
from understudy.data.constraints import TYPES, Constraint, Contradiction, Formula, columns_of, constraint_keys

Kind = Literal[
    "integer", "decimal", "categorical", "ordinal", "boolean", "datetime", "date", "time", "duration",
    "identifier", "personal", "latitude", "longitude", "code", "text", "constant",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)

Personal = Literal[
    "name", "first_name", "last_name", "email", "phone", "address", "street", "city", "postcode",
    "iban", "card", "ip", "national_id", "username", "url",
]  # fmt: skip
PERSONAL: tuple[str, ...] = get_args(Personal)

Check = Literal["luhn", "iban", "ean", "isbn10"]
Resolution = Literal["year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"]
Scalar = bool | int | float | str

# Kinds whose values are made anew from the row number and never learned.
REMADE: frozenset[str] = frozenset({"identifier", "personal", "code", "text"})

_NUMBER_TEXT = frozenset({"prefix", "suffix", "thousands", "decimal_comma", "trailing_zeros"})
_CALENDAR_TEXT = frozenset({"format", "also_read", "resolution"})

# The facts that each kind may state, besides those of every column.
FACTS: dict[str, frozenset[str]] = {
    "integer": _NUMBER_TEXT | {"decimals"},
    "decimal": _NUMBER_TEXT | {"decimals"},
    "categorical": frozenset({"categories"}),
    "ordinal": frozenset({"order", "categories"}),
    "boolean": frozenset({"spelling"}),
    "datetime": _CALENDAR_TEXT | {"time_zone"},
    "date": _CALENDAR_TEXT,
    "time": _CALENDAR_TEXT,
    "duration": frozenset({"format", "resolution"}),
    "identifier": frozenset({"pattern", "check", "unique"}),
    "personal": frozenset({"personal", "pattern", "unique"}),
    "latitude": _NUMBER_TEXT | {"decimals"},
    "longitude": _NUMBER_TEXT | {"decimals"},
    "code": frozenset({"pattern"}),
    "text": frozenset(),
    "constant": frozenset({"value"}),
}
_COMMON = ("name", "kind", "reason", "nullable", "dtype", "missing_text", "categories")


class ColumnSchema(BaseModel):
    """One column: its kind, why it was taken for that, and the facts that its kind has.

    `dtype` is the source column's type (see `data.dtypes`): the synthetic column is given back in it. A number or a
    date kept as text in the source has `dtype: String` and the facts that let it be read and written again.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    name: str = Field(description="the column's name")
    kind: Kind = Field(description="what the values are")
    reason: str = Field(default="", description="why it was taken for this kind")
    nullable: bool = Field(default=False, description="missing values occur")
    dtype: str = Field(default="String", description="type of the source column, given back in the output")
    missing_text: list[str] | None = Field(
        default=None, min_length=1, description="texts that stand for missing, such as ' ' or 'n/a'; the first is written"
    )

    decimals: int | None = Field(default=None, ge=0, le=30, description="digits after the point; none: not rounded")
    decimal_comma: bool | None = Field(default=None, description="numbers as text are written 1,5")
    thousands: str | None = Field(default=None, max_length=1, description="group mark of numbers as text")
    trailing_zeros: bool | None = Field(default=None, description="numbers as text keep their zeros: 1.50")
    prefix: str | None = Field(default=None, description="text before each number, such as $")
    suffix: str | None = Field(default=None, description="text after each number, such as % or kg")
    categories: list[Scalar] | None = Field(default=None, description="the closed list of allowed values")
    order: list[Scalar] | None = Field(default=None, description="the values from low to high")
    spelling: list[Scalar] | None = Field(
        default=None, min_length=2, max_length=2, description="how false and true are written, in this order"
    )
    format: str | None = Field(default=None, description="strftime format of dates and times kept as text")
    also_read: list[str] | None = Field(default=None, description="further formats read; written in `format`")
    time_zone: str | None = Field(default=None, description="IANA name or a fixed offset such as +02:00")
    resolution: Resolution | None = Field(default=None, description="the finest unit that is not always zero")
    pattern: str | None = Field(default=None, description="shape, as [0-9]{4}-[A-Z]{5}")
    check: Check | None = Field(default=None, description="check digit that every value carries")
    unique: bool | None = Field(default=None, description="no value occurs twice")
    personal: Personal | None = Field(default=None, description="which personal datum")
    value: Scalar | None = Field(default=None, description="the one value of a constant column")

    @field_validator("order", "categories", "missing_text")
    @classmethod
    def _values_differ(cls, values: list[Scalar] | None) -> list[Scalar] | None:
        # 1 == True in Python, so the type is part of the comparison.
        if values is not None and len({(type(v), v) for v in values}) != len(values):
            raise Contradiction("A value is listed twice.")
        return values

    @model_validator(mode="after")
    def _facts_belong_to_the_kind(self) -> Self:
        stated = {name for name in self.model_fields_set if getattr(self, name) is not None}
        foreign = sorted(stated - set(_COMMON) - FACTS[self.kind])
        if foreign:
            allowed = sorted(FACTS[self.kind])
            raise Contradiction(
                f'"{foreign[0]}" says nothing about a column of kind {self.kind}.',
                f"Its facts are: {', '.join(allowed)}." if allowed else "A column of that kind takes no facts.",
            )
        if self.kind == "personal" and self.personal is None:
            raise Contradiction("A personal column says which datum it holds.", f'Set "personal" to one of: {", ".join(PERSONAL)}.')
        if self.kind == "ordinal" and not self.order:
            raise Contradiction("An ordinal column needs its order.", 'List its values from low to high under "order".')
        return self

    @property
    def remade(self) -> bool:
        """True where values are made anew from the row number, never learned."""
        return self.kind in REMADE


class TableSchema(BaseModel):
    """A table's columns in order, the constraints between them, and the key."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    columns: list[ColumnSchema] = Field(min_length=1)
    constraints: list[Constraint] = Field(default_factory=list)
    key: str | None = Field(default=None, description="the column that names each row once")

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = self.names
        if len(set(names)) != len(names):
            again = next(i for i, name in enumerate(names) if name in names[:i])
            raise Contradiction(f'The column "{names[again]}" is listed twice.', "Keep one of the two.", at=("columns", again, "name"))
        if self.key is not None and self.key not in names:
            raise Contradiction(f'The key "{self.key}" is not a column.', did_you_mean(self.key, names), at=("key",))
        for i, constraint in enumerate(self.constraints):
            for name in columns_of(constraint):
                if name not in names:
                    place = f" ({constraint.parsed().place_of(name)})" if isinstance(constraint, Formula) else ""
                    what = f'The {constraint.type} constraint names the column "{name}", which is not there{place}.'
                    raise Contradiction(what, did_you_mean(name, names), at=("constraints", i))
        return self

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> ColumnSchema:
        """The schema of one column. Raises `SchemaError` naming the nearest column."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f'There is no column "{name}".', remedy=did_you_mean(name, self.names))

    def select(self, names: list[str]) -> TableSchema:
        """The schema of some columns, in the order asked for; constraints that name others are left out."""
        kept = set(names)
        return TableSchema(
            columns=[self.column(name) for name in names],
            constraints=[c for c in self.constraints if kept.issuperset(columns_of(c))],
            key=self.key if self.key in kept else None,
        )

    def override(self, changes: Mapping[str, str | Mapping[str, Any] | ColumnSchema]) -> TableSchema:
        """A schema in which some columns are what the user says.

        `changes` maps a column to a kind (`{"age": "integer"}`), to facts (`{"when": {"kind": "date", "format":
        "%d/%m/%Y"}}`) or to a whole `ColumnSchema`. Facts that the new kind does not have are dropped; those not named are
        kept. Raises `SchemaError` for an unknown column, kind or fact, naming the nearest.
        """
        columns = {column.name: column for column in self.columns}
        for name, change in changes.items():
            columns[name] = _overridden(self.column(name), change)
        return TableSchema(columns=list(columns.values()), constraints=self.constraints, key=self.key)

    def save(self, path: str | Path) -> None:
        """Write the schema as YAML, with the choices explained at its top."""
        from understudy.data.schema_file import write_schema

        write_schema(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> TableSchema:
        """Read a schema from YAML. Raises `SchemaError` with file, line, key and the nearest valid word."""
        from understudy.data.schema_file import read_schema

        return read_schema(Path(path))


def _overridden(column: ColumnSchema, change: str | Mapping[str, Any] | ColumnSchema) -> ColumnSchema:
    if isinstance(change, ColumnSchema):
        return change.model_copy(update={"name": column.name})
    asked = {"kind": change} if isinstance(change, str) else dict(change)
    if "kind" not in asked and "personal" in asked:
        asked["kind"] = "personal"
    kind = str(asked.get("kind", column.kind))
    where = f'column "{column.name}"'
    if kind not in KINDS:
        raise SchemaError(f'"{kind}" is not a kind of column.', where=where, remedy=did_you_mean(kind, KINDS, shown=len(KINDS)))
    asked.setdefault("reason", "the caller said so")
    known = set(_COMMON) | FACTS[kind]
    facts = {key: value for key, value in column.model_dump(exclude_none=True).items() if key in known}
    for fact in asked:
        if fact not in ColumnSchema.model_fields:
            raise SchemaError(f'"{fact}" is not a fact about a column.', where=where, remedy=did_you_mean(fact, sorted(known), shown=40))
    try:
        return ColumnSchema.model_validate(facts | asked)
    except ValidationError as error:
        what, remedy = in_plain_words(error)
        raise SchemaError(what, where=where, remedy=remedy) from None


def weightiest(error: ValidationError) -> ErrorDetails:
    """The complaint to tell first: a misspelt key before the key that is therefore missing."""
    complaints = error.errors()
    return next((c for c in complaints if c["type"] == "extra_forbidden"), complaints[0])


def in_plain_words(error: ValidationError) -> tuple[str, str | None]:
    """The first complaint of a pydantic error: what is wrong and what to do, with the nearest valid word where there is one."""
    complaint = weightiest(error)
    word = str(complaint["loc"][-1]) if complaint["loc"] else ""
    context = complaint.get("ctx", {})
    match complaint["type"]:
        case "extra_forbidden":
            return f'"{word}" is not a key here.', did_you_mean(word, _keys_near(complaint["loc"]), shown=40)
        case "missing":
            return f'The key "{word}" is missing.', None
        case "literal_error":
            choices = _quoted(str(context["expected"]))
            return f'"{complaint["input"]}" is not a choice for "{word}".', did_you_mean(str(complaint["input"]), choices, shown=20)
        case "union_tag_invalid":
            choices, tag = _quoted(str(context["expected_tags"])), str(context["tag"])
            return f'"{tag}" is not a type of constraint.', did_you_mean(tag, choices)
        case "union_tag_not_found":
            return 'The key "type" is missing.', f"A constraint says its type: {', '.join(TYPES[:-1])} or {TYPES[-1]}."
        case "value_error":
            cause = context["error"]
            return (cause.what, cause.remedy) if isinstance(cause, Contradiction) else (str(cause), None)
    message = str(complaint["msg"])
    return f'"{word}" is {complaint["input"]!r}: {message[:1].lower()}{message[1:]}.', None


def _quoted(listed: str) -> list[str]:
    return re.findall(r"'([^']+)'", listed)


def _keys_near(loc: tuple[Any, ...]) -> list[str]:
    if loc[0] == "constraints":
        return constraint_keys()
    return list(ColumnSchema.model_fields if len(loc) > 1 else TableSchema.model_fields)
