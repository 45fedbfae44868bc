"""Pieces of a text, put together again, are the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.data.texts.pieces import joined, pieces


@given(st.text())
def test_pieces_lose_nothing(text: str) -> None:
    assert joined(pieces(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't wait... now!!", [" Don't", " wait", "...", " now", "!!"]),
        ("at 10:30 on 08/12/2004", [" at", " 10:30", " on", " 08/12/2004"]),
        ("code XK7-93 now", [" code", " XK7-93", " now"]),
        ("an 88-minute crowd-pleaser", [" an", " 88", "-", "minute", " crowd", "-", "pleaser"]),
        ("two  blanks\nand a line", [" two", " ", " blanks", "\n", "and", " a", " line"]),
        ("我喜欢 it", [" 我", "喜", "欢", " it"]),
        ("", [" "]),
    ],
)
def test_texts_are_cut_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected
    assert joined(expected) == text


def test_the_first_word_is_the_same_piece_as_elsewhere() -> None:
    assert pieces("good, really good")[0] == pieces("really good")[-1]
