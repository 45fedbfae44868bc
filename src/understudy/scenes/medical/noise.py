"""Smooth noise in space: what makes a drawn organ's boundary and tissue look grown.

Gradient noise (Perlin, "Improving noise", SIGGRAPH 2002) with gradients from a hash of the lattice point and a seed: a function of the
place alone, so that slices, volumes and finer grids of one patient agree.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.uint8]
SEEDS = 2**31 - 1


@numba.njit(cache=True)
def _gradient(ix, iy, iz, seed, x, y, z):  # type: ignore[no-untyped-def]
    h = (np.uint64(ix) * np.uint64(0x9E3779B1) + np.uint64(iy) * np.uint64(0x85EBCA77)) & np.uint64(0xFFFFFFFF)
    h = (h ^ (np.uint64(iz) * np.uint64(0xC2B2AE3D)) ^ (np.uint64(seed) * np.uint64(0x27D4EB2F))) & np.uint64(0xFFFFFFFF)
    h = ((h ^ (h >> np.uint64(15))) * np.uint64(0x2C1B3C6D)) & np.uint64(0xFFFFFFFF)
    h = ((h ^ (h >> np.uint64(12))) * np.uint64(0x297A2D39)) & np.uint64(0xFFFFFFFF)
    h = h ^ (h >> np.uint64(15))
    u = float(h & np.uint64(1023)) * (1.0 / 511.5) - 1.0
    v = float((h >> np.uint64(10)) & np.uint64(1023)) * (1.0 / 511.5) - 1.0
    w = float((h >> np.uint64(20)) & np.uint64(1023)) * (1.0 / 511.5) - 1.0
    return u * x + v * y + w * z


@numba.njit(cache=True)
def noise(x: float, y: float, z: float, seed: int) -> float:
    """At a place measured in wavelengths; about -1 .. 1, 0 on average, standard deviation about a third."""
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    ix, iy, iz = int(fx) + 1_000_000, int(fy) + 1_000_000, int(fz) + 1_000_000
    x, y, z = x - fx, y - fy, z - fz
    u = x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
    v = y * y * y * (y * (y * 6.0 - 15.0) + 10.0)
    w = z * z * z * (z * (z * 6.0 - 15.0) + 10.0)
    total = 0.0
    for dz in range(2):
        weight_z = w if dz else 1.0 - w
        for dy in range(2):
            weight = weight_z * (v if dy else 1.0 - v)
            low = _gradient(ix, iy + dy, iz + dz, seed, x, y - dy, z - dz)
            high = _gradient(ix + 1, iy + dy, iz + dz, seed, x - 1.0, y - dy, z - dz)
            total += weight * (low + u * (high - low))
    return total * 1.4


@numba.njit(cache=True)
def rough(x: float, y: float, z: float, seed: int, octaves: int) -> float:
    """Noise of several wavelengths, each half the last and half as strong."""
    total, scale, share = 0.0, 1.0, 1.0
    for octave in range(octaves):
        total += share * noise(x * scale, y * scale, z * scale, seed + octave)
        scale *= 2.0
        share *= 0.5
    return total


def seed_of(rng: np.random.Generator) -> int:
    """A seed for `noise`."""
    return int(rng.integers(1, SEEDS))
