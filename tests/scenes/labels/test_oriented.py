from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from understudy.scenes.labels.oriented import around_pixels, around_points


def area(corners: np.ndarray) -> float:
    return float(np.linalg.norm(corners[1] - corners[0]) * np.linalg.norm(corners[2] - corners[1]))


def contains(corners: np.ndarray, points: np.ndarray) -> bool:
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side = end - start
        off = (points - start) @ np.array([-side[1], side[0]])
        if (off < -1e-6).any() and (off > 1e-6).any():
            return False
    return True


@given(st.integers(0, 10_000), st.integers(3, 60))
def test_no_rectangle_of_a_thousand_angles_is_smaller(seed: int, count: int) -> None:
    points = np.random.default_rng(seed).normal(size=(count, 2)) * (5, 1)
    corners = around_points(points)
    assert contains(corners, points)
    hull = points[ConvexHull(points).vertices]
    angles = np.linspace(0, np.pi / 2, 1000)
    turned = [hull @ np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    assert area(corners) <= min(float(np.prod(np.ptp(t, axis=0))) for t in turned) + 1e-9


@given(st.integers(0, 10_000))
def test_the_pixels_of_a_mask_are_squares_that_all_lie_within(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.where(rng.random((12, 15)) < 0.2, 3, 0).astype(np.int32)
    mask[rng.integers(12), rng.integers(15)] = 3
    rows, columns = np.nonzero(mask == 3)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    corners = around_pixels(mask, 3, box)
    squares = np.concatenate([np.stack([columns + i, rows + j], axis=1) for i in (0, 1) for j in (0, 1)])
    assert contains(corners, squares.astype(float))
    assert area(corners) <= (box[2] - box[0]) * (box[3] - box[1]) + 1e-9
    assert np.isclose(area(corners), area(around_points(squares.astype(float))))


def test_one_point_and_two_points_have_rectangles_too() -> None:
    assert np.allclose(around_points(np.array([[2.0, 3.0]])), [[2, 3]] * 4)
    assert area(around_points(np.array([[0.0, 0.0], [3.0, 4.0]]))) < 1e-12
