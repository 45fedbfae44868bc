"""Identifiers: of the source's form, never twice, never a real one, the same for a row in any block."""

from __future__ import annotations

import json
import uuid

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.core.errors import ArtifactError
from understudy.core.random import Stream
from understudy.data.checkdigits import CHECKS
from understudy.data.infer import infer_column
from understudy.data.keyed import key_of, permuted
from understudy.data.regenerator import Regenerator, fit_regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema

RNG = np.random.default_rng(0)
ROWS = np.arange(30_000)


def with_luhn(body: str) -> str:
    return next(body + digit for digit in "0123456789" if CHECKS["luhn"].holds(pl.Series([body + digit]))[0])


def coded(n: int) -> list[str]:
    return [
        f"{a:04d}-{''.join(chr(65 + c) for c in cs)}" for a, cs in zip(RNG.integers(0, 10_000, n), RNG.integers(0, 26, (n, 5)), strict=True)
    ]


SOURCES = {
    "sequence": (pl.Series("id", np.arange(100_000, 100_400)), r"\d{6}"),
    "padded": (pl.Series("id", [f"{i:05d}" for i in range(500)]), r"\d{5}"),
    "prefixed": (pl.Series("id", [f"{'MLH'[i % 3]}{14_000 + i}" for i in range(900)]), r"[MLH]\d{5}"),
    "coded": (pl.Series("customerID", coded(2000)), r"\d{4}-[A-Z]{5}"),
    "uuid": (
        pl.Series("key", [str(uuid.UUID(bytes=RNG.bytes(16), version=4)) for _ in range(500)]),
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ),
    "hex": (pl.Series("id", [f"{v:08x}-{i:04d}" for i, v in enumerate(RNG.integers(0, 2**32, 400))]), r"[0-9a-f]{8}-\d{4}"),
    "numbers": (pl.Series("encounter_id", RNG.choice(10**8, 3000, replace=False) + 10**7), r"\d{8,9}"),
    "luhn": (pl.Series("member_id", [with_luhn(f"{v:011d}") for v in RNG.integers(10**10, 10**11, 60)]), r"\d{12}"),
    "long": (pl.Series("id", RNG.integers(10**18, 9 * 10**18, 300)), r"\d{19}"),
}


def fitted(name: str) -> tuple[Regenerator, pl.Series]:
    source = SOURCES[name][0]
    column = infer_column(source)
    assert column.kind == "identifier", column.reason
    return fit_regenerator(source, column, Stream(1).child(source.name)), source


@pytest.mark.parametrize("name", SOURCES)
def test_identifiers_are_of_the_form_never_twice_and_never_real(name: str) -> None:
    regenerator, source = fitted(name)
    made = regenerator.make(ROWS, Stream(5))
    assert made.dtype == source.dtype
    assert made.null_count() == 0
    assert made.n_unique() == len(ROWS)
    assert not made.is_in(source.implode()).any()
    assert made.cast(pl.String).str.contains(f"^{SOURCES[name][1]}$").mean() > 0.98


@pytest.mark.parametrize("name", SOURCES)
def test_a_row_has_the_same_identifier_in_any_block_and_after_loading(name: str) -> None:
    regenerator, _ = fitted(name)
    again = regenerator_from_dict(json.loads(json.dumps(regenerator.to_dict())))
    whole = regenerator.make(ROWS, Stream(5))
    some = ROWS[::-7].copy()
    assert again.make(some, Stream(5)).equals(whole.gather(some))


def test_seeds_give_different_identifiers() -> None:
    regenerator, _ = fitted("coded")
    assert not regenerator.make(ROWS, Stream(1)).equals(regenerator.make(ROWS, Stream(2)))


@pytest.mark.parametrize("name", ["coded", "uuid", "luhn", "numbers"])
def test_the_state_holds_no_real_identifier(name: str) -> None:
    regenerator, source = fitted(name)
    state = json.dumps(regenerator.to_dict())
    assert not any(str(value) in state for value in source)


def test_check_digits_are_kept() -> None:
    regenerator, _ = fitted("luhn")
    assert CHECKS["luhn"].holds(regenerator.make(ROWS, Stream(3))).all()


def test_a_full_language_is_widened_and_the_note_says_so() -> None:
    source = pl.Series("id", [f"{a}{b}{c}" for a in "ABCDEFGH" for b in "ABCDEFGH" for c in "XYZ"])
    regenerator = fit_regenerator(source, ColumnSchema(name="id", kind="identifier", unique=True), Stream(1))
    made = regenerator.make(ROWS, Stream(2))
    assert made.n_unique() == len(ROWS)
    assert not made.is_in(source.implode()).any()
    assert "more digits" in regenerator.notes[0]


def test_identifiers_that_repeat_repeat_as_often() -> None:
    counts = RNG.geometric(0.4, 3000)
    ids = RNG.choice(10**9, 3000, replace=False) + 10**8
    source = pl.Series("patient_nbr", RNG.permutation(np.repeat(ids, counts)))
    regenerator = fit_regenerator(source, ColumnSchema(name="patient_nbr", kind="identifier", unique=False, dtype="Int64"), Stream(1))
    made = regenerator.make(np.arange(len(source) * 4), Stream(2))
    assert not made.is_in(source.implode()).any()
    for size in (1, 2, 3):
        real = (source.value_counts()["count"] == size).mean()
        assert (made.value_counts()["count"] == size).mean() == pytest.approx(real, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000), st.integers(0, 2**62))
def test_a_keyed_permutation_is_one(size: int, seed: int) -> None:
    places = permuted(np.arange(size), size, key_of(Stream(seed), "x"))
    assert sorted(places.tolist()) == list(range(size))


def test_a_permutation_of_a_huge_domain_stays_inside_without_repeats() -> None:
    places = permuted(np.arange(100_000), 2**62, key_of(Stream(0), "x"))
    assert len(np.unique(places)) == 100_000
    assert places.min() >= 0
    assert places.max() < 2**62


def test_a_column_type_too_narrow_for_more_identifiers_is_told() -> None:
    source = pl.Series("id", np.arange(100, dtype=np.int8))
    regenerator = fit_regenerator(source, infer_column(source), Stream(1))
    with pytest.raises(Exception, match="Int8"):
        regenerator.make(np.arange(1000), Stream(1))


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ArtifactError, match="evil"):
        regenerator_from_dict({"tag": "evil"})
