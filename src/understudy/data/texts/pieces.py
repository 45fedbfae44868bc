"""Texts as pieces, and back without loss: words, numbers, signs and blanks, each with the one space that stands before it.

`"".join(pieces(text)) == " " + text`: a text is read as if a space stood before it, so that its first word is the same piece as
elsewhere. A run of one sign is one piece ("..."), Chinese, Japanese and Korean characters are a piece each, and what holds a digit stays
whole ("10:30", "08/12/2004", "XK7-93"), for such codes are judged as a whole (see `corpus.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_EAST = "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_INSIDE = r"(?:(?<=\d)[.,:/](?=\d)|(?<=[^\W\d_])['’](?=[^\W\d_])|(?<=[\dA-Z])-(?=[\dA-Z]+(?![^\W\d_])))"
PATTERN = rf" ?(?:[{_EAST}]|[^\W{_EAST}]+(?:{_INSIDE}[^\W{_EAST}]+)*|([^\w\s])\1*)|\s"
"""What `pieces` finds one after another; without gaps."""
_PIECE = re.compile(PATTERN)


def pieces(text: str) -> list[str]:
    """The pieces of a text; never empty."""
    return [match[0] for match in _PIECE.finditer(" " + text)]


def joined(parts: Iterable[str]) -> str:
    """The text of pieces: the inverse of `pieces`."""
    return "".join(parts).removeprefix(" ")
