"""Computed tomography: slices of a phantom in Hounsfield units, with what a scanner does to them.

A polychromatic beam crosses the slice; photons are counted with Poisson's noise and the electronics' own; a calibration with water takes
out water's beam hardening (so that water is 0 HU at any voltage), and that of bone and metal stays, as it does in scanners; filtered
back-projection makes the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.attenuation import MATERIALS, Spectrum, spectrum
from understudy.scenes.medical.noise import rough
from understudy.scenes.medical.phantoms import Matter, Phantom, matter
from understudy.scenes.medical.tomography import Beam, Window, fan, line_integrals, moved, parallel, reconstructed

Floats = NDArray[np.float64]
LOW_HU, HIGH_HU = -1024, 8191
PHOTONS_PER_MAS = 3000.0
"""A ray and mm of slice, at 120 kV, that reach the detector without a patient; with it noise in water is about that of scanners."""
SUBRAYS = 2
"""Rays whose light a cell of the detector adds up: cells are not points, and edges do not alias."""
DETAIL = 2
"""Voxels of the phantom in a pixel of the slice, along each axis."""


@dataclass(frozen=True)
class Scanner:
    """How it is scanned.

    Attributes:
        size: pixels of a slice along each side. field_mm: the slice's width; what lies outside is not measured (truncation).
        views: projections. geometry: "parallel" or "fan".
        kilovolts, milliampere_seconds: of the tube; noise falls with the root of the second.
        thickness_mm: of a slice, for the count of photons.
        electronic: standard deviation of the electronics' noise, in photons.
        window: of the ramp filter; "hann" is smoother, "ramp" sharper.
        contrast: uptake of contrast agent, 0 .. 1 (portal venous phase).
        motion_mm: how far a patient moves sideways during a turn; it breathes and jerks once.
    """

    size: int = 256
    field_mm: float = 400.0
    views: int = 360
    geometry: Literal["parallel", "fan"] = "parallel"
    kilovolts: float = 120.0
    milliampere_seconds: float = 200.0
    thickness_mm: float = 5.0
    electronic: float = 6.0
    window: Window = "hann"
    contrast: float = 0.0
    motion_mm: float = 0.0

    @property
    def pixel_mm(self) -> float:
        return self.field_mm / self.size

    @property
    def photons(self) -> float:
        """That reach a detector's cell without a patient, in one view."""
        return PHOTONS_PER_MAS * self.milliampere_seconds * self.thickness_mm * (self.kilovolts / 120.0) ** 2 * (360 / self.views)

    @property
    def beam(self) -> Beam:
        cells = int(self.size * 1.5)
        return self._beam_of(cells)

    @property
    def fine_beam(self) -> Beam:
        """The same with SUBRAYS rays a cell."""
        return self._beam_of(self.beam.detectors * SUBRAYS)

    def _beam_of(self, cells: int) -> Beam:
        if self.geometry == "fan":
            return fan(self.views, cells, self.field_mm * 1.02)
        return parallel(self.views, cells, self.field_mm * 1.02 / cells)


def material_maps(labels: NDArray[np.uint8], made_of: Matter, axes: tuple[float, Floats, Floats], seed: int) -> NDArray[np.float32]:
    """(H, W, materials) g/cm³ of a slice of labels at height z, rows y, columns x (mm)."""
    z, y, x = axes
    return _maps(labels, made_of.densities, made_of.texture, made_of.grain, z, y, x, seed)  # type: ignore[no-any-return]


@numba.njit(cache=True)
def _maps(labels, densities, texture, grain, z, ys, xs, seed):  # type: ignore[no-untyped-def]
    height, width = labels.shape
    layers = densities.shape[1]
    maps = np.zeros((height, width, layers), dtype=np.float32)
    for row in range(height):
        for column in range(width):
            label = labels[row, column]
            factor = 1.0
            if texture[label] > 0.0:
                step = grain[label]
                factor += texture[label] * 2.0 * rough(xs[column] / step, ys[row] / step, z / step, seed, 2)
            for layer in range(layers):
                maps[row, column, layer] = densities[label, layer] * max(factor, 0.0)
    return maps


def scanned_slice(maps: NDArray[np.float32], pixel_mm: float, scanner: Scanner, rng: np.random.Generator) -> NDArray[np.int16]:
    """(size, size) HU of the slice whose partial densities are (H, W, materials) g/cm³ with pixels of `pixel_mm`."""
    beam, light = scanner.beam, spectrum(scanner.kilovolts)
    rays = scanner.fine_beam.rays()
    if scanner.motion_mm:
        rays = moved(rays, *_motion(scanner, rng))
    present = np.flatnonzero(maps.max(axis=(0, 1)) > 0)
    lengths = np.zeros((*rays.shape[:2], len(MATERIALS)), dtype=np.float32)
    if present.size:
        lengths[..., present] = line_integrals(maps[..., present], pixel_mm, rays) / 10.0
    water = water_lengths(counted(light, lengths, scanner, rng), light)
    # cm of water are mm of density times 10: the picture is the density relative to water.
    picture = reconstructed(water * 10.0, beam, scanner.size, scanner.pixel_mm, scanner.window)
    return np.where(_seen(scanner.size), hounsfield_units(picture), np.int16(LOW_HU))


def _seen(size: int) -> NDArray[np.bool_]:
    """The circle that all views see; beyond it scanners give the least value."""
    places = np.arange(size) - (size - 1) / 2
    found: NDArray[np.bool_] = places[:, None] ** 2 + places**2 <= (size / 2) ** 2
    return found


def counted(light: Spectrum, lengths: NDArray[np.float32], scanner: Scanner, rng: np.random.Generator) -> Floats:
    """(A, D) measured shares of the signal without a patient, behind lengths (A, D · SUBRAYS, materials) in g/cm²."""
    left = _signal(lengths.reshape(-1, lengths.shape[-1]), light.coefficients, light.weights)
    left = left.reshape(len(lengths), -1, SUBRAYS).mean(axis=2)
    counts = rng.poisson(left * scanner.photons) + rng.normal(0.0, scanner.electronic, left.shape)
    measured: Floats = np.maximum(counts, 0.8) / scanner.photons
    return measured


@numba.njit(cache=True)
def _signal(lengths, coefficients, weights):  # type: ignore[no-untyped-def]
    found = np.empty(len(lengths))
    for ray in range(len(lengths)):
        total = 0.0
        for energy in range(len(weights)):
            weakened = 0.0
            for material in range(coefficients.shape[0]):
                weakened += lengths[ray, material] * coefficients[material, energy]
            total += weights[energy] * np.exp(-weakened)
        found[ray] = total
    return found


def water_lengths(shares: Floats, light: Spectrum) -> Floats:
    """cm of water that would leave these shares of the signal: the calibration of a scanner."""
    depths = np.linspace(0.0, 120.0, 1201)
    lengths = np.zeros((len(depths), len(MATERIALS)))
    lengths[:, MATERIALS.index("water")] = depths
    weakened = -np.log(light.signal(lengths))
    # Shares above 1 are noise beside the patient; the line goes on with its first slope, so that they do not bias the air.
    measured = -np.log(shares)
    slope = depths[1] / weakened[1]
    return np.where(measured < 0, measured * slope, np.interp(measured, weakened, depths))


def hounsfield_units(picture: Floats) -> NDArray[np.int16]:
    """From densities relative to water."""
    return np.clip(np.rint((picture - 1.0) * 1000.0), LOW_HU, HIGH_HU).astype(np.int16)


def _motion(scanner: Scanner, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Shifts (views, 2) mm and turns (views,): a slow drift, breath, and one jerk."""
    time = np.linspace(0, 1, scanner.views)
    jerk = 1 / (1 + np.exp(-(time - rng.uniform(0.3, 0.7)) * 60))
    way = rng.normal(size=2)
    way /= np.linalg.norm(way)
    breath = 0.35 * np.sin(2 * np.pi * (time * rng.uniform(0.8, 1.6) + rng.random()))
    shifts = scanner.motion_mm * (0.6 * jerk[:, None] * way + 0.4 * time[:, None] * way[::-1] + breath[:, None] * [0.0, 1.0])
    turns = np.radians(scanner.motion_mm * 0.25) * (jerk - 0.5)
    return shifts, turns


def ct_volume(body: Phantom, scanner: Scanner, rng: np.random.Generator) -> NDArray[np.int16]:
    """(slices, size, size) HU of all slices of a phantom, whose grid has DETAIL voxels a pixel."""
    made_of = matter(body, scanner.contrast)
    z, y, x = body.grid.axes()
    slices = []
    for number, labels in enumerate(body.labels):
        maps = material_maps(labels, made_of, (float(z[number]), y, x), body.seed)
        slices.append(scanned_slice(maps, body.grid.spacing[2], scanner, rng))
    return np.stack(slices)
