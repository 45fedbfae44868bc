"""What a beam meets: the part, its body, the direction of its surface and how much light or radio waves it sends back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.material import Material
from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]
GLASS = 0.12
"""Share of a beam that comes back from a surface that lets light through."""


@dataclass(frozen=True)
class Met:
    """Of N rays. link: -1 for nothing, then distance is inf. cosine: of the angle between ray and surface normal. reflectance: 0 .. 1,
    in near infrared. retro: share that is sent back to where it came from."""

    link: NDArray[np.int32]
    distance: Floats
    cosine: Floats
    reflectance: Floats
    retro: Floats


class Surfaces:
    """The scene's links as tables, for an `EmbreeTracer` over it."""

    def __init__(self, scene: Scene, tracer: Any) -> None:
        self.scene, self.tracer = scene, tracer
        listed = list(scene.links())
        self.links = [link for _, _, link in listed]
        self.body = np.array([body for body, _, _ in listed], dtype=np.int64)
        self.tracks = np.array([body.track for body in scene.bodies], dtype=np.int32)
        self.categories = np.array([body.category for body in scene.bodies], dtype=np.uint8)
        self.sent_back = [np.array([_sent_back(material) for material in link.materials]).reshape(-1, 2) for link in self.links]

    def met(self, origins: Floats, directions: Floats, time: float) -> Met:
        """The first surfaces along (N, 3) rays in the world; `directions` are unit vectors."""
        found = self.tracer.trace(origins, directions, time)
        cosine, reflectance, retro = (np.zeros(len(origins)) for _ in range(3))
        for number in np.unique(found.link[found.link >= 0]):
            rays = np.flatnonzero(found.link == number)
            link, faces = self.links[number], found.face[rays]
            a, b, c = (link.mesh.vertices[link.mesh.faces[faces, corner]] for corner in range(3))
            normal = np.cross(b - a, c - a) @ link.motion.at(time)[:3, :3].T
            cosine[rays] = np.abs((normal * directions[rays]).sum(axis=1)) / np.maximum(np.linalg.norm(normal, axis=1), 1e-30)
            if len(self.sent_back[number]):
                kind = np.clip(link.mesh.materials[faces], 0, len(self.sent_back[number]) - 1)
                reflectance[rays], retro[rays] = self.sent_back[number][kind].T
        return Met(found.link, found.distance, cosine, reflectance, retro)

    def of(self, link: NDArray[np.int32], table: NDArray[Any]) -> NDArray[Any]:
        """A body's value, such as `tracks` or `categories`, for each ray; 0 where nothing was met."""
        return np.where(link >= 0, table[self.body[np.maximum(link, 0)]], 0)


def _sent_back(material: Material) -> tuple[float, float]:
    """Diffuse reflectance in near infrared, the mean of red, green and blue where it is not given; and retroreflection."""
    diffuse = material.bands.get("nir", float(np.mean(material.color)))
    diffuse = diffuse if material.opacity >= 1 else GLASS * diffuse
    return (1 - 0.7 * material.metallic) * diffuse, material.retroreflection
