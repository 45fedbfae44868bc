"""What a way is: rows in, the task's outputs out. To add one, subclass in a file of its own and name it in `ways/__init__.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.text.spec.attributes import Attributes
from understudy.text.spec.text_spec import TextSpec

if TYPE_CHECKING:
    from understudy.core.progress import ProgressLike


class Way(ABC):
    """Makes texts of rows.

    Attributes:
        name: as in the spec.
        can_fail: it may leave a row without a text; a column `problem` then says why. Else a record that is not true is an error.
        one_process: only the process that has it can make its rows, as where a file or a limit is its own.
        block_size: rows that are made together.
    """

    name: ClassVar[str]
    can_fail: ClassVar[bool] = False
    one_process: ClassVar[bool] = False
    block_size: int = 1024

    @classmethod
    @abstractmethod
    def of(cls, spec: TextSpec, rows: Attributes, folder: Path, kept: Mapping[str, pl.DataFrame]) -> Self:
        """The way that a spec's section describes. kept: what `keep` of a saved one gave.

        Raises:
            Contradiction, UnderstudyError: what the section says cannot be; before any work.
        """

    @abstractmethod
    def write(self, rows: pl.DataFrame, numbers: NDArray[np.int64], rng: Stream) -> pl.DataFrame:
        """The task's outputs, one row each (and `problem`, where it can fail).

        rows: columns of the spec, hidden ones too. numbers: of the rows in the data set. rng: of the data set. What comes out depends on
        (way, rows, numbers, rng) only; where it can, each row on its own values and number only.
        """

    def write_many(
        self, blocks: Iterable[tuple[pl.DataFrame, NDArray[np.int64]]], rng: Stream, progress: ProgressLike = None
    ) -> Iterator[pl.DataFrame]:
        """Several blocks in order, where they are sooner made together. progress: hears more than how many rows there are."""
        return (self.write(rows, numbers, rng) for rows, numbers in blocks)

    def needs(self) -> list[str]:
        """What it needs to work, in words: an endpoint, weights, real texts."""
        return []

    def says(self) -> list[str]:
        """What is won or lost by this way, in words."""
        return []

    def notes(self) -> list[str]:
        """What was seen while rows were made, for whoever has them made."""
        return []

    def keep(self) -> dict[str, pl.DataFrame]:
        """What a saved generator must bring along, by name."""
        return {}

    @property
    def from_real_data(self) -> bool:
        """Whether it holds what was learned from real texts."""
        return False
