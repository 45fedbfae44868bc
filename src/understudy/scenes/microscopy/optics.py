"""From absorbance to the picture: light through the slide, lens, sensor, compression."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from understudy.data.media.image_files import jpeg, read_image
from understudy.scenes.microscopy.cells import Floats, Rng, cloud


def field_light(light: Any, width: int, height: int, rng: Rng) -> Floats:
    """(H, W, 3) linear light of the empty field."""
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5 - np.float32(rng.normal(0, 0.08))
    y = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5 - np.float32(rng.normal(0, 0.08))
    lost = np.float32(light.vignette) * np.minimum((x[None, :] ** 2 + y[:, None] ** 2) * 2, 1)
    color = light.brightness * np.array([1 + light.warmth, 1 - light.pink, 1 - light.warmth])
    found: Floats = (1 - lost)[..., None] * color.astype(np.float32)
    if light.unevenness:
        found *= 1 + np.float32(light.unevenness) * np.stack([cloud(rng, lost.shape, width / 2.5) for _ in range(3)], axis=-1)
    return found


def picture(light: Floats, absorbance: Floats, optics: Any, blur: float, rng: Rng) -> NDArray[np.uint8]:
    """(H, W, 3) sRGB. Absorbances of what lies on each other were added, so that their light is multiplied. blur: px."""
    linear = light * np.exp(-absorbance)
    for channel, share in ((0, 0.5), (2, -0.5)):
        if optics.fringe:
            linear[..., channel] = _scaled(linear[..., channel], 1 + share * optics.fringe)
    if blur > 0.2:
        linear = ndimage.gaussian_filter(linear, (blur, blur, 0), truncate=3.0, mode="nearest")
    steps = 255 * _srgb(np.clip(linear, 0, 1))
    steps += np.float32(optics.noise) * rng.standard_normal(steps.shape, dtype=np.float32)
    image = np.clip(np.rint(steps), 0, 255).astype(np.uint8)
    return read_image(jpeg(image, int(optics.quality))) if optics.quality else image


def _scaled(channel: Floats, factor: float) -> Floats:
    """Magnified about the middle."""
    middle = (np.array(channel.shape) - 1) / 2
    found: Floats = ndimage.affine_transform(channel, [1 / factor] * 2, middle - middle / factor, order=1, mode="nearest")
    return found


def _srgb(linear: Floats) -> Floats:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-6) ** np.float32(1 / 2.4) - 0.055).astype(np.float32)
