"""Conversations of two speakers who are asked in turn: one plays the user with a goal, the other is the assistant.

Neither knows the other's instructions, so that the assistant has to find out what the user wants, as in life. Tools are left to the mode
`single`, where one reply holds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from understudy.data.texts.records import conversation_fault, message
from understudy.text.ways.asking.recipe import Record

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.text.llm.session import Session
    from understudy.text.ways.asking.program import Program


async def conversation(program: Program, session: Session, values: Mapping[str, Any], stream: Stream, path: tuple[Any, ...]) -> Record:
    """The messages of a row. Raises `Failed` where a reply cannot be used."""
    from understudy.text.ways.asking.running import Failed

    low, high = program.section.turns
    exchanges = low + int(stream.child("turns", *path[1:]).generator().integers(high - low + 1))
    said: list[dict[str, Any]] = []
    for turn in range(exchanges):
        for role in ("user", "assistant"):
            request = _request(program, values, said, role, last=turn == exchanges - 1)
            reply = await session.ask(request, path=(*path, role, turn))
            if reply.problem is not None:
                raise Failed(f"{role}, turn {turn + 1}: {reply.problem}")
            said.append(dict(message(role, reply.text.strip())))
    fault = conversation_fault(said)
    if fault is not None:
        raise Failed(fault)
    return {"messages": said}


def _request(program: Program, values: Mapping[str, Any], said: list[dict[str, Any]], role: str, *, last: bool) -> Any:
    """What a speaker is asked: the conversation so far from their side."""
    from understudy.text.llm.wire import ChatRequest, Message

    section = program.section
    if role == "assistant":
        system = (
            program.system_of(values) or f"You are a helpful assistant. The conversation belongs to: {program.spec.about or 'a help desk'}."
        )
    else:
        facts = "; ".join(f"{name}: {values[name]}" for name in program.shown if values.get(name) is not None)
        end = " You are content with the last answer or give up: say so in this message." if last else ""
        system = (
            f"You play a person who talks to an assistant, about: {program.spec.about or 'a question'}. "
            f"Who you are and what you want: {facts}. Write your next message only, in your own words; do not tell all at once.{end}"
        )
    mine = "assistant" if role == "assistant" else "user"
    turns = [Message(role="assistant" if one["role"] == mine else "user", content=one["content"]) for one in said]
    if not turns:
        turns = [Message(role="user", content="Begin.")]
    return ChatRequest(
        messages=(Message(role="system", content=system), *turns), max_tokens=section.max_tokens, temperature=section.temperature,
        extra=section.options,
    )  # fmt: skip
