from dataclasses import replace

import numpy as np
import pytest

from understudy.scenes.medical.attenuation import MATERIALS, partial, spectrum
from understudy.scenes.medical.ct import Scanner, counted, scanned_slice, water_lengths

SIZE = 128


def disc(radius_mm, material="water", density=1.0, size=2 * SIZE, pixel=1.0, center=(0.0, 0.0)):
    """(H, W, materials): a disc, its rim smoothed over a pixel."""
    places = (np.arange(size) - (size - 1) / 2) * pixel
    x, y = np.meshgrid(places - center[0], places - center[1])
    share = np.clip((radius_mm - np.hypot(x, y)) / pixel + 0.5, 0, 1)
    return (share[..., None] * np.array(partial(**{material: density}))).astype(np.float32)


def middle(hu, radius):
    places = np.arange(len(hu)) - (len(hu) - 1) / 2
    return hu[np.hypot(places[:, None], places) < radius].astype(float)


QUIET = Scanner(size=SIZE, field_mm=256, views=180, milliampere_seconds=1e7, electronic=0.0)


@pytest.mark.parametrize("kilovolts", [80.0, 120.0])
@pytest.mark.parametrize("geometry", ["parallel", "fan"])
def test_water_is_0_hounsfield_units_at_any_voltage(kilovolts, geometry):
    scanner = Scanner(size=SIZE, field_mm=256, views=360, geometry=geometry, kilovolts=kilovolts, milliampere_seconds=1e7, electronic=0.0)
    hu = scanned_slice(disc(100), 1.0, scanner, np.random.default_rng(1))
    assert middle(hu, 40).mean() == pytest.approx(0, abs=4)
    assert middle(hu, 20).mean() == pytest.approx(middle(hu, 42).mean(), abs=4)  # flat: no cupping


def test_air_is_minus_1000_and_the_corners_are_not_seen():
    hu = scanned_slice(disc(40), 1.0, QUIET, np.random.default_rng(1))
    assert hu[SIZE // 2, 8:20].mean() == pytest.approx(-1000, abs=6)
    assert hu[0, 0] == -1024


def test_half_the_density_is_half_way_to_air():
    hu = scanned_slice(disc(60, density=0.5), 1.0, QUIET, np.random.default_rng(1))
    assert middle(hu, 20).mean() == pytest.approx(-500, abs=6)


def test_bone_hardens_the_beam_more_than_water_calibration_takes_out():
    hu = scanned_slice(disc(60, "bone", 1.5), 1.0, QUIET, np.random.default_rng(1))
    assert middle(hu, 12).mean() < middle(hu, 26).mean() - 20  # cupping


def test_iodine_is_brighter_at_a_low_voltage():
    maps = disc(60) + disc(20, "iodine", 0.005)
    low, high = (scanned_slice(maps, 1.0, replace(QUIET, kilovolts=kilovolts), np.random.default_rng(1)) for kilovolts in (80.0, 140.0))
    assert middle(low, 7).mean() > 1.3 * middle(high, 7).mean() > 60


def test_noise_in_the_shares_is_poissons():
    lengths = np.zeros((200, 400, len(MATERIALS)), dtype=np.float32)
    lengths[..., MATERIALS.index("water")] = 20.0
    scanner = Scanner(electronic=0.0, milliampere_seconds=50)
    light = spectrum(scanner.kilovolts)
    shares = counted(light, lengths, scanner, np.random.default_rng(3))
    expected = float(light.signal(lengths[0, 0]))
    assert shares.mean() == pytest.approx(expected, rel=0.01)
    assert shares.var() == pytest.approx(expected / scanner.photons, rel=0.02)


def test_variance_of_the_picture_falls_as_the_dose_grows():
    still = scanned_slice(disc(100), 1.0, QUIET, np.random.default_rng(5))
    variances = []
    for dose in (50.0, 100.0, 200.0, 400.0):
        scanner = Scanner(size=SIZE, field_mm=256, views=180, milliampere_seconds=dose, electronic=0.0)
        noisy = scanned_slice(disc(100), 1.0, scanner, np.random.default_rng(5))
        variances.append(middle(noisy - still, 40).var())
    assert np.array(variances) * [1, 2, 4, 8] == pytest.approx([variances[0]] * 4, rel=0.12)


def test_metal_makes_streaks():
    water = disc(90)
    metal = water + disc(5, "titanium", 4.5, center=(-40, 0)) + disc(5, "titanium", 4.5, center=(40, 0))
    plain, hurt = (scanned_slice(maps, 1.0, QUIET, np.random.default_rng(1)).astype(float) for maps in (water, metal))
    between = np.s_[SIZE // 2 - 1 : SIZE // 2 + 1, SIZE // 2 - 8 : SIZE // 2 + 8]
    assert (hurt - plain)[between].mean() < -30


def test_motion_smears_edges_and_no_motion_changes_nothing():
    still = scanned_slice(disc(60), 1.0, QUIET, np.random.default_rng(1)).astype(float)
    again = scanned_slice(disc(60), 1.0, QUIET, np.random.default_rng(1)).astype(float)
    shaken = scanned_slice(
        disc(60), 1.0, Scanner(size=SIZE, field_mm=256, views=180, milliampere_seconds=1e7, motion_mm=12), np.random.default_rng(1)
    )
    assert np.array_equal(still, again)
    far = np.hypot(*np.meshgrid(np.arange(SIZE) - 63.5, np.arange(SIZE) - 63.5)) * 2
    assert (shaken - still)[np.abs(far - 60) < 6].std() > 100
    assert (shaken - still)[far < 30].std() < 30


def test_a_body_wider_than_the_field_is_too_bright_at_the_edge():
    scanner = Scanner(size=SIZE, field_mm=160, views=180, milliampere_seconds=1e7, electronic=0.0)
    hu = scanned_slice(disc(110), 1.0, scanner, np.random.default_rng(1)).astype(float)
    row = hu[SIZE // 2]
    assert row[3:8].mean() > row[SIZE // 2 - 5 : SIZE // 2 + 5].mean() + 100


def test_calibration_gives_back_the_length_of_water():
    light = spectrum(120.0)
    lengths = np.zeros((4, len(MATERIALS)))
    lengths[:, MATERIALS.index("water")] = [0.0, 3.3, 21.7, 44.4]
    assert water_lengths(light.signal(lengths), light) == pytest.approx([0.0, 3.3, 21.7, 44.4], abs=1e-3)
