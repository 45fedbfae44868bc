"""Masks as the lengths of their runs, as COCO writes them (pycocotools' maskApi): column after column, zeros first.

In files the lengths stand as text: each but the first three as its difference from the one two before, in groups of five bits, least
first, the sixth bit saying that more follow, each group as the character 48 above it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError

Counts = NDArray[np.int64]


def mask_runs(mask: NDArray[np.bool_], corner: tuple[int, int] = (0, 0), height: int | None = None, width: int | None = None) -> Counts:
    """Lengths of runs of a mask, or of a picture of `height` × `width` that is False beside the mask with its corner at (x, y)."""
    height, width = mask.shape[0] if height is None else height, mask.shape[1] if width is None else width
    columns, rows = np.nonzero(mask.T)
    places = (columns.astype(np.int64) + corner[0]) * height + rows + corner[1]
    if not len(places):
        return np.array([height * width], dtype=np.int64)
    breaks = np.flatnonzero(np.diff(places) != 1)
    starts = places[np.concatenate([[0], breaks + 1])]
    ends = places[np.concatenate([breaks, [len(places) - 1]])] + 1
    edges = np.concatenate([[0], np.column_stack([starts, ends]).ravel(), [height * width]])
    counts = np.diff(edges)
    return counts if counts[-1] else counts[:-1]


def runs_mask(counts: Sequence[int] | Counts, height: int, width: int) -> NDArray[np.bool_]:
    """The mask of lengths of runs. Raises `DataError` where they do not add up to the picture."""
    lengths = np.asarray(counts, dtype=np.int64)
    if (lengths < 0).any() or int(lengths.sum()) != height * width:
        raise DataError(f"Runs of {int(lengths.sum())} pixels do not fill a picture of {width} × {height}.")
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(width, height).T


def runs_text(counts: Counts) -> str:
    """Lengths of runs as the text of COCO's files; the same as pycocotools gives."""
    values = counts.copy()
    values[3:] -= counts[1:-2]
    groups: list[NDArray[np.int64]] = []
    kept: list[NDArray[np.bool_]] = []
    rest, going = values, np.ones(len(values), dtype=np.bool_)
    while going.any():
        low = rest & 31
        rest = rest >> 5
        more = np.where((low & 16) != 0, rest != -1, rest != 0)
        groups.append(low | (more.astype(np.int64) << 5))
        kept.append(going)
        going = going & more
    characters = np.stack(groups, axis=1)[np.stack(kept, axis=1)] + 48
    return characters.astype(np.uint8).tobytes().decode("ascii")


def text_runs(text: str) -> Counts:
    """Lengths of runs from the text of COCO's files. Raises `DataError` where it is no such text."""
    codes = np.frombuffer(text.encode("utf-8"), dtype=np.uint8).astype(np.int64) - 48
    if len(codes) == 0 or (codes < 0).any() or (codes > 63).any() or codes[-1] & 32:
        raise DataError("This is no text of runs of a mask.")
    counts: list[int] = []
    value = shift = 0
    for code in codes.tolist():
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        value -= (1 << shift) if code & 16 else 0
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return np.array(counts, dtype=np.int64)
