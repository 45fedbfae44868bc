from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

torch = pytest.importorskip("torch")

from understudy.core.generator import load  # noqa: E402
from understudy.core.random import Stream  # noqa: E402
from understudy.tabular import any_order_network, autoregressive  # noqa: E402
from understudy.tabular.autoregressive import Autoregressive, _calibration  # noqa: E402
from understudy.tabular.fields import Encoded  # noqa: E402
from understudy.testing import check_synthesizer  # noqa: E402


def mixed_table(rows: int = 1500, seed: int = 0) -> pl.DataFrame:
    """A number that follows two columns, a heap at zero, and missing values that hang on a category."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    size = rng.gamma(3.0, 10.0, rows)
    price = np.round(2 * size + 30 * (kind == "b") + rng.normal(size=rows), 2)
    hours = np.where(rng.random(rows) < 0.4, 0.0, np.round(rng.exponential(5.0, rows), 1))
    frame = pl.DataFrame({"kind": kind, "size": size.round(2), "price": price, "hours": hours, "large": size > 28})
    missing = rng.random(rows) < np.where(kind == "c", 0.7, 0.05)
    return frame.with_columns(pl.when(pl.Series(missing)).then(None).otherwise(pl.col("hours")).alias("hours"))


def three_categories(rows: int = 4000) -> pl.DataFrame:
    """Three columns of which the third follows the exclusive or of the others, four times in five."""
    rng = np.random.default_rng(3)
    a, b = rng.random(rows) < 0.5, rng.random(rows) < 0.3
    c = (a ^ b) ^ (rng.random(rows) < 0.2)
    return pl.DataFrame({"a": np.where(a, "yes", "no"), "b": np.where(b, "yes", "no"), "c": np.where(c, "x", "z")})


NO_TORCH = """
import sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoTorch())
"""


class Brief(Autoregressive):
    """A tenth of the usual course."""

    presented = 32_000


class Briefest(Brief):
    """A course too short to learn much, in small blocks: for what must hold of any weights."""

    presented = 1_000
    block_size = 1024


@pytest.fixture(scope="module")
def model() -> Autoregressive:
    return Brief().fit(mixed_table(), seed=1)


@pytest.fixture(scope="module")
def small() -> Autoregressive:
    return Brief().fit(three_categories(), seed=1)


def everything(model: Autoregressive) -> Encoded:
    """Every row that there can be."""
    tokens = np.array(list(product(*(range(f.size) for f in model.codec.fields))), np.uint8)
    return Encoded(list(tokens.T), [None] * len(model.codec.fields))


def test_it_keeps_the_contract_of_synthesizers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoregressive, "CALIBRATION_ROWS", 2_000)
    check_synthesizer(Briefest, mixed_table(90), given={"kind": "a", "price": (20.0, None)})


def test_what_hangs_together_still_does(model: Autoregressive) -> None:
    made = model.sample(8000, seed=2)
    rest = made["price"] - 2 * made["size"] - 30 * (made["kind"] == "b").cast(pl.Float64)
    assert (rest.quantile(0.9) or 0) - (rest.quantile(0.1) or 0) < 25  # 95 where columns are drawn apart
    assert ((made["size"] > 28) == made["large"]).mean() > 0.9
    for level, missing in (("a", 0.05), ("c", 0.7)):
        here = made.filter(pl.col("kind") == level)
        assert here["hours"].null_count() / here.height == pytest.approx(missing, abs=0.12)


def test_probabilities_of_all_rows_sum_to_one_and_agree_with_what_is_drawn(small: Autoregressive) -> None:
    rows = everything(small)
    probability = np.exp(small._log_prob(rows))
    assert probability.sum() == pytest.approx(1.0, abs=1e-5)
    drawn = small._draw(8192 * 4, Stream(4), None)
    sizes = [f.size for f in small.codec.fields]
    share = np.bincount(np.ravel_multi_index(drawn.tokens, sizes), minlength=len(probability)) / drawn.rows
    error = np.sqrt(probability * (1 - probability) / drawn.rows)
    assert np.abs((share - probability) / error).max() < 4.5


def test_the_law_of_a_cell_agrees_with_the_joint_law(small: Autoregressive) -> None:
    """The network is trained over orders, so one order's joint law and another's conditional agree up to what it did not learn."""
    rows = everything(small)
    probability = np.exp(small._log_prob(rows))
    j = 2
    given = np.ones((rows.rows, 3), bool)
    given[:, j] = False
    law = small._law(j, rows, given)[np.arange(rows.rows), rows.tokens[j]]
    others = np.ravel_multi_index([rows.tokens[0], rows.tokens[1]], [2, 2])
    joint = probability / np.bincount(others, probability)[others]
    assert np.abs(law - joint).max() < 0.05


def test_conditions_come_out_as_the_joint_law_has_them(small: Autoregressive) -> None:
    """Rows drawn under a condition against unconditional rows that happen to meet it."""
    free = small.sample(8192 * 6, seed=5).filter(pl.col("c") == "x")
    asked = small.sample(8192 * 2, seed=6, given={"c": "x"})
    assert set(asked["c"]) == {"x"}
    for column in ("a", "b"):
        first, second = (free[column] == "yes").mean(), (asked[column] == "yes").mean()
        assert isinstance(first, float)
        assert isinstance(second, float)
        assert abs(first - second) < 4 * (0.25 / free.height + 0.25 / asked.height) ** 0.5


def test_ranges_and_sets_are_met_by_every_row(model: Autoregressive) -> None:
    made = model.sample(3000, seed=1, given={"price": (150.0, 170.0), "kind": ["b", "c"]})
    assert made["price"].is_between(150.0, 170.0).all()
    assert set(made["kind"]) <= {"b", "c"}


def test_two_digits_stand_for_fields_of_many_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(any_order_network, "SPLIT_ABOVE", 10)
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, 4000)
    level = group * 10 + rng.integers(0, 10, 4000)
    group = np.where(rng.random(4000) < 0.05, 0, group)
    table = pl.DataFrame({"group": [f"g{g}" for g in group], "level": [f"v{v:02d}" for v in level]})
    model = Brief().fit(table, seed=1)
    assert model._law_of_fields.bases == [0, 6]
    made = model.sample(4000, seed=2)
    right = (made["level"].str.slice(1).cast(pl.Int64) // 10) == made["group"].str.slice(1).cast(pl.Int64)
    assert right.mean() > 0.8  # a third by chance
    asked = model.sample(500, seed=2, given={"level": ["v03", "v27"]})
    assert set(asked["level"]) == {"v03", "v27"}
    rows = everything(model)
    assert np.exp(model._log_prob(rows)).sum() == pytest.approx(1.0, abs=0.08)  # 36 two-digit tokens for 30 levels
    known = Encoded([np.zeros(1, np.uint8)] * 2, [None, None])
    assert model._law(1, known, np.zeros((1, 2), bool)).sum() == pytest.approx(1.0)


def test_wide_tables_take_a_running_sum() -> None:
    rng = np.random.default_rng(1)
    base = rng.random(600) < 0.5
    table = pl.DataFrame({f"c{i}": np.where(rng.random(600) < 0.1, ~base, base).astype(str) for i in range(70)})
    brief = Brief(limit=0.9)
    brief.presented = 4_000
    model = brief.fit(table, seed=1)
    assert "first.project" in model._law_of_fields.arrays
    made = model.sample(2000, seed=2)
    agree = np.mean([(made["c0"] == made[f"c{i}"]).mean() for i in range(1, 70)])
    assert agree > 0.7  # .82 in the table, half by chance


def test_a_saved_model_draws_the_same_rows_where_torch_is_not_installed(model: Autoregressive, tmp_path: Path) -> None:
    path = tmp_path / "model.understudy"
    model.save(path)
    expected = model.sample(100, seed=3, given={"kind": "b"})
    assert load(path).sample(100, seed=3, given={"kind": "b"}).equals(expected)
    script = NO_TORCH + (
        "import understudy as us\n"
        f"model = us.load({str(path)!r})\n"
        "made = model.sample(100, seed=3, given={'kind': 'b'})\n"
        f"made.write_parquet({str(tmp_path / 'made.parquet')!r})\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert pl.read_parquet(tmp_path / "made.parquet").equals(expected)


def test_without_torch_the_install_line_is_named() -> None:
    script = NO_TORCH + (
        "import polars as pl, understudy as us\n"
        "try:\n    us.fit(pl.DataFrame({'a': list('xyxyxy') * 10}), method='autoregressive', progress=None)\n"
        "except us.UnderstudyError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert 'pip install "understudy[neural]"' in said


def test_partial_rows_keep_what_is_given_and_follow_its_law(small: Autoregressive) -> None:
    """One row in three knows a and b, one c, one nothing: side by side, each as its own law has it."""
    rows = 30_000
    known = Encoded([np.ones(rows, np.uint8) for _ in range(3)], [None] * 3)
    given = np.zeros((rows, 3), bool)
    given[::3, :2] = True
    given[1::3, 2] = True
    made = small._complete(known, given, Stream(3), {})
    first = small._order[0]
    before_c = next(j for j in small._order if j != 2)
    for kind, asked in enumerate((2, before_c, first)):  # of what is not given, the field drawn first
        law = small._law(asked, known.take(np.array([kind])), given[[kind]])[0]
        share = np.bincount(made.tokens[asked][kind::3], minlength=2) / (rows // 3)
        assert share == pytest.approx(law, abs=4 * (0.25 / (rows // 3)) ** 0.5)
    assert (made.tokens[0][::3] == 1).all()
    assert (made.tokens[2][1::3] == 1).all()


def test_missing_cells_are_filled_and_the_others_left_alone(model: Autoregressive) -> None:
    table = mixed_table(400, seed=9)
    filled = model.impute(table, seed=1)
    assert filled["hours"].null_count() == 0
    assert filled.drop("hours").equals(table.drop("hours"))
    was_there = table["hours"].is_not_null()
    assert filled["hours"].filter(was_there).equals(table["hours"].filter(was_there))
    assert model.log_prob(table).shape == (400,)
    assert model.predict_proba(table.drop("kind"), "kind").height == 400


def test_the_record_tells_the_course_and_what_is_remembered(model: Autoregressive) -> None:
    assert model.record is not None
    assert model.record.figures["training"]["steps"] > 0
    assert model.record.figures["memorising"]["membership_auc"] < 0.6


def test_a_fit_broken_off_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    from understudy.core.progress import Progress

    class Impatient(Progress):
        def advance(self, done: float, **metrics: object) -> None:
            self.cancelled = self.cancelled or "score" in metrics

    table, file = three_categories(400), tmp_path / "checkpoint.understudy"
    whole = Brief().fit(table, seed=1)
    Brief(checkpoint=file).fit(table, seed=1, progress=Impatient())
    assert file.exists()
    resumed = Brief(checkpoint=file).fit(table, seed=1)
    assert resumed.sample(500, seed=1).equals(whole.sample(500, seed=1))
    assert not file.exists()


def test_calibration_leaves_alone_what_chance_explains() -> None:
    shares = np.array([0.5, 0.3, 0.2])
    assert np.abs(_calibration(shares, np.array([5030, 2990, 1980]))).max() == 0
    moved = _calibration(shares, np.array([6000, 2500, 1500]))
    assert moved[0] == pytest.approx(np.log(0.5 / 0.6), abs=0.01)
    assert moved[2] == pytest.approx(np.log(0.2 / 0.15), abs=0.01)
