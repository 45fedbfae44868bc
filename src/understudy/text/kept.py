"""`KeptTexts`: those rows of texts that were found good, as a data set of their own."""

from __future__ import annotations

from collections.abc import Generator as Generating
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.errors import ArgumentError
from understudy.core.generator import Generator
from understudy.core.progress import Progress, Silent
from understudy.core.random import Stream
from understudy.text.generator import Texts
from understudy.text.made import MadeRows
from understudy.text.place import HIDDEN, journal_beside
from understudy.text.spec.attributes import Conditions
from understudy.text.spec.language_model import NOWHERE, OF_THE_RUN
from understudy.text.spec.sections import without
from understudy.text.spec.text_spec import TextSpec

PROBLEM = "problem"


class KeptTexts(Texts):
    """Rows of `Texts` by their numbers, in order, without the column `problem`, which would be empty. Nobody is asked for them.

    They were chosen among the rows of one seed and one condition: for others the numbers mean nothing, and are refused.

    Args:
        texts: all rows. rows: the numbers of those that are kept, rising. seed, given: under which they were chosen.
        remarks: what a reader of the data must know of the choice.
        made: where the rows lie; without it they are made again.
    """

    name: ClassVar[str] = "kept-texts"

    def __init__(  # takes no spec, but texts
        self,
        texts: Texts,
        rows: NDArray[np.int64],
        seed: int,
        given: Any = None,
        remarks: Iterable[str] = (),
        made: MadeRows | None = None,
    ) -> None:
        self.__dict__.update(texts.__dict__)
        self.rows, self._seed, self._given, self._told = np.asarray(rows, np.int64), seed, given, list(remarks)
        self._made = made

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def seed(self) -> int:
        return self._seed

    @property
    def remarks(self) -> list[str]:
        return [*self.says(), *self._told]

    def write(self, n: int, path: Any, **options: Any) -> Any:
        return Generator.write(self, n, path, **options)

    def _prepare(self, given: Any) -> Conditions:
        if given is not None and given != self._given:
            raise ArgumentError("These rows were chosen under other conditions.", where="given", remedy="Leave `given` out.")
        return super()._prepare(self._given)

    def _most(self, given: Any) -> tuple[int, str] | None:
        return len(self.rows), "so many rows were kept"

    def _block(self, index: int, size: int, rng: Stream, given: Conditions) -> pl.DataFrame:
        frame: pl.DataFrame = next(self._blocks([index], None, rng, given, Silent()))
        return frame

    def _blocks(
        self, indices: Iterable[int], stop: int | None, stream: Stream, prepared: Conditions, listener: Progress
    ) -> Generating[pl.DataFrame, None, None]:
        """All source blocks that are needed, once each and together."""
        size, wanted = self.block_size, list(indices)
        groups = [self._group(index) for index in wanted]
        sources = sorted({int(block) for group in groups for block in np.unique(group // size)}) or [0]
        made = self._sources(sources, stream, prepared, listener)
        held: dict[int, pl.DataFrame] = {}
        for index, group in zip(wanted, groups, strict=True):
            needed = np.unique(group // size).tolist() or [max(held, default=sources[0])]
            for block in [block for block in held if block < needed[0]]:
                del held[block]
            while not held or max(held) < needed[-1]:
                block, frame = next(made)
                held[block] = frame
            yield self._complete(index, pl.concat([self._picked(held[block], block, group) for block in needed]))

    def _group(self, index: int) -> NDArray[np.int64]:
        """The numbers of a block's rows."""
        return self.rows[index * self.block_size : (index + 1) * self.block_size]

    def _complete(self, index: int, frame: pl.DataFrame) -> pl.DataFrame:
        """A block, from its kept rows."""
        return frame

    def _sources(self, blocks: list[int], stream: Stream, prepared: Conditions, listener: Progress) -> Iterator[tuple[int, pl.DataFrame]]:
        if self._made is not None and len(self.rows):
            made = self._made
            return ((block, made.block(block)) for block in blocks)
        last = int(self.rows[-1]) + 1 if len(self.rows) else 0
        return zip(blocks, super()._blocks(blocks, last, stream, prepared, listener), strict=True)

    def _picked(self, frame: pl.DataFrame, block: int, rows: NDArray[np.int64]) -> pl.DataFrame:
        places = rows[rows // self.block_size == block] - block * self.block_size
        picked: pl.DataFrame = frame[places].drop(PROBLEM, strict=False)
        return picked

    def _collect(self, n: int, **options: Any) -> pl.DataFrame:
        frame: pl.DataFrame = super()._collect(n, **options)
        found: pl.DataFrame = frame.drop(PROBLEM, strict=False)
        return found

    # -- saving

    def _state(self) -> State:
        """What decides the rows: not the budget, nor how fast or where they are asked for, nor where the folder of the job lies."""
        state = super()._state()
        stated = self.spec.to_dict()
        if "llm" in stated:
            section = without(stated["llm"], OF_THE_RUN)
            stated["llm"] = section if "local" in section else {"endpoint": NOWHERE, **section}
        if "judges" in stated:
            free = [key for key in OF_THE_RUN if key != "endpoint"]
            stated["judges"] = {name: without(judge, free) for name, judge in stated["judges"].items()}
        facts = {**state.manifest, "spec": TextSpec.from_dict(stated).to_yaml(), "seed": self._seed, "given": yaml.safe_dump(self._given)}
        if self.journal is not None and self.journal.parent.name == HIDDEN:
            del facts["journal"]
        return State(facts, {**state.arrays, "kept_rows": self.rows}, state.tables)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        texts = Texts._from_state(State(state.manifest, {}, state.tables))
        return cls(texts, state.arrays["kept_rows"], state.manifest["seed"], yaml.safe_load(state.manifest["given"]))

    @classmethod
    def _revived(cls, state: State, path: str | Path) -> Self:
        texts = super()._revived(state, path)
        beside = journal_beside(Path(path).absolute())
        if beside is not None and texts.journal is not None and "journal" not in state.manifest:
            texts.journal = beside
        return texts
