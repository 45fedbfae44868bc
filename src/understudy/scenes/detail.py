"""How finely things are made: as finely as the cameras of a scene can see them, at the nearest that they come.

One geometry serves labels, pictures and sensors alike, so labels stay exact.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.geometry.coarsening import coarser
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.scene import Body, Scene

Floats = NDArray[np.float64]
FINEST = 0.01
"""m; coarser cells are this times a power of 2, so that things alike share their meshes."""
PIXELS = 1.0
"""Size of what is left out, in pixels."""
UNSEEN = 5.0
"""How much coarser things may be that no camera ever looks at: their shadows and mirror images alone are seen."""


class _Eye(NamedTuple):
    """A camera, where it is (T, 3) and where it looks (T, 3) at a scene's times."""

    camera: Camera
    places: Floats
    ahead: Floats


def as_seen(scene: Scene) -> Scene:
    """The scene with every body as finely made as can be seen of it."""
    eyes = [
        _Eye(camera, _places(camera.motion, scene.times), np.stack([camera.motion.at(float(time))[:3, 2] for time in scene.times]))
        for camera in scene.cameras
    ]
    return replace(scene, bodies=tuple(_made(body, _cell(body, scene, eyes)) for body in scene.bodies))


def _made(body: Body, cell: float) -> Body:
    if cell <= 0:
        return body
    links = tuple(replace(link, mesh=coarser(link.mesh, cell)) for link in body.links)
    return body if all(a.mesh is b.mesh for a, b in zip(links, body.links, strict=True)) else replace(body, links=links)


def _cell(body: Body, scene: Scene, eyes: list[_Eye]) -> float:
    """m, one of `FINEST` times a power of 2; 0 for all details."""
    radius = float(np.linalg.norm(body.size)) / 2 + float(np.linalg.norm(body.middle[:2]))
    place = _places(body.links[0].motion, scene.times)
    finest = min(_seen(place, radius, eye, everywhere=bool(scene.sensors)) for eye in eyes)
    return FINEST * 2.0 ** math.floor(math.log2(finest / FINEST)) if finest >= FINEST else 0.0


def _seen(place: Floats, radius: float, eye: _Eye, *, everywhere: bool) -> float:
    """m that are `PIXELS` in the picture where a body comes nearest. everywhere: something looks to all sides beside the camera."""
    camera, offset = eye.camera, place - eye.places
    away = np.linalg.norm(offset, axis=1)
    near = float(away.min()) - radius
    if near <= 0 or camera.model == "orthographic":
        return PIXELS / camera.focal if camera.model == "orthographic" else 0.0
    angle = np.arccos(np.clip((offset * eye.ahead).sum(axis=1) / away, -1, 1)) - np.arcsin(np.minimum(radius / away, 1.0))
    corner = math.hypot(camera.width, camera.height) / 2 / camera.focal
    reach = (corner if camera.model == "fisheye" else math.atan(corner)) + 0.1
    unseen = not everywhere and bool((angle > reach).all())
    return PIXELS * near / camera.focal * (UNSEEN if unseen else 1.0)


def _places(motion: Motion, times: Floats) -> Floats:
    """(T, 3) where the origin of what moves so is."""
    return np.stack([np.interp(times, motion.times, motion.positions[:, axis]) for axis in range(3)], axis=1)
