"""`MixedTexts`: the rows that were kept, and real ones among them, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.random import Stream
from understudy.text.generator import Texts
from understudy.text.kept import KeptTexts
from understudy.text.made import MadeRows


class MixedTexts(KeptTexts):
    """Kept rows in their order, real rows at drawn places between them.

    Columns behind theirs: `source` ("synthetic", "real"), `generator` (null for real rows), and `parent`: the number of a row among those
    that were asked for, or in the file of real ones.

    Args:
        real: rows of the data set's columns, and `parent`. share: of all rows that is synthetic. Others: as of `KeptTexts`.
    """

    name: ClassVar[str] = "mixed-texts"

    def __init__(  # as KeptTexts, from other texts
        self, texts: Texts, rows: NDArray[np.int64], seed: int, given: Any = None, remarks: Iterable[str] = (),
        made: MadeRows | None = None, *, real: pl.DataFrame, share: float,
    ) -> None:  # fmt: skip
        super().__init__(texts, rows, seed, given, remarks, made)
        self.real, self.share = real, share
        stream = Stream(seed).child("mix")
        count = min(real_wanted(len(self.rows), share), real.height)
        self._drawn = stream.child("real").generator().permutation(real.height)[:count]
        total = len(self.rows) + count
        self._is_made = np.ones(total, np.bool_)
        self._is_made[stream.child("order").generator().permutation(total)[:count]] = False
        self._before = np.concatenate([[0], np.cumsum(self._is_made)]).astype(np.int64)

    @property
    def height(self) -> int:
        return len(self._is_made)

    @property
    def from_real_data(self) -> bool:
        return True

    @property
    def remarks(self) -> list[str]:
        count = len(self._drawn)
        told = f"{count:,} of the {self.height:,} rows are real ones; the columns source, generator and parent say which."
        return [told, *super().remarks]

    def _most(self, given: Any) -> tuple[int, str] | None:
        return self.height, "so many rows were kept, or are real"

    def _group(self, index: int) -> NDArray[np.int64]:
        first, last = self._ends(index)
        return self.rows[self._before[first] : self._before[last]]

    def _ends(self, index: int) -> tuple[int, int]:
        first, last = (min(place * self.block_size, self.height) for place in (index, index + 1))
        return first, last

    def _complete(self, index: int, frame: pl.DataFrame) -> pl.DataFrame:
        first, last = self._ends(index)
        drawn = self._drawn[first - self._before[first] : last - self._before[last]]
        made = frame.with_columns(
            pl.lit("synthetic").alias("source"),
            pl.lit(self._generator).alias("generator"),
            pl.Series("parent", self._group(index)).cast(pl.String),
        )
        real = self.real[drawn].with_columns(pl.lit("real").alias("source"), pl.lit(None, pl.String).alias("generator"))
        is_made = self._is_made[first:last]
        places = np.empty(len(is_made), np.int64)
        places[is_made] = np.arange(made.height)
        places[~is_made] = made.height + np.arange(real.height)
        return pl.concat([made, real.select(made.columns).cast(made.schema)])[places]

    @property
    def _generator(self) -> str:
        model = self.spec.llm.model if self.spec.way == "llm" and self.spec.llm is not None else ""
        return f"{self.spec.way}: {model}" if model else self.spec.way

    # -- saving

    def _state(self) -> State:
        state = super()._state()
        return State({**state.manifest, "share": self.share}, state.arrays, {**state.tables, "mixed_in": self.real.to_arrow()})

    @classmethod
    def _from_state(cls, state: State) -> Self:
        texts = Texts._from_state(State(state.manifest, {}, state.tables))
        real = pl.DataFrame(pl.from_arrow(state.tables["mixed_in"]))
        given = yaml.safe_load(state.manifest["given"])
        return cls(texts, state.arrays["kept_rows"], state.manifest["seed"], given, real=real, share=state.manifest["share"])


def real_wanted(made: int, share: float) -> int:
    """How many real rows make so many others this share of the whole."""
    return round(made * (1 - share) / share)
