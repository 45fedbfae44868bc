"""Texts with named entities: `{name as PERSON}` marks where one stands. Offsets are counted while the text is put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from understudy.data.texts.records import spans_fault
from understudy.text.tasks.document import Document
from understudy.text.tasks.task import Fault, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Entities(Document):
    """A text, and a span for each entity in it."""

    name = "entities"
    about = "texts with named entities at exact offsets"
    marks_columns = False

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, spec.text)
        for row, (text, spans) in enumerate(zip(frame[spec.text].to_list(), frame["spans"].to_list(), strict=True)):
            fault = None if text is None or spans is None else spans_fault(text, spans)
            if fault is not None:
                yield row, fault
