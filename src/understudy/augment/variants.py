"""The training sets that a study compares: real rows, and what can be added to them or put in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.augment.encoding import Encoding
from understudy.augment.learner import Rows
from understudy.augment.making import MOST_SIFTED
from understudy.augment.sieve import Sieve
from understudy.augment.smote import smote
from understudy.augment.source import Source
from understudy.core.errors import ConditionError
from understudy.core.random import Stream

Family = Literal["real", "weights", "oversampling", "smote", "synthetic", "alone"]


@dataclass(frozen=True)
class SetFacts:
    """What is kept of a training set once a model has learned it.

    Args:
        key: stable name, "balance_0.33".
        name: for people, "real + synthetic, rare class at 10 %".
        size: rows. made: of these, rows that are not real.
        share: of the rare class; None where it is the natural one.
        ask: how `augment` makes the same, as its arguments.
    """

    key: str
    name: str
    family: Family
    size: int
    made: int
    share: float | None
    ask: Mapping[str, Any] | None


@dataclass(frozen=True)
class TrainingSet:
    """Rows to train on; `weights`: one a row, or None; the rest as in `SetFacts`."""

    key: str
    name: str
    family: Family
    rows: Rows
    made: int = 0
    share: float | None = None
    weights: NDArray[np.float64] | None = None
    ask: Mapping[str, Any] | None = None

    @property
    def facts(self) -> SetFacts:
        return SetFacts(self.key, self.name, self.family, len(self.rows), self.made, self.share, self.ask)


@dataclass(frozen=True)
class Effort:
    """What a study tries: see `understudy.augment.study`."""

    strengths: Sequence[float]
    mixes: Sequence[float]
    beside: Sequence[str]
    sieve: bool


class Fold:
    """One split's training rows, and the generator that was fitted on them and on nothing else.

    Args:
        train: real rows; class numbers, or numbers.
        whole: the same rows with their target, as the generator saw them.
        levels: the target's values by class number; empty for numbers.
    """

    def __init__(
        self, train: Rows, whole: pl.DataFrame, source: Source, encoding: Encoding, target: str, levels: Sequence[Any], stream: Stream
    ) -> None:
        self.train, self.whole, self.source, self.encoding, self.target = train, whole, source, encoding, target
        self._levels, self._stream = list(levels), stream
        self._made: dict[int, pl.DataFrame] = {}
        self.missed: set[str] = set()
        self.counts = np.bincount(train.target, minlength=len(levels)) if levels else np.zeros(0, np.int64)

    # -- targets

    def targets(self, strength: float) -> dict[int, int]:
        """Rows that each class has in the end: shares in proportion to p^(1 - strength), no real row left out."""
        shares = (self.counts / self.counts.sum()) ** (1 - strength)
        shares = shares / shares.sum()
        total = (self.counts / shares).max()
        return {place: max(int(count), round(share * total)) for place, (count, share) in enumerate(zip(self.counts, shares, strict=True))}

    def share(self, targets: Mapping[int, int]) -> float:
        return targets[len(self._levels) - 1] / sum(targets.values())

    def asked(self, targets: Mapping[int, int]) -> Any:
        """These targets as `augment` takes them."""
        if len(set(targets.values())) == 1:
            return self.target
        total = sum(targets.values())
        return {self.target: {level: round(targets[place] / total, 3) for place, level in enumerate(self._levels) if place}}

    # -- synthetic rows

    def balanced(self, targets: Mapping[int, int], sieve: Sieve | None) -> Rows | None:
        """Synthetic rows that lift each class to its target; None where the model can make no row of a class that needs some."""
        parts = []
        for place, wanted in targets.items():
            if wanted <= self.counts[place]:
                continue
            made = self._of_class(place, wanted - int(self.counts[place]), sieve)
            if made is None:
                return None
            parts.append(Rows(made.drop(self.target), np.full(made.height, place)))
        return None if not parts else _joined(parts)

    def prepare(self, most: Mapping[int, int], sieve: Sieve | None) -> None:
        """Make the rows of the strongest balance once; milder ones take the first of them."""
        for place, wanted in most.items():
            if wanted > self.counts[place]:
                self._of_class(place, wanted - int(self.counts[place]), sieve)

    def _of_class(self, place: int, rows: int, sieve: Sieve | None) -> pl.DataFrame | None:
        if place not in self._made:
            made = self._drawn(place, rows, sieve)
            if made is None:
                return None
            self._made[place] = made
        return self._made[place].head(rows)

    def _drawn(self, place: int, rows: int, sieve: Sieve | None) -> pl.DataFrame | None:
        given = {self.target: self._levels[place]}
        found, count, tried = list[pl.DataFrame](), 0, 0
        try:
            while count < rows and tried < MOST_SIFTED * rows:
                made = self.source.take(rows - count if sieve is None else 2 * (rows - count) + 100, given)
                tried += made.height
                if sieve is not None:
                    made = made.filter(pl.Series(sieve.keeps(made, given, self._stream.child("sieve", place, tried))))
                found.append(made)
                count += made.height
        except ConditionError as error:
            self.missed.add(f"{self._levels[place]}: {error.what}")
            return None
        return pl.concat(found)

    def natural(self, rows: int, known: Callable[[pl.DataFrame], Rows]) -> Rows:
        """Synthetic rows as the model makes them."""
        return known(self.source.take(rows))


def training_sets(fold: Fold, effort: Effort, known: Callable[[pl.DataFrame], Rows], seed: int) -> list[TrainingSet]:
    """All of one split, real rows first.

    Args:
        known: rows with their target as `Rows`; rows whose target is missing or no class are left out.
    """
    real = fold.train
    sets = [TrainingSet("real", "real rows alone", "real", real)]
    if len(fold.counts):
        sets += [*_plain(fold, effort, seed), *_smotes(fold, effort, seed), *_balances(fold, effort)]
    most = max([1.0, *effort.mixes])
    made = fold.natural(round(most * len(real)), known)
    for mix in effort.mixes:
        part = made.take(np.arange(min(round(mix * len(real)), len(made))))
        name = f"real + {mix:g} × as many synthetic rows" if mix != 1 else "real + as many synthetic rows"
        sets.append(TrainingSet(f"mix_{mix:g}", name, "synthetic", real + part, len(part), ask={"mix": round(mix / (1 + mix), 4)}))
    alone = made.take(np.arange(min(len(real), len(made))))
    if len(alone):
        sets.append(TrainingSet("alone", "synthetic rows alone", "alone", alone, len(alone)))
    return sets


def _plain(fold: Fold, effort: Effort, seed: int) -> list[TrainingSet]:
    """What needs no new row: weights, and real rows more than once."""
    real, sets = fold.train, []
    if "weights" in effort.beside:
        weights = len(real) / (np.count_nonzero(fold.counts) * np.maximum(fold.counts, 1))[real.target]
        sets.append(TrainingSet("weights", "real rows, class weights", "weights", real, weights=weights))
    if "oversampling" in effort.beside:
        rng, targets = np.random.default_rng(seed), fold.targets(1.0)
        again = [rng.choice(np.flatnonzero(real.target == k), rows - int(fold.counts[k])) for k, rows in targets.items() if fold.counts[k]]
        places = np.concatenate(again)
        rows = real + real.take(places)
        sets.append(
            TrainingSet("oversampling", "random oversampling to equal classes", "oversampling", rows, len(places), fold.share(targets))
        )
    return sets


def _smotes(fold: Fold, effort: Effort, seed: int) -> list[TrainingSet]:
    sets: list[TrainingSet] = []
    for strength in effort.strengths if "smote" in effort.beside else ():
        targets = fold.targets(strength)
        made, kind = smote(fold.train, fold.encoding, targets, seed)
        if made is not None:
            name = f"{kind}, {_at(fold, targets)}"
            sets.append(TrainingSet(f"smote_{strength:.2g}", name, "smote", fold.train + made, len(made), fold.share(targets)))
    return sets


def _balances(fold: Fold, effort: Effort) -> list[TrainingSet]:
    sets: list[TrainingSet] = []
    sieve = Sieve(fold.source.schema, fold.whole, [fold.target]) if effort.sieve else None
    if effort.strengths:
        fold.prepare(fold.targets(max(effort.strengths)), sieve)
    for strength in effort.strengths:
        targets = fold.targets(strength)
        made = fold.balanced(targets, sieve)
        if made is not None:
            name, share = f"real + synthetic, {_at(fold, targets)}", fold.share(targets)
            sets.append(
                TrainingSet(
                    f"balance_{strength:.2g}", name, "synthetic", fold.train + made, len(made), share, ask={"balance": fold.asked(targets)}
                )
            )
    return sets


def _at(fold: Fold, targets: Mapping[int, int]) -> str:
    return f"rare class at {100 * fold.share(targets):.0f} %" if len(set(targets.values())) > 1 else "equal classes"


def _joined(parts: Sequence[Rows]) -> Rows:
    return Rows(pl.concat([part.frame for part in parts]), np.concatenate([part.target for part in parts]))
