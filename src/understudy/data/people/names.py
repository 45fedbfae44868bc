"""Names of made-up persons, in the shape of the source's: "Last, Title First (…)", "First Last", initials, capitals.

The names are the vocabulary's, drawn by the languages that the source's first names belong to; titles stand where they stood and
agree with the name.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.keyed import Rows, choices, integers, key_of, uniforms
from understudy.data.latin import latin
from understudy.data.people.form import Form, by_form, joined, sampled, shared
from understudy.data.vocabulary import LANGUAGES, people

_MALE_TITLES = frozenset({"mr", "mr.", "master", "master.", "sir", "herr", "m.", "sr", "sr.", "don", "monsieur"})
_FEMALE_TITLES = frozenset(
    {"mrs", "mrs.", "ms", "ms.", "miss", "miss.", "mme", "mme.", "mlle", "mlle.", "frau", "lady", "sra", "sra.", "madame", "dona"}
)
_OTHER_TITLES = frozenset(
    {
        "dr",
        "dr.",
        "prof",
        "prof.",
        "rev",
        "rev.",
        "capt",
        "capt.",
        "col",
        "col.",
        "major",
        "major.",
        "mag.",
        "ing.",
        "dipl.-ing.",
        "jr",
        "jr.",
        "ii",
        "iii",
        "phd",
        "md",
    }
)
_TITLES = _MALE_TITLES | _FEMALE_TITLES | _OTHER_TITLES


@dataclass(frozen=True)
class Persons:
    """The persons of some rows: language, whether female, and the numbers of their names."""

    rows: Rows
    language: Rows
    female: NDArray[np.bool_]
    stream: Stream

    @classmethod
    def of(cls, rows: Rows, languages: dict[str, float], stream: Stream, female: NDArray[np.bool_] | None = None) -> Persons:
        """The persons that belong to the row numbers. `female` overrides the even chance.

        They come from the root of `stream`: one person a row in all columns of a data set, another with another seed.
        """
        persons = stream.root.child("persons")
        weights = np.array([languages.get(language, 0.0) for language in LANGUAGES])
        gender = uniforms(rows, key_of(persons, "female")) < 0.5 if female is None else female
        return cls(rows, choices(rows, key_of(persons, "language"), weights), gender, persons)

    def first(self, number: int = 0) -> pl.Series:
        """First names; `number` counts the further ones."""
        return self._pick(lambda language, female: people(language, "female" if female else "male"), "first", number)

    def last(self, number: int = 0) -> pl.Series:
        """Family names; `number` counts the further ones."""
        return self._pick(lambda language, _: people(language, "last"), "last", number)

    def _pick(self, names: object, part: str, number: int) -> pl.Series:
        pools: list[tuple[str, ...]] = [names(language, female) for language in LANGUAGES for female in (False, True)]  # type: ignore[operator]
        starts = np.concatenate([[0], np.cumsum([len(pool) for pool in pools])])
        pool = self.language * 2 + self.female
        sizes = np.diff(starts)[pool]
        place = starts[pool] + (uniforms(self.rows, key_of(self.stream, part, number)) * sizes).astype(np.int64)
        every = pl.Series([name for pool_names in pools for name in pool_names], dtype=pl.String)
        return every.gather(place)


def languages_of(texts: list[str]) -> dict[str, float]:
    """The languages that the first names among `texts` belong to, by share; English where none is known."""
    owners: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for name in {*people(language, "female"), *people(language, "male"), *people(language, "last")}:
            owners.setdefault(name.lower(), []).append(language)
    found = Counter(word for text in texts[:5000] for word in re.findall(r"[^\W\d_]{2,}", text.lower()) if word in owners)
    if found.total() < 5:
        return {"en": 1.0}
    shares = dict.fromkeys(LANGUAGES, 1.0)
    # A name that several languages have counts for each as far as the others' shares leave it (expectation maximisation).
    for _ in range(30):
        scores = dict.fromkeys(LANGUAGES, 0.0)
        for word, count in found.items():
            total = sum(shares[language] for language in owners[word])
            for language in owners[word]:
                scores[language] += count * shares[language] / total
        shares = {language: score / found.total() + 1e-9 for language, score in scores.items()}
    kept = {language: round(share, 3) for language, share in shares.items() if share >= 0.08}
    return kept or {"en": 1.0}


@dataclass
class _PartOfName(Form):
    """First or family names by themselves."""

    languages: dict[str, float] = field(default_factory=dict)
    case: str = "title"
    unique: bool = False

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        texts = sampled(values)
        return cls(languages_of(texts), case_of(texts), unique)


@dataclass
class FirstName(_PartOfName):
    """First names."""

    personal: ClassVar[str] = "first_name"
    note: ClassVar[str] = "common first names of the same languages"

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        return cased(Persons.of(rows, self.languages, stream).first(), self.case)


@dataclass
class LastName(_PartOfName):
    """Family names."""

    personal: ClassVar[str] = "last_name"
    note: ClassVar[str] = "common family names of the same languages"

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        return cased(Persons.of(rows, self.languages, stream).last(), self.case)


@dataclass
class FullName(Form):
    """Whole names. Shapes are texts such as "{last}, Mr. {first} {first}"."""

    personal: ClassVar[str] = "name"
    note: ClassVar[str] = "common names of the same languages, in the same shapes; nobody's on purpose"

    shapes: dict[str, int]
    languages: dict[str, float]
    case: str

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        texts = sampled(values)
        return cls(shared(map(shape_of, texts)), languages_of(texts), case_of(texts))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for shape, places in by_form(self.shapes, rows, stream):
            made = made.scatter(places, self._in_shape(shape, rows[places], stream))
        return cased(made, self.case)

    def _in_shape(self, shape: str, rows: Rows, stream: Stream) -> pl.Series:
        titles = {word.lower() for word in re.findall(r"[^\s,(){}]+", shape)}
        female = np.ones(len(rows), bool) if titles & _FEMALE_TITLES else np.zeros(len(rows), bool) if titles & _MALE_TITLES else None
        persons = Persons.of(rows, self.languages, stream, female)
        parts: list[pl.Series | str] = []
        seen = {"first": 0, "last": 0, "initial": 0}
        for piece in re.split(r"(\{\w+\})", shape):
            part = piece.strip("{}")
            if piece.startswith("{") and part in seen:
                parts.append(_part(persons, part, seen[part], already=seen["first"]))
                seen[part] += 1
            elif piece:
                parts.append(piece)
        return (
            joined(*parts) if any(isinstance(part, pl.Series) for part in parts) else pl.Series(parts or [""]).new_from_index(0, len(rows))
        )


def _part(persons: Persons, part: str, number: int, already: int) -> pl.Series:
    if part == "last":
        return persons.last(number)
    if part == "initial":
        return persons.first(number + already).str.slice(0, 1)
    return persons.first(number)


def shape_of(name: str) -> str:
    """The shape of a name: words replaced by {first}, {last} or {initial}; titles and marks kept.

    Before a comma stands the family name; without one the last word is it.
    """
    comma = name.find(",")
    words = list(re.finditer(r"[^\s,()\"]+", name))
    plain = [match for match in words if match[0].lower() not in _TITLES]
    last_word = plain[-1].start() if plain and comma < 0 and len(plain) > 1 else -1
    shape, end = "", 0
    for match in words:
        shape += name[end : match.start()]
        word, end = match[0], match.end()
        if word.lower() in _TITLES:
            shape += word
        elif re.fullmatch(r"[^\W\d_]\.?", word):
            shape += "{initial}" + word[1:]
        elif (comma >= 0 and match.start() < comma) or match.start() == last_word:
            shape += "{last}"
        else:
            shape += "{first}"
    return re.sub(r"[{}]*\d+[{}]*", "", shape + name[end:])


def case_of(texts: list[str]) -> str:
    """upper, lower or title, by the most of the texts."""
    letters = [text for text in texts if any(character.isalpha() for character in text)]
    upper = sum(text.isupper() for text in letters)
    lower = sum(text.islower() for text in letters)
    if 2 * upper > len(letters):
        return "upper"
    return "lower" if 2 * lower > len(letters) else "title"


def cased(texts: pl.Series, case: str) -> pl.Series:
    """Texts in upper or lower case; as they are for title."""
    if case == "upper":
        return texts.str.to_uppercase()
    return texts.str.to_lowercase() if case == "lower" else texts


def plain_letters(texts: pl.Series) -> pl.Series:
    """Names as they stand in addresses of the net: lower case, a to z."""
    distinct = texts.unique().drop_nulls()
    return texts.replace_strict(distinct, pl.Series([latin(text) for text in distinct], dtype=pl.String), return_dtype=pl.String)


def numbers(rows: Rows, key: np.uint64, size: int) -> pl.Series:
    """Whole numbers under `size` as text."""
    return pl.Series(integers(rows, key, size)).cast(pl.String)
