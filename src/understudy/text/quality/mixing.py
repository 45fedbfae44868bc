"""Real and synthetic texts in one set, each row with where it comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, DataError
from understudy.core.random import Stream
from understudy.text.quality.batch import opened

PROVENANCE = ("source", "generator", "parent")


def mix(
    real: Any, synthetic: Any, *, share: float | None = None, rows: int | None = None, generator: str = "unknown", seed: int = 0
) -> pl.DataFrame:
    """Real rows and synthetic ones, shuffled, with their provenance.

    Args:
        real, synthetic: tables with the same columns.
        share: of the result that is synthetic, 0 to 1; None: all rows of both.
        rows: of the result; as many as can be had unless told.
        generator: what made the synthetic rows, a registry name or a file. A column `generator` of their own stays.
        seed: of the choice and of the order.

    Returns:
        The columns of both, and behind them `source` ("real", "synthetic"),
        `generator` (null for real rows) and `parent`: of a real row its
        number in `real`; of a synthetic one what its own column `parent` says, else its number in `synthetic`.

    Raises:
        ArgumentError: a share or a number that cannot be had. DataError: the columns do not fit.
    """
    truth, made = opened(real)[0], opened(synthetic)[0]
    columns = [name for name in truth.columns if name not in PROVENANCE]
    absent = [name for name in columns if name not in made.columns]
    if absent:
        raise DataError(f'The synthetic rows have no column "{absent[0]}".', remedy="Give both sets the same columns.")
    taken = _numbers(truth.height, made.height, share, rows)
    stream = Stream(seed).child("mix")
    parts = [
        _chosen(truth, taken[0], stream.child("real")).select(
            *columns, source=pl.lit("real"), generator=pl.lit(None, pl.String), parent=pl.col("_row").cast(pl.String)
        ),
        _chosen(made, taken[1], stream.child("synthetic")).select(
            *(pl.col(name).cast(truth.schema[name]) for name in columns),
            source=pl.lit("synthetic"),
            generator=pl.col("generator").cast(pl.String) if "generator" in made.columns else pl.lit(generator),
            parent=pl.col("parent" if "parent" in made.columns else "_row").cast(pl.String),
        ),
    ]
    together = pl.concat(parts)
    return together[stream.child("order").generator().permutation(together.height)]


def _numbers(real: int, synthetic: int, share: float | None, rows: int | None) -> tuple[int, int]:
    """How many rows of each."""
    if share is None:
        if rows is not None:
            raise ArgumentError("A number of rows needs a share of synthetic ones.", where="rows", remedy="Pass share=0.5, for example.")
        return real, synthetic
    if not 0 <= share <= 1:
        raise ArgumentError(f"A share is 0 to 1, not {share}.", where="share")
    most = int(min(real / (1 - share) if share < 1 else np.inf, synthetic / share if share > 0 else np.inf))
    size = most if rows is None else rows
    wanted = round(size * share)
    if size < 1 or wanted > synthetic or size - wanted > real:
        raise ArgumentError(
            f"{size:,} rows with a share of {share:g} need {size - wanted:,} real and {wanted:,} synthetic ones; there are {real:,} and "
            f"{synthetic:,}.",
            where="rows", remedy=f"Ask for at most {most:,}, or make more rows.",
        )  # fmt: skip
    return size - wanted, wanted


def _chosen(frame: pl.DataFrame, count: int, stream: Stream) -> pl.DataFrame:
    rows = np.sort(stream.generator().permutation(frame.height)[:count])
    return frame.with_row_index("_row")[rows]
