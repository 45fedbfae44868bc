"""Rays meet what they must meet, where geometry says so."""

from __future__ import annotations

import builtins
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("embreex")

from understudy.core.errors import MissingExtraError
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import Mesh, mesh
from understudy.scenes.geometry.motion import Motion, about_z, along, looking, still
from understudy.scenes.material import Material
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.raycast.embree_library import library
from understudy.scenes.raycast.lens import pixel_rays
from understudy.scenes.raycast.poses import Motions
from understudy.scenes.scene import Body, Link, Scene

STEP = np.array([1.0, 0, 0])
MATT = (Material("matt"),)


def ball(radius: float = 1.0, rings: int = 96) -> Mesh:
    polar, around = np.meshgrid(np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, 2 * rings + 1), indexing="ij")
    places = radius * np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=-1)
    at = np.arange(polar.size).reshape(polar.shape)
    a, b, c, d = at[:-1, :-1].ravel(), at[1:, :-1].ravel(), at[1:, 1:].ravel(), at[:-1, 1:].ravel()
    return mesh(places, np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]), smooth=True)


def plane(half: float = 500.0) -> Mesh:
    return mesh([[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]], [[0, 1, 2], [0, 2, 3]])


def body(name: str, track: int, shape: Mesh, motion: Motion) -> Body:
    return Body(name, 1, track, (Link(shape, motion, MATT),), (2.0, 2.0, 2.0))


def scene(*bodies: Body, camera: Camera | None = None) -> Scene:
    eye = camera or Camera("front", 160, 120, focal=150.0, motion=still([0, 0, 1.5], looking([10, 0, 1.5], [0, 0, 1.5])))
    return Scene("test", bodies, (eye,), np.array([0.0]), (), 9)


def test_a_ball_covers_the_area_and_has_the_depth_that_geometry_says() -> None:
    """A ball of radius r at distance d, on the axis, is a disk of radius f tan(asin(r / d)) pixels."""
    made = scene(body("ball", 1, ball(), still([8.0, 0, 1.5])))
    hits = EmbreeTracer(made).hits(made.cameras[0], 0.0)
    seen = hits.link == 0
    radius = 150.0 * np.tan(np.arcsin(1 / 8))
    assert abs(seen.sum() - np.pi * radius**2) < 0.02 * np.pi * radius**2
    assert abs(hits.distance.min() - 7.0) < 0.001
    rows, columns = np.nonzero(seen)
    assert abs((rows.min(), columns.min()) - np.array([60 - radius, 80 - radius])).max() <= 1.0
    assert np.isinf(hits.distance[~seen]).all()
    assert np.isnan(hits.point[~seen]).all()
    away = np.linalg.norm(hits.point[seen] - [8.0, 0, 1.5], axis=1)
    assert (away <= 1.0 + 1e-9).all()
    assert (away > 0.999).all()


def test_a_plane_is_met_where_the_ray_crosses_it_to_double_precision() -> None:
    made = scene(body("ground", 0, plane(), still()))
    hits = EmbreeTracer(made).hits(made.cameras[0], 0.0)
    below = hits.link == 0
    assert below[61:].sum() > 0.9 * below[61:].size
    assert np.abs(hits.point[below][:, 2]).max() < 1e-9
    assert np.allclose(hits.normal[below], [0, 0, 1])
    corners = plane().vertices[plane().faces[hits.face[below]]]
    u, v = hits.barycentric[below].T
    again = (1 - u - v)[:, None] * corners[:, 0] + u[:, None] * corners[:, 1] + v[:, None] * corners[:, 2]
    assert np.abs(again - hits.point[below]).max() < 1e-3


def test_moving_and_standing_bodies_are_found_alike() -> None:
    """The same places reached by motion, by standing, and by a mesh shared among links give the same hits."""
    places = [np.array([9.0 + 3 * k, 2.0 * k - 3, 1.2]) for k in range(4)]
    shared = ball(rings=24)
    standing = scene(*(body(f"b{k}", k + 1, ball(rings=24), still(place)) for k, place in enumerate(places)))
    sharing = scene(*(body(f"b{k}", k + 1, shared, still(place)) for k, place in enumerate(places)))
    moving = scene(*(body(f"b{k}", k + 1, shared, along([0, 1], [place - STEP, place + STEP], 0.0)) for k, place in enumerate(places)))
    first = EmbreeTracer(standing).hits(standing.cameras[0], 0.5)
    assert (np.bincount(first.link.ravel() + 1) > 20).all()
    for made in (sharing, moving):
        tracer = EmbreeTracer(made)
        tracer.hits(made.cameras[0], 0.1)
        other = tracer.hits(made.cameras[0], 0.5)
        differs = first.link != other.link
        assert differs.sum() <= 3
        same = (first.link == other.link) & (first.link >= 0)
        assert np.abs(first.distance[same] - other.distance[same]).max() < 1e-2


def test_a_rolling_shutter_sees_each_row_at_its_time() -> None:
    """A wall that drives sideways leans by its way during the readout; the camera's own way counts alike."""
    wall = mesh([[0, -1, -9], [0, 1, -9], [0, 1, 9], [0, -1, 9]], [[0, 1, 2], [0, 2, 3]])
    stays = Motion(np.array([0.0, 1.0]), np.array([[0, 0, 1.5], [0, 0, 1.5]]), np.stack([looking([1, 0, 0], [0, 0, 0])] * 2))
    camera = Camera("front", 160, 120, focal=150.0, readout=0.1, motion=stays)
    made = scene(body("wall", 1, wall, along([0, 1], [[10, -10, 0], [10, 10, 0]], 0.0)), camera=camera)
    hits = EmbreeTracer(made).hits(camera, 0.5)
    middles = np.array([np.nonzero(row == 0)[0].mean() for row in hits.link])
    lean = middles[0] - middles[-1]
    assert abs(lean - 20.0 * 0.1 * (119 / 120) * 150 / 10) < 1.0
    assert hits.times[0] == pytest.approx(0.5 + (0.5 / 120 - 0.5) * 0.1)
    still_scene = scene(body("wall", 1, wall, still([10.0, 0, 0])), camera=camera)
    drive = replace(camera, motion=along([0, 1], [[0, 10, 1.5], [0, -10, 1.5]], 0.0))
    turned = replace(drive, motion=Motion(drive.motion.times, drive.motion.positions, camera.motion.rotations))
    hits = EmbreeTracer(still_scene).hits(turned, 0.5)
    middles = np.array([np.nonzero(row == 0)[0].mean() for row in hits.link])
    assert abs(middles[0] - middles[-1] - lean) < 1.0


def test_rays_can_be_cast_at_some_links_only_and_be_blocked() -> None:
    made = scene(
        body("near", 1, ball(rings=24), still([5.0, 0, 0])),
        body("far", 2, ball(rings=24), along([0, 1], [[10.0, 0, 0], [10.0, 2, 0]], 0.0)),
        body("behind", 3, ball(rings=24), still([15.0, 0, 0])),
    )
    tracer = EmbreeTracer(made)
    origins, directions = np.zeros((2, 3)), np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    for only, link, distance in ((None, 0, 4.0), ((1,), 1, 9.0), ((1, 2), 1, 9.0), ((2,), 2, 14.0)):
        met, far = tracer.cast(origins, directions, 0.0, only)
        assert met.tolist() == [link, -1]
        assert far[0] == pytest.approx(distance, abs=1e-4)
        assert far[1] == np.inf
    assert tracer.cast(origins, directions, 1.0, (1,))[0].tolist() == [-1, -1]
    assert tracer.cast(origins, directions, 0.0, ())[0].tolist() == [-1, -1]
    assert tracer.blocked(origins, directions, 0.0).tolist() == [True, False]
    assert tracer.blocked(origins, directions, 0.0, np.array([3.9, 9.0])).tolist() == [False, False]
    alone = EmbreeTracer(scene(made.bodies[1]))
    assert alone.blocked(origins, directions, 0.0, np.array([9.1, 9.0])).tolist() == [True, False]
    assert alone.blocked(origins, directions, 0.0, np.array([8.9, 9.0])).tolist() == [False, False]


def test_far_from_the_origin_of_the_world_hits_are_as_exact() -> None:
    away = np.array([2000.0, -1500.0, 30.0])
    camera = Camera("front", 160, 120, focal=150.0, motion=still(np.add(away, [0, 0, 1.5]), looking([10, 0, 1.5], [0, 0, 1.5])))
    made = scene(body("ground", 0, plane(60.0), still(away)), body("ball", 1, ball(), still(np.add(away, [8.0, 0, 1.5]))), camera=camera)
    hits = EmbreeTracer(made).hits(camera, 0.0)
    assert np.abs(hits.point[hits.link == 0][:, 2] - 30.0).max() < 1e-9
    assert abs(hits.distance[hits.link == 1].min() - 7.0) < 1e-3


def test_poses_are_those_of_the_motions() -> None:
    rng = np.random.default_rng(3)
    turns = np.stack([about_z(angle) for angle in (0.0, 1.0, 1.0 + np.pi, -2.0)])
    motions = [
        still([1, 2, 3], about_z(0.3)),
        Motion(np.array([0.0, 1.0, 2.0, 4.0]), rng.normal(size=(4, 3)), turns),
        along([0, 5], rng.normal(size=(2, 3)), [0.0, 2.0]),
    ]
    times = np.array([-1.0, 0.0, 0.4, 1.0, 1.7, 3.3, 9.0])
    made = Motions.of(motions).at(times)
    for row, time in zip(made, times, strict=True):
        for pose, motion in zip(row, motions, strict=True):
            assert np.allclose(pose, motion.at(float(time))[:3], atol=1e-9)


def test_every_lens_sees_the_ground() -> None:
    eye = np.array([0.0, 0, 30.0])
    for camera in (
        Camera("down", 80, 60, "orthographic", 2.0, motion=still(eye, looking([0, 0, 0], eye))),
        Camera("down", 80, 60, "fisheye", 60.0, motion=still(eye, looking([0, 0, 0], eye))),
        Camera("down", 80, 60, focal=60.0, distortion=(-0.2, 0.03), motion=still(eye, looking([0, 0, 0], eye))),
    ):
        made = scene(body("ground", 0, plane(), still()), camera=camera)
        hits = EmbreeTracer(made).hits(camera, 0.0)
        assert (hits.link == 0).all()
        local = (hits.point.reshape(-1, 3) - eye) @ camera.motion.at(0.0)[:3, :3]
        pixels, _ = camera.project(local)
        y, x = np.mgrid[:60, :80]
        assert np.abs(pixels - np.column_stack([x.ravel() + 0.5, y.ravel() + 0.5])).max() < 1e-3


def test_an_empty_scene_has_no_hits() -> None:
    made = scene()
    hits = EmbreeTracer(made).hits(made.cameras[0], 0.0)
    assert (hits.link == -1).all()


def test_without_embreex_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("embreex"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r"understudy\[scenes\]"):
        library.__wrapped__()


@pytest.mark.parametrize(
    "camera",
    [
        Camera("bent", 90, 64, focal=50.0, distortion=(-0.3, 0.1, 0.002, -0.003, -0.01)),
        Camera("barrel", 90, 64, focal=60.0, distortion=(-0.25,)),
        Camera("pincushion", 90, 64, focal=60.0, center=(40.0, 35.0), distortion=(0.2, 0.05)),
        Camera("plain", 90, 64, focal=60.0),
        Camera("wide", 90, 64, "fisheye", 30.0, distortion=(0.02, -0.01)),
        Camera("above", 90, 64, "orthographic", 2.0),
    ],
    ids=lambda camera: camera.name,
)
def test_rays_of_pixels_are_those_of_the_camera(camera: Camera) -> None:
    y, x = np.mgrid[:64, :90]
    origins, directions = camera.rays(np.column_stack([x.ravel() + 0.5, y.ravel() + 0.5]))
    found_origins, found = pixel_rays(camera)
    assert np.abs(found - directions).max() < 1e-6
    assert np.abs(found_origins - origins).max() < 1e-9


def test_rays_at_one_time_and_at_several_meet_the_same() -> None:
    """Shapes put to their poses and rays taken into shapes' coordinates are two ways to one answer."""
    motion = along([0, 1], [[8.0, -2, 1.5], [8.0, 2, 1.5]], [0.0, 1.0])
    made = scene(body("ground", 0, plane(), still()), body("ball", 1, ball(rings=24), motion), body("other", 2, ball(0.5, 24), motion))
    tracer = EmbreeTracer(made)
    origins, directions = tracer.world_rays(made.cameras[0], made.cameras[0].motion.at(0.0)[None, :3])
    once = tracer.trace(origins, directions, 0.4)
    twice = tracer.trace_at(origins, directions, np.array([0.4, 0.4]), np.arange(len(directions), dtype=np.int32) % 2)
    assert (once.link == twice.link).all()
    assert (once.face == twice.face).all()
    met = once.link >= 0
    assert np.abs(once.distance[met] - twice.distance[met]).max() < 1e-4
    limits = np.where(np.isfinite(once.distance), once.distance, 1.0)
    assert tracer.blocked(origins, directions, 0.4, limits + 0.01)[met].all()
    assert not tracer.blocked(origins, directions, 0.4, limits - 0.01).any()
