"""Pictures from above obey geometry: shadows, heights seen from aside, footprints, and the map from pixels to the ground."""

import math

import numpy as np
import pytest
from tests.scenes.satellite.places import Level

from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import Block, CityLook
from understudy.scenes.satellite.open_grounds import apron
from understudy.scenes.satellite.spectra import surface
from understudy.scenes.satellite.world import ground_transform

WALLS = (surface("plaster"), surface("bitumen"))


def tower(height, length=20.0, width=10.0, heading=0.0):
    def fill(site):
        site.add("building", (0.0, 0.0), heading, shapes.block(length, width, 0.0, height), WALLS, (length, width, height))

    return fill


@pytest.mark.parametrize("elevation", [20.0, 35.0, 60.0])
def test_a_shadow_is_as_long_as_the_height_over_the_tangent_of_the_suns_height(elevation):
    level = Level(tower(8.0), elevation=elevation, sun=180.0)  # from the west: it falls to the east
    dark = level.measured().shade[60] > 0.5  # the row through the middle
    first = round(80 + 10 / level.gsd)  # where the building ends
    length = np.argmin(dark[first:]) * level.gsd
    assert length == pytest.approx(8.0 / math.tan(math.radians(elevation)), abs=level.gsd)


def test_a_shadow_falls_away_from_the_sun():
    shade = Level(tower(10.0), elevation=40.0, sun=90.0).measured().shade  # from the north
    assert shade[60 + 12 : 60 + 18, 75:85].mean() > 0.9
    assert shade[60 - 20 : 60 - 12, 75:85].mean() < 0.1


@pytest.mark.parametrize("angle", [10.0, 25.0, 35.0])
def test_a_roof_is_displaced_by_the_height_times_the_tangent_of_the_angle(angle):
    level = Level(tower(20.0), off_nadir=angle, azimuth=180.0)  # the sensor stands in the west
    roof = (level.hits.point[..., 2] > 19.99).nonzero()
    a, b, c, d, e, f = ground_transform(level.camera)
    column, row = roof[1] + 0.5, roof[0] + 0.5
    x, y = a * column + b * row + c, d * column + e * row + f
    assert x.mean() == pytest.approx(20 * math.tan(math.radians(angle)), abs=level.gsd)  # it leans away from the sensor
    assert y.mean() == pytest.approx(0.0, abs=level.gsd)


def test_pixels_lie_on_the_ground_where_the_transform_says():
    level = Level(off_nadir=30.0, azimuth=40.0)
    a, b, c, d, e, f = ground_transform(level.camera)
    row, column = np.mgrid[:120, :160] + 0.5
    assert np.abs(a * column + b * row + c - level.hits.point[..., 0]).max() < 1e-6
    assert np.abs(d * column + e * row + f - level.hits.point[..., 1]).max() < 1e-6


@pytest.mark.parametrize("heading", [0.0, 0.4, 1.2, -0.7])
def test_an_oriented_box_is_the_footprint(heading):
    (instance,) = Level(tower(3.0, 24.0, 9.0, heading)).frame().instances
    corners = instance.oriented_box
    sides = sorted(np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1))
    assert sides == pytest.approx([18, 18, 48, 48], abs=0.01)  # at .5 m a pixel
    c, s = math.cos(heading), math.sin(heading)
    ends = np.array([(80 + (c * x - s * y) / 0.5, 60 - (s * x + c * y) / 0.5) for x in (-12, 12) for y in (-4.5, 4.5)])
    gaps = np.linalg.norm(ends[:, None] - corners[None], axis=2).min(axis=1)
    assert gaps.max() < 0.01


def test_heights_are_those_of_what_was_built():
    level = Level(tower(7.5))
    assert level.hits.point[60, 80, 2] == pytest.approx(7.5)
    assert level.hits.point[5, 5, 2] == pytest.approx(0.0, abs=1e-9)


def test_aircraft_on_an_apron_are_labelled_each_by_itself():
    block, rng = Block(-70, -55, 70, 55, 0), np.random.default_rng(3)
    frame = Level(lambda site: apron(site, block, CityLook(parked=0.9), rng), gsd=0.5, size=(320, 260)).frame()
    planes = [instance for instance in frame.instances if instance.name.startswith("plane/")]
    assert len(planes) > 1
    for plane in planes:
        sides = np.linalg.norm(np.roll(plane.oriented_box, -1, axis=0) - plane.oriented_box, axis=1) * 0.5
        assert sides[:2] == pytest.approx(plane.size[:2], rel=0.02)


@pytest.mark.parametrize("heading", [0.0, 0.3, math.pi / 4, 2.0])
@pytest.mark.parametrize("off_nadir", [0.0, 30.0])
def test_the_box_of_an_aircraft_lies_as_the_aircraft_does(heading, off_nadir):
    def fill(site):
        site.add("plane", (0.0, 0.0), heading, shapes.plane(34.0, 36.0, 2), (*WALLS, *WALLS), (36.0, 34.0, 10.0))

    level = Level(fill, off_nadir=off_nadir, azimuth=200.0)
    (plane,) = level.frame().instances
    side = plane.oriented_box[1] - plane.oriented_box[0]
    a, b, _, d, e, _ = ground_transform(level.camera)
    ahead = np.linalg.solve([[a, b], [d, e]], [math.cos(heading), math.sin(heading)])
    assert abs(side @ ahead) == pytest.approx(np.linalg.norm(side) * np.linalg.norm(ahead), rel=1e-6)
    if not off_nadir:
        assert np.linalg.norm(side) * level.gsd == pytest.approx(36.0, abs=0.1)
