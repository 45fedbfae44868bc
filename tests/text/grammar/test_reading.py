"""The texts of a grammar, read."""

import pytest

from understudy.data.constraints import Contradiction
from understudy.text.grammar.reading import Filter, Options, Slot, Times, read_nodes


def test_slots_with_all_that_they_take():
    (slot,) = read_nodes("{part*1-3?0.25|plural|list as PART}")
    assert slot == Slot("part", None, 0.25, Times(1, 3), (Filter("plural"), Filter("list")), "PART")
    assert read_nodes("{noun#2|fixed 2}") == (Slot("noun", "2", 1.0, None, (Filter("fixed", 2),)),)
    assert read_nodes("{line*count}") == (Slot("line", times=Times(column="count")),)
    assert read_nodes("{word:city:de_DE} {int:2-9?}") == (Slot("word:city:de_DE"), " ", Slot("int:2-9", chance=0.5))


def test_options_lie_in_one_another():
    assert read_nodes("a [b|c [d|]|{e}]") == ("a ", Options((("b",), ("c ", Options((("d",), ()))), (Slot("e"),))))
    assert read_nodes("[20%: so] on") == (Options((("so",),), 0.2), " on")


def test_a_backslash_makes_a_character_plain():
    assert read_nodes(r"\[x\] \{y\} [a\|b|c] C:\dir | it") == ("[x] {y} ", Options((("a|b",), ("c",))), r" C:\dir | it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a {b", "brace is not closed"),
        ("a [b|c", "bracket is not closed"),
        ("a ]b", "closes nothing"),
        ("a }b", "closes nothing"),
        ("{a b}", "cannot be read"),
        ("{}", "cannot be read"),
        ("{a?1.5}", "from 0 to 1"),
        ("{a*3-1}", "from a least to a most"),
        ("[200%: a]", "at most 100%"),
        ("x" * 20_001, "too long"),
    ],
)
def test_what_cannot_be_read_is_quoted(text, said):
    with pytest.raises(Contradiction, match=said):
        read_nodes(text)
