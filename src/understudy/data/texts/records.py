"""What a row of a text data set holds, and what must be true of it.

| column | type | true when |
|---|---|---|
| text | String | it says something |
| spans | `SPANS` | sorted, apart from each other, inside the text: `text[start:end]` is the entity |
| messages | `MESSAGES` | roles take turns, every call of a tool is answered once, its arguments are a JSON object |
| answer, answer_start | String, Int64 | `context[answer_start:]` begins with the answer; both missing where the context gives none |

Offsets count characters (Unicode code points), as Python's strings do. A fault is a sentence that says what is wrong with one record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import polars as pl
import pyarrow as pa

SPAN = pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String})
SPANS = pl.List(SPAN)
TOOL_CALL = pl.Struct({"id": pl.String, "name": pl.String, "arguments": pl.String})
MESSAGE = pl.Struct(
    {"role": pl.String, "content": pl.String, "name": pl.String, "tool_calls": pl.List(TOOL_CALL), "tool_call_id": pl.String}
)
MESSAGES = pl.List(MESSAGE)
ROLES = ("system", "user", "assistant", "tool")


class Span(TypedDict):
    """Characters `start` up to `end` of the row's text are a `label`."""

    start: int
    end: int
    label: str


class ToolCall(TypedDict):
    """A tool that the assistant calls. arguments: a JSON object, as text."""

    id: str
    name: str
    arguments: str


class Message(TypedDict):
    """One turn. name: of the tool that answers. tool_call_id: of the call that it answers."""

    role: str
    content: str | None
    name: str | None
    tool_calls: list[ToolCall] | None
    tool_call_id: str | None


def message(role: str, content: str | None) -> Message:
    """A turn that says something."""
    return {"role": role, "content": content, "name": None, "tool_calls": None, "tool_call_id": None}


def call(*calls: ToolCall, content: str | None = None) -> Message:
    """A turn of the assistant that calls tools."""
    return {"role": "assistant", "content": content, "name": None, "tool_calls": list(calls), "tool_call_id": None}


def answer_of_tool(called: ToolCall, content: str) -> Message:
    """The turn of a tool that was called."""
    return {"role": "tool", "content": content, "name": called["name"], "tool_calls": None, "tool_call_id": called["id"]}


def as_series(name: str, values: list[Any], dtype: Any) -> pl.Series:
    """A column of plain values; nested ones go by way of Arrow, which reads them ten times as fast."""
    if dtype not in (SPANS, MESSAGES):
        return pl.Series(name, values, dtype)
    array = pa.array(values, _ARROW_SPANS if dtype == SPANS else _ARROW_MESSAGES)
    return pl.Series(name, pl.from_arrow(array)).cast(dtype)


_ARROW_SPANS = pa.list_(pa.struct({"start": pa.int64(), "end": pa.int64(), "label": pa.string()}))
_ARROW_CALLS = pa.list_(pa.struct({"id": pa.string(), "name": pa.string(), "arguments": pa.string()}))
_ARROW_MESSAGES = pa.list_(
    pa.struct({"role": pa.string(), "content": pa.string(), "name": pa.string(), "tool_calls": _ARROW_CALLS, "tool_call_id": pa.string()})
)


# ---- faults


def text_fault(text: str | None) -> str | None:
    """What is wrong with a text; None: nothing."""
    if text is None:
        return "it is missing"
    if not text or text.isspace():
        return "it is empty"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it holds half of a character (a surrogate)"
    return None


def spans_fault(text: str, spans: Sequence[Mapping[str, Any]]) -> str | None:
    """What is wrong with the spans of a text; None: nothing."""
    last = 0
    for span in spans:
        start, end, label = span["start"], span["end"], span["label"]
        if start is None or end is None or not label:
            return f"a span lacks its {'label' if not label else 'place'}"
        if not 0 <= start < end <= len(text):
            return f'the span {start}:{end} of "{label}" lies outside the text, or is empty'
        if start < last:
            return f'the span {start}:{end} of "{label}" overlaps the one before it, or comes before it'
        marked = text[start:end]
        if marked != marked.strip():
            return f'the span {start}:{end} of "{label}" begins or ends with a space'
        last = end
    return None


def answer_fault(context: str, answer: str | None, answer_start: int | None) -> str | None:
    """What is wrong with an answer that is to stand in its context; None: nothing. Both missing: the context gives no answer."""
    if answer is None or answer_start is None:
        return None if answer is None and answer_start is None else "the answer or its place is missing"
    if not answer.strip():
        return "the answer is empty"
    if answer_start < 0 or not context.startswith(answer, answer_start):
        return f'at character {answer_start} of the context there is not "{answer}"'
    return None


def conversation_fault(messages: Sequence[Mapping[str, Any]] | None) -> str | None:
    """What is wrong with a conversation; None: nothing.

    The system speaks at the beginning only; then user and assistant take turns, the user first, the assistant last. Where the assistant
    calls tools, each call is answered once before anyone else speaks.
    """
    if not messages:
        return "there are no messages"
    known: set[str] = set()
    open_calls: dict[str, str] = {}
    before = "start"
    for place, said in enumerate(messages):
        fault = _turn_fault(before, said, open_calls) or _calls_fault(said, known) or _content_fault(said)
        if fault:
            return f"message {place + 1} ({said.get('role')}): {fault}"
        if said["role"] == "tool":
            del open_calls[str(said["tool_call_id"])]
        open_calls.update((made["id"], made["name"]) for made in said.get("tool_calls") or ())
        before = said["role"]
    if open_calls:
        return f"the call {next(iter(open_calls))} is not answered"
    return None if before == "assistant" else f"the {before} has the last word; it is the assistant's"


_AFTER = {
    "system": ("start",),
    "user": ("start", "system", "assistant"),
    "assistant": ("user", "tool"),
    "tool": ("assistant", "tool"),
}


def _turn_fault(before: str, said: Mapping[str, Any], open_calls: Mapping[str, str]) -> str | None:
    role = said.get("role")
    if role not in _AFTER:
        return f'there is no role "{role}"; roles are {", ".join(ROLES)}'
    if before not in _AFTER[role]:
        return "it cannot come first" if before == "start" else f"it cannot follow the {before}"
    asked = str(said.get("tool_call_id"))
    if role != "tool":
        if open_calls:
            return f"the call {next(iter(open_calls))} is not answered yet"
        return "only a tool answers a call" if said.get("tool_call_id") is not None else None
    if asked not in open_calls:
        return f"it answers the call {asked}, which is not open"
    if said.get("name") not in (None, open_calls[asked]):
        return f'the call {asked} was of "{open_calls[asked]}", not of "{said["name"]}"'
    return None


def _content_fault(said: Mapping[str, Any]) -> str | None:
    content = said.get("content")
    if content is None and said["role"] == "assistant" and said.get("tool_calls"):
        return None
    fault = text_fault(content)
    return None if fault is None or (said["role"] == "tool" and content == "") else f"its content: {fault}"


def _calls_fault(said: Mapping[str, Any], known: set[str]) -> str | None:
    calls = said.get("tool_calls")
    if calls is None:
        return None
    if said["role"] != "assistant":
        return "only the assistant calls tools"
    if not calls:
        return "its list of calls is empty"
    for made in calls:
        if not made["id"] or not made["name"]:
            return "a call has no id or no name"
        if made["id"] in known:
            return f"the id {made['id']} stands twice"
        known.add(made["id"])
        fault = arguments_fault(made["arguments"])
        if fault:
            return f"the call {made['id']}: {fault}"
    return None


def arguments_fault(arguments: str | None) -> str | None:
    """What is wrong with the arguments of a call; None: they are a JSON object."""
    try:
        found = json.loads(arguments or "")
    except json.JSONDecodeError as error:
        return f"its arguments are no JSON: {error}"
    return None if isinstance(found, dict) else "its arguments are no JSON object"
