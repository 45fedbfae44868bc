"""What is done for one row: its steps in the order of their references, the record, rounds of evolution, the judge's verdict.

The same for the same row: what a model answers comes from the journal when it was asked before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field, create_model

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.text.ways.asking.recipe import Recipe, Record, Shape
from understudy.text.ways.asking.recipes import RECIPES, as_json
from understudy.text.ways.asking.words import Words, system_words, task_words

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.text.llm.session import Session
    from understudy.text.spec.language_model import LanguageModelSection
    from understudy.text.spec.text_spec import TextSpec
    from understudy.text.ways.asking.examples import Examples

_PROMPT, _SYSTEM = ("llm", "prompt"), ("llm", "system")


@dataclass(frozen=True)
class Made:
    """What came of a row: the record, or the problem in words; and what the judge gave it."""

    record: Record | None = None
    problem: str | None = None
    score: int | None = None


class Failed(Exception):
    """A row cannot be made; the reason in words. Caught within this file."""


class Program:
    """The program of every row.

    Args:
        spec, section: what is to be made, and how the model is asked. columns: names of the row's columns; shown: those that prompts tell.
        examples: real rows to show; None: none.
    """

    def __init__(
        self, spec: TextSpec, section: LanguageModelSection, columns: list[str], shown: list[str], examples: Examples | None
    ) -> None:
        self.spec, self.section, self.shown, self.examples = spec, section, shown, examples
        self.recipe: Recipe = RECIPES[spec.task](spec, section)
        self.recipe.require()
        if section.document is not None and section.document not in columns:
            what = f'There is no column "{section.document}".'
            raise Contradiction(what, did_you_mean(section.document, columns), at=("llm", "document"))
        self.words = Words(_templates(section), [*columns, *section.steps])
        self.levels = self._ordered()

    # -- one row

    async def made(self, session: Session, row: Mapping[str, Any], number: int, stream: Stream) -> Made:
        """The record of a row. Raises what ends the whole work (no money, no endpoint); one bad reply is a `problem`."""
        seed = stream.key.hex()[:16]
        problem = "nothing was tried"
        try:
            values = await self._with_steps(session, dict(row), (seed, number))
        except Failed as failure:
            return Made(problem=str(failure))
        for attempt in range(self.section.tries):
            path = (seed, number, attempt)
            try:
                record = await self._record(session, values, number, stream, path)
                for turn, demand in enumerate(self.section.rounds):
                    record = await self._evolved(session, values, record, demand, (*path, "evolve", turn))
                score, verdict = await self._judged(session, values, record, path)
            except Failed as failure:
                problem = str(failure)
                continue
            if score is None or self.section.judge is None or score >= self.section.judge.least:
                return Made(record, score=score)
            problem = f"the judge gives it {score} of {self.section.judge.scale[1]}: {verdict}"
        return Made(problem=problem)

    async def _with_steps(self, session: Session, values: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
        for level in self.levels:
            texts = await asyncio.gather(*(self._step(session, name, values, path) for name in level))
            values.update(zip(level, texts, strict=True))
        return values

    async def _step(self, session: Session, name: str, values: Mapping[str, Any], path: tuple[Any, ...]) -> str:
        from understudy.text.llm.wire import ChatRequest

        step = self.section.steps[name]
        if step.template is not None:
            return self.words.of(("llm", "steps", name, "template"), values)
        at = ("llm", "steps", name)
        system = self.words.of((*at, "system"), values) if step.system is not None else system_words(self.spec)
        request = ChatRequest.of(
            self.words.of((*at, "prompt"), values), system=system, model=step.model, max_tokens=step.max_tokens,
            temperature=step.temperature, extra=self.section.options,
        )  # fmt: skip
        reply = await session.ask(request, path=(*path, "step", name))
        if reply.problem is not None:
            raise Failed(f'step "{name}": {reply.problem}')
        return reply.text.strip()

    async def _record(self, session: Session, values: Mapping[str, Any], number: int, stream: Stream, path: tuple[Any, ...]) -> Record:
        if self.section.mode == "turns":
            from understudy.text.ways.asking.turns import conversation

            return await conversation(self, session, values, stream, path)
        return await self._asked(session, self._prompt(values, number, stream), values, (*path, "record"))

    async def _evolved(self, session: Session, values: Mapping[str, Any], record: Record, demand: str, path: tuple[Any, ...]) -> Record:
        words = [
            "Here is one record of a data set, as JSON:", as_json(record), f"Write another in its place. {demand}",
            "Facts and case stay as they were:", task_words(self.spec, self.recipe, values, self.shown, []),
        ]  # fmt: skip
        return await self._asked(session, "\n".join(words), values, path)

    async def _asked(self, session: Session, prompt: str, values: Mapping[str, Any], path: tuple[Any, ...]) -> Record:
        """A record, by one request and, where it does not fit, a second that names the fault."""
        reply = await session.ask(self.request(prompt, values), path=path, shape=self.recipe.shape(values))
        if reply.problem is not None:
            raise Failed(reply.problem)
        record: Record = reply.value.record()
        return record

    async def _judged(self, session: Session, values: Mapping[str, Any], record: Record, path: tuple[Any, ...]) -> tuple[int | None, str]:
        from understudy.text.llm.wire import ChatRequest

        judge = self.section.judge
        if judge is None:
            return None, ""
        low, high = judge.scale
        shape = create_model("Verdict", __base__=Shape, reason=(str, Field(max_length=2000)), score=(int, Field(ge=low, le=high)))
        words = [
            "This was asked for:", task_words(self.spec, self.recipe, values, self.shown, []),
            "This is what came, as JSON:", as_json(record),
            f"{judge.rubric} Say in a sentence why, and give a score from {low} (useless) to {high} (faultless).",
        ]  # fmt: skip
        request = ChatRequest.of(
            "\n".join(words),
            system="You are a strict and fair judge of data.",
            model=judge.model,
            max_tokens=judge.max_tokens,
            temperature=0.0,
        )
        reply = await session.ask(request, path=(*path, "judge"), shape=shape)
        if reply.problem is not None:
            raise Failed(f"the judge: {reply.problem}")
        return reply.value.score, reply.value.reason

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

        system = self.words.of(_SYSTEM, values) if self.section.system is not None else system_words(self.spec)
        return ChatRequest.of(
            prompt, system=system, max_tokens=self.section.max_tokens, temperature=self.section.temperature, extra=self.section.options
        )

    def _ordered(self) -> list[list[str]]:
        """Steps in levels: each uses those before it only. Raises `Contradiction` where some use one another in a circle."""
        steps = self.section.steps
        uses = {
            name: set().union(*(used for at, used in self.words.uses.items() if at[:3] == ("llm", "steps", name))) & set(steps)
            for name in steps
        }
        levels: list[list[str]] = []
        done: set[str] = set()
        while len(done) < len(steps):
            level = [name for name in steps if name not in done and uses[name] <= done]
            if not level:
                circle = sorted(set(steps) - done)
                raise Contradiction(f"The steps {', '.join(circle)} use one another in a circle.", at=("llm", "steps", circle[0]))
            levels.append(level)
            done.update(level)
        return levels


def _templates(section: LanguageModelSection) -> dict[tuple[str, ...], str]:
    """All templates of a section, by their place in the spec."""
    found: dict[tuple[str, ...], str | None] = {_PROMPT: section.prompt, _SYSTEM: section.system}
    for name, step in section.steps.items():
        for part in ("prompt", "template", "system"):
            found[("llm", "steps", name, part)] = getattr(step, part)
    return {at: text for at, text in found.items() if text is not None}
