"""Made-up persons of a table: every datum of a row speaks of the same one.

Name, forms of address and sex agree; the first name is drawn among those of the decade of birth where the vocabulary knows them; the city
decides region, country, post code, telephone area and coordinates; age is what it is on `today`; e-mail and user name are made of the
name and of the row's number, scrambled by a permutation, so that no two rows of however many have the same.

A person is a function of (law, stream, row number): codes first (who, born when, living where), texts from the codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numba
import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.data.composed import (
    DIGIT,
    HIGH,
    LETTER,
    NUMBER,
    Patterns,
    TextPool,
    filled_texts,
    joined_texts,
    place_view,
    put_iban_checks,
)
from understudy.data.keyed import Rows, key_of, word_at
from understudy.data.latin import latin
from understudy.data.vocabulary import banks, companies, first_names, jobs, last_names, locale, places, products, streets
from understudy.data.weighted import Codes, Weighted, whole

FIELDS = (
    "sex", "first_name", "last_name", "name", "prefix", "birth_date", "age", "email", "user_name", "phone", "street", "city", "region",
    "post_code", "country", "country_code", "latitude", "longitude", "company", "job", "iban", "bank",
)  # fmt: skip
WORDS = ("product", "company", "job", "bank", "street", "city", "country", "first_name", "last_name")
SEXES = ("female", "male")
DOMAINS = ("example.com", "example.org", "example.net")  # reserved for documentation (RFC 2606, section 3)
_DECADES = np.arange(1900, 2020, 10)  # who was born earlier or later is named as in the first or the last
_NO_PREFIX = "-"
_EPOCH = dt.date(1970, 1, 1)

Cache = dict[str, Codes]


class PersonLaw:
    """Who the persons of a table are.

    Args:
        locales: a locale, or several with their shares, such as {"en_US": 3, "de_DE": 1}.
        age: youngest and oldest, in years, on `today`.
        sex: shares of "female" and "male".
        today: the day on which ages are counted.
        domains: of e-mail addresses; those that are reserved for examples unless given.

    Raises:
        ArgumentError: an unknown locale, ages or shares that cannot be.
    """

    def __init__(
        self,
        locales: str | Mapping[str, float] = "en_US",
        *,
        age: tuple[int, int] = (18, 90),
        sex: Mapping[str, float] | None = None,
        today: dt.date,
        domains: Sequence[str] | None = None,
    ) -> None:
        shares = {locales: 1.0} if isinstance(locales, str) else dict(locales)
        self._sex_shares = {"female": 0.5, "male": 0.5} if sex is None else dict(sex)
        _refuse_shares("locale", shares)
        _refuse_shares("sex", self._sex_shares, SEXES)
        if not 0 <= age[0] <= age[1] <= 120:
            raise ArgumentError(
                f"Ages go from a youngest to an oldest in 0 .. 120, not {age[0]} to {age[1]}.", remedy="Write age: [18, 90]."
            )
        self._pools = pools(tuple(locale(code).code for code in shares))
        self._of_locale = Weighted.of([(range(len(shares)), whole(shares.values()))])
        self._of_sex = Weighted.of([(range(2), whole(self._sex_shares.get(name, 0.0) for name in SEXES))])
        self._births = _Births.of(age, today)
        self._domains = tuple(domains or DOMAINS)

    def make(self, field: str, rows: Rows, stream: Stream, cache: Cache | None = None) -> pl.Series:
        """One datum of the persons of some rows.

        Args:
            field: one of `FIELDS`.
            rows: (n,) int64 row numbers from 0, in any order.
            stream: of the group of persons; the same for all of its columns.
            cache: what the columns of the same rows share; an empty dict at first.

        Returns:
            (n,) closed lists as Enum, texts, Date for birth_date, Int64 for age, Float64 for coordinates.
        """
        if field not in FIELDS:
            raise ArgumentError(f'A person has no field "{field}".', remedy=did_you_mean(field, list(FIELDS)))
        persons = _Persons(self, np.ascontiguousarray(rows, dtype=np.int64), stream, {} if cache is None else cache)
        found: pl.Series = getattr(persons, field)()
        return found.alias(field)


def _refuse_shares(what: str, shares: Mapping[str, float], names: Sequence[str] = ()) -> None:
    for name, share in shares.items():
        if names and name not in names:
            raise ArgumentError(f'"{name}" is no {what}.', remedy=did_you_mean(name, list(names)))
        if not 0 <= share < 2**24:
            raise ArgumentError(f"The share of {what} {name} is {share}; shares are numbers of at least 0.")
    if not sum(whole(shares.values())):
        raise ArgumentError(f"All shares of {what} are 0.", remedy="Give one of them a share above 0.")


# The vocabularies of some locales, compiled


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
    first_of = _names(first, [(code, sex, int(decade)) for code in codes for sex in SEXES for decade in _DECADES])
    last_of = _names(last, [(code, sex, None) for code in codes for sex in SEXES])
    street, patterns = _streets(codes)
    each: list[tuple[str, str | None, int | None]] = [(code, None, None) for code in codes]
    return Pools(
        codes, first_of, _latin(first_of.texts, first), last_of, _latin(last_of.texts, last), _cities(codes), street, patterns,
        _names(jobs().rename({"job": "name"}), each), _names(_evenly(codes, companies), each), _names(_evenly(codes, banks), each),
        _ibans(codes),
    )  # fmt: skip


def _evenly(codes: tuple[str, ...], names: Callable[[str], Iterable[str]]) -> pl.DataFrame:
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


def _names(table: pl.DataFrame, wanted: list[tuple[str, str | None, int | None]]) -> Names:
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
def _prefixes(codes: tuple[str, ...]) -> Names:
    """Forms of address by locale and sex, the first of a locale's the commonest; `_NO_PREFIX` where there are none."""
    said = [
        {"locale": code, "sex": sex, "name": name, "weight": 20 // (place + 1) ** 2}
        for code in codes for sex in SEXES for place, name in enumerate(locale(code).prefix.get(sex, _NO_PREFIX).split())
    ]  # fmt: skip
    return _names(pl.DataFrame(said), [(code, sex, None) for code in codes for sex in SEXES])


def _latin(texts: Sequence[str], table: pl.DataFrame) -> TextPool:
    known = dict(table.filter(pl.col("latin").is_not_null()).select("name", "latin").iter_rows())
    return TextPool.of([latin(known.get(text, text)) for text in texts])


def _cities(codes: tuple[str, ...]) -> Cities:
    parts = [places().filter(country=locale(code).country) for code in codes]
    table = pl.concat(parts)
    starts = np.concatenate([[0], np.cumsum([part.height for part in parts])])
    return Cities(
        Weighted.of((range(start, start + part.height), part["population"].to_list()) for start, part in zip(starts, parts, strict=False)),
        _listed(table["city"]), _listed(table["region"]), table["latitude"].to_numpy(), table["longitude"].to_numpy(),
        Patterns.of([[_pattern(p) for p in of_city] for of_city in table["post_codes"]]),
        Patterns.of([[_pattern(p) for p in of_city] for of_city in table["phones"]]),
    )  # fmt: skip


def _listed(texts: pl.Series) -> tuple[pl.Enum, Codes]:
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


# Births


@dataclass(frozen=True)
class _Births:
    """The days of birth from a first one on: how old who was born then is, and in which decade that was."""

    first: int
    ages: NDArray[np.int64]
    decades: Codes

    @classmethod
    def of(cls, age: tuple[int, int], today: dt.date) -> _Births:
        first, last = _years_before(today, age[1] + 1) + dt.timedelta(1), _years_before(today, age[0])
        days = [first + dt.timedelta(i) for i in range((last - first).days + 1)]
        ages = [today.year - day.year - ((today.month, today.day) < (day.month, day.day)) for day in days]
        decades = [min(max((day.year - 1900) // 10, 0), len(_DECADES) - 1) for day in days]
        return cls((first - _EPOCH).days, np.array(ages, dtype=np.int64), np.array(decades, dtype=np.int32))


def _years_before(day: dt.date, years: int) -> dt.date:
    """The last day of birth on which one is `years` old on `day`."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


# The persons of some rows


class _Persons:
    """The fields of the persons of some rows, each a method; codes are kept in the cache."""

    def __init__(self, law: PersonLaw, rows: Rows, stream: Stream, cache: Cache) -> None:
        self._law, self._rows, self._stream, self._cache = law, rows, stream, cache
        self._pools = law._pools

    def _kept(self, name: str, make: Callable[[], Codes]) -> Codes:
        if name not in self._cache:
            self._cache[name] = make()
        return self._cache[name]

    def _key(self, purpose: str) -> np.uint64:
        return key_of(self._stream, purpose)

    # -- codes

    def _locale(self) -> Codes | None:
        """Which locale each person has; None: there is one."""
        if len(self._pools.codes) == 1:
            return None
        return self._kept("locale", lambda: self._law._of_locale.draw(self._rows, self._key("locale")))

    def _by_locale(self, weighted: Weighted, purpose: str) -> Codes:
        locales = self._locale()
        return weighted.draw(self._rows, self._key(purpose), 0 if locales is None else locales)

    def _sex(self) -> Codes:
        return self._kept("sex", lambda: self._law._of_sex.draw(self._rows, self._key("sex")))

    def _locale_and_sex(self) -> Codes:
        locales = self._locale()
        return self._sex() if locales is None else locales * np.int32(2) + self._sex()

    def _born(self) -> Codes:
        """The day of birth, counted from the first possible one."""
        births = self._law._births
        return self._kept("born", lambda: _whole_numbers(self._rows, self._key("birth"), np.uint64(len(births.ages))))

    def _first(self) -> Codes:
        def draw() -> Codes:
            names = self._pools.first
            which = self._locale_and_sex() * np.int32(len(_DECADES)) + self._law._births.decades[self._born()]
            return names.weighted.draw(self._rows, self._key("first name"), names.segment_of[which])

        return self._kept("first", draw)

    def _last(self) -> Codes:
        names = self._pools.last
        return self._kept("last", lambda: names.weighted.draw(self._rows, self._key("last name"), names.segment_of[self._locale_and_sex()]))

    def _place(self) -> Codes:
        return self._kept("place", lambda: self._by_locale(self._pools.cities.weighted, "place"))

    # -- fields

    def sex(self) -> pl.Series:
        return listed(self._sex(), pl.Enum(SEXES))

    def first_name(self) -> pl.Series:
        return listed(self._first(), self._pools.first.kind)

    def last_name(self) -> pl.Series:
        return listed(self._last(), self._pools.last.kind)

    def name(self) -> pl.Series:
        orders = [locale(code).order == "last first" for code in self._pools.codes]
        first, last = (self._pools.first.pool, self._first()), (self._pools.last.pool, self._last())
        locales = self._locale()
        turned = np.full(len(self._rows), orders[0]) if locales is None else np.array(orders)[locales]
        if not turned.any():
            return joined_texts([first[0], last[0]], [first[1], last[1]], " ")
        shift = np.int32(len(self._pools.first.texts))
        both = TextPool.of([*self._pools.first.texts, *self._pools.last.texts])
        one, two = np.where(turned, last[1] + shift, first[1]), np.where(turned, first[1], last[1] + shift)
        return joined_texts([both, both], [one, two], " ")

    def prefix(self) -> pl.Series:
        names = _prefixes(self._pools.codes)
        drawn = names.weighted.draw(self._rows, self._key("prefix"), names.segment_of[self._locale_and_sex()])
        made = listed(drawn, names.kind)
        return made.set(made == _NO_PREFIX, None) if _NO_PREFIX in names.texts else made

    def birth_date(self) -> pl.Series:
        return pl.Series(self._born() + np.int32(self._law._births.first)).cast(pl.Date)

    def age(self) -> pl.Series:
        return pl.Series(self._law._births.ages[self._born()])

    def email(self) -> pl.Series:
        return self._account(self._law._domains)

    def user_name(self) -> pl.Series:
        return self._account(())

    def _account(self, domains: Sequence[str]) -> pl.Series:
        pool = TextPool.of(["@" + domain for domain in domains] or [""])
        first, last = self._pools.first_latin, self._pools.last_latin
        longest = first.longest + last.longest + 1 + 19 + pool.longest
        key, firsts, lasts, count = self._key("account"), self._first(), self._last(), np.uint64(max(1, len(domains)))

        def fill(part: slice, views: NDArray[np.uint8], data: NDArray[np.uint8]) -> int:
            name = (firsts[part], first.data, first.offsets, lasts[part], last.data, last.offsets)
            return int(_accounts(self._rows[part], key, *name, pool.data, pool.offsets, count, views, data))

        return filled_texts(len(self._rows), longest, fill)

    def phone(self) -> pl.Series:
        return self._pools.cities.phones.fill(self._rows, self._key("phone"), self._place())

    def street(self) -> pl.Series:
        return self._pools.street_patterns.fill(self._rows, self._key("number"), self._by_locale(self._pools.street, "street"))

    def city(self) -> pl.Series:
        kind, codes = self._pools.cities.city
        return listed(codes[self._place()], kind)

    def region(self) -> pl.Series:
        kind, codes = self._pools.cities.region
        return listed(codes[self._place()], kind)

    def post_code(self) -> pl.Series:
        return self._pools.cities.post_codes.fill(self._rows, self._key("post code"), self._place())

    def country(self) -> pl.Series:
        return self._of_locales([locale(code).name for code in self._pools.codes])

    def country_code(self) -> pl.Series:
        return self._of_locales([locale(code).country for code in self._pools.codes])

    def _of_locales(self, texts: list[str]) -> pl.Series:
        kind, codes = _listed(pl.Series(texts))
        locales = self._locale()
        return listed(np.zeros(len(self._rows), np.int32) if locales is None else codes[locales], kind)

    def latitude(self) -> pl.Series:
        return pl.Series(self._pools.cities.latitude[self._place()])

    def longitude(self) -> pl.Series:
        return pl.Series(self._pools.cities.longitude[self._place()])

    def company(self) -> pl.Series:
        return listed(self._by_locale(self._pools.company.weighted, "company"), self._pools.company.kind)

    def job(self) -> pl.Series:
        return listed(self._by_locale(self._pools.job.weighted, "job"), self._pools.job.kind)

    def _bank(self) -> Codes:
        return self._kept("bank", lambda: self._by_locale(self._pools.bank.weighted, "bank"))

    def bank(self) -> pl.Series:
        return listed(self._bank(), self._pools.bank.kind)

    def iban(self) -> pl.Series:
        """Accounts with right check digits at the person's bank; null where the country has no IBANs."""
        made = self._pools.ibans.fill(self._rows, self._key("iban"), self._bank(), put_iban_checks)
        return made.set(made == "", None) if self._pools.ibans.shortest == 0 else made


# Words by themselves


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
        _refuse_shares("locale", shares)
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
    tables: dict[str, Callable[[], pl.DataFrame]] = {
        "first_name": lambda: _summed(first_names(), "name"), "last_name": lambda: _summed(last_names(), "name"),
        "street": lambda: streets().rename({"street": "name"}), "job": lambda: jobs().rename({"job": "name"}),
        "company": lambda: _evenly(codes, companies), "bank": lambda: _evenly(codes, banks), "city": lambda: _by_country(codes),
        "country": lambda: _evenly(codes, lambda code: [locale(code).name]),
        "product": lambda: _evenly(codes, lambda code: products().filter(language=locale(code).language)["product"]),
    }  # fmt: skip
    return _names(tables[of](), [(code, None, None) for code in codes])


def _summed(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The names of both sexes and all decades together."""
    return table.group_by("locale", name, maintain_order=True).agg(pl.col("weight").sum())


def _by_country(codes: tuple[str, ...]) -> pl.DataFrame:
    named = [
        places().filter(country=locale(code).country).select(pl.lit(code).alias("locale"), name="city", weight="population")
        for code in codes
    ]
    return pl.concat(named)


def listed(codes: Codes, kind: pl.Enum) -> pl.Series:
    """Values of a closed list by their places in it."""
    size = len(kind.categories)
    narrow = np.uint8 if size < 255 else np.uint16 if size < 65_535 else np.uint32
    return pl.Series(codes.astype(narrow)).cat.to(kind)


@numba.njit(nogil=True, cache=True)
def _whole_numbers(rows, key, size):  # type: ignore[no-untyped-def]
    drawn = np.empty(rows.size, np.int32)
    for i in range(rows.size):
        drawn[i] = np.int32(((word_at(rows[i], key) >> np.uint64(32)) * size) >> np.uint64(32))
    return drawn


@numba.njit(nogil=True, cache=True, boundscheck=False)
def _accounts(rows, key, first, first_data, first_offsets, last, last_data, last_offsets, domains, domain_offsets, count, views, data):  # type: ignore[no-untyped-def]
    """Addresses: first.last, flast, first_last or firstlast; then the row's number, scrambled; then a domain.

    Names are letters alone, so that the digits at the end can be read back: equal addresses would have equal numbers.
    """
    text = np.empty(512, np.uint8)
    used = 0
    for i in range(rows.size):
        state = word_at(rows[i], key)
        shape = state & np.uint64(3)
        start, end = first_offsets[first[i]], first_offsets[first[i] + 1]
        if shape == 1:
            end = min(end, start + 1)
        at = 0
        for j in range(start, end):
            text[at] = first_data[j]
            at += 1
        if shape == 0 or shape == 2:
            text[at] = np.uint8(46 if shape == 0 else 95)
            at += 1
        for j in range(last_offsets[last[i]], last_offsets[last[i] + 1]):
            text[at] = last_data[j]
            at += 1
        at = _put_scrambled(text, at, np.uint64(rows[i]), key)
        domain = np.int64(((state >> np.uint64(32)) * count) >> np.uint64(32))
        for j in range(domain_offsets[domain], domain_offsets[domain + 1]):
            text[at] = domains[j]
            at += 1
        used = place_view(views, i, text, at, data, used)
    return used


@numba.njit(nogil=True, cache=True, boundscheck=False, inline="always")
def _put_scrambled(text, at, row, key):  # type: ignore[no-untyped-def]
    """Write a number that no other row has: the first 10**5 rows share out the numbers of five digits, the next 10**6 those of six …

    A Feistel network whose two halves are decimal digits, added modulo their powers of ten (Black and Rogaway 2002, as in NIST SP 800-38G):
    a permutation of the numbers of so many digits.
    """
    digits, size = 5, np.uint64(100_000)
    while row >= size and digits < 18:
        row -= size
        size *= np.uint64(10)
        digits += 1
    low_digits = digits // 2
    low_size = np.uint64(1)
    for _ in range(low_digits):
        low_size *= np.uint64(10)
    high_size = size // low_size
    high = row // low_size
    low = row - high * low_size
    half = np.uint64(32)
    for turn in range(3):
        low += ((word_at(high, key + np.uint64(2 * turn + 1)) >> half) * low_size) >> half
        low -= low_size if low >= low_size else np.uint64(0)
        high += ((word_at(low, key + np.uint64(2 * turn + 2)) >> half) * high_size) >> half
        high -= high_size if high >= high_size else np.uint64(0)
    for j in range(digits - 1, digits - 1 - low_digits, -1):
        rest = low // np.uint64(10)
        text[at + j] = np.uint8(48 + (low - rest * np.uint64(10)))
        low = rest
    for j in range(digits - 1 - low_digits, -1, -1):
        rest = high // np.uint64(10)
        text[at + j] = np.uint8(48 + (high - rest * np.uint64(10)))
        high = rest
    return at + digits
