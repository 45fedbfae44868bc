"""Conversations of a user with an assistant, with calls of tools. Who wants what, and how it goes, are columns and cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.data.texts.records import MESSAGES, conversation_fault
from understudy.text.grammar.checking import Allowed
from understudy.text.grammar.compiling import Draw, Row
from understudy.text.grammar.pieces import conversation
from understudy.text.tasks.task import Compose, Fault, Task

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Conversation(Task):
    """Messages in turns (`data/texts/records.py`)."""

    name = "conversation"
    about = "conversations in turns, with calls of tools"
    allowed = Allowed(turns=True)

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        return {"messages": MESSAGES}

    def composed(self, spec: TextSpec, writers: Mapping[str, Any], holds: Callable[[str, Any], bool]) -> Compose:
        write = writers["messages"]

        def compose(row: Row, draw: Draw) -> tuple[Any, ...]:
            pieces: list[Any] = []
            write(row, draw, pieces.append)
            return (conversation(pieces),)

        return compose

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        for row, messages in enumerate(frame["messages"].to_list()):
            fault = conversation_fault(messages)
            if fault is not None:
                yield row, fault
