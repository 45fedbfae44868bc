"""Real and synthetic rows to a size and a ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from understudy.augment.addition import Addition
from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream

Mix: TypeAlias = float | int | Mapping[str, Any]
"""A share of synthetic rows (0.5), a size (20_000), or `{"rows": 20_000, "synthetic": 0.5}`."""

_WORDS = ("rows", "synthetic")


@dataclass(frozen=True)
class Mixing:
    """How many rows of each kind the table is to have."""

    real: int
    synthetic: int

    def addition(self, already: int) -> Addition:
        """What is still to be made, where `already` synthetic rows are there."""
        return Addition(max(0, self.synthetic - already), None, f"mix: {self.real:,} real and {self.synthetic:,} synthetic")

    def kept(self, rows: int, stream: Stream) -> pl.Series:
        """Which of `rows` real rows stay: all, or a random pick where size and ratio leave no room for all."""
        stays = np.ones(rows, np.bool_)
        stays[stream.child("mix").generator().permutation(rows)[self.real :]] = False
        return pl.Series(stays)


def mixing(real_rows: int, asked: Mix) -> Mixing:
    """What `asked` means for a table of `real_rows` rows.

    Raises:
        ArgumentError: no size or ratio, or more real rows are asked for than there are.
    """
    size, share = _parsed(asked)
    if size is None:
        assert share is not None
        return Mixing(real_rows, round(real_rows * share / (1 - share)))
    if share is None:
        if size < real_rows:
            raise ArgumentError(
                f"There are {real_rows:,} real rows already; a table of {size:,} would leave some out.",
                where="mix",
                remedy='Say what share is to be synthetic as well: mix={"rows": ' + str(size) + ', "synthetic": 0.5}.',
            )
        return Mixing(real_rows, size - real_rows)
    real = size - round(size * share)
    if real > real_rows:
        raise ArgumentError(
            f"A table of {size:,} rows, {share:.4g} of them synthetic, needs {real:,} real rows; there are {real_rows:,}.",
            where="mix",
            remedy=f"At this ratio {int(real_rows / (1 - share)):,} rows are possible; or raise the synthetic share.",
        )
    return Mixing(real, size - real)


def _parsed(asked: Mix) -> tuple[int | None, float | None]:
    if isinstance(asked, Mapping):
        for word in asked:
            if word not in _WORDS:
                raise ArgumentError(f'A mix has no "{word}".', where="mix", remedy=did_you_mean(str(word), _WORDS))
        size, share = asked.get("rows"), asked.get("synthetic")
    else:
        size, share = (asked, None) if isinstance(asked, int) else (None, asked)
    if size is None and share is None:
        raise _unclear(asked)
    return (None if size is None else _size(size)), (None if share is None else _share(share))


def _size(size: Any) -> int:
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ArgumentError(f"The size of a mix is a number of rows, not {size!r}.", where="mix", remedy="For example mix=20_000.")
    return size


def _share(share: Any) -> float:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise ArgumentError(
            f"The synthetic share of a mix lies between 0 and 1, not at {share!r}.",
            where="mix",
            remedy="For example mix=0.5: as many synthetic rows as real ones.",
        )
    return float(share)


def _unclear(asked: Any) -> ArgumentError:
    return ArgumentError(
        f"A mix is a share, a size or both, not {asked!r}.",
        where="mix",
        remedy='For example mix=0.5, mix=20_000 or mix={"rows": 20_000, "synthetic": 0.5}.',
    )
