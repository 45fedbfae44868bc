"""A population of which any number of fresh rows can be drawn, and synthetic tables with planted faults whose verdict is known."""

from __future__ import annotations

import numpy as np
import polars as pl

from understudy.data.schema import ColumnSchema, TableSchema

SCHEMA = TableSchema(
    columns=[
        ColumnSchema(name="age", kind="integer", dtype="Int64"),
        ColumnSchema(name="income", kind="decimal", dtype="Float64", decimals=1),
        ColumnSchema(name="hours", kind="decimal", dtype="Float64", decimals=2),
        ColumnSchema(name="trade", kind="categorical"),
        ColumnSchema(name="rich", kind="categorical"),
    ]
)


def population(rows: int, seed: int) -> pl.DataFrame:
    """Five mixed columns; `rich` can be predicted from the others."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(45, 14, rows), 18, 90).round()
    trade = rng.choice(["smith", "baker", "clerk", "judge"], rows, p=[0.4, 0.3, 0.2, 0.1])
    factor = np.select([trade == "judge", trade == "clerk"], [2.0, 1.4], 1.0)
    income = np.exp(rng.normal(7, 0.4, rows)) * factor * (0.5 + age / 60)
    hours = np.clip(rng.normal(38, 7, rows) + (age > 60) * -9, 1, 80)
    rich = np.where(income * np.exp(rng.normal(0, 0.15, rows)) > 2000, "yes", "no")
    return pl.DataFrame({"age": age.astype(int), "income": income.round(1), "hours": hours.round(2), "trade": trade, "rich": rich})


def full_copy(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    return train.sample(fraction=1.0, with_replacement=False, shuffle=True, seed=seed)


def jittered_copy(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Rows drawn again from the training rows, two per cent of noise on each number."""
    rng = np.random.default_rng(seed)
    drawn = train[rng.integers(0, train.height, train.height)]
    noise = rng.normal(1, 0.02, (3, train.height))
    return drawn.with_columns(
        age=(drawn["age"] * noise[0]).round().cast(pl.Int64),
        income=(drawn["income"] * noise[1]).round(1),
        hours=(drawn["hours"] * noise[2]).round(2),
    )


def some_verbatim(train: pl.DataFrame, seed: int, share: float = 0.05) -> pl.DataFrame:
    """Fresh rows, a share of them replaced by training rows."""
    fresh, count = population(train.height, seed + 10_000), int(share * train.height)
    return pl.concat([train.sample(count, seed=seed), fresh[count:]])


def outliers_verbatim(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Fresh rows, one per cent of them replaced by the training rows of the greatest income."""
    count = train.height // 100
    return pl.concat([train.sort("income", descending=True)[:count], population(train.height, seed + 10_000)[count:]])


def repeated_record(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Fresh rows, and one training row forty times."""
    one = train[int(np.random.default_rng(seed).integers(train.height))]
    return pl.concat([*[one] * 40, population(train.height, seed + 10_000)[40:]])


def fresh_real(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    return population(train.height, seed + 10_000)


def shuffled(train: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each column shuffled by itself: perfect shapes, no relations."""
    rng = np.random.default_rng(seed)
    return train.select(train[name][rng.permutation(train.height)] for name in train.columns)
