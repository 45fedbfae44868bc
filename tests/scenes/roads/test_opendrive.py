"""OpenDRIVE as others write it, and what is wrong with a file."""

import zipfile

import numpy as np
import pytest
from tests.data.real_data import FOLDER

from understudy.core.errors import UnderstudyError
from understudy.scenes.roads.opendrive import parse_opendrive, read_opendrive
from understudy.scenes.roads.surfaces import lane_surfaces

ARCHIVE = FOLDER / "driving/opendrive_openscenario/opendrive.zip"
ROAD = """<?xml version="1.0"?>
<OpenDRIVE><header revMajor="1" revMinor="6"/>
<road id="7" length="{length}" junction="-1"><planView><geometry s="0" x="1" y="2" hdg="0.5" length="{length}">{shape}</geometry></planView>
<lanes><laneSection s="0"><center><lane id="0" type="none"/></center>
<right><lane id="-1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right>
</laneSection></lanes></road></OpenDRIVE>"""


@pytest.mark.data
def test_real_networks_are_read_and_have_surfaces(tmp_path):
    if not ARCHIVE.exists():
        pytest.skip(f"the real data are not here: {ARCHIVE} (set UNDERSTUDY_DATA to their folder)")
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path)
    files = sorted(tmp_path.rglob("*.xodr"))
    assert len(files) == 20
    for file in files:
        network = read_opendrive(file)
        assert sum(surface.area for surface in lane_surfaces(network, longest=20.0)) > 0, file.name


def test_a_spiral_turns_as_its_curvature_says():
    network = parse_opendrive(ROAD.format(length=80, shape='<spiral curvStart="0.0" curvEnd="0.02"/>'))
    s = np.linspace(0, 80, 20_001)
    x, y, heading = network.roads["7"].plan.at(s)
    np.testing.assert_allclose(heading, 0.5 + 0.02 * s**2 / 160, atol=1e-9)
    steps = np.diff(s) * np.stack([np.cos((heading[1:] + heading[:-1]) / 2), np.sin((heading[1:] + heading[:-1]) / 2)])
    np.testing.assert_allclose([x[-1], y[-1]], np.array([1, 2]) + steps.sum(axis=1), atol=1e-6)


def test_an_arc_lies_on_its_circle():
    plan = parse_opendrive(ROAD.format(length=50, shape='<arc curvature="-0.05"/>')).roads["7"].plan
    x, y, _ = plan.at(np.linspace(0, 50, 101))
    center = np.array([1, 2]) + 20 * np.array([np.sin(0.5), -np.cos(0.5)])
    np.testing.assert_allclose(np.hypot(x - center[0], y - center[1]), 20, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<OpenDRIVE><road", "OpenDRIVE|XML|xml"),
        ("<html/>", "OpenDRIVE"),
        (ROAD.format(length=80, shape="<bezier/>"), "bezier"),
        (ROAD.format(length="long", shape="<line/>"), "long"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]>' + ROAD.format(length=80, shape="<line/>").split("?>", 1)[1], "DOCTYPE|entit"),
    ],
)
def test_what_is_no_road_is_told_with_its_place(text, said):
    with pytest.raises(UnderstudyError, match=said):
        parse_opendrive(text)
