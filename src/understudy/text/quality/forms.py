"""What can be told from a text alone: its length, its language, abuse, phrases of a model that speaks of itself, personal data."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from pydantic import Field, field_validator

from understudy.core.errors import DataError
from understudy.data.texts.scrubbing import KINDS, scan
from understudy.text.likeness.words import normalized, words
from understudy.text.quality.batch import Batch, Materials
from understudy.text.quality.filter import Filter, Reasons
from understudy.text.quality.language import LANGUAGES, language_of

_BEGINNING = 60
_USUAL_WORDS = (2, 2_000)
_SHOWN = 40


class Length(Filter):
    """Texts outside of ranges, ends included. words: signs do not count; 2 to 2,000 unless a range is given. characters: as they stand."""

    words: tuple[int, int] | None = None
    characters: tuple[int, int] | None = None

    @field_validator("words", "characters")
    @classmethod
    def _in_order(cls, ends: tuple[int, int] | None) -> tuple[int, int] | None:
        if ends is not None and not 0 <= ends[0] <= ends[1]:
            raise ValueError(f"a range goes from the least to the most, not from {ends[0]} to {ends[1]}")
        return ends

    def reasons(self, batch: Batch) -> Reasons:
        ranges = self.words if self.words or self.characters else _USUAL_WORDS
        found: Reasons = []
        for text in batch.texts:
            reason = None
            if ranges is not None:
                reason = _outside(sum(any(sign.isalnum() for sign in word) for word in words(text)), ranges, "words")
            if reason is None and self.characters is not None:
                reason = _outside(len(text), self.characters, "characters")
            found.append(reason)
        return found


def _outside(count: int, ends: tuple[int, int], unit: str) -> str | None:
    if ends[0] <= count <= ends[1]:
        return None
    unit = unit.removesuffix("s") if count == 1 else unit
    return f"{count} {unit}, fewer than {ends[0]}" if count < ends[0] else f"{count} {unit}, more than {ends[1]}"


class Language(Filter):
    """Texts that are told to be in a language that is not allowed. What is too short to tell is kept."""

    allowed: list[str] = Field(default=["en"], min_length=1)

    @field_validator("allowed")
    @classmethod
    def _known(cls, allowed: list[str]) -> list[str]:
        unknown = [code for code in allowed if code not in LANGUAGES]
        if unknown:
            raise ValueError(f'"{unknown[0]}" is no language that is known here; known: {", ".join(LANGUAGES)}')
        return allowed

    def reasons(self, batch: Batch) -> Reasons:
        told = [language_of(text, self.allowed) for text in batch.texts]
        return [None if code is None or code in self.allowed else f"in {LANGUAGES[code]}, not {_any_of(self.allowed)}" for code in told]


def _any_of(allowed: list[str]) -> str:
    return " or ".join(LANGUAGES[code] for code in allowed)


class _Listed(Filter):
    """Words and phrases from lists."""

    words: list[str] = Field(default_factory=list)
    file: str | None = None

    def missing(self, materials: Materials) -> str | None:
        if self.file is not None and not Path(self.file).is_file():
            return f'There is no file "{self.file}": name one with a word or phrase a line.'
        return None

    def _own(self) -> list[str]:
        return [*self.words, *([] if self.file is None else _lines(Path(self.file)))]


class Toxicity(_Listed):
    """Texts with a word or phrase of a list: a short one of abuse, slurs and threats (English), and your own.

    words, file: more of them; a file has one a line. built_in: whether the short list counts too. It is a list of words and understands
    nothing: quoted abuse is found, polite malice is not.
    """

    built_in: bool = True

    def reasons(self, batch: Batch) -> Reasons:
        listed = [*self._own(), *(_bundled("toxic") if self.built_in else [])]
        return [None if found is None else f'abuse: "{found}"' for found in _first_listed(batch, listed)]


class Phrases(_Listed):
    """Texts in which a model speaks of itself, declines, or talks around what was asked for.

    words, file: more phrases, found anywhere. refusals, boilerplate: whether the bundled lists count; boilerplate counts at the beginning.
    """

    refusals: bool = True
    boilerplate: bool = True

    def reasons(self, batch: Batch) -> Reasons:
        anywhere = [*self._own(), *(_bundled("refusals") if self.refusals else [])]
        beginnings = tuple(_bundled("boilerplate")) if self.boilerplate else ()
        found: Reasons = []
        for text, phrase in zip(batch.normalized, _first_listed(batch, anywhere), strict=True):
            begins = next((entry for entry in beginnings if text[:_BEGINNING].startswith(entry)), None)
            found.append(f'says "{phrase}"' if phrase is not None else f'begins with "{begins}"' if begins is not None else None)
        return found


class PersonalData(Filter):
    """Texts in which something is found that looks like personal data. kinds: what counts; all that the scan knows unless told."""

    kinds: list[str] = Field(default_factory=lambda: list(KINDS))

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str]) -> list[str]:
        unknown = [kind for kind in kinds if kind not in KINDS]
        if unknown or not kinds:
            raise ValueError(f'"{(unknown or [""])[0]}" is no kind of personal data; known: {", ".join(KINDS)}')
        return kinds

    def reasons(self, batch: Batch) -> Reasons:
        found = [sorted({span.kind for span in spans if span.kind in self.kinds}) for spans in scan(batch.texts)]
        # What was found is not repeated in the reason, which may be shown to others.
        return [f"personal data: {', '.join(kinds)}" if kinds else None for kinds in found]


def _first_listed(batch: Batch, listed: list[str]) -> list[str | None]:
    """Of each text the first word or phrase of the list that stands in it, between word ends."""
    phrases = sorted({normalized(entry) for entry in listed if entry.strip()}, key=len, reverse=True)
    if not phrases:
        return [None] * len(batch)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)")
    found = [pattern.search(text.replace("’", "'")) for text in batch.normalized]
    return [None if hit is None else hit[0][:_SHOWN] for hit in found]


def _bundled(name: str) -> list[str]:
    return _entries(resources.files("understudy.text.quality").joinpath("words", f"{name}.txt").read_text("utf-8"))


def _lines(path: Path) -> list[str]:
    try:
        return _entries(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"The list cannot be read: {error}.", where=str(path), remedy="Give a text file in UTF-8, one word or phrase a line."
        ) from error


def _entries(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
