import pytest

from understudy.cli.tables import read_table, reading_options, rule_in_words
from understudy.core.errors import ArgumentError, DataError
from understudy.data.constraints import Dependency, Equal, Inequality, OneHot, Sum


def test_options_of_reading_are_passed_on(tmp_path):
    (tmp_path / "x.csv").write_text("a|b\n1|n/a\n2|3\ninf|4\n")
    table = read_table(str(tmp_path / "x.csv"), reading=["delimiter=|", "missing=n/a,?", "infinities=null"])
    assert table.frame.rows() == [(1.0, None), (2.0, 3), (None, 4)]


def test_a_misspelt_option_of_reading_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match='"delimiter"'):
        reading_options(["delimeter=;"])


def test_a_query_needs_a_database(tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n2\n")
    with pytest.raises((DataError, ArgumentError)):
        read_table(str(tmp_path / "x.csv"), query="select 1")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Dependency(determinants=["a", "b"], dependent="c"), "a, b decides c"),
        (Inequality(low="a", high="b", strict=True), "a < b"),
        (Inequality(low="a", high="b", enforce=False), "a ≤ b (not enforced)"),
        (Sum(total="t", parts=["a", "b"]), "t = a + b"),
        (OneHot(columns=["a", "b"]), "exactly one of a, b is 1"),
        (Equal(a="a", b="b"), "a = b"),
    ],
)
def test_rules_are_told_in_words(rule, words):
    assert rule_in_words(rule) == words
