"""Real tables to measure on: four that come with scikit-learn, and larger ones where a folder holds them.

The larger ones are read from the folder that UNDERSTUDY_DATA names (tabular/adult/adult.parquet …) and left out where they are not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn import datasets

FOLDER = Path(os.environ.get("UNDERSTUDY_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
SMALL_ROWS, SMALL_HOLDOUT, HOLDOUT = 2_000, 0.35, 0.2


@dataclass(frozen=True)
class RealTable:
    """A real table, the column that models are to predict, and where the rows come from."""

    name: str
    target: str
    load: Callable[[], pl.DataFrame]
    path: Path | None = None

    @property
    def here(self) -> bool:
        return self.path is None or self.path.exists()

    def split(self, seed: int, most_rows: int | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows to learn and rows to hold out (20 %, of small tables 35 %), at random."""
        frame = self.load()
        order = np.random.default_rng(seed).permutation(frame.height)[:most_rows]
        held = round(len(order) * (SMALL_HOLDOUT if len(order) < SMALL_ROWS else HOLDOUT))
        return frame[order[held:]], frame[order[:held]]


def _bundled(load: Callable[[], Any], target: str) -> Callable[[], pl.DataFrame]:
    """A data set of scikit-learn as a frame; classes by their names."""

    def frame() -> pl.DataFrame:
        source = load()
        columns = {str(name).replace(" ", "_"): values for name, values in zip(source.feature_names, source.data.T, strict=True)}
        whole = pl.DataFrame({name: values.astype(np.int64) if (values % 1 == 0).all() else values for name, values in columns.items()})
        names = getattr(source, "target_names", None)
        values = source.target if names is None else [str(names[value]) for value in source.target]
        return whole.with_columns(pl.Series(target, values))

    return frame


def _stored(name: str, target: str, path: str, without: tuple[str, ...] = ()) -> RealTable:
    """A table of the folder; `without`: columns that give the target away."""
    file = FOLDER / "tabular" / path
    return RealTable(name, target, lambda: pl.read_parquet(file).drop(without), file)


SETS = {
    table.name: table
    for table in (
        RealTable("breast_cancer", "diagnosis", _bundled(datasets.load_breast_cancer, "diagnosis")),
        RealTable("wine", "cultivar", _bundled(datasets.load_wine, "cultivar")),
        RealTable("diabetes", "progression", _bundled(datasets.load_diabetes, "progression")),
        RealTable("digits", "digit", _bundled(datasets.load_digits, "digit")),
        _stored("adult", "income", "adult/adult.parquet"),
        _stored("california", "median_house_value", "california_housing/california_housing.parquet"),
        _stored("ai4i", "Machine failure", "ai4i_maintenance/ai4i2020.parquet", ("UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF")),
        _stored("german_credit", "credit_risk", "german_credit/german_credit.parquet"),
        _stored("telco_churn", "Churn", "telco_churn/telco_churn.parquet"),
        _stored("bank_marketing", "y", "bank_marketing/bank_marketing.parquet"),
        _stored("bike_sharing", "cnt", "bike_sharing/bike_sharing_hour.parquet", ("casual", "registered")),
        _stored("credit_default", "has_default", "credit_default/credit_default.parquet"),
        _stored("diabetes130", "readmitted", "diabetes130/diabetes130.parquet", ("encounter_id", "patient_nbr")),
        _stored("titanic", "Survived", "titanic/titanic.parquet"),
    )
}
QUICK = ("breast_cancer", "diabetes")


def people(rows: int, seed: int = 0) -> pl.DataFrame:
    """A made table of 15 columns with the mix of a census: six numbers, nine categories, heaps, gaps and dependence."""
    draw = np.random.default_rng(seed)
    age = np.clip(draw.gamma(6, 6.5, rows), 17, 90).astype(np.int64)
    schooling = np.clip(np.round(draw.normal(10, 2.6, rows) - (age > 60)), 1, 16).astype(np.int64)
    skill = schooling + draw.normal(0, 2, rows)
    hours = np.where(draw.random(rows) < 0.45, 40, np.clip(draw.normal(40, 12, rows), 1, 99)).astype(np.int64)
    gain = np.where(draw.random(rows) < 0.92, 0, draw.lognormal(8, 1.2, rows)).astype(np.int64)
    wealthy = draw.random(rows) < 1 / (1 + np.exp(7 - 0.03 * age - 0.3 * skill - 0.02 * hours))
    married = draw.random(rows) < np.clip((age - 18) / 40, 0.05, 0.65)

    def named(prefix: str, codes: Any) -> pl.Series:
        return pl.Series(codes).cast(pl.Int64).cast(pl.String).str.replace("^", prefix)

    occupation = named("job ", np.clip(skill / 1.4 + draw.normal(0, 1.5, rows), 0, 13))
    frame = pl.DataFrame(
        {
            "age": age,
            "sector": named("sector ", np.minimum(draw.geometric(0.6, rows), 8)),
            "weight": draw.lognormal(12, 0.45, rows).astype(np.int64),
            "education": named("level ", schooling),
            "schooling": schooling,
            "family": np.where(married, "married", np.where(age > 45, "divorced", "single")),
            "occupation": occupation,
            "household": np.where(married, np.where(draw.random(rows) < 0.6, "first", "second"), "alone"),
            "origin": named("origin ", np.minimum(draw.geometric(0.8, rows), 5)),
            "sex": np.where(draw.random(rows) < 0.33, "f", "m"),
            "gain": gain,
            "loss": np.where(draw.random(rows) < 0.95, 0, np.round(draw.normal(1900, 300, rows))).astype(np.int64),
            "hours": hours,
            "country": named(
                "country ", np.minimum(draw.geometric(0.9, rows) - 1 + (draw.random(rows) < 0.06) * draw.integers(0, 40, rows), 41)
            ),
            "income": np.where(wealthy, ">50K", "<=50K"),
        }
    )
    gaps = pl.Series(draw.random(rows) < 0.05)
    return frame.with_columns(pl.when(~gaps).then(pl.col("occupation")).alias("occupation"))
