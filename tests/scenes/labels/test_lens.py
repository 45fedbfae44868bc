from __future__ import annotations

import numpy as np
import pytest

from understudy.scenes.camera import Camera
from understudy.scenes.labels.lens import lens, margins, project, rays

CAMERAS = [
    Camera("a", 320, 240, focal=250.0),
    Camera("b", 320, 240, focal=250.0, center=(155.0, 125.0), distortion=(-0.3, 0.1, 0.001, -0.002, 0.01)),
    Camera("c", 320, 240, "fisheye", 100.0),
    Camera("d", 320, 240, "fisheye", 100.0, distortion=(0.02, -0.003, 0.0, 0.0)),
    Camera("e", 320, 240, "orthographic", 3.0),
]


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.name)
def test_a_point_is_projected_as_the_camera_does(camera: Camera) -> None:
    points = np.random.default_rng(2).normal(size=(500, 3)) * (2, 2, 3)
    pixels, ahead = camera.project(points)
    for point, pixel, before in zip(points, pixels, ahead, strict=True):
        u, v, flag = project(lens(camera), *point)
        assert flag == before
        if before:
            assert np.allclose((u, v), pixel, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.name)
def test_every_pixel_has_the_camera_s_ray_and_those_beyond_the_edge_come_back_to_theirs(camera: Camera) -> None:
    left, top = margins(camera)
    table = rays(camera)
    assert table.shape == (240 + 2 * top, 320 + 2 * left, 3)
    y, x = np.mgrid[-top : 240 + top, -left : 320 + left] + 0.5
    inside = (x > 0) & (x < 320) & (y > 0) & (y < 240)
    origins, directions = camera.rays(np.stack([x[inside], y[inside]], axis=1))
    assert np.allclose(table[inside], origins if camera.model == "orthographic" else directions, atol=1e-6)
    known = np.isfinite(table).all(axis=2)
    assert known[inside].all()
    back, _ = camera.project(table[known].astype(np.float64) + ([0, 0, 1] if camera.model == "orthographic" else 0))
    assert np.abs(back - np.stack([x[known], y[known]], axis=1)).max() < 0.1
