from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.data.constraints import Inequality
from understudy.data.table import as_table
from understudy.tabular.copula import Copula
from understudy.testing import check_synthesizer


def mixed_table(rows: int = 1500, seed: int = 0) -> pl.DataFrame:
    """Two numbers, a heaped number with missing values, a category and a boolean, all dependent."""
    rng = np.random.default_rng(seed)
    z = rng.multivariate_normal(np.zeros(4), [[1, 0.8, 0.5, 0.6], [0.8, 1, 0.4, 0.5], [0.5, 0.4, 1, 0.3], [0.6, 0.5, 0.3, 1]], rows)
    hours = np.where(z[:, 2] > 0.3, 0.0, np.round(np.exp(z[:, 2] + 2), 1))
    missing = rng.random(rows) < np.where(z[:, 0] > 0, 0.3, 0.05)
    return pl.DataFrame(
        {
            "length": np.round(np.exp(0.4 * z[:, 0] + 3), 3),
            "width": np.round(10 + 3 * z[:, 1], 2),
            "hours": pl.Series(hours).set(pl.Series(missing), None),
            "grade": np.array(["low", "middle", "high"])[np.digitize(z[:, 3], [-0.5, 0.8])],
            "member": z[:, 1] + rng.normal(size=rows) > 0,
        }
    )


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return mixed_table()


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> Copula:
    return Copula().fit(table, seed=1)


@pytest.fixture(scope="module")
def many(model: Copula) -> pl.DataFrame:
    """A large sample without conditions: the reference that conditioned samples are compared with."""
    return model.sample(400_000, seed=11)


def test_it_keeps_the_contract_of_synthesizers(tmp_path) -> None:
    check_synthesizer(Copula, mixed_table(250), given={"grade": "high", "width": (9, None)})


def test_margins_are_those_of_the_training_table(table: pl.DataFrame, many: pl.DataFrame) -> None:
    for column in ("grade", "member"):
        real, made = (frame[column].value_counts(normalize=True).sort(column)["proportion"].to_numpy() for frame in (table, many))
        assert np.abs(real - made).max() < 0.01
    assert abs(many["hours"].null_count() / many.height - table["hours"].null_count() / table.height) < 0.01
    assert abs((many["hours"] == 0).mean() - (table["hours"] == 0).mean()) < 0.01
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert abs((many["length"] <= table["length"].quantile(share)).mean() - share) < 0.015


def test_dependence_is_not_attenuated_by_discrete_columns(table: pl.DataFrame, many: pl.DataFrame) -> None:
    def tied(frame: pl.DataFrame) -> list[float]:
        high = (frame["grade"] == "high").to_numpy().astype(float)
        return [
            float(np.corrcoef(a, b)[0, 1])
            for a, b in (
                (frame["length"].to_numpy(), frame["width"].to_numpy()),
                (frame["length"].to_numpy(), high),
                (frame["width"].to_numpy(), frame["member"].to_numpy().astype(float)),
            )
        ]

    assert np.abs(np.array(tied(table)) - tied(many)).max() < 0.06


def test_missingness_depends_on_the_other_columns_as_in_training(table: pl.DataFrame, many: pl.DataFrame) -> None:
    cut = table["length"].median()
    for side in (pl.col("length") <= cut, pl.col("length") > cut):
        real, made = (frame.filter(side)["hours"].is_null().mean() for frame in (table, many))
        assert abs(real - made) < 0.04


CONDITIONS = {
    "one level": ({"grade": "high"}, pl.col("grade") == "high"),
    "a set of levels": ({"grade": ["low", "high"]}, pl.col("grade").is_in(["low", "high"])),
    "a range": ({"width": (11.0, 14.0)}, pl.col("width").is_between(11.0, 14.0)),
    "missing": ({"hours": None}, pl.col("hours").is_null()),
    "missing or one value": ({"hours": [None, 0.0]}, pl.col("hours").is_null() | (pl.col("hours") == 0)),
    "several columns": (
        {"grade": ["high", "middle"], "width": (None, 9.5), "member": True},
        pl.col("grade").is_in(["high", "middle"]) & (pl.col("width") <= 9.5) & pl.col("member"),
    ),
    "unlikely together": ({"grade": "low", "length": (28.0, None)}, (pl.col("grade") == "low") & (pl.col("length") >= 28.0)),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditioned_rows_follow_the_conditional_law(model: Copula, many: pl.DataFrame, name: str) -> None:
    given, meaning = CONDITIONS[name]
    made, reference = model.sample(20_000, seed=3, given=given), many.filter(meaning)
    assert made.filter(meaning).height == made.height
    tolerance = 3.0 / np.sqrt(min(made.height, reference.height))
    codes = [_cells(made, many), _cells(reference, many)]
    columns = list(codes[0])
    for i, first in enumerate(columns):
        assert _distance(codes[0][first], codes[1][first], 8) < tolerance * np.sqrt(8) / 2, first
        for second in columns[i + 1 :]:
            pairs = [c[first] * 8 + c[second] for c in codes]
            assert _distance(*pairs, 64) < tolerance * np.sqrt(64) / 2, (first, second)


def _cells(frame: pl.DataFrame, reference: pl.DataFrame) -> dict[str, np.ndarray]:
    """Each column as one of at most eight cells: sextiles of numbers, levels, missing."""
    cells = {}
    for name in frame.columns:
        if frame[name].dtype.is_numeric():
            edges = np.unique(reference[name].drop_nulls().to_numpy()[::50])
            edges = np.quantile(edges, np.arange(1, 6) / 6)
            values = frame[name].to_numpy().astype(float)
            cells[name] = np.where(np.isnan(values), 7, np.searchsorted(edges, values))
        else:
            levels = sorted(reference[name].unique().to_list())
            cells[name] = np.array([levels.index(v) for v in frame[name].to_list()])
    return cells


def _distance(a: np.ndarray, b: np.ndarray, size: int) -> float:
    """Total variation distance of two samples of cells."""
    return float(0.5 * np.abs(np.bincount(a, minlength=size) / len(a) - np.bincount(b, minlength=size) / len(b)).sum())


def test_an_exact_number_conditions_in_closed_form(model: Copula, many: pl.DataFrame) -> None:
    made = model.sample(5000, seed=5, given={"width": 13.0})
    assert (made["width"] == 13.0).all()
    near = many.filter(pl.col("width").is_between(12.9, 13.1))
    assert abs(made["length"].log().mean() - near["length"].log().mean()) < 0.03
    assert abs((made["grade"] == "high").mean() - (near["grade"] == "high").mean()) < 0.04


def test_the_probability_of_a_condition_is_that_of_the_model(model: Copula, many: pl.DataFrame) -> None:
    found = model.efficiency({"grade": "high", "width": (12.0, None)})
    share = many.filter((pl.col("grade") == "high") & (pl.col("width") >= 12.0)).height / many.height
    assert found.probability == pytest.approx(share, rel=0.05)
    assert 0 < found.effective <= 1


def test_a_condition_without_probability_is_refused_by_name() -> None:
    rows = 400
    kind = np.array(["a", "b"])[np.arange(rows) % 2]
    model = Copula().fit(pl.DataFrame({"kind": kind, "size": np.random.default_rng(0).normal(size=rows).round(3)}), seed=0)
    with pytest.raises(ConditionError, match="kind"):
        model.sample(10, given={"kind": "c"})


def test_a_declared_inequality_holds_in_every_row_also_under_conditions() -> None:
    rng = np.random.default_rng(4)
    start = np.round(rng.gamma(2.0, 20.0, 1200), 1)
    frame = pl.DataFrame({"start": start, "end": np.round(start + rng.exponential(5.0, 1200), 1), "kind": rng.choice(["a", "b"], 1200)})
    table = as_table(frame)
    table = table.with_schema(table.schema.model_copy(update={"constraints": [Inequality(low="start", high="end")]}))
    model = Copula().fit(table, seed=0)
    for given in (None, {"start": (60.0, None)}, {"end": (None, 30.0)}, {"start": (20.0, 40.0), "end": (30.0, 45.0)}):
        made = model.sample(3000, seed=2, given=given)
        assert (made["start"] <= made["end"]).all()
        for name, (low, high) in (given or {}).items():
            assert made[name].is_between(low if low is not None else -np.inf, high if high is not None else np.inf).all()
    apart = model.sample(3000, seed=2)
    assert abs((apart["end"] - apart["start"]).median() - (frame["end"] - frame["start"]).median()) < 1.5


def test_classes_are_found_where_one_copula_cannot_do() -> None:
    """Two crossing lines: no correlation, strong dependence."""
    rng = np.random.default_rng(2)
    x, sign = rng.normal(size=3000), rng.choice([-1.0, 1.0], 3000)
    frame = pl.DataFrame({"x": x.round(4), "y": (sign * x + 0.1 * rng.normal(size=3000)).round(4)})
    made = Copula().fit(frame, seed=0).sample(3000, seed=1)
    real = np.corrcoef(frame["x"].abs(), frame["y"].abs())[0, 1]
    assert np.corrcoef(made["x"].abs(), made["y"].abs())[0, 1] > real - 0.1


@pytest.mark.parametrize("rows", [900, 4200])
def test_one_that_follows_another_keeps_its_kind_of_components_and_compares_nothing(rows: int) -> None:
    rng = np.random.default_rng(2)
    x, sign = rng.normal(size=rows), rng.choice([-1.0, 1.0], rows)
    frame = pl.DataFrame({"x": x.round(4), "y": (sign * x + 0.1 * rng.normal(size=rows)).round(4)})
    first, after = Copula().fit(frame.head(600), seed=0), Copula()
    after._follow(first)
    after.fit(frame, seed=0)
    assert first.record is not None
    assert after.record is not None
    assert first.record.figures["trials"]
    assert after.record.figures["trials"] == []
    assert first.model.components > 1
    assert after.model.components > 1


def test_independent_columns_stay_one_component_or_independent() -> None:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({name: rng.normal(size=300).round(3) for name in "abcdef"})
    model = Copula().fit(frame, seed=0)
    assert model.model.components == 1
    made = model.sample(20_000, seed=1).to_numpy()
    assert np.abs(np.corrcoef(made.T) - np.eye(6)).max() < 0.2


def test_log_density_prefers_rows_of_the_same_law(table: pl.DataFrame, model: Copula) -> None:
    fresh = mixed_table(500, seed=9)
    shuffled = pl.DataFrame([fresh[name].sample(fraction=1.0, shuffle=True, seed=i) for i, name in enumerate(fresh.columns)])
    real, apart = (model.log_density(model.codec.encode(frame)).mean() for frame in (fresh, shuffled))
    assert real > apart + 0.3


def test_no_row_is_a_copy_of_a_training_row(table: pl.DataFrame, model: Copula) -> None:
    made = model.sample(3000, seed=8)
    assert made.join(table, on=table.columns, how="semi", nulls_equal=True).height == 0


def test_a_wide_table_is_learned_and_keeps_its_blocks() -> None:
    rng = np.random.default_rng(5)
    factors = rng.normal(size=(1000, 6))
    block = factors[:, np.arange(60) % 6] + 0.7 * rng.normal(size=(1000, 60))
    frame = pl.DataFrame({f"c{i}": block[:, i].round(3) if i % 3 else block[:, i] > 0.5 for i in range(60)})
    made = Copula().fit(frame, seed=0).sample(4000, seed=1)
    real = np.corrcoef(frame["c1"], frame["c7"])[0, 1]
    assert abs(np.corrcoef(made["c1"], made["c7"])[0, 1] - real) < 0.07
    assert abs(np.corrcoef(made["c1"], made["c2"])[0, 1]) < 0.07


def test_the_draw_does_not_depend_on_other_blocks(model: Copula) -> None:
    drawn = model._draw(1000, Stream(3), None)
    again = model._draw(1000, Stream(3), None)
    assert all(np.array_equal(a, b) for a, b in zip(drawn.tokens, again.tokens, strict=True))
