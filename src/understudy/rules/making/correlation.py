"""Columns drawn together: their random bits are those of a Gaussian or t copula (Sklar 1959; Demarta, McNeil 2005, "The t copula")."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from understudy.data.keyed import Words
from understudy.rules.cells import Cells
from understudy.rules.inverse import Continuous, Floats, inverse_of
from understudy.rules.law import Law
from understudy.rules.making.maker import CopulaMember
from understudy.rules.spec import Correlation


class Copula:
    """The joint law of a group's ranks."""

    def __init__(self, group: Correlation, number: int) -> None:
        self._group, self._number = group, number
        # Libraries factor differently in the last bits: rounded, the factor is the same everywhere.
        self._factor: NDArray[np.float64] = np.round(np.linalg.cholesky(np.array(group.matrix)) * 2.0**30) / 2.0**30

    @cached_property
    def _normal(self) -> Continuous:
        return _table("norm", {})

    @cached_property
    def _margin(self) -> Continuous:
        return self._normal if self._group.family == "gaussian" else _table("t", {"df": self._group.df})

    @cached_property
    def _chi_square(self) -> Continuous:
        return _table("chi2", {"df": self._group.df})

    def words(self, cells: Cells) -> list[Words]:
        """Random bits for each column of the group."""
        found: list[Words] = cells.keep(("copula", self._number), lambda: self._words(cells))
        return found

    def _words(self, cells: Cells) -> list[Words]:
        free = [self._normal.at(cells.words(name, "copula")) for name in self._group.columns]
        stretch: Floats | float = 1.0
        if self._group.family == "t":
            stretch = np.sqrt(self._group.df / self._chi_square.at(cells.words("", "copula", self._number)))
        words = []
        for row in self._factor:
            joint = sum((weight * normal for weight, normal in zip(row, free, strict=True) if weight != 0.0), np.zeros(cells.height))
            shares = self._margin.share_below(joint * stretch)
            words.append(np.minimum(shares * 2.0**53, 2.0**53 - 1).astype(np.uint64) << np.uint64(11))
        return words

    def member(self, position: int) -> CopulaMember:
        return _Member(self, position)


class _Member(CopulaMember):
    def __init__(self, copula: Copula, position: int) -> None:
        self._copula, self._position = copula, position

    def words(self, cells: Cells) -> Words:
        return self._copula.words(cells)[self._position]


def _table(name: str, parameters: dict[str, float]) -> Continuous:
    table = inverse_of(Law(name=name, parameters=parameters))
    assert isinstance(table, Continuous)
    return table
