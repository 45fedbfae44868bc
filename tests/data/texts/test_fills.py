"""Fills make what they stand for in its form, and never what stood there."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.data.checkdigits import CHECKS
from understudy.data.keyed import Draws, words
from understudy.data.texts.fills import GLUE, Fills, detail_of, fill, made, mask_of, parts_of, shape_of
from understudy.data.texts.scrubbing import find

DRAWS = Draws(0)


def test_a_fill_says_its_kind_its_detail_and_its_space() -> None:
    assert parts_of(fill("phone", "999 999", space=True)) == ("phone", "999 999", True)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("email", "a@b.org"),
        ("url", "www.b.org/x"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("card", "4111 1111 1111 1111"),
        ("phone", "020 7946 0018"),
        ("ip", "192.168.0.1"),
        ("user", "@anna"),
    ],
)
def test_what_is_made_is_of_the_kind_but_not_what_stood_there(kind: str, what: str) -> None:
    texts = [made(kind, detail_of(kind, what), DRAWS) for _ in range(20)]
    assert what not in texts
    assert len(set(texts)) > 10
    assert {f.kind for text in texts for f in find(f"so {text} it is")} == {kind}


def test_cards_and_ibans_keep_their_check_digits() -> None:
    cards = [made("card", "9999 9999 9999 9999", DRAWS) for _ in range(50)]
    ibans = [made("iban", "AA99 9999 9999 9999 9999 99", DRAWS) for _ in range(50)]
    assert CHECKS["luhn"].holds(pl.Series(cards)).all()
    assert CHECKS["iban"].holds(pl.Series(ibans)).all()


def test_codes_keep_their_shape() -> None:
    assert all(mask_of(made("code", "AA9-aa9", DRAWS)) == "AA9-aa9" for _ in range(50))


@pytest.mark.parametrize(("word", "shape"), [("word", "aa"), ("Word", "Aa"), ("WORD", "AA"), ("iPod", "aA"), ("?!", "??"), ("我", "aa")])
def test_shapes(word: str, shape: str) -> None:
    assert shape_of(word) == shape


def test_glue_takes_the_space_and_members_stand_for_words() -> None:
    vocabulary = [" go", GLUE, " home", fill("word", "_aa·", space=True)]
    fills = Fills(vocabulary, np.array([0, 0, 0, 0, 2]), np.array([0, 2]))
    assert fills.texts(np.array([0, 1, 2]), np.array([0, 3]), np.arange(1, dtype=np.uint64)) == ["gohome"]
    texts = fills.texts(np.full(200, 3), np.arange(201), words(np.arange(200), np.uint64(1)))
    assert set(texts) == {"go", "home"}
