"""Scenes as a generator: the contract, constraints, saving, ready-made descriptions."""

import pytest

from understudy import load
from understudy.core.errors import ConstraintError, SchemaError
from understudy.scenes.generator import Scenes
from understudy.scenes.ready import ready_names
from understudy.scenes.spec.description import parse_description, read_description
from understudy.testing import check_generator

SPEC = {
    "understudy": "scenes/1", "world": "driving", "renderer": "none", "labels": "fast",
    "settings": {
        "scenario": "hard-brake", "cameras": {"sensor": {"width": 64, "height": 48}},
        "around": {"trees": 0.0, "oncoming_per_km": 0.0},
    },
}  # fmt: skip


def test_scenes_keep_the_contract_of_generators():
    small = {"setup": "turntable", "room": "studio", "camera": {"sensor": {"width": 48, "height": 32}}}
    check_generator(Scenes({"understudy": "scenes/1", "world": "products", "labels": "fast", "settings": small}))


def test_a_saved_description_makes_the_same(tmp_path):
    Scenes(SPEC).save(tmp_path / "scenes.understudy")
    again = load(tmp_path / "scenes.understudy")
    assert again.spec.to_dict() == Scenes(SPEC).spec.to_dict()


def test_a_description_is_the_same_after_its_yaml():
    spec = read_description(SPEC)
    assert parse_description(spec.to_yaml()).to_dict() == spec.to_dict()


def test_a_constraint_that_cannot_hold_is_named():
    with pytest.raises(ConstraintError, match="things: .* 500 were asked for"):
        Scenes({**SPEC, "constraints": {"things": 500, "tries": 2}}).sample(1)


def test_a_world_that_makes_its_pictures_itself_has_no_renderer():
    made = Scenes({"understudy": "scenes/1", "world": "medical"})
    assert made.spec.renderer == "none"
    assert made.spec.to_dict()["renderer"] == "none"
    assert "renderer" not in Scenes({"understudy": "scenes/1", "world": "products"}).spec.to_dict()
    with pytest.raises(SchemaError, match="makes its pictures itself"):
        Scenes({"understudy": "scenes/1", "world": "satellite", "renderer": "mitsuba"})


def test_edge_cases_come_at_their_rates():
    generator = Scenes({**SPEC, "edge_cases": {"night": 0.5, "own": {"rate": 0.3, "changes": {"weather.fog": 0.05}}}})
    shots = generator.sample(20)
    night, own = (sum(name in shot.edge_cases for shot in shots) for name in ("night", "own"))
    assert 4 <= night <= 16
    assert 1 <= own <= 13
    assert all((shot.drawn["weather/fog"] == 0.05) == ("own" in shot.edge_cases) for shot in shots)


@pytest.mark.parametrize("name", ready_names())
def test_ready_made_descriptions_can_be_read(name):
    spec = read_description(name)
    assert spec.about
    assert parse_description(spec.to_yaml()).to_dict() == spec.to_dict()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"world": "drivin"}, '"driving"'),
        ({"renderer": "raycats"}, '"raycast"'),
        ({"renderer": {"mitsuba": {}, "raycast": {}}}, "one name"),
        ({"labels": ["boxs"]}, '"boxes"'),
        ({"video": {"frames": 0}}, "greater than or equal to 1"),
        ({"edge_cases": {"nigth": 0.5}}, '"night"'),
        ({"edge_cases": {"night": 1.5}}, "outside 0 .. 1"),
        ({"edge_cases": {"mine": {"rate": 0.5, "changes": {"weather.fogg": 1}}}}, "weather.fog"),
        ({"correlated": [{"values": ["weather.fog", "weather.rane"], "matrix": [[1, 0.5], [0.5, 1]]}]}, "weather.rain"),
        ({"setings": {}}, '"settings"'),
    ],
)
def test_mistakes_are_told_with_the_nearest_word(change, said):
    with pytest.raises(SchemaError, match=said):
        Scenes({**SPEC, **change})


def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path):
    file = tmp_path / "scene.yaml"
    file.write_text("understudy: scenes/1\nworld: driving\nsettings:\n  weather:\n    fogg: 0.1\n")
    with pytest.raises(SchemaError, match=r"line 5: settings\.weather\.fogg"):
        Scenes(file)
