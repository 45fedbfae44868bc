"""What is known of a column when its kind is decided."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

MISSING_WORDS = frozenset(
    {"", "na", "n/a", "n.a.", "nan", "null", "none", "nil", "-", "--", "?", ".", "missing", "unknown", "#n/a", "n.d.", "(null)", "\\n"}
)  # fmt: skip
FEWEST_ROWS = 5
"""A value that fewer rows have is not told in a reason."""
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
    """For reasons, as in " from 1 to 9": from where to where the numbers go, without telling extremes that fewer than five rows have."""
    if e.whole and no_rare_ends(e, e.levels.sort()):
        return f" from {e.low} to {e.high}"
    # Beyond these stand five rows or more, and at least one in a hundred.
    rank = max(FEWEST_ROWS, len(e.values) // 100)
    if len(e.values) <= 2 * rank:
        return ""
    ordered = e.values.sort()
    return f" from about {plain(ordered[rank])} to {plain(ordered[-1 - rank])}"


def no_rare_ends(e: Evidence, ordered: Sequence[object] | pl.Series) -> bool:
    """Whether at least five rows have the first of the ordered values, and at least five the last."""
    rows = dict(e.counts.iter_rows())
    return bool(min(rows[ordered[0]], rows[ordered[-1]]) >= FEWEST_ROWS)


def plain(number: float) -> str:
    """A number to three digits as people write it: 4,600 and 0.0123; with an exponent only where there would be many zeros."""
    if not 1e-6 <= abs(number) < 1e15:
        return f"{number:.3g}"
    rounded = float(f"{number:.3g}")
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def examples(values: pl.Series, most: int = 3) -> str:
    """A few values quoted, for reasons."""
    return ", ".join(f"'{value}'" for value in values.head(most).to_list())


def percent(share: float) -> str:
    """A share as text: 99.2 %."""
    text = f"{100 * share:.1f}".removesuffix(".0")
    return f"{text} %"
