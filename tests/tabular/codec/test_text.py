"""Free text in tables: it goes with its row, belongs to its row number, and is kept in the model file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import understudy as us
from understudy.core.errors import ConditionError
from understudy.data.schema import TableSchema
from understudy.tabular.codec.text import Reading, TextColumn
from understudy.tabular.independent import Independent

RNG = np.random.default_rng(0)
N = 1200
STARS = RNG.integers(1, 6, N)
MOODS = ["awful", "poor", "fair", "good", "great"]
WORDS = [f"{a}{b}o" for a in "klmnp" for b in "aeiu"]


def texts() -> list[str | None]:
    made = [" ".join([*RNG.choice(WORDS, 5), MOODS[s - 1], "pan"]) for s in STARS]
    return [None if RNG.random() < 0.2 else text for text in made]


FRAME = pl.DataFrame(
    {"stars": STARS, "review": texts(), "price": RNG.lognormal(3, 1, N), "shop": RNG.choice(["north", "south"], N)},
)


@pytest.fixture(scope="module")
def model() -> Independent:
    schema = TableSchema.model_validate(us.read(FRAME).schema.override({"review": "text", "stars": "integer"}).model_dump())
    return Independent().fit(FRAME, schema=schema)


def moods(frame: pl.DataFrame) -> pl.DataFrame:
    there = frame.filter(pl.col("review").is_not_null())
    return there.with_columns(mood=pl.col("review").str.extract(f"({'|'.join(MOODS)})"))


def test_a_text_goes_with_the_column_that_it_speaks_of(model: Independent) -> None:
    column = model.codec.column("review")
    assert isinstance(column, TextColumn)
    assert [reading.column for reading in column.read] == ["stars"]
    assert 'to go with "stars"' in column.what()
    made = moods(model.sample(2000, seed=1)).drop_nulls("mood")
    right = [MOODS[stars - 1] == mood for stars, mood in made.select("stars", "mood").iter_rows()]
    assert np.mean(right) > 0.9


def test_what_is_asked_of_the_row_is_heard_by_its_text(model: Independent) -> None:
    made = moods(model.sample(200, seed=1, given={"stars": 5})).drop_nulls("mood")
    assert (made["mood"] == "great").mean() > 0.85  # type: ignore[operator]
    some = moods(model.sample(200, seed=1, given=pl.DataFrame({"stars": [1, 5]}))).drop_nulls("mood")
    assert some["mood"].is_in(["awful", "great"]).mean() > 0.85  # type: ignore[operator]
    assert model.sample(20, given={"review": None})["review"].null_count() == 20
    with pytest.raises(ConditionError, match="made anew"):
        model.sample(5, given={"review": "great pan"})


def test_rows_of_a_head_and_of_a_loaded_model_are_the_same(model: Independent, tmp_path: Path) -> None:
    whole = model.sample(1000, seed=3)
    assert model.sample(10, seed=3).equals(whole.head(10))
    assert whole["review"].null_count() / 1000 == pytest.approx(0.2, abs=0.06)
    model.save(tmp_path / "m.understudy")
    assert us.load(tmp_path / "m.understudy").sample(1000, seed=3).equals(whole)


def test_rows_drawn_again_get_the_texts_of_their_own_values() -> None:
    schema = us.read(FRAME).schema.override({"review": "text", "stars": "integer"})
    rule = {"type": "implication", "when": {"shop": "north"}, "then": {"stars": {"low": 3}}}
    ruled = TableSchema.model_validate(schema.model_dump(exclude_none=True) | {"constraints": [rule]})
    frame = FRAME.filter((pl.col("shop") == "south") | (pl.col("stars") >= 3))
    made = moods(Independent().fit(frame, schema=ruled).sample(600, seed=1)).drop_nulls("mood")
    assert ((made["shop"] == "south") | (made["stars"] >= 3)).all()
    assert np.mean([MOODS[stars - 1] == mood for stars, mood in made.select("stars", "mood").iter_rows()]) > 0.85
    assert (made["review"] != "").all()


def test_an_identifier_that_repeats_tells_whose_texts_they_are() -> None:
    frame = FRAME.select("stars", review=pl.col("review").fill_null("pan"), customer=pl.Series([f"C{i % 60 + 1000}" for i in range(N)]))
    frame = frame.with_columns(
        review=pl.when(pl.col("customer") == "C1007").then(pl.col("review") + " xylophone").otherwise(pl.col("review"))
    )
    schema = us.read(frame).schema.override({"review": "text", "customer": "identifier", "stars": "integer"})
    made = Independent().fit(frame, schema=schema).codec.column("review")
    assert isinstance(made, TextColumn)
    assert not any("xylophone" in piece for piece in made.regenerator.tables()["vocabulary"]["piece"])
    assert "owners" in made.regenerator.notes[0]


@pytest.mark.parametrize("values", [["fine and well here"] * 60, [None] * 59 + ["one two three"], [None] * 60])
def test_tables_with_hardly_any_text_are_learned(values: list[str | None]) -> None:
    frame = pl.DataFrame({"x": np.arange(60) % 7, "note": pl.Series(values, dtype=pl.String)})
    schema = us.read(frame).schema.override({"note": "text"})
    made = Independent().fit(frame, schema=schema).sample(30, seed=1)
    assert made["note"].dtype == pl.String
    if values[0]:
        assert set(made["note"]) == {"fine and well here"}


def test_short_codes_are_no_free_text() -> None:
    codes = pl.DataFrame({"code": [f"{a}{i}" for i, a in enumerate(RNG.choice(["A", "B"], 300), 1000)]})
    assert us.read(codes).schema.column("code").kind != "text"


def test_numbers_are_read_in_ranges_and_missing_apart() -> None:
    from understudy.tabular.fields import Field

    tokens = np.concatenate([np.zeros(50), RNG.integers(1, 101, 1000)]).astype(np.int64)
    field = Field("x", "x", "numeric", 101, 0, np.full(101, 1 / 101), np.zeros(101, bool))
    codes = Reading.of(field, 0, tokens).codes(tokens)
    assert set(codes[tokens == 0]) == {0}
    shares = np.bincount(codes[tokens > 0])[1:] / 1000
    assert len(shares) == 5
    assert shares.min() > 0.1
