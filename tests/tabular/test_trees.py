from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from understudy.core.generator import load
from understudy.core.random import Stream
from understudy.data.nearest import Estimate
from understudy.tabular.fields import Field
from understudy.tabular.memorising import LARGE, Memorising, kept_aside, pooled
from understudy.tabular.ordering import CONDITIONING
from understudy.tabular.trees import GROUPS, Caution, Trees, _commonest_kinds, group_bounds
from understudy.testing import check_synthesizer


def mixed_table(rows: int = 1200, seed: int = 0) -> pl.DataFrame:
    """A near-function of two columns, a heap at zero, missing values that hang on a category, and a threshold."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    size = rng.gamma(3.0, 10.0, rows)
    price = np.round(2 * size + 30 * (kind == "b") + rng.normal(size=rows), 2)
    hours = np.where(rng.random(rows) < 0.4, 0.0, np.round(rng.exponential(5.0, rows), 1))
    large = (size > 28) ^ (rng.random(rows) < 0.05)
    frame = pl.DataFrame({"kind": kind, "size": size.round(2), "price": price, "hours": hours, "large": large})
    missing = rng.random(rows) < np.where(kind == "c", 0.7, 0.05)
    return frame.with_columns(pl.when(pl.Series(missing)).then(None).otherwise(pl.col("hours")).alias("hours"))


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return mixed_table()


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> Trees:
    return Trees().fit(table, seed=1)


@pytest.fixture(scope="module")
def made(model: Trees) -> pl.DataFrame:
    return model.sample(20_000, seed=2)


def test_it_keeps_the_contract_of_synthesizers() -> None:
    check_synthesizer(lambda: Trees(trees=3), mixed_table(90), given={"kind": "a", "price": (20.0, None)})


def test_what_hangs_together_still_does(table: pl.DataFrame, made: pl.DataFrame) -> None:
    for frame in (table, made):
        rest = frame["price"] - 2 * frame["size"] - 30 * (frame["kind"] == "b").cast(pl.Float64)
        assert (rest.quantile(0.9) or 0) - (rest.quantile(0.1) or 0) < 9
        assert ((frame["size"] > 28) == frame["large"]).mean() > 0.87
        for level, missing in (("a", 0.05), ("b", 0.05), ("c", 0.7)):
            here = frame.filter(pl.col("kind") == level)
            assert here["hours"].null_count() / here.height == pytest.approx(missing, abs=0.1)
        assert (frame["hours"].drop_nulls() == 0).mean() == pytest.approx(0.4, abs=0.06)


def test_a_strong_dependence_is_drawn_as_a_place_and_a_residual_and_the_record_says_so(model: Trees) -> None:
    kinds = {model.codec.fields[j].name: c.kind for j, c in model._conditionals.items()}
    assert kinds["price"] == "residual" or kinds["size"] == "residual"
    assert kinds["kind"] == kinds["large"] == kinds["hours"] == "donors"
    assert model.record is not None
    told = {d["column"] for d in model.record.to_dict()["decisions"] if "residual" in d["what"]}
    assert told == {name for name, kind in kinds.items() if kind == "residual"}
    assert sorted(model.record.figures["chain"]) == sorted(kinds)


def test_seeds_of_fitting_and_of_sampling_matter_and_nothing_else_does(table: pl.DataFrame) -> None:
    one, again, other = (Trees(trees=3).fit(table, seed=seed).sample(300, seed=5) for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)
    fitted = Trees(trees=3).fit(table, seed=1)
    assert not fitted.sample(300, seed=6).equals(one)
    assert fitted.sample(100, seed=5).equals(one.head(100))


def test_a_saved_model_draws_the_same_bytes(model: Trees, tmp_path: Path) -> None:
    model.save(tmp_path / "trees.understudy")
    again = load(tmp_path / "trees.understudy")
    assert isinstance(again, Trees)
    for given in (None, {"kind": "b", "price": (40.0, 120.0)}, {"hours": None}):
        assert model._fingerprint(model.block(3, seed=9, given=given)) == again._fingerprint(again.block(3, seed=9, given=given))
    assert again.record is not None
    assert model.record is not None
    assert again.record.to_dict() == model.record.to_dict()


def test_the_model_holds_no_row_of_the_table(model: Trees) -> None:
    """Donors are values in the order of their leaf: the donors of two fields cannot be joined to rows again."""
    state = model._learned()
    donors = [array for name, array in state.arrays.items() if name.endswith(".donors")]
    assert donors
    assert all(len(array) == 0 for array in donors)
    for conditional in model._conditionals.values():
        kept = conditional.tokens if conditional.kind == "donors" else conditional.residuals
        forest = conditional.forest
        for node in np.flatnonzero(forest.leaves()):
            part = kept[forest.start[node] : forest.stop[node]]
            if conditional.kind == "residual":
                part = part[conditional.spikes[forest.start[node] : forest.stop[node]] < 0]
            assert (np.diff(part) >= 0).all()


# -- memorising


def many_numbers(rows: int, columns: int, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(rows, 3))
    values = factors @ rng.normal(size=(3, columns)) + 0.3 * rng.normal(size=(rows, columns))
    return pl.DataFrame({f"x{j}": values[:, j].round(4) for j in range(columns)})


def note_on_memorising(model: Trees) -> str:
    assert model.record is not None
    (note,) = [n for n in model.record.notes if n.startswith("Memorising")]
    return note


def test_a_limit_that_cannot_be_kept_leads_to_the_last_caution_and_the_record_says_so() -> None:
    frame = many_numbers(400, 4)
    strict, usual = Trees(trees=3, limit=0.0).fit(frame, seed=0), Trees(trees=3, limit=1.0).fit(frame, seed=0)
    assert strict.record is not None
    assert usual.record is not None
    assert strict.record.figures["caution"] == Trees.TIGHTENINGS
    assert "still above the limit 0.0" in note_on_memorising(strict)
    assert f"after growing {Trees.TIGHTENINGS} steps coarser" in note_on_memorising(strict)
    assert usual.record.figures["caution"] == 0
    assert "within the limit 1.0" in note_on_memorising(usual)
    leaves = [sum(c.forest.leaves().sum() for c in m._conditionals.values()) for m in (strict, usual)]
    assert leaves[0] < 0.6 * leaves[1]


def test_it_grows_coarser_until_it_does_not_memorise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first level that is safe is kept: levels 0 and 1 are made to look bad."""
    from understudy.tabular import trees as module

    levels: list[int] = []
    fit = module._Fitting.fit

    def watched(self: Any, learn: Any, aside: Any, caution: Caution, *rest: Any) -> Any:
        trial = fit(self, learn, aside, caution, *rest)
        if aside is not None:
            levels.append(caution.level)
            value = 0.7 if caution.level < 2 else 0.5
            trial.memorising = Memorising(Estimate(value, 0.01), Estimate(value, 0.01))
        return trial

    monkeypatch.setattr(module._Fitting, "fit", watched)
    model = Trees(trees=2).fit(many_numbers(160, 3), seed=0)
    assert sorted(set(levels)) == [0, 1, 2]
    assert model.record is not None
    assert model.record.figures["caution"] == 2
    assert "within" in note_on_memorising(model)


def test_every_step_of_caution_asks_more_of_numbers() -> None:
    for kind in ("number", "residual"):
        steps = [Caution(level).growth(kind) for level in range(4)]
        assert all(b.leaf > a.leaf and b.donors > a.donors and b.significance > a.significance for a, b in pairwise(steps))
        assert Caution(3).smoothing(kind) > Caution(0).smoothing(kind)


def test_figures_of_several_splits_are_pooled() -> None:
    found = [Memorising(Estimate(v, 0.03), Estimate(v + 0.1, 0.04)) for v in (0.5, 0.6)]
    mean = pooled([*found, None])
    assert mean is not None
    assert mean.membership == pytest.approx((0.55, 0.03 / np.sqrt(2)))
    assert mean.nearer == pytest.approx((0.65, 0.04 / np.sqrt(2)))
    assert pooled([None]) is None


def test_few_rows_are_learned_without_a_measure_and_the_record_says_so() -> None:
    model = Trees(trees=2).fit(mixed_table(30), seed=0)
    assert model.record is not None
    assert any("Too few rows to measure" in note for note in model.record.notes)
    assert model.sample(50, seed=0).height == 50


# -- parts of the fitting


@pytest.mark.parametrize("rows", [20, 200, 6000, LARGE])
def test_rows_kept_aside_are_never_learned(rows: int) -> None:
    splits = kept_aside(rows, 2, np.random.default_rng(0))
    assert len(splits) >= 1
    for learn, aside in splits:
        assert len(np.intersect1d(learn, aside)) == 0
        assert len(learn) + len(aside) == rows
    if 40 <= rows < 5000:
        assert len(splits) == 2
        assert len(np.intersect1d(splits[0][1], splits[1][1])) == 0


def test_the_way_that_most_splits_chose_is_kept_and_the_simpler_one_on_a_tie() -> None:
    found = [{0: "residual", 1: "residual", 2: "donors"}, {0: "residual", 1: "donors", 2: "donors"}]
    assert _commonest_kinds(found) == {0: "residual", 1: "donors", 2: "donors"}


def test_groups_are_equal_parts_of_the_range_and_missing_values_one_of_their_own() -> None:
    shares = np.concatenate([[0.2], np.full(64, 0.8 / 64)])
    field = Field("x", "x", "numeric", 65, 0, shares, np.arange(65) == 0)
    low, high = group_bounds(field, np.arange(65))
    assert (low[0], high[0]) == (0, 0)
    assert (np.arange(1, 65) >= low[1:]).all()
    assert (np.arange(1, 65) <= high[1:]).all()
    sums = [shares[1:][low[1:] == start].sum() for start in np.unique(low[1:])]
    assert max(sums) < 2.5 / GROUPS
    starts, stops = np.unique(low), np.unique(high)
    assert np.abs(starts[2:] - stops[1:-1]).max() < 1e-6


def test_a_wide_table_looks_at_a_bounded_number_of_earlier_fields() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"f{j}": rng.random(500) < 0.5 for j in range(119)})
    frame = frame.with_columns(last=pl.col("f7").cast(pl.Int64) * 6 + pl.Series(rng.integers(0, 10, 500)))
    model = Trees(trees=2, limit=1.0).fit(frame, seed=0)
    assert len(model.codec.fields) == 120
    assert max(len(use) for use in model._use.values()) == CONDITIONING
    for conditional in model._conditionals.values():
        seen = set(np.unique(conditional.forest.feature)) - {-1}
        assert len(seen) <= CONDITIONING
    made = model.sample(500, seed=1)
    assert made.width == 120
    means = made.group_by("f7").agg(pl.col("last").mean()).sort("f7")["last"]
    assert means[1] - means[0] == pytest.approx(6, abs=2)


def test_an_exhausted_budget_grows_fewer_trees() -> None:
    hurried = Trees().fit(mixed_table(300), seed=0, budget=0.001)
    assert max(len(c.forest.roots) for c in hurried._conditionals.values()) == 2


def test_draws_depend_on_their_stream_alone(model: Trees) -> None:
    one, again, other = (model._draw(500, Stream(s), None) for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one.tokens, again.tokens, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one.tokens, other.tokens, strict=True))
