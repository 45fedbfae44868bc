"""Check digits, over whole columns: Luhn (ISO/IEC 7812-1), IBAN (ISO 13616, modulo 97), EAN-13/EAN-8/UPC (GS1), ISBN-10 (ISO 2108).

Each check tells which texts keep it (`holds`) and completes texts whose check characters are left open (`complete`), on arrays of
characters: one row a text of one length, spaces and dashes taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Digits = NDArray[np.int64]


@dataclass(frozen=True)
class CheckDigit:
    """A check: `remainder` is zero where a text keeps it; `open` are the positions (from the left) of the check characters."""

    name: str
    pattern: str
    remainder: Callable[[Digits], Digits]
    solve: Callable[[Digits], Digits]

    def holds(self, texts: pl.Series) -> pl.Series:
        """Which texts have the check's form and keep it (bool per text; null stays null)."""
        bare = texts.cast(pl.String).str.replace_all(r"[ \-]", "").str.to_uppercase()
        kept = np.zeros(len(bare), dtype=bool)
        lengths = bare.str.len_chars().fill_null(0).to_numpy()
        formed = bare.str.contains(f"^(?:{self.pattern})$").fill_null(False).to_numpy()
        for length in np.unique(lengths[formed]):
            rows = np.flatnonzero(formed & (lengths == length))
            kept[rows] = self.remainder(characters(bare.gather(rows))) == 0
        return pl.Series(texts.name, kept).set(texts.is_null(), None)


def characters(texts: pl.Series) -> Digits:
    """Texts of one length as values of their characters, (n, length): digits 0–9, letters A–Z 10–35."""
    raw = np.frombuffer("".join(texts.to_list()).encode("ascii"), dtype=np.uint8).reshape(len(texts), -1).astype(np.int64)
    return np.where(raw >= 65, raw - 55, raw - 48)


def _luhn(digits: Digits) -> Digits:
    total = digits[:, ::-1].copy()
    total[:, 1::2] *= 2
    total[:, 1::2] -= 9 * (total[:, 1::2] > 9)
    return np.asarray(total.sum(axis=1) % 10)


def _ean(digits: Digits) -> Digits:
    weights = np.where(np.arange(digits.shape[1])[::-1] % 2 == 0, 1, 3)
    return np.asarray((digits * weights).sum(axis=1) % 10)


def _isbn10(values: Digits) -> Digits:
    digits = values.copy()
    digits[:, -1] = np.where(digits[:, -1] == 33, 10, digits[:, -1])
    return np.asarray((digits * np.arange(10, 0, -1)).sum(axis=1) % 11)


def _iban(values: Digits) -> Digits:
    return (_modulo_97(np.concatenate([values[:, 4:], values[:, :4]], axis=1)) - 1) % 97


def _modulo_97(values: Digits) -> Digits:
    remainder = np.zeros(len(values), dtype=np.int64)
    for column in values.T:
        remainder = (remainder * np.where(column > 9, 100, 10) + column) % 97
    return remainder


def _last_ten(remainder: Callable[[Digits], Digits]) -> Callable[[Digits], Digits]:
    def solve(values: Digits) -> Digits:
        solved = values.copy()
        solved[:, -1] = 0
        solved[:, -1] = -remainder(solved) % 10
        return solved

    return solve


def _solve_isbn10(values: Digits) -> Digits:
    solved = values.copy()
    solved[:, -1] = 0
    last = -_isbn10(solved) % 11
    solved[:, -1] = np.where(last == 10, 33, last)
    return solved


def _solve_iban(values: Digits) -> Digits:
    solved = values.copy()
    solved[:, 2:4] = 0
    check = 98 - _modulo_97(np.concatenate([solved[:, 4:], solved[:, :4]], axis=1))
    solved[:, 2], solved[:, 3] = check // 10, check % 10
    return solved


CHECKS: dict[str, CheckDigit] = {
    "iban": CheckDigit("iban", r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", _iban, _solve_iban),
    "isbn10": CheckDigit("isbn10", r"\d{9}[\dX]", _isbn10, _solve_isbn10),
    "ean": CheckDigit("ean", r"\d{8}|\d{12,14}", _ean, _last_ten(_ean)),
    "luhn": CheckDigit("luhn", r"\d{8,19}", _luhn, _last_ten(_luhn)),
}


def check_of(texts: pl.Series) -> str | None:
    """The check that all the texts keep, where there are enough of them (20) for that not to be chance."""
    if len(texts) < 20:
        return None
    return next((name for name, check in CHECKS.items() if check.holds(texts).all()), None)
