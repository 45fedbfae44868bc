"""What is counted and sampled while a table streams by: one pass, memory that does not grow with the rows.

Categories are counted exactly. Numbers and moments in time are judged on a uniform sample of rows: the whole table while
it is small, half a million rows where it is large.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import polars as pl

from understudy.core.random import Stream

MOST_SAMPLED_ROWS = 500_000
FEWEST_SAMPLED_ROWS = 50_000
MOST_SAMPLED_CELLS = 40_000_000
_MERGE_AT = 1_000_000


class Census:
    """Exact value counts of some columns, a row sample of others, and all values of a few.

    Args:
        counted: columns whose values are counted.
        sampled: columns of which a uniform sample of rows is kept.
        kept: columns of which every value is kept.
        stream: decides which rows are in the sample.
    """

    def __init__(self, counted: Collection[str], sampled: Collection[str], kept: Collection[str], stream: Stream) -> None:
        self.rows = 0
        self._counted: dict[str, list[pl.DataFrame]] = {name: [] for name in counted}
        self._kept: dict[str, list[pl.Series]] = {name: [] for name in kept}
        self._sampled = list(sampled)
        self._most = int(np.clip(MOST_SAMPLED_CELLS // max(len(self._sampled), 1), FEWEST_SAMPLED_ROWS, MOST_SAMPLED_ROWS))
        self._sample: pl.DataFrame | None = None
        self._threshold = 1.0
        self._stream = stream
        self._chunks = 0

    def take(self, chunks: Iterable[pl.DataFrame]) -> None:
        """Count and sample all chunks."""
        for chunk in chunks:
            self._count(chunk)
            self._draw(chunk)
            for name, parts in self._kept.items():
                parts.append(chunk[name])
            self.rows += chunk.height
            self._chunks += 1

    def counts(self, name: str) -> pl.DataFrame:
        """Distinct values, missing among them, as columns ``value`` and ``count``."""
        return _merged(self._counted[name])

    def sample(self, name: str) -> pl.Series:
        """The column in the sampled rows."""
        assert self._sample is not None
        return self._sample[name]

    @property
    def sampled(self) -> pl.DataFrame:
        """The sampled rows."""
        assert self._sample is not None
        return self._sample.drop(_KEY)

    def all(self, name: str) -> pl.Series:
        """Every value of a kept column."""
        parts = self._kept[name]
        return parts[0] if len(parts) == 1 else pl.concat(parts)

    def _count(self, chunk: pl.DataFrame) -> None:
        for name, parts in self._counted.items():
            parts.append(chunk[name].alias("value").value_counts(name="count").with_columns(pl.col("count").cast(pl.Int64)))
            if len(parts) > 1 and sum(part.height for part in parts[1:]) > max(_MERGE_AT, parts[0].height):
                self._counted[name] = [_merged(parts)]

    def _draw(self, chunk: pl.DataFrame) -> None:
        """Each row has a random key; the rows with the smallest keys are the sample."""
        if not self._sampled:
            return
        keys = self._stream.child("sample", self._chunks).generator().random(chunk.height)
        rows = chunk.select(self._sampled).with_columns(pl.Series(_KEY, keys))
        if self._threshold < 1.0:
            rows = rows.filter(pl.col(_KEY) < self._threshold)
        self._sample = rows if self._sample is None else pl.concat([self._sample, rows])
        if self._sample.height > self._most:
            kept = np.partition(self._sample[_KEY].to_numpy(), self._most)
            self._threshold = float(kept[self._most])
            self._sample = self._sample.filter(pl.col(_KEY) < self._threshold)


_KEY = "\x00key"


def _merged(parts: list[pl.DataFrame]) -> pl.DataFrame:
    if len(parts) == 1:
        return parts[0]
    return pl.concat(parts).group_by("value", maintain_order=True).agg(pl.col("count").sum())
