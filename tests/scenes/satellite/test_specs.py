"""The ready-made descriptions, and edge cases, through the generator."""

import numpy as np
import pytest

from understudy.scenes.generator import Scenes
from understudy.scenes.ready import ready_names
from understudy.scenes.satellite.world import Satellite

SMALL = {"sensor.width": 128, "sensor.height": 96}


@pytest.mark.parametrize("name", [name for name in ready_names() if name.startswith("satellite-")])
def test_a_ready_made_description_gives_pictures(name):
    (shot,) = Scenes(name).sample(1, seed=2, given=SMALL)
    assert shot.world == "satellite"
    assert all(frame.image.std() > 2 and frame.image.shape[:2] == (96, 128) for frame in shot.frames)
    assert len(shot.frames) == (2 if name.endswith("change") else 1)


@pytest.mark.parametrize("case", Satellite.edge_cases)
def test_an_edge_case_changes_the_picture(case):
    scenes = Scenes({"understudy": "scenes/1", "world": "satellite", "settings": {"gsd_m": 0.8, "sensor": {"width": 128, "height": 96}}})
    (usual,), (rare,) = scenes.sample(1, seed=5), scenes.sample(1, seed=5, given={"edge_case": case})
    assert rare.edge_cases == (case,)
    assert np.abs(rare.frames[0].image.astype(float) - usual.frames[0].image.astype(float)).mean() > 0.5
