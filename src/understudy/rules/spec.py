"""`Spec`: tables declared, not learned. The YAML file and these objects are one-to-one.

    understudy: rules/1
    tables:
      customers:
        rows: 1000
        columns:
          id: {type: key}
          mail: {type: person, field: email}

`read_spec` tells every mistake with file, line and the nearest valid word; `Spec.json_schema()` lets editors complete. What a spec means
is in `docs/rules.md`; what makes it is `compiling.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from understudy.core.errors import SchemaError, UnderstudyError, did_you_mean
from understudy.core.random import MAX_SEED
from understudy.data.constraints import Contradiction
from understudy.data.located_yaml import LocatedYaml, parse_yaml, read_text
from understudy.data.schema import weightiest
from understudy.data.spec_file import SpecFile, listed, mistake, steps_there
from understudy.rules.columns import AnyColumn, Weighted, column_types
from understudy.rules.dirt.plan import AnyHurt, Hurt, hurt_kinds
from understudy.rules.law import Law
from understudy.rules.streaming import StreamPlan, TableStream

MARK = "rules/1"
Locales = str | dict[str, float]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class ListSpec(_Model):
    """A vocabulary of one's own: values, with weights where wanted; a file whose columns belong together; or a Faker provider, drawn
    once and frozen. weight: the file's column of weights."""

    values: Weighted | None = None
    file: str | None = None
    weight: str | None = None
    faker: str | None = None
    locale: str | None = None
    size: int = Field(default=1000, ge=1)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.values, self.file, self.faker)) != 1:
            raise Contradiction("A list has values, or a file, or a Faker provider.", "Give one of: values, file, faker.")
        if self.weight is not None and self.file is None:
            raise Contradiction("`weight` names a column of a file.", "Give weights with the values: {a: 2, b: 1}.", at=("weight",))
        return self


def _typed(columns: Any) -> Any:
    """`id: key` is `id: {type: key}`."""
    if not isinstance(columns, Mapping):
        return columns
    return {name: {"type": column} if isinstance(column, str) else column for name, column in columns.items()}


def _valued(lists: Any) -> Any:
    """`sizes: [small, large]` is `sizes: {values: [small, large]}`."""
    if not isinstance(lists, Mapping):
        return lists
    return {name: {"values": entries} if isinstance(entries, list) else entries for name, entries in lists.items()}


Columns = Annotated[dict[str, AnyColumn], BeforeValidator(_typed)]
Lists = Annotated[dict[str, ListSpec], BeforeValidator(_valued)]


class FanOut(_Model):
    """How many rows belong to each row of another table. most: no more than so many."""

    table: str
    count: Law
    least: int = Field(default=0, ge=0)
    most: int = Field(default=1000, ge=1, le=10_000_000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise Contradiction(f"least ({self.least}) is above most ({self.most}).", at=("least",))
        return self


class People(_Model):
    """Who the persons of a table are. locale: the spec's unless told; age: youngest and oldest on `today`; sex: shares."""

    locale: Locales | None = None
    age: tuple[int, int] = (18, 90)
    sex: dict[Literal["female", "male"], float] = {"female": 0.5, "male": 0.5}
    domains: list[str] | None = None


class Correlation(_Model):
    """Columns drawn together: their ranks are those of a Gaussian or t copula with this matrix of correlations."""

    columns: list[str] = Field(min_length=2)
    matrix: list[list[float]]
    family: Literal["gaussian", "t"] = "gaussian"
    df: float = Field(default=5.0, gt=2)

    @model_validator(mode="after")
    def _is_a_correlation(self) -> Self:
        import numpy as np

        size = len(self.columns)
        if len(self.matrix) != size or any(len(row) != size for row in self.matrix):
            raise Contradiction(f"{size} columns need a matrix of {size} rows of {size} numbers.", at=("matrix",))
        matrix = np.array(self.matrix)
        if not np.array_equal(matrix, matrix.T) or not np.all(np.diag(matrix) == 1) or np.abs(matrix).max() > 1:
            raise Contradiction(
                "A matrix of correlations is symmetric, with 1 on its diagonal and no number beyond -1 and 1.", at=("matrix",)
            )
        least = float(np.linalg.eigvalsh(matrix).min())
        if least <= 1e-9:
            raise Contradiction(
                f"No numbers have these correlations: the matrix is not positive definite (least eigenvalue {least:.3g}).",
                "Bring the correlations nearer to 0.",
                at=("matrix",),
            )
        return self


class TableSpec(_Model):
    """A table: so many rows, or rows that belong to those of another (`per`); its columns in order.

    key: the columns that name a row. unique: further sets of columns that do. rules: formulas that hold in every row, by name.
    dirt: what goes wrong with the rows on their way (`rules/dirt/plan.py`); they are clean unless dirty ones are asked for.
    """

    rows: int | None = Field(default=None, ge=0)
    per: FanOut | None = None
    key: list[str] = Field(default_factory=list)
    people: dict[str, People] = Field(default_factory=dict)
    columns: Columns = Field(min_length=1)
    correlations: list[Correlation] = Field(default_factory=list)
    unique: list[list[str]] = Field(default_factory=list)
    rules: dict[str, str] = Field(default_factory=dict)
    dirt: list[AnyHurt] = Field(default_factory=list)

    @field_validator("key", mode="before")
    @classmethod
    def _one_key(cls, key: Any) -> Any:
        return [key] if isinstance(key, str) else key

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.rows is None) == (self.per is None):
            raise Contradiction("A table has a number of rows, or is per another.", "Write rows: 1000, or per: {table: T, count: LAW}.")
        for place, names in self._named():
            for name in names:
                if name not in self.columns:
                    raise Contradiction(f'There is no column "{name}".', did_you_mean(name, list(self.columns)), at=place)
        return self

    def _named(self) -> list[tuple[tuple[Any, ...], list[str]]]:
        places: list[tuple[tuple[Any, ...], list[str]]] = [(("key",), self.key)]
        places += [(("unique", i), names) for i, names in enumerate(self.unique)]
        places += [(("correlations", i, "columns"), group.columns) for i, group in enumerate(self.correlations)]
        places += [(("dirt", i), entry.named) for i, entry in enumerate(self.dirt)]
        return places

    @property
    def visible(self) -> list[str]:
        """The columns that are written, in order."""
        return [name for name, column in self.columns.items() if not column.hidden]


class Spec(_Model, SpecFile):
    """Tables that belong together, and what they are made from.

    seed: of the data set, unless another is given when making it. today: the date that ages count to; nothing reads the clock.
    lists, models, frames: sources that columns name; file names are relative to the spec's. stream: how rows come, change and go in time.
    """

    understudy: Literal["rules/1"] = "rules/1"
    name: str = "data"
    description: str | None = None
    seed: int = Field(default=0, ge=0, le=MAX_SEED)
    today: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] = "2026-01-01"
    locale: Locales = "en_US"
    lists: Lists = Field(default_factory=dict)
    models: dict[str, str] = Field(default_factory=dict)
    frames: dict[str, str] = Field(default_factory=dict)
    tables: dict[str, TableSpec] = Field(min_length=1)
    stream: StreamPlan | None = None

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        from understudy.rules.checking import check_names

        check_names(self)
        return self

    def scaled(self, factor: float) -> Spec:
        """The same with `factor` times the rows in every table that says its rows (at least one, where there was one)."""
        tables = {
            name: table if table.rows is None else table.model_copy(update={"rows": max(min(table.rows, 1), round(table.rows * factor))})
            for name, table in self.tables.items()
        }
        return self.model_copy(update={"tables": tables})

    def with_rows(self, rows: Mapping[str, int]) -> Spec:
        """The same with other numbers of rows. Raises `SchemaError` for a table that is not there or whose rows follow from another."""
        for name in rows:
            if name not in self.tables:
                raise SchemaError(f'There is no table "{name}".', remedy=did_you_mean(name, list(self.tables)))
            if self.tables[name].rows is None:
                owner = self.tables[name].per
                raise SchemaError(
                    f'The rows of "{name}" follow from "{owner.table if owner else ""}".',
                    remedy="Change that table's rows, or `per.count`.",
                )
        tables = {name: table.model_copy(update={"rows": rows[name]}) if name in rows else table for name, table in self.tables.items()}
        return self.model_copy(update={"tables": tables})

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without what is as by default. Keys of choices and laws are the numbers that they were: YAML keeps them so, JSON
        does not."""
        return {"understudy": MARK, **listed(self.model_dump(exclude_defaults=True))}

    @classmethod
    def from_dict(cls, stated: Mapping[str, Any], origin: str = "spec") -> Spec:
        """From plain values. Raises `SchemaError` with the path of the mistake and the nearest valid word."""
        return _validated(stated, origin, None)

    @classmethod
    def load(cls, path: str | Path) -> Spec:
        """Read a YAML file. Raises `SchemaError` with file, line and the nearest valid word."""
        return read_spec(path)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the YAML file, for editors."""
        schema = cls.model_json_schema(by_alias=True)
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "understudy rules",
            **{k: v for k, v in schema.items() if k != "title"},
        }


def read_spec(path: str | Path) -> Spec:
    """Read a spec's YAML file. Raises `SchemaError` with file, line and the nearest valid word."""
    return parse_spec(read_text(Path(path), "spec"), str(path))


@contextmanager
def located(path: Path | None) -> Iterator[None]:
    """What goes wrong inside with a part of a spec is told with the line that it stands in, in its file."""
    try:
        yield
    except UnderstudyError as error:
        if path is None or not (error.where or "").startswith(("tables.", "lists.", "frames.", "models.")):
            raise
        lines = parse_yaml(read_text(path, "spec"), str(path))
        steps = tuple(int(step) if step.isdigit() else step for step in str(error.where).split(":")[0].split("."))
        where = f"{path}, line {lines.line_of(steps)}: {error.where}"
        raise type(error)(error.what, where=where, remedy=error.remedy) from error.__cause__


def parse_spec(text: str, origin: str = "spec") -> Spec:
    """Read a spec from YAML text; `origin` names it in errors."""
    found = parse_yaml(text, origin)
    if not isinstance(found.body, dict):
        raise SchemaError("A spec has the keys understudy and tables.", where=f"{origin}, line 1", remedy=f"Begin with: understudy: {MARK}")
    if "understudy" not in found.body:
        raise SchemaError(f"The first key of a spec says what it is: understudy: {MARK}.", where=f"{origin}, line 1")
    return _validated(found.body, origin, found)


def _validated(stated: Any, origin: str, located: LocatedYaml | None) -> Spec:
    try:
        return Spec.model_validate(stated)
    except ValidationError as error:
        loc, what, remedy = _complaint(error)
        raise mistake(what, remedy, loc, steps_there(stated, loc), origin, located) from None


# ---- mistakes in words


def _complaint(error: ValidationError) -> tuple[tuple[Any, ...], str, str | None]:
    """Where a mistake is, what it is, and what to do."""
    complaint = weightiest(error)
    loc, context, word = tuple(complaint["loc"]), complaint.get("ctx", {}), str(complaint["loc"][-1]) if complaint["loc"] else ""
    match complaint["type"]:
        case "extra_forbidden":
            return loc, f'"{word}" is not a key here.', did_you_mean(word, _keys_at(loc[:-1]), shown=40)
        case "missing":
            return loc, f'The key "{word}" is missing.', None
        case "union_tag_invalid" if context["discriminator"] == "'kind'":
            return (*loc, "kind"), f'"{context["tag"]}" is not a kind of dirt.', did_you_mean(str(context["tag"]), hurt_kinds(), shown=20)
        case "union_tag_not_found" if context["discriminator"] == "'kind'":
            return loc, 'Dirt says its "kind".', f"The kinds: {', '.join(hurt_kinds())}."
        case "union_tag_invalid":
            types = list(column_types())
            return (*loc, "type"), f'"{context["tag"]}" is not a type of column.', did_you_mean(str(context["tag"]), types, shown=40)
        case "union_tag_not_found":
            return loc, 'A column says its "type".', f"The types: {', '.join(column_types())}."
        case "literal_error":
            choices = [choice.strip().strip("'") for choice in str(context["expected"]).replace(" or ", ", ").split(",")]
            return loc, f'"{complaint["input"]}" is not a choice for "{word}".', did_you_mean(str(complaint["input"]), choices, shown=30)
        case "value_error" if isinstance(context.get("error"), Contradiction):
            cause = context["error"]
            return (*loc, *cause.at), cause.what, cause.remedy
    message = str(complaint["msg"])
    shown = repr(complaint["input"])
    return loc, f'"{word}" is {shown if len(shown) < 60 else shown[:57] + "…"}: {message[:1].lower()}{message[1:]}.', None


def _keys_at(loc: tuple[Any, ...]) -> list[str]:
    """The keys that a place takes, told by the last model on its path; names that the user gave say nothing."""
    types: dict[str, type[BaseModel]] = {**column_types()}
    named: dict[str, type[BaseModel]] = {
        "tables": TableSpec,
        "per": FanOut,
        "lists": ListSpec,
        "people": People,
        "correlations": Correlation,
        "dirt": Hurt,
        "stream": StreamPlan,
    }
    model: type[BaseModel] = Spec
    given = False  # whether the next step is a name that the user gave
    for step in loc:
        if given:
            given = False
        elif isinstance(step, str):
            given = step in ("tables", "lists", "people", "columns")
            if model is StreamPlan:
                model = TableStream
            elif issubclass(model, Hurt):
                model = hurt_kinds().get(step, model)
            else:
                model = types.get(step, named.get(step, model))
    return [field.alias or name for name, field in model.model_fields.items()]
