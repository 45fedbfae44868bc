"""Words of a Faker provider, drawn once and frozen, for what the vocabularies do not have (extra `faker`).

Faker draws at its own pace and promises the same values only for the same version of it, so a pool is drawn once, with its own seed, and
rows draw from the pool like from any list. A saved data set keeps the pool.
"""

from __future__ import annotations

from typing import Any

from understudy.core.errors import ArgumentError, MissingExtraError, did_you_mean

_TRIES_A_VALUE = 20


def frozen_pool(provider: str, locale: str, size: int, seed: int) -> list[str]:
    """Different values of a Faker provider, in the order in which they were first drawn.

    Args:
        provider: the name of one of Faker's methods, such as "job" or "color_name".
        locale: one of Faker's locales.
        size: how many values; fewer come back where the provider has fewer.
        seed: the same seed and version of Faker give the same values.

    Raises:
        MissingExtraError: Faker is not installed.
        ArgumentError: Faker knows no such locale or provider, or the provider gives no texts.
    """
    if size < 1:
        raise ArgumentError(f"A pool has at least one value, not {size}.", remedy="Give a size from 1.")
    fake = _faker(locale)
    names = [name for name in dir(fake) if not name.startswith(("_", "seed"))]
    if provider not in names:
        raise ArgumentError(f'Faker has no provider "{provider}" for {locale}.', remedy=did_you_mean(provider, names))
    fake.seed_instance(seed)
    make = getattr(fake, provider)
    found: dict[str, None] = {}
    for _ in range(_TRIES_A_VALUE * size):
        try:
            value = make()
        except TypeError as error:
            raise ArgumentError(f'Faker\'s "{provider}" makes no values by itself: {error}.', remedy="Take another provider.") from None
        if isinstance(value, (list, tuple, dict, set)):
            raise ArgumentError(f'Faker\'s "{provider}" gives collections, not texts.', remedy="Take a provider of single values.")
        found.setdefault(str(value))
        if len(found) == size:
            break
    return list(found)


def _faker(locale: str) -> Any:
    try:
        from faker import Faker
        from faker.config import AVAILABLE_LOCALES
    except ImportError:
        raise MissingExtraError.of("faker", "A list of a Faker provider") from None
    if locale not in AVAILABLE_LOCALES:
        raise ArgumentError(f'Faker has no locale "{locale}".', remedy=did_you_mean(locale, sorted(AVAILABLE_LOCALES)))
    return Faker(locale)
