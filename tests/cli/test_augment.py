"""`understudy augment` and `understudy study` as a user meets them."""

import json

import polars as pl
import pytest
from tests.augment.tables import customers

from understudy.cli.application import run


@pytest.fixture
def desk(tmp_path, monkeypatch):
    customers().write_csv(tmp_path / "customers.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def augment(*arguments):
    return run(["augment", "customers.csv", "--method", "independent", *arguments])


def test_a_balanced_table_is_written_with_where_its_rows_come_from(desk, capsys):
    assert augment("--balance", "churn", "-o", "train.parquet") == 0
    frame = pl.read_parquet("train.parquet")
    assert frame["churn"].value_counts()["count"].n_unique() == 1
    assert set(frame["understudy_origin"]) == {"real", "synthetic"}
    assert "balance: churn=yes" in capsys.readouterr().out


def test_shares_and_further_columns_are_named_as_in_python(desk):
    assert augment("--balance", "churn=yes:0.4", "--balance", "plan", "-o", "train.csv", "--no-provenance") == 0
    frame = pl.read_csv("train.csv")
    assert frame.columns == customers().columns
    assert (frame["churn"] == "yes").mean() == pytest.approx(0.4, abs=0.01)
    assert (frame["plan"] == "plus").mean() == pytest.approx(0.5, abs=0.01)


def test_covering_edge_cases_and_mixing_tell_what_they_did_as_json(desk, capsys):
    options = ["--cover", "min_count=40,pairs=false,columns=city+plan,rows=10", "--where", "age > 80", "--mix", "rows=1k,synthetic=0.7"]
    assert augment(*options, "-o", "train.parquet", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["real"], told["synthetic"]) == (300, 700)
    assert "cover: age > 80" in [step["why"] for step in told["steps"]]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--balance", "chrun", "-o", "t.csv"], 2, 'Did you mean "churn"'),
        (["--balance", "churn=yes", "-o", "t.csv"], 2, "VALUE:SHARE"),
        (["--cover", "mincount=4", "-o", "t.csv"], 2, 'Did you mean "min_count"'),
        (["--cover", "50,pairs", "-o", "t.csv"], 2, "no number of rows"),
        (["--mix", "half", "-o", "t.csv"], 2, "no number of rows"),
        (["-o", "t.csv"], 2, "Nothing is asked for"),
        (["--balance", "churn", "-o", "train"], 2, "which format"),
        (["--balance", "churn", "-o", "nowhere/t.csv"], 4, "does not exist"),
        (["--blance", "churn", "-o", "t.csv"], 2, "--balance"),
    ],
)
def test_what_cannot_be_is_refused_before_work(desk, capsys, options, code, said):
    assert augment(*options) == code
    assert said in capsys.readouterr().err
    assert not (desk / "t.csv").exists()


def test_a_study_is_told_and_saved(desk, capsys):
    options = ["study", "customers.csv", "--target", "churn", "--method", "independent", "--splits", "2", "--beside", "weights"]
    assert run([*options, "-o", "study.html", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["splits"] == 2
    assert {variant["family"] for variant in told["variants"]} == {"real", "weights", "synthetic", "alone"}
    assert (desk / "study.html").read_text("utf-8").startswith("<!doctype html>")
    assert run([*options, "-o", "study.pdf"]) == 2
    assert run([*options, "-o", "nowhere/study.html"]) == 4
