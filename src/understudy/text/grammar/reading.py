"""The texts of a grammar, read: plain characters, slots in braces, options in brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from understudy.data.constraints import Contradiction

_SLOT = re.compile(
    r"""\s*(?P<name>int:-?\d+--?\d+|[^\W\d]\w*(?::\w+){0,2})
        (?:\#(?P<tag>\w+))?
        (?:\*(?P<times>\d+(?:-\d+)?|[^\W\d]\w*))?
        (?P<chance>\?(?:\d*\.?\d+)?)?
        (?P<filters>(?:\s*\|\s*[\w-]+(?:\s+\d+)?)*)
        (?:\s+as\s+(?P<label>\w[\w-]*))?\s*""",
    re.VERBOSE,
)
_CHANCE = re.compile(r"\s*(\d+(?:\.\d+)?)%:\s?")
_LONGEST = 20_000
_ESCAPED = "{}[]|\\"


@dataclass(frozen=True)
class Filter:
    """Another form of what stands before it: `|capital`, `|fixed 2`."""

    name: str
    argument: int | None = None


@dataclass(frozen=True)
class Times:
    """How many alternatives of a rule: `least` to `most`, or as many as `column` says."""

    least: int = 1
    most: int = 1
    column: str | None = None


@dataclass(frozen=True)
class Slot:
    """A column, a rule, or a word. tag: which of several of one name, in texts with two sides. label: what the span of it is called."""

    name: str
    tag: str | None = None
    chance: float = 1.0
    times: Times | None = None
    filters: tuple[Filter, ...] = ()
    label: str | None = None


@dataclass(frozen=True)
class Options:
    """One of several; with a chance below 1, or else nothing."""

    alternatives: tuple[Sequence, ...]
    chance: float = 1.0


Node: TypeAlias = "str | Slot | Options"
Sequence: TypeAlias = "tuple[Node, ...]"


def read_nodes(text: str) -> Sequence:
    """A text as its parts. Raises `Contradiction` that quotes what cannot be read."""
    if len(text) > _LONGEST:
        raise Contradiction(f"A text of {len(text):,} characters is too long for one alternative.", "Divide it into rules.")
    reader = _Reader(text)
    nodes = reader.sequence("")
    assert reader.place == len(text)
    return nodes


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0

    def sequence(self, ends: str) -> Sequence:
        """Parts up to one of the characters `ends`, or to the end of the text."""
        nodes: list[Node] = []
        plain: list[str] = []

        def add(node: Node) -> None:
            if plain:
                nodes.append("".join(plain))
                plain.clear()
            nodes.append(node)

        while self.place < len(self.text):
            here = self.text[self.place]
            if here in ends:
                break
            if here == "{":
                add(self._slot())
            elif here == "[":
                add(self._options())
            elif here in "}]":
                raise self._fault(f'"{here}" closes nothing', self.place)
            else:
                escaped = here == "\\" and self.text[self.place + 1 : self.place + 2] in tuple(_ESCAPED)
                plain.append(self.text[self.place + 1] if escaped else here)
                self.place += 2 if escaped else 1
        if plain:
            nodes.append("".join(plain))
        return tuple(nodes)

    def _slot(self) -> Slot:
        start = self.place
        end = self.text.find("}", start)
        if end < 0:
            raise self._fault("the brace is not closed", start)
        self.place = end + 1
        inside = self.text[start + 1 : end]
        found = _SLOT.fullmatch(inside)
        if found is None:
            raise Contradiction(
                f"{{{inside}}} cannot be read.",
                "A slot is {name}, {name?0.2}, {name*1-3}, {name|capital} or {name as LABEL}, in this order.",
            )
        chance = found["chance"]
        filters = tuple(_filter(part) for part in found["filters"].split("|") if part.strip())
        share = 1.0 if chance is None else 0.5 if chance == "?" else float(chance[1:])
        if not 0 <= share <= 1:
            raise Contradiction(f"{{{inside}}}: a chance is a number from 0 to 1.")
        return Slot(found["name"], found["tag"], share, _times(found["times"], inside), filters, found["label"])

    def _options(self) -> Options:
        start = self.place
        self.place += 1
        chance = 1.0
        if told := _CHANCE.match(self.text, self.place):
            chance = float(told[1]) / 100
            self.place = told.end()
        if chance > 1:
            raise self._fault("a chance is at most 100%", start)
        alternatives = [self.sequence("|]")]
        while self.place < len(self.text) and self.text[self.place] == "|":
            self.place += 1
            alternatives.append(self.sequence("|]"))
        if self.place >= len(self.text):
            raise self._fault("the bracket is not closed", start)
        self.place += 1
        return Options(tuple(alternatives), chance)

    def _fault(self, what: str, place: int) -> Contradiction:
        shown = self.text[max(0, place - 20) : place + 30].replace("\n", " ")
        return Contradiction(
            f'{what[0].upper()}{what[1:]}: "…{shown}…".',
            "A bracket, brace or bar that is meant as such has a backslash before it: \\[ or \\{.",
        )


def _filter(text: str) -> Filter:
    name, _, argument = text.strip().partition(" ")
    return Filter(name, int(argument) if argument.strip() else None)


def _times(text: str | None, inside: str) -> Times | None:
    if text is None:
        return None
    if not text[0].isdigit():
        return Times(column=text)
    least, _, most = text.partition("-")
    found = Times(int(least), int(most or least))
    if found.least > found.most or found.most > 1000:
        raise Contradiction(f"{{{inside}}}: a number of times goes from a least to a most, up to 1000.")
    return found
