"""Cells: outlines in polar form, and how much of each dye lies in the light's way. Lengths in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Rng = np.random.Generator

EOSIN = np.array([0.29, 0.64, 0.62], dtype=np.float32)
"""Absorbance (natural logarithm) of red, green and blue light in a red cell's rim."""
AZURE = np.array([1.20, 1.68, 0.10], dtype=np.float32)
CYTOPLASM = np.array([0.13, 0.34, 0.05], dtype=np.float32)
SKY = np.array([0.42, 0.36, 0.03], dtype=np.float32)
VIOLET = np.array([1.00, 1.15, 0.14], dtype=np.float32)
"""Of platelets."""
ORANGE = np.array([0.15, 1.00, 0.80], dtype=np.float32)
DUST = np.array([0.60, 0.55, 0.25], dtype=np.float32)
MARGIN = 6
"""Pixels around an outline that its halo may reach."""
HALO = 0.045
"""Absorbance that light bent at a cell's edge seems to take from the rim outside."""
USUAL_UM = {"neutrophil": 14.4, "lymphocyte": 10.0, "monocyte": 16.8, "eosinophil": 15.0}


@dataclass(frozen=True)
class Cell:
    """A thing on the slide. x, y: the corner of its maps, which may reach over the picture. mask: (h, w) its pixels.
    absorbance: (h, w, 3). height: of two that lie on each other the one with more is seen. category: its name."""

    name: str
    category: str
    x: int
    y: int
    mask: NDArray[np.bool_]
    absorbance: Floats
    height: float
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outline:
    """rho: (h, w) distance from the centre, 1 on the outline. radius: (h, w) of the outline in that direction. angle: (h, w)."""

    x: int
    y: int
    across: Floats
    down: Floats
    rho: Floats
    radius: Floats
    angle: Floats

    @property
    def inside(self) -> Floats:
        """1 inside, 0 outside, a pixel's slope between."""
        found: Floats = np.clip((1 - self.rho) * self.radius + 0.5, 0, 1)
        return found


def outline(
    center: tuple[float, float],
    radius: float,
    rng: Rng,
    *,
    rough: float = 0.03,
    longer: float = 1.0,
    spikes: float = 0.0,
    tail: float = 0.0,
) -> Outline:
    """Round with waves. longer: of the long axis by the short one. spikes: height of many small ones. tail: length of a drop's."""
    turn = float(rng.uniform(0, 2 * np.pi))
    reach = int(np.ceil(radius * np.sqrt(longer) * (1 + 4 * rough + spikes + tail))) + MARGIN
    x, y = int(np.floor(center[0])) - reach, int(np.floor(center[1])) - reach
    steps = np.arange(2 * reach + 1, dtype=np.float32) + 0.5
    across, down = np.meshgrid(steps + np.float32(x - center[0]), steps + np.float32(y - center[1]))
    table = np.linspace(0, 2 * np.pi, 721)
    wave = np.ones_like(table)
    for order in range(2, 6):
        wave += rough * rng.normal(0, 1.2 / order) * np.cos(order * table + rng.uniform(0, 2 * np.pi))
    wave += spikes * np.cos(rng.integers(11, 19) * table) + tail * np.exp(-(((table - np.pi) / 0.3) ** 2))
    stretch = np.sqrt(longer)
    wave /= np.sqrt((np.cos(table) / stretch) ** 2 + (np.sin(table) * stretch) ** 2)
    angle = np.mod(np.arctan2(down, across) - np.float32(turn), np.float32(2 * np.pi))
    limit = np.interp(angle, table, np.maximum(wave, 0.2) * radius).astype(np.float32)
    return Outline(x, y, across, down, np.hypot(across, down) / limit, limit, angle)


def red_cell(name: str, center: tuple[float, float], radius: float, kind: str, pallor: float, strength: float, tint: float, rng: Rng,
             blur: float, drops: bool) -> Cell:  # fmt: skip
    """Biconcave: Evans and Fung's profile (1972), flattened as in dried smears. tint: -1 .. 1, to blue."""
    longer = float(rng.uniform(1.2, 1.9) if kind == "oval" else 1 + abs(rng.normal(0, 0.11)))
    shape = outline(center, radius, rng, rough=0.035, longer=longer, spikes=0.045 * (kind == "crenated"), tail=0.55 * (kind == "teardrop"))
    rho = np.minimum(shape.rho, 1)
    share = {"pale": 0.95, "dense": 0.0, "target": 0.8, "crenated": 0.1}.get(kind, pallor)
    squared = rho**2
    concave = np.sqrt(1 - squared) * (0.81 + 7.83 * squared - 4.39 * squared**2) / 2.56
    flat = np.clip((1 - rho) / 0.16, 0, 1) ** 0.5
    concave *= 1 - 0.45 * np.exp(-((rho / 0.42) ** 4))
    thick = (1 - share) * flat + share * concave
    if kind == "target":
        thick += 0.55 * np.exp(-((rho / 0.27) ** 2))
    thick *= strength * {"pale": 0.6, "dense": 1.25}.get(kind, 1.0) * shape.inside
    thick *= 1 + 0.05 * cloud(rng, thick.shape, 9)
    if drops:
        _add_drops(thick, shape, radius, rng)
    outside = (shape.rho - 1) * shape.radius
    thick -= HALO / EOSIN.mean() * np.exp(-(((outside - 2.5) / 1.8) ** 2)) * (outside > 0)
    color = EOSIN * (1 + tint * np.array([0.5, 0.05, -0.4], dtype=np.float32))
    return Cell(name, "red cell", shape.x, shape.y, shape.rho <= 1, _soft(thick, blur)[..., None] * color, 0.0, {"kind": kind})


def _add_drops(thick: Floats, shape: Outline, radius: float, rng: Rng) -> None:
    """Drops that bend light: bright, with a dark ring."""
    for _ in range(int(rng.integers(1, 4))):
        far, angle, size = radius * 0.7 * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi), radius * rng.uniform(0.07, 0.15)
        away = np.hypot(shape.across - np.float32(far * np.cos(angle)), shape.down - np.float32(far * np.sin(angle)))
        thick += 1.1 * np.exp(-(((away - size) / (0.35 * size)) ** 2)) - 1.0 * np.exp(-((away / (0.6 * size)) ** 2))


def white_cell(name: str, center: tuple[float, float], radius: float, kind: str, strength: float, rng: Rng, blur: float) -> Cell:
    """Cytoplasm, a nucleus of the kind's form, and granules."""
    shape = outline(center, radius, rng, rough=0.05 if kind != "monocyte" else 0.09, longer=float(rng.uniform(1, 1.2)))
    nucleus = _nucleus(kind, shape, radius, rng)
    body = shape.inside * (1 + 0.18 * cloud(rng, nucleus.shape, 5)) * (1 - nucleus)
    chromatin = nucleus * np.clip(0.95 + 0.05 * cloud(rng, nucleus.shape, 8) + 0.08 * cloud(rng, nucleus.shape, 20), 0.6, 1.3)
    found = chromatin[..., None] * AZURE * np.float32(1.3 if kind == "lymphocyte" else 1.0)
    found += body[..., None] * (SKY if kind in ("lymphocyte", "monocyte") else CYTOPLASM)
    grains = {"neutrophil": 0.18, "eosinophil": 0.85, "monocyte": 0.08}.get(kind, 0.0)
    if grains:
        grain = (
            np.clip(cloud(rng, nucleus.shape, 2.5 if kind != "eosinophil" else 4.5) * 0.8 + 0.3, 0, 1.4)
            * shape.inside
            * (1 - 0.8 * nucleus)
        )
        found += (grains * grain)[..., None] * (ORANGE if kind == "eosinophil" else AZURE * np.float32(0.45))
    return Cell(name, "white cell", shape.x, shape.y, shape.rho <= 1, _soft(found * np.float32(strength), blur), 2.0, {"kind": kind})


def _nucleus(kind: str, shape: Outline, radius: float, rng: Rng) -> Floats:
    """(h, w) 0 .. 1."""
    if kind == "lymphocyte":
        lobes = [(rng.normal(0, 0.05), rng.normal(0, 0.05), rng.uniform(0.78, 0.88), rng.uniform(0.74, 0.86), 0.0)]
    elif kind == "monocyte":
        lobes = _arc(5, 0.32, 0.44, 0.55, rng)
    elif kind == "eosinophil":
        lobes = _arc(2, 0.42, 0.45, 2.0, rng)
    else:
        lobes = _arc(int(rng.integers(3, 6)), 0.44, 0.40, 1.1, rng)
    apart = np.full(shape.rho.shape, np.inf, dtype=np.float32)
    for x, y, long, short, turn in lobes:
        u, v = shape.across / np.float32(radius) - np.float32(x), shape.down / np.float32(radius) - np.float32(y)
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        apart = np.minimum(apart, (np.hypot((u * cos + v * sin) / long, (v * cos - u * sin) / short) - 1) * np.float32(min(long, short)))
    apart += np.float32(0.02) * cloud(rng, apart.shape, 18)
    found: Floats = np.clip(-apart * np.float32(radius * 0.6) + 0.5, 0, 1) * shape.inside
    return found


def _arc(count: int, far: float, size: float, step: float, rng: Rng) -> list[tuple[float, float, float, float, float]]:
    """Lobes one after the other on an arc around the centre: x, y, half axes, turn."""
    start, found = rng.uniform(0, 2 * np.pi), []
    for number in range(count):
        angle = start + number * step * rng.uniform(0.85, 1.15)
        away, long = far * rng.uniform(0.8, 1.2), size * rng.uniform(0.85, 1.2)
        found.append((away * np.cos(angle), away * np.sin(angle), long, long * rng.uniform(0.65, 0.95), angle + np.pi / 2))
    return found


def platelet(name: str, center: tuple[float, float], radius: float, strength: float, rng: Rng, blur: float) -> Cell:
    """A small body with darker grains in its middle."""
    shape = outline(center, radius, rng, rough=0.12, longer=float(rng.uniform(1, 1.5)))
    thick = shape.inside * (0.26 + 0.6 * np.clip(1 - shape.rho, 0, 1) ** 0.6 * (1 + 0.4 * cloud(rng, shape.rho.shape, 4)))
    return Cell(
        name,
        "platelet",
        shape.x,
        shape.y,
        shape.rho <= 1,
        _soft(thick * np.float32(strength), blur + 0.09 * radius)[..., None] * VIOLET,
        1.0,
    )


def speck(name: str, center: tuple[float, float], radius: float, rng: Rng, blur: float) -> Cell:
    """Dust or a grain of stain, often far from the focus."""
    shape = outline(center, radius, rng, rough=0.2, longer=float(rng.uniform(1, 2)))
    thick = _soft(shape.inside * np.float32(rng.uniform(0.25, 0.9)), blur + min(float(rng.exponential(1.5)), 3.0))
    return Cell(name, "debris", shape.x, shape.y, shape.rho <= 1, thick[..., None] * DUST, 3.0)


def cloud(rng: Rng, shape: tuple[int, ...], grain: float) -> Floats:
    """(h, w) smooth noise of mean 0 and deviation near 1; grain: pixels from one hill to the next."""
    rows, columns = int(shape[0] / grain) + 3, int(shape[1] / grain) + 3
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    y = np.linspace(0, rows - 1.001, shape[0], dtype=np.float32)
    x = np.linspace(0, columns - 1.001, shape[1], dtype=np.float32)
    top, left = y.astype(int), x.astype(int)
    v, u = _eased(y - top)[:, None], _eased(x - left)[None, :]
    across = coarse[:, left] * (1 - u) + coarse[:, left + 1] * u
    found: Floats = 1.4 * (across[top] * (1 - v) + across[top + 1] * v)
    return found


def _eased(share: Floats) -> Floats:
    return share * share * (3 - 2 * share)


def _soft(values: NDArray[np.floating[Any]], blur: float) -> Floats:
    """Blurred in the picture's plane by a Gaussian; under a third of a pixel it would change nothing."""
    if blur < 0.33:
        return values.astype(np.float32)
    spread = (blur, blur) + (0.0,) * (values.ndim - 2)
    found: Floats = ndimage.gaussian_filter(values.astype(np.float32), spread, truncate=2.5)
    return found
