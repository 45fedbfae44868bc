"""What a column can say, and what it is refused for."""

from __future__ import annotations

import pytest

from understudy.core.errors import SchemaError
from understudy.rules.spec import Spec, parse_spec

TWO_WAYS = """
understudy: rules/1
tables:
  people:
    rows: 5
    columns:
      id: key
      town: {type: person, field: city, longest: 12}
  trips:
    rows: 9
    columns:
      buyer: {type: reference, to: people.id}
      rider: {type: reference, to: people.id}
      town: {type: parent, of: people.town, through: rider}
"""


def test_a_text_says_how_long_it_may_be_and_a_parent_through_which_reference_it_comes() -> None:
    spec = parse_spec(TWO_WAYS)
    assert Spec.from_dict(spec.to_dict()) == spec
    assert spec.to_dict()["tables"]["trips"]["columns"]["town"] == {"type": "parent", "of": "people.town", "through": "rider"}


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("through: rider", "through: ridr", "rider"),
        ("through: rider", "through: town", 'no reference to "people"'),
        ("field: city, longest: 12", "field: age, longest: 12", "no text"),
        ("longest: 12", "longest: 0", "longest"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(was: str, becomes: str, said: str) -> None:
    with pytest.raises(SchemaError) as error:
        parse_spec(TWO_WAYS.replace(was, becomes))
    assert said in str(error.value)
    assert "line " in str(error.value)


def test_numbers_and_truths_stay_such_as_keys_of_choices_and_laws() -> None:
    spec = parse_spec(
        "understudy: rules/1\ntables:\n  a:\n    rows: 2\n    columns:\n"
        "      flag: {type: choice, values: {0: 0.8, 1: 0.2}}\n      sure: {type: choice, values: {true: 3, false: 1}}\n"
        "      day: {type: date, between: [2024-01-01, 2024-12-31], months: {12: 2.0}}\n"
        "      n: {type: integer, law: {values: {1: 1, 2: 3}}}\n"
    )
    assert parse_spec(spec.to_yaml()) == spec
    assert Spec.from_dict(spec.to_dict()) == spec
    assert "0: 0.8" in spec.to_yaml()
