"""`TextSpec`: a text data set declared. The YAML file and this object are one-to-one.

    understudy: text/1
    task: classification
    about: reviews of kitchen goods
    columns:
      label: {type: choice, values: {positive: 3, negative: 1}}
    label: label
    template:
      rules:
        text: {by: label, positive: "[Lovely|Great]!", negative: "[Broke|Leaked] at once."}

Columns are those of rules (`docs/rules.md`); `tasks/` says what rows hold beside them, `ways/` how they are made. What a spec means is in
`docs/texts.md`. `read_text_spec` tells every mistake with file, line and the nearest valid word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from understudy.core.errors import ArgumentError, SchemaError, UnderstudyError, did_you_mean
from understudy.core.random import MAX_SEED
from understudy.data.constraints import Contradiction
from understudy.data.located_yaml import LocatedYaml, parse_yaml, read_text
from understudy.data.schema import weightiest
from understudy.data.spec_file import SpecFile, listed, mistake, steps_there
from understudy.rules.columns import Scalar, column_types
from understudy.rules.spec import Columns, Lists, ListSpec, Locales, People
from understudy.text.grammar.rules import Rule, read_rules
from understudy.text.spec.language_model import (
    BatchSection,
    BudgetSection,
    ExamplesSection,
    JudgeSection,
    LanguageModelSection,
    PriceSection,
)
from understudy.text.spec.quality import CalibrationSection, MixSection, RealSection, TextJudgeSection
from understudy.text.spec.sections import WAYS, EvolutionSection, LearnedSection, TemplateSection
from understudy.text.spec.steps import StepSection
from understudy.text.tasks import TASKS, task
from understudy.text.tasks.task import Task

MARK = "text/1"
_NEED_REAL = ("label_check", "training_overlap", "quota", "coverage")
Shares = dict[Scalar, Annotated[float, Field(ge=0)]]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class CaseSpec(_Model):
    """A rare case: the share of rows that show it, and the columns that it sets, to a value or to shares of values."""

    rate: float = Field(ge=0, le=1)
    about: str = ""
    set: dict[str, Scalar | Shares] = Field(default_factory=dict)


class TextSpec(_Model, SpecFile):
    """A text data set.

    columns: what a row says before it is a text: labels, tone, persons, facts. rows: a file whose rows are to have texts, or the most
    rows that there are. cases: at most one a row. text: the name of the text's column; label: the column that is the label.
    language: of words' forms ("en"), or {source: en, target: de}. words: least and most words of a text, or {by: COLUMN, VALUE: [3, 20]}.
    facts: the columns that each document must state. way: how texts are made; each has a section of its name. quality: filters of made
    rows. judges: language models that grade rows, for the filter `judged`. real: real rows, which filters hold made ones against. mix: puts
    real rows among those that `generate` writes.
    """

    understudy: Literal["text/1"] = "text/1"
    task: str
    about: str = ""
    seed: int = Field(default=0, ge=0, le=MAX_SEED)
    today: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")] = "2026-01-01"
    locale: Locales = "en_US"
    language: str | dict[Literal["source", "target"], str] = "en"
    lists: Lists = Field(default_factory=dict)
    models: dict[str, str] = Field(default_factory=dict)
    frames: dict[str, str] = Field(default_factory=dict)
    people: dict[str, People] = Field(default_factory=dict)
    rows: str | int | None = None
    columns: Columns = Field(default_factory=dict)
    rules: dict[str, str] = Field(default_factory=dict)
    cases: dict[str, CaseSpec] = Field(default_factory=dict)
    text: str = "text"
    label: str | None = None
    facts: list[str] | None = None
    words: tuple[int, int] | dict[str | int | bool, Any] | None = None
    way: str = "template"
    template: TemplateSection | None = None
    ngram: LearnedSection | None = None
    transformer: LearnedSection | None = None
    llm: LanguageModelSection | None = None
    evolution: EvolutionSection | None = None
    quality: list[Any] = Field(default_factory=list)
    judges: dict[str, TextJudgeSection] = Field(default_factory=dict)
    real: RealSection | None = None
    mix: MixSection | None = None
    _source: LocatedYaml | None = PrivateAttr(default=None)
    _grammar: dict[str, Rule] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = task(self.task)
        if self.way not in WAYS:
            raise Contradiction(f'There is no way "{self.way}".', did_you_mean(self.way, WAYS), at=("way",))
        if getattr(self, self.way) is None:
            raise Contradiction(f'The way "{self.way}" needs a section of its name.', f"Write {self.way}: …", at=("way",))
        if isinstance(self.rows, int) and self.rows < 1:
            raise Contradiction("There is at least one row.", "Leave `rows` out where there is no end to them.", at=("rows",))
        if isinstance(self.language, dict) and set(self.language) != {"source", "target"}:
            raise Contradiction("Two languages are those of source and target.", "Write {source: en, target: de}.", at=("language",))
        self._require_columns()
        self._require_filters()
        self._require_judges()
        found.require(self)
        for name in found.outputs(self):
            if name in self.columns or name in ("case", "problem"):
                raise Contradiction(f'"{name}" is a column that the task {self.task} puts out.', "Give the other one another name.")
        if self.template is not None:
            self._grammar = _read(self.template)
            found.starts(self)
        return self

    def _require_filters(self) -> None:
        from understudy.text.quality.filters import filters_of

        for place, entry in enumerate(self.quality):
            try:
                (made,) = filters_of([entry])
            except ArgumentError as error:
                raise Contradiction(error.what, error.remedy, at=("quality", place)) from None
            self._require_for(made, ("quality", place))

    def _require_for(self, made: Any, at: tuple[Any, ...]) -> None:
        """Raise where a filter lacks what it is to be held against."""
        section: Any = getattr(self, self.way)
        if made.name in _NEED_REAL and self.real is None and getattr(section, "examples", None) is None:
            raise Contradiction(f'The filter "{made.name}" needs real texts.', "Write real: {file: FILE, text: COLUMN}.", at=at)
        if made.name == "label_check" and self.real is not None and self.real.label is None:
            raise Contradiction('The filter "label_check" needs labels of the real texts.', "Write label: COLUMN.", at=("real",))
        if made.name == "contamination" and (made.sets is not None or not made.files):
            remedy = "Write contamination: {files: [test.csv], text: COLUMN}."
            raise Contradiction("Which test sets are texts held against?", remedy, at=at)
        if made.name == "judged":
            if made.judge not in self.judges:
                remedy = did_you_mean(made.judge, self.judges) if self.judges else f"Write judges: {{{made.judge}: {{rubric: …}}}}."
                raise Contradiction(f'There is no judge "{made.judge}".', remedy, at=at)
            low, high = self.judges[made.judge].scale
            if not low <= made.least <= high:
                raise Contradiction(f"The least grade ({made.least:g}) is not on the judge's scale, {low} to {high}.", at=at)

    def _require_judges(self) -> None:
        """Raise where a judge cannot be asked, or nobody asks it, or real rows are wanted and none are there."""
        asked = [entry["judged"]["judge"] for entry in self.quality if isinstance(entry, dict) and "judged" in entry]
        for name, judge in self.judges.items():
            at = ("judges", name)
            if name not in asked:
                raise Contradiction(f'No filter asks the judge "{name}".', f"Write quality: [judged: {{judge: {name}, least: 3}}].", at=at)
            if judge.endpoint is None and (self.llm is None or (self.llm.endpoint is None and self.way != "llm")):
                raise Contradiction("Who is the judge?", "Write endpoint: ADDRESS and model: NAME.", at=at)
            known = [*self.columns, *(["case"] if self.cases else []), *self.of_task.outputs(self), *self._kept_steps()]
            for place, column in enumerate(judge.show or ()):
                if column not in known and not isinstance(self.rows, str):
                    raise Contradiction(f'There is no column "{column}".', did_you_mean(column, known), at=(*at, "show", place))
        if self.mix is not None and self.real is None:
            raise Contradiction("Which real rows are to be mixed in?", "Write real: {file: FILE, text: COLUMN}.", at=("mix",))

    def _kept_steps(self) -> list[str]:
        """The columns that steps may put out."""
        steps = {} if self.llm is None or self.way != "llm" else self.llm.steps
        found = [name for name, step in steps.items() if step.keep]
        return found + [f"{name}_{part}" for name in found for part in steps[name].parts or ()]

    def _require_columns(self) -> None:
        """Raise where a name is none of a column; those of a file of rows are looked at when it is read."""
        from understudy.text.spec.lengths import Lengths

        for name in ("case", "problem"):
            if name in self.columns:
                raise Contradiction(f'A column cannot be called "{name}": rows have one of that name.', at=("columns", name))
        Lengths.of(self)
        if sum(case.rate for case in self.cases.values()) > 1 + 1e-9:
            raise Contradiction("The rates of all cases are more than 1 together; a row shows one at most.", at=("cases",))
        for name, case in self.cases.items():
            for column in case.set:
                self._require_column(column, ("cases", name, "set", column))
        if self.rows is None or isinstance(self.rows, int):
            for place, fact in enumerate(self.facts or []):
                self._require_column(fact, ("facts", place))
            if self.label is not None:
                self._require_column(self.label, ("label",))

    def _require_column(self, name: str, at: tuple[str | int, ...]) -> None:
        if name not in self.columns:
            raise Contradiction(f'There is no column "{name}".', did_you_mean(name, self.columns, shown=20), at=at)

    # -- what it says

    @property
    def of_task(self) -> Task:
        return task(self.task)

    @property
    def label_column(self) -> str | None:
        """The column that is the label: the one that `label` names, or the one called so."""
        if self.label is not None:
            return self.label
        return "label" if "label" in self.columns else None

    @property
    def main_language(self) -> str:
        """The language of texts with one side."""
        return self.language if isinstance(self.language, str) else self.language["source"]

    @property
    def grammar(self) -> dict[str, Rule]:
        """The rules of the template's grammar."""
        return self._grammar or {}

    # -- there and back

    def to_dict(self) -> dict[str, Any]:
        """As plain values, without what is as by default."""
        return {"understudy": MARK, **listed(self.model_dump(exclude_defaults=True))}

    @classmethod
    def from_dict(cls, stated: Mapping[str, Any], origin: str = "spec") -> TextSpec:
        """From plain values. Raises `SchemaError` with the path of the mistake and the nearest valid word."""
        return _validated(stated, origin, None)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON Schema (2020-12) of the YAML file, for editors."""
        schema = cls.model_json_schema(by_alias=True)
        schema["properties"]["task"] = {"enum": list(TASKS)}
        schema["properties"]["way"] = {"enum": list(WAYS), "default": "template"}
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "understudy texts"}

    @contextmanager
    def located(self) -> Iterator[None]:
        """What goes wrong inside with a part of the spec is told with its file, line and path."""
        try:
            yield
        except Contradiction as error:
            raise SchemaError(error.what, where=self._where(error.at), remedy=error.remedy) from None
        except UnderstudyError as error:
            where = str(error.where or "").removeprefix("tables.rows.")
            steps = tuple(int(step) if step.isdigit() else step for step in where.split(":")[0].split("."))
            if steps[0] not in type(self).model_fields:
                raise
            raise type(error)(error.what, where=self._where(steps), remedy=error.remedy) from error.__cause__

    def _where(self, at: tuple[Any, ...]) -> str:
        path = ".".join(str(step) for step in at)
        if self._source is None:
            return path or "spec"
        return f"{self._source.origin}, line {self._source.line_of(at)}" + (f": {path}" if path else "")


def read_text_spec(source: str | Path | Mapping[str, Any] | TextSpec) -> TextSpec:
    """A spec from a YAML file, the name of a ready-made one, plain values, or as it is.

    Raises:
        SchemaError: with file, line, and the nearest valid word.
    """
    from understudy.text.ready import ready_made

    if isinstance(source, TextSpec):
        return source
    if isinstance(source, Mapping):
        return TextSpec.from_dict(source)
    path = Path(source)
    if not path.exists() and (found := ready_made(str(source))) is not None:
        path = found
    return parse_text_spec(read_text(path, "spec"), str(path))


def parse_text_spec(text: str, origin: str = "spec") -> TextSpec:
    """From YAML text; `origin` names it in errors."""
    found = parse_yaml(text, origin)
    if not isinstance(found.body, dict) or "understudy" not in found.body:
        raise SchemaError("A spec begins with what it is.", where=f"{origin}, line 1", remedy=f"Begin with: understudy: {MARK}")
    return _validated(found.body, origin, found)


def _read(section: TemplateSection) -> dict[str, Rule]:
    try:
        return read_rules(section.rules)
    except Contradiction as error:
        raise Contradiction(error.what, error.remedy, at=("template", "rules", *error.at)) from None


def _validated(stated: Any, origin: str, located: LocatedYaml | None) -> TextSpec:
    try:
        spec = TextSpec.model_validate(stated)
    except ValidationError as error:
        loc, what, remedy = _complaint(error)
        raise mistake(what, remedy, loc, steps_there(stated, loc), origin, located) from None
    spec._source = located
    return spec


def _complaint(error: ValidationError) -> tuple[tuple[Any, ...], str, str | None]:
    """Where a mistake is, what it is, and what to do."""
    worst = weightiest(error)
    loc, context = tuple(worst["loc"]), worst.get("ctx", {})
    key = str(loc[-1]) if loc else ""
    match worst["type"]:
        case "extra_forbidden":
            return loc, f'"{key}" is not a key here.', did_you_mean(key, _keys(loc[:-1]), shown=40)
        case "missing":
            return loc, f'The key "{key}" is missing.', f"Tasks: {', '.join(TASKS)}." if key == "task" else None
        case "union_tag_invalid":
            tag = str(context["tag"])
            return (*loc, "type"), f'"{tag}" is not a type of column.', did_you_mean(tag, column_types(), shown=40)
        case "union_tag_not_found":
            return loc, 'A column says its "type".', f"The types: {', '.join(column_types())}."
        case "literal_error" if key == "understudy":
            return loc, f'"{worst["input"]}" is no spec of texts.', f"Begin with: understudy: {MARK}"
        case "value_error" if isinstance(context.get("error"), Contradiction):
            cause = context["error"]
            return (*loc, *cause.at), cause.what, cause.remedy
    message, shown = str(worst["msg"]), repr(worst["input"])
    return loc, f'"{key}" is {shown if len(shown) < 60 else shown[:57] + "…"}: {message[:1].lower()}{message[1:]}.', None


_OF_LLM: dict[str, type[BaseModel]] = {
    "budget": BudgetSection, "price": PriceSection, "examples": ExamplesSection, "judge": JudgeSection, "calibrate": CalibrationSection,
    "BatchSection": BatchSection,  # pydantic's name for that side of `batch`, which may be a truth value too
}  # fmt: skip


def _keys(loc: tuple[Any, ...]) -> list[str]:
    """The keys that a place takes."""
    inside: dict[str, type[BaseModel]] = {"cases": CaseSpec, "lists": ListSpec, "people": People}
    model: type[BaseModel] = TextSpec
    if loc:
        sections: dict[str, type[BaseModel]] = {"template": TemplateSection, "ngram": LearnedSection, "transformer": LearnedSection}
        sections["evolution"] = EvolutionSection
        sections["llm"] = StepSection if "steps" in loc[1:-1] else _OF_LLM.get(str(loc[-1]), LanguageModelSection)
        sections |= {"real": RealSection, "mix": MixSection, "judges": _OF_LLM.get(str(loc[-1]), TextJudgeSection)}
        columns = {name: kind for name, kind in column_types().items() if name in loc}
        model = (
            next(iter(columns.values())) if loc[0] == "columns" and columns else inside.get(str(loc[0]), sections.get(str(loc[0]), model))
        )
    return [field.alias or name for name, field in model.model_fields.items()]
