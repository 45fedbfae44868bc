"""A regular expression as a tree: classes, sequences, alternatives, repeats.

Taken are characters, escapes (\\d \\w \\s and their negations, \\t \\n \\r \\f \\v, \\xHH, \\uHHHH), `.`, classes, groups (their names are
passed over), `|`, and the quantifiers ? * + {n} {n,} {n,m}. What has no end ends at 16 repeats (`{n,}` at n where that is more).
Negated classes, `.`, and the escapes of classes mean printable ASCII. ^ and $ may stand at the ends, where they say what holds anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from understudy.core.errors import ConstraintError

ENDLESS = 16
MOST_REPEATS = 1000
LONGEST_TEXT, LONGEST_PATTERN, DEEPEST = 4096, 2000, 50

PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))
_DIGITS = frozenset("0123456789")
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_SPACE = frozenset(" ")
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE, "D": PRINTABLE - _DIGITS, "W": PRINTABLE - _WORD, "S": PRINTABLE - _SPACE}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}


@dataclass(frozen=True)
class Letters:
    """One character of these, in the order of their code points."""

    alphabet: str


@dataclass(frozen=True)
class Sequence:
    """One part after another; none is the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of several."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """The same, `least` to `most` times over."""

    part: Node
    least: int
    most: int


Node: TypeAlias = Letters | Sequence | Choice | Repeat


def read(text: str) -> Node:
    """The tree of a regular expression. Raises `ConstraintError` with the place of what is not taken."""
    if len(text) > LONGEST_PATTERN:
        raise ConstraintError(f"A pattern of {len(text):,} characters is too long; {LONGEST_PATTERN:,} are read.")
    reader = _Reader(text)
    node = reader.whole()
    if longest(node) > LONGEST_TEXT:
        raise ConstraintError(
            f"The texts of the pattern have up to {longest(node):,} characters; {LONGEST_TEXT:,} are made.",
            where=f"pattern {text!r}",
            remedy="Repeat less: {n,m}.",
        )
    return node


def longest(node: Node) -> int:
    """Characters of its longest text."""
    match node:
        case Letters():
            return 1
        case Sequence(parts):
            return sum(map(longest, parts))
        case Choice(options):
            return max(map(longest, options))
        case Repeat(part, _, most):
            return most * longest(part)


def shortest(node: Node) -> int:
    """Characters of its shortest text."""
    match node:
        case Letters():
            return 1
        case Sequence(parts):
            return sum(map(shortest, parts))
        case Choice(options):
            return min(map(shortest, options))
        case Repeat(part, least, _):
            return least * shortest(part)


class _Reader:
    """Reads from left to right; `_at` is the next character."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def whole(self) -> Node:
        self._at = int(self._text.startswith("^"))
        node = self._alternatives()
        if self._at < len(self._text):
            self._refuse("This ) closes no group.", "Write \\) for the character.")
        return node

    def _next(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _taken(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) * found
        return found

    def _alternatives(self) -> Node:
        options = [self._sequence()]
        while self._taken("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._next() and self._next() not in "|)":
            if self._next() == "$" and self._at == len(self._text) - 1 and not self._depth:
                self._at += 1
                break
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _atom(self) -> Node:
        match self._next():
            case "(":
                return self._group()
            case "[":
                return Letters(_ordered(self._class()))
            case "\\":
                return Letters(_ordered(self._escape()))
            case ".":
                self._at += 1
                return Letters(_ordered(PRINTABLE))
            case "^" | "$":
                self._refuse("An anchor inside a pattern says nothing about which text to make.", "Leave it out, or write \\^ or \\$.")
            case "*" | "+" | "?":
                self._refuse("There is nothing here to repeat.", "Put a character, a class or a group before it, or a \\.")
            case "{" if self._bounds() is not None:
                self._refuse("There is nothing here to repeat.", "Put a character, a class or a group before it, or a \\.")
        letter = self._next()
        if "\ud800" <= letter <= "\udfff":
            self._refuse("Half of a surrogate pair is no character.")
        self._at += 1
        return Letters(letter)

    def _group(self) -> Node:
        start = self._at
        self._at += 1
        if self._taken("?"):
            self._kind_of_group(start)
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"Groups are nested more than {DEEPEST} deep.")
        node = self._alternatives()
        self._depth -= 1
        if not self._taken(")"):
            self._at = start
            self._refuse("This group is not closed.", "Write ) at its end, or \\( for the character.")
        return node

    def _kind_of_group(self, start: int) -> None:
        if self._taken(":"):
            return
        if self._taken("P<") or (self._text[self._at : self._at + 2] not in ("<=", "<!") and self._taken("<")):
            end = self._text.find(">", self._at)
            if end > self._at and self._text[self._at : end].isidentifier():
                self._at = end + 1
                return
        kind = self._text[self._at : self._at + 2]
        self._at = start
        if kind[:1] in ("=", "!") or kind in ("<=", "<!"):
            self._refuse("A pattern cannot look ahead or behind.", "Write out the texts that are meant, with | between them.")
        if kind == "P=":
            self._refuse("A pattern cannot refer back to a group.", "Make the part a column of its own and put both into a template.")
        self._refuse("This kind of group is not taken.", "Write (…) or (?:…).")

    def _repeated(self, node: Node) -> Node:
        start = self._at
        if self._taken("?"):
            least, most = 0, 1
        elif self._taken("*"):
            least, most = 0, ENDLESS
        elif self._taken("+"):
            least, most = 1, ENDLESS
        elif (bounds := self._bounds()) is not None:
            least, most, self._at = bounds
        else:
            return node
        if least > most or most > MOST_REPEATS:
            self._at = start
            self._refuse(f"A part repeats {least} to {most} times.", f"Write {{n,m}} with n at most m, and m at most {MOST_REPEATS}.")
        if self._taken("+"):
            self._at -= 1
            self._refuse("A possessive quantifier is not taken.", "Leave the second + out.")
        self._taken("?")  # lazy or greedy, the texts are the same
        if self._next() in ("*", "+", "?") or self._bounds() is not None:
            self._refuse("A quantifier follows another.", "Put the part in a group: (…)")
        return node if (least, most) == (1, 1) else Repeat(node, least, most)

    def _bounds(self) -> tuple[int, int, int] | None:
        """Of {n}, {n,}, {,m}, {n,m} here: least, most, and where it ends. None: the brace is a character."""
        end = self._text.find("}", self._at)
        if self._next() != "{" or end < 0:
            return None
        low, comma, high = self._text[self._at + 1 : end].partition(",")
        if not all(part == "" or (part.isascii() and part.isdigit() and len(part) < 10) for part in (low, high)) or not (low or high):
            return None
        least = int(low or 0)
        most = int(high) if high else max(least, ENDLESS) if comma else least
        return least, most, end + 1

    def _class(self) -> frozenset[str]:
        start = self._at
        self._at += 1
        negated = self._taken("^")
        found: set[str] = set()
        first = True
        while first or self._next() != "]":
            if not self._next():
                self._at = start
                self._refuse("This class is not closed.", "Write ] at its end, or \\[ for the character.")
            if self._text.startswith("[:", self._at):
                self._refuse("A named class is not taken.", "Write [A-Za-z], \\d, \\w.")
            found |= self._members()
            first = False
        self._at += 1
        letters = PRINTABLE - found if negated else frozenset(found)
        if not letters:
            self._at = start
            self._refuse("No printable character is left in this class.")
        return letters

    def _members(self) -> frozenset[str]:
        """One character, escape or range of a class."""
        start = self._at
        low = self._member()
        if not (self._next() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", "")):
            return low
        self._at += 1
        high = self._member()
        if len(low) > 1 or len(high) > 1 or min(low) > min(high):
            self._at = start
            self._refuse("A range goes from one character up to a later one.", "Write [a-z].")
        return frozenset(chr(code) for code in range(ord(min(low)), ord(min(high)) + 1) if not 0xD800 <= code <= 0xDFFF)

    def _member(self) -> frozenset[str]:
        if self._next() == "\\":
            return self._escape(inside=True)
        self._at += 1
        return frozenset(self._text[self._at - 1])

    def _escape(self, *, inside: bool = False) -> frozenset[str]:
        start = self._at
        letter = self._text[start + 1 : start + 2]
        self._at += 2
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _HEX_DIGITS:
            digits = self._text[self._at : self._at + _HEX_DIGITS[letter]]
            self._at += len(digits)
            if len(digits) == _HEX_DIGITS[letter] and set(digits) <= set("0123456789abcdefABCDEF"):
                code = int(digits, 16)
                if code < 0x110000 and not 0xD800 <= code <= 0xDFFF:
                    return frozenset(chr(code))
            self._at = start
            self._refuse(f"\\{letter} names a character by {_HEX_DIGITS[letter]} hexadecimal digits.")
        if letter in _CONTROLS:
            return frozenset(_CONTROLS[letter])
        if letter and not letter.isalnum():
            return frozenset(letter)
        self._at = start
        return self._refuse_escape(letter, inside)

    def _refuse_escape(self, letter: str, inside: bool) -> NoReturn:
        if letter.isdigit():
            self._refuse("A pattern cannot refer back to a group.", "Make the part a column of its own and put both into a template.")
        if letter and letter in "bBAZzG" and not inside:
            self._refuse("An anchor inside a pattern says nothing about which text to make.", "Leave it out.")
        if letter in ("p", "P"):
            self._refuse("A class by Unicode property is not taken.", "Write the characters out: [A-Za-zÀ-ÿ].")
        self._refuse(f"\\{letter} is no escape." if letter else "The pattern ends with a \\.", "Write \\\\ for a backslash.")

    def _refuse(self, what: str, remedy: str | None = None) -> NoReturn:
        start = max(0, self._at - 30)
        lead = ("…" if start else "") + self._text[start : self._at]
        rest = self._text[self._at : self._at + 30] + ("…" if len(self._text) > self._at + 30 else "")
        raise ConstraintError(what, where=f"pattern, character {self._at + 1}: {lead}⟨here⟩{rest}", remedy=remedy)


def _ordered(letters: frozenset[str]) -> str:
    return "".join(sorted(letters))
