"""What is to be wrong with a table: one model a kind of dirt, each with its rate. In a spec:

    dirt:
      - {kind: typo, columns: [first, last], rate: 0.02}
      - {kind: duplicate, rate: 0.01, fuzzy: 0.5, columns: [first, last], match: entity}
      - {kind: schema, start: 5000, rename: {mail: email}}

or in a YAML file of its own: a list of such entries, or a mapping of tables to such lists (`read_plan`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)

from understudy.core.errors import SchemaError, did_you_mean
from understudy.data.constraints import Contradiction
from understudy.data.schema import weightiest

Scalar = bool | int | float | str
Rate = Annotated[float, Field(ge=0, le=1)]
Columns = Annotated[list[str], Field(min_length=1)]


class Hurt(BaseModel):
    """What all kinds have. rate: the share of the cells (or rows) that are hurt."""

    model_config = ConfigDict(extra="forbid")

    kind: str

    @model_serializer(mode="wrap")
    def _with_its_kind(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The kind comes first, and is there although it is the default."""
        return {"kind": self.kind, **plain(self)}

    @property
    def named(self) -> list[str]:
        """The columns that it names."""
        return list(getattr(self, "columns", None) or [])


class TypoHurt(Hurt):
    """A slip of the fingers in a text: a neighbouring key, two letters swapped, one dropped, one doubled."""

    kind: Literal["typo"] = "typo"
    columns: Columns
    rate: Rate
    ways: list[Literal["neighbour", "swap", "drop", "double"]] = Field(default=["neighbour", "swap", "drop", "double"], min_length=1)


class CaseHurt(Hurt):
    """A text in another case."""

    kind: Literal["case"] = "case"
    columns: Columns
    rate: Rate
    ways: list[Literal["upper", "lower", "title", "swapped"]] = Field(default=["upper", "lower", "swapped"], min_length=1)


class EncodingHurt(Hurt):
    """UTF-8 read as Windows-1252: Müller becomes MÃ¼ller. Texts of ASCII alone stay as they are."""

    kind: Literal["encoding"] = "encoding"
    columns: Columns
    rate: Rate


class WhitespaceHurt(Hurt):
    """A space too many: before, after, doubled inside, one that does not break, a tab after."""

    kind: Literal["whitespace"] = "whitespace"
    columns: Columns
    rate: Rate
    ways: list[Literal["before", "after", "doubled", "unbreaking", "tab"]] = Field(
        default=["before", "after", "doubled", "unbreaking", "tab"], min_length=1
    )


class MissingHurt(Hurt):
    """A sign that stands for a missing value. markers: of the column's type unless told; a text among numbers makes the column one of
    texts, and null leaves the cell empty."""

    kind: Literal["missing"] = "missing"
    columns: Columns
    rate: Rate
    markers: list[Scalar | None] | None = Field(default=None, min_length=1)


class SwapHurt(Hurt):
    """Two columns of one type with each other's values."""

    kind: Literal["swap"] = "swap"
    columns: list[str] = Field(min_length=2, max_length=2)
    rate: Rate


class UnitHurt(Hurt):
    """Numbers in another unit: multiplied by one of `factors` (2.54: inches in a column of centimetres)."""

    kind: Literal["unit"] = "unit"
    columns: Columns
    rate: Rate
    factors: list[float] = Field(default=[100.0, 0.01, 1000.0, 0.001], min_length=1)


class OutlierHurt(Hurt):
    """Numbers far out: `times` [least, most] as large, with either sign."""

    kind: Literal["outlier"] = "outlier"
    columns: Columns
    rate: Rate
    times: tuple[float, float] = (10.0, 100.0)


class FormatHurt(Hurt):
    """Days and moments written in another way than ISO 8601's; the column becomes one of texts. formats: as strftime's."""

    kind: Literal["format"] = "format"
    columns: Columns
    rate: Rate
    formats: list[str] | None = Field(default=None, min_length=1)


class StaleHurt(Hurt):
    """Values that were true once: those of another row nearby, all columns together. stamp: a column of moments that then lies up to `days`
    earlier."""

    kind: Literal["stale"] = "stale"
    columns: Columns
    rate: Rate
    stamp: str | None = None
    days: float = Field(default=365.0, gt=0)

    @property
    def named(self) -> list[str]:
        return [*self.columns, *([self.stamp] if self.stamp else [])]


class LateHurt(Hurt):
    """When a row came in, as a new column: up to `usual` seconds after the moment in `column`; in a share `rate` of the rows, between the
    two `delays` (in seconds) after it."""

    kind: Literal["late"] = "late"
    column: str
    rate: Rate
    arrival: str = "arrived_at"
    usual: float = Field(default=60.0, gt=0)
    delays: tuple[float, float] = (3_600.0, 7 * 86_400.0)

    @property
    def named(self) -> list[str]:
        return [self.column]


class DuplicateHurt(Hurt):
    """Rows that come again, so many per row of the table, at most one each. fuzzy: the share of them that differ, by a slip in one of
    `columns`. match: a new column with the number of the row that it was at first, equal for a row and its copy."""

    kind: Literal["duplicate"] = "duplicate"
    rate: Rate
    fuzzy: Rate = 0.0
    columns: list[str] = Field(default_factory=list)
    match: str | None = None

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.fuzzy and not self.columns:
            raise Contradiction("Fuzzy duplicates differ in some columns.", "Name them: columns: [first, last].", at=("columns",))
        return self


class Since(BaseModel):
    """From the rows on whose moment in a column is at least this."""

    model_config = ConfigDict(extra="forbid")

    column: str
    moment: str


class SchemaHurt(Hurt):
    """Other columns from a row on (`start`: its number, or a moment in a column): renamed, dropped, added with a value, written as text.

    In one frame both schemas stand side by side: a column that is renamed or dropped is empty from there on, a new one is empty before.
    """

    kind: Literal["schema"] = "schema"
    start: int | Since
    rename: dict[str, str] = Field(default_factory=dict)
    drop: list[str] = Field(default_factory=list)
    add: dict[str, Scalar] = Field(default_factory=dict)
    retype: dict[str, Literal["text"]] = Field(default_factory=dict)

    @property
    def named(self) -> list[str]:
        return [*self.rename, *self.drop, *self.retype, *([self.start.column] if isinstance(self.start, Since) else [])]


AnyHurt = Annotated[
    TypoHurt | CaseHurt | EncodingHurt | WhitespaceHurt | MissingHurt | SwapHurt | UnitHurt | OutlierHurt | FormatHurt | StaleHurt
    | LateHurt | DuplicateHurt | SchemaHurt,
    Field(discriminator="kind"),
]  # fmt: skip
Plan = Sequence[Hurt]
_PLAN: TypeAdapter[list[Any]] = TypeAdapter(list[AnyHurt])


def hurt_kinds() -> dict[str, type[Hurt]]:
    """The models of dirt by their `kind`."""
    union: Any = AnyHurt.__origin__  # type: ignore[attr-defined]
    return {model.model_fields["kind"].default: model for model in union.__args__}


def plan_of(stated: Any, origin: str = "dirt") -> list[Hurt]:
    """A plan from plain values, or from one. Raises `SchemaError` with the place of a mistake and the nearest valid word."""
    if isinstance(stated, Sequence) and all(isinstance(entry, Hurt) for entry in stated):
        return list(stated)
    try:
        return _PLAN.validate_python(stated)
    except ValidationError as error:
        found = weightiest(error)
        loc, context = found["loc"], found.get("ctx", {})
        where = f"{origin}, entry {int(loc[0]) + 1}" if loc and isinstance(loc[0], int) else origin
        cause = context.get("error")
        if isinstance(cause, Contradiction):
            raise SchemaError(cause.what, where=where, remedy=cause.remedy) from None
        if found["type"] == "union_tag_invalid":
            tag = str(context["tag"])
            raise SchemaError(f'"{tag}" is not a kind of dirt.', where=where, remedy=did_you_mean(tag, hurt_kinds(), shown=20)) from None
        if found["type"] == "extra_forbidden":
            keys = list(hurt_kinds()[str(loc[1])].model_fields)
            raise SchemaError(f'"{loc[-1]}" is not a key here.', where=where, remedy=did_you_mean(str(loc[-1]), keys)) from None
        raise SchemaError(f"{'.'.join(map(str, loc[1:]))}: {found['msg']}.", where=where) from None


def read_plan(path: str | Path, table: str | None = None) -> list[Hurt]:
    """The plan of a YAML file: a list, or of a mapping of tables the list of `table`."""
    from understudy.data.located_yaml import parse_yaml, read_text

    body = parse_yaml(read_text(Path(path), "plan"), str(path)).body
    if isinstance(body, Mapping):
        if table not in body:
            raise SchemaError(
                f'The plan has no table "{table}".' if table else "The plan is one of several tables.",
                where=str(path),
                remedy=did_you_mean(table or "", list(map(str, body))),
            )
        body = body[table]
    return plan_of(body, str(path))
