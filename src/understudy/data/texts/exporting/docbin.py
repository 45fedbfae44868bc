"""spaCy's binary training format: documents with entities, in a `DocBin`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

from understudy.core.errors import MissingExtraError
from understudy.data.texts.exporting.marked import Token, marked_text, tokens
from understudy.data.texts.exporting.writers import RowError, unfit

if TYPE_CHECKING:
    import polars as pl


class DocBinWriter:
    """Collects documents and writes them when closed, since a DocBin is compressed as a whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._spacy = require_spacy()
        self._file = file
        self._vocabulary = self._spacy.blank("xx").vocab
        self._bin = self._spacy.tokens.DocBin(store_user_data=False)
        self._written = 0

    def write(self, frame: pl.DataFrame) -> None:
        for row in frame.iter_rows(named=True):
            try:
                self._bin.add(self._document(*marked_text(row)))
            except RowError as error:
                raise unfit(error, "spacy", self._written) from None
            self._written += 1

    def close(self) -> None:
        self._file.write(self._bin.to_bytes())

    def _document(self, text: str, spans: list[dict[str, Any]]) -> Any:
        """A document whose text is the row's, sign by sign: what lies between tokens is made of spaces and tokens of white space."""
        words, spaces, entities = _words(text, tokens(text, spans))
        document = self._spacy.tokens.Doc(self._vocabulary, words=words, spaces=spaces)
        document.set_ents([self._spacy.tokens.Span(document, *entity) for entity in entities])
        return document


def _words(text: str, found: list[Token]) -> tuple[list[str], list[bool], list[tuple[int, int, str]]]:
    """Words, whether a space follows each, and the entities as (first word, word after the last, label)."""
    words: list[str] = []
    spaces: list[bool] = []
    entities: list[tuple[int, int, str]] = []
    at = 0
    for token in found:
        between = text[at : token.start]
        if between:
            if words and between.startswith(" "):
                spaces[-1], between = True, between[1:]
            if between:
                words.append(between)
                spaces.append(False)
        if token.tag.startswith("B-"):
            entities.append((len(words), len(words) + 1, token.tag[2:]))
        elif token.tag.startswith("I-"):
            first, _, label = entities[-1]
            entities[-1] = (first, len(words) + 1, label)
        words.append(token.text)
        spaces.append(False)
        at = token.end
    if text[at:]:
        words.append(text[at:])
        spaces.append(False)
    return words, spaces, entities


def require_spacy() -> Any:
    """The module spacy. Raises `MissingExtraError` where it is not installed."""
    try:
        import spacy
        import spacy.tokens
    except ImportError:
        raise MissingExtraError.of("spacy", "Writing spaCy's binary format") from None
    return spacy
