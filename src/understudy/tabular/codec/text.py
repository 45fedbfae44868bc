"""Free text: made anew for every row by `data.text`, so that it goes with the columns of its row that say most about it.

Which columns these are is found out at fit, from their fields: levels as they are, numbers and moments in a few ranges. When rows are
made, text comes last: the values that stand in the row tell its class.
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
from understudy.data.matching import Matching
from understudy.data.regenerator import Regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema
from understudy.data.text import COMPANY, MOST_TEXTS, FreeText
from understudy.tabular.codec.column import Arrays, ColumnCodec, Part, Tables
from understudy.tabular.codec.remade import RemadeColumn
from understudy.tabular.fields import Field, Tokens

Integers = NDArray[np.int64]

RANGES = 5
"""Ranges that a number is put into."""
MOST_VALUES = 12
"""Different values up to which a number's values are told apart one by one."""
MOST_READ = 64
"""Fields that are tried for what they say of a text, at most: the first of each column first."""


@dataclass(frozen=True)
class Reading:
    """How a field of another column is read: tokens as they are, or ranges of tokens that begin at ``edges``, missing apart."""

    column: str
    part: int
    edges: NDArray[np.int64] | None = None

    @classmethod
    def of(cls, field: Field, part: int, tokens: Tokens) -> Self:
        values, counts = np.unique(tokens, return_counts=True)
        if field.kind == "categorical" or len(values) <= MOST_VALUES:
            return cls(field.column, part)
        there = values != field.null_token if field.null_token is not None else np.ones(len(values), bool)
        before = np.cumsum(counts[there]) - counts[there]
        first = np.searchsorted(before, before[-1] * np.arange(1, RANGES) / RANGES)
        edges = [1] if field.null_token is not None else []
        return cls(field.column, part, np.unique([*edges, *values[there][first].tolist()]).astype(np.int64))

    def codes(self, tokens: Tokens) -> Integers:
        found = tokens.astype(np.int64)
        return found if self.edges is None else np.searchsorted(self.edges, found, side="right").astype(np.int64)


class TextColumn(RemadeColumn):
    """text: what is made goes with what ``read`` reads in other columns of the row."""

    tag: ClassVar[str] = "text"

    def __init__(self, name: str, kind: str, regenerator: Regenerator, missing_share: float, read: Sequence[Reading] = ()) -> None:
        super().__init__(name, kind, regenerator, missing_share)
        self.read = tuple(read)

    @classmethod
    def beside(
        cls, column: ColumnSchema, sample: pl.DataFrame, others: Sequence[ColumnCodec], identifiers: Sequence[str], stream: Stream
    ) -> Self:
        """Learn from sampled rows.

        Args:
            sample: rows with this column, those of ``others`` and the identifiers that repeat, of which one may tell whose a row is.
        """
        missing = sample[column.name].null_count() / sample.height
        rows = sample.filter(pl.col(column.name).is_not_null())
        if rows.height > MOST_TEXTS:
            kept = stream.child("texts").generator().choice(rows.height, MOST_TEXTS, replace=False)
            rows = rows[np.sort(kept)]
        readings, offered = _offered(rows, others)
        texts = rows[column.name].cast(pl.String)
        owners = _owners(rows, identifiers)
        made = FreeText.learn(texts, stream, offered, owners)
        made.dtype = "String" if column.dtype in ("Enum", "Categorical") else column.dtype
        return cls(column.name, column.kind, made, missing, [readings[branch.column] for branch in made.classes.branches])

    def make(self, rows: NDArray[np.int64], stream: Stream, codes: Sequence[Integers] | None = None) -> pl.Series:
        """The texts of rows; ``codes``: what `read` reads in them, column by column."""
        own = stream.root.child(self.name)
        if not self.read or codes is None:
            return self.regenerator.make(rows, own)
        inner = self.regenerator.inner if isinstance(self.regenerator, Matching) else self.regenerator
        assert isinstance(inner, FreeText)
        return self.regenerator.make(rows, own, inner.classes.of(codes, len(rows)))

    def told(self, parts: list[Part], rows: NDArray[np.int64], stream: Stream, codes: Sequence[Integers], written: bool) -> pl.Series:
        """The texts of rows, null where the row has none; not ``written``: all of them empty, where nobody will look at them."""
        there = parts[0][0] != 0 if parts else np.ones(len(rows), bool)
        if written or self.regenerator.dtype != "String":
            made = self.make(rows[there], stream, [own[there] for own in codes])
        else:
            made = pl.Series([""], dtype=pl.String).new_from_index(0, int(there.sum()))
        place = pl.Series(np.where(there, np.cumsum(there) - 1, 0))
        whole = made.gather(place) if len(made) else pl.Series([None] * len(rows), dtype=made.dtype)
        return whole.set(pl.Series(~there), None).alias(self.name)

    def what(self) -> str:
        beside = " and ".join(f'"{name}"' for name in dict.fromkeys(reading.column for reading in self.read))
        learned = "; whether it is missing is learned" if self.fields else ""
        return f"made anew for every row of what rows share{f', to go with {beside}' if beside else ''}{learned}"

    def to_state(self) -> tuple[dict[str, Any], Arrays, Tables]:
        facts, _, _ = super().to_state()
        facts["read"] = [{"column": reading.column, "part": reading.part} for reading in self.read]
        arrays = {f"made.{name}": array for name, array in self.regenerator.arrays().items()}
        arrays |= {f"edges.{k}": reading.edges for k, reading in enumerate(self.read) if reading.edges is not None}
        return facts, arrays, self.regenerator.tables()

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays, tables: Tables) -> Self:
        read = [Reading(fact["column"], fact["part"], arrays.get(f"edges.{k}")) for k, fact in enumerate(facts["read"])]
        return cls(
            facts["name"],
            facts["kind"],
            regenerator_from_dict(facts["regenerator"], below(arrays, "made."), tables),
            facts["missing"],
            read,
        )


def _offered(rows: pl.DataFrame, others: Sequence[ColumnCodec]) -> tuple[list[Reading], list[Integers]]:
    """Readings of other columns' fields, and their codes in the rows."""
    places = sorted((part, number) for number, column in enumerate(others) for part in range(len(column.fields)))[:MOST_READ]
    encoded = {number: others[number].encode(rows[others[number].name]) for number in sorted({number for _, number in places})}
    readings = [Reading.of(others[number].fields[part], part, encoded[number][part][0]) for part, number in places]
    return readings, [
        reading.codes(encoded[number][part][0]) for reading, (part, number) in zip(readings, places, strict=True)
    ]  # fmt: skip


def _owners(rows: pl.DataFrame, identifiers: Sequence[str]) -> pl.Series | None:
    """Whose rows are: told by the identifier that repeats the most, if it has enough values to count by."""
    counted = sorted((rows[name].n_unique(), name) for name in identifiers)
    found = next((name for count, name in counted if 2 * COMPANY <= count < rows.height), None)
    return None if found is None else rows[found].cast(pl.String)
