"""Columns of which only known combinations are made, learned as one choice among these combinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from understudy.core.errors import ConditionError, ConstraintError
from understudy.data.condition import Condition, meets
from understudy.data.schema import ColumnSchema
from understudy.tabular.codec.stored import restore, store
from understudy.tabular.derivation import Derivation

_COUNT = "\x00rows"
_MARK, _NOTHING = "\x1f", "\x00"
FEWEST_SHARE = 0.5
"""Of fewer rows than this in combinations that enough rows share, the rule would release what belongs to single rows."""


class Combined(Derivation):
    """Several columns as one categorical column whose levels are their combinations; those that too few rows hold are protected."""

    tag = "combined"

    def __init__(self, columns: tuple[str, ...], known: pl.DataFrame | None = None) -> None:
        self.target, self.dropped = columns[0], columns
        self.name = f"{columns[0]}|combination"
        self.sources: tuple[str, ...] = ()
        self.known = pl.DataFrame() if known is None else known
        self._seen: list[pl.DataFrame] = []
        self.rare = 0

    def take(self, chunk: pl.DataFrame) -> None:
        self._seen.append(chunk.group_by(self.dropped).len(_COUNT))
        if len(self._seen) > 8:
            self._seen = [self._merged()]

    def _merged(self) -> pl.DataFrame:
        return pl.concat(self._seen).group_by(self.dropped).agg(pl.col(_COUNT).sum())

    def finish(self, rare: int, extremes: int) -> None:
        seen = self._merged().sort([_COUNT, *self.dropped], descending=[True] + [False] * len(self.dropped), nulls_last=True)
        kept = seen.filter(pl.col(_COUNT) >= rare)
        share = float(kept[_COUNT].sum()) / float(seen[_COUNT].sum())
        if share < FEWEST_SHARE:
            raise ConstraintError(
                f"Only {share:.0%} of the rows hold a combination that at least {rare} rows share; to make the others would be to give "
                "away rows of the source.",
                where=f"only known combinations of {' and '.join(self.dropped)}",
                remedy="Name fewer columns, or columns with fewer values.",
            )
        self.known, self.rare = kept.drop(_COUNT), seen.height - kept.height
        self._seen = []

    def added(self) -> ColumnSchema | None:
        return ColumnSchema(name=self.name, kind="categorical", dtype="String")

    def forward(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(self._text().alias(self.name))

    def _text(self) -> pl.Expr:
        """The combination as text: one to one, so that it can be looked up again."""
        return pl.concat_str([pl.col(name).cast(pl.String).fill_null(_NOTHING) for name in self.dropped], separator=_MARK)

    def backward(self, frame: pl.DataFrame) -> pl.DataFrame:
        known = self.known.with_columns(self._text().alias(self.name))
        numbered = known.select(self.name).with_row_index(_COUNT)
        place = frame.select(self.name).join(numbered, on=self.name, how="left", maintain_order="left")
        # A stand-in for rare levels names no combination: the commonest one is as good as any.
        return frame.drop(self.name).with_columns(self.known[name].gather(place[_COUNT].fill_null(0)) for name in self.dropped)

    def translate(self, condition: Condition, others: Mapping[str, Condition]) -> list[Condition]:
        met = self.known.filter(pl.Series(meets(self.known[condition.column], condition)))
        if not met.height:
            values = self.known[condition.column].drop_nulls().unique(maintain_order=True)
            shown = ", ".join(repr(value) for value in values.head(12))
            raise ConditionError(
                f'No value of the column "{condition.column}" meets the condition.',
                where=f'given, column "{condition.column}"', remedy=f"Its values are: {shown}{' …' if len(values) > 12 else ''}.",
            )  # fmt: skip
        return [Condition(self.name, tuple(met.select(self._text().alias("t"))["t"].to_list()))]

    def what(self) -> str:
        text = f"learned as one choice among {self.known.height} combinations of {len(self.dropped)} columns"
        return f"{text}; {self.rare} that too few rows hold are not kept" if self.rare else text

    def to_state(self) -> tuple[dict[str, Any], pl.DataFrame | None]:
        facts, table = store(self.known)
        return {"columns": list(self.dropped), "known": facts}, table

    @classmethod
    def from_state(cls, facts: dict[str, Any], table: pl.DataFrame | None) -> Derivation:
        return cls(tuple(facts["columns"]), restore(facts["known"], table))
