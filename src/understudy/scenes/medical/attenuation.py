"""How X-rays are weakened: mass attenuation coefficients, a tube's spectrum, and what a detector sees behind matter.

Coefficients: J. H. Hubbell and S. M. Seltzer, "Tables of X-Ray Mass Attenuation Coefficients and Mass Energy-Absorption Coefficients",
NIST Standard Reference Database 126 (2004), with ICRU-44 compositions of tissues; between the energies of the table they are interpolated
in the logarithms of both, edges kept apart. Spectrum: Kramers' law (Phil. Mag. 46, 836, 1923) behind filters of aluminium and copper,
without characteristic lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MATERIALS = ("muscle", "adipose", "bone", "water", "iodine", "titanium", "iron", "gold")
"""What bodies are made of, in the order of the maps of partial densities."""

ENERGIES_KEV = (10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0, 200.0)
# cm²/g at ENERGIES_KEV.
COEFFICIENTS: dict[str, tuple[float, ...]] = {
    "water": (5.329, 1.673, 0.8096, 0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1505, 0.1370),
    "muscle": (5.356, 1.693, 0.8205, 0.3783, 0.2685, 0.2262, 0.2048, 0.1823, 0.1693, 0.1492, 0.1358),
    "adipose": (3.268, 1.083, 0.5677, 0.3063, 0.2396, 0.2123, 0.1974, 0.1800, 0.1688, 0.1500, 0.1368),
    "bone": (28.51, 9.032, 4.001, 1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855, 0.1480, 0.1309),
    "aluminium": (26.23, 7.955, 3.441, 1.128, 0.5685, 0.3681, 0.2778, 0.2018, 0.1704, 0.1378, 0.1223),
    "copper": (215.9, 74.05, 33.79, 10.92, 4.862, 2.613, 1.593, 0.7630, 0.4584, 0.2217, 0.1559),
    "titanium": (110.7, 35.87, 15.85, 4.972, 2.214, 1.213, 0.7661, 0.4052, 0.2721, 0.1649, 0.1314),
    "iron": (170.6, 57.08, 25.68, 8.176, 3.629, 1.958, 1.205, 0.5952, 0.3717, 0.1964, 0.1460),
    "iodine": (162.6, 55.12, 25.43, 8.561, 22.10, 12.32, 7.579, 3.510, 1.942, 0.6978, 0.3663),
    "gold": (118.1, 164.0, 78.83, 27.52, 12.98, 7.256, 4.528, 2.185, 5.158, 1.860, 0.9214),
}
# K edges: keV, cm²/g below, above.
EDGES = {"iodine": (33.1694, 6.553, 35.82), "gold": (80.7249, 2.137, 8.904)}
DENSITIES = {"aluminium": 2.699, "copper": 8.96}


def coefficient(material: str, energies_kev: Floats) -> Floats:
    """cm²/g at energies within 15 .. 200 keV."""
    table, energies = np.array(COEFFICIENTS[material]), np.array(ENERGIES_KEV)
    at = np.asarray(energies_kev, dtype=np.float64)
    edge = EDGES.get(material)
    if edge is None:
        plain: Floats = np.exp(np.interp(np.log(at), np.log(energies), np.log(table)))
        return plain
    place, below, above = edge
    left, right = energies < place, energies > place
    low = np.interp(np.log(at), np.log([*energies[left], place]), np.log([*table[left], below]))
    high = np.interp(np.log(at), np.log([place, *energies[right]]), np.log([above, *table[right]]))
    found: Floats = np.exp(np.where(at < place, low, high))
    return found


@dataclass(frozen=True)
class Spectrum:
    """Photons of a tube as a detector weighs them.

    Attributes:
        energies: (E,) keV. photons: (E,) shares of photons, sum 1. weights: (E,) shares of the signal without matter, sum 1 (a detector
            that adds up energy).
    """

    energies: Floats
    photons: Floats
    weights: Floats

    @property
    def mean_kev(self) -> float:
        return float(self.energies @ self.photons)

    @property
    def coefficients(self) -> Floats:
        """(materials, E) cm²/g."""
        return np.stack([coefficient(material, self.energies) for material in MATERIALS])

    def signal(self, lengths: Floats) -> Floats:
        """Share of the signal that is left behind (..., materials) g/cm²."""
        left: Floats = np.exp(-(np.asarray(lengths, dtype=np.float64) @ self.coefficients)) @ self.weights
        return left


def spectrum(kilovolts: float, aluminium_mm: float = 6.0, copper_mm: float = 0.0, step_kev: float = 4.0) -> Spectrum:
    """Of a tungsten tube at `kilovolts` behind filters."""
    energies = np.arange(16.0 + step_kev / 2, kilovolts, step_kev)
    photons = (kilovolts - energies) / energies
    for metal, length in (("aluminium", aluminium_mm), ("copper", copper_mm)):
        photons = photons * np.exp(-coefficient(metal, energies) * DENSITIES[metal] * length / 10.0)
    photons = photons / photons.sum()
    weights = photons * energies
    return Spectrum(energies, photons, weights / weights.sum())


def monochromatic(kev: float) -> Spectrum:
    """All photons of one energy."""
    return Spectrum(np.array([kev]), np.ones(1), np.ones(1))


def partial(**densities: float) -> tuple[float, ...]:
    """g/cm³ of each of MATERIALS: partial(muscle=1.05)."""
    assert set(densities) <= set(MATERIALS), densities
    return tuple(float(densities.get(material, 0.0)) for material in MATERIALS)
