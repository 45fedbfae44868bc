import pytest

from understudy.core.errors import ArgumentError
from understudy.run.target import parse_target


@pytest.mark.parametrize(
    ("name", "kind", "form"),
    [
        ("synthetic", "folder", "parquet"),
        ("run.v2", "folder", "parquet"),
        ("out.csv/", "folder", "parquet"),
        ("out.csv", "file", "csv"),
        ("OUT.CSV.GZ", "file", "csv.gz"),
        ("a/b.ndjson.zst", "file", "jsonl.zst"),
        ("a.feather", "file", "arrow"),
        ("a.pq", "file", "parquet"),
        ("-", "stdout", "csv"),
    ],
)
def test_the_name_tells_what_is_written(name, kind, form):
    target = parse_target(name)
    assert (target.kind, target.format) == (kind, form)


def test_an_existing_folder_is_a_folder_whatever_its_name(tmp_path):
    (tmp_path / "x.csv").mkdir()
    assert parse_target(tmp_path / "x.csv", "csv").kind == "folder"


def test_a_database_needs_a_table():
    target = parse_target("sqlite:///x.db#people")
    assert (target.kind, target.place, target.table) == ("sql", "sqlite:///x.db", "people")
    with pytest.raises(ArgumentError, match=r"sqlite:///x\.db#synthetic"):
        parse_target("sqlite:///x.db")


@pytest.mark.parametrize(
    ("name", "form", "says"),
    [
        ("x.parqet", None, "parquet"),
        ("x.cvs", None, ".csv"),
        ("x.xlsx", None, "Write .csv"),
        ("x.json", None, ".jsonl"),
        ("x.csv", "parquet", "parquet"),
        ("folder", "parqet", "Did you mean .parquet"),
        ("sqlite:///x.db#t", "csv", "no file format"),
    ],
)
def test_a_wrong_name_is_refused_with_the_right_one(name, form, says):
    with pytest.raises(ArgumentError, match=says):
        parse_target(name, form)
