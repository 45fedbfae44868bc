from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from understudy.cli.application import run

SPEC = """\
understudy: rules/1
name: small
tables:
  people:
    rows: 3000
    key: id
    columns:
      id: key
      name: {type: person, field: name}
      mail: {type: person, field: email}
  visits:
    per: {table: people, count: {poisson: {mu: 2}}}
    columns:
      person: {type: reference, to: people.id}
      nth: ordinal
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return path


def test_tables_are_written_to_folders_with_one_manifest(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(["generate", str(spec), "-o", str(out), "--workers", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    people, visits = pl.read_parquet(out / "people"), pl.read_parquet(out / "visits")
    assert people.height == 3000
    assert told["rows"] == 3000 + visits.height
    assert people["mail"].n_unique() == 3000
    assert visits["person"].is_in(people["id"].implode()).all()
    assert run(["verify", str(out), "-k", "2", "--quiet"]) == 0


def test_rows_are_scaled_and_set(spec: Path, tmp_path: Path) -> None:
    assert run(["generate", str(spec), "-o", str(tmp_path / "a"), "--workers", "1", "--scale", "0.1", "--quiet"]) == 0
    assert pl.read_parquet(tmp_path / "a" / "people").height == 300
    assert run(["generate", str(spec), "-o", str(tmp_path / "b"), "--workers", "1", "--rows", "people=2k", "--quiet"]) == 0
    assert pl.read_parquet(tmp_path / "b" / "people").height == 2000


def test_without_an_output_the_first_rows_are_shown(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", str(spec), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tables"]["people"]["rows"] == 3000
    assert len(told["tables"]["people"]["head"]) == 5
    assert run(["generate", str(spec)]) == 0
    assert "people: 3,000 rows" in capsys.readouterr().out


def test_a_database_gets_all_tables(spec: Path, tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    target = f"sqlite:///{tmp_path / 'small.db'}"
    assert run(["generate", str(spec), "-o", target, "--quiet"]) == 0
    import sqlite3

    with sqlite3.connect(tmp_path / "small.db") as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone()[0] == 3000
        assert connection.execute("SELECT count(*) FROM visits WHERE person NOT IN (SELECT id FROM people)").fetchone()[0] == 0


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("field: email", "field: emial", 'Did you mean "email"'),
        ("rows: 3000", "row: 3000", 'Did you mean "rows"'),
        ("people.id", "peopel.id", 'Did you mean "people"'),
        ("rows: 3000", "rows: -1", "rows"),
    ],
)
def test_a_mistake_is_told_with_its_line_before_anything_is_made(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], right: str, wrong: str, says: str
) -> None:
    spec.write_text(SPEC.replace(right, wrong, 1))
    assert run(["generate", str(spec), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert "line" in said
    assert not (tmp_path / "out").exists()


def test_a_table_that_is_not_there_is_told(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["generate", str(spec), "-o", str(tmp_path / "out"), "--rows", "peple=5"]) == 1
    assert 'Did you mean "people"' in capsys.readouterr().err
    assert run(["generate", str(spec), "-o", str(tmp_path / "out"), "--rows", "5"]) == 2
    assert run(["generate", str(tmp_path / "absent.yaml")]) == 1
