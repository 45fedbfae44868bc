from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch")

import understudy as us
from understudy.core.errors import ArgumentError, ConditionError, MissingExtraError
from understudy.core.generator import load
from understudy.core.random import Stream
from understudy.data.table import as_table
from understudy.tabular.diffusion import Diffusion
from understudy.tabular.fields import Encoded
from understudy.testing import check_synthesizer


def mixed_table(rows: int = 1500, seed: int = 0) -> pl.DataFrame:
    """A category that moves a number, a heap at zero, missing values that hang on the category, a threshold."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    size = rng.gamma(3.0, 10.0, rows)
    price = np.round(2 * size + 60 * (kind == "b") + 6 * rng.normal(size=rows), 2)
    hours = np.where(rng.random(rows) < 0.4, 0.0, np.round(rng.exponential(5.0, rows), 1))
    frame = pl.DataFrame({"kind": kind, "size": size.round(2), "price": price, "hours": hours, "large": size > 28})
    missing = rng.random(rows) < np.where(kind == "c", 0.7, 0.05)
    return frame.with_columns(pl.when(pl.Series(missing)).then(None).otherwise(pl.col("hours")).alias("hours"))


def quick(course: float = 0.02, **options: Any) -> Diffusion:
    model = Diffusion(device="cpu", **options)
    model.course, model.CAUTIONS = course, 0
    return model


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return mixed_table()


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> Diffusion:
    model = quick(0.3)
    model.learns_all = False
    return model.fit(table, seed=1)


@pytest.fixture(scope="module")
def made(model: Diffusion) -> pl.DataFrame:
    return model.sample(8_000, seed=2)


@pytest.mark.slow
def test_it_keeps_the_contract_of_synthesizers() -> None:
    check_synthesizer(quick, mixed_table(90), given={"kind": "a", "price": (20.0, None)})


def test_what_hangs_together_still_does(table: pl.DataFrame, made: pl.DataFrame) -> None:
    for frame in (table, made):
        by_kind = {level: frame.filter(pl.col("kind") == level) for level in "abc"}
        for level, missing in (("a", 0.05), ("b", 0.05), ("c", 0.7)):
            assert by_kind[level]["hours"].null_count() / by_kind[level].height == pytest.approx(missing, abs=0.12)
        assert by_kind["b"]["price"].mean() - by_kind["a"]["price"].mean() == pytest.approx(60, abs=15)  # type: ignore[operator]
        assert frame.select(pl.corr("size", "price")).item() > 0.6
        assert ((frame["size"] > 28) == frame["large"]).mean() > 0.9


def test_columns_have_their_shares(table: pl.DataFrame, made: pl.DataFrame) -> None:
    for level in "abc":
        assert (made["kind"] == level).mean() == pytest.approx((table["kind"] == level).mean(), abs=0.03)
    assert (made["hours"] == 0).sum() / made.height == pytest.approx((table["hours"] == 0).sum() / table.height, abs=0.04)
    assert made["price"].quantile(0.5) == pytest.approx(table["price"].quantile(0.5), rel=0.1)  # type: ignore[arg-type]


def test_conditions_hold_and_follow_the_joint_law(model: Diffusion, made: pl.DataFrame) -> None:
    given = model.sample(4_000, seed=3, given={"price": (100.0, 130.0), "kind": ["b", "c"]})
    assert given["price"].is_between(100, 130).all()
    assert given["kind"].is_in(["b", "c"]).all()
    same = made.filter(pl.col("price").is_between(100, 130) & pl.col("kind").is_in(["b", "c"]))
    assert same.height > 500
    assert (given["kind"] == "b").mean() == pytest.approx((same["kind"] == "b").mean(), abs=0.08)
    assert given["size"].mean() == pytest.approx(same["size"].mean(), rel=0.1)  # type: ignore[arg-type]


def test_a_rare_narrow_range_needs_no_rejection(model: Diffusion, table: pl.DataFrame) -> None:
    edge = float(table["size"].quantile(0.99))  # type: ignore[arg-type]
    given = model.sample(2_000, seed=4, given={"size": (edge, None)})
    assert (given["size"] >= edge).all()
    assert given["large"].mean() > 0.9  # type: ignore[operator]
    assert given["size"].n_unique() > 100


def test_what_is_impossible_is_refused(model: Diffusion) -> None:
    with pytest.raises(ConditionError):
        model.sample(10, given={"kind": "z"})


def test_partial_rows_keep_what_is_given_and_get_the_rest(model: Diffusion, table: pl.DataFrame) -> None:
    rows = model.codec.encode(model.constraints.forward(table))
    fields = model.codec.fields
    given = np.random.default_rng(0).random((rows.rows, len(fields))) < 0.5
    kind = next(j for j, f in enumerate(fields) if f.name == "kind")
    price = next(j for j, f in enumerate(fields) if f.name == "price")
    given[:, kind], given[:, price] = True, False
    blank = Encoded([np.where(given[:, j], t, 0).astype(t.dtype) for j, t in enumerate(rows.tokens)], list(rows.positions))
    full = model._complete(blank, given, Stream(1), {})
    for j in range(len(fields)):
        assert np.array_equal(full.tokens[j][given[:, j]], rows.tokens[j][given[:, j]])
    told = model.codec.decode_field(price, full.tokens[price], full.positions[price])
    is_b = (table["kind"] == "b").to_numpy()
    assert told[is_b].mean() - told[~is_b].mean() == pytest.approx(60, abs=20)


def test_fewer_steps_draw_several_fields_at_once(table: pl.DataFrame) -> None:
    model = quick(steps=2).fit(table, seed=1)
    assert len(set(model._step.values())) == 2
    assert model.sample(100, seed=1).height == 100


def test_fields_that_tell_nothing_of_one_another_share_a_step() -> None:
    rng = np.random.default_rng(0)
    first = rng.choice(list("abc"), 1_500)
    table = pl.DataFrame(
        {
            "first": first,
            "copy": np.where(rng.random(1_500) < 0.9, first, "a"),
            "alone": rng.choice(["x", "y"], 1_500),
            "apart": rng.choice(["u", "v", "w"], 1_500),
        }
    )
    model = quick(0.15).fit(table, seed=1)
    steps = {model.codec.fields[j].name: step for j, step in model._step.items()}
    assert steps["first"] != steps["copy"]
    assert len(model._turns) < 4
    made = model.sample(4_000, seed=1)
    assert (made["first"] == made["copy"]).mean() == pytest.approx((table["first"] == table["copy"]).mean(), abs=0.04)


def test_rows_that_are_alike_are_looked_at_once_and_get_what_each_would_get(model: Diffusion, table: pl.DataFrame) -> None:
    rows = model.codec.encode(model.constraints.forward(table)).take(slice(0, 500))
    work, looked_at = model._blank_work(500), []
    hidden = model._drawer.hidden
    kind, large, size = (next(j for j, f in enumerate(model.codec.fields) if f.name == name) for name in ("kind", "large", "size"))

    def counted(slots: Any, numbers: Any) -> Any:
        looked_at.append(len(slots))
        return hidden(slots, numbers)

    model._drawer.hidden = counted  # type: ignore[method-assign]
    try:
        for j in (kind, large, size):
            model._show(work, j, rows)
            found = model._look(work)
            assert np.allclose(found.numpy(), hidden(work.slots, work.numbers).numpy(), atol=1e-5)
    finally:
        model._drawer.hidden = hidden  # type: ignore[method-assign]
    assert looked_at == [3, 6, 500]


def test_the_flow_of_one_number_is_that_of_all_numbers_side_by_side(model: Diffusion) -> None:
    import torch

    flow = model._network.flow
    n, count = 7, len(model._flows)
    given, x = torch.randn(count, n, flow.inner), torch.randn(count, n)
    for t in (torch.tensor(0.0), torch.tensor(0.4), torch.tensor(1.0)):
        together = flow.velocity(given, x, t.expand_as(x))
        for k in range(count):
            alone = flow.velocity_of_one(given[[k]], x[[k]], t, k)
            assert torch.allclose(alone[0], together[k], atol=1e-5)


def test_a_model_survives_saving(model: Diffusion, made: pl.DataFrame, tmp_path: Path) -> None:
    model.save(tmp_path / "m.understudy")
    assert load(tmp_path / "m.understudy").sample(50, seed=2).equals(made.head(50))


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"x": np.arange(10.0), "y": list("aabbaabbab")}),
        pl.DataFrame({"a": ["x", "y", None] * 60, "b": ["u", "v", "w", "v"] * 45}),
        pl.DataFrame(np.random.default_rng(0).normal(size=(120, 4)).round(3), schema=list("abcd")),
        pl.DataFrame({"gap": [None] * 150 + [1.5, 2.5] * 25, "x": np.random.default_rng(0).normal(size=200).round(2)}),
    ],
    ids=["ten rows", "categories only", "numbers only", "mostly missing"],
)
def test_small_and_plain_tables_are_learned(frame: pl.DataFrame) -> None:
    made = quick().fit(frame, seed=0).sample(60, seed=0)
    assert made.columns == frame.columns
    assert made.height == 60


@pytest.mark.slow
def test_wide_tables_and_many_levels_are_bounded() -> None:
    rng = np.random.default_rng(0)
    wide = pl.DataFrame({f"x{i}": rng.normal(size=120).round(2) for i in range(60)})
    model = quick(0.005).fit(wide, seed=0)
    assert len(set(model._step.values())) == model.steps
    assert sum(model._network.plan.slots) < 20_000
    assert model.sample(20, seed=0).width == 60
    many = as_table(pl.DataFrame({"level": [f"L{i % 600:04d}" for i in range(7_200)], "x": rng.integers(0, 5, 7_200)}))
    model = quick(0.002).fit(many.with_schema(many.schema.override({"level": "categorical"})), seed=0)
    assert max(model._network.plan.slots) <= 256
    given = model.sample(200, seed=0, given={"level": ["L0007", "L0008"], "x": 3})
    assert set(given["level"]) <= {"L0007", "L0008"}
    assert set(given["x"]) == {3}


def test_inequalities_hold() -> None:
    rng = np.random.default_rng(0)
    low = rng.gamma(3, 10, 600).round(1)
    frame = pl.DataFrame({"low": low, "high": (low + rng.exponential(3, 600)).round(1), "c": rng.choice(["a", "b"], 600)})
    model = quick(0.1).fit(frame, seed=0)
    assert model.constraints.bounds
    made = model.sample(1_000, seed=0)
    assert (made["low"] <= made["high"]).all()


def test_a_course_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    from understudy.core.progress import Progress

    class Stops(Progress):
        def advance(self, done: float, **metrics: Any) -> None:
            self.cancelled = self.cancelled or "score" in metrics

    table, file = mixed_table(300), tmp_path / "course.checkpoint"
    stopped = quick(0.05, checkpoint=file).fit(table, seed=1, progress=Stops())
    assert file.exists()
    assert stopped.sample(5).height == 5
    resumed = quick(0.05, checkpoint=file).fit(table, seed=1)
    whole = quick(0.05).fit(table, seed=1)
    assert resumed.sample(200, seed=1).equals(whole.sample(200, seed=1))


def test_the_record_tells_the_course_and_what_is_remembered(model: Diffusion) -> None:
    assert model.record is not None
    assert model.record.figures["training"]["steps"] > 0
    assert 0.3 < model.record.figures["memorising"]["membership_auc"] < 0.7
    assert any("Memorising" in note for note in model.record.notes)


def test_bad_options_are_refused() -> None:
    with pytest.raises(ArgumentError, match="at least one step"):
        Diffusion(steps=0)
    with pytest.raises(ArgumentError, match="kind of device"):
        Diffusion(device="toaster").fit(mixed_table(50))


def test_without_torch_the_install_line_is_named(table: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "torch":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r'pip install "understudy\[neural\]"'):
        us.fit(table, method="diffusion", progress=None)
