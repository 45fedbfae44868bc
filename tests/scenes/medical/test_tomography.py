import numpy as np
import pytest

from understudy.scenes.medical.tomography import fan, line_integrals, moved, parallel, reconstructed

SIZE, PIXEL = 256, 1.0
# Semi-axes, centre, angle and value of the head phantom of Shepp and Logan, with Toft's contrasts.
HEAD = [
    (0.69, 0.92, 0, 0, 0, 1.0), (0.6624, 0.874, 0, -0.0184, 0, -0.8), (0.11, 0.31, 0.22, 0, -18, -0.2), (0.16, 0.41, -0.22, 0, 18, -0.2),
    (0.21, 0.25, 0, 0.35, 0, 0.1), (0.046, 0.046, 0, 0.1, 0, 0.1), (0.046, 0.046, 0, -0.1, 0, 0.1), (0.046, 0.023, -0.08, -0.605, 0, 0.1),
    (0.023, 0.023, 0, -0.606, 0, 0.1), (0.023, 0.046, 0.06, -0.605, 0, 0.1),
]  # fmt: skip


def ellipses(rows, rays):
    """Exact integrals of ellipses along rays (A, D, 4)."""
    total = np.zeros(rays.shape[:2])
    for a, b, x, y, degrees, value in rows:
        turn = np.radians(degrees)
        cos, sin = np.cos(turn), np.sin(turn)
        px, py = rays[..., 0] - x, rays[..., 1] - y
        u, v = (cos * px + sin * py) / a, (-sin * px + cos * py) / b
        du, dv = (cos * rays[..., 2] + sin * rays[..., 3]) / a, (-sin * rays[..., 2] + cos * rays[..., 3]) / b
        half = (u * du + v * dv) ** 2 - (du**2 + dv**2) * (u**2 + v**2 - 1)
        total += value * 2 * np.sqrt(np.maximum(half, 0)) / (du**2 + dv**2)
    return total


def picture(rows, size=SIZE, pixel=PIXEL, finer=4):
    """The same ellipses in pixels, each the mean of finer² points."""
    places = (np.arange(size * finer) - (size * finer - 1) / 2) * pixel / finer
    x, y = np.meshgrid(places, places)
    total = np.zeros_like(x)
    for a, b, cx, cy, degrees, value in rows:
        turn = np.radians(degrees)
        u = np.cos(turn) * (x - cx) + np.sin(turn) * (y - cy)
        v = -np.sin(turn) * (x - cx) + np.cos(turn) * (y - cy)
        total += value * ((u / a) ** 2 + (v / b) ** 2 <= 1)
    return total.reshape(size, finer, size, finer).mean(axis=(1, 3))


def shepp_logan(scale=120.0):
    return [(a * scale, b * scale, x * scale, -y * scale, -degrees, value) for a, b, x, y, degrees, value in HEAD]


def test_a_ray_along_a_row_adds_up_the_row_exactly():
    values = np.random.default_rng(1).random((16, 16)).astype(np.float32)
    beam = parallel(2, 16, 1.0)
    found = line_integrals(values[..., None], 1.0, beam.rays())[..., 0]
    assert found[0] == pytest.approx(values.sum(axis=0), rel=1e-5)
    # At 90° the detector's coordinate grows downwards.
    assert found[1] == pytest.approx(values.sum(axis=1), rel=1e-5)


@pytest.mark.parametrize("beam", [parallel(60, 300, 0.9), fan(60, 300, 260)], ids=["parallel", "fan"])
def test_projections_of_a_disc_are_its_chords(beam):
    disc = [(80, 80, 12, -9, 0, 1.0)]
    found = line_integrals(picture(disc)[..., None], PIXEL, beam.rays())[..., 0]
    exact = ellipses(disc, beam.rays())
    well_inside = exact > 60
    assert np.abs(found - exact)[well_inside].max() < 1.0  # mm of up to 160
    assert np.sqrt(np.mean((found - exact) ** 2)) < 0.005 * exact.max()
    assert found.sum() == pytest.approx(exact.sum(), rel=1e-3)


@pytest.mark.parametrize("beam", [parallel(360, 384, 0.7), fan(720, 512, 262)], ids=["parallel", "fan"])
def test_a_disc_comes_back_with_its_value(beam):
    disc = [(80, 80, 12, -9, 0, 1.0)]
    found = reconstructed(ellipses(disc, beam.rays()), beam, SIZE, PIXEL)
    inner = picture([(72, 72, 12, -9, 0, 1.0)]) == 1
    assert found[inner].mean() == pytest.approx(1.0, abs=0.002)
    assert np.abs(found[inner] - 1).max() < 0.03


@pytest.mark.parametrize("beam", [parallel(360, 384, 0.7), fan(720, 512, 262)], ids=["parallel", "fan"])
def test_the_head_of_shepp_and_logan_comes_back(beam):
    truth = picture(shepp_logan())
    found = reconstructed(ellipses(shepp_logan(), beam.rays()), beam, SIZE, PIXEL, "ramp")
    inside = picture([(0.60 * 120, 0.80 * 120, 0, 0, 0, 1.0)]) == 1
    assert np.sqrt(np.mean((found - truth)[inside] ** 2)) < 0.02
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.985


def test_more_views_make_the_reconstruction_better():
    errors = []
    for views in (30, 90, 360):
        beam = parallel(views, 384, 0.7)
        found = reconstructed(ellipses(shepp_logan(), beam.rays()), beam, SIZE, PIXEL)
        errors.append(float(np.sqrt(np.mean((found - picture(shepp_logan())) ** 2))))
    assert errors[0] > errors[1] > errors[2]


def test_a_patient_that_moved_is_seen_where_it_then_is():
    beam = parallel(12, 300, 0.9)
    shifts = np.tile([7.0, -4.0], (12, 1))
    seen = ellipses([(30, 30, 0, 0, 0, 1.0)], moved(beam.rays(), shifts, np.zeros(12)))
    assert seen == pytest.approx(ellipses([(30, 30, 7, -4, 0, 1.0)], beam.rays()), abs=1e-9)
