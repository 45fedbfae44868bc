"""The way `template`: a grammar writes the texts. Labels, spans and facts are exact, for they are known before the text is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product, repeat
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, ProofError
from understudy.core.random import Stream
from understudy.data.constraints import Contradiction
from understudy.data.keyed import key_of, uniforms
from understudy.data.texts.records import as_series
from understudy.text.grammar.checking import check_grammar, check_reach
from understudy.text.grammar.compiling import Grammar, Truths
from understudy.text.grammar.languages import language
from understudy.text.grammar.sides import Pairs
from understudy.text.spec.attributes import Attributes, spread
from understudy.text.spec.text_spec import TextSpec
from understudy.text.tasks.task import Compose
from understudy.text.ways.way import Way

DRAWS = 64
"""Numbers that are made at once for a row; a text that needs more gets them."""
_MOST_DRAWS = 1 << 20
_MOST_COMBINATIONS = 4096
_MOST_KEPT = 20_000


class Template(Way):
    """Writes by the grammar in the spec's section `template`."""

    name = "template"

    def __init__(self, spec: TextSpec, rows: Attributes) -> None:
        assert spec.template is not None
        self._spec, self._task = spec, spec.of_task
        self._starts = self._task.starts(spec)
        codes = [spec.language] if isinstance(spec.language, str) else [spec.language["source"], spec.language["target"]]
        try:
            languages = [language(code) for code in codes]
        except ArgumentError as error:
            raise Contradiction(error.what, error.remedy, at=("language",)) from None
        marked = self._marked(rows)
        locale = spec.locale if isinstance(spec.locale, str) else next(iter(spec.locale))
        self._grammar = Grammar(spec.grammar, rows.kinds, languages[0], tuple(spec.template.once), marked, locale)
        self._pairs = Pairs(self._grammar, (languages[0], languages[-1])) if self._task.paired else None
        self._composed: dict[Truths, Compose] = {}
        self._of_values: dict[tuple[Any, ...], Compose] = {}
        try:
            check_grammar(self._grammar, list(self._starts.values()), self._task.allowed, languages, rows.domains())
        except Contradiction as error:
            raise _in_rules(error) from None
        possible = self._possible(rows)
        try:
            check_reach(self._grammar, [*self._starts.values(), *spec.template.once], possible)
        except Contradiction as error:
            raise _in_rules(error) from None
        except RecursionError:
            raise Contradiction("The rules lead too deep into one another.", at=("template", "rules")) from None

    @classmethod
    def of(cls, spec: TextSpec, rows: Attributes, folder: Path, kept: Mapping[str, pl.DataFrame]) -> Self:
        return cls(spec, rows)

    def says(self) -> list[str]:
        return [
            "Texts are written by a grammar: labels, spans and facts are exact, and no text of anyone is in them.",
            "They are as varied and as fluent as the grammar is: good for pipelines, tests, spans and rare cases; a model that learns from "
            "them alone learns the grammar.",
        ]

    def _marked(self, rows: Attributes) -> frozenset[str]:
        """The columns whose values are spans where a document writes them."""
        return frozenset(name for name in rows.visible if name != "case") if self._task.marks_columns else frozenset()

    # -- at work

    def write(self, rows: pl.DataFrame, numbers: NDArray[np.int64], rng: Stream) -> pl.DataFrame:
        outputs = self._task.outputs(self._spec)
        lists = {name: rows[name].to_list() for name in dict.fromkeys([*self._grammar.written_columns, *self._deciding])}
        fields = _zipped([lists[name] for name in self._grammar.written_columns], rows.height)
        deciding = _zipped([lists[name] for name in self._deciding], rows.height)
        once = [None] * len(self._grammar.once)
        key = key_of(rng, "text", "template")
        made = []
        for number, values, decided, draws in zip(numbers.tolist(), fields, deciding, _draws(numbers, key, DRAWS), strict=True):
            compose = self._of_values.get(decided) or self._compose_for(decided)
            row = [*values, *once] if once else values
            try:
                made.append(compose(row, iter(draws).__next__))
            except StopIteration:
                made.append(self._longer(compose, values, number, key))
        columns = zip(*made, strict=True) if made else repeat(())
        return pl.DataFrame([as_series(name, list(found), dtype) for (name, dtype), found in zip(outputs.items(), columns, strict=False)])

    def _longer(self, compose: Compose, values: tuple[Any, ...], number: int, key: np.uint64) -> tuple[Any, ...]:
        """A text that needs more draws than most: written again with more of them, of which the first are the same."""
        size = DRAWS
        while size < _MOST_DRAWS:
            size *= 8
            (draws,) = _draws(np.array([number]), key, size)
            try:
                return compose([*values, *[None] * len(self._grammar.once)], iter(draws).__next__)
            except StopIteration:
                continue
        raise ProofError(
            f"The text of row {number} has no end.", where="template.rules", remedy="Give its rules more alternatives that end."
        )

    @cached_property
    def _deciding(self) -> list[str]:
        """The columns that decide which alternatives there are."""
        return list(dict.fromkeys([*(test.column for test in self._grammar.tests), *self._task.decides(self._spec)]))

    def _compose_for(self, decided: tuple[Any, ...]) -> Compose:
        """What writes the rows of these values; made once for all values of which the same tests hold."""
        values = dict(zip(self._deciding, decided, strict=True))
        truths = self._grammar.truths(values)
        asked = tuple(values[name] for name in self._task.decides(self._spec))
        key = (*truths, *asked)
        if key not in self._composed:
            writers: dict[str, Any] = {
                name: self._pairs.expand(rule, truths) if self._pairs is not None else self._grammar.expand(rule, truths)
                for name, rule in self._starts.items()
            }
            self._composed[key] = self._task.composed(self._spec, writers, lambda name, value: values.get(name) == value)
        if len(self._of_values) >= _MOST_KEPT:
            self._of_values.clear()
        self._of_values[decided] = self._composed[key]
        return self._composed[key]

    # -- before work

    def _possible(self, rows: Attributes) -> set[Truths]:
        """The truths that rows can have: all of them where columns are drawn each by itself, those of many rows where not."""
        domains, names = rows.domains(), self._deciding
        if not names:
            return {()}
        if rows.independent(names) and all(domains[name] for name in names):
            size = int(np.prod([float(len(domains[name] or ())) for name in names]))
            if size <= _MOST_COMBINATIONS:
                return set(self._combinations(names, domains))
        numbers = np.arange(min(_MOST_COMBINATIONS, rows.height or _MOST_COMBINATIONS))
        found: set[Truths] = set()
        for frame in rows.tried(numbers):
            found |= {self._grammar.truths(values) for values in frame.select(names).unique().iter_rows(named=True)}
        return found

    def _combinations(self, names: list[str], domains: Mapping[str, Any]) -> Iterator[Truths]:
        cases = [None, *(name for name, case in self._spec.cases.items() if case.rate > 0)]
        for case in cases:
            fixed = self._spec.cases[case].set if case is not None else {}
            choices = [[case] if name == "case" else list(spread(fixed[name])) if name in fixed else domains[name] for name in names]
            for values in product(*choices):
                yield self._grammar.truths(dict(zip(names, values, strict=True)))


def _draws(numbers: NDArray[np.int64], key: np.uint64, size: int) -> list[list[float]]:
    """(n, size) numbers in [0, 1) that belong to the rows."""
    places = (numbers[:, None] << 20) + np.arange(size)
    found: Any = uniforms(places.ravel(), key).reshape(places.shape).tolist()
    return list(found)


def _in_rules(error: Contradiction) -> Contradiction:
    return Contradiction(error.what, error.remedy, at=("template", "rules", *error.at))


def _zipped(lists: list[list[Any]], height: int) -> Iterator[tuple[Any, ...]]:
    return zip(*lists, strict=True) if lists else repeat((), height)
