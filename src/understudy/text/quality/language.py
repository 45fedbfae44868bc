"""Which language a text is in, told by its script, its small words and a few letters that not all languages write.

Small words ("the", "und", "que") are a third of what is written in most languages and hardly shared between them, so some ten words are
enough for most texts; of fewer than five, or where nothing speaks clearly, nothing is told.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from importlib import resources

from understudy.text.likeness.words import words

LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "sv": "Swedish",
    "da": "Danish", "no": "Norwegian", "fi": "Finnish", "pl": "Polish", "cs": "Czech", "ro": "Romanian", "hu": "Hungarian", "tr": "Turkish",
    "id": "Indonesian", "vi": "Vietnamese", "ru": "Russian", "uk": "Ukrainian", "bg": "Bulgarian", "zh": "Chinese", "ja": "Japanese",
    "ko": "Korean", "el": "Greek", "he": "Hebrew", "ar": "Arabic", "hi": "Hindi", "th": "Thai",
}  # fmt: skip
_SCRIPTS = (
    ("ja", "\u3040", "\u30ff"), ("ko", "\uac00", "\ud7af"), ("zh", "\u4e00", "\u9fff"), ("el", "\u0370", "\u03ff"), ("he", "\u0590",
    "\u05ff"),
    ("ar", "\u0600", "\u06ff"), ("hi", "\u0900", "\u097f"), ("th", "\u0e00", "\u0e7f"), ("cyrillic", "\u0400", "\u04ff"),
)  # fmt: skip
_FEWEST_WORDS = 5
_FEWEST_HITS = 2.0
_CLEARLY = 1.5
_OF_A_LETTER = 0.5


def language_of(text: str, preferred: Sequence[str] = ()) -> str | None:
    """The code of the text's language (ISO 639-1), or None where it cannot be told.

    preferred: languages that it is in unless another is clearly likelier.
    """
    letters = [sign for sign in text if sign.isalpha()]
    if not letters:
        return None
    script = _script(letters)
    if script is not None and script != "cyrillic":
        return script
    found = [word for word in words(text) if word[0].isalpha()]
    if len(found) < _FEWEST_WORDS:
        return None
    scores = _scores(found, "".join(letters).casefold())
    if not scores:
        return None
    best = max(scores, key=lambda code: (scores[code], code))
    wanted = max((scores.get(code, 0.0) for code in preferred), default=0.0)
    if scores[best] < _FEWEST_HITS or (best not in preferred and scores[best] < _CLEARLY * wanted):
        return next((code for code in preferred if scores.get(code, 0.0) == wanted > 0), None)
    return best


def _script(letters: list[str]) -> str | None:
    """The script that most letters are of, other than Latin; Han with some Kana is Japanese."""
    counts = Counter(next((name for name, low, high in _SCRIPTS if low <= sign <= high), "latin") for sign in letters)
    if counts["ja"] and counts["ja"] + counts["zh"] > len(letters) / 2:
        return "ja"
    name, most = counts.most_common(1)[0]
    return name if name != "latin" and most > len(letters) / 2 else None


def _scores(found: list[str], letters: str) -> dict[str, float]:
    """Of each language how many of the words are small words of it, a word of several languages divided among them."""
    known, marks = _vocabulary()
    scores: defaultdict[str, float] = defaultdict(float)
    for word in found:
        for code, weight in known.get(word.replace("’", "'"), ()):
            scores[code] += weight
    for letter in letters:
        for code in marks.get(letter, ()):
            scores[code] += _OF_A_LETTER / len(marks[letter])
    return dict(scores)


@cache
def _vocabulary() -> tuple[dict[str, list[tuple[str, float]]], dict[str, list[str]]]:
    content = tomllib.loads(resources.files("understudy.text.quality").joinpath("words", "function_words.toml").read_text("utf-8"))
    owners: dict[str, set[str]] = {}
    for code, listed in content["words"].items():
        for word in listed.split():
            owners.setdefault(word, set()).add(code)
    marks: dict[str, list[str]] = {}
    for code, letters in content["letters"].items():
        for letter in letters:
            marks.setdefault(letter, []).append(code)
    return {word: [(code, 1 / len(codes)) for code in sorted(codes)] for word, codes in owners.items()}, marks
