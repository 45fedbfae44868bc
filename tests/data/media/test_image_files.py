"""Pictures and arrays as bytes."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from understudy.core.errors import DataError
from understudy.data.media.image_files import depth_png, depth_scale, jpeg, npy, npz, png, read_image, read_npz

NOISE = png(np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8))


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(("shape", "dtype"), [((5, 7), np.uint8), ((5, 7, 3), np.uint8), ((5, 7), np.uint16), ((1, 1, 3), np.uint8)])
def test_what_is_written_as_png_comes_back_through_pillow(shape: tuple[int, ...], dtype: type, flat: bool) -> None:
    array = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    content = png(array, flat=flat)
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (shape[1], shape[0])
        assert (np.asarray(image) == array).all()
    assert (read_image(content) == array).all()
    assert png(array.copy(order="F"), flat=flat) == content


def test_a_mask_is_written_as_black_and_white() -> None:
    assert read_image(png(np.array([[True, False]]))).tolist() == [[255, 0]]


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2), np.float32), np.zeros((2, 2, 5), np.uint8), np.zeros((2, 2, 3), np.uint16), np.zeros((0, 2), np.uint8)]
)
def test_png_refuses_what_it_cannot_hold(array: np.ndarray) -> None:
    with pytest.raises(DataError, match="PNG files cannot hold"):
        png(array)


def test_jpeg_is_near_to_the_picture_and_the_same_each_time() -> None:
    y, x = np.mgrid[0:32, 0:48]
    image = np.stack([x * 5, y * 7, x + y], axis=-1).astype(np.uint8)
    content = jpeg(image, 95)
    assert content == jpeg(image, 95)
    assert np.abs(read_image(content).astype(int) - image).mean() < 3
    with pytest.raises(DataError, match="JPEG files cannot hold"):
        jpeg(image.astype(np.uint16))


@pytest.mark.parametrize("content", [b"", b"no picture", NOISE[: len(NOISE) // 2]], ids=["empty", "text", "cut short"])
def test_what_is_no_picture_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(DataError, match=r"no picture that can be read") as error:
        read_image(content, "a/b.png")
    assert error.value.where == "a/b.png"


def test_depth_comes_back_to_half_a_step_and_endless_depth_as_zero() -> None:
    depth = np.array([[0.5, 12.3456, np.inf]], dtype=np.float32)
    scale = depth_scale(depth)
    assert scale == 0.2
    steps = read_image(depth_png(depth, scale))
    assert steps[0, 2] == 0
    assert np.allclose(steps[0, :2] * scale / 1000, depth[0, :2], atol=scale / 2000 + 1e-6)
    assert depth_scale(np.full((1, 1), np.inf)) == 0.1


@pytest.mark.parametrize("compressed", [True, False])
def test_arrays_come_back_from_npz_that_carries_no_date(compressed: bool) -> None:
    arrays = {"a/b": np.arange(6, dtype=np.int32).reshape(2, 3), "c": np.array([np.nan, np.inf], np.float32), "d": np.array([True])}
    content = npz(arrays, compressed=compressed)
    assert content == npz(arrays, compressed=compressed)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    back = read_npz(content)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array, equal_nan=array.dtype.kind == "f")
    assert np.array_equal(np.load(io.BytesIO(npy(arrays["a/b"]))), arrays["a/b"])


def test_arrays_that_could_run_code_are_refused() -> None:
    file = io.BytesIO()
    np.savez(file, a=np.array([{"code": 1}], dtype=object))
    with pytest.raises(DataError, match="no file of arrays"):
        read_npz(file.getvalue())
