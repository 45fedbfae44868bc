"""Embree's own functions (Intel, "Embree ray tracing kernels", release 4) for compiled code: rays go to them in packets of eight straight
from kernels, without arrays and objects in between.

The library is the one that the package embreex brings along. Handles and addresses are whole numbers, as compiled code passes them on.
"""

from __future__ import annotations

import ctypes
import functools
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError
from understudy.scenes.geometry.mesh import Mesh

Floats = NDArray[np.float64]
ROBUST, TRIANGLES, INSTANCE = 4, 0, 121
INDEX_BUFFER, VERTEX_BUFFER, UINT3, FLOAT3, ROWS_3X4 = 0, 1, 0x5003, 0x9003, 0x9134
COHERENT = 1 << 16
PACKET = 8
FAR = 1e30
"""Ends rays that have no limit."""
KEPT = ((-3, 32 << 20), (-1, 512 << 20))
"""For `mallopt`: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD. A picture's arrays of a few MB come and go many times; memory that goes back to the
system each time is cleared again each time, which is a tenth of a picture's work."""
FILES = ("embreex.libs/*embree4*", "embreex/.dylibs/*embree4*", "embreex/*embree4*")


@dataclass(frozen=True)
class Library:
    """The loaded library, a device of one thread, and addresses that kernels call.

    Attributes:
        together, apart: arguments of rays that go much the same way, and of others.
    """

    calls: Any
    device: int
    intersect: int
    occluded: int
    together: NDArray[np.int64]
    apart: NDArray[np.int64]


@functools.cache
def library() -> Library:
    """Raises `MissingExtraError`: embreex is not installed."""
    try:
        import embreex.rtcore
    except ImportError:
        raise MissingExtraError.of("scenes", "Tracing rays") from None
    packages = Path(embreex.rtcore.__file__).parents[1]
    found = next((path for pattern in FILES for path in sorted(packages.glob(pattern))), None)
    if found is None:
        raise MissingExtraError(
            "The installed embreex does not bring Embree 4 along.",
            where=str(packages / "embreex"),
            remedy='Install its wheel: pip install --force-reinstall "understudy[scenes]"',
        )
    _keep_memory()
    calls = ctypes.CDLL(str(found))
    for name in ("rtcNewDevice", "rtcNewScene", "rtcNewGeometry", "rtcSetNewGeometryBuffer"):
        getattr(calls, name).restype = ctypes.c_void_p
    device = calls.rtcNewDevice(b"threads=1")
    address = {name: ctypes.cast(getattr(calls, name), ctypes.c_void_p).value or 0 for name in ("rtcIntersect8", "rtcOccluded8")}
    return Library(calls, device, address["rtcIntersect8"], address["rtcOccluded8"], _arguments(COHERENT), _arguments(0))


def _keep_memory() -> None:
    """Lets the process keep what its arrays leave, where the C library can be told so (glibc)."""
    try:
        tell = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for name, value in KEPT:
        tell(name, value)


def _arguments(flags: int) -> NDArray[np.int64]:
    """An `RTCIntersectArguments`: flags, all features, and no callbacks."""
    made = np.zeros(8, np.int64)
    made.view(np.int32)[:2] = flags, -1
    return made


class Shape:
    """A mesh's tree of boxes."""

    def __init__(self, vertices: Floats, faces: NDArray[np.int32]) -> None:
        found = library()
        calls = found.calls
        self.scene = _new_scene()
        weakref.finalize(self, calls.rtcReleaseScene, ctypes.c_void_p(self.scene))
        geometry = ctypes.c_void_p(calls.rtcNewGeometry(ctypes.c_void_p(found.device), TRIANGLES))
        _fill(geometry, VERTEX_BUFFER, FLOAT3, np.ascontiguousarray(vertices, dtype=np.float32))
        _fill(geometry, INDEX_BUFFER, UINT3, np.ascontiguousarray(faces, dtype=np.uint32))
        _attached(geometry, self.scene)
        calls.rtcCommitScene(ctypes.c_void_p(self.scene))


class Placed:
    """Shapes at poses that can change.

    Attributes:
        scene: Embree's handle.
    """

    def __init__(self, shapes: list[Shape]) -> None:
        calls = library().calls
        self.scene = _new_scene()
        self._shapes = shapes
        self._geometries = [ctypes.c_void_p(calls.rtcNewGeometry(ctypes.c_void_p(library().device), INSTANCE)) for _ in shapes]
        for shape, geometry in zip(shapes, self._geometries, strict=True):
            calls.rtcSetGeometryInstancedScene(geometry, ctypes.c_void_p(shape.scene))
            _attached(geometry, self.scene)
        weakref.finalize(self, calls.rtcReleaseScene, ctypes.c_void_p(self.scene))

    def put(self, poses: Floats) -> None:
        """Puts them at (M, 3, 4) poses."""
        calls = library().calls
        rows = np.ascontiguousarray(poses, dtype=np.float32)
        for geometry, start in zip(self._geometries, range(rows.ctypes.data, rows.ctypes.data + rows.nbytes, 48), strict=True):
            calls.rtcSetGeometryTransform(geometry, 0, ROWS_3X4, ctypes.c_void_p(start))
            calls.rtcCommitGeometry(geometry)
        calls.rtcCommitScene(ctypes.c_void_p(self.scene))


def _new_scene() -> int:
    calls = library().calls
    scene: int = calls.rtcNewScene(ctypes.c_void_p(library().device))
    calls.rtcSetSceneFlags(ctypes.c_void_p(scene), ROBUST)
    return scene


def _fill(geometry: ctypes.c_void_p, kind: int, form: int, values: NDArray[Any]) -> None:
    size = ctypes.c_size_t
    place = library().calls.rtcSetNewGeometryBuffer(geometry, kind, 0, form, size(12), size(len(values)))
    ctypes.memmove(place, values.ctypes.data, values.nbytes)


def _attached(geometry: ctypes.c_void_p, scene: int) -> None:
    """Into a scene, which alone keeps it from now on."""
    calls = library().calls
    calls.rtcCommitGeometry(geometry)
    calls.rtcAttachGeometry(ctypes.c_void_p(scene), geometry)
    calls.rtcReleaseGeometry(geometry)


def shape_of(mesh: Mesh) -> Shape:
    """The mesh's shape in its own coordinates, kept for as long as the mesh lives."""
    number = id(mesh)
    known = _shapes.get(number)
    if known is None or known[0]() is not mesh:
        known = (weakref.ref(mesh, lambda _: _shapes.pop(number, None)), Shape(mesh.vertices, mesh.faces))
        _shapes[number] = known
    return known[1]


_shapes: dict[int, tuple[Any, Shape]] = {}


# -- kernels

# Rows of a packet, eight numbers each: origin 0:3, where rays begin 3, direction 4:7, time 7, where they end 8, mask 9, number and flags
# 10:12; then of hits: normal 12:15, u and v 15:17, triangle 17, geometry 18, instance 19 and its part 20.
ROWS = 22


def _call(typing: Any, address: Any, valid: Any, scene: Any, packet: Any, arguments: Any) -> Any:
    """Calls the function at an address with four pointers."""

    def made(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        whole = ir.IntType(64)
        function = builder.inttoptr(values[0], ir.FunctionType(ir.VoidType(), [whole] * 4).as_pointer())
        builder.call(function, values[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64, types.int64), made


call: Any = intrinsic(_call)


@numba.njit(cache=True)
def packet_of():  # type: ignore[no-untyped-def]
    """Room for a packet, aligned: as float32, as int32, and its address; and the same of the marks of valid rays."""
    room = np.zeros((ROWS + 3) * PACKET, np.float32)
    skip = (-np.int64(room.ctypes.data) % 64) // 4
    singles = room[skip : skip + (ROWS + 1) * PACKET]
    return singles, singles.view(np.int32), np.int64(singles.ctypes.data)


@numba.njit(cache=True, error_model="numpy")
def nearest(  # type: ignore[no-untyped-def]  # noqa: C901
    intersect, arguments, still, moving, origin, origins, directions, limits, links, faces, members, width
):
    """Link, face, u, v and distance of the first hit along rays; link -1, and the limit or `FAR`, where there is none.

    still, moving: scenes, 0 for none, in coordinates whose origin is at `origin`. links, faces: of the triangles of `still`; empty: a mesh
    by itself. members: links of the instances in `moving`. origins: (N, 3) or (1, 3). limits: (N,) or (0,). width: of a picture whose rays
    these are, for packets of 4 x 2; 0: packets are rows.
    """
    count = directions.shape[0]
    link, face = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    us, vs, distance = np.zeros(count, np.float32), np.zeros(count, np.float32), np.full(count, FAR)
    singles, whole, packet = packet_of()
    valid = packet + 4 * ROWS * PACKET
    bounded, tiles = limits.shape[0] > 0, width > 0 and width % 4 == 0 and count % (2 * width) == 0
    for first in range(0, count, PACKET):
        size = min(PACKET, count - first)
        if tiles:
            tile = first // PACKET
            start, step = tile // (width // 4) * 2 * width + tile % (width // 4) * 4, width - 4
        else:
            start, step = first, 0
        for k in range(PACKET):
            whole[ROWS * PACKET + k] = -1 if k < size else 0
            if k >= size:
                continue
            n = start + k + (step if k >= 4 else 0)
            m = n if origins.shape[0] > 1 else 0
            for i in range(3):
                singles[i * PACKET + k] = origins[m, i] - origin[i]
                singles[(4 + i) * PACKET + k] = directions[n, i]
            singles[3 * PACKET + k] = 0.0
            singles[7 * PACKET + k] = 0.0
            singles[8 * PACKET + k] = limits[n] if bounded else FAR
            whole[9 * PACKET + k] = -1
            whole[18 * PACKET + k] = -1
            whole[19 * PACKET + k] = -1
        if still:
            call(intersect, valid, still, packet, arguments)
        if moving:
            call(intersect, valid, moving, packet, arguments)
        for k in range(size):
            n = start + k + (step if k >= 4 else 0)
            if whole[18 * PACKET + k] == -1:
                if bounded:
                    distance[n] = limits[n]
                continue
            triangle, instance = whole[17 * PACKET + k], whole[19 * PACKET + k]
            if instance >= 0:
                link[n], face[n] = members[instance], triangle
            elif links.shape[0]:
                link[n], face[n] = links[triangle], faces[triangle]
            else:
                link[n], face[n] = 0, triangle
            us[n], vs[n], distance[n] = singles[15 * PACKET + k], singles[16 * PACKET + k], singles[8 * PACKET + k]
    return link, face, us, vs, distance


@numba.njit(cache=True, error_model="numpy")
def hidden(occluded, arguments, still, moving, origin, origins, directions, limits):  # type: ignore[no-untyped-def]
    """(N,) whether anything is on rays before their limits; scenes as in `nearest`."""
    count = directions.shape[0]
    found = np.zeros(count, np.bool_)
    singles, whole, packet = packet_of()
    valid = packet + 4 * ROWS * PACKET
    for first in range(0, count, PACKET):
        size = min(PACKET, count - first)
        for k in range(PACKET):
            whole[ROWS * PACKET + k] = -1 if k < size else 0
            if k >= size:
                continue
            n = first + k
            for i in range(3):
                singles[i * PACKET + k] = origins[n, i] - origin[i]
                singles[(4 + i) * PACKET + k] = directions[n, i]
            singles[3 * PACKET + k] = 0.0
            singles[7 * PACKET + k] = 0.0
            singles[8 * PACKET + k] = limits[n] if limits.shape[0] else FAR
            whole[9 * PACKET + k] = -1
        if still:
            call(occluded, valid, still, packet, arguments)
        open_left = False
        for k in range(size):
            if singles[8 * PACKET + k] == -np.inf:
                found[first + k] = True
                whole[ROWS * PACKET + k] = 0
            else:
                open_left = True
        if moving and open_left:
            call(occluded, valid, moving, packet, arguments)
            for k in range(size):
                if singles[8 * PACKET + k] == -np.inf:
                    found[first + k] = True
    return found
