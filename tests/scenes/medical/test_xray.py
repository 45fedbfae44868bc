import numpy as np
import pytest

from understudy.scenes.medical.anatomy import FIRST_LESION, NUMBERS
from understudy.scenes.medical.attenuation import MATERIALS, spectrum
from understudy.scenes.medical.lesions import Wanted, placed_lesion
from understudy.scenes.medical.phantoms import Phantom
from understudy.scenes.medical.shapes import Canvas, Grid, ellipsoid
from understudy.scenes.medical.tissues import TISSUES
from understudy.scenes.medical.xray import Tube, primary, radiograph, shadow

GRID = Grid.around([0, 0, 0], [120, 120, 120], [1, 1, 1])


def ball(radius=40.0, structure="liver", center=(0.0, 0.0, 0.0)):
    canvas = Canvas(GRID)
    canvas.paint(ellipsoid(center, [radius] * 3), [(0.0, NUMBERS[structure])])
    return Phantom("torso", canvas.labels, GRID)


def tube(**more):
    return Tube(**{"width": 128, "height": 128, "pixel_mm": 1.25, "distance_mm": 1000.0, "gap_mm": 100.0, "view": "ap", **more})


@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
def test_lengths_through_a_sphere_are_its_chords(view):
    setting = tube(view=view)
    cast = shadow(ball(), setting, (0.0, 0.0, 0.0))
    focal = setting.distance_mm / setting.pixel_mm
    u = (np.arange(128) + 0.5 - 64) / focal
    sine = np.sqrt((u[None, :] ** 2 + u[:, None] ** 2) / (1 + u[None, :] ** 2 + u[:, None] ** 2))
    chords = 2 * np.sqrt(np.maximum(40.0**2 - (900.0 * sine) ** 2, 0))
    found = cast.lengths[..., list(cast.labels).index(NUMBERS["liver"])]
    assert np.abs(found - chords)[chords > 20].max() < 2.5
    assert found.sum() == pytest.approx(chords.sum(), rel=0.01)


def test_what_comes_through_is_beers_law_over_the_spectrum():
    setting = tube()
    body = ball()
    seen = primary(body, shadow(body, setting, (0.0, 0.0, 0.0)), setting)[63:65, 63:65].mean()
    lengths = np.zeros(len(MATERIALS))
    lengths[MATERIALS.index("muscle")] = 8.0 * TISSUES["liver"].densities[MATERIALS.index("muscle")]
    assert seen == pytest.approx(float(spectrum(120, aluminium_mm=3.0).signal(lengths)), rel=0.02)


def test_a_point_at_the_left_falls_right_in_ap_and_in_pa_and_the_head_is_up():
    body = ball(8.0, "liver", (30.0, 20.0, 40.0))
    for view in ("ap", "pa"):
        setting = tube(view=view)
        cast = shadow(body, setting, (0.0, 0.0, 0.0))
        y, x = np.nonzero(cast.lengths[..., 0] > 1)
        away = 900.0 + (20.0 if view == "ap" else -20.0)
        scale = setting.distance_mm / setting.pixel_mm / away
        assert x.mean() == pytest.approx(63.5 + 30 * scale, abs=0.6), view
        assert y.mean() == pytest.approx(63.5 - 40 * scale, abs=0.6), view


def test_pose_and_matrix_project_a_point_to_its_shadow():
    body = ball(6.0, "liver", (22.0, -15.0, -18.0))
    for view in ("ap", "pa", "lateral"):
        cast = shadow(body, tube(view=view), (0.0, 0.0, 0.0))
        inside = np.linalg.inv(cast.pose) @ [22.0, -15.0, -18.0, 1.0]
        pixel = cast.matrix @ (inside[:3] / inside[2])
        y, x = np.nonzero(cast.lengths[..., 0] > 1)
        assert (x.mean() + 0.5, y.mean() + 0.5) == (pytest.approx(pixel[0], abs=0.6), pytest.approx(pixel[1], abs=0.6)), view


def test_a_lesion_shades_the_pixels_of_its_projected_sphere():
    body = ball()
    lesion = placed_lesion(body.labels, GRID, Wanted("cyst", "liver", 20.0), FIRST_LESION, np.random.default_rng(4))
    body.lesions.append(lesion)
    setting = tube()
    cast = shadow(body, setting, (0.0, 0.0, 0.0))
    area = (cast.lengths[..., list(cast.labels).index(FIRST_LESION)] > 0.5).sum()
    scale = setting.distance_mm / setting.pixel_mm / (900 + float(lesion.center[1]))
    assert area == pytest.approx(np.pi * (10 * scale) ** 2, rel=0.12)


def test_noise_falls_with_the_root_of_the_photons():
    straight = np.full((128, 128), 0.05)
    straight[:, :20] = 1.0
    spread = []
    for photons in (500.0, 50_000.0):
        seen = radiograph(straight, tube(photons=photons, scatter=0.0, blur_px=0.0), np.random.default_rng(1)).astype(float)
        clean = radiograph(straight, tube(photons=1e9, scatter=0.0, blur_px=0.0), np.random.default_rng(1)).astype(float)
        spread.append((seen - clean)[:, 60:].std())
    assert spread[0] / spread[1] == pytest.approx(10.0, rel=0.5)


def test_bones_are_brighter_than_flesh_and_flesh_than_air():
    body = ball()
    canvas = Canvas(GRID)
    canvas.labels = body.labels
    canvas.paint(ellipsoid([0, 0, 0], [8, 8, 8]), [(0.0, NUMBERS["rib cortex"])])
    setting = tube(scatter=0.1)
    seen = radiograph(primary(body, shadow(body, setting, (0.0, 0.0, 0.0)), setting), setting, np.random.default_rng(1))
    assert seen[64, 64] > seen[64, 88] > seen[64, 4]
