"""What falls through the air before the lens: streaks of rain and flakes of snow, and how far one sees through them."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.scene import Weather

Floats = NDArray[np.float64]


def extinction(weather: Weather, haze: float = 1.0) -> Floats:
    """(3,) per m for red, green, blue. Rain after Ulbrich and Atlas: .25 R^.63 per km; snow takes about five times as much. Dry haze takes
    more of the blue. haze: share of it that counts."""
    even = weather.fog + 2.5e-4 * weather.rain**0.63 + 1.3e-3 * weather.snow**0.7
    return np.full(3, even) + haze * weather.haze * np.array([0.8, 1.0, 1.3])


def fall(picture: Floats, weather: Weather, glow: Floats, focal: float, exposure: float, rng: np.random.Generator) -> None:
    """Adds rain and snow to a linear (H, W, 3) picture, in place. glow: (3,) light of the air, which drops and flakes show."""
    height, width = picture.shape[:2]
    area = height * width / (640 * 480)
    scale = focal / 500
    if weather.rain > 0:
        count = int(min(90 * weather.rain**0.75, 1600) * area)
        away = 1.2 + 14 * rng.random(count) ** 0.7
        long = np.clip(7.0 * max(exposure, 0.006) / away * 500 * scale, 3, height / 3)
        lean = rng.normal(0.06, 0.02, count)
        strength = (0.10 + 0.18 * rng.random(count)) * np.clip(2.5 / away, 0.25, 1.0)
        wide = np.clip(0.0022 / away * 500 * scale, 0.35, 1.6)
        draw_streaks(picture, rng.random(count) * width, rng.random(count) * height, long, lean, wide, strength, glow * 1.6)
    if weather.snow > 0:
        count = int(min(700 * weather.snow**0.8, 5000) * area)
        away = 0.9 + 16 * rng.random(count) ** 0.6
        radius = np.clip(0.006 / away * 500 * scale, 0.5, 5.0) * (0.7 + 0.6 * rng.random(count))
        long = radius * rng.uniform(0.0, 2.0, count)
        strength = np.clip(0.35 + 0.5 * rng.random(count), 0, 1) * np.clip(3 / away, 0.3, 1.0)
        draw_streaks(
            picture, rng.random(count) * width, rng.random(count) * height, long, rng.normal(0.2, 0.4, count), radius, strength, glow * 1.5
        )


@numba.njit(cache=True, error_model="numpy")
def draw_streaks(picture, xs, ys, longs, leans, wides, strengths, color):  # type: ignore[no-untyped-def]
    """Soft lines downwards from places, over what is there."""
    height, width = picture.shape[0], picture.shape[1]
    for k in range(xs.shape[0]):
        reach = wides[k] + 0.7
        top, bottom = ys[k] - longs[k] / 2, ys[k] + longs[k] / 2
        for y in range(max(int(top - reach), 0), min(int(bottom + reach) + 1, height)):
            along = min(max(y + 0.5, top), bottom)
            middle = xs[k] + (along - ys[k]) * leans[k]
            for x in range(max(int(middle - reach - 0.5), 0), min(int(middle + reach + 1.5), width)):
                dx, dy = x + 0.5 - middle, y + 0.5 - along
                away = np.sqrt(dx * dx + dy * dy)
                cover = min(max(wides[k] + 0.5 - away, 0.0), 1.0) * min(wides[k] * 1.6, 1.0) * strengths[k]
                for c in range(3):
                    picture[y, x, c] += cover * (color[c] - picture[y, x, c])
