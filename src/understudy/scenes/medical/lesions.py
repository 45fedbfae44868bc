"""Lesions of set size and contrast, inside an organ by construction: nodules, cysts, tumours, calcifications, bleedings, fractures.

A lesion's centre is drawn among the voxels that lie deep enough in its organ for the whole of it; so its mask is never cut by the organ's
boundary (only by the ends of the volume, where it fits in no other way), and its volume is that of the shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from understudy.core.errors import ConstraintError
from understudy.scenes.medical.anatomy import STRUCTURES, labels_in
from understudy.scenes.medical.attenuation import MATERIALS, coefficient
from understudy.scenes.medical.noise import Labels, seed_of
from understudy.scenes.medical.shapes import Canvas, Grid, Solid, ellipsoid, joined, tube
from understudy.scenes.medical.tissues import TISSUES, Tissue

Floats = NDArray[np.float64]
REFERENCE_KEV = 70.0
"""At which the contrast of lesions is meant; about the mean energy of 120 kV behind a patient's filtration."""
CONTRAST_HU = {"nodule": 830.0, "cyst": -45.0, "tumour": -40.0, "calcification": 600.0, "fracture": -900.0, "bleeding": 32.0}
"""What a lesion of each kind is brighter than its organ where nothing else is asked, in an organ that suits it."""
_REACH = {"nodule": 1.12, "cyst": 1.04, "tumour": 1.4, "calcification": 1.15, "bleeding": 1.35}


@dataclass(frozen=True)
class Wanted:
    """A lesion that is asked for. kind: one of `anatomy.LESIONS`. organ: a category ("liver"). diameter_mm: of the sphere it is made from.
    contrast_hu: against its organ at 70 keV, None: usual for the kind."""

    kind: str
    organ: str
    diameter_mm: float
    contrast_hu: float | None = None


@dataclass(frozen=True)
class Lesion:
    """A lesion as placed.

    Attributes:
        kind, organ, diameter_mm, contrast_hu: as asked.
        organ_label: of the structure that it lies in. label: its own.
        center: (3,) mm, the middle of its voxels. low, high: (3,) mm, its extent.
        volume_ml: of its voxels.
        margin: "smooth", "irregular" or "spiculated".
    """

    kind: str
    organ: str
    diameter_mm: float
    contrast_hu: float
    organ_label: int
    label: int
    center: Floats
    low: Floats
    high: Floats
    volume_ml: float
    margin: str

    @property
    def attributes(self) -> dict[str, float | str]:
        """As plain values, for labels."""
        return {
            "kind": self.kind, "organ": self.organ, "diameter_mm": round(self.diameter_mm, 3), "volume_ml": round(self.volume_ml, 5),
            "contrast_hu": round(self.contrast_hu, 2), "margin": self.margin,
        }  # fmt: skip


SHAFT_MM = 2.0
"""How deep in a bone a fracture begins."""


def placed_lesion(labels: Labels, grid: Grid, wanted: Wanted, label: int, rng: np.random.Generator) -> Lesion:
    """Paints a lesion into `labels` and tells what it is.

    Raises:
        ConstraintError: the organ is not in the volume, or nowhere thick enough.
    """
    organ = np.isin(labels, [number for number in labels_in(wanted.organ) if not _is_air(number)])
    if not organ.any():
        raise ConstraintError(
            f'A {wanted.kind} is to lie in the {wanted.organ}, which this volume does not show.',
            where="lesions", remedy="Choose another organ, or slices that hold it.",
        )  # fmt: skip
    at, organ_label = _place(labels, grid, organ, wanted, rng)
    if wanted.kind == "fracture":
        margin = _paint_fracture(labels, grid, organ, at, wanted, label, rng)
    else:
        solid, margin = _shape(wanted, at, rng)
        canvas = Canvas.__new__(Canvas)
        canvas.grid, canvas.labels = grid, labels
        canvas.paint(solid, [(0.0, label)], over=np.unique(labels[organ]).tolist())
    return _described(labels, grid, wanted, organ_label, label, margin)


def _is_air(number: int) -> bool:
    return list(STRUCTURES.values())[number].tissue == "air"


def _place(labels: Labels, grid: Grid, organ: NDArray[np.bool_], wanted: Wanted, rng: np.random.Generator) -> tuple[Floats, int]:
    """A point deep enough in the organ, and the structure there."""
    box = ndimage.find_objects(organ.astype(np.uint8))[0]
    # The distance is to the next voxel's centre outside: the boundary may be half a voxel nearer, and so may the drawn centre.
    slack = 0.5 * float(np.linalg.norm([step for step, n in zip(grid.spacing, organ.shape, strict=True) if n > 1]))
    # A fracture runs through the shaft of a bone.
    needed = wanted.diameter_mm / 2 * _REACH[wanted.kind] + slack if wanted.kind in _REACH else SHAFT_MM
    for cut in (False, True):
        depth = _depth(organ, box, grid, cut)
        fits = np.flatnonzero(depth >= needed)
        if len(fits):
            break
    if not len(fits):
        most = max((float(depth.max()) - slack) / _REACH.get(wanted.kind, 1.0) * 2, 0.0)
        raise ConstraintError(
            f"A {wanted.kind} of {wanted.diameter_mm:g} mm does not fit into the {wanted.organ}, which has room for {most:.1f} mm.",
            where="lesions: diameter_mm", remedy="Ask for a smaller one, or another organ.",
        )  # fmt: skip
    chosen = np.array(np.unravel_index(int(fits[int(rng.integers(len(fits)))]), depth.shape)) + [part.start for part in box]
    inside = grid.point((chosen + rng.uniform(-0.25, 0.25, 3)).tolist())
    return inside, int(labels[tuple(chosen)])


def _depth(organ: NDArray[np.bool_], box: tuple[slice, ...], grid: Grid, cut: bool) -> Floats:
    """mm from each voxel in `box` to the organ's boundary. cut: at the ends of the volume the organ goes on unseen."""
    ends = [
        (int((not cut and length > 1) or part.start > 0), int((not cut and length > 1) or part.stop < length))
        for part, length in zip(box, organ.shape, strict=True)
    ]
    depth = ndimage.distance_transform_edt(np.pad(organ[box], ends), sampling=grid.spacing)
    found: Floats = depth[tuple(slice(low, low + part.stop - part.start) for (low, _), part in zip(ends, box, strict=True))]
    return found


def _shape(wanted: Wanted, at: Floats, rng: np.random.Generator) -> tuple[Solid, str]:
    radius, seed = wanted.diameter_mm / 2, seed_of(rng)
    if wanted.kind == "cyst":
        return Solid(ellipsoid(at, [radius] * 3), seed=seed), "smooth"
    if wanted.kind in ("nodule", "calcification"):
        return Solid(ellipsoid(at, [radius] * 3), bump=0.05 * radius, wave=1.2 * radius + 1, seed=seed), "smooth"
    if wanted.kind == "tumour" and wanted.organ == "lung":
        spikes = []
        for _ in range(int(rng.integers(9, 15))):
            way = rng.normal(size=3)
            way /= np.linalg.norm(way)
            spikes.append(
                tube([at + way * radius * 0.7, at + way * radius * float(rng.uniform(1.12, 1.3))], [radius * 0.16, radius * 0.03])
            )
        core = ellipsoid(at, np.array([radius] * 3) * rng.uniform(0.85, 1.02, 3))
        return Solid(joined(core, *spikes), blend=0.12 * radius, bump=0.05 * radius, wave=0.7 * radius, octaves=2, seed=seed), "spiculated"
    stretch = rng.uniform(0.85, 1.05, 3)
    return Solid(ellipsoid(at, radius * stretch), bump=0.16 * radius, wave=0.75 * radius, octaves=3, seed=seed), "irregular"


def _paint_fracture(
    labels: Labels, grid: Grid, organ: NDArray[np.bool_], at: Floats, wanted: Wanted, label: int, rng: np.random.Generator
) -> str:
    """A jagged gap across the one bone that holds `at`; `diameter_mm` is the gap's width."""
    z, y, x = grid.axes()
    near = 16.0
    box = tuple(
        slice(int(np.searchsorted(axis, mid - near)), int(np.searchsorted(axis, mid + near)) + 1)
        for axis, mid in zip((z, y, x), at[::-1], strict=True)
    )
    parts, _ = ndimage.label(organ[box])
    here = tuple(int(np.argmin(np.abs(axis[cut] - mid))) for axis, cut, mid in zip((z, y, x), box, at[::-1], strict=True))
    if parts[here] == 0:
        return "jagged"
    bone = parts == parts[here]
    where = np.nonzero(bone)
    points = np.column_stack([x[box[2]][where[2]], y[box[1]][where[1]], z[box[0]][where[0]]])
    axis = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
    normal = axis + rng.normal(0, 0.3, 3)
    normal /= np.linalg.norm(normal)
    jags = rng.uniform(-1, 1, (2, 3)) * 1.1
    offset = points - at
    wave = sum(0.9 * np.sin(offset @ jags[number] + number) for number in range(2))
    gap = np.abs(offset @ normal + wave) <= max(wanted.diameter_mm / 2, 0.51 * min(grid.spacing))
    labels[box][where[0][gap], where[1][gap], where[2][gap]] = label
    return "jagged"


def _described(labels: Labels, grid: Grid, wanted: Wanted, organ_label: int, label: int, margin: str) -> Lesion:
    where = np.nonzero(labels == label)
    if not len(where[0]):
        raise ConstraintError(
            f"A {wanted.kind} of {wanted.diameter_mm:g} mm is smaller than a voxel of {grid.spacing[0]:g} × {grid.spacing[2]:g} mm.",
            where="lesions: diameter_mm", remedy="Ask for a larger one, or for smaller voxels.",
        )  # fmt: skip
    voxels = np.array([[part.min(), part.max()] for part in where], dtype=np.float64)
    half = np.array(grid.spacing[::-1]) / 2
    low, high = grid.point(voxels[:, 0].tolist()) - half, grid.point(voxels[:, 1].tolist()) + half
    contrast = CONTRAST_HU[wanted.kind] if wanted.contrast_hu is None else wanted.contrast_hu
    volume = len(where[0]) * grid.voxel_ml
    return Lesion(wanted.kind, wanted.organ, wanted.diameter_mm, contrast, organ_label, label, (low + high) / 2, low, high, volume, margin)


# -- what lesions are made of

_MR = {
    "nodule": (0.8, 1100.0, 1400.0, 75.0), "cyst": (1.0, 3200.0, 3600.0, 900.0), "tumour": (0.88, 1350.0, 1750.0, 110.0),
    "calcification": (0.1, 500.0, 600.0, 5.0), "fracture": (0.85, 1100.0, 1400.0, 110.0), "bleeding": (0.85, 700.0, 900.0, 45.0),
}  # fmt: skip


def lesion_tissue(lesion: Lesion) -> Tissue:
    """For magnetic resonance, and the texture for X-rays."""
    protons, t1, t1_3t, t2 = _MR[lesion.kind]
    texture = {"tumour": 0.012, "bleeding": 0.006, "calcification": 0.05}.get(lesion.kind, 0.0)
    uptake = {"tumour": 0.35, "nodule": 0.6}.get(lesion.kind, 1.0)
    densities = tuple(TISSUES["muscle"].densities)
    return Tissue(lesion.kind, densities, 0.0, texture, 5.0, protons, t1, t1_3t, t2, gadolinium=uptake)


def hounsfield(densities: Floats | tuple[float, ...], kev: float = REFERENCE_KEV) -> float:
    """HU of partial densities at one energy."""
    energy = np.array([kev])
    linear = sum(float(density) * float(coefficient(material, energy)[0]) for density, material in zip(densities, MATERIALS, strict=True))
    return (linear / float(coefficient("water", energy)[0]) - 1.0) * 1000.0


def lesion_densities(lesion: Lesion, organ: Tissue, contrast: float) -> Floats:
    """Partial densities that are `lesion.contrast_hu` above the organ's at 70 keV: water, or water and bone beyond 150 HU."""
    base = np.array(organ.densities)
    base[MATERIALS.index("iodine")] += organ.iodine * contrast / 1000.0
    wanted = max(hounsfield(base) + lesion.contrast_hu, -990.0)
    found = np.zeros(len(MATERIALS))
    found[MATERIALS.index("water")] = 1.0 + min(wanted, 150.0) / 1000.0
    if wanted > 150.0:
        energy = np.array([REFERENCE_KEV])
        rest = (wanted - 150.0) / 1000.0 * float(coefficient("water", energy)[0]) / float(coefficient("bone", energy)[0])
        found[MATERIALS.index("bone")] = rest
    return found
