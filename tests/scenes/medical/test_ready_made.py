"""The ready-made descriptions of the world can be read, and say that they are no patients."""

import pytest

from understudy.scenes.generator import Scenes
from understudy.scenes.ready import ready_made, ready_names

NAMES = [name for name in ready_names() if name.startswith("medical-")]


def test_there_is_one_for_each_modality():
    assert {name.split("-")[1] for name in NAMES} == {"ct", "mri", "xray"}


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_made_description_is_valid_and_says_what_it_is_not_for(name):
    spec = Scenes(ready_made(name)).spec
    assert spec.world == "medical"
    assert "not for diagnosis" in spec.about
