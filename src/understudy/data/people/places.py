"""Addresses, streets, towns and postcodes: common street names, invented towns, random numbers in the source's form."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import polars as pl

from understudy.core.random import Stream
from understudy.data.keyed import Rows, choices, integers, key_of, uniforms
from understudy.data.people.form import Form, by_form, filled, fixed, joined, masks_of, sampled, shared
from understudy.data.people.names import case_of, cased
from understudy.data.vocabulary import LANGUAGES, streets_of
from understudy.data.vocabulary import towns as towns_of

_KINDS = {
    "en": r"\b(?:street|st|avenue|ave|road|rd|drive|dr|lane|ln|court|ct|way|place|pl|blvd|boulevard|terrace|close|crescent)\b\.?",
    "de": r"(?:straße|strasse|str\.|weg|gasse|platz|allee|ring)\b", "fr": r"\b(?:rue|avenue|boulevard|impasse|chemin|allée|place)\b",
    "es": r"\b(?:calle|avenida|avda|plaza|paseo|camino|c/)", "it": r"\b(?:via|viale|corso|piazza|vicolo)\b",
    "nordic": r"(?:gata|gatan|vägen|veien|vej|gade|katu|tie)\b",
}  # fmt: skip
_MOST_FREQUENT_SHARE = 0.05
_STREET_SHIFT = 8.0
_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS "
    "MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
).split()


def street_language(texts: list[str]) -> str:
    """The language whose words for street occur most; English where none does."""
    found = Counter({language: sum(bool(re.search(pattern, text.lower())) for text in texts) for language, pattern in _KINDS.items()})
    language, hits = found.most_common(1)[0] if texts else ("en", 0)
    return language if hits else "en"


def streets(language: str, rows: Rows, stream: Stream) -> pl.Series:
    """Street names of a language, the common ones more often."""
    names = streets_of(language)
    commonness = 1.0 / (np.arange(len(names), dtype=np.float64) + _STREET_SHIFT)
    return pl.Series(names).gather(choices(rows, key_of(stream, "street"), commonness))


def towns(language: str, rows: Rows, stream: Stream) -> pl.Series:
    """Invented towns of a language."""
    names = towns_of(language)
    return pl.Series(names).gather((uniforms(rows, key_of(stream, "town")) * len(names)).astype(np.int64))


@dataclass
class Street(Form):
    """Streets with or without house numbers. Shapes hold {street} and digits as 9."""

    personal: ClassVar[str] = "street"
    note: ClassVar[str] = "common street names with random house numbers"

    shapes: dict[str, int]
    language: str
    case: str

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        texts = sampled(values)
        return cls(shared(map(_street_shape, texts)), street_language(texts), case_of(texts))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for shape, at in by_form(self.shapes, rows, stream):
            made = made.scatter(at, _in_shape(shape, self.language, rows[at], stream))
        return cased(made, self.case)


@dataclass
class Address(Form):
    """Whole addresses: street, number, postcode and town in the source's order. Words that many rows share (a country) stay."""

    personal: ClassVar[str] = "address"
    note: ClassVar[str] = "common street names, invented towns and random numbers in the same order"

    shapes: dict[str, int]
    language: str
    case: str

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        texts = sampled(values)
        segments = Counter(segment.strip() for text in texts for segment in set(re.split(r"[,\n]", text)))
        common = {
            segment
            for segment, count in segments.items()
            if count >= max(5, _MOST_FREQUENT_SHARE * len(texts)) and not re.search(r"\d", segment)
        }
        return cls(shared(_address_shape(text, common) for text in texts), street_language(texts), case_of(texts))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for shape, at in by_form(self.shapes, rows, stream):
            made = made.scatter(at, _in_shape(shape, self.language, rows[at], stream))
        return cased(made, self.case)


def _street_shape(text: str) -> str:
    """Digits as 9, all words together as {street}."""
    shape = re.sub(r"\d", "9", text.strip())
    shape = re.sub(r"[^\W\d_][^\d,]*[^\W\d_.]\.?|[^\W\d_]{2,}", "{street}", shape, count=1)
    return re.sub(r"[^\W\d_](?![^{]*\})", "A", shape)


def _address_shape(text: str, common: set[str]) -> str:
    pieces = re.split(r"([,\n]\s*)", text.strip())
    shape, street_seen = "", False
    for piece in pieces:
        bare = piece.strip()
        if not bare or re.fullmatch(r"[,\n]\s*", piece):
            shape += piece
        elif bare in common:
            shape += "[" + bare + "]"
        elif not street_seen:
            shape += _street_shape(piece)
            street_seen = True
        else:
            digits = re.sub(r"\d", "9", piece)
            state_and_zip = re.fullmatch(r"\s*[A-Z]{2} 9{5}(?:-9{4})?", digits)
            shape += (
                re.sub(r"[A-Z]{2}", "{state}", digits, count=1)
                if state_and_zip
                else re.sub(r"[^\W\d_][^\d]*[^\W\d_]|[^\W\d_]{2,}", "{town}", digits, count=1)
            )
    return shape


def _in_shape(shape: str, language: str, rows: Rows, stream: Stream) -> pl.Series:
    parts: list[pl.Series | str] = []
    for number, piece in enumerate(re.split(r"(\{street\}|\{town\}|\{state\}|\[[^\]]*\])", shape)):
        if piece == "{street}":
            parts.append(streets(language, rows, stream))
        elif piece == "{town}":
            parts.append(towns(language, rows, stream))
        elif piece == "{state}":
            parts.append(pl.Series(_STATES).gather(integers(rows, key_of(stream, "state"), len(_STATES))))
        elif piece.startswith("["):
            parts.append(piece[1:-1])
        elif piece:
            # A number never begins with zero, a letter beside it is any letter.
            mask = re.sub(r"(?<!9)9", "8", re.sub(r"[^9A]", lambda match: fixed(match[0]), piece))
            parts.append(filled(mask, rows, stream, "piece", number))
    return (
        joined(*parts)
        if any(isinstance(part, pl.Series) for part in parts)
        else pl.Series(["".join(map(str, parts))]).new_from_index(0, len(rows))
    )


@dataclass
class City(Form):
    """Invented towns."""

    personal: ClassVar[str] = "city"
    note: ClassVar[str] = "invented towns"

    language: str
    case: str

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        texts = sampled(values)
        scores = {language: sum(bool(re.search(_TOWN_WORDS[language], text.lower())) for text in texts) for language in LANGUAGES}
        best = max(scores, key=lambda language: scores[language])
        return cls(best if scores[best] else "en", case_of(texts))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        return cased(towns(self.language, rows, stream), self.case)


_TOWN_WORDS = {
    "en": r"(?:ton|ville|ford|field|bury|port|wood|land|ham)\b|\b(?:city|springs|lake|falls)\b",
    "de": r"(?:burg|berg|dorf|heim|hausen|stadt|bach|ingen|furt)\b",
    "fr": r"\bsaint-|\b(?:la|le|les)\b|-sur-|ville\b|court\b", "es": r"\b(?:san|santa|villa|del|de la)\b",
    "it": r"\b(?:san|santa|monte|castel)\b",
    "nordic": r"(?:vik|sund|by|stad|havn|holm)\b",
}  # fmt: skip


@dataclass
class Postcode(Form):
    """Postcodes of the source's form; a first character that many share stays."""

    personal: ClassVar[str] = "postcode"
    note: ClassVar[str] = "random postcodes of the same form"

    masks: dict[str, int]

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        return cls(masks_of(values))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for mask, at in by_form(self.masks, rows, stream):
            pattern = re.sub(r"[^9Aa]", lambda match: fixed(match[0]), mask)
            made = made.scatter(at, filled(re.sub(r"^9", "8", pattern), rows[at], stream))
        return made
