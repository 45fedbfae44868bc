"""A `Scene` in Mitsuba's terms: shapes, principled surfaces, a sky, a sun, lamps.

Units: sunlit white has radiance 1. A procedural pattern is not translated: the picture of a surface in its mean colour is multiplied by
what the pattern has at each pixel (`renderer.py`), so that all renderers show the same pattern.
"""

from __future__ import annotations

import glob
import os
import re
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.material import Material
from understudy.scenes.raycast.sky import Light, light_of
from understudy.scenes.scene import Lamp, Scene

Floats = NDArray[np.float64]
LEAST_LLVM = 16
LIBRARIES = ("/usr/lib/*-linux-gnu", "/usr/lib64", "/usr/lib/llvm-*/lib", "/usr/local/lib", "/opt/homebrew/opt/llvm/lib")


@cache
def mitsuba() -> Any:
    """The module, set to the quickest variant that runs here: compiled by LLVM 16 or newer where that is installed, else interpreted.

    Raises:
        MissingExtraError: it is not installed.
    """
    library = os.environ.get("DRJIT_LIBLLVM_PATH") or _llvm()
    if library is not None:
        os.environ["DRJIT_LIBLLVM_PATH"] = library
    try:
        import mitsuba as found
    except ImportError:
        raise MissingExtraError.of("mitsuba", "The renderer mitsuba") from None
    if found.variant() is None:
        found.set_variant("llvm_ad_rgb" if library is not None else "scalar_rgb")
    return found


def _llvm() -> str | None:
    """The newest libLLVM of the system that Mitsuba's code compiles with; older ones end the process."""
    found: list[tuple[int, str]] = []
    for folder in LIBRARIES:
        for path in glob.glob(f"{folder}/libLLVM*.so*"):
            version = re.search(r"libLLVM(?:-|\.so\.)(\d+)", path)
            if version is not None and int(version[1]) >= LEAST_LLVM:
                found.append((int(version[1]), path))
    return max(found)[1] if found else None


class Translation:
    """A scene's parts in Mitsuba, made once; `at` puts the moving ones where they are."""

    def __init__(self, scene: Scene) -> None:
        self._mi = mitsuba()
        self._scene = scene
        self._surfaces: dict[int, Any] = {}
        self._links = [link for _, _, link in scene.links()]

    def at(self, time: float) -> Any:
        """Mitsuba's scene at `time`."""
        parts: dict[str, Any] = {"type": "scene"}
        for number, link in enumerate(self._links):
            pose = link.motion.at(time)
            for material in np.unique(link.mesh.materials):
                part = _faces_of(link.mesh, int(material))
                if len(part.faces):
                    parts[f"shape{number}_{material}"] = self._shape(part, link.materials[material], pose)
        parts |= self._light(time)
        return self._mi.load_dict(parts)

    def _shape(self, part: Mesh, material: Material, pose: Floats) -> Any:
        mi = self._mi
        properties = mi.Properties()
        properties["bsdf"] = self._surface(material)
        if any(material.emission):
            properties["emitter"] = mi.load_dict({"type": "area", "radiance": {"type": "rgb", "value": list(material.emission)}})
        shape = mi.Mesh(
            material.name or "part",
            vertex_count=len(part.vertices),
            face_count=len(part.faces),
            has_vertex_normals=part.normals is not None,
            has_vertex_texcoords=True,
            props=properties,
        )
        params = mi.traverse(shape)
        params["vertex_positions"] = np.ravel(part.vertices @ pose[:3, :3].T + pose[:3, 3]).astype(np.float32)
        params["faces"] = np.ravel(part.faces).astype(np.uint32)
        params["vertex_texcoords"] = np.ravel(part.uv).astype(np.float32)
        if part.normals is not None:
            params["vertex_normals"] = np.ravel(part.normals @ pose[:3, :3].T).astype(np.float32)
        params.update()
        return shape

    def _surface(self, material: Material) -> Any:
        if id(material) not in self._surfaces:
            self._surfaces[id(material)] = self._mi.load_dict({"type": "twosided", "bsdf": _principled(self._mi, material)})
        return self._surfaces[id(material)]

    def _light(self, time: float) -> dict[str, Any]:
        mi, sky = self._mi, light_of(self._scene.sky, self._scene.weather)
        lights: dict[str, Any] = {
            "sky": {
                "type": "envmap",
                "bitmap": mi.Bitmap(np.ascontiguousarray(sky_picture(sky)[:, ::-1])),
                # Mitsuba's map has y up, and runs clockwise from another axis.
                "to_world": mi.ScalarTransform4f().rotate([0, 0, 1], 270).rotate([1, 0, 0], 90),
            }
        }
        if sky.sun_color.max() > 0 and sky.sun[2] > 0:
            lights["sun"] = {
                "type": "directional",
                "direction": [float(part) for part in -sky.sun],
                "irradiance": {"type": "rgb", "value": [float(np.pi * part) for part in sky.sun_color]},
            }
        for number, lamp in enumerate(self._scene.lamps):
            lights[f"lamp{number}"] = self._lamp(lamp, time)
        return lights

    def _lamp(self, lamp: Lamp, time: float) -> dict[str, Any]:
        pose = np.eye(4)
        if lamp.link is not None:
            body = next(body for body in self._scene.bodies if body.name == lamp.link[0])
            pose = body.links[lamp.link[1]].motion.at(time)
        place = pose[:3, :3] @ np.array(lamp.place) + pose[:3, 3]
        intensity = {"type": "rgb", "value": [float(part) for part in lamp.color]}
        if lamp.cone >= np.pi - 1e-6:
            return {"type": "point", "position": [float(part) for part in place], "intensity": intensity}
        ahead = pose[:3, :3] @ np.array(lamp.direction)
        up = [0.0, 0.0, 1.0] if abs(ahead[2]) < 0.99 * float(np.linalg.norm(ahead)) else [0.0, 1.0, 0.0]
        return {
            "type": "spot",
            "to_world": self._mi.ScalarTransform4f().look_at(
                origin=[float(part) for part in place], target=[float(part) for part in place + ahead], up=up
            ),
            "intensity": intensity,
            "cutoff_angle": float(np.degrees(lamp.cone)),
            "beam_width": float(np.degrees(lamp.cone * (1 - lamp.soft))),
        }


def sky_picture(light: Light) -> NDArray[np.float32]:
    """(2 R, A, 3) radiance by polar angle (the zenith in the first row) and azimuth (from x, counter-clockwise); the ground's light
    below."""
    above = light.maps[0]
    return np.concatenate([above, np.broadcast_to(light.down.astype(np.float32), above.shape)])


def _principled(mi: Any, material: Material) -> dict[str, Any]:
    color = {"type": "rgb", "value": plain_color(material).tolist()}
    if material.opacity < 1:
        return {"type": "principled", "base_color": color, "roughness": 0.05, "specular": 0.6}
    return {
        "type": "principled",
        "base_color": color,
        "roughness": float(max(material.roughness, 0.03)),
        "metallic": float(material.metallic),
        # Mitsuba's parameter is 0.5 at a reflectance of .04.
        "specular": float(np.clip(material.specular / 0.08, 0.0, 1.0)),
        "clearcoat": float(material.clearcoat),
        "clearcoat_gloss": 0.95,
    }


def plain_color(material: Material) -> Floats:
    """(3,) the colour that a surface has here in the place of its pattern and print: the mean of its two colours."""
    if material.opacity < 1:
        return np.array([0.02, 0.025, 0.03])
    if material.print is not None:
        return np.full(3, 0.5)
    share = 0.5 * material.contrast if material.pattern != "plain" else 0.0
    return np.clip((1 - share) * np.array(material.color) + share * np.array(material.second), 0.004, 0.98)


def _faces_of(mesh: Mesh, material: int) -> Mesh:
    """The part of a mesh that is of one material, without the vertices that it does not use."""
    faces = mesh.faces[mesh.materials == material]
    used, place = np.unique(faces, return_inverse=True)
    return Mesh(
        mesh.vertices[used],
        place.reshape(-1, 3).astype(np.int32),
        np.zeros(len(faces), dtype=np.int16),
        mesh.uv[used],
        None if mesh.normals is None else mesh.normals[used],
    )
