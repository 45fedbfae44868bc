"""Procedural patterns: how much of a material's second colour shows at a place, how rough and how dented it is there.

Everything is a sum of value noise (Perlin, "An image synthesizer", 1985) or of filtered pulses. Whatever is finer than a pixel's footprint
fades to its mean, so that nothing glitters or shows moiré at a distance.
"""

from __future__ import annotations

from typing import get_args

import numba
import numpy as np

from understudy.scenes.material import Pattern

PATTERNS: tuple[str, ...] = get_args(Pattern)
NUMBER = {name: number for number, name in enumerate(PATTERNS)}
(
    PLAIN, NOISE, ASPHALT, CONCRETE, GRASS, SOIL, GRAVEL, BARK, LEAVES, FABRIC, BRICK, PLASTER, TILES, WOOD, METAL, WINDOWS, CARPAINT, SKIN,
    HAIR, FUR, CARDBOARD, CERAMIC, SNOW, WATER, FIELD, ROOF, CHECKER, STRIPES,
) = range(28)  # fmt: skip
assert len(PATTERNS) == 28


@numba.njit(cache=True, error_model="numpy")
def hashed(x, y, z):  # type: ignore[no-untyped-def]
    """A number in 0 .. 1 of three integers."""
    h = (np.uint32(x) * np.uint32(0x8DA6B343)) ^ (np.uint32(y) * np.uint32(0xD8163841)) ^ (np.uint32(z) * np.uint32(0xCB1AB31F))
    h = np.uint32(h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = np.uint32(h ^ (h >> np.uint32(12))) * np.uint32(0x297A2D39)
    return np.float64(np.uint32(h ^ (h >> np.uint32(15)))) * 2.3283064365386963e-10


SIDE = 64
LATTICE = np.random.Generator(np.random.Philox(7)).integers(0, 256, SIDE**3, dtype=np.uint8)
"""Values of noise at the corners of a lattice that repeats after `SIDE` of them: read, not made, as it is asked for ten times a pixel."""


@numba.njit(cache=True, error_model="numpy")
def noise(x, y, z):  # type: ignore[no-untyped-def]
    """Value noise in 0 .. 1, features of size 1."""
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    i, j, k = np.int64(fx), np.int64(fy), np.int64(fz)
    a, b, c = x - fx, y - fy, z - fz
    a, b, c = a * a * (3 - 2 * a), b * b * (3 - 2 * b), c * c * (3 - 2 * c)
    i0, i1 = i & 63, (i + 1) & 63
    j0, j1 = (j & 63) << 6, ((j + 1) & 63) << 6
    k0, k1 = (k & 63) << 12, ((k + 1) & 63) << 12
    near, far = k0 | j0, k0 | j1
    low = (LATTICE[near | i0] * (1 - a) + LATTICE[near | i1] * a) * (1 - b) + (LATTICE[far | i0] * (1 - a) + LATTICE[far | i1] * a) * b
    near, far = k1 | j0, k1 | j1
    high = (LATTICE[near | i0] * (1 - a) + LATTICE[near | i1] * a) * (1 - b) + (LATTICE[far | i0] * (1 - a) + LATTICE[far | i1] * a) * b
    return (low * (1 - c) + high * c) * 0.00392156862745098


@numba.njit(cache=True, error_model="numpy")
def fade(size, footprint):  # type: ignore[no-untyped-def]
    """How much of a feature of this size is left in a pixel of this footprint."""
    return min(max((size / footprint - 0.8) / 1.6, 0.0), 1.0)


@numba.njit(cache=True, error_model="numpy")
def fractal(x, y, z, octaves, footprint):  # type: ignore[no-untyped-def]
    """Noise at 1, 2, 4 … times the frequency and half the strength each, in about -1 .. 1; footprint in features of the first."""
    total, strength, often = 0.0, 1.0, 1.0
    for _ in range(octaves):
        left = fade(1.0, footprint * often)
        if left <= 0.0:
            break
        total += strength * left * (2 * noise(x * often, y * often, z * often) - 1)
        strength *= 0.56
        often *= 2.127
    return total


@numba.njit(cache=True, error_model="numpy")
def pulse(x, share, footprint):  # type: ignore[no-untyped-def]
    """A pulse train of period 1 that is 1 for `share` of it, filtered by a box of the footprint's width."""
    width = max(footprint, 1e-4)
    if width > 1.5:
        return share
    low, high = x - width / 2, x + width / 2
    whole_low, whole_high = np.floor(low), np.floor(high)
    return (whole_high * share + min(high - whole_high, share) - whole_low * share - min(low - whole_low, share)) / width


@numba.njit(cache=True, error_model="numpy")
def speckle(x, y, z, footprint):  # type: ignore[no-untyped-def]
    """Grains, -1 .. 1."""
    left = fade(1.0, footprint)
    return left * (2 * noise(x, y, z) - 1) if left > 0 else 0.0


@numba.njit(cache=True, error_model="numpy")
def on_wall(x, y, z, nx, ny, nz):  # type: ignore[no-untyped-def]
    """Two coordinates along a surface, by the way that it faces."""
    if abs(nz) > 0.8:
        return x, y
    length = max(np.sqrt(nx * nx + ny * ny), 1e-9)
    return (y * nx - x * ny) / length, z


@numba.njit(cache=True, error_model="numpy")
def pattern_at(kind, x, y, z, nx, ny, nz, scale, footprint):  # type: ignore[no-untyped-def]  # noqa: C901
    """Share of the second colour 0 .. 1, brightness about 1, roughness added, dents (strength of a disturbance of the normal), and how much
    is glass, at a place in m on a surface that faces nx, ny, nz."""
    f = footprint / scale
    x, y, z = x / scale, y / scale, z / scale
    share, bright, rough, dents, glass = 0.0, 1.0, 0.0, 0.0, 0.0
    if kind == PLAIN:
        pass
    elif kind == NOISE:
        share = 0.5 + 0.6 * fractal(x, y, z, 4, f)
    elif kind == ASPHALT:
        grains = 0.8 * speckle(x * 4, y * 4, z * 4, f * 4) + 0.8 * speckle(x * 1.7, y * 1.7, z * 1.7, f * 1.7)
        worn = fractal(x / 12, y / 12, z / 12, 2, f / 12)
        broad = fractal(x / 130, y / 60, z / 130, 2, f / 130)
        share = 0.5 + 0.4 * grains + 0.1 * worn + 0.12 * broad
        bright = 1 + 0.05 * broad + 0.12 * grains
        dents = 0.25 * fade(0.2, f)
    elif kind in (CONCRETE, PLASTER):
        broad = fractal(x / 12, y / 12, z / 12, 5, f / 12)
        share = 0.5 + 0.4 * broad + 0.15 * speckle(x * 5, y * 5, z * 5, f * 5)
        stain = fractal(x / 9, y / 9, z / 60, 3, f / 9)
        bright = 1 + 0.08 * broad - (0.12 * max(stain, 0.0) if kind == PLASTER else 0.0)
        dents = 0.08 * fade(0.3, f)
    elif kind == GRASS:
        blades = speckle(x * 9, y * 9, z * 2, f * 9) + 0.8 * speckle(x * 4, y * 4, z * 2, f * 4)
        tufts = fractal(x, y, z, 3, f)
        broad = fractal(x / 40, y / 40, z / 40, 5, f / 40)
        share = 0.45 + 0.3 * tufts + 0.25 * broad + 0.15 * blades
        bright = 1 + 0.3 * blades + 0.14 * tufts + 0.06 * broad
        dents = 0.35 * fade(0.3, f)
    elif kind == SOIL:
        broad = fractal(x / 8, y / 8, z / 8, 5, f / 8)
        share = 0.5 + 0.5 * broad
        bright = 1 + 0.15 * broad + 0.2 * speckle(x * 3, y * 3, z * 3, f * 3)
        dents = 0.3 * fade(0.4, f)
    elif kind == GRAVEL:
        stones = noise(x * 1.3, y * 1.3, z * 1.3)
        left = fade(0.75, f)
        share = 0.5 + left * (2 * noise(np.floor(x * 1.1), np.floor(y * 1.1), 3.0) - 1) * 0.5
        bright = 1 + left * (stones - 0.5) * 0.9 + 0.1 * fractal(x / 20, y / 20, z / 20, 3, f / 20)
        dents = 0.5 * left
    elif kind == BARK:
        ridges = fractal(x, y, z / 6, 4, f)
        share = 0.5 + 0.7 * ridges
        bright = 1 + 0.4 * ridges
        dents = 0.4 * fade(0.5, f)
    elif kind == LEAVES:
        clumps = fractal(x, y, z, 3, f)
        leaf = speckle(x * 3, y * 3, z * 3, f * 3)
        share = 0.5 + 0.4 * clumps + 0.3 * leaf
        bright = 1 + 0.35 * clumps + 0.35 * leaf
        dents = 0.6 * fade(0.3, f)
    elif kind == FABRIC:
        u, v = on_wall(x, y, z, nx, ny, nz)
        left = fade(0.6, f)
        share = 0.5 + 0.3 * left * np.sin(u * 6.283) * np.sin(v * 6.283)
        folds = fractal(x / 14, y / 14, z / 22, 2, f / 14)
        bright = 1 + 0.1 * folds
        dents = 0.1 * left + 0.05
    elif kind == BRICK:
        u, v = on_wall(x, y, z, nx, ny, nz)
        v *= 3.0
        row = np.floor(v)
        u += 0.5 * (row % 2)
        joint = max(1 - pulse(u, 0.95, f), 1 - pulse(v, 0.86, f * 3))
        left = fade(0.5, f)
        tone = hashed(np.int64(np.floor(u)), np.int64(row), 7) - 0.5
        share = joint
        bright = 1 + 0.5 * tone * left * (1 - joint) + 0.12 * fractal(x * 2, y * 2, z * 2, 3, f * 2)
        dents = 0.15 * left
    elif kind == TILES:
        u, v = on_wall(x, y, z, nx, ny, nz)
        joint = max(1 - pulse(u, 0.97, f), 1 - pulse(v, 0.97, f))
        share = joint
        bright = 1 + 0.1 * fade(1.0, f) * (hashed(np.int64(np.floor(u)), np.int64(np.floor(v)), 11) - 0.5)
        rough = 0.4 * joint
    elif kind == WOOD:
        warp = fractal(x / 6, y * 1.0, z * 1.0, 2, f)
        rings = np.sin((np.sqrt(y * y + z * z) * 3 + 0.8 * warp) * 6.283)
        share = 0.5 + 0.4 * rings * fade(0.33, f) + 0.2 * fractal(x / 3, y * 8, z * 8, 2, f * 8)
        bright = 1 + 0.05 * warp
    elif kind == METAL:
        streaks = fractal(x / 20, y * 3, z * 3, 3, f * 3)
        share = 0.5 + 0.4 * streaks
        rough = 0.08 * streaks
    elif kind == WINDOWS:
        u, v = on_wall(x, y, z, nx, ny, nz)
        if abs(nz) > 0.8:
            share = 0.0
            bright = 0.8 + 0.1 * fractal(x, y, z, 3, f)
        else:
            v /= 1.05
            wide, high = pulse(u - 0.2, 0.6, f), pulse(v - 0.28, 0.52, f)
            bar = pulse(u - 0.48, 0.04, f)
            frame = pulse(u - 0.17, 0.66, f) * pulse(v - 0.25, 0.58, f)
            glass = wide * high * (1 - bar)
            share = 0.0
            wall = 0.08 * fractal(x * 3, y * 3, z * 3, 4, f * 3) - 0.1 * max(fractal(x, y, z / 8, 2, f), 0.0)
            bright = (1 + wall) * (1 - glass) + glass
            bright *= 1 + 0.35 * (frame - wide * high) * (1 - glass)
    elif kind == CARPAINT:
        bright = 1 + 0.05 * speckle(x * 40, y * 40, z * 40, f * 40)
    elif kind == SKIN:
        share = 0.5 + 0.4 * fractal(x, y, z, 3, f)
    elif kind in (HAIR, FUR):
        strands = fractal(x * 3, y * 3, z / 3, 3, f * 3)
        share = 0.5 + 0.5 * strands + (0.4 * fractal(x / 10, y / 10, z / 10, 2, f / 10) if kind == FUR else 0.0)
        bright = 1 + 0.3 * strands
        dents = 0.3 * fade(0.4, f)
    elif kind == CARDBOARD:
        u, v = on_wall(x, y, z, nx, ny, nz)
        share = 0.5 + 0.3 * fractal(x / 8, y / 8, z / 8, 3, f / 8) + 0.15 * speckle(u * 2, v * 12, 0.0, f * 12)
        bright = 1 + 0.04 * fade(0.5, f) * np.sin(u * 6.283)
    elif kind == CERAMIC:
        share = 0.5 + 0.4 * fractal(x / 5, y / 5, z / 5, 3, f / 5)
    elif kind == SNOW:
        broad = fractal(x / 4, y / 4, z / 4, 4, f / 4)
        share = 0.5 + 0.4 * broad
        dents = 0.12 + 0.1 * fade(0.5, f)
    elif kind == WATER:
        share = 0.5 + 0.4 * fractal(x / 10, y / 10, z, 3, f / 10)
        dents = 0.12 * fade(1.0, f) + 0.02
    elif kind == FIELD:
        rows = fade(0.5, f) * np.sin(y * 6.283 + 0.6 * (noise(x / 3, y / 3, 0.0) - 0.5))
        broad = fractal(x / 25, y / 25, 0.0, 4, f / 25)
        share = 0.5 + 0.35 * rows + 0.3 * broad
        bright = 1 + 0.18 * broad + 0.2 * speckle(x * 3, y * 3, z * 3, f * 3)
        dents = 0.25 * fade(0.4, f)
    elif kind == ROOF:
        u, v = x, y
        length = np.sqrt(nx * nx + ny * ny)
        if length > 0.05:
            u, v = (y * nx - x * ny) / length, (x * nx + y * ny) / length * 1.4
        left = fade(0.7, f)
        row = np.floor(v)
        tone = hashed(np.int64(np.floor(u + 0.5 * (row % 2))), np.int64(row), 5) - 0.5
        share = 0.5 * (1 - pulse(v, 0.85, f)) + 0.25 * (1 - pulse(u + 0.5 * (row % 2), 0.9, f))
        bright = 1 + left * (0.25 * tone + 0.25 * ((v - row) - 0.5)) + 0.1 * fractal(x / 6, y / 6, z / 6, 3, f / 6)
        dents = 0.1 * left
    elif kind == CHECKER:
        u, v = on_wall(x, y, z, nx, ny, nz)
        a, b = pulse(u / 2, 0.5, f / 2), pulse(v / 2, 0.5, f / 2)
        share = a * (1 - b) + b * (1 - a)
    elif kind == STRIPES:
        u, v = on_wall(x, y, z, nx, ny, nz)
        share = pulse(u / 2, 0.5, f / 2)
    return min(max(share, 0.0), 1.0), max(bright, 0.0), rough, dents, glass


@numba.njit(cache=True, error_model="numpy")
def grain(x, y, z):  # type: ignore[no-untyped-def]
    """As `dent`, for grains with edges: one disturbance for each cell of size 1."""
    first = hashed(np.int64(np.floor(x)), np.int64(np.floor(y)), np.int64(np.floor(z)))
    return 2 * first - 1, 2 * ((first * 577.31) % 1.0) - 1, 2 * ((first * 9113.7) % 1.0) - 1


@numba.njit(cache=True, error_model="numpy")
def dent(x, y, z):  # type: ignore[no-untyped-def]
    """A disturbance of the normal, -1 .. 1 along each axis."""
    return 2 * noise(x, y, z) - 1, 2 * noise(x + 31.7, y, z + 5.3) - 1, 2 * noise(x, y + 17.1, z + 11.9) - 1
