"""The ego's cameras: rigs that move with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.driving.settings import Cameras
from understudy.scenes.geometry.motion import Motion, about_y, about_z
from understudy.scenes.spec.common import camera_of, focal_of
from understudy.scenes.spec.draws import Draws

Floats = NDArray[np.float64]
FORWARD = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""From a camera's axes to a vehicle's: it looks along x."""
ROOF = 1.5
"""m; cameras from this height on stand on the ego's roof."""
RIGS: dict[str, tuple[tuple[str, float, float, float], ...]] = {
    "front": (("front", 0.0, 0.6, 0.0),),
    "stereo": (("left", 0.0, 0.6, 0.2), ("right", 0.0, 0.6, -0.2)),
    "surround": (
        ("front", 0.0, 0.6, 0.0), ("front_left", 60.0, 0.5, 0.4), ("front_right", -60.0, 0.5, -0.4), ("back", 180.0, -1.1, 0.0),
        ("back_left", 120.0, -0.2, 0.5), ("back_right", -120.0, -0.2, -0.5),
    ),
    "fisheye": (("front", 0.0, 2.2, 0.0), ("left", 90.0, 0.6, 0.95), ("right", -90.0, 0.6, -0.95), ("back", 180.0, -2.2, 0.0)),
}  # fmt: skip
"""Name, direction (degrees to the left), and place on the vehicle (m forward and left of its middle)."""


def rig(settings: Cameras, ego: Motion, draw: Draws) -> tuple[Camera, ...]:
    """The cameras of the chosen rig, moving with the ego."""
    view = draw(settings.field_of_view_deg, "cameras/field_of_view_deg")
    height, pitch = draw(settings.height_m, "cameras/height_m"), math.radians(draw(settings.pitch_deg, "cameras/pitch_deg"))
    bend = draw(settings.distortion, "cameras/distortion")
    made = []
    for name, direction, forward, left in RIGS[settings.rig]:
        mount = about_z(math.radians(direction)) @ about_y(pitch) @ FORWARD
        place = np.array([forward, left, height])
        if height < ROOF:  # then on the bumpers and the sides, not within the body
            place[:2] = 2.45 * np.cos(math.radians(direction)), 1.05 * np.sin(math.radians(direction)) + 0.5 * left
        motion = _mounted(ego, place, mount)
        more: dict[str, Any] = {"distortion": (bend, 0.0, 0.0, 0.0, 0.0) if bend else ()}
        focal = focal_of(view, settings.sensor.width)
        if settings.rig == "fisheye":
            more = {"model": "fisheye"}
            focal = settings.sensor.width / math.pi
        made.append(camera_of(settings.sensor, draw, name, focal, motion, **more))
    return tuple(made)


def _mounted(ego: Motion, place: Floats, mount: Floats) -> Motion:
    """The motion of what is fixed to the ego at `place`, turned by `mount`."""
    positions = ego.positions + ego.rotations @ place
    return Motion(ego.times, positions, ego.rotations @ mount)
