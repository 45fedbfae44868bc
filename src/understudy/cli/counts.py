"""Row counts as people write them: 5000, 5_000, 5k, 2.5M."""

from __future__ import annotations

import re

import typer

_SHAPE = re.compile(r"(\d[\d_,]*)(\.\d+)?\s*([kKmMgGbB]?)")
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "b": 1_000_000_000}


def parse_count(text: str) -> int:
    """A whole number of rows. BadParameter where `text` is none, or not whole."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f'"{text}" is no number of rows. Write 5000, 5_000, 5k or 2.5M.')
    whole, fraction, unit = match.groups()
    digits, decimals = re.sub("[_,]", "", whole), (fraction or ".")[1:]
    scaled: int
    scaled, remainder = divmod(int(digits + decimals) * _TIMES[unit.lower()], 10 ** len(decimals))
    if remainder:
        raise typer.BadParameter(f'"{text}" is no whole number of rows.')
    return scaled
