"""Fills: what stands in a text in the place of what must not be repeated, typed, and made up anew for every text.

A fill is a piece that begins (after the space before it) with a sign that no text holds, then its kind and a detail:

| kind | detail | made as |
|---|---|---|
| those of `scrubbing` | the mask of what stood there, as 99999 999999 | another of the kind, of ranges kept for examples if there are any |
| code | a mask | digits and letters in its shape |
| word | shape and ending, such as aa·ing | a word of that shape and ending that enough documents share |
| glue | nothing | nothing: it takes the space off the piece after it |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from understudy.data.keyed import Draws
from understudy.data.vocabulary import people, plain_words

Integers = NDArray[np.int64]

MARK, BREAK = "\x02", "\x03"
GLUE = f"{MARK}glue{BREAK}"
_SHAPE = re.compile(r"[^\W\d_]")
_DEFAULT = {"card": "9999999999999999", "ssn": "999-99-9999", "phone": "99999999999", "iban": "AA9999999999999999", "ip": "9.9.9.9"}
MASKED = (*_DEFAULT, "code")


def fill(kind: str, detail: str = "", space: bool = False) -> str:
    return f"{' ' if space else ''}{MARK}{kind}{BREAK}{detail}"


def is_fill(piece: str) -> bool:
    return MARK in piece


def parts_of(piece: str) -> tuple[str, str, bool]:
    """Kind, detail, and whether a space stands before it."""
    kind, _, detail = piece.lstrip(" ").removeprefix(MARK).partition(BREAK)
    return kind, detail, piece.startswith(" ")


def mask_of(text: str) -> str:
    """Digits as 9, letters as a and A, the rest as it is."""
    return re.sub(r"[^\W\d_]", lambda m: "A" if m[0].isupper() else "a", re.sub(r"\d", "9", text))


def shape_of(word: str) -> str:
    """aa, Aa, AA, or, of mixed letters, aA; ?? of what holds no letter."""
    letters = _SHAPE.findall(word)
    if not letters:
        return "??"
    if all(letter.islower() or not letter.isupper() for letter in letters):
        return "aa"
    if all(letter.isupper() for letter in letters):
        return "AA"
    return "Aa" if letters[0].isupper() and not any(letter.isupper() for letter in letters[1:]) else "aA"


class Fills:
    """Makes texts of the fills of a vocabulary.

    Args:
        vocabulary: pieces and fills by number.
        starts, members: of fill number f, the pieces members[starts[f]:starts[f + 1]] may stand in its place; empty where it is made.
    """

    def __init__(self, vocabulary: Sequence[str], starts: Integers, members: Integers) -> None:
        self.vocabulary = np.array([*vocabulary], dtype=object)
        self.starts, self.members = starts, members
        self.is_fill = np.array([is_fill(piece) for piece in vocabulary], dtype=bool)
        self.glue = vocabulary.index(GLUE) if GLUE in vocabulary else -1

    def texts(self, tokens: Integers, starts: Integers, keys: NDArray[np.uint64]) -> list[str]:
        """The texts of rows of tokens; row i is tokens[starts[i]:starts[i + 1]], and its fills are made from the bits keys[i]."""
        found = self.vocabulary[tokens]
        places = np.flatnonzero(self.is_fill[tokens] & (tokens != self.glue))
        rows = np.searchsorted(starts, places, side="right") - 1
        row, draws = -1, Draws(0)
        for place, own in zip(places.tolist(), rows.tolist(), strict=True):
            if own != row:
                row, draws = own, Draws(int(keys[own]))
            found[place] = self._made(int(tokens[place]), draws)
        for place in np.flatnonzero(tokens == self.glue).tolist():
            found[place] = ""
            if place + 1 < len(found):
                found[place + 1] = found[place + 1].removeprefix(" ")
        return ["".join(found[a:b]).removeprefix(" ") for a, b in pairwise(starts.tolist())]

    def _made(self, token: int, draws: Draws) -> str:
        first, last = int(self.starts[token]), int(self.starts[token + 1])
        if last > first:
            return str(self.vocabulary[self.members[first + draws.below(last - first)]])
        kind, detail, space = parts_of(self.vocabulary[token])
        return (" " if space else "") + made(kind, detail, draws)


def made(kind: str, detail: str, draws: Draws) -> str:
    """Something of a kind that belongs to nobody known."""
    return _MAKERS[kind](detail, draws)


def _masked(mask: str, draws: Draws) -> str:
    return "".join(_RANGES[c](draws.random()) if c in _RANGES else c for c in mask)


_RANGES: dict[str, Callable[[float], str]] = {
    "9": lambda u: str(int(u * 10)),
    "a": lambda u: "abcdefghijklmnopqrstuvwxyz"[int(u * 26)],
    "A": lambda u: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[int(u * 26)],
}


def _card(mask: str, draws: Draws) -> str:
    """With a right check digit (Luhn)."""
    text = list(_masked(mask, draws))
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    text[digits[0]] = "4"
    total = sum(_doubled(int(text[i])) if place % 2 == 0 else int(text[i]) for place, i in enumerate(reversed(digits[:-1])))
    text[digits[-1]] = str(-total % 10)
    return "".join(text)


def _doubled(digit: int) -> int:
    return 2 * digit - 9 * (digit > 4)


def _iban(mask: str, draws: Draws) -> str:
    """Check characters by ISO 13616, of a country (XX) that is none."""
    rest = _masked(mask[4:], draws)
    bare = re.sub(r"\W", "", rest) + "XX00"
    return f"XX{98 - int(''.join(str(int(c, 36)) for c in bare)) % 97:02d}{rest}"


def _phone(mask: str, draws: Draws) -> str:
    text = _masked(mask, draws)
    return "0" + text[1:] if text[:1].isdigit() else text


def _ip(mask: str, draws: Draws) -> str:
    """RFC 5737 and RFC 3849: ranges for documentation."""
    return "2001:db8:0:0:0:0:0:" + f"{1 + draws.below(65_534):x}" if ":" in mask else f"203.0.113.{1 + draws.below(254)}"


def _word(draws: Draws) -> str:
    words = plain_words()
    return words[draws.below(len(words))]


def _email(detail: str, draws: Draws) -> str:
    """RFC 2606: example.org is nobody's."""
    return f"{_first(draws).lower()}.{_last(draws).lower()}@example.org"


def _url(detail: str, draws: Draws) -> str:
    return f"{detail}{_word(draws)}.example.com"


def _name(detail: str, draws: Draws) -> str:
    words = {"1": [_first], "2": [_first, _last]}.get(detail, [_first, _first, _last])
    return " ".join(part(draws) for part in words)


def _first(draws: Draws) -> str:
    names = _first_names()
    return names[draws.below(len(names))]


def _last(draws: Draws) -> str:
    names = people("en", "last")
    return names[draws.below(len(names))]


@cache
def _first_names() -> tuple[str, ...]:
    return people("en", "female") + people("en", "male")


_MAKERS: dict[str, Callable[[str, Draws], str]] = {
    "email": _email,
    "url": _url,
    "iban": _iban,
    "card": _card,
    "ssn": lambda mask, draws: "9" + _masked(mask, draws)[1:],
    "ip": _ip,
    "phone": _phone,
    "user": lambda detail, draws: f"@{_word(draws)}{10 + draws.below(90)}",
    "name": _name,
    "code": _masked,
    "word": lambda detail, draws: _word(draws),
}


def detail_of(kind: str, what: str) -> str:
    """What a fill keeps of what stood there: its mask, or the number of words of a name, or how a web address begins."""
    if kind in MASKED:
        return mask_of(what)
    if kind == "name":
        return str(min(3, len(what.split())))
    if kind == "url":
        start = re.match(r"(?:https?://)?(?:www\.)?", what)
        return start[0] if start else ""
    return ""


def default_detail(kind: str) -> str:
    """The detail where too few share one."""
    return _DEFAULT.get(kind, {"name": "1", "url": "www.", "code": "99999"}.get(kind, ""))
