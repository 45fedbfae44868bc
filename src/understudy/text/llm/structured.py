"""Replies as values of a pydantic model. Whatever a server promises of the form, every reply is validated here.

What is wrong with the form alone is mended: fences and words around the JSON, thoughts before it, commas before a closing bracket,
Python's True, False and None, raw line ends in strings, brackets missing at the end. What is missing in content is not made up: a reply
that ends inside a string or before a value is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from understudy.text.llm.wire import ChatRequest, Message

SHOWN_FAULTS = 5
SHOWN_TEXT = 4000
_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_WORDS = {"True": "true", "False": "false", "None": "null"}
_CLOSING = {"{": "}", "[": "]"}


@dataclass(frozen=True)
class Reading:
    """What a text holds: a value, or the fault in words. `mended`: the form had to be put right."""

    value: Any = None
    fault: str | None = None
    mended: bool = False


def read(text: str, shape: type[BaseModel]) -> Reading:
    """The text as a value of `shape`."""
    try:
        return Reading(shape.model_validate_json(text))
    except ValidationError as error:
        fault = error
    candidate = mended(text)
    if candidate is None:
        return Reading(fault="it holds no JSON object that is whole")
    try:
        return Reading(shape.model_validate_json(candidate), mended=True)
    except ValidationError as error:
        fault = error
    return Reading(fault=_in_words(fault))


@lru_cache(maxsize=64)
def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a shape; not to be changed."""
    return shape.model_json_schema()


def mended(text: str) -> str | None:
    """The first JSON object or list in a text with its form put right; None where there is none, or its content breaks off."""
    text = _THOUGHTS.sub("", text)
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    for start in sorted(starts):
        found = _scanned(text[start:])
        if found is not None:
            return found
    return None


def asked_again(request: ChatRequest, answer: str, fault: str) -> ChatRequest:
    """The request once more, with the answer and what is wrong with it."""
    again = (
        Message(role="assistant", content=answer[:SHOWN_TEXT]),
        Message(role="user", content=f"This cannot be used: {fault}. Answer again, with the corrected JSON object only."),
    )
    return request.model_copy(update={"messages": (*request.messages, *again)})


def told_in_words(schema: dict[str, Any]) -> str:
    """A schema for models whose server takes none."""
    return (
        "Answer with one JSON object only, without any other words, valid against this JSON Schema:\n"
        f"{json.dumps(schema, ensure_ascii=False, separators=(',', ':'))}"
    )


def can_be_strict(schema: Any) -> bool:
    """Whether servers that hold a schema strictly take it: every object closed, every property required."""
    if isinstance(schema, list):
        return all(can_be_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("required", ())) != set(schema.get("properties", ())):
            return False
    return all(can_be_strict(part) for part in schema.values())


def _scanned(text: str) -> str | None:
    """JSON from the first character on, to the bracket that closes it."""
    out: list[str] = []
    open_brackets: list[str] = []
    place = 0
    while place < len(text):
        character = text[place]
        if character == '"':
            end, string = _string(text, place)
            if string is None:
                return None
            out.append(string)
            place = end
            continue
        if character in "{[":
            open_brackets.append(character)
        elif character in "}]":
            _drop_comma(out)
            if not open_brackets or _CLOSING[open_brackets.pop()] != character:
                return None
        elif character.isalpha():
            word = re.match(r"[A-Za-z]+", text[place:])
            assert word is not None or not character.isascii()
            found = character if word is None else word[0]
            out.append(_WORDS.get(found, found))
            place += len(found)
            continue
        out.append(character)
        place += 1
        if not open_brackets:
            return "".join(out)
    return _closed(out, open_brackets)


def _string(text: str, start: int) -> tuple[int, str | None]:
    """The string that begins at `start`, with raw line ends and tabs escaped; None where it does not end."""
    out = ['"']
    place = start + 1
    while place < len(text):
        character = text[place]
        if character == "\\" and place + 1 < len(text):
            out.append(text[place : place + 2])
            place += 2
            continue
        if character == '"':
            return place + 1, "".join([*out, '"'])
        out.append({"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character, character))
        place += 1
    return place, None


def _drop_comma(out: list[str]) -> None:
    place = len(out) - 1
    while place >= 0 and out[place].isspace():
        place -= 1
    if place >= 0 and out[place] == ",":
        del out[place]


def _closed(out: list[str], open_brackets: list[str]) -> str | None:
    """Brackets that are missing at the end; None where what stands before them is no whole value."""
    text = "".join(out).rstrip()
    if not text or text[-1] not in '"]}':  # a number may have lost digits; a colon or comma waits for more
        return None
    closed = text + "".join(_CLOSING[bracket] for bracket in reversed(open_brackets))
    try:
        json.loads(closed)
    except ValueError:
        return None
    return closed


def _in_words(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False)
    told = [f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults[:SHOWN_FAULTS]]
    more = f", and {len(faults) - SHOWN_FAULTS} faults more" if len(faults) > SHOWN_FAULTS else ""
    return "; ".join(told) + more
