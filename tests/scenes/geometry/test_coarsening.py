"""Coarser meshes: fewer triangles, the same extent to a cell, nothing thin lost, leaves fewer and larger."""

from __future__ import annotations

import numpy as np
import pytest

from understudy.scenes.geometry.coarsening import coarser
from understudy.scenes.geometry.mesh import Mesh, joined, mesh
from understudy.scenes.geometry.primitives import cylinder, sphere
from understudy.scenes.models.vegetation import tree
from understudy.scenes.models.vehicles import vehicle


def area(shape: Mesh) -> float:
    a, b, c = (shape.vertices[shape.faces[:, corner]] for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize("cell", [0.04, 0.08, 0.16])
def test_a_car_keeps_its_extent_to_a_cell_with_fewer_triangles(cell: float) -> None:
    body = vehicle("sedan", np.random.default_rng(1)).parts[0].mesh
    made = coarser(body, cell)
    assert len(made.faces) < len(body.faces) * min(0.8, 0.06 / cell)
    np.testing.assert_allclose(np.array(made.bounds), np.array(body.bounds), atol=cell)
    assert area(made) == pytest.approx(area(body), rel=0.15)
    np.testing.assert_allclose(np.linalg.norm(made.normals, axis=1), 1.0, atol=1e-6)
    assert set(np.unique(made.materials)) <= set(np.unique(body.materials))


def test_corners_stay_on_the_surface() -> None:
    ball = sphere(1.0, 48)
    made = coarser(ball, 0.1)
    assert len(made.faces) < len(ball.faces)
    np.testing.assert_allclose(np.linalg.norm(made.vertices, axis=1), 1.0, atol=1e-9)


def test_a_thin_tube_beside_a_ball_does_not_vanish() -> None:
    both = joined([sphere(0.5, 48), cylinder(0.02, 3.0, 32).moved(offset=(2.0, 0.0, 0.0))])
    made = coarser(both, 0.08)
    assert len(made.faces) < len(both.faces)
    assert made.bounds[1][0] == pytest.approx(both.bounds[1][0])
    assert np.ptp(made.vertices[made.vertices[:, 0] > 1.5, 2]) == pytest.approx(3.0)


def test_leaves_become_fewer_and_larger_and_cover_as_much() -> None:
    crown = tree("linden", np.random.default_rng(2)).parts[0].mesh
    made = coarser(crown, 0.16)
    assert len(made.faces) < 0.6 * len(crown.faces)
    assert area(made) == pytest.approx(area(crown), rel=0.25)
    np.testing.assert_allclose(np.array(made.bounds), np.array(crown.bounds), atol=0.8)


def test_what_is_flat_or_small_stays_and_answers_are_kept() -> None:
    flat = mesh(np.random.default_rng(0).uniform(0, 1, (300, 3)), np.arange(300).reshape(-1, 3))
    assert coarser(flat, 0.3) is flat
    ball = sphere(1.0, 48)
    assert coarser(ball, 0.0) is ball
    assert coarser(ball, 0.1) is coarser(ball, 0.1)
