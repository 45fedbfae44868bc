"""`Texts`: the generator of a text spec. An item is a row: the spec's columns, the case that it shows, and what its task puts out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.errors import ProofError
from understudy.core.generator import Generator
from understudy.core.random import Stream
from understudy.data.frame_batches import FrameBatches
from understudy.text.spec.attributes import Attributes, Conditions
from understudy.text.spec.lengths import Lengths
from understudy.text.spec.text_spec import TextSpec, parse_text_spec, read_text_spec
from understudy.text.ways import way as way_of

TRIES = 64
"""How often a text is written again that is too short or too long."""


class Texts(FrameBatches, Generator):
    """Texts that a spec declares.

    Args:
        source: a spec: a YAML file, the name of a ready-made one ("kitchen-reviews"), plain values, or a `TextSpec`.
        way: another way than the spec's: "template", "ngram", …; the spec must have its section.
        rows: a table whose rows are to have texts, in the place of the file that `rows` names.
        folder: what file names in the spec are relative to: the file's own folder, or the present one.

    `given` asks for columns and cases: {"label": "negative"}, {"label": {"positive": 1, "negative": 1}}, {"case": "sarcasm"}.

    Raises:
        SchemaError: the spec is wrong: where, and the nearest valid word.
    """

    name: ClassVar[str] = "texts"

    def __init__(
        self,
        source: str | Path | Mapping[str, Any] | TextSpec,
        *,
        way: str | None = None,
        rows: Any = None,
        folder: str | Path | None = None,
    ) -> None:
        spec = read_text_spec(source)
        if way is not None and way != spec.way:
            spec = TextSpec.from_dict({**spec.to_dict(), "way": way})
        here = Path(source).parent if isinstance(source, str | Path) and Path(source).exists() else Path()
        table = None if rows is None else _as_frame(rows)
        self._start(spec, Path(folder) if folder is not None else here, table, None, {})

    def _start(
        self,
        spec: TextSpec,
        folder: Path,
        rows: pl.DataFrame | None,
        sources: Mapping[str, pl.DataFrame] | None,
        kept: Mapping[str, pl.DataFrame],
    ) -> None:
        self.spec = spec
        with spec.located():
            self._rows = Attributes(spec, folder, rows, sources)
            self._way = way_of(spec.way).of(spec, self._rows, folder, kept)
            self._lengths = Lengths.of(spec)
        self.block_size = self._way.block_size
        self._outputs = list(spec.of_task.outputs(spec))

    @property
    def seed(self) -> int:
        """The spec's own seed."""
        return self.spec.seed

    @property
    def from_real_data(self) -> bool:
        return self._way.from_real_data or bool(self.spec.models or self._rows.sources)

    def needs(self) -> list[str]:
        """What the way needs to work, in words."""
        return self._way.needs()

    def says(self) -> list[str]:
        """What is won or lost by the way, in words."""
        return self._way.says()

    def _prepare(self, given: Any) -> Conditions:
        return self._rows.plain if given is None else self._rows.conditioned(given)

    def _most(self, given: Any) -> tuple[int, str] | None:
        height = self._rows.height
        return None if height is None else (height, "so many rows are to have texts")

    def _block(self, index: int, size: int, rng: Stream, given: Conditions) -> pl.DataFrame:
        stream = Stream(self.spec.seed) if rng.root == Stream(0) else rng.root
        last = (index + 1) * size
        if self._rows.height is not None:
            last = max(index * size, min(last, self._rows.height))
        numbers = np.arange(index * size, last, dtype=np.int64)
        rows = self._rows.frame(given, numbers, stream)
        made = self._of_right_length(rows, self._way.write(rows, numbers, stream), numbers, stream)
        frame = rows.select(self._rows.visible).hstack(made)
        return self._proven(frame, index * size)

    def _of_right_length(self, rows: pl.DataFrame, made: pl.DataFrame, numbers: NDArray[np.int64], stream: Stream) -> pl.DataFrame:
        """Texts that are too short or too long are written again, each from draws of its own."""
        if self._lengths is None or self._way.can_fail:
            return made
        left = np.flatnonzero(self._lengths.outside(rows.hstack(made)))
        for attempt in range(1, TRIES + 1):
            if not len(left):
                return made
            again = self._way.write(rows[left], numbers[left], stream.child("text", "again", attempt))
            places = np.arange(made.height)
            places[left] = made.height + np.arange(len(left))
            made = pl.concat([made, again])[places]
            left = left[self._lengths.outside(rows[left].hstack(again))]
        if not len(left):
            return made
        row = int(left[0])
        raise ProofError(
            f"Row {numbers[row]} did not come out as long as it should in {TRIES} tries: {self._lengths.in_words(rows.hstack(made), row)}.",
            where="words",
            remedy="Widen the bounds, or give the grammar shorter or longer alternatives.",
        )

    def _proven(self, frame: pl.DataFrame, first: int) -> pl.DataFrame:
        """The frame, its records true; the rows that a way could not make say why."""
        faults = dict(self.spec.of_task.faults(frame, self.spec))
        if not faults:
            return frame
        if not self._way.can_fail:
            row, fault = next(iter(faults.items()))
            raise ProofError(f"Row {first + row} is not true: {fault}.", where=f"template: {self.spec.task}", remedy="Mend the grammar.")
        problems = frame["problem"].to_list()
        told = [problem if problem is not None else faults.get(row) for row, problem in enumerate(problems)]
        wrong = pl.Series([row in faults for row in range(frame.height)])
        return frame.with_columns(
            pl.Series("problem", told, pl.String),
            *(pl.when(wrong).then(None).otherwise(pl.col(name)).alias(name) for name in self._outputs),
        )

    # -- saving

    def _state(self) -> State:
        sources, kept = self._rows.sources, self._way.keep()
        tables = {f"source{i}": table.to_arrow() for i, table in enumerate(sources.values())}
        tables |= {f"kept{i}": table.to_arrow() for i, table in enumerate(kept.values())}
        return State(manifest={"spec": self.spec.to_yaml(), "sources": list(sources), "kept": list(kept)}, arrays={}, tables=tables)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        def frames(kind: str, names: list[str]) -> dict[str, pl.DataFrame]:
            return {name: pl.DataFrame(pl.from_arrow(state.tables[f"{kind}{i}"])) for i, name in enumerate(names)}

        texts = cls.__new__(cls)
        spec = parse_text_spec(state.manifest["spec"])
        texts._start(spec, Path(), None, frames("source", state.manifest["sources"]), frames("kept", state.manifest["kept"]))
        return texts


def _as_frame(rows: Any) -> pl.DataFrame:
    from understudy.data.table import as_table

    return as_table(rows).frame
