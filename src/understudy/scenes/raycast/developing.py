"""From the light that another renderer traced to the finished picture: patterns, air, lens and sensor are the same for all renderers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.raycast.renderer import Exposure, Raycast

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.scenes.camera import Camera
    from understudy.scenes.hits import Hits, Tracer
    from understudy.scenes.material import Material
    from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]


def develop(
    light: Floats,
    color_of: Callable[[Material], Floats],
    scene: Scene,
    tracer: Tracer,
    camera: Camera,
    time: float,
    hits: Hits,
    rng: Stream,
) -> NDArray[np.uint8]:
    """The picture that a camera takes of (H, W, 3) light, linear, in which sunlit white is 1.

    color_of: the plain colour that the renderer gave a material in the place of its pattern, (3,).
    """
    rays = tracer if isinstance(tracer, EmbreeTracer) else EmbreeTracer(scene)
    return Exposure(Raycast(), scene, rays, camera, time, hits, rng).finished(light, of_materials(scene, hits, color_of, 1.0))


def of_materials(scene: Scene, hits: Hits, color_of: Callable[[Material], Floats], other: float) -> Floats:
    """(H, W, 3) the colour of the material at each pixel; `other` where nothing was met."""
    colors: list[Floats] = [np.full(3, other)]
    first: list[int] = []
    slots: list[NDArray[np.int16]] = []
    for _, _, link in scene.links():
        first.append(len(colors))
        colors += [np.asarray(color_of(material), dtype=np.float64) for material in link.materials]
        slots.append(link.mesh.materials)
    starts = np.cumsum([0, *(len(part) for part in slots)])
    met = hits.link >= 0
    row = np.zeros(hits.link.shape, dtype=np.int64)
    link_seen = hits.link[met]
    row[met] = np.array(first, dtype=np.int64)[link_seen] + np.concatenate(slots)[starts[link_seen] + hits.face[met]]
    return np.asarray(np.array(colors)[row])
