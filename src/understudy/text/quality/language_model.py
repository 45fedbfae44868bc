"""A language model as a judge, of rows and of pairs. Before its scores count for anything, hold it against people: `calibrate`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, create_model

if TYPE_CHECKING:
    from understudy.text.llm.session import Session

_SYSTEM = "You are a strict and fair judge of data."
_MOST_CHARACTERS = 8_000


class LanguageModelJudge:
    """Asks a model for a grade of each row, or which of two rows is better.

    Args:
        session: whom to ask. The same question is asked once: verdicts lie in its journal.
        wanted: what the rows should be, in words. rubric: what is looked at.
        scale: the lowest grade and the highest. columns: those that are shown; None: all.
        model: another than the session's. max_tokens: of a verdict.

    Attributes:
        reasons: what it said beside the last scores.
    """

    def __init__(
        self,
        session: Session,
        wanted: str,
        *,
        rubric: str = "How well does it do what was asked for, as a person would have written it?",
        scale: tuple[int, int] = (1, 5),
        columns: Sequence[str] | None = None,
        model: str | None = None,
        max_tokens: int = 256,
    ) -> None:
        self.session, self.wanted, self.rubric, self.scale = session, wanted, rubric, scale
        self.columns, self.model, self.max_tokens = columns, model, max_tokens
        self.reasons: list[str | None] = []

    def score(self, rows: pl.DataFrame) -> list[float | None]:
        """A grade for each row; None where the model's answer cannot be used."""
        low, high = self.scale
        shape = _shape(score=(int, Field(ge=low, le=high)))
        asked = [
            f"Wanted: {self.wanted}\nThis came, as JSON:\n{row}\n{self.rubric} Say in a sentence why, and give a score from {low} "
            f"(useless) to {high} (faultless)."
            for row in self._shown(rows)
        ]
        answers = self._answers(asked, shape)
        self.reasons = [None if answer is None else str(answer.reason) for answer in answers]
        return [None if answer is None else float(answer.score) for answer in answers]

    def prefer(self, first: pl.DataFrame, second: pl.DataFrame) -> list[int | None]:
        """Which row of each pair is better: 0 or 1; None where the model says neither, or its answer cannot be used."""
        shape = _shape(better=(str, Field(pattern="^(first|second|neither)$")))
        asked = [
            f"Wanted: {self.wanted}\nThe first, as JSON:\n{one}\nThe second, as JSON:\n{other}\n{self.rubric} Say in a sentence why, and "
            'which is better: "first", "second" or "neither".'
            for one, other in zip(self._shown(first), self._shown(second), strict=True)
        ]
        place = {"first": 0, "second": 1}
        return [None if answer is None else place.get(answer.better) for answer in self._answers(asked, shape)]

    def _shown(self, rows: pl.DataFrame) -> list[str]:
        frame = rows if self.columns is None else rows.select(self.columns)
        return [json.dumps(row, ensure_ascii=False, default=str)[:_MOST_CHARACTERS] for row in frame.iter_rows(named=True)]

    def _answers(self, asked: list[str], shape: type[BaseModel]) -> list[Any]:
        from understudy.text.llm.wire import ChatRequest

        requests = [ChatRequest.of(words, system=_SYSTEM, model=self.model, max_tokens=self.max_tokens, temperature=0.0) for words in asked]
        replies = self.session.run(self.session.ask(request, path=("judge",), shape=shape) for request in requests)
        return [None if reply.problem is not None else reply.value for reply in replies]


def _shape(**fields: Any) -> type[BaseModel]:
    """A verdict: a reason, then what is asked."""
    return create_model("Verdict", __config__=ConfigDict(extra="forbid"), reason=(str, Field(max_length=2000)), **fields)
