"""Reflectance by band: plants and water as sensors know them, and what the air does to them."""

import numpy as np
import pytest
from tests.scenes.satellite.places import Level

from understudy.scenes.satellite.air import Atmosphere, clouds_over
from understudy.scenes.satellite.spectra import BANDS, SPECTRA, of_material, spectrum, surface

NIR, RED, BLUE = (BANDS.index(name) for name in ("nir", "red", "blue"))


def ndvi(bands):
    return (bands[..., NIR] - bands[..., RED]) / (bands[..., NIR] + bands[..., RED])


@pytest.mark.parametrize("name", ["grass", "lush grass", "broadleaf", "conifer", "dense crop"])
def test_green_plants_have_a_red_edge(name):
    assert ndvi(spectrum(name)) > 0.5


@pytest.mark.parametrize("kind", ["water", "silty water", "pond"])
def test_the_vegetation_index_of_water_is_negative(kind):
    assert ndvi(Level(base=kind).measured().bands).max() < 0


@pytest.mark.parametrize("kind", ["lawn", "meadow", "forest", "crop"])
def test_the_vegetation_index_of_plants_is_high_in_the_picture(kind):
    found = ndvi(Level(base=kind).measured().bands)
    assert np.median(found) > 0.5
    assert (found > 0.3).mean() > 0.95


@pytest.mark.parametrize("name", SPECTRA)
def test_reflectances_are_shares(name):
    assert (spectrum(name) >= 0).all()
    assert (spectrum(name) <= 1).all()


def test_a_material_keeps_its_spectrum():
    bright, second = of_material(surface("red tiles", 1.1, second="soil"))
    assert bright == pytest.approx(spectrum("red tiles") * 1.1)
    assert second == pytest.approx(spectrum("soil") * 1.1)


def test_haze_adds_light_to_short_waves_most_and_hides_contrast():
    clear, hazy = Atmosphere(0.05, 0.8, 1.0), Atmosphere(1.0, 0.8, 1.0)
    assert (hazy.path > clear.path).all()
    assert (hazy.up * hazy.direct < clear.up * clear.direct).all()
    assert hazy.path[BLUE] > hazy.path[RED] > hazy.path[NIR]


def test_shadows_are_bluer_than_what_is_lit():
    air = Atmosphere(0.1, 0.7, 1.0)
    assert air.sky[BLUE] / air.direct[BLUE] > 3 * air.sky[NIR] / air.direct[NIR]


@pytest.mark.parametrize("cover", [0.2, 0.5, 0.8])
def test_clouds_cover_the_asked_share(cover):
    clouds = clouds_over(cover, 600.0, 400.0, (17.0, 5.0), 1.0, (0.0, 0.0))
    y, x = np.mgrid[-200:200:3, -300:300:3]
    density = clouds.density(np.column_stack([x.ravel(), y.ravel()]).astype(float))
    assert (density > 0).mean() == pytest.approx(cover, abs=0.05)


def test_no_clouds_are_none():
    assert clouds_over(0.0, 600.0, 400.0, (0.0, 0.0), 1.0, (0.0, 0.0)) is None
