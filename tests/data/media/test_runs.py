"""Runs of masks, beside pycocotools."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from understudy.core.errors import DataError
from understudy.data.media.runs import mask_runs, runs_mask, runs_text, text_runs

masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))


@given(masks)
def test_a_mask_comes_back_from_its_runs_and_from_their_text(mask: np.ndarray) -> None:
    counts = mask_runs(mask)
    assert (runs_mask(counts, *mask.shape) == mask).all()
    assert text_runs(runs_text(counts)).tolist() == counts.tolist()


@given(masks)
def test_the_text_is_that_of_pycocotools(mask: np.ndarray) -> None:
    coco = pytest.importorskip("pycocotools.mask")
    assert runs_text(mask_runs(mask)).encode() == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]


def test_long_runs_are_those_of_pycocotools() -> None:
    coco = pytest.importorskip("pycocotools.mask")
    mask = np.zeros((3000, 2000), dtype=np.bool_)
    mask[:, 700:1500] = True
    mask[5, 1999] = True
    assert runs_text(mask_runs(mask)).encode() == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]


@given(masks, st.integers(0, 5), st.integers(0, 5))
def test_a_part_of_a_picture_gives_the_runs_of_the_whole(mask: np.ndarray, left: int, top: int) -> None:
    whole = np.zeros((mask.shape[0] + top + 3, mask.shape[1] + left + 2), dtype=np.bool_)
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    assert mask_runs(mask, (left, top), *whole.shape).tolist() == mask_runs(whole).tolist()


@pytest.mark.parametrize("text", ["", "\x00", "zz", "d" * 3 + "z", "ä"])
def test_text_that_is_no_runs_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        runs_mask(text_runs(text), 2, 2)
