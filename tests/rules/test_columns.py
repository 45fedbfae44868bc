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
