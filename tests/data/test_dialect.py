"""Dialects: what the first bytes show, and how a dialect is kept."""

from __future__ import annotations

import json

import pytest

from understudy.core.errors import DataError
from understudy.data.dialect import Dialect, detect_dialect, detect_encoding, has_header, plain_forms
from understudy.data.number_text import NumberForm


def test_dialect_survives_json() -> None:
    dialect = Dialect("cp1252", delimiter=";", numbers={"a": NumberForm(",", ".")}, spellings={"b": ("FALSE", "TRUE")}, newline="\r\n")
    assert Dialect.from_dict(json.loads(json.dumps(dialect.to_dict()))) == dialect


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", Dialect()),
        ("a;b\r\n1;2\r\n", Dialect(delimiter=";", newline="\r\n")),
        ('"a"|"b"\n"1"|"2"\n', Dialect(delimiter="|", quote_all=True)),
        ("a\n1\n2\n", Dialect()),
        ("a, b\n1, x\n2, y\n", Dialect(skip_space=True)),
        ("a,b\n'x, y',1\n'z',2\n", Dialect(quote="'")),
    ],
)
def test_dialect_is_found_out(text: str, expected: Dialect) -> None:
    assert detect_dialect(text, complete=True) == expected


def test_sample_that_ends_within_a_row_or_quote_is_understood() -> None:
    text = "id;text\n" + "".join(f'{i};"a; b, {i}"\n' for i in range(50)) + '51;"cut in the mi'
    assert detect_dialect(text, complete=False).delimiter == ";"


def test_binary_content_is_refused() -> None:
    assert detect_encoding(b"plain", where="t") == ("utf-8", False)
    with pytest.raises(DataError, match="binary"):
        detect_encoding(bytes(100) + b"abc", where="t")


def test_numbers_above_numbers_are_no_header_unless_they_count_or_are_years() -> None:
    assert not has_header([["1.5", "2"], ["3.5", "4"]])
    assert has_header([["0", "1"], ["3.5", "4"]])
    assert has_header([["2019", "2020"], ["3.5", "4"]])
    assert not has_header([["2019", "2020"], ["2018", "2017"]])


def test_marks_that_contradict_each_other_are_refused() -> None:
    assert plain_forms(",", ".") == (NumberForm(",", "."),)
    assert all(form.decimal == "," for form in plain_forms(",", None))
    with pytest.raises(DataError, match="thousands"):
        plain_forms(None, "x")
