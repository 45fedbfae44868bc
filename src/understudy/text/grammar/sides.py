"""Texts with two sides, for rewriting and translation: a synchronous grammar (Lewis, Stearns 1968).

An alternative has a source and a target. A rule that both name is drawn once and written on each side in its own words; `{noun#1}` and
`{noun#2}` tell two of one rule apart. What has one side only is the same on both. Forms are those of each side's language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from understudy.text.grammar.compiling import Draw, Grammar, Row, Truths, different, forms_around, picker
from understudy.text.grammar.inflection import inflect, separators, written
from understudy.text.grammar.languages.language import Language
from understudy.text.grammar.pieces import joined
from understudy.text.grammar.reading import Options, Slot
from understudy.text.grammar.rules import Alternative

Pair: TypeAlias = tuple[str, str]
Both: TypeAlias = Callable[[Row, Draw], Pair]
Several: TypeAlias = Callable[[Row, Draw], list[Pair]]
_MOST_KEPT = 50_000


@dataclass
class Pairs:
    """A grammar whose rules may have two sides. languages: of the source and of the target."""

    grammar: Grammar
    languages: tuple[Language, Language]
    _kept: dict[tuple[str, Truths], Both] = field(default_factory=dict)

    def expand(self, name: str, truths: Truths) -> Both:
        """What writes both sides of a rule where these tests hold."""
        key = (name, tuple(truths[place] for place in self.grammar.relevant[name]))
        if key not in self._kept:
            self._kept[key] = lambda row, draw: self._kept[key](row, draw)
            self._kept[key] = self._rule(name, truths)
        return self._kept[key]

    def _rule(self, name: str, truths: Truths) -> Both:
        found = self.grammar.open_alternatives(name, truths)
        bodies: list[Both | None] = [None] * len(found)
        pick = picker([a.weight for a in found])

        def write(row: Row, draw: Draw) -> Pair:
            place = pick(draw)
            body = bodies[place]
            if body is None:  # made when it is first drawn: many are not, for most rows
                body = bodies[place] = self._alternative(found[place], truths)
            return body(row, draw)

        return write

    def _alternative(self, alternative: Alternative, truths: Truths) -> Both:
        if alternative.sides is None:
            return self._plain(alternative.body, truths)
        shared: dict[Any, Several] = {}
        sides = tuple(self._side(side, place, shared, truths) for place, side in enumerate(alternative.sides))
        return _sided(shared, sides)

    def _plain(self, body: Sequence[Any], truths: Truths) -> Both:
        """The same parts on both sides, each written in the side's own words."""
        parts = [self._part(part, truths) for part in body]

        def write(row: Row, draw: Draw) -> Pair:
            found = [part(row, draw) for part in parts]
            return "".join([source for source, _ in found]), "".join([target for _, target in found])

        return write

    def _part(self, part: Any, truths: Truths) -> Both:
        if isinstance(part, str):
            return lambda row, draw: (part, part)
        if isinstance(part, Options):
            bodies = [self._plain(alternative, truths) for alternative in part.alternatives]
            return _with_chance(lambda row, draw: bodies[int(draw() * len(bodies))](row, draw), part.chance)
        several = self._several(part, truths)
        finish = [_finished(part, language, value=part.name in self.grammar.columns) for language in self.languages]

        def write(row: Row, draw: Draw) -> Pair:
            found = several(row, draw)
            return finish[0]([source for source, _ in found]), finish[1]([target for _, target in found])

        return _with_chance(write, part.chance)

    def _side(self, side: Sequence[Any], place: int, shared: dict[Any, Several], truths: Truths) -> list[_Piece]:
        """The parts of one side; what both sides name is put into `shared`, to be drawn once."""
        pieces: list[_Piece] = []
        for number, part in enumerate(side):
            if isinstance(part, Slot):
                key: Any = (part.name, part.tag, part.times)
                if part.name in self.grammar.columns and part.times is None:
                    key = (*key, part.filters)
                shared.setdefault(key, self._several(part, truths))
                pieces.append(
                    _Piece(
                        key=key, finish=_finished(part, self.languages[place], value=part.name in self.grammar.columns), chance=part.chance
                    )
                )
            elif isinstance(part, Options):
                shared[(place, number)] = _alone(self._part(part, truths))
                pieces.append(_Piece(key=(place, number), finish="".join))
            else:
                pieces.append(_Piece(text=part))
        return pieces

    def _several(self, slot: Slot, truths: Truths) -> Several:
        """What a slot names, once or several times, before its forms (those of a column's value apart)."""
        if slot.times is not None:
            return self._repeated(slot, truths)
        if slot.name in self.grammar.columns:
            return self._column(slot)
        if slot.name in self.grammar.once:
            place, inner = self.grammar.place_of[slot.name], self.expand(slot.name, truths)
            return lambda row, draw: [_kept(row, place, inner, draw)]
        if slot.name in self.grammar.rules:
            return _alone(self.expand(slot.name, truths))
        write = self.grammar.named(slot, truths)

        def word(row: Row, draw: Draw) -> list[Pair]:
            pieces: list[Any] = []
            write(row, draw, pieces.append)
            return [(joined(pieces), joined(pieces))]

        return word

    def _column(self, slot: Slot) -> Several:
        place, forms, (first, second) = self.grammar.place_of[slot.name], slot.filters, self.languages
        kept: dict[Any, list[Pair]] = {}

        def write(row: Row, draw: Draw) -> list[Pair]:
            value = row[place]
            if value not in kept:
                if len(kept) >= _MOST_KEPT:
                    kept.clear()
                kept[value] = [(written(value, first, forms), written(value, second, forms))]
            return kept[value]

        return write

    def _repeated(self, slot: Slot, truths: Truths) -> Several:
        assert slot.times is not None
        found = self.grammar.open_alternatives(slot.name, truths)
        bodies, pick = [self._alternative(a, truths) for a in found], picker([a.weight for a in found])
        count = self.grammar.count(slot.times)
        return lambda row, draw: [bodies[place](row, draw) for place in different(count(row, draw), len(bodies), pick, draw)]


@dataclass(frozen=True)
class _Piece:
    """A part of one side: its own text, or what was drawn for both, in this side's form."""

    text: str = ""
    key: Any = None
    finish: Callable[[list[str]], str] | None = None
    chance: float = 1.0


def _sided(shared: dict[Any, Several], sides: Sequence[list[_Piece]]) -> Both:
    optional = any(piece.chance < 1 for pieces in sides for piece in pieces)
    keys = list(shared)

    def write(row: Row, draw: Draw) -> Pair:
        drawn = {key: several(row, draw) for key, several in shared.items()}
        chances = {key: draw() for key in keys} if optional else {}
        texts = []
        for place, pieces in enumerate(sides):
            found = [
                piece.text if piece.finish is None else piece.finish([pair[place] for pair in drawn[piece.key]])
                for piece in pieces
                if piece.chance >= 1 or chances[piece.key] < piece.chance
            ]
            texts.append("".join(found))
        return texts[0], texts[1]

    return write


def _alone(both: Both) -> Several:
    return lambda row, draw: [both(row, draw)]


def _kept(row: Row, place: int, inner: Both, draw: Draw) -> Pair:
    if row[place] is None:
        row[place] = inner(row, draw)
    found: Pair = row[place]
    return found


def _with_chance(both: Both, chance: float) -> Both:
    if chance >= 1:
        return both
    return lambda row, draw: both(row, draw) if draw() < chance else ("", "")


def _finished(slot: Slot, language: Language, *, value: bool) -> Callable[[list[str]], str]:
    """Parts that were drawn, joined and in the slot's forms. value: of a column, whose values have taken their forms already."""
    taken = slot.name.startswith("int:") or (value and slot.times is None)
    each, joiner, whole = ([], None, []) if taken else forms_around(slot)

    if not each and not whole and joiner is None:
        return " ".join

    def finish(parts: list[str]) -> str:
        if not parts:
            return ""
        shown = [_inflected(part, each, language) for part in parts]
        lead, between = separators(joiner, len(shown), language)
        text = lead + "".join(part + gap for part, gap in zip(shown, [*between, ""], strict=True))
        return _inflected(text, whole, language)

    return finish


def _inflected(text: str, forms: list[str], language: Language) -> str:
    pieces: list[Any] = [text]
    for form in forms:
        inflect(pieces, form, language)
    return "".join(pieces)
