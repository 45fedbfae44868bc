"""Regular expressions of other languages, as those that pattern columns are made from."""

from __future__ import annotations

import re

_SHORT = {"d": "[0-9]", "w": "[A-Za-z0-9_]", "s": " "}
_FOREIGN = re.compile(r"\(\?(?!:)|\\[bBAZzDWSpPkQEGR1-9]|[*+?}]\+|\[\[:|&&")


def readable_regex(regex: str) -> str | None:
    """The regular expression without anchors and with classes written out; None where it asks for more than can be sampled."""
    if _FOREIGN.search(regex):
        return None
    regex = regex.removeprefix("^")
    if regex.endswith("$") and not regex.endswith("\\$"):
        regex = regex[:-1]
    if re.search(r"(?<!\\)(?<!\[)\^|(?<!\\)\$(?![^\[]*\])", regex):
        return None
    regex = regex.replace("(?:", "(")
    regex = re.sub(r"([*+?}])\?", r"\1", regex)
    inside = False
    parts: list[str] = []
    position = 0
    while position < len(regex):
        sign = regex[position]
        if sign == "\\" and position + 1 < len(regex):
            following = regex[position + 1]
            written = _SHORT.get(following)
            parts.append((written.strip("[]") if inside else written) if written else sign + following)
            position += 2
            continue
        inside = True if sign == "[" else False if sign == "]" else inside
        parts.append(sign)
        position += 1
    found = "".join(parts)
    try:
        re.compile(found)
    except re.error:
        return None
    return found or None


def of_like(pattern: str) -> str:
    """The strings that SQL's LIKE takes, as a regular expression of short ones."""
    parts = []
    for sign in pattern:
        if sign == "%":
            parts.append("[a-z0-9]{0,6}")
        elif sign == "_":
            parts.append("[a-z0-9]")
        else:
            parts.append(re.escape(sign))
    return "".join(parts)
