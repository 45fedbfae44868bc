"""Conditions: weather, light and the camera's faults in plain values, from the scene that the picture is made from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from understudy.scenes.camera import Camera
from understudy.scenes.scene import Scene, Sky, Weather

TWILIGHT = 0.1
"""Radians of the sun above or below the horizon that count as dusk or dawn."""

OVERCAST = 0.7
VISIBILITY = 3.0
"""Visibility in fog is this over the extinction."""

FOG = 0.003
"""Extinction per m from which it is fog: one sees less than a kilometre."""


def conditions(scene: Scene, camera: Camera) -> dict[str, Any]:
    """Time of day and weather as words, with the figures behind them; faults of the camera that are not 0."""
    found: dict[str, Any] = {"time_of_day": time_of_day(scene.sky), "weather": weather(scene.sky, scene.weather)}
    if time_of_day(scene.sky) != "indoors":
        found["sun_elevation_deg"] = round(float(np.degrees(scene.sky.sun_elevation)), 2)
        found["sun_azimuth_deg"] = round(float(np.degrees(scene.sky.sun_azimuth)), 2)
        found["cloud"] = float(scene.sky.cloud)
    found |= {name: float(value) for name, value in asdict(scene.weather).items() if name not in ("fog", "haze") and value}
    if scene.weather.fog:
        found["visibility_m"] = round(VISIBILITY / scene.weather.fog, 1)
    faults = {name: value for name, value in asdict(camera.faults).items() if value}
    return found | ({"faults": faults} if faults else {}) | ({"band": camera.band} if camera.band != "rgb" else {})


def time_of_day(sky: Sky) -> str:
    """ "indoors", "night", "twilight" or "day"."""
    if sky.indoors or sky.studio is not None:
        return "indoors"
    if abs(sky.sun_elevation) <= TWILIGHT:
        return "twilight"
    return "day" if sky.sun_elevation > 0 else "night"


def weather(sky: Sky, air: Weather) -> str:
    """ "none" (indoors), "snow", "rain", "fog", "overcast" or "clear": the first that holds."""
    if time_of_day(sky) == "indoors":
        return "none"
    if air.snow > 0:
        return "snow"
    if air.rain > 0:
        return "rain"
    if air.fog >= FOG:
        return "fog"
    return "overcast" if sky.cloud >= OVERCAST else "clear"
