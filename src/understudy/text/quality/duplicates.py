"""Texts that say again what another says: to the letter, nearly to the letter, or in much the same words. The first of its kind is kept."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from understudy.core.errors import DataError, did_you_mean
from understudy.core.random import Stream
from understudy.text.likeness.minhash import shingles, stars
from understudy.text.likeness.vectors import Directions, Rows, Tfidf, bag
from understudy.text.likeness.words import characters
from understudy.text.quality.batch import Batch, Index
from understudy.text.quality.filter import Filter, Reasons

_BLOCK = 256
_DIRECTIONS = 128


class ExactDuplicates(Filter):
    """Texts that read the same but for case, width of letters and white space."""

    def reasons(self, batch: Batch) -> Reasons:
        _, first, code = np.unique(batch.codes, return_index=True, return_inverse=True)
        kept = first[code]
        return [None if kept[k] == k else f"the same as row {batch.rows[kept[k]]}" for k in range(len(batch))]


class NearDuplicates(Filter):
    """Texts whose sets of runs of three words have this Jaccard similarity with those of a text that is kept (MinHash, verified)."""

    similarity: float = Field(default=0.8, gt=0, le=1)

    def reasons(self, batch: Batch) -> Reasons:
        likeness, center = stars(shingles(batch.tokens), self.similarity)
        return _like(batch, likeness, center)


class SemanticDuplicates(Filter):
    """Texts whose vectors have this cosine with that of a text that is kept.

    column: of vectors (lists of numbers), such as embeddings of your own; TF-IDF of characters in its principal directions unless told.
    within_label: whether texts of different labels may be alike.
    """

    similarity: float = Field(default=0.95, gt=0, le=1)
    within_label: bool = True
    column: str | None = None

    def reasons(self, batch: Batch) -> Reasons:
        rows = self._vectors(batch)
        likeness, center = np.zeros(len(batch)), np.full(len(batch), -1, np.int64)
        for places in self._groups(batch):
            likeness[places], found = cosine_stars(rows[places], self.similarity)
            center[places] = np.where(found >= 0, places[found], -1)
        return _like(batch, likeness, center)

    def _groups(self, batch: Batch) -> list[Index]:
        if not self.within_label or batch.labels is None:
            return [np.arange(len(batch))]
        code = np.unique(np.array(batch.labels, dtype=object).astype(str), return_inverse=True)[1]
        return [np.flatnonzero(code == number) for number in range(int(code.max(initial=-1)) + 1)]

    def _vectors(self, batch: Batch) -> Rows:
        if self.column is not None:
            if self.column not in batch.frame.columns:
                remedy = did_you_mean(self.column, batch.frame.columns)
                raise DataError(f'There is no column "{self.column}" of vectors.', where=self.name, remedy=remedy)
            rows = np.array(batch.frame[self.column].cast(pl.List(pl.Float64)).to_list(), np.float64)
        else:
            rows = vectors_of(batch.texts, Stream(batch.materials.seed).child("semantic duplicates"))
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def vectors_of(texts: list[str], stream: Stream, directions: int = _DIRECTIONS) -> Rows:
    """TF-IDF of runs of three and four characters, in the principal directions of these texts."""
    counts = bag(characters(texts), (3, 4), bits=16)
    weighted = Tfidf(counts)(counts)
    if min(weighted.shape) < 3:
        return np.asarray(weighted.toarray())
    return Directions(weighted, directions, stream)(weighted)


def cosine_stars(unit: Rows, threshold: float) -> tuple[Rows, Index]:
    """For rows of length 1: the cosine with the most like row that is kept, and its number; 0 and -1 for those kept."""
    likeness, center = np.zeros(len(unit)), np.full(len(unit), -1, np.int64)
    kept: list[int] = []
    for start in range(0, len(unit), _BLOCK):
        block = unit[start : start + _BLOCK]
        before = np.array(kept, np.int64)
        known = block @ unit[before].T if len(before) else np.zeros((len(block), 0))
        among = block @ block.T
        fresh: list[int] = []
        for place in range(len(block)):
            cosines = np.concatenate([known[place], among[place, fresh]])
            if len(cosines) and cosines.max() >= threshold:
                best = int(cosines.argmax())
                likeness[start + place] = cosines[best]
                center[start + place] = before[best] if best < len(before) else start + fresh[best - len(before)]
            else:
                fresh.append(place)
        kept += [start + place for place in fresh]
    return likeness, center


def _like(batch: Batch, likeness: Rows, center: Index) -> Reasons:
    return [
        None if center[k] < 0 else f"{likeness[k]:.2f} like row {batch.rows[center[k]]}"
        for k in range(len(batch))
    ]  # fmt: skip
