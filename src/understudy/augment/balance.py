"""Classes to equal or given shares: how many rows each cell needs, real rows untouched.

With shares p and counts c the smallest table that keeps every real row has max(c / p) rows; each cell is filled up to its share of
that. Shares asked of several columns are margins of one joint table: it is the one nearest to the real cells that has them
(iterative proportional fitting; Deming and Stephan 1940).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.augment.addition import Addition
from understudy.augment.cells import Cell, cells_of, holding, require_classes
from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.data.table import Table

Floats: TypeAlias = NDArray[np.float64]
Balance: TypeAlias = str | Sequence[str] | Mapping[str, Any]
"""`"churn"`, `["churn", "plan"]` (every combination alike), or `{"churn": {"Yes": .4}, "plan": "equal"}`."""

MOST_TIMES = 100
_ROUNDS = 1_000
_NEAR = 1e-3


@dataclass(frozen=True)
class Balancing:
    """The cells, the rows that each must have in the end, and the real rows that are left out (only where that was asked for)."""

    cells: list[Cell]
    targets: list[int]
    drop: bool

    @property
    def additions(self) -> list[Addition]:
        short = [(cell, target - cell.rows) for cell, target in zip(self.cells, self.targets, strict=True) if target > cell.rows]
        return [Addition(rows, dict(cell.values), f"balance: {cell}") for cell, rows in short]

    def kept(self, frame: pl.DataFrame, stream: Stream) -> pl.Series:
        """Which real rows stay: all, unless those of too common cells were to be dropped; then a random pick of them."""
        stays = pl.Series([True]).new_from_index(0, frame.height).to_numpy().copy()
        for number, (cell, target) in enumerate(zip(self.cells, self.targets, strict=True)):
            if self.drop and target < cell.rows:
                rows = np.flatnonzero(holding(frame, cell.values).to_numpy())
                order = stream.child("drop", number).generator().permutation(rows)
                stays[order[target:]] = False
        return pl.Series(stays)


def balancing(real: Table, asked: Balance, *, drop: bool = False) -> Balancing:
    """What `asked` means for this table.

    Raises:
        ArgumentError, DataError: unknown columns or values, shares that do not add up or cannot be met by cells that occur.
    """
    wanted = _parsed(asked)
    require_classes(real, list(wanted), "balance")
    cells = cells_of(real.frame, list(wanted))
    shares = np.full(len(cells), 1 / len(cells)) if not isinstance(asked, Mapping) else _joint(cells, wanted)
    counts = np.array([cell.rows for cell in cells], np.float64)
    _require_possible(cells, shares, drop)
    total = counts.sum() if drop else (counts / np.where(shares > 0, shares, np.nan)).max()
    targets = np.round(shares * total).astype(int)
    if targets.sum() > MOST_TIMES * max(counts.sum(), 1):
        raise ArgumentError(
            f"To reach these shares without dropping a real row, the table would grow to {targets.sum():,} rows.",
            where="balance",
            remedy="Ask for milder shares, or let real rows of the common classes be left out: drop=True.",
        )
    return Balancing(cells, [int(target) for target in targets], drop)


def _parsed(asked: Balance) -> dict[str, Any]:
    """By column, "equal" or shares by value."""
    if isinstance(asked, str):
        return {asked: "equal"}
    if isinstance(asked, Mapping):
        return dict(asked)
    if isinstance(asked, Sequence):
        repeated = [column for column in asked if list(asked).count(column) > 1]
        if repeated:
            raise ArgumentError(f'The column "{repeated[0]}" is named twice.', where="balance", remedy="Name it once.")
        return dict.fromkeys(asked, "equal")
    raise ArgumentError(
        f"A balance is a column, a list of columns or shares by column, not {asked!r}.",
        where="balance",
        remedy='For example balance="churn" or balance={"churn": {"Yes": 0.4}}.',
    )


def _joint(cells: list[Cell], wanted: Mapping[str, Any]) -> Floats:
    """The cells' shares with the margins that were asked for."""
    margins = [_margin(cells, column, shares) for column, shares in wanted.items()]
    joint = np.array([cell.rows for cell in cells], np.float64)
    joint /= joint.sum()
    for _ in range(_ROUNDS):
        for codes, shares in margins:
            now = np.bincount(codes, joint, minlength=len(shares))
            joint *= np.divide(shares, now, out=np.zeros_like(shares), where=now > 0)[codes]
        if max(_error(joint, codes, shares) for codes, shares in margins) < 1e-9:
            break
    if max(_error(joint, codes, shares) for codes, shares in margins) > _NEAR:
        raise ArgumentError(
            "These shares cannot all be met by the combinations of values that occur.",
            where="balance",
            remedy="Ask for shares of fewer columns, or milder ones.",
        )
    return joint


def _error(joint: Floats, codes: NDArray[np.int64], shares: Floats) -> float:
    return float(np.abs(np.bincount(codes, joint, minlength=len(shares)) - shares).max())


def _margin(cells: list[Cell], column: str, asked: Any) -> tuple[NDArray[np.int64], Floats]:
    """Each cell's value of the column as a number, and the share of each value."""
    levels = list(dict.fromkeys(cell.values[column] for cell in cells))
    codes = np.array([levels.index(cell.values[column]) for cell in cells], np.int64)
    natural = np.bincount(codes, [cell.rows for cell in cells], minlength=len(levels))
    return codes, _shares(column, levels, natural / natural.sum(), asked)


def _shares(column: str, levels: list[Any], natural: Floats, asked: Any) -> Floats:
    if asked == "equal":
        return np.full(len(levels), 1 / len(levels))
    if not isinstance(asked, Mapping) or not asked:
        raise ArgumentError(
            f'The shares of "{column}" are "equal" or a share for each value, not {asked!r}.',
            where="balance",
            remedy='For example balance={"' + column + '": {"' + str(levels[-1]) + '": 0.4}}.',
        )
    shares = np.full(len(levels), np.nan)
    for value, share in asked.items():
        shares[_place(column, levels, value)] = _share(column, value, share)
    free, left = np.isnan(shares), 1 - np.nansum(shares)
    if left < -1e-9 or (not free.any() and left > 1e-6):
        raise ArgumentError(
            f'The shares of "{column}" add up to {1 - left:.4g}, not to 1.',
            where="balance",
            remedy="Leave one value out: it gets the rest.",
        )
    shares[free] = max(left, 0.0) * natural[free] / natural[free].sum() if free.any() else shares[free]
    return shares


def _place(column: str, levels: list[Any], value: Any) -> int:
    texts = [str(level) for level in levels]
    if value in levels:
        return levels.index(value)
    if str(value) in texts:
        return texts.index(str(value))
    raise ArgumentError(f'The column "{column}" never holds {value!r}.', where="balance", remedy=did_you_mean(str(value), texts))


def _share(column: str, value: Any, share: Any) -> float:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ArgumentError(f"The share of {column}={value} must be a number from 0 to 1, not {share!r}.", where="balance")
    return float(share)


def _require_possible(cells: list[Cell], shares: Floats, drop: bool) -> None:
    for cell, share in zip(cells, shares, strict=True):
        if share <= 0 and not drop:
            raise ArgumentError(
                f"{cell} has {cell.rows:,} real rows and no share is left for it.",
                where="balance",
                remedy="Leave it a share, or let real rows be left out: drop=True.",
            )
