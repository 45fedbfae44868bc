"""What a task says: the columns that it puts out, how a grammar's texts become them, and when a record is true.

To add one, subclass in a file of its own and name it in `tasks/__init__.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import polars as pl

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.data.texts.records import text_fault
from understudy.text.grammar.checking import Allowed
from understudy.text.grammar.compiling import Draw, Expand, Row
from understudy.text.grammar.pieces import joined

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec

Compose: TypeAlias = Callable[[Row, Draw], tuple[Any, ...]]
Fault: TypeAlias = tuple[int, str]


class Task(ABC):
    """A task.

    Attributes:
        name: as in the spec. about: one line for lists of tasks.
        allowed: what its grammars may hold.
        paired: its texts have two sides.
        marks_columns: where a text writes a column's value, a span of the column's name says so.
        measured: the output whose length `words` limits; None: none is. "text" is the spec's own name for it.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    allowed: ClassVar[Allowed] = Allowed()
    paired: ClassVar[bool] = False
    marks_columns: ClassVar[bool] = False
    measured: ClassVar[str | None] = None

    @abstractmethod
    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        """The columns that it puts out beside those of the spec, and their types."""

    def require(self, spec: TextSpec) -> None:
        """Raise `Contradiction` where the spec lacks what the task needs."""

    def starts(self, spec: TextSpec) -> dict[str, str]:
        """The rules that a grammar begins from, by what each writes: those that `start` names, or those of the outputs' names."""
        wanted = list(self.outputs(spec))
        stated = spec.template.start if spec.template is not None else None
        if stated is None:
            return {name: name for name in wanted}
        if isinstance(stated, str):
            if len(wanted) > 1:
                raise Contradiction(
                    f"Rows of this task have {', '.join(wanted)}.", f"Write start: {{{wanted[0]}: RULE, …}}.", at=("template", "start")
                )
            return {wanted[0]: stated}
        for name in stated:
            if name not in wanted:
                raise Contradiction(f'Rows of this task have no "{name}".', did_you_mean(name, wanted), at=("template", "start", name))
        return {name: stated.get(name, name) for name in wanted}

    def composed(self, spec: TextSpec, writers: Mapping[str, Any], holds: Callable[[str, Any], bool]) -> Compose:
        """What makes the outputs of a row. writers: of what `starts` names. holds: whether a column of these rows has a value."""
        return plain_texts([writers[name] for name in self.starts(spec)])

    def decides(self, spec: TextSpec) -> list[str]:
        """Columns that `composed` asks about."""
        return []

    @abstractmethod
    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        """The records that are not true: which row of the frame, and what is wrong."""


def plain_texts(writers: list[Expand]) -> Compose:
    """Several texts, one after the other."""
    if len(writers) == 1:
        (only,) = writers

        def one(row: Row, draw: Draw) -> tuple[Any, ...]:
            pieces: list[Any] = []
            only(row, draw, pieces.append)
            return (joined(pieces),)

        return one

    def several(row: Row, draw: Draw) -> tuple[Any, ...]:
        texts = []
        for write in writers:
            pieces: list[Any] = []
            write(row, draw, pieces.append)
            texts.append(joined(pieces))
        return tuple(texts)

    return several


def empty_texts(frame: pl.DataFrame, *names: str) -> Iterator[Fault]:
    """Rows in which one of these texts says nothing."""
    for name in names:
        for row, text in enumerate(frame[name]):
            fault = None if text and not text.isspace() and text.isascii() else text_fault(text)
            if fault is not None:
                yield row, f'"{name}": {fault}'
