from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.core.artifact import State
from understudy.core.budget import Budget
from understudy.core.errors import ArtifactError, ConditionError
from understudy.core.generator import load
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.data.table import as_table
from understudy.tabular import fit
from understudy.tabular.fields import Encoded
from understudy.tabular.mixture import Mixture, Setting
from understudy.testing import check_synthesizer


def mixed_table(rows: int = 3000, seed: int = 0) -> pl.DataFrame:
    """Two dependent numbers, a heap at zero, missing values that hang on a category, and a boolean that needs two columns at once."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    size = rng.gamma(3.0, 10.0, rows)
    price = np.round(2 * size + 30 * (kind == "b") + 4 * rng.normal(size=rows), 2)
    hours = np.where(rng.random(rows) < 0.4, 0.0, np.round(rng.exponential(5.0, rows), 1))
    odd = (size > 28) ^ (kind == "a") ^ (rng.random(rows) < 0.05)
    frame = pl.DataFrame({"kind": kind, "size": size.round(2), "price": price, "hours": hours, "odd": odd})
    missing = rng.random(rows) < np.where(kind == "c", 0.6, 0.05)
    return frame.with_columns(hours=pl.when(pl.Series(missing)).then(None).otherwise(pl.col("hours")))


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return mixed_table()


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> Mixture:
    return Mixture().fit(table, seed=1)


@pytest.fixture(scope="module")
def many(model: Mixture) -> Encoded:
    """Rows without conditions, as tokens and positions."""
    return drawn(model, 400_000)


def drawn(model: Mixture, n: int, given: dict | None = None) -> Encoded:
    rows = model._draw(n, Stream(11), model._prepare(given))
    rng = np.random.default_rng(0)
    fields = model.codec.fields
    for j, field in enumerate(fields):
        if rows.positions[j] is None and not field.all_atoms:
            rows.positions[j] = np.where(field.atom[rows.tokens[j]], 0, rng.random(n)).astype(np.float32)
    return rows


def test_it_keeps_the_contract_of_synthesizers() -> None:
    check_synthesizer(Mixture, mixed_table(250), given={"kind": "c", "size": (20, None)})


def test_single_columns_are_those_of_the_training_table(table: pl.DataFrame, model: Mixture) -> None:
    made = model.sample(100_000, seed=2)
    for column in ("kind", "odd"):
        real, seen = (frame[column].value_counts(normalize=True).sort(column)["proportion"].to_numpy() for frame in (table, made))
        assert np.abs(real - seen).max() < 0.015
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert abs((made["size"] <= table["size"].quantile(share)).mean() - share) < 0.02
    assert abs((made["hours"] == 0).mean() - (table["hours"] == 0).mean()) < 0.015


def test_it_learns_what_hangs_together(table: pl.DataFrame, model: Mixture) -> None:
    made = model.sample(50_000, seed=2)
    assert np.corrcoef(made["size"], made["price"])[0, 1] > np.corrcoef(table["size"], table["price"])[0, 1] - 0.05
    for kind in "abc":
        rows = pl.col("kind") == kind
        assert abs(made.filter(rows)["hours"].is_null().mean() - table.filter(rows)["hours"].is_null().mean()) < 0.05


def test_it_learns_what_no_single_tree_can_say(table: pl.DataFrame, model: Mixture) -> None:
    """Whether a row is odd hangs on two columns at once."""
    rule = (pl.col("size") > 28) ^ (pl.col("kind") == "a")
    tree = Mixture(components=1).fit(table, seed=1).sample(20_000, seed=2)
    made = model.sample(20_000, seed=2)
    assert tree.select((rule == pl.col("odd")).mean()).item() < 0.8
    assert made.select((rule == pl.col("odd")).mean()).item() > 0.87


CONDITIONS = {
    "one level": {"kind": "c"},
    "a set of levels": {"kind": ["a", "c"]},
    "a range": {"size": (20.0, 41.5)},
    "missing": {"hours": None},
    "missing or one value": {"hours": [None, 0.0]},
    "several columns": {"kind": ["a", "b"], "price": (None, 60.0), "odd": True, "hours": (2.0, None)},
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditioned_rows_follow_the_joint_weighted_by_the_condition(model: Mixture, many: Encoded, name: str) -> None:
    """One- and two-way tables of conditioned draws are those of unconditioned draws that happen to meet the condition."""
    given = CONDITIONS[name]
    allowed = model._compiled(given).allowed
    met = np.all([a.contains(many.tokens[j], many.positions[j]) for j, a in allowed.items()], axis=0)
    reference, made = many.take(met), drawn(model, 40_000, given)
    assert np.all([a.contains(made.tokens[j], made.positions[j]) for j, a in allowed.items()])
    assert model.efficiency(given).probability == pytest.approx(met.mean(), abs=4 * np.sqrt(met.mean() / len(met)))
    assert model.efficiency(given).effective == 1.0
    edges = [np.unique(np.quantile(many.coordinate(j), np.arange(1, 6) / 6)) for j in range(len(made.tokens))]
    cells = [[np.searchsorted(e, part.coordinate(j), "right") for j, e in enumerate(edges)] for part in (reference, made)]
    for i in range(len(edges)):
        for j in range(i):
            tables = [np.bincount(c[i] * 8 + c[j], minlength=64) / len(c[i]) for c in cells]
            tolerance = 4 * np.sqrt(tables[0] * (1 / reference.rows + 1 / made.rows)) + 4e-4
            assert (np.abs(tables[0] - tables[1]) < tolerance).all(), (i, j)


def test_a_point_inside_a_bin_is_met_exactly(model: Mixture) -> None:
    rows = model.sample(500, seed=1, given={"price": 61.37})
    assert (rows["price"] == 61.37).all()
    assert rows["size"].n_unique() > 100


def test_rare_conditions_are_met_by_every_row(table: pl.DataFrame, model: Mixture) -> None:
    given = {"kind": "b", "size": (70.0, None), "hours": 0.0, "odd": True}
    assert 0 < model.efficiency(given).probability < 0.01
    rows = model.sample(20_000, seed=3, given=given)
    assert rows.height == 20_000
    assert rows.filter(pl.col("kind").eq("b") & pl.col("size").ge(70) & pl.col("hours").eq(0) & pl.col("odd")).height == rows.height


def test_what_no_row_can_be_is_refused(model: Mixture) -> None:
    with pytest.raises(ConditionError, match="kind"):
        model.efficiency({"kind": "z"})


# -- partial rows and probabilities


def test_log_probabilities_are_those_of_draws(model: Mixture, many: Encoded) -> None:
    """The mean log probability of draws of some fields' tokens is minus their entropy, near that of how often they come."""
    pair = [0, 4]
    seen = np.bincount(many.tokens[0] * 8 + many.tokens[4], minlength=64) / many.rows
    kinds = model.codec.fields[0].size
    known, given = many.take(slice(0, 1)), np.zeros((1, len(many.tokens)), bool)
    first = model._law(0, known, given)[0]
    for token in range(kinds):
        known.tokens[0][:] = token
        given[:, 0] = True
        second = model._law(4, known, given)[0]
        for other, share in enumerate(second):
            assert seen[token * 8 + other] == pytest.approx(first[token] * share, abs=0.004), pair


def test_the_law_of_a_column_agrees_with_log_probabilities(model: Mixture, many: Encoded) -> None:
    known = many.take(slice(0, 40))
    given = np.ones((40, len(known.tokens)), bool)
    for j, field in enumerate(model.codec.fields):
        law = model._law(j, known, given)
        assert law.shape == (40, field.size)
        np.testing.assert_allclose(law.sum(axis=1), 1.0)
        logs = np.empty((40, field.size))
        for token in range(field.size):
            changed = Encoded([*known.tokens[:j], np.full(40, token, field.token_type), *known.tokens[j + 1 :]], known.positions)
            logs[:, token] = model._log_prob(changed)
        expected = np.exp(logs - logs.max(axis=1, keepdims=True))
        np.testing.assert_allclose(law, expected / expected.sum(axis=1, keepdims=True), atol=1e-4)


def test_completed_rows_keep_what_is_given_and_meet_what_is_allowed(model: Mixture, many: Encoded) -> None:
    known = many.take(slice(0, 5000))
    given = np.random.default_rng(3).random((5000, len(known.tokens))) < 0.5
    allowed = model._compiled({"hours": (1.5, 8.0), "size": (10.0, 30.25)}).allowed
    made = model._complete(known, given, Stream(5), allowed)
    for j, field in enumerate(model.codec.fields):
        kept = given[:, j]
        assert (made.tokens[j][kept] == known.tokens[j][kept]).all()
        assert made.tokens[j].dtype == field.token_type
        if known.positions[j] is not None:
            assert (made.positions[j][kept] == known.positions[j][kept]).all()
            assert (made.positions[j][field.atom[made.tokens[j]]] == 0).all()
        if j in allowed:
            assert allowed[j].contains(made.tokens[j][~kept], made.positions[j][~kept]).all()


def test_completing_all_cells_anew_gives_rows_like_any_other(model: Mixture, many: Encoded) -> None:
    known = many.take(slice(0, 100_000))
    made = model._complete(known, np.zeros((known.rows, len(known.tokens)), bool), Stream(6), {})
    for j, field in enumerate(model.codec.fields):
        shares = [np.bincount(t, minlength=field.size) / len(t) for t in (made.tokens[j], many.tokens[j])]
        assert (np.abs(shares[0] - shares[1]) < 5 * np.sqrt(shares[1] / 80_000) + 2e-4).all()


# -- learning


def test_more_trees_are_chosen_where_rows_kept_aside_become_likelier(model: Mixture) -> None:
    assert model.record is not None
    figures = model.record.figures
    assert figures["components"] > 1
    best = max(figures["trials"], key=lambda t: t["log_probability_aside"])
    one = next(t for t in figures["trials"] if t["components"] == 1)
    assert best["components"] == figures["components"]
    assert best["log_probability_aside"] > one["log_probability_aside"]


def test_a_model_that_remembers_too_much_is_learned_again_coarser(table: pl.DataFrame) -> None:
    strict = Mixture(components=32, limit=0.0).fit(table.head(400), seed=0)
    assert strict.record is not None
    assert strict.record.figures["caution"] == Mixture.TIGHTENINGS
    assert strict.record.figures["components"] == 2
    assert any("still above the limit 0.0" in note for note in strict.record.notes)


def test_coarser_settings_take_more_from_all_rows() -> None:
    setting = Setting(16, 32)
    assert setting.coarser() == Setting(16, 16, setting.level + 1)
    assert setting.coarser().smoothing.pair == 2 * setting.smoothing.pair


def test_learning_stops_when_asked_with_what_it_has(table: pl.DataFrame) -> None:
    class Impatient(Progress):
        def stage(self, name: str, total: int | None = None) -> None:
            self.cancelled = name == "learn trees"

    made = Mixture().fit(table, seed=0, progress=Impatient())
    assert made.sample(10, seed=0).height == 10
    assert Mixture().fit(table, seed=0, budget=Budget(0.01)).sample(10, seed=0).height == 10


# -- tables of all kinds

RNG = np.random.default_rng(8)
TABLES = {
    "ten rows": mixed_table(10),
    "two rows": pl.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}),
    "categories only": pl.DataFrame({c: RNG.choice(list("xyz"), 300) for c in "abc"}),
    "numbers only": pl.DataFrame({c: RNG.normal(size=300) for c in "abc"}),
    "one column": pl.DataFrame({"a": RNG.normal(size=300)}),
    "constants beside one column": pl.DataFrame({"a": RNG.integers(0, 3, 200), "b": [1] * 200, "c": ["same"] * 200}),
    "constants only": pl.DataFrame({"b": [1] * 200, "c": ["same"] * 200}),
    "missing values everywhere": mixed_table(300).with_columns(pl.when(pl.Series(RNG.random(300) < 0.5)).then(pl.all()).otherwise(None)),
    "all but one row missing": pl.DataFrame({"a": [None] * 199 + [1.5], "b": RNG.choice(["x", "y"], 200)}),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_all_kinds_are_learned(name: str) -> None:
    table = TABLES[name]
    made = Mixture().fit(table, seed=0).sample(100, seed=0)
    assert made.columns == table.columns
    assert made.height == 100


def test_thousands_of_levels_cost_no_more_than_some() -> None:
    rng = np.random.default_rng(4)
    rows = 30_000
    code = np.repeat(np.arange(2000), 15)
    table = pl.DataFrame({"code": [f"c{c}" for c in code], "side": np.where(rng.random(rows) < 0.9, code % 2, rng.integers(0, 2, rows))})
    learned = as_table(table)
    model = Mixture().fit(learned.with_schema(learned.schema.override({"code": "categorical"})), seed=0)
    assert len(model.model.tables) < 1e6
    made = model.sample(20_000, seed=0)
    tied = (made["code"].str.slice(1).cast(pl.Int64) % 2 == made["side"]).mean()
    assert tied > 0.8


# -- saving


def test_a_loaded_model_has_the_same_probabilities(model: Mixture, many: Encoded, tmp_path) -> None:
    model.save(tmp_path / "m.understudy")
    loaded = load(tmp_path / "m.understudy")
    assert isinstance(loaded, Mixture)
    rows = many.take(slice(0, 200))
    np.testing.assert_array_equal(loaded._log_prob(rows), model._log_prob(rows))


@pytest.mark.parametrize("part", ["parents", "tables", "inside", "groups", "own"])
def test_tables_that_do_not_fit_are_refused(model: Mixture, part: str) -> None:
    state = model._learned()
    broken = state.arrays | {part: state.arrays[part][:-1]}
    with pytest.raises(ArtifactError, match="do not fit"):
        model._relearn(State({}, broken))


def test_a_tree_with_a_circle_is_refused(model: Mixture) -> None:
    state = model._learned()
    parents = state.arrays["parents"].copy()
    parents[0, :2] = [1, 0]
    with pytest.raises(ArtifactError, match="do not fit"):
        model._relearn(State({}, state.arrays | {"parents": parents}))


def test_it_is_known_by_its_name(table: pl.DataFrame) -> None:
    assert isinstance(fit(table.head(200), method="mixture", progress=None, components=2), Mixture)
