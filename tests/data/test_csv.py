"""Delimited text: every cell decides, nothing is lost unsaid, and whatever is wrong is named with its row."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from understudy.core.errors import DataError
from understudy.data import Table, csv_cells, read, write_table
from understudy.data import csv as csv_module

Values = dict[str, list[Any]]


@pytest.fixture
def from_text(tmp_path: Path) -> Any:
    """Read a text (or bytes) as the file t.csv."""

    def reading(content: str | bytes, name: str = "t.csv", **options: Any) -> Table:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read(path, **options)

    return reading


def values(table: Table) -> Values:
    return table.frame.to_dict(as_series=False)


def said(table: Table, column: str | None = None) -> str:
    return "\n".join(str(note) for note in table.notes if column is None or note.column == column)


# Types, decided from all cells


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2", "0"], [1, -2, 0]),
        (["1.5", "-2", "1e3", ".5"], [1.5, -2.0, 1000.0, 0.5]),
        (["007", "12", "3"], ["007", "12", "3"]),
        (["00.5", "1.5"], ["00.5", "1.5"]),
        (["31/12/2020", "01/01/2021"], ["31/12/2020", "01/01/2021"]),
        (["2020-12-31", "2021-01-01"], ["2020-12-31", "2021-01-01"]),
        (["1", "n/a 3"], ["1", "n/a 3"]),
        (["9223372036854775807", "-9223372036854775808"], [2**63 - 1, -(2**63)]),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"]),
        (["12345678901234567890", "1.5"], ["12345678901234567890", "1.5"]),
        (["1e999", "2"], ["1e999", "2"]),
        (["+436601234567", "+431234567"], ["+436601234567", "+431234567"]),
        (["+0.5", "-0.5"], [0.5, -0.5]),
        (["true", "false"], [True, False]),
        (["TRUE", "FALSE"], [True, False]),
        (["True", "FALSE"], ["True", "FALSE"]),
        (["True", "1"], ["True", "1"]),
        (["yes", "no"], ["yes", "no"]),
        (["192.168.0.1", "10.0.0.1"], ["192.168.0.1", "10.0.0.1"]),
        (["12:30", "13:45"], ["12:30", "13:45"]),
        (["555 123 456", "555 123 457"], ["555 123 456", "555 123 457"]),
        (["5551234", "555 123 456"], ["5551234", "555 123 456"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["0x1f", "0x20"], ["0x1f", "0x20"]),
        (["١", "٢"], ["١", "٢"]),
    ],
)
def test_column_type_keeps_every_cell(from_text: Any, cells: list[str], expected: list[Any]) -> None:
    table = from_text("key,x\n" + "".join(f"k,{cell}\n" for cell in cells))
    assert values(table)["x"] == expected


def test_last_of_many_rows_decides(from_text: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_cells, "_BLOCK_BYTES", 1 << 14)
    rows = 50_000
    text = "id,x,y,z\n" + "".join(f"{i},{i},{i % 2},{i}.5\n" for i in range(rows)) + "7,n/a 3,0.5,01\n"
    table = from_text(text)
    assert [str(dtype) for dtype in table.dtypes.values()] == ["Int64", "String", "Float64", "String"]
    assert table.frame["x"][-1] == "n/a 3"
    assert "leading zeros" in said(table, "z")


def test_blanks_and_words_for_missing_among_numbers_are_missing_and_listed(from_text: Any) -> None:
    table = from_text('id,total,rate\n1,29.85, 7\n2, ,8\n3,NA,\n4,1889.5,""\n5,?,9\n')
    assert values(table)["total"] == [29.85, None, None, 1889.5, None]
    assert values(table)["rate"] == [7, 8, None, None, 9]
    for shown in ("blank (1 space)", '"NA"', '"?"'):
        assert shown in said(table, "total")
    assert "1 quoted empty cell read as missing" in said(table, "rate")


def test_words_for_missing_stay_values_among_text(from_text: Any) -> None:
    table = from_text("a,b\nNone,1\nSteady,2\n?,3\n")
    assert values(table)["a"] == ["None", "Steady", "?"]
    assert values(from_text("a,b\nNone,1\nSteady,2\n?,3\n", missing=["?"]))["a"] == ["None", "Steady", None]
    assert values(from_text('a,b\n"n.a.",1\nSteady,n.a.\n', missing="n.a."))["b"] == [1, None]


def test_quoted_empty_cell_is_kept_apart_from_a_missing_one(from_text: Any) -> None:
    table = from_text('a,b\nx,1\n"",2\n,3\n')
    assert values(table)["a"] == ["x", "", None]
    assert "1 quoted empty cell kept as empty text, apart from 1 missing" in said(table, "a")


def test_where_all_is_quoted_empty_means_missing(from_text: Any) -> None:
    table = from_text('"a","b"\n"x","1"\n"","2"\n"y",""\n')
    assert values(table) == {"a": ["x", None, "y"], "b": [1, 2, None]}
    assert "writes missing cells in quotes" in said(table, "a")


def test_infinities_are_refused_with_count_and_rows_or_made_missing(from_text: Any) -> None:
    text = "id,x\n" + "".join(f"{i},{i}.5\n" for i in range(3)) + "4,inf\n5,-Infinity\n6,inf\n7,inf\n"
    with pytest.raises(DataError, match=r'"x" holds 4 infinite(.|\n)*rows 4, 5, 6, …(.|\n)*infinities="null"'):
        from_text(text)
    table = from_text(text, infinities="null")
    assert values(table)["x"][2:] == [2.5, None, None, None, None]
    assert "4 infinite values" in said(table, "x")


def test_empty_column_is_text_and_said(from_text: Any) -> None:
    table = from_text("a,b\n1,\n2,\n")
    assert values(table)["b"] == [None, None]
    assert "all its cells are empty" in said(table, "b")


# Numbers written in other ways


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("a;b", ["1,5;x", "2;y"], [1.5, 2.0]),
        ("a;b", ["1.234,5;x", "7;y"], [1234.5, 7.0]),
        ("a;b", ["1 234,5;x", "7,25;y"], [1234.5, 7.25]),
        ("a;b", ["1\u00a0234;x", "7;y"], [1234, 7]),
        ("a;b", ["1'234.5;x", "7;y"], [1234.5, 7.0]),
        ("a,b", ['"1,234.5",x', "7,y"], [1234.5, 7.0]),
        ("a,b", ['"1,5",x', "7,y"], [1.5, 7.0]),
        ("a,b", ['"1,234",x', '"12,345",y'], [1234, 12345]),
        ("a;b", ["1,234;x", "0,5;y"], [1.234, 0.5]),
        ("a;b", ["-1.234.567;x", "1;y"], [-1234567, 1]),
        ("a;b", ["1 234;x", "999;y"], [1234, 999]),
    ],
)
def test_decimal_commas_and_thousands_marks_are_read(from_text: Any, header: str, rows: list[str], expected: list[float]) -> None:
    table = from_text("\n".join([header, *rows]) + "\n")
    assert values(table)["a"] == expected
    assert "read as numbers with" in said(table, "a")


def test_other_columns_settle_what_a_point_means(from_text: Any) -> None:
    alone = from_text("a;b\n1.234;x\n5.678;y\n")
    beside = from_text("a;b\n1.234;1,5\n5.678;2,25\n")
    assert values(alone)["a"] == [1.234, 5.678]
    assert values(beside)["a"] == [1234, 5678]
    assert "could also be read otherwise" in said(beside, "a")


def test_caller_settles_the_marks(from_text: Any) -> None:
    assert values(from_text("a;b\n1.234;x\n5.678;y\n", decimal=","))["a"] == [1234, 5678]
    assert values(from_text("a;b\n1,234;x\n5,678;y\n", decimal=".", thousands=","))["a"] == [1234, 5678]
    assert values(from_text('a,b\n"1,5",x\n2,y\n', decimal="."))["a"] == ["1,5", "2"]
    with pytest.raises(DataError, match="decimal"):
        from_text("a;b\n1;2\n", decimal=",", thousands=",")


def test_number_forms_and_spellings_are_written_as_they_were_read(from_text: Any, tmp_path: Path) -> None:
    text = "a;b;c\n1,5;1.234;TRUE\n-12,25;56.789;FALSE\n"
    write_table(from_text(text), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == text


# Dialects


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found_out(from_text: Any, delimiter: str, newline: str) -> None:
    rows = [["id", "text", "x"], ["1", '"a, b; c | d"', "2.5"], ["2", "e", ""], ["3", '"line\nbreak"', "1"]]
    table = from_text(newline.join(delimiter.join(row) for row in rows) + newline)
    assert values(table) == {"id": [1, 2, 3], "text": ["a, b; c | d", "e", "line\nbreak"], "x": [2.5, None, 1.0]}


def test_decimal_commas_do_not_pass_for_delimiters(from_text: Any) -> None:
    assert values(from_text("a;b\n1,5;2,5\n3,5;4,5\n")) == {"a": [1.5, 3.5], "b": [2.5, 4.5]}
    assert values(from_text("1,5;2,5\n3,5;4,5\n")) == {"column_1": [1.5, 3.5], "column_2": [2.5, 4.5]}


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("größe,naïve\n1,é\n2,€\n".encode("utf-8-sig"), "utf-8"),
        ("größe,naïve\n1,é\n2,€\n".encode(), "utf-8"),
        ("größe,naïve\n1,é\n2,€\n".encode("utf-16"), "utf-16"),
        ("größe,naïve\n1,é\n2,€\n".encode("utf-16-le"), "utf-16-le"),
        ("größe,naïve\n1,é\n2,€\n".encode("utf-16-be"), "utf-16-be"),
        ("größe,naïve\n1,é\n2,€\n".encode("cp1252"), "cp1252"),
    ],
)
def test_encoding_is_found_out(from_text: Any, content: bytes, encoding: str) -> None:
    table = from_text(content)
    assert values(table) == {"größe": [1, 2], "naïve": ["é", "€"]}
    assert table.dialect is not None
    assert table.dialect.encoding == encoding
    assert (encoding == "utf-8") != ("encoding" in said(table))


def test_byte_that_is_not_utf8_far_down_the_file_is_found_too(from_text: Any) -> None:
    content = b"id,w\n" + b"".join(b"%d,plain\n" % i for i in range(60_000)) + "9,café\n".encode("cp1252")
    table = from_text(content)
    assert table.frame["w"][-1] == "café"
    assert "cp1252" in said(table)


def test_undecodable_bytes_name_line_offset_and_what_was_tried(from_text: Any) -> None:
    with pytest.raises(DataError, match=r'0x81 (.|\n)*utf-8 or cp1252(.|\n)*line 3, byte 12(.|\n)*encoding="latin-1"'):
        from_text(b"id,w\n1,aa\n2,\x81b\n")
    with pytest.raises(DataError, match=r"0xE9 (.|\n)*encoding utf-8\.(.|\n)*line 2, byte 7"):
        from_text(b"id,w\n1,\xe9a\n2,bb\n", encoding="utf-8")
    assert values(from_text(b"id,w\n1,\xe9a\n2,\x81b\n", encoding="latin-1"))["w"] == ["éa", "\x81b"]
    with pytest.raises(DataError, match='"utf8x" is no known encoding'):
        from_text("a,b\n1,2\n", encoding="utf8x")


def test_binary_file_is_no_text(from_text: Any) -> None:
    with pytest.raises(DataError, match="binary"):
        from_text(bytes(range(256)) * 20)


def test_quotes_of_other_kinds(from_text: Any) -> None:
    assert values(from_text("a,b\n'x, y',1\n'z',2\n"))["a"] == ["x, y", "z"]
    assert values(from_text('a,b\n"x \\"y\\", z",1\n"w",2\n'))["a"] == ['x "y", z', "w"]
    assert values(from_text('a\tb\n"unclosed\t1\n5 disk\t2\nend\t3\n'))["a"] == ['"unclosed', "5 disk", "end"]
    assert values(from_text("a,b\nit's,1\nthat's,2\n"))["a"] == ["it's", "that's"]


def test_blanks_after_delimiters_are_no_part_of_cells(from_text: Any) -> None:
    table = from_text("39, State-gov, 77516\n50, Self-emp, 83311\n38, ?, 215646\n")
    assert values(table) == {"column_1": [39, 50, 38], "column_2": ["State-gov", "Self-emp", "?"], "column_3": [77516, 83311, 215646]}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("age,job\n3,x\n4,y\n", ["age", "job"]),
        ("3,x\n4,y\n5,z\n", ["column_1", "column_2"]),
        ("0,1\n3,x\n4,y\n", ["0", "1"]),
        ("country,2019,2020\nA,1.5,2\nB,2.5,3\n", ["country", "2019", "2020"]),
        ("name,city\nann,rome\nbob,oslo\n", ["name", "city"]),
        ("male,rome\nmale,oslo\nfemale,rome\nmale,rome\n", ["column_1", "column_2"]),
        (",a\n0,x\n1,y\n", ["", "a"]),
    ],
)
def test_header_is_found_out(from_text: Any, text: str, columns: list[str]) -> None:
    assert from_text(text).columns == columns


def test_caller_settles_the_header(from_text: Any) -> None:
    assert from_text("3,x\n4,y\n", header=True).columns == ["3", "x"]
    table = from_text("name,city\nann,rome\n", header=False)
    assert values(table) == {"column_1": ["name", "ann"], "column_2": ["city", "rome"]}
    assert "column_1" in said(table)


def test_one_column_keeps_its_empty_lines(from_text: Any) -> None:
    assert values(from_text("a\n1\n\n3\n")) == {"a": [1, None, 3]}
    assert values(from_text('a\nx\n""\nz\n')) == {"a": ["x", None, "z"]}


def test_names_with_anything_in_them(from_text: Any) -> None:
    table = from_text('"Größe [cm], ""x""\n2",b\n1,2\n3,4\n')
    assert table.columns == ['Größe [cm], "x"\n2', "b"]


# Errors


def test_empty_file_and_header_only_and_blank_file(from_text: Any) -> None:
    with pytest.raises(DataError, match=r"file is empty(.|\n)*t\.csv"):
        from_text("")
    with pytest.raises(DataError, match=r"no rows(.|\n)*t\.csv"):
        from_text("a,b\n")
    with pytest.raises(DataError, match="blanks"):
        from_text("\n\n  \n")


def test_repeated_names_are_given_with_their_positions(from_text: Any) -> None:
    with pytest.raises(DataError, match=r'"a" at positions 1 and 3; "b" at positions 2 and 4'):
        from_text("a,b,a,b,c\n1,2,3,4,5\n")


def test_ragged_rows_are_named_with_their_counts(from_text: Any) -> None:
    text = 'a,b\n1,2\n"x\ny",4\n5,6,7\n8\n9,10\n'
    with pytest.raises(DataError, match=r"2 expected, row 3 \(line 5\) has 3; row 4 \(line 6\) has 1"):
        from_text(text)
    table = from_text(text, ragged="skip")
    assert values(table) == {"a": ["1", "x\ny", "9"], "b": [2, 4, 10]}
    assert "2 rows that have not 2 cells are left out" in said(table)


def test_ragged_row_far_down_is_found(from_text: Any) -> None:
    text = "a,b\n" + "1,2\n" * 100_000 + "1,2,3\n" + "1,2\n" * 10
    with pytest.raises(DataError, match=r"row 100,001 \(line 100,002\) has 3"):
        from_text(text)


@pytest.mark.parametrize("text", ['a,b\n1,"x\n2,y\n3,z\n', 'a,b\n1,"x\n2,"y"\n3,z\n', 'a,b,c\n1,"x,3\n2,y,4\n3,"z",5\n4,"w",6\n'])
def test_quote_that_is_never_closed_swallows_no_rows(from_text: Any, text: str) -> None:
    with pytest.raises(DataError, match=r"quote is opened (.|\n)*line 2|different numbers of cells"):
        from_text(text, quote='"')
    assert from_text(text, quote="").rows >= 2


def test_cells_of_several_lines_are_no_fault(from_text: Any) -> None:
    table = from_text('a,b\n1,"x, y\nz, w"\n2,"u"\n3,"one\ntwo, three"\n')
    assert values(table)["b"] == ["x, y\nz, w", "u", "one\ntwo, three"]


def test_line_that_names_the_delimiter_is_heeded_and_passed_over(from_text: Any) -> None:
    assert values(from_text("sep=;\na;b\n1,5;x\n2;y, z\n")) == {"a": [1.5, 2.0], "b": ["x", "y, z"]}
    with pytest.raises(DataError, match=r"row 2 \(line 4\) has 3"):
        from_text("sep=;\na;b\n1;x\n2;y;3\n")


def test_wrong_delimiter_is_refused(from_text: Any) -> None:
    with pytest.raises(DataError, match="one plain character"):
        from_text("a,b\n1,2\n", delimiter=";;")


def test_file_that_changes_between_passes_is_noticed(from_text: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_module, "MEMORY_BYTES", 0)
    table = from_text("a,b\n1,2\n3,4\n")
    assert sum(chunk.height for chunk in table.chunks()) == 2
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,x\n7,8\n")
    with pytest.raises(DataError, match="changed"):
        list(table.chunks())


# Sizes


def test_cells_longer_than_a_block(from_text: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_cells, "_BLOCK_BYTES", 1 << 10)
    long = "x" * 50_000
    text = "a,b\n" + "".join(f"{i},w\n" for i in range(2000)) + f'7,"{long}"\n' + "".join(f"{i},v\n" for i in range(2000))
    table = from_text(text)
    assert table.frame["a"].to_list() == [*range(2000), 7, *range(2000)]
    assert table.frame["b"][2000] == long


def test_chunks_from_disk_are_those_from_memory(from_text: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a,b,c\n" + "".join(f'{i},"t {i % 7}",{"" if i % 5 else i / 4}\n' for i in range(5000))
    held = from_text(text)
    monkeypatch.setattr(csv_module, "MEMORY_BYTES", 0)
    monkeypatch.setattr(csv_cells, "_BLOCK_BYTES", 1 << 12)
    scanned = from_text(text)
    assert held.in_memory
    assert not scanned.in_memory
    chunks = list(scanned.chunks(999))
    assert [chunk.height for chunk in chunks] == [999] * 5 + [5]
    assert pl.concat(chunks).equals(held.frame)
    assert scanned.select(["c", "a"]).frame.equals(held.frame.select("c", "a"))
    assert scanned.head(3).equals(held.frame.head(3))


def test_gzip_in_several_members_is_read_whole(from_text: Any) -> None:
    content = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    assert values(from_text(content, name="t.csv.gz")) == {"a": [1, 3], "b": [2, 4]}


def test_cut_off_gzip_is_named(from_text: Any) -> None:
    rows = "".join(f"{i},{i * 7919 % 10007}\n" for i in range(20_000))
    with pytest.raises(DataError, match=r"damaged or cut off(.|\n)*t\.csv\.gz"):
        from_text(gzip.compress(b"a,b\n" + rows.encode())[:-2000], name="t.csv.gz")
