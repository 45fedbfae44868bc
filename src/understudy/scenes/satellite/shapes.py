"""Shapes that are seen from above: buildings, vehicles, ships, aircraft, trees, tanks, cranes.

In their own coordinates, x along their length.
Faces of material 0 are walls or sides, those of 1 roofs, decks or tops; what further materials are, each function says.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.scenes.geometry.mesh import Mesh, joined, mesh

Floats = NDArray[np.float64]


def prism(outline: object, low: float, high: float, side: int = 0, top: int = 1) -> Mesh:
    """Over an outline (N, 2), counter-clockwise and seen whole from its middle, from height `low` to `high`; open at the bottom."""
    edge = np.asarray(outline, dtype=np.float64).reshape(-1, 2)
    count = len(edge)
    vertices = np.empty((2 * count + 1, 3))
    vertices[:count, :2], vertices[count:-1, :2], vertices[-1, :2] = edge, edge, edge.sum(axis=0) / count
    vertices[:count, 2], vertices[count:, 2] = low, high
    faces = _prism_faces(count)
    materials = np.full(len(faces), side, dtype=np.int16)
    materials[2 * count :] = top
    return Mesh(vertices, faces, materials, np.zeros((2 * count + 1, 2)))


@functools.cache
def _prism_faces(count: int) -> NDArray[np.int32]:
    """Two triangles a side, then a fan over the top."""
    ring = np.arange(count)
    following = (ring + 1) % count
    walls = np.vstack([np.column_stack([ring, following, following + count]), np.column_stack([ring, following + count, ring + count])])
    return np.vstack([walls, np.column_stack([ring + count, following + count, np.full(count, 2 * count)])]).astype(np.int32)


def oblong(length: float, width: float, x: float = 0.0, y: float = 0.0) -> Floats:
    """(4, 2): a rectangle around x, y."""
    a, b = length / 2, width / 2
    return np.array([[x - a, y - b], [x + a, y - b], [x + a, y + b], [x - a, y + b]])


def block(length: float, width: float, low: float, high: float, x: float = 0.0, y: float = 0.0, side: int = 0, top: int = 1) -> Mesh:
    """A box around x, y, open at the bottom."""
    return prism(oblong(length, width, x, y), low, high, side, top)


def disc(radius: float, sides: int = 24, x: float = 0.0, y: float = 0.0) -> Floats:
    """(sides, 2): a circle's outline."""
    angle = np.arange(sides) * 2 * np.pi / sides
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def plate(outline: object, height: float, material: int = 0) -> Mesh:
    """A flat outline at a height, seen from above."""
    edge = np.asarray(outline, dtype=np.float64).reshape(-1, 2)
    count = len(edge)
    vertices = np.vstack([np.column_stack([edge, np.full(count, height)]), [*edge.mean(axis=0), height]])
    ring = np.arange(count)
    return mesh(vertices, np.column_stack([ring, (ring + 1) % count, np.full(count, count)]), material)


def gable(length: float, width: float, eaves: float, ridge: float, overhang: float = 0.4) -> Mesh:
    """A house with a ridge along x. Walls 0, roof 1."""
    return _roofed(length, width, eaves, ridge, overhang, 0.0)


def hip(length: float, width: float, eaves: float, ridge: float, overhang: float = 0.4) -> Mesh:
    """A house whose roof slopes to all four sides. Walls 0, roof 1."""
    return _roofed(length, width, eaves, ridge, overhang, min(width, length) / 2 * 0.95)


_ROOF = np.array([(0, 1, 5), (0, 5, 4), (2, 3, 4), (2, 4, 5), (1, 2, 5), (3, 0, 4)], dtype=np.int32)
_ROOFED = np.concatenate([_prism_faces(4), _ROOF + np.int32(9)])
_GABLED, _SLOPED = np.array([1, 1, 1, 1, 0, 0], dtype=np.int16), np.ones(6, dtype=np.int16)
"""Faces of a house on a rectangle: its prism, then four of the roof and the two ends; their materials."""


def _roofed(length: float, width: float, eaves: float, ridge: float, overhang: float, inset: float) -> Mesh:
    walls = prism(oblong(length, width), 0.0, eaves)
    a, b = length / 2 + overhang, width / 2 + overhang
    low = eaves - overhang * (ridge - eaves) / (width / 2)
    inner = length / 2 - inset if inset else a
    points = np.array([(-a, -b, low), (a, -b, low), (a, b, low), (-a, b, low), (-inner, 0, ridge), (inner, 0, ridge)])
    materials = np.concatenate([walls.materials, _SLOPED if inset else _GABLED])
    return Mesh(np.concatenate([walls.vertices, points]), _ROOFED, materials, np.zeros((len(walls.vertices) + 6, 2)))


def flat(outline: object, height: float, parapet: float = 0.6, rim: float = 0.35) -> Mesh:
    """A building with a flat roof behind a parapet. Walls 0, roof 1, parapet 2."""
    edge = np.asarray(outline, dtype=np.float64).reshape(-1, 2)
    middle = edge.mean(axis=0)
    reach = np.linalg.norm(edge - middle, axis=1, keepdims=True)
    inner = middle + (edge - middle) * np.maximum(1 - rim * 1.41 / np.maximum(reach, 1e-6), 0.2)
    shell = prism(edge, 0.0, height + parapet)
    count = len(edge)
    ring = np.arange(count)
    following = (ring + 1) % count
    walls = mesh(shell.vertices, shell.faces[: 2 * count], 0)
    top = np.vstack([np.column_stack([edge, np.full(count, height + parapet)]), np.column_stack([inner, np.full(count, height + parapet)])])
    crown = mesh(
        top, np.vstack([np.column_stack([ring, following, following + count]), np.column_stack([ring, following + count, ring + count])]), 2
    )
    drop = np.vstack([np.column_stack([inner, np.full(count, height + parapet)]), np.column_stack([inner, np.full(count, height)])])
    inside = mesh(
        drop,
        np.vstack([np.column_stack([ring, following, following + count]), np.column_stack([ring, following + count, ring + count])]),
        2,
    )
    return joined([walls, crown, inside, plate(inner, height, 1)])


def roof_things(rng: np.random.Generator, length: float, width: float, height: float, count: int, material: int = 3) -> list[Mesh]:
    """Machines, hatches and shafts on a flat roof."""
    made = []
    for _ in range(count):
        size = rng.uniform(1.0, 3.2, 2)
        reach = np.maximum(np.array([length, width]) / 2 - size / 2 - 1.2, 0.0)
        x, y = rng.uniform(-reach, reach)
        made.append(block(size[0], size[1], height, height + float(rng.uniform(0.8, 2.4)), x, y, material, material))
    return made


def panels(rng: np.random.Generator, length: float, width: float, height: float, material: int) -> list[Mesh]:
    """Rows of solar panels on a flat roof, tilted towards −y."""
    made, row = [], -width / 2 + 2.0
    reach = length * float(rng.uniform(0.5, 0.85))
    while row < width / 2 - 2.5:
        x = reach / 2
        points = [(-x, row, height + 0.2), (x, row, height + 0.2), (x, row + 1.5, height + 0.7), (-x, row + 1.5, height + 0.7)]
        made.append(mesh(points, [(0, 1, 2), (0, 2, 3)], material))
        row += 2.4
    return made


# -- vehicles


@functools.cache
def car(kind: str) -> tuple[Mesh, tuple[float, float, float]]:
    """A small vehicle and its size. Paint 0 and 1, glass 2, tyres' dark 3."""
    length, width, height = {"sedan": (4.6, 1.82, 1.45), "hatch": (4.0, 1.76, 1.5), "suv": (4.75, 1.92, 1.72), "van": (5.2, 2.0, 2.1),
                             "pickup": (5.4, 1.95, 1.8)}[kind]  # fmt: skip
    cabin = {"sedan": (-0.45, 2.5), "hatch": (-0.35, 2.6), "suv": (-0.4, 3.1), "van": (-0.35, 3.9), "pickup": (0.45, 1.9)}[kind]
    a, b = length / 2, width / 2
    rounded = [(-a, -b + 0.15), (-a + 0.2, -b), (a - 0.5, -b), (a, -b + 0.35), (a, b - 0.35), (a - 0.5, b), (-a + 0.2, b), (-a, b - 0.15)]
    body = prism(rounded, 0.25, height * 0.58)
    glass = _tapered(cabin[1], width - 0.12, height * 0.58, height - 0.06, cabin[0], 0.62, 2)
    roof = block(cabin[1] - 1.15, width - 0.42, height - 0.1, height, cabin[0] - 0.05, 0.0, 1, 1)
    parts = [body, glass, roof]
    if kind == "pickup":
        parts.append(plate(oblong(1.5, width - 0.3, -1.75), height * 0.585, 3))
    return joined(parts), (length, width, height)


def _tapered(length: float, width: float, low: float, high: float, x: float, slope: float, material: int) -> Mesh:
    """A cabin that is shorter and narrower at its top."""
    base, top = oblong(length, width, x), oblong(length - 2 * slope, width - 0.3, x - 0.05)
    ring = np.arange(4)
    following = (ring + 1) % 4
    vertices = np.vstack([np.column_stack([base, np.full(4, low)]), np.column_stack([top, np.full(4, high)])])
    faces = np.vstack(
        [np.column_stack([ring, following, following + 4]), np.column_stack([ring, following + 4, ring + 4]), [[4, 5, 6], [4, 6, 7]]]
    )
    return mesh(vertices, faces, material)


@functools.cache
def truck(kind: str) -> tuple[Mesh, tuple[float, float, float]]:
    """A large vehicle and its size. Cab 0, top of the load 1, glass 2, frame 3."""
    if kind == "bus":
        parts = [block(12.0, 2.55, 0.3, 3.1), block(3.0, 1.6, 3.1, 3.35, -1.5, 0, 3, 3), block(1.0, 0.9, 3.1, 3.2, 3.5, 0, 3, 3)]
        return joined(parts), (12.0, 2.55, 3.35)
    length = {"lorry": 8.5, "semi": 16.0, "tanker": 14.5}[kind]
    cab = block(2.2, 2.4, 0.4, 3.0, length / 2 - 1.1, 0.0, 0, 0)
    screen = block(0.5, 2.1, 2.2, 2.9, length / 2 - 0.2, 0.0, 2, 2)
    frame = block(length - 2.6, 2.2, 0.5, 1.0, -1.3, 0.0, 3, 3)
    if kind == "tanker":
        load = mesh(*_barrel(length - 3.2, 1.2, -1.5, 2.2), 1)
        return joined([cab, screen, frame, load]), (length, 2.4, 3.4)
    return joined([cab, screen, frame, block(length - 3.0, 2.5, 1.0, 3.9, -1.5, 0.0, 1, 1)]), (length, 2.5, 3.9)


def _barrel(length: float, radius: float, x: float, z: float, sides: int = 12) -> tuple[Floats, NDArray[np.int64]]:
    """Vertices and faces of a lying cylinder."""
    angle = np.arange(sides) * 2 * np.pi / sides
    ring = np.column_stack([np.zeros(sides), radius * np.cos(angle), z + radius * np.sin(angle)])
    ends = [ring + np.array([end, 0.0, 0.0]) for end in (x - length / 2, x + length / 2)]
    vertices = np.vstack([*ends, [[x - length / 2, 0, z], [x + length / 2, 0, z]]])
    k = np.arange(sides)
    following = (k + 1) % sides
    side = np.vstack([np.column_stack([k, k + sides, following + sides]), np.column_stack([k, following + sides, following])])
    caps = np.vstack(
        [
            np.column_stack([following, k, np.full(sides, 2 * sides)]),
            np.column_stack([k + sides, following + sides, np.full(sides, 2 * sides + 1)]),
        ]
    )
    return vertices, np.vstack([side, caps])[:, ::-1]


# -- plants


@functools.cache
def tree(variant: int) -> Mesh:
    """A crown of radius about 1 and height 1.3 on the ground's level, lumpy; of 24 shapes."""
    rng = Stream(variant).child("crown").generator()
    rings, sides = 5, 12
    angle = np.arange(sides) * 2 * np.pi / sides
    lobes = rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.04, 0.13, 3)
    outline = 1 + sum(size * np.sin((k + 2) * angle + phase) for k, (phase, size) in enumerate(zip(*lobes, strict=True)))
    points = []
    for ring in range(rings):
        lift = ring / rings * np.pi / 2 * 1.05 - 0.15
        radius = outline * np.cos(lift) * (1 + rng.uniform(-0.10, 0.10, sides))
        height = 0.55 + 0.7 * np.sin(lift) + rng.uniform(-0.09, 0.09, sides)
        twist = angle + ring * np.pi / sides
        points.append(np.column_stack([radius * np.cos(twist), radius * np.sin(twist), height]))
    vertices = np.vstack([*points, [[0, 0, 1.27]]])
    faces = []
    for ring in range(rings - 1):
        a = ring * sides + np.arange(sides)
        b = ring * sides + (np.arange(sides) + 1) % sides
        faces += [np.column_stack([a, b, a + sides]), np.column_stack([b, b + sides, a + sides])]
    last = (rings - 1) * sides + np.arange(sides)
    faces.append(np.column_stack([last, (rings - 1) * sides + (np.arange(sides) + 1) % sides, np.full(sides, len(vertices) - 1)]))
    return mesh(vertices, np.vstack(faces), smooth=True)


# -- industry and ports


def tank(radius: float, height: float, floating: float = 0.0) -> Mesh:
    """A storage tank. Shell 0, roof 1, stair and rail 2. floating: how far its roof has sunk, m."""
    edge = disc(radius, 36)
    parts = [prism(edge, 0.0, height, 0, 1)]
    if floating > 0:
        inner = edge * (1 - 0.35 / radius)
        shell = prism(edge, 0.0, height, 0, 1)
        wall = mesh(shell.vertices, shell.faces[: 2 * len(edge)], 0)
        count = len(edge)
        ring = np.arange(count)
        following = (ring + 1) % count
        band = np.vstack([np.column_stack([ring, following, following + count]), np.column_stack([ring, following + count, ring + count])])
        rim = np.vstack([np.column_stack([edge, np.full(count, height)]), np.column_stack([inner, np.full(count, height)])])
        drop = np.vstack([np.column_stack([inner, np.full(count, height)]), np.column_stack([inner, np.full(count, height - floating)])])
        parts = [wall, mesh(rim, band, 2), mesh(drop, band, 0), plate(inner, height - floating, 1)]
        parts.append(block(2 * radius * 0.8, 0.8, height - floating, height - floating + 0.3, radius * 0.1, 0, 2, 2))
    else:
        parts.append(mesh(*_cone(edge, height, height + radius * 0.10), 1))
        parts.append(block(radius, 0.5, height + 0.05, height + radius * 0.06 + 0.5, radius * 0.5, 0, 2, 2))
    return joined(parts)


def _cone(edge: Floats, low: float, high: float) -> tuple[Floats, NDArray[np.int64]]:
    count = len(edge)
    ring = np.arange(count)
    return (
        np.vstack([np.column_stack([edge, np.full(count, low)]), [[*edge.mean(axis=0), high]]]),
        np.column_stack([ring, (ring + 1) % count, np.full(count, count)]),
    )


def container_stack(rows: int, across: int, heights: NDArray[np.int64], colors: NDArray[np.int64], length: float = 12.19) -> Mesh:
    """Containers end to end and side by side, heights[row, across] high; colors[…] is the material of each stack's top."""
    parts = []
    for i in range(rows):
        for j in range(across):
            tall = int(heights[i, j])
            if tall:
                x, y = (i - (rows - 1) / 2) * (length + 0.35), (j - (across - 1) / 2) * 2.55
                kind = int(colors[i, j])
                parts.append(block(length, 2.44, 0.0, tall * 2.6, x, y, kind, kind))
    return joined(parts)


def gantry(reach: float = 55.0, height: float = 42.0) -> Mesh:
    """A container crane that spans the quay along y and reaches over the water along +x. Steel 0, cabin 1."""
    parts = [block(reach + 45, 2.2, height, height + 3.0, (reach - 25) / 2, y, 0, 0) for y in (-6.0, 6.0)]
    parts += [block(1.6, 14.0, height, height + 2.0, x, 0.0, 0, 0) for x in (-40.0, -22.0, 0.0, 18.0, 36.0, reach - 4)]
    parts += [block(2.0, 2.0, 0.0, height, x, y, 0, 0) for x in (-15.0, 15.0) for y in (-9.0, 9.0)]
    parts += [block(2.2, 20.0, 8.0, 10.5, x, 0.0, 0, 0) for x in (-15.0, 15.0)]
    parts += [block(34.0, 1.8, height - 12, height - 10, 0.0, y, 0, 0) for y in (-9.0, 9.0)]
    parts += [block(14.0, 9.0, height + 3, height + 7.5, -24.0, 0.0, 1, 1), block(3.0, 3.0, height - 4, height - 1, 22.0, 0.0, 1, 1)]
    return joined(parts)


def rail_gantry(span: float = 24.0, height: float = 19.0) -> Mesh:
    """A yard crane on rubber tyres across a stack. Steel 0, cabin 1."""
    parts = [block(1.4, span, height - 1.6, height, x, 0.0, 0, 0) for x in (-3.2, 3.2)]
    parts += [block(8.5, 1.0, 0.8, 2.0, 0.0, y, 0, 0) for y in (-span / 2, span / 2)]
    parts += [block(0.9, 0.9, 0.0, height, x, y, 0, 0) for x in (-3.2, 3.2) for y in (-span / 2, span / 2)]
    parts.append(block(5.0, 3.0, height - 0.5, height + 1.4, 0.0, span * 0.2, 1, 1))
    return joined(parts)


def hull(length: float, width: float, bow: float = 0.16, stern: float = 0.06) -> Floats:
    """(N, 2): a ship's outline from above, bow at +x."""
    along = np.linspace(0, 1, 7)
    front = np.column_stack([length / 2 - bow * length * (1 - np.sin(along * np.pi / 2)), width / 2 * np.cos(along * np.pi / 2) ** 0.8])
    back = np.array([[-length / 2 + stern * length, width / 2], [-length / 2, width / 2 * 0.72]])
    upper = np.vstack([front[::-1], back])  # from the bow round by +y to the stern
    lower = upper[::-1] * (1, -1)
    return np.vstack([upper, lower[:-1]])


def ship(rng: np.random.Generator, kind: str) -> tuple[Mesh, tuple[float, float, float], int]:
    """A ship, its size, and how many colours of cargo it uses.

    Hull 0, deck 1, superstructure 2, hatches or pipes 3, further materials are cargo (containers' colours).
    """
    length = float(rng.uniform(*{"container": (150, 320), "bulk": (120, 230), "tanker": (110, 260), "ferry": (60, 150), "barge": (50, 90),
                                 "fishing": (14, 30), "tug": (22, 34), "yacht": (8, 22)}[kind]))  # fmt: skip
    width = length * float(rng.uniform(0.135, 0.165)) if length > 100 else length * float(rng.uniform(0.2, 0.29))
    freeboard = 2.0 + length * 0.03
    if kind == "barge":
        return _barge(length, width)
    deck = prism(hull(length, width, 0.32 if length < 40 else 0.14, 0.05), -1.0, freeboard)
    parts = [deck]
    if kind == "container":
        parts += _deckload(rng, length, width, freeboard)
        parts += [block(12, width * 0.92, freeboard, freeboard + 26, -length * 0.28, 0, 2, 2)]
        parts += [block(7, 9, freeboard, freeboard + 22, -length * 0.36, 0, 2, 2)]
    elif kind == "bulk":
        holds = max(3, int(length / 32))
        for hold in range(holds):
            x = -length * 0.30 + (hold + 0.5) * length * 0.70 / holds
            parts.append(block(length * 0.70 / holds * 0.66, width * 0.58, freeboard, freeboard + 1.8, x, 0, 3, 3))
        for hold in range(holds - 1):
            x = -length * 0.30 + (hold + 1) * length * 0.70 / holds
            parts += [
                block(2.2, 3.0, freeboard, freeboard + 14, x, 0, 2, 2),
                block(1.0, width * 0.5, freeboard + 12, freeboard + 13, x, 0, 2, 2),
            ]
        parts.append(block(length * 0.09, width * 0.86, freeboard, freeboard + 18, -length * 0.40, 0, 2, 2))
    elif kind == "tanker":
        parts += [block(length * 0.66, 1.2, freeboard, freeboard + 1.6, length * 0.05, y, 3, 3) for y in (-2.2, 0.0, 2.2)]
        parts += [block(2.0, width * 0.8, freeboard, freeboard + 1.4, length * x, 0, 3, 3) for x in (-0.1, 0.05, 0.08, 0.25)]
        parts.append(block(length * 0.09, width * 0.86, freeboard, freeboard + 18, -length * 0.40, 0, 2, 2))
        parts.append(block(6, 7, freeboard, freeboard + 20, -length * 0.46, 0, 3, 3))
    elif kind == "ferry":
        parts += [block(length * 0.72, width * 0.9, freeboard, freeboard + 7, -length * 0.04, 0, 2, 2)]
        parts += [block(length * 0.5, width * 0.7, freeboard + 7, freeboard + 10, -length * 0.04, 0, 2, 1)]
        parts += [block(6, 5, freeboard + 10, freeboard + 15, -length * 0.2, 0, 3, 3)]
    else:
        parts += [
            block(length * 0.30, width * 0.6, freeboard, freeboard + length * 0.11, length * (0.08 if kind != "yacht" else -0.05), 0, 2, 2)
        ]
        parts += [block(length * 0.12, width * 0.4, freeboard + length * 0.11, freeboard + length * 0.17, length * 0.06, 0, 3, 2)]
    made = joined(parts)
    return made, (length, width, float(made.bounds[1][2])), 6 if kind == "container" else 0


def _barge(length: float, width: float) -> tuple[Mesh, tuple[float, float, float], int]:
    width = min(width, 11.4)
    parts = [prism(hull(length, width, 0.10, 0.03), -0.5, 2.2), block(length * 0.62, width * 0.8, 2.2, 3.4, length * 0.05, 0, 3, 3)]
    parts += [block(length * 0.10, width * 0.7, 2.2, 6.5, -length * 0.40, 0, 2, 2)]
    return joined(parts), (length, width, 6.5), 0


def _deckload(rng: np.random.Generator, length: float, width: float, freeboard: float) -> list[Mesh]:
    """Bays of containers on a ship's deck, of materials 4 .. 9."""
    across = max(4, int((width - 1.5) / 2.5))
    parts, x = [], -length * 0.22
    while x < length * 0.40:
        if abs(x + length * 0.28) > 14:
            taper = max(0.5, 1 - max(0.0, (x / length - 0.26) * 2.4))
            count = max(3, int(across * taper))
            tall = int(rng.integers(2, 7))
            for j in range(count):
                kind = 4 + int(rng.integers(6))
                high = max(0, tall - int(rng.integers(0, 2)))
                if high:
                    parts.append(block(12.2, 2.44, freeboard, freeboard + 2.6 * high, x, (j - (count - 1) / 2) * 2.5, kind, kind))
        x += 14.0
    return parts


def plane(span: float, length: float, engines: int) -> Mesh:
    """An aircraft, nose at +x. Body 0, wings 1, engines 2, windscreen 3."""
    radius = length * 0.052
    stations = np.array([-0.5, -0.42, -0.25, 0.0, 0.3, 0.42, 0.47, 0.5]) * length
    widths = np.array([0.12, 0.45, 0.95, 1.0, 1.0, 0.85, 0.55, 0.08]) * radius
    sides = 10
    angle = np.arange(sides) * 2 * np.pi / sides
    rings = [
        np.column_stack([np.full(sides, x), r * np.cos(angle), radius * 2.2 + r * np.sin(angle)])
        for x, r in zip(stations, widths, strict=True)
    ]
    faces = []
    for ring in range(len(stations) - 1):
        a, b = ring * sides + np.arange(sides), ring * sides + (np.arange(sides) + 1) % sides
        faces += [np.column_stack([a, a + sides, b]), np.column_stack([b, a + sides, b + sides])]
    body = mesh(np.vstack(rings), np.vstack(faces)[:, ::-1], 0, smooth=False)
    z = radius * 1.7
    root, tip, sweep = length * 0.20, length * 0.055, span * 0.30
    parts = [body, block(radius * 0.9, radius * 1.1, radius * 2.6, radius * 3.02, length * 0.44, 0, 3, 3)]
    for side in (-1.0, 1.0):
        wing = [(length * 0.12, side * radius * 0.5), (length * 0.12 - sweep, side * span / 2),
                (length * 0.12 - sweep - tip, side * span / 2),
                (length * 0.12 - root - sweep * 0.22, side * span * 0.17), (length * 0.12 - root, side * radius * 0.5)]  # fmt: skip
        parts.append(_slab(wing if side > 0 else wing[::-1], z, z + 0.5, 1))
        tail = [
            (-length * 0.40, side * 0.2),
            (-length * 0.475, side * span * 0.18),
            (-length * 0.50, side * span * 0.18),
            (-length * 0.475, side * 0.2),
        ]
        parts.append(_slab(tail if side > 0 else tail[::-1], z + radius, z + radius + 0.3, 1))
        for number in range(engines // 2):
            y = side * span * (0.17 if number == 0 else 0.29)
            vertices, turned = _barrel(length * 0.09, radius * 0.46, length * 0.10 - abs(y) * 0.55, z - radius * 0.3, 10)
            parts.append(mesh(vertices + np.array([0.0, y, 0.0]), turned, 2))
    fin = [
        (-length * 0.38, 0, z + radius),
        (-length * 0.47, 0, z + radius * 4.2),
        (-length * 0.50, 0, z + radius * 4.2),
        (-length * 0.48, 0, z + radius),
    ]
    thick = np.array([[*point] for point in fin])
    both = np.vstack([thick + np.array([0.0, 0.25, 0.0]), thick - np.array([0.0, 0.25, 0.0])])
    parts.append(mesh(both, [(0, 1, 2), (0, 2, 3), (4, 6, 5), (4, 7, 6), (1, 5, 6), (1, 6, 2), (0, 4, 5), (0, 5, 1)], 1))
    return joined(parts)


def _slab(outline: Sequence[tuple[float, float]], low: float, high: float, material: int) -> Mesh:
    """A wing: convex enough for a fan from its middle."""
    edge = np.asarray(outline, dtype=np.float64)
    area = float(np.sum(edge[:, 0] * np.roll(edge[:, 1], -1) - np.roll(edge[:, 0], -1) * edge[:, 1]))
    return prism(edge if area > 0 else edge[::-1], low, high, material, material)
