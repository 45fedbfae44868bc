"""OpenDRIVE as others write it, and what is wrong with a file."""

import os
import shutil
import subprocess
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.data.real_data import FOLDER

from understudy.core.errors import UnderstudyError
from understudy.scenes.roads import building
from understudy.scenes.roads.opendrive import parse_opendrive, read_opendrive, write_opendrive
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


@pytest.mark.data
def test_real_networks_come_back_from_a_written_file_to_a_millimetre(tmp_path):
    if not ARCHIVE.exists():
        pytest.skip(f"the real data are not here: {ARCHIVE} (set UNDERSTUDY_DATA to their folder)")
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path)
    for file in sorted(tmp_path.rglob("*.xodr")):
        network = read_opendrive(file)
        write_opendrive(network, tmp_path / "again.xodr")
        again = read_opendrive(tmp_path / "again.xodr")
        assert set(again.notes) <= set(network.notes)
        assert (again.junctions, again.controllers) == (network.junctions, network.controllers)
        for road in network.roads.values():
            other, s = again.roads[road.id], np.linspace(0, road.length, 50)
            assert (other.signals, len(other.objects)) == (road.signals, len(road.objects))
            for section, part in enumerate(road.sections):
                for lane in part.lanes:
                    mine, theirs = (some.point(s, some.border(section, lane, s)) for some in (road, other))
                    np.testing.assert_allclose(mine, theirs, atol=1e-3)


@pytest.mark.parametrize("name", ["motorway", "rural_road", "crossing", "t_junction", "roundabout", "town_grid"])
def test_own_networks_are_imported_by_sumo(name, tmp_path):
    program = shutil.which("netconvert") or os.environ.get("NETCONVERT")
    if not program:
        pytest.skip("netconvert is not here (pip install eclipse-sumo)")
    network = getattr(building, name)()
    write_opendrive(network, tmp_path / "own.xodr")
    command = [program, "--opendrive-files", str(tmp_path / "own.xodr"), "-o", str(tmp_path / "own.net.xml")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "Error" not in told.stderr
    imported = ElementTree.parse(tmp_path / "own.net.xml").getroot()
    assert len(imported.findall("connection")) >= sum(len(junction.connections) for junction in network.junctions.values())
