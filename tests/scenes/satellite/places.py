"""Small places for the tests: level ground with single things, and worlds without a renderer."""

import math
from types import SimpleNamespace

import numpy as np

from understudy.core.random import Stream
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import still
from understudy.scenes.labels import label_frame
from understudy.scenes.rendering import LABELS
from understudy.scenes.satellite.air import Atmosphere, toward
from understudy.scenes.satellite.covers import CATEGORIES
from understudy.scenes.satellite.draping import DrapedTracer, ground_bodies
from understudy.scenes.satellite.ground import Plan, Season, finished
from understudy.scenes.satellite.shading import Light, measure
from understudy.scenes.satellite.site import Site, bodies
from understudy.scenes.satellite.world import Satellite, tilt
from understudy.scenes.scene import Scene
from understudy.scenes.spec.draws import Draws
from understudy.scenes.world import Video

WANTED = frozenset(LABELS) - {"flow", "scene_flow", "questions"}


def shoot(seed=0, wanted=WANTED, **stated):
    """A shot of the world with these settings, small unless they say otherwise."""
    world = Satellite()
    settings = world.settings.model_validate({"sensor": {"width": 160, "height": 120}, **stated})
    draw = Draws(Stream(seed), settings)
    shot = world.shoot(settings, Video(), draw, SimpleNamespace(wanted=wanted))
    shot.drawn = dict(draw.drawn)
    return shot


class Level:
    """Level ground of one kind, with what `fill` puts on it, seen by a camera."""

    def __init__(self, fill=None, *, base="concrete", gsd=0.5, off_nadir=0.0, azimuth=0.0, elevation=45.0, sun=180.0, size=(160, 120)):
        plan = Plan.empty(200.0, 0.5, base)
        self.site = Site(plan, 200.0)
        if fill:
            fill(self.site)
        rotation = tilt(math.radians(off_nadir), math.radians(azimuth)) @ np.diag([1.0, -1.0, -1.0])
        self.camera = Camera("satellite", *size, "orthographic", 1 / gsd, motion=still(-500 * rotation[:, 2], rotation))
        ground = finished(plan, Season(0.0), (0.0, 0.0))
        tracks = {thing.name: number for number, thing in enumerate(self.site.things, 1)}
        made = (*ground_bodies(ground, 300.0), *bodies(self.site.things, plan, None, tracks))
        self.scene = Scene("satellite", made, (self.camera,), np.zeros(1), CATEGORIES, 46)
        self.tracer = DrapedTracer(self.scene, ground)
        self.hits = self.tracer.hits(self.camera, 0.0)
        towards = toward(math.radians(elevation), math.radians(sun))
        self.light = Light(towards, Atmosphere(0.05, float(towards[2]), math.cos(math.radians(off_nadir))))
        self.gsd = gsd

    def measured(self):
        return measure(self.tracer, self.camera, self.hits, self.light, self.gsd)

    def frame(self):
        image = np.arange(self.camera.width * self.camera.height * 3).reshape(self.camera.height, self.camera.width, 3) % 251
        return label_frame(self.scene, self.tracer, self.camera, 0, self.hits, image.astype(np.uint8), WANTED, Stream(0))
