"""Light that eyes do not see: near infrared with a lamp at the camera, warmth, and the bands of satellites."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.scenes.camera import Camera
from understudy.scenes.hits import Hits
from understudy.scenes.material import Color, Material
from understudy.scenes.raycast.embree import EmbreeTracer, world_rays
from understudy.scenes.raycast.lamps import lamp_row
from understudy.scenes.raycast.poses import Motions
from understudy.scenes.raycast.surfaces import NORMAL, TEMPERATURE, Surfaces, looked_at
from understudy.scenes.scene import Scene

NEAR_INFRARED = {
    "grass": 0.5,
    "leaves": 0.55,
    "field": 0.42,
    "skin": 0.5,
    "hair": 0.25,
    "fabric": 0.45,
    "water": 0.02,
    "soil": 0.3,
    "snow": 0.75,
}
"""Of patterns whose materials state no band "nir"; the others reflect as much as of red."""
SHORT_WAVE = {"grass": 0.2, "leaves": 0.22, "field": 0.25, "water": 0.005, "soil": 0.38, "snow": 0.12, "concrete": 0.38, "roof": 0.36}


def near_infrared(material: Material) -> float:
    return material.bands.get("nir", NEAR_INFRARED.get(material.pattern, 0.15 + 0.8 * material.color[0]))


def infrared_colors(material: Material) -> tuple[Color, Color]:
    share = near_infrared(material)
    other = min(share * (0.2 + sum(material.second)) / (0.2 + sum(material.color)), 0.9)
    return (share, share, share), (other, other, other)


def band_colors(bands: tuple[str, ...]) -> Callable[[Material], tuple[Color, Color]]:
    """Three bands' reflectances in the place of red, green and blue."""

    def of(material: Material) -> tuple[Color, Color]:
        shares = [reflectance(material, band) for band in bands]
        ratio = (0.2 + sum(material.second)) / (0.2 + sum(material.color))
        first, second = shares, [min(share * ratio, 0.95) for share in shares]
        return (first[0], first[1], first[2]), (second[0], second[1], second[2])

    return of


def reflectance(material: Material, band: str) -> float:
    """Of a band: as stated, or as the pattern's kind of matter has it; names as satellites have them."""
    if band in material.bands:
        return material.bands[band]
    if band == "nir":
        return near_infrared(material)
    if band.startswith("swir"):
        return SHORT_WAVE.get(material.pattern, 0.1 + 0.7 * material.color[0])
    if band.startswith("rededge"):
        return 0.5 * near_infrared(material) + 0.5 * material.color[0]
    named = {"red": material.color[0], "green": material.color[1], "blue": material.color[2], "coastal": 0.9 * material.color[2]}
    return named.get(band, sum(material.color) / 3)


def lamp_at_camera(camera: Camera, time: float) -> NDArray[np.float64]:
    """The infrared lamps around a lens, as one."""
    pose = camera.motion.at(time)
    place = pose[:3, 3] + 0.06 * pose[:3, 1]
    return np.array([lamp_row(place, (14.0, 14.0, 14.0), pose[:3, 2], 0.75, 0.7)])


def thermal_picture(
    scene: Scene, tracer: EmbreeTracer, camera: Camera, time: float, hits: Hits, surfaces: Surfaces, rng: Stream
) -> NDArray[np.uint8]:
    """Warmth as grey: what is warmer than its surroundings is light, the sky is dark."""
    from scipy.ndimage import gaussian_filter

    height, width = hits.link.shape
    views = Motions.of([camera.motion]).at(np.array([time]))[:, 0]
    _, directions = world_rays(*tracer.camera_rays(camera), views, width)
    u, v = np.ascontiguousarray(hits.barycentric.reshape(-1, 2).T)
    made, _ = looked_at(
        surfaces, tracer.packed, hits.link.ravel(), hits.face.ravel(), u, v, directions,
        hits.distance.ravel(), 1 / camera.focal, camera.model == "orthographic", tracer.poses(time), 0.0, 0.0,
    )  # fmt: skip
    sky = scene.sky
    sun = np.array(
        [
            np.cos(sky.sun_elevation) * np.cos(sky.sun_azimuth),
            np.cos(sky.sun_elevation) * np.sin(sky.sun_azimuth),
            np.sin(sky.sun_elevation),
        ]
    )
    warmed = 6 * sky.sun * max(float(sun[2]) + 0.1, 0.0) * np.maximum(made[:, NORMAL : NORMAL + 3] @ sun, 0.0) * (1 - made[:, :3].mean(1))
    cold = 2.5 * np.maximum(made[:, NORMAL + 2], 0.0) + 3 * made[:, 14]
    degrees = made[:, TEMPERATURE] + warmed - cold + 1.5 * (made[:, :3].mean(1) - 0.3)
    met = hits.link.ravel() >= 0
    left = np.exp(-0.3 * (scene.weather.fog + scene.weather.haze) * np.where(met, np.nan_to_num(hits.distance.ravel(), posinf=0.0), 0.0))
    degrees = np.where(met, degrees * left, -14 + 10 * (1 - np.abs(directions[:, 2])))
    blurry = gaussian_filter(degrees.reshape(height, width), 0.7 + camera.faults.blur)
    grains = rng.child("noise").generator()
    blurry = blurry + 0.12 * camera.noise * grains.standard_normal((height, width)) + 0.1 * grains.standard_normal((1, width))
    low, high = np.quantile(blurry[::4, ::4], [0.01, 0.995])
    low, high = min(float(low), -4.0), max(float(high), 9.0)
    return np.asarray(np.clip(20 + 220 * (blurry - low) / (high - low), 0, 255), dtype=np.uint8)
