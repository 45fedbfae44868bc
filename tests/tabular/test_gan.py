from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch")

from understudy.core.generator import load
from understudy.core.progress import Progress
from understudy.core.random import Stream
from understudy.data.nearest import Estimate
from understudy.tabular.fields import Allowed, Encoded
from understudy.tabular.gan import WORTH, Gan, _First
from understudy.tabular.gan_training import Fitting
from understudy.tabular.memorising import Memorising
from understudy.testing import check_synthesizer


class Quick(Gan):
    """A course too short to learn much, and small blocks: for what must hold of any weights."""

    effort = 0.01
    block_size = 512


def mixed_table(rows: int, seed: int = 0) -> pl.DataFrame:
    """Three categories that hang together, a number that follows one of them, and missing values that follow another."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["ash", "beech", "cedar"], rows, p=[0.6, 0.3, 0.1])
    grade = np.where(rng.random(rows) < 0.85, np.where(kind == "ash", "low", "high"), np.where(kind == "ash", "high", "low"))
    height = np.round(rng.normal(10, 2, rows) + 8 * (kind == "cedar"), 1)
    age = pl.Series(np.round(3 * height + rng.normal(0, 3, rows)), dtype=pl.Int64)
    lost = rng.random(rows) < np.where(grade == "low", 0.4, 0.05)
    frame = pl.DataFrame({"kind": kind, "grade": grade, "height": height, "age": age})
    return frame.with_columns(pl.when(pl.Series(lost)).then(None).otherwise(pl.col("age")).alias("age"))


class Short(Gan):
    effort = 0.3


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return mixed_table(1500)


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> Gan:
    return Short().fit(table, seed=1)


@pytest.fixture(scope="module")
def made(model: Gan) -> pl.DataFrame:
    return model.sample(40_000, seed=2)


@pytest.mark.slow
def test_it_keeps_the_contract_of_synthesizers() -> None:
    check_synthesizer(Quick, mixed_table(90), given={"kind": "ash", "height": (9.0, None)})


def test_what_hangs_together_still_does(table: pl.DataFrame, made: pl.DataFrame) -> None:
    for frame in (table, made):
        cedar, rest = frame.filter(pl.col("kind") == "cedar"), frame.filter(pl.col("kind") != "cedar")
        assert cedar["height"].mean() - rest["height"].mean() == pytest.approx(8, abs=1.2)  # type: ignore[operator]
        assert (frame.filter(pl.col("kind") == "ash")["grade"] == "low").mean() == pytest.approx(0.85, abs=0.07)
        for grade, missing in (("low", 0.4), ("high", 0.05)):
            here = frame.filter(pl.col("grade") == grade)
            assert here["age"].null_count() / here.height == pytest.approx(missing, abs=0.09)
        whole = frame.drop_nulls()
        assert np.corrcoef(whole["height"], whole["age"])[0, 1] > 0.85
    shares = dict(made["kind"].value_counts(normalize=True).iter_rows())
    assert shares == pytest.approx(dict(table["kind"].value_counts(normalize=True).iter_rows()), abs=0.02)


CONDITIONS: list[dict[str, Any]] = [
    {"kind": "cedar"},
    {"height": (16.0, None)},
    {"grade": "high", "kind": "ash"},
    {"age": None},
    {"kind": ["beech", "cedar"], "height": (11.0, 15.0)},
]


@pytest.mark.parametrize("first", [False, True], ids=["along the passes", "conditioned fields first"])
@pytest.mark.parametrize("given", CONDITIONS, ids=str)
def test_conditioned_rows_follow_the_models_own_joint_law(model: Gan, made: pl.DataFrame, given: dict[str, Any], first: bool) -> None:
    """Rows made from nothing, those that meet the condition kept, against rows made under the condition, in both ways to meet it."""
    met = meeting(made, given)
    rows = made_under(model, given, first=first)
    assert meeting(rows, given).height == rows.height
    assert met.height > 1000
    for column in ("kind", "grade"):
        error = np.sqrt(0.25 / met.height + 0.25 / rows.height)
        wanted = dict(met[column].value_counts(normalize=True).iter_rows())
        found = dict(rows[column].value_counts(normalize=True).iter_rows())
        for level in wanted:
            assert found.get(level, 0.0) == pytest.approx(wanted[level], abs=3.5 * error)
    for column in ("height", "age"):
        if met[column].drop_nulls().is_empty():
            continue
        spread = made[column].std()
        error = np.sqrt(1 / met[column].drop_nulls().len() + 1 / rows[column].drop_nulls().len())
        assert rows[column].mean() == pytest.approx(met[column].mean(), abs=spread * 3.5 * error)  # type: ignore[operator]


def made_under(model: Gan, given: dict[str, Any], *, first: bool) -> pl.DataFrame:
    compiled = model._compiled(given)
    conditions = _First(**vars(compiled)) if first else compiled
    drawn = model._draw(4000, Stream(3), conditions)
    return model.constraints.backward(model.codec.decode(drawn, np.arange(4000), Stream(4), conditions.limits))


def test_the_way_that_makes_more_of_a_candidate_is_taken(model: Gan) -> None:
    assert not isinstance(model._prepare({"kind": ["ash", "beech"]}), _First)
    rare = {"height": (19.5, None), "kind": "cedar"}
    assert isinstance(model._prepare(rare), _First) == (model.efficiency(rare).effective < WORTH)
    rows = model.sample(2000, seed=4, given=rare)
    assert meeting(rows, rare).height == 2000
    assert rows["age"].mean() > 50  # type: ignore[operator]


def meeting(frame: pl.DataFrame, given: dict[str, Any]) -> pl.DataFrame:
    for column, asked in given.items():
        if asked is None:
            frame = frame.filter(pl.col(column).is_null())
        elif isinstance(asked, tuple):
            low, high = asked
            frame = frame.filter((pl.col(column) >= low) & (pl.col(column) <= (high if high is not None else np.inf)))
        else:
            frame = frame.filter(pl.col(column).is_in([asked] if isinstance(asked, str) else asked))
    return frame


def test_a_saved_model_draws_the_same_bytes_whatever_it_is_asked(model: Gan, tmp_path: Path) -> None:
    model.save(tmp_path / "gan.understudy")
    again = load(tmp_path / "gan.understudy")
    assert isinstance(again, Gan)
    for given in (None, {"kind": "beech", "height": (9.0, 12.0)}, {"age": None}):
        assert model._fingerprint(model.block(3, seed=9, given=given)) == again._fingerprint(again.block(3, seed=9, given=given))
    assert again.record is not None
    assert model.record is not None
    assert again.record.to_dict() == model.record.to_dict()


def test_the_record_tells_how_the_game_went_and_what_is_remembered(model: Gan) -> None:
    assert model.record is not None
    figures = model.record.figures
    assert sorted(name for chunk in figures["passes"] for name in chunk) == ["age", "grade", "height", "kind"]
    game = figures["training"]["game"]
    assert game["best"] == min(score for _, score in game["scores"])
    assert game["best"] <= game["scores"][0][1]
    assert abs(figures["memorising"]["membership_auc"] - 0.5) < 0.06
    notes = " ".join(model.record.notes)
    assert "membership AUC" in notes
    assert "rows kept aside they scored" in notes


def test_a_model_that_remembers_too_much_is_trained_again_with_more_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[float] = []
    train = Fitting._train

    def watched(self: Fitting, seed: Stream) -> None:
        train(self, seed)
        attempts.append(self.model._completer.blocks[0].dropout.p)

    remembered = Memorising(Estimate(0.9, 0.01), Estimate(0.9, 0.01))
    monkeypatch.setattr(Fitting, "_train", watched)
    monkeypatch.setattr(Fitting, "_remembered", lambda self, stream: remembered)
    fitted = Quick().fit(mixed_table(300), seed=1)
    assert len(attempts) == 2
    assert attempts[1] > attempts[0]
    assert fitted.record is not None
    assert "after 1 more training with more dropout" in fitted.record.notes[-1]
    assert "still above the limit 0.52" in fitted.record.notes[-1]


# -- partial rows


def known_rows(model: Gan, table: pl.DataFrame, columns: list[str]) -> tuple[Encoded, Any]:
    encoded = model.codec.encode(model.constraints.forward(table))
    given = np.zeros((table.height, len(model.codec.fields)), bool)
    for j, f in enumerate(model.codec.fields):
        given[:, j] = f.column in columns
    return encoded, given


def test_partial_rows_keep_what_is_given_and_the_rest_follows_it(model: Gan, table: pl.DataFrame) -> None:
    known, given = known_rows(model, table, ["kind", "age"])
    given[::2] = False  # nothing at all is given in every other row
    names = [f.name for f in model.codec.fields]
    age = names.index("age")
    filled = model._complete(known, given, Stream(4), {age: Allowed(np.arange(model.codec.fields[age].size) > 0)})
    for j in range(len(names)):
        assert (filled.tokens[j][given[:, j]] == known.tokens[j][given[:, j]]).all()
        if filled.positions[j] is not None and known.positions[j] is not None:
            assert (filled.positions[j][given[:, j]] == known.positions[j][given[:, j]]).all()  # type: ignore[index]
    assert (filled.tokens[age][~given[:, age]] > 0).all()
    back = model.codec.decode(filled, np.arange(table.height), Stream(5))
    whole = back[1::2].with_columns(table[1::2]["age"].alias("true")).drop_nulls()
    assert np.corrcoef(whole["height"], whole["true"])[0, 1] > 0.75


def test_the_law_of_a_field_is_that_of_its_draws(model: Gan, table: pl.DataFrame) -> None:
    known, given = known_rows(model, table, ["kind"])
    j = [f.name for f in model.codec.fields].index("grade")
    law = model._law(j, known, given)
    assert law.sum(axis=1) == pytest.approx(np.ones(table.height), abs=1e-5)
    drawn = model._complete(known, given, Stream(6), {})
    for kind in ("ash", "beech"):
        rows = (table["kind"] == kind).to_numpy()
        assert law[rows, 0].mean() == pytest.approx((drawn.tokens[j][rows] == 0).mean(), abs=0.06)


def test_declared_inequalities_are_kept_in_rows_made_and_in_rows_filled() -> None:
    rng = np.random.default_rng(1)
    low = rng.integers(0, 500, 400)
    frame = pl.DataFrame({"low": low, "high": low + rng.integers(0, 300, 400), "kind": rng.choice(["a", "b"], 400)})
    model = Quick().fit(frame, seed=1)
    assert model.constraints.bounds
    made = model.sample(3000, seed=1)
    assert (made["low"] <= made["high"]).all()
    known, given = known_rows(model, frame, ["high"])
    given[::3] = False
    back = model.constraints.backward(model.codec.decode(model._complete(known, given, Stream(2), {}), np.arange(400), Stream(3)))
    assert (back["low"] <= back["high"]).all()


# -- learning


class StopsAt(Progress):
    """Asks to stop once the game has begun and come to a step."""

    stages = 0

    def stage(self, name: str, total: float | None = None) -> None:
        self.stages += name == "train"

    def advance(self, done: float, **metrics: object) -> None:
        self.cancelled = self.stages == 2 and done >= 25


class Brief(Gan):
    effort = 0.13
    block_size = 512


@pytest.mark.slow
def test_a_fit_broken_off_goes_on_from_its_checkpoint_and_ends_in_the_same_model(tmp_path: Path) -> None:
    table, file = mixed_table(300), tmp_path / "game.understudy"
    whole = Brief().fit(table, seed=1)
    stopped = Brief(checkpoint=file).fit(table, seed=1, progress=StopsAt())
    assert stopped.record is not None
    assert stopped.record.figures["training"]["game"]["ended"] == "stopped"
    assert stopped.sample(10, seed=1).height == 10
    again = Brief(checkpoint=file).fit(table, seed=1)
    assert not file.exists()
    assert again.sample(500, seed=2).equals(whole.sample(500, seed=2))


@pytest.mark.parametrize(
    "frame",
    [
        mixed_table(10),
        mixed_table(200).select("kind", "grade"),
        mixed_table(200).select("height"),
        pl.DataFrame({f"x{i}": np.random.default_rng(i).normal(size=120).round(3) for i in range(60)}),
        pl.DataFrame({"name": [f"level {i % 900}" for i in range(9000)], "x": np.arange(9000) % 7}),
    ],
    ids=["ten rows", "categories only", "one number", "wide", "many levels"],
)
def test_tables_of_every_shape_are_learned(frame: pl.DataFrame) -> None:
    made = Quick().fit(frame, seed=1).sample(200, seed=1)
    assert made.columns == frame.columns
    assert made.schema == frame.schema


def test_without_torch_the_error_names_the_line_that_installs_it() -> None:
    script = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "import polars as pl, understudy as us\n"
        "try:\n    us.fit(pl.DataFrame({'a': list('xyxyxy') * 10}), method='gan', progress=None)\n"
        "except us.UnderstudyError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert 'pip install "understudy[neural]"' in said
