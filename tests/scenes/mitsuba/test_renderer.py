"""Mitsuba shows the scene where the labels say it is, lit as the default renderer lights it."""

import os

import numpy as np
import pytest
from tests.scenes.balls import scene

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.mitsuba.translation import llvm
from understudy.scenes.raycast.embree import EmbreeTracer
from understudy.scenes.raycast.renderer import Raycast

pytest.importorskip("mitsuba")
if not (os.environ.get("DRJIT_LIBLLVM_PATH") or llvm()):
    pytest.skip("LLVM 16 or newer is not installed", allow_module_level=True)


def pictures(samples=16, **camera):
    from understudy.scenes.mitsuba.renderer import Mitsuba

    shown = scene(**camera)
    tracer, view = EmbreeTracer(shown), shown.cameras[0]
    hits = tracer.hits(view, 0.0)
    traced = Mitsuba(samples=samples).image(shown, tracer, view, 0.0, hits, Stream(1))
    return traced, Raycast().image(shown, tracer, view, 0.0, hits, Stream(1)), hits


@pytest.mark.parametrize("distortion", [(), (-0.3, 0.05, 0.0, 0.0, 0.0)])
def test_a_ball_is_where_its_mask_is(distortion):
    traced, _, hits = pictures(distortion=distortion)
    red = traced[..., 0].astype(float) > 1.6 * traced[..., 1]
    mask = hits.link == 1
    assert np.sum(red & mask) / np.sum(red | mask) > 0.93


def test_both_renderers_light_the_ground_alike():
    traced, cast, hits = pictures()
    ground = hits.link == 0
    assert np.median(traced[ground].astype(float) / np.maximum(cast[ground], 1)) == pytest.approx(1.0, abs=0.15)


def test_the_same_seed_is_the_same_picture():
    assert np.array_equal(pictures(4)[0], pictures(4)[0])


def test_options_out_of_range_are_refused():
    from understudy.scenes.mitsuba.renderer import Mitsuba

    with pytest.raises(ArgumentError, match="samples"):
        Mitsuba(samples=0)
