"""Where goods stand: a turntable, a table, a shelf, with the room around them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from understudy.scenes.geometry.curves import smoothstep
from understudy.scenes.geometry.lofts import grid
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.motion import still
from understudy.scenes.geometry.primitives import box, cylinder
from understudy.scenes.material import Color, Material
from understudy.scenes.scene import Body, Link

SHELF_WIDTH, SHELF_DEPTH, BOARD = 1.5, 0.36, 0.022
BOARDS = (0.0, 0.36, 0.72)
"""Heights of a shelf's boards."""


@lru_cache(maxsize=1)
def sweep_mesh() -> Mesh:
    """A backdrop that bends up behind the goods without an edge; it faces along x."""
    along = np.linspace(0, 1, 40)
    x = np.interp(along, [0, 0.5, 0.75, 1], [4.0, -0.6, -1.35, -1.4])
    z = 3.0 * smoothstep((along - 0.5) / 0.5) ** 1.5 - 0.001
    y = np.linspace(-4, 4, 2)
    return grid(
        np.stack([np.broadcast_to(x[:, None], (40, 2)), np.broadcast_to(y, (40, 2)), np.broadcast_to(z[:, None], (40, 2))], axis=-1)
    )


def stuff(name: str, category: int, mesh: Mesh, material: Material, place: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Body:
    low, high = mesh.bounds
    size, middle = high - low, (high + low) / 2
    return Body(
        name,
        category,
        0,
        (Link(mesh, still(place), (material,)),),
        (float(size[0]), float(size[1]), float(size[2])),
        (float(middle[0]), float(middle[1]), float(middle[2])),
    )


def studio(category: int, color: Color) -> list[Body]:
    return [stuff("room/backdrop", category, sweep_mesh(), Material("paper backdrop", color, roughness=1.0, specular=0.02))]


def home(table: int, wall: int, rng: np.random.Generator) -> list[Body]:
    """A table against a wall, with a skirting of tiles or plaster."""
    woods: tuple[tuple[Color, Color], ...] = (
        ((0.36, 0.22, 0.11), (0.26, 0.15, 0.07)),
        ((0.55, 0.4, 0.24), (0.45, 0.32, 0.18)),
        ((0.14, 0.085, 0.05), (0.1, 0.06, 0.035)),
        ((0.62, 0.6, 0.56), (0.5, 0.48, 0.45)),
    )
    walls: tuple[Color, ...] = ((0.66, 0.64, 0.59), (0.55, 0.6, 0.6), (0.6, 0.53, 0.42), (0.45, 0.5, 0.43))
    light, dark = woods[int(rng.integers(len(woods)))]
    paint = walls[int(rng.integers(len(walls)))]
    shade: Color = (paint[0] * 0.9, paint[1] * 0.9, paint[2] * 0.9)
    tiles = rng.random() < 0.35
    top = Material("wooden table", light, dark, "wood", 0.08, 0.6, roughness=0.45, clearcoat=0.15)
    back = Material("wall", paint, shade, "tiles" if tiles else "plaster", 0.15, 0.4, roughness=0.35 if tiles else 0.95)
    return [
        stuff("room/table", table, box((2.0, 3.2, 0.04), bevel=0.004), top, (0.25, 0.0, -0.02)),
        stuff("room/wall", wall, box((0.1, 8.0, 5.0)), back, (-0.82, 0.0, 0.8)),
    ]


def disc(category: int, radius: float) -> Body:
    """A turntable's plate."""
    return stuff("turntable", category, cylinder(radius, 0.012, 48, bevel=0.002), Material("turntable", (0.55, 0.55, 0.55), roughness=0.4))


def shelf(category: int, rng: np.random.Generator) -> list[Body]:
    """Boards, sides and back; goods stand on boards whose tops are at `BOARDS`."""
    tones: tuple[Color, ...] = ((0.7, 0.7, 0.69), (0.2, 0.2, 0.21), (0.45, 0.32, 0.19))
    tone = tones[int(rng.integers(len(tones)))]
    board = Material("shelf", tone, roughness=0.5)
    made = [
        stuff(f"shelf/board/{number}", category, box((SHELF_DEPTH, SHELF_WIDTH, BOARD), bevel=0.002), board, (0.0, 0.0, z - BOARD / 2))
        for number, z in enumerate((*BOARDS, BOARDS[-1] + 0.38))
    ]
    tall = BOARDS[-1] + 0.42
    for number, y in enumerate((SHELF_WIDTH / 2 + 0.012, -SHELF_WIDTH / 2 - 0.012)):
        made.append(
            stuff(f"shelf/side/{number}", category, box((SHELF_DEPTH + 0.02, 0.02, tall), bevel=0.002), board, (0.0, y, tall / 2 - 0.03))
        )
    made.append(stuff("shelf/back", category, box((0.01, SHELF_WIDTH, tall)), board, (-SHELF_DEPTH / 2 - 0.005, 0.0, tall / 2 - 0.03)))
    return made
