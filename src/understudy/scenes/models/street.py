"""Street furniture (signs, traffic lights, lamps, bollards, bins, benches, fences, rails, bus stops, cones, barriers) and debris."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.geometry.curves import spline
from understudy.scenes.geometry.lofts import grid, lathe, sweep
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.motion import about_x, about_y, about_z
from understudy.scenes.geometry.polygons import extrusion, flat
from understudy.scenes.geometry.primitives import box, cylinder, sphere
from understudy.scenes.material import Material, Print
from understudy.scenes.models.joints import Joint
from understudy.scenes.models.model import Assembly, Model, Part, model
from understudy.scenes.models.prints import Shade, canvas, centred, printed
from understudy.scenes.models.undergrowth import cards
from understudy.scenes.scene import Lamp

Floats = NDArray[np.float64]

UPRIGHT = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""Turns what lies on z = 0 to face along x."""
STEEL = Material("galvanised steel", (0.42, 0.43, 0.44), roughness=0.45, metallic=1.0)
RED: Shade = (186, 18, 28)
BLUE: Shade = (14, 70, 150)
WHITE: Shade = (244, 244, 240)
BLACK: Shade = (18, 18, 18)
YELLOW: Shade = (248, 196, 20)

LIMITS = tuple(f"limit {speed}" for speed in (20, 30, 50, 60, 70, 80, 100, 120))
SIGNS = (
    "stop",
    "yield",
    *LIMITS,
    "no entry",
    "priority",
    "crossing",
    "warning bend",
    "warning children",
    "warning animals",
    "warning works",
    "warning ice",
    "parking",
    "no parking",
    "one way",
    "direction",
    "end of limit",
)


def sign(kind: str, rng: np.random.Generator, *, height: float = 2.2, size: float = 0.65) -> Model:
    """A traffic sign on its pole, facing x.

    Args:
        kind: of `SIGNS`. height: m from the ground to the sign's lower edge. size: m, its width.
    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if kind not in SIGNS:
        raise ArgumentError(f'There is no sign "{kind}".', remedy=did_you_mean(kind, SIGNS))
    outline = _outline(kind) * size
    low = outline[:, 1].min()
    made = Assembly()
    place = (0.045, 0.0, height - low)
    made.add(extrusion(outline, 0.006).moved(UPRIGHT, place), "back")
    made.add(flat(outline, 0.0075).moved(UPRIGHT, place), "face")
    made.add(cylinder(0.03, height + float(np.ptp(outline[:, 1])), 10), "pole")
    paint = {
        "face": Material("sign", print=_face(kind, int(rng.integers(6))), roughness=0.4, retroreflection=0.5),
        "back": Material("sign's back", (0.32, 0.33, 0.34), roughness=0.5),
        "pole": STEEL,
    }
    return model("sign", [made.part()], paint, attributes={"kind": kind})


def _outline(kind: str) -> Floats:
    def ring(count: int, start: float) -> Floats:
        angle = start + 2 * np.pi * np.arange(count) / count
        return 0.5 * np.column_stack([np.cos(angle), np.sin(angle)])

    if kind == "stop":
        return ring(8, np.pi / 8) * float(1 / np.cos(np.pi / 8))
    if kind == "yield":
        return ring(3, -np.pi / 2) * 1.155
    if kind.startswith("warning"):
        return ring(3, np.pi / 2) * 1.155
    if kind == "priority":
        return ring(4, 0.0) * 1.1
    if kind in ("crossing", "parking", "one way"):
        return np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    if kind == "direction":
        return np.array([[-1.0, -0.3], [0.9, -0.3], [1.15, 0.0], [0.9, 0.3], [-1.0, 0.3]])
    return ring(28, 0.0)


@lru_cache(maxsize=64)
def _face(kind: str, number: int) -> Print:
    """The picture of a sign, laid over its outline's extent; 256 px wide."""
    outline = _outline(kind)
    low, span = outline.min(axis=0), np.ptp(outline, axis=0)
    width, height = 256, round(256 * span[1] / span[0])
    image, pen = canvas(width, height, WHITE)

    def shape(scale: float, color: Shade) -> None:
        pen.polygon(
            [((x * scale - low[0]) / span[0] * width, (1 - (y * scale - low[1]) / span[1]) * height) for x, y in outline], fill=color
        )

    _draw(pen, kind, shape, width, height, number)
    return printed(image)


def _draw(pen: Any, kind: str, shape: Callable[[float, Shade], None], w: int, h: int, number: int) -> None:
    if kind == "stop":
        shape(1.0, WHITE)
        shape(0.94, RED)
        centred(pen, "STOP", (0.12 * w, 0.34 * h, 0.88 * w, 0.66 * h), WHITE, bold=0.04)
    elif kind == "yield" or kind.startswith("warning"):
        shape(1.0, RED)
        shape(0.68, WHITE)
        _warning(pen, kind, w, h)
    elif kind in LIMITS or kind == "end of limit":
        _limit(pen, kind, shape, w, h)
    elif kind == "no entry":
        shape(1.0, RED)
        pen.rectangle((0.16 * w, 0.41 * h, 0.84 * w, 0.59 * h), fill=WHITE)
    elif kind == "priority":
        shape(1.0, WHITE)
        shape(0.72, YELLOW)
    elif kind == "no parking":
        shape(1.0, RED)
        shape(0.8, BLUE)
        pen.line((0.2 * w, 0.2 * h, 0.8 * w, 0.8 * h), fill=RED, width=int(0.09 * w))
    else:
        shape(1.0, BLUE)
        _informing(pen, kind, w, h, number)


def _limit(pen: Any, kind: str, shape: Callable[[float, Shade], None], w: int, h: int) -> None:
    if kind == "end of limit":
        shape(1.0, (60, 60, 60))
        shape(0.95, WHITE)
        for shift in (-0.1, -0.04, 0.02, 0.08):
            pen.line(((0.2 + shift) * w, 0.85 * h, (0.8 + shift) * w, 0.15 * h), fill=(60, 60, 60), width=int(0.02 * w))
        return
    shape(1.0, RED)
    shape(0.78, WHITE)
    centred(pen, kind.split()[1], (0.2 * w, 0.32 * h, 0.8 * w, 0.68 * h), BLACK, bold=0.03)


def _warning(pen: Any, kind: str, w: int, h: int) -> None:
    """Pictograms inside the triangle, in shares of the sign."""
    line = int(0.045 * w)
    if kind == "warning bend":
        pen.line(
            [(0.44 * w, 0.82 * h), (0.44 * w, 0.66 * h), (0.58 * w, 0.58 * h), (0.55 * w, 0.44 * h)], fill=BLACK, width=line, joint="curve"
        )
    elif kind == "warning children":
        _walker(pen, 0.43 * w, 0.64 * h, 0.30 * h)
        _walker(pen, 0.58 * w, 0.68 * h, 0.24 * h)
    elif kind == "warning animals":
        pen.ellipse((0.38 * w, 0.60 * h, 0.58 * w, 0.70 * h), fill=BLACK)
        pen.polygon([(0.55 * w, 0.66 * h), (0.62 * w, 0.5 * h), (0.68 * w, 0.53 * h), (0.58 * w, 0.68 * h)], fill=BLACK)
        for x, foot in ((0.41, 0.36), (0.45, 0.45), (0.53, 0.58), (0.56, 0.53)):
            pen.line((x * w, 0.67 * h, foot * w, 0.82 * h), fill=BLACK, width=int(0.02 * w))
        pen.line([(0.64 * w, 0.5 * h), (0.62 * w, 0.4 * h), (0.68 * w, 0.37 * h)], fill=BLACK, width=int(0.015 * w))
    elif kind == "warning works":
        _walker(pen, 0.45 * w, 0.64 * h, 0.3 * h)
        pen.polygon([(0.55 * w, 0.82 * h), (0.62 * w, 0.66 * h), (0.7 * w, 0.82 * h)], fill=BLACK)
    elif kind == "warning ice":
        for angle in np.arange(3) * np.pi / 3:
            dx, dy = 0.12 * w * np.cos(angle), 0.12 * w * np.sin(angle)
            pen.line((0.5 * w - dx, 0.66 * h - dy, 0.5 * w + dx, 0.66 * h + dy), fill=BLACK, width=int(0.025 * w))


def _walker(pen: Any, x: float, y: float, tall: float) -> None:
    """A walking figure around (x, y)."""
    unit = tall / 10
    pen.ellipse((x - unit, y - 5 * unit, x + unit, y - 3 * unit), fill=BLACK)
    width = max(2, int(1.3 * unit))
    for points in (
        [(0, -2.8), (0, 1)],
        [(0, 1), (-1.8, 5)],
        [(0, 1), (1.2, 3), (1.8, 5)],
        [(0, -2.2), (-2, 0.2)],
        [(0, -2.2), (1.9, -0.2)],
    ):
        pen.line([(x + dx * unit, y + dy * unit) for dx, dy in points], fill=BLACK, width=width)


def _informing(pen: Any, kind: str, w: int, h: int, number: int) -> None:
    if kind == "crossing":
        pen.polygon([(0.5 * w, 0.12 * h), (0.9 * w, 0.85 * h), (0.1 * w, 0.85 * h)], fill=WHITE)
        _walker(pen, 0.5 * w, 0.58 * h, 0.42 * h)
        for x in (0.22, 0.38, 0.54, 0.70):
            pen.rectangle((x * w, 0.79 * h, (x + 0.08) * w, 0.82 * h), fill=BLACK)
    elif kind == "parking":
        centred(pen, "P", (0.25 * w, 0.16 * h, 0.75 * w, 0.84 * h), WHITE, bold=0.06)
    elif kind == "one way":
        pen.rectangle((0.15 * w, 0.42 * h, 0.6 * w, 0.58 * h), fill=WHITE)
        pen.polygon([(0.55 * w, 0.26 * h), (0.87 * w, 0.5 * h), (0.55 * w, 0.74 * h)], fill=WHITE)
    else:
        town = ("Altenmoor", "Birkford", "Castel Rio", "Dunmere", "Elmsted", "Fontvale")[number % 6]
        centred(pen, f"{town} {3 + 4 * number}", (0.06 * w, 0.25 * h, 0.82 * w, 0.75 * h), WHITE, bold=0.02)


def traffic_light(rng: np.random.Generator, *, state: str = "", height: float = 3.4, arm: float = 0.0) -> Model:
    """A traffic light facing x.

    Args:
        state: "red", "amber", "green", "red amber" or "": lamps that are always lit. Without one, its lamps are switched over time: tell
            `Model.body` the states of "red", "amber" and "green".
        height: m of its middle. arm: m that it hangs out to the left over the road; 0 for a plain pole.
    """
    lamps = ("red", "amber", "green")
    for word in state.split():
        if word not in lamps:
            raise ArgumentError(f'A traffic light has no lamp "{word}".', remedy=did_you_mean(word, lamps))
    base = Assembly()
    top = height + 0.55
    base.add(cylinder(0.07, top, 12, top=0.055), "pole")
    y = arm
    if arm:
        base.add(sweep([[0, 0, top - 0.05], [0, arm * 0.5, top + 0.15], [0, arm, top + 0.1]], 0.045, 8), "pole")
    base.add(box((0.16, 0.32, 0.96), bevel=0.03).moved(offset=(0.12, y, height)), "housing")
    base.add(box((0.012, 0.6, 1.2)).moved(offset=(0.06, y, height)), "board")
    parts: list[Part] = []
    for lamp, z in zip(lamps, (height + 0.3, height, height - 0.3), strict=True):
        lens = _lens().moved(about_y(np.pi / 2), (0.2, y, z))
        base.add(lens, f"lit {lamp}" if lamp in state.split() else f"dark {lamp}")
        hood = lathe([(0.118, 0.0), (0.128, 0.0), (0.128, 0.17), (0.118, 0.17), (0.118, 0.0)], 14, turn=1.3 * np.pi)
        base.add(hood.moved(about_z(np.pi - 0.15 * np.pi + 0.0)).moved(about_y(np.pi / 2), (0.2, y, z)), "housing")
        if not state:
            lit = Assembly()
            lit.add(lens.moved(offset=(0.004, 0, 0)), f"lit {lamp}")
            parts.append(lit.part(joint=Joint("switched", switch=lamp, hide=(-0.1, 0.0, 0.0))))
    colors = {"red": (1.0, 0.05, 0.03), "amber": (1.0, 0.45, 0.03), "green": (0.05, 0.9, 0.45)}
    paint = {
        "pole": STEEL,
        "housing": Material("black plastic", (0.02, 0.02, 0.022), roughness=0.6),
        "board": Material("board", (0.015, 0.015, 0.015)),
    }
    for lamp, (r, g, b) in colors.items():
        paint[f"lit {lamp}"] = Material(f"{lamp} lamp", (r * 0.5, g * 0.5, b * 0.5), emission=(3 * r, 3 * g, 3 * b))
        paint[f"dark {lamp}"] = Material(f"{lamp} lamp off", (r * 0.06 + 0.01, g * 0.06 + 0.01, b * 0.06 + 0.01), roughness=0.2)
    whole = [base.part(), *parts]
    used = {role: paint[role] for part in whole for role in part.roles}
    return model("traffic light", whole, used, attributes={"state": state} if state else {})


def _lens() -> Mesh:
    return lathe([(0.105, 0.0), (0.09, 0.02), (0.05, 0.032), (0.0, 0.036)], 18, crease=9.0)


def street_lamp(rng: np.random.Generator, *, height: float = 8.0, arm: float = 1.4, lit: bool = False, strength: float = 0.03) -> Model:
    """A street lamp whose arm reaches along x. strength: of its light at 1 m, over sunlit white (.03: some 3,000 candela)."""
    made = Assembly()
    made.add(cylinder(0.11, 0.9, 12, top=0.1), "pole")
    made.add(cylinder(0.08, height, 12, top=0.05), "pole")
    path = spline([[0, 0, height - 0.6], [0.05, 0, height - 0.05], [arm * 0.5, 0, height + 0.12], [arm, 0, height + 0.15]], 9)
    made.add(sweep(path, np.linspace(0.05, 0.035, 9), 8), "pole")
    made.add(box((0.75, 0.28, 0.12), bevel=0.035).moved(offset=(arm + 0.25, 0, height + 0.15)), "head")
    made.add(box((0.55, 0.2, 0.02), bevel=0.004).moved(offset=(arm + 0.27, 0, height + 0.085)), "light")
    glow = 12.0 if lit else 0.0
    paint = {
        "pole": STEEL,
        "head": Material("lamp head", (0.2, 0.2, 0.21), roughness=0.5),
        "light": Material("lamp", (0.7, 0.7, 0.66), emission=(glow, 0.85 * glow, 0.6 * glow), roughness=0.2),
    }
    lamp = Lamp((arm + 0.27, 0.0, height), (strength, 0.85 * strength, 0.6 * strength), (0.0, 0.0, -1.0), 1.25, 0.5, ("", 0))
    return model("street lamp", [made.part()], paint, lamps=(lamp,) if lit else (), attributes={"lit": lit})


def _single(name: str, shapes: list[tuple[Mesh, str]], paint: dict[str, Material], **facts: Any) -> Model:
    made = Assembly()
    for shape, role in shapes:
        made.add(shape, role)
    return model(name, [made.part()], paint, attributes=facts)


def pole(rng: np.random.Generator) -> Model:
    return _single(
        "pole", [(cylinder(0.12, 7.5, 12, top=0.09), "wood")], {"wood": Material("wood", (0.2, 0.15, 0.1), (0.13, 0.1, 0.07), "wood", 0.1)}
    )


def bollard(rng: np.random.Generator) -> Model:
    shapes = [(cylinder(0.06, 0.95, 14, bevel=0.015), "post"), (lathe([(0.061, 0.75), (0.061, 0.85)], 14), "band")]
    return _single("bollard", shapes, {"post": Material("steel", (0.1, 0.1, 0.11), roughness=0.5), "band": _reflecting((0.75, 0.75, 0.75))})


def bin_(rng: np.random.Generator) -> Model:
    """A wheeled bin."""
    tones = ((0.03, 0.1, 0.04), (0.05, 0.05, 0.055), (0.03, 0.06, 0.2), (0.5, 0.35, 0.02))
    body = extrusion([[-0.24, 0.0], [0.2, 0.0], [0.27, 0.95], [-0.3, 0.95]], 0.48).moved(
        np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), (0, 0.24, 0.06)
    )
    lid = box((0.62, 0.54, 0.06), bevel=0.02).moved(offset=(-0.01, 0, 1.03))
    wheels = [(cylinder(0.1, 0.06, 14).moved(about_x(np.pi / 2), (-0.26, y, 0.1)), "wheel") for y in (0.3, -0.24)]
    plastic = Material("plastic", tones[int(rng.integers(4))], roughness=0.5)
    return _single("bin", [(body, "body"), (lid, "body"), *wheels], {"body": plastic, "wheel": Material("rubber", (0.03, 0.03, 0.03))})


def bench(rng: np.random.Generator) -> Model:
    """A bench to sit on, looking along x; the seat .46 m high."""
    slats = [(box((0.09, 1.6, 0.035), bevel=0.006).moved(offset=(x, 0, 0.44)), "wood") for x in (-0.16, -0.055, 0.05, 0.155)]
    slats += [(box((0.03, 1.6, 0.09), bevel=0.006).moved(about_y(-0.2), (-0.24 - 0.03 * n, 0, 0.58 + 0.12 * n)), "wood") for n in range(3)]
    legs = [(box((0.42, 0.05, 0.05)).moved(offset=(0, y, 0.4)), "steel") for y in (0.6, -0.6)]
    legs += [(box((0.05, 0.05, 0.4)).moved(offset=(x, y, 0.2)), "steel") for x in (0.17, -0.17) for y in (0.6, -0.6)]
    legs += [(box((0.04, 0.05, 0.5)).moved(about_y(-0.2), (-0.26, y, 0.62)), "steel") for y in (0.6, -0.6)]
    return _single("bench", [*slats, *legs], {"wood": Material("wood", (0.3, 0.18, 0.09), (0.2, 0.12, 0.06), "wood", 0.08), "steel": STEEL})


def fence(rng: np.random.Generator, *, length: float = 6.0, height: float = 1.2) -> Model:
    """A picket fence along x."""
    count = max(2, round(length / 0.14))
    pickets = [
        (box((0.08, 0.02, height)).moved(offset=(x, 0, height / 2)), "wood")
        for x in np.linspace(-length / 2 + 0.04, length / 2 - 0.04, count)
    ]
    rails = [(box((length, 0.03, 0.08)).moved(offset=(0, -0.025, z)), "wood") for z in (0.3, height - 0.2)]
    tones = ((0.65, 0.64, 0.6), (0.25, 0.17, 0.1), (0.12, 0.1, 0.08))
    tone = tones[int(rng.integers(3))]
    return _single(
        "fence", [*pickets, *rails], {"wood": Material("wood", tone, (tone[0] * 0.7, tone[1] * 0.7, tone[2] * 0.7), "wood", 0.1)}
    )


def guard_rail(rng: np.random.Generator, *, length: float = 12.0) -> Model:
    """A steel rail along x, its face to the left."""
    z = np.array([0.45, 0.49, 0.54, 0.58, 0.62, 0.66, 0.71, 0.75])
    y = np.array([0.0, 0.05, 0.05, 0.0, 0.0, 0.05, 0.05, 0.0])
    front = np.stack([np.column_stack([np.full(8, x), y, z]) for x in (length / 2, -length / 2)], axis=1)
    back = np.stack([np.column_stack([np.full(8, x), y - 0.004, z]) for x in (-length / 2, length / 2)], axis=1)
    posts = [(box((0.1, 0.06, 0.72)).moved(offset=(x, -0.04, 0.36)), "steel") for x in np.arange(-length / 2 + 0.5, length / 2, 2.0)]
    return _single("guard rail", [(grid(front), "steel"), (grid(back), "steel"), *posts], {"steel": STEEL})


def bus_stop(rng: np.random.Generator) -> Model:
    """A shelter open along x, with a bench and a poster."""
    shapes = [(box((1.5, 3.6, 0.08), bevel=0.02).moved(offset=(-0.1, 0, 2.45)), "roof")]
    shapes += [(cylinder(0.04, 2.42, 10).moved(offset=(x, y, 0)), "steel") for x in (-0.75, 0.5) for y in (1.7, -1.7)]
    shapes += [
        (box((0.02, 3.3, 2.0)).moved(offset=(-0.75, 0, 1.25)), "glass"),
        (box((1.1, 0.02, 2.0)).moved(offset=(-0.15, 1.7, 1.25)), "glass"),
    ]
    shapes += [
        (box((0.35, 2.2, 0.05), bevel=0.01).moved(offset=(-0.5, 0.2, 0.46)), "seat"),
        (box((0.08, 1.2, 1.8)).moved(offset=(-0.15, -1.7, 1.2)), "steel"),
    ]
    poster = flat(np.array([[-0.5, -0.75], [0.5, -0.75], [0.5, 0.75], [-0.5, 0.75]]), 0.0)
    shapes.append((poster.moved(UPRIGHT, (-0.1, -1.7, 1.25)), "poster"))
    paint = {
        "roof": Material("roof", (0.12, 0.12, 0.13)),
        "steel": STEEL,
        "glass": Material("glass", (0.15, 0.18, 0.18), roughness=0.03, opacity=0.3),
        "seat": Material("wood", (0.3, 0.18, 0.09), (0.2, 0.12, 0.06), "wood", 0.08),
        "poster": Material("poster", print=_poster(int(rng.integers(8)))),
    }
    return _single("bus stop", shapes, paint)


@lru_cache(maxsize=8)
def _poster(number: int) -> Print:
    rng = np.random.default_rng(number)
    low, high, spot = (tuple(int(c) for c in rng.integers(30, 240, 3)) for _ in range(3))
    image, pen = canvas(200, 300, (low[0], low[1], low[2]))
    pen.ellipse((30, 70, 170, 210), fill=spot)
    pen.rectangle((0, 230, 200, 300), fill=high)
    centred(pen, ("SUMMER", "FRESH", "CONCERT", "SALE", "TRAVEL", "MUSEUM", "RUN", "COFFEE")[number], (20, 20, 180, 55), WHITE, bold=0.03)
    return printed(image)


def _reflecting(color: tuple[float, float, float]) -> Material:
    return Material("reflecting band", color, roughness=0.4, retroreflection=0.5)


def cone(rng: np.random.Generator) -> Model:
    """A traffic cone."""
    body = [
        (0.135, 0.03),
        (0.105, 0.22),
        (0.1045, 0.22),
        (0.08, 0.38),
        (0.0795, 0.38),
        (0.06, 0.5),
        (0.0595, 0.5),
        (0.03, 0.7),
        (0.0, 0.705),
    ]
    shapes = [(box((0.4, 0.4, 0.03), bevel=0.008).moved(offset=(0, 0, 0.015)), "foot"), (lathe(body, 20), "orange")]
    shapes += [(lathe([(0.106, 0.22), (0.081, 0.38)], 20), "band"), (lathe([(0.061, 0.5), (0.046, 0.6)], 20), "band")]
    orange = Material("orange plastic", (0.75, 0.17, 0.02), roughness=0.5)
    return _single("cone", shapes, {"orange": orange, "band": _reflecting((0.8, 0.8, 0.8)), "foot": Material("rubber", (0.03, 0.03, 0.03))})


def barrier(rng: np.random.Generator) -> Model:
    """A road block with red and white stripes, facing x."""
    shapes = [(box((0.06, 1.8, 0.26), bevel=0.01).moved(offset=(0, 0, z)), "board") for z in (0.9, 0.42)]
    front = flat(np.array([[-0.89, -0.12], [0.89, -0.12], [0.89, 0.12], [-0.89, 0.12]]), 0.0)
    shapes += [(front.moved(UPRIGHT, (0.0315, 0, z)), "stripes") for z in (0.9, 0.42)]
    shapes += [(front.moved(about_z(np.pi) @ UPRIGHT, (-0.0315, 0, z)), "stripes") for z in (0.9, 0.42)]
    shapes += [(box((0.05, 0.06, 1.05)).moved(offset=(0, y, 0.53)), "steel") for y in (0.75, -0.75)]
    shapes += [(box((0.7, 0.12, 0.06)).moved(offset=(0, y, 0.03)), "foot") for y in (0.75, -0.75)]
    shapes += [(sphere(0.09, 12).moved(offset=(0, y, 1.13)), "lamp") for y in (0.75, -0.75)]
    image, pen = canvas(256, 36, WHITE)
    for number in range(-1, 9):
        pen.polygon([(number * 32, 36), (number * 32 + 16, 36), (number * 32 + 44, 0), (number * 32 + 28, 0)], fill=RED)
    paint = {
        "board": Material("board", (0.7, 0.7, 0.7)),
        "stripes": Material("striped board", print=printed(image), retroreflection=0.5),
        "steel": STEEL,
        "foot": Material("rubber", (0.03, 0.03, 0.03)),
        "lamp": Material("warning lamp", (0.6, 0.35, 0.03), roughness=0.2, emission=(0.5, 0.25, 0.0)),
    }
    return _single("barrier", shapes, paint)


def tyre_tread(rng: np.random.Generator) -> Model:
    """A torn piece of a lorry's tyre."""
    long = float(rng.uniform(0.8, 1.8))
    t = np.linspace(0, 1, 16)
    bend = 0.16 * np.sin(np.pi * t) * rng.uniform(0.5, 1.2) + 0.02
    width = 0.13 * (0.7 + 0.3 * np.sin(5 * t + rng.uniform(0, 6))) + 0.02
    wave = 0.08 * np.sin(4 * t + rng.uniform(0, 6))
    left = np.column_stack([(t - 0.5) * long, wave + width, bend])
    right = np.column_stack([(t - 0.5) * long, wave - width, bend * 0.8])
    top = np.stack([right, left], axis=0)
    shapes = [(grid(top + np.array([0, 0, 0.02])), "rubber"), (grid(top[::-1]), "rubber")]
    shapes += [(box((0.03, 0.2, 0.02)).moved(offset=(*left[k, :1], wave[k], bend[k] + 0.025)), "rubber") for k in range(1, 15, 2)]
    return _single("tyre tread", shapes, {"rubber": Material("rubber", (0.025, 0.025, 0.026), roughness=0.9)})


def tyre(rng: np.random.Generator) -> Model:
    """A tyre that lies on its side."""
    outer = float(rng.uniform(0.32, 0.5))
    inner, wide = 0.6 * outer, 0.5 * outer
    ring = [(inner, 0.08 * wide), (0.75 * outer, 0.0), (0.95 * outer, 0.06 * wide), (outer, 0.2 * wide), (outer, 0.8 * wide)]
    ring += [(0.95 * outer, 0.94 * wide), (0.75 * outer, wide), (inner, 0.92 * wide), (inner, 0.08 * wide)]
    return _single("tyre", [(lathe(ring, 28, crease=0.8), "rubber")], {"rubber": Material("rubber", (0.022, 0.022, 0.023), roughness=0.9)})


def carton(rng: np.random.Generator) -> Model:
    size = rng.uniform((0.3, 0.3, 0.25), (0.7, 0.6, 0.55))
    shapes = [
        (box(size, bevel=0.004).moved(offset=(0, 0, size[2] / 2)), "board"),
        (box((size[0] * 1.002, 0.06, 0.002)).moved(offset=(0, 0, size[2])), "tape"),
    ]
    paint = {
        "board": Material("cardboard", (0.42, 0.29, 0.17), (0.36, 0.24, 0.14), "cardboard", 0.05),
        "tape": Material("tape", (0.4, 0.33, 0.22), roughness=0.3),
    }
    return _single("box", shapes, paint)


def plank(rng: np.random.Generator) -> Model:
    long = float(rng.uniform(1.5, 3.5))
    shapes = [(box((long, 0.18, 0.04), bevel=0.003).moved(offset=(0, 0, 0.02)), "wood")]
    return _single("plank", shapes, {"wood": Material("wood", (0.45, 0.32, 0.18), (0.34, 0.23, 0.12), "wood", 0.05)})


def ladder(rng: np.random.Generator) -> Model:
    long = float(rng.uniform(2.5, 4.0))
    shapes = [(box((long, 0.03, 0.07), bevel=0.005).moved(offset=(0, y, 0.035)), "metal") for y in (0.2, -0.2)]
    shapes += [
        (cylinder(0.014, 0.4, 8).moved(about_x(np.pi / 2), (x, 0.2, 0.035)), "metal") for x in np.arange(-long / 2 + 0.15, long / 2, 0.28)
    ]
    return _single("ladder", shapes, {"metal": Material("aluminium", (0.65, 0.66, 0.67), roughness=0.35, metallic=1.0)})


def mattress(rng: np.random.Generator) -> Model:
    shapes = [(box((1.95, 0.9, 0.2), bevel=0.05).moved(offset=(0, 0, 0.1)), "cloth")]
    return _single("mattress", shapes, {"cloth": Material("cloth", (0.62, 0.6, 0.55), (0.5, 0.48, 0.44), "fabric", 0.04, 0.4)})


def branch(rng: np.random.Generator) -> Model:
    """A broken branch on the road."""
    long = float(rng.uniform(1.5, 3.0))
    path = np.column_stack([np.linspace(-long / 2, long / 2, 6), rng.normal(0, 0.06, 6), np.linspace(0.05, 0.12, 6)])
    shapes = [(sweep(spline(path, 14), np.linspace(0.05, 0.012, 14), 7), "bark")]
    for share in np.linspace(0.3, 0.95, 6):
        root = path[0] + share * (path[-1] - path[0])
        way = np.array([0.5, rng.uniform(-0.6, 0.6), rng.uniform(0.0, 0.4)]) * rng.uniform(0.5, 1.0)
        shapes.append((sweep([root, root + way * 0.6, root + way], [0.018, 0.012, 0.005], 5), "bark"))
        places = root + way * rng.uniform(0.3, 1.1, (50, 1)) + rng.normal(0, 0.1, (50, 3))
        places[:, 2] = np.maximum(places[:, 2], 0.1)
        shapes.append((cards(places, np.tile([0.0, 0.0, 1.0], (50, 1)), 0.07, rng), "leaves"))
    paint = {
        "bark": Material("bark", (0.1, 0.075, 0.055), (0.06, 0.045, 0.033), "bark", 0.08),
        "leaves": Material("leaves", (0.06, 0.12, 0.025), (0.075, 0.14, 0.03), "leaves", 0.1),
    }
    return _single("branch", shapes, paint)


MODELS: dict[str, Callable[[np.random.Generator], Model]] = {
    "traffic light": traffic_light,
    "street lamp": street_lamp,
    "pole": pole,
    "bollard": bollard,
    "bin": bin_,
    "bench": bench,
    "fence": fence,
    "guard rail": guard_rail,
    "bus stop": bus_stop,
    "cone": cone,
    "barrier": barrier,
}
"""Street furniture by name; signs are made by `sign`."""

DEBRIS: dict[str, Callable[[np.random.Generator], Model]] = {
    "tyre": tyre,
    "tyre tread": tyre_tread,
    "box": carton,
    "plank": plank,
    "ladder": ladder,
    "mattress": mattress,
    "branch": branch,
}
"""What may lie on a road."""


def furniture(kind: str, rng: np.random.Generator) -> Model:
    """A piece of `MODELS` with its usual measures.

    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if kind not in MODELS:
        raise ArgumentError(f'There is no street furniture "{kind}".', remedy=did_you_mean(kind, MODELS))
    return MODELS[kind](rng)


def debris(kind: str, rng: np.random.Generator) -> Model:
    """Something of `DEBRIS`, lying on the ground.

    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if kind not in DEBRIS:
        raise ArgumentError(f'There is no debris "{kind}".', remedy=did_you_mean(kind, DEBRIS))
    return DEBRIS[kind](rng)
