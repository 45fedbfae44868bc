"""Free text made anew: word after word from what at least five rows share.

A chain of word pairs (bigrams): each word is followed by the words that follow it in at least five different rows, as often as there.
Texts are as long, in words, as the source's. It keeps the vocabulary and the look of the texts; it does NOT keep their meaning, and
sentences will often make no sense. Words and pairs of fewer rows, where names and secrets are, never appear.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.keyed import Rows, integers, key_of, uniforms
from understudy.data.regenerator import Regenerator
from understudy.data.schema import ColumnSchema
from understudy.data.vocabulary import plain_words

_FEWEST_ROWS = 5
_MOST_WORDS = 5_000
_MOST_PAIRS = 60_000
_MOST_ROWS = 200_000
_LONGEST = 120
_LENGTHS = 200


class Words(Regenerator):
    """A chain over words. State 0 stands for the beginning; `starts` says where each state's followers lie."""

    tag: ClassVar[str] = "text"

    def __init__(self, words: list[str], starts: list[int], followers: list[int], counts: list[int], lengths: list[int]) -> None:
        self.words, self.starts, self.followers, self.counts, self.lengths = words, starts, followers, counts, lengths
        self._vocabulary = pl.Series(words, dtype=pl.String)
        self._starts, self._followers = np.array(starts), np.array(followers)
        self._edges = np.concatenate([[0.0], np.cumsum(np.array(counts, dtype=np.float64))])
        shared = (
            f"{len(words):,} words that at least {_FEWEST_ROWS} rows share" if followers else "plain words, because the rows share none"
        )
        self.notes = [f"texts are put together from {shared}; their meaning is not kept"]

    @classmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        if len(values) > _MOST_ROWS:
            chosen = stream.generator().choice(len(values), _MOST_ROWS, replace=False)
            values = values.gather(np.sort(chosen))
        split = pl.DataFrame({"row": np.arange(len(values)), "word": values.str.strip_chars().str.split(" ")}).explode("word")
        split = split.filter(pl.col("word").is_not_null() & (pl.col("word") != ""))
        lengths = split.group_by("row").len()["len"].clip(upper_bound=_LONGEST).sort()
        quantiles = (
            lengths.gather(np.linspace(0, max(0, len(lengths) - 1), min(_LENGTHS, len(lengths))).round().astype(int))
            if len(lengths)
            else pl.Series([1])
        )
        pairs = _shared_pairs(split)
        if pairs.is_empty():
            return cls(list(plain_words()), [], [], [], [int(n) for n in quantiles])
        return cls(*_chain(pairs), [int(n) for n in quantiles])

    def texts(self, rows: Rows, stream: Stream) -> pl.Series:
        if not len(rows):
            return pl.Series([], dtype=pl.String)
        lengths = np.array(self.lengths)[integers(rows, key_of(stream, "length"), len(self.lengths))]
        longest = int(lengths.max())
        chain = np.zeros((len(rows), longest), dtype=np.int64)
        state = np.zeros(len(rows), dtype=np.int64)
        for step in range(longest):
            going = np.flatnonzero(lengths > step)
            key = key_of(stream, "word", step)
            state[going] = self._next(state[going], uniforms(rows[going], key))
            chain[going, step] = state[going]
        return self._joined(chain, lengths)

    def _next(self, state: Rows, uniform: NDArray[np.float64]) -> Rows:
        """The word after each state, as its number from 1."""
        if not self.followers:
            return np.asarray((uniform * len(self.words)).astype(np.int64) + 1)
        starts = self._starts
        # A word that nothing follows is followed by what texts begin with.
        state = np.where(starts[state] < starts[state + 1], state, 0)
        low, high = self._edges[starts[state]], self._edges[starts[state + 1]]
        place = np.searchsorted(self._edges, low + uniform * (high - low), side="right") - 1
        return np.asarray(self._followers[np.clip(place, starts[state], starts[state + 1] - 1)])

    def _joined(self, chain: Rows, lengths: Rows) -> pl.Series:
        inside = np.arange(chain.shape[1]) < lengths[:, None]
        words = self._vocabulary.gather(chain[inside] - 1)
        row = np.repeat(np.arange(len(lengths)), lengths)
        frame = pl.DataFrame({"row": row, "word": words}).group_by("row", maintain_order=True).agg(pl.col("word").str.join(" "))
        return frame["word"]

    def to_dict(self) -> dict[str, Any]:
        return {
            "tag": self.tag, "dtype": self.dtype, "words": self.words, "starts": self.starts, "followers": self.followers,
            "counts": self.counts, "lengths": self.lengths,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        made = cls(state["words"], state["starts"], state["followers"], state["counts"], state["lengths"])
        made.dtype = state["dtype"]
        return made


def _shared_pairs(split: pl.DataFrame) -> pl.DataFrame:
    """Pairs of words that follow each other in at least five rows: columns `before` ("" at the beginning), `word`, `rows`."""
    before = pl.col("word").shift(1).over("row").fill_null("")
    pairs = split.with_columns(before=before).unique(["row", "before", "word"])
    counted = pairs.group_by("before", "word").len(name="rows").filter(pl.col("rows") >= _FEWEST_ROWS)
    common = counted.group_by("word").agg(pl.col("rows").sum()).sort(["rows", "word"], descending=[True, False]).head(_MOST_WORDS)["word"]
    known = pl.concat([common, pl.Series("word", [""])])
    inside = counted.filter(pl.col("word").is_in(common.implode()) & pl.col("before").is_in(known.implode()))
    return inside.sort(["rows", "before", "word"], descending=[True, False, False]).head(_MOST_PAIRS)


def _chain(pairs: pl.DataFrame) -> tuple[list[str], list[int], list[int], list[int]]:
    """Words, and for each state (0 the beginning, then the words) its followers with counts, in compressed rows.

    If no beginning is shared, texts begin with any word.
    """
    words = [word for word in pl.concat([pairs["word"], pairs["before"]]).unique().sort().to_list() if word]
    number = {word: i + 1 for i, word in enumerate(words)} | {"": 0}
    after: list[list[tuple[int, int]]] = [[] for _ in range(len(words) + 1)]
    for before, word, rows in pairs.select("before", "word", "rows").iter_rows():
        after[number[before]].append((number[word], rows))
    if not after[0]:
        after[0] = [(i + 1, 1) for i in range(len(words))]
    starts, followers, counts = [0], [], []
    for state in after:
        for word, rows in sorted(state):
            followers.append(word)
            counts.append(rows)
        starts.append(len(followers))
    return words, starts, followers, counts
