"""Texts of a language model, for private evolution: drawn by the spec's own prompt, varied by asking for another one near a text.

The model is told labels and its own earlier texts, never a private one. What it answers is kept in the session's journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.core.errors import DataError

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.text.llm.session import Session
    from understudy.text.spec.attributes import Attributes
    from understudy.text.ways.asking.program import Program

_VARIED = (
    "Say the same in other words.", "Keep the matter, and change details: things, numbers, order.",
    "Write another one of the same kind, as another person would.", "Make it shorter or longer, and keep its tone.",
)  # fmt: skip


class LanguageModelProvider:
    """Draws and varies texts by asking, of a model that follows instructions.

    Args:
        program: what is asked for a row. rows: where the other columns of a row come from. session: opens a session; one a call.
        text, label: columns; label None where texts have none.

    Raises:
        DataError: no text of a label could be had at all. Else what a session raises.
    """

    def __init__(self, program: Program, rows: Attributes, session: Callable[[], Session], text: str, label: str | None) -> None:
        self.program, self.rows, self.session, self.text, self.label = program, rows, session, text, label

    def draw(self, labels: Sequence[Any], stream: Stream) -> list[str]:
        """A text of each of these labels. One that could not be had is another's of its label again."""
        wanted = self._rows(labels, stream)
        with self.session() as session:
            made = list(session.run((self._drawn(session, row, i, stream) for i, row in enumerate(wanted)), total=len(wanted)))
        texts = [text for text, _ in made]
        return [text if text is not None else self._other(texts, labels, i, made[i][1]) for i, text in enumerate(texts)]

    def vary(self, texts: Sequence[str], labels: Sequence[Any], stream: Stream) -> list[str]:
        """Another text near each of these. One that could not be had stays as it is."""
        wanted = self._rows(labels, stream)
        with self.session() as session:
            asked = (self._varied(session, text, wanted[i], i, stream) for i, text in enumerate(texts))
            return list(session.run(asked, total=len(texts)))

    async def _drawn(self, session: Session, row: dict[str, Any], number: int, stream: Stream) -> tuple[str | None, str | None]:
        """A text of a row, or the problem in words."""
        made = await self.program.made(session, row, number, stream)
        return None if made.record is None else str(made.record[self.text]), made.problem

    async def _varied(self, session: Session, text: str, row: dict[str, Any], number: int, stream: Stream) -> str:
        about = self.program.spec.about
        how = _VARIED[stream.child("how", number).generator().integers(len(_VARIED))]
        words = [f"Here is a text{f' of this kind: {about}' if about else ''}.", text, how]
        if self.label is not None:
            words.append(f"It must still be one of which this holds: {self.label}: {row[self.label]}.")
        request, path = self.program.request("\n".join(words), row), (stream.key.hex()[:16], number, "vary")
        reply = await session.ask(request, path=path, shape=self.program.recipe.shape(row))
        return text if reply.problem is not None else str(reply.value.record()[self.text])

    def _rows(self, labels: Sequence[Any], stream: Stream) -> list[dict[str, Any]]:
        """A row of each label, its other columns drawn as the spec says."""
        found: list[dict[str, Any]] = [{} for _ in labels]
        for label in dict.fromkeys(labels):
            places = [i for i, other in enumerate(labels) if other == label]
            given = None if self.label is None or label is None else {self.label: label}
            frame = self.rows.frame(self.rows.conditioned(given), np.array(places, np.int64), stream)
            for place, row in zip(places, frame.iter_rows(named=True), strict=True):
                found[place] = row
        return found

    def _other(self, texts: Sequence[str | None], labels: Sequence[Any], place: int, problem: str | None) -> str:
        others = [text for text, label in zip(texts, labels, strict=True) if text is not None and label == labels[place]]
        if not others:
            of = "" if labels[place] is None else f' of "{labels[place]}"'
            raise DataError(f"The language model made no usable text{of}: {problem}.", where="llm", remedy="Look at prompt and model.")
        return others[place % len(others)]

    def says(self) -> list[str]:
        return [f"texts were drawn and varied by the language model {self.program.section.model}, which saw no private text"]
