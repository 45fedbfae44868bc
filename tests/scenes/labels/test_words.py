from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from tests.scenes.labels.oracle import CATEGORIES, Oracle, ahead, box, ground, scene, thing

from understudy.core.random import Stream
from understudy.data.media.items import Frame
from understudy.scenes.geometry.motion import along, still
from understudy.scenes.labels import events, frames, intervals
from understudy.scenes.labels.conditions import time_of_day, weather
from understudy.scenes.labels.words import article, counted, listed, plural
from understudy.scenes.scene import Scene, Sky, Weather

SMALL = {"width": 320, "height": 240, "focal": 250.0}


@pytest.mark.parametrize(
    ("noun", "one", "many"),
    [
        ("car", "a car", "cars"), ("animal", "an animal", "animals"), ("bus", "a bus", "buses"), ("person", "a person", "people"),
        ("traffic light", "a traffic light", "traffic lights"), ("unicycle", "a unicycle", "unicycles"), ("lorry", "a lorry", "lorries"),
        ("debris", "debris", "debris"), ("orange van", "an orange van", "orange vans"), ("box", "a box", "boxes"), ("key", "a key", "keys"),
        ("policeman", "a policeman", "policemen"), ("sheep", "a sheep", "sheep"), ("shelf", "a shelf", "shelves"),
    ],
)  # fmt: skip
def test_articles_and_plurals(noun: str, one: str, many: str) -> None:
    assert article(noun) == one
    assert plural(noun) == many
    assert counted(1, noun) == one
    assert counted(3, noun) == f"three {many}"
    assert counted(25, noun) == f"25 {many}"


def test_lists_read_as_english() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def street(**more: object) -> Scene:
    """A red car ahead on the left, a blue one far on the right that stands behind a person, who walks."""
    red = thing(1, box(1.5, 1.5, 1.2), still((9.0, 2.0, 0.7)), attributes={"color": "red"})
    blue = thing(2, box(1.5, 1.8, 1.4), still((20.0, -4.0, 0.8)), attributes={"color": "blue"})
    person = thing(3, box(0.4, 0.6, 1.8), along([0.0, 1.0], [[10.0, -2.1, 0.9], [10.0, -0.9, 0.9]], 0.0), category=2)
    return scene([ground(), red, blue, person], [ahead(**SMALL)], [0.1], **more)


def asked(made: Scene, seeds: int = 40) -> dict[str, str]:
    """All questions that many seeds give, with their answers, which must not differ."""
    found: dict[str, str] = {}
    tracer = Oracle(made)
    for seed in range(seeds):
        for question, answer in said(made, tracer, seed).questions:
            assert found.setdefault(question, answer) == answer, question
    return found


def said(made: Scene, tracer: Oracle, seed: int) -> Frame:
    return frames(made, tracer, {"captions", "questions"}, streams=lambda camera, number: Stream(seed).child(camera.name, number))[0]


def test_answers_are_those_of_the_scene() -> None:
    found = asked(street(weather=Weather(rain=4.0)))
    truths = {
        "How many cars are there?": "2",
        "How many people can be seen?": "1",
        "Is there a traffic light in the picture?": "no",
        "Is there a person in the picture?": "yes",
        "Is the red car to the left or to the right of the blue car?": "left",
        "Which is nearer to the camera, the red car or the blue car?": "the red car",
        "Which is farther away, the red car or the blue car?": "the blue car",
        "Is the person moving?": "yes",
        "Is the red car moving or standing still?": "standing still",
        "Is the red car partly hidden by something?": "no",
        "Is the blue car partly hidden by something?": "yes",
        "Behind what is the blue car?": "the person",
        "Is it day, night or twilight?": "day",
        "What is the weather like?": "rain",
        "Are there more cars than people?": "yes",
        "How many objects are there in all?": "3",
    }
    assert {question: found.get(question) for question in truths} == truths
    assert "What colour is the car?" not in found  # there are two


def test_what_is_too_small_to_be_seen_is_not_counted_on() -> None:
    far = thing(9, box(1, 1, 1), still((90.0, 0.0, 1.5)), category=5)
    found = asked(scene([ground(), far, thing(1, box(1, 1, 1), still((6.0, 0.0, 1.0)))], [ahead(**SMALL)]), 20)
    assert "How many cars are there?" in found
    assert not [question for question in found if "traffic light" in question or "in all" in question]


def test_questions_and_captions_vary_and_can_be_made_again() -> None:
    made = street()
    tracer = Oracle(made)
    shown = [said(made, tracer, seed) for seed in range(25)]
    assert len({frame.caption for frame in shown}) > 12
    assert all(3 <= len(frame.questions) <= 8 for frame in shown)
    assert said(made, tracer, 3).caption == shown[3].caption
    assert said(made, tracer, 3).questions == shown[3].questions
    kinds = Counter(question.split()[0] for frame in shown for question, _ in frame.questions)
    assert set(kinds) >= {"How", "Is", "Which"}


def test_captions_are_sentences_about_what_is_there() -> None:
    made = street(sky=Sky(sun_elevation=-0.5))
    tracer = Oracle(made)
    for seed in range(30):
        caption = said(made, tracer, seed).caption
        assert re.fullmatch(r"([A-Z][^.]*(\d\.\d[^.]*)?\.)( [A-Z][^.]*(\d\.\d[^.]*)?\.)*", caption), caption
        assert "  " not in caption
        assert " ," not in caption
        assert "two cars" in caption.lower() or "a red car" in caption.lower()
        assert re.search(r"night|dark", caption)
        assert "traffic light" not in caption
        assert "two persons" not in caption


def test_an_empty_scene_is_described_too() -> None:
    made = scene([ground()], [ahead(**SMALL)])
    frame = said(made, Oracle(made), 1)
    assert frame.caption.endswith(".")
    assert ("Is there a car in the picture?", "no") in asked(made, 20).items()


def test_conditions_are_words_with_figures() -> None:
    made = street(weather=Weather(fog=0.03), sky=Sky(sun_elevation=0.05, cloud=0.9))
    found = frames(made, Oracle(made), ())[0].conditions
    assert (found["time_of_day"], found["weather"], found["visibility_m"]) == ("twilight", "fog", 100.0)
    assert weather(Sky(cloud=0.9), Weather()) == "overcast"
    assert weather(Sky(), Weather(snow=1.0, rain=1.0)) == "snow"
    assert time_of_day(Sky(studio=(1.0, 1.0, 1.0))) == "indoors"


def test_intervals_are_runs_of_true() -> None:
    times = np.arange(10) / 10
    holds = [False, True, True, False, True, False, False, False, True, True]
    assert intervals(times, holds) == [(0.1, 0.2), (0.4, 0.4), (0.8, 0.9)]
    assert intervals(times, holds, bridge=0.21) == [(0.1, 0.4), (0.8, 0.9)]
    assert intervals(times, holds, least=0.05) == [(0.1, 0.2), (0.8, 0.9)]
    assert intervals(times, [False] * 10) == []
    assert events("fall", times, holds, [4], least=0.05, severity=2)[0] == {
        "kind": "fall", "start": 0.1, "end": 0.2, "tracks": [4], "severity": 2,
    }  # fmt: skip
    assert len(CATEGORIES) == 5
