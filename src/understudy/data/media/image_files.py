"""Pictures and arrays as the bytes of files: the same array gives the same bytes, with no date and no name of a program in them.

PNG is written here and not by Pillow, so that the bytes are those of zlib alone, whatever release of Pillow is installed, and pictures
can be written without it. Source: Portable Network Graphics, second edition (ISO/IEC 15948:2003). JPEG goes through Pillow.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, DataError, MissingExtraError

Array = NDArray[Any]

QUALITY = 92
DEPTH_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 200.0, 1000.0)
"""Millimetres a step that 16-bit pictures of depth are written in; the least that reaches far enough is taken."""

_COLOR_TYPES = {1: 0, 3: 2}
_MEMBER_DATE = (1980, 1, 1, 0, 0, 0)
_SUB, _NONE = 1, 0


def png(array: Array, *, flat: bool = False) -> bytes:
    """A picture as PNG.

    Args:
        array: (H, W) uint8, uint16 or bool (written as 0 and 255), or (H, W, 3) uint8.
        flat: it has few values in large areas (a mask); else it is taken for a photo, where neighbours differ by little. Either way
            what comes back is the same; only the file's size differs.

    Raises:
        DataError: PNG holds no such array.
    """
    array = np.asarray(array)
    array = array.astype(np.uint8) * np.uint8(255) if array.dtype == np.bool_ else array
    channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    depths = (np.uint8, np.uint16) if channels == 1 else (np.uint8,)
    if array.dtype not in depths or channels not in _COLOR_TYPES or array.size == 0:
        raise DataError(
            f"PNG files cannot hold an array of {array.dtype} of the shape {array.shape}.",
            remedy="They hold one channel of 8 or 16 bits, or three of 8; write other arrays as .npy.",
        )
    height, width = array.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, array.dtype.itemsize * 8, _COLOR_TYPES[channels], 0, 0, 0)
    rows = _filtered(array.reshape(height, width * channels), channels, _NONE if flat else _SUB)
    # Long matches are rare in the differences of a photo's pixels: runs alone give smaller files than matches do, in a tenth of the time.
    packer = zlib.compressobj(6, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY if flat else zlib.Z_RLE)
    packed = packer.compress(rows) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _filtered(rows: Array, channels: int, method: int) -> bytes:
    """Rows of bytes, most significant first, each behind the number of its filter."""
    step = channels * rows.dtype.itemsize
    raw = np.ascontiguousarray(rows.astype(rows.dtype.newbyteorder(">"))).view(np.uint8)
    out = np.empty((raw.shape[0], raw.shape[1] + 1), dtype=np.uint8)
    out[:, 0] = method
    out[:, 1:] = raw
    if method == _SUB:
        out[:, 1 + step :] -= raw[:, :-step]
    return out.tobytes()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def jpeg(array: Array, quality: int = QUALITY) -> bytes:
    """An 8-bit picture, (H, W) or (H, W, 3), as JPEG without thinned colours (4:4:4).

    Raises:
        DataError: JPEG holds no such array. MissingExtraError: Pillow is not installed.
    """
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise DataError(
            f"JPEG files cannot hold an array of {array.dtype} of the shape {array.shape}.",
            remedy='They hold one or three channels of 8 bits; write it with image="png".',
        )
    file = io.BytesIO()
    _pillow("Writing JPEG files").fromarray(np.ascontiguousarray(array)).save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def read_image(content: bytes, where: str = "") -> Array:
    """A picture of any format that Pillow reads: (H, W) or (H, W, 3) uint8, (H, W) uint16; palettes and transparency are resolved.

    Raises:
        DataError: it is no picture, or a damaged one. MissingExtraError: Pillow is not installed.
    """
    image_module = _pillow("Reading pictures")
    try:
        with image_module.open(io.BytesIO(content)) as image:
            image.load()
            return _as_array(image)
    except (OSError, SyntaxError, ValueError, image_module.DecompressionBombError) as error:
        raise DataError(f"This is no picture that can be read: {error}.", where=where or None, remedy="Remove it or replace it.") from None


def _as_array(image: Any) -> Array:
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "I":
        return np.asarray(image).clip(0, 65535).astype(np.uint16)
    if image.mode in ("L", "RGB"):
        return np.array(image)
    return np.array(image.convert("L" if image.mode in ("1", "LA") else "RGB"))


def depth_png(depth: NDArray[np.floating[Any]], scale_mm: float) -> bytes:
    """Depth in metres as a 16-bit picture of steps of `scale_mm` millimetres; 0 where nothing was hit or it is out of reach."""
    steps = np.rint(np.where(np.isfinite(depth), depth, 0.0).astype(np.float64) * (1000.0 / scale_mm))
    return png(np.where((steps >= 0) & (steps <= 65535), steps, 0).astype(np.uint16))


def depth_scale(depth: NDArray[np.floating[Any]]) -> float:
    """The finest of `DEPTH_SCALES` whose 16 bits reach the farthest pixel, in millimetres."""
    reached = np.where(np.isfinite(depth), depth, 0.0)
    farthest_mm = float(reached.max(initial=0.0)) * 1000.0
    return next((scale for scale in DEPTH_SCALES if farthest_mm / scale <= 65535), DEPTH_SCALES[-1])


def npy(array: Array) -> bytes:
    """An array as the content of a .npy file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def npz(arrays: Mapping[str, Array], *, compressed: bool = True) -> bytes:
    """Named arrays as the content of a .npz file, in their order, with the same date on all."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _MEMBER_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            member.external_attr = 0o644 << 16
            archive.writestr(member, npy(array), compresslevel=1)
    return file.getvalue()


def read_npz(content: bytes, where: str = "") -> dict[str, Array]:
    """The arrays of a .npz file, by name. Raises `DataError` where it is damaged or holds more than arrays of numbers."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"This is no file of arrays that can be read: {error}.", where=where or None, remedy="Write the data set anew."
        ) from None


def checked_image_format(image: str, quality: int) -> None:
    """Raises `ArgumentError` where pictures cannot be written so."""
    if image not in ("png", "jpg"):
        raise ArgumentError(f'Pictures are written as "png" or "jpg", not as {image!r}.', remedy='Pass image="png" or image="jpg".')
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise ArgumentError(f"The quality of JPEG files is an integer from 1 to 100, not {quality!r}.", remedy="Pass quality=92.")


def _pillow(purpose: str) -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError.of("scenes", purpose) from None
    return Image
