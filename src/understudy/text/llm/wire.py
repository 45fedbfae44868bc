"""What is asked and answered, in the words of the OpenAI API, and the name under which a request's reply is kept.

A request's key is a hash of what is asked, where in the data it belongs, and which try it is. It does not depend on the endpoint's
address, on the key, or on how the server wants a shape to be told, so that a journal can be carried on at another address.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

CHAT, COMPLETIONS, EMBEDDINGS = "/chat/completions", "/completions", "/embeddings"
Path: TypeAlias = tuple[str | int, ...]
_TEMPLATE_TOKENS, _MESSAGE_TOKENS = 64, 16


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | None = None
    name: str | None = None
    tool_calls: tuple[dict[str, Any], ...] | None = None
    tool_call_id: str | None = None


class ChatRequest(BaseModel):
    """A question to a model that answers in turns. `extra` goes into the body as it is, for what a server understands beyond the rest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: tuple[Message, ...] = Field(min_length=1)
    model: str | None = None
    max_tokens: int = Field(512, gt=0)
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    tools: tuple[dict[str, Any], ...] | None = None
    tool_choice: str | dict[str, Any] | None = None
    extra: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, prompt: str, *, system: str | None = None, **options: Any) -> ChatRequest:
        """A request of one user message, after a system message where one is given."""
        first = () if system is None else (Message(role="system", content=system),)
        return cls(messages=(*first, Message(role="user", content=prompt)), **options)

    def body(self, model: str) -> dict[str, Any]:
        """The body of the call, asked of `model` unless the request names one."""
        body = self.model_dump(mode="json", exclude_none=True, exclude={"extra"})
        return {**body, "model": self.model or model, **self.extra}


@dataclass(frozen=True)
class Usage:
    """Tokens as the server counts them."""

    prompt_tokens: int
    completion_tokens: int

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens)


@dataclass(frozen=True)
class Call:
    """One call: where to, with what, and how many tokens it may take at most.

    `schema` is the JSON schema that the reply is asked to fit; how it is told depends on what the server understands.
    """

    route: str
    body: dict[str, Any]
    schema: dict[str, Any] | None = None

    @property
    def model(self) -> str:
        return str(self.body["model"])

    @property
    def most_prompt_tokens(self) -> int:
        """No tokenizer makes more tokens than bytes; a chat template adds some of its own, and may indent a schema."""
        if self.route != CHAT:
            return len(canonical(self.body.get("input", self.body.get("prompt", "")))) + _MESSAGE_TOKENS
        frame = _TEMPLATE_TOKENS + _MESSAGE_TOKENS * len(self.body["messages"])
        told = sum(2 * len(canonical(part)) for part in (self.schema, self.body.get("tools")) if part)
        return frame + len(canonical(self.body["messages"])) + told

    @property
    def most_completion_tokens(self) -> int:
        return 0 if self.route == EMBEDDINGS else int(self.body.get("max_tokens", 0))

    def key(self, path: Path, attempt: int = 0) -> bytes:
        """The name under which the reply is kept: 20 bytes."""
        identity = [self.route, self.body, self.schema, list(path), attempt]
        return hashlib.blake2b(canonical(identity), digest_size=20, person=b"understudy ask").digest()


@dataclass(frozen=True)
class Reply:
    """What came of a request.

    Attributes:
        text: what the model wrote; "" where there is none.
        value: the reply as a value of the shape that was asked for; None where none was, or it does not fit.
        problem: why the reply cannot be used, in words; None where it can.
        finish_reason: as the server says: "stop", "length", "tool_calls", "content_filter".
        usage: tokens as the server counts them, of all tries together; None where it did not say.
        cost: money, of all tries together; None where the price is not known.
        kept: whether the reply was in the journal already.
        tries: how often the model was asked (a re-ask with the validator's message counts).
        key: under which the (last) reply is kept, as hexadecimal text.
    """

    text: str = ""
    value: Any = None
    problem: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    model: str = ""
    cost: Decimal | None = None
    kept: bool = False
    tries: int = 1
    key: str = ""


def canonical(value: Any) -> bytes:
    """JSON in one form only."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def usage_of(body: dict[str, Any]) -> Usage | None:
    """The tokens that a reply says it took; None where it does not say, or says what cannot be: none at all, or a negative number."""
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens", 0)]
    if any(isinstance(count, bool) or not isinstance(count, int) or count < 0 for count in counts) or not sum(counts):
        return None
    return Usage(*counts)


def first_choice(body: dict[str, Any]) -> tuple[str, str | None, list[dict[str, Any]]]:
    """Text, reason of its end and tool calls of a chat reply or a completion; KeyError, TypeError or IndexError where it is neither."""
    choice = body["choices"][0]
    message = choice.get("message")
    if message is None:
        return str(choice["text"] or ""), choice.get("finish_reason"), []
    content = message.get("content")
    if isinstance(content, list):  # parts, as some servers answer
        content = "".join(part.get("text", "") for part in content)
    return content or "", choice.get("finish_reason"), list(message.get("tool_calls") or [])


def assembled(pieces: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A streamed chat reply put together as if it had come in one piece. ValueError where it breaks off before its end."""
    body: dict[str, Any] = {"object": "chat.completion"}
    texts: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    finish = None
    for piece in pieces:
        body.update({name: piece[name] for name in ("id", "model", "created", "usage") if piece.get(name) is not None})
        for choice in piece.get("choices", ()):
            delta = choice.get("delta") or {}
            texts.append(delta.get("content") or "")
            for part in delta.get("tool_calls") or ():
                _add_call(calls, part)
            finish = choice.get("finish_reason") or finish
    if finish is None:
        raise ValueError("the stream broke off")
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return {**body, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def _add_call(calls: dict[int, dict[str, Any]], part: dict[str, Any]) -> None:
    call = calls.setdefault(part.get("index", 0), {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
    call["id"] = part.get("id") or call["id"]
    for name in ("name", "arguments"):
        call["function"][name] += (part.get("function") or {}).get(name) or ""
