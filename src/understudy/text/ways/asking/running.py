"""One row on its way: steps and the record as they become ready, and what is made again when one refuses.

A value has a place in the journal: steps before the record by the row, the record and what follows it by the row and the try. Only what is
made again for its own sake gets a new place, so that a step that is asked the very same again has its answer already.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from understudy.text.ways.asking.graph import RECORD, value_of
from understudy.text.ways.asking.recipe import Record
from understudy.text.ways.asking.values import Parts, Verdict, parts_shape, shown, verdict_shape

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.text.llm.session import Session
    from understudy.text.spec.steps import StepSection
    from understudy.text.ways.asking.program import Program

REUSED = "reused"
"""The place in the journal of what is asked once for all rows."""


@dataclass(frozen=True)
class Made:
    """What came of a row: the record, or the problem in words; what the judge gave it; the columns that steps put out."""

    record: Record | None = None
    problem: str | None = None
    score: int | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)


class Failed(Exception):
    """A row cannot be made like this; the reason in words. again: what is made once more, where there is another try."""

    def __init__(self, reason: str, again: Iterable[str] = (RECORD,)) -> None:
        super().__init__(reason)
        self.again = set(again)


class RowRun:
    """The making of one row. Raises what ends the whole work (no money, no endpoint); one bad reply is a `problem`."""

    def __init__(self, program: Program, session: Session, row: Mapping[str, Any], number: int, stream: Stream) -> None:
        self.program, self.graph, self.session = program, program.graph, session
        self.values, self.number, self.stream = dict(row), number, stream
        self._row: tuple[Any, ...] = (stream.key.hex()[:16], number)
        self._attempt = 0
        self._turns: Counter[str] = Counter()
        self._done: set[str] = set()
        self._record: Record = {}
        self._score: int | None = None

    async def made(self) -> Made:
        problem = "nothing was tried"
        for _ in range(self.program.section.tries):
            try:
                await self._steps(self.graph.before)
                await self._recorded()
                await self._steps(self.graph.after)
                await self._judged()
            except Failed as failure:
                problem = str(failure)
                if not failure.again:
                    break
                self._undo(failure.again)
            else:
                return Made(self._record, score=self._score, kept=self._kept())
        return Made(problem=problem)

    def _undo(self, again: set[str]) -> None:
        self._turns.update(again)
        undone = self.graph.undone(again)
        self._done -= undone
        if RECORD in undone:
            self._attempt += 1
            for name in self.graph.after:
                self._turns.pop(name, None)

    def _kept(self) -> dict[str, Any]:
        found = {}
        for column, (name, part, _) in self.graph.kept.items():
            value = self.values[name] if part is None else getattr(self.values[name], part)
            found[column] = int(value) if isinstance(value, Verdict) else value
        return found

    # -- the record

    async def _recorded(self) -> None:
        if RECORD in self._done:
            return
        path = (*self._row, self._attempt)
        record = await self.program.record(self.session, self.values, self.number, self.stream, path)
        for turn, demand in enumerate(self.program.section.rounds):
            record = await self.program.evolved(self.session, self.values, record, demand, (*path, "evolve", turn))
        self._record = record
        self.values |= {**shown(record), RECORD: record}
        self._done.add(RECORD)

    async def _judged(self) -> None:
        judge = self.program.section.judge
        if judge is None:
            return
        path = (REUSED,) if self.program.section.reuse else (*self._row, self._attempt, "judge")
        verdict = await self._verdict(
            self.program.verdict_words(judge.rubric, judge.scale, self.values, self._record), path, "the judge", scale=judge.scale,
            model=judge.model, max_tokens=judge.max_tokens, temperature=0.0,
        )  # fmt: skip
        self._score = int(verdict)
        if verdict < judge.least:
            raise Failed(f"the judge gives it {verdict.score} of {judge.scale[1]}: {verdict.reason}")

    # -- steps

    async def _steps(self, names: list[str]) -> None:
        """Those that are not done, each as soon as what it uses is there; what costs nothing goes first, so that it may refuse in time."""
        left = [name for name in names if name not in self._done]
        while left:
            ready = [name for name in left if self.graph.uses[name] <= self._done]
            free = [name for name in ready if not self.graph.steps[name].asks]
            for name in free:
                self._take(name, self._free(name, self.graph.steps[name]))
            if not free:
                found = await asyncio.gather(*(self._asked(name, self.graph.steps[name]) for name in ready), return_exceptions=True)
                for name, value in zip(ready, found, strict=True):
                    if not isinstance(value, BaseException):
                        self._take(name, value)
                self._refuse([value for value in found if isinstance(value, BaseException)])
            left = [name for name in left if name not in self._done]

    def _take(self, name: str, value: Any) -> None:
        self.values[name] = value
        self._done.add(name)

    @staticmethod
    def _refuse(errors: list[BaseException]) -> None:
        """What ends the work goes before what ends a try."""
        for error in sorted(errors, key=lambda error: isinstance(error, Failed)):
            raise error

    def _free(self, name: str, step: StepSection) -> Any:
        """The value of a step that asks nobody. A check has none."""
        if step.template is not None:
            return self.program.words.of(("llm", "steps", name, "template"), self.values)
        if step.expression is not None:
            return self.graph.formulas[name].of(self.values)
        if not self._holds(name, step):
            said = self.program.words.of(("llm", "steps", name, "message"), self.values) if step.message is not None else None
            raise Failed(f'the check "{name}": {said or self._default_message(step)}', self.graph.again[name])
        return None

    def _holds(self, name: str, step: StepSection) -> bool:
        if name in self.graph.formulas:
            return bool(self.graph.formulas[name].of(self.values))
        value = value_of(str(step.check), self.values)
        if step.matches is not None:
            return value is not None and re.search(step.matches, str(value)) is not None
        assert step.one_of is not None
        return value in step.one_of or str(value) in [str(one) for one in step.one_of]

    def _default_message(self, step: StepSection) -> str:
        if step.matches is None and step.one_of is None:
            return f"{step.check} does not hold"
        value = str(value_of(str(step.check), self.values))
        wanted = f"does not match {step.matches}" if step.matches is not None else f"is none of {', '.join(map(str, step.one_of or ()))}"
        return f'{step.check} is "{value[:80]}{"…" * (len(value) > 80)}", which {wanted}'

    async def _asked(self, name: str, step: StepSection) -> Any:
        words, at = self.program.words, ("llm", "steps", name)
        options: dict[str, Any] = {"model": step.model, "max_tokens": step.max_tokens, "temperature": step.temperature}
        if step.kind == "judge":
            rubric = words.of((*at, "judge"), self.values)
            told = self.program.verdict_words(rubric, step.scale, self.values, self._seen(step))
            if step.system is not None:
                options["system"] = words.of((*at, "system"), self.values)
            options["temperature"] = step.temperature or 0.0
            verdict = await self._verdict(told, self._place(name), f'step "{name}"', scale=step.scale, again={name}, **options)
            if step.least is not None and verdict < step.least:
                raise Failed(f'the judge "{name}" gives {verdict.score} of {step.scale[1]}: {verdict.reason}', self.graph.again[name])
            return verdict
        request = self.program.step_request(name, self.values, **options)
        shape = None if step.fields is None else parts_shape(step.fields)
        reply = await self.session.ask(request, path=self._place(name), shape=shape)
        if reply.problem is not None:
            raise Failed(f'step "{name}": {reply.problem}', {name})
        return reply.text.strip() if shape is None else Parts(**reply.value.model_dump())

    def _seen(self, step: StepSection) -> Mapping[str, Any] | None:
        """What a judge looks at, by name; None: the record."""
        if step.judged == [RECORD]:
            return self._record
        return {name: self._record if name == RECORD else value_of(name, self.values) for name in step.judged}

    def _place(self, name: str) -> tuple[Any, ...]:
        """Where in the data a step's answer belongs."""
        turn = (self._turns[name],) if self._turns[name] else ()
        if self.graph.steps[name].is_reused(self.program.section.reuse):
            self.program.reuses += 1
            return (REUSED, *turn)
        base = self._row if name in self.graph.before else (*self._row, self._attempt)
        return (*base, "step", name, *turn)

    async def _verdict(
        self, words: str, path: tuple[Any, ...], who: str, *, scale: tuple[int, int], again: Iterable[str] = (RECORD,), **options: Any
    ) -> Verdict:
        request = self.program.judge_request(words, **options)
        reply = await self.session.ask(request, path=path, shape=verdict_shape(scale))
        if reply.problem is not None:
            raise Failed(f"{who}: {reply.problem}", again)
        return Verdict.of(reply.value.score, reply.value.reason)
