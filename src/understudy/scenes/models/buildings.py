"""Houses: walls with windows set into them, roofs, shops, balconies. They stand with their front along x, facing -y."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.geometry.lofts import with_area
from understudy.scenes.geometry.mesh import Mesh, joined, mesh
from understudy.scenes.geometry.motion import about_z
from understudy.scenes.material import Color, Material, Pattern
from understudy.scenes.models.model import Assembly, Model, Part, model

Floats = NDArray[np.float64]


class Style(NamedTuple):
    """How a kind is built: floors (least, greatest), height of one (m), bay (m), window's width and height as shares of bay and floor,
    depth of the house (m), roofs, walls, share with a shop below, share of bays with a balcony."""

    floors: tuple[int, int]
    storey: float
    bay: float
    window: tuple[float, float]
    depth: float
    roofs: tuple[str, ...]
    walls: tuple[str, ...]
    shop: float = 0.0
    balcony: float = 0.0


STYLES: dict[str, Style] = {
    "house": Style((1, 2), 2.8, 3.2, (0.4, 0.48), 9.0, ("gable", "hip"), ("plaster", "brick", "wood")),
    "terrace": Style((2, 3), 2.9, 2.8, (0.42, 0.52), 10.0, ("gable",), ("brick", "plaster")),
    "old town": Style((3, 5), 3.4, 2.4, (0.42, 0.58), 12.0, ("gable", "hip", "flat"), ("plaster", "stone"), 0.6, 0.08),
    "apartments": Style((4, 8), 2.9, 3.4, (0.5, 0.5), 13.0, ("flat",), ("plaster", "concrete", "brick"), 0.15, 0.35),
    "office": Style((4, 12), 3.6, 3.0, (0.88, 0.62), 18.0, ("flat",), ("concrete", "panel", "stone"), 0.3),
    "hall": Style((1, 2), 5.5, 6.0, (0.5, 0.2), 30.0, ("flat",), ("panel", "concrete")),
}
PLASTERS: tuple[Color, ...] = (
    (0.62, 0.58, 0.48), (0.58, 0.45, 0.28), (0.55, 0.55, 0.52), (0.6, 0.52, 0.4), (0.42, 0.44, 0.42), (0.5, 0.32, 0.22), (0.66, 0.64, 0.6),
    (0.5, 0.52, 0.56), (0.57, 0.4, 0.33),
)  # fmt: skip
ROOFS: tuple[Color, ...] = ((0.26, 0.09, 0.05), (0.19, 0.08, 0.055), (0.08, 0.08, 0.085), (0.14, 0.12, 0.11))

SHAPES_OF_A_KIND = 32
"""Different shapes of each kind; houses of one shape share their mesh."""


def building(kind: str, rng: np.random.Generator, *, width: float | None = None, lit: float = 0.0) -> Model:
    """A building; its front faces -y, the origin is the middle of its ground.

    Args:
        kind: one of `STYLES`.
        rng: chooses one of some shapes, and the colours.
        width: m of its front, to the centimetre; None: the shape's own.
        lit: share of windows with light behind them, 0 .. 1.

    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if kind not in STYLES:
        raise ArgumentError(f'There is no building "{kind}".', remedy=did_you_mean(kind, STYLES))
    part, floors = _shape(kind, int(rng.integers(SHAPES_OF_A_KIND)), None if width is None else round(float(width), 2), lit)
    palette = _palette(str(rng.choice(STYLES[kind].walls)), rng)
    return model(kind, (part,), {role: palette[role] for role in part.roles}, attributes={"kind": kind, "floors": floors})


@lru_cache(maxsize=512)
def _shape(kind: str, number: int, width: float | None, lit: float) -> tuple[Part, int]:
    """The shape of this number, and its count of floors."""
    style, rng = STYLES[kind], np.random.default_rng([sum(kind.encode()), number])
    front = float(width if width is not None else style.bay * rng.integers(3, 8))
    floors, depth = int(rng.integers(style.floors[0], style.floors[1] + 1)), style.depth * float(rng.uniform(0.85, 1.15))
    plan = _Plan(
        style, max(1, round(front / style.bay)), max(1, round(depth / style.bay)), floors, front, depth, bool(rng.random() < style.shop)
    )
    made = Assembly()
    for role, shape in _walls(plan, rng, lit):
        made.add(shape, role)
    for role, shape in _roof(plan, str(rng.choice(style.roofs)), rng):
        made.add(shape, role)
    return made.part(), floors


class _Plan(NamedTuple):
    style: Style
    bays: int
    deep: int
    floors: int
    width: float
    depth: float
    shop: bool

    @property
    def height(self) -> float:
        return self.ground + (self.floors - 1) * self.style.storey

    @property
    def ground(self) -> float:
        """Height of the ground floor."""
        return self.style.storey * (1.25 if self.shop else 1.0)


def _walls(plan: _Plan, rng: np.random.Generator, lit: float) -> list[tuple[str, Mesh]]:
    sides = (
        (plan.width, plan.depth / 2, 0.0, plan.bays, True),
        (plan.depth, plan.width / 2, np.pi / 2, plan.deep, False),
        (plan.width, plan.depth / 2, np.pi, plan.bays, False),
        (plan.depth, plan.width / 2, -np.pi / 2, plan.deep, False),
    )
    found: dict[str, list[Mesh]] = {}
    for length, away, turn, bays, street in sides:
        for role, shape in _wall(plan, length, bays, rng, lit, street=street):
            found.setdefault(role, []).append(shape.moved(offset=(0.0, -away, 0.0)).moved(about_z(turn)))
    return [(role, joined(shapes)) for role, shapes in found.items()]


def _wall(plan: _Plan, length: float, bays: int, rng: np.random.Generator, lit: float, *, street: bool) -> list[tuple[str, Mesh]]:
    """A wall in the plane y = 0 that faces -y, from -length / 2 to length / 2."""
    style, bay = plan.style, length / bays
    cells: dict[str, list[Floats]] = {"wall": [], "glass": [], "lit": [], "frame": [], "shop": [], "door": [], "rail": []}
    door = int(rng.integers(bays)) if street else -1
    balconies = set(np.flatnonzero(rng.random(bays) < style.balcony).tolist()) if street else set()
    for floor in range(plan.floors):
        low = 0.0 if floor == 0 else plan.ground + (floor - 1) * style.storey
        high = plan.ground + floor * style.storey
        for number in range(bays):
            x0 = -length / 2 + number * bay
            shares, sill = style.window, 0.3 if style.window[1] < 0.6 else 0.22
            role = "lit" if rng.random() < lit else "glass"
            if floor == 0 and number == door:
                shares, sill, role = (min(0.5, 1.3 / bay), 0.78), 0.0, "door"
            elif floor == 0 and plan.shop and street:
                shares, sill, role = (0.86, 0.66), 0.06, "shop" if lit == 0.0 or rng.random() > 0.7 else "lit"
            width, tall = shares[0] * bay, shares[1] * (high - low)
            left, bottom = x0 + (bay - width) / 2, low + sill * (high - low)
            _cell(cells, (x0, x0 + bay, low, high), (left, left + width, bottom, min(bottom + tall, high - 0.05)), role)
            if floor and number in balconies:
                _balcony(cells, left - 0.2, left + width + 0.2, low)
    return [(role, _quads(np.concatenate(quads))) for role, quads in cells.items() if quads]


def _cell(
    cells: dict[str, list[Floats]], cell: tuple[float, float, float, float], hole: tuple[float, float, float, float], role: str
) -> None:
    """The wall around an opening, the opening's sides, its frame, and what is in it."""
    x0, x1, z0, z1 = cell
    a, b, c, d = hole
    inset = 0.16 if role != "shop" else 0.3
    cells["wall"].append(_upright([(x0, a, z0, z1), (b, x1, z0, z1), (a, b, z0, c), (a, b, d, z1)], 0.0))
    corners = [(a, c), (b, c), (b, d), (a, d)]
    reveal = [
        [[x, 0.0, z], [x, inset, z], [x2, inset, z2], [x2, 0.0, z2]]
        for (x, z), (x2, z2) in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    cells["wall"].append(np.array(reveal)[:, ::-1])
    bar = 0.06
    panes = [(a + bar, b - bar, c + bar, d - bar)] if role in ("shop", "door") else _panes(a + bar, b - bar, c + bar, d - bar, bar)
    cells[role].append(_upright(panes, inset))
    cells["frame"].append(_upright([(a, b, c, d)], inset + 0.012))


def _panes(a: float, b: float, c: float, d: float, bar: float) -> list[tuple[float, float, float, float]]:
    if b - a < 0.8:
        return [(a, b, c, d)]
    middle = (a + b) / 2
    return [(a, middle - bar / 2, c, d), (middle + bar / 2, b, c, d)]


def _balcony(cells: dict[str, list[Floats]], left: float, right: float, level: float) -> None:
    """A slab with a railing."""
    out, thick, rail = -1.3, 0.16, 1.0
    cells["wall"].append(_box(left, right, out, 0.0, level - thick, level))
    cells["rail"].append(_box(left, right, out, out + 0.04, level, level + rail))
    for x in (left, right - 0.04):
        cells["rail"].append(_box(x, x + 0.04, out, 0.0, level, level + rail))


def _upright(rectangles: list[tuple[float, float, float, float]], y: float) -> Floats:
    """(N, 4, 3) rectangles (x0, x1, z0, z1) in a plane of constant y, facing -y."""
    return np.array([[[a, y, c], [b, y, c], [b, y, d], [a, y, d]] for a, b, c, d in rectangles])


def _box(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float) -> Floats:
    """(6, 4, 3) outward faces."""
    p = np.array([[x, y, z] for z in (z0, z1) for y in (y0, y1) for x in (x0, x1)])
    return p[[[0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5], [4, 5, 7, 6], [0, 2, 3, 1]]]


def _quads(corners: Floats) -> Mesh:
    first = np.arange(len(corners)) * 4
    faces = np.concatenate([np.stack([first, first + 1, first + 2], axis=1), np.stack([first, first + 2, first + 3], axis=1)])
    points = corners.reshape(-1, 3)
    return mesh(points, with_area(points, faces.astype(np.int32)))


def _roof(plan: _Plan, kind: str, rng: np.random.Generator) -> list[tuple[str, Mesh]]:
    w, d, h = plan.width / 2, plan.depth / 2, plan.height
    if kind == "flat":
        parapet = [_box(-w, w, y, y + 0.25, h, h + 0.5) for y in (-d, d - 0.25)] + [
            _box(x, x + 0.25, -d, d, h, h + 0.5) for x in (-w, w - 0.25)
        ]
        deck = np.array([[[-w, -d, h], [w, -d, h], [w, d, h], [-w, d, h]]])
        units = [
            _box(x, x + 2.2, y, y + 1.6, h, h + 1.4)
            for x, y in rng.uniform([-w + 1, -d + 1], [max(w - 3.5, -w + 1.1), max(d - 3, -d + 1.1)], (2, 2))
        ]
        return [("trim", _quads(np.concatenate(parapet))), ("deck", _quads(deck)), ("unit", _quads(np.concatenate(units)))]
    over, rise = 0.4, d * float(rng.uniform(0.7, 1.05))
    ridge = w + over if kind == "gable" else max(w - d * 0.8, 0.3)
    eave = h - 0.1
    top = [[-ridge, 0, h + rise], [ridge, 0, h + rise]]
    low = [[-w - over, -d - over, eave], [w + over, -d - over, eave], [w + over, d + over, eave], [-w - over, d + over, eave]]
    slopes = _quads(np.array([[low[0], low[1], top[1], top[0]], [low[2], low[3], top[0], top[1]]], dtype=np.float64))
    parts = [("roof", slopes)]
    if kind == "hip":
        parts.append(("roof", mesh([low[1], low[2], top[1], low[3], low[0], top[0]], [[0, 1, 2], [3, 4, 5]])))
    else:
        ends = [[-w, d, h], [-w, -d, h], [-w, 0, h + rise], [w, -d, h], [w, d, h], [w, 0, h + rise]]
        parts.append(("wall", mesh(ends, [[0, 1, 2], [3, 4, 5]])))
    x = float(rng.uniform(-0.6, 0.6)) * w
    parts.append(("chimney", _quads(_box(x - 0.35, x + 0.35, -0.3, 0.4, h + 0.4 * rise, h + rise + 0.9))))
    return parts


def _palette(wall: str, rng: np.random.Generator) -> dict[str, Material]:
    plaster = PLASTERS[int(rng.integers(len(PLASTERS)))]
    roof = ROOFS[int(rng.integers(len(ROOFS)))]
    looks: dict[str, tuple[Color, Color, Pattern, float, float]] = {
        "plaster": (plaster, _shade(plaster, 0.86), "plaster", 0.6, 0.25),
        "stone": ((0.46, 0.42, 0.35), (0.36, 0.33, 0.28), "tiles", 0.5, 0.35),
        "brick": ((0.3, 0.12, 0.075), (0.34, 0.31, 0.28), "brick", 0.24, 0.8),
        "concrete": ((0.4, 0.4, 0.38), (0.3, 0.3, 0.29), "concrete", 1.2, 0.35),
        "panel": ((0.5, 0.52, 0.54), (0.42, 0.44, 0.46), "stripes", 0.5, 0.25),
        "wood": ((0.36, 0.3, 0.2), (0.26, 0.21, 0.14), "wood", 0.2, 0.5),
    }
    color, second, pattern, scale, contrast = looks[wall]
    frame: Color = (0.62, 0.62, 0.6) if rng.random() < 0.7 else (0.09, 0.07, 0.06)
    glow = 0.018 * float(rng.uniform(0.4, 1.6))
    warm = (glow, 0.68 * glow, 0.36 * glow)
    return {
        "wall": Material(f"{wall} wall", color, second, pattern, scale, contrast, roughness=0.9),
        "glass": Material("window", (0.03, 0.035, 0.04), roughness=0.06, specular=0.08, opacity=0.4),
        "lit": Material("lit window", (0.3, 0.25, 0.18), roughness=0.2, emission=warm),
        "frame": Material("window frame", frame, roughness=0.5),
        "shop": Material("shop window", (0.05, 0.05, 0.05), roughness=0.05, specular=0.08, opacity=0.4),
        "door": Material("door", (0.16, 0.09, 0.05), (0.11, 0.06, 0.03), "wood", 0.15, 0.5, roughness=0.5),
        "rail": Material("railing", (0.2, 0.21, 0.22), roughness=0.4, metallic=1.0),
        "trim": Material("parapet", _shade(color, 0.8), roughness=0.9),
        "deck": Material("roofing felt", (0.1, 0.1, 0.1), (0.07, 0.07, 0.07), "gravel", 0.2, 0.5, roughness=1.0),
        "unit": Material("air conditioner", (0.45, 0.46, 0.46), roughness=0.5),
        "roof": Material("roof tiles", roof, _shade(roof, 0.6), "roof", 0.3, 0.6, roughness=0.85),
        "chimney": Material("chimney", (0.28, 0.13, 0.09), (0.3, 0.28, 0.25), "brick", 0.24, 0.8, roughness=0.9),
    }


def _shade(color: Color, factor: float) -> Color:
    red, green, blue = (part * factor for part in color)
    return red, green, blue
