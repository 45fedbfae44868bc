from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from understudy.core.random import Stream
from understudy.tabular.rank_likelihood import fit_correlations

TRUE = np.array([[1.0, 0.7, 0.5], [0.7, 1.0, 0.4], [0.5, 0.4, 1.0]])


def latent(rows: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((rows, 3)) @ np.linalg.cholesky(TRUE).T


def cut(z: np.ndarray, edges: list[float]) -> tuple[np.ndarray, np.ndarray]:
    ends = np.r_[-np.inf, edges, np.inf]
    place = np.searchsorted(edges, z)
    return ends[place], ends[place + 1]


def test_correlations_of_binary_and_ordered_values_are_not_attenuated() -> None:
    z = latent(6000)
    low, high = z.copy(), z.copy()
    low[:, 1], high[:, 1] = cut(z[:, 1], [0.5])
    low[:, 2], high[:, 2] = cut(z[:, 2], list(ndtri([0.3, 0.6, 0.9])))
    found = fit_correlations(low, high, np.zeros(6000, np.int64), Stream(0))[0]
    assert np.abs(found - TRUE).max() < 0.05


def test_unknown_values_leave_the_correlations_of_the_known_ones() -> None:
    z = latent(6000)
    low, high = z.copy(), z.copy()
    gone = np.random.default_rng(1).random(6000) < 0.4
    low[gone, 1], high[gone, 1] = -np.inf, np.inf
    found = fit_correlations(low, high, np.zeros(6000, np.int64), Stream(0))[0]
    assert np.abs(found - TRUE).max() < 0.04


def test_components_differ_where_their_rows_do_and_are_pooled_where_they_are_few() -> None:
    z = latent(4000)
    z[2000:, 1] *= -1
    z[3990:, 1] *= -1
    labels = np.repeat([0, 1, 2], [2000, 1990, 10])
    found = fit_correlations(z, z, labels, Stream(0))
    assert abs(found[0][0, 1] - 0.7) < 0.05
    assert abs(found[1][0, 1] + 0.7) < 0.05
    assert abs(found[2][0, 1]) < 0.75
    assert np.linalg.eigvalsh(found).min() > 0
