"""Pictures show what is there, in the light and the weather that there is."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("embreex")

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.camera import Camera, Faults
from understudy.scenes.geometry.mesh import Mesh, mesh
from understudy.scenes.geometry.motion import along, looking, still
from understudy.scenes.material import Material, Print
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.raycast.motion_blur import motion_field
from understudy.scenes.raycast.patterns import PATTERNS
from understudy.scenes.raycast.renderer import Raycast
from understudy.scenes.scene import Body, Lamp, Link, Scene, Sky, Weather

GRAY = Material("gray", (0.3, 0.3, 0.3))
EYE = np.array([0.0, 0.0, 2.0])
NIGHT = Sky(sun_elevation=-0.4, sun=0.0, ambient=0.0)


def box(x: float, y: float, z: float) -> Mesh:
    """Stands on the ground, its middle at the origin."""
    corners = [[a * x / 2, b * y / 2, c * z] for c in (0, 1) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    sides = [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]]
    for k in range(4):
        m = (k + 1) % 4
        sides += [[k, m, m + 4], [k, m + 4, k + 4]]
    return mesh(corners, sides)


def floor(half: float = 300.0) -> Mesh:
    return mesh(
        [[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]],
        [[0, 1, 2], [0, 2, 3]],
        uv=[[0, 0], [1, 0], [1, 1], [0, 1]],
    )


def scene(
    *bodies: Body,
    ground: Material = GRAY,
    sky: Sky | None = None,
    weather: Weather | None = None,
    lamps: tuple[Lamp, ...] = (),
    **camera: Any,
) -> Scene:
    options: dict[str, Any] = {"motion": still(EYE, looking([10, 0, 1.0], EYE)), "focal": 80.0, **camera}
    eye = Camera("front", 96, 72, **options)
    whole = (Body("ground", 1, 0, (Link(floor(), still(), (ground,)),), (1.0, 1.0, 1.0)), *bodies)
    clear = Sky(sun_elevation=0.9, sun_azimuth=1.57, cloud=0.0)
    return Scene(
        "test", whole, (eye,), np.array([0.0]), (), 9, sky=sky or clear, weather=weather or Weather(haze=0.0), lamps=lamps, ground=1
    )


def thing(motion: Any = None, material: Material = GRAY, shape: Mesh | None = None) -> Body:
    return Body("thing", 2, 1, (Link(shape or box(2, 2, 2), motion or still([10.0, 0, 0]), (material,)),), (2.0, 2.0, 2.0))


def picture(made: Scene, seed: int = 1, time: float = 0.0, **options: Any) -> Any:
    tracer = EmbreeTracer(made)
    return Raycast(**options).image(made, tracer, made.cameras[0], time, tracer.hits(made.cameras[0], time), Stream(seed))


def brightness(made: Scene, pixels: Any, **options: Any) -> float:
    return float(picture(made, **options)[pixels].mean())


def test_a_picture_is_colour_and_has_light_and_dark() -> None:
    image = picture(scene(thing(material=Material("red", (0.5, 0.05, 0.05)))))
    assert image.shape == (72, 96, 3)
    assert image.dtype == np.uint8
    assert image.std() > 10
    sky, red = image[2, 48].astype(int), image[40, 48].astype(int)
    assert sky[2] > sky[0]
    assert red[0] > 2 * red[2]


def test_a_body_throws_its_shadow_away_from_the_sun() -> None:
    """The sun stands to the left, so the ground to the right of the box is dark, and the ground to its left is not."""
    made = scene(thing(), gain=1.0, noise=0.0, vignette=0.0)
    pose, eye = made.cameras[0].motion.at(0.0), made.cameras[0]
    image = picture(made).mean(-1)
    levels = []
    for y in (-1.6, 1.6):
        ((x, row),) = eye.project((np.array([[10.0, y, 0]]) - pose[:3, 3]) @ pose[:3, :3])[0]
        levels.append(image[int(row), int(x)])
    assert levels[0] < 0.75 * levels[1]
    free = picture(scene(gain=1.0, noise=0.0, vignette=0.0)).mean(-1)
    assert abs(free[50, 30] - free[50, 66]) < 4


def test_sunlit_and_shaded_have_the_ratio_of_sun_and_sky() -> None:
    """On the ground, the sun at elevation e gives sin e; light from the sky alone is what is left without it."""
    both = scene(gain=0.5, noise=0.0, vignette=0.0)
    from understudy.scenes.raycast.renderer import Exposure

    levels = []
    for sky in (both.sky, replace(both.sky, sun=0.0)):
        made = replace(both, sky=sky)
        tracer = EmbreeTracer(made)
        exposure = Exposure(Raycast(), made, tracer, made.cameras[0], 0.0, tracer.hits(made.cameras[0], 0.0), Stream(1))
        levels.append(exposure.light("rgb")[60, 48])
    sun, sky = levels[0] - levels[1], levels[1]
    assert 2.0 < float(sun.mean() / sky.mean()) < 8.0
    assert np.abs(sun / 0.3 / np.sin(0.9) - 1).max() < 0.35
    assert sky[2] > sky[0]


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    image = picture(scene(thing(along([0, 1], [[10, -1, 0], [10, 1, 0]], 0.0)), exposure=0.05, weather=Weather(rain=5, wet=1.0)))
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_renderer as t, hashlib; from understudy.scenes.scene import Weather\n"
    )
    program += "made = t.scene(t.thing(t.along([0, 1], [[10, -1, 0], [10, 1, 0]], 0.0)), exposure=0.05, weather=Weather(rain=5, wet=1.0))\n"
    program += "print(hashlib.sha256(t.picture(made).tobytes()).hexdigest())"
    said = subprocess.run([sys.executable, "-c", program, __file__.rsplit("/", 1)[0]], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == hashlib.sha256(image.tobytes()).hexdigest()
    other = picture(scene(thing(along([0, 1], [[10, -1, 0], [10, 1, 0]], 0.0)), exposure=0.05, weather=Weather(rain=5, wet=1.0)), seed=2)
    assert (other != image).any()


def test_automatic_exposure_brings_dim_and_bright_days_to_the_same_grey() -> None:
    levels = [
        brightness(scene(thing(), sky=Sky(sun=sun, ambient=ambient, cloud=cloud), noise=0.0), slice(None))
        for sun, ambient, cloud in ((1.0, 0.3, 0.0), (0.0, 0.6, 1.0), (0.0, 0.2, 1.0))
    ]
    assert max(levels) - min(levels) < 35
    assert 80 < min(levels) < max(levels) < 160
    assert brightness(scene(thing(), gain=2.0), slice(None)) > brightness(scene(thing(), gain=0.3), slice(None)) + 40


def test_fog_takes_contrast_with_distance() -> None:
    """Light through fog falls by the law of Beer and Lambert: of what is 27 m away, e^-2.7 is left at .1 a metre."""
    dark = Material("dark", (0.02, 0.02, 0.02))

    def contrast(away: float, fog: float) -> float:
        made = scene(
            thing(still([away + 1.0, 0, 0]), dark, box(2, 40, 9)), thing(), weather=Weather(fog=fog, haze=0.0), gain=1.0, noise=0.0
        )
        made = replace(made, bodies=(made.bodies[0], made.bodies[1]))
        image = picture(made).astype(float)
        return abs(image[5].mean() - image[32].mean())

    assert contrast(27.0, 0.1) < 0.5 * contrast(8.0, 0.1)
    assert contrast(27.0, 0.1) < 0.5 * contrast(27.0, 0.0)


def test_a_wet_road_is_darker_and_mirrors() -> None:
    asphalt = Material("asphalt", (0.2, 0.2, 0.2), (0.2, 0.2, 0.2), roughness=0.9)
    red = Material("red", (0.6, 0.02, 0.02), emission=(1.0, 0.0, 0.0))
    cloudy = Sky(sun=0.0, ambient=0.4, cloud=1.0)
    dry, wet = (
        picture(
            scene(
                thing(still([14.0, 0, 0]), red, box(2, 6, 5)),
                ground=asphalt,
                sky=cloudy,
                weather=Weather(wet=w, haze=0.0),
                gain=1.0,
                noise=0.0,
            )
        )
        for w in (0.0, 1.0)
    )
    near = (slice(46, 56), slice(40, 56))
    assert wet[near][..., 0].mean() - wet[near][..., 2].mean() > dry[near][..., 0].mean() - dry[near][..., 2].mean() + 8
    assert wet[66:, :, 1].mean() < dry[66:, :, 1].mean() - 5


def test_snow_whitens_what_faces_up_and_rain_streaks_the_picture() -> None:
    soil = Material("soil", (0.05, 0.04, 0.03))
    plain = scene(ground=soil, gain=1.0, noise=0.0)
    snowy, rainy = (replace(plain, weather=air) for air in (Weather(snow=2.0, haze=0.0), Weather(rain=40.0, haze=0.0)))
    assert picture(snowy)[60:].mean() > picture(plain)[60:].mean() + 40
    rough = [np.abs(np.diff(picture(made)[40:].astype(int), axis=1)).mean() for made in (plain, rainy)]
    assert rough[1] > 1.5 * rough[0]


def test_lamps_light_the_night_and_throw_shadows() -> None:
    lamp = Lamp((0.0, 0.0, 1.0), (60.0, 60.0, 60.0), (1.0, 0.0, -0.1), 0.7, 0.3)
    wall = Body("wall", 3, 0, (Link(box(1, 60, 12), still([20.0, 0, 0]), (GRAY,)),), (1.0, 1.0, 1.0))
    dark = picture(scene(wall, thing(shape=box(1, 1, 1.2)), sky=NIGHT, gain=5.0, noise=0.0)).mean(-1)
    lit = picture(scene(wall, thing(shape=box(1, 1, 1.2)), sky=NIGHT, lamps=(lamp,), gain=5.0, noise=0.0)).mean(-1)
    bare = picture(scene(wall, sky=NIGHT, lamps=(lamp,), gain=5.0, noise=0.0)).mean(-1)
    assert lit.mean() > dark.mean() + 20
    made = scene(wall, thing(shape=box(1, 1, 1.2)))
    hits = EmbreeTracer(made).hits(made.cameras[0], 0.0)
    behind = (hits.link == 1) & (np.abs(hits.point[..., 1]) < 0.6) & (hits.point[..., 2] < 0.9)
    assert behind.sum() > 3
    assert lit[behind].mean() < 0.7 * bare[behind].mean()


def test_a_sign_sends_a_headlight_back() -> None:
    lamp = Lamp((0.0, 0.4, 1.8), (40.0, 40.0, 40.0), (1.0, 0.0, 0.0), 0.6, 0.3)
    signs = [
        picture(
            scene(thing(material=Material("sign", (0.5, 0.5, 0.5), retroreflection=back)), sky=NIGHT, lamps=(lamp,), gain=1.0, noise=0.0)
        )
        for back in (0.0, 0.5)
    ]
    assert signs[1][38, 48].mean() > signs[0][38, 48].mean() + 30


def test_what_moves_is_blurred_and_what_stands_is_not() -> None:
    bright = Material("bright", (0.9, 0.9, 0.9))

    def edge(exposure: float) -> float:
        drive = along([0, 1], [[10, -6, 0], [10, 6, 0]], 0.0)
        image = picture(scene(thing(drive, bright), exposure=exposure, noise=0.0, gain=0.8), time=0.5).astype(float)
        return float(np.abs(np.diff(image[40], axis=0)).max())

    assert edge(0.04) < 0.6 * edge(0.0)
    still_scenes = [picture(scene(thing(material=bright), exposure=exposure)) for exposure in (0.0, 0.04)]
    assert (still_scenes[0] == still_scenes[1]).all()


@pytest.mark.parametrize(
    "faults", [Faults(dirt=0.2), Faults(drops=6), Faults(dead_rows=3), Faults(noise_bands=2), Faults(stuck=0.01), Faults(blur=2.0)]
)
def test_every_fault_changes_the_picture(faults: Faults) -> None:
    made = scene(thing(), noise=0.0)
    clean = picture(made).astype(int)
    spoiled = picture(replace(made, cameras=(replace(made.cameras[0], faults=faults),))).astype(int)
    assert np.abs(spoiled - clean).max() > 15
    if faults.dead_rows:
        assert 1 <= (spoiled.max((1, 2)) == 0).sum() <= 3
    if faults.dirt:
        assert (np.abs(spoiled - clean).max(-1) > 3).mean() > 0.08


def test_the_sun_flares_in_a_picture_that_has_it() -> None:
    made = scene(sky=Sky(sun_elevation=0.1, sun_azimuth=0.0, cloud=0.0), noise=0.0, gain=1.0)
    flared = replace(made, cameras=(replace(made.cameras[0], faults=Faults(flare=1.0)),))
    assert picture(flared).mean() > picture(made).mean() + 10


def test_noise_and_compression_and_vignette_do_what_they_are_for() -> None:
    made = scene(noise=0.0, vignette=0.0, gain=1.0, ground=Material("plain", (0.2, 0.2, 0.2)))

    def with_camera(**options: Any) -> Any:
        return picture(replace(made, cameras=(replace(made.cameras[0], **options),))).astype(float)

    clean = with_camera()
    assert 0.5 < (with_camera(noise=3.0)[50:] - clean[50:]).std() < 12
    assert np.abs(with_camera(quality=20) - clean).mean() > np.abs(with_camera(quality=95) - clean).mean()
    corner = with_camera(vignette=0.8)
    assert corner[-1, 0].mean() < clean[-1, 0].mean() - 15
    assert abs(corner[36, 48].mean() - clean[36, 48].mean()) < 4


def test_infrared_is_grey_and_lit_from_the_camera_and_warm_things_glow_in_thermal() -> None:
    person = Material("skin", (0.4, 0.3, 0.25), pattern="skin", temperature=12.0)
    near = picture(scene(thing(material=person), sky=NIGHT, band="infrared"))
    assert near.shape == (72, 96)
    assert near[40, 48] > near[20, 5] + 30
    warm = picture(scene(thing(material=person), sky=NIGHT, band="thermal"))
    assert warm.shape == (72, 96)
    assert int(warm[40, 48]) > int(warm[65, 10]) + 60 > int(warm[2, 10])


def test_further_bands_come_as_reflectances_beside_colour() -> None:
    grass = Material("grass", (0.06, 0.12, 0.03), (0.06, 0.12, 0.03), bands={"nir": 0.5})
    above = still([0, 0, 100.0], looking([0, 0, 0], [0, 0, 100.0]))
    made = scene(ground=grass, motion=above, model="orthographic", focal=2.0, bands=("nir", "swir1"), vignette=0.0)
    image = picture(made)
    assert image.shape == (72, 96, 5)
    assert image.dtype == np.uint16
    assert abs(image[..., 3].mean() / 10000 - 0.5) < 0.08


def test_a_print_lies_on_its_surface_and_is_right_way_up() -> None:
    art = np.zeros((64, 64, 3), np.uint8)
    art[:32, :] = (255, 0, 0)
    art[32:, :] = (0, 0, 255)
    above = still([0, 0, 100.0], looking([0, 0, 0], [0, 0, 100.0]))
    image = picture(scene(ground=Material("printed", print=Print(art)), motion=above, model="orthographic", focal=0.14))
    red, blue = image[..., 0].astype(int) - image[..., 2], image[..., 2].astype(int) - image[..., 0]
    assert red[20:30, 30:60].min() > 40
    assert blue[44:54, 30:60].min() > 40


@pytest.mark.parametrize("pattern", [name for name in PATTERNS if name not in ("plain", "carpaint", "ceramic", "skin", "water")])
def test_every_pattern_shows_near_and_fades_far(pattern: Any) -> None:
    """Near, neighbouring pixels differ; from where a feature is far smaller than a pixel, they are even."""
    material = Material(pattern, (0.5, 0.5, 0.5), (0.1, 0.1, 0.1), pattern, 1.0, 1.0)
    wall = thing(still([20.0, 0, -20]), material, box(2, 40000, 40000))
    cloudy = Sky(sun=0.0, ambient=0.5, cloud=1.0)
    front = still([0, 0, 2.0], looking([10, 0, 2.0], [0, 0, 2.0]))
    away = still([-12000.0, 0, 2.0], looking([10, 0, 2.0], [-12000.0, 0, 2.0]))
    differences = []
    for motion in (front, away):
        image = picture(scene(wall, sky=cloudy, noise=0.0, vignette=0.0, motion=motion, gain=1.0), occlusion=0)[26:34, 30:66].astype(float)
        differences.append(np.abs(np.diff(image, axis=1)).mean() + np.abs(np.diff(image, axis=0)).mean())
    assert differences[0] > 1.0
    assert differences[1] < max(0.5 * differences[0], 1.0)


def test_edges_are_smooth() -> None:
    made = scene(thing(still([10.0, 0, 0]), Material("dark", (0.02, 0.02, 0.02))), noise=0.0, gain=1.0, exposure=0.0)
    rough, smooth = (picture(made, samples=samples)[20:50].astype(int) for samples in (1, 4))
    between = [int(((row[..., 0] > row[..., 0].min() + 25) & (row[..., 0] < row[..., 0].max() - 25)).sum()) for row in (rough, smooth)]
    assert (rough != smooth).any()
    assert between[1] > 0


def test_a_body_darkens_the_ground_beside_it_from_the_sky() -> None:
    """Ambient occlusion: under an overcast sky the ground at a wall's foot gets less light than the open ground."""
    made = scene(thing(still([9.0, 0, 0]), shape=box(2, 6, 4)), sky=Sky(sun=0.0, ambient=0.5, cloud=1.0), noise=0.0, gain=1.0, vignette=0.0)
    hits = EmbreeTracer(made).hits(made.cameras[0], 0.0)
    image, plain = picture(made, occlusion=8).mean(-1), picture(made, occlusion=0).mean(-1)
    foot = (hits.link == 0) & (np.abs(hits.point[..., 0] - 7.7) < 0.25) & (np.abs(hits.point[..., 1]) < 2)
    open_ground = (hits.link == 0) & (hits.distance < 5.5)
    assert image[foot].mean() < plain[foot].mean() - 8
    assert abs(image[open_ground].mean() - plain[open_ground].mean()) < 6


def test_options_out_of_range_are_refused() -> None:
    for options in ({"samples": 0}, {"samples": 9}, {"occlusion": -1}):
        with pytest.raises(ArgumentError, match=next(iter(options))):
            Raycast(**options)


@pytest.mark.parametrize("distortion", [(), (-0.25, 0.05, 0.001, -0.002, 0.0)])
def test_the_motion_field_is_where_points_go_in_the_picture(distortion: tuple[float, ...]) -> None:
    drive = along([0, 1], [[10, -6, 0], [12, 6, 0]], 0.0)
    turned = replace(along([0, 1], [[0, 0, 2.0], [4, 0, 2.0]], 0.0), rotations=np.stack([looking([10, 0, 1.0], EYE)] * 2))
    made = scene(thing(drive), exposure=0.05, motion=turned, distortion=distortion)
    tracer, eye = EmbreeTracer(made), made.cameras[0]
    hits = tracer.hits(eye, 0.5)
    way = motion_field(tracer, eye, 0.5, hits)
    for row, column in ((36, 48), (60, 20), (60, 80), (40, 50)):
        place, link = hits.point[row, column], hits.link[row, column]
        pixels = []
        for time in (0.475, 0.525):
            moved = place if link == 0 else place - drive.at(0.5)[:3, 3] + drive.at(time)[:3, 3]
            pose = eye.motion.at(time)
            pixels.append(eye.project((moved - pose[:3, 3])[None] @ pose[:3, :3])[0][0])
        assert np.abs(pixels[1] - pixels[0] - way[row, column]).max() < 0.01
