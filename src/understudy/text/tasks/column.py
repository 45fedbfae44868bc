"""Columns of texts for a table: notes, titles, comments that speak of their row; several with `start: {title: RULE, note: RULE}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from understudy.text.tasks.task import Fault, Task, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class TextColumn(Task):
    """One or several texts beside the columns of a row."""

    name = "column"
    about = "text columns of tables, written for their rows"
    measured = "text"

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        stated = spec.template.start if spec.template is not None and spec.way == "template" else None
        return {name: pl.String() for name in (stated if isinstance(stated, dict) else [spec.text])}

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, *self.outputs(spec))
