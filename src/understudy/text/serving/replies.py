"""From a request's body to a reply's, in the OpenAI wire format. The same body gives the same reply."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from understudy.core.errors import UnderstudyError
from understudy.text.llm.wire import CHAT, COMPLETIONS, EMBEDDINGS, canonical
from understudy.text.serving import embedding
from understudy.text.serving.schema_values import Drawing
from understudy.text.serving.writers import Writer, number_of

DEFAULT_TOKENS = 512
STREAMED_TOGETHER = 4
_PIECE = re.compile(r"\s*\w{1,5}|\s*[^\w\s]|\s+")
_UNSEEN = ("stream", "stream_options", "user", "metadata")
_MESSAGE_TOKENS = 4
_WRONG_USAGES: tuple[dict[str, int] | None, ...] = (None, {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0})


class Refusal(Exception):
    """The request is wrong: a status and a reason, as the API words it."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code

    def body(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": "invalid_request_error", "code": self.code}}


@dataclass(frozen=True)
class Made:
    """One reply: its text, why it ended, and tokens as this server counts them (a word of up to five letters, or a sign)."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    tool_calls: list[dict[str, Any]] | None = None

    @property
    def usage(self) -> dict[str, int]:
        total = self.prompt_tokens + self.completion_tokens
        return {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens, "total_tokens": total}


def pieces(text: str) -> list[str]:
    """A text as tokens; joined they are the text."""
    return _PIECE.findall(text)


def made(route: str, body: dict[str, Any], writer: Writer, seed: int, fault: str | None = None) -> Made:
    """The reply to a request for chat or a completion.

    Raises:
        Refusal: the request is wrong.
    """
    prompt, prompt_tokens = _chat_prompt(body) if route == CHAT else _plain_prompt(body)
    number = number_of(canonical({name: part for name, part in body.items() if name not in _UNSEEN}), seed)
    most = _most(body)
    called = _tool_calls(body, writer, number) if route == CHAT else None
    if called is not None:
        return Made("", "tool_calls", prompt_tokens, len(pieces(json.dumps(called))), called)
    text = _text(body, writer, prompt, number, fault) if route == CHAT else writer.completion(prompt, number, most)
    for stop in _stops(body):
        text = text.partition(stop)[0]
    found = pieces(text)
    if fault == "length":
        most = max(1, len(found) // 2)
    cut = len(found) > most
    return Made("".join(found[:most]), "length" if cut or fault == "length" else "stop", prompt_tokens, min(len(found), most))


def whole(route: str, reply: Made, model: str, number: str) -> dict[str, Any]:
    """A reply in one piece."""
    kind = "chat.completion" if route == CHAT else "text_completion"
    choice: dict[str, Any] = {"index": 0, "finish_reason": reply.finish, "logprobs": None}
    if route == CHAT:
        choice["message"] = {"role": "assistant", "content": None if reply.tool_calls else reply.text}
        if reply.tool_calls:
            choice["message"]["tool_calls"] = reply.tool_calls
    else:
        choice["text"] = reply.text
    head = {"id": f"{'chatcmpl' if route == CHAT else 'cmpl'}-{number[:24]}", "object": kind, "created": int(time.time()), "model": model}
    return {**head, "choices": [choice], "usage": reply.usage}


def streamed(route: str, reply: Made, model: str, number: str, *, usage: bool) -> Iterator[dict[str, Any]]:
    """A reply piece by piece."""
    kind, name = ("chat.completion.chunk", "delta") if route == CHAT else ("text_completion", "text")
    head = {"id": f"chatcmpl-{number[:24]}", "object": kind, "created": int(time.time()), "model": model}

    def piece(content: Any, finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, name: content, "finish_reason": finish}]}

    if route == CHAT:
        yield piece({"role": "assistant", "content": ""})
        for index, call in enumerate(reply.tool_calls or ()):
            yield piece({"tool_calls": [{"index": index, **call}]})
    tokens = pieces(reply.text)
    for start in range(0, len(tokens), STREAMED_TOGETHER):
        text = "".join(tokens[start : start + STREAMED_TOGETHER])
        yield piece({"content": text} if route == CHAT else text)
    yield piece({} if route == CHAT else "", reply.finish)
    if usage:
        yield {**head, "choices": [], "usage": reply.usage}


def with_wrong_usage(body: dict[str, Any], number: int) -> dict[str, Any]:
    """A reply whose counts are missing, zero, or a thousand times too high."""
    kind = number % 3
    if kind == 2:
        return {**body, "usage": {name: count * 1000 for name, count in body["usage"].items()}}
    return {name: part for name, part in body.items() if name != "usage"} | ({"usage": _WRONG_USAGES[kind]} if kind else {})


def embeddings(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Vectors of texts, and the tokens that they took."""
    texts = body.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise Refusal(400, "`input` must be a text or a list of texts.")
    tokens = sum(len(pieces(text)) for text in texts)
    data = [{"object": "embedding", "index": index, "embedding": embedding.embedded(text)} for index, text in enumerate(texts)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": embedding.NAME, "usage": usage}, tokens


def check_model(route: str, body: dict[str, Any], writer: Writer) -> None:
    """Refuse a request for a model that is not served."""
    known = [embedding.NAME] if route == EMBEDDINGS else [writer.name]
    if body.get("model") not in known:
        raise Refusal(404, f"The model `{body.get('model')}` does not exist; served here: {', '.join(known)}.", "model_not_found")


def _text(body: dict[str, Any], writer: Writer, prompt: str, number: int, fault: str | None) -> str:
    schema = _schema(body)
    if schema is None or not writer.holds_schemas:
        return writer.text(prompt, number)
    if fault == "shapeless":
        return f"Here you are: {' '.join(writer.words(number))}."
    try:
        value = writer.value(schema, prompt, number)
        text = json.dumps(Drawing(schema, number, writer.words).value() if value is None else value, ensure_ascii=False)
    except UnderstudyError as error:
        raise Refusal(400, f"response_format: {error.what} ({error.where})") from None
    return text[: max(1, len(text) * 2 // 3)] if fault == "json" else text


def _schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """The schema that the reply must fit; None where none is asked for."""
    wanted = body.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") in (None, "text"):
        return None
    if wanted["type"] == "json_object":
        return {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"], "additionalProperties": False}
    schema = (wanted.get("json_schema") or {}).get("schema")
    if wanted["type"] != "json_schema" or not isinstance(schema, dict):
        raise Refusal(400, "`response_format` must be text, json_object, or json_schema with a schema.")
    return schema


def _chat_prompt(body: dict[str, Any]) -> tuple[str, int]:
    """What the user said last, and the tokens of all that was said."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) and "role" in message for message in messages):
        raise Refusal(400, "`messages` must be a list of messages with roles.")
    said = [_content(message) for message in messages]
    tokens = sum(_MESSAGE_TOKENS + len(pieces(text)) for text in said)
    users = [text for message, text in zip(messages, said, strict=True) if message["role"] == "user"]
    told = sum(len(pieces(json.dumps(body[name]))) for name in ("tools", "response_format") if name in body)
    return (users or said)[-1], tokens + told


def _content(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return "" if content is None else str(content)


def _plain_prompt(body: dict[str, Any]) -> tuple[str, int]:
    prompt = body.get("prompt", "")
    prompt = prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt
    if not isinstance(prompt, str):
        raise Refusal(400, "`prompt` must be one text.")
    return prompt, len(pieces(prompt))


def _most(body: dict[str, Any]) -> int:
    most = body.get("max_completion_tokens", body.get("max_tokens"))
    if most is None:
        return DEFAULT_TOKENS
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise Refusal(400, "`max_tokens` must be an integer of at least 1.")
    return most


def _stops(body: dict[str, Any]) -> list[str]:
    stop = body.get("stop") or []
    return [text for text in ([stop] if isinstance(stop, str) else stop) if text]


def _tool_calls(body: dict[str, Any], writer: Writer, number: int) -> list[dict[str, Any]] | None:
    """A call of a tool where the request demands one: of the named tool, or of any."""
    choice, tools = body.get("tool_choice"), body.get("tools") or []
    named = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
    if not tools or (named is None and choice != "required"):
        return None
    functions = [tool["function"] for tool in tools if named in (None, tool.get("function", {}).get("name"))]
    if not functions:
        raise Refusal(400, f"`tool_choice` names no tool: {named}")
    function = functions[number % len(functions)]
    try:
        arguments = Drawing(function.get("parameters") or {"type": "object"}, number, writer.words).value()
    except UnderstudyError as error:
        raise Refusal(400, f"tools: {error.what} ({error.where})") from None
    call = {"name": function["name"], "arguments": json.dumps(arguments, ensure_ascii=False)}
    return [{"id": f"call_{number:016x}", "type": "function", "function": call}]


ROUTES = (CHAT, COMPLETIONS)
