"""Cycles, where Blender is there: in this Python, or the one that UNDERSTUDY_BLENDER_PYTHON names."""

import os
from importlib.util import find_spec

import numpy as np
import pytest
from tests.scenes.balls import scene

from understudy.core.errors import MissingExtraError
from understudy.core.random import Stream
from understudy.scenes.raycast.embree import EmbreeTracer

HERE = bool(os.environ.get("UNDERSTUDY_BLENDER_PYTHON")) or find_spec("bpy") is not None
blender = pytest.mark.skipif(not HERE, reason="Blender is not installed (pip install bpy, or set UNDERSTUDY_BLENDER_PYTHON)")


@blender
@pytest.mark.parametrize("distortion", [(), (-0.3, 0.05, 0.0, 0.0, 0.0)])
def test_a_ball_is_where_its_mask_is(distortion):
    from understudy.scenes.cycles.renderer import Cycles

    shown = scene(distortion=distortion)
    tracer, view = EmbreeTracer(shown), shown.cameras[0]
    hits = tracer.hits(view, 0.0)
    image = Cycles(samples=4).image(shown, tracer, view, 0.0, hits, Stream(1))
    red, mask = image[..., 0].astype(float) > 1.6 * image[..., 1], hits.link == 1
    assert np.sum(red & mask) / np.sum(red | mask) > 0.93


@blender
def test_without_denoising_the_same_seed_is_the_same_light():
    from understudy.scenes.cycles.renderer import Cycles

    shown = scene()
    one, two = (Cycles(samples=2, denoise=False).radiance(shown, shown.cameras[0], 0.0, Stream(3)) for _ in range(2))
    assert np.array_equal(one, two)


@pytest.mark.skipif(HERE, reason="Blender is installed")
def test_without_blender_the_install_line_is_told():
    from understudy.scenes.cycles.renderer import Cycles

    with pytest.raises(MissingExtraError, match=r"understudy\[cycles\]"):
        Cycles()
