from typing import Any

import pytest
from pydantic import ValidationError

from understudy.rules.law import COMMON, Law, scipy_parameters


@pytest.mark.parametrize(
    "stated",
    [
        {"norm": {"loc": 3, "scale": 1}},
        {"gamma": {"a": 2}},
        {"mixture": [{"share": 0.9, "law": {"norm": {}}}, {"share": 0.1, "law": {"pareto": {"b": 2}}}]},
        {"histogram": {"edges": [0, 1, 5], "shares": [1, 2]}},
        {"values": {1: 0.5, 2: 0.5}},
    ],
)
def test_a_law_is_one_key_in_and_out(stated: dict[str, Any]) -> None:
    law = Law.model_validate(stated)
    assert law.model_dump() == Law.model_validate(law.model_dump()).model_dump()
    assert list(law.model_dump()) == list(stated)


@pytest.mark.parametrize(
    ("stated", "what", "remedy"),
    [
        ({"normal": {}}, "no distribution of scipy.stats", "norm"),
        ({"norm": {"sale": 1}}, 'no parameter "sale"', "scale"),
        ({"gamma": {}}, 'needs the parameter "a"', ""),
        ({"norm": {}, "expon": {}}, "one name", ""),
        ({"histogram": {"edges": [0, 1], "shares": [1, 2]}}, "2 edges make 1 bins", ""),
        ({"values": {1: 0}}, "Weights", ""),
    ],
)
def test_a_mistake_is_told_with_the_nearest_word(stated: dict[str, Any], what: str, remedy: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Law.model_validate(stated)
    cause = caught.value.errors()[0]["ctx"]["error"]
    assert what in cause.what
    assert remedy in (cause.remedy or "")


def test_the_common_names_are_names_of_scipy() -> None:
    assert set(COMMON) <= set(scipy_parameters())
