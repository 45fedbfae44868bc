"""Texts of a base model: what is kept of a text, what comes after it, and where it ends."""

import pytest

from understudy.text.evolution.continuing_provider import beginning, ended, joined


@pytest.mark.parametrize(
    ("text", "share", "kept"),
    [
        ("a b c d", 0.5, "a b"),
        (" one  two\tthree four ", 0.6, "one  two"),
        ("one two", 0.1, "one"),
        ("one two three", 0.99, "one two"),
        ("one", 0.5, ""),
        ("", 0.5, ""),
    ],
)
def test_a_beginning_is_a_share_of_the_words_as_they_stand_and_never_all(text, share, kept):
    assert beginning(text, share) == kept


@pytest.mark.parametrize(
    ("text", "cut", "left"),
    [
        (" and more. \n\nAnother text", False, " and more."),
        (" and more. And a half sent", True, " and more."),
        (" no end of a sentence is he", True, " no end of a sentence is"),
        (' he said "no." And th', True, ' he said "no."'),
        (" whole", False, " whole"),
        (" costs 3.50 and mo", True, " costs 3.50 and"),
    ],
)
def test_a_completion_ends_at_an_empty_line_or_where_a_cut_one_was_last_whole(text, cut, left):
    assert ended(text, cut=cut) == left


def test_words_are_joined_as_they_came_or_with_the_space_that_a_server_stripped():
    assert joined("a fine", " kettle") == "a fine kettle"
    assert joined("a fine", "kettle") == "a fine kettle"
    assert joined("a fine", ", quiet kettle") == "a fine, quiet kettle"
    assert joined("", " a kettle ") == "a kettle"
