"""Names, places, streets and words by locale, from the data files beside this module; `sources.toml` says where each comes from.

`first_names`, `last_names`, `places`, `streets`, `jobs` and `products` are tables; `companies` and `banks` belong to a locale, which
`locale` describes: how addresses and numbers are written there.
`people`, `streets_of` and `towns` are lists by language, for columns of real data whose language is all that is known.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import polars as pl

from understudy.core.errors import ArgumentError, did_you_mean

LANGUAGES = ("en", "de", "fr", "es", "it", "nordic")
_LOCALES_OF = {
    "en": ("en_US", "en_GB"), "de": ("de_DE", "de_AT"), "fr": ("fr_FR",), "es": ("es_ES", "es_MX"), "it": ("it_IT",),
    "nordic": ("sv_SE", "da_DK", "nb_NO"),
}  # fmt: skip
_COMMON = 150  # names of a language: many enough to know it by, few enough that other languages' are not among them


@dataclass(frozen=True)
class Locale:
    """A country and language: how its addresses and numbers are written.

    street: {number} and {street}; block: a house number has three parts; prefix: forms of address by sex; order: of the parts of a name;
    iban: what follows the check digits, 9 a digit and A a letter, None where there are no IBANs.
    """

    code: str
    country: str
    name: str
    language: str
    street: str
    numbers: int
    prefix: dict[str, str] = field(default_factory=dict)
    order: str = "first last"
    block: bool = False
    iban: str | None = None


@cache
def locales() -> dict[str, Locale]:
    """All locales there are vocabularies of, by code."""
    return {code: Locale(code, **facts) for code, facts in _toml("locales").items() if isinstance(facts, dict)}


def locale(code: str) -> Locale:
    """The locale of a code such as "de_DE".

    Raises:
        ArgumentError: there are no vocabularies of it.
    """
    found = locales().get(code.replace("-", "_"))
    if found is None:
        raise ArgumentError(
            f'There are no vocabularies of the locale "{code}", but of {", ".join(locales())}.',
            remedy=did_you_mean(code, list(locales())) or "Give lists of your own, or freeze one of Faker's.",
        )
    return found


def first_names() -> pl.DataFrame:
    """locale, sex, decade (of birth; null: no such data, the same in all), name, latin (null: as `name`), weight."""
    return _table("first_names")


def last_names() -> pl.DataFrame:
    """locale, sex (null: of both), name, latin (null: as `name`), weight."""
    return _table("last_names")


def places() -> pl.DataFrame:
    """country, region, city, population, latitude, longitude, post_codes, phones.

    Post codes and telephone numbers are patterns: # a digit, % 2 to 9, @ a letter.
    """
    return _table("places")


def streets() -> pl.DataFrame:
    """locale, street, weight."""
    return _table("streets")


def jobs() -> pl.DataFrame:
    """locale, job, weight."""
    return _table("jobs")


@cache
def products() -> pl.DataFrame:
    """language, product, category, low and high: the range of its price, in units of a currency like the euro."""
    file = _toml("products")
    rows = [
        (language, name, category, int(low), int(high))
        for facts, names in file["names"].items()
        for category, low, high in [facts.split("|")]
        for language, name in zip(file["languages"].split("|"), names.split("|"), strict=True)
    ]
    return pl.DataFrame(rows, schema=["language", "product", "category", "low", "high"], orient="row")


@cache
def companies(code: str) -> tuple[str, ...]:
    """Invented companies of a locale: a word, a trade, a legal form."""
    file, facts = _toml("trade"), locale(code)
    forms, trades = file["forms"][code].split("|"), file["trades"][facts.language].split("|")
    names = [f"{word} {trade}" for word in file["words"].split("|") for trade in trades]
    return tuple(f"{name} {forms[place % len(forms)]}" for place, name in enumerate(names))


@cache
def banks(code: str) -> dict[str, str]:
    """Invented banks of a locale, and the characters that begin the account part of their IBANs."""
    return dict(_toml("trade")["banks"][code])


@cache
def people(language: str, part: str) -> tuple[str, ...]:
    """Common names of one word of one language; `part` is female, male or last."""
    table = last_names() if part == "last" else first_names().filter(sex=part)
    table = table.filter(pl.col("name").str.contains(r"^\p{L}+$"))
    found: list[str] = []
    for code in _LOCALES_OF[language]:
        summed = table.filter(locale=code).group_by("name", maintain_order=True).agg(pl.col("weight").sum())
        found += summed.sort("weight", descending=True, maintain_order=True)["name"].head(_COMMON // len(_LOCALES_OF[language])).to_list()
    return tuple(dict.fromkeys(found))


@cache
def streets_of(language: str) -> tuple[str, ...]:
    """Common street names of one language, the commonest first."""
    each = [streets().filter(locale=code)["street"].to_list() for code in _LOCALES_OF[language]]
    return tuple(dict.fromkeys(street for names in each for street in names))


@cache
def towns(language: str) -> tuple[str, ...]:
    """Invented towns of one language."""
    return tuple(_toml("towns")[language].split("|"))


@cache
def plain_words() -> tuple[str, ...]:
    """Common English words that say nothing about anyone."""
    return tuple(dict.fromkeys(_toml("words")["en"]["words"].split()))


@cache
def all_first_names() -> frozenset[str]:
    """The common first names of every language, in lower case."""
    return frozenset(name.lower() for language in LANGUAGES for part in ("female", "male") for name in people(language, part))


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _table(name: str) -> pl.DataFrame:
    with as_file(files(__package__).joinpath(f"{name}.parquet")) as path:
        return pl.read_parquet(path)
