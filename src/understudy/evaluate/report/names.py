"""Column names as they are shown: whatever a table calls its columns, the page stays readable and says exactly which is meant."""

from __future__ import annotations

import re
import unicodedata

from understudy.evaluate.report.markup import Markup, tag
from understudy.evaluate.report.numbers import THIN

_VISIBLE = {"\n": "⏎", "\r": "␍", "\t": "⇥", "\x00": "␀", "\u200c": "\u200c", "\u200d": "\u200d"}  # the last two join letters and emoji
_LONGEST_TITLE = 300


def shown(name: str, longest: int = 48) -> str:
    """`name` in at most `longest` characters: control characters made visible, the middle of a long name left out."""
    if not name.strip():
        return "(empty)" if not name else "(blank)"
    # Only so much of a name is looked at: a name of a megabyte must not cost a megabyte each time it is shown.
    text = name if len(name) <= 4 * longest else f"{name[: 2 * longest]}{name[-2 * longest :]}"
    text = "".join(_visible(character) for character in text)
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


def name(column: str, longest: int = 48) -> Markup:
    """The name as an element of its own: isolated from the direction of the text around it, at length as its title where shortened."""
    text = shown(column, longest)
    return tag("bdi", text, class_="name", title=shown(column, _LONGEST_TITLE) if text != column else None)


def names(columns: list[str], most: int = 6) -> list[Markup | str]:
    """Several names with commas between them; "and 4 more" after the first `most`."""
    parts: list[Markup | str] = []
    for column in columns[:most]:
        parts += [", " if parts else "", name(column)]
    if len(columns) > most:
        parts.append(f" and {len(columns) - most} more")
    return parts


def sentence(text: str, longest: int = 400) -> str:
    """Words written elsewhere, which may quote a column's name: as `shown`, with no line break before a per cent sign."""
    return re.sub(r"(\d\.\d+)%|(\d) %", lambda found: f"{found[1] or found[2]}{THIN}%", shown(text, longest)) if text else ""


def _visible(character: str) -> str:
    if character in _VISIBLE:
        return _VISIBLE[character]
    # Cc: control; Cf: marks that turn the direction of text round or show nothing; Cs: half a surrogate pair; Zl, Zp: line ends.
    return "�" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else character
