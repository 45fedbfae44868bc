"""Question and answer pairs about a frame, of several kinds, with answers that are true by construction.

What is asked has one answer: objects are referred to by names that fit one object alone, comparisons have a clear difference, and nothing
is counted of which some are too small to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np

from understudy.core.random import Stream
from understudy.data.media.items import Category, Instance
from understudy.scenes.labels.graph import Graph
from understudy.scenes.labels.words import article, counted, listed, noun, plural

Pair = tuple[str, str]
MOST = 8
"""Questions a frame."""

MOST_OF_ONE_KIND = 2
PAIRS = 12
"""Comparisons that are looked at."""


def questions(graph: Graph, categories: Sequence[Category], stream: Stream) -> list[Pair]:
    """Up to `MOST`; `stream` picks which, and their words."""
    rng = stream.generator()
    found: list[Pair] = []
    for kind in KINDS:
        possible = list(kind(graph, categories, rng))
        picked = rng.permutation(len(possible))[:MOST_OF_ONE_KIND]
        found += [possible[position] for position in sorted(picked)]
    kept = sorted(rng.permutation(len(found))[:MOST])
    return [found[position] for position in kept]


def _pick(rng: np.random.Generator, *forms: str) -> str:
    return forms[int(rng.integers(len(forms)))]


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


def counting(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    for thing, count in graph.counts().items():
        if thing not in graph.vague:
            many = plural(thing)
            yield _pick(rng, f"How many {many} are there?", f"How many {many} can be seen?", f"What is the number of {many}?"), str(count)


def existence(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    """Of all categories of things, also those that are not there."""
    there = graph.counts()
    for category in categories:
        thing = noun(category.name)
        if category.thing and (thing in there or thing not in graph.vague):
            yield _pick(rng, f"Is there {article(thing)} in the picture?", f"Can {article(thing)} be seen?"), _yes(thing in there)


def color(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    for instance, name in graph.unique():
        shade = instance.attributes.get("color")
        if isinstance(shade, str) and shade and name == graph.nouns[instance.track]:
            yield _pick(rng, f"What colour is the {name}?", f"Which colour does the {name} have?"), shade


def side(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    for (one, name), (other, other_name) in _pairs(graph):
        left = graph.left_of(one, other)
        if left is not None:
            form = _pick(rng, "Is the {} to the left or to the right of the {}?", "On which side of the {1} is the {0}, left or right?")
            yield form.format(name, other_name), "left" if left else "right"


def nearness(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    for (one, name), (other, other_name) in _pairs(graph):
        nearer = graph.nearer(one, other)
        if nearer is not None:
            near, far = (name, other_name) if nearer else (other_name, name)
            asked = (name, other_name) if rng.random() < 0.5 else (other_name, name)
            if rng.random() < 0.5:
                yield f"Which is nearer to the camera, the {asked[0]} or the {asked[1]}?", f"the {near}"
            else:
                yield f"Which is farther away, the {asked[0]} or the {asked[1]}?", f"the {far}"


def motion(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    for instance, name in graph.unique():
        moves = graph.moves(instance)
        if moves is not None and rng.random() < 0.5:
            yield _pick(rng, f"Is the {name} moving?", f"Is the {name} in motion?"), _yes(moves)
        elif moves is not None:
            yield f"Is the {name} moving or standing still?", "moving" if moves else "standing still"


def hiding(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    for instance, name in graph.unique():
        hidden = graph.hidden(instance)
        if hidden is not None:
            yield _pick(rng, f"Is the {name} partly hidden by something?", f"Does something hide a part of the {name}?"), _yes(hidden)


def behind(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    named = {instance.track: name for instance, name in graph.unique()}
    for instance, name in graph.unique():
        hider = named.get(graph.hiders.get(instance.track, 0))
        if hider is not None and graph.hidden(instance):
            yield _pick(rng, f"What hides most of the covered part of the {name}?", f"Behind what is the {name}?"), f"the {hider}"


def light(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    time = graph.frame.conditions.get("time_of_day")
    if time in ("day", "night", "twilight"):
        yield _pick(rng, "Is it day, night or twilight?", "What time of day is it: day, night or twilight?"), str(time)


def air(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    weather = graph.frame.conditions.get("weather")
    if weather in ("rain", "snow", "fog"):
        yield _pick(rng, "What is the weather like?", "How is the weather?"), str(weather)
    elif weather in ("clear", "overcast"):
        asked = _pick(rng, "raining", "snowing", "foggy")
        yield f"Is it {asked}?", "no"


def comparison(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    clear = [(thing, count) for thing, count in graph.counts().items() if thing not in graph.vague]
    for (one, some), (other, others) in list(combinations(clear, 2))[:PAIRS]:
        if some != others:
            yield f"Are there more {plural(one)} than {plural(other)}?", _yes(some > others)


def summing(graph: Graph, categories: Sequence[Category], rng: np.random.Generator) -> Iterator[Pair]:
    if graph.objects and not graph.vague and rng.random() < 0.5:
        yield "How many objects are there in all?", str(len(graph.objects))
    elif graph.objects and not graph.vague:
        parts = [counted(count, thing) for thing, count in graph.counts().most_common()]
        yield "Which objects are there?", listed(parts)


def _pairs(graph: Graph) -> list[tuple[tuple[Instance, str], tuple[Instance, str]]]:
    return list(combinations(graph.unique(), 2))[:PAIRS]


KINDS: tuple[Callable[[Graph, Sequence[Category], np.random.Generator], Iterator[Pair]], ...] = (
    counting, existence, color, side, nearness, motion, hiding, behind, light, air, comparison, summing,
)  # fmt: skip
