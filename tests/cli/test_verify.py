"""`understudy verify` as a user meets it."""

import json

import polars as pl
import pytest

from understudy.cli.application import run
from understudy.tabular.independent import Independent


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Independent().fit(pl.DataFrame({"a": [1, 2, 3, 4] * 20, "b": ["x", "y"] * 40})).save("m.understudy")
    assert run(["sample", "m.understudy", "-n", "20k", "-o", "out", "--part-rows", "8k", "--workers", "1", "--keep-model", "--quiet"]) == 0
    return tmp_path / "out"


def test_all_is_well(made, capsys):
    assert run(["verify", "out", "-k", "2"]) == 0
    said = capsys.readouterr().out
    assert "3 files compared with the manifest; 2 made again" in said
    assert "All is as it was made." in said
    assert run(["verify", "out", "--all", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["remade"]) == 3


def test_a_difference_ends_with_a_code_of_its_own(made, capsys):
    (made / "part-00001.parquet").unlink()
    assert run(["verify", "out", "-k", "0"]) == 3
    assert "part-00001.parquet: it is missing" in capsys.readouterr().out
    assert run(["verify", "out", "-k", "0", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["findings"][0]["name"] == "part-00001.parquet"


def test_the_model_can_be_named(made, capsys):
    (made / "model.understudy").unlink()
    assert run(["verify", "out"]) == 3
    assert run(["verify", "out", "--model", "m.understudy"]) == 0


def test_where_there_is_no_run_is_an_error(made, capsys):
    assert run(["verify", "nowhere"]) == 1
    assert "no manifest.json" in capsys.readouterr().err
