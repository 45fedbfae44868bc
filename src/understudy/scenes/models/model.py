"""`Model`: a thing at rest, made of parts, that becomes a `Body` when it is told how it moves.

The shape (parts with roles) is apart from the look (a palette from role to material), so that shapes can be made once and painted often.
A model stands on z = 0, looks along x, and the middle of its length and width is the origin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.mesh import Mesh, joined
from understudy.scenes.geometry.motion import Motion, still
from understudy.scenes.material import Material
from understudy.scenes.models.joints import Joint, moved
from understudy.scenes.scene import Body, Keypoint, Lamp, Link

Floats = NDArray[np.float64]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Part:
    """A rigid part.

    Attributes:
        mesh: in its own coordinates; its materials count `roles`.
        roles: names in the model's palette.
        place: where its origin is in the model's coordinates, at rest.
        joint: how it moves with the model.
    """

    mesh: Mesh
    roles: tuple[str, ...]
    place: Point = (0.0, 0.0, 0.0)
    joint: Joint = field(default_factory=Joint)


class Assembly:
    """Collects meshes, each of one role, into a part."""

    def __init__(self) -> None:
        self._meshes: list[Mesh] = []
        self._roles: list[str] = []

    def add(self, mesh: Mesh, role: str) -> None:
        """A mesh, all of it in one role."""
        if role not in self._roles:
            self._roles.append(role)
        self._meshes.append(mesh.of_material(self._roles.index(role)))

    def add_part(self, part: Part, offset: Point = (0.0, 0.0, 0.0)) -> None:
        """Another part, shifted."""
        for number, role in enumerate(part.roles):
            faces = part.mesh.faces[part.mesh.materials == number]
            kept = np.full(len(faces), number, dtype=np.int16)
            self.add(Mesh(part.mesh.vertices, faces, kept, part.mesh.uv, part.mesh.normals).moved(offset=offset), role)

    def add_both(self, mesh: Mesh, role: str, mirror_role: str | None = None) -> None:
        """A mesh of the left side and its mirror image on the right."""
        self.add(mesh, role)
        self.add(mirrored(mesh), mirror_role or role)

    def part(self, place: Point = (0.0, 0.0, 0.0), joint: Joint | None = None) -> Part:
        return Part(joined(self._meshes).compact(), tuple(self._roles), place, joint or Joint())


def mirrored(mesh: Mesh) -> Mesh:
    """The mirror image, left for right."""
    flip = np.array([1.0, -1.0, 1.0])
    normals = None if mesh.normals is None else mesh.normals * flip
    return Mesh(mesh.vertices * flip, np.ascontiguousarray(mesh.faces[:, ::-1]), mesh.materials, mesh.uv, normals)


@dataclass(frozen=True)
class Model:
    """A thing.

    Attributes:
        name: its kind, "suv".
        parts: the first carries the 3D box.
        palette: a material for each role of the parts.
        size, middle: 3D box in the model's coordinates, all parts at rest.
        keypoint_names, keypoints: labelled points.
        lamps: that it carries; `link` counts parts and its name is filled in by `lamps_of`.
        attributes: that become labels.
        traits: measures that whoever moves it needs ("wheelbase", "rear_axle").
    """

    name: str
    parts: tuple[Part, ...]
    palette: Mapping[str, Material]
    size: Point
    middle: Point
    keypoint_names: tuple[str, ...] = ()
    keypoints: tuple[Keypoint, ...] = ()
    lamps: tuple[Lamp, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, float] = field(default_factory=dict)

    def body(
        self,
        name: str,
        category: int,
        track: int = 0,
        motion: Motion | None = None,
        *,
        steering: object = None,
        states: Mapping[str, tuple[Sequence[float] | Floats, Sequence[bool]]] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Body:
        """The thing in a scene.

        Args:
            name, category, track: as in `Body`.
            motion: of its origin on the ground; None: it stands at the world's origin.
            steering: (S,) radians at the motion's times, left positive, for wheels that steer.
            states: of its switched lamps by name: times and whether they are on from then.
            attributes: more labels.
        """
        base = motion or still()
        links = tuple(
            Link(part.mesh, moved(part.joint, part.place, base, steering, states or {}), tuple(self.palette[role] for role in part.roles))
            for part in self.parts
        )
        middle = np.subtract(self.middle, self.parts[0].place)
        dynamic = {key: (np.asarray(times, dtype=np.float64), tuple(on)) for key, (times, on) in (states or {}).items()}
        return Body(
            name, category, track, links, self.size, _point(middle), self.keypoints, {**self.attributes, **(attributes or {})}, dynamic
        )

    def lamps_of(self, name: str) -> tuple[Lamp, ...]:
        """Its lamps, moving with the body called `name`."""
        return tuple(replace(lamp, link=(name, lamp.link[1] if lamp.link else 0)) for lamp in self.lamps)

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        return bounds(self.parts)


def bounds(parts: Sequence[Part]) -> tuple[Floats, Floats]:
    """Least and greatest corner of parts at rest."""
    lows, highs = zip(*(part.mesh.bounds for part in parts), strict=True)
    places = [np.asarray(part.place) for part in parts]
    return (
        np.min([low + place for low, place in zip(lows, places, strict=True)], axis=0),
        np.max([high + place for high, place in zip(highs, places, strict=True)], axis=0),
    )


def model(name: str, parts: Sequence[Part], palette: Mapping[str, Material], **more: Any) -> Model:
    """A model whose box is the extent of its parts."""
    low, high = bounds(parts)
    return Model(name, tuple(parts), palette, _point(high - low), _point((low + high) / 2), **more)


def _point(array: Floats) -> Point:
    x, y, z = (float(value) for value in array)
    return x, y, z


Side = Literal["left", "right"]
