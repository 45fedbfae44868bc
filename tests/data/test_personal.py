"""Personal data: the same form, valid, nobody's, and nothing of the source in the model."""

from __future__ import annotations

import ipaddress
import json
import random

import numpy as np
import polars as pl
import pytest
from tests.data.real_data import real_frame

from understudy.core.random import Stream
from understudy.data.checkdigits import CHECKS
from understudy.data.infer import infer_column
from understudy.data.people.names import plain_letters, shape_of
from understudy.data.regenerator import Regenerator, fit_regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema

RANDOM = random.Random(1)
FIRST = ["Anna", "Peter", "Maria", "Lukas", "Susanne", "Thomas", "Monika", "Stefan", "Jürgen", "Karin"]
LAST = ["Müller", "Schmidt", "Huber", "Gruber", "Wagner", "Bauer", "Pichler", "Steiner"]
ROWS = np.arange(5000)


def solved(name: str, body: str) -> str:
    texts = pl.Series([body])
    from understudy.data.people.numbers import _solved

    return str(_solved(texts, name)[0])


SOURCES: dict[str, tuple[list[str], str]] = {
    "email": (
        [f"{RANDOM.choice(FIRST)}.{RANDOM.choice(LAST)}{i}@firma{i % 7}.at".lower() for i in range(300)],
        r"[a-z]+\.[a-z]+\d*[a-z0-9]*@example\.(com|org|net)",
    ),
    "phone": ([f"+43 664 {RANDOM.randrange(10**6, 10**7)}" for _ in range(300)], r"\+43 \d{3} \d{7}"),
    "iban": ([solved("iban", f"AT00{RANDOM.randrange(10**15, 10**16)}") for _ in range(60)], r"AT\d{18}"),
    "card": ([solved("luhn", f"4{RANDOM.randrange(10**13, 10**14)}0") for _ in range(60)], r"4\d{15}"),
    "ip": (
        [f"{RANDOM.randrange(1, 250)}.{RANDOM.randrange(250)}.{RANDOM.randrange(250)}.{RANDOM.randrange(250)}" for _ in range(300)],
        r"\d+\.\d+\.\d+\.\d+",
    ),
    "national_id": (
        [f"{RANDOM.randrange(100, 665)}-{RANDOM.randrange(10, 99)}-{RANDOM.randrange(1000, 9999)}" for _ in range(300)],
        r"666-\d{2}-\d{4}",
    ),
    "address": (
        [f"{RANDOM.randrange(1, 200)} Oak Street, Springfield, IL {RANDOM.randrange(10000, 99999)}" for _ in range(300)],
        r"\d+ [A-Z][a-z]+ [A-Z][a-z]+, [\w ]+, [A-Z]{2} \d{5}",
    ),
    "name": (
        [f"{RANDOM.choice(LAST)}, {RANDOM.choice(['Mr.', 'Mrs.'])} {RANDOM.choice(FIRST)}" for _ in range(300)],
        r"[\w ]+, Mrs?\. \w+",
    ),
    "url": ([f"https://www.firm{i}.at/a/b" for i in range(300)], r"https://www\.example\.(com|org|net)/\w+/\w+(\?n=\d+)?"),
    "postcode": ([f"{RANDOM.choice('ABCDE')}{i % 10} {i % 9}XY" for i in range(300)], r"[A-Z]\d \d[A-Z]{2}"),
}


def fitted(personal: str) -> tuple[Regenerator, pl.Series]:
    source = pl.Series(personal, SOURCES[personal][0])
    column = ColumnSchema(name=personal, kind="personal", personal=personal, unique=source.n_unique() == len(source))
    return fit_regenerator(source, column, Stream(1)), source


@pytest.mark.parametrize("personal", SOURCES)
def test_the_form_is_kept(personal: str) -> None:
    regenerator, _ = fitted(personal)
    made = regenerator.make(ROWS, Stream(5))
    assert made.null_count() == 0
    odd = made.filter(~made.str.contains(f"^{SOURCES[personal][1]}$"))
    assert len(odd) == 0, odd.head(3).to_list()


@pytest.mark.parametrize("personal", SOURCES)
def test_a_row_has_the_same_datum_in_any_block_and_after_loading(personal: str) -> None:
    regenerator, _ = fitted(personal)
    again = regenerator_from_dict(json.loads(json.dumps(regenerator.to_dict())))
    whole, some = regenerator.make(ROWS, Stream(5)), ROWS[::-7].copy()
    assert again.make(some, Stream(5)).equals(whole.gather(some))


@pytest.mark.parametrize("personal", ["email", "phone", "iban", "card", "ip", "national_id", "url"])
def test_no_real_datum_comes_back_nor_stands_in_the_model(personal: str) -> None:
    regenerator, source = fitted(personal)
    assert not regenerator.make(ROWS, Stream(5)).is_in(source.implode()).any()
    state = json.dumps(regenerator.to_dict(), ensure_ascii=False)
    assert not any(text in state for text in source)


@pytest.mark.parametrize("personal", ["email", "phone", "iban", "card", "ip", "url"])
def test_what_never_repeats_in_the_source_never_repeats_here(personal: str) -> None:
    regenerator, _ = fitted(personal)
    assert regenerator.make(ROWS, Stream(5)).n_unique() == len(ROWS)


def test_accounts_and_cards_have_right_check_digits() -> None:
    assert CHECKS["iban"].holds(fitted("iban")[0].make(ROWS, Stream(1))).all()
    assert CHECKS["luhn"].holds(fitted("card")[0].make(ROWS, Stream(1))).all()


def test_addresses_of_the_net_are_reserved_ones() -> None:
    nets = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")]
    made = fitted("ip")[0].make(ROWS, Stream(1)).to_list()
    assert all(any(ipaddress.ip_address(address) in net for net in nets) for address in made[:500])


def test_american_numbers_are_fictional() -> None:
    source = pl.Series(
        "phone", [f"({RANDOM.randrange(200, 900)}) {RANDOM.randrange(200, 900)}-{RANDOM.randrange(1000, 9999)}" for _ in range(100)]
    )
    made = fit_regenerator(source, infer_column(source), Stream(1)).make(ROWS, Stream(2))
    assert made.str.contains(r"^\([1-9]\d\d\) 555-01\d\d$").all()


def person_columns() -> dict[str, Regenerator]:
    """Four columns that speak of one person a row."""
    sources = {
        "first_name": FIRST * 30,
        "name": [f"{RANDOM.choice(FIRST)} {RANDOM.choice(LAST)}" for _ in range(300)],
        "email": [f"{RANDOM.choice(FIRST)}.{RANDOM.choice(LAST)}@firma.at".lower() for _ in range(300)],
        "username": [f"{RANDOM.choice(FIRST)}_{RANDOM.choice(LAST)}".lower() for _ in range(300)],
    }
    return {
        personal: fit_regenerator(pl.Series(values), ColumnSchema(name=personal, kind="personal", personal=personal), Stream(1))
        for personal, values in sources.items()
    }


def test_the_columns_of_a_row_speak_of_one_person() -> None:
    stream = Stream(2)
    made = {name: regenerator.make(ROWS, stream.child(name)) for name, regenerator in person_columns().items()}
    first, last = (plain_letters(made["name"].str.split(" ").list.get(place)) for place in (0, -1))
    assert (plain_letters(made["first_name"]) == first).all()
    assert made["email"].str.starts_with(first + "." + last + "@").all()
    assert (made["username"] == first + "_" + last).all()


@pytest.mark.parametrize("personal", ["first_name", "name", "email", "username"])
def test_another_seed_makes_other_persons(personal: str) -> None:
    regenerator = person_columns()[personal]
    one, two = (regenerator.make(ROWS, Stream(seed).child(personal)) for seed in (2, 3))
    assert (one == two).mean() < 0.1


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Braund, Mr. Owen Harris", "{last}, Mr. {first} {first}"),
        ("Cumings, Mrs. John (Florence Thayer)", "{last}, Mrs. {first} ({first} {first})"),
        ("Anna Müller", "{first} {last}"),
        ("J. Smith", "{initial}. {last}"),
        ("Dr. Anna Müller", "Dr. {first} {last}"),
    ],
)
def test_the_shape_of_a_name(name: str, shape: str) -> None:
    assert shape_of(name) == shape


@pytest.mark.data
def test_titanic_names_keep_their_shape_and_titles_agree() -> None:
    source = real_frame("tabular/titanic/titanic.parquet")["Name"]
    made = fit_regenerator(source, infer_column(source), Stream(1)).make(ROWS, Stream(2))
    assert made.str.contains(", Mr. ").mean() == pytest.approx(source.str.contains(", Mr. ").mean(), abs=0.05)
    assert made.is_in(source.implode()).mean() < 0.01
