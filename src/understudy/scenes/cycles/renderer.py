"""`Cycles`: the renderer. Blender works in a process of its own and is spoken to through files and lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, MissingExtraError, UnderstudyError
from understudy.scenes.mitsuba.translation import plain_color, sky_picture
from understudy.scenes.raycast.sky import Light, light_of
from understudy.scenes.rendering import Renderer, require_whole

if TYPE_CHECKING:
    from understudy.core.random import Stream
    from understudy.scenes.camera import Camera
    from understudy.scenes.hits import Hits, Tracer
    from understudy.scenes.material import Material
    from understudy.scenes.scene import Lamp, Scene

Floats = NDArray[np.float64]
SCRIPT = Path(__file__).with_name("blender_script.py")
PYTHON_VARIABLE = "UNDERSTUDY_BLENDER_PYTHON"
TURN = np.diag([1.0, -1.0, -1.0, 1.0])
"""From Blender's cameras and lamps (y up, looking along -z) to ours (y down, looking along z)."""


class Cycles(Renderer):
    """Blender's path tracer. Without denoising its pictures are the same bytes again; with it they differ by a level here and there.

    Blender is taken from this Python (`pip install "understudy[cycles]"`), or from the one that the environment variable
    UNDERSTUDY_BLENDER_PYTHON names.

    Args:
        samples: a pixel, 1 .. 4096.
        depth: bounces of light, 1 .. 64.
        denoise: by Open Image Denoise.

    Raises:
        MissingExtraError: there is no Blender.
        ArgumentError: a number is out of range.
    """

    name: ClassVar[str] = "cycles"

    def __init__(self, samples: int = 4, depth: int = 4, denoise: bool = True) -> None:
        require_whole(Cycles, "samples", samples, 1, 4096)
        require_whole(Cycles, "depth", depth, 1, 64)
        self.samples, self.depth, self.denoise = samples, depth, bool(denoise)
        self._blender: _Blender | None = None
        self._known: weakref.ref[Scene] | None = None
        _python()

    def image(self, scene: Scene, tracer: Tracer, camera: Camera, time: float, hits: Hits, rng: Stream) -> NDArray[Any]:
        from understudy.scenes.raycast.developing import develop

        light = self.radiance(scene, camera, time, rng)
        return develop(light, plain_color, scene, tracer, camera, time, hits, rng)

    def radiance(self, scene: Scene, camera: Camera, time: float, rng: Stream) -> Floats:
        """(H, W, 3) linear light at each pixel."""
        if self._blender is None:
            self._blender = _Blender()
        if self._known is None or self._known() is not scene:
            self._blender.show(scene)
            self._known = weakref.ref(scene)
        plain, places = _without_distortion(camera)
        picture = self._blender.render(
            {
                "poses": [link.motion.at(time).tolist() for _, _, link in scene.links()],
                "lamps": [_lamp_pose(scene, lamp, time).tolist() for lamp in scene.lamps],
                "camera": _camera_facts(plain, time),
                "samples": self.samples,
                "depth": self.depth,
                "denoise": self.denoise,
                "seed": int.from_bytes(rng.child("cycles").key[:4], "little") >> 1,
                "threads": int(os.environ.get("OMP_NUM_THREADS", "0") or 0) or 1,
            }
        )
        return picture if places is None else _resampled(picture, places)


class _Blender:
    """The process, its folder, and the way to speak to it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="understudy-cycles-")
        self._log = (Path(self._folder.name) / "log").open("w+b")
        self._process = subprocess.Popen(
            [_python(), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, cwd=self._folder.name
        )
        weakref.finalize(self, _ended, self._process, self._log, self._folder)

    def show(self, scene: Scene) -> None:
        """Tell the process what is in the scene."""
        file = Path(self._folder.name) / "scene.npz"
        np.savez(file, **_arrays_of(scene))
        self._ask({"do": "scene", "file": str(file)})

    def render(self, order: dict[str, Any]) -> Floats:
        file = Path(self._folder.name) / "frame.npy"
        self._ask({"do": "render", "file": str(file), **order})
        return np.asarray(np.load(file), dtype=np.float64)

    def _ask(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            said = json.loads(self._process.stdout.readline() or "{}")
        except (OSError, ValueError):
            said = {}
        if "error" in said:
            raise UnderstudyError(f"Blender could not do it: {said['error']}", where="renderer: cycles")
        if not said:
            self._log.seek(0)
            words = self._log.read().decode("utf-8", "replace").strip()[-800:]
            raise UnderstudyError(f"Blender ended before its picture was made: {words or 'it said nothing'}", where="renderer: cycles")


def _ended(process: subprocess.Popen[str], log: Any, folder: tempfile.TemporaryDirectory[str]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    log.close()
    folder.cleanup()


def _python() -> str:
    """A Python that has Blender as a module."""
    from importlib.util import find_spec

    named = os.environ.get(PYTHON_VARIABLE)
    if named:
        if not Path(named).exists():
            raise ArgumentError(f"{PYTHON_VARIABLE} names no file: {named}.", where="renderer: cycles")
        return named
    if find_spec("bpy") is None:
        raise MissingExtraError.of("cycles", "The renderer cycles (Blender, GPL-3.0)")
    return sys.executable


# -- a scene in plain values


def _arrays_of(scene: Scene) -> dict[str, Any]:
    light = light_of(scene.sky, scene.weather)
    surfaces: list[dict[str, Any]] = []
    places: dict[int, int] = {}
    links: list[list[int]] = []
    arrays: dict[str, Any] = {}
    for number, (_, _, link) in enumerate(scene.links()):
        for material in link.materials:
            if id(material) not in places:
                places[id(material)] = len(surfaces)
                surfaces.append(_surface_facts(material))
        links.append([places[id(material)] for material in link.materials])
        arrays |= {
            f"vertices{number}": link.mesh.vertices,
            f"faces{number}": link.mesh.faces,
            f"uv{number}": link.mesh.uv,
            f"materials{number}": link.mesh.materials,
        }
        if link.mesh.normals is not None:
            arrays[f"normals{number}"] = link.mesh.normals
    lamps = [{"color": list(lamp.color), "cone": lamp.cone, "soft": lamp.soft} for lamp in scene.lamps]
    arrays["facts"] = json.dumps({"surfaces": surfaces, "links": links, "lamps": lamps, "sun": _sun_facts(light)})
    arrays["sky"] = sky_picture(light)
    return arrays


def _surface_facts(material: Material) -> dict[str, Any]:
    facts = {
        "name": material.name or "part",
        "color": plain_color(material).tolist(),
        "roughness": float(max(material.roughness, 0.03)),
        "metallic": float(material.metallic),
        "clearcoat": float(material.clearcoat),
        "specular": float(np.clip(material.specular / 0.08, 0.0, 1.0)),
        "emission": list(material.emission),
    }
    return facts | {"roughness": 0.05} if material.opacity < 1 else facts


def _sun_facts(light: Light) -> dict[str, Any] | None:
    strongest = float(light.sun_color.max())
    if strongest <= 0 or light.sun[2] <= 0:
        return None
    pose = np.eye(4)
    pose[:3, :3] = _facing(-light.sun)
    return {"color": (light.sun_color / strongest).tolist(), "irradiance": np.pi * strongest, "pose": pose.tolist()}


def _lamp_pose(scene: Scene, lamp: Lamp, time: float) -> Floats:
    pose = np.eye(4)
    if lamp.link is not None:
        body = next(body for body in scene.bodies if body.name == lamp.link[0])
        pose = body.links[lamp.link[1]].motion.at(time)
    own = np.eye(4)
    own[:3, :3], own[:3, 3] = _facing(np.array(lamp.direction)), lamp.place
    made: Floats = pose @ own
    return made


def _facing(direction: Floats) -> Floats:
    """(3, 3) whose -z points along `direction`, as Blender's lamps do."""
    back = -direction / np.linalg.norm(direction)
    aside = np.cross([0.0, 0.0, 1.0] if abs(back[2]) < 0.99 else [0.0, 1.0, 0.0], back)
    aside = aside / np.linalg.norm(aside)
    return np.stack([aside, np.cross(back, aside), back], axis=1)


def _camera_facts(camera: Camera, time: float) -> dict[str, Any]:
    return {
        "model": camera.model,
        "width": camera.width,
        "height": camera.height,
        "focal": camera.focal,
        "center": list(camera.middle),
        "pose": (camera.motion.at(time) @ TURN).tolist(),
    }


# -- lenses that Blender does not have


def _without_distortion(camera: Camera) -> tuple[Camera, Floats | None]:
    """A camera without distortion that sees all that this one sees, and where each of this one's pixels is in its picture."""
    from dataclasses import replace

    if not any(camera.distortion):
        return camera, None
    plain = replace(camera, distortion=())
    y, x = np.mgrid[: camera.height, : camera.width]
    _, directions = camera.rays(np.column_stack([x.ravel() + 0.5, y.ravel() + 0.5]))
    places, _ = plain.project(directions)
    low, high = np.floor(places.min(axis=0)) - 1, np.ceil(places.max(axis=0)) + 1
    width, height = (int(size) for size in high - low)
    left, top = camera.middle
    wider = replace(plain, width=width, height=height, center=(left - float(low[0]), top - float(low[1])))
    return wider, (places - low).reshape(camera.height, camera.width, 2)


def _resampled(picture: Floats, places: Floats) -> Floats:
    """The picture's values at (H, W, 2) places, between its pixels linearly."""
    from scipy.ndimage import map_coordinates

    at = [places[..., 1] - 0.5, places[..., 0] - 0.5]
    return np.stack([map_coordinates(picture[..., channel], at, order=1, mode="nearest") for channel in range(3)], axis=-1)
