"""Noise that repeats: tiles made once by filtering in the Fourier domain, looked up by bilinear interpolation in kernels.

A tile is uniform on 0 .. 1. `PATCHES` has features of all sizes up to the tile's (1 / f noise), `GRAIN` only the finest, `CLUMPS` are round
and dense like leaves from above, `BILLOWS` are like clouds.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage, special
from scipy.spatial import cKDTree

from understudy.core.random import Stream

SIZE = 512
CROWN = 8
"""Cells from crown to crown in `CLUMPS`."""

PATCHES, GRAIN, CLUMPS, BILLOWS = range(4)

Floats = NDArray[np.float64]


@functools.cache
def tiles() -> NDArray[np.float32]:
    """(4, SIZE, SIZE) by kind."""
    root = Stream(0).child("satellite noise")
    frequency = _frequency(SIZE)
    grain = np.exp(-((frequency / 0.30) ** 2))
    shapes = ((PATCHES, _power(frequency, 1.15)), (GRAIN, grain), (BILLOWS, _power(frequency, 1.75)))
    made = {kind: _uniform(filtered(root.child(kind).generator(), SIZE, shape)) for kind, shape in shapes}
    made[CLUMPS] = _crowns(root.child(CLUMPS).generator())
    return np.stack([made[kind] for kind in range(4)]).astype(np.float32)


def _crowns(rng: np.random.Generator) -> Floats:
    """Domes around points that keep some distance, each of a tone of its own (Worley, 1996)."""
    count = SIZE // CROWN
    middles = (np.mgrid[:count, :count].reshape(2, -1).T + 0.5 + rng.uniform(-0.42, 0.42, (count * count, 2))) * CROWN
    y, x = np.mgrid[:SIZE, :SIZE]
    places = np.column_stack([y.ravel(), x.ravel()]).astype(np.float64)
    distance, nearest = cKDTree(middles, boxsize=SIZE).query(places, k=1)
    tone, size = rng.uniform(-0.30, 0.30, len(middles)), rng.uniform(0.8, 1.25, len(middles)) * CROWN * 0.62
    dome = np.sqrt(np.maximum(1 - (distance / size[nearest]) ** 2, 0.0))
    field = ndimage.gaussian_filter((0.62 * dome + tone[nearest]).reshape(SIZE, SIZE), 0.6, mode="wrap")
    return np.asarray(np.argsort(np.argsort(field.ravel())).reshape(SIZE, SIZE) / field.size, dtype=np.float64)


def fractal(rng: np.random.Generator, size: int, slope: float, lowest: float = 1.0) -> Floats:
    """(size, size) of repeating noise with mean 0 and deviation 1, its amplitudes falling with frequency to the power `slope`;
    frequencies under `lowest` cycles are damped."""
    frequency = _frequency(size)
    shape = _power(frequency, slope) * (1 - np.exp(-((frequency * size / lowest) ** 2)))
    return filtered(rng, size, shape)


def filtered(rng: np.random.Generator, size: int, shape: Floats) -> Floats:
    """White noise with its spectrum times `shape`, mean 0 and deviation 1."""
    white = rng.standard_normal((size, size), dtype=np.float32)
    spectrum = fft.rfft2(white)
    spectrum *= shape.astype(np.float32)
    field: Floats = fft.irfft2(spectrum, s=(size, size), overwrite_x=True).astype(np.float64)
    field -= field.mean()
    field /= field.std()
    return field


@functools.lru_cache(maxsize=2)
def _frequency(size: int) -> Floats:
    """(size, size / 2 + 1): cycles a cell, of the half that real fields need."""
    axis = np.fft.fftfreq(size)
    made: Floats = np.hypot(axis[:, None], axis[None, : size // 2 + 1])
    made.flags.writeable = False
    return made


def _power(frequency: Floats, slope: float) -> Floats:
    safe = np.where(frequency > 0, frequency, 1.0)
    return np.where(frequency > 0, safe**-slope, 0.0)


def _uniform(field: Floats) -> Floats:
    return np.asarray(special.ndtr(field), dtype=np.float64)


@numba.njit(cache=True, inline="always")
def tile(table: Any, kind: Any, x: Any, y: Any) -> Any:
    """The tile `kind` at x, y, in its cells; it repeats."""
    fx, fy = np.floor(x), np.floor(y)
    ax, ay = np.float32(x - fx), np.float32(y - fy)
    i, j = int(fx) & (SIZE - 1), int(fy) & (SIZE - 1)
    k, m = (i + 1) & (SIZE - 1), (j + 1) & (SIZE - 1)
    low = table[kind, j, i] * (1 - ax) + table[kind, j, k] * ax
    high = table[kind, m, i] * (1 - ax) + table[kind, m, k] * ax
    return low * (1 - ay) + high * ay
