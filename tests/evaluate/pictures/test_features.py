"""Features and distances on pictures and rows whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from understudy.evaluate.pictures.distances import effective_number, frechet, kernel, median_distance, mmd
from understudy.evaluate.pictures.features import FEATURES, color, random_convolutions, spectrum, texture


def noise(count: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 96, 96, 3)).astype(np.float32)


@pytest.mark.parametrize("name", FEATURES)
def test_a_picture_has_the_same_features_alone_and_among_others(name: str) -> None:
    pictures = np.concatenate([noise(), np.zeros((1, 96, 96, 3), np.float32), np.ones((1, 96, 96, 3), np.float32)])
    together = FEATURES[name](pictures)
    assert np.isfinite(together).all()
    assert together.shape[0] == 5
    for number in range(5):
        assert np.allclose(FEATURES[name](pictures[number : number + 1]), together[number], atol=1e-5)


def test_color_sees_hues_and_nothing_of_places() -> None:
    red, blue = np.zeros((2, 1, 96, 96, 3), dtype=np.float32)
    red[..., 0] = blue[..., 2] = 1
    assert np.abs(color(red) - color(blue)).max() > 0.9
    picture = noise(1)
    shuffled = picture[:, ::-1, ::-1]
    assert np.allclose(color(picture), color(shuffled))


def test_texture_and_spectrum_see_the_direction_of_stripes() -> None:
    across = np.zeros((1, 96, 96, 3), dtype=np.float32)
    across[:, :, ::4] = 1
    down = across.transpose(0, 2, 1, 3)
    assert np.abs(texture(across) - texture(down)).max() > 0.5
    assert np.abs(spectrum(across) - spectrum(down)).max() > 1


def test_random_filters_are_the_same_in_every_release() -> None:
    features = random_convolutions(noise(1))
    assert features.shape == (1, 2 * 32 + 2 * 64)
    assert features[0, :3] == pytest.approx(random_convolutions(noise(1).copy())[0, :3])


def test_frechet_is_that_of_the_matrix_root_and_nought_for_a_set_and_itself() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(200, 5)), rng.normal(size=(150, 5)) @ rng.normal(size=(5, 5)) + 1
    first, second = np.cov(one.T), np.cov(other.T)
    expected = ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(first + second - 2 * np.real(sqrtm(first @ second)))
    assert frechet(one, other) == pytest.approx(expected, rel=1e-6)
    assert frechet(one, one) == pytest.approx(0, abs=1e-9)


def test_frechet_of_a_shift_is_its_square() -> None:
    rows = np.random.default_rng(2).normal(size=(300, 4))
    assert frechet(rows, rows + np.array([3, 0, 0, 4])) == pytest.approx(25, rel=1e-9)


def test_kernel_distance_is_about_nought_for_equal_distributions_and_large_for_others() -> None:
    rng = np.random.default_rng(3)
    one, other, far = rng.normal(size=(200, 4)), rng.normal(size=(200, 4)), rng.normal(size=(200, 4)) + 2
    width = median_distance(one)
    near = mmd(kernel(one, one, width), kernel(other, other, width), kernel(one, other, width))
    away = mmd(kernel(one, one, width), kernel(far, far, width), kernel(one, far, width))
    assert abs(near) < 0.01
    assert away > 0.2


def test_the_effective_number_counts_what_differs() -> None:
    assert effective_number(np.eye(7)) == pytest.approx(7)
    assert effective_number(np.ones((7, 7))) == pytest.approx(1)
    assert effective_number(np.kron(np.eye(3), np.ones((4, 4)))) == pytest.approx(3)
