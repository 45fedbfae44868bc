from __future__ import annotations

import time

import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.scenes.geometry.measures import signed_volume, surface
from understudy.scenes.models.products import KINDS, MODELS, hard_negative, product, sku
from understudy.scenes.models.products.barcode import check_digit, modules, picture


@pytest.mark.parametrize("kind", MODELS)
def test_goods_stand_in_their_box_and_look_outwards(kind: str) -> None:
    for seed in range(3):
        made = product(sku(np.random.default_rng(seed), kind))
        low, high = made.bounds
        assert high - low == pytest.approx(made.size)
        assert low[2] == pytest.approx(0, abs=1e-9)
        assert (low + high)[:2] == pytest.approx((0, 0), abs=1e-9)
        assert 0.02 < max(made.size) < 0.45
        assert signed_volume(made.parts[0].mesh) > 0
        assert surface(made.parts[0].mesh).min() > 1e-12
        used = [made.palette[role] for role in made.parts[0].roles]
        assert kind in ("shoe", "bowl") or any(material.print is not None for material in used)


def test_every_kind_has_a_shape() -> None:
    assert set(MODELS) == set(KINDS)


def test_check_digits_are_those_of_known_articles() -> None:
    assert check_digit("400638133393") == "1"  # the example of the standard's own page on EAN-13
    assert check_digit("590123412345") == "7"
    for seed in range(50):
        code = sku(np.random.default_rng(seed)).code
        assert code[0] == "2"
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0


def test_bars_are_those_of_the_standard() -> None:
    bits = modules("5901234123457")
    assert len(bits) == 95
    assert bits[:3] == bits[-3:] == "101"
    assert bits[45:50] == "01010"
    assert bits[3:10] == "0001011"  # 9 with odd parity, after a leading 5
    pixels = np.asarray(picture("5901234123457"))
    row = pixels[20, 18 : 18 + 190 : 2, 0] < 128
    assert "".join("1" if bar else "0" for bar in row) == bits


def test_wrong_codes_are_refused() -> None:
    with pytest.raises(ArgumentError, match="check digit"):
        modules("5901234123450")
    with pytest.raises(ArgumentError, match="twelve digits"):
        check_digit("12")


def test_equal_articles_look_the_same_and_a_hard_negative_only_nearly() -> None:
    one, other = sku(np.random.default_rng(4), "carton"), sku(np.random.default_rng(4), "carton")
    assert one == other
    like = hard_negative(np.random.default_rng(1), one)
    assert (like.brand, like.kind, like.product, like.proportions) == (one.brand, one.kind, one.product, one.proportions)
    assert like.code != one.code
    fronts = [product(article).palette["front"].print for article in (one, other, like)]
    assert all(front is not None for front in fronts)
    images = [front.image for front in fronts if front is not None]
    assert np.array_equal(images[0], images[1])
    assert images[0].shape == images[2].shape
    assert (images[0] != images[2]).any(axis=2).mean() > 0.005


def test_unknown_goods_name_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="bottle"):
        sku(np.random.default_rng(1), "botle")


def test_an_article_is_made_fast() -> None:
    articles = [sku(np.random.default_rng(seed)) for seed in range(60, 84)]
    start = time.process_time()
    for article in articles:
        product(article)
    assert (time.process_time() - start) / len(articles) < 0.04
