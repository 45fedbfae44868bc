"""Patterns: every string has one number, each match is of the language, none repeats where it must not, and mistakes are placed."""

from __future__ import annotations

import itertools
import pickle
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.core.errors import ConstraintError
from understudy.core.random import Stream
from understudy.data.keyed import key_of
from understudy.rules.regex import Pattern

KEY = key_of(Stream(7), "test")
ROWS = np.arange(5_000)
PATTERNS = [
    "[A-Z]{2}[0-9]{4}", r"\d{3}-\d{2}-\d{4}", "(abc|x[yz]?)+", "a*b*", "(Mr|Ms|Dr)\\. [A-Z][a-z]{2,9}", "[^a-z ]{1,3}", "Straße [äöü]{2}",
    r"[A-Za-z0-9._%+-]+@[a-z]{2,8}\.(com|org)", "(a|ab)(c|bcd)?", "", "x", r"\w\W\s\S\D", "[а-я]{3}|[😀-😎]", "((a|b){2}c?){0,3}",
    "[]a-]x{0}y",
]  # fmt: skip


@pytest.mark.parametrize("text", PATTERNS)
def test_whatever_is_made_matches_the_pattern(text: str) -> None:
    pattern = Pattern.parse(text)
    made = [pattern.draw(ROWS, KEY), pattern.unique(ROWS[: pattern.size], KEY), pattern.nth(ROWS[: pattern.size])]
    for texts in made:
        assert all(re.fullmatch(text, value) for value in texts)
        assert texts.str.len_chars().max() <= pattern.longest
        assert texts.str.len_chars().min() >= pattern.shortest
    assert made[1].n_unique() == len(made[1])
    assert made[2].to_list() == sorted(set(made[2].to_list()))


@pytest.mark.parametrize(
    "text",
    ["(ab|x[yz]?){1,2}", "a{0,5}b{0,5}", "(a|ab)(c|bcd)?", "a?a?a?", "(a|b|ab){0,3}", "(|a)(|a)b", "((a|b)?c?){0,2}"],
)
def test_the_size_is_the_number_of_distinct_strings(text: str) -> None:
    pattern = Pattern.parse(text)
    letters = sorted({letter for letter in text if letter.isalpha()})
    every = [
        "".join(word)
        for length in range(pattern.longest + 1)
        for word in itertools.product(letters, repeat=length)
        if len(letters) ** length < 100_000
    ]
    assert len(letters) ** pattern.longest < 100_000
    expected = sorted(word for word in every if re.fullmatch(text, word))
    assert pattern.size == len(expected)
    assert pattern.nth(np.arange(pattern.size)).to_list() == expected


def node(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return st.sampled_from(["a", "b", "[ab]", "c", "[^a-z]"])
    inner = node(depth - 1)
    return st.one_of(
        inner,
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + "|".join(parts) + ")"),
        st.tuples(inner, st.sampled_from(["?", "{2}", "{1,2}", "{0,3}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    )


@settings(max_examples=60, deadline=None)
@given(node(3))
def test_numbers_and_strings_are_one_to_one_for_any_pattern(text: str) -> None:
    pattern = Pattern.parse(text)
    numbers = np.unique(np.linspace(0, min(pattern.size, 2**62) - 1, 300).astype(np.int64))
    texts = pattern.nth(numbers).to_list()
    assert texts == sorted(set(texts))
    assert all(re.fullmatch(text, value) for value in texts)
    assert all(re.fullmatch(text, value) for value in pattern.draw(ROWS[:200], KEY))


@pytest.mark.parametrize("text", ["[0-9a-f]{32}", "[a-z]{3,16}", "[A-Z]{5}[a-z]{0,20}", "[ -~]{9}|x", "[0-9]{17}[ab]?", "[!-~]{10}"])
def test_patterns_of_more_strings_than_numbers_still_never_repeat(text: str) -> None:
    pattern = Pattern.parse(text)
    assert pattern.size > 2**56
    made = pattern.unique(np.arange(200_000), KEY)
    assert made.n_unique() == len(made)
    assert all(re.fullmatch(text, value) for value in made[:2_000])
    first = Counter(made.str.slice(0, 1))
    assert len(first) >= 10
    assert max(first.values()) < 3 * len(made) / len(first)


def test_a_whole_language_is_made_once_each() -> None:
    pattern = Pattern.parse("[A-Z]{2}[0-9]{2}")
    made = pattern.unique(np.arange(pattern.size), KEY)
    assert sorted(made.to_list()) == pattern.nth(np.arange(pattern.size)).to_list()
    assert made[:100].to_list() != sorted(made[:100].to_list())
    with pytest.raises(ConstraintError, match="has 67,600 texts"):
        pattern.unique(np.array([67_600]), KEY)
    with pytest.raises(ConstraintError, match="no text number 67,600"):
        pattern.nth([67_600])
    with pytest.raises(ConstraintError, match="no text number -1"):
        pattern.nth([-1])


def test_a_row_has_its_text_in_whatever_company() -> None:
    pattern = Pattern.parse("([a-z]{1,8} ){1,3}[0-9]?")
    whole = pattern.draw(ROWS, KEY)
    some = np.array([4_999, 0, 17])
    assert pattern.draw(some, KEY).to_list() == whole.gather(some).to_list()
    unique = pattern.unique(ROWS, KEY)
    assert pattern.unique(some, KEY).to_list() == unique.gather(some).to_list()
    assert pattern.draw(ROWS, key_of(Stream(8), "test")).to_list() != whole.to_list()


def test_long_columns_outgrow_their_first_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = Pattern.parse("([a-z]{1,16} ){1,16}")
    rows = np.arange(3_000)
    whole = pattern.draw(rows, KEY).to_list()
    monkeypatch.setattr("understudy.rules.regex.filling.MOST_BYTES_AHEAD", 1_000)
    assert pattern.draw(rows, KEY).to_list() == whole


def test_ways_on_are_alike() -> None:
    rows = np.arange(40_000)
    forks = Counter(Pattern.parse("a|b|c").draw(rows, KEY))
    assert all(abs(count - len(rows) / 3) < 5 * (len(rows) * 2 / 9) ** 0.5 for count in forks.values())
    lengths = Counter(Pattern.parse("x{3,7}").draw(rows, KEY).str.len_chars())
    assert sorted(lengths) == [3, 4, 5, 6, 7]
    assert all(abs(count - len(rows) / 5) < 5 * (len(rows) * 0.16) ** 0.5 for count in lengths.values())
    letters = Counter("".join(Pattern.parse("[a-z]{9}").draw(rows, KEY)))
    expected = 9 * len(rows) / 26
    chi2 = sum((count - expected) ** 2 / expected for count in letters.values())
    assert len(letters) == 26
    assert chi2 < 60  # 25 degrees of freedom: 1 in 10,000 lies above 60
    pairs = Counter(Pattern.parse("[0-9]{2}").draw(rows, KEY))
    assert sum((count - 400) ** 2 / 400 for count in pairs.values()) < 160  # 99 degrees of freedom


def test_ambiguity_is_told() -> None:
    assert Pattern.parse("a?a?").ambiguous
    assert not Pattern.parse("a?b?").ambiguous
    assert Pattern.parse("a?a?").size == 3


def test_the_same_strings_on_every_machine() -> None:
    pattern = Pattern.parse("[A-Z]{2}-[0-9]{3}(x|yy)?")
    assert pattern.draw(np.arange(4), np.uint64(5)).to_list() == ["WM-783", "XY-419", "NF-540yy", "MX-418yy"]
    assert pattern.unique(np.arange(4), np.uint64(5)).to_list() == ["OZ-933", "FI-540yy", "OQ-092x", "OK-859x"]


def test_a_pattern_goes_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(Pattern.parse("a|b"))).draw(ROWS, KEY).to_list() == Pattern.parse("a|b").draw(ROWS, KEY).to_list()


@pytest.mark.parametrize(
    ("text", "what", "place"),
    [
        ("ab(?=c)", "look ahead or behind", "character 3: ab⟨here⟩"),
        ("(?<!a)b", "look ahead or behind", "character 1:"),
        (r"(a)\1", "refer back", "character 4:"),
        ("(?P<x>a)(?P=x)", "refer back", "character 9:"),
        ("a^b", "anchor", "character 2: a⟨here⟩^b"),
        ("a$b", "anchor", "character 2:"),
        (r"a\bb", "anchor", "character 2:"),
        ("(ab", "group is not closed", "character 1:"),
        ("ab)", "closes no group", "character 3:"),
        ("[ab", "class is not closed", "character 1:"),
        ("[z-a]", "range", "character 2:"),
        ("[[:alpha:]]", "named class", "character 2:"),
        (r"\p{Lu}", "Unicode property", "character 1:"),
        ("*a", "nothing here to repeat", "character 1:"),
        ("a{2}{3}", "follows another", "character 5:"),
        ("a{3,2}", "repeats 3 to 2", "character 2:"),
        ("a{1,100000}", "repeats 1 to 100000", "character 2:"),
        ("a++", "possessive", "character 3:"),
        ("(?i)a", "kind of group", "character 1:"),
        ("a\\", "ends with", "character 2:"),
        (r"\q", "no escape", "character 1:"),
        (r"\x4", "hexadecimal", "character 1:"),
        (r"[^\x20-\x7e]", "No printable character", "character 1:"),
        ("([a-z]{1000}){1000}", "1,000,000 characters", "pattern"),
    ],
)
def test_what_is_not_taken_is_refused_with_its_place(text: str, what: str, place: str) -> None:
    with pytest.raises(ConstraintError) as caught:
        Pattern.parse(text)
    assert what in caught.value.what
    assert place in (caught.value.where or "")


def test_what_cannot_be_counted_is_drawn_all_the_same() -> None:
    pattern = Pattern.parse("(.*a.{15}){1,8}")
    assert len(pattern.draw(ROWS[:100], KEY)) == 100
    with pytest.raises(ConstraintError, match="cannot be counted"):
        _ = pattern.size


def test_anchors_at_the_ends_and_names_of_groups_are_passed_over() -> None:
    assert Pattern.parse("^(?P<year>[0-9]{4})-(?:a|b)$").size == 20_000
    assert Pattern.parse("a{,2}").size == 3
    assert Pattern.parse("a{x}").nth([0]).to_list() == ["a{x}"]
    assert Pattern.parse("a+").longest == 16
    assert Pattern.parse("a{20,}").longest == 20
