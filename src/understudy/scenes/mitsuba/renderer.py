"""`Mitsuba`: the renderer."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.scenes.mitsuba.translation import Translation, emission, mitsuba, plain_color
from understudy.scenes.rendering import Renderer, require_whole

if TYPE_CHECKING:
    from understudy.scenes.camera import Camera
    from understudy.scenes.hits import Hits, Tracer
    from understudy.scenes.scene import Scene

Floats = NDArray[np.float64]
ROULETTE = 2
"""Bounce from which paths that carry little light end by chance, with the others counting for more."""
PASS = 4
"""Samples a pixel that are in memory at a time."""


class Mitsuba(Renderer):
    """Path tracing (Jakob et al., Mitsuba 3, 2022), through our own rays, so that every lens and shutter is the same as for labels.

    Args:
        samples: a pixel, 1 .. 4096; 16 are noisy, 64 look clean.
        depth: bounces of light, 2 .. 64.

    Raises:
        MissingExtraError: Mitsuba is not installed.
        ArgumentError: a number is out of range.
    """

    name: ClassVar[str] = "mitsuba"

    def __init__(self, samples: int = 16, depth: int = 5) -> None:
        require_whole(Mitsuba, "samples", samples, 1, 4096)
        require_whole(Mitsuba, "depth", depth, 2, 64)
        self.samples, self.depth = samples, depth
        self._mi = mitsuba()
        self._integrator = self._mi.load_dict({"type": "path", "max_depth": depth, "rr_depth": ROULETTE})
        self._known: tuple[weakref.ref[Any], Translation] | None = None
        self._corners: tuple[Any, Floats, Floats] | None = None

    def image(self, scene: Scene, tracer: Tracer, camera: Camera, time: float, hits: Hits, rng: Stream) -> NDArray[Any]:
        from understudy.scenes.raycast.developing import develop, of_materials

        light = self.radiance(scene, camera, time, rng)
        if self._translation(scene).bright:
            light += of_materials(scene, hits, emission, 0.0)
        return develop(light, plain_color, scene, tracer, camera, time, hits, rng)

    def radiance(self, scene: Scene, camera: Camera, time: float, rng: Stream) -> Floats:
        """(H, W, 3) linear light at each pixel."""
        mi, translated = self._mi, self._translation(scene).at(time)
        total = np.zeros((camera.height * camera.width, 3))
        seeds = rng.child("mitsuba").generator().integers(0, 2**31, -(-self.samples // PASS))
        for number, start in enumerate(range(0, self.samples, PASS)):
            count = min(PASS, self.samples - start)
            total += self._pass(mi, translated, camera, time, int(seeds[number]), count) * count
        return (total / self.samples).reshape(camera.height, camera.width, 3)

    def _pass(self, mi: Any, translated: Any, camera: Camera, time: float, seed: int, count: int) -> Floats:
        """The mean of `count` samples a pixel, (H W, 3)."""
        rays = camera.height * camera.width * count
        sampler = mi.load_dict({"type": "independent"})
        sampler.seed(seed, rays)
        origins, directions = self._rays(camera, time, seed, count)
        found = self._integrator.sample(
            translated, sampler, mi.RayDifferential3f(o=mi.Point3f(origins.T), d=mi.Vector3f(directions.T)), active=True
        )
        values = np.array(found[0], dtype=np.float64).T.reshape(-1, count, 3)
        return np.asarray(np.minimum(values, 50.0).mean(axis=1))

    def _rays(self, camera: Camera, time: float, seed: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """`count` rays a pixel through random places in it, in the world, each at its row's time."""
        jitter = Stream(seed).generator().random((camera.height, camera.width, count, 2))
        origins, directions = self._between(camera, jitter)
        if camera.readout > 0 and camera.motion.moves:
            times = time + ((np.arange(camera.height) + 0.5) / camera.height - 0.5) * camera.readout
            poses = np.repeat(np.stack([camera.motion.at(float(moment)) for moment in times]), camera.width * count, axis=0)
        else:
            poses = camera.motion.at(time)[None]
        if len(poses) == 1:
            turned, moved = directions @ poses[0, :3, :3].T, origins @ poses[0, :3, :3].T + poses[0, :3, 3]
        else:
            turned = np.einsum("nij,nj->ni", poses[:, :3, :3], directions)
            moved = np.einsum("nij,nj->ni", poses[:, :3, :3], origins) + poses[:, :3, 3]
        return moved.astype(np.float32), turned.astype(np.float32)

    def _between(self, camera: Camera, jitter: Floats) -> tuple[Floats, Floats]:
        """Rays, (N, 3) each, through places in each pixel: between those through its corners, which for any lens is the same to a
        thousandth of a pixel."""
        lens = (camera.model, camera.width, camera.height, camera.focal, camera.middle, camera.distortion)
        if self._corners is None or self._corners[0] != lens:
            y, x = np.mgrid[: camera.height + 1, : camera.width + 1]
            starts, ends = camera.rays(np.column_stack([x.ravel(), y.ravel()]).astype(np.float64))
            shape = (camera.height + 1, camera.width + 1, 3)
            self._corners = (lens, starts.reshape(shape), ends.reshape(shape))
        right, down = jitter[..., :1], jitter[..., 1:]

        def mixed(corners: Floats) -> Floats:
            above = (1 - right) * corners[:-1, :-1, None] + right * corners[:-1, 1:, None]
            below = (1 - right) * corners[1:, :-1, None] + right * corners[1:, 1:, None]
            return np.asarray(((1 - down) * above + down * below).reshape(-1, 3))

        directions = mixed(self._corners[2])
        return mixed(self._corners[1]), directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def _translation(self, scene: Scene) -> Translation:
        if self._known is None or self._known[0]() is not scene:
            self._known = (weakref.ref(scene), Translation(scene))
        return self._known[1]
