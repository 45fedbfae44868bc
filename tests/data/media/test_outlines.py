"""Outlines of masks and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from understudy.data.media.outlines import filled, joined, outlines

masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


@given(masks)
def test_filled_outlines_are_the_mask(mask: np.ndarray) -> None:
    assert (filled(outlines(mask), *mask.shape) == mask).all()


@given(masks)
def test_outlines_joined_to_one_are_the_mask_too(mask: np.ndarray) -> None:
    parts = outlines(mask)
    if parts:
        assert (filled([joined(parts)], *mask.shape) == mask).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools with NumPy 2
@given(masks)
def test_pycocotools_fills_outlines_with_the_mask(mask: np.ndarray) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    parts = outlines(mask)
    if parts:
        runs = coco.merge(coco.frPyObjects([part.ravel().tolist() for part in parts], *mask.shape))
        assert (coco.decode(runs).astype(bool) == mask).all()


def test_a_rectangle_is_its_four_corners_at_its_place() -> None:
    (corners,) = outlines(np.ones((2, 3), dtype=np.bool_), corner=(10, 20))
    assert corners.tolist() == [[10, 20], [13, 20], [13, 22], [10, 22]]


def test_the_largest_part_comes_first() -> None:
    mask = np.zeros((5, 9), dtype=np.bool_)
    mask[0, 0] = mask[2:5, 4:8] = True
    assert outlines(mask)[0].min(axis=0).tolist() == [4, 2]
