"""Conversations and instructions as the lines of chat, ShareGPT, Alpaca and preference files.

Sources: OpenAI's fine-tuning format (platform documentation, "Fine-tuning: data format"); ShareGPT as FastChat and Axolotl read it;
Alpaca (github.com/tatsu-lab/stanford_alpaca, "Data release"); preference pairs as TRL's `DPOTrainer` takes them.
"""

from __future__ import annotations

import json
from typing import Any

from understudy.data.texts.exporting.writers import Row, RowError, stated

SPEAKERS = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}
"""Roles → the speakers of ShareGPT."""


def chat_line(row: Row) -> str:
    """One example of OpenAI's chat format."""
    return _json({"messages": [_message(message) for message in messages_of(row, "chat")]})


def sharegpt_line(row: Row) -> str:
    """One conversation of ShareGPT's format. A call of a tool is a `function_call` whose value is JSON."""
    turns = []
    for message in messages_of(row, "sharegpt"):
        if message.get("content") is not None:
            turns.append({"from": SPEAKERS[message["role"]], "value": message["content"]})
        turns += [{"from": "function_call", "value": _json(_call(call))} for call in message.get("tool_calls") or ()]
    return _json({"conversations": turns})


def alpaca_line(row: Row) -> str:
    """One example of Alpaca's format."""
    asked = _instruction(row)
    if asked is None:
        turns = [message for message in messages_of(row, "alpaca") if message["role"] != "system"]
        if [turn["role"] for turn in turns] != ["user", "assistant"] or turns[1]["content"] is None:
            raise RowError("a conversation of more than one question and one answer has no place in it.", "Write it as chat or sharegpt.")
        asked = turns[0]["content"], "", turns[1]["content"]
    return _json(dict(zip(("instruction", "input", "output"), asked, strict=True)))


def dpo_line(row: Row) -> str:
    """One pair of a chosen and a rejected answer."""
    values = stated(row, "prompt", "chosen", "rejected")
    if values is None:
        raise _missing("dpo", "prompt, chosen and rejected")
    return _json(dict(zip(("prompt", "chosen", "rejected"), values, strict=True)))


def messages_of(row: Row, form: str) -> list[dict[str, Any]]:
    """The messages of a row: its own, or those that its instruction, or its question, and its answer make."""
    found = stated(row, "messages")
    if found is not None:
        messages: list[dict[str, Any]] = found[0]
        return messages
    asked = _instruction(row)
    if asked is None:
        pair = stated(row, "question", "answer")
        if pair is None:
            raise _missing(form, "messages, or instruction and output, or question and answer")
        asked = (pair[0], row.get("context") or "", pair[1])
    question = asked[0] if not asked[1] else f"{asked[0]}\n\n{asked[1]}"
    return [{"role": "user", "content": question}, {"role": "assistant", "content": asked[2]}]


def _instruction(row: Row) -> tuple[str, str, str] | None:
    values = stated(row, "instruction", "output")
    return None if values is None else (values[0], row.get("input") or "", values[1])


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """A message with what it states alone: OpenAI refuses keys that are null, but for the content of a call."""
    calls = message.get("tool_calls") or []
    line: dict[str, Any] = {"role": message["role"], "content": message.get("content")}
    if message.get("name"):
        line["name"] = message["name"]
    if calls:
        line["tool_calls"] = [{"id": call["id"], "type": "function", "function": _call(call)} for call in calls]
    if message.get("tool_call_id"):
        line["tool_call_id"] = message["tool_call_id"]
    return line


def _call(call: dict[str, Any]) -> dict[str, Any]:
    return {"name": call["name"], "arguments": call["arguments"]}


def _missing(form: str, columns: str) -> RowError:
    return RowError(f"it has no {columns}.", f"Choose a task that gives these columns, or another format than {form}.")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
