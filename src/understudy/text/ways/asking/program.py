"""What is asked for a row: the words of its steps, its record, rounds of evolution and judges. `running.py` goes through them.

The same for the same row: what a model answers comes from the journal when it was asked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.text.ways.asking.graph import RECORD, StepGraph
from understudy.text.ways.asking.recipe import Recipe, Record
from understudy.text.ways.asking.recipes import RECIPES
from understudy.text.ways.asking.running import Failed, Made, RowRun
from understudy.text.ways.asking.values import as_json
from understudy.text.ways.asking.words import Words, system_words, task_words

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.text.llm.session import Session
    from understudy.text.spec.language_model import LanguageModelSection
    from understudy.text.spec.text_spec import TextSpec
    from understudy.text.ways.asking.examples import Examples

_PROMPT, _SYSTEM = ("llm", "prompt"), ("llm", "system")
_JUDGE = "You are a strict and fair judge of data."


class Program:
    """The program of every row.

    Args:
        spec, section: what is to be made, and how it is asked. columns: of the row, with their types; shown: those that prompts tell.
        examples: real rows to show; None: none.

    Attributes:
        graph: of the steps. reuses: questions that were asked for one row or another, since it was last set to 0.
    """

    def __init__(
        self, spec: TextSpec, section: LanguageModelSection, columns: Mapping[str, pl.DataType], shown: list[str], examples: Examples | None
    ) -> None:
        self.spec, self.section, self.shown, self.examples = spec, section, shown, examples
        self.recipe: Recipe = RECIPES[spec.task](spec, section)
        self.recipe.require()
        if section.document is not None and section.document not in columns:
            what = f'There is no column "{section.document}".'
            raise Contradiction(what, did_you_mean(section.document, columns), at=("llm", "document"))
        outputs = spec.of_task.outputs(spec)
        parts = {name: list(step.parts) for name, step in section.steps.items() if step.parts}
        self.words = Words(_templates(section), [*columns, *section.steps, *outputs, RECORD], parts)
        self.graph = StepGraph(section, dict(columns), outputs, self.words)
        self.reuses = 0

    async def made(self, session: Session, row: Mapping[str, Any], number: int, stream: Stream) -> Made:
        """The record of a row. Raises what ends the whole work (no money, no endpoint); one bad reply is a `problem`."""
        return await RowRun(self, session, row, number, stream).made()

    @staticmethod
    def seed(stream: Stream) -> str:
        """The first word of all paths of a data set."""
        return stream.key.hex()[:16]

    # -- the record

    async def record(self, session: Session, values: Mapping[str, Any], number: int, stream: Stream, path: tuple[Any, ...]) -> Record:
        if self.section.mode == "turns":
            from understudy.text.ways.asking.turns import conversation

            return await conversation(self, session, values, stream, path)
        return await self._asked(session, self._prompt(values, number, stream), values, (*path, "record"))

    async def evolved(self, session: Session, values: Mapping[str, Any], record: Record, demand: str, path: tuple[Any, ...]) -> Record:
        words = [
            "Here is one record of a data set, as JSON:", as_json(record), f"Write another in its place. {demand}",
            "Facts and case stay as they were:", task_words(self.spec, self.recipe, values, self.shown, []),
        ]  # fmt: skip
        return await self._asked(session, "\n".join(words), values, path)

    async def _asked(self, session: Session, prompt: str, values: Mapping[str, Any], path: tuple[Any, ...]) -> Record:
        """A record, by one request and, where it does not fit, a second that names the fault."""
        reply = await session.ask(self.request(prompt, values), path=path, shape=self.recipe.shape_of(values))
        if reply.problem is not None:
            raise Failed(reply.problem)
        record: Record = reply.value.record()
        return record

    # -- words

    def _prompt(self, values: Mapping[str, Any], number: int, stream: Stream) -> str:
        examples = []
        if self.examples is not None:
            label = None if self.spec.label_column is None else values.get(self.spec.label_column)
            examples = self.examples.texts(number, None if label is None else str(label), stream)
        if self.section.prompt is None:
            return task_words(self.spec, self.recipe, values, self.shown, examples)
        words = [self.words.of(_PROMPT, values), self.recipe.form()]
        if examples:
            words += ["Texts of this kind, to be like in manner and not in content:", *(f"- {text}" for text in examples)]
        return "\n".join(word for word in words if word)

    def request(self, prompt: str, values: Mapping[str, Any]) -> Any:
        """A request of the section's model."""
        from understudy.text.llm.wire import ChatRequest

        return ChatRequest.of(
            prompt,
            system=self.system_of(values) or system_words(self.spec),
            max_tokens=self.section.max_tokens,
            temperature=self.section.temperature,
            extra=self.section.options,
        )

    def system_of(self, values: Mapping[str, Any]) -> str | None:
        """The spec's own words for the system; None where it has none."""
        return None if self.section.system is None else self.words.of(_SYSTEM, values)

    def step_request(self, name: str, values: Mapping[str, Any], **options: Any) -> Any:
        """The request of a step that is a prompt."""
        from understudy.text.llm.wire import ChatRequest

        at, step = ("llm", "steps", name), self.section.steps[name]
        system = self.words.of((*at, "system"), values) if step.system is not None else system_words(self.spec)
        return ChatRequest.of(self.words.of((*at, "prompt"), values), system=system, extra=self.section.options, **options)

    def judge_request(self, words: str, **options: Any) -> Any:
        """The request of a judge."""
        from understudy.text.llm.wire import ChatRequest

        return ChatRequest.of(words, **{"system": _JUDGE, **options})

    def verdict_words(self, rubric: str, scale: tuple[int, int], values: Mapping[str, Any], seen: Mapping[str, Any] | None) -> str:
        """What a judge is asked. seen: the record, or what else it looks at by name."""
        asked = [f"{rubric} Say in a sentence why, and give a score from {scale[0]} (useless) to {scale[1]} (faultless)."]
        if seen is values.get(RECORD):
            told = task_words(self.spec, self.recipe, values, self.shown, [])
            return "\n".join(["This was asked for:", told, "This is what came, as JSON:", as_json(seen), *asked])
        return "\n".join(["This is to be judged, as JSON:", as_json(seen), *asked])


def _templates(section: LanguageModelSection) -> dict[tuple[str, ...], str]:
    """All templates of a section, by their place in the spec."""
    found: dict[tuple[str, ...], str | None] = {_PROMPT: section.prompt, _SYSTEM: section.system}
    for name, step in section.steps.items():
        for part in ("prompt", "template", "system", "judge", "message"):
            found[("llm", "steps", name, part)] = getattr(step, part)
    return {at: text for at, text in found.items() if text is not None}
