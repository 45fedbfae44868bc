"""The same in two languages: `language: {source: en, target: de}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from understudy.data.constraints import Contradiction
from understudy.text.tasks.rewriting import Rewriting
from understudy.text.tasks.task import Fault, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Translation(Rewriting):
    """A source, and the same in another language."""

    name = "translation"
    about = "pairs of texts in two languages"

    def require(self, spec: TextSpec) -> None:
        if isinstance(spec.language, str):
            raise Contradiction("A translation has two languages.", "Write language: {source: en, target: de}.", at=("language",))

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, "source", "target")
