"""Magnetic resonance: slices of a phantom by the signal equations of common sequences, measured in k-space.

Signal of a tissue with proton density ρ, T1, T2 (B. R. Rosen and others; E. M. Haacke et al., "Magnetic Resonance Imaging", 1999):

    spin echo               ρ (1 - 2 exp(-(TR - TE/2) / T1) + exp(-TR / T1)) exp(-TE / T2)
    gradient echo, spoiled  ρ sin α (1 - E1) / (1 - E1 cos α) exp(-TE / T2*),  E1 = exp(-TR / T1); greatest at cos α = E1 (Ernst)
    inversion recovery      ρ |1 - 2 exp(-TI / T1) + exp(-TR / T1)| exp(-TE / T2);  0 near TI = T1 ln 2 (FLAIR, STIR)

The slice is measured on a finite raster of k-space: so edges ring (Gibbs), noise is complex and its magnitude Rician, a patient that moves
between lines makes ghosts, and lines that were left out fold the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.noise import rough
from understudy.scenes.medical.phantoms import Phantom
from understudy.scenes.medical.tissues import Tissue

Floats = NDArray[np.float64]
Kind = Literal["spin_echo", "gradient_echo", "inversion_recovery"]
DEPHASING_MS = 60.0
"""T2' of gradient echoes: 1 / T2* = 1 / T2 + 1 / T2'."""
SCALE = 4000.0
"""Values of the stored picture for the signal of water without relaxation."""


@dataclass(frozen=True)
class Sequence:
    """A sequence. kind: which equation. tr, te, ti: ms. flip_deg: of gradient echoes. gadolinium: 0 .. 1, of contrast agent."""

    kind: Kind = "spin_echo"
    tr: float = 500.0
    te: float = 12.0
    ti: float = 0.0
    flip_deg: float = 90.0
    gadolinium: float = 0.0


SEQUENCES = {
    "t1": Sequence("inversion_recovery", 2200.0, 4.0, 820.0),
    "t1_spin_echo": Sequence("spin_echo", 550.0, 11.0),
    "t1_contrast": Sequence("spin_echo", 550.0, 11.0, gadolinium=1.0),
    "t2": Sequence("spin_echo", 4500.0, 100.0),
    "pd": Sequence("spin_echo", 3000.0, 18.0),
    "flair": Sequence("inversion_recovery", 9000.0, 110.0, 2500.0),
    "stir": Sequence("inversion_recovery", 4000.0, 50.0, 200.0),
    "t1_gradient": Sequence("gradient_echo", 8.0, 3.5, flip_deg=15.0),
}
"""Usual weightings by name."""


def signal(tissue: Tissue, sequence: Sequence, tesla: float = 1.5) -> float:
    """Of a tissue, 1 for water without relaxation."""
    t1 = tissue.t1_at(tesla) * (1 + sequence.gadolinium * (tissue.gadolinium - 1))
    tr, te = sequence.tr, sequence.te
    if sequence.kind == "spin_echo":
        along = 1 - 2 * math.exp(-(tr - te / 2) / t1) + math.exp(-tr / t1)
        return tissue.protons * along * math.exp(-te / tissue.t2)
    if sequence.kind == "inversion_recovery":
        along = abs(1 - 2 * math.exp(-sequence.ti / t1) + math.exp(-tr / t1))
        return tissue.protons * along * math.exp(-te / tissue.t2)
    left, flip = math.exp(-tr / t1), math.radians(sequence.flip_deg)
    steady = math.sin(flip) * (1 - left) / (1 - left * math.cos(flip))
    return tissue.protons * steady * math.exp(-te * (1 / tissue.t2 + 1 / DEPHASING_MS))


def ernst_angle_deg(t1: float, tr: float) -> float:
    """At which a spoiled gradient echo gives most."""
    return math.degrees(math.acos(math.exp(-tr / t1)))


@dataclass(frozen=True)
class Coil:
    """How it is measured.

    Attributes:
        size: lines and samples a line; pixels of the slice.
        noise: standard deviation of the real and the imaginary part of a pixel, 1 for the signal of water.
        bias: share by which the coil's sensitivity varies over the slice.
        motion_mm: how far the patient moves while lines are measured.
        acceleration: every how many lines one is measured, away from the middle.
        fat_shift_px: how far fat is shifted along a line.
        tesla: of the magnet.
        smoothing: 0 .. 1, how much the outer lines of k-space are damped, against ringing at edges.
    """

    size: int = 256
    noise: float = 0.006
    bias: float = 0.2
    motion_mm: float = 0.0
    acceleration: int = 1
    fat_shift_px: float = 1.2
    tesla: float = 1.5
    smoothing: float = 0.5


def measured(water: Floats, fat: Floats, field_mm: float, coil: Coil, rng: np.random.Generator) -> NDArray[np.complex128]:
    """(size, size) complex picture of magnetisation maps (H, W), whose voxels are finer than the slice's pixels or as fine.

    Columns are read out, rows are the phase's direction; the middle of the field is the middle of the picture.
    """
    size = coil.size
    lines = _spectrum(water, size)
    frequency = np.arange(size) - size // 2
    if fat.any():
        lines = lines + _spectrum(fat, size) * np.exp(-2j * np.pi * frequency * coil.fat_shift_px / size)
    if coil.motion_mm:
        shift = _motion(coil, rng) / field_mm
        lines = lines * np.exp(-2j * np.pi * (frequency[None, :] * shift[:, :1] + frequency[:, None] * shift[:, 1:]))
    # A pixel's noise is the mean of size² samples' times size.
    lines = lines + (rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))) * coil.noise * size
    if coil.acceleration > 1:
        lines = lines * _kept(size, coil.acceleration)[:, None]
    damping = 1 - coil.smoothing * (0.5 - 0.5 * np.cos(2 * np.pi * frequency / size))
    return _picture(lines * damping[None, :] * damping[:, None])


def _spectrum(picture: Floats, size: int) -> NDArray[np.complex128]:
    """The middle size × size of the picture's k-space, the scale that of a picture of that size."""
    from scipy import fft

    height, width = picture.shape
    whole = fft.fftshift(fft.fft2(fft.ifftshift(picture)))
    top, left = height // 2 - size // 2, width // 2 - size // 2
    found: NDArray[np.complex128] = whole[top : top + size, left : left + size] * (size * size / (height * width))
    # Voxels' centres lie half a voxel beside those of pixels: the shift puts the field's middle into the middle of both.
    half = np.exp(2j * np.pi * (np.arange(size) - size // 2) * (0.5 / width - 0.5 / size))
    down = np.exp(2j * np.pi * (np.arange(size) - size // 2) * (0.5 / height - 0.5 / size))
    placed: NDArray[np.complex128] = found * half[None, :].conj() * down[:, None].conj()
    return placed


def _picture(lines: NDArray[np.complex128]) -> NDArray[np.complex128]:
    from scipy import fft

    found: NDArray[np.complex128] = fft.fftshift(fft.ifft2(fft.ifftshift(lines)))
    return found


def _kept(size: int, acceleration: int) -> NDArray[np.bool_]:
    """Lines that are measured: all of the middle twelfth, and every n-th beyond."""
    lines = np.arange(size)
    middle = np.abs(lines - size // 2) < size // 24
    found: NDArray[np.bool_] = (lines % acceleration == 0) | middle
    return found


def _motion(coil: Coil, rng: np.random.Generator) -> Floats:
    """(lines, 2) mm: breath, and a jerk during which the patient comes to lie elsewhere."""
    time = np.linspace(0, 1, coil.size)
    breath = np.sin(2 * np.pi * (time * rng.uniform(9, 16) + rng.random()))
    jerk = 1 / (1 + np.exp(-(time - rng.choice([0.3, 0.7])) * 80))
    way = rng.normal(size=2)
    way /= np.linalg.norm(way)
    found: Floats = coil.motion_mm * (0.35 * breath[:, None] * [0.25, 1.0] + 0.5 * jerk[:, None] * way)
    return found


def sensitivity(shape: tuple[int, int], bias: float, rng: np.random.Generator) -> Floats:
    """(H, W) smooth positive field, 1 on average: what a coil sees of each place."""
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    slope = rng.normal(size=5) * [1, 1, 0.6, 0.6, 0.6]
    field = slope[0] * x + slope[1] * y + slope[2] * (x * x - 0.33) + slope[3] * (y * y - 0.33) + slope[4] * x * y
    found: Floats = np.exp(bias * field / max(np.abs(field).max(), 1e-9))
    return np.asarray(found / found.mean())


def mri_slice(
    body: Phantom, number: int, sequence: Sequence, coil: Coil, field_mm: float, rng: np.random.Generator, bias: Floats | None = None
) -> NDArray[np.uint16]:
    """(size, size) magnitude of one slice, `SCALE` for the signal of water without relaxation. bias: of the coil, a value a voxel."""
    water, fat = magnetisation(body, number, sequence, coil.tesla)
    if bias is not None:
        water, fat = water * bias, fat * bias
    picture = np.abs(measured(water, fat, field_mm, coil, rng))
    return np.clip(np.rint(picture * SCALE), 0, 65535).astype(np.uint16)


def magnetisation(body: Phantom, number: int, sequence: Sequence, tesla: float) -> tuple[Floats, Floats]:
    """(H, W) signals of water and of fat in a slice of a phantom."""
    labels = body.labels[number]
    table = np.zeros((2, 256))
    texture, grain = np.zeros(256), np.ones(256)
    for label in np.unique(labels).tolist():
        tissue = body.tissue(label)
        table[int(tissue.fat), label] = signal(tissue, sequence, tesla)
        texture[label], grain[label] = tissue.texture * 1.5, tissue.grain
    grid = body.grid
    z, y, x = grid.axes()
    factor = _textured(labels, texture, grain, float(z[number]), y, x, body.seed)
    return table[0][labels] * factor, table[1][labels] * factor


@numba.njit(cache=True)
def _textured(labels, texture, grain, z, ys, xs, seed):  # type: ignore[no-untyped-def]
    factor = np.ones(labels.shape)
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            label = labels[row, column]
            if texture[label] > 0.0:
                step = grain[label]
                factor[row, column] += texture[label] * 2.0 * rough(xs[column] / step, ys[row] / step, z / step, seed, 2)
    return factor
