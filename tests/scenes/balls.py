"""A small scene for renderers: a red ball on grey ground under a clear sky."""

import numpy as np

from understudy.data.media.items import Category
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import mesh
from understudy.scenes.geometry.motion import looking, still
from understudy.scenes.geometry.primitives import sphere
from understudy.scenes.material import Material
from understudy.scenes.scene import Body, Link, Scene, Sky

CATEGORIES = (Category(1, "ground", thing=False), Category(2, "ball"), Category(3, "sky", thing=False))


def scene(**camera):
    square = mesh([[-60, -60, 0], [60, -60, 0], [60, 60, 0], [-60, 60, 0]], [[0, 1, 2], [0, 2, 3]])
    ground = Body("ground", 1, 0, (Link(square, still(), (Material("ground", (0.3, 0.3, 0.3)),)),), (120, 120, 0.1))
    ball = Link(sphere(1.0), still((0, 0, 1)), (Material("ball", (0.7, 0.05, 0.05), roughness=0.9),))
    place = (-7.0, -3.0, 3.0)
    view = Camera("c", 96, 72, focal=90.0, motion=still(place, looking((0, 0, 0.8), place)), noise=0.0, vignette=0.0, **camera)
    return Scene(
        "test", (ground, Body("ball", 2, 1, (ball,), (2, 2, 2))), (view,), np.zeros(1), CATEGORIES, 3, sky=Sky(0.9, 2.0, cloud=0.0)
    )
