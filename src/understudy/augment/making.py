"""The steps of an augmentation carried out: rows drawn, sifted, searched for, each with the reason for it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from understudy.augment.addition import Addition, Step
from understudy.augment.cells import named
from understudy.augment.cover import Covering
from understudy.augment.edge_cases import EdgeCase
from understudy.augment.sieve import Sieve
from understudy.augment.source import Part, Source
from understudy.augment.unlikely import CANDIDATES, MOST_CANDIDATES, Judge, least_likely
from understudy.core.errors import Cancelled, ConditionError
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.data.table import Table

MOST_SIFTED = 20
"""Candidates a wanted row that may pass the sieve, at the most."""
_BATCH = 8_192


class UnmetWarning(UserWarning):
    """Fewer rows were made than were asked for."""


class Maker:
    """Makes what was asked for, and keeps what was made and why.

    Attributes:
        parts: synthetic rows in the order in which they were made.
        steps: what was asked for and what came of it.
    """

    def __init__(self, source: Source, real: Table, kept: pl.DataFrame, stream: Stream, listener: Progress) -> None:
        self.source, self.parts, self.steps = source, list[Part](), list[Step]()
        self._real, self._kept, self._stream, self._listener = real, kept, stream, listener

    @property
    def made(self) -> int:
        """Synthetic rows so far."""
        return sum(part.rows.height for part in self.parts)

    def add(self, addition: Addition, sieve: Sieve | None = None) -> None:
        """Rows under conditions; a condition that the model cannot meet is noted, not raised."""
        self._unless_cancelled()
        if not addition.rows:
            return
        try:
            rows, tried = self._sifted(addition, sieve)
        except ConditionError as error:
            self._note(Step(addition.why, addition.rows, 0, reason_of(error)))
            return
        self._keep(rows, addition.why)
        short = rows.height < addition.rows
        reason = f"of {tried:,} candidates only these are of the class by what the real rows say" if short else ""
        self._note(Step(addition.why, addition.rows, rows.height, reason, tried if sieve is not None else None))

    def balance(self, additions: Sequence[Addition], sieve: Sieve | None) -> None:
        """All cells of a balance."""
        self._listener.stage("balance", total=len(additions))
        for number, addition in enumerate(additions):
            self.add(addition, sieve)
            self._listener.advance(number + 1)

    def cover(self, covering: Covering) -> None:
        """Thin values, rarest first, less what the rows made so far have filled already; then the least likely; then edge cases."""
        self._listener.stage("cover", total=len(covering.thin) + len(covering.edge_cases) + bool(covering.unlikely))
        for number, thin in enumerate(covering.thin):
            there = thin.rows(self._kept) + sum(thin.rows(part.rows) for part in self.parts)
            self.add(Addition(max(0, covering.min_count - there), thin.given, thin.why))
            self._listener.advance(number + 1)
        if covering.unlikely:
            self._add_unlikely(covering.unlikely)
        for case in covering.edge_cases:
            self._search(case)

    # -- one addition

    def _sifted(self, addition: Addition, sieve: Sieve | None) -> tuple[pl.DataFrame, int]:
        """The rows, and how many candidates were drawn for them."""
        if sieve is None or addition.given is None:
            return self.source.take(addition.rows, addition.given), addition.rows
        found, tried = list[pl.DataFrame](), 0
        while sum(part.height for part in found) < addition.rows and tried < MOST_SIFTED * addition.rows:
            wanted = addition.rows - sum(part.height for part in found)
            made = self.source.take(min(2 * wanted + 100, MOST_SIFTED * addition.rows - tried), addition.given)
            passed = sieve.keeps(made, addition.given, self._stream.child("sieve", addition.why, tried))
            found.append(made.filter(pl.Series(passed)))
            tried += made.height
        return pl.concat(found).head(addition.rows), tried

    # -- the least likely

    def _add_unlikely(self, rows: int) -> None:
        self._unless_cancelled()
        judge = Judge(self.source.model, self._real, seed=self.source.seed)
        candidates = min(CANDIDATES * rows, MOST_CANDIDATES)
        made = self.source.take(candidates)
        chosen = made[least_likely(judge.log_prob(made), rows)]
        why = "cover: least likely rows"
        self._keep(chosen, why)
        by = f', as the method "{judge.name}" sees it' if judge.name else ""
        share = chosen.height / candidates
        self._note(Step(why, rows, chosen.height, f"the least likely {share:.2g} of {candidates:,} valid rows{by}", candidates))

    # -- edge cases

    def _search(self, case: EdgeCase) -> None:
        """Candidates under the narrowest conditions that the model can meet, until enough count or the bound is reached."""
        self._unless_cancelled()
        why = f"cover: {case.name}"
        for given in _narrowest_first(case):
            try:
                found, tried = self._found(case, given)
            except ConditionError as error:
                reason = reason_of(error)
                continue
            self._keep(found, why)
            self._note(Step(why, case.rows, found.height, _search_in_words(found.height, tried, given), tried))
            return
        self._note(Step(why, case.rows, 0, reason, 0))

    def _found(self, case: EdgeCase, given: Mapping[str, Any] | None) -> tuple[pl.DataFrame, int]:
        found, count, tried = [self._kept.clear()], 0, 0
        while count < case.rows and tried < case.most_tried:
            self._unless_cancelled()
            made = self.source.take(min(_BATCH, case.most_tried - tried), given)
            tried += made.height
            met = made.filter(case.meets(made))
            found.append(met)
            count += met.height
        return pl.concat(found).head(case.rows), tried

    # -- keeping

    def _keep(self, rows: pl.DataFrame, why: str) -> None:
        if rows.height:
            self.parts.append(Part(rows, why))

    def _note(self, step: Step) -> None:
        self.steps.append(step)
        if step.unmet:
            text = f"{step.why}: {step.made:,} of {step.wanted:,} rows"
            warnings.warn(f"{text} ({step.reason})" if step.reason else text, UnmetWarning, stacklevel=4)

    def _unless_cancelled(self) -> None:
        if self._listener.cancelled:
            raise Cancelled("The augmentation was stopped on request.")


def reason_of(error: ConditionError) -> str:
    """The error as part of a sentence."""
    what = error.what.rstrip(".")
    return f"{what} ({error.remedy.rstrip('.')})" if error.remedy else what


def _narrowest_first(case: EdgeCase) -> list[Mapping[str, Any] | None]:
    given = dict(case.given or {})
    conditions = [{**given, **case.narrowed}, given] if case.narrowed else [given]
    return [wanted or None for wanted in conditions]


def _search_in_words(found: int, tried: int, given: Mapping[str, Any] | None) -> str:
    among = f" made under {named(given)}" if given else ""
    return f"{found:,} found among {tried:,} candidates{among}" if found else f"none found among {tried:,} candidates{among}"
