"""Pairs of answers to a prompt, one chosen and one rejected, for a reason that a column names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from understudy.text.tasks.task import Fault, Task, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Preference(Task):
    """A prompt, the better answer and the worse one."""

    name = "preference"
    about = "pairs of a chosen and a rejected answer"

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        return {"prompt": pl.String(), "chosen": pl.String(), "rejected": pl.String()}

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, "prompt", "chosen", "rejected")
        for row in (frame["chosen"] == frame["rejected"]).fill_null(False).arg_true():
            yield int(row), "the chosen and the rejected answer are the same"
