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
from understudy.scenes.material import Color, Material
from understudy.scenes.raycast.sky import Light, light_of
from understudy.scenes.scene import Lamp, Scene

Floats = NDArray[np.float64]
ATTRIBUTES = {"color": [0, 1, 2], "roughness": [3], "metallic": [4], "clearcoat": [5]}
SURFACE = {
    "type": "principled",
    "base_color": {"type": "mesh_attribute", "name": "face_color"},
    "roughness": {"type": "mesh_attribute", "name": "face_roughness"},
    "metallic": {"type": "mesh_attribute", "name": "face_metallic"},
    "specular": 0.5,
    "clearcoat": {"type": "mesh_attribute", "name": "face_clearcoat"},
    "clearcoat_gloss": 0.95,
}
BRIGHT = 0.15
"""Of the sky's light: above it, things that shine light nothing that could be seen, and rays to them would be wasted."""
NO_LIGHT: Color = (0.0, 0.0, 0.0)
LEAST_LLVM = 16
LIBRARIES = ("/usr/lib/*-linux-gnu", "/usr/lib64", "/usr/lib/llvm-*/lib", "/usr/local/lib", "/opt/homebrew/opt/llvm/lib")


@cache
def mitsuba() -> Any:
    """The module, set to compile by LLVM.

    Raises:
        MissingExtraError: it is not installed, or there is no LLVM of release 16 or newer (which is no Python package).
    """
    library = os.environ.get("DRJIT_LIBLLVM_PATH") or llvm()
    if library is not None:
        os.environ["DRJIT_LIBLLVM_PATH"] = library  # looked at when it is loaded
    try:
        import mitsuba as found
    except ImportError:
        raise MissingExtraError.of("mitsuba", "The renderer mitsuba") from None
    if library is None:
        raise MissingExtraError(
            "The renderer mitsuba needs LLVM 16 or newer, which is not installed.",
            where="renderer: mitsuba",
            remedy="Install it (Debian: apt install libllvm19), or name its library in DRJIT_LIBLLVM_PATH.",
        )
    if found.variant() is None:
        found.set_variant("llvm_ad_rgb")
    return found


def llvm() -> str | None:
    """The newest libLLVM of the system that Mitsuba's code compiles with; older ones end the process."""
    found: list[tuple[int, str]] = []
    for folder in LIBRARIES:
        for path in glob.glob(f"{folder}/libLLVM*.so*"):
            version = re.search(r"libLLVM(?:-|\.so\.)(\d+)", path)
            if version is not None and int(version[1]) >= LEAST_LLVM:
                found.append((int(version[1]), path))
    return max(found)[1] if found else None


class Translation:
    """A scene's parts in Mitsuba. All surfaces are one shape whose faces carry their colour and gloss, and those that shine are one more
    for each colour of light: a few hundred shapes would take minutes to compile and seconds to load.

    Attributes:
        bright: what shines does so by day: it is no light here, and its own light is put into the picture where it is seen.
    """

    def __init__(self, scene: Scene) -> None:
        self._mi = mitsuba()
        self._scene = scene
        self._links = [link for _, _, link in scene.links()]
        self._parts = [_with_normals(link.mesh) for link in self._links]
        self._facts = [np.array([_facts(material) for material in link.materials]) for link in self._links]
        self.bright = bool(light_of(scene.sky, scene.weather).up.mean() > BRIGHT)
        shines = [[NO_LIGHT if self.bright else material.emission for material in link.materials] for link in self._links]
        self._lights = {light: number for number, light in enumerate(sorted({light for lights in shines for light in lights}))}
        self._glow = [np.array([self._lights[light] for light in lights]) for lights in shines]

    def at(self, time: float) -> Any:
        """Mitsuba's scene at `time`."""
        poses = [link.motion.at(time) for link in self._links]
        moved = [(part.vertices @ pose[:3, :3].T + pose[:3, 3]) for part, pose in zip(self._parts, poses, strict=True)]
        turned = [part.normals @ pose[:3, :3].T for part, pose in zip(self._parts, poses, strict=True) if part.normals is not None]
        starts = np.cumsum([0, *(len(part.vertices) for part in self._parts[:-1])])
        faces = np.concatenate([part.faces + start for part, start in zip(self._parts, starts, strict=True)])
        facts = np.concatenate([facts[part.materials] for part, facts in zip(self._parts, self._facts, strict=True)])
        glow = np.concatenate([glow[part.materials] for part, glow in zip(self._parts, self._glow, strict=True)])
        vertices, normals = np.concatenate(moved), np.concatenate(turned)
        parts: dict[str, Any] = {"type": "scene"}
        for emission, number in self._lights.items():
            chosen = glow == number
            if chosen.any():
                used, place = np.unique(faces[chosen], return_inverse=True)
                parts[f"surfaces{number}"] = self._shape(vertices[used], normals[used], place.reshape(-1, 3), facts[chosen], emission)
        return self._mi.load_dict(parts | self._light(time))

    def _shape(self, vertices: Floats, normals: Floats, faces: NDArray[np.int64], facts: Floats, emission: Color) -> Any:
        mi = self._mi
        properties = mi.Properties()
        properties["bsdf"] = mi.load_dict({"type": "twosided", "bsdf": SURFACE})
        if any(emission):
            properties["emitter"] = mi.load_dict({"type": "area", "radiance": {"type": "rgb", "value": list(emission)}})
        shape = mi.Mesh(
            "surfaces",
            vertex_count=len(vertices),
            face_count=len(faces),
            has_vertex_normals=True,
            has_vertex_texcoords=False,
            props=properties,
        )
        params = mi.traverse(shape)
        params["vertex_positions"] = np.ravel(vertices).astype(np.float32)
        params["vertex_normals"] = np.ravel(normals).astype(np.float32)
        params["faces"] = np.ravel(faces).astype(np.uint32)
        params.update()
        for name, columns in ATTRIBUTES.items():
            shape.add_attribute(f"face_{name}", len(columns), np.ravel(facts[:, columns]).astype(np.float32))
        return shape

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


def _facts(material: Material) -> list[float]:
    """Colour, roughness, metal and clearcoat; Mitsuba takes one specular reflectance (0.5: .04) for all."""
    roughness = 0.05 if material.opacity < 1 else max(material.roughness, 0.03)
    return [*plain_color(material), roughness, material.metallic, material.clearcoat]


def plain_color(material: Material) -> Floats:
    """(3,) the colour that a surface has here in the place of its pattern and print: the mean of its two colours."""
    if material.opacity < 1:
        return np.array([0.02, 0.025, 0.03])
    if material.print is not None:
        return np.full(3, 0.5)
    share = 0.5 * material.contrast if material.pattern != "plain" else 0.0
    return np.clip((1 - share) * np.array(material.color) + share * np.array(material.second), 0.004, 0.98)


def emission(material: Material) -> Floats:
    """(3,) light that a surface sends by itself."""
    return np.array(material.emission)


def _with_normals(shape: Mesh) -> Mesh:
    """A mesh with a normal at each vertex; a flat one gets vertices for each face."""
    if shape.normals is not None:
        return shape
    corners = shape.faces.ravel()
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    return Mesh(shape.vertices[corners], faces, shape.materials, shape.uv[corners], np.repeat(shape.face_normals(), 3, axis=0))
