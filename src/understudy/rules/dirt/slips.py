"""What goes wrong in a text: each slip is a function of the text and of 64 random bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbours() -> dict[str, str]:
    """The keys beside each key of a QWERTY keyboard: left, right, and the two above and below that touch it."""
    found: dict[str, str] = {}
    for y, keys in enumerate(_ROWS):
        for x, key in enumerate(keys):
            near = [(y, x - 1), (y, x + 1), (y - 1, x), (y - 1, x + 1), (y + 1, x - 1), (y + 1, x)]
            found[key] = "".join(_ROWS[j][i] for j, i in near if 0 <= j < len(_ROWS) and 0 <= i < len(_ROWS[j]))
    return found | {key.upper(): near.upper() for key, near in found.items() if key.isalpha()}


NEIGHBOURS = _neighbours()


def typo(text: str, bits: int, ways: Sequence[str]) -> str:
    """A slip of the fingers. Texts that give no room for it stay as they are."""
    bits, way = divmod(bits, len(ways))
    return _TYPOS[ways[way]](text, bits) if text else text


def _neighbour(text: str, bits: int) -> str:
    places = [i for i, letter in enumerate(text) if letter in NEIGHBOURS]
    if not places:
        return _double(text, bits)
    bits, place = divmod(bits, len(places))
    at = places[place]
    near = NEIGHBOURS[text[at]]
    return text[:at] + near[bits % len(near)] + text[at + 1 :]


def _swap(text: str, bits: int) -> str:
    places = [i for i in range(len(text) - 1) if text[i] != text[i + 1]]
    if not places:
        return _double(text, bits)
    at = places[bits % len(places)]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _drop(text: str, bits: int) -> str:
    if len(text) < 2:
        return _double(text, bits)
    at = bits % len(text)
    return text[:at] + text[at + 1 :]


def _double(text: str, bits: int) -> str:
    at = bits % len(text)
    return text[: at + 1] + text[at:]


_TYPOS: dict[str, Callable[[str, int], str]] = {"neighbour": _neighbour, "swap": _swap, "drop": _drop, "double": _double}
WAYS = list(_TYPOS)


def recased(text: str, bits: int, ways: Sequence[str]) -> str:
    """The text in another case."""
    match ways[bits % len(ways)]:
        case "upper":
            return text.upper()
        case "lower":
            return text.lower()
        case "title":
            return text.title()
    return text.swapcase()


def spaced(text: str, bits: int, ways: Sequence[str]) -> str:
    """The text with a space too many, or a wrong one."""
    bits, way = divmod(bits, len(ways))
    places = [i for i, letter in enumerate(text) if letter == " "]
    at = places[bits % len(places)] if places else -1
    match ways[way]:
        case "before":
            return " " + text
        case "tab":
            return text + "\t"
        case "doubled" if places:
            return text[:at] + " " + text[at:]
        case "unbreaking" if places:
            return text[:at] + "\u00a0" + text[at + 1 :]
    return text + " "


def misread(text: str) -> str:
    """UTF-8 bytes read as Windows-1252; the five bytes that it leaves open as the WHATWG's encoding standard has them."""
    return "".join(_CP1252[byte] for byte in text.encode())


def _windows_1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_CP1252 = [_windows_1252(byte) for byte in range(256)]
