"""A small table with a rare class, and stand-ins for models whose behaviour is known."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import polars as pl

from understudy.core.generator import Synthesizer
from understudy.core.record import FitRecord
from understudy.data.table import as_table


def customers(rows: int = 400, seed: int = 1, *, gaps: bool = False) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    age = draw.integers(18, 90, rows)
    fee = np.round(draw.gamma(3, 10, rows), 2)
    city = draw.choice(["Paris", "Rome", "Vienna"], rows, p=[0.6, 0.3, 0.1])
    frame = pl.DataFrame(
        {
            "age": age,
            "city": city,
            "plan": draw.choice(["basic", "plus"], rows, p=[0.7, 0.3]),
            "fee": fee,
            "churn": np.where(draw.random(rows) < 1 / (1 + np.exp((78 - age) / 5)), "yes", "no"),
        }
    )
    if gaps:
        frame = frame.with_columns(pl.when(pl.Series(draw.random(rows) < 0.2)).then(None).otherwise(pl.col("city")).alias("city"))
    return frame


class Echo(Synthesizer):
    """Gives the rows that it was fitted on, again and again; `seen` keeps what every fit got, `able`: it fills and ranks rows too."""

    name: ClassVar[str] = "echo"
    block_size = 64
    seen: ClassVar[list[pl.DataFrame]] = []

    def fit(self, data: Any, *, budget: Any = None, seed: int = 0, progress: Any = None) -> Echo:
        self.rows = as_table(data).frame
        Echo.seen.append(self.rows)
        self.record = FitRecord()
        return self

    def _prepare(self, given: Any) -> Any:
        return given or {}

    def _block(self, index: int, size: int, rng: Any, given: Any) -> pl.DataFrame:
        rows = self.rows.filter(*[pl.col(column) == value for column, value in given.items()])
        return rows[np.arange(index * size, (index + 1) * size) % rows.height]

    def _concat(self, batches: Any) -> pl.DataFrame:
        return pl.concat(list(batches))

    def _slice(self, batch: pl.DataFrame, start: int, stop: int) -> pl.DataFrame:
        return batch.slice(start, stop - start)

    def _length(self, batch: pl.DataFrame) -> int:
        return batch.height


class Able(Echo):
    """Fills every gap of a text with "Rome", and finds rows the less likely the greater their fee."""

    name: ClassVar[str] = "able"

    def impute(self, frame: Any, *, seed: int = 0) -> pl.DataFrame:
        return as_table(frame).frame.with_columns(pl.col(pl.String).fill_null("Rome"))

    def log_prob(self, frame: pl.DataFrame) -> Any:
        return -frame["fee"].to_numpy()
