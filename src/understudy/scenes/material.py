"""`Material`: how a surface looks, as plain values that every renderer understands as well as it can."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Color = tuple[float, float, float]
"""Linear reflectance of red, green, blue, 0 .. 1."""

Pattern = Literal[
    "plain", "noise", "asphalt", "concrete", "grass", "soil", "gravel", "bark", "leaves", "fabric", "brick", "plaster", "tiles", "wood",
    "metal", "windows", "carpaint", "skin", "hair", "fur", "cardboard", "ceramic", "snow", "water", "field", "roof", "checker", "stripes",
]  # fmt: skip
"""Procedural patterns. They are functions of the place on the object (or in the world, for ground), so they need no uv."""


@dataclass(frozen=True)
class Print:
    """A picture on a surface, laid over it by the mesh's uv (0, 0 at the lower left).

    image: (h, w, 3 or 4) uint8 sRGB, with alpha for stickers.
    """

    image: NDArray[np.uint8]


@dataclass(frozen=True)
class Material:
    """A surface.

    Attributes:
        name: "asphalt", "car paint".
        color, second: reflectance, and that of the pattern's other part.
        pattern, scale: a procedural pattern, and the size of its features in m.
        contrast: how strongly the pattern shows, 0 .. 1.
        print: a picture over it.
        roughness: 0 (mirror) .. 1 (matt). metallic: 0 or 1. specular: reflectance of dielectrics at normal incidence, .04 for most.
        clearcoat: 0 .. 1, a gloss layer over it (car paint).
        opacity: 1; less for glass, which then shows a dark inside and reflections. Rays are stopped by it all the same: labels see glass.
        emission: light that it gives off, in the same unit as sunlit white (1.0); lamps at night 5 .. 50.
        retroreflection: share of a headlight's beam that it sends back (signs .5, lane marks .15, number plates .5).
        bands: reflectance in further bands by name ("nir": .5, "swir": .3), for multispectral pictures.
        temperature: K above the surroundings, for thermal pictures.
    """

    name: str
    color: Color = (0.5, 0.5, 0.5)
    second: Color = (0.4, 0.4, 0.4)
    pattern: Pattern = "plain"
    scale: float = 0.1
    contrast: float = 0.5
    print: Print | None = None
    roughness: float = 0.8
    metallic: float = 0.0
    specular: float = 0.04
    clearcoat: float = 0.0
    opacity: float = 1.0
    emission: Color = (0.0, 0.0, 0.0)
    retroreflection: float = 0.0
    bands: dict[str, float] = field(default_factory=dict)
    temperature: float = 0.0
