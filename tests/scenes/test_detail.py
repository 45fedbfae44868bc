"""Things are made as finely as cameras can see them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from understudy.scenes.camera import Camera
from understudy.scenes.detail import as_seen
from understudy.scenes.geometry.motion import along, looking, still
from understudy.scenes.models.vehicles import vehicle
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.scene import Scene

CAMERA = Camera("front", focal=460.0, motion=still([0, 0, 1.5], looking([10, 0, 1.5], [0, 0, 1.5])))


def parked(*distances: float, camera: Camera = CAMERA, times: tuple[float, ...] = (0.0,)) -> Scene:
    made = vehicle("suv", np.random.default_rng(3))
    bodies = tuple(made.body(f"car/{n}", 1, n + 1, still([x, 0.2 * n, 0])) for n, x in enumerate(distances))
    return Scene("driving", bodies, (camera,), np.array(times), (), 9)


def faces(scene: Scene) -> list[int]:
    return [sum(len(link.mesh.faces) for link in body.links) for body in scene.bodies]


def test_farther_is_coarser_and_near_is_whole() -> None:
    scene = parked(4, 30, 90, 250)
    whole, made = faces(scene), faces(as_seen(scene))
    assert made[0] == whole[0]
    assert made[0] > made[1] > made[2] > made[3]
    assert made[3] < 0.2 * whole[3]


def test_the_nearest_moment_counts() -> None:
    drives = replace(CAMERA, motion=along([0, 10], [[0, 0, 1.5], [86, 0, 1.5]], 0.0))
    turned = replace(drives, motion=replace(drives.motion, rotations=np.repeat(CAMERA.motion.rotations, 2, axis=0)))
    assert faces(as_seen(parked(90, camera=turned, times=(0.0, 10.0)))) == faces(parked(90))


def test_what_no_camera_looks_at_is_coarser() -> None:
    ahead, behind = faces(as_seen(parked(20, -20)))
    assert behind < 0.5 * ahead


@pytest.mark.parametrize("distance", [25.0, 60.0, 120.0])
def test_the_outline_is_right_to_a_pixel(distance: float) -> None:
    scene = parked(distance)
    seen = [EmbreeTracer(one).hits(CAMERA, 0.0).link >= 0 for one in (scene, as_seen(scene))]
    boxes = [np.array([places.min() for places in np.nonzero(mask)] + [places.max() for places in np.nonzero(mask)]) for mask in seen]
    assert np.abs(boxes[0] - boxes[1]).max() <= 1
    assert (seen[0] ^ seen[1]).sum() < 0.08 * seen[0].sum() + 4
