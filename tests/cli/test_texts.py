"""`understudy evaluate --text`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.evaluate.texts import planted_texts as planted

from understudy.cli.application import run


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, seed in (("reviews", 1), ("made", 3), ("later", 2)):
        planted.texts(150, seed).rename({"text": "review", "label": "stars"}).write_csv(tmp_path / f"{name}.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_texts_are_judged_and_a_page_is_written(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["reviews.csv", "made.csv", "--holdout", "later.csv"]
    assert run(["evaluate", *files, "--text", "review", "--label", "stars", "-o", "page.html", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["report"] == "page.html"
    assert {figure["key"] for figure in content["figures"]} >= {"c2st_auc", "perplexity_of_real", "tstr_accuracy"}
    page = (desk / "page.html").read_text("utf-8")
    assert "frontier-tfidf" in page
    assert "Worth for training classifiers" in page


def test_a_copy_fails_where_that_was_asked_for(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "reviews.csv", "reviews.csv", "--holdout", "later.csv", "--text", "review", "--fail-on", "fail"]) == 3
    assert "Do not release" in capsys.readouterr().out


def test_a_wrong_column_is_told_with_the_nearest(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "reviews.csv", "made.csv", "--text", "reviw"]) != 0
    assert 'Did you mean "review"' in capsys.readouterr().err
    assert run(["evaluate", "reviews.csv", "made.csv", "--label", "stars"]) != 0
    assert "goes with --text" in capsys.readouterr().err
