"""The sky: a gradient by the air's depth, the sun's aureole, clouds, dusk and night; and the light that falls from it.

Brightness is in the unit of sunlit white: a white matt surface that faces the midday sun has 1. The colours follow measured clear skies
(blue overhead, pale at the horizon, red where the sun is low); the overcast one follows the CIE's standard sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.raycast.patterns import noise
from understudy.scenes.scene import Sky, Weather

Floats = NDArray[np.float64]
RINGS, AROUND = 64, 128


@dataclass(frozen=True)
class Light:
    """What lights a scene, from its sky and weather.

    Attributes:
        values: (24,) for kernels: to the sun 0:3, its colour 3:6, zenith 6:9, horizon 9:12, glow around the sun 12:15, cloud 15, clouds'
            colour 16:19, studio 19 (1: plain colour all around), night 20, lift of the clouds' pattern 21:23.
        up, side, down: light on surfaces that face up, sideways and down.
        maps: (3, RINGS, AROUND, 3) of the upper half, sharp to blurred, for reflections.
    """

    values: Floats
    up: Floats
    side: Floats
    down: Floats
    maps: NDArray[np.float32]

    @property
    def sun(self) -> Floats:
        return self.values[0:3]

    @property
    def sun_color(self) -> Floats:
        return self.values[3:6]


def light_of(sky: Sky, weather: Weather, ground: tuple[float, float, float] = (0.22, 0.21, 0.19), shift: float = 0.0) -> Light:
    """The light of a sky. ground: mean reflectance of the ground, whose light comes from below. shift: of the clouds."""
    values = np.zeros(24)
    elevation = sky.sun_elevation
    values[0:3] = np.cos(elevation) * np.cos(sky.sun_azimuth), np.cos(elevation) * np.sin(sky.sun_azimuth), np.sin(elevation)
    values[21:23] = shift, -0.7 * shift
    if sky.studio is not None:
        return _studio(values, sky)
    path = 1 / max(np.sin(max(elevation, 0.02)), 0.03) ** 0.8  # of sunlight through the air, zenith 1
    reach = np.exp(-np.array([0.06, 0.13, 0.27]) * (path - 1) * 0.55)
    day = float(np.clip((elevation + 0.12) / 0.3, 0.0, 1.0)) ** 1.5
    veil = float(np.clip(weather.fog * 60, 0, 1))
    sun = sky.sun * (1 - 0.97 * veil) * float(np.clip(elevation / 0.05 + 0.3, 0.0, 1.0))
    values[3:6] = sun * np.array([1.0, 0.96, 0.88]) * reach
    gray = max(sky.cloud**2, veil)
    zenith, horizon = np.array([0.22, 0.41, 0.90]), np.array([0.85, 1.05, 1.30])
    low = float(np.exp(-max(elevation, 0.0) / 0.2))
    horizon = (1 - 0.75 * low) * horizon + 0.75 * low * np.array([1.75, 0.95, 0.5])
    zenith = zenith * (1 - 0.35 * low)
    plain = np.array([0.93, 0.98, 1.05])
    zenith, horizon = (1 - gray) * zenith + gray * plain * 1.15, (1 - gray) * horizon + gray * plain * 0.85
    strength = sky.ambient * day
    night = np.array([0.4e-5, 0.6e-5, 1.1e-5]) + sky.glow * np.array([1.3e-4, 1.0e-4, 0.75e-4])
    values[6:9] = 1.45 * strength * zenith + night
    values[9:12] = 1.45 * strength * horizon + night * (1 + 3 * sky.glow * np.array([1.3, 1.0, 0.7]))
    values[12:15] = (0.35 * sun * reach + 0.4 * low * day * (1 - gray) * np.array([1.0, 0.5, 0.2])) * (1 - veil)
    values[15] = sky.cloud
    values[16:19] = (0.55 * strength * plain + 0.75 * values[3:6] * (0.4 + 0.6 * max(float(values[2]), 0.0))) * (
        1 - gray
    ) + gray * 1.45 * strength * plain
    values[16:19] += 1.5 * night
    values[20] = 1 - day
    return _lit(values, np.asarray(ground))


def _studio(values: Floats, sky: Sky) -> Light:
    """A soft light box above, a plain colour all around."""
    color = np.asarray(sky.studio, dtype=np.float64)
    values[3:6] = 0.8 * sky.sun * np.array([1.0, 0.98, 0.95])
    values[6:9], values[9:12], values[19] = 1.6 * sky.ambient * np.ones(3), color, 1.0
    return _lit(values, color * 0.6)


def _lit(values: Floats, ground: Floats) -> Light:
    sharp = np.asarray(sky_map(values))
    polar = (np.arange(RINGS) + 0.5) / RINGS * np.pi / 2
    weights = np.repeat((np.cos(polar) * np.sin(polar))[:, None], AROUND, axis=1)
    up = (sharp * weights[..., None]).sum((0, 1)) / weights.sum()
    from_below = ground * (up + values[3:6] * max(float(values[2]), 0.0))
    half = (sharp * np.sin(polar)[:, None, None]).sum((0, 1)) / (np.sin(polar).sum() * AROUND)
    light_beside = 0.55 * half + 0.45 * from_below
    from scipy.ndimage import gaussian_filter1d

    def blurred(width: float) -> NDArray[np.float32]:
        around = gaussian_filter1d(sharp, width, axis=1, mode="wrap")
        return np.asarray(gaussian_filter1d(around, width, axis=0, mode="nearest"), dtype=np.float32)

    return Light(values, up, light_beside, from_below, np.stack([sharp.astype(np.float32), blurred(4.0), blurred(12.0)]))


@numba.njit(cache=True, error_model="numpy")
def sky_at(values, x, y, z, detail):  # type: ignore[no-untyped-def]
    """Colour of the sky along a unit direction; detail: octaves of the clouds."""
    if values[19] > 0:  # the studio: a soft box overhead
        box = 1 / (1 + np.exp(-14 * (z - 0.55)))
        return values[9] * (1 - box) + values[6] * box, values[10] * (1 - box) + values[7] * box, values[11] * (1 - box) + values[8] * box
    height = max(z, 0.0)
    pale = np.exp(-3.6 * height) * 0.8 + 0.2 * np.exp(-14 * height)
    towards = x * values[0] + y * values[1] + z * values[2]
    near = max(towards, 0.0)
    halo = 0.18 * near**6 + 0.5 * near**48 + 1.5 * near**400
    r = values[6] * (1 - pale) + values[9] * pale + values[12] * halo
    g = values[7] * (1 - pale) + values[10] * pale + values[13] * halo
    b = values[8] * (1 - pale) + values[11] * pale + values[14] * halo
    cloud = values[15]
    if cloud > 0.01 and z > 0.0:
        scale = 1.0 / (height + 0.12)
        u, v = x * scale * 1.1 + values[21], y * scale * 1.1 + values[22]
        thick, strength, size = 0.0, 0.5, 1.0
        for _ in range(detail):
            thick += strength * noise(u * size, v * size, 7.3)
            strength *= 0.52
            size *= 2.07
        edge = 1.02 - cloud * 0.85
        cover = min(max((thick - edge * 0.62) / 0.22, 0.0), 1.0)
        cover = cover * cover * (3 - 2 * cover) * min(height * 9, 1.0)
        inner = min(max((thick - edge * 0.62) / 0.5, 0.0), 1.0)
        shade = 1.0 - 0.45 * inner + 0.5 * near**8 * (1 - inner)
        haze = np.exp(-5 * height) * 0.6
        r = r * (1 - cover) + cover * ((1 - haze) * values[16] * shade + haze * r)
        g = g * (1 - cover) + cover * ((1 - haze) * values[17] * shade + haze * g)
        b = b * (1 - cover) + cover * ((1 - haze) * values[18] * shade * 1.02 + haze * b)
        if values[3] > 0 and towards > 0.99996:
            disk = 12.0 * (1 - cover)
            r, g, b = r + disk * values[3], g + disk * values[4], b + disk * values[5]
    elif values[3] > 0 and towards > 0.99996:
        r, g, b = r + 12 * values[3], g + 12 * values[4], b + 12 * values[5]
    return r, g, b


@numba.njit(cache=True, error_model="numpy")
def sky_map(values):  # type: ignore[no-untyped-def]
    made = np.empty((64, 128, 3))
    for ring in range(64):
        polar = (ring + 0.5) / 64 * np.pi / 2
        for step in range(128):
            around = (step + 0.5) / 128 * 2 * np.pi
            r, g, b = sky_at(values, np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar), 4)
            made[ring, step, 0], made[ring, step, 1], made[ring, step, 2] = min(r, 3.0), min(g, 3.0), min(b, 3.0)
    return made


@numba.njit(cache=True, error_model="numpy")
def reflected_sky(maps, down, x, y, z, roughness, out):  # type: ignore[no-untyped-def]
    """Colour that comes along a direction, blurred by roughness; the ground's below the horizon."""
    level = min(int(roughness * 4), 2)
    polar = np.arccos(min(max(z, 0.0), 1.0))
    ring = min(max(polar / (np.pi / 2) * 64 - 0.5, 0.0), 62.999)
    around = (np.arctan2(y, x) / (2 * np.pi)) % 1.0 * 128 - 0.5
    i, j = int(ring), int(np.floor(around))
    a, b = ring - i, around - j
    first, second = j % 128, (j + 1) % 128
    below = min(max(-z / (0.02 + 0.5 * roughness), 0.0), 1.0)
    for c in range(3):
        top = maps[level, i, first, c] * (1 - b) + maps[level, i, second, c] * b
        low = maps[level, i + 1, first, c] * (1 - b) + maps[level, i + 1, second, c] * b
        out[c] = (top * (1 - a) + low * a) * (1 - below) + down[c] * below
