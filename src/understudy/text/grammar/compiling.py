"""From rules to functions that write texts.

A function is made for each rule under the conditions that hold of a row, once, and kept: at work there is nothing left to decide but the
draws. A function takes the row's values, draws numbers from 0 up to 1, and puts pieces of text and marks.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeAlias

from understudy.data.constraints import Contradiction
from understudy.text.grammar.inflection import JOINERS, PARTS, Kind, inflect, plainly, separators, written
from understudy.text.grammar.languages.language import Language
from understudy.text.grammar.pieces import CLOSE, Called, Open, Said, joined
from understudy.text.grammar.reading import Filter, Options, Slot, Times
from understudy.text.grammar.rules import Alternative, Call, Rule, Test, Turn, slots_in
from understudy.text.grammar.vocabulary import number_range, words_of

Row: TypeAlias = Any
"""Values of the columns that are written, then what is drawn once a row."""
Draw: TypeAlias = Callable[[], float]
Put: TypeAlias = Callable[[Any], Any]
Expand: TypeAlias = Callable[[Row, Draw, Put], None]
Truths: TypeAlias = tuple[bool, ...]
_MOST_KEPT = 50_000


@dataclass
class Grammar:
    """Rules, and what they are written with.

    columns: the kind of each column of the row. once: rules that are drawn once a row. marked: columns whose values are spans where they
    are written. language: whose forms words take. locale: of words of the vocabularies.
    """

    rules: Mapping[str, Rule]
    columns: Mapping[str, Kind]
    language: Language
    once: Sequence[str] = ()
    marked: frozenset[str] = frozenset()
    locale: str = "en_US"
    _kept: dict[tuple[str, Truths], Expand] = field(default_factory=dict)

    # -- what it reads

    @cached_property
    def tests(self) -> list[Test]:
        """All conditions, each once, those on one column together; truths are told in their order."""
        found = dict.fromkeys(test for rule in self.rules.values() for alternative in rule.alternatives for test in alternative.tests)
        columns = list(dict.fromkeys(test.column for test in found))
        return sorted(found, key=lambda test: columns.index(test.column))

    @cached_property
    def _of_column(self) -> dict[str, tuple[list[Test], dict[Any, Truths]]]:
        """The tests of each column, and what is known of its values."""
        found: dict[str, tuple[list[Test], dict[Any, Truths]]] = {}
        for test in self.tests:
            found.setdefault(test.column, ([], {}))[0].append(test)
        return found

    @cached_property
    def _numbers(self) -> dict[Test, int]:
        return {test: place for place, test in enumerate(self.tests)}

    @cached_property
    def written_columns(self) -> list[str]:
        """The columns that texts name; a row's values come in their order."""
        slots = [slot for rule in self.rules.values() for alternative in rule.alternatives for slot in slots_in(alternative)]
        named = [name for slot in slots for name in (slot.name, slot.times.column if slot.times else None) if name in self.columns]
        return [str(name) for name in dict.fromkeys(named)]

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Where in a row a column stands, or what is drawn once."""
        return {name: place for place, name in enumerate([*self.written_columns, *self.once])}

    @cached_property
    def relevant(self) -> dict[str, tuple[int, ...]]:
        """The tests, by number, that decide what a rule writes, its own and those of the rules in it."""
        number = self._numbers
        found = {name: {number[test] for a in rule.alternatives for test in a.tests} for name, rule in self.rules.items()}
        below = {name: self.named_by(rule) for name, rule in self.rules.items()}
        grew = True
        while grew:
            grew = False
            for name, inner in below.items():
                before = len(found[name])
                found[name].update(*(found[other] for other in inner))
                grew = grew or len(found[name]) > before
        return {name: tuple(sorted(tests)) for name, tests in found.items()}

    def named_by(self, rule: Rule) -> list[str]:
        """The rules that a rule names."""
        return list(dict.fromkeys(slot.name for a in rule.alternatives for slot in slots_in(a) if slot.name in self.rules))

    def truths(self, values: Mapping[str, Any]) -> Truths:
        """Which tests hold of a row."""
        found: list[bool] = []
        for column, (tests, known) in self._of_column.items():
            value = values.get(column)
            key = (value.__class__, value)
            if key not in known:
                if len(known) >= _MOST_KEPT:
                    known.clear()
                known[key] = tuple(test.holds(value) for test in tests)
            found += known[key]
        return tuple(found)

    def open_alternatives(self, name: str, truths: Truths) -> list[Alternative]:
        """The alternatives of a rule that can be drawn where these tests hold. Raises `Contradiction` where there is none."""
        number = self._numbers
        found = [a for a in self.rules[name].alternatives if a.weight > 0 and all(truths[number[test]] for test in a.tests)]
        if not found:
            known = dict(zip(self.tests, truths, strict=True))
            raise Contradiction(
                f'The rule "{name}" has no alternative for a row with {self._told(name, known)}.',
                "Add one, or one without `when` (`else`, beside `by`).",
                at=(name,),
            )
        return found

    def _told(self, name: str, known: Mapping[Test, bool]) -> str:
        own = dict.fromkeys(test for a in self.rules[name].alternatives for test in a.tests)
        parts = [f"{in_words(test)}{'' if known[test] else ' (not so)'}" for test in own]
        return ", ".join(parts) or "whatever values"

    # -- functions

    def expand(self, name: str, truths: Truths) -> Expand:
        """What writes a rule where these tests hold."""
        key = (name, tuple(truths[place] for place in self.relevant[name]))
        if key not in self._kept:
            # A rule that leads back to itself finds this in its place, until its function is there.
            self._kept[key] = lambda row, draw, put: self._kept[key](row, draw, put)
            self._kept[key] = self._rule(name, truths)
        return self._kept[key]

    def _rule(self, name: str, truths: Truths) -> Expand:
        found = self.open_alternatives(name, truths)
        return _one_of([self._sequence(a.body, truths) for a in found], [a.weight for a in found])

    def _sequence(self, body: Sequence[Any], truths: Truths) -> Expand:
        parts = [self._part(part, truths) for part in body]
        if not parts:
            return _literal("")
        if len(parts) == 1:
            return parts[0]
        several = tuple(parts)

        def write(row: Row, draw: Draw, put: Put) -> None:
            for part in several:
                part(row, draw, put)

        return write

    def _part(self, part: Any, truths: Truths) -> Expand:
        match part:
            case str():
                return _literal(part)
            case Slot():
                return self._slot(part, truths)
            case Options():
                inner = _one_of([self._sequence(a, truths) for a in part.alternatives], [1.0] * len(part.alternatives))
                return _by_chance(inner, part.chance)
            case Turn():
                return _after(Said(part.role), self._sequence(part.text, truths))
            case Call():
                return self._call(part, truths)
        raise AssertionError(part)

    def _slot(self, slot: Slot, truths: Truths) -> Expand:
        label = slot.label
        if slot.times is not None:
            inner = self._repeated(slot, truths)
        elif slot.name in self.columns:
            inner = self._column(slot)
            whole = slot.name in self.marked and not any(form.name in PARTS for form in slot.filters)
            label = label or (slot.name if whole else None)
        else:
            inner = _in_forms(self.named(slot, truths), [form.name for form in _text_forms(slot)], self.language)
        if label is not None:
            inner = _between(Open(label), inner)
        return _by_chance(inner, slot.chance)

    def named(self, slot: Slot, truths: Truths) -> Expand:
        """A rule, a word or a number, by name."""
        if slot.name in self.once:
            return _drawn_once(self.place_of[slot.name], self.expand(slot.name, truths))
        if slot.name in self.rules:
            return self.expand(slot.name, truths)
        span = number_range(slot.name)
        if span is not None:
            least, size = span[0], span[1] - span[0] + 1
            forms = list(slot.filters)
            return lambda row, draw, put: put(written(least + int(draw() * size), self.language, forms))
        words, sums = words_of(slot.name, self.locale)
        total = sums[-1]
        last = len(words) - 1
        return lambda row, draw, put: put(words[bisect(sums, draw() * total, 0, last)])

    def _column(self, slot: Slot) -> Expand:
        place, forms, language = self.place_of[slot.name], slot.filters, self.language
        if self.columns[slot.name] == "text" and not forms:
            return lambda row, draw, put: put(row[place] or "")
        kept: dict[Any, str] = {}

        def write(row: Row, draw: Draw, put: Put) -> None:
            value = row[place]
            text = kept.get(value)
            if text is None:
                if len(kept) >= _MOST_KEPT:
                    kept.clear()
                text = kept[value] = written(value, language, forms)
            put(text)

        return write

    def _repeated(self, slot: Slot, truths: Truths) -> Expand:
        """So many different alternatives of a rule, with what joins them."""
        assert slot.times is not None
        found = self.open_alternatives(slot.name, truths)
        bodies = tuple(self._sequence(a.body, truths) for a in found)
        pick = picker([a.weight for a in found])
        count = self.count(slot.times)
        each, joiner, whole = forms_around(slot)
        language = self.language

        def write(row: Row, draw: Draw, put: Put) -> None:
            parts: list[list[Any]] = []
            for place in different(count(row, draw), len(bodies), pick, draw):
                pieces: list[Any] = []
                bodies[place](row, draw, pieces.append)
                for form in each:
                    inflect(pieces, form, language)
                parts.append(pieces)
            if not parts:
                return
            lead, between = separators(joiner, len(parts), language)
            text: list[Any] = [lead]
            for pieces, gap in zip(parts, [*between, ""], strict=True):
                text += [*pieces, gap]
            for form in whole:
                inflect(text, form, language)
            for piece in text:
                put(piece)

        return write

    def count(self, times: Times) -> Callable[[Row, Draw], int]:
        """What tells how many times."""
        if times.column is not None:
            place = self.place_of[times.column]
            return lambda row, draw: row[place] or 0
        least, size = times.least, times.most - times.least + 1
        return lambda row, draw: least + int(draw() * size)

    def _call(self, made: Call, truths: Truths) -> Expand:
        arguments, result = self._value(made.arguments, truths), self._value(made.result, truths)
        say = None if made.say is None else _after(Said("assistant"), self._sequence(made.say, truths))
        tool = made.tool

        def write(row: Row, draw: Draw, put: Put) -> None:
            if say is not None:
                say(row, draw, put)
            asked, answered = arguments(row, draw), result(row, draw)
            put(Called(tool, _json(asked), answered if isinstance(answered, str) else _json(answered)))

        return write

    def _value(self, stated: Any, truths: Truths) -> Callable[[Row, Draw], Any]:
        """A JSON value with its texts written. A text that is one column alone is the column's value, as it is."""
        if isinstance(stated, Mapping):
            inner = {key: self._value(value, truths) for key, value in stated.items()}
            return lambda row, draw: {key: make(row, draw) for key, make in inner.items()}
        if isinstance(stated, list):
            entries = [self._value(value, truths) for value in stated]
            return lambda row, draw: [make(row, draw) for make in entries]
        if not isinstance(stated, tuple):
            return lambda row, draw: stated
        if len(stated) == 1 and isinstance(stated[0], Slot) and stated[0] == Slot(stated[0].name) and stated[0].name in self.columns:
            place, language = self.place_of[stated[0].name], self.language
            return lambda row, draw: _json_value(row[place], language)
        write = self._sequence(stated, truths)

        def text(row: Row, draw: Draw) -> str:
            pieces: list[Any] = []
            write(row, draw, pieces.append)
            return joined(pieces)

        return text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json_value(value: Any, language: Language) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else plainly(value, language)


def in_words(test: Test) -> str:
    """A condition, as its author may have written it."""
    if test.values is not None:
        told = " or ".join(str(value) for value in test.values)
        return f"{test.column} {'other than ' if test.negated else ''}{told}"
    bounds = (("at least", test.least), ("at most", test.most), ("above", test.above), ("below", test.below))
    return f"{test.column} " + " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)


# ---- functions from functions


def forms_around(slot: Slot) -> tuple[list[str], str | None, list[str]]:
    """The forms of each of several parts, what joins them, and the forms of all together: those before and after the joiner."""
    names = [form.name for form in slot.filters]
    place = next((place for place, name in enumerate(names) if name in JOINERS), None)
    return (names, None, []) if place is None else (names[:place], names[place], names[place + 1 :])


def _text_forms(slot: Slot) -> tuple[Filter, ...]:
    """The forms that what was written takes; those of a number belong to the number."""
    return () if slot.name.startswith("int:") else slot.filters


def _literal(text: str) -> Expand:
    write: Any = lambda row, draw, put: put(text)  # noqa: E731
    write.text = text
    return write  # type: ignore[no-any-return]


def picker(weights: Sequence[float]) -> Callable[[Draw], int]:
    """What draws a place in proportion to the weights."""
    size = len(weights)
    if len(set(weights)) == 1:
        return lambda draw: int(draw() * size)
    sums = list(accumulate(weights))
    total = sums[-1]
    return lambda draw: bisect(sums, draw() * total, 0, size - 1)


def _one_of(bodies: Sequence[Expand], weights: Sequence[float]) -> Expand:
    if len(bodies) == 1:
        return bodies[0]
    size, last, even = len(bodies), len(bodies) - 1, len(set(weights)) == 1
    sums = list(accumulate(weights))
    total = sums[-1]
    texts = [getattr(body, "text", None) for body in bodies]
    if None not in texts:
        if even:
            return lambda row, draw, put: put(texts[int(draw() * size)])
        return lambda row, draw, put: put(texts[bisect(sums, draw() * total, 0, last)])
    several = tuple(bodies)
    if even:
        return lambda row, draw, put: several[int(draw() * size)](row, draw, put)
    return lambda row, draw, put: several[bisect(sums, draw() * total, 0, last)](row, draw, put)


def _by_chance(inner: Expand, chance: float) -> Expand:
    if chance >= 1:
        return inner

    def write(row: Row, draw: Draw, put: Put) -> None:
        if draw() < chance:
            inner(row, draw, put)

    return write


def _after(mark: Any, inner: Expand) -> Expand:
    def write(row: Row, draw: Draw, put: Put) -> None:
        put(mark)
        inner(row, draw, put)

    return write


def _between(mark: Open, inner: Expand) -> Expand:
    def write(row: Row, draw: Draw, put: Put) -> None:
        put(mark)
        inner(row, draw, put)
        put(CLOSE)

    return write


def _in_forms(inner: Expand, forms: Sequence[str], language: Language) -> Expand:
    if not forms:
        return inner

    def write(row: Row, draw: Draw, put: Put) -> None:
        pieces: list[Any] = []
        inner(row, draw, pieces.append)
        for form in forms:
            inflect(pieces, form, language)
        for piece in pieces:
            put(piece)

    return write


def _drawn_once(place: int, inner: Expand) -> Expand:
    def write(row: Row, draw: Draw, put: Put) -> None:
        pieces = row[place]
        if pieces is None:
            pieces = row[place] = []
            inner(row, draw, pieces.append)
        for piece in pieces:
            put(piece)

    return write


def different(count: int, size: int, pick: Callable[[Draw], int], draw: Draw) -> list[int]:
    """So many places, all different until each was there."""
    found: list[int] = []
    left: set[int] = set()
    for _ in range(count):
        if not left:
            left = set(range(size))
        place = pick(draw)
        tries = 0
        while place not in left and tries < 16:
            place, tries = pick(draw), tries + 1
        if place not in left:
            place = min(left)
        left.discard(place)
        found.append(place)
    return found
