"""A car's upper body: posts that lean from the belt to the roof, glass between them, a crowned roof over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.lofts import grid
from understudy.scenes.geometry.measures import creased
from understudy.scenes.geometry.mesh import Mesh, joined

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Post:
    """Where a line stands on the belt and meets the roof's edge, (x, y) each on the left side, and the role of what follows behind it."""

    base: tuple[float, float]
    roof: tuple[float, float]
    role: str
    pieces: int = 2


@dataclass(frozen=True)
class CabinShape:
    """Measures in m.

    Attributes:
        posts: from the middle of the windscreen to the middle of the rear window; the last one's role is not used.
        belt: (x, z) of the lower edge, from rear to front. roof: (x, z) of the roof's edge, from rear to front.
        crown: m that the roof's middle is higher. bulge: m that the sides curve out.
        sill: share of the height under the glass; frame: share from which the body's frame begins over it.
        frame_role: of that frame.
    """

    posts: tuple[Post, ...]
    belt: tuple[tuple[float, ...], tuple[float, ...]]
    roof: tuple[tuple[float, ...], tuple[float, ...]]
    crown: float = 0.05
    bulge: float = 0.02
    sill: float = 0.06
    frame: float = 0.86
    frame_role: str = "paint"


class Cabin:
    """The surface of a `CabinShape`: columns along its edge, from the front's middle over the left side to the rear's middle."""

    def __init__(self, shape: CabinShape) -> None:
        self.shape = shape
        base, roof, roles = [np.array([post.base for post in shape.posts[:1]])], [np.array([shape.posts[0].roof])], []
        for start, end in zip(shape.posts[:-1], shape.posts[1:], strict=True):
            share = np.linspace(0, 1, start.pieces + 1)[1:, None]
            base.append(_bowed(start.base, end.base, share))
            roof.append(_bowed(start.roof, end.roof, share))
            roles += [start.role] * start.pieces
        self.base, self.roof, self.roles = np.concatenate(base), np.concatenate(roof), tuple(roles)

    def columns(self) -> Floats:
        """(rows, columns, 3) of the left side, from the belt up."""
        s = self.shape
        low = np.interp(self.base[:, 0], *s.belt)
        high = np.interp(self.roof[:, 0], *s.roof)
        share = self.rows
        turn = np.clip((share - s.frame) / (1 - s.frame), 0, 1)
        rounding = 0.05 * (1 - np.sqrt(1 - (0.98 * turn) ** 2))
        bulge = s.bulge * 4 * share * (1 - share) - rounding
        plan = self.base[None] + share[:, None, None] * (self.roof - self.base)[None]
        out = _outward(plan)
        plan = plan + bulge[:, None, None] * out
        z = low + share[:, None] * (high - low)
        plan[..., 1] = np.maximum(plan[..., 1], 0.0)
        return np.concatenate([plan, z[..., None]], axis=-1)

    @property
    def rows(self) -> Floats:
        s = self.shape
        top = s.frame + (1 - s.frame) * np.array([0.0, 0.35, 0.65, 0.88, 1.0])
        return np.concatenate([[0.0], np.linspace(s.sill, s.frame, 6), top[1:]])

    def meshes(self) -> dict[str, Mesh]:
        """The surface by role, both sides; normals are those of the whole."""
        left = self.columns()
        right = left[:, ::-1] * [1.0, -1.0, 1.0]
        ring = np.concatenate([right[:, :-1], left], axis=1)
        side = grid(ring, smooth=False)
        columns = np.array([*self.roles[::-1], *self.roles])
        rows = np.arange(len(self.rows) - 1)
        names = np.where((rows[:, None] >= 6) | (columns[None] == "paint"), self.shape.frame_role, columns[None])
        names = np.where((rows[:, None] == 0) & (columns[None] != "paint"), "trim", names)
        names = np.where((rows[:, None] >= 6) & (columns[None] == "trim"), "trim", names)
        roof = grid(self._roof(left[-1]), smooth=False)
        kinds = sorted({*names.ravel().tolist(), self.shape.frame_role})
        numbers = np.array([kinds.index(name) for name in names.ravel()], dtype=np.int16)
        count = len(side.faces) // 2
        if count != len(numbers):
            raise ValueError("Posts of a cabin must not coincide.")
        painted = np.concatenate([np.repeat(numbers, 2), np.full(len(roof.faces), kinds.index(self.shape.frame_role), dtype=np.int16)])
        whole = joined([side, roof])
        smooth = creased(Mesh(whole.vertices, whole.faces, painted, whole.uv), 0.6)
        return {kind: _of(smooth, number) for number, kind in enumerate(kinds)}

    def _roof(self, edge: Floats) -> Floats:
        across = np.array([-1.0, -0.85, -0.5, 0.0, 0.5, 0.85, 1.0])
        strips = np.empty((len(edge), len(across), 3))
        strips[..., 0] = edge[:, :1]
        strips[..., 1] = edge[:, 1:2] * across
        fall = np.minimum(1.0, np.minimum(edge[:1, 0] - edge[:, 0], edge[:, 0] - edge[-1:, 0]) / 0.5)
        strips[..., 2] = edge[:, 2:3] + self.shape.crown * np.sqrt(np.maximum(fall, 0))[:, None] * (1 - across**2)
        return strips


def _bowed(start: tuple[float, float], end: tuple[float, float], share: Floats) -> Floats:
    """Points between two posts; across the front or rear, x follows a parabola in y."""
    a, b = np.asarray(start), np.asarray(end)
    points: Floats = a + share * (b - a)
    if min(abs(a[1]), abs(b[1])) < 1e-9:
        centre, corner = (a, b) if abs(a[1]) < 1e-9 else (b, a)
        points[:, 0] = centre[0] + (corner[0] - centre[0]) * (points[:, 1] / corner[1]) ** 2
    return points


def _outward(plan: Floats) -> Floats:
    way = np.gradient(plan, axis=1)
    normal = np.stack([way[..., 1], -way[..., 0]], axis=-1)
    unit: Floats = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
    return unit


def _of(mesh: Mesh, number: int) -> Mesh:
    """The faces of one material, with the vertices that they use."""
    faces = mesh.faces[mesh.materials == number]
    used, again = np.unique(faces, return_inverse=True)
    normals = None if mesh.normals is None else mesh.normals[used]
    return Mesh(mesh.vertices[used], again.reshape(-1, 3).astype(np.int32), np.zeros(len(faces), dtype=np.int16), mesh.uv[used], normals)
