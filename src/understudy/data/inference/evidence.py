"""What is known of a column when its kind is decided."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

MISSING_WORDS = frozenset(
    {"", "na", "n/a", "n.a.", "nan", "null", "none", "nil", "-", "--", "?", ".", "missing", "unknown", "#n/a", "n.d.", "(null)", "\\n"}
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-zß-ÿ])|[A-Z]?[a-zß-ÿ]+|\d+")


@dataclass
class Evidence:
    """A column's values, or a sample of them with facts about the whole column.

    `values` is the sample, nulls left out (NaN counts as missing); `rows` and `nulls` are of the whole column; `low` and `high` are the
    whole column's extremes where it is a number. `all_differ` looks at the whole column.
    """

    name: str
    values: pl.Series
    rows: int
    nulls: int
    low: float | int | None = None
    high: float | int | None = None
    whole: bool = True
    all_differ: Callable[[], bool] = field(default=lambda: False)
    siblings: tuple[str, ...] = ()

    @property
    def dtype(self) -> pl.DataType:
        return self.values.dtype

    @property
    def present(self) -> int:
        """Rows that have a value."""
        return self.rows - self.nulls

    @cached_property
    def levels(self) -> pl.Series:
        """The distinct values, the most frequent first."""
        return self.counts["value"]

    @cached_property
    def counts(self) -> pl.DataFrame:
        """Columns `value` and `count`, the most frequent first; ties by value."""
        counted = self.values.alias("value").value_counts(name="count")
        return counted.sort(["count", "value"], descending=[True, False])

    @property
    def distinct(self) -> int:
        """Distinct values in the sample."""
        return len(self.levels)

    @cached_property
    def unique(self) -> bool:
        """No value occurs twice in the whole column."""
        if self.distinct < len(self.values):
            return False
        return self.present > 1 if self.whole else self.all_differ()

    @property
    def rows_per_level(self) -> float:
        """Mean number of rows that share a value.

        A sample shows only part of the values. How many there are follows from how often two sampled rows agree (Simpson 1949).
        """
        if self.whole or self.distinct == len(self.values):
            return len(self.values) / max(1, self.distinct)
        counts = self.counts["count"].to_numpy().astype(np.float64)
        agreeing = float((counts * (counts - 1)).sum()) / max(1, len(self.values) * (len(self.values) - 1))
        return self.present / max(float(self.distinct), 1 / agreeing)

    @cached_property
    def words(self) -> list[str]:
        """The column name's words in lower case: "customerID" is customer, id."""
        return [word.lower() for word in _WORD.findall(self.name)]

    def named(self, *choices: str) -> str | None:
        """The first of `choices` that is among the name's words (or is two of them in a row)."""
        pairs = {a + b for a, b in zip(self.words, self.words[1:], strict=False)}
        return next((c for c in choices if c in self.words or c in pairs), None)

    def share(self, pattern: str) -> float:
        """Share of the sampled rows whose text matches the whole of a regular expression."""
        fits = self.levels.str.contains(f"^(?:{pattern})$")
        return float(self.counts["count"].filter(fits).sum() or 0) / max(1, len(self.values))

    def of(self) -> str:
        """How many values were looked at, for reasons."""
        return f"{self.present:,}" if self.whole else f"{self.present:,} (decided on {len(self.values):,}, checked on all)"


def span(e: Evidence) -> str:
    """From where to where the numbers go, without telling extremes that fewer than five rows have."""
    ordered = e.levels.sort()
    ends = [int(e.counts.filter(pl.col("value") == ordered[i])["count"][0]) for i in (0, -1)]
    if e.whole and min(ends) >= 5:
        return f"from {e.low} to {e.high}"
    low, high = (e.values.quantile(share, "nearest") for share in (0.01, 0.99))
    return f"from about {low:.3g} to {high:.3g}"


def examples(values: pl.Series, most: int = 3) -> str:
    """A few values quoted, for reasons."""
    return ", ".join(f"'{value}'" for value in values.head(most).to_list())


def percent(share: float) -> str:
    """A share as text: 99.2 %."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text} %"
