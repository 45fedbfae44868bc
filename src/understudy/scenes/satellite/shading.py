"""`measure`: what a pushbroom sensor measures of a scene from above: reflectance at the top of the air, by band.

Pixels where things meet are the mean of several rays; all are blurred by the optics. Light is direct sun where nothing stands in its
way, light of the sky, and what the air adds; ground is `Ground.reflectance`, things are the reflectance of their materials.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from understudy.scenes.camera import Camera
from understudy.scenes.hits import Hits
from understudy.scenes.satellite.air import Atmosphere, Clouds
from understudy.scenes.satellite.draping import GROUND, DrapedTracer
from understudy.scenes.satellite.ground import Relief
from understudy.scenes.satellite.noise import CLUMPS, GRAIN, PATCHES, tile, tiles
from understudy.scenes.satellite.site import ON_GROUND
from understudy.scenes.satellite.spectra import BANDS, of_material, spectrum
from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]
Palette = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]
"""Rows of each link's materials; the table of them; which of them show the ground."""

BLUR = 0.42
"""px, standard deviation of the optics' and the detector's point spread beside the pixel's own area."""

NUDGE = 0.03
"""m (times the sampling distance, where that is above 1 m) by which rays to the sun start above a surface."""


@dataclass(frozen=True)
class Light:
    """sun: (3,) towards it. air: what it passes. clouds: None for none."""

    sun: Floats
    air: Atmosphere
    clouds: Clouds | None = None


@dataclass(frozen=True)
class Measured:
    """What was measured. bands: (H, W, 5) float32 reflectance above the air. cloud: (H, W) opacity. shade: (H, W) share of direct sunlight
    that is missing (shadows of things and of clouds)."""

    bands: NDArray[np.float32]
    cloud: NDArray[np.float32]
    shade: NDArray[np.float32]


@dataclass(frozen=True)
class Points:
    """What N rays met: see `Hits`. at: (N, 3) m. face normals (N, 3)."""

    link: NDArray[np.int32]
    face: NDArray[np.int32]
    barycentric: NDArray[np.float32]
    at: Floats
    normal: NDArray[np.float32]


def measure(tracer: DrapedTracer, camera: Camera, hits: Hits, light: Light, spacing: float) -> Measured:
    """The picture of one camera.

    Args:
        hits: what the camera sees through the middles of its pixels. Where neighbours differ, four further rays are cast a pixel.
        spacing: m between pixels.
    """
    base = Points(
        tracer.bare(hits.link).ravel(),
        hits.face.ravel(),
        hits.barycentric.reshape(-1, 2),
        hits.point.reshape(-1, 3),
        hits.normal.reshape(-1, 3),
    )
    forward = camera.motion.at(0.0)[:3, 2]
    palette = _materials(tracer.scene)
    values, cloud, lit = _shaded(tracer, base, palette, light, forward, spacing)
    kinds, _ = tracer.ground.look_up(base.at)
    key = base.link.astype(np.int64) * 1024 + np.where(base.link == GROUND, kinds.astype(np.int64) * 2, 0) + (lit > 0.02)
    edge = np.flatnonzero(_edges(key.reshape(camera.height, camera.width)).ravel())
    if len(edge):
        finer = _finer(tracer, camera, edge)
        several, veil, sunny = _shaded(tracer, finer, palette, light, forward, spacing / 2)
        values[edge] = several.reshape(-1, 4, len(BANDS)).mean(axis=1)
        cloud[edge], lit[edge] = veil.reshape(-1, 4).mean(axis=1), sunny.reshape(-1, 4).mean(axis=1)
    shape = (camera.height, camera.width)
    bands = values.reshape(*shape, len(BANDS))
    bands = np.stack([ndimage.gaussian_filter(bands[..., band], BLUR, truncate=3.0) for band in range(len(BANDS))], axis=-1)
    return Measured(bands, cloud.reshape(shape), 1 - lit.reshape(shape))


def _edges(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pixels that differ from one of their four neighbours."""
    made = np.zeros(key.shape, dtype=np.bool_)
    across, down = key[:, 1:] != key[:, :-1], key[1:] != key[:-1]
    made[:, 1:] |= across
    made[:, :-1] |= across
    made[1:] |= down
    made[:-1] |= down
    return made


def _finer(tracer: DrapedTracer, camera: Camera, pixels: NDArray[np.int64]) -> Points:
    """Four rays in each of some pixels."""
    row, column = np.divmod(pixels, camera.width)
    middles = np.column_stack([column + 0.5, row + 0.5]).astype(np.float64)
    offsets = np.array([(-0.125, -0.375), (0.375, -0.125), (-0.375, 0.125), (0.125, 0.375)])
    origins, directions = camera.rays((middles[:, None, :] + offsets).reshape(-1, 2))
    pose = camera.motion.at(float(tracer.scene.times[0]))
    return Points(*tracer.met(origins @ pose[:3, :3].T + pose[:3, 3], directions @ pose[:3, :3].T))


def _shaded(
    tracer: DrapedTracer, points: Points, palette: Palette, light: Light, forward: Floats, spacing: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """(N, 5) reflectance above the air, (N,) opacity of clouds, (N,) share of direct sunlight that arrives."""
    values, normals = _surfaces(tracer, points, palette, spacing)
    facing = (normals @ light.sun.astype(np.float32) > 0) & (points.link >= 0)
    lit = np.zeros(len(values), dtype=np.float32)
    nudge = NUDGE * max(1.0, spacing)
    starts = points.at[facing] + nudge * (points.normal[facing] + light.sun)
    lit[facing] = ~tracer.blocked(starts, np.broadcast_to(light.sun, starts.shape), float(tracer.scene.times[0]))
    cloud, veil = np.zeros(len(values), np.float32), np.zeros(len(values), np.float32)
    clouds, air = light.clouds, light.air
    if clouds is not None:
        above = clouds.height - points.at[:, 2:3]
        away = -forward[:2] / max(-forward[2], 0.05)
        veil = clouds.opacity(points.at[:, :2] + above * (light.sun[:2] / max(light.sun[2], 0.08)))
        lit *= 1 - 0.92 * veil
        places = points.at[:, :2] + above * away
        cloud = clouds.opacity(places)
    _light(values, normals, lit, light.sun, air.direct, air.sky, air.up, air.path, veil)
    if clouds is not None:
        behind = clouds.density(places + 0.012 * clouds.size * light.sun[:2])
        _veil(values, cloud, clouds.density(places), behind, spectrum("cloud").astype(np.float32), air.up, air.path)
    return values, cloud, lit


def _surfaces(tracer: DrapedTracer, points: Points, palette: Palette, spacing: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, 5) reflectance and (N, 3) normals of what was hit."""
    data = tracer.packed
    row, table, drawn = palette
    rows = _rows(points.link, points.face, row, data.materials, data.first_face)
    values = np.zeros((len(rows), len(BANDS)), dtype=np.float32)
    normals = points.normal.copy()
    painted = (points.link == GROUND) | ((rows >= 0) & drawn[np.maximum(rows, 0)])
    on_ground = np.flatnonzero(painted)
    values[on_ground] = tracer.ground.reflectance(points.at[on_ground], spacing)
    if tracer.ground.relief is not None:
        normals[on_ground] = _terrain_normals(points.at[on_ground], tracer.ground.relief)
    elsewhere = np.flatnonzero((points.link > GROUND) & ~painted)
    snow, white = tracer.ground.season.snow, spectrum("snow").astype(np.float32)
    _things(elsewhere, values, normals, points.at, rows, table, tiles(), spacing, snow, white,
            points.link, points.face, points.barycentric, data.faces, data.first_face, data.normals, tracer.still_poses)  # fmt: skip
    return values, normals


def _materials(scene: Scene) -> Palette:
    """(L, 12) rows of each link's materials in the table; (M, 13) the table: two spectra, scale, contrast, leaves; those of the ground."""
    known: dict[int, int] = {}
    table: list[Floats] = []
    ground: list[bool] = []
    rows = np.zeros((sum(len(body.links) for body in scene.bodies), 12), dtype=np.int64)
    for number, (_, _, link) in enumerate(scene.links()):
        for position, material in enumerate(link.materials):
            if id(material) not in known:
                known[id(material)] = len(table)
                bright, second = of_material(material)
                table.append(np.array([*bright, *second, material.scale, material.contrast, float(material.pattern == "leaves")]))
                ground.append(material.name == ON_GROUND)
            rows[number, position] = known[id(material)]
    return rows, np.array(table, dtype=np.float32), np.array(ground, dtype=np.bool_)


def _terrain_normals(points: Floats, relief: Relief) -> NDArray[np.float32]:
    field = relief.normals()
    return _interpolated(points, field, relief.low[0], relief.low[1], relief.cell)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _interpolated(points, field, low_x, low_y, cell):  # type: ignore[no-untyped-def]
    made = np.empty((points.shape[0], 3), np.float32)
    rows, columns = field.shape[0], field.shape[1]
    for i in range(points.shape[0]):
        x = min(max((points[i, 0] - low_x) / cell, 0.0), columns - 1.001)
        y = min(max((points[i, 1] - low_y) / cell, 0.0), rows - 1.001)
        m, n = int(x), int(y)
        a, b = x - m, y - n
        for k in range(3):
            low = field[n, m, k] * (1 - a) + field[n, m + 1, k] * a
            made[i, k] = low * (1 - b) + (field[n + 1, m, k] * (1 - a) + field[n + 1, m + 1, k] * a) * b
    return made


@numba.njit(cache=True)
def _rows(link, face, row, materials, first_face):  # type: ignore[no-untyped-def]
    made = np.full(link.shape[0], -1, np.int64)
    for i in range(link.shape[0]):
        if link[i] >= 0 and face[i] >= 0:
            made[i] = row[link[i], materials[first_face[link[i]] + face[i]]]
    return made


@numba.njit(cache=True)
def _things(  # type: ignore[no-untyped-def]
    which, values, normals, points, rows, table, noise, spacing, snow, white, link, face, barycentric, faces, first_face, smooth, poses
):
    """Reflectance of things, and normals of those that are smooth."""
    for k in range(which.shape[0]):
        i = which[k]
        t = table[rows[i]]
        x, y = points[i, 0], points[i, 1]
        scale = max(t[10], 2 * spacing)
        if t[12] > 0:
            mix = tile(noise, CLUMPS, x / scale * 8, y / scale * 8) * 0.7 + tile(noise, CLUMPS, y / scale * 3 + 50, x / scale * 3) * 0.3
            mix = min(max(0.5 + (0.5 - mix) * 1.6, 0.0), 1.0) * t[11]
            _smooth(i, link[i], face[i], barycentric[i, 0], barycentric[i, 1], normals, faces, first_face, smooth, poses)
        else:
            mix = tile(noise, PATCHES, x / scale * 8, y / scale * 8) * t[11]
        grain = 1 + 0.10 * t[11] * (tile(noise, GRAIN, x * 4, y * 4) - 0.5)
        cover = 0.0
        if snow > 0:
            drift = tile(noise, PATCHES, x / 3, y / 3) * 0.6 + tile(noise, GRAIN, x, y) * 0.4
            cover = min(max((snow * 1.4 - drift) * 4, 0.0), 1.0) * max(normals[i, 2], 0.0) * (0.35 if t[12] > 0 else 0.95)
        for b in range(5):
            value = (t[b] * (1 - mix) + t[5 + b] * mix) * grain
            values[i, b] = value + (white[b] - value) * cover


@numba.njit(cache=True, inline="always")
def _smooth(i, link, face, u, v, normals, faces, first_face, smooth, poses):  # type: ignore[no-untyped-def]
    """The normal between those of the face's corners, in the world."""
    corners = faces[first_face[link] + face]
    w = 1 - u - v
    x = smooth[corners[0], 0] * w + smooth[corners[1], 0] * u + smooth[corners[2], 0] * v
    y = smooth[corners[0], 1] * w + smooth[corners[1], 1] * u + smooth[corners[2], 1] * v
    z = smooth[corners[0], 2] * w + smooth[corners[1], 2] * u + smooth[corners[2], 2] * v
    pose = poses[link]
    for k in range(3):
        normals[i, k] = pose[k, 0] * x + pose[k, 1] * y + pose[k, 2] * z


@numba.njit(cache=True)
def _light(values, normals, lit, sun, direct, sky, up, path, veil):  # type: ignore[no-untyped-def]
    """In place: reflectance of the surface to reflectance above the air."""
    for i in range(values.shape[0]):
        facing = normals[i, 0] * sun[0] + normals[i, 1] * sun[1] + normals[i, 2] * sun[2]
        beam = max(facing, 0.0) / max(sun[2], 0.08) * lit[i]
        open_sky = (0.45 + 0.55 * max(normals[i, 2], 0.0)) * (1 + 0.5 * veil[i])
        for b in range(5):
            values[i, b] = path[b] + up[b] * values[i, b] * (direct[b] * beam + sky[b] * open_sky)


@numba.njit(cache=True)
def _veil(values, cloud, here, behind, white, up, path):  # type: ignore[no-untyped-def]
    """In place: clouds over all; their sides away from the sun are darker. here, behind: density there, and
    a little nearer to the sun."""
    for i in range(values.shape[0]):
        if cloud[i] > 0:
            bright = 0.70 + 0.30 * min(max(0.5 + 2.2 * (here[i] - behind[i]), 0.0), 1.0)
            for b in range(5):
                shown = white[b] * bright * (0.6 + 0.4 * cloud[i]) * (0.5 + 0.5 * up[b]) + 0.3 * path[b]
                values[i, b] = values[i, b] * (1 - cloud[i]) + shown * cloud[i]


def shown(bands: NDArray[np.float32], dark: Floats, white: float) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB of reflectance: `dark` (3,) becomes black, `white` almost white, and brighter is rolled off."""
    level = (np.maximum(bands[..., :3] - dark.astype(np.float32), 0.0) / np.float32(white)) ** np.float32(1.12)
    rolled = level * (1 + level / 4.0) / (1 + level)  # 1 → 0.625, 4 → 1.6: a soft shoulder
    linear = np.clip(rolled * 1.35, 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** np.float32(1 / 2.4) - 0.055)
    return np.asarray(np.clip(srgb * 255 + 0.5, 0, 255), dtype=np.uint8)
