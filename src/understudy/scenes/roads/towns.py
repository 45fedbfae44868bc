"""A small town: streets along a grid whose corners are moved a little, with some streets left out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.roads.crossings import TOWN, Arm, Crossroads, Rule, setback_of, with_main_road
from understudy.scenes.roads.network import Contact, Road, RoadNetwork
from understudy.scenes.roads.plan_view import Pen
from understudy.scenes.roads.profiles import Profile

Corner = tuple[int, int]
Street = tuple[Corner, Corner]


def town_grid(
    columns: int = 3,
    rows: int = 3,
    *,
    block: tuple[float, float] = (100.0, 80.0),
    uneven: float = 0.0,
    missing: float = 0.0,
    profile: Profile = TOWN,
    corner: float = 6.0,
    lights: bool = True,
    zebra: bool = True,
    seed: int = 0,
) -> RoadNetwork:
    """Streets between `columns` × `rows` corners, from the origin.

    Args:
        block: m between corners along x and y.
        uneven: m by which each corner is moved at most along x and along y.
        missing: share of the streets that are left out, as far as the town stays in one piece and every corner keeps two streets.
        lights: junctions of four streets have lights; all others go by right before left.
        seed: of what is moved and what is left out.
    """
    if columns < 2 or rows < 2:
        raise ArgumentError(f"A town of {columns} × {rows} corners.", where="columns, rows", remedy="Give at least 2 × 2.")
    places = _places(columns, rows, block, uneven, Stream(seed).child("corners"))
    streets = _streets(columns, rows, missing, Stream(seed).child("streets"))
    build = Crossroads("town")
    setbacks = {node: _setback(node, streets, places, profile, corner) for node in places}
    roads = {street: _street(build, street, places, setbacks, profile) for street in streets}
    for node in places:
        arms = [Arm(roads[street], _contact(street, node), profile) for street in streets if node in street]
        build.join(with_main_road(arms), rule=_rule(len(arms), lights), zebra=zebra and len(arms) > 2)
    return build.network()


def _rule(arms: int, lights: bool) -> Rule:
    return "lights" if lights and arms >= 4 else "right before left"


def _contact(street: Street, node: Corner) -> Contact:
    return "start" if street[0] == node else "end"


def _places(columns: int, rows: int, block: tuple[float, float], uneven: float, stream: Stream) -> dict[Corner, np.ndarray]:
    nodes = [(i, j) for i in range(columns) for j in range(rows)]
    moves = {node: stream.child(*node).generator().uniform(-1, 1, 2) * uneven for node in nodes}
    return {node: np.array([node[0] * block[0], node[1] * block[1]]) + moves[node] for node in nodes}


def _streets(columns: int, rows: int, missing: float, stream: Stream) -> list[Street]:
    """All streets of the grid but those left out, tried in an order of their own."""
    every: list[Street] = [((i, j), (i + 1, j)) for i in range(columns - 1) for j in range(rows)]
    every += [((i, j), (i, j + 1)) for i in range(columns) for j in range(rows - 1)]
    kept = list(every)
    for number in stream.generator().permutation(len(every)):
        if len(every) - len(kept) >= missing * len(every):
            break
        rest = [street for street in kept if street != every[number]]
        if all(sum(node in street for street in rest) >= 2 for node in every[number]) and _in_one_piece(rest, columns * rows):
            kept = rest
    return kept


def _in_one_piece(streets: list[Street], corners: int) -> bool:
    reached, waiting = {streets[0][0]}, [streets[0][0]]
    while waiting:
        node = waiting.pop()
        for street in streets:
            if node in street:
                other = street[1] if street[0] == node else street[0]
                if other not in reached:
                    reached.add(other)
                    waiting.append(other)
    return len(reached) == corners


def _setback(node: Corner, streets: list[Street], places: Mapping[Corner, np.ndarray], profile: Profile, corner: float) -> float:
    angles = []
    for street in streets:
        if node in street:
            way = places[street[1] if street[0] == node else street[0]] - places[node]
            angles.append(float(np.arctan2(way[1], way[0])))
    return setback_of(angles, profile, corner)


def _street(
    build: Crossroads, street: Street, places: Mapping[Corner, np.ndarray], setbacks: Mapping[Corner, float], profile: Profile
) -> Road:
    start, end = places[street[0]], places[street[1]]
    way = end - start
    distance = float(np.hypot(*way))
    length = distance - setbacks[street[0]] - setbacks[street[1]]
    if length < 10:
        raise ArgumentError(
            f"Only {length:.1f} m are left of a street between its junctions.",
            where="block",
            remedy="Give longer blocks, smaller corners or less uneven ones.",
        )
    x, y = start + way / distance * setbacks[street[0]]
    return build.add(Pen(float(x), float(y), float(np.arctan2(way[1], way[0]))).line(length), profile)
