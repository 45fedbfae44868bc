from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from understudy.core.errors import ArgumentError, ConstraintError
from understudy.core.random import Stream
from understudy.scenes.generator import Scenes
from understudy.scenes.products.assortment import article, mistaken_for, numbers_of
from understudy.scenes.products.settings import ProductsSettings
from understudy.scenes.products.world import THINGS, Products
from understudy.scenes.ready import ready_names
from understudy.scenes.scene import Scene
from understudy.scenes.spec.draws import Draws
from understudy.scenes.world import Video


def scene(seed: int, frames: int = 1, **settings: object) -> Scene:
    given = ProductsSettings.model_validate(settings)
    return Products().scene(given, Video(frames, 5.0), Draws(Stream(seed), given))


def test_an_article_is_the_same_in_every_item() -> None:
    codes: dict[int, set[str]] = {}
    for seed in range(8):
        for row in scene(seed, setup="shelf", articles=20).records["goods"]:
            codes.setdefault(row["article"], set()).add(row["sku"])
    assert len(codes) > 10
    assert all(len(found) == 1 for found in codes.values())
    assert article(0, 7) != article(1, 7)


def test_articles_that_are_easily_mistaken_share_brand_and_shape() -> None:
    for number in range(60):
        other = mistaken_for(number, 60)
        if other is None:
            continue
        assert mistaken_for(other, 60) == number
        one, two = article(3, number), article(3, other)
        assert (one.brand, one.kind, one.proportions) == (two.brand, two.kind, two.proportions)
        assert one.code != two.code
    assert len({article(3, number).code for number in range(60)}) == 60
    assert {article(0, number).kind for number in range(36)} == set(THINGS)


def test_goods_in_clutter_do_not_overlap_and_pairs_are_told() -> None:
    pairs: Counter[str] = Counter()
    for seed in range(12):
        made = scene(seed, setup="clutter", things=9)
        goods = [body for body in made.bodies if body.track]
        assert len(goods) == 9
        for number, one in enumerate(goods):
            for other in goods[:number]:
                away = np.linalg.norm(one.links[0].motion.positions[0][:2] - other.links[0].motion.positions[0][:2])
                assert away > (min(one.size[:2]) + min(other.size[:2])) / 2 - 0.02
        for pair in made.records["pairs"]:
            first, second = (goods[pair[key] - 1].attributes["sku"] for key in ("first", "second"))
            assert (first == second) == (pair["relation"] == "same")
            pairs[pair["relation"]] += 1
    assert min(pairs["same"], pairs["hard negative"]) > 0


def test_goods_on_a_shelf_stand_on_its_boards_side_by_side() -> None:
    goods = [body for body in scene(2, setup="shelf", gaps=0.0).bodies if body.track]
    assert len(goods) > 10
    for body in goods:
        position = body.links[0].motion.positions[0]
        low = (body.links[0].mesh.vertices + position)[:, 2].min()
        assert min(abs(low - board) for board in (0.0, 0.36, 0.72)) < 1e-6
    assert len([body for body in scene(2, setup="shelf", gaps=0.5).bodies if body.track]) < len(goods)


def test_a_turntable_turns_its_article() -> None:
    body = next(body for body in scene(1, 8, setup="turntable").bodies if body.track)
    first, later = (body.links[0].motion.at(moment)[:3, 0] for moment in (0.0, 1.0))
    assert np.arccos(first @ later) == pytest.approx(2 * np.pi / 6, abs=0.05)


def test_more_goods_than_fit_are_refused_with_the_constraint() -> None:
    with pytest.raises(ConstraintError, match="no overlap"):
        for seed in range(6):
            scene(seed, setup="clutter", things=40, spread_m=0.15)


def test_an_assortment_without_the_kind_is_refused() -> None:
    with pytest.raises(ArgumentError, match="book"):
        numbers_of(0, 2, "book")


def test_every_edge_case_sets_what_there_is() -> None:
    made = Scenes({"world": "products", "edge_cases": dict.fromkeys(Products.edge_cases, 0.05)})
    assert made.spec.world == "products"
    assert {"products-turntable", "products-clutter", "products-shelf"} <= set(ready_names())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["products-turntable", "products-clutter", "products-shelf"])
def test_ready_made_descriptions_give_pictures_with_labels(name: str) -> None:
    pytest.importorskip("embreex")
    shot = Scenes(name).sample(1, seed=1)[0]
    frame = shot.frames[0]
    assert frame.image is not None
    assert frame.image.std() > 10
    things = {category.id for category in Products.categories if category.thing}
    assert all(instance.category in things for instance in frame.instances)
    assert frame.instances
