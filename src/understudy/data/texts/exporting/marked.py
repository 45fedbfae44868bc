"""Texts with marked spans, as tokens with BIO tags (CoNLL-2003's scheme) and as JSON lines.

Tokens are words, numbers and single signs; a span's ends always part tokens, so that no span is lost or widened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from understudy.data.texts.exporting.writers import Row, RowError

_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


class Token(NamedTuple):
    """A token, `start` and `end` in the text, and its tag: "O", "B-person", "I-person"."""

    text: str
    start: int
    end: int
    tag: str


def conll_lines(row: Row) -> str:
    """A token and its tag a line, apart by a tab; the empty line at the end closes the sentence."""
    text, spans = marked_text(row)
    return "".join(f"{token.text}\t{token.tag}\n" for token in tokens(text, spans))


def spans_line(row: Row) -> str:
    """Text and spans as a JSON object, with the row's other columns beside them."""
    text, spans = marked_text(row)
    column = text_column(row)
    rest = {name: value for name, value in row.items() if name not in (column, "spans")}
    return json.dumps({"text": text, "spans": spans, **rest}, ensure_ascii=False, default=str)


def text_column(row: Row) -> str:
    """The column that the spans of a row lie in: "text", or else its only other column of long text before `spans`."""
    if "text" in row:
        return "text"
    names = list(row)
    before = [name for name in names[: names.index("spans")] if isinstance(row[name], str)] if "spans" in row else []
    if not before:
        raise RowError("it has no text with spans.", "Choose a task that gives a text and spans: entities, or document.")
    return before[-1]


def marked_text(row: Row) -> tuple[str, list[dict[str, Any]]]:
    """The text of a row and its spans, in order. Spans that overlap, or lie outside the text, are refused."""
    if "spans" not in row:
        raise RowError("it has no spans.", "Choose a task that gives a text and spans: entities, or document.")
    text = row[text_column(row)]
    if text is None or row["spans"] is None:
        why = f" ({row['problem']})" if row.get("problem") else ""
        raise RowError(f"it has no text or spans{why}.", "Leave such rows out first (`sift` does, and says why).")
    spans = sorted(row["spans"], key=lambda span: span["start"])
    end = 0
    for span in spans:
        if not end <= span["start"] < span["end"] <= len(text):
            raise RowError(f"the span {span['start']}..{span['end']} lies outside the text or overlaps another.", "Mend the spans.")
        end = span["end"]
    return text, [{"start": span["start"], "end": span["end"], "label": span["label"]} for span in spans]


def tokens(text: str, spans: Iterable[dict[str, Any]]) -> list[Token]:
    """The tokens of a text with their tags; spans in order and apart from each other."""
    found: list[Token] = []
    at = 0
    for span in spans:
        found += [Token(*piece, "O") for piece in _pieces(text, at, span["start"])]
        inside = list(_pieces(text, span["start"], span["end"]))
        found += [Token(*piece, f"{'I' if i else 'B'}-{span['label']}") for i, piece in enumerate(inside)]
        at = span["end"]
    found += [Token(*piece, "O") for piece in _pieces(text, at, len(text))]
    return found


def _pieces(text: str, start: int, end: int) -> Iterable[tuple[str, int, int]]:
    for match in _TOKEN.finditer(text, start, end):
        yield match[0], match.start(), match.end()
