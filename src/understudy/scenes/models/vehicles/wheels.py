"""Wheels: a tyre turned on the lathe, a dish, and spokes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from understudy.scenes.geometry.lofts import lathe
from understudy.scenes.geometry.mesh import Mesh, joined
from understudy.scenes.geometry.motion import about_x, about_z
from understudy.scenes.geometry.primitives import box, cylinder
from understudy.scenes.models.joints import Joint
from understudy.scenes.models.model import Assembly, Part, Point


@lru_cache(maxsize=64)
def wheel(radius: float, width: float, spokes: int = 5, rim: float = 0.68) -> Part:
    """A wheel around its hub, its outer face to the left (y). `rim`: radius of the metal as a share; `spokes` 0: a plain disc (lorries)."""
    assembly = Assembly()
    for mesh, role in (
        (_tyre(radius, width, rim), "tyre"),
        (_dish(radius * rim, width), "rim dark"),
        (_spokes(radius * rim, width, spokes), "rim"),
    ):
        assembly.add(mesh.moved(about_x(-np.pi / 2)), role)
    return assembly.part()


def _tyre(radius: float, width: float, rim: float) -> Mesh:
    half, inner = width / 2, radius * rim
    profile = [
        (0.0, -0.8 * half),
        (inner, -0.9 * half),
        (0.9 * radius, -half),
        (0.97 * radius, -0.9 * half),
        (radius, -0.7 * half),
        (radius, 0.7 * half),
        (0.97 * radius, 0.9 * half),
        (0.9 * radius, half),
        (inner + 0.02, 0.97 * half),
        (inner, 0.86 * half),
        (inner * 0.97, 0.2 * half),
        (0.0, 0.15 * half),
    ]
    return lathe(profile, 22, crease=0.7)


def _dish(inner: float, width: float) -> Mesh:
    half = width / 2
    return lathe([(inner * 0.99, 0.25 * half), (inner * 0.45, 0.22 * half), (0.0, 0.25 * half)], 20)


def _spokes(inner: float, width: float, count: int) -> Mesh:
    half = width / 2
    ring = lathe([(inner * 1.0, 0.5 * half), (inner * 1.02, 0.9 * half), (inner * 0.93, 0.92 * half), (inner * 0.92, 0.4 * half)], 22)
    if not count:
        disc = lathe(
            [
                (inner * 0.95, 0.75 * half),
                (inner * 0.75, 0.3 * half),
                (inner * 0.5, 0.3 * half),
                (inner * 0.4, 1.1 * half),
                (0.0, 1.15 * half),
            ],
            20,
        )
        return joined([ring, disc])
    hub = cylinder(inner * 0.22, 0.5 * half, 10, bevel=0.01).moved(offset=(0, 0, 0.3 * half))
    spoke = box((inner * 0.76, inner * min(0.3, 1.15 / count), 0.28 * half)).moved(offset=(inner * 0.56, 0, 0.62 * half))
    return joined([ring, hub, *(spoke.moved(about_z(2 * np.pi * number / count)) for number in range(count))])


def wheels(
    axle_x: tuple[float, ...], track: float, radius: float, width: float, spokes: int, *, steered: int = 1, rim: float = 0.68
) -> list[Part]:
    """The wheels of a vehicle's axles from front to rear; the first `steered` axles steer. track: m between the wheels' middles."""
    part = wheel(round(radius, 3), round(width, 3), spokes, rim)
    turned = part.mesh.moved(about_z(np.pi))
    made = []
    for number, x in enumerate(axle_x):
        joint = Joint("steered" if number < steered else "wheel", radius=radius)
        places: tuple[Point, Point] = ((x, track / 2, radius), (x, -track / 2, radius))
        made += [Part(mesh, part.roles, place, joint) for mesh, place in zip((part.mesh, turned), places, strict=True)]
    return made
