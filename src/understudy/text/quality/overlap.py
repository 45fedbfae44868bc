"""Texts that repeat what they must not: passages of the training texts, and of test sets that something is to be tested on later."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from understudy.core.errors import DataError
from understudy.text.likeness.grams import grams
from understudy.text.likeness.runs import longest_runs
from understudy.text.likeness.words import normalized
from understudy.text.quality.batch import Batch, Materials, reference
from understudy.text.quality.filter import Filter, Reasons


class TrainingOverlap(Filter):
    """Texts that share a run of so many words with a real text, or the whole of themselves where they are shorter.

    words: on end, exact (suffix array). share: the run is at least this share of the text, so that a long text may quote a little.
    """

    words: int = Field(default=8, ge=2)
    share: float = Field(default=0.0, ge=0, le=1)

    def missing(self, materials: Materials) -> str | None:
        return None if materials.real is not None else "Pass the real texts: sift(…, real=…)."

    def reasons(self, batch: Batch) -> Reasons:
        known = batch.tokens_of(batch.real.texts)
        found = longest_runs(known, batch.tokens)
        length = np.maximum(batch.tokens.lengths, 1)
        long = (found.length >= self.words) & (found.length >= self.share * length)
        copied = (found.length == batch.tokens.lengths) & (found.length == known.lengths[found.source]) & (found.length > 0)
        return [
            f"{found.length[k]} words on end of real text {found.source[k]}" if long[k] or copied[k] else None for k in range(len(batch))
        ]  # fmt: skip


class Contamination(Filter):
    """Texts that share a run of so many words with a text of a test set, or the whole of a shorter test text.

    words: 10 to 13 are usual. sets: the test sets to hold against, by their names in `sift(tests=)`; all unless told. files: more of them,
    with a column `text`.
    """

    words: int = Field(default=13, ge=3)
    sets: list[str] | None = None
    files: list[str] = Field(default_factory=list)
    text: str = "text"

    def missing(self, materials: Materials) -> str | None:
        if not materials.tests and not self.files:
            return 'Pass the test sets: sift(…, tests={"name": texts}), or name their files: files: [test.csv].'
        absent = [name for name in self.sets or [] if name not in materials.tests]
        return f'There is no test set "{absent[0]}": pass it in tests=.' if absent else None

    def check(self, materials: Materials) -> None:
        super().check(materials)
        self._tests(materials)

    def reasons(self, batch: Batch) -> Reasons:
        found: Reasons = [None] * len(batch)
        for name, texts in self._tests(batch.materials).items():
            hit = self._shared(batch, texts)
            found = [reason or (f'shares a passage with the test set "{name}"' if hit[k] else None) for k, reason in enumerate(found)]
        return found

    def _tests(self, materials: Materials) -> dict[str, list[str]]:
        named = {name: texts for name, texts in materials.tests.items() if self.sets is None or name in self.sets}
        read = {path: reference(path, self.text, None).texts for path in self.files}
        for name, texts in {**named, **read}.items():
            if not texts:
                raise DataError("The test set has no texts.", where=name)
        return {**named, **read}

    def _shared(self, batch: Batch, texts: list[str]) -> np.ndarray:
        known = batch.tokens_of(texts)
        mine = grams(batch.tokens, self.words)
        hits = mine.owner[np.isin(mine.codes, grams(known, self.words).codes)]
        shared = np.bincount(hits, minlength=len(batch)) > 0
        # Of what is shorter than a run, all of it counts.
        short = {normalized(text) for text, length in zip(texts, known.lengths.tolist(), strict=True) if length < self.words}
        return shared | np.array([text in short for text in batch.normalized], np.bool_)
