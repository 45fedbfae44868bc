"""A whole evaluation: what it holds, that it is the same twice, and what it refuses."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.evaluate import planted

import understudy
from understudy.core.errors import Cancelled, DataError, SinkError
from understudy.core.record import FitRecord
from understudy.evaluate.result import Evaluation


@pytest.fixture(scope="module")
def fresh(train: pl.DataFrame, holdout: pl.DataFrame) -> Evaluation:
    return understudy.evaluate(train, planted.fresh_real(train, 0), holdout=holdout, target="rich", schema=planted.SCHEMA)


def test_fresh_real_rows_are_a_good_stand_in(fresh: Evaluation) -> None:
    assert fresh.verdict["rules"].verdict == "pass"
    # Of so few rows some figures are wide, but none may speak against fresh real rows.
    assert all(family.verdict in ("pass", "undecided") for family in fresh.verdict.families)
    assert not any(figure.verdict == "fail" for figure in fresh.figures)
    assert fresh.verdict.headline.startswith("A good stand-in")


def test_every_judged_figure_stands_beside_real_data_and_has_an_interval(fresh: Evaluation) -> None:
    for figure in fresh.figures:
        if figure.verdict == "info" or figure.key in ("repeated_rows", "utility_kept"):
            continue
        assert figure.holdout is not None, figure.key
        assert figure.interval is not None, figure.key
        assert figure.interval[0] <= figure.value + 1e-9, figure.key
        assert figure.value <= figure.interval[1] + 1e-9, figure.key
        assert figure.holdout_interval is not None, figure.key


def test_shuffled_columns_keep_shapes_and_lose_all_else(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = understudy.evaluate(train, planted.shuffled(train, 0), holdout=holdout, target="rich", schema=planted.SCHEMA)
    assert found.figure("column_shapes").verdict == "pass"
    assert found.verdict["fidelity"].verdict == "fail"
    assert found.verdict["utility"].verdict == "fail"
    assert found.figure("c2st_auc").value > 0.7
    assert found.verdict.headline.startswith("Not good enough")
    assert found.verdict.weak_points[0].severity == "fail"
    assert {found.gives_away[0].column, found.gives_away[1].column} <= {"income", "rich", "trade", "age"}


def test_a_copy_is_refused_release_first_of_all(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = understudy.evaluate(train, planted.full_copy(train, 0), holdout=holdout, target="rich", schema=planted.SCHEMA)
    assert found.verdict.headline.startswith("Do not release")
    assert "100.00%" in found.verdict.headline
    assert found.verdict["fidelity"].verdict == "pass"


def test_json_goes_there_and_back(fresh: Evaluation, tmp_path: Path) -> None:
    assert Evaluation.from_json(fresh.to_json()) == fresh
    fresh.save(tmp_path / "report.json")
    assert Evaluation.from_json((tmp_path / "report.json").read_text()) == fresh
    with pytest.raises(DataError, match=r"\.html or \.json"):
        fresh.save(tmp_path / "report.pdf")


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_full_disk_is_named_and_leaves_no_half_report(
    fresh: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SinkError, match="disk is full") as caught:
        fresh.save(tmp_path / name)
    assert name in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_report_in_a_folder_that_cannot_be_made_is_refused(fresh: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="file"):
        fresh.save(tmp_path / "file" / "reports" / "report.json")


def test_equal_seeds_give_equal_figures(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    small, made = train[:300], planted.fresh_real(train, 0)[:300]
    one, two = (understudy.evaluate(small, made, holdout=holdout[:300], target="rich", schema=planted.SCHEMA, seed=5) for _ in range(2))
    assert one.figures == two.figures
    assert one.verdict == two.verdict


def test_without_holdout_it_says_so_aloud(train: pl.DataFrame) -> None:
    heard: list[str] = []
    found = understudy.evaluate(
        train[:400],
        planted.fresh_real(train, 0)[:400],
        target="rich",
        schema=planted.SCHEMA,
        progress=lambda event: heard.append(event["text"]) if event["event"] == "note" else None,
    )
    assert found.holdout is None
    assert found.verdict["privacy"].verdict == "undecided"
    assert any("No holdout was given" in note for note in found.notes)
    assert any("No holdout was given" in note for note in heard)
    assert "no held-out rows were given" in found.verdict.headline or "Not decided" in found.verdict.headline


def test_without_target_a_few_columns_are_predicted(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    found = understudy.evaluate(train[:500], planted.fresh_real(train, 0)[:500], holdout=holdout[:500], schema=planted.SCHEMA)
    assert found.target is None
    assert 2 <= len(found.utility) <= 5
    assert {"binary", "regression"} <= {task.task for task in found.utility}
    assert found.figure("utility_kept").value is not None


def test_a_target_of_one_class_is_said_and_scored(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    made = planted.fresh_real(train, 0).with_columns(rich=pl.lit("no"))
    found = understudy.evaluate(train, made, holdout=holdout, target="rich", schema=planted.SCHEMA)
    assert "one value only" in found.utility[0].note
    assert found.figure("tstr_trees_roc_auc").value == pytest.approx(0.5)
    assert found.figure("tstr_trees_roc_auc").verdict == "fail"


def test_the_record_is_passed_on(train: pl.DataFrame) -> None:
    record = FitRecord()
    record.decide("age", "kept", "it is a number")
    found = understudy.evaluate(train[:100], train[100:200], holdout=train[200:300], schema=planted.SCHEMA, record=record)
    assert found.record is not None
    assert found.record["decisions"][0]["column"] == "age"


def test_decimals_that_the_source_lacks_are_found_and_named(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    made = planted.fresh_real(train, 0).with_columns(income=pl.col("income") + 0.0123)
    found = understudy.evaluate(train, made, holdout=holdout, target="rich", schema=planted.SCHEMA)
    assert found.figure("decimals_broken").verdict == "fail"
    assert "decimals" in found.column("income").notes[0]


def test_missing_and_extra_columns_are_named_with_the_nearest(train: pl.DataFrame) -> None:
    with pytest.raises(DataError, match=r'lacks "income" \(is it "incmoe"\?\) and has "incmoe"'):
        understudy.evaluate(train, train.rename({"income": "incmoe"}), schema=planted.SCHEMA)


def test_an_empty_synthetic_table_is_refused(train: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="synthetic table cannot be used: .*no rows"):
        understudy.evaluate(train, train[:0], schema=planted.SCHEMA)


def test_an_unknown_target_is_refused_with_the_nearest(train: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="'trade'"):
        understudy.evaluate(train, train, target="trad", schema=planted.SCHEMA)


def test_types_that_can_be_turned_are_turned_and_noted_others_refused(train: pl.DataFrame, holdout: pl.DataFrame) -> None:
    made = planted.fresh_real(train, 0)
    found = understudy.evaluate(
        train[:200], made[:200].with_columns(pl.col("income").cast(pl.String)), holdout=holdout[:200], schema=planted.SCHEMA
    )
    assert any('"income" (String as Float64)' in note for note in found.notes)
    with pytest.raises(DataError, match="'much' is none") as caught:
        understudy.evaluate(
            train,
            made.with_columns(income=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("much")).otherwise(pl.lit("1.5"))),
            schema=planted.SCHEMA,
        )
    assert "row 8" in str(caught.value)


def test_a_listener_can_stop_it(train: pl.DataFrame) -> None:
    with pytest.raises(Cancelled):
        understudy.evaluate(train, train, schema=planted.SCHEMA, progress=lambda event: event.get("stage") != "privacy")


def test_files_and_inferred_schemas_serve_as_well(train: pl.DataFrame, holdout: pl.DataFrame, tmp_path: Path) -> None:
    train[:300].write_csv(tmp_path / "train.csv")
    holdout[:300].write_parquet(tmp_path / "holdout.parquet")
    found = understudy.evaluate(
        tmp_path / "train.csv", planted.fresh_real(train, 1)[:300], holdout=tmp_path / "holdout.parquet", target="rich"
    )
    assert found.real.origin.endswith("train.csv")
    assert found.real.rows == 300


def test_awkward_columns_do_not_stop_it() -> None:
    rng = np.random.default_rng(0)
    n = 240
    frame = pl.DataFrame(
        {
            "empty": pl.Series([None] * n, dtype=pl.Float64),
            "same": ["x"] * n,
            "half": [None if i % 2 else float(i) for i in range(n)],
            "flag": rng.random(n) < 0.5,
            "when": pl.Series(rng.integers(0, 10**9, n)).cast(pl.Datetime("ms")),
            "many": [f"v{i % 90}" for i in range(n)],
        }
    )
    found = understudy.evaluate(frame[:80], frame[80:160], holdout=frame[160:])
    assert {column.name for column in found.columns} == set(frame.columns)
    assert Evaluation.from_json(found.to_json()) == found
