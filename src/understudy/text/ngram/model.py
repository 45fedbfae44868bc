"""`NgramText`: texts drawn word by word from counts of what enough documents share. Needs no network, no weights, no card.

Statistical text: it has the words, phrases, lengths and label signals of what was learned, and no sense beyond a few words. It is of use
for training and testing classifiers, pipelines and search, for load tests, and where real text must not leave; it is of no use where
somebody reads it, and not for instruction data.

- Contexts of three words down to none, by label first (`levels.py`), so that words, pairs and label signals keep their frequencies.
- Of some texts drawn for each row one is kept that looks most like real ones (`choosing.py`): lengths, words and pairs.
- What fewer than `company` documents share never comes out: no word or number (`corpus.py`), no run of three words or more drawn together;
  and no more than `run` words in a row come from contexts of two words or more.
- With `epsilon` it is learned under differential privacy (`private.py`) instead: noise from the operating system, weaker text.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.core.record import FitRecord
from understudy.text.corpus import COMPANY, Corpus
from understudy.text.ngram.choosing import Taste, Texts, fit_taste, shared_pairs
from understudy.text.ngram.levels import Levels, Occurrences, Step
from understudy.text.ngram.sampling import draw
from understudy.text.synthesizer import TextSynthesizer

Integers = NDArray[np.int64]

DISCOUNT = 0.3
CANDIDATES = 16
RUN = 10
MOST_JUDGED = 20_000
"""Texts that the choice among candidates is learned from."""
FEWEST_JUDGED = 200
"""Texts that a label needs to be judged by itself."""


class NgramText(TextSynthesizer):
    """Texts from counts of words in context.

    Args:
        text, label, owner: the columns, where `fit` is not told them.
        company: documents that a word, and any run of three words or more, must occur in.
        merge: whether texts that are nearly the same count as one document; turn it off where many people say the same.
        run: words in a row, at most, that contexts of two words or more may give.
        candidates: texts drawn for each one that is kept, at least 1; 1 keeps the first.
    """

    name: ClassVar[str] = "text-ngram"
    counts: Levels
    taste: Taste
    longest: int

    def __init__(
        self, *, text: str | None = None, label: str | None = None, owner: str | None = None, company: int = COMPANY, merge: bool = True,
        run: int = RUN, candidates: int = CANDIDATES,
    ) -> None:  # fmt: skip
        super().__init__(text=text, label=label, owner=owner, company=company, merge=merge)
        for option, value in (("company", company), ("run", run), ("candidates", candidates)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"`{option}` must be an integer of at least 1, not {value!r}.")
        self.run, self.candidates = run, candidates

    def _learn(self, corpus: Corpus, *, seed: Stream, budget: Budget, progress: Progress, record: FitRecord) -> None:
        progress.stage("count words")
        lengths = np.diff(corpus.starts)
        self.longest = int(1.2 * np.quantile(lengths, 0.999)) + 5
        self.counts = Levels.fit(Occurrences.of(corpus), steps(corpus.levels is not None, self.company))
        self.taste = Taste.none(corpus.classes, len(corpus.vocabulary), self.longest)
        if self.candidates > 1 and not budget.exhausted and not progress.cancelled:
            progress.stage("learn to choose")
            self._learn_taste(corpus, seed)
        record.figures |= {"contexts": len(self.counts.keys), "followers": len(self.counts.followers)}
        record.note(
            "Statistical text: words, phrases, lengths and label signals are kept, meaning is not. Of use for training and testing "
            "classifiers and pipelines; not to be read, and not for instruction data."
        )

    def _learn_taste(self, corpus: Corpus, seed: Stream) -> None:
        rows = np.arange(corpus.texts)
        if len(rows) > MOST_JUDGED:
            rows = np.sort(seed.child("judged").generator().choice(rows, MOST_JUDGED, replace=False))
        counts = np.bincount(corpus.labels[rows], minlength=corpus.classes)
        alone = np.flatnonzero(counts >= FEWEST_JUDGED)
        groups = np.zeros(corpus.classes, np.int64)
        groups[alone] = np.arange(len(alone)) + (len(alone) < corpus.classes)
        lengths = np.diff(corpus.starts)[rows]
        tokens = corpus.tokens[np.repeat(corpus.starts[rows] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())]
        real = Texts(tokens.astype(np.int64), np.concatenate([[0], np.cumsum(lengths)]), corpus.labels[rows], corpus.weights[rows])
        pairs = shared_pairs(corpus, max(self.company, 2))
        self.taste = fit_taste(
            real, self._drawn, pairs, groups, len(corpus.vocabulary), self.longest, rounds=1, stream=seed.child("taste")
        )  # fmt: skip

    def _write(self, labels: Integers, rng: Stream) -> tuple[Integers, Integers]:
        return self._drawn(self.taste, labels, rng)

    def _drawn(self, taste: Taste, labels: Integers, rng: Stream) -> tuple[Integers, Integers]:
        end = len(self.fills.vocabulary)
        return draw(
            self.counts, taste, labels, end, longest=self.longest, candidates=self.candidates, run=self.run, rng=rng.generator()
        )  # fmt: skip

    def _learned(self) -> State:
        arrays: dict[str, NDArray[Any]] = {f"counts.{name}": array for name, array in self.counts.arrays().items()}
        arrays |= {f"taste.{name}": array for name, array in self.taste.arrays().items()}
        facts = {
            "steps": [list(step) for step in self.counts.steps],
            "longest": self.longest,
            "run": self.run,
            "candidates": self.candidates,
        }
        return State(facts, arrays)

    def _relearn(self, state: State) -> None:
        facts = state.manifest
        self.longest, self.run, self.candidates = facts["longest"], facts["run"], facts["candidates"]
        self.counts = Levels.from_arrays(facts["steps"], _below(state.arrays, "counts."))
        self.taste = Taste.from_arrays(_below(state.arrays, "taste."))


def steps(labelled: bool, company: int) -> list[Step]:
    """The way down: three words of context to none, by label, then without."""
    down = [
        Step(4, labelled, company, DISCOUNT),
        Step(3, labelled, company, DISCOUNT),
        Step(2, labelled, 1, DISCOUNT),
        Step(1, labelled, 1, DISCOUNT),
    ]
    return [*down, Step(1, False, 1, 0.0)] if labelled else down


def _below(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
