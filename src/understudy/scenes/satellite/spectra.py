"""`SPECTRA`: reflectance of what covers the ground, in five bands.

The figures are typical values, rounded, of the kinds of measurement that `Spectrum.source` names (laboratory and field spectra of
published libraries, leaf and canopy models, radiative transfer in water); they describe no single sample. Green plants absorb red and
reflect near infrared (the red edge); water absorbs both; dry plants and soils rise towards short waves of infrared, wet ones do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.material import Material

BANDS = ("red", "green", "blue", "nir", "swir1")
"""Names in the order of a picture's channels."""

WAVELENGTHS = np.array([0.66, 0.56, 0.48, 0.84, 1.61])
"""µm, the middle of each band."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """Reflectance by band, 0 .. 1. source: "field", "laboratory", "canopy model" or "water model"."""

    blue: float
    green: float
    red: float
    nir: float
    swir1: float
    source: str = "field"

    @property
    def values(self) -> Floats:
        """(5,) in the order of `BANDS`."""
        return np.array([self.red, self.green, self.blue, self.nir, self.swir1])


SPECTRA: dict[str, Spectrum] = {
    "grass": Spectrum(0.040, 0.085, 0.050, 0.42, 0.22),
    "lush grass": Spectrum(0.026, 0.068, 0.034, 0.47, 0.20),
    "dry grass": Spectrum(0.085, 0.130, 0.165, 0.29, 0.35),
    "broadleaf": Spectrum(0.020, 0.050, 0.028, 0.42, 0.17, "canopy model"),
    "broadleaf light": Spectrum(0.032, 0.078, 0.042, 0.47, 0.20, "canopy model"),
    "conifer": Spectrum(0.016, 0.034, 0.021, 0.27, 0.10, "canopy model"),
    "autumn leaves": Spectrum(0.035, 0.080, 0.135, 0.37, 0.24),
    "branches": Spectrum(0.055, 0.068, 0.082, 0.19, 0.25),
    "shrub": Spectrum(0.040, 0.068, 0.060, 0.29, 0.23),
    "young crop": Spectrum(0.045, 0.085, 0.070, 0.35, 0.24, "canopy model"),
    "dense crop": Spectrum(0.024, 0.066, 0.029, 0.50, 0.21, "canopy model"),
    "light crop": Spectrum(0.034, 0.095, 0.046, 0.52, 0.23, "canopy model"),
    "flowering crop": Spectrum(0.050, 0.190, 0.170, 0.50, 0.24),
    "ripe crop": Spectrum(0.100, 0.165, 0.225, 0.36, 0.38),
    "stubble": Spectrum(0.110, 0.165, 0.215, 0.31, 0.40),
    "soil": Spectrum(0.066, 0.098, 0.138, 0.22, 0.32, "laboratory"),
    "dark soil": Spectrum(0.042, 0.060, 0.082, 0.13, 0.21, "laboratory"),
    "light soil": Spectrum(0.130, 0.185, 0.240, 0.33, 0.41, "laboratory"),
    "red soil": Spectrum(0.055, 0.090, 0.180, 0.27, 0.36, "laboratory"),
    "sand": Spectrum(0.240, 0.310, 0.365, 0.43, 0.48, "laboratory"),
    "wet sand": Spectrum(0.130, 0.170, 0.200, 0.23, 0.20, "laboratory"),
    "rock": Spectrum(0.125, 0.145, 0.165, 0.20, 0.26, "laboratory"),
    "dark rock": Spectrum(0.070, 0.080, 0.090, 0.11, 0.15, "laboratory"),
    "marsh": Spectrum(0.030, 0.055, 0.050, 0.24, 0.12),
    "asphalt": Spectrum(0.105, 0.116, 0.124, 0.14, 0.17),
    "new asphalt": Spectrum(0.055, 0.060, 0.064, 0.07, 0.09),
    "concrete": Spectrum(0.215, 0.250, 0.275, 0.31, 0.33),
    "dark concrete": Spectrum(0.150, 0.175, 0.190, 0.22, 0.24),
    "paving": Spectrum(0.165, 0.195, 0.225, 0.27, 0.30),
    "gravel": Spectrum(0.150, 0.180, 0.200, 0.23, 0.27),
    "ballast": Spectrum(0.100, 0.112, 0.125, 0.15, 0.19),
    "white paint": Spectrum(0.560, 0.580, 0.590, 0.58, 0.46, "laboratory"),
    "yellow paint": Spectrum(0.100, 0.330, 0.480, 0.52, 0.42, "laboratory"),
    "acrylic green": Spectrum(0.060, 0.130, 0.060, 0.16, 0.14, "laboratory"),
    "acrylic blue": Spectrum(0.200, 0.130, 0.070, 0.14, 0.12, "laboratory"),
    "clay court": Spectrum(0.070, 0.115, 0.240, 0.30, 0.34, "laboratory"),
    "red tiles": Spectrum(0.072, 0.108, 0.235, 0.29, 0.34),
    "brown tiles": Spectrum(0.062, 0.082, 0.122, 0.17, 0.22),
    "grey tiles": Spectrum(0.100, 0.110, 0.118, 0.13, 0.16),
    "dark tiles": Spectrum(0.048, 0.052, 0.058, 0.07, 0.09),
    "light tiles": Spectrum(0.200, 0.235, 0.260, 0.29, 0.31),
    "bitumen": Spectrum(0.062, 0.066, 0.070, 0.08, 0.09),
    "roof gravel": Spectrum(0.205, 0.235, 0.255, 0.28, 0.30),
    "white membrane": Spectrum(0.560, 0.600, 0.620, 0.60, 0.45),
    "steel": Spectrum(0.300, 0.320, 0.330, 0.34, 0.33),
    "blue steel": Spectrum(0.240, 0.160, 0.110, 0.20, 0.22),
    "green steel": Spectrum(0.090, 0.150, 0.095, 0.20, 0.20),
    "rust": Spectrum(0.060, 0.085, 0.160, 0.26, 0.34),
    "glass": Spectrum(0.060, 0.065, 0.062, 0.07, 0.06, "laboratory"),
    "solar panel": Spectrum(0.060, 0.042, 0.036, 0.05, 0.06, "laboratory"),
    "plaster": Spectrum(0.330, 0.380, 0.420, 0.45, 0.44, "laboratory"),
    "brick": Spectrum(0.090, 0.120, 0.210, 0.28, 0.32, "laboratory"),
    "pool": Spectrum(0.330, 0.410, 0.175, 0.020, 0.002, "water model"),
    "foam": Spectrum(0.500, 0.520, 0.510, 0.40, 0.10, "water model"),
    "water": Spectrum(0.034, 0.026, 0.012, 0.004, 0.001, "water model"),
    "silty water": Spectrum(0.052, 0.078, 0.062, 0.014, 0.002, "water model"),
    "snow": Spectrum(0.900, 0.910, 0.900, 0.78, 0.10),
    "cloud": Spectrum(0.800, 0.800, 0.800, 0.78, 0.55),
}

WATER_ATTENUATION = np.array([0.40, 0.085, 0.055, 2.9, 60.0])
"""1/m, diffuse attenuation of clear coastal water by band."""


def spectrum(name: str) -> Floats:
    """(5,) reflectance by band of the kind of cover called `name`."""
    return SPECTRA[name].values


def surface(name: str, brightness: float = 1.0, second: str | None = None, contrast: float = 0.35, scale: float = 2.0) -> Material:
    """A material of this spectrum. second: what it is mottled with, by patches of `scale` m; None: a darker tone of itself."""
    bright = np.minimum(spectrum(name) * brightness, 0.95)
    other = bright * 0.72 if second is None else np.minimum(spectrum(second) * brightness, 0.95)
    return painted(name, bright, other, contrast, scale)


def painted(name: str, bright: Floats, other: Floats, contrast: float = 0.35, scale: float = 2.0) -> Material:
    """A material of these reflectances by band."""
    red, green, blue, nir, swir1 = bright.tolist()
    second_red, second_green, second_blue, second_nir, second_swir1 = other.tolist()
    return Material(
        name=name,
        color=(red, green, blue),
        second=(second_red, second_green, second_blue),
        pattern="noise",
        scale=scale,
        contrast=contrast,
        bands={"nir": nir, "swir1": swir1, "second nir": second_nir, "second swir1": second_swir1},
    )


def of_material(material: Material) -> tuple[Floats, Floats]:
    """(5,) reflectance of a material's two parts; bands that it does not tell are as bright as its red."""
    color, second, bands = material.color, material.second, material.bands
    nir, swir1 = bands.get("nir", color[0]), bands.get("swir1", color[0])
    return (
        np.array([*color, nir, swir1]),
        np.array([*second, bands.get("second nir", nir), bands.get("second swir1", swir1)]),
    )
