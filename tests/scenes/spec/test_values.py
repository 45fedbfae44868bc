"""Values of a description: what they draw, and what they refuse."""

import math
from typing import Annotated

import numpy as np
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from scipy import stats

from understudy.scenes.spec.values import AnyValue, constant, count, number, switch, word

VALUE = TypeAdapter(AnyValue)
QUANTILES = (np.arange(20_000) + 0.5) / 20_000


class Place(BaseModel):
    speed: Annotated[AnyValue, number(0, 50)] = 13.0
    kind: Annotated[AnyValue, word("sedan", "van")] = "sedan"
    lanes: Annotated[AnyValue, count(1, 20)] = 2
    wet: Annotated[AnyValue, switch()] = False


def drawn(stated, lookup=None, quantiles=QUANTILES):
    value = VALUE.validate_python(stated)
    return np.array([constant(value, float(u), lookup) for u in quantiles])


@pytest.mark.parametrize(
    ("stated", "law"),
    [
        ({"uniform": [8, 20]}, stats.uniform(8, 12)),
        ({"normal": [13, 3]}, stats.norm(13, 3)),
        ({"normal": [13, 3], "within": [10, 15]}, stats.truncnorm(-1, 2 / 3, 13, 3)),
        ({"lognormal": [1.2, 0.4]}, stats.lognorm(0.4, scale=1.2)),
        ({"triangular": [0, 2, 10]}, stats.triang(0.2, 0, 10)),
        ({"law": {"gamma": {"a": 2, "scale": 5}}}, stats.gamma(2, scale=5)),
        ({"law": {"gumbel_r": {"loc": 1}}}, stats.gumbel_r(1)),
    ],
)
def test_a_distribution_of_numbers_has_the_quantiles_of_its_law(stated, law):
    some = QUANTILES[:: 100 if "law" in stated else 1]  # named laws of SciPy take a millisecond each
    np.testing.assert_allclose(drawn(stated, quantiles=some), law.ppf(some), rtol=1e-6, atol=1e-6)


def test_counts_have_the_shares_of_their_law_between_their_ends():
    shares = np.bincount(drawn({"poisson": 4, "within": [1, 6]}).astype(int), minlength=8) / len(QUANTILES)
    law = stats.poisson(4).pmf(np.arange(8)) * ((np.arange(8) >= 1) & (np.arange(8) <= 6))
    np.testing.assert_allclose(shares, law / law.sum(), atol=1e-4)
    assert set(drawn({"integer": [2, 4]})) == {2, 3, 4}


def test_choices_and_chances_have_their_shares():
    assert np.mean(drawn({"choice": {"sedan": 3, "van": 1}}) == "sedan") == pytest.approx(0.75, abs=1e-4)
    assert np.mean(drawn({"choice": ["a", "b"]}) == "a") == pytest.approx(0.5, abs=1e-4)
    assert np.mean(drawn({"chance": 0.3})) == pytest.approx(0.3, abs=1e-4)


def test_a_mixture_has_the_parts_by_their_weights():
    values = drawn({"mixture": [{"weight": 3, "value": {"uniform": [0, 1]}}, {"weight": 1, "value": {"uniform": [10, 11]}}]})
    assert np.mean(values < 5) == pytest.approx(0.75, abs=1e-4)
    assert stats.kstest(values[values > 5], stats.uniform(10, 1).cdf).pvalue > 0.5


def test_a_value_can_follow_another():
    stated = {"when": "kind", "is": {"van": {"uniform": [0, 1]}}, "else": 7}
    assert set(drawn(stated, lambda path: "sedan")) == {7}
    assert drawn(stated, lambda path: "van").max() < 1


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"speed": {"gaussian": [1, 2]}}, "Did you mean normal?"),
        ({"speed": {"unifrom": [1, 2]}}, '"uniform"'),
        ({"speed": {"uniform": [1, 2], "normal": [1, 1]}}, "one distribution"),
        ({"speed": 60}, "outside 0 .. 50"),
        ({"speed": {"uniform": [40, 60]}}, "outside 0 .. 50"),
        ({"speed": {"uniform": [3, 2]}}, "lesser end"),
        ({"speed": {"normal": [10, 1], "within": [40, 45]}}, "next to nothing"),
        ({"speed": {"law": {"gama": {"a": 2}}}}, "gamma"),
        ({"speed": True}, "no number"),
        ({"speed": math.nan}, "no number"),
        ({"kind": "vann"}, '"van"'),
        ({"kind": {"choice": {"van": 1, "bus": 1}}}, '"bus" is not a choice'),
        ({"lanes": 2.5}, "no whole number"),
        ({"wet": "yes"}, "neither true nor false"),
        ({"wet": {"chance": 2}}, "less than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused_with_the_nearest_word(stated, said):
    with pytest.raises(ValidationError) as caught:
        Place.model_validate(stated)
    assert said in str(caught.value)


def test_a_value_comes_back_from_its_own_yaml():
    stated = {"speed": {"normal": [13, 3], "within": [5, 25]}, "kind": {"choice": ["sedan", "van"]}, "wet": {"chance": 0.25}}
    place = Place.model_validate(stated)
    assert Place.model_validate(place.model_dump(mode="json", exclude_none=True)) == place


@pytest.mark.parametrize(
    "stated",
    [{"choice": {1.5: 2, 3.0: 1}}, {"choice": {True: 1, "no": 2}}, {"when": "lanes", "is": {2: 5.0, 3: {"uniform": [1, 2]}}, "else": 1}],
)
def test_keys_that_are_no_words_come_back_from_json(stated):
    value = VALUE.validate_python(stated)
    assert VALUE.validate_json(VALUE.dump_json(value, exclude_none=True, by_alias=True)) == value
