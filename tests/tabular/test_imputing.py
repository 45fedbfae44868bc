from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.tabular.test_chain import mixed_table
from tests.tabular.test_synthesizer import customers, schema

from understudy.core.errors import DataError
from understudy.tabular.copula import Copula
from understudy.tabular.independent import Independent
from understudy.tabular.synthesizer import TableSynthesizer
from understudy.tabular.trees import Trees

ENGINES = {"independent": Independent, "trees": lambda: Trees(trees=4), "copula": Copula}


def with_gaps(frame: pl.DataFrame, share: float, seed: int = 0, keep: tuple[str, ...] = ()) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    gaps = {c: pl.Series(rng.random(frame.height) < share) for c in frame.columns if c not in keep}
    return frame.with_columns(pl.when(gone).then(None).otherwise(pl.col(c)).alias(c) for c, gone in gaps.items())


@pytest.fixture(scope="module", params=ENGINES)
def ruled(request: pytest.FixtureRequest) -> TableSynthesizer:
    return ENGINES[request.param]().fit(customers(), schema=schema(), seed=1)


@pytest.fixture(scope="module")
def copula() -> TableSynthesizer:
    return Copula().fit(mixed_table(), seed=1)


def test_only_missing_cells_change_and_rules_hold_where_they_can(ruled: TableSynthesizer) -> None:
    gaps = with_gaps(customers(), 0.2, keep=("id",))
    filled = ruled.impute(gaps)
    assert filled.schema == gaps.schema
    assert sum(filled.null_count().row(0)) == 0
    for name in gaps.columns:
        there = gaps[name].is_not_null()
        assert filled[name].filter(there).equals(gaps[name].filter(there)), name
    assert set(filled.select("plan", "price").rows()) <= {("basic", 9.99), ("plus", 19.99), ("pro", 49.0)}
    assert (filled["calls"] + filled["visits"] == filled["contacts"]).all()
    assert (filled["income"] <= filled["limit"]).all()


def test_the_same_seed_fills_the_same_and_another_otherwise(ruled: TableSynthesizer) -> None:
    gaps = with_gaps(customers().head(60), 0.1, keep=("id",))
    assert ruled.impute(gaps, seed=3).equals(ruled.impute(gaps, seed=3))
    assert not ruled.impute(gaps, seed=3).equals(ruled.impute(gaps, seed=4))


def test_a_row_is_filled_alike_whatever_comes_after_its_block(copula: TableSynthesizer) -> None:
    gaps = with_gaps(pl.concat([mixed_table(9000, seed=s) for s in (3, 4)]), 0.2)
    whole = copula.impute(gaps)
    assert copula.impute(gaps.head(8192)).equals(whole.head(8192))


def test_what_is_filled_in_follows_from_the_rest_of_the_row(copula: TableSynthesizer) -> None:
    table = mixed_table(2000, seed=8)
    gaps = table.with_columns(pl.when(pl.int_range(2000) % 2 == 0).then(None).otherwise(pl.col("age")).alias("age"))
    filled = copula.impute(gaps)
    gone = gaps["age"].is_null()
    pairs = filled.filter(gone)["age"].to_numpy(), table.filter(gone)["age"].to_numpy()
    assert np.corrcoef(*pairs)[0, 1] > 0.8


@pytest.mark.parametrize("library", ["pandas", "arrow"])
def test_a_frame_of_another_library_comes_back_in_its_own_types(copula: TableSynthesizer, library: str) -> None:
    gaps = with_gaps(mixed_table(200, seed=3), 0.2).with_columns(pl.col("kind").cast(pl.Categorical))
    if library == "arrow":
        filled = copula.impute(gaps.to_arrow())
        assert filled.schema == gaps.to_arrow().schema
        assert sum(column.null_count for column in filled.columns) == 0
        return
    pandas = pytest.importorskip("pandas")
    frame = gaps.to_pandas().set_index(pandas.Index(range(1000, 1200), name="row"))
    filled = copula.impute(frame)
    assert list(filled.dtypes) == list(frame.dtypes)
    assert filled.index.equals(frame.index)
    assert filled.isna().sum().sum() == 0
    assert frame.isna().sum().sum() > 0
    there = frame.notna()
    for name in frame.columns:
        assert (filled[name][there[name]] == frame[name][there[name]]).all()


def test_a_path_gives_a_polars_frame(copula: TableSynthesizer, tmp_path: object) -> None:
    with_gaps(mixed_table(300, seed=3), 0.2).write_csv(f"{tmp_path}/gaps.csv")
    filled = copula.impute(f"{tmp_path}/gaps.csv")
    assert isinstance(filled, pl.DataFrame)
    assert sum(filled.null_count().row(0)) == 0


def test_missing_cells_of_an_unknown_column_are_refused_and_whole_unknown_columns_pass(copula: TableSynthesizer) -> None:
    gaps = with_gaps(mixed_table(50, seed=3), 0.2)
    more = gaps.with_columns(pl.int_range(50).alias("more"))
    assert copula.impute(more)["more"].equals(more["more"])
    with pytest.raises(DataError, match='"agee".*(?s:.)*"age"'):
        copula.impute(gaps.rename({"age": "agee"}))


def test_unknown_levels_count_as_not_given_and_stay(copula: TableSynthesizer) -> None:
    gaps = pl.DataFrame({"kind": ["a", "zebra"], "age": [None, None], "income": [5000.0, 9e9]}, schema_overrides={"age": pl.Int64})
    with pytest.warns(UserWarning, match='not given, in "kind"'):
        filled = copula.impute(gaps)
    assert filled["kind"].to_list() == ["a", "zebra"]
    assert filled["income"].to_list() == [5000.0, 9e9]
    assert filled["age"].null_count() == 0


def test_what_is_made_anew_is_not_filled(ruled: TableSynthesizer) -> None:
    gaps = with_gaps(customers().head(20), 0.3, keep=("id",)).with_columns(pl.lit(None, pl.String).alias("id"))
    with pytest.warns(UserWarning, match='Not filled: "id"'):
        filled = ruled.impute(gaps)
    assert filled["id"].null_count() == 20
    assert filled["income"].null_count() == 0


def test_a_whole_table_comes_back_as_it_was(copula: TableSynthesizer) -> None:
    whole = mixed_table(100, seed=2).drop_nulls()
    assert copula.impute(whole).equals(whole)
