"""Training rows that break an enforced rule: found, counted, and set aside before anything is learned from them.

A rule is what the made rows must keep, not what every real row happens to keep: a few rows against it are told in the record and left
out. Only where hardly a row is left is the rule refused, because then it does not describe these data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConstraintError
from understudy.core.wording import counted
from understudy.data.breaches import broken, commonest
from understudy.data.constraints import Combinations, Constraint, Dependency, Unique, columns_of, in_words
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.uniqueness import first_of_each, hashed

Mask = NDArray[np.bool_]

FEWEST_ROWS = 2
FEWEST_SHARE = 0.02
"""A table of which less than this share keeps the rules is not learned."""


class Chunked(Protocol):
    def chunks(self) -> Iterator[pl.DataFrame]: ...


@dataclass
class Quarantine:
    """Which rows are kept, chunk by chunk (None: all), and how many each rule set aside."""

    rows: int
    kept: list[Mask] | None = None
    against: list[tuple[Constraint, int]] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Chunked, schema: TableSchema, total: int) -> Quarantine:
        """Look through all rows once, or twice where a dependency has to be learned first.

        Raises:
            ConstraintError: (nearly) no row keeps the enforced rules.
        """
        rules = [rule for rule in schema.constraints if rule.enforce and not _known_to_hold(rule, total)]
        if not rules:
            return cls(total)
        # Keys are claimed by rows that nothing else sets aside.
        search = _Search(sorted(rules, key=lambda rule: isinstance(rule, Unique)), {c.name: c for c in schema.columns})
        search.learn_pairs(rows)
        kept = [search.kept(chunk) for chunk in rows.chunks()]
        left = sum(int(mask.sum()) for mask in kept)
        against = [(rule, count) for rule, count in zip(search.rules, search.counts, strict=True) if count]
        if left < max(FEWEST_ROWS, FEWEST_SHARE * total):
            _refuse(against, total, left)
        return cls(left, None if left == total else kept, against)

    def notes(self) -> list[str]:
        """What was set aside, in words."""
        return [_set_aside(rule, count) for rule, count in self.against]


def _set_aside(rule: Constraint, count: int) -> str:
    were = "was" if count == 1 else "were"
    return (
        f'{counted(count, "row", "rows")} of the source against the rule "{in_words(rule)}" {were} set aside and not learned; '
        "no row of the output is against it."
    )


def _known_to_hold(rule: Constraint, total: int) -> bool:
    return rule.rows_checked == total and not rule.exceptions


def _refuse(against: list[tuple[Constraint, int]], total: int, left: int) -> None:
    worst, count = max(against, key=lambda entry: entry[1])
    raise ConstraintError(
        f"{counted(count, 'row', 'rows')} of {total:,} break the rule, and only {left:,} keep all rules: nothing is left to learn from.",
        where=in_words(worst), remedy="The rule does not describe these data: correct it, or set enforce: false.",
    )  # fmt: skip


class _Search:
    """Goes through the chunks, and remembers keys and pairs across them."""

    def __init__(self, rules: list[Constraint], columns: dict[str, ColumnSchema]) -> None:
        self.rules, self.columns = rules, columns
        self.counts = [0] * len(rules)
        self._pairs: dict[int, pl.DataFrame] = {}
        self._seen: dict[int, NDArray[np.uint64]] = {}

    def learn_pairs(self, rows: Chunked) -> None:
        """For every dependency the commonest dependent of each determinant."""
        wanted = {k: rule for k, rule in enumerate(self.rules) if isinstance(rule, Dependency)}
        if not wanted:
            return
        found: dict[int, list[pl.DataFrame]] = {k: [] for k in wanted}
        for chunk in rows.chunks():
            for k, rule in wanted.items():
                found[k].append(chunk.group_by([*rule.determinants, rule.dependent]).len(name="__count"))
        for k, rule in wanted.items():
            names = [*rule.determinants, rule.dependent]
            counts = pl.concat(found[k]).group_by(names).agg(pl.col("__count").sum())
            repeated = counts.select(pl.col(names).repeat_by("__count")).explode(names)
            self._pairs[k] = commonest(repeated, rule)

    def kept(self, chunk: pl.DataFrame) -> Mask:
        kept = np.ones(chunk.height, bool)
        for k, rule in enumerate(self.rules):
            if isinstance(rule, Combinations):  # whatever occurs is a combination that occurs
                continue
            against = self._repeated(k, rule, chunk, kept) if isinstance(rule, Unique) else self._broken(k, rule, chunk)
            self.counts[k] += int(against.sum())
            kept &= ~against
        return kept

    def _broken(self, k: int, rule: Constraint, chunk: pl.DataFrame) -> Mask:
        names = columns_of(rule)
        return broken(chunk.select(names), rule, {name: self.columns[name] for name in names}, self._pairs.get(k))

    def _repeated(self, k: int, rule: Unique, chunk: pl.DataFrame, kept: Mask) -> Mask:
        keys, there = hashed(chunk, rule.columns, self.columns)
        seen = self._seen.get(k, np.empty(0, np.uint64))
        claims = kept & there
        fresh = np.zeros(chunk.height, bool)
        fresh[claims] = first_of_each(keys[claims], seen)
        self._seen[k] = np.union1d(seen, keys[fresh])
        return claims & ~fresh
