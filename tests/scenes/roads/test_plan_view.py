"""Reference lines against integration in small steps, and ways between poses."""

import numpy as np
import pytest

from understudy.scenes.roads.opendrive import read_opendrive
from understudy.scenes.roads.paths import path_between
from understudy.scenes.roads.plan_view import Arc, Line, ParamPoly3, Poly3, Spiral
from understudy.scenes.roads.polynomials import Cubics

START = (3.0, -2.0, 0.7)


@pytest.mark.parametrize(
    "piece",
    [
        Line(0.0, *START, 80.0),
        Arc(0.0, *START, 80.0, -0.03),
        Spiral(0.0, *START, 80.0, 0.0, 0.02),
        Spiral(0.0, *START, 80.0, 0.03, -0.02),
        Spiral(0.0, *START, 80.0, 0.02, 0.02 + 1e-9),
        Spiral(0.0, *START, 80.0, 0.02, 0.02 + 1e-14),
        Poly3(0.0, *START, 80.0, 0.0, 0.0, 0.01, -1e-4),
    ],
    ids=lambda piece: type(piece).__name__,
)
def test_a_piece_is_as_long_as_it_says_and_follows_its_heading(piece):
    s = np.linspace(0, 80, 40_001)
    x, y, heading = piece.at(s)
    middle = piece.at((s[1:] + s[:-1]) / 2)[2]
    ahead = np.cumsum(np.diff(s) * np.cos(middle)), np.cumsum(np.diff(s) * np.sin(middle))
    np.testing.assert_allclose(x[1:] - x[0], ahead[0], atol=2e-6)
    np.testing.assert_allclose(y[1:] - y[0], ahead[1], atol=2e-6)
    np.testing.assert_allclose(np.gradient(heading, s)[1:-1], piece.curvature(s)[1:-1], atol=1e-5)


@pytest.mark.parametrize("reach", ["normalized", "arcLength"])
def test_a_parametric_cubic_goes_through_its_points(reach):
    scale = 1.0 if reach == "arcLength" else 50.0
    u, v = (0.0, scale, 0.0, 0.0), (0.0, 0.0, 0.01 * scale**2, -1e-4 * scale**3)
    x, y, heading = ParamPoly3(0.0, 0.0, 0.0, 0.0, 50.0, u, v, reach).at(np.array([0.0, 20.0, 50.0]))
    np.testing.assert_allclose(x, [0, 20, 50], atol=1e-9)
    np.testing.assert_allclose(y, [0, 0.01 * 400 - 1e-4 * 8000, 25 - 12.5], atol=1e-9)
    assert heading[1] == pytest.approx(np.arctan(0.02 * 20 - 3e-4 * 400))


@pytest.mark.parametrize(
    "end", [(20, 0, 0), (20, 10, np.pi / 2), (20, -10, -1.2), (20, 6, 0), (20, -6, 0.4), (0, 8, np.pi), (-5, 12, -2.0)], ids=str
)
def test_a_way_between_poses_ends_where_it_should_without_a_kink(end):
    plan = path_between((0.0, 0.0, 0.0), end)
    np.testing.assert_allclose(plan.pieces[-1].end[:2], end[:2], atol=1e-9)
    assert np.cos(plan.pieces[-1].end[2] - end[2]) == pytest.approx(1.0)
    for before, after in zip(plan.pieces[:-1], plan.pieces[1:], strict=True):
        np.testing.assert_allclose(before.end, (after.x, after.y, after.heading), atol=1e-12)


def test_the_difference_of_piecewise_cubics_is_exact():
    first = Cubics.of([(0, 1, 0.2, -0.01, 1e-3), (7, 2, 0, 0.1, 0)])
    second = Cubics.of([(0, 0.5, 0, 0, 0), (3, 0.5, 0.1, 0.02, -1e-3)])
    s = np.linspace(0, 12, 200)
    np.testing.assert_allclose(first.minus(second).at(s), first.at(s) - second.at(s), atol=1e-12)


def test_roads_that_another_program_wrote_end_where_it_says(tmp_path):
    xodr = pytest.importorskip("scenariogeneration.xodr")
    road = xodr.create_road([xodr.Line(100), xodr.Spiral(1e-9, 0.02, 60), xodr.Arc(0.02, length=50), xodr.Spiral(0.02, 1e-9, 60)], id=1)
    drive = xodr.OpenDrive("theirs")
    drive.add_road(road)
    drive.adjust_roads_and_lanes()
    drive.write_xml(str(tmp_path / "theirs.xodr"))
    read = read_opendrive(tmp_path / "theirs.xodr").roads["1"]
    assert read.length == pytest.approx(270)
    theirs = road.planview.get_end_point()
    np.testing.assert_allclose([value[0] for value in read.plan.at(np.array([read.length]))][:2], theirs[:2], atol=1e-3)
    assert not [gap for _, gap in read.plan.gaps() if gap > 1e-3]
