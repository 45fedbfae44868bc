"""E-mail addresses, user names, telephone numbers and web addresses that reach nobody.

Domains: example.com, example.org and example.net are reserved for documentation (RFC 2606, section 3). Telephone numbers: where a country
sets numbers aside for fiction they come from there (North America 555-0100 to 555-0199, ATIS-0300115; United Kingdom 07700 900000 to
900999 and 020 7946 0000 to 0999, Ofcom; France 06 39 98, ARCEP; Australia 0491 570 and 1800 975, ACMA); elsewhere the digits after the
country and area code are random, and may be someone's by chance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import polars as pl

from understudy.core.random import Stream
from understudy.data.keyed import Rows, integers, key_of
from understudy.data.people.form import Form, by_form, filled, fixed, joined, sampled, shared
from understudy.data.people.names import Persons, languages_of, plain_letters

# The calling codes of one and two digits (ITU-T E.164 list); all others have three.
_COUNTRY_CODE = re.compile(r"\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})")
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass
class _Account(Form):
    """What e-mail addresses and user names share: a local part made of a person's name. Shapes: first.last, flast9, first_9 …"""

    shapes: dict[str, int]
    languages: dict[str, float]
    unique: bool

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        local = [text.strip().split("@")[0] for text in sampled(values)]
        return cls(shared(map(_local_shape, local), most=12), languages_of(local), unique)

    def local(self, rows: Rows, stream: Stream) -> pl.Series:
        persons = Persons.of(rows, self.languages, stream)
        first, last = plain_letters(persons.first()), plain_letters(persons.last())
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for shape, places in by_form(self.shapes, rows, stream):
            pieces = _pieces(shape, first.gather(places), last.gather(places), rows[places], stream)
            made = made.scatter(places, joined(*pieces))
        # The row number makes each address the only one of its kind; in base 36 it stays short.
        return joined(made, _base36(rows)) if self.unique else made


def _local_shape(local: str) -> str:
    """The shape of a local part: which name parts, with which mark between them, and how many digits at the end."""
    match = re.fullmatch(r"([^\W\d_]+)([._-]?)([^\W\d_]*)([._-]?)(\d*)", local)
    if match is None:
        return "first.last"
    one, mark, two, mark_2, digits = match.groups()
    if two:
        names = f"{'f' if len(one) == 1 else 'first'}{mark}last"
    else:
        names = "first" if len(one) <= 6 else "firstlast"
    return f"{names}{mark_2 if digits else ''}{'9' * min(4, len(digits))}"


def _pieces(shape: str, first: pl.Series, last: pl.Series, rows: Rows, stream: Stream) -> list[pl.Series | str]:
    found: list[pl.Series | str] = []
    for piece in re.findall(r"first|last|f|9+|[._-]", shape):
        if piece[0] == "9":
            found.append(filled("8" + piece[1:], rows, stream, "digits"))
        else:
            found.append({"first": first, "last": last, "f": first.str.slice(0, 1)}.get(piece, piece))
    return found


def _base36(rows: Rows) -> pl.Series:
    digits = np.array(list("0123456789abcdefghijklmnopqrstuvwxyz"))
    left, text = rows.copy(), np.full(len(rows), "", dtype="U1")
    while True:
        text = np.char.add(digits[left % 36], text)
        left //= 36
        if not left.any():
            break
    return pl.Series(text.tolist(), dtype=pl.String).str.strip_chars_start("0")


@dataclass
class Email(_Account):
    """E-mail addresses at the reserved domains."""

    personal: ClassVar[str] = "email"
    note: ClassVar[str] = "addresses at example.com, .org and .net, which are reserved and reach nobody (RFC 2606)"

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        domains = pl.Series(_DOMAINS).gather(integers(rows, key_of(stream, "domain"), len(_DOMAINS)))
        return joined(self.local(rows, stream), "@", domains)


@dataclass
class Username(_Account):
    """User names."""

    personal: ClassVar[str] = "username"
    note: ClassVar[str] = "user names made of common names"

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        return self.local(rows, stream)


@dataclass
class Phone(Form):
    """Telephone numbers. Masks keep marks, country code and length: "+1 (999) 999-9999"."""

    personal: ClassVar[str] = "phone"
    note: ClassVar[str] = "numbers of the same form, from the ranges set aside for fiction where the country has one"

    masks: dict[str, int]
    codes: dict[str, int]

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        texts = [text.strip() for text in sampled(values)]
        found = [match[1] for text in texts if (match := _COUNTRY_CODE.match(text))]
        codes = shared(found, most=60) if found else {}
        return cls(shared(re.sub(r"\d", "9", text) for text in texts), codes)

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for mask, places in by_form(self.masks, rows, stream):
            made = made.scatter(places, self._in_mask(mask, rows[places], stream))
        return made

    def _in_mask(self, mask: str, rows: Rows, stream: Stream) -> pl.Series:
        if not self.codes or not mask.startswith("+"):
            return _numbered(mask, "", rows, stream)
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for code, places in by_form(self.codes, rows, stream.child("code")):
            made = made.scatter(places, _numbered(mask, code, rows[places], stream))
        return made


def _numbered(mask: str, code: str, rows: Rows, stream: Stream) -> pl.Series:
    """Numbers in a mask: the country code, then a fictional national number of the length that is left."""
    digits = mask.count("9") - len(code)
    national = _fictional(code, digits)
    pattern = fixed(code) + national
    symbols = re.findall(r"\\.|.", pattern)
    filled_mask, next_symbol = "", iter(symbols)
    for character in mask:
        filled_mask += next(next_symbol, "9") if character == "9" else fixed(character)
    return filled(filled_mask, rows, stream, "number")


def _fictional(code: str, digits: int) -> str:
    """The digits of a national number as a mask."""
    if code in ("1", "") and digits == 10:
        return "8" + "99" + fixed("55501") + "99"
    if code == "" and digits == 11:
        return fixed("07700900") + "999"
    if code == "" and digits == 7:
        return fixed("55501") + "99"
    if code == "44" and digits == 10:
        return fixed("7700900") + "999"
    if code == "33" and digits == 9:
        return fixed("63998") + "9999"
    if code == "61" and digits == 9:
        return fixed("491570") + "999"
    return "8" + "9" * max(0, digits - 1)


@dataclass
class Url(Form):
    """Web addresses at reserved domains, with as many steps in the path as the source's."""

    personal: ClassVar[str] = "url"
    note: ClassVar[str] = "addresses at example.com, .org and .net (RFC 2606)"

    shapes: dict[str, int]
    unique: bool

    @classmethod
    def fit(cls, values: pl.Series, *, unique: bool) -> Self:
        return cls(shared(map(_url_shape, sampled(values))), unique)

    def make(self, rows: Rows, stream: Stream) -> pl.Series:
        made = pl.Series([""], dtype=pl.String).new_from_index(0, len(rows))
        for shape, places in by_form(self.shapes, rows, stream):
            scheme, host, steps = shape.split("|")
            here = rows[places]
            domains = pl.Series(_DOMAINS).gather(integers(here, key_of(stream, "domain"), len(_DOMAINS)))
            parts: list[pl.Series | str] = [scheme, host, domains]
            for step in range(int(steps)):
                parts += ["/", filled("aaaaaaaa", here, stream, "step", step)]
            made = made.scatter(places, joined(*parts))
        return joined(made, "?n=", pl.Series(rows).cast(pl.String)) if self.unique else made


def _url_shape(url: str) -> str:
    match = re.match(r"(?:(https?|ftp)://)?(www\.)?[^/?#]*((?:/[^/?#]*)*)", url.strip())
    scheme, www, path = match.groups() if match else (None, None, "")
    steps = min(6, len([step for step in (path or "").split("/") if step]))
    return f"{scheme + '://' if scheme else ''}|{www or ''}|{steps}"
