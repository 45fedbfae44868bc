"""Words, numbers and dates in their forms."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.data.constraints import Contradiction
from understudy.text.grammar.inflection import in_all_forms, inflect, require_form, written
from understudy.text.grammar.languages import language
from understudy.text.grammar.pieces import CLOSE, Open
from understudy.text.grammar.reading import Filter

EN, DE = language("en"), language("de")
DAY = dt.date(2026, 3, 3)


@pytest.mark.parametrize(
    ("word", "article"),
    [
        ("order", "an"), ("hour", "an"), ("house", "a"), ("university", "a"), ("umbrella", "an"), ("unimportant thing", "an"),
        ("European", "a"), ("MRI", "an"), ("UFO", "a"), ("one-way street", "a"), ("8-bit chip", "an"), ("11 o'clock train", "an"),
        ("110 volt line", "a"), ("useful idea", "a"), ("NASA plan", "an"), ("Nikon", "a"), ("F", "an"), ("unit", "a"), ("Éclair", "an"),
    ],
)  # fmt: skip
def test_the_article_goes_by_the_sound(word, article):
    assert EN.article(word) == article


@pytest.mark.parametrize(
    ("one", "many"),
    [("box", "boxes"), ("baby", "babies"), ("day", "days"), ("Knife", "Knives"), ("coffee maker", "coffee makers"), ("dish", "dishes"),
     ("power supply", "power supplies"), ("woman", "women"), ("bus", "buses")],
)  # fmt: skip
def test_plurals(one, many):
    assert EN.plural(one) == many


def test_numbers_in_words():
    assert [EN.cardinal(n) for n in (0, 21, 105, 1_000, 1_099, 2_340_017)] == [
        "zero", "twenty-one", "one hundred and five", "one thousand", "one thousand and ninety-nine",
        "two million three hundred and forty thousand and seventeen",
    ]  # fmt: skip
    assert [DE.cardinal(n) for n in (1, 21, 101, 1_001, 1_999, 2_000_000)] == [
        "eins", "einundzwanzig", "hunderteins".replace("hundert", "einhundert"), "eintausendeins",
        "eintausendneunhundertneunundneunzig", "zwei Millionen",
    ]  # fmt: skip
    assert EN.number_words(-2.5) == "minus two point five"
    assert [EN.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == "1st 2nd 3rd 4th 11th 12th 13th 21st 112th".split()
    assert [EN.ordinal_words(n) for n in (1, 12, 20, 21, 100)] == ["first", "twelfth", "twentieth", "twenty-first", "one hundredth"]
    assert [DE.ordinal_words(n) for n in (1, 3, 7, 20, 21)] == ["erste", "dritte", "siebte", "zwanzigste", "einundzwanzigste"]


@given(st.integers(0, 10**12 - 1))
def test_different_numbers_have_different_words(number):
    assert EN.cardinal(number) != EN.cardinal(number + 1)
    assert DE.cardinal(number % 10**9) != DE.cardinal((number + 1) % 10**9)


def test_dates_and_amounts_by_language():
    assert written(DAY, EN, [Filter("date")]) == "3 March 2026"
    assert written(DAY, DE, [Filter("date")]) == "3. März 2026"
    assert written(DAY, EN, [Filter("words")]) == "the third of March 2026"
    assert written(DAY, EN, [Filter("weekday"), Filter("upper")]) == "TUESDAY"
    assert written(1234.5, EN, [Filter("fixed", 2)]) == "1,234.50"
    assert written(1234.5, DE, [Filter("fixed", 2)]) == "1.234,50"
    assert written(2.675, EN, [Filter("fixed", 2)]) == "2.68"
    assert written(dt.time(0, 5), EN, [Filter("time")]) == "12:05 am"
    assert written(None, EN, [Filter("upper")]) == ""


def test_a_form_of_the_wrong_kind_is_refused():
    with pytest.raises(Contradiction, match="not of text"):
        require_form(Filter("fixed", 2), "text", EN)
    with pytest.raises(Contradiction, match='Did you mean "plural"'):
        require_form(Filter("plurl"), "text", EN)
    with pytest.raises(Contradiction, match='"de" does not tell the form "a"'):
        require_form(Filter("a"), "text", DE)
    with pytest.raises(Contradiction, match="takes a number"):
        require_form(Filter("fixed"), "number", EN)


def test_forms_of_pieces_leave_marks_where_they_are():
    pieces = ["", Open("X"), "old oak", CLOSE, " tree"]
    inflect(pieces, "a", EN)
    inflect(pieces, "capital", EN)
    assert pieces == ["An ", "", Open("X"), "old oak", CLOSE, " tree"]


def test_every_form_of_a_fact_states_it():
    assert {"3 march 2026", "2026-03-03", "the third of march 2026"} <= in_all_forms(DAY, EN)
    assert {"12", "twelve", "12.00", "12th"} <= in_all_forms(12, EN)
    assert not {"2026", "tuesday", "march"} & in_all_forms(DAY, EN)
