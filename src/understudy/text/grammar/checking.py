"""A grammar against itself and against the row's columns: what cannot be is told before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.rules.words import WORDS
from understudy.text.grammar.compiling import Grammar, Truths
from understudy.text.grammar.inflection import JOINERS, require_form, require_form_of_rule
from understudy.text.grammar.languages.language import Language
from understudy.text.grammar.reading import Slot
from understudy.text.grammar.rules import Alternative, Call, Rule, Test, Turn, slots_in
from understudy.text.grammar.vocabulary import is_word, number_range, words_of

MOST_GROWTH = 0.95
"""Above it a rule that leads back to itself is taken to write texts without end (at 1 it does)."""


@dataclass(frozen=True)
class Allowed:
    """What a task's texts may hold. sides, turns: two sides; turns of a conversation. labels: spans with names of one's own."""

    sides: bool = False
    turns: bool = False
    labels: bool = False


def check_grammar(
    grammar: Grammar,
    starts: Iterable[str],
    allowed: Allowed,
    languages: Sequence[Language],
    domains: Mapping[str, Sequence[Any] | None],
) -> None:
    """Raise `Contradiction`, with its place under `rules`, for the first thing that cannot be.

    domains: the values that a column can have; None: they are not known.
    """
    for name in (*starts, *grammar.once):
        if name not in grammar.rules:
            raise Contradiction(f'There is no rule "{name}".', did_you_mean(name, grammar.rules), at=(name,))
    for rule in grammar.rules.values():
        if rule.name in grammar.columns:
            raise Contradiction(f'"{rule.name}" is a column and a rule.', "Give the rule another name.", at=(rule.name,))
        for alternative in rule.alternatives:
            _check_alternative(grammar, rule, alternative, allowed, languages, domains)


def _check_alternative(
    grammar: Grammar,
    rule: Rule,
    alternative: Alternative,
    allowed: Allowed,
    languages: Sequence[Language],
    domains: Mapping[str, Sequence[Any] | None],
) -> None:
    if alternative.sides is not None and not allowed.sides:
        raise Contradiction("Texts of this task have one side.", "Write text: in the place of source: and target:.", at=alternative.at)
    if any(isinstance(part, Turn | Call) for part in alternative.body) and not allowed.turns:
        raise Contradiction(
            "Only conversations have turns.", "Write text: in the place of turns:, or task: conversation.", at=alternative.at
        )
    for test in alternative.tests:
        _check_test(test, domains, alternative)
    for slot in slots_in(alternative):
        try:
            _check_slot(grammar, slot, allowed, languages)
        except Contradiction as error:
            raise Contradiction(error.what, error.remedy, at=alternative.at) from None


def _check_test(test: Test, domains: Mapping[str, Sequence[Any] | None], alternative: Alternative) -> None:
    if test.column not in domains:
        remedy = did_you_mean(test.column, domains, shown=20)
        raise Contradiction(f'The condition names "{test.column}", which is no column of the rows.', remedy, at=alternative.at)
    domain = domains[test.column]
    if domain is None:
        return
    for value in test.values or ():
        if not any(value == known and isinstance(value, bool) == isinstance(known, bool) for known in domain):
            known = [str(value) for value in domain if value is not None]
            raise Contradiction(
                f'"{value}" is no value of the column "{test.column}".', did_you_mean(str(value), known, shown=20), at=alternative.at
            )


def _check_slot(grammar: Grammar, slot: Slot, allowed: Allowed, languages: Sequence[Language]) -> None:
    known = slot.name in grammar.rules or slot.name in grammar.columns
    if not known and not is_word(slot.name):
        choices = [*grammar.rules, *grammar.columns, *(f"word:{of}" for of in WORDS), "int:1-9"]
        raise Contradiction(f'There is no rule and no column "{slot.name}".', did_you_mean(slot.name, choices, shown=20))
    if slot.name.startswith("word:"):
        words_of(slot.name, grammar.locale)
    number_range(slot.name)
    if slot.label is not None and not allowed.labels:
        raise Contradiction(f"Texts of this task have no spans ({slot.name} as {slot.label}).", "Leave out `as`.")
    if slot.times is not None:
        _check_times(grammar, slot)
    _check_forms(grammar, slot, languages)


def _check_times(grammar: Grammar, slot: Slot) -> None:
    assert slot.times is not None
    if slot.name not in grammar.rules:
        raise Contradiction(f'"{slot.name}" is no rule, so that it has no alternatives to take several of.')
    if slot.name in grammar.once:
        raise Contradiction(f'"{slot.name}" is drawn once a row, so that it cannot be taken several times.')
    column = slot.times.column
    if column is None:
        return
    if column not in grammar.columns:
        whole = [name for name, kind in grammar.columns.items() if kind == "whole"]
        raise Contradiction(f'There is no column "{column}" that says how many times.', did_you_mean(column, whole))
    if grammar.columns[column] != "whole":
        raise Contradiction(f'The column "{column}" holds no whole numbers, so that it cannot say how many times.')


def _check_forms(grammar: Grammar, slot: Slot, languages: Sequence[Language]) -> None:
    forms = list(slot.filters)
    if slot.times is not None:
        forms = [form for form in forms if form.name not in JOINERS]
    kind: Any = "whole" if slot.name.startswith("int:") else grammar.columns.get(slot.name) if slot.times is None else None
    for language in languages:
        for place, form in enumerate(forms):
            if kind is None:
                require_form_of_rule(form, language)
            else:
                # What a form gives is text.
                require_form(form, kind if place == 0 else "text", language)


# ---- where rules lead


def check_reach(grammar: Grammar, starts: Sequence[str], truths: Iterable[Truths]) -> None:
    """Raise `Contradiction` where a rule that is needed has no alternative, or where writing has no end, in rows of these truths."""
    circular = _circle({name: grammar.named_by(rule) for name, rule in grammar.rules.items()}) is not None
    seen: set[tuple[str, Truths]] = set()
    for one in truths:
        _visit(grammar, starts, one, seen)
        if circular:
            reached = _reached(grammar, starts, one)
            if _circle(reached) is not None:
                _check_growth(grammar, reached, one)


def _visit(grammar: Grammar, starts: Sequence[str], truths: Truths, seen: set[tuple[str, Truths]]) -> None:
    """Ask every rule that is needed for its alternatives; a rule is asked once for each set of truths that matter to it."""
    left = list(starts)
    while left:
        name = left.pop()
        key = (name, tuple(truths[place] for place in grammar.relevant[name]))
        if key not in seen:
            seen.add(key)
            left += _named(grammar, name, truths)


def _named(grammar: Grammar, name: str, truths: Truths) -> list[str]:
    """The rules that the open alternatives of a rule name."""
    slots = [slot for a in grammar.open_alternatives(name, truths) for slot in slots_in(a)]
    return list(dict.fromkeys(slot.name for slot in slots if slot.name in grammar.rules))


def _reached(grammar: Grammar, starts: Sequence[str], truths: Truths) -> dict[str, list[str]]:
    """The rules that are needed, and those that each names."""
    found: dict[str, list[str]] = {}
    left = list(starts)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = _named(grammar, name, truths)
            left += found[name]
    return found


def _circle(below: Mapping[str, list[str]]) -> list[str] | None:
    """Rules that lead from one to itself; None: none does."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for other in below[name]:
            found = visit(other, [*path, name])
            if found:
                return found
        done.add(name)
        return None

    for name in below:
        found = visit(name, [])
        if found:
            return found
    return None


def _check_growth(grammar: Grammar, below: Mapping[str, list[str]], truths: Truths) -> None:
    """A grammar is a branching process: it ends if the matrix of expected uses of each rule by each has no eigenvalue of 1 or more
    (Harris, "The theory of branching processes", 1963, chapter II)."""
    order = {name: number for number, name in enumerate(below)}
    uses = np.zeros((len(order), len(order)))
    for name in order:
        open_ones = grammar.open_alternatives(name, truths)
        total = sum(a.weight for a in open_ones)
        for alternative in open_ones:
            for slot in slots_in(alternative):
                if slot.name in order and slot.name not in grammar.once:
                    times = 1.0 if slot.times is None else (slot.times.least + slot.times.most) / 2
                    uses[order[name], order[slot.name]] += alternative.weight / total * times * slot.chance
    growth = float(np.abs(np.linalg.eigvals(uses)).max())
    circle = _circle(below) or []
    if growth > MOST_GROWTH or any(name in grammar.once for name in circle):
        raise Contradiction(
            f"Rules lead back to themselves without end: {' → '.join(circle)}.",
            "Give one of them an alternative that ends, with more weight than those that go on.",
            at=(circle[0],),
        )
