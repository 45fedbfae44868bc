"""Texts on the command line."""

import json

import polars as pl

from understudy.cli.application import run


def test_ready_made_specs_are_listed_and_printed(capsys):
    assert run(["texts", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["ready"]["city-news"]["task"] == "entities"
    assert run(["texts", "city-news"]) == 0
    assert "task: entities" in capsys.readouterr().out
    assert run(["texts", "city-nws"]) != 0
    assert '"city-news"' in capsys.readouterr().err
    assert run(["texts", "--schema"]) == 0
    assert "TemplateSection" in capsys.readouterr().out


def test_a_text_spec_is_written_and_goes_on(tmp_path, capsys):
    spec = tmp_path / "s.yaml"
    spec.write_text(
        "understudy: text/1\ntask: classification\ncolumns: {label: {type: choice, values: [yes, no]}}\n"
        'template: {rules: {text: {by: label, yes: "Yes, {int:1-99}.", no: "No, {int:1-99}."}}}\n'
    )
    out = tmp_path / "out"
    assert run(["generate", str(spec), "-n", "1500", "-o", str(out), "--format", "jsonl", "--given", "label=yes", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["rows"] == 1500
    assert done["says"]
    rows = pl.concat([pl.read_ndjson(path) for path in sorted(out.glob("*.jsonl"))])
    assert set(rows["label"]) == {"yes"}
    assert run(["generate", str(spec), "-n", "2"]) == 0
    assert "text: " in capsys.readouterr().out


def test_conversations_are_written_as_chats(tmp_path, capsys):
    assert run(["generate", "support-conversations", "-n", "50", "-o", str(tmp_path / "chats"), "--format", "chat", "--quiet"]) == 0
    (path,) = (tmp_path / "chats").glob("*.jsonl")
    first = json.loads(path.read_text("utf-8").splitlines()[0])
    assert first["messages"][0]["role"] in ("system", "user")


def test_nested_columns_do_not_go_into_delimited_text(tmp_path, capsys):
    assert run(["generate", "city-news", "-n", "10", "-o", str(tmp_path / "news.csv")]) != 0
    assert "jsonl or parquet" in capsys.readouterr().err


def test_mistakes_are_told(tmp_path, capsys):
    assert run(["generate", "city-nws", "-n", "10", "-o", str(tmp_path / "x")]) == 2
    assert '"city-news"' in capsys.readouterr().err
    assert run(["generate", "city-news", "-o", str(tmp_path / "x")]) == 2
    assert "-n 1000" in capsys.readouterr().err
    assert run(["generate", "city-news", "-n", "5", "-o", str(tmp_path / "x"), "--given", "topic=sprot"]) == 1
    assert '"sport"' in capsys.readouterr().err
    assert run(["generate", "city-news", "-n", "5", "--given", "topic"]) == 2
