from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from understudy.evaluate.report.names import name, names, sentence, shown
from understudy.evaluate.report.numbers import THIN


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert shown("hours-per-week") == "hours-per-week"
    assert name("hours-per-week") == '<bdi class="name">hours-per-week</bdi>'


def test_a_name_of_nothing_is_said() -> None:
    assert (shown(""), shown("  \t")) == ("(empty)", "(blank)")


def test_line_ends_and_control_characters_are_visible() -> None:
    assert shown("a\nb\tc\x07") == "a⏎b⇥c�"
    assert "\u202e" not in shown("\u202egnp.exe")


def test_joined_emoji_stay_joined() -> None:
    assert shown("👩‍👩‍👧") == "👩‍👩‍👧"


def test_a_long_name_keeps_both_ends_and_is_whole_in_its_title() -> None:
    long = "measurement_" * 12 + "end"
    assert shown(long, 30).startswith("measurement_")
    assert shown(long, 30).endswith("end")
    assert f'title="{long}"' in name(long, 30)


@given(st.text(max_size=400), st.integers(12, 60))
def test_whatever_a_name_is_it_is_short_and_printable(text: str, longest: int) -> None:
    found = shown(text, longest)
    assert 0 < len(found) <= max(longest, 7)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in found)


def test_many_names_are_counted() -> None:
    assert "".join(names(["a", "b", "c", "d"], most=2)).endswith("and 2 more")


def test_a_per_cent_sign_stays_with_its_number() -> None:
    assert sentence("0.66% of 5 % are 100%") == f"0.66{THIN}% of 5{THIN}% are 100%"
