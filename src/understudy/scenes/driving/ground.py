"""A road network as bodies: asphalt, kerbs, sidewalks, paint, and the land around."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.driving.categories import IDS
from understudy.scenes.geometry.mesh import Mesh, joined, mesh
from understudy.scenes.geometry.motion import Motion, still
from understudy.scenes.material import Color, Material
from understudy.scenes.roads.network import RoadNetwork
from understudy.scenes.roads.paint import paint
from understudy.scenes.roads.surfaces import Surface, lane_surfaces
from understudy.scenes.scene import Body, Link

Floats = NDArray[np.float64]
KINDS = {
    "sidewalk": "sidewalk", "curb": "kerb", "curb side": "kerb", "parking": "parking", "paint": "lane marking", "median": "terrain",
    "island": "terrain", "none": "terrain", "border": "terrain", "biking": "road",
}  # fmt: skip
PAINTS: dict[str, Color] = {
    "white": (0.62, 0.62, 0.6), "standard": (0.62, 0.62, 0.6), "yellow": (0.62, 0.45, 0.06), "red": (0.4, 0.06, 0.05),
    "blue": (0.05, 0.15, 0.4),
    "green": (0.06, 0.3, 0.1), "orange": (0.6, 0.25, 0.03),
}  # fmt: skip
LAND = 900.0
"""m to each side of the network that the land reaches."""
SINK = 0.06
"""m that it lies under the road, growing away from it."""


def ground_bodies(network: RoadNetwork, rng: np.random.Generator, motion: Motion | None = None, *, land: str = "grass") -> tuple[Body, ...]:
    """Everything flat.

    Args:
        network: the roads.
        rng: for the asphalt's age and the land's colour.
        motion: moves all of it; None: as the network lies.
        land: "grass", "field" or "soil".
    """
    place = motion or still()
    groups: dict[tuple[str, str], list[Surface]] = defaultdict(list)
    for surface in [*lane_surfaces(network), *paint(network)]:
        groups[KINDS.get(surface.kind, "road"), surface.color if surface.kind == "paint" else surface.kind].append(surface)
    worn = float(rng.uniform(0, 1))
    bodies, corners = [], []
    for (category, look), surfaces in sorted(groups.items()):
        material = _material(category, look, worn)
        made = joined([mesh(surface.vertices, surface.faces) for surface in surfaces])
        bodies.append(_stuff(f"ground/{category}/{look}", category, made, material, place))
        corners += [*made.bounds]
    low, high = np.min(corners, axis=0)[:2], np.max(corners, axis=0)[:2]
    bodies.append(_stuff("ground/land", "terrain", _land(low, high, rng), _soil(land, rng), place))
    return tuple(bodies)


def _stuff(name: str, category: str, shape: Mesh, material: Material, motion: Motion) -> Body:
    low, high = shape.bounds
    size, middle = high - low, (low + high) / 2
    return Body(
        name, IDS[category], 0, (Link(shape, motion, (material,)),), (float(size[0]), float(size[1]), float(size[2])),
        (float(middle[0]), float(middle[1]), float(middle[2])),
    )  # fmt: skip


def _material(category: str, look: str, worn: float) -> Material:
    grey = 0.06 + 0.08 * worn
    if category == "lane marking":
        color = PAINTS.get(look, PAINTS["white"])
        return Material("road paint", color, _scaled(color, 0.55), "noise", 0.25, 0.25 + 0.35 * worn, roughness=0.7, retroreflection=0.15)
    if category == "sidewalk":
        return Material("paving", (0.32, 0.31, 0.29), (0.2, 0.195, 0.185), "tiles", 0.4, 0.55, roughness=0.9)
    if category == "kerb":
        return Material("kerb stone", (0.36, 0.355, 0.34), (0.25, 0.245, 0.235), "concrete", 0.3, 0.5, roughness=0.85)
    if category == "terrain":
        return Material("grass", (0.09, 0.14, 0.035), (0.15, 0.16, 0.06), "grass", 0.3, 0.7, roughness=1.0, bands={"nir": 0.45})
    if look == "parking":
        return Material("paving", (0.17, 0.165, 0.16), (0.1, 0.1, 0.098), "tiles", 0.2, 0.5, roughness=0.9)
    if look == "biking":
        return Material("red asphalt", (0.25, 0.09, 0.07), (0.18, 0.07, 0.055), "asphalt", 0.02, 0.4, roughness=0.9)
    color = (grey, grey, grey * 1.02)
    return Material("asphalt", color, _scaled(color, 0.6), "asphalt", 0.02, 0.5, roughness=0.85)


def _soil(land: str, rng: np.random.Generator) -> Material:
    dry = float(rng.uniform(0, 1))
    green = (0.075 + 0.08 * dry, 0.13 + 0.03 * dry, 0.03 + 0.02 * dry)
    if land == "soil":
        return Material("soil", (0.16, 0.11, 0.07), (0.1, 0.07, 0.045), "soil", 0.5, 0.7, roughness=1.0)
    if land == "field":
        return Material("field", (0.22, 0.18, 0.07), green, "field", 0.6, 0.7, roughness=1.0, bands={"nir": 0.35})
    return Material("grass", green, (0.16, 0.15, 0.06), "grass", 0.4, 0.7, roughness=1.0, bands={"nir": 0.45})


def _land(low: Floats, high: Floats, rng: np.random.Generator) -> Mesh:
    """A sheet under the roads that rises into low hills far away."""
    middle, half = (low + high) / 2, (high - low) / 2
    steps = np.concatenate([[-1.0, -0.6, -0.35, -0.2, -0.1, -0.04, 0.0]]) * LAND
    xs = np.concatenate([low[0] + steps, np.linspace(low[0], high[0], 9)[1:-1], high[0] - steps[::-1]])
    ys = np.concatenate([low[1] + steps, np.linspace(low[1], high[1], 5)[1:-1], high[1] - steps[::-1]])
    x, y = np.meshgrid(xs, ys, indexing="ij")
    beyond = np.hypot(np.maximum(np.abs(x - middle[0]) - half[0] - 60, 0), np.maximum(np.abs(y - middle[1]) - half[1] - 60, 0))
    phases = rng.uniform(0, 2 * np.pi, 4)
    waves = np.sin(x / 170 + phases[0]) * np.cos(y / 210 + phases[1]) + 0.5 * np.sin(x / 77 + phases[2]) * np.cos(y / 93 + phases[3])
    rise = (beyond / LAND) ** 1.5 * 28 * (1.2 + waves)
    z = -SINK + rise
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    columns = len(ys)
    corner = (np.arange(len(xs) - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + columns, corner + columns + 1], axis=1), np.stack([corner, corner + columns + 1, corner + 1], axis=1)]
    )
    return mesh(points, faces, smooth=True)


def _scaled(color: Iterable[float], factor: float) -> Color:
    red, green, blue = (part * factor for part in color)
    return red, green, blue
