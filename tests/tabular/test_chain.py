from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tabular.written import Written, chance, field, joint, levels

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.data.constraints import Inequality
from understudy.data.table import as_table
from understudy.tabular.chain import systematic, token_weights
from understudy.tabular.fields import Allowed, Encoded
from understudy.tabular.synthesizer import Conditions, ScarceRowsWarning
from understudy.tabular.trees import Trees


@pytest.fixture(scope="module")
def written() -> Written:
    rng = np.random.default_rng(2)
    return Written([chance(rng, 4), chance(rng, 4, 3), chance(rng, 4, 3, 5), chance(rng, 4, 3, 5, 2)])


CONDITIONS = {
    "the first": {0: levels(4, 1, 3)},
    "the second": {1: levels(3, 2)},
    "the last": {3: levels(2, 1)},
    "two in a row": {1: levels(3, 0, 2), 2: levels(5, 1, 4)},
    "the first and the last": {0: levels(4, 0, 2), 3: levels(2, 0)},
    "all": {0: levels(4, 0, 1), 1: levels(3, 1, 2), 2: levels(5, 0, 2, 3), 3: levels(2, 1)},
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditioned_rows_follow_the_written_law(written: Written, name: str) -> None:
    allowed = CONDITIONS[name]
    law = joint(written)
    for j, only in allowed.items():
        law = law * only.mask.reshape([-1 if k == j else 1 for k in range(4)])
    counts = np.zeros(law.shape)
    for seed in range(12):
        drawn = written._draw(4000, Stream(seed), Conditions(allowed))
        assert drawn.rows == 4000
        assert all(only.mask[drawn.tokens[j]].all() for j, only in allowed.items())
        np.add.at(counts, tuple(drawn.tokens), 1)
    distance = 0.5 * np.abs(counts / counts.sum() - law / law.sum()).sum()
    cells = (law > 0).sum()
    assert distance < 0.02 + 0.5 * np.sqrt(cells / counts.sum())


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_probability_of_conditions_is_that_of_the_written_law(written: Written, name: str) -> None:
    allowed = CONDITIONS[name]
    law = joint(written)
    expected = law[np.ix_(*[np.flatnonzero(allowed[j].mask) if j in allowed else np.arange(law.shape[j]) for j in range(4)])].sum()
    found = written._pilot(allowed, Stream(3))
    assert found.probability == pytest.approx(expected, rel=0.08)
    assert 0 < found.effective <= 1
    assert found.candidates == written.block_size


def test_parts_of_a_bin_weigh_by_their_share(written: Written) -> None:
    """A range that takes a quarter of one bin and all of the next gives positions in that part only."""
    bins = [field("a", 2), field("x", 3, "numeric", np.zeros(3, bool))]
    model = Written([np.array([0.5, 0.5]), np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]])], bins)
    allowed = Allowed(np.array([True, True, False]), 0.75, 2.0)
    assert token_weights(bins[1], allowed).tolist() == [0.25, 1, 0]
    drawn = model._draw(20_000, Stream(0), Conditions({1: allowed}))
    coordinate = drawn.coordinate(1)
    assert (coordinate >= 0.75).all()
    assert (coordinate <= 2.0).all()
    assert (drawn.tokens[0] == 0).mean() == pytest.approx(0.3 / (0.3 + 0.825), abs=0.02)
    assert (drawn.tokens[1] == 0).mean() == pytest.approx((0.2 + 0.025) / (0.3 + 0.825), abs=0.02)
    assert np.quantile(coordinate[drawn.tokens[1] == 0], 0.5) == pytest.approx(0.875, abs=0.01)


def test_impossible_together_is_told(written: Written) -> None:
    model = Written([np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]])])
    with pytest.raises(ConditionError, match=r"(?s)meets the conditions.*Loosen one"):
        model._draw(64, Stream(0), Conditions({0: levels(2, 0), 1: levels(2, 1)}))


def scarce_chain(chance_of_one: float) -> Written:
    """The second field is 1 in no row but those of the first one's last, rare token."""
    first = np.array([(1 - chance_of_one) / 3] * 3 + [chance_of_one])
    return Written([first, np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]])])


@pytest.mark.parametrize(("probability", "scarce"), [(0.002, True), (0.2, False)])
def test_scarce_conditions_warn_and_common_ones_do_not(probability: float, scarce: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    model = scarce_chain(probability)
    monkeypatch.setattr(Written, "_compiled", lambda self, given: Conditions({1: levels(2, 1)}))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model._prepare({"f1": "b"})
    assert [w.category for w in caught] == [ScarceRowsWarning] * scarce
    if scarce:
        assert f"{probability:.1g}"[:3] in str(caught[0].message)
    drawn = model._draw(500, Stream(1), Conditions({1: levels(2, 1)}))
    assert set(drawn.tokens[0]) == {3}


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=20).filter(lambda w: sum(w) > 1e-3),
    st.integers(1, 200),
    st.floats(0, 0.999),
)
def test_systematic_resampling_takes_each_as_often_as_its_weight_says_or_once_more_or_less(
    weights: list[float], size: int, offset: float
) -> None:
    index = systematic(np.array(weights), size, offset)
    assert len(index) == size
    taken = np.bincount(index, minlength=len(weights))
    expected = size * np.array(weights) / sum(weights)
    assert (np.abs(taken - expected) < 1 + 1e-6).all()
    assert (taken[np.array(weights) == 0] == 0).all()


def test_systematic_resampling_is_without_bias() -> None:
    weights = np.array([0.05, 0.0, 0.31, 0.6, 0.04])
    taken = [np.bincount(systematic(weights, 7, offset), minlength=5) for offset in (np.arange(1000) + 0.5) / 1000]
    assert np.mean(taken, axis=0) == pytest.approx(7 * weights, abs=0.01)


class Halves(SimpleNamespace):
    """A codec of two numbers: ``low`` in halves (0, .5, 1 …), ``high`` in whole numbers; every token of either is an atom."""

    def decode_field(self, j: int, tokens: np.ndarray, positions: Any) -> np.ndarray:
        return tokens / 2.0 if j == 0 else tokens.astype(float)

    def coordinate(self, j: int, values: np.ndarray) -> np.ndarray:
        exact = values * 2 if j == 0 else values
        return np.where(exact == np.floor(exact), exact, np.floor(exact) + 0.5)


@pytest.mark.parametrize("lower_first", [True, False])
def test_a_bound_between_two_values_leaves_out_the_one_behind_it(lower_first: bool) -> None:
    fields = [field("low", 20, "numeric"), field("high", 11, "numeric")]
    model = Written([np.zeros(20), np.zeros(11)], fields)
    model.codec = Halves(fields=fields)
    model.constraints.bounds = [("low", "high", False)]
    drawn = Encoded([np.arange(20, dtype=np.uint8), np.arange(11, dtype=np.uint8)], [None, None])
    if lower_first:
        low, high = model._limits(1, drawn, [0])
        assert high is None
        assert low is not None
        assert low == pytest.approx(np.ceil(np.arange(20) / 2))
    else:
        low, high = model._limits(0, drawn, [1])
        assert low is None
        assert high is not None
        assert high == pytest.approx(np.arange(11) * 2)


# -- the same laws with learned trees


def mixed_table(rows: int = 3000, seed: int = 0) -> pl.DataFrame:
    """Strong dependencies of every kind, and a column with missing values that hang on another."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c", "d"], rows, p=[0.4, 0.3, 0.2, 0.1])
    centre = np.select([kind == "a", kind == "b", kind == "c"], [20.0, 35.0, 50.0], 70.0)
    age = np.clip(np.rint(centre + 8 * rng.normal(size=rows)), 0, 99).astype(int)
    income = np.round(200 * age + 1500 * rng.normal(size=rows) ** 2, 2)
    member = rng.random(rows) < 1 / (1 + np.exp(-(age - 45) / 6))
    visits = rng.poisson(np.where(member, 9, 2))
    missing = rng.random(rows) < np.where(kind == "c", 0.6, 0.1)
    score = np.round(np.where(member, 80, 40) + 10 * rng.normal(size=rows), 1)
    return pl.DataFrame(
        {
            "kind": kind,
            "age": age,
            "income": income,
            "member": member,
            "visits": visits,
            "score": pl.Series(score).set(pl.Series(missing), None),
        }
    )


@pytest.fixture(scope="module")
def trees() -> Trees:
    return Trees(trees=8).fit(mixed_table(), seed=1)


@pytest.fixture(scope="module")
def many(trees: Trees) -> pl.DataFrame:
    """A large sample without conditions: filtered by a condition, it follows the conditional law."""
    return trees.sample(250_000, seed=11)


MEANINGS = {
    "a level": ({"kind": "c"}, pl.col("kind") == "c"),
    "a set": ({"kind": ["a", "d"]}, pl.col("kind").is_in(["a", "d"])),
    "a range of whole numbers": ({"age": (38, 47)}, pl.col("age").is_between(38, 47)),
    "one whole number": ({"visits": 4}, pl.col("visits") == 4),
    "an open range": ({"income": (None, 6000.0)}, pl.col("income") <= 6000.0),
    "a range inside few bins": ({"score": (70.0, 75.0)}, pl.col("score").is_between(70.0, 75.0)),
    "missing": ({"score": None}, pl.col("score").is_null()),
    "two columns": ({"kind": "c", "member": False}, (pl.col("kind") == "c") & ~pl.col("member")),
    "many columns": (
        {"kind": ["b", "c"], "age": (30, None), "visits": [1, 2, 3], "score": (30.0, 50.0)},
        pl.col("kind").is_in(["b", "c"])
        & (pl.col("age") >= 30)
        & pl.col("visits").is_in([1, 2, 3])
        & pl.col("score").is_between(30.0, 50.0),
    ),
    "against the grain": ({"age": (55, None), "member": False}, (pl.col("age") >= 55) & ~pl.col("member")),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_conditions_are_met_in_every_row_and_rows_follow_the_conditional_law(trees: Trees, many: pl.DataFrame, name: str) -> None:
    given, meaning = MEANINGS[name]
    made, reference = trees.sample(24_000, seed=3, given=given), many.filter(meaning)
    assert made.filter(meaning).height == made.height == 24_000
    assert reference.height > 1000
    tolerance = 3.0 / np.sqrt(min(made.height, reference.height))
    cells = [_cells(made, many), _cells(reference, many)]
    columns = list(cells[0])
    for i, first in enumerate(columns):
        assert _distance(cells[0][first], cells[1][first], 8) < tolerance * np.sqrt(8) / 2, first
        for second in columns[i + 1 :]:
            pairs = [c[first] * 8 + c[second] for c in cells]
            assert _distance(*pairs, 64) < tolerance * np.sqrt(64) / 2, (first, second)


@pytest.mark.parametrize("name", MEANINGS)
def test_the_probability_of_a_condition_is_that_of_the_model(trees: Trees, many: pl.DataFrame, name: str) -> None:
    given, meaning = MEANINGS[name]
    share = many.filter(meaning).height / many.height
    assert trees.efficiency(given).probability == pytest.approx(share, rel=0.1, abs=0.001)


def _cells(frame: pl.DataFrame, reference: pl.DataFrame) -> dict[str, np.ndarray]:
    """Each column as one of at most eight cells: sextiles of numbers, levels, missing."""
    cells = {}
    for name in frame.columns:
        if frame[name].dtype.is_numeric():
            edges = np.quantile(reference[name].drop_nulls().to_numpy(), np.arange(1, 6) / 6)
            values = frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            cells[name] = np.where(np.isnan(values), 7, np.searchsorted(edges, values))
        else:
            levels = sorted(reference[name].unique().to_list())
            cells[name] = np.array([levels.index(v) for v in frame[name].to_list()])
    return cells


def _distance(a: np.ndarray, b: np.ndarray, size: int) -> float:
    """Total variation distance of two samples of cells."""
    return float(0.5 * np.abs(np.bincount(a, minlength=size) / len(a) - np.bincount(b, minlength=size) / len(b)).sum())


@pytest.fixture(scope="module")
def rare() -> Trees:
    """A rare code that comes with "yes" and "no" as good as never."""
    rng = np.random.default_rng(0)
    code = np.repeat(["common", "other", "rare"], [1960, 1000, 40])
    rng.shuffle(code)
    big = np.where((code == "rare") | (rng.random(3000) < 0.5), "yes", "no")
    return Trees(trees=4).fit(pl.DataFrame({"big": big, "code": code, "x": rng.normal(size=3000).round(3)}), seed=0)


def test_a_learned_table_warns_of_scarce_rows_and_still_meets_the_conditions(rare: Trees) -> None:
    with pytest.warns(ScarceRowsWarning, match="probability"):
        made = rare.sample(200, seed=1, given={"big": "no", "code": "rare"})
    assert (made["big"] == "no").all()
    assert (made["code"] == "rare").all()


def test_values_that_a_table_does_not_hold_are_refused_by_the_column_s_name(rare: Trees) -> None:
    with pytest.raises(ConditionError, match="code"):
        rare.sample(5, given={"code": "unheard of"})
    with pytest.raises(ConditionError, match='"x"'):
        rare.sample(5, given={"x": (1000.0, None)})
    with pytest.raises(ConditionError, match="cod"):
        rare.sample(5, given={"cod": "rare"})


@pytest.fixture(scope="module")
def ordered() -> tuple[Trees, pl.DataFrame]:
    rng = np.random.default_rng(4)
    start = np.round(rng.gamma(2.0, 20.0, 1500), 1)
    whole = np.ceil(start + rng.exponential(5.0, 1500)).astype(int)
    frame = pl.DataFrame({"start": start, "end": whole, "kind": rng.choice(["a", "b"], 1500)})
    table = as_table(frame)
    table = table.with_schema(table.schema.model_copy(update={"constraints": [Inequality(low="start", high="end")]}))
    return Trees(trees=4).fit(table, seed=0), frame


@pytest.mark.parametrize(
    "given",
    [None, {"start": (60.0, None)}, {"end": (None, 30)}, {"start": (20.0, 40.0), "end": (30, 45)}, {"kind": "a", "start": (70.5, 71.5)}],
)
def test_a_declared_inequality_holds_in_every_row_also_under_conditions(ordered: Any, given: dict[str, Any] | None) -> None:
    model, frame = ordered
    made = model.sample(4000, seed=2, given=given)
    assert (made["start"] <= made["end"]).all()
    for name, wanted in (given or {}).items():
        if isinstance(wanted, str):
            assert (made[name] == wanted).all()
            continue
        low, high = wanted
        assert made[name].is_between(low if low is not None else -np.inf, high if high is not None else np.inf).all()
    if given is None:
        gaps = [(f["end"] - f["start"]).to_numpy() for f in (made, frame)]
        assert np.abs(np.quantile(gaps[0], [0.1, 0.25, 0.5, 0.75]) - np.quantile(gaps[1], [0.1, 0.25, 0.5, 0.75])).max() < 2.5


def test_a_block_does_not_depend_on_the_others_nor_on_how_many_there_are(trees: Trees) -> None:
    given = {"age": (30, 50), "member": True}
    alone = trees.block(2, seed=5, given=given)
    streamed = list(trees.stream(3 * trees.block_size, seed=5, given=given))
    assert trees._fingerprint(streamed[2]) == trees._fingerprint(alone)
