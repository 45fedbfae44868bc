"""CPU seconds of a simulated picture, beside Embree's own for one ray a pixel of the same scene.

    python bench/scenes.py [--quick]

Needs the extra `scenes`. Every figure is the median of a few frames at 640 × 480 in one process, after the kernels are compiled.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from understudy.core.random import Stream
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import mesh
from understudy.scenes.geometry.motion import about_z, along, looking, still
from understudy.scenes.material import Material
from understudy.scenes.models.buildings import STYLES, building
from understudy.scenes.models.people import look, person
from understudy.scenes.models.products import product
from understudy.scenes.models.products.labels import sku
from understudy.scenes.models.vegetation import tree
from understudy.scenes.models.vehicles import vehicle
from understudy.scenes.raycast.embree import EmbreeTracer, world_rays
from understudy.scenes.raycast.renderer import Raycast
from understudy.scenes.scene import Body, Link, Scene, Sky, Weather

ASPHALT = Material("asphalt", (0.075, 0.075, 0.08), (0.15, 0.145, 0.14), "asphalt", 0.03, 0.8, roughness=0.85)
PAPER = Material("paper", (0.8, 0.8, 0.8), roughness=0.9)


def plane(half: float, material: Material) -> Body:
    shape = mesh([[-half, -half, 0], [half, -half, 0], [half, half, 0], [-half, half, 0]], [[0, 1, 2], [0, 2, 3]])
    return Body("ground", 2, 0, (Link(shape, still(), (material,)),), (1.0, 1.0, 1.0))


def street(night: bool = False) -> Scene:
    """Houses and trees on both sides, eight vehicles, six people."""
    bodies, lamps = [plane(400.0, ASPHALT)], []
    kinds = list(STYLES)
    for side in (1, -1):
        x = 4.0
        for number in range(7):
            house = building(kinds[number % len(kinds)], np.random.default_rng(number + 20 * (side > 0)), lit=0.4 if night else 0.0)
            motion = still([x + house.size[0] / 2, side * (9.5 + house.size[1] / 2), 0], about_z(0 if side < 0 else np.pi))
            bodies.append(house.body(f"house/{side}/{number}", 3, 0, motion))
            x += house.size[0] + 3
    for number in range(8):
        grown = tree(("linden", "maple", "birch", "spruce")[number % 4], np.random.default_rng(number))
        bodies.append(grown.body(f"tree/{number}", 4, 0, still([6 + number * 9, 8.0 * (-1) ** number, 0])))
    for number in range(8):
        made = vehicle(
            ("hatchback", "suv", "van", "sedan")[number % 4], np.random.default_rng(number), lights=("low", "tail") if night else ()
        )
        side, heading = (-2.4, 0.0) if number % 2 else (2.4, np.pi)
        way = 10.0 if number % 2 else -10.0
        start = 13.0 + 9 * number
        bodies.append(made.body(f"car/{number}", 1, number + 1, along([0, 1], [[start, side, 0], [start + way, side, 0]], heading)))
        lamps.extend(made.lamps_of(f"car/{number}"))
    for number in range(6):
        at = [10.0 + 4 * number, 5.5 * (-1) ** number, 0]
        bodies.append(person(f"person/{number}", 5, 20 + number, look(np.random.default_rng(number)), [0, 2], [at, [at[0] + 3, at[1], 0]]))
    turn = looking([10, 0, -0.35], [0, 0, 0])
    drive = replace(along([0, 1], [[0, -2.3, 1.4], [10, -2.3, 1.4]], 0.0), rotations=np.stack([turn, turn]))
    camera = Camera("front", focal=520.0, motion=drive, exposure=0.008)
    sky = Sky(sun_elevation=-0.3, sun=0.0, ambient=0.0, glow=0.4) if night else Sky()
    return Scene("driving", tuple(bodies), (camera,), np.arange(8) / 10, (), 9, sky=sky, lamps=tuple(lamps), ground=2)


def table() -> Scene:
    """Nine goods in a studio."""
    goods = [
        product(sku(np.random.default_rng(number))).body(
            f"good/{number}", 1, number + 1, still([0.2 * (number // 3), 0.2 * (number % 3) - 0.2, 0], about_z(3))
        )
        for number in range(9)
    ]
    place = [-0.9, 0.0, 0.5]
    camera = Camera("studio", focal=700.0, motion=still(place, looking([0.2, 0, 0.08], place)))
    sky = Sky(studio=(0.75, 0.76, 0.78), sun=0.8, ambient=0.5, sun_elevation=1.0, sun_azimuth=2.4)
    return Scene("products", (plane(5.0, PAPER), *goods), (camera,), np.zeros(8), (), 9, sky=sky)


SCENES: dict[str, Callable[[], Scene]] = {
    "street by day": street,
    "street in rain": lambda: replace(street(), sky=Sky(sun=0.0, ambient=0.45, cloud=1.0), weather=Weather(rain=12.0, wet=1.0, fog=0.003)),
    "street by night": lambda: street(night=True),
    "goods in a studio": table,
}


def seconds(work: Callable[[int], Any], repeats: int) -> float:
    spent = []
    work(0)
    for number in range(1, repeats + 1):
        start = time.process_time()
        work(number)
        spent.append(time.process_time() - start)
    return median(spent)


def measured(scene: Scene, repeats: int) -> tuple[float, float, float]:
    """CPU s of Embree alone (one ray a pixel at what stands), of hits, and of a picture."""
    tracer, camera, renderer = EmbreeTracer(scene), scene.cameras[0], Raycast()
    origins, directions = world_rays(*tracer.camera_rays(camera), camera.motion.at(0.0)[None, :3], camera.width)
    bare = seconds(lambda _: tracer._met(origins, directions, None, None, camera.width), repeats)
    hits = seconds(lambda number: tracer.hits(camera, float(scene.times[number])), repeats)

    def picture(number: int) -> None:
        time_s = float(scene.times[number])
        renderer.image(scene, tracer, camera, time_s, held[number], Stream(number))

    held = [tracer.hits(camera, float(time_s)) for time_s in scene.times]
    return bare, hits, seconds(picture, repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two frames a scene")
    repeats = 2 if parser.parse_args().quick else 6
    print("| scene | triangles | links | Embree alone | hits | ratio | picture | ratio |\n|---|---|---|---|---|---|---|---|")
    for name, make in SCENES.items():
        scene = make()
        links = [link for _, _, link in scene.links()]
        bare, hits, picture = measured(scene, repeats)
        faces = sum(len(link.mesh.faces) for link in links)
        print(f"| {name} | {faces:,} | {len(links)} | {bare:.3f} | {hits:.3f} | {hits / bare:.1f} | {picture:.3f} | {picture / bare:.1f} |")


if __name__ == "__main__":
    main()
