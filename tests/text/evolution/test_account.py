"""The account of what votes spent on private texts: what it counts as the same texts, and what it counts once."""

import math

import pytest

from understudy.core.gaussian_mechanism import strength_for
from understudy.text.evolution.account import Account

TEXTS = ["one letter", "another letter", "a third"]


@pytest.fixture
def place(tmp_path):
    return tmp_path / "state" / "votes.jsonl"


def test_releases_add_up_as_one_and_the_same_release_counts_once(place):
    account = Account(TEXTS, place=place)
    half = strength_for(4.0, 1e-5) / math.sqrt(2)
    for release in (0, 1, 1):
        account.enter("first", release, half)
    assert account.spent().evolutions == 1
    assert account.spent().epsilon(1e-5) == pytest.approx(4.0)
    account.enter("second", 0, half)
    assert account.spent().epsilon(1e-5) > 4.5
    assert account.spent(without="first").epsilon(1e-5, half) == pytest.approx(4.0)


def test_the_same_texts_in_any_order_and_the_same_file_when_it_has_grown_are_the_same(place, tmp_path):
    file = tmp_path / "letters.csv"
    Account(TEXTS, file, place).enter("first", 0, 0.5)
    assert Account(TEXTS[::-1], None, place).spent().evolutions == 1
    assert Account([*TEXTS, "a fourth"], file, place).spent().evolutions == 1
    assert Account([*TEXTS, "a fourth"], tmp_path / "other.csv", place).spent().evolutions == 0
    assert not any(text in place.read_text() for text in TEXTS)


def test_half_a_line_of_a_crash_hides_no_other_line(place):
    account = Account(TEXTS, place=place)
    account.enter("first", 0, 0.5)
    place.write_text(place.read_text() + '{"evolution": "sec')
    account.enter("third", 0, 0.5)
    assert account.spent().evolutions == 2


def test_an_account_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    account = Account(TEXTS, place=tmp_path / "file" / "votes.jsonl")
    account.enter("first", 0, 0.5)
    assert "file" in account.broken
