"""What the surface is like where a ray met it: colour, gloss, direction, light of its own."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.material import Color, Material
from understudy.scenes.raycast.packed import Packed
from understudy.scenes.raycast.patterns import GRASS, LEAVES, NUMBER, SNOW, WATER, WINDOWS, dent, fade, fractal, grain, noise, pattern_at
from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

# Columns of what `surfaces` gives: colour 0:3, roughness 3, metallic 4, reflectance straight on 5, clearcoat 6, light of its own 7:10,
# retroreflection 10, normal 11:14, glass 14, temperature 15, wetness 16, footprint 17 (0: nothing was met), the face's normal 18:21,
# translucency 21.
NORMAL, TEMPERATURE, FOOTPRINT = 11, 15, 17
# Columns of the table of materials: colour 0:3, second 3:6, pattern 6, scale 7, contrast 8, roughness 9, metallic 10, specular 11,
# clearcoat 12, opacity 13, emission 14:17, retroreflection 17, temperature 18, print 19, patterned by place in the world 20, ground 21,
# shift 22:25.
M_WIDTH = 25


@dataclass(frozen=True)
class Surfaces:
    """All materials of a scene as numbers.

    Attributes:
        table: (K, M_WIDTH). first: (L,) row of each link's first material.
        pixels: all prints and their smaller copies, linear RGBA one after another. prints: (P, LEVELS, 3): start, height, width.
    """

    table: Floats
    first: NDArray[np.int64]
    pixels: Singles
    prints: NDArray[np.int64]


LEVELS = 8


def surfaces_of(scene: Scene, colors: Callable[[Material], tuple[Color, Color]] | None = None) -> Surfaces:
    """The materials of all links. colors: another colour and second colour of each, for bands that eyes do not see."""
    rows: list[list[float]] = []
    first: list[int] = []
    numbers: dict[int, int] = {}
    prints: list[NDArray[np.uint8]] = []
    for body_number, _, link in scene.links():
        body = scene.bodies[body_number]
        first.append(len(rows))
        chance = zlib.crc32(body.name.encode())
        shift = [float((chance >> bits) & 1023) * 0.37 for bits in (0, 10, 20)]
        in_world = float(body.track == 0 and not link.motion.moves)
        on_ground = float(body.category == scene.ground and scene.ground != 0)
        for material in link.materials:
            color, second = (material.color, material.second) if colors is None else colors(material)
            number = -1
            if material.print is not None and colors is None:
                number = numbers.setdefault(id(material.print), len(prints))
                if number == len(prints):
                    prints.append(material.print.image)
            rows.append([
                *color, *second, NUMBER[material.pattern], max(material.scale, 1e-4), material.contrast, material.roughness,
                material.metallic, material.specular, material.clearcoat, material.opacity, *material.emission, material.retroreflection,
                material.temperature, number, in_world, on_ground, *([0.0] * 3 if in_world else shift),
            ])  # fmt: skip
    pixels, places = _pyramids(prints)
    return Surfaces(np.array(rows, dtype=np.float64).reshape(-1, M_WIDTH), np.array(first, dtype=np.int64), pixels, places)


def _pyramids(prints: Sequence[NDArray[np.uint8]]) -> tuple[Singles, NDArray[np.int64]]:
    """Prints as linear light, each with smaller copies of half the size, for looking at it from afar."""
    parts: list[Singles] = []
    places = np.zeros((len(prints), LEVELS, 3), dtype=np.int64)
    start = 0
    for number, image in enumerate(prints):
        level = _linear(image)
        for step in range(LEVELS):
            places[number, step] = start, *level.shape[:2]
            parts.append(level.ravel())
            start += level.size
            level = _halved(level)
    pixels: Singles = np.concatenate(parts) if parts else np.zeros(4, np.float32)
    return pixels, places


def _linear(image: NDArray[np.uint8]) -> Singles:
    shares = image.astype(np.float32) / 255
    rgb = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    alpha = shares[..., 3:] if image.shape[2] == 4 else np.ones((*image.shape[:2], 1), np.float32)
    return np.concatenate([rgb[..., :3], alpha], axis=2).astype(np.float32)


def _halved(level: Singles) -> Singles:
    if level.shape[0] > 1:
        even = level.shape[0] // 2 * 2
        level = (level[0:even:2] + level[1:even:2]) * np.float32(0.5)
    if level.shape[1] > 1:
        even = level.shape[1] // 2 * 2
        level = (level[:, 0:even:2] + level[:, 1:even:2]) * np.float32(0.5)
    return np.ascontiguousarray(level)


def looked_at(
    made: Surfaces, data: Packed, link: NDArray[np.int32], face: NDArray[np.int32], u: Singles, v: Singles, directions: Floats,
    distance: Floats, spread: float, parallel: bool, poses: Floats, wetness: float, snow: float,
) -> tuple[Singles, Floats]:  # fmt: skip
    """(N, 22) of what N rays met and (N, 3) where that is in the world when links are at `poses`. spread: m a pixel, at distance 1
    (or anywhere, where rays are parallel)."""
    found: tuple[Singles, Floats] = surfaces(
        link, face, u, v, directions, distance, spread, parallel, poses, wetness, snow, data.vertices, data.faces, data.first_face, data.uv,
        data.normals, data.materials, made.table, made.first, made.pixels, made.prints,
    )  # fmt: skip
    return found


@numba.njit(cache=True, error_model="numpy")
def print_at(pixels, prints, number, u, v, footprint, out):  # type: ignore[no-untyped-def]
    """Colour and alpha of a print, between pixels and between its copies. footprint: in pixels of the largest."""
    level = min(max(np.log2(max(footprint, 1.0)), 0.0), 7.0 - 1e-6)
    low = int(level)
    part = level - low
    out[:] = 0.0
    for step in range(2):
        start, height, width = prints[number, low + step, 0], prints[number, low + step, 1], prints[number, low + step, 2]
        weight = part if step else 1 - part
        x, y = min(max(u * width - 0.5, 0.0), width - 1.0), min(max((1 - v) * height - 0.5, 0.0), height - 1.0)
        i, j = int(x), int(y)
        a, b = x - i, y - j
        i1, j1 = min(i + 1, width - 1), min(j + 1, height - 1)
        for c in range(4):
            top = pixels[start + (j * width + i) * 4 + c] * (1 - a) + pixels[start + (j * width + i1) * 4 + c] * a
            bottom = pixels[start + (j1 * width + i) * 4 + c] * (1 - a) + pixels[start + (j1 * width + i1) * 4 + c] * a
            out[c] += weight * (top * (1 - b) + bottom * b)


@numba.njit(cache=True, error_model="numpy")
def surfaces(  # type: ignore[no-untyped-def]  # noqa: C901
    link, face, u, v, directions, distance, spread, parallel, poses, wetness, snow, vertices, faces, first_face, uv, normals, of_face,
    table, first_material, pixels, prints,
):  # fmt: skip
    count = link.shape[0]
    made, places = np.zeros((count, 22), np.float32), np.zeros((count, 3))
    ink = np.zeros(4)
    for n in range(count):
        number = link[n]
        if number < 0:
            continue
        triangle = first_face[number] + face[n]
        ia, ib, ic = faces[triangle, 0], faces[triangle, 1], faces[triangle, 2]
        wb, wc = np.float64(u[n]), np.float64(v[n])
        wa = 1 - wb - wc
        lx = wa * vertices[ia, 0] + wb * vertices[ib, 0] + wc * vertices[ic, 0]
        ly = wa * vertices[ia, 1] + wb * vertices[ib, 1] + wc * vertices[ic, 1]
        lz = wa * vertices[ia, 2] + wb * vertices[ib, 2] + wc * vertices[ic, 2]
        for i in range(3):
            places[n, i] = poses[number, i, 0] * lx + poses[number, i, 1] * ly + poses[number, i, 2] * lz + poses[number, i, 3]
        ex, ey, ez = vertices[ib, 0] - vertices[ia, 0], vertices[ib, 1] - vertices[ia, 1], vertices[ib, 2] - vertices[ia, 2]
        gx, gy, gz = vertices[ic, 0] - vertices[ia, 0], vertices[ic, 1] - vertices[ia, 1], vertices[ic, 2] - vertices[ia, 2]
        fx, fy, fz = ey * gz - ez * gy, ez * gx - ex * gz, ex * gy - ey * gx
        area = max(np.sqrt(fx * fx + fy * fy + fz * fz), 1e-20)
        fx, fy, fz = fx / area, fy / area, fz / area
        nx = wa * normals[ia, 0] + wb * normals[ib, 0] + wc * normals[ic, 0]
        ny = wa * normals[ia, 1] + wb * normals[ib, 1] + wc * normals[ic, 1]
        nz = wa * normals[ia, 2] + wb * normals[ib, 2] + wc * normals[ic, 2]
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        if length < 1e-6:
            nx, ny, nz = fx, fy, fz
        else:
            nx, ny, nz = nx / length, ny / length, nz / length
        dx, dy, dz = directions[n, 0], directions[n, 1], directions[n, 2]
        wfx = poses[number, 0, 0] * fx + poses[number, 0, 1] * fy + poses[number, 0, 2] * fz
        wfy = poses[number, 1, 0] * fx + poses[number, 1, 1] * fy + poses[number, 1, 2] * fz
        wfz = poses[number, 2, 0] * fx + poses[number, 2, 1] * fy + poses[number, 2, 2] * fz
        facing = -(dx * wfx + dy * wfy + dz * wfz)
        side = 1.0 if facing >= 0 else -1.0
        wx = side * (poses[number, 0, 0] * nx + poses[number, 0, 1] * ny + poses[number, 0, 2] * nz)
        wy = side * (poses[number, 1, 0] * nx + poses[number, 1, 1] * ny + poses[number, 1, 2] * nz)
        wz = side * (poses[number, 2, 0] * nx + poses[number, 2, 1] * ny + poses[number, 2, 2] * nz)
        wfx, wfy, wfz = side * wfx, side * wfy, side * wfz
        slant = max(abs(facing), 0.04)
        footprint = (spread if parallel else spread * distance[n]) / np.sqrt(slant)

        k = first_material[number] + of_face[triangle]
        kind = int(table[k, 6])
        px, py, pz = lx, ly, lz
        ax, ay, az = nx, ny, nz
        if table[k, 20] > 0:
            px, py, pz = places[n, 0], places[n, 1], places[n, 2]
            ax, ay, az = wx, wy, wz
        if kind == WINDOWS:
            ax, ay, az = (wfx, wfy, wfz) if table[k, 20] > 0 else (fx, fy, fz)
        share, bright, rough, dents, glass = pattern_at(
            kind, px + table[k, 22], py + table[k, 23], pz + table[k, 24], ax, ay, az, table[k, 7], footprint
        )
        contrast = table[k, 8]
        share *= contrast
        bright = 1 + (bright - 1) * min(2 * contrast, 1.0)
        r, g, b = (
            (table[k, 0] * (1 - share) + table[k, 3] * share) * bright,
            (table[k, 1] * (1 - share) + table[k, 4] * share) * bright,
            (table[k, 2] * (1 - share) + table[k, 5] * share) * bright,
        )
        roughness, f0, metal, coat = min(max(table[k, 9] + rough, 0.02), 1.0), table[k, 11], table[k, 10], table[k, 12]
        transparent = 1 - table[k, 13]
        glow_r, glow_g, glow_b = (table[k, 14], table[k, 15], table[k, 16]) if kind != WINDOWS else (0.0, 0.0, 0.0)
        if kind == WINDOWS and glass > 0:
            pane_x, pane_y = (py * ax - px * ay) / table[k, 7], pz / table[k, 7] / 1.05
            pane = noise(np.floor(pane_x) * 1.7 + table[k, 22], np.floor(pane_y) * 1.3, 0.5)
            depth = 0.25 + 0.6 * pane
            curtain = 1.0 if pane > 0.72 else 0.35
            r = r * (1 - glass) + glass * table[k, 3] * depth * curtain
            g = g * (1 - glass) + glass * table[k, 4] * depth * curtain
            b = b * (1 - glass) + glass * table[k, 5] * depth * curtain
            roughness = roughness * (1 - glass) + 0.03 * glass
            f0 = f0 * (1 - glass) + 0.06 * glass
            lit = glass if pane > 0.62 else 0.0
            glow_r, glow_g, glow_b = table[k, 14] * lit, table[k, 15] * lit * 0.8, table[k, 16] * lit * 0.55
            dents = 0.0 if glass > 0.5 else dents
        if table[k, 19] >= 0:
            ua = uv[ib, 0] - uv[ia, 0], uv[ib, 1] - uv[ia, 1]
            ub = uv[ic, 0] - uv[ia, 0], uv[ic, 1] - uv[ia, 1]
            density = np.sqrt(abs(ua[0] * ub[1] - ua[1] * ub[0]) / area)
            size = np.sqrt(np.float64(prints[int(table[k, 19]), 0, 1] * prints[int(table[k, 19]), 0, 2]))
            s = wa * uv[ia, 0] + wb * uv[ib, 0] + wc * uv[ic, 0]
            t = wa * uv[ia, 1] + wb * uv[ib, 1] + wc * uv[ic, 1]
            print_at(pixels, prints, int(table[k, 19]), s, t, footprint * density * size, ink)
            r, g, b = r * (1 - ink[3]) + ink[0] * ink[3], g * (1 - ink[3]) + ink[1] * ink[3], b * (1 - ink[3]) + ink[2] * ink[3]
            glow_r, glow_g, glow_b = (
                glow_r * (1 - ink[3] * (1 - ink[0])),
                glow_g * (1 - ink[3] * (1 - ink[1])),
                glow_b * (1 - ink[3] * (1 - ink[2])),
            )
        wet = 0.0
        x, y, z = places[n, 0], places[n, 1], places[n, 2]
        if wetness > 0 and wfz > 0.5 and kind != WATER:
            wet = wetness * (1.0 if table[k, 21] > 0 else 0.5)
            porous = min(max((roughness - 0.4) * 2.5, 0.0), 1.0)
            darker = 1 - 0.5 * wet * porous
            r, g, b = r * darker, g * darker, b * darker
            pool = 0.0
            if table[k, 21] > 0 and kind != GRASS and kind != LEAVES:
                level = 0.5 + 0.42 * fractal(x / 4.5, y / 4.5, 0.0, 3, footprint / 4.5)
                pool = min(max((level - 1.0 + 0.52 * wetness) * 6, 0.0), 1.0)
            roughness = roughness * (1 - wet) + wet * (0.32 * (1 - pool) + 0.02 * pool)
            dents *= (1 - 0.6 * wet) * (1 - pool)
            f0 = f0 * (1 - wet) + 0.03 * wet
            wet = max(wet * 0.6, pool)
        if snow > 0 and wfz > 0.25 and kind != SNOW:
            drift = 0.5 + 0.5 * fractal(x / 1.7, y / 1.7, 0.0, 4, footprint / 1.7)
            cover = min(max((snow * 1.5 + 0.6 * wfz - 1.1 + 0.55 * (drift - 0.5)) * 3.5, 0.0), 1.0)
            r, g, b = r * (1 - cover) + 0.86 * cover, g * (1 - cover) + 0.88 * cover, b * (1 - cover) + 0.92 * cover
            roughness, metal, coat = roughness * (1 - cover) + 0.9 * cover, metal * (1 - cover), coat * (1 - cover)
            transparent *= 1 - cover
        if dents > 0:
            size = table[k, 7] * (0.25 if kind != WATER and kind != SNOW else 1.0)
            da, db, dc = (
                dent(x / size, y / size, z / size)
                if kind in (WATER, SNOW) or size > 2.5 * footprint
                else grain(x / size, y / size, z / size)
            )
            if kind == WATER:
                ea, eb, _ = dent(x / size * 2.9, y / size * 2.9, z / size)
                left = fade(size * 0.3, footprint)
                da, db, dc = da + 0.5 * ea * left, db + 0.5 * eb * left, 0.0
            wx, wy, wz = wx + dents * da, wy + dents * db, wz + dents * dc
            length = np.sqrt(wx * wx + wy * wy + wz * wz)
            wx, wy, wz = wx / length, wy / length, wz / length
        towards = -(wx * dx + wy * dy + wz * dz)
        if towards < 0.02:  # a bent normal must not look away from the eye
            wx, wy, wz = wx - (towards - 0.02) * -dx, wy - (towards - 0.02) * -dy, wz - (towards - 0.02) * -dz
            length = np.sqrt(wx * wx + wy * wy + wz * wz)
            wx, wy, wz = wx / length, wy / length, wz / length
        made[n, 0], made[n, 1], made[n, 2] = r, g, b
        made[n, 3], made[n, 4], made[n, 5], made[n, 6] = roughness, metal, f0, coat
        made[n, 7], made[n, 8], made[n, 9], made[n, 10] = glow_r, glow_g, glow_b, table[k, 17]
        made[n, 11], made[n, 12], made[n, 13] = wx, wy, wz
        made[n, 14], made[n, 15], made[n, 16], made[n, 17] = transparent, table[k, 18], wet, footprint
        made[n, 18], made[n, 19], made[n, 20] = wfx, wfy, wfz
        made[n, 21] = 1.0 if kind == LEAVES else 0.0
    return made, places
