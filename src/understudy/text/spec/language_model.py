"""The section `llm` of a spec: whom to ask, with what words, in which steps, and at what cost at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from understudy.data.constraints import Contradiction
from understudy.text.spec.sections import Section, without
from understudy.text.spec.steps import StepSection

if TYPE_CHECKING:
    from understudy.text.llm import Endpoint, SpendingLimit

OF_THE_SIEVE = ("quality", "judges", "real", "mix")
"""Keys of a spec that decide what becomes of rows, and not what they are."""
NOWHERE = "http://replies-are-kept.invalid/v1"
"""The address in the place of one that rows do not depend on (RFC 2606: nothing answers there)."""


class BudgetSection(Section):
    """What all runs over a journal may spend together. money: in the currency of the prices. tokens: in and out."""

    money: float | str | None = None
    tokens: int | None = Field(default=None, ge=0)


class PriceSection(Section):
    """Money for a million tokens in and out, where no prices file knows the model. batch: the share of it that a batch endpoint asks."""

    input: float | str
    output: float | str
    batch: float | str = 1


class EndpointSection(Section):
    """Who is asked, how fast, and for how much: nothing that decides what comes.

    endpoint: an address of the OpenAI wire format, up to its version. key_env: the environment variable with the key. budget: what may be
    spent. price: of tokens, where it is not known. timeout: seconds for a reply. retries: of a request that failed.
    """

    endpoint: str | None = None
    key_env: str | None = None
    budget: BudgetSection = Field(default_factory=BudgetSection)
    price: PriceSection | None = None
    concurrency: int = Field(default=64, ge=1, le=4096)
    timeout: float = Field(default=120, gt=0)
    retries: int = Field(default=8, ge=0)

    def endpoint_of(self, url: str, model: str) -> Endpoint:
        """The endpoint at an address, for a model."""
        from understudy.text.llm import Endpoint, Price

        price = None if self.price is None else Price.of(self.price.input, self.price.output, self.price.batch)
        return Endpoint(url, model, key_env=self.key_env, price=price, timeout_s=self.timeout, retries=self.retries)

    @property
    def limit(self) -> SpendingLimit | None:
        """What may be spent; None: no limit."""
        from understudy.text.llm import SpendingLimit

        limit = SpendingLimit(money=self.budget.money, tokens=self.budget.tokens)  # type: ignore[arg-type]
        return None if limit == SpendingLimit() else limit


OF_THE_RUN = (*EndpointSection.model_fields, "batch", "journal")
"""Keys of the section `llm` that change no row: where, how fast, through what and for how much money they are asked for."""


class BatchSection(Section):
    """Requests through the provider's batch endpoint. size: requests a batch at most. poll: seconds between two looks at it."""

    size: int = Field(default=10_000, ge=1, le=50_000)
    poll: float = Field(default=30, gt=0)


class ExamplesSection(Section):
    """Real rows shown to the model as examples, personal data in them replaced.

    file: where they are. text, label: their columns; with a label, rows see examples of their own one. shots: examples a prompt.
    most_uses: prompts that one real row may appear in. consent: that real rows may be sent to the endpoint; nothing is asked without it.
    """

    file: str
    text: str
    label: str | None = None
    shots: int = Field(default=3, ge=1, le=50)
    most_uses: int | None = Field(default=None, ge=1)
    consent: bool = False

    @model_validator(mode="after")
    def _has_consent(self) -> Self:
        if not self.consent:
            raise Contradiction(
                "Examples are real rows, and prompts send them to the endpoint.",
                "Write consent: true if they may be sent there (personal data in them is replaced first, which finds most, not all).",
                at=("consent",),
            )
        return self


class JudgeSection(Section):
    """A verdict on every record, by the same model or another. rubric: what is looked at. least: lower scores are refused."""

    rubric: str = "How well does it do what was asked for, as a person would have written it?"
    scale: tuple[int, int] = (1, 5)
    least: int = 3
    model: str | None = None
    max_tokens: int = Field(default=256, ge=1)

    @model_validator(mode="after")
    def _is_on_the_scale(self) -> Self:
        low, high = self.scale
        if not low < high or not low <= self.least <= high:
            raise Contradiction(f"The least score ({self.least}) must lie on the scale, {low} to {high}, which rises.", at=("least",))
        return self


EVOLUTIONS = (
    "Make it harder: add one constraint or requirement that a careful person could still meet.",
    "Make it more specific: put a concrete situation, with details, in the place of what is general.",
    "Make it need one more step of thought than it does now.",
    "Keep the kind of thing, and move it to another field or situation that is rarer.",
)


class LanguageModelSection(EndpointSection):
    """How a language model is asked.

    model: its name. local: in the place of endpoint and model, the folder of a causal language model in the Hugging Face form, run by this
    process (extra `local`). prompt, system: in the place of the task's own words (Jinja; all columns of the row and all steps by name).
    steps: values beside the record, before it and after it. reuse: ask judges and steps of temperature 0 the same question once for all
    rows. evolve: rounds in which the record is made harder, or the words of each (Evol-Instruct: Xu et al., 2023). labels: of entities,
    with what each is. tools: of conversations: name and what it does. document: the column that holds the document which questions are
    about, or the text that is to be rewritten or translated. mode: conversations in one reply, or `turns`, where user and assistant are
    asked in turn. tries: records made of a row until one passes. options: further parameters, as the server knows them. batch: all requests
    through the provider's batch endpoint.
    """

    local: str | None = None
    model: str = ""
    batch: bool | BatchSection = False
    journal: str | None = None
    prompt: str | None = None
    system: str | None = None
    steps: dict[str, StepSection] = Field(default_factory=dict)
    reuse: bool = False
    evolve: int | list[str] = Field(default_factory=list)
    examples: ExamplesSection | None = None
    labels: dict[str, str] | list[str] = Field(default_factory=list)
    tools: dict[str, str] = Field(default_factory=dict)
    document: str | None = None
    mode: Literal["single", "turns"] = "single"
    turns: tuple[int, int] = (2, 4)
    judge: JudgeSection | None = None
    tries: int = Field(default=2, ge=1, le=20)
    max_tokens: int = Field(default=1024, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_somebody(self) -> Self:
        if (self.endpoint is None) == (self.local is None):
            raise Contradiction("Who is asked?", "Write endpoint: ADDRESS and model: NAME, or local: FOLDER.", at=("endpoint",))
        if self.endpoint is not None and not self.model:
            raise Contradiction("Which model is asked?", "Write model: NAME.", at=("model",))
        if self.mode == "turns" and self.prompt is not None:
            remedy = "Write `system` for the assistant; the user plays who the columns say."
            raise Contradiction("Two speakers who are asked in turn have no prompt.", remedy, at=("prompt",))
        if self.local is not None and self.batch:
            raise Contradiction("A model on this machine has no batch endpoint.", "Leave batch out.", at=("batch",))
        return self

    @field_validator("evolve")
    @classmethod
    def _rounds(cls, evolve: int | list[str]) -> int | list[str]:
        if isinstance(evolve, int) and not 0 <= evolve <= 20:
            raise Contradiction("There are 0 to 20 rounds of evolution.", "Write evolve: 2, or the words of each round.")
        return evolve

    @field_validator("turns")
    @classmethod
    def _in_order(cls, turns: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= turns[0] <= turns[1] <= 40:
            raise Contradiction("`turns` are the least and the most exchanges, 1 to 40.", "Write turns: [2, 4].")
        return turns

    @property
    def batches(self) -> BatchSection | None:
        """How requests are batched; None where each is asked by itself."""
        if isinstance(self.batch, BatchSection):
            return self.batch
        return BatchSection() if self.batch else None

    @property
    def rounds(self) -> list[str]:
        """The words of each round of evolution."""
        return [EVOLUTIONS[i % len(EVOLUTIONS)] for i in range(self.evolve)] if isinstance(self.evolve, int) else self.evolve

    def essence(self) -> dict[str, Any]:
        """What decides which texts come, as plain values: without addresses, limits and speed."""
        return without(self.model_dump(mode="json"), OF_THE_RUN)

    @property
    def label_names(self) -> list[str]:
        return list(self.labels)
