"""Metal in bodies: screws and a rod in the spine, fillings in teeth, a plate on a bone of the hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from understudy.scenes.medical.anatomy import NUMBERS, labels_in
from understudy.scenes.medical.shapes import Canvas, Solid, ellipsoid, joined, tube

FIRST_IMPLANT = 240
"""Labels of implants: this and above."""


@dataclass(frozen=True)
class Implant:
    """name: "fillings". tissue: the name of its metal among `TISSUES`. label: in the phantom's volume."""

    name: str
    tissue: str
    label: int


def implanted(body: str, canvas: Canvas, rng: np.random.Generator) -> list[Implant]:
    """Paints metal that suits the body; gives back what shows in the volume (a part of a body may hold none of it)."""
    name, tissue = {"torso": ("spinal screws", "titanium"), "head": ("fillings", "gold"), "hand": ("plate", "titanium")}[body]
    {"torso": _screws, "head": _fillings, "hand": _plate}[body](canvas, rng)
    return [Implant(name, tissue, FIRST_IMPLANT)] if (canvas.labels == FIRST_IMPLANT).any() else []


def _screws(canvas: Canvas, rng: np.random.Generator) -> None:
    """Through both pedicles of vertebrae; where the volume holds vertebrae, at the middle of it."""
    bone = np.isin(canvas.labels, labels_in("vertebra"))
    if not bone.any():
        return
    z, y, x = canvas.grid.axes()
    heights = z[bone.any(axis=(1, 2))]
    for height in (float(np.median(heights)), float(np.median(heights)) - 36.0):
        plane = bone[int(np.argmin(np.abs(z - height)))]
        if not plane.any():
            continue
        middle = float(np.median(x[plane.any(axis=0)]))
        front = float(y[plane.any(axis=1)][0])
        for side in (-1.0, 1.0):
            screw = tube([[middle + side * 20, front + 58, height + 2], [middle + side * 9, front + 10, height - 1]], 3.0)
            rod = tube([[middle + side * 20, front + 60, height + 20], [middle + side * 20, front + 60, height - 20]], 3.2)
            canvas.paint(joined(screw, rod, ellipsoid([middle + side * 20, front + 58, height + 2], [6, 6, 6])), [(0.0, FIRST_IMPLANT)])


def _fillings(canvas: Canvas, rng: np.random.Generator) -> None:
    """On the upper ends of some teeth."""
    from scipy import ndimage

    parts, count = ndimage.label(canvas.labels == NUMBERS["tooth"])
    if not count:
        return
    chosen = rng.choice(np.arange(1, count + 1), size=min(count, int(rng.integers(2, 5))), replace=False)
    for number in chosen.tolist():
        at = canvas.grid.point([float(np.mean(places)) for places in np.nonzero(parts == number)])
        canvas.paint(Solid(ellipsoid(at, [2.6, 2.6, 3.0]), bump=0.5, wave=3.0), [(0.0, FIRST_IMPLANT)], labels_in("tooth"))


def _plate(canvas: Canvas, rng: np.random.Generator) -> None:
    """Along the shaft of the third metacarpal bone, with four screws."""
    start, end = np.array([3.0, -7.2, 28.0]), np.array([3.5, -7.6, 56.0])
    parts = [tube(np.linspace(start, end, 5) + np.array([dx, 0.0, 0.0]), 1.1) for dx in (-1.4, 0.0, 1.4)]
    for share in (0.05, 0.35, 0.65, 0.95):
        at = start + share * (end - start)
        parts.append(tube([at, at + np.array([0, 9.5, 0])], 0.9))
    canvas.paint(joined(*parts), [(0.0, FIRST_IMPLANT)])
