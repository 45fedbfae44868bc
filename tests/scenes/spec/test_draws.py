"""Draws: each value from its own path, so that one object more changes no other."""

from typing import Annotated

import numpy as np
import pytest
from pydantic import Field
from scipy import stats

from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.scenes.spec.common import Settings
from understudy.scenes.spec.draws import Correlated, Draws, setting_paths
from understudy.scenes.spec.values import AnyValue, number, word


class Cars(Settings):
    speed: Annotated[AnyValue, number(0, 50)] = Field(default={"uniform": [5, 20]})
    gap: Annotated[AnyValue, number(0, 50)] = Field(default={"uniform": [0, 1]})


class Street(Settings):
    sky: Annotated[AnyValue, word("clear", "foggy")] = "clear"
    fog: Annotated[AnyValue, number(0, 1)] = 0.0
    cars: Cars = Cars()


def street(**stated):
    return Street.model_validate(stated)


def test_an_object_more_changes_no_other():
    settings = street()
    few, many = Draws(Stream(1), settings), Draws(Stream(1), settings)
    first = [few.at(f"cars/{number}")(settings.cars.speed, "speed") for number in range(3)]
    again = [many.at(f"cars/{number}")(settings.cars.speed, "speed") for number in reversed(range(6))]
    assert first == list(reversed(again))[:3]
    assert len(set(again)) == 6


def test_every_drawn_value_is_noted_under_its_path():
    settings = street(fog=0.25)
    draw = Draws(Stream(1), settings)
    made = draw.settings(settings, "")
    assert draw.drawn["fog"] == made.fog == 0.25
    assert draw.drawn["cars/speed"] == made.cars.speed


def test_a_value_that_follows_another_is_drawn_after_it_in_any_order():
    settings = street(sky={"choice": ["clear", "foggy"]}, fog={"when": "sky", "is": {"foggy": {"uniform": [0.01, 0.02]}}, "else": 0})
    for seed in range(20):
        draw = Draws(Stream(seed), settings)
        fog, sky = draw(settings.fog, "fog"), draw(settings.sky, "sky")
        assert (fog > 0) == (sky == "foggy")


def test_a_value_that_follows_nothing_is_an_error_with_the_nearest_path():
    settings = street(fog={"when": "skye", "is": {"foggy": 0.1}, "else": 0})
    with pytest.raises(ConditionError, match='"sky"'):
        Draws(Stream(0), settings)(settings.fog, "fog")


def test_a_value_that_follows_itself_is_an_error():
    settings = street(fog={"when": "fog", "is": {"0": 0.1}, "else": 0})
    with pytest.raises(ConditionError, match="depends on itself"):
        Draws(Stream(0), settings)(settings.fog, "fog")


def test_correlated_values_are_correlated_and_keep_their_own_laws():
    settings = street()
    group = Correlated(("cars.speed", "cars.gap"), np.linalg.cholesky(np.array([[1, 0.8], [0.8, 1]])))
    pairs = []
    for seed in range(3000):
        draw = Draws(Stream(seed), settings, correlated=[group]).at("cars/0")
        pairs.append((draw(settings.cars.gap, "gap"), draw(settings.cars.speed, "speed")))
    gaps, speeds = np.array(pairs).T
    normal = np.corrcoef(stats.norm.ppf(gaps), stats.norm.ppf((speeds - 5) / 15))[0, 1]
    assert normal == pytest.approx(0.8, abs=0.03)
    assert stats.kstest(gaps, "uniform").pvalue > 0.001
    assert stats.kstest((speeds - 5) / 15, "uniform").pvalue > 0.001


def test_correlations_hold_for_the_settings_of_a_scene_too():
    settings = street()
    group = Correlated(("cars.speed", "cars.gap"), np.linalg.cholesky(np.array([[1, -0.9], [-0.9, 1]])))
    made = [Draws(Stream(seed), settings, correlated=[group]).settings(settings, "").cars for seed in range(500)]
    assert np.corrcoef([cars.speed for cars in made], [cars.gap for cars in made])[0, 1] < -0.8


def test_paths_of_settings_are_those_of_single_values():
    assert setting_paths(street()) == ["sky", "fog", "cars.speed", "cars.gap"]
