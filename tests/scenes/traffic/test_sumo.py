"""SUMO's drivers beside ours; skipped where SUMO is not installed."""

from pathlib import Path

import numpy as np
import pytest

from understudy.core.errors import DataError
from understudy.scenes.traffic.drivers import Idm
from understudy.scenes.traffic.safety import conflicts

pytest.importorskip("libsumo", reason='SUMO is not installed: pip install "understudy[sumo]"')

from understudy.scenes.traffic.sumo import background, converted, simulated

OURS = Idm(desired_mps=33.3, headway_s=1.5, standstill_m=2.0, acceleration_mps2=1.4, brake_mps2=2.0)
TYPE = (
    'carFollowModel="IDM" tau="1.5" minGap="2.0" accel="1.4" decel="2.0" delta="4" speedFactor="1" speedDev="0" sigma="0" length="4.6" '
    'width="1.85"'
)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A straight road of 5 km."""
    folder = tmp_path_factory.mktemp("sumo")
    (folder / "n.nod.xml").write_text('<nodes><node id="a" x="100" y="50"/><node id="b" x="5100" y="50"/></nodes>')
    (folder / "e.edg.xml").write_text('<edges><edge id="ab" from="a" to="b" numLanes="1" speed="40"/></edges>')
    arguments = ["--node-files", str(folder / "n.nod.xml"), "--edge-files", str(folder / "e.edg.xml"), "--no-warnings"]
    return converted(arguments, folder / "road.net.xml")


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grid")
    nodes = "".join(f'<node id="{x}{y}" x="{x * 150}" y="{y * 150}" type="priority"/>' for x in range(3) for y in range(3))
    links = [(a, b) for a in range(3) for b in range(3)]
    pairs = [(f"{x}{y}", f"{x + 1}{y}") for x, y in links if x < 2] + [(f"{x}{y}", f"{x}{y + 1}") for x, y in links if y < 2]
    edges = "".join(f'<edge id="{a}to{b}" from="{a}" to="{b}" numLanes="1" speed="13.9"/>' for p, q in pairs for a, b in ((p, q), (q, p)))
    (folder / "n.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
    (folder / "e.edg.xml").write_text(f"<edges>{edges}</edges>")
    arguments = ["--node-files", str(folder / "n.nod.xml"), "--edge-files", str(folder / "e.edg.xml"), "--no-warnings"]
    return converted(arguments, folder / "grid.net.xml")


def test_its_idm_keeps_the_gap_that_ours_keeps(road: Path, tmp_path: Path) -> None:
    routes = tmp_path / "platoon.rou.xml"
    cars = "".join(
        f'<vehicle id="car{k}" type="{"lead" if k == 0 else "idm"}" route="r" depart="0" departPos="{400 - 60 * k}" departSpeed="20"/>'
        for k in range(4)
    )
    routes.write_text(
        f'<routes><vType id="lead" {TYPE} maxSpeed="20"/><vType id="idm" {TYPE} maxSpeed="33.3"/><route id="r" edges="ab"/>{cars}</routes>'
    )
    path = simulated(road, routes, 200.0)
    order = [path.index(f"car{k}") for k in range(4)]
    ends = path.position_m[-1, order, 0]
    gaps = ends[:-1] - ends[1:] - 4.6
    assert path.speed_mps[-1, order] == pytest.approx(np.full(4, 20.0), abs=0.2)
    assert gaps == pytest.approx(np.full(3, OURS.equilibrium_gap(20.0)), rel=0.1)
    assert path.position_m[0, order[0], 0] == pytest.approx(100.0 + 400.0 + 2.0 - 2.3, abs=4.0)
    assert path.position_m[:, order, 1] == pytest.approx(50.0 - 1.6, abs=0.3)


def test_background_traffic_fills_a_network_and_is_the_same_with_the_same_seed(grid: Path) -> None:
    first, second = (background(grid, 25, 20.0, seed=3, warm_up_s=30.0) for _ in range(2))
    assert np.array_equal(first.position_m, second.position_m, equal_nan=True)
    assert first.present.sum(axis=1).min() > 12
    way = np.linalg.norm(np.diff(first.position_m, axis=0), axis=-1)
    assert np.nanmax(way) < 13.9 * 1.3 * 0.1 + 2.5
    found = conflicts(first, [(first.agents[0].id, other.id) for other in first.agents[1:12]])
    assert np.nanmin(found.gap_m) > 0
    assert len(set(first.lanes_of(first.agents[0].id))) >= 1


def test_what_sumo_cannot_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        background(tmp_path / "nowhere.net.xml", 5, 1.0)
    broken = tmp_path / "broken.xodr"
    broken.write_text("<nonsense/>")
    with pytest.raises(DataError, match="SUMO"):
        background(broken, 5, 1.0)
