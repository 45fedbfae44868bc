"""Texts with a label: reviews, tickets, messages. The label is a column of the spec, so that its shares are what they are said to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.text.tasks.task import Fault, Task, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Classification(Task):
    """A text, and the label that it was written for."""

    name = "classification"
    about = "texts with a label"
    measured = "text"

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        return {spec.text: pl.String()}

    def require(self, spec: TextSpec) -> None:
        if spec.label_column is None and spec.rows is None:
            at = ("label",) if spec.label is not None else ()
            remedy = (
                did_you_mean(spec.label, spec.columns) if spec.label is not None else "Write label: NAME, the column that is the label."
            )
            raise Contradiction("Texts of this task have a label: a column of the spec.", remedy, at=at)

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, spec.text)
