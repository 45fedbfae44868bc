"""What rules write: pieces of text with marks between them, and how they become a text, spans, or a conversation.

Offsets are counted while pieces are put together, so that a span is where it is said to be. Where an optional part wrote nothing, the
space that it leaves behind goes: two spaces are one, none stands before a full stop, a comma or the end of a line. After an abbreviation
that ends a sentence ("Inc.") there is one full stop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from understudy.data.texts.records import Message, Span, ToolCall, answer_of_tool, call, message

_BEFORE = re.compile(r" +(?=\n|$|[.,;](?:\s|$))")
_TWICE = re.compile(r"(?<=\S) {2,}")
_STOPS = re.compile(r"(?<=\w)\.\.(?!\.)")


@dataclass(frozen=True)
class Open:
    """From here on, up to its `CLOSE`, the text is a `label`."""

    label: str


CLOSE = Open("")


@dataclass(frozen=True)
class Said:
    """From here on somebody else speaks."""

    role: str


@dataclass(frozen=True)
class Called:
    """The assistant calls a tool, and it answers; both as JSON."""

    tool: str
    arguments: str
    result: str


def joined(pieces: list[Any]) -> str:
    """The text; marks are left out."""
    try:
        text = "".join(pieces)
    except TypeError:
        text = "".join([piece for piece in pieces if piece.__class__ is str])
    if _is_loose(text):
        text = _STOPS.sub(".", _TWICE.sub(" ", _BEFORE.sub("", text)))
    return text.strip()


def _is_loose(text: str) -> bool:
    """Whether there may be spaces or full stops too many in it."""
    return "  " in text or " ." in text or " ," in text or " ;" in text or " \n" in text or ".." in text


def marked(pieces: list[Any]) -> tuple[str, list[Span]]:
    """The text and its spans, outermost marks only."""
    plain = "".join([piece for piece in pieces if piece.__class__ is str])
    tight = not _is_loose(plain) and not plain[:1].isspace()
    texts: list[str] = []
    spans: list[Span] = []
    opened: list[tuple[str, int]] = []
    length = 0
    for piece in pieces:
        if piece.__class__ is str:
            if tight:
                length += len(piece)
            elif piece:
                length = _append(texts, piece, length)
        elif piece is CLOSE:
            label, start = opened.pop()
            if length > start and not opened:
                spans.append({"start": start, "end": length, "label": label})
        else:
            opened.append((piece.label, length))
    return (plain if tight else "".join(texts)).rstrip(), spans


def _append(texts: list[str], piece: str, length: int) -> int:
    """Add a piece without the space that a part which wrote nothing left behind; the new length."""
    last = texts[-1][-1] if texts else "\n"
    if piece[0] == " " and (last == " " or (last == "\n" and not texts)):
        piece = piece.lstrip(" ")
    elif last == "." and piece[0] == "." and piece[1:2] != "." and texts[-1][-2:-1] != ".":
        piece = piece[1:]
    elif last == " " and (piece[0] == "\n" or (piece[0] in ".,;" and (len(piece) == 1 or piece[1].isspace()))):
        kept = texts[-1].rstrip(" ")
        length -= len(texts[-1]) - len(kept)
        texts[-1] = kept
        if not kept:
            texts.pop()
    if not texts:
        piece = piece.lstrip()
    if piece:
        texts.append(piece)
    return length + len(piece)


def conversation(pieces: list[Any]) -> list[Message]:
    """The messages: what one speaker says in several steps is one message; ids of calls count from 1."""
    messages: list[Message] = []
    role, said = "", [""]
    calls = 0

    def finish() -> None:
        text = joined(said)
        if not role or not text:
            return
        if messages and messages[-1]["role"] == role and not messages[-1]["tool_calls"]:
            messages[-1]["content"] = f"{messages[-1]['content']} {text}"
        else:
            messages.append(message(role, text))

    for piece in pieces:
        if piece.__class__ is Said:
            finish()
            role, said = piece.role, []
        elif piece.__class__ is Called:
            finish()
            calls += 1
            _add_call(messages, piece, f"call_{calls}")
            role, said = "", []
        else:
            said.append(piece)
    finish()
    return messages


def _add_call(messages: list[Message], made: Called, name: str) -> None:
    """A call, said with what the assistant has just said, and its answer."""
    tool_call: ToolCall = {"id": name, "name": made.tool, "arguments": made.arguments}
    before = messages.pop()["content"] if messages and messages[-1]["role"] == "assistant" and not messages[-1]["tool_calls"] else None
    messages += [call(tool_call, content=before), answer_of_tool(tool_call, made.result)]
