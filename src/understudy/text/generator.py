"""`Texts`: the generator of a text spec. An item is a row: the spec's columns, the case that it shows, and what its task puts out."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Generator as Generating
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.errors import ArgumentError, ProofError
from understudy.core.generator import Generator
from understudy.core.progress import Progress, ProgressLike
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
        journal: where a way that asks a language model keeps requests and replies, in the place of the spec's.
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
        journal: str | Path | None = None,
        folder: str | Path | None = None,
    ) -> None:
        spec = read_text_spec(source)
        if way is not None and way != spec.way:
            spec = TextSpec.from_dict({**spec.to_dict(), "way": way})
        here = Path(source).parent if isinstance(source, str | Path) and Path(source).exists() else Path()
        table = None if rows is None else _as_frame(rows)
        self._start(spec, Path(folder) if folder is not None else here, table, None, {})
        self.from_program = rows is not None
        if journal is not None:
            self.journal, self.has_own_journal = Path(journal), True

    def _start(
        self,
        spec: TextSpec,
        folder: Path,
        rows: pl.DataFrame | None,
        sources: Mapping[str, pl.DataFrame] | None,
        kept: Mapping[str, pl.DataFrame],
    ) -> None:
        self.spec, self.folder = spec, folder
        self.from_program = sources is not None
        self.has_own_journal = spec.llm is not None and spec.llm.journal is not None
        with spec.located():
            self._rows = Attributes(spec, folder, rows, sources)
            self._way = way_of(spec.way).of(spec, self._rows, folder, kept)
            self._lengths = Lengths.of(spec)
        self.block_size, self.one_process = self._way.block_size, self._way.one_process
        self._outputs = list(spec.of_task.outputs(spec))
        if spec.way == "template":
            self._try()

    def _try(self) -> None:
        """A few rows of every case, so that a grammar that writes what is not true is told before work begins."""
        stream, numbers = Stream(self.spec.seed), np.arange(min(24, self._rows.height or 24), dtype=np.int64)
        for rows in self._rows.tried(numbers):
            self._finished(rows, self._way.write(rows, numbers, stream), numbers, stream)

    @property
    def seed(self) -> int:
        """The spec's own seed."""
        return self.spec.seed

    @property
    def from_real_data(self) -> bool:
        return self._way.from_real_data or bool(self.spec.models or self._rows.sources)

    @property
    def journal(self) -> Path | None:
        """Where requests and replies are kept; None where the way asks nobody."""
        found: Path | None = getattr(self._way, "journal", None)
        return found

    @journal.setter
    def journal(self, path: Path) -> None:
        if self.journal is None:
            raise ArgumentError(f'The way "{self.spec.way}" asks nobody and keeps no journal.', where="journal", remedy="Leave it out.")
        self._way.journal = path.absolute()  # type: ignore[attr-defined]

    @property
    def remarks(self) -> list[str]:
        return self.says()

    def write(self, n: int, path: Any, **options: Any) -> Any:
        """Write `n` rows to a folder or a file, as `understudy generate` does: options as of `understudy.run.write`.

        Rows of a language model, and those that the spec's filters look at, are kept or dropped: dropped ones, with their reasons, and what
        is needed to go on lie beside the rows (docs/language-models.md), and a warning tells how many there are.
        """
        from understudy.text.job import needs_job, order_of, run_job
        from understudy.text.place import Place

        if not needs_job(self):
            return super().write(n, path, **options)
        _whole_number(n)
        form = options.pop("format", None)
        stated = {name: options.pop(name) for name in ("seed", "given", "part_rows") if name in options}
        done = run_job(order_of(self, n, form=form, **stated), Place.of(path, form), self, **options)
        if done.dropped:
            dropped = sum(done.dropped.values())
            warnings.warn(f"{dropped:,} of {n:,} rows were dropped; the reasons are in {done.place.dropped}.", UserWarning, stacklevel=2)
        return done.manifest

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
        stream = self._stream_of(rng)
        rows, numbers = self._rows_of(index, None, given, stream)
        return self._finished(rows, self._way.write(rows, numbers, stream), numbers, stream)

    def _blocks(
        self, indices: Iterable[int], stop: int | None, stream: Stream, prepared: Conditions, listener: Progress
    ) -> Generating[pl.DataFrame, None, None]:
        own = self._stream_of(stream)
        begun: deque[tuple[pl.DataFrame, NDArray[np.int64]]] = deque()

        def blocks() -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
            for index in indices:
                begun.append(self._rows_of(index, stop if self._way.one_process else None, prepared, own))
                yield begun[-1]

        for made in self._way.write_many(blocks(), own, listener):
            rows, numbers = begun.popleft()
            yield self._finished(rows, made, numbers, own)

    def _collect(self, n: int, *, seed: int = 0, given: Any = None, progress: ProgressLike = None) -> pl.DataFrame:
        if n == 0 and self._way.one_process:  # nobody is asked for nothing
            stream, prepared = self._stream_of(Stream(seed)), self._prepare(given)
            rows, numbers = self._rows_of(0, 0, prepared, stream)
            return self._finished(rows, self._way.write(rows, numbers, stream), numbers, stream)
        whole: pl.DataFrame = super()._collect(n, seed=seed, given=given, progress=progress)
        return whole

    def _stream_of(self, rng: Stream) -> Stream:
        """The stream of the data set: the spec's own where no seed is asked for."""
        return Stream(self.spec.seed) if rng.root == Stream(0) else rng.root

    def _stream_of_seed(self, seed: int) -> Stream:
        return self._stream_of(Stream(seed))

    def numbered_rows(self, blocks: Iterable[int], stop: int, seed: int, given: Any) -> Iterator[tuple[pl.DataFrame, NDArray[np.int64]]]:
        """The columns of blocks of rows before they are texts, hidden ones too, and the rows' numbers."""
        prepared, stream = self._prepare(given), self._stream_of_seed(seed)
        return (self._rows_of(index, stop, prepared, stream) for index in blocks)

    def _rows_of(self, index: int, stop: int | None, given: Conditions, stream: Stream) -> tuple[pl.DataFrame, NDArray[np.int64]]:
        """The rows of a block up to `stop`, and their numbers."""
        first = index * self.block_size
        last = min(first + self.block_size, *(end for end in (stop, self._rows.height) if end is not None), first + self.block_size)
        numbers = np.arange(first, max(first, last), dtype=np.int64)
        return self._rows.frame(given, numbers, stream), numbers

    def _finished(self, rows: pl.DataFrame, made: pl.DataFrame, numbers: NDArray[np.int64], stream: Stream) -> pl.DataFrame:
        """The frame of a block, its texts as long as they should be and its records true."""
        made = self._of_right_length(rows, made, numbers, stream)
        frame = pl.DataFrame([*rows.select(self._rows.visible).get_columns(), *made.get_columns()])
        return self._proven(frame, int(numbers[0]) if len(numbers) else 0)

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
        journal = {} if self.journal is None else {"journal": str(self.journal)}
        facts = {"spec": self.spec.to_yaml(), "sources": list(sources), "kept": list(kept), **journal}
        return State(manifest=facts, arrays={}, tables=tables)

    @classmethod
    def _from_state(cls, state: State) -> Self:
        def frames(kind: str, names: list[str]) -> dict[str, pl.DataFrame]:
            return {name: pl.DataFrame(pl.from_arrow(state.tables[f"{kind}{i}"])) for i, name in enumerate(names)}

        texts = cls.__new__(cls)
        spec = parse_text_spec(state.manifest["spec"])
        texts._start(spec, Path(), None, frames("source", state.manifest["sources"]), frames("kept", state.manifest["kept"]))
        if "journal" in state.manifest:
            texts.journal = Path(state.manifest["journal"])
        return texts


def _whole_number(n: Any) -> None:
    if not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise ArgumentError(f"`n` must be a whole number of at least 0, not {n!r}.", where="n")


def _as_frame(rows: Any) -> pl.DataFrame:
    from understudy.data.table import as_table

    return as_table(rows).frame
