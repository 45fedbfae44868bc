import math

import numpy as np
import pytest

from understudy.scenes.medical.mri import SEQUENCES, Coil, Sequence, ernst_angle_deg, measured, sensitivity, signal
from understudy.scenes.medical.tissues import TISSUES

WHITE, GREY, FLUID, FAT = (TISSUES[name] for name in ("white matter", "grey matter", "cerebrospinal fluid", "fat"))
SIZE = 128
BARE = Coil(size=SIZE, noise=0.0, bias=0.0, fat_shift_px=0.0, smoothing=0.0)


def disc(radius, size=2 * SIZE, center=(0.0, 0.0)):
    places = np.arange(size) - (size - 1) / 2
    x, y = np.meshgrid(places - center[0], places - center[1])
    return np.clip(radius - np.hypot(x, y) + 0.5, 0, 1)


def picture(water, coil=BARE, fat=None, seed=1):
    return np.abs(measured(water, np.zeros_like(water) if fat is None else fat, 256.0, coil, np.random.default_rng(seed)))


def test_the_spin_echo_is_its_equation():
    expected = 0.7 * (1 - 2 * math.exp(-(500 - 6) / 884) + math.exp(-500 / 884)) * math.exp(-12 / 72)
    assert signal(WHITE, Sequence("spin_echo", 500, 12)) == pytest.approx(expected, rel=1e-12)


def test_the_ratio_of_two_tissues_in_the_picture_is_that_of_the_equation():
    one, other = signal(WHITE, SEQUENCES["t2"]), signal(GREY, SEQUENCES["t2"])
    seen = picture(one * disc(40, center=(-60, 0)) + other * disc(40, center=(60, 0)))
    left, right = (seen[SIZE // 2 - 5 : SIZE // 2 + 5, at - 5 : at + 5].mean() for at in (34, 94))
    assert left / right == pytest.approx(one / other, rel=0.01)


@pytest.mark.parametrize(("t1", "tr"), [(900.0, 20.0), (500.0, 100.0), (1400.0, 8.0)])
def test_a_gradient_echo_is_brightest_at_ernsts_angle(t1, tr):
    from dataclasses import replace

    tissue = replace(WHITE, t1=t1, t1_3t=t1)
    angles = np.linspace(1, 89, 881)
    brightness = [signal(tissue, Sequence("gradient_echo", tr, 3, flip_deg=angle)) for angle in angles]
    assert angles[int(np.argmax(brightness))] == pytest.approx(ernst_angle_deg(t1, tr), abs=0.1)


def test_inversion_nulls_a_tissue_when_its_magnetisation_passes_zero():
    null = Sequence("inversion_recovery", 1e6, 10, ti=884 * math.log(2))
    assert signal(WHITE, null) == pytest.approx(0, abs=1e-12)
    assert signal(GREY, null) > 0.05


def test_flair_darkens_fluid_that_is_bright_in_t2():
    assert signal(FLUID, SEQUENCES["t2"]) > 2 * signal(GREY, SEQUENCES["t2"])
    assert signal(FLUID, SEQUENCES["flair"]) < 0.3 * signal(GREY, SEQUENCES["flair"])
    assert signal(WHITE, SEQUENCES["t1"]) > 1.2 * signal(GREY, SEQUENCES["t1"])


def test_fat_is_dark_in_stir():
    assert signal(FAT, SEQUENCES["stir"]) < 0.3 * signal(TISSUES["muscle"], SEQUENCES["t1_spin_echo"])


def test_contrast_agent_brightens_what_takes_it_up():
    from dataclasses import replace

    plain = SEQUENCES["t1_spin_echo"]
    assert signal(TISSUES["blood"], replace(plain, gadolinium=1.0)) > 2 * signal(TISSUES["blood"], plain)
    assert signal(WHITE, replace(plain, gadolinium=1.0)) == signal(WHITE, plain)


def test_t1_grows_with_the_field_through_both_told_values():
    assert GREY.t1_at(1.5) == pytest.approx(1124)
    assert GREY.t1_at(3.0) == pytest.approx(1820)
    assert 1124 < GREY.t1_at(2.0) < 1820


def test_an_edge_overshoots_by_nine_per_cent():
    """Wilbraham and Gibbs: (2/π Si(π) - 1) / 2 = 8.95 % of the jump, whatever the raster; seen between pixels by filling with zeros."""
    fine = np.zeros((2048, 2048))
    fine[512:1536, 512:1536] = 1.0
    lines = measured(fine, np.zeros_like(fine), 256.0, BARE, np.random.default_rng(0))
    spectrum = np.fft.fftshift(np.fft.fft2(lines))
    filled = np.zeros((16 * SIZE, SIZE), dtype=complex)
    filled[8 * SIZE - SIZE // 2 : 8 * SIZE + SIZE // 2] = spectrum * np.exp(0j)
    profile = np.abs(np.fft.ifft2(np.fft.ifftshift(filled)))[:, SIZE // 2] * 16
    assert profile.max() / profile[8 * SIZE - 40 : 8 * SIZE + 40].mean() - 1 == pytest.approx(0.0895, abs=0.012)


def test_smoothing_takes_the_ringing_away():
    fine = np.zeros((512, 512))
    fine[128:384, 128:384] = 1.0
    plain = picture(fine)
    smooth = picture(fine, Coil(size=SIZE, noise=0, bias=0, fat_shift_px=0, smoothing=1.0))
    inner = np.s_[SIZE // 2 - 20 : SIZE // 2 + 20, SIZE // 2 - 20 : SIZE // 2 + 20]
    assert smooth[inner].std() < 0.2 * plain[inner].std()


def test_the_picture_lies_where_the_voxels_lie():
    seen = picture(disc(20, center=(40, -24)))
    y, x = np.nonzero(seen > 0.5)
    assert (x.mean(), y.mean()) == (pytest.approx(SIZE / 2 - 0.5 + 20, abs=0.1), pytest.approx(SIZE / 2 - 0.5 - 12, abs=0.1))


def test_noise_where_nothing_is_has_rayleighs_mean_and_a_faint_signal_is_lifted():
    sigma = 0.05
    coil = Coil(size=SIZE, noise=sigma, bias=0, fat_shift_px=0, smoothing=0.0)
    nothing = picture(np.zeros((SIZE, SIZE)), coil)
    assert nothing.mean() == pytest.approx(sigma * math.sqrt(math.pi / 2), rel=0.02)
    assert nothing.std() == pytest.approx(sigma * math.sqrt(2 - math.pi / 2), rel=0.03)
    faint = picture(np.full((SIZE, SIZE), 0.05), coil)
    middle = faint[8:-8, 8:-8].mean()
    assert middle == pytest.approx(sigma * 1.5486, rel=0.03)  # Rice's mean for signal = σ: σ √(π/2) L½(-½)


def test_noise_of_a_bright_signal_is_gaussian_with_the_width_asked_for():
    coil = Coil(size=SIZE, noise=0.02, bias=0, fat_shift_px=0, smoothing=0.0)
    seen = picture(np.full((SIZE, SIZE), 1.0), coil)
    assert seen.std() == pytest.approx(0.02, rel=0.05)


def test_fat_is_shifted_along_the_readout():
    water = np.zeros((2 * SIZE, 2 * SIZE))
    shifted = picture(water, Coil(size=SIZE, noise=0, bias=0, fat_shift_px=3.0, smoothing=0.5), disc(30))
    _, x = np.nonzero(shifted > 0.5)
    assert x.mean() - (SIZE / 2 - 0.5) == pytest.approx(3.0, abs=0.05)


def test_motion_between_lines_makes_ghosts_beside_the_body():
    still, moved = picture(disc(60)), picture(disc(60), Coil(size=SIZE, noise=0, bias=0, fat_shift_px=0, motion_mm=8))
    beside = np.s_[4:24, SIZE // 2 - 10 : SIZE // 2 + 10]
    assert moved[beside].mean() > 5 * still[beside].mean()


def test_lines_left_out_fold_the_picture():
    whole, half = picture(disc(60)), picture(disc(60), Coil(size=SIZE, noise=0, bias=0, fat_shift_px=0, smoothing=0, acceleration=2))
    outside = np.s_[0:6, SIZE // 2 - 10 : SIZE // 2 + 10]
    assert half[outside].mean() > 5 * whole[outside].mean()


def test_a_coils_sensitivity_is_smooth_positive_and_one_on_average():
    field = sensitivity((64, 64), 0.3, np.random.default_rng(2))
    assert field.min() > 0.5
    assert field.mean() == pytest.approx(1.0)
    assert np.abs(np.diff(field, axis=0)).max() < 0.05
    assert np.allclose(sensitivity((64, 64), 0.0, np.random.default_rng(2)), 1.0)
