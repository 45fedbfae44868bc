"""The same said in another way: formal for casual, plain for difficult, clean for full of slips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.text.grammar.checking import Allowed
from understudy.text.grammar.compiling import Draw, Row
from understudy.text.grammar.pieces import joined
from understudy.text.tasks.task import Compose, Fault, Task, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Rewriting(Task):
    """A source, and a target that says the same."""

    name = "rewriting"
    about = "pairs of texts that say the same in another way"
    allowed = Allowed(sides=True)
    paired = True

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        return {"source": pl.String(), "target": pl.String()}

    def starts(self, spec: TextSpec) -> dict[str, str]:
        stated = spec.template.start if spec.template is not None else None
        return {"pair": stated if isinstance(stated, str) else "pair"}

    def composed(self, spec: TextSpec, writers: Mapping[str, Any], holds: Callable[[str, Any], bool]) -> Compose:
        write = writers["pair"]

        def compose(row: Row, draw: Draw) -> tuple[Any, ...]:
            source, target = write(row, draw)
            return joined([source]), joined([target])

        return compose

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, "source", "target")
        for row in (frame["source"] == frame["target"]).fill_null(False).arg_true():
            yield int(row), "source and target are the same"
