"""Free text made anew, word by word, from what at least five rows share, and so that it goes with the rest of its row.

The counts of words in context of `texts/ngram`, under rules that fit tables:

- Personal data, codes and numbers of many digits are replaced by fills before anything is counted; so is every word that fewer than five
  rows share, or, where an identifier tells whose rows they are, five owners (`texts/corpus.py`). No pair or run of words of fewer comes
  out as such either.
- Rows are put into classes by the one to three columns that say most about the words, if any does for certain (`texts/relating.py`); each
  class has its own counts, of what five documents of the class share, before those of all rows.
- A row's text follows from the model, the seed, the row's number and its class: any row can be made by itself.

It has the words, phrases, lengths and marks of what was learned, and no sense beyond a few words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.artifact import below
from understudy.core.random import Stream
from understudy.core.single_thread import single_thread
from understudy.data.keyed import Rows, choices, key_of, uniforms, words
from understudy.data.regenerator import Regenerator
from understudy.data.schema import ColumnSchema
from understudy.data.texts.corpus import Corpus
from understudy.data.texts.fills import Fills, fill, is_fill
from understudy.data.texts.ngram.choosing import Taste, taste_of
from understudy.data.texts.ngram.levels import Levels, Occurrences, Step
from understudy.data.texts.ngram.sampling import draw
from understudy.data.texts.relating import Branch, Classes, related

COMPANY = 5
DISCOUNT = 0.3
RUN = 10
"""Words in a row, at most, that contexts of two words or more may give."""
MOST_TEXTS, MOST_CHARACTERS = 30_000, 2_000_000
"""What is learned from, at the most: a sample of the rows."""
MOST_JUDGED = 8_000
"""Texts that the choice among candidates is learned from."""
LONGEST = 1_000
"""Words and signs of a text, at the most."""
CANDIDATES, MOST_DRAWN = 16, 640
"""Texts drawn for each one that is kept; fewer where they are long."""
LONG = 100
"""Words and signs on average from which on a text's length is drawn first."""
AT_ONCE = 500_000
"""Words and signs put together at once."""


@dataclass(frozen=True)
class Learned:
    """What was learned of a column of texts: counts, what is chosen by, what fills stand for, lengths (quantiles), and classes' shares."""

    counts: Levels
    taste: Taste
    fills: Fills
    lengths: Rows
    shares: NDArray[np.float64]


class FreeText(Regenerator):
    """Texts by counts of words in context.

    Attributes:
        blank: the share of texts that hold nothing but white space, made empty.
        classes: which class of `learned` a row has, by columns that `learn` was offered.
    """

    tag: ClassVar[str] = "free-text"

    def __init__(self, learned: Learned, blank: float, notes: list[str], classes: Classes | None = None) -> None:
        self.learned, self.blank, self.notes = learned, blank, notes
        self.classes = Classes() if classes is None else classes
        length = float(learned.lengths.mean())
        self._long = length >= LONG
        self._candidates = int(np.clip(MOST_DRAWN / length, 1, CANDIDATES))
        self._most = int(1.2 * learned.lengths[-1]) + 5
        self._at_once = max(1, int(AT_ONCE / length))

    @classmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        return cls.learn(values, stream)

    @classmethod
    def learn(cls, values: pl.Series, stream: Stream, offered: Sequence[Rows] = (), owners: pl.Series | None = None) -> Self:
        """Learn texts (no nulls).

        Args:
            offered: for each column that texts may go with (n,) codes of the rows; which are taken is told by `classes`.
            owners: whose each row is; all texts of one owner count as one document.
        """
        there = (values.str.strip_chars() != "").to_numpy()
        blank = 1 - float(there.mean()) if len(there) else 0.0
        chosen = _sampled(values, np.flatnonzero(there), stream)
        texts = values.gather(chosen)
        if len(texts) < 2:
            return cls(_of_plain_words(), blank, ["texts are made of plain words, because there is none to learn from"])
        with single_thread():
            corpus = Corpus.of_texts(texts, None if owners is None else owners.gather(chosen).to_list(), company=COMPANY, longest=LONGEST)
            classes = related(corpus, [codes[chosen] for codes in offered], stream)
            taken = [offered[branch.column][chosen] for branch in classes.branches]
            if taken:
                corpus.labels, corpus.levels = classes.of(taken, len(chosen)), pl.Series(np.arange(len(classes)))
            learned = _learned(corpus, stream)
        return cls(learned, blank if blank * len(values) >= COMPANY else 0.0, _notes(corpus, len(chosen), int(there.sum())), classes)

    def texts(self, rows: Rows, stream: Stream) -> pl.Series:
        return self.texts_of(rows, stream, choices(rows, key_of(stream, "class"), self.learned.shares))

    def texts_of(self, rows: Rows, stream: Stream, classes: Rows) -> pl.Series:
        made: list[str] = []
        for first in range(0, len(rows), self._at_once):
            made += self._made(rows[first : first + self._at_once], stream, classes[first : first + self._at_once])
        series = pl.Series(made, dtype=pl.String)
        return series if not self.blank else series.set(pl.Series(uniforms(rows, key_of(stream, "blank")) < self.blank), "")

    def _made(self, rows: Rows, stream: Stream, classes: Rows) -> list[str]:
        own = self.learned
        tokens, starts = draw(
            own.counts, own.taste, classes, len(own.fills.vocabulary), longest=self._bounds(rows, stream), candidates=self._candidates,
            run=RUN, keys=words(rows, key_of(stream, "words")),
        )  # fmt: skip
        return own.fills.texts(tokens, starts, words(rows, key_of(stream, "fills")))

    def _bounds(self, rows: Rows, stream: Stream) -> int | Rows:
        """The most words of a text; where texts are long, the least and the most of each."""
        if not self._long:
            return self._most
        lengths = self.learned.lengths
        wanted = lengths[(uniforms(rows, key_of(stream, "length")) * len(lengths)).astype(np.int64)]
        return np.stack([np.maximum(wanted, 1), wanted + wanted // 10 + 1], axis=1)

    # -- saving

    def to_dict(self) -> dict[str, Any]:
        return {
            "tag": self.tag, "dtype": self.dtype, "blank": self.blank, "notes": self.notes,
            "steps": [[step[0], step[1]] for step in self.learned.counts.steps],
            "branches": [{"column": branch.column, "gain": branch.gain} for branch in self.classes.branches],
        }  # fmt: skip

    def arrays(self) -> dict[str, NDArray[Any]]:
        own = self.learned
        found: dict[str, NDArray[Any]] = {"lengths": own.lengths, "shares": own.shares}
        found |= {"members": own.fills.members, "member_starts": own.fills.starts}
        found |= {f"counts.{name}": array for name, array in own.counts.arrays().items()}
        found |= {f"taste.{name}": array for name, array in own.taste.arrays().items()}
        return found | {f"branch.{k}": branch.table for k, branch in enumerate(self.classes.branches)}

    def tables(self) -> dict[str, pl.DataFrame]:
        return {"vocabulary": pl.DataFrame({"piece": self.learned.fills.vocabulary.tolist()}, schema={"piece": pl.String})}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        raise NotImplementedError("What was counted is in arrays: see `from_state`.")

    @classmethod
    def from_state(cls, state: dict[str, Any], arrays: dict[str, NDArray[Any]], tables: dict[str, pl.DataFrame]) -> Self:
        learned = Learned(
            Levels.from_arrays(state["steps"], below(arrays, "counts.")), Taste.from_arrays(below(arrays, "taste.")),
            Fills(tables["vocabulary"]["piece"].to_list(), arrays["member_starts"], arrays["members"]), arrays["lengths"], arrays["shares"],
        )  # fmt: skip
        branches = [Branch(b["column"], arrays[f"branch.{k}"], b["gain"]) for k, b in enumerate(state["branches"])]
        made = cls(learned, state["blank"], state["notes"], Classes(tuple(branches)))
        made.dtype = state["dtype"]
        return made


def _sampled(values: pl.Series, rows: Rows, stream: Stream) -> Rows:
    """The rows to learn from: all, or as many by chance as there is room for."""
    if not len(rows):
        return rows
    length = values.gather(rows).str.len_chars().clip(upper_bound=8 * LONGEST).mean()
    assert isinstance(length, float)
    most = max(200, min(MOST_TEXTS, int(MOST_CHARACTERS / max(1.0, length))))
    return rows if len(rows) <= most else np.sort(stream.child("rows").generator().choice(rows, most, replace=False))


def steps(labelled: bool, company: int = COMPANY) -> list[Step]:
    """The way down: by class what enough documents of the class share, then what enough of all share, then single words."""
    apart = [Step(order, True, company, DISCOUNT, apart=True) for order in (4, 3, 2)]
    common = [Step(order, False, company, DISCOUNT) for order in (4, 3, 2)]
    single = [Step(1, True, company, DISCOUNT, apart=True)] if labelled else []
    return [*(apart if labelled else []), *common, *single, Step(1, False, 1, 0.0)]


def _learned(corpus: Corpus, stream: Stream) -> Learned:
    lengths = np.sort(np.diff(corpus.starts))
    quantiles = lengths[np.linspace(0, len(lengths) - 1, min(200, len(lengths))).round().astype(np.int64)]
    shares = np.bincount(corpus.labels, minlength=corpus.classes) / corpus.texts
    fills = Fills(corpus.vocabulary, corpus.member_starts, corpus.members)
    counts = Levels.fit(Occurrences.of(corpus), steps(corpus.levels is not None))
    longest = int(1.2 * quantiles[-1]) + 5
    bare = Learned(counts, Taste.none(corpus.classes, len(corpus.vocabulary), longest), fills, quantiles, shares)
    maker = FreeText(bare, 0.0, [])
    if maker._candidates == 1:
        return bare

    def drawn(taste: Taste, labels: Rows, rng: Stream) -> tuple[Rows, Rows]:
        rows = np.arange(len(labels))
        bounds, keys = maker._bounds(rows, rng), words(rows, key_of(rng))
        return draw(counts, taste, labels, len(corpus.vocabulary), longest=bounds, candidates=1, run=RUN, keys=keys)

    return Learned(counts, taste_of(corpus, COMPANY, longest, drawn, stream, MOST_JUDGED), fills, quantiles, shares)


def _of_plain_words() -> Learned:
    """Where there is nothing to learn from."""
    plain = Corpus([fill("word", space=True)], np.zeros(6, np.int32), np.array([0, 3, 6]), np.zeros(2, np.int64), None,
                   np.arange(2), np.ones(2), np.zeros(2, np.int64), np.zeros(0, np.int64))  # fmt: skip
    counts = Levels.fit(Occurrences.of(plain), steps(labelled=False))
    return Learned(counts, Taste.none(1, 1, 8), Fills(plain.vocabulary, plain.member_starts, plain.members), np.array([3]), np.ones(1))


def _notes(corpus: Corpus, learned: int, there: int) -> list[str]:
    known = sum(1 for piece in corpus.vocabulary if not is_fill(piece))
    who = "owners of rows" if any(column == "its owner" for column, _, _ in corpus.decisions) else "rows"
    notes = [f"texts are put together word by word from {known:,} words, numbers and signs that at least {COMPANY} {who} share"]
    if learned < there:
        notes.append(f"learned from {learned:,} of {there:,} texts")
    return notes + [what for _, what, _ in corpus.decisions] + list(corpus.notes)
