"""A caption: what the picture shows, in one to three sentences, true by construction."""

from __future__ import annotations

import numpy as np

from understudy.core.random import Stream
from understudy.scenes.labels.graph import Graph
from understudy.scenes.labels.words import article, counted, listed, sentence

SETTINGS = {
    "driving": ("a street seen from a vehicle", "a view of the road", "a driving scene"),
    "surveillance": ("a view from a fixed camera", "a surveillance view", "footage of a fixed camera"),
    "products": ("a photo of products", "a product picture", "goods in front of a camera"),
    "satellite": ("an aerial view", "a view from above", "an overhead picture"),
    "medical": ("a scan of a phantom", "a simulated scan", "a phantom in a scanner"),
}
OTHER = ("a scene", "a picture", "a view")
LIGHT = {
    "day": ("by day", "in daylight", "during the day"),
    "night": ("at night", "in the dark", "by night"),
    "twilight": ("at twilight", "at dusk or dawn", "with the sun near the horizon"),
    "indoors": ("indoors", "inside a building", "in a room"),
}
AIR = {"clear": ("under a clear sky",), "overcast": ("under an overcast sky",), "rain": ("in the rain", "in rain"),
       "snow": ("in snow", "in falling snow"), "fog": ("in fog", "in foggy air"), "none": ("",)}  # fmt: skip
MOST = 5
"""Kinds of objects that are listed."""


def caption(graph: Graph, world: str, stream: Stream) -> str:
    """Of a frame; `stream` picks the words."""
    rng = stream.generator()
    sentences = [_what(graph, world, rng), _nearest(graph, rng), _moving(graph, rng)]
    return " ".join(part for part in sentences if part)


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _what(graph: Graph, world: str, rng: np.random.Generator) -> str:
    conditions = graph.frame.conditions
    setting = _pick(SETTINGS.get(world, OTHER), rng)
    light = _pick(LIGHT.get(conditions.get("time_of_day", ""), ("",)), rng)
    air = _pick(AIR.get(conditions.get("weather", "none"), ("",)), rng)
    around = " ".join(part for part in (light, air) if part)
    things = _things(graph, rng)
    if not things:
        return sentence(f"{setting} {around}".strip()) + "."
    forms = (f"{setting} {around} with {things}.", f"{setting} {around}: {things}.", f"{things}, {around}: {setting}.")
    return sentence(" ".join(_pick(forms, rng).replace(" ,", ",").split()))


def _things(graph: Graph, rng: np.random.Generator) -> str:
    """ "two red cars, a bus and three people": by colour where there are few."""
    colored, plain = graph.colored(), graph.counts()
    counts = colored if len(colored) <= MOST and rng.random() < 0.6 else plain
    if not counts:
        return ""
    most = counts.most_common(MOST)
    unsure = any(count > 1 and any(thing.endswith(noun) for noun in graph.vague) for thing, count in most)
    parts = [f"one {thing}" if unsure and count == 1 else counted(count, thing) for thing, count in most]
    left_out = 0 if unsure else sum(counts.values()) - sum(count for _, count in most)
    told = listed([*parts, f"{left_out} more {'object' if left_out == 1 else 'objects'}"] if left_out else parts)
    return f"at least {told}" if unsure else told  # some are too small to be sure of


def _nearest(graph: Graph, rng: np.random.Generator) -> str:
    if not graph.objects or rng.random() < 0.3:
        return ""
    nearest = graph.objects[0]
    if any(instance.distance < nearest.distance * 1.02 for instance in graph.frame.instances if instance is not nearest):
        return ""
    what, where = graph.names[nearest.track], graph.side(nearest)
    place = "in the middle" if where == "middle" else f"on the {where}"
    far = f"{nearest.distance:.0f} m" if nearest.distance >= 2 else f"{nearest.distance:.1f} m"
    forms = (
        f"The nearest object is {article(what)} {place}, {far} away.",
        f"Nearest to the camera, {far} away {place}, is {article(what)}.",
        f"{sentence(article(what))} {place} is nearest to the camera at {far}.",
    )
    return _pick(forms, rng)


def _moving(graph: Graph, rng: np.random.Generator) -> str:
    known = [graph.moves(instance) for instance in graph.objects]
    if not known or graph.vague or any(moves is None for moves in known) or rng.random() < 0.5:
        return ""
    count = sum(bool(moves) for moves in known)
    if count == 0:
        return _pick(("Nothing moves.", "Everything stands still."), rng)
    if count == len(known):
        return "It is moving." if count == 1 else _pick(("All of them are moving.", "All are in motion."), rng)
    return f"{sentence(counted(count, 'object')) if count > 1 else 'One object'} {'is' if count == 1 else 'are'} moving."
