"""Check digits against numbers whose validity is published."""

from __future__ import annotations

import polars as pl
import pytest

from understudy.data.checkdigits import CHECKS, characters, check_of

# Luhn: the example of ISO/IEC 7812-1 annex and common test cards. IBAN: examples of the IBAN registry (SWIFT). EAN and ISBN: GS1 and
# ISBN agency examples.
VALID = {
    "luhn": ["79927398713", "4111111111111111", "378282246310005"],
    "iban": ["GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000", "AT611904300234573201", "NO9386011117947"],
    "ean": ["4006381333931", "73513537", "9780306406157"],
    "isbn10": ["0-306-40615-2", "080442957X"],
}


@pytest.mark.parametrize("name", VALID)
def test_published_numbers_hold(name: str) -> None:
    assert CHECKS[name].holds(pl.Series(VALID[name])).all()


@pytest.mark.parametrize("name", VALID)
def test_one_wrong_digit_is_found(name: str) -> None:
    places = [max(i for i, character in enumerate(text[:-1]) if character.isdigit()) for text in VALID[name]]
    wrong = [text[:i] + str((int(text[i]) + 1) % 10) + text[i + 1 :] for text, i in zip(VALID[name], places, strict=True)]
    assert not CHECKS[name].holds(pl.Series(wrong)).any()


@pytest.mark.parametrize("name", VALID)
def test_solving_gives_back_the_check_digits(name: str) -> None:
    for text in VALID[name]:
        values = characters(pl.Series([text.replace(" ", "").replace("-", "")]))
        assert (CHECKS[name].solve(values) == values).all()


def test_a_check_is_recognised_where_all_keep_it() -> None:
    assert check_of(pl.Series(["4111111111111111"] * 20)) == "luhn"
    assert check_of(pl.Series(["4111111111111112"] * 20)) is None
    assert check_of(pl.Series(["4111111111111111"] * 5)) is None
