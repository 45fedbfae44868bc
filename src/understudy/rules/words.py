"""Words of the vocabularies that belong to no person: products, companies, jobs, banks, names, places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.data.keyed import Rows, key_of
from understudy.data.vocabulary import banks, companies, first_names, jobs, last_names, locale, places, products, streets
from understudy.data.weighted import Weighted, whole
from understudy.rules.pools import Names, evenly, listed, names_of, refuse_shares

WORDS = ("product", "company", "job", "bank", "street", "city", "country", "first_name", "last_name")


class WordLaw:
    """Words of the vocabularies that belong to no person.

    Args:
        of: one of `WORDS`.
        locales: a locale, or several with their shares.
    """

    def __init__(self, of: str, locales: str | Mapping[str, float] = "en_US") -> None:
        if of not in WORDS:
            raise ArgumentError(f'The vocabularies have no "{of}".', remedy=did_you_mean(of, list(WORDS)))
        shares = {locales: 1.0} if isinstance(locales, str) else dict(locales)
        refuse_shares("locale", shares)
        codes = tuple(locale(code).code for code in shares)
        self._of_locale = Weighted.of([(range(len(codes)), whole(shares.values()))])
        self._names = _words(of, codes)

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        """A word a row, as Enum. rows: (n,) int64."""
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        locales = self._of_locale.draw(rows, key_of(stream, "locale"))
        return listed(self._names.weighted.draw(rows, key_of(stream, "word"), self._names.segment_of[locales]), self._names.kind)


@lru_cache(maxsize=32)
def _words(of: str, codes: tuple[str, ...]) -> Names:
    return names_of(_table(of, codes), [(code, None, None) for code in codes])


def word_table(of: str, code: str) -> pl.DataFrame:
    """The words of one locale: name, weight. Raises `ArgumentError` for an unknown kind of word or locale."""
    if of not in WORDS:
        raise ArgumentError(f'The vocabularies have no "{of}".', remedy=did_you_mean(of, list(WORDS)))
    code = locale(code).code
    return _table(of, (code,)).filter(locale=code).select("name", "weight")


def _table(of: str, codes: tuple[str, ...]) -> pl.DataFrame:
    tables: dict[str, Callable[[], pl.DataFrame]] = {
        "first_name": lambda: _summed(first_names(), "name"), "last_name": lambda: _summed(last_names(), "name"),
        "street": lambda: streets().rename({"street": "name"}), "job": lambda: jobs().rename({"job": "name"}),
        "company": lambda: evenly(codes, companies), "bank": lambda: evenly(codes, banks), "city": lambda: _by_country(codes),
        "country": lambda: evenly(codes, lambda code: [locale(code).name]),
        "product": lambda: evenly(codes, lambda code: products().filter(language=locale(code).language)["product"]),
    }  # fmt: skip
    return tables[of]()


def _summed(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The names of both sexes and all decades together."""
    return table.group_by("locale", name, maintain_order=True).agg(pl.col("weight").sum())


def _by_country(codes: tuple[str, ...]) -> pl.DataFrame:
    named = [
        places().filter(country=locale(code).country).select(pl.lit(code).alias("locale"), name="city", weight="population")
        for code in codes
    ]
    return pl.concat(named)
