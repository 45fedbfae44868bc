"""Trees and bushes: trunks that fork, crowns of many small leaves whose light is that of the whole crown."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.geometry.mesh import Mesh, joined, mesh
from understudy.scenes.material import Color, Material
from understudy.scenes.models.model import Assembly, Model, model

Floats = NDArray[np.float64]


class Habit(NamedTuple):
    """How a kind grows: height (m, least and greatest), trunk's share of it, crown's width to height, leaves' size (m) and number,
    shape."""

    height: tuple[float, float]
    trunk: float
    spread: float
    leaf: float
    leaves: int
    shape: str
    greens: tuple[Color, Color]


GREEN, DARK, PALE = (
    ((0.06, 0.115, 0.025), (0.11, 0.17, 0.04)),
    ((0.025, 0.06, 0.02), (0.05, 0.09, 0.03)),
    ((0.1, 0.15, 0.04), (0.17, 0.21, 0.06)),
)
HABITS: dict[str, Habit] = {
    "linden": Habit((8.0, 14.0), 0.24, 0.72, 0.42, 1500, "egg", GREEN),
    "maple": Habit((7.0, 12.0), 0.22, 0.9, 0.45, 1500, "ball", PALE),
    "plane": Habit((9.0, 16.0), 0.3, 0.8, 0.5, 1600, "ball", GREEN),
    "birch": Habit((8.0, 14.0), 0.2, 0.45, 0.32, 1300, "egg", PALE),
    "poplar": Habit((12.0, 20.0), 0.1, 0.2, 0.4, 1300, "column", GREEN),
    "spruce": Habit((9.0, 18.0), 0.08, 0.36, 0.45, 1700, "cone", DARK),
    "pine": Habit((9.0, 15.0), 0.5, 0.7, 0.42, 1100, "flat", DARK),
    "young": Habit((3.5, 5.5), 0.4, 0.6, 0.26, 500, "ball", PALE),
    "bush": Habit((0.9, 2.2), 0.0, 1.2, 0.2, 420, "ball", GREEN),
    "hedge": Habit((1.2, 1.8), 0.0, 2.2, 0.18, 700, "block", DARK),
}
SHAPES_OF_A_KIND = 4
"""Different shapes of each kind; trees of one shape share their mesh."""


def tree(kind: str, rng: np.random.Generator, *, autumn: float = 0.0, bare: bool = False) -> Model:
    """A tree or bush.

    Args:
        kind: one of `HABITS`.
        rng: chooses one of a few shapes, and the colours.
        autumn: 0 (green) .. 1 (yellow and red). bare: without leaves; spruces and pines keep their needles.

    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if kind not in HABITS:
        raise ArgumentError(f'There is no tree "{kind}".', remedy=did_you_mean(kind, HABITS))
    habit = HABITS[kind]
    leafless = bare and kind not in ("spruce", "pine")
    part = _shape(kind, int(rng.integers(SHAPES_OF_A_KIND)), leafless)
    first, second = (_turned(color, autumn if kind not in ("spruce", "pine") else 0.0, rng) for color in habit.greens)
    bark: Color = (0.5, 0.49, 0.46) if kind == "birch" else (0.11, 0.08, 0.055)
    palette = {
        "bark": Material("bark", bark, (0.05, 0.04, 0.03), "bark", 0.12, 0.6, roughness=1.0, specular=0.02),
        "leaves": Material("leaves", first, second, "leaves", 0.3, 0.7, roughness=0.8, specular=0.02, bands={"nir": 0.5}),
    }
    return model(kind, (part,), {role: palette[role] for role in part.roles}, attributes={"kind": kind})


@lru_cache(maxsize=128)
def _shape(kind: str, number: int, bare: bool):  # type: ignore[no-untyped-def]
    habit, rng = HABITS[kind], np.random.default_rng([sum(kind.encode()), number])
    height = float(rng.uniform(*habit.height))
    start = habit.trunk * height
    made = Assembly()
    wood = _wood(habit, height, start, rng, bare)
    if len(wood.faces):
        made.add(wood, "bark")
    if not bare:
        made.add(_crown(habit, height, start, rng), "leaves")
    return made.part()


def _wood(habit: Habit, height: float, start: float, rng: np.random.Generator, bare: bool) -> Mesh:
    """A trunk, and boughs that leave it."""
    if habit.trunk == 0.0:
        return mesh(np.zeros((0, 3)), np.zeros((0, 3)))
    thick = 0.018 * height + 0.03
    top = np.array([*rng.normal(0, 0.015 * height, 2), height * (0.95 if habit.shape in ("cone", "column") else 0.7)])
    boughs = [_limb(np.zeros(3), top, thick, 0.25 * thick, rng)]
    count = int(rng.integers(9, 14)) if bare else int(rng.integers(5, 8))
    for share in np.linspace(0.0, 0.85, count):
        base = top * (start / top[2] + share * (1 - start / top[2]))
        angle, reach = rng.uniform(0, 2 * np.pi), habit.spread * (height - start) * 0.42 * (1 - 0.5 * share)
        tip = base + np.array([np.cos(angle) * reach, np.sin(angle) * reach, reach * rng.uniform(0.25, 0.8)])
        boughs.append(_limb(base, tip, 0.45 * thick * (1 - 0.6 * share), 0.02, rng))
        for _ in range(3 if bare else 0):
            fork = base + (tip - base) * rng.uniform(0.4, 0.9)
            boughs.append(_limb(fork, fork + rng.normal(0, 0.35 * reach, 3) + [0, 0, 0.25 * reach], 0.02, 0.006, rng))
    return joined(boughs)


def _limb(start: Floats, end: Floats, thick: float, thin: float, rng: np.random.Generator) -> Mesh:
    """A tapering tube of six sides, slightly bent."""
    steps, sides = 4, 6
    share = np.linspace(0, 1, steps)[:, None]
    line = start + share * (end - start) + np.sin(share * np.pi) * rng.normal(0, 0.03, 3) * np.linalg.norm(end - start)
    ahead = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    aside = np.cross(ahead, [1.0, 0.0, 0.0] if abs(ahead[0]) < 0.9 else [0.0, 1.0, 0.0])
    aside = aside / np.linalg.norm(aside)
    angle = np.arange(sides) / sides * 2 * np.pi
    around = np.cos(angle)[:, None] * aside + np.sin(angle)[:, None] * np.cross(ahead, aside)
    radius = thick + share * (thin - thick)
    points = (line[:, None, :] + radius[:, None, :] * around[None]).reshape(-1, 3)
    ring, side = np.divmod(np.arange((steps - 1) * sides), sides)
    a, b = ring * sides + side, ring * sides + (side + 1) % sides
    faces = np.concatenate([np.stack([a, b, b + sides], axis=1), np.stack([a, b + sides, a + sides], axis=1)])
    return mesh(points, faces, smooth=True)


def _crown(habit: Habit, height: float, start: float, rng: np.random.Generator) -> Mesh:
    """Leaves in clumps, dense at the crown's outside; each leaf is a kite whose normals are those of its clump and of the crown."""
    tall = height - start
    wide = habit.spread * tall / 2
    middle = np.array([0.0, 0.0, start + tall / 2])
    clumps = _clumps(habit.shape, 26, rng) * [wide, wide, tall / 2] * 0.8 + middle
    reach = 0.3 * wide + 0.12 * tall / 2
    owner = rng.integers(0, len(clumps), habit.leaves)
    away = rng.normal(0, 1, (habit.leaves, 3))
    away = away / np.linalg.norm(away, axis=1, keepdims=True)
    places = clumps[owner] + away * (reach * rng.uniform(0.35, 1.0, (habit.leaves, 1)) ** 0.6) * [1, 1, 0.8]
    places[:, 2] = np.maximum(places[:, 2], 0.03)
    outward = (places - middle) / [wide, wide, tall / 2] + 0.7 * away + [0, 0, 0.25]
    outward = outward / np.linalg.norm(outward, axis=1, keepdims=True)
    return _kites(places, outward, habit.leaf * rng.uniform(0.6, 1.25, habit.leaves), rng)


def _clumps(shape: str, count: int, rng: np.random.Generator) -> Floats:
    """(count, 3) places in a crown of half extent 1 of this shape."""
    height = np.linspace(-0.9, 0.95, count) + rng.normal(0, 0.05, count)
    angle = np.arange(count) * 2.39996 + rng.normal(0, 0.3, count)
    width = {
        "ball": np.sqrt(np.clip(1 - height**2, 0.02, 1)),
        "egg": np.sqrt(np.clip(1 - height**2, 0.02, 1)) * (1 - 0.3 * height),
        "column": np.clip(1 - height**4, 0.1, 1),
        "cone": np.clip((1 - height) / 2, 0.02, 1) * 1.15,
        "flat": np.clip(1 - (height * 0.8) ** 2, 0.2, 1),
        "block": np.ones(count),
    }[shape]
    inside = width * np.sqrt(rng.uniform(0.25, 1, count))
    if shape == "block":
        return np.stack([rng.uniform(-1, 1, count), rng.uniform(-0.35, 0.35, count), height * 0.8], axis=1)
    return np.stack([inside * np.cos(angle), inside * np.sin(angle), height], axis=1)


def _kites(places: Floats, outward: Floats, sizes: Floats, rng: np.random.Generator) -> Mesh:
    """Two triangles for each leaf, tilted at random about its outward direction."""
    facing = outward + rng.normal(0, 0.55, places.shape)
    facing = facing / np.linalg.norm(facing, axis=1, keepdims=True)
    along = np.cross(facing, rng.normal(0, 1, places.shape))
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    aside = np.cross(facing, along)
    half = sizes[:, None] / 2
    corners = np.stack([places - along * half, places + aside * half * 0.75, places + along * half, places - aside * half * 0.75], axis=1)
    first = np.arange(len(places)) * 4
    faces = np.concatenate([np.stack([first, first + 1, first + 2], axis=1), np.stack([first, first + 2, first + 3], axis=1)])
    shape = mesh(corners.reshape(-1, 3), faces)
    return Mesh(shape.vertices, shape.faces, shape.materials, shape.uv, np.repeat(outward, 4, axis=0))


def _turned(color: Color, autumn: float, rng: np.random.Generator) -> Color:
    """A green, a little different on each tree, on its way to autumn."""
    late = np.array([[0.36, 0.22, 0.03], [0.3, 0.1, 0.03], [0.22, 0.17, 0.05]])[int(rng.integers(3))]
    share = float(np.clip(autumn + rng.normal(0, 0.15) * (autumn > 0), 0, 1))
    red, green, blue = (float(part) for part in (np.array(color) * rng.uniform(0.8, 1.2)) * (1 - share) + late * share)
    return red, green, blue
