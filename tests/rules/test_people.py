"""Persons of a table: their data agree, every cell stands by itself, and no two rows share an address."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.data.checkdigits import CHECKS
from understudy.data.latin import latin
from understudy.data.vocabulary import banks, first_names, last_names, locale, locales, places
from understudy.rules import people
from understudy.rules.people import FIELDS, WORDS, PersonLaw, WordLaw

TODAY = dt.date(2026, 1, 1)
STREAM = Stream(7).child("rules", "customers", "person")
GOLDEN = Path(__file__).with_name("golden_people.json")
LOCALES = list(locales())


def made(law: PersonLaw, rows: np.ndarray, fields: tuple[str, ...] = FIELDS) -> pl.DataFrame:
    cache: people.Cache = {}
    return pl.DataFrame([law.make(field, rows, STREAM, cache) for field in fields])


def regex_of(pattern: str) -> str:
    return (
        "^"
        + "".join(
            {"#": r"\d", "%": "[2-9]", "@": "[A-Z]"}.get(symbol, f"\\{symbol}" if symbol in "+()-." else symbol) for symbol in pattern
        )
        + "$"
    )


@pytest.mark.parametrize("code", LOCALES)
def test_all_data_of_a_person_agree(code: str) -> None:
    frame = made(PersonLaw(code, today=TODAY), np.arange(100_000))
    assert frame.drop("prefix", "iban").null_count().sum_horizontal().item() == 0

    decade = (frame["birth_date"].dt.year() // 10 * 10).clip(1900, 2010).cast(pl.Int16)
    known = first_names().filter(locale=code)
    by = ["sex", "decade", "name"] if known["decade"].null_count() == 0 else ["sex", "name"]
    who = pl.DataFrame({"sex": frame["sex"].cast(pl.String), "decade": decade, "name": frame["first_name"].cast(pl.String)})
    assert who.join(known, on=by, how="anti").is_empty()
    families = last_names().filter(locale=code)
    told = families["sex"].null_count() == 0
    family = pl.DataFrame({"sex": who["sex"], "name": frame["last_name"].cast(pl.String)})
    assert family.join(families, on=["sex", "name"] if told else ["name"], how="anti").is_empty()
    assert_of_age(frame)
    assert_named_in_addresses(frame, code)


def assert_of_age(frame: pl.DataFrame) -> None:
    born = frame["birth_date"]
    had = pl.DataFrame({"m": born.dt.month().cast(pl.Int32), "d": born.dt.day().cast(pl.Int32)}).select(
        (pl.col("m") * 100 + pl.col("d")) <= 101
    )
    assert (frame["age"] == TODAY.year - born.dt.year() - (~had.to_series()).cast(pl.Int64)).all()
    assert frame["age"].min() == 18
    assert frame["age"].max() == 90


def assert_named_in_addresses(frame: pl.DataFrame, code: str) -> None:
    sounds = {
        name: sound or name
        for table in (first_names(), last_names())
        for name, sound in table.filter(locale=code).select("name", "latin").iter_rows()
    }
    head = frame.head(3000)
    for first, last, account, mail in head.select(pl.col("first_name", "last_name").cast(pl.String), "user_name", "email").iter_rows():
        f, n = latin(sounds[first]), latin(sounds[last])
        assert account.rstrip("0123456789") in (f"{f}.{n}", f"{f[:1]}{n}", f"{f}_{n}", f"{f}{n}")
        assert mail.startswith(account + "@example.")
    assert frame["email"].str.contains(r"^[a-z]+[._]?[a-z]+\d{5,}@example\.(com|org|net)$").all()
    assert frame["email"].n_unique() == frame["user_name"].n_unique() == frame.height
    order = ("last_name", "first_name") if locale(code).order == "last first" else ("first_name", "last_name")
    assert (frame["name"] == frame.select(pl.concat_str(pl.col(order).cast(pl.String), separator=" ")).to_series()).all()


@pytest.mark.parametrize("code", LOCALES)
def test_city_region_post_code_telephone_and_coordinates_agree(code: str) -> None:
    fields = ("city", "region", "country", "country_code", "post_code", "phone", "latitude", "longitude", "street")
    frame = made(PersonLaw(code, today=TODAY), np.arange(100_000), fields)
    country = locale(code).country
    known = places().filter(country=country)
    texts = frame.with_columns(pl.col("city", "region", "country", "country_code").cast(pl.String))
    assert set(texts["country_code"]) == {country}
    assert set(texts["country"]) == {locale(code).name}
    assert texts.join(known, on=["city", "region", "latitude", "longitude"], how="anti").is_empty()
    assert texts.group_by("post_code").agg(pl.col("city").n_unique())["city"].max() == 1
    for city, codes, phones in known.select("city", "post_codes", "phones").iter_rows():
        here = texts.filter(pl.col("city") == city)
        assert here["post_code"].str.contains("|".join(map(regex_of, codes))).all(), city
        assert here["phone"].str.contains("|".join(map(regex_of, phones))).all(), city
    assert frame["street"].str.contains(r"\d").all()


def test_cities_come_as_often_as_they_have_people() -> None:
    drawn = made(PersonLaw("de_DE", today=TODAY), np.arange(200_000), ("city",))["city"].cast(pl.String).value_counts()
    known = places().filter(country="DE").select("city", share=pl.col("population") / pl.col("population").sum())
    both = known.join(drawn.with_columns(share_drawn=pl.col("count") / 200_000), on="city", how="left").fill_null(0)
    error = 5 * (both["share"] * (1 - both["share"]) / 200_000).sqrt() + 1e-5
    assert ((both["share"] - both["share_drawn"]).abs() <= error).all()


def test_american_first_names_follow_the_decade_of_birth() -> None:
    law = PersonLaw("en_US", age=(10, 89), today=TODAY)
    frame = made(law, np.arange(300_000), ("sex", "first_name", "birth_date"))
    decade = frame["birth_date"].dt.year() // 10 * 10
    women = frame["sex"] == "female"
    for name, common, rare in (("Jennifer", 1970, 2010), ("Linda", 1940, 1990), ("Emma", 2000, 1960)):
        named = frame["first_name"].cast(pl.String) == name
        often, seldom = (named.filter(women & (decade == of)).mean() for of in (common, rare))
        assert isinstance(often, float)
        assert isinstance(seldom, float)
        assert often > 5 * seldom


def test_any_rows_in_any_order_give_the_same_cells() -> None:
    law = PersonLaw({"en_US": 2, "de_DE": 1, "ja_JP": 1}, today=TODAY)
    whole = made(law, np.arange(5000))
    rows = np.random.default_rng(1).permutation(5000)[:700].astype(np.int64)
    assert made(law, rows).equals(whole[rows])
    for field in FIELDS:
        alone = law.make(field, np.array([4321], dtype=np.int64), STREAM)
        assert alone.to_list() == [whole[field][4321]]


def test_no_two_of_millions_of_rows_share_an_address() -> None:
    law = PersonLaw("en_US", today=TODAY)
    parts = [np.arange(1_200_000), np.arange(11_099_000, 11_101_000), np.arange(10**12, 10**12 + 1000), np.arange(2**62 - 10, 2**62)]
    rows = np.concatenate(parts)
    assert law.make("user_name", rows, STREAM).n_unique() == len(rows)
    numbers = law.make("user_name", np.arange(100_000), STREAM).str.extract(r"(\d+)$")
    assert numbers.str.len_chars().unique().to_list() == [5]
    assert numbers.n_unique() == 100_000


def test_shares_of_locales_and_sexes_are_kept() -> None:
    law = PersonLaw({"en_GB": 3, "pl_PL": 1}, sex={"female": 0.8, "male": 0.2}, today=TODAY)
    frame = made(law, np.arange(100_000), ("sex", "country_code", "last_name"))
    assert (frame["sex"] == "female").mean() == pytest.approx(0.8, abs=0.005)
    assert (frame["country_code"] == "GB").mean() == pytest.approx(0.75, abs=0.006)
    polish = frame.filter(pl.col("country_code") == "PL").with_columns(pl.col("last_name").cast(pl.String))
    assert not polish.filter(pl.col("sex") == "female")["last_name"].str.ends_with("ski").any()
    assert polish.filter(pl.col("sex") == "male")["last_name"].str.ends_with("ski").any()


def test_accounts_are_at_the_persons_bank_and_keep_their_check() -> None:
    law = PersonLaw(dict.fromkeys(LOCALES, 1.0), today=TODAY)
    frame = made(law, np.arange(50_000), ("iban", "bank", "country_code"))
    held = frame.filter(pl.col("iban").is_not_null())
    assert CHECKS["iban"].holds(held["iban"]).all()
    with_ibans = {locale(code).country for code in LOCALES if locale(code).iban}
    assert set(held["country_code"].cast(pl.String)) == with_ibans
    assert set(frame.filter(pl.col("iban").is_null())["country_code"].cast(pl.String)).isdisjoint(with_ibans)
    begin = {name: prefix for code in LOCALES for name, prefix in banks(code).items()}
    for iban, bank, country in held.head(2000).iter_rows():
        assert iban.startswith(country)
        assert iban[4:].startswith(begin[bank])


@pytest.mark.parametrize("today", [dt.date(2024, 2, 29), dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2026, 12, 31)])
def test_ages_hold_on_every_day_of_the_year(today: dt.date) -> None:
    frame = made(PersonLaw(age=(30, 31), today=today), np.arange(5000), ("birth_date", "age"))
    for born, age in frame.unique().iter_rows():
        assert age == today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    assert set(frame["age"]) == {30, 31}


def test_a_thousand_rows_of_every_locale_are_what_they_were() -> None:
    """Golden hashes: other values for the same seed are a change that the version and the changelog must tell."""
    found = {}
    for code in LOCALES:
        frame = made(PersonLaw(code, today=TODAY), np.arange(1000))
        found[code] = hashlib.sha256(frame.with_columns(pl.all().cast(pl.String)).write_csv().encode()).hexdigest()[:16]
    assert found == json.loads(GOLDEN.read_text("utf-8"))


def test_own_domains_are_taken() -> None:
    frame = made(PersonLaw(today=TODAY, domains=["shop.example"]), np.arange(100), ("email",))
    assert frame["email"].str.ends_with("@shop.example").all()


@pytest.mark.parametrize("of", WORDS)
def test_words_belong_to_their_locale_and_stand_by_themselves(of: str) -> None:
    law = WordLaw(of, {"de_DE": 1, "fr_FR": 1})
    whole = law.make(np.arange(4000), STREAM)
    assert law.make(np.array([3999, 5], dtype=np.int64), STREAM).to_list() == [whole[3999], whole[5]]
    german = set(WordLaw(of, "de_DE").make(np.arange(4000), STREAM).cast(pl.String))
    french = set(WordLaw(of, "fr_FR").make(np.arange(4000), STREAM).cast(pl.String))
    assert german != french
    assert len(german) > (10 if of not in ("country", "bank") else 0)
    assert set(whole.cast(pl.String)) & german
    assert set(whole.cast(pl.String)) & french


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"locales": "de_XX"}, "de_AT"),
        ({"locales": {"de_DE": 0.0}}, "0"),
        ({"locales": {"de_DE": -1.0}}, "-1"),
        ({"age": (40, 30)}, "40 to 30"),
        ({"sex": {"femal": 1.0}}, "female"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options: dict[str, object], part: str) -> None:
    with pytest.raises(ArgumentError, match=part):
        PersonLaw(today=TODAY, **options)  # type: ignore[arg-type]


def test_an_unknown_field_or_word_names_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="first_name"):
        PersonLaw(today=TODAY).make("firstname", np.arange(3), STREAM)
    with pytest.raises(ArgumentError, match="product"):
        WordLaw("products")


def test_no_rows_make_no_values() -> None:
    frame = made(PersonLaw(today=TODAY), np.arange(0))
    assert frame.shape == (0, len(FIELDS))
