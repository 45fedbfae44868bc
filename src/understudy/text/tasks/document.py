"""Documents that state facts: letters, reports, clinical notes. The facts are columns of the row; where the text writes one, a span of the
column's name says so, and what stands there is the fact in one of its forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.data.texts.records import SPANS, spans_fault
from understudy.text.grammar.checking import Allowed
from understudy.text.grammar.compiling import Draw, Row
from understudy.text.grammar.inflection import in_all_forms
from understudy.text.grammar.languages import language
from understudy.text.grammar.pieces import marked
from understudy.text.tasks.task import Compose, Fault, Task, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec


class Document(Task):
    """A text, and a span for each fact that it states."""

    name = "document"
    about = "documents that agree with structured facts, with a span for each"
    allowed = Allowed(labels=True)
    marks_columns = True
    measured = "text"

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        return {spec.text: pl.String(), "spans": SPANS}

    def starts(self, spec: TextSpec) -> dict[str, str]:
        stated = spec.template.start if spec.template is not None else None
        return {spec.text: stated if isinstance(stated, str) else (stated or {}).get(spec.text, spec.text)}

    def composed(self, spec: TextSpec, writers: Mapping[str, Any], holds: Callable[[str, Any], bool]) -> Compose:
        write = writers[spec.text]

        def compose(row: Row, draw: Draw) -> tuple[Any, ...]:
            pieces: list[Any] = []
            write(row, draw, pieces.append)
            return marked(pieces)

        return compose

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, spec.text)
        facts = [name for name in frame.columns if name not in (spec.text, "spans", "case", "problem")]
        columns = {name: frame[name].to_list() for name in facts}
        wanted = spec.facts or []
        for row, (text, spans) in enumerate(zip(frame[spec.text].to_list(), frame["spans"].to_list(), strict=True)):
            if text is None or spans is None:
                continue
            values = {name: values[row] for name, values in columns.items()}
            fault = spans_fault(text, spans) or fact_fault(text, spans, values, wanted, spec.main_language)
            if fault is not None:
                yield row, fault


def fact_fault(text: str, spans: list[Any], facts: Mapping[str, Any], wanted: list[str], code: str) -> str | None:
    """What is wrong with the facts of a document: a span that does not say its fact, or a wanted fact that is not there."""
    stated = set()
    for span in spans:
        label = span["label"]
        if label not in facts:
            continue
        stated.add(label)
        said = text[span["start"] : span["end"]]
        if said != facts[label] and said.lower() not in _forms(facts[label], code):
            return f'the text says "{said}" where "{label}" is {facts[label]!r}'
    missing = [name for name in wanted if name not in stated and facts.get(name) is not None]
    return f'the text does not state "{missing[0]}"' if missing else None


@lru_cache(maxsize=20_000)
def _forms(value: Any, code: str) -> set[str]:
    return in_all_forms(value, language(code))
