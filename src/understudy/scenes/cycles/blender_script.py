"""Runs in a Python that has Blender as a module (`bpy`), as a process of its own, and knows nothing of the rest of this package.

It reads one JSON object a line from the standard input, and answers with one a line:

    {"do": "scene", "file": "scene.npz"}         meshes, surfaces, sky, lamps
    {"do": "render", "file": "frame.npz", "poses": …, "camera": …, "samples": …}    radiance as a float32 array into the file
"""

# mypy: ignore-errors

import json
import math
import os
import sys
import tempfile

import bpy
import numpy as np


def surface(facts):
    """A principled surface."""
    material = bpy.data.materials.new(facts["name"])
    material.use_nodes = True
    principled = material.node_tree.nodes["Principled BSDF"]
    principled.inputs["Base Color"].default_value = (*facts["color"], 1.0)
    principled.inputs["Roughness"].default_value = facts["roughness"]
    principled.inputs["Metallic"].default_value = facts["metallic"]
    principled.inputs["Coat Weight"].default_value = facts["clearcoat"]
    principled.inputs["Specular IOR Level"].default_value = facts["specular"]
    if any(facts["emission"]):
        principled.inputs["Emission Color"].default_value = (*facts["emission"], 1.0)
        principled.inputs["Emission Strength"].default_value = 1.0
    return material


def shape(number, arrays, materials):
    """One link's mesh, its object in the scene."""
    vertices, faces = arrays[f"vertices{number}"], arrays[f"faces{number}"]
    uv, slots = arrays[f"uv{number}"], arrays[f"materials{number}"]
    mesh = bpy.data.meshes.new(f"link{number}")
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", faces.ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    for material in materials:
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", slots.astype(np.int32))
    layer = mesh.uv_layers.new(name="uv")
    layer.data.foreach_set("uv", uv[faces.ravel()].astype(np.float32).ravel())
    mesh.update(calc_edges=True)
    smooth = f"normals{number}" in arrays
    mesh.polygons.foreach_set("use_smooth", np.full(len(faces), smooth))
    if smooth:
        mesh.normals_split_custom_set_from_vertices(arrays[f"normals{number}"].astype(np.float32))
    made = bpy.data.objects.new(f"link{number}", mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def lamp(number, facts):
    """A point or spot lamp; Blender's W are those of a sphere: 4 π² times the radiance that we count in."""
    cone = facts["cone"]
    light = bpy.data.lights.new(f"lamp{number}", "POINT" if cone >= math.pi - 1e-6 else "SPOT")
    strength = max(facts["color"])
    light.color = [part / strength for part in facts["color"]] if strength else (0, 0, 0)
    light.energy = 4 * math.pi * math.pi * strength
    light.shadow_soft_size = 0.05
    if light.type == "SPOT":
        light.spot_size, light.spot_blend = min(2 * cone, math.pi), facts["soft"]
    made = bpy.data.objects.new(f"lamp{number}", light)
    bpy.context.scene.collection.objects.link(made)
    return made


def sky(picture):
    """The world's light from a picture by latitude and longitude."""
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    height, width = picture.shape[:2]
    image = bpy.data.images.new("sky", width, height, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = picture[::-1]
    image.pixels.foreach_set(rgba.ravel())
    node = world.node_tree.nodes.new("ShaderNodeTexEnvironment")
    node.image = image
    world.node_tree.links.new(node.outputs["Color"], world.node_tree.nodes["Background"].inputs["Color"])


def sun(facts):
    if facts is None:
        return
    light = bpy.data.lights.new("sun", "SUN")
    light.color, light.energy, light.angle = facts["color"], facts["irradiance"], 0.0093
    made = bpy.data.objects.new("sun", light)
    made.matrix_world = matrix(facts["pose"])
    bpy.context.scene.collection.objects.link(made)


def matrix(rows):
    from mathutils import Matrix

    return Matrix(rows)


class Stage:
    """A scene in Blender."""

    def __init__(self, file):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        arrays = np.load(file)
        facts = json.loads(str(arrays["facts"]))
        made = [surface(entry) for entry in facts["surfaces"]]
        self.shapes = [shape(number, arrays, [made[slot] for slot in slots]) for number, slots in enumerate(facts["links"])]
        self.lamps = [lamp(number, entry) for number, entry in enumerate(facts["lamps"])]
        sky(arrays["sky"])
        sun(facts["sun"])
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        bpy.context.scene.collection.objects.link(self.camera)
        bpy.context.scene.camera = self.camera

    def render(self, order):
        scene = bpy.context.scene
        for made, pose in zip(self.shapes, order["poses"], strict=True):
            made.matrix_world = matrix(pose)
        for made, pose in zip(self.lamps, order["lamps"], strict=True):
            made.matrix_world = matrix(pose)
        self._aim(order["camera"], scene)
        scene.render.engine = "CYCLES"
        scene.cycles.device = "CPU"
        scene.cycles.samples = order["samples"]
        scene.cycles.use_adaptive_sampling = False
        scene.cycles.seed = order["seed"]
        scene.cycles.max_bounces = order["depth"]
        scene.cycles.use_denoising = order["denoise"]
        scene.cycles.denoiser = "OPENIMAGEDENOISE"
        scene.cycles.denoising_prefilter, scene.cycles.denoising_quality = "FAST", "BALANCED"
        scene.render.threads_mode, scene.render.threads = "FIXED", order["threads"]
        scene.render.use_persistent_data = True
        scene.view_settings.view_transform = "Raw"
        scene.render.image_settings.file_format = "OPEN_EXR"
        scene.render.image_settings.color_depth = "32"
        with tempfile.TemporaryDirectory() as folder:
            scene.render.filepath = os.path.join(folder, "frame.exr")
            bpy.ops.render.render(write_still=True)
            image = bpy.data.images.load(scene.render.filepath)
            image.colorspace_settings.name = "Non-Color"
            width, height = image.size
            pixels = np.empty(width * height * image.channels, np.float32)
            image.pixels.foreach_get(pixels)
            bpy.data.images.remove(image)
        np.save(order["file"], pixels.reshape(height, width, -1)[::-1, :, :3])

    def _aim(self, facts, scene):
        data = self.camera.data
        scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = facts["width"], facts["height"], 100
        self.camera.matrix_world = matrix(facts["pose"])
        larger = max(facts["width"], facts["height"])
        data.sensor_fit = "HORIZONTAL" if facts["width"] >= facts["height"] else "VERTICAL"
        data.clip_start, data.clip_end = 0.02, 1e5
        data.shift_x = -(facts["center"][0] - facts["width"] / 2) / larger
        data.shift_y = (facts["center"][1] - facts["height"] / 2) / larger
        if facts["model"] == "orthographic":
            data.type, data.ortho_scale = "ORTHO", larger / facts["focal"]
        elif facts["model"] == "fisheye":
            data.type, data.panorama_type = "PANO", "FISHEYE_EQUIDISTANT"
            data.fisheye_fov = larger / facts["focal"]
        else:
            data.type, data.lens_unit = "PERSP", "FOV"
            data.angle = 2 * math.atan(larger / 2 / facts["focal"])


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Blender prints to the standard output
    stage = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] == "scene":
                stage = Stage(order["file"])
            else:
                stage.render(order)
            said = {"done": True}
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


main()
