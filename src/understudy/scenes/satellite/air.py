"""`Atmosphere`: from what the ground reflects to what a sensor above the air measures, band by band; and clouds.

Single scattering, plane-parallel: Rayleigh optical depth by wavelength (Hansen and Travis, 1974: .00864 λ⁻⁴·⁰⁸ at sea level), aerosol by
Ångström's law with exponent 1.3. What is scattered out of the beam comes back in part as light from the sky (blue, so shadows are) and in
part as path radiance, which hides contrast. All is in reflectance at the top of the air, π L / (E₀ cos θ).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.satellite.noise import BILLOWS, PATCHES, tile, tiles
from understudy.scenes.satellite.spectra import WAVELENGTHS

Floats = NDArray[np.float64]
ANGSTROM = 1.3
ALTITUDE_SHARE = 0.1
"""Height of clouds in shares of the size of the largest ones."""


@dataclass(frozen=True)
class Atmosphere:
    """aerosol: optical depth at .55 µm, .05 clear, .3 hazy, 1 thick. sun_height, view_height: cosines from the zenith."""

    aerosol: float
    sun_height: float
    view_height: float

    @property
    def rayleigh(self) -> Floats:
        return np.asarray(0.00864 * WAVELENGTHS**-4.08)

    @property
    def particles(self) -> Floats:
        return np.asarray(self.aerosol * (WAVELENGTHS / 0.55) ** -ANGSTROM)

    @property
    def direct(self) -> Floats:
        """(5,) share of sunlight that arrives unscattered."""
        return np.exp(-(self.rayleigh + 0.6 * self.particles) / max(self.sun_height, 0.08))

    @property
    def sky(self) -> Floats:
        """(5,) light from the sky on level ground, in shares of the sun's above the air."""
        scattered = 1 - np.exp(-(self.rayleigh + self.particles) / max(self.sun_height, 0.08))
        return np.asarray(0.62 * scattered + 0.012)

    @property
    def up(self) -> Floats:
        """(5,) share of the light from the ground that reaches the sensor unscattered or slightly scattered."""
        return np.exp(-(0.5 * self.rayleigh + 0.45 * self.particles) / self.view_height)

    @property
    def path(self) -> Floats:
        """(5,) reflectance of the air itself."""
        slant = 1 / self.view_height
        thin = 0.32 * self.rayleigh * slant + 0.11 * self.particles * slant
        return np.asarray(thin * (1 + 0.25 * (1 - self.sun_height)))


@dataclass(frozen=True)
class Clouds:
    """A layer of clouds. cover: share of the picture. size: m, of the largest. offset: m, of the noise. height: m above the ground."""

    cover: float
    size: float
    offset: tuple[float, float]
    height: float
    level: float
    thickness: float = 1.0

    def density(self, places: Floats) -> NDArray[np.float32]:
        """0 .. 1 at (N, 2) places of the layer."""
        return _density(places, tiles(), self.size, self.offset[0], self.offset[1], self.level)  # type: ignore[no-any-return]

    def opacity(self, places: Floats) -> NDArray[np.float32]:
        """0 .. 1 of what is behind the layer that is hidden."""
        return np.asarray(1 - np.exp(-6.0 * self.thickness * self.density(places) ** 1.4), dtype=np.float32)


def clouds_over(
    cover: float, width: float, height: float, offset: tuple[float, float], thickness: float, shift: tuple[float, float]
) -> Clouds | None:
    """Clouds that cover this share of a picture of width × height m around the origin. shift: m aside that a m of height
    seems to be; None for none."""
    if cover <= 0:
        return None
    size = max(1500.0, 0.45 * max(width, height))
    above = min(max(700.0, ALTITUDE_SHARE * size * 0.5), 3000.0)
    y, x = np.mgrid[-0.5:0.5:96j, -0.5:0.5:96j]
    places = np.column_stack([x.ravel() * width + shift[0] * above, y.ravel() * height + shift[1] * above])
    field = _field(places, tiles(), size, offset[0], offset[1])
    level = float(np.quantile(field, 1 - min(cover, 1.0))) if cover < 1 else float(field.min()) - 0.3
    return Clouds(cover, size, offset, above, level, thickness)


@numba.njit(cache=True)
def _field(places, noise, size, dx, dy):  # type: ignore[no-untyped-def]
    made = np.empty(places.shape[0], np.float32)
    for i in range(places.shape[0]):
        x, y = (places[i, 0] + dx) / size, (places[i, 1] + dy) / size
        wide = tile(noise, BILLOWS, x * 90, y * 90)
        fine = tile(noise, PATCHES, x * 420 + 37, y * 420 + 11)
        middle = tile(noise, BILLOWS, x * 330 + 211, y * 330 + 87)
        made[i] = 0.52 * wide + 0.32 * middle + 0.16 * fine
    return made


@numba.njit(cache=True)
def _density(places, noise, size, dx, dy, level):  # type: ignore[no-untyped-def]
    made = _field(places, noise, size, dx, dy)
    for i in range(made.shape[0]):
        made[i] = min(max((made[i] - level) / 0.22, 0.0), 1.0)
    return made


def toward(elevation: float, azimuth: float) -> Floats:
    """(3,) unit vector to the sun; azimuth 0 along x, counter-clockwise."""
    flat = math.cos(elevation)
    return np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])
