"""What the filters of a spec need besides its rows: real texts, judges and how they are held against people, and mixing."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from understudy.data.constraints import Contradiction
from understudy.rules.columns import Scalar
from understudy.text.spec.language_model import EndpointSection
from understudy.text.spec.sections import Section


class RealSection(Section):
    """Real rows: what filters hold made ones against, and what `mix` puts among them. text, label: their columns."""

    file: str
    text: str
    label: str | None = None


class MixSection(Section):
    """Real rows among the made ones, each with where it comes from. share: of all rows that is made."""

    share: float = Field(default=0.5, gt=0, lt=1)


class CalibrationSection(Section):
    """Rows whose verdicts are known, to hold a judge against before it decides.

    file: where they are. text: the column of texts; other columns that the judge sees have their own names. label: grades on the judge's
    scale, true and false, or values of which `good` are those of good rows. rows: as many at most. kappa: the agreement beyond chance that
    the judge must reach. anyway: let it decide where it does not.
    """

    file: str
    label: str
    text: str | None = None
    good: list[Scalar] | None = Field(default=None, min_length=1)
    rows: int = Field(default=200, ge=20)
    kappa: float = Field(default=0.4, gt=0, le=1)
    anyway: bool = False


class TextJudgeSection(EndpointSection):
    """A language model that grades rows, for the filter `judged`.

    rubric: what is looked at. scale: of grades. show: the columns that it sees; the texts unless told. model: another than that of `llm`.
    endpoint: another than that of `llm`; with key_env, budget, price, concurrency, timeout and retries of its own.
    """

    rubric: str = "How well does it do what was asked for, as a person would have written it?"
    scale: tuple[int, int] = (1, 5)
    show: list[str] | None = Field(default=None, min_length=1)
    model: str | None = None
    max_tokens: int = Field(default=256, ge=1)
    calibrate: CalibrationSection | None = None

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if not self.scale[0] < self.scale[1]:
            raise Contradiction("The scale of a judge rises.", "Write scale: [1, 5].", at=("scale",))
        if self.endpoint is not None and self.model is None:
            raise Contradiction("Which model is the judge?", "Write model: NAME.", at=("model",))
        if self.endpoint is None:
            own = EndpointSection.model_fields.keys() - {"endpoint"} & self.model_fields_set
            if own:
                key = min(own)
                raise Contradiction(f'"{key}" belongs to an endpoint of its own.', f"Write endpoint: ADDRESS, or {key} in llm.", at=(key,))
        return self
