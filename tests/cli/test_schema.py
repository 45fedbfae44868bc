"""`understudy schema`: import, ddl, json-schema."""

# ruff: noqa: E501 - statements

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("sqlglot")

from understudy.cli.application import run
from understudy.rules import read_spec

SQL = "CREATE TABLE a (id int PRIMARY KEY, kind varchar(4) CHECK (kind IN ('x', 'y')));\nCREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL REFERENCES a);\n"


def test_a_schema_becomes_a_spec_and_the_spec_sql_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, spec = tmp_path / "shop.sql", tmp_path / "shop.yaml"
    source.write_text(SQL)
    assert run(["schema", "import", str(source), "-o", str(spec), "--rows", "30"]) == 0
    assert "guessed: " in capsys.readouterr().out
    assert read_spec(spec).tables["a"].rows == 30
    assert run(["schema", "ddl", str(spec), "--dialect", "sqlite"]) == 0
    told = capsys.readouterr().out
    assert 'FOREIGN KEY ("a_id") REFERENCES "a" ("id")' in told
    assert "CHECK (\"kind\" IN ('x', 'y'))" in told


def test_without_an_output_the_spec_is_printed_and_as_json_with_its_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "shop.sql"
    source.write_text(SQL)
    assert run(["schema", "import", str(source), "--from", "ddl", "--dialect", "postgres"]) == 0
    assert "understudy: rules/1" in capsys.readouterr().out
    assert run(["schema", "import", str(source), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["spec"]["tables"]["b"]["columns"]["a_id"]["type"] == "reference"
    assert {"what", "table", "column", "text"} == set(document["notes"][0])


def test_editors_get_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "json-schema"]) == 0
    assert "tables" in json.loads(capsys.readouterr().out)["properties"]


def test_mistakes_end_with_their_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "import", str(tmp_path / "none.sql")]) == 1
    assert run(["schema", "import", str(tmp_path / "none.sql"), "--from", "dll"]) == 2
    assert "ddl" in capsys.readouterr().err
