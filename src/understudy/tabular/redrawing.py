"""The one way in which rows are kept that fields cannot be asked for: finished rows are tested, and those that fail are drawn again.

What is tested: conditions that fields cannot express, declared rules that no derivation builds in, inequalities where the learner does not
keep them by itself, and keys that must not repeat. A block draws again for itself alone, a bounded number of times, so it depends on
(model, seed, index) as any block does. The rows that pass follow the learner's law given that they pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, ConstraintError, UnderstudyError
from understudy.core.random import Stream
from understudy.core.wording import counted
from understudy.data.condition import meets
from understudy.data.constraints import in_words
from understudy.tabular.uniqueness import Keys, Registry, Uniqueness, capacity, hashed, trials_for, wanted_rows

if TYPE_CHECKING:
    from understudy.tabular.synthesizer import Conditions, TableSynthesizer

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

ROUNDS = 64
"""How often a block is drawn anew, before rows are repeated or the rules called impossible."""
SMALLEST_DRAW = 256
TRIAL_ROWS = 2_048
TRIAL_ROUNDS = 64
SCARCE = 0.05
"""A share of passing rows below which the record says what the rules cost."""


def redrawn(
    model: TableSynthesizer, made: pl.DataFrame, rows: Rows, rng: Stream, given: Conditions | None, registry: Registry | None = None
) -> pl.DataFrame:
    """Finished typed rows of which every one passes the tests.

    Args:
        made: the first candidates as drawn, before constraints, with the row numbers of ``rows``.
        registry: the keys that other rows of the block hold already, where these are not all of it.
    """
    supply = _Supply(model, rows, rng, given, registry)
    finished = supply.finish(made)
    passed = supply.passes(finished)
    if passed.all() and len(finished) >= supply.wanted:
        return finished.head(supply.wanted)
    supply.take(made, passed)
    for attempt in range(supply.rounds):
        if supply.missing <= 0:
            break
        made = supply.draw(attempt)
        supply.take(made, supply.passes(supply.finish(made)))
    return supply.settled()


def registry_of(model: TableSynthesizer, rows: Rows, rng: Stream, taken: Sequence[Keys] = ()) -> Registry | None:
    """An empty registry for the block of these rows; None where no key is declared."""
    unique = model.constraints.unique
    if unique is None or not len(rows):
        return None
    return Registry(unique, int(rows[0]) // model.block_size, model.constraints.columns, rng, taken)


class _Supply:
    """The candidates of one block: how many are still missing, and how they are drawn and tested."""

    def __init__(self, model: TableSynthesizer, rows: Rows, rng: Stream, given: Conditions | None, registry: Registry | None) -> None:
        self.model, self.rows, self.rng, self.given = model, rows, rng, given
        self.tried = 0
        self.found: list[pl.DataFrame] = []
        self._failed: list[pl.DataFrame] = []
        unique = model.constraints.unique
        self.wanted, self.rounds, self._registry = len(rows), ROUNDS, registry
        if unique is not None and len(rows):
            if registry is None:
                self._registry = registry_of(model, rows, rng)
                most = unique.rows if given is None or given.most is None else given.most
                self.wanted = max(0, min(len(rows), most - int(rows[0])))
            # As many candidates as it took to find out how many keys there are, and as many again.
            self.rounds = max(ROUNDS, 2 * unique.trials * unique.blocks // self._smallest)

    @property
    def _smallest(self) -> int:
        return SMALLEST_DRAW if self._registry is None else 8 * SMALLEST_DRAW

    @property
    def missing(self) -> int:
        return self.wanted - sum(part.height for part in self.found)

    def finish(self, made: pl.DataFrame) -> pl.DataFrame:
        """Finished rows. Inequalities are not mended where rows that break them can be drawn again: a value on the bound is a poor one."""
        constraints = self.model.constraints
        return constraints.backward(made) if self.model._bounds_are_kept() else constraints.rebuilt(made)

    def passes(self, finished: pl.DataFrame) -> Mask:
        passed = self.model._passes(finished, self.given)
        if self._registry is not None and passed.any():
            passed[passed] = self._registry.admitted(finished.filter(pl.Series(passed)), self.missing)
        return np.asarray(passed)

    def take(self, made: pl.DataFrame, passed: Mask) -> None:
        self.tried += made.height
        self.found.append(made.filter(pl.Series(passed)))
        if not self.model._bounds_are_kept() and self._registry is None and self.model.constraints.inequalities:
            self._failed.append(made.filter(pl.Series(~passed)))

    def draw(self, attempt: int) -> pl.DataFrame:
        """As many candidates as the share that passed so far asks for."""
        share = max(1, sum(part.height for part in self.found)) / self.tried
        size = int(np.clip(1.2 * self.missing / share, self._smallest, max(len(self.rows), self._smallest)))
        return self.model._decoded(size, self.rng.child("again", attempt), self.given, np.resize(self.rows, size), texts=False)

    def settled(self) -> pl.DataFrame:
        """The rows found, in their order; mended, repeated or fewer where there are not enough."""
        kept = self._with_mended(pl.concat(self.found))
        if not kept.height and self.wanted:
            raise self._nothing()
        if kept.height < self.wanted and self._registry is None:
            warnings.warn(
                f"Only {kept.height} of {self.tried:,} candidates meet the conditions: rows are repeated to make {self.wanted}.",
                _scarce_rows(),
                stacklevel=2,
            )
            kept = kept[np.resize(np.arange(kept.height), self.wanted)]
        kept = kept.head(self.wanted)
        return self.finish(self.model.codec.remake(kept, self.rows[: kept.height], self.rng))

    def _with_mended(self, kept: pl.DataFrame) -> pl.DataFrame:
        """The last resort for inequalities: values moved onto the bound."""
        missing = self.wanted - kept.height
        if missing <= 0 or not self._failed:
            return kept
        constraints = self.model.constraints
        mended = constraints.mended(pl.concat(self._failed))
        passed = self.model._passes(constraints.rebuilt(mended), self.given)
        return pl.concat([kept, mended.filter(pl.Series(passed)).head(missing)])

    def _nothing(self) -> UnderstudyError:
        if self.given is None:
            return ConstraintError(f"No row that keeps all rules was found among {self.tried:,} candidates.", where="constraints")
        return ConditionError(
            f"No row that meets the conditions was found among {self.tried:,} candidates.", where="given",
            remedy="Each condition alone is possible, but not together in this model. Loosen one of them.",
        )  # fmt: skip


def _scarce_rows() -> type[Warning]:
    from understudy.tabular.synthesizer import ScarceRowsWarning

    return ScarceRowsWarning


# Trial rows, before anything is made


def try_rules(model: TableSynthesizer, given: Conditions | None, rng: Stream) -> float:
    """The share of trial rows that keep all that is tested.

    Raises:
        ConstraintError, ConditionError: none does; which rule or condition is kept least is told.
    """
    passed, tried, kept = 0, 0, dict[str, int]()
    mendable = _can_be_mended(model, given)
    for finished in _trial_rows(model, given, rng, TRIAL_ROWS, 1 if mendable else TRIAL_ROUNDS):
        passed, tried = passed + int(model._passes(finished, given).sum()), tried + finished.height
        for words, mask in _verdicts(model, finished, given):
            kept[words] = kept.get(words, 0) + int(mask.sum())
        if passed:
            break
    if passed or not tried or mendable:
        return passed / max(1, tried)
    words = min(kept, key=lambda name: kept[name])
    each = "; ".join(f"{name}: {count / tried:.1%}" for name, count in sorted(kept.items(), key=lambda item: item[1]))
    error = ConstraintError if given is None else ConditionError
    asked = (
        "keeps all rules" if given is None else "meets the conditions" + (" and keeps all rules" if len(kept) > len(given.tested) else "")
    )
    raise error(
        f"No row that {asked} was found among {tried:,} trial rows; kept least, by {kept[words] / tried:.1%} of them: {words}.",
        where="constraints" if given is None else "given", remedy=f"Loosen one of them. Kept, each by itself: {each}.",
    )  # fmt: skip


def _can_be_mended(model: TableSynthesizer, given: Conditions | None) -> bool:
    """Where inequalities alone are tested, values can be moved onto the bound at the last."""
    constraints = model.constraints
    return not constraints.tests and (given is None or not given.tested) and all(constraints.movable.values())


def _trial_rows(model: TableSynthesizer, given: Conditions | None, rng: Stream, size: int, rounds: int) -> Iterator[pl.DataFrame]:
    constraints = model.constraints
    for k in range(rounds):
        made = model._decoded(size, rng.child("trial", k), given, np.arange(k * size, (k + 1) * size, dtype=np.int64), texts=False)
        yield constraints.backward(made) if model._bounds_are_kept() else constraints.rebuilt(made)


def _verdicts(model: TableSynthesizer, finished: pl.DataFrame, given: Conditions | None) -> Iterator[tuple[str, Mask]]:
    yield from model.constraints.verdicts(finished)
    for condition in () if given is None else given.tested:
        yield str(condition), np.asarray(meets(finished[condition.column], condition))


def share_in_words(share: float) -> str:
    return f"about {counted(round(1 / share), 'candidate', 'candidates')} are drawn for every row that keeps all rules"


# Keys that must not repeat: how many there are


def fit_uniqueness(model: TableSynthesizer, learned: int, rng: Stream) -> Uniqueness:
    """How many rows with different keys the model can make, as far as they are wanted."""
    rules = model.constraints.keys
    wanted = wanted_rows([rule.most for rule in rules], learned)
    keys = [tuple(rule.columns) for rule in rules]
    rows, trials = _rows_to_be_had(model, keys, None, wanted, rng)
    if not rows:
        raise ConstraintError("No row keeps all rules, so none has a key.", where="; ".join(in_words(rule) for rule in rules))
    return Uniqueness.of(keys, rows, trials)


def most_given(model: TableSynthesizer, unique: Uniqueness, given: Conditions, rng: Stream) -> int:
    """How many rows with different keys can be had under conditions."""
    rows = _rows_to_be_had(model, unique.keys, given, unique.rows, rng)[0]
    # A block has its share of the keys only, and the next begins where it is full.
    share = rows // unique.blocks
    return unique.rows if share >= unique.block_size else share


def _rows_to_be_had(model: TableSynthesizer, keys: Any, given: Conditions | None, wanted: int, rng: Stream) -> tuple[int, int]:
    trials = trials_for(wanted)
    size = min(trials, model.__class__.block_size)
    found: list[list[tuple[Any, Any]]] = [[] for _ in keys]
    for finished in _trial_rows(model, given, rng, size, -(-trials // size)):
        kept = finished.filter(pl.Series(model._passes(finished, given)))
        for k, names in enumerate(keys):
            found[k].append(hashed(kept, names, model.constraints.columns))
    rows = wanted
    for parts in found:
        hashes, there = (np.concatenate(column) for column in zip(*parts, strict=True))
        rows = min(rows, capacity(hashes, there, wanted) if len(hashes) else 0)
    return rows, trials
