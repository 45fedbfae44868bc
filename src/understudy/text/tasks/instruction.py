"""Instructions with what they are about and what is to come out (the form of Alpaca: Taori et al. 2023). The input may be empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from understudy.text.tasks.task import Fault, Task, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Instruction(Task):
    """An instruction, its input and its output."""

    name = "instruction"
    about = "instructions with input and output"

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        return {"instruction": pl.String(), "input": pl.String(), "output": pl.String()}

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, "instruction", "output")
