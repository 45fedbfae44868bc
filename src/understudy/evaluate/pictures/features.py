"""Named features of pictures: numbers that say how a picture looks, computed from its pixels without any network's weights.

| name | what |
|---|---|
| `color` | shares of hues, saturations and brightnesses; mean, spread and skew of three opponent channels |
| `texture` | directions and strength of edges at three scales; local binary patterns (Ojala et al. 2002) at two |
| `spectrum` | mean size of each coefficient of the cosine transform of 8 × 8 blocks; power by frequency and direction |
| `random_convolutions` | means and spreads of two layers of convolutions whose weights are drawn once from a fixed key (Saxe et al. 2011) |
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from understudy.core.random import Stream

Images = NDArray[np.float32]
Rows = NDArray[np.float64]
_TINY = 1e-8
_BATCH = 64
_FILTERS = (32, 64)


def luminance(images: Images) -> Images:
    """(N, H, W) of 0 .. 1."""
    return np.asarray(images @ np.array([0.299, 0.587, 0.114], dtype=np.float32))


def color(images: Images) -> Rows:
    flat = images.reshape(len(images), -1, 3).astype(np.float64)
    high, low = flat.max(axis=2), flat.min(axis=2)
    spread = high - low
    saturation = spread / np.maximum(high, _TINY)
    shares = [_shares(_hue(flat, high, spread), 16, spread), _shares(saturation, 8), _shares(high, 8)]
    opponent = np.stack([flat.mean(axis=2), flat[..., 0] - flat[..., 1], flat[..., :2].mean(axis=2) - flat[..., 2]], axis=2)
    mean, deviation = opponent.mean(axis=1), opponent.std(axis=1)
    skew = np.cbrt(((opponent - mean[:, None]) ** 3).mean(axis=1))
    return np.hstack([*(np.sqrt(share) for share in shares), mean, deviation, skew])


def _hue(flat: Rows, high: Rows, spread: Rows) -> Rows:
    """0 .. 1 around the circle of colours."""
    red, green, blue = (flat[..., channel] for channel in range(3))
    safe = np.maximum(spread, _TINY)
    hue = np.where(high == red, (green - blue) / safe % 6, np.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4))
    return hue / 6


def _shares(values: Rows, bins: int, weights: Rows | None = None) -> Rows:
    """Shares of each row's values of 0 .. 1 in equal bins."""
    cells = np.minimum((values * bins).astype(np.int64), bins - 1) + np.arange(len(values))[:, None] * bins
    counts = np.bincount(cells.ravel(), None if weights is None else weights.ravel(), minlength=len(values) * bins).reshape(-1, bins)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), _TINY))


def texture(images: Images) -> Rows:
    light = luminance(images).astype(np.float64)
    found = []
    for scale in (1, 2, 4):
        shown = _pooled(light, scale)
        found += _edges(shown)
        if scale <= 2:
            found.append(np.sqrt(_local_patterns(shown)))
    return np.hstack(found)


def _pooled(light: Rows, scale: int) -> Rows:
    count, height, width = light.shape
    return np.asarray(light.reshape(count, height // scale, scale, width // scale, scale).mean(axis=(2, 4)))


def _edges(light: Rows) -> list[Rows]:
    down, right = np.gradient(light, axis=1), np.gradient(light, axis=2)
    strength = np.hypot(down, right).reshape(len(light), -1)
    direction = (np.arctan2(down, right) / np.pi % 1.0).reshape(len(light), -1)
    quantiles = np.quantile(strength, (0.25, 0.5, 0.75, 0.9, 0.99), axis=1).T
    return [np.sqrt(_shares(direction, 8, strength)), np.log(quantiles + 1e-3)]


def _local_patterns(light: Rows) -> Rows:
    """Shares of the ten kinds of neighbourhoods that are the same however they are turned."""
    center = light[:, 1:-1, 1:-1]
    ring = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    height, width = center.shape[1:]
    above = np.stack([light[:, y : y + height, x : x + width] >= center for y, x in ring], axis=-1)
    changes = (above != np.roll(above, 1, axis=-1)).sum(axis=-1)
    kinds = np.where(changes <= 2, above.sum(axis=-1), 9).reshape(len(light), -1)
    return _shares((kinds + 0.5) / 10, 10)


def spectrum(images: Images) -> Rows:
    light = luminance(images).astype(np.float64)
    count, height, width = light.shape
    blocks = light.reshape(count, height // 8, 8, width // 8, 8).transpose(0, 1, 3, 2, 4)
    sizes = np.abs(fft.dctn(blocks, axes=(3, 4), norm="ortho")).mean(axis=(1, 2)).reshape(count, 64)[:, 1:]
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    power = np.abs(np.fft.rfft2((light - light.mean(axis=(1, 2), keepdims=True)) * window)) ** 2
    cells = _rings(height, width)
    sums = np.stack([power[:, cells == cell].mean(axis=1) for cell in range(int(cells.max()) + 1)], axis=1)
    return np.hstack([np.log(sizes + 1e-4), np.log(sums + 1e-4)])


def _rings(height: int, width: int) -> NDArray[np.int64]:
    """A cell for each frequency: six rings of doubling width by four directions; -1 for the mean."""
    y, x = np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width)[None, :] * width
    radius, angle = np.hypot(y, x), np.arctan2(y, x) / np.pi % 1.0
    ring = np.clip(np.log2(np.maximum(radius, 1)), 0, 5).astype(np.int64)
    return np.where(radius == 0, -1, ring * 4 + np.minimum((angle * 4).astype(np.int64), 3))


def random_convolutions(images: Images) -> Rows:
    first, second = _weights()
    found = []
    for start in range(0, len(images), _BATCH):
        shown = images[start : start + _BATCH] - np.float32(0.5)
        one = _convolved(shown, first)
        two = _convolved(one, second)
        found.append(np.hstack([part for layer in (one, two) for part in (layer.mean(axis=(1, 2)), layer.std(axis=(1, 2)))]))
    return np.vstack(found).astype(np.float64)


@lru_cache(maxsize=1)
def _weights() -> tuple[Images, Images]:
    """(5, 5, 3, first) and (3, 3, first, second): each filter of mean 0 over its field and of length 1. The same everywhere, always."""
    made, channels = [], 3
    for layer, (side, filters) in enumerate(zip((5, 3), _FILTERS, strict=True)):
        weights = Stream(0).child("pictures", "random convolutions", layer).generator().normal(size=(side, side, channels, filters))
        weights -= weights.mean(axis=(0, 1), keepdims=True) * (layer == 0)
        made.append((weights / np.sqrt((weights**2).sum(axis=(0, 1, 2)))).astype(np.float32))
        channels = filters
    return made[0], made[1]


def _convolved(maps: Images, weights: Images) -> Images:
    """Strides of two, then what is negative is cut off."""
    side = weights.shape[0]
    windows = np.lib.stride_tricks.sliding_window_view(maps, (side, side), axis=(1, 2))[:, ::2, ::2]
    return np.asarray(np.maximum(np.tensordot(windows, weights, axes=((3, 4, 5), (2, 0, 1))), 0))


FEATURES: dict[str, Callable[[Images], Rows]] = {
    "color": color,
    "texture": texture,
    "spectrum": spectrum,
    "random_convolutions": random_convolutions,
}
