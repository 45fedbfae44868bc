"""Numbers that offices, banks and networks give out, from ranges that they never give out or keep for examples.

* IBAN: right check digits, country and length; the bank code is random, so the account does not exist but by chance.
* Cards: Luhn-valid, from issuer numbers that card networks and payment services publish for tests.
* IPv4: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737), and 198.18.0.0/15 (RFC 2544) where those do not suffice.
  IPv6: 2001:db8::/32 (RFC 3849).
* National ids: US social security numbers with area 666 and 000, which are never issued (SSA POMS RM 10201.035); UK national insurance
  numbers with prefix QQ (HMRC NIM39110, used for examples); elsewhere random digits of the same form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.checkdigits import CHECKS, characters
from understudy.data.keyed import Rows, integers, key_of, permuted, words
from understudy.data.letters import scattered, texts_of
from understudy.data.people.form import Form, by_form, filled, fixed, joined, masks_of, sampled, shared

_TEST_CARDS = {
    "4": ("424242", "401288", "411111"),
    "5": ("555555", "510510", "520082"),
    "3": ("378282", "371449"),
    "6": ("601111", "601100"),
}


@dataclass
class Iban(Form):
    """IBANs: country, length and the class of every character as in the source."""

    personal: ClassVar[str] = "iban"
    note: ClassVar[str] = "accounts of the same countries with right check digits; they exist only by chance"

    shapes: dict[str, int]

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        return cls(shared(map(_iban_shape, sampled(values))))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        parts: list[tuple[NDArray[np.intp], pl.Series]] = []
        for shape, at in by_form(self.shapes, rows, stream):
            parts.append((at, _solved(filled(shape, rows[at], stream, "account"), "iban")))
        return scattered(parts, len(rows))


def _iban_shape(text: str) -> str:
    text = text.strip()
    rest = re.sub(r"[A-Z]", "A", re.sub(r"\d", "9", text[2:]))
    return fixed(text[:2].upper()) + rest


def _solved(texts: pl.Series, check: str) -> pl.Series:
    """Texts of one shape with their check characters put right; spaces and dashes stay where they are."""
    spaced = [i for i, character in enumerate(texts[0]) if character in " -"]
    bare = texts.str.replace_all(r"[ \-]", "").str.to_uppercase()
    values = CHECKS[check].solve(characters(bare))
    codes = np.where(values > 9, values + 55, values + 48).astype(np.uint32)
    for place in spaced:
        codes = np.insert(codes, place, ord(texts[0][place]), axis=1)
    return texts_of(codes)


@dataclass
class Card(Form):
    """Card numbers: network and length as in the source, issuer numbers of test cards, right check digit."""

    personal: ClassVar[str] = "card"
    note: ClassVar[str] = "numbers with the issuer digits of published test cards and a right check digit"

    shapes: dict[str, int]

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        return cls(shared(text.strip()[0] + re.sub(r"\d", "9", text.strip()) for text in sampled(values)))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        parts: list[tuple[NDArray[np.intp], pl.Series]] = []
        for shape, at in by_form(self.shapes, rows, stream):
            issuers = _TEST_CARDS.get(shape[0], _TEST_CARDS["4"])
            chosen = integers(rows[at], key_of(stream, "issuer"), len(issuers))
            for i, issuer in enumerate(issuers):
                here = at[chosen == i]
                if len(here):
                    parts.append((here, _solved(filled(_card_mask(shape[1:], issuer), rows[here], stream, "card"), "luhn")))
        return scattered(parts, len(rows))


def _card_mask(mask: str, issuer: str) -> str:
    digits, filled_mask = iter(issuer), ""
    for character in mask:
        filled_mask += (fixed(digit) if (digit := next(digits, "")) else "9") if character == "9" else fixed(character)
    return filled_mask


@dataclass
class IpAddress(Form):
    """Addresses from the ranges for documentation."""

    personal: ClassVar[str] = "ip"
    note: ClassVar[str] = "addresses from the ranges kept for documentation (RFC 5737, RFC 3849) and for benchmarks (RFC 2544)"

    version_6: float
    unique: bool

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        texts = sampled(values)
        return cls(sum(":" in text for text in texts) / max(1, len(texts)), unique)

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        forms = {"4": round(1000 * (1 - self.version_6)), "6": round(1000 * self.version_6)}
        parts = [
            (at, _ipv4(rows[at], stream, self.unique) if form == "4" else _ipv6(rows[at], stream))
            for form, at in by_form({form: weight for form, weight in forms.items() if weight}, rows, stream)
        ]
        return scattered(parts, len(rows))


_NETS = ("192.0.2.", "198.51.100.", "203.0.113.")
_BENCHMARK = 2**17


def _ipv4(rows: Rows, stream: Stream, unique: bool) -> pl.Series:
    """Where no address may come twice: the benchmark range and then class E (240.0.0.0/4, never routed), numbered by row."""
    if not unique:
        last = pl.Series(1 + integers(rows, key_of(stream, "host"), 254)).cast(pl.String)
        return joined(pl.Series(_NETS).gather(integers(rows, key_of(stream, "net"), len(_NETS))), last)
    places = np.where(rows < _BENCHMARK, permuted(rows % _BENCHMARK, _BENCHMARK, key_of(stream, "host")), rows)
    base = np.where(rows < _BENCHMARK, 198 * 2**24 + 18 * 2**16, 240 * 2**24)
    address = base + np.where(rows < _BENCHMARK, places, (rows - _BENCHMARK) % 2**28)
    octets = [pl.Series(address >> shift & 255).cast(pl.String) for shift in (24, 16, 8, 0)]
    return joined(octets[0], ".", octets[1], ".", octets[2], ".", octets[3])


def _ipv6(rows: Rows, stream: Stream) -> pl.Series:
    parts: list[pl.Series | str] = ["2001:db8"]
    for group in range(6):
        value = (words(rows, key_of(stream, "group", group)) & np.uint64(0xFFFF)).astype(np.int64)
        parts += [":", pl.Series([f"{number:x}" for number in value.tolist()], dtype=pl.String)]
    return joined(*parts)


@dataclass
class NationalId(Form):
    """National ids of the source's form that are not given out where such numbers are known."""

    personal: ClassVar[str] = "national_id"
    note: ClassVar[str] = "numbers of the same form; never-issued ones for US social security and UK national insurance"

    masks: dict[str, int]

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        return cls(masks_of(values))

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for mask, at in by_form(self.masks, rows, stream):
            made = made.scatter(at, filled(_never_issued(mask), rows[at], stream))
        return made


def _never_issued(mask: str) -> str:
    plain = re.sub(r"[^9Aa]", lambda match: fixed(match[0]), mask)
    if re.fullmatch(r"9{3}-?9{2}-?9{4}", mask):
        return fixed("666") + plain[3:]
    if re.fullmatch(r"AA ?99 ?99 ?99 ?A", mask):
        return fixed("QQ") + plain[2:]
    return plain
