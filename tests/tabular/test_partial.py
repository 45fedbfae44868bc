"""Partial rows as conditions: given cells come out as they went in, the rest follows the model's law given them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.tabular.test_chain import mixed_table
from tests.tabular.test_synthesizer import customers, schema

from understudy.core.errors import ConditionError
from understudy.tabular.auto import Auto
from understudy.tabular.copula import Copula
from understudy.tabular.independent import Independent
from understudy.tabular.synthesizer import TableSynthesizer
from understudy.tabular.trees import Trees
from understudy.testing import check_generator

ENGINES = {"independent": Independent, "trees": lambda: Trees(trees=4), "copula": Copula}


@pytest.fixture(scope="module", params=ENGINES)
def ruled(request: pytest.FixtureRequest) -> TableSynthesizer:
    """A model of a table with a lookup, a sum and an inequality."""
    return ENGINES[request.param]().fit(customers(), schema=schema(), seed=1)


@pytest.fixture(scope="module", params=ENGINES)
def mixed(request: pytest.FixtureRequest) -> TableSynthesizer:
    return ENGINES[request.param]().fit(mixed_table(), seed=1)


PARTIAL = pl.DataFrame(
    {
        "churn": ["Yes", None, "No", None],
        "price": [None, 19.99, 49.0, None],
        "contacts": [5, 9, None, None],
        "calls": [None, 3, 2, None],
        "limit": [None, 30_000.0, None, 25_000.0],
        "income": [20_000.0, None, None, None],
    }
)


def test_given_cells_come_out_and_rules_hold_in_every_row(ruled: TableSynthesizer) -> None:
    made = ruled.sample(2000, seed=3, given=PARTIAL)
    for row, wanted in enumerate(PARTIAL.iter_rows(named=True)):
        part = made[row::4]
        assert part.height == 500
        for name, value in wanted.items():
            assert value is None or (part[name] == value).all(), (row, name)
    assert set(made.select("plan", "price").rows()) <= {("basic", 9.99), ("plus", 19.99), ("pro", 49.0)}
    assert (made["calls"] + made["visits"] == made["contacts"]).all()
    assert (made["income"] <= made["limit"]).all()
    assert made["id"].is_unique().all()


def test_the_contract_holds_under_partial_rows() -> None:
    check_generator(Independent().fit(customers(), schema=schema(), seed=1), given=PARTIAL)


@pytest.mark.slow
def test_blocks_of_partial_rows_do_not_depend_on_one_another(mixed: TableSynthesizer) -> None:
    partial = pl.DataFrame({"kind": ["a", "b", None], "score": [None, 50.0, 82.0]})
    alone = mixed.block(1, seed=5, given=partial)
    assert list(mixed.stream(2 * mixed.block_size, seed=5, given=partial))[1].equals(alone)


def test_partial_rows_of_any_library_are_the_same_condition() -> None:
    pytest.importorskip("pandas")
    ruled = Independent().fit(customers(), schema=schema(), seed=1)
    wanted = ruled.sample(200, given=PARTIAL)
    assert ruled.sample(200, given=PARTIAL.to_arrow()).equals(wanted)
    assert ruled.sample(200, given=PARTIAL.to_pandas()).equals(wanted)


@pytest.mark.parametrize(
    ("partial", "says"),
    [
        ({"plann": ["pro"]}, '"plann".*(?s:.)*"plan"'),
        ({"plan": ["pro", "gold"]}, "'gold'.*(?s:.)*row 2"),
        ({"calls": [2, 900]}, "(?s)outside.*row 2"),
        ({"plan": ["pro"], "price": [9.99]}, "(?s)break a rule.*row 1"),
        ({"contacts": [1], "calls": [3], "visits": [1]}, "break a rule"),
        ({"income": [30_000.0], "limit": [25_000.0]}, "break a rule"),
        ({"price": [12.5]}, '(?s)"price".*row 1'),
        ({"region": ["US"]}, "EU"),
    ],
)
def test_cells_that_cannot_be_are_refused_with_their_row(ruled: TableSynthesizer, partial: dict[str, list[object]], says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        ruled.sample(10, given=pl.DataFrame(partial))


def test_a_total_that_no_draw_hits_is_met_by_the_part_that_is_left() -> None:
    rng = np.random.default_rng(0)
    parts = {name: np.round(rng.gamma(4, 30, 800), 2) for name in "abc"}
    frame = pl.DataFrame({**parts, "all": np.round(sum(parts.values()), 2)})
    model = Copula().fit(frame, seed=0)
    assert any(rule.type == "sum" for rule in model.schema.constraints)
    made = model.sample(100, given=pl.DataFrame({"all": [400.13]}))
    assert (made["all"] == 400.13).all()
    assert (made["a"] + made["b"] + made["c"]).round(2).eq(400.13).all()
    assert made["a"].n_unique() > 90


LAWS = {
    "a level": {"kind": "c"},
    "the last of the chain": {"member": True, "score": 82.0},
    "a number": {"age": 52},
    "numbers and levels": {"age": 33, "visits": 4},
}


@pytest.mark.parametrize("name", LAWS)
def test_one_partial_row_over_and_over_is_a_condition(mixed: TableSynthesizer, name: str) -> None:
    """The same cells as a frame and as a mapping are two ways to one law."""
    given = LAWS[name]
    made, reference = mixed.sample(8000, seed=2, given=pl.DataFrame([given])), mixed.sample(8000, seed=5, given=given)
    for column in set(made.columns) - set(given):
        first, second = (_binned(frame[column], reference[column]) for frame in (made, reference))
        size = int(max(first.max(), second.max())) + 1
        distance = 0.5 * np.abs(np.bincount(first, minlength=size) - np.bincount(second, minlength=size)).sum() / 8000
        assert distance < 0.05, (column, distance)


def test_a_learned_table_with_cells_taken_out_is_made_whole_again(mixed: TableSynthesizer) -> None:
    """Rows drawn from the model, cells removed at random and completed by the same model: the joint law is as before."""
    whole = mixed.sample(8000, seed=9).drop("score")  # a value that is missing in the table itself would count as taken out
    gone = np.random.default_rng(1).random((8000, whole.width)) < 0.4
    partial = whole.select(pl.when(pl.Series(gone[:, k])).then(None).otherwise(pl.col(c)).alias(c) for k, c in enumerate(whole.columns))
    made = mixed.sample(8000, seed=4, given=partial)
    fresh = mixed.sample(8000, seed=10)
    for k, first in enumerate(whole.columns):
        for second in whole.columns[k + 1 :]:
            cells = [_binned(f[first], whole[first], 5) * 8 + _binned(f[second], whole[second], 5) for f in (made, whole, fresh)]
            made_counts, whole_counts, fresh_counts = (np.bincount(c, minlength=64) / 8000 for c in cells)
            noise = 0.5 * np.abs(whole_counts - fresh_counts).sum()
            assert 0.5 * np.abs(made_counts - whole_counts).sum() < 0.02 + 1.5 * noise, (first, second)


def test_auto_completes_by_its_engine() -> None:
    model = Auto().fit(mixed_table(90), seed=1)
    made = model.sample(50, given=pl.DataFrame({"kind": ["a", "b"], "age": [None, 40]}))
    assert made["kind"].to_list() == ["a", "b"] * 25
    assert (made["age"][1::2] == 40).all()


def _binned(values: pl.Series, reference: pl.Series, bins: int = 6) -> np.ndarray:
    if values.dtype.is_numeric():
        edges = np.quantile(reference.drop_nulls().to_numpy(), np.arange(1, bins) / bins)
        numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
        return np.where(np.isnan(numbers), bins, np.searchsorted(edges, numbers)).astype(np.int64)
    levels = sorted(reference.cast(pl.String).unique().to_list())
    return np.array([levels.index(v) if v in levels else len(levels) for v in values.cast(pl.String).to_list()])
