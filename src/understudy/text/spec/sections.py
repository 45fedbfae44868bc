"""The sections of a spec, one a way: what each takes to turn rows into texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from understudy.core.budget import Budget
from understudy.core.errors import UnderstudyError
from understudy.data.constraints import Contradiction

_RULE = {
    "description": "A text; a list of alternatives; {text: weight}; {by: COLUMN, VALUE: …, else: …}; or {text | any | turns | source and "
    "target: …, weight: 2, when: {COLUMN: VALUE}}.",
    "anyOf": [{"type": ["string", "number", "boolean"]}, {"type": "array", "minItems": 1}, {"type": "object", "minProperties": 1}],
}


class Section(BaseModel):
    """What all sections have: no keys but their own."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


def without(section: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """A section, as plain values, without some of its keys."""
    return {key: value for key, value in section.items() if key not in keys}


class TemplateSection(Section):
    """A grammar (`text/grammar/`). start: the rule that texts begin from, or one for each output; rules of the outputs' names unless told.

    once: rules that are drawn once a row, so that they say the same wherever they are named. questions, unanswerable: of the task qa.
    """

    rules: dict[str, Annotated[Any, WithJsonSchema(_RULE)]] = Field(min_length=1)
    start: str | dict[str, str] | None = None
    once: list[str] = Field(default_factory=list)
    questions: dict[str, str] = Field(default_factory=dict)
    unanswerable: str | None = None

    @field_validator("rules")
    @classmethod
    def _are_named(cls, rules: dict[str, Any]) -> dict[str, Any]:
        for name in rules:
            if not name.isidentifier():
                raise Contradiction(f'"{name}" cannot be the name of a rule.', "Use letters, digits and _.", at=(name,))
        return rules


class LearnedSection(Section):
    """A model that learned from texts: a saved one (`model`), or one that is fitted to a file of examples before work.

    text, label, owner: columns of the examples: the text, the column that decides it, and who wrote it. budget: of the fit.
    """

    model: str | None = None
    examples: str | None = None
    text: str | None = None
    label: str | None = None
    owner: str | None = None
    budget: str | float | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.model is None) == (self.examples is None):
            raise Contradiction("A learned way has a saved model, or examples to learn from.", "Write examples: FILE, or model: FILE.")
        if self.examples is not None and self.text is None:
            raise Contradiction("Which column of the examples holds the texts?", "Write text: COLUMN.")
        if self.model is not None and (self.text or self.owner or self.budget is not None or self.options):
            raise Contradiction("A saved model has learned already.", "Keep model, and leave out text, owner, budget and options.")
        try:
            Budget.parse(self.budget)
        except UnderstudyError as error:
            raise Contradiction(error.what, error.remedy, at=("budget",)) from None
        return self


class EvolutionSection(Section):
    """Private evolution: private texts vote for made ones.

    private: a file with the private texts; text, label, owner: its columns. epsilon, delta: what is promised to each owner, or text. size:
    texts that there are at the end, evenly by label. rounds: votes; variations: texts made of each that wins. by: who makes the texts,
    with the section of that name: `template`, or `llm`. vary: how a language model is asked for another text near one: to `rewrite` it,
    or, of a base model that follows no instructions, to `continue` its beginning; `llm.prompt` is then what stands before a text.
    total: the most epsilon that all evolutions on these texts may spend together; one evolution's own unless told.
    """

    private: str
    text: str
    label: str | None = None
    owner: str | None = None
    epsilon: float = Field(default=4.0, gt=0)
    delta: float = Field(default=1e-6, gt=0, lt=1)
    size: int = Field(default=1_000, ge=1)
    rounds: int = Field(default=5, ge=1)
    variations: int = Field(default=3, ge=1)
    by: Literal["template", "llm"] = "template"
    vary: Literal["rewrite", "continue"] = "rewrite"
    total: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _goes_on_with_a_model(self) -> Self:
        if self.vary == "continue" and self.by != "llm":
            raise Contradiction("A language model can go on with a text, a grammar cannot.", "Write by: llm.", at=("vary",))
        return self


WAYS = ("template", "ngram", "transformer", "llm", "evolution")
