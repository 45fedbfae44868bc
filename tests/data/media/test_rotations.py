"""Rotations and their quaternions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from understudy.data.media.rotations import from_quaternion, inverse, quaternion, wrapped


@given(st.integers(0, 10_000))
def test_a_rotation_comes_back_from_its_quaternion(seed: int) -> None:
    rotation = Rotation.random(random_state=seed).as_matrix()
    parts = quaternion(rotation)
    assert np.allclose(from_quaternion(parts), rotation, atol=1e-9)
    assert parts[0] >= 0
    assert np.isclose(np.linalg.norm(parts), 1)


def test_half_turns_have_quaternions_too() -> None:
    for diagonal in ([1, -1, -1], [-1, 1, -1], [-1, -1, 1]):
        turn = np.diag(diagonal).astype(float)
        assert np.allclose(from_quaternion(quaternion(turn)), turn)


def test_a_pose_and_its_inverse_cancel() -> None:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = Rotation.from_euler("zyx", [0.3, -1.0, 2.0]).as_matrix(), (1, 2, 3)
    assert np.allclose(inverse(pose) @ pose, np.eye(4))


def test_angles_are_wrapped() -> None:
    assert np.isclose(wrapped(3 * np.pi / 2), -np.pi / 2)
    assert np.isclose(wrapped(-7.0), -7.0 + 2 * np.pi)
