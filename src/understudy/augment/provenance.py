"""Where each row comes from: real or synthetic, made by which engine, under which seed, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from understudy.augment.source import Part

FACTS = ("origin", "engine", "seed", "why")
PREFIX = "understudy_"


def provenance_of(real: pl.Series, parts: Sequence[Part], *, engine: str, seed: int) -> pl.DataFrame:
    """One row a row of the result.

    Args:
        real: what was done to each real row ("impute: phone"), or null.
        parts: the synthetic rows, in order.
    """
    made = sum(part.rows.height for part in parts)
    why = pl.concat([real.cast(pl.String), *(pl.repeat(part.why, part.rows.height, dtype=pl.String, eager=True) for part in parts)])
    touched = pl.concat([real.is_not_null(), pl.repeat(True, made, dtype=pl.Boolean, eager=True)])
    names = pl.DataFrame({"touched": touched}).select(
        origin=pl.concat(
            [
                pl.repeat("real", len(real), dtype=pl.String, eager=True),
                pl.repeat("synthetic", made, dtype=pl.String, eager=True),
            ]
        ),
        engine=pl.when("touched").then(pl.lit(engine)),
        seed=pl.when("touched").then(pl.lit(seed, pl.Int64)),
    )
    return names.with_columns(why=why)


def free_names(taken: Collection[str]) -> dict[str, str]:
    """By fact, the name of its column beside columns `taken`: understudy_origin, or with a number where that is taken."""
    return {fact: _free(f"{PREFIX}{fact}", taken) for fact in FACTS}


def _free(name: str, taken: Collection[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
