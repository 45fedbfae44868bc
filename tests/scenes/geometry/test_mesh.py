from __future__ import annotations

import numpy as np

from understudy.scenes.geometry.mesh import Mesh, joined, mesh


def test_a_compact_mesh_has_the_same_triangles_without_vertices_that_none_has() -> None:
    points = np.random.default_rng(1).normal(size=(10, 3))
    whole = mesh(points, [[0, 3, 7], [7, 3, 9]], uv=points[:, :2], smooth=True)
    small = whole.compact()
    assert small.vertices.shape == (4, 3)
    assert np.array_equal(small.vertices[small.faces], whole.vertices[whole.faces])
    assert np.array_equal(small.uv[small.faces], whole.uv[whole.faces])
    assert small.normals is not None
    assert whole.normals is not None
    assert np.array_equal(small.normals[small.faces], whole.normals[whole.faces])
    assert small.faces.dtype == np.int32


def test_an_empty_mesh_is_compact() -> None:
    empty = joined([])
    assert isinstance(empty.compact(), Mesh)
    assert len(empty.compact().vertices) == 0
