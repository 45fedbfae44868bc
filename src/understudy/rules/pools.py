"""The vocabularies of some locales, compiled: what persons and words are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.composed import DIGIT, HIGH, LETTER, NUMBER, Patterns, TextPool
from understudy.data.latin import latin
from understudy.data.vocabulary import banks, companies, first_names, jobs, last_names, locale, places, streets
from understudy.data.weighted import Codes, Weighted, whole

SEXES = ("female", "male")
DECADES = np.arange(1900, 2020, 10)  # who was born earlier or later is named as in the first or the last
NO_PREFIX = "-"


def refuse_shares(what: str, shares: Mapping[str, float], names: Sequence[str] = ()) -> None:
    for name, share in shares.items():
        if names and name not in names:
            raise ArgumentError(f'"{name}" is no {what}.', remedy=did_you_mean(name, list(names)))
        if not 0 <= share < 2**24:
            raise ArgumentError(f"The share of {what} {name} is {share}; shares are numbers of at least 0.")
    if not sum(whole(shares.values())):
        raise ArgumentError(f"All shares of {what} are 0.", remedy="Give one of them a share above 0.")


@dataclass(frozen=True)
class Names:
    """Names that are drawn from `weighted` by segment: their list, and how they stand in addresses of the net."""

    texts: tuple[str, ...]
    weighted: Weighted
    segment_of: Codes

    @cached_property
    def kind(self) -> pl.Enum:
        return pl.Enum(self.texts)

    @cached_property
    def pool(self) -> TextPool:
        return TextPool.of(self.texts)


@dataclass(frozen=True)
class Cities:
    """The places of some countries, by code."""

    weighted: Weighted
    city: tuple[pl.Enum, Codes]
    region: tuple[pl.Enum, Codes]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    post_codes: Patterns
    phones: Patterns


@dataclass(frozen=True)
class Pools:
    """All that persons of some locales are made of. Segments of first names: (locale, sex, decade); of last names: (locale, sex)."""

    codes: tuple[str, ...]
    first: Names
    first_latin: TextPool
    last: Names
    last_latin: TextPool
    cities: Cities
    street: Weighted
    street_patterns: Patterns
    job: Names
    company: Names
    bank: Names
    ibans: Patterns


@lru_cache(maxsize=16)
def pools(codes: tuple[str, ...]) -> Pools:
    """The vocabularies of some locales, in the order of their codes."""
    first, last = first_names(), last_names()
    first_of = names_of(first, [(code, sex, int(decade)) for code in codes for sex in SEXES for decade in DECADES])
    last_of = names_of(last, [(code, sex, None) for code in codes for sex in SEXES])
    street, patterns = _streets(codes)
    each: list[tuple[str, str | None, int | None]] = [(code, None, None) for code in codes]
    return Pools(
        codes, first_of, _latin(first_of.texts, first), last_of, _latin(last_of.texts, last), _cities(codes), street, patterns,
        names_of(jobs().rename({"job": "name"}), each), names_of(evenly(codes, companies), each), names_of(evenly(codes, banks), each),
        _ibans(codes),
    )  # fmt: skip


def evenly(codes: tuple[str, ...], names: Callable[[str], Iterable[str]]) -> pl.DataFrame:
    """What each locale has of something, all with one weight."""
    return pl.DataFrame([{"locale": code, "name": name, "weight": 1} for code in codes for name in names(code)])


def _ibans(codes: tuple[str, ...]) -> Patterns:
    """The pattern of each bank's IBANs, in the order of the banks; empty where the country has none."""
    patterns: dict[str, str] = {}
    for code in codes:
        facts = locale(code)
        for bank, begin in banks(code).items():
            left = (facts.iban or "")[len(begin) :].replace("9", DIGIT).replace("A", LETTER)
            patterns.setdefault(bank, f"{facts.country}00{begin}{left}" if facts.iban else "")
    return Patterns.of([[pattern] for pattern in patterns.values()])


def names_of(table: pl.DataFrame, wanted: list[tuple[str, str | None, int | None]]) -> Names:
    """The names of some (locale, sex, decade): those of all sexes or decades where the table tells none apart."""
    grouped = {
        group: (part["name"].to_list(), part["weight"].to_list())
        for group, part in table.group_by(
            [column for column in ("locale", "sex", "decade") if column in table.columns], maintain_order=True
        )
    }
    told = [column in table.columns for column in ("sex", "decade")]
    texts: dict[str, int] = {}
    segments: dict[tuple[Any, ...], int] = {}
    lists: list[tuple[list[int], list[int]]] = []
    segment_of = []
    for code, sex, decade in wanted:
        options = [(code, *([s] if told[0] else []), *([d] if told[1] else [])) for s in (sex, None) for d in (decade, None)]
        group = next(option for option in options if option in grouped)
        if group not in segments:
            segments[group] = len(lists)
            names, weights = grouped[group]
            lists.append(([texts.setdefault(name, len(texts)) for name in names], weights))
        segment_of.append(segments[group])
    return Names(tuple(texts), Weighted.of(lists), np.array(segment_of, dtype=np.int32))


@lru_cache(maxsize=16)
def prefixes(codes: tuple[str, ...]) -> Names:
    """Forms of address by locale and sex, the first of a locale's the commonest; `NO_PREFIX` where there are none."""
    said = [
        {"locale": code, "sex": sex, "name": name, "weight": 20 // (place + 1) ** 2}
        for code in codes for sex in SEXES for place, name in enumerate(locale(code).prefix.get(sex, NO_PREFIX).split())
    ]  # fmt: skip
    return names_of(pl.DataFrame(said), [(code, sex, None) for code in codes for sex in SEXES])


def _latin(texts: Sequence[str], table: pl.DataFrame) -> TextPool:
    known = dict(table.filter(pl.col("latin").is_not_null()).select("name", "latin").iter_rows())
    return TextPool.of([latin(known.get(text, text)) for text in texts])


def _cities(codes: tuple[str, ...]) -> Cities:
    parts = [places().filter(country=locale(code).country) for code in codes]
    table = pl.concat(parts)
    starts = np.concatenate([[0], np.cumsum([part.height for part in parts])])
    return Cities(
        Weighted.of((range(start, start + part.height), part["population"].to_list()) for start, part in zip(starts, parts, strict=False)),
        coded(table["city"]), coded(table["region"]), table["latitude"].to_numpy(), table["longitude"].to_numpy(),
        Patterns.of([[_pattern(p) for p in of_city] for of_city in table["post_codes"]]),
        Patterns.of([[_pattern(p) for p in of_city] for of_city in table["phones"]]),
    )  # fmt: skip


def coded(texts: pl.Series) -> tuple[pl.Enum, Codes]:
    kind = pl.Enum(texts.unique(maintain_order=True))
    return kind, texts.cast(kind).to_physical().cast(pl.Int32).to_numpy()


def _pattern(text: str) -> str:
    return text.replace("#", DIGIT).replace("%", HIGH).replace("@", LETTER)


def _streets(codes: tuple[str, ...]) -> tuple[Weighted, Patterns]:
    lists: list[tuple[Sequence[int], list[int]]] = []
    patterns: list[list[str]] = []
    limits: list[int] = []
    for code in codes:
        facts, table = locale(code), streets().filter(locale=code)
        lists.append((range(len(patterns), len(patterns) + table.height), table["weight"].to_list()))
        number = "-".join([NUMBER] * 3) if facts.block else NUMBER
        patterns += [[facts.street.format(number=number, street=street)] for street in table["street"]]
        limits += [facts.numbers] * table.height
    return Weighted.of(lists), Patterns.of(patterns, limits)


def listed(codes: Codes, kind: pl.Enum) -> pl.Series:
    """Values of a closed list by their places in it."""
    size = len(kind.categories)
    narrow = np.uint8 if size < 255 else np.uint16 if size < 65_535 else np.uint32
    return pl.Series(codes.astype(narrow)).cat.to(kind)
