"""`understudy impute`, and `sample` with partial rows and shares."""

import json

import numpy as np
import polars as pl
import pytest
from tests.cli.test_commands import customers, words

from understudy.cli.application import run


@pytest.fixture
def desk(tmp_path, monkeypatch):
    whole = customers()
    gone = np.random.default_rng(0).random((300, 4)) < 0.1
    gaps = whole.with_columns(pl.when(pl.Series(gone[:, k])).then(None).otherwise(pl.col(c)).alias(c) for k, c in enumerate(whole.columns))
    whole.write_csv(tmp_path / "customers.csv")
    gaps.write_csv(tmp_path / "gaps.csv")
    monkeypatch.chdir(tmp_path)
    assert run(["fit", "customers.csv", "-o", "m.understudy", "--method", "independent", "--quiet"]) == 0
    return tmp_path


def test_missing_cells_are_filled_and_all_others_kept(desk, capsys):
    assert run(["impute", "m.understudy", "gaps.csv", "-o", "whole.csv"]) == 0
    gaps, whole = pl.read_csv("gaps.csv"), pl.read_csv("whole.csv")
    assert f"{sum(gaps.null_count().row(0))} cells of 300 rows filled in" in words(capsys.readouterr().out)
    assert sum(whole.null_count().row(0)) == 0
    for name in gaps.columns:
        assert whole[name].filter(gaps[name].is_not_null()).equals(gaps[name].drop_nulls()), name


def test_a_table_alone_is_learned_first(desk, capsys):
    assert run(["impute", "gaps.csv", "-o", "whole.parquet", "--method", "independent", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["filled"] == sum(pl.read_csv("gaps.csv").null_count().row(0))
    assert sum(pl.read_parquet("whole.parquet").null_count().row(0)) == 0


def test_a_column_that_the_model_does_not_know_is_named(desk, capsys):
    pl.read_csv("gaps.csv").rename({"age": "agee"}).write_csv("other.csv")
    assert run(["impute", "m.understudy", "other.csv", "-o", "whole.csv"]) == 1
    said = words(capsys.readouterr().err)
    assert '"agee"' in said
    assert '"age"' in said


def test_sample_meets_shares(desk):
    assert run(["sample", "m.understudy", "-n", "400", "-o", "s.csv", "--given", "churn=yes:0.75", "--given", "age=20..60", "--quiet"]) == 0
    made = pl.read_csv("s.csv")
    assert (made["churn"] == "yes").sum() == 300
    assert made["age"].is_between(20, 60).all()


def test_sample_completes_the_partial_rows_of_a_file_in_worker_processes_too(desk):
    pl.DataFrame({"city": ["Paris", None, "Rome"], "age": [None, 30, 40]}).write_csv("partial.csv")
    common = ["sample", "m.understudy", "-n", "20k", "--given-file", "partial.csv", "--part-rows", "8k", "--quiet"]
    for workers, folder in (("1", "one"), ("2", "two")):
        assert run([*common, "-o", folder, "--workers", workers]) == 0
    one, two = (pl.read_parquet(f"{folder}/*.parquet") for folder in ("one", "two"))
    assert one.equals(two)
    assert (one["city"][::3] == "Paris").all()
    assert (one["age"][1::3] == 30).all()


def test_partial_rows_and_conditions_together_are_refused(desk, capsys):
    assert run(["sample", "m.understudy", "-n", "4", "-o", "s.csv", "--given-file", "gaps.csv", "--given", "age=30"]) == 1
    assert "together" in capsys.readouterr().err
