from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from understudy.core.errors import ArgumentError, DataError
from understudy.scenes.geometry import lofts, polygons, primitives
from understudy.scenes.geometry.curves import spline, through
from understudy.scenes.geometry.files import read_mesh
from understudy.scenes.geometry.measures import creased, is_closed, signed_volume, surface
from understudy.scenes.geometry.mesh import Mesh

ARROW = [[0, 0], [2, 0], [2, 2], [1, 0.5], [0, 2]]
SOLIDS = {
    "box": (primitives.box((1, 2, 3)), 6.0, (1, 2, 3)),
    "bevelled box": (primitives.box((1, 2, 3), bevel=0.05), 6.0, (1, 2, 3)),
    "sphere": (primitives.sphere(1, 64), 4 / 3 * np.pi, (2, 2, 2)),
    "ellipsoid": (primitives.ellipsoid((1, 2, 3), 64), np.pi, (1, 2, 3)),
    "cylinder": (primitives.cylinder(1, 2, 64), 2 * np.pi, (2, 2, 2)),
    "bevelled cylinder": (primitives.cylinder(1, 2, 64, bevel=0.01), 2 * np.pi, (2, 2, 2)),
    "cone": (primitives.cone(1, 3, 64), np.pi, (2, 2, 3)),
    "capsule": (primitives.capsule(2, 1, 64), 2 * np.pi + 4 / 3 * np.pi, (2, 2, 4)),
    "tube": (primitives.tube(1, 0.5, 2, 64), 1.5 * np.pi, (2, 2, 2)),
    "extrusion": (polygons.extrusion(ARROW, 1), 2.5, (2, 2, 1)),
    "bevelled extrusion": (polygons.extrusion(ARROW, 1, bevel=0.01), 2.5, (2, 2, 1)),
    "sweep": (lofts.sweep([[0, 0, 0], [0, 0, 1], [0, 0, 3]], 0.5, 64), 0.75 * np.pi, (1, 1, 3)),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_solids_are_closed_look_outwards_and_have_the_volume_and_size_that_they_say(name: str) -> None:
    solid, volume, size = SOLIDS[name]
    assert is_closed(solid)
    assert signed_volume(solid) == pytest.approx(volume, rel=0.02)
    low, high = solid.bounds
    assert high - low == pytest.approx(size, rel=0.02)
    assert surface(solid).min() > 1e-9


@pytest.mark.parametrize("name", SOLIDS)
def test_smooth_normals_look_the_way_of_their_faces(name: str) -> None:
    solid = SOLIDS[name][0]
    if solid.normals is None:
        pytest.skip("flat")
    assert np.linalg.norm(solid.normals, axis=1) == pytest.approx(np.ones(len(solid.vertices)))
    faces = solid.face_normals()
    assert all((solid.normals[solid.faces[:, corner]] * faces).sum(axis=1).min() > 0.2 for corner in range(3))


def test_ribbons_and_height_fields_are_seen_from_above() -> None:
    assert (lofts.ribbon([[0, 0], [5, 0], [9, 3]], 2).face_normals()[:, 2] > 0.99).all()
    assert (lofts.height_field(np.zeros((3, 4)), (2, 2)).face_normals()[:, 2] > 0.99).all()


def test_a_printed_face_has_its_uv_upright_seen_from_outside() -> None:
    solid = primitives.box((1, 1, 1))
    for face, normal in zip(solid.faces, solid.face_normals(), strict=True):
        if abs(normal[2]) > 0.5:
            continue
        a, b, c = solid.uv[face]
        assert np.cross(np.append(b - a, 0), np.append(c - a, 0))[2] > 0
        assert np.corrcoef(solid.uv[face][:, 1], solid.vertices[face][:, 2])[0, 1] > 0.99


def test_polygons_are_cut_into_triangles_of_their_whole_area() -> None:
    comb = [[0, 0], [5, 0], [5, 3], [4, 1], [3, 3], [2, 1], [1, 3], [0, 1]]
    for corners in (ARROW, ARROW[::-1], comb):
        points = np.array(corners, dtype=float)
        faces = polygons.triangulated(points)
        assert len(faces) == len(points) - 2
        assert sum(polygons.area(points[face]) for face in faces) == pytest.approx(abs(polygons.area(points)))


def test_a_polygon_whose_edges_cross_is_refused() -> None:
    with pytest.raises(ArgumentError, match="cross"):
        polygons.triangulated([[0, 0], [4, 0], [0, 3], [4, 3], [2, -2]])


def test_creases_stay_sharp_and_gentle_bends_go_smooth() -> None:
    cube = creased(primitives.box((1, 1, 1)))
    assert cube.normals is not None
    assert np.allclose(cube.normals[cube.faces[:, 0]], cube.face_normals())
    bare = primitives.sphere(1, 32)
    ball = creased(Mesh(bare.vertices, bare.faces, bare.materials, bare.uv))
    assert ball.normals is not None
    assert np.allclose(ball.normals, ball.vertices, atol=0.05)


def test_curves_pass_their_points_and_make_no_hills() -> None:
    x, y = np.array([0.0, 1, 2, 4]), np.array([0.0, 1, 1, 3])
    assert np.allclose(through(x, y, x), y)
    assert (np.diff(through(x, y, np.linspace(0, 4, 100))) >= -1e-12).all()
    points = np.array([[0.0, 0], [1, 2], [3, 1]])
    assert np.allclose(spline(points, 5)[::2], points)


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "glb"])
def test_meshes_come_back_from_files(tmp_path: Path, suffix: str) -> None:
    trimesh = pytest.importorskip("trimesh")
    file = tmp_path / f"box.{suffix}"
    trimesh.creation.box((1, 2, 3)).export(file)
    found = read_mesh(file, unit=0.5)
    assert signed_volume(found) == pytest.approx(6 / 8)


def test_what_is_no_mesh_is_refused_with_its_name_and_a_remedy(tmp_path: Path) -> None:
    pytest.importorskip("trimesh")
    broken = tmp_path / "broken.glb"
    broken.write_bytes(b"glTF nothing of the kind")
    with pytest.raises(DataError, match=r"broken\.glb"):
        read_mesh(broken)
    points = tmp_path / "points.obj"
    points.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    with pytest.raises(DataError, match=r"points\.obj"):
        read_mesh(points)
    with pytest.raises(ArgumentError, match="no such file"):
        read_mesh(tmp_path / "none.ply")
    with pytest.raises(ArgumentError, match=r"\.docx"):
        read_mesh(tmp_path / "letter.docx")
