"""Files by name, by content, in folders and patterns; and files that are written whole or not at all."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import understudy
from understudy.core.errors import ArgumentError, DataError, SchemaError, SinkError
from understudy.data import Table, TableSchema, as_table, read, write_table

FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})


@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.jsonl", "t.ndjson", "t.parquet", "t.pq", "t.arrow", "t.feather", "t.csv.gz", "t.jsonl.zst"]
)
def test_suffix_tells_the_format(tmp_path: Path, name: str) -> None:
    write_table(FRAME, tmp_path / name)
    table = read(tmp_path / name)
    assert_frame_equal(table.frame, FRAME)
    assert table.origin == name
    assert table.native == "polars"


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet", "t.arrow", "t.csv.gz"])
def test_content_tells_the_format_where_the_name_does_not(tmp_path: Path, name: str) -> None:
    write_table(FRAME, tmp_path / name)
    (tmp_path / name).rename(tmp_path / "table")
    assert_frame_equal(read(tmp_path / "table").frame, FRAME)


def test_caller_may_name_the_format(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path / "export", format="parquet")
    assert_frame_equal(read(str(tmp_path / "export"), format="pq").frame, FRAME)
    with pytest.raises(ArgumentError, match='"parqet"(.|\n)*"parquet"'):
        read(tmp_path / "export", format="parqet")


def test_absent_file_names_the_nearest_in_the_folder(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path / "customers.csv")
    with pytest.raises(DataError, match=r"no file custmers\.csv(.|\n)*Did you mean(.|\n)*customers\.csv"):
        read(tmp_path / "custmers.csv")
    with pytest.raises(DataError, match="no folder"):
        read(tmp_path / "nowhere" / "customers.csv")
    with pytest.raises(DataError, match="No file matches"):
        read(str(tmp_path / "*.parquet"))


def test_folder_and_pattern_are_one_table(tmp_path: Path) -> None:
    for i in range(3):
        write_table(pl.DataFrame({"a": [i], "b": [f"{i}.5" if i else "7"]}), tmp_path / f"part-{i}.csv")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "_done").write_text("")
    (tmp_path / ".hidden.csv").write_text("nonsense")
    table = read(tmp_path)
    assert table.frame.to_dict(as_series=False) == {"a": [0, 1, 2], "b": [7.0, 1.5, 2.5]}
    assert "3 files" in table.origin
    assert read(str(tmp_path / "part-[01].csv")).rows == 2


def test_parts_that_differ_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("csv", "parquet"):
        folder = tmp_path / name
        folder.mkdir()
        write_table(pl.DataFrame({"a": [1], "b": [1]}), folder / f"1.{name}")
        write_table(pl.DataFrame({"a": [1], "c": [1]}), folder / f"2.{name}")
        with pytest.raises(DataError, match=rf'different columns: "c"(.|\n)*2\.{name}, against 1\.{name}'):
            read(folder)
    write_table(FRAME, tmp_path / "csv" / "3.parquet")
    with pytest.raises(DataError, match="several formats"):
        read(tmp_path / "csv")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="no data files"):
        read(tmp_path / "none")


def test_words_that_a_format_does_not_heed_are_refused(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path / "t.parquet")
    for word, value in (("delimiter", ";"), ("sheet", "x"), ("query", "SELECT 1"), ("ragged", "skip")):
        with pytest.raises(ArgumentError, match=f"`{word}` has no meaning for parquet"):
            read(tmp_path / "t.parquet", **{word: value})
    with pytest.raises(ArgumentError, match='`nested` cannot be "txt"(.|\n)*"text"'):
        read(FRAME, nested="txt")  # type: ignore[arg-type]


def test_schema_comes_with_the_table_and_must_fit_it(tmp_path: Path) -> None:
    schema = TableSchema.model_validate({"columns": [{"name": "b", "kind": "categorical"}, {"name": "a", "kind": "integer"}]})
    table = as_table(FRAME, schema)
    assert table.columns == ["b", "a"]
    assert table.schema is schema
    assert table.select(["a"]).schema.names == ["a"]
    schema.save(tmp_path / "s.yaml")
    assert read(FRAME, schema=tmp_path / "s.yaml").schema.names == ["b", "a"]
    with pytest.raises(SchemaError, match='"b"(.|\n)*lacks'):
        as_table(FRAME.rename({"b": "bb"}), schema)
    with pytest.raises(SchemaError, match='says nothing about the column "c"(.|\n)*select'):
        as_table(FRAME.with_columns(c=1), schema)


# Out


def test_any_frame_and_any_frames_are_written(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    frames: list[Any] = [
        FRAME,
        as_table(FRAME),
        FRAME.to_arrow(),
        pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]}),
        [FRAME.head(1), FRAME.tail(2)],
    ]
    for i, frame in enumerate(frames):
        for suffix in ("csv", "parquet", "arrow", "jsonl"):
            write_table(frame, tmp_path / f"{i}.{suffix}")
            assert_frame_equal(read(tmp_path / f"{i}.{suffix}").frame, FRAME)


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("t.csv.gz", "t.csv.zst", "t.parquet", "t.arrow", "t.jsonl"):
        contents = []
        for _ in range(2):
            write_table(FRAME, tmp_path / name)
            contents.append((tmp_path / name).read_bytes())
        assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("t.xlsx", r"\.csv"),
        ("t.json", r"\.jsonl"),
        ("t.db", "sqlite:///"),
        ("t.parquet.gz", r"Leave out the \.gz"),
        ("t", "End it with"),
        ("no/t.csv", "folder"),
    ],
)
def test_targets_that_cannot_be_written_are_refused_with_advice(tmp_path: Path, name: str, advice: str) -> None:
    with pytest.raises(SinkError, match=rf"(.|\n)*{advice}"):
        write_table(FRAME, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    def broken() -> Iterator[pl.DataFrame]:
        yield FRAME
        raise RuntimeError("the generator broke")

    for name in ("t.csv", "t.csv.gz", "t.parquet", "t.arrow", "t.csv.zst"):
        write_table(FRAME, tmp_path / name)
        before = (tmp_path / name).read_bytes()
        with pytest.raises(RuntimeError):
            write_table(broken(), tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 5
    with pytest.raises(SinkError, match="nothing to write"):
        write_table(iter([]), tmp_path / "t.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zst", "t.parquet", "t.arrow", "t.jsonl"])
def test_disk_that_fills_up_is_told_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    """A limit on the size of files makes writes fail as a full disk does."""
    script = f"""
import resource, signal, numpy as np, polars as pl
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from understudy.core.errors import SinkError
from understudy.data import write_table
try:
    write_table(pl.DataFrame({{"x": np.random.default_rng(0).random(50_000)}}), {str(tmp_path / name)!r})
except SinkError as error:
    print("told:", error)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(understudy.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert "told:" in done.stdout, done.stderr
    assert name in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_full_disk_says_so(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(SinkError, match=r"disk is full(.|\n)*t\.parquet"):
            write_table(pl.DataFrame({"x": pl.Series(range(100_000)).shuffle(seed=1)}), disk / "t.parquet")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_letters_that_the_encoding_lacks_are_refused(tmp_path: Path) -> None:
    from understudy.data import Dialect

    with pytest.raises(SinkError, match=r"cp1252(.|\n)*utf-8"):
        write_table(pl.DataFrame({"a": ["日本"]}), tmp_path / "t.csv", dialect=Dialect(encoding="cp1252"))
    assert list(tmp_path.iterdir()) == []


# Other formats


def test_json_lines_are_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1, "b": "2020-01-01", "c": true, "d": 1}\n\n{"a": 12345678901234567890, "b": null, "e": 1.5, "d": "x"}\n')
    table = read(path)
    assert table.frame.to_dict(as_series=False) == {
        "a": [1, 12345678901234567890], "b": ["2020-01-01", None], "c": [True, None], "d": ["1", "x"], "e": [None, 1.5],
    }  # fmt: skip
    assert any("together" in str(note) for note in table.notes if note.column == "d")


def test_json_lines_types_are_decided_over_all_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("understudy.data.json_rows._CHUNK_ROWS", 2)
    monkeypatch.setattr("understudy.data.spool.MEMORY_BYTES", 1)
    path = tmp_path / "t.jsonl"
    path.write_text("".join(f'{{"a": {cell}, "b": {i}}}\n' for i, cell in enumerate(["1", "null", "2.5", "true", '"x"', "7"])))
    table = read(path)
    assert table.frame["a"].to_list() == ["1", None, "2.5", "True", "x", "7"]
    assert [chunk.height for chunk in table.chunks(4)] == [4, 2]
    assert any("Boolean" in str(note) or "together" in str(note) for note in table.notes if note.column == "a")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("t.jsonl", '{"a": 1}\n{"a": \n', r"not JSON(.|\n)*t\.jsonl, line 2"),
        ("t.jsonl", '{"a": 1}\n[1, 2]\n', r"holds a list(.|\n)*line 2"),
        ("t.jsonl", '{"a": 1}\n{"a": {"b": 1}}\n', r'"a" holds nested(.|\n)*row 2(.|\n)*nested="text"'),
        ("t.json", '{"a": 1}', "not an array of objects"),
        ("t.json", '[{"a": 1}, 2]', "not an array of objects"),
        ("t.json", '[{"a": 1},', r"not JSON(.|\n)*line 1"),
        ("t.json", "[]", "no rows"),
        ("t.jsonl", "{}\n", "no columns"),
        ("t.jsonl", '{"a": Infinity}\n', '"a" holds 1 infinite'),
        ("t.parquet", "PAR1 nonsense", r"cannot be read(.|\n)*t\.parquet"),
        ("t.arrow", "ARROW1 nonsense", r"cannot be read(.|\n)*t\.arrow"),
        ("t.db", "SQLite format 3 nonsense", r"t\.db"),
    ],
)
def test_damaged_files_are_named_with_the_place(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=expected):
        read(tmp_path / name, **({"table": "t"} if name == "t.db" else {}))


def test_json_array_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('[{"a": 1, "b": [1]},\n {"a": 2.5, "b": null}]')
    assert read(tmp_path / "t.json", nested="text").frame.to_dict(as_series=False) == {"a": [1.0, 2.5], "b": ["[1]", None]}


def test_typed_files_pass_the_same_door(tmp_path: Path) -> None:
    pl.DataFrame({"x": [1.0, float("inf"), float("nan")], "tags": [["a"], None, []]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match='"tags"(.|\n)*nested'):
        read(tmp_path / "t.parquet")
    with pytest.raises(DataError, match='"x" holds 1 infinite'):
        read(tmp_path / "t.parquet", nested="text")
    table = read(tmp_path / "t.parquet", nested="text", infinities="null")
    assert table.frame.to_dict(as_series=False) == {"x": [1.0, None, None], "tags": ['["a"]', None, "[]"]}
    assert {note.column for note in table.notes} == {"x", "tags"}


def test_parts_of_different_number_types_widen(tmp_path: Path) -> None:
    write_table(pl.DataFrame({"x": [1], "y": [None]}), tmp_path / "1.parquet")
    write_table(pl.DataFrame({"x": [1.5], "y": ["a"]}), tmp_path / "2.parquet")
    assert read(tmp_path).frame.to_dict(as_series=False) == {"x": [1.0, 1.5], "y": [None, "a"]}
    write_table(pl.DataFrame({"x": ["t"], "y": ["a"]}), tmp_path / "3.parquet")
    with pytest.raises(DataError, match=r'"x" is String in one part(.|\n)*3\.parquet'):
        read(tmp_path)


def test_arrow_streams_are_read(tmp_path: Path) -> None:
    FRAME.write_ipc_stream(tmp_path / "t.arrows")
    assert_frame_equal(read(tmp_path / "t.arrows").frame, FRAME)


def test_chunks_of_every_format_have_the_height_asked_for(tmp_path: Path) -> None:
    frame = pl.DataFrame({"i": range(1000), "w": [f"w{i % 7}" for i in range(1000)]})
    for name in ("t.csv", "t.parquet", "t.arrow", "t.jsonl"):
        write_table(frame, tmp_path / name)
        table = read(tmp_path / name)
        chunks = list(table.chunks(300))
        assert [chunk.height for chunk in chunks] == [300, 300, 300, 100]
        assert_frame_equal(pl.concat(chunks), frame)
        assert_frame_equal(table.select(["w"]).head(2), frame.select("w").head(2))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the most memory held is read from /proc")
def test_large_files_are_read_in_constant_memory(tmp_path: Path) -> None:
    """Three million rows of 15 columns pass through chunks within 900 MB, interpreter included; read whole they take over a gigabyte."""
    script = f"""
import numpy as np, polars as pl
from understudy.data import read, write_table
draw = np.random.default_rng(0)
numbers = {{f"c{{i}}": draw.integers(0, 10**6, 250_000) for i in range(8)}}
words = {{f"w{{i}}": draw.choice(["alpha", "beta", "gamma"], 250_000) for i in range(7)}}
part = pl.DataFrame(numbers | words)
for name in ("t.csv", "t.parquet"):
    write_table((part for _ in range(12)), {str(tmp_path)!r} + "/" + name)
    table = read({str(tmp_path)!r} + "/" + name)
    assert sum(chunk.height for chunk in table.chunks()) == table.rows == 3_000_000
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
    # (getrusage would tell the most of this process, too: a new one begins as it.)
    # Threads have buffers of their own: with as many as here wherever it runs, the bound means the same.
    threads = {"POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"}
    environment = {**os.environ, **threads, "PYTHONPATH": str(Path(understudy.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 900 * 1024


# Excel


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("fastexcel")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_excel_sheet_is_read(tmp_path: Path) -> None:
    import datetime as dt

    rows = [
        ["id", "when", "word", "rate", "mixed", "empty"],
        [1, dt.datetime(2020, 1, 2, 3, 4), "x", 1.5, 1, None],
        [2, None, None, 2, "n/a", None],
    ]
    table = read(workbook(tmp_path / "t.xlsx", {"People": rows, "Blank": []}))
    found = table.frame.to_dict(as_series=False)
    assert found["id"] == [1, 2]
    assert found["when"] == [dt.datetime(2020, 1, 2, 3, 4), None]
    assert found["word"] == ["x", None]
    assert found["rate"] == [1.5, 2.0]
    assert found["mixed"] == ["1", "n/a"]
    assert found["empty"] == [None, None]
    assert any("together" in str(note) for note in table.notes if note.column == "mixed")


def test_excel_sheets_are_chosen_by_name_or_position(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", {"People": [["a"], [1]], "Places": [["b"], [2]]})
    assert read(path, sheet="Places").columns == ["b"]
    assert read(path, sheet=0).columns == ["a"]
    with pytest.raises(DataError, match="2 sheets: People, Places"):
        read(path)
    with pytest.raises(DataError, match='"Peple"(.|\n)*"People"'):
        read(path, sheet="Peple")
    with pytest.raises(DataError, match='"a" at positions 1 and 2'):
        read(workbook(tmp_path / "d.xlsx", {"s": [["a", "a"], [1, 2]]}))
    with pytest.raises(DataError, match="no rows"):
        read(workbook(tmp_path / "h.xlsx", {"s": [["a", "b"]]}))
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(DataError, match=r"cannot be read(.|\n)*bad\.xlsx"):
        read(tmp_path / "bad.xlsx")


@pytest.mark.parametrize(("module", "name", "extra"), [("fastexcel", "t.xlsx", "excel"), ("sqlalchemy", "t.db", "sql")])
def test_missing_extra_names_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str, extra: str
) -> None:
    from understudy.core.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(MissingExtraError, match=rf"pip install \"understudy\[{extra}\]\""):
        read(tmp_path / name, **({"table": "t"} if extra == "sql" else {}))


def test_repr_says_what_it_is() -> None:
    assert repr(as_table(FRAME)) == "Table(DataFrame: 3 rows × 2 columns)"
    assert isinstance(as_table(as_table(FRAME)), Table)
    with pytest.raises(DataError, match='no column "c"'):
        as_table(FRAME).select(["c"])


def test_gzip_by_content_not_by_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read(tmp_path / "t.csv").frame.row(0) == (1, 2)
