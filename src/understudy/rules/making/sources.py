"""Columns of other data: a frame's rows, in order or drawn, and the rows of a fitted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from understudy.data.keyed import Rows
from understudy.rules.cells import Cells
from understudy.rules.making.choices import Pool, kind_of
from understudy.rules.making.maker import Maker, Place
from understudy.rules.making.times import scaled

if TYPE_CHECKING:
    from understudy.core.generator import Generator


class FrameMaker(Maker):
    """A column of a frame. drawn: rows by chance, the same for all columns of the frame; else in order, from the top again at the end."""

    def __init__(self, place: Place, frame: str, values: pl.Series, *, drawn: bool) -> None:
        super().__init__(place)
        self._frame, self._drawn, self._size = frame, drawn, len(values)
        self._pool = Pool.of(values)
        self.kind = self._pool.kind

    def make(self, cells: Cells) -> pl.Series:
        return self._pool.take(cells.keep(("frame", self._frame, self._drawn), lambda: self._rows(cells)))

    def _rows(self, cells: Cells) -> Rows:
        return scaled(cells.words("", "frame", self._frame), self._size) if self._drawn else cells.rows % self._size


class ModelMaker(Maker):
    """A column of a model's data set: row i of the table has its row i."""

    def __init__(self, place: Place, name: str, model: Generator, column: str, dtype: pl.DataType) -> None:
        super().__init__(place)
        self._name, self._model, self._column = name, model, column
        self.kind = kind_of(dtype)

    def make(self, cells: Cells) -> pl.Series:
        frame: pl.DataFrame = cells.keep(("model", self._name), lambda: self._rows(cells))
        return pl.Series(frame[self._column])

    def _rows(self, cells: Cells) -> pl.DataFrame:
        size = self._model.block_size
        blocks, at = np.unique(cells.rows // size, return_inverse=True)
        seed = int(cells.world.key(self.place.table, "", "model", self._name) >> np.uint64(1))
        made = (
            pl.concat([self._model.block(int(block), seed=seed) for block in blocks])
            if len(blocks)
            else self._model.block(0, seed=seed).head(0)
        )
        return pl.DataFrame(made[at * size + cells.rows % size])
