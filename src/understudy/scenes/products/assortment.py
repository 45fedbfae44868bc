"""An assortment: numbered articles, always the same for the same numbers, with such as are easily mistaken for one another."""

from __future__ import annotations

from functools import lru_cache

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.models.products import KINDS, Sku, hard_negative, sku

GROUP = 3
"""Every so many articles, one is easily taken for the one before it."""


@lru_cache(maxsize=4096)
def article(assortment: int, number: int) -> Sku:
    """Article `number` of an assortment. Kinds take turns, so that all are there."""
    rng = Stream(assortment).child("assortment", number).generator()
    if number % GROUP == GROUP - 1:
        return hard_negative(rng, article(assortment, number - 1))
    return sku(rng, list(KINDS)[(number // GROUP * (GROUP - 1) + number % GROUP) % len(KINDS)])


@lru_cache(maxsize=64)
def numbers_of(assortment: int, articles: int, kind: str) -> tuple[int, ...]:
    """The numbers of an assortment's articles of a kind ("any": of all).

    Raises:
        ArgumentError: there is none of this kind.
    """
    found = tuple(number for number in range(articles) if kind == "any" or article(assortment, number).kind == kind)
    if not found:
        raise ArgumentError(
            f'An assortment of {articles} articles has no "{kind}".',
            where="settings: articles",
            remedy=f"Ask for {GROUP * len(KINDS)} or more articles.",
        )
    return found


def mistaken_for(number: int, articles: int) -> int | None:
    """The article that an article is easily taken for, if there is one."""
    if number % GROUP == GROUP - 1:
        return number - 1
    other = number + 1
    return other if number % GROUP == GROUP - 2 and other < articles else None
