"""Goods with generated prints, made by `product(sku)`."""

from __future__ import annotations

from functools import lru_cache

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.models.model import Model
from understudy.scenes.models.products.goods import MODELS
from understudy.scenes.models.products.labels import KINDS, Sku, hard_negative, sku


@lru_cache(maxsize=512)
def product(article: Sku) -> Model:
    """An article, standing on z = 0 with its front along x. Everything about it is in the article, so equal articles look the same.

    Raises:
        ArgumentError: an unknown kind; it names the nearest.
    """
    if article.kind not in MODELS:
        raise ArgumentError(f'There are no goods "{article.kind}".', remedy=did_you_mean(article.kind, MODELS))
    return MODELS[article.kind](article)


__all__ = ["KINDS", "MODELS", "Sku", "hard_negative", "product", "sku"]
