"""Radiographs: a phantom between a tube and a detector, by Beer's and Lambert's law along every ray.

Rays run from the focus through the voxels, one sample a layer of voxels, linear between four (Joseph's method in space); what is summed
is the length in each structure, from which follow the weakening of every energy, and what each organ and lesion shades. Scattered light is
a blurred share of what comes straight through; the picture is the logarithm of what was counted, as detectors give it, bones bright.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.attenuation import spectrum
from understudy.scenes.medical.phantoms import Phantom, matter

Floats = NDArray[np.float64]
View = Literal["ap", "pa", "lateral"]
HIGH = 4095
"""Greatest value of a radiograph: twelve bits."""


@dataclass(frozen=True)
class Tube:
    """How it is taken.

    Attributes:
        view: "ap" (the focus before the patient), "pa" (behind: as chests are taken standing; shown as if the patient faced the viewer) or
            "lateral" (the focus at the patient's right).
        width, height: pixels. pixel_mm: of the detector.
        distance_mm: from the focus to the detector. gap_mm: from the middle of the phantom to the detector.
        kilovolts: of the tube. photons: that reach a pixel without a patient. scatter: to primary light, behind the grid.
        blur_px: of focus and detector.
    """

    view: View = "pa"
    width: int = 512
    height: int = 512
    pixel_mm: float = 0.78
    distance_mm: float = 1800.0
    gap_mm: float = 180.0
    kilovolts: float = 120.0
    photons: float = 8.0e4
    scatter: float = 0.35
    blur_px: float = 0.5


@dataclass(frozen=True)
class Shadow:
    """What a phantom casts on a detector.

    Attributes:
        labels: (L,) of the structures that any ray meets, air left out. lengths: (H, W, L) mm in each.
        pose: (4, 4) from the camera at the focus to patient coordinates (mm). matrix: (3, 3), of the picture; its x is mirrored for "pa".
    """

    labels: NDArray[np.int64]
    lengths: NDArray[np.float32]
    pose: Floats
    matrix: Floats


def shadow(body: Phantom, tube: Tube, center: tuple[float, float, float]) -> Shadow:
    """The lengths along all rays; center: (x, y, z) mm, the point of the patient at the picture's middle."""
    turn = {
        "ap": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),  # camera's x, y, z in patient coordinates are its columns
        "pa": np.array([[-1.0, 0, 0], [0, 0, -1], [0, -1, 0]]),
        "lateral": np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    }[tube.view]
    focus = np.array(center) - turn[:, 2] * (tube.distance_mm - tube.gap_mm)
    focal = tube.distance_mm / tube.pixel_mm
    mirror = -1.0 if tube.view == "pa" else 1.0
    columns = (np.arange(tube.width) + 0.5 - tube.width / 2) / focal * mirror
    rows = (np.arange(tube.height) + 0.5 - tube.height / 2) / focal
    present = np.unique(body.labels)
    present = present[[body.tissue(int(label)).name != "air" for label in present]]
    place = np.full(256, -1, dtype=np.int64)
    place[present] = np.arange(len(present))
    # The layers that are stepped through stand across the beam: along y for front views, along x for side views.
    across = tube.view == "lateral"
    volume = np.ascontiguousarray(np.swapaxes(body.labels, 1, 2) if across else body.labels)
    order = [1, 0, 2] if across else [0, 1, 2]
    spacing = np.array(body.grid.spacing)[[0, 2, 1] if across else [0, 1, 2]]
    lengths = _cast(
        volume, place, len(present), spacing, np.array(body.grid.origin)[order], focus[order],
        np.ascontiguousarray(turn[order]), columns, rows,
    )  # fmt: skip
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, focus
    matrix = np.array([[focal * mirror, 0.0, tube.width / 2], [0.0, focal, tube.height / 2], [0.0, 0.0, 1.0]])
    return Shadow(present.astype(np.int64), lengths, pose, matrix)


@numba.njit(cache=True)
def _cast(volume, place, count, spacing, origin, focus, turn, columns, rows):  # type: ignore[no-untyped-def]
    """Axes of places: x, then the one stepped along (y), then z; volume: [z, y, x]."""
    nz, ny, nx = volume.shape
    found = np.zeros((len(rows), len(columns), count), dtype=np.float32)
    for row in range(len(rows)):
        for column in range(len(columns)):
            u, v = columns[column], rows[row]
            dx = turn[0, 0] * u + turn[0, 1] * v + turn[0, 2]
            dy = turn[1, 0] * u + turn[1, 1] * v + turn[1, 2]
            dz = turn[2, 0] * u + turn[2, 1] * v + turn[2, 2]
            step = np.float32(spacing[1] * np.sqrt(dx * dx + dy * dy + dz * dz) / np.abs(dy))
            for layer in range(ny):
                far = (origin[1] + layer * spacing[1] - focus[1]) / dy
                x = (focus[0] + far * dx - origin[0]) / spacing[2]
                z = (focus[2] + far * dz - origin[2]) / spacing[0]
                if not (0.0 <= x < nx - 1 and 0.0 <= z < nz - 1):
                    continue
                i, k = int(x), int(z)
                a, b, c, d = volume[k, layer, i], volume[k, layer, i + 1], volume[k + 1, layer, i], volume[k + 1, layer, i + 1]
                if a == b and a == c and a == d:
                    if place[a] >= 0:
                        found[row, column, place[a]] += step
                    continue
                px, pz = np.float32(x - i), np.float32(z - k)
                one = np.float32(1.0)
                if place[a] >= 0:
                    found[row, column, place[a]] += step * (one - px) * (one - pz)
                if place[b] >= 0:
                    found[row, column, place[b]] += step * px * (one - pz)
                if place[c] >= 0:
                    found[row, column, place[c]] += step * (one - px) * pz
                if place[d] >= 0:
                    found[row, column, place[d]] += step * px * pz
    return found


def primary(body: Phantom, cast: Shadow, tube: Tube, contrast: float = 0.0) -> Floats:
    """(H, W) share of the signal that comes straight through."""
    densities = matter(body, contrast).densities[cast.labels]
    lengths = (cast.lengths.reshape(-1, len(cast.labels)) / 10.0) @ densities
    return spectrum(tube.kilovolts, aluminium_mm=3.0).signal(lengths).reshape(tube.height, tube.width)


def radiograph(straight: Floats, tube: Tube, rng: np.random.Generator) -> NDArray[np.uint16]:
    """(H, W) twelve bits, from the shares that come straight through: scatter, blur, noise, logarithm, and the scale that shows it."""
    from scipy import ndimage

    light = straight + tube.scatter * ndimage.gaussian_filter(straight, 0.05 * tube.width, mode="nearest")
    light = ndimage.gaussian_filter(light, tube.blur_px) if tube.blur_px else light
    counts = np.maximum(rng.poisson(light * tube.photons), 0.5)
    return shown(np.log(tube.photons * (1 + tube.scatter) / counts))


def shown(weakened: Floats) -> NDArray[np.uint16]:
    """A logarithm of attenuation as a picture of twelve bits: local contrast lifted as readers' stations do, the least and greatest cut."""
    from scipy import ndimage

    base = ndimage.gaussian_filter(weakened, 0.04 * weakened.shape[1], mode="nearest")
    detail = weakened - base
    picture = 0.62 * base + 1.5 * detail
    low, high = np.percentile(picture, [1.0, 99.7])
    scaled = np.clip((picture - low) / max(high - low, 1e-6), 0.0, 1.0)
    found: NDArray[np.uint16] = np.rint(scaled * HIGH).astype(np.uint16)
    return found
