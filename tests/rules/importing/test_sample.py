"""A table of values, profiled: like it, and nothing in the spec that fewer than five rows share."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.rules import Dataset
from understudy.rules.importing import from_sample

ROWS = 2000


@pytest.fixture(scope="module")
def seen() -> pl.DataFrame:
    draw = np.random.default_rng(5)
    city = draw.choice(["Wien", "Graz", "Linz"], ROWS, p=[0.6, 0.3, 0.1])
    city[:2] = "Zwettl-Unique"
    net = np.round(draw.gamma(2, 40, ROWS) + 1, 2)
    net[7] = 98_765.43
    start = np.datetime64("2023-01-01") + draw.integers(0, 700, ROWS)
    return pl.DataFrame(
        {
            "city": city,
            "region": np.where(city == "Wien", "east", np.where(city == "Graz", "south", "north")),
            "age": np.clip(draw.normal(45, 12, ROWS), 18, 90).round().astype(int),
            "net": net,
            "tax": np.round(net * 0.2, 2),
            "gross": np.round(net + np.round(net * 0.2, 2), 2),
            "member": draw.random(ROWS) < 0.3,
            "begin": pl.Series(start).cast(pl.Date),
            "end": pl.Series(start + draw.integers(0, 60, ROWS)).cast(pl.Date),
            "score": [None if draw.random() < 0.2 else float(round(x, 1)) for x in draw.normal(50, 9, ROWS)],
        }
    )


def test_what_is_made_is_like_what_was_seen_and_gives_away_no_rare_value(seen: pl.DataFrame) -> None:
    found = from_sample(seen, name="visits")
    text = found.to_yaml()
    assert "Zwettl" not in text
    assert "98765" not in text.replace("_", "").replace(",", "")
    made = Dataset(found.spec).tables["visits"].sample(ROWS)
    shares = dict(made["city"].cast(pl.String).value_counts(normalize=True).iter_rows())
    assert shares["Wien"] == pytest.approx(0.6, abs=0.05)
    assert made["member"].mean() == pytest.approx(0.3, abs=0.05)
    assert made["age"].mean() == pytest.approx(seen["age"].mean(), abs=1.5)
    assert made["age"].std() == pytest.approx(seen["age"].std(), abs=1.5)
    assert made["score"].null_count() / ROWS == pytest.approx(0.2, abs=0.03)
    assert made["score"].mean() == pytest.approx(seen["score"].mean(), abs=1.5)
    assert made["net"].median() == pytest.approx(seen["net"].median(), rel=0.1)
    assert any("fewer than 5 rows share" in note.text and note.column == "city" for note in found.left_out)


def test_rules_between_columns_are_kept(seen: pl.DataFrame) -> None:
    found = from_sample(seen, name="visits")
    made = Dataset(found.spec).tables["visits"].sample(ROWS)
    assert made.filter(pl.col("end") < pl.col("begin")).height == 0
    assert ((made["net"] + made["tax"]).round(2) - made["gross"]).abs().max() < 0.011  # type: ignore[operator]
    pairs = {(city, region) for city, region in made.select(pl.col("city", "region").cast(pl.String)).iter_rows()}
    assert pairs == {("Wien", "east"), ("Graz", "south"), ("Linz", "north")}


def test_a_small_table_of_keys_and_persons_gets_others() -> None:
    frame = pl.DataFrame({"id": range(1000, 1040), "email": [f"someone{i}@secret.example" for i in range(40)], "kind": ["a", "b"] * 20})
    found = from_sample(frame, name="users")
    assert "secret" not in found.to_yaml()
    assert found.spec.tables["users"].columns["id"].type == "key"
    assert found.spec.tables["users"].columns["email"].type == "person"
