"""From light to a picture: glare, what is wrong with the lens, exposure, noise, tone, and compression."""

from __future__ import annotations

import io
from statistics import NormalDist

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError
from understudy.core.random import Stream
from understudy.scenes.camera import Camera

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
GHOSTS = np.array(
    [[0.45, 0.03, 0.5, 1, 0.6], [-0.35, 0.05, 1, 0.6, 0.4], [-0.8, 0.09, 0.4, 0.6, 1], [0.8, 0.02, 1, 1, 0.5]]
)  # fmt: skip
"""Mirror images of the sun in a lens: place along the line from the middle (0) to it (1), radius as a share of the width, colour."""
NORMAL = np.array([NormalDist().inv_cdf((number + 0.5) / 4096) for number in range(4096)], dtype=np.float32)
"""Values of a standard normal variable that are equally likely."""


def exposure_of(picture: Floats, gray: float = 0.19) -> float:
    """The gain that brings a picture's middle to grey, as an automatic camera chooses it; what is dark stays somewhat dark, and highlights
    are kept."""
    light = picture[::4, ::4] @ np.array([0.2126, 0.7152, 0.0722])
    height, width = light.shape
    y, x = np.mgrid[:height, :width]
    weight = np.exp(-1.5 * (((x + 0.5) / width - 0.5) ** 2 + ((y + 0.5) / height - 0.55) ** 2))
    weight = np.where(light > np.quantile(light, 0.97), 0.2 * weight, weight)
    bright = float(np.quantile(light, 0.97))
    limited = np.minimum(light, 6 * float(np.quantile(light, 0.8)) + 1e-7)
    least = 0.02 * float(limited.mean()) + 1e-7
    logarithmic = float(np.exp((weight * np.log(light + least)).sum() / weight.sum()))
    mean = 0.65 * logarithmic + 0.35 * float((weight * limited).sum() / float(weight.sum()))
    dim = min(max(1 - 0.13 * np.log10(0.06 / max(mean, 1e-7)), 0.3), 1.0)
    gain = gray * dim / max(mean, 2e-5)
    return float(max(min(gain, 6.5 * gray / max(bright, 1e-6)), gain / 3))


def glare(picture: Floats, share: float, most: float) -> Floats:
    """Light that scatters in the lens: a little of all, in wide circles; nothing counts for more than `most`."""
    from scipy.ndimage import gaussian_filter

    width = picture.shape[1]
    small = quartered(picture, most)
    unit = width / 640
    spread = sum(
        weight * gaussian_filter(small, (radius * unit, radius * unit, 0), truncate=2.5)
        for weight, radius in ((0.5, 1.2), (0.3, 5.0), (0.2, 16.0))
    )
    return np.asarray(laid_over(picture, spread, share))


def blur(picture: Floats, radius: float) -> Floats:
    from scipy.ndimage import gaussian_filter

    blurred: Floats = gaussian_filter(picture, (radius, radius, 0), truncate=3.0)
    return blurred


def on_the_lens(picture: Floats, camera: Camera, sun: tuple[float, float] | None, rng: Stream) -> Floats:
    """Dirt, rain drops and flare. sun: its place in the picture, where it can flare."""
    faults = camera.faults
    height, width = picture.shape[:2]
    if faults.drops:
        y, x = np.mgrid[:height, :width].astype(np.float64)
        chance = rng.child("drops").generator()
        soft = blur(picture, 0.006 * width)
        for _ in range(faults.drops):
            cx, cy, radius = chance.random() * width, chance.random() * height, width * chance.uniform(0.012, 0.045)
            dx, dy = (x - cx) / radius, (y - cy) / (radius * chance.uniform(0.9, 1.25))
            away = dx * dx + dy * dy
            inside = np.clip((1.0 - away) * 4, 0, 1)[..., None]
            box = (
                slice(max(int(cy - 1.4 * radius), 0), int(cy + 1.4 * radius) + 1),
                slice(max(int(cx - 1.4 * radius), 0), int(cx + 1.4 * radius) + 1),
            )
            source_y = np.clip(cy - dy * radius * 3.2, 0, height - 1).astype(int)[box]
            source_x = np.clip(cx - dx * radius * 3.2, 0, width - 1).astype(int)[box]
            edge = 1 - 0.45 * np.clip((away[box] - 0.55) * 2.2, 0, 1)[..., None] + 0.12 * np.clip(-dy[box], 0, 1)[..., None]
            picture[box] = picture[box] * (1 - inside[box]) + inside[box] * soft[source_y, source_x] * edge
    if faults.dirt > 0:
        chance = rng.child("dirt").generator()
        from scipy.ndimage import gaussian_filter

        spots = sum(
            gaussian_filter(chance.standard_normal((height // 4 + 1, width // 4 + 1)), size * width / 640, mode="wrap") * size
            for size in (2.0, 6.0, 16.0)
        )
        spots = np.kron(spots, np.ones((4, 4)))[:height, :width]
        cut = np.quantile(spots, 1 - min(faults.dirt, 0.95))
        cover = 0.85 * np.clip((spots - cut) / (0.7 * spots.std()), 0, 1)[..., None]
        film = blur(picture, 0.02 * width)
        picture = picture * (1 - cover) + cover * (0.45 * film + 0.03 * picture.mean() * np.array([1.0, 0.9, 0.75]))
    if faults.flare > 0 and sun is not None:
        picture = picture.copy()
        add_flare(picture, sun[0], sun[1], faults.flare * max(float(picture.mean()), 0.02))
    return picture


@numba.njit(cache=True, error_model="numpy")
def add_flare(picture, sun_x, sun_y, strength):  # type: ignore[no-untyped-def]
    """Adds a veil around the light, and its mirror images along the line through the middle, in place."""
    height, width = picture.shape[0], picture.shape[1]
    for y in range(height):
        for x in range(width):
            dx, dy = x - sun_x, y - sun_y
            away = np.sqrt(dx * dx + dy * dy) / width
            wide = np.exp(-away / 0.45)
            veil = strength * (2.5 * wide * wide * wide * wide * np.exp(-away / 0.9) + 0.7 * wide)  # 1 / .1 is 4 / .45 and 1 / .9
            picture[y, x, 0] += veil
            picture[y, x, 1] += 0.95 * veil
            picture[y, x, 2] += 0.85 * veil
    for k in range(GHOSTS.shape[0]):
        place, radius = GHOSTS[k, 0], GHOSTS[k, 1]
        middle_x, middle_y = width / 2 + place * (sun_x - width / 2), height / 2 + place * (sun_y - height / 2)
        reach = radius * width + 1
        for y in range(max(int(middle_y - reach), 0), min(int(middle_y + reach) + 1, height)):
            for x in range(max(int(middle_x - reach), 0), min(int(middle_x + reach) + 1, width)):
                ring = np.sqrt((x - middle_x) ** 2 + (y - middle_y) ** 2) / width
                seen = strength * 0.35 * min(max((radius - ring) / 0.01, 0.0), 1.0) * (0.5 + 0.5 * ring / radius)
                for c in range(3):
                    picture[y, x, c] += seen * GHOSTS[k, 2 + c]


def developed(picture: Floats, camera: Camera, balance: Floats, gain: float, rng: Stream) -> Bytes:
    """(H, W, 3) linear light as an 8-bit sRGB picture."""
    grains = rng.child("noise").generator().integers(0, 4096, picture.shape, dtype=np.uint16)
    x, y = camera.middle
    return np.asarray(develop(picture, balance, gain, camera.vignette, camera.noise, grains, x, y))


def spoiled(image: Bytes, camera: Camera, rng: Stream) -> Bytes:
    """An 8-bit picture with the sensor's faults, after compression."""
    faults = camera.faults
    height, width = image.shape[:2]
    chance = rng.child("sensor").generator()
    if faults.stuck > 0:
        hot = chance.random((height, width)) < faults.stuck
        image[hot] = np.where(chance.random((height, width)) < 0.7, 255, 0)[hot][:, None]
    for _ in range(faults.noise_bands):
        start, rows = int(chance.integers(height)), int(chance.integers(2, max(height // 16, 3)))
        band = image[start : start + rows]
        noisy = band + chance.normal(0, 28, (len(band), 1, 1)) + chance.normal(0, 22, band.shape)
        image[start : start + rows] = np.clip(noisy, 0, 255).astype(np.uint8)
    for _ in range(faults.dead_rows):
        image[int(chance.integers(height))] = 0
    return compressed(image, camera.quality) if camera.quality else image


def compressed(image: Bytes, quality: int) -> Bytes:
    """What JPEG leaves of a picture."""
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError.of("scenes", "Compressing pictures") from None
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


@numba.njit(cache=True, error_model="numpy")
def quartered(picture, most):  # type: ignore[no-untyped-def]
    """A quarter of the size, each pixel the mean of those that it stands for, none counted for more than `most`."""
    height, width = picture.shape[0], picture.shape[1]
    rows, columns = (height + 3) // 4, (width + 3) // 4
    small = np.zeros((rows, columns, 3), np.float32)
    for y in range(rows * 4):
        for x in range(columns * 4):
            for c in range(3):
                small[y // 4, x // 4, c] += min(picture[min(y, height - 1), min(x, width - 1), c], most) / 16
    return small


@numba.njit(cache=True, error_model="numpy")
def laid_over(picture, small, share):  # type: ignore[no-untyped-def]
    """A picture, of which a share is replaced by a quarter-size one, brought to its size between its pixels."""
    height, width = picture.shape[0], picture.shape[1]
    rows, columns = small.shape[0], small.shape[1]
    out = np.empty((height, width, 3))
    for y in range(height):
        row = min(max((y + 0.5) / 4 - 0.5, 0.0), rows - 1.0)
        j = int(row)
        b, j1 = row - j, min(j + 1, rows - 1)
        for x in range(width):
            column = min(max((x + 0.5) / 4 - 0.5, 0.0), columns - 1.0)
            i = int(column)
            a, i1 = column - i, min(i + 1, columns - 1)
            for c in range(3):
                wide = (small[j, i, c] * (1 - a) + small[j, i1, c] * a) * (1 - b) + (small[j1, i, c] * (1 - a) + small[j1, i1, c] * a) * b
                out[y, x, c] = picture[y, x, c] * (1 - share) + share * wide
    return out


@numba.njit(cache=True, error_model="numpy")
def tone(x):  # type: ignore[no-untyped-def]
    """Linear to display-linear: a film's curve (fit to the Academy's by Narkowicz, 2016), .18 stays about .18."""
    x = max(x, 0.0) * 0.72
    return min(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 1.0)


@numba.njit(cache=True, error_model="numpy")
def looked_up(table, value):  # type: ignore[no-untyped-def]
    """Between the entries of a table of 4097 that stand at the squares of 0 .. 1."""
    place = np.sqrt(min(max(value, 0.0), 1.0)) * 4096
    k = min(int(place), 4095)
    return table[k] + (place - k) * (table[k + 1] - table[k])


@numba.njit(cache=True, error_model="numpy")
def develop(picture, balance, gain, vignette, read_noise, grains, middle_x, middle_y):  # type: ignore[no-untyped-def]
    height, width = picture.shape[0], picture.shape[1]
    tones, codes = np.empty(4097), np.empty(4097)
    for k in range(4097):
        tones[k] = tone((k / 4096.0) ** 2 * 8.0)
        shown = (k / 4096.0) ** 2
        codes[k] = 255 * (shown * 12.92 if shown <= 0.0031308 else 1.055 * shown ** (1 / 2.4) - 0.055)
    image = np.empty((height, width, 3), np.uint8)
    corner = middle_x * middle_x + middle_y * middle_y
    amplified = min(max(gain, 0.6), 100.0) ** 0.38
    read = read_noise * amplified / 255 * 0.35
    shot = read_noise * read_noise * amplified * amplified * 9e-5
    values = np.empty(3)
    for y in range(height):
        for x in range(width):
            away = ((x + 0.5 - middle_x) ** 2 + (y + 0.5 - middle_y) ** 2) / corner
            fall = gain * (1 - vignette * away * (1.3 - 0.3 * away))
            most = 1e-6
            for c in range(3):
                value = max(picture[y, x, c], 0.0) * fall * balance[c]
                value += NORMAL[grains[y, x, c]] * np.sqrt(read * read * 0.25 + shot * min(value, 4.0))
                values[c] = max(value, 0.0)
                most = max(most, values[c])
            brightest = looked_up(tones, most / 8.0)
            for c in range(3):  # each channel saturates by itself, as on a sensor, and then again with its hue kept
                shown = 0.6 * looked_up(tones, values[c] / 8.0) + 0.4 * brightest * values[c] / most
                image[y, x, c] = np.uint8(min(max(looked_up(codes, shown) + 0.5, 0.0), 255.0))
    return image
