"""Categories, ordered categories and booleans: a token for each level, the rare ones protected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, SchemaError, did_you_mean
from understudy.core.random import Stream
from understudy.core.wording import counted
from understudy.data.condition import Condition
from understudy.data.schema import ColumnSchema
from understudy.tabular.codec.column import Arrays, ColumnCodec, Limit, Part, Restriction, Tables, no_missing, unknown_value, where
from understudy.tabular.codec.protection import Protection
from understudy.tabular.codec.stored import restore, store
from understudy.tabular.fields import Allowed, Field, Floats, Positions, Tokens

_GUIDE = 1 << 12


@dataclass(frozen=True)
class Rare:
    """What was held back: so many levels with so many rows in all, because each had fewer than ``threshold``."""

    threshold: int
    levels: int
    rows: int


class CategoryColumn(ColumnCodec):
    """categorical, ordinal, boolean; one field.

    Tokens: NULL where values are missing, then the levels (by frequency; ordered ones in their order), then RARE where
    levels are protected. A protected level of an ordered column counts as the nearest level instead.
    """

    tag: ClassVar[str] = "category"

    def __init__(
        self, name: str, levels: pl.Series, shares: Floats, *, missing: bool, ordered: bool, pooled: bool, rare: Rare, stand_in: str | None
    ) -> None:
        self.name = name
        self.levels = levels
        self.ordered = ordered
        self.rare = rare
        self._pooled = pooled
        self._stand_in = stand_in
        self._first = int(missing)
        kind: Literal["categorical", "numeric"] = "numeric" if ordered else "categorical"
        size = len(shares)
        self.fields: list[Field] = [Field(name, name, kind, size, 0 if missing else None, shares, np.ones(size, bool))]
        self._set = levels.to_arrow()
        # Protected levels of an ordered column and the places they count as: known while fitting, never saved.
        self._joined: tuple[pl.Series, NDArray[np.int64]] | None = None
        self._values = pl.concat([_nothing(levels)] * int(missing) + [levels] + [self._rare_value()] * int(pooled), rechunk=True)
        self._common = int(np.argmax(shares[self._first :])) + self._first

    @classmethod
    def fit(cls, counts: pl.DataFrame, column: ColumnSchema, protection: Protection, rare: int) -> Self:
        """Learn from distinct typed values and their counts (columns ``value``, ``count``; missing among them)."""
        missing = int(counts.filter(pl.col("value").is_null())["count"].sum())
        present = counts.filter(pl.col("value").is_not_null())
        ordered = column.kind == "ordinal"
        present = (
            _in_order(present, column) if ordered else present.sort(["count", pl.col("value").cast(pl.String)], descending=[True, False])
        )
        rows = present["count"].to_numpy().astype(np.int64)
        # That something is true or false is nobody's secret; that somebody holds a level may be.
        kept = np.full(len(rows), True) if column.kind == "boolean" else rows >= rare
        held_back = Rare(rare, int((~kept).sum()), int(rows[~kept].sum()))
        pooled = held_back.levels > 0 and not (ordered and kept.any())
        weights = np.bincount(_nearest_kept(kept), rows) if ordered and kept.any() else rows[kept]
        all_rows = np.concatenate([[missing] * (missing > 0), weights, [held_back.rows] * pooled]).astype(np.float64)
        stand_in = protection.rare_text if protection.rare == "constant" or not kept.any() else None
        levels = present["value"].filter(pl.Series(kept))
        fitted = cls(
            column.name, levels, all_rows / all_rows.sum(), missing=missing > 0, ordered=ordered, pooled=pooled, rare=held_back,
            stand_in=stand_in if levels.dtype == pl.String else None,
        )  # fmt: skip
        if ordered and held_back.levels and not pooled:
            fitted._joined = present["value"].filter(pl.Series(~kept)), _nearest_kept(kept)[~kept]
        return fitted

    @property
    def protected_share(self) -> float:
        """Share of the values present whose level is protected."""
        return float(self.fields[0].shares[-1] / self.fields[0].shares[self._first :].sum()) if self._pooled else 0.0

    def encode(self, values: pl.Series) -> list[Part]:
        if values.dtype != self.levels.dtype:
            values = values.cast(self.levels.dtype)
        found = self._found(values, self._set) + self._first
        unknown = found < self._first
        if unknown.any():
            found[unknown] = self._unknown_token(values.filter(pl.Series(unknown)))
            if values.null_count():
                found[values.is_null().to_numpy()] = 0 if self._first else self._common
        return [(found.astype(self.fields[0].token_type), None)]

    @staticmethod
    def _found(values: pl.Series, levels: pa.Array) -> NDArray[np.int32]:
        """The place of each value among the levels; -1 where it is none of them."""
        places = pc.fill_null(pc.index_in(values.to_arrow(), levels), -1)
        return np.array(places.to_numpy(zero_copy_only=False), np.int32)

    def _unknown_token(self, values: pl.Series) -> NDArray[np.int32]:
        """Tokens of values that are no level: that of their stand-in while fitting, else RARE, else the commonest."""
        fallback = self.fields[0].size - 1 if self._pooled else self._common
        if self._joined is None:
            return np.full(len(values), fallback, np.int32)
        place = self._found(values, self._joined[0].to_arrow())
        return np.where(place < 0, fallback, self._joined[1][place] + self._first).astype(np.int32)

    def decode(self, parts: list[Part], rows: NDArray[np.int64], stream: Stream, limits: dict[int, Limit]) -> pl.Series:
        tokens = self._without_rare(parts[0][0], stream)
        return self._values.gather(pl.Series(tokens.astype(np.uint32))).alias(self.name)

    def _without_rare(self, tokens: Tokens, stream: Stream) -> Tokens:
        """Protected levels as others, drawn by their shares."""
        if not self._pooled or self._stand_in is not None or not len(self.levels):
            return tokens
        at = np.flatnonzero(tokens == self.fields[0].size - 1)
        if not len(at):
            return tokens
        shares = self.fields[0].shares[self._first : -1]
        drawn = stream.child(self.name, "rare").generator().random(len(at)) * shares.sum()
        tokens = tokens.copy()
        tokens[at] = np.searchsorted(np.cumsum(shares), drawn).clip(max=len(shares) - 1) + self._first
        return tokens

    def restrict(self, condition: Condition) -> Restriction:
        mask = np.zeros(self.fields[0].size, bool)
        if condition.null:
            if not self._first:
                raise no_missing(self.name)
            mask[0] = True
        mask[self._wanted(condition)] = True
        return Restriction({0: Allowed(mask, nullable=bool(self._first))})

    def _wanted(self, condition: Condition) -> list[int]:
        """The tokens that a condition names."""
        if condition.choices is not None:
            return [self._place(value) + self._first for value in condition.choices]
        if not self.ordered:
            raise ConditionError(
                f'The values of the column "{self.name}" have no order to take a range of.',
                where=where(self.name),
                remedy="Give a list of values.",
            )
        low = 0 if condition.low is None else self._place(condition.low)
        high = len(self.levels) - 1 if condition.high is None else self._place(condition.high)
        if low > high:
            raise ConditionError("The range is empty: its low end lies above its high end.", where=where(self.name))
        return list(range(low + self._first, high + self._first + 1))

    def _place(self, value: Any) -> int:
        """The level that ``value`` names: itself, or the same as text."""
        place = self._places.get((isinstance(value, bool), value), self._places.get(str(value)))
        if place is None:
            raise unknown_value(self.name, value, [str(level) for level in self.levels])
        return place

    @cached_property
    def _places(self) -> dict[Any, int]:
        """Each level's place, by the level itself (true is not 1) and by its text."""
        places: dict[Any, int] = {str(level): place for place, level in enumerate(self.levels)}
        return places | {(isinstance(level, bool), level): place for place, level in enumerate(self.levels)}

    def scale(self, tokens: Tokens, positions: Positions | None, stream: Stream) -> Floats:
        """The place in the order."""
        if not self.ordered:
            return super().scale(tokens, positions, stream)
        return np.where((tokens == 0) & bool(self._first), np.nan, tokens.astype(np.float64) - self._first)

    def coordinate(self, values: Floats) -> Floats:
        return values + self._first if self.ordered else super().coordinate(values)

    def _rare_value(self) -> pl.Series:
        if self._stand_in is None:
            return _nothing(self.levels)
        return pl.Series([self._stand_in], dtype=self.levels.dtype)

    def what(self) -> str:
        text = f"learned as {counted(len(self.levels), 'level', 'levels')}{' in their order' * self.ordered}"
        if not self.rare.levels:
            return text
        many = f"{counted(self.rare.levels, 'level', 'levels')} held by fewer than {self.rare.threshold} rows each"
        return f"{text}; {many} ({self.rare.rows:,} in all) {self._fate()}"

    def _fate(self) -> str:
        """What becomes of protected levels."""
        if self.ordered and not self._pooled:
            return "count as the nearest level"
        return "become others, drawn by their shares" if self._stand_in is None else f'become "{self._stand_in}"'

    def to_state(self) -> tuple[dict[str, Any], Arrays, Tables]:
        levels, table = store(self.levels.alias("level").to_frame())
        facts = {
            "name": self.name, "levels": levels, "missing": bool(self._first), "ordered": self.ordered, "pooled": self._pooled,
            "rare": self.rare.__dict__, "stand_in": self._stand_in,
        }  # fmt: skip
        return facts, {"shares": self.fields[0].shares}, {} if table is None else {"levels": table}

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays, tables: Tables) -> Self:
        return cls(
            facts["name"], restore(facts["levels"], tables.get("levels"))["level"], arrays["shares"], missing=facts["missing"],
            ordered=facts["ordered"], pooled=facts["pooled"], rare=Rare(**facts["rare"]), stand_in=facts["stand_in"],
        )  # fmt: skip


def _nothing(levels: pl.Series) -> pl.Series:
    return pl.Series([None], dtype=levels.dtype)


def _in_order(present: pl.DataFrame, column: ColumnSchema) -> pl.DataFrame:
    """The counted levels in the declared order. Raises ``SchemaError`` for a value that the order leaves out."""
    order = [str(level) for level in column.order or []]
    texts = present["value"].cast(pl.String).to_list()
    for text in texts:
        if text not in order:
            raise SchemaError(
                f'The order of the column "{column.name}" leaves out the value {text!r}.',
                where="schema",
                remedy="List every value, low to high. " + did_you_mean(text, order),
            )
    places = pl.Series("place", [order.index(text) for text in texts], dtype=pl.Int64)
    return present.with_columns(places).sort("place").drop("place")


def _nearest_kept(kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each level of an order, the place (among those kept) of the nearest one that is kept."""
    places = np.flatnonzero(kept)
    return np.searchsorted((places[1:] + places[:-1]) / 2, np.arange(len(kept))).astype(np.int64)
