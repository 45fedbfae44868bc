"""`Hits`: what each pixel's ray met. All labels come from it, whatever renderer made the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.camera import Camera
from understudy.scenes.scene import Scene


@dataclass(frozen=True)
class Hits:
    """The first surface along the ray through the middle of each pixel. H, W: the camera's height and width.

    Attributes:
        link: (H, W) int32, position among `scene.links()`; -1 where nothing was hit.
        face: (H, W) int32, of the link's mesh; -1 where nothing was hit.
        barycentric: (H, W, 2) float32 u, v: the point is (1 - u - v) a + u b + v c of the face's corners.
        distance: (H, W) float64 m along the ray; inf where nothing was hit.
        point: (H, W, 3) float64 in the world; NaN where nothing was hit.
        normal: (H, W, 3) float32 of the face, in the world, turned towards the camera; 0 where nothing was hit.
        times: (H,) s at which each row was seen (rolling shutter: not the same).
    """

    link: NDArray[np.int32]
    face: NDArray[np.int32]
    barycentric: NDArray[np.float32]
    distance: NDArray[np.float64]
    point: NDArray[np.float64]
    normal: NDArray[np.float32]
    times: NDArray[np.float64]


class Tracer(Protocol):
    """Rays into a scene. It keeps what does not move built from frame to frame."""

    def __init__(self, scene: Scene) -> None: ...

    def hits(self, camera: Camera, time: float) -> Hits:
        """What the camera sees at `time`, of the middle row with a rolling shutter."""
        ...

    def cast(
        self, origins: NDArray[np.float64], directions: NDArray[np.float64], time: float, only: tuple[int, ...] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Link (-1: none) and distance (inf: none) of the first hit along (N, 3) rays in the world; `only` looks at these links alone."""
        ...
