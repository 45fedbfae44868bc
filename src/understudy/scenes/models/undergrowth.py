"""What grows low and in rows: hedges clipped to a length, tufts of grass; and the cards that leaves are made of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.primitives import box
from understudy.scenes.material import Color, Material
from understudy.scenes.models.model import Assembly, Model, Part, model

Floats = NDArray[np.float64]


def hedge(rng: np.random.Generator, length: float, *, height: float = 1.4, width: float = 0.8) -> Model:
    """A clipped hedge along x."""
    part = _hedge(round(length, 1), round(height, 2), round(width, 2))
    return model("hedge", [part], _paint(rng), attributes={"kind": "hedge"})


def _paint(rng: np.random.Generator) -> dict[str, Material]:
    shade = float(rng.uniform(0.85, 1.15))
    light: Color = (0.06 * shade, 0.12 * shade, 0.025 * shade)
    dark: Color = (0.6 * light[0], 0.6 * light[1], 0.6 * light[2])
    bright: Color = (1.5 * light[0], 1.4 * light[1], 1.3 * light[2])
    bands = {"nir": 0.5, "swir": 0.25}
    return {
        "leaves": Material("leaves", light, bright, "leaves", 0.25, 0.5, roughness=0.75, bands=bands),
        "inner": Material("inner leaves", dark, light, "leaves", 0.2, 0.35, roughness=1.0, bands=bands),
    }


@lru_cache(maxsize=64)
def _hedge(length: float, height: float, width: float) -> Part:
    rng = np.random.default_rng(7)
    made = Assembly()
    made.add(box((length, width, height), bevel=0.06).moved(offset=(0, 0, height / 2)), "inner")
    areas = np.array([length * height, length * height, length * width, width * height, width * height])
    count = int(min(3000, 260 * areas.sum()))
    face = rng.choice(5, count, p=areas / areas.sum())
    u, v = rng.uniform(-0.5, 0.5, count), rng.random(count)
    normals = np.array([[0, 1, 0], [0, -1, 0], [0, 0, 1], [1, 0, 0], [-1, 0, 0]], dtype=float)[face]
    side = normals[:, 1]
    places = np.column_stack([u * length, side * width / 2, v * height])
    top, end = face == 2, face > 2
    places[top] = np.column_stack([u[top] * length, (v[top] - 0.5) * width, np.full(top.sum(), height)])
    places[end] = np.column_stack([normals[end, 0] * length / 2, u[end] * width, v[end] * height])
    leaves = cards(places, normals, 0.055, rng)
    vertices = leaves.vertices.copy()
    vertices[:, 2] = np.maximum(vertices[:, 2], 0.0)
    made.add(Mesh(vertices, leaves.faces, leaves.materials, leaves.uv, leaves.normals), "leaves")
    return made.part()


def grass(rng: np.random.Generator, *, height: float = 0.3, width: float = 0.5) -> Model:
    """A tuft of grass: bent blades."""
    count = 60
    angle, away = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.random(count)) * width / 3
    foot = np.column_stack([away * np.cos(angle), away * np.sin(angle), np.zeros(count)])
    out = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(count)])
    left = np.cross([0.0, 0.0, 1.0], out) * 0.006
    tall = height * rng.uniform(0.6, 1.0, count)[:, None]
    middle = foot + out * 0.06 + [0, 0, 0.6] * tall
    tip = foot + out * 0.16 + [0, 0, 1.0] * tall
    corners = np.stack([foot - left, foot + left, middle + left * 0.8, middle - left * 0.8, tip], axis=1)
    start = 5 * np.arange(count, dtype=np.int32)[:, None]
    faces = (start + np.array([0, 1, 2, 0, 2, 3, 3, 2, 4], dtype=np.int32)).reshape(-1, 3)
    normals = np.repeat(out * 0.5 + [0, 0, 0.86], 5, axis=0)
    blades = Mesh(corners.reshape(-1, 3), faces, np.zeros(len(faces), dtype=np.int16), np.zeros((5 * count, 2)), normals)
    made = Assembly()
    made.add(blades, "blades")
    green: Color = (0.09, 0.15, 0.03) if rng.random() < 0.75 else (0.3, 0.26, 0.1)
    paint = {"blades": Material("grass", green, (0.2, 0.22, 0.07), "grass", 0.05, 0.4, roughness=0.9, bands={"nir": 0.45, "swir": 0.25})}
    return model("grass", [made.part()], paint, attributes={"kind": "grass"})


def cards(places: Floats, out: Floats, size: float, rng: np.random.Generator) -> Mesh:
    """Leaves: kites of two triangles at places (N, 3) that look about the way of `out`; normals are mostly `out`, as a crown is lit."""
    count = len(places)
    face = out + 0.55 * rng.normal(size=(count, 3))
    face /= np.linalg.norm(face, axis=1, keepdims=True)
    along = np.cross(face, rng.normal(size=(count, 3)))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(face, along)
    long = (size * rng.uniform(0.7, 1.3, count))[:, None]
    wide = 0.62 * long
    corners = np.stack(
        [
            places - long * along,
            places + wide * across + 0.2 * long * along,
            places + long * along - 0.25 * long * face,
            places - wide * across,
        ],
        axis=1,
    )
    shade = 0.75 * out + 0.25 * face
    shade /= np.linalg.norm(shade, axis=1, keepdims=True)
    start = 4 * np.arange(count, dtype=np.int32)[:, None]
    faces = (start + np.array([0, 2, 1, 0, 3, 2], dtype=np.int32)).reshape(-1, 3)
    flat = corners.reshape(-1, 3)
    return Mesh(flat, faces, np.zeros(len(faces), dtype=np.int16), np.zeros((len(flat), 2)), np.repeat(shade, 4, axis=0))
