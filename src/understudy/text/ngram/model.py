"""`NgramText`: texts drawn word by word from counts of what enough documents share. Needs no network, no weights, no card.

Statistical text: it has the words, phrases, lengths and label signals of what was learned, and no sense beyond a few words. It is of use
for training and testing classifiers, pipelines and search, for load tests, and where real text must not leave; it is of no use where
somebody reads it, and not for instruction data.

- Contexts of three words down to none, by label first (`levels.py`), so that words, pairs and label signals keep their frequencies; where
  words are too rare together, the kinds of words before (`grouping.py`) stand in for them.
- Of some texts drawn for each row one is kept that looks most like real ones (`choosing.py`): lengths, words and pairs.
- What fewer than `company` documents share never comes out: no word or number (`corpus.py`), no run of three words or more drawn
  together. Words that fewer than `phrases` documents have together are not drawn for that, and no more than `run` words in a row come
  from contexts of two words or more.
- It says how well it can be told whose texts were learned, where they are few enough for that to matter (`recognition.py`).
- With `epsilon` it is learned under differential privacy (`private.py`) instead: noise from the operating system, weaker text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.artifact import State, below
from understudy.core.budget import Budget
from understudy.core.errors import ArgumentError, DataError
from understudy.core.gaussian_mechanism import require_promise
from understudy.core.progress import Progress, Silent
from understudy.core.random import Stream
from understudy.core.record import FitRecord
from understudy.data.keyed import key_of, words
from understudy.data.table import as_table
from understudy.data.texts.corpus import COMPANY, Corpus, numbered_owners, prepared
from understudy.data.texts.fills import Fills
from understudy.data.texts.ngram.choosing import Taste, taste_of, taste_of_lengths
from understudy.data.texts.ngram.levels import Levels, Occurrences, Step
from understudy.data.texts.ngram.sampling import draw
from understudy.text.ngram.grouping import groups_of
from understudy.text.ngram.recognition import recognition
from understudy.text.synthesizer import TextSynthesizer

if TYPE_CHECKING:
    from understudy.data.table import Table

Integers = NDArray[np.int64]

DELTA = 1e-5
DISCOUNT = 0.3
CANDIDATES = 16
RUN = 10
PHRASES = 3
FEWEST_KINDS = 3
MOST_JUDGED = 20_000
"""Texts that the choice among candidates is learned from."""


class NgramText(TextSynthesizer):
    """Texts from counts of words in context.

    Args:
        text, label, owner: the columns, where `fit` is not told them.
        company: documents that a word, and any run of three words or more, must occur in.
        phrases: documents that words must have together, two or more in a row, to be drawn for that. More of them (5, 10) make it
            harder to recognise the texts that were learned; 1 follows them most closely.
        merge: whether texts that are nearly the same count as one document; turn it off where many people say the same.
        run: words in a row, at most, that contexts of two words or more may give.
        candidates: texts drawn for each one that is kept, at least 1; 1 keeps the first.
        epsilon, delta: learn under (epsilon, delta)-differential privacy for one text, or, with `owner`, all texts of one owner. The noise
            comes from the operating system: fits with the same seed differ. `company`, `phrases` and `merge` then mean nothing.
    """

    name: ClassVar[str] = "text-ngram"
    counts: Levels
    taste: Taste
    longest: int

    def __init__(
        self, *, text: str | None = None, label: str | None = None, owner: str | None = None, company: int = COMPANY, merge: bool = True,
        phrases: int = PHRASES, run: int = RUN, candidates: int = CANDIDATES,
        epsilon: float | None = None, delta: float = DELTA,
    ) -> None:  # fmt: skip
        super().__init__(text=text, label=label, owner=owner, company=company, merge=merge)
        for option, value in (("company", company), ("phrases", phrases), ("run", run), ("candidates", candidates)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"`{option}` must be an integer of at least 1, not {value!r}.")
        if epsilon is not None:
            require_promise(epsilon, delta)
        self.phrases, self.run, self.candidates, self.epsilon, self.delta = phrases, run, candidates, epsilon, delta

    def _learn(self, corpus: Corpus, *, seed: Stream, budget: Budget, progress: Progress, record: FitRecord) -> None:
        progress.stage("count words")
        lengths = np.diff(corpus.starts)
        self.longest = int(1.2 * np.quantile(lengths, 0.999)) + 5
        found = Occurrences.of(corpus)
        groups = groups_of(found, len(corpus.vocabulary), seed)
        self.counts = Levels.fit(found, steps(corpus.levels is not None, self.phrases, self.company), groups)
        self.taste = Taste.none(corpus.classes, len(corpus.vocabulary), self.longest)
        if self.candidates > 1 and not budget.exhausted and not progress.cancelled:
            progress.stage("learn to choose")
            self.taste = taste_of(corpus, max(self.phrases, self.company), self.longest, self._drawn, seed, MOST_JUDGED)
        record.figures |= {"contexts": len(self.counts.keys), "followers": len(self.counts.followers)}
        record.note(
            "Statistical text: words, phrases, lengths and label signals are kept, meaning is not. Of use for training and testing "
            "classifiers and pipelines; not to be read, and not for instruction data."
        )

    def _study(self, table: Table, stream: Stream, limit: Budget, listener: Progress, record: FitRecord) -> None:
        if self.epsilon is not None:
            self._study_privately(table, stream, record)
            return
        super()._study(table, stream, limit, listener, record)
        if not limit.exhausted and not listener.cancelled:
            listener.stage("try to recognise texts")
            self._try_to_recognise(table, stream.child("recognise"), record)

    def _try_to_recognise(self, table: Table, stream: Stream, record: FitRecord) -> None:
        """Tell how well it can be told whose texts were learned (`recognition.py`)."""
        columns = [column for column in (self.text, self.label, self.owner) if column is not None]
        frame = table.frame.select(columns).drop_nulls([column for column in columns if column != self.owner])
        texts = frame[str(self.text)].cast(pl.String).to_list()
        owners = list(range(frame.height)) if self.owner is None else frame[self.owner].to_list()

        def drawn(rows: Integers) -> list[str]:
            return self._of_part(as_table(frame[rows]), stream.child("half"))

        found = recognition(texts, numbered_owners(owners), drawn, stream)
        if found is None:
            return
        record.figures["recognised"] = {"auc": round(found.auc.value, 4), "low": round(found.auc.interval[0], 4), "of_texts": found.texts}
        if found.in_words is not None:
            record.note(found.in_words)

    def _of_part(self, part: Table, stream: Stream) -> list[str]:
        """As many texts as a part of the table has, by a model like this of that part alone; none where nothing can be learned from it."""
        model = NgramText(
            text=self.text, label=self.label, owner=self.owner, company=self.company, merge=self.merge, phrases=self.phrases,
            run=self.run, candidates=self.candidates,
        )  # fmt: skip
        try:
            TextSynthesizer._study(model, part, stream, Budget().start(), Silent(), FitRecord())
        except DataError:
            return []
        return model._write(model._prepare(None).of(0, part.rows, stream), stream.child("drawn"))

    def _study_privately(self, table: Table, stream: Stream, record: FitRecord) -> None:
        """What is told here, too, follows from what was released."""
        from understudy.text.ngram.private import LONGEST, learn

        assert self.text is not None
        assert self.epsilon is not None
        record.decisions.clear()
        found = prepared(table, self.text, self.label, self.owner)
        private = learn(found, self.epsilon, self.delta)
        self._take_over(table, None if found.levels is None else found.levels.gather(private.levels))
        self.shares, self.counts, self.longest = private.shares, private.counts, LONGEST
        self.fills = Fills(private.vocabulary, *private.members)
        self.taste = taste_of_lengths(private.lengths, self._drawn, len(private.vocabulary), stream.child("learn", "taste"))
        record.figures |= {"words_known": int((~self.fills.is_fill).sum()), "privacy": private.release.to_dict()}
        record.decide(self.text, "personal data replaced by made-up ones before learning", "they point to someone")
        record.decide(
            self.text, f"learned under differential privacy, epsilon {self.epsilon:g}, delta {self.delta:g}", "epsilon was asked for"
        )  # fmt: skip
        record.note(
            "Differential privacy holds for what was learned, for one text (with an owner: all texts of one owner) more or less; delta "
            "should be less than one over their number. The columns' names and types are taken for public."
        )
        record.note("Words without sense that carry signals of the label: of use as private features, not to be read.")

    def _write(self, labels: Integers, rng: Stream) -> list[str]:
        tokens, starts = self._drawn(self.taste, labels, rng.child("text"))
        return self.fills.texts(tokens, starts, words(np.arange(len(labels)), key_of(rng, "fills")))

    def _drawn(self, taste: Taste, labels: Integers, rng: Stream) -> tuple[Integers, Integers]:
        end = len(self.fills.vocabulary)
        keys = words(np.arange(len(labels)), key_of(rng))
        return draw(self.counts, taste, labels, end, longest=self.longest, candidates=self.candidates, run=self.run, keys=keys)

    def _learned(self) -> State:
        arrays: dict[str, NDArray[Any]] = {f"counts.{name}": array for name, array in self.counts.arrays().items()}
        arrays |= {f"taste.{name}": array for name, array in self.taste.arrays().items()}
        facts = {
            "steps": [list(step) for step in self.counts.steps],
            "longest": self.longest,
            "phrases": self.phrases,
            "run": self.run,
            "candidates": self.candidates,
            "epsilon": self.epsilon,
            "delta": self.delta,
        }
        return State(facts, arrays)

    def _relearn(self, state: State) -> None:
        facts = state.manifest
        self.longest, self.run, self.candidates = facts["longest"], facts["run"], facts["candidates"]
        self.phrases = facts.get("phrases", 1)
        self.epsilon, self.delta = facts["epsilon"], facts["delta"]
        self.counts = Levels.from_arrays(facts["steps"], below(state.arrays, "counts."))
        self.taste = Taste.from_arrays(below(state.arrays, "taste."))


def steps(labelled: bool, phrases: int, company: int) -> list[Step]:
    """The way down: three words of context to one, then kinds of words, then none, by label; none without label."""
    longer = max(phrases, company)
    down = [
        Step(4, labelled, longer, DISCOUNT),
        Step(3, labelled, longer, DISCOUNT),
        Step(2, labelled, phrases, DISCOUNT),
        Step(3, labelled, longer, 0.0, grouped=True),
        Step(2, labelled, min(longer, FEWEST_KINDS), 0.0, grouped=True),
        Step(1, labelled, 1, DISCOUNT),
    ]
    return [*down, Step(1, False, 1, 0.0)] if labelled else down
