"""Meshes from files: OBJ, PLY, STL, GLB, through trimesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from understudy.core.errors import ArgumentError, DataError, MissingExtraError, did_you_mean
from understudy.scenes.geometry.mesh import Mesh, mesh

SUFFIXES = (".obj", ".ply", ".stl", ".glb", ".gltf", ".off")


def read_mesh(path: str | Path, *, unit: float = 1.0, up: str = "z", smooth: bool = False) -> Mesh:
    """The triangles of a file, all of material 0; a scene's parts are joined.

    Args:
        unit: m that one unit of the file is: .001 for millimetres.
        up: the file's axis that points up, "z" or "y" (GLB's is y); it becomes z.
    Raises:
        ArgumentError: no such file, or a format that is not read.
        DataError: damaged, without triangles, or with corners that are no finite numbers.
        MissingExtraError: trimesh is not installed.
    """
    file = Path(path)
    if file.suffix.lower() not in SUFFIXES:
        raise ArgumentError(
            f'Meshes are not read from files that end in "{file.suffix}".', where=str(file), remedy=did_you_mean(file.suffix, SUFFIXES)
        )
    if not file.is_file():
        raise ArgumentError("There is no such file.", where=str(file), remedy="Give the path of a mesh file that is there.")
    if up not in ("y", "z"):
        raise ArgumentError(f'A file\'s axis that points up is "y" or "z", not {up!r}.', where=str(file))
    loaded = _loaded(file)
    vertices, faces = np.asarray(loaded.vertices, dtype=np.float64), np.asarray(loaded.faces)
    if not len(faces):
        raise DataError(
            "The mesh holds no triangles.", where=str(file), remedy="Export it as a mesh with faces; points alone cannot be seen."
        )
    if not np.isfinite(vertices).all():
        raise DataError("The mesh holds corners that are no finite numbers.", where=str(file), remedy="Export it again.")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise DataError("The mesh's triangles name corners that are not there.", where=str(file), remedy="Export it again.")
    if up == "y":
        vertices = np.column_stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]])
    return mesh(vertices * unit, faces, uv=_uv(loaded), smooth=smooth)


def _loaded(file: Path) -> Any:
    try:
        import trimesh
    except ImportError:
        raise MissingExtraError.of("scenes", "Reading meshes from files") from None
    try:
        return trimesh.load(file, force="mesh", process=False)
    except Exception as error:  # each format's reader has errors of its own
        raise DataError(f"The mesh cannot be read: {error}", where=str(file), remedy="Export it again, or as PLY or OBJ.") from error


def _uv(loaded: Any) -> Any:
    found = getattr(getattr(loaded, "visual", None), "uv", None)
    return found if found is not None and np.shape(found) == (len(loaded.vertices), 2) else None
