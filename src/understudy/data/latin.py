"""Names in the letters a to z, as they stand in addresses of the net."""

from __future__ import annotations

import re
import unicodedata

# Letters that are more than a letter with a mark, and marks that change a letter's sound in its own language.
_SPELLED = {
    "ä": "ae", "æ": "ae", "ö": "oe", "ø": "oe", "œ": "oe", "ü": "ue", "ß": "ss", "å": "aa", "þ": "th",
    "ð": "d", "đ": "d", "ł": "l", "ı": "i",
}  # fmt: skip


def latin(text: str) -> str:
    """ "Müller-Łuczak" is "muellerluczak": lower case, no marks, nothing but a to z."""
    lower = unicodedata.normalize("NFC", text).lower()
    spelled = "".join(_SPELLED.get(letter, letter) for letter in lower)
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", spelled))
