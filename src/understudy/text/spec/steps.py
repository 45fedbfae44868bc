"""Steps of a row: what is asked, put together, judged, reckoned and checked beside the record itself."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.rules.columns import Scalar
from understudy.text.spec.sections import Section

KINDS = ("prompt", "template", "judge", "expression", "check")
FIELDS = ("text", "texts", "integer", "number", "boolean")
_ASKED = {"system", "model", "max_tokens", "temperature", "reuse", "keep"}
_TAKES: dict[str, set[str]] = {
    "prompt": _ASKED | {"fields"},
    "template": {"keep"},
    "judge": _ASKED | {"of", "scale", "least", "retry"},
    "expression": {"keep"},
    "check": {"matches", "one_of", "message", "retry"},
}
_FIELD = {"anyOf": [{"enum": list(FIELDS)}, {"type": "array", "items": {"type": "string"}, "minItems": 2}]}


class StepSection(Section):
    """A value beside the record, which prompts, formulas and other steps may use by name: before the record, or after it where the step
    uses what the record holds.

    One of the five says what it is. prompt: a text that is asked for. template: one that is put together. judge: a grade, by the words of
    a rubric. expression: a formula of rules over columns and steps. check: a formula that must be true, or the name of what must match.
    fields: of a prompt, the parts of its answer and their types, as {{ step.part }}. of: what a judge looks at; the record unless told.
    scale: of grades. least: lower grades are refused. matches: a regular expression, one_of: values, for a check. message: why a check
    refuses. retry: what is made again when a judge or check refuses: a step, or `record`; unless told, what it depends on. keep: put the
    value out as a column. reuse: ask the same question once for all rows.
    """

    prompt: str | None = None
    template: str | None = None
    judge: str | None = None
    expression: str | None = None
    check: str | None = None
    fields: dict[str, Annotated[Any, WithJsonSchema(_FIELD)]] | None = None
    of: str | list[str] | None = None
    scale: tuple[int, int] = (1, 5)
    least: int | None = None
    matches: str | None = None
    one_of: list[Scalar] | None = Field(default=None, min_length=1)
    message: str | None = None
    retry: str | None = None
    system: str | None = None
    model: str | None = None
    max_tokens: int = Field(default=512, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    keep: bool = False
    reuse: bool | None = None

    @property
    def kind(self) -> str:
        """Which of the five it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def asks(self) -> bool:
        """Whether a model is asked."""
        return self.kind in ("prompt", "judge")

    @property
    def judged(self) -> list[str]:
        """The names of what a judge looks at; `record` unless told."""
        return ["record"] if self.of is None else [self.of] if isinstance(self.of, str) else self.of

    @property
    def parts(self) -> dict[str, Any] | None:
        """The parts that its value has, with their types; None: it is one value."""
        return {"score": "integer", "reason": "text"} if self.kind == "judge" else self.fields

    def is_reused(self, everywhere: bool) -> bool:
        """Whether the same question is asked once for all rows. everywhere: the section says so of steps that are sure to answer alike."""
        return self.reuse if self.reuse is not None else everywhere and (self.kind == "judge" or self.temperature == 0)

    @field_validator("fields")
    @classmethod
    def _are_typed(cls, fields: dict[str, Any] | None) -> dict[str, Any] | None:
        if fields is not None and not fields:
            raise Contradiction("A prompt with `fields` has one at least.", "Write fields: {topic: text}.")
        for name, kind in (fields or {}).items():
            if not name.isidentifier() or name.startswith("_"):
                raise Contradiction(f'"{name}" cannot be the name of a part.', "Use letters, digits and _.", at=(name,))
            if isinstance(kind, list):
                if len(kind) < 2 or not all(isinstance(value, str) for value in kind):
                    raise Contradiction("A choice is a list of two texts or more.", "Write [calm, angry].", at=(name,))
            elif kind not in FIELDS:
                remedy = did_you_mean(str(kind), FIELDS) + " Or a list of the texts that it may be."
                raise Contradiction(f'There is no type "{kind}" of a part.', remedy, at=(name,))
        return fields

    @field_validator("matches")
    @classmethod
    def _is_readable(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise Contradiction(
                f"The regular expression cannot be read: {error}.", "Mend it; in YAML, put it in 'single quotes'."
            ) from None
        return pattern

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            also = f", not {' and '.join(kinds)} together" if kinds else ""
            raise Contradiction(f"A step is a prompt, a template, a judge, an expression or a check{also}.", "Write one of the five.")
        kind = kinds[0]
        for key in sorted(self.model_fields_set - {*KINDS}):
            if key not in _TAKES[kind]:
                takers = " or ".join(f"`{other}`" for other in KINDS if key in _TAKES[other])
                raise Contradiction(f'A step that is a {kind} has no "{key}".', f"It belongs to a {takers}.", at=(key,))
        low, high = self.scale
        if not low < high or (self.least is not None and not low <= self.least <= high):
            raise Contradiction(f"The least grade ({self.least}) must lie on the scale, {low} to {high}, which rises.", at=("least",))
        if kind == "judge" and self.retry is not None and self.least is None:
            raise Contradiction(
                "A judge without `least` refuses nothing, so that nothing is made again.", "Write least: GRADE.", ("retry",)
            )
        if self.matches is not None and self.one_of is not None:
            raise Contradiction("A check is of one kind.", "Write matches or one_of, and the other in a check of its own.", ("one_of",))
        return self
