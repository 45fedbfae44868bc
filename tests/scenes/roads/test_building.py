"""Own road networks: surfaces, paint and lanes of each, and what a file of it says when it is read again."""

import numpy as np
import pytest

from understudy.scenes.roads.building import crossing, motorway, roundabout, rural_road, t_junction, town_grid
from understudy.scenes.roads.lanes import lanes_of
from understudy.scenes.roads.opendrive import read_opendrive
from understudy.scenes.roads.opendrive_writing import write_opendrive
from understudy.scenes.roads.paint import paint
from understudy.scenes.roads.surfaces import lane_surfaces

NETWORKS = {made.__name__: made for made in (motorway, rural_road, crossing, t_junction, roundabout, town_grid)}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    return NETWORKS[request.param]()


def test_lanes_lead_on_where_they_end(network):
    lanes = {lane.id: lane for lane in lanes_of(network)}
    joints = [np.linalg.norm(lane.centre[-1] - lanes[after].centre[0]) for lane in lanes.values() for after in lane.successors]
    assert len(lanes) >= 2
    assert max(joints, default=0.0) < 0.02


def test_surfaces_have_area_and_face_up(network):
    surfaces = lane_surfaces(network)
    assert sum(surface.area for surface in surfaces if surface.kind == "driving") > 100
    for surface in surfaces:
        if surface.kind == "curb side":
            continue
        a, b, c = (surface.vertices[surface.faces[:, corner]] for corner in range(3))
        assert (np.cross(b - a, c - a)[:, 2] > 0).all(), surface.kind


def test_paint_lies_on_the_road(network):
    marks = paint(network)
    places = np.concatenate([surface.vertices for surface in lane_surfaces(network)])
    assert marks
    for mark in marks:
        assert (mark.vertices >= places.min(axis=0) - 0.01).all()
        assert (mark.vertices <= places.max(axis=0) + 0.05).all()


def test_a_written_file_reads_as_the_same_roads(network, tmp_path):
    write_opendrive(network, tmp_path / "road.xodr")
    again = read_opendrive(tmp_path / "road.xodr")
    assert list(again.roads) == list(network.roads)
    for key, road in network.roads.items():
        s = np.linspace(0, road.plan.length, 40)
        for before, after in zip(road.plan.at(s), again.roads[key].plan.at(s), strict=True):
            np.testing.assert_allclose(after, before, atol=1e-3)
    surfaces = lane_surfaces(again)
    assert sum(surface.area for surface in surfaces) == pytest.approx(sum(surface.area for surface in lane_surfaces(network)), rel=1e-4)
