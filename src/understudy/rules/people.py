"""Made-up persons of a table: every datum of a row speaks of the same one.

Name, forms of address and sex agree; the first name is drawn among those of the decade of birth where the vocabulary knows them; the city
decides region, country, post code, telephone area and coordinates; age is what it is on `today`; e-mail and user name are made of the
name and of the row's number, scrambled by a permutation, so that no two rows of however many have the same.

A person is a function of (law, stream, row number): codes first (who, born when, living where), texts from the codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.data.composed import TextPool, filled_texts, joined_texts, put_iban_checks
from understudy.data.keyed import Rows, key_of, word_at
from understudy.data.vocabulary import locale
from understudy.data.weighted import Codes, Weighted, whole
from understudy.rules.accounts import write_accounts
from understudy.rules.pools import DECADES, NO_PREFIX, SEXES, coded, listed, pools, prefixes, refuse_shares
from understudy.rules.words import WORDS, WordLaw

__all__ = ["DOMAINS", "FIELDS", "WORDS", "Cache", "PersonLaw", "WordLaw"]

FIELDS = (
    "sex", "first_name", "last_name", "name", "prefix", "birth_date", "age", "email", "user_name", "phone", "street", "city", "region",
    "post_code", "country", "country_code", "latitude", "longitude", "company", "job", "iban", "bank",
)  # fmt: skip
DOMAINS = ("example.com", "example.org", "example.net")  # reserved for documentation (RFC 2606, section 3)
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
        refuse_shares("locale", shares)
        refuse_shares("sex", self._sex_shares, SEXES)
        if not 0 <= age[0] <= age[1] <= 120:
            raise ArgumentError(
                f"Ages go from a youngest to an oldest in 0 .. 120, not {age[0]} to {age[1]}.", remedy="Write age: [18, 90]."
            )
        self._pools = pools(tuple(locale(code).code for code in shares))
        self._of_locale = Weighted.of([(range(len(shares)), whole(shares.values()))])
        self._of_sex = Weighted.of([(range(2), whole(self._sex_shares.get(name, 0.0) for name in SEXES))])
        self._births = _Births.of((age[0], age[1]), today)
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


# Births


@dataclass(frozen=True)
class _Births:
    """The days of birth from a first one on: how old who was born then is, and in which decade that was."""

    first: int
    ages: NDArray[np.int64]
    decades: Codes

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, age: tuple[int, int], today: dt.date) -> _Births:
        first, last = _years_before(today, age[1] + 1) + dt.timedelta(1), _years_before(today, age[0])
        days = [first + dt.timedelta(i) for i in range((last - first).days + 1)]
        ages = [today.year - day.year - ((today.month, today.day) < (day.month, day.day)) for day in days]
        decades = [min(max((day.year - 1900) // 10, 0), len(DECADES) - 1) for day in days]
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
            which = self._locale_and_sex() * np.int32(len(DECADES)) + self._law._births.decades[self._born()]
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
        names = prefixes(self._pools.codes)
        drawn = names.weighted.draw(self._rows, self._key("prefix"), names.segment_of[self._locale_and_sex()])
        made = listed(drawn, names.kind)
        return made.set(made == NO_PREFIX, None) if NO_PREFIX in names.texts else made

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
            return int(write_accounts(self._rows[part], key, *name, pool.data, pool.offsets, count, views, data))

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
        kind, codes = coded(pl.Series(texts))
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


@numba.njit(nogil=True, cache=True)
def _whole_numbers(rows, key, size):  # type: ignore[no-untyped-def]
    drawn = np.empty(rows.size, np.int32)
    for i in range(rows.size):
        drawn[i] = np.int32(((word_at(rows[i], key) >> np.uint64(32)) * size) >> np.uint64(32))
    return drawn
