from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.measures import surface
from understudy.scenes.models import buildings, street, undergrowth, vegetation
from understudy.scenes.models.model import Model

Rng = np.random.Generator
THINGS: dict[str, Callable[[Rng], Model]] = {
    **{f"sign {kind}": lambda rng, kind=kind: street.sign(kind, rng) for kind in street.SIGNS},  # type: ignore[misc]
    **{f"street {kind}": make for kind, make in street.MODELS.items()},
    **{f"debris {kind}": make for kind, make in street.DEBRIS.items()},
    **{f"tree {kind}": lambda rng, kind=kind: vegetation.tree(kind, rng) for kind in vegetation.HABITS},  # type: ignore[misc]
    "hedge": lambda rng: undergrowth.hedge(rng, 5.0),
    "grass": lambda rng: undergrowth.grass(rng),
    **{f"building {kind}": lambda rng, kind=kind: buildings.building(kind, rng) for kind in buildings.STYLES},  # type: ignore[misc]
}


@pytest.mark.parametrize("name", THINGS)
def test_things_stand_on_the_ground_in_their_box_the_same_for_the_same_seed(name: str) -> None:
    one, other = THINGS[name](np.random.default_rng(3)), THINGS[name](np.random.default_rng(3))
    low, high = one.bounds
    assert high - low == pytest.approx(one.size)
    assert (low + high) / 2 == pytest.approx(one.middle)
    assert (-0.15 if name in ("tree bush", "tree hedge") else -0.02) < low[2] < 0.12  # their lowest leaves lie in the ground
    for part, again in zip(one.parts, other.parts, strict=True):
        assert np.isfinite(part.mesh.vertices).all()
        assert np.array_equal(part.mesh.vertices, again.mesh.vertices)
        assert surface(part.mesh).min() > 1e-10
        assert part.mesh.materials.max() < len(part.roles)
    assert one.body("thing", 1, 1).size == one.size


def test_trees_are_as_tall_as_their_kind_grows() -> None:
    for kind, habit in vegetation.HABITS.items():
        for seed in range(4):
            tall = vegetation.tree(kind, np.random.default_rng(seed)).size[2]
            assert 0.8 * habit.height[0] < tall < 1.25 * habit.height[1]


def test_buildings_are_as_high_and_wide_as_their_floors_and_front() -> None:
    for seed in range(4):
        made = buildings.building("apartments", np.random.default_rng(seed), width=20.0)
        assert made.bounds[1][2] >= made.attributes["floors"] * 2.9
        assert made.size[0] == pytest.approx(20.0, abs=0.1)


def test_windows_are_set_back_and_look_outwards() -> None:
    part = buildings.building("house", np.random.default_rng(2)).parts[0]
    panes = part.mesh.faces[part.mesh.materials == part.roles.index("glass")]
    walls = part.mesh.vertices[part.mesh.faces[part.mesh.materials == part.roles.index("wall")]]
    corners = part.mesh.vertices[panes]
    centres = corners.mean(axis=1)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((normals * centres)[:, :2].sum(axis=1) > 0).all()
    assert (np.abs(centres[:, :2]).max(axis=0) < np.abs(walls[..., :2]).max(axis=(0, 1)) - 0.1).all()


def test_windows_are_lit_as_often_as_asked() -> None:
    part = buildings.building("apartments", np.random.default_rng(2), width=30.0, lit=0.4).parts[0]
    lit, dark = ((part.mesh.materials == part.roles.index(role)).sum() for role in ("lit", "glass"))
    assert lit / (lit + dark) == pytest.approx(0.4, abs=0.1)


def test_a_traffic_light_shows_one_lamp_at_a_time() -> None:
    made = street.traffic_light(np.random.default_rng(1))
    body = made.body("light", 1, 1, states={"red": ([0, 5], [True, False]), "green": ([0, 5], [False, True])})
    places = [link.motion for link in body.links[1:]]
    assert [lamp.at(2.0)[0, 3] < -0.05 for lamp in places] == [False, True, True]
    assert [lamp.at(7.0)[0, 3] < -0.05 for lamp in places] == [True, True, False]


def test_a_lit_street_lamp_carries_a_lamp_that_moves_with_it() -> None:
    made = street.street_lamp(np.random.default_rng(1), lit=True)
    lamp = made.lamps_of("lamps/1")[0]
    assert lamp.link == ("lamps/1", 0)
    assert lamp.place[2] > 7
    assert not street.street_lamp(np.random.default_rng(1)).lamps


def test_signs_of_different_kinds_look_different() -> None:
    faces = [street.sign(kind, np.random.default_rng(1)).palette["face"].print for kind in street.SIGNS]
    assert len({face.image.tobytes() for face in faces if face is not None}) == len(street.SIGNS)


@pytest.mark.parametrize(
    ("make", "nearest"),
    [
        (lambda rng: street.sign("stpo", rng), "stop"),
        (lambda rng: street.furniture("bnech", rng), "bench"),
        (lambda rng: street.debris("ladders", rng), "ladder"),
        (lambda rng: vegetation.tree("spruces", rng), "spruce"),
        (lambda rng: buildings.building("hous", rng), "house"),
        (lambda rng: street.traffic_light(rng, state="gren"), "green"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(make: Callable[[Rng], Model], nearest: str) -> None:
    with pytest.raises(ArgumentError, match=nearest):
        make(np.random.default_rng(0))


def test_things_are_made_fast_once_their_shape_is_known() -> None:
    for name in ("tree linden", "sign stop"):
        THINGS[name](np.random.default_rng(3))
        start = time.process_time()
        for _ in range(5):
            THINGS[name](np.random.default_rng(3))
        assert (time.process_time() - start) / 5 < 0.02
