"""Texts of a base model, which follows no instructions: drawn as what comes after the spec's words, varied by going on from a beginning.

It needs an endpoint that has raw completions (`/v1/completions`), as vLLM, llama.cpp and our own server do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from understudy.text.evolution.language_model_provider import LanguageModelProvider

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.text.llm.session import Session

LEAST_KEPT, MOST_KEPT = 0.25, 0.75
"""Shares of a text's words that its variation begins with."""
_STOP = "\n\n"
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*(?=\s|$)")


class ContinuingProvider(LanguageModelProvider):
    """Draws what a model writes after `llm.prompt`, and varies a text by cutting it and letting the model go on.

    Args: as those of `LanguageModelProvider`.
    """

    async def _drawn(self, session: Session, row: dict[str, Any], number: int, stream: Stream) -> tuple[str | None, str | None]:
        text, problem = await self._continued(session, row, "", stream.child("text", number))
        return text or None, problem

    async def _varied(self, session: Session, text: str, row: dict[str, Any], number: int, stream: Stream) -> str:
        own = stream.child("vary", number)
        made, _ = await self._continued(session, row, beginning(text, own.generator().uniform(LEAST_KEPT, MOST_KEPT)), own)
        return made or text

    async def _continued(self, session: Session, row: dict[str, Any], kept: str, stream: Stream) -> tuple[str, str | None]:
        """A text that begins with `kept`, "" where nothing came; and the problem in words."""
        section = self.program.section
        rng = stream.generator()
        reply = await session.complete(
            self._before(row) + kept, path=(stream.key.hex()[:16], "continue"), max_tokens=section.max_tokens,
            **{"stop": [_STOP], "temperature": 1.0 if section.temperature is None else section.temperature, **section.options},
            seed=int(rng.integers(np.iinfo(np.int32).max)),
        )  # fmt: skip
        cut = reply.finish_reason == "length"
        if not reply.text or (reply.problem is not None and not cut):
            return "", reply.problem
        return joined(kept, ended(reply.text, cut=cut)), None

    def _before(self, row: dict[str, Any]) -> str:
        """What stands before a text."""
        if self.program.section.prompt is not None:
            return self.program.words.of(("llm", "prompt"), row)
        about = self.program.spec.about
        lines = [*([about] if about else []), *([f"{self.label}: {row[self.label]}"] if self.label is not None else [])]
        return "\n".join([*lines, "", ""]) if lines else ""

    def says(self) -> list[str]:
        model = self.program.section.model or self.program.section.local
        return [f"texts were drawn and gone on with by the base model {model}, which saw no private text"]


def ended(text: str, *, cut: bool) -> str:
    """A completion up to the first empty line; where the model was cut off, up to its last whole sentence, or word."""
    whole, stop, _ = text.partition(_STOP)
    if stop or not cut:
        return whole.rstrip()
    ends = [match.end() for match in _SENTENCE_END.finditer(whole)]
    return whole[: ends[-1]] if ends else whole.rpartition(" ")[0]


def joined(kept: str, rest: str) -> str:
    """A beginning and what comes after it; servers that strip replies lose the space between."""
    between = " " if kept[-1:].isalnum() and rest[:1].isalnum() else ""
    return f"{kept}{between}{rest}".strip()


def beginning(text: str, share: float) -> str:
    """A share of a text's words as they stand: one at least, and not all."""
    text = text.strip()
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    count = min(len(ends) - 1, max(1, round(share * len(ends))))
    return text[: ends[count - 1]] if count >= 1 else ""
