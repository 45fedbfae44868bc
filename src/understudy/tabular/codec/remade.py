"""Columns that are not learned: constants, and identifiers, personal data, codes and text that are made anew from the row number."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, SchemaError
from understudy.core.random import Stream
from understudy.data.condition import Condition
from understudy.data.regenerator import Regenerator, fit_regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema
from understudy.tabular.codec.column import Arrays, ColumnCodec, Limit, Part, Restriction, Tables, no_missing, where
from understudy.tabular.codec.stored import restore, store
from understudy.tabular.fields import Allowed, Field


def presence_field(name: str, missing_share: float) -> list[Field]:
    """A field of two tokens, missing (0) and there (1); none where a value is always there, or never."""
    if not 0 < missing_share < 1:
        return []
    return [Field(name, name, "categorical", 2, 0, np.array([missing_share, 1 - missing_share]), np.ones(2, bool))]


class _Unlearned(ColumnCodec):
    """A column of which at most the missing values are learned. A subclass says what it puts where a value is there."""

    def __init__(self, name: str, missing_share: float) -> None:
        self.name = name
        self.missing_share = missing_share
        self.fields = presence_field(name, missing_share)

    def make(self, rows: NDArray[np.int64], stream: Stream) -> pl.Series:
        raise NotImplementedError

    def encode(self, values: pl.Series) -> list[Part]:
        return [(values.is_not_null().to_numpy().astype(np.uint8), None)] * len(self.fields)

    def decode(self, parts: list[Part], rows: NDArray[np.int64], stream: Stream, limits: dict[int, Limit]) -> pl.Series:
        made = self.make(rows, stream).alias(self.name)
        if not parts:
            return made
        return made.set(pl.Series(parts[0][0] == 0), None)

    def restrict(self, condition: Condition) -> Restriction:
        if not condition.only_null:
            raise self._refusal()
        if not self.fields:
            raise no_missing(self.name)
        return Restriction({0: Allowed(np.array([True, False]), nullable=True)})

    def _refusal(self) -> ConditionError:
        return ConditionError(
            f'The column "{self.name}" is made anew for every row, so no value can be asked for.',
            where=where(self.name),
            remedy="Leave it out of the conditions.",
        )


class ConstantColumn(_Unlearned):
    """One value, or nothing at all, in every row that has one."""

    tag: ClassVar[str] = "constant"

    def __init__(self, name: str, value: pl.Series, missing_share: float) -> None:
        super().__init__(name, missing_share)
        self.value = value

    @classmethod
    def fit(cls, counts: pl.DataFrame, column: ColumnSchema) -> Self:
        """From distinct typed values and counts. Raises ``SchemaError`` where there are several."""
        present = counts.filter(pl.col("value").is_not_null())
        if present.height > 1:
            raise SchemaError(
                f'The column "{column.name}" is declared constant, but holds {present.height} different values.',
                where="schema", remedy="Change its kind, for example to categorical.",
            )  # fmt: skip
        missing = 1 - float(present["count"].sum()) / float(counts["count"].sum())
        value = present["value"] if present.height else counts["value"].head(1)
        return cls(column.name, value, missing if present.height else 0.0)

    def make(self, rows: NDArray[np.int64], stream: Stream) -> pl.Series:
        return self.value.new_from_index(0, len(rows))

    def restrict(self, condition: Condition) -> Restriction:
        value = self.value[0]
        wanted = condition.choices is not None and (value in condition.choices or str(value) in map(str, condition.choices))
        if condition.null and (self.fields or value is None):
            if not self.fields:
                return Restriction({})
            return Restriction({0: Allowed(np.array([True, wanted]), nullable=True)})
        if wanted:
            return Restriction({0: Allowed(np.array([False, True]), nullable=True)} if self.fields else {})
        raise ConditionError(
            f'The column "{self.name}" holds nothing but {value!r}.', where=where(self.name), remedy="Leave it out of the conditions."
        )

    def what(self) -> str:
        return "one value in all rows, restored on output" if not self.fields else "one value; only whether it is missing is learned"

    def to_state(self) -> tuple[dict[str, Any], Arrays, Tables]:
        value, table = store(self.value.alias("value").to_frame())
        return {"name": self.name, "value": value, "missing": self.missing_share}, {}, {} if table is None else {"value": table}

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays, tables: Tables) -> Self:
        return cls(facts["name"], restore(facts["value"], tables.get("value"))["value"], facts["missing"])


class RemadeColumn(_Unlearned):
    """identifier, personal, code, text: values come from a regenerator of the ``data`` room."""

    tag: ClassVar[str] = "remade"

    def __init__(self, name: str, kind: str, regenerator: Regenerator, missing_share: float) -> None:
        super().__init__(name, missing_share)
        self.kind = kind
        self.regenerator = regenerator

    @classmethod
    def fit(cls, values: pl.Series, missing_share: float, column: ColumnSchema, stream: Stream) -> Self:
        """Learn the values' form from all of them, or from a sample."""
        return cls(column.name, column.kind, fit_regenerator(values, column, stream), missing_share)

    def make(self, rows: NDArray[np.int64], stream: Stream) -> pl.Series:
        # The data set's own stream, not the block's: what must not repeat must not repeat across blocks.
        return self.regenerator.make(rows, stream.root.child(self.name))

    def what(self) -> str:
        learned = "; whether it is missing is learned" if self.fields else ""
        return f"not learned, made anew for every row{learned}"

    def to_state(self) -> tuple[dict[str, Any], Arrays, Tables]:
        return {"name": self.name, "kind": self.kind, "missing": self.missing_share, "regenerator": self.regenerator.to_dict()}, {}, {}

    @classmethod
    def from_state(cls, facts: dict[str, Any], arrays: Arrays, tables: Tables) -> Self:
        return cls(facts["name"], facts["kind"], regenerator_from_dict(facts["regenerator"]), facts["missing"])
