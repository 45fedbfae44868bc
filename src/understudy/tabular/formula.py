"""A column that a declared formula computes from others; see `data/expression.py` for the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from understudy.data.breaches import computed
from understudy.data.condition import Condition
from understudy.data.constraints import Formula
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.codec.stored import restore, store
from understudy.tabular.derivation import Derivation


class Computed(Derivation):
    """The target of a formula: never learned, computed in its own type and decimals.

    Where the target can be missing although the formula has a value, whether it is missing becomes a column of its own.
    """

    tag = "computed"
    exact = False

    def __init__(self, rule: Formula, columns: Mapping[str, ColumnSchema], example: pl.DataFrame | None = None) -> None:
        self.rule, self._columns = rule, columns
        self.target, self.sources, self.dropped = rule.target, rule.parsed().columns, (rule.target,)
        self.missing_apart = False
        self._value = computed(rule, columns)
        self._example = pl.DataFrame() if example is None else example

    @property
    def _presence(self) -> str:
        return f"{self.target}|missing"

    def begin(self, schema: TableSchema) -> None:
        self.missing_apart = False

    def take(self, chunk: pl.DataFrame) -> None:
        self._example = chunk.select(self.target).clear()
        self.missing_apart |= bool(chunk.select((pl.col(self.target).is_null() & self._value.is_not_null()).any()).item())

    def added(self) -> ColumnSchema | None:
        return ColumnSchema(name=self._presence, kind="boolean", dtype="Boolean") if self.missing_apart else None

    def forward(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col(self.target).is_null().alias(self._presence)) if self.missing_apart else frame

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        value = pl.when(~pl.col(self._presence)).then(self._value) if self.missing_apart else self._value
        frame = frame.with_columns(value.cast(self._example.schema[self.target]).alias(self.target))
        return frame.drop(self._presence) if self.missing_apart else frame

    def present(self) -> Condition | None:
        return Condition(self._presence, (False,)) if self.missing_apart else None

    def translate(self, condition: Condition, others: Mapping[str, Condition]) -> list[Condition]:
        return []

    def what(self) -> str:
        return f"not learned: computed as {self.rule.expression}"

    def to_state(self) -> tuple[dict[str, Any], pl.DataFrame | None]:
        used = (self.target, *self.sources)
        columns = [_released(self._columns[name]).model_dump(mode="json", exclude_none=True) for name in used]
        facts = {"target": self.target, "expression": self.rule.expression, "columns": columns}
        return {**facts, "missing_apart": self.missing_apart, "type": store(self._example)[0]}, None

    @classmethod
    def from_state(cls, facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation:
        rule = Formula(target=facts["target"], expression=facts["expression"])
        columns = {entry["name"]: ColumnSchema.model_validate(entry) for entry in facts["columns"]}
        made = cls(rule, columns, restore(facts["type"], None))
        made.missing_apart = facts["missing_apart"]
        return made


def _released(column: ColumnSchema) -> ColumnSchema:
    """The column without its lists of values: a formula needs none of them, and rare ones must not be saved."""
    kind = "categorical" if column.kind == "ordinal" else column.kind
    return column.model_copy(update={"kind": kind, "order": None, "categories": None, "reason": ""})
