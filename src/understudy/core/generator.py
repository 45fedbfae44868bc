"""The contract: whatever makes data is a `Generator`; whatever makes it by learning from real data is a `Synthesizer`.

A generator with a seed is an endless data set, made as a sequence of blocks. Block `i` depends on (generator, seed, conditions, i)
and on nothing else: not on the number of workers, the order, the machine, or what was made before. From that one rule follow the
same data for the same seed, `sample(10)` as the head of `sample(1000)`, any part remade alone, one worker equal to many, resuming
after a crash, and constant memory at any size.

To add a kind of generator, subclass, name it, and write one method:

    class Dice(Generator):
        name = "dice"
        block_size = 1000

        def _block(self, index, size, rng, given):
            return rng.generator().integers(1, 7, size).tolist()

A `Collection` holds generators that belong together, such as the tables of a database.

A batch is a list unless `_concat`, `_slice`, `_length` and `_fingerprint` say otherwise. To be saved, it writes `_state` and
`_from_state` as well.
`understudy.testing.check_generator(Dice())` tells whether the contract holds.
"""

from __future__ import annotations

import operator
from abc import abstractmethod
from collections.abc import Generator as Generating
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

from understudy.core import registry
from understudy.core.errors import ArgumentError, Cancelled, ConditionError, ConstraintError, NotFittedError
from understudy.core.fingerprint import fingerprint
from understudy.core.progress import Progress, ProgressLike, listening
from understudy.core.random import Stream
from understudy.core.record import FitRecord
from understudy.core.storable import Storable

if TYPE_CHECKING:
    from understudy.core.artifact import State
    from understudy.core.budget import BudgetLike

Batch: TypeAlias = Any
"""What a generator makes many of: a list, a Polars frame, … The subclass decides."""


class Generator(Storable):
    """Makes data, block by block.

    Attributes:
        name: the name in the registry and in saved files, e.g. "trees".
        block_size: items in a block, at least 1. It is part of the generator: another block size is another data set.
        items: what it makes many of: "rows" of a table, or "shots": pictures with labels.
        one_process: only the process that has it can make its data, as where a file or a limit is its own.
    """

    block_size: int
    one_process: bool = False
    items: ClassVar[Literal["rows", "shots"]] = "rows"

    @abstractmethod
    def _block(self, index: int, size: int, rng: Stream, given: Any) -> Batch:
        """Block `index`: exactly `size` (= `block_size`) items, depending on (self, index, rng, given) only.

        `rng` is the block's own stream, and `rng.root` the stream of the whole data set; `given` is what `_prepare` returned.
        """

    def _prepare(self, given: Any) -> Any:
        """Validate and compile conditions, once a call and before any work. What it returns is handed to every `_block`.

        Raises:
            ConditionError: the conditions cannot be met, or this generator takes none (the default).
        """
        if given is not None:
            raise ConditionError(f"{type(self).__name__} takes no conditions.", where="given", remedy="Leave `given` out.")
        return None

    def _most(self, given: Any) -> tuple[int, str] | None:
        """The most items that can be made under prepared conditions, and why; None (the default): there is no end to them.

        Where there is an end, the block at it may hold fewer items than `block_size`.
        """
        return None

    @property
    def remarks(self) -> list[str]:
        """What a reader of its data has to know, in sentences; they go into the card of a data set."""
        return []

    # -- making data

    def block(self, index: int, *, seed: int = 0, given: Any = None) -> Batch:
        """Block `index` (0, 1, 2 …) remade alone: items `index * block_size` up to `(index + 1) * block_size`."""
        index = _checked_count(index, "index")
        stream = Stream(seed)
        self._require_ready()
        return self._make(index, stream, self._prepare(given))

    def stream(
        self, n: int | None = None, *, seed: int = 0, given: Any = None, start: int = 0, progress: ProgressLike = None
    ) -> Iterator[Batch]:
        """Items `start` up to `start + n` in batches of at most a block, in constant memory; `n=None` never ends.

        Arguments are checked when `stream` is called, not when the first batch is taken.

        Raises:
            ArgumentError: `n`, `start` or `seed` is no integer in range.
            ConditionError: `given` cannot be met.
            ConstraintError: more items are asked for than can be made.
            Cancelled: the listener asked to stop; every batch given before is whole.
        """
        start = _checked_count(start, "start")
        stop = None if n is None else start + _checked_count(n, "n")
        stream = Stream(seed)
        self._require_ready()
        prepared = self._prepare(given)
        return self._batches(start, self._stop(stop, prepared), stream, prepared, progress)

    def sample(self, n: int, *, seed: int = 0, given: Any = None, progress: ProgressLike = None) -> Any:
        """The first `n` items, in the caller's own type. `sample(10)` is the head of `sample(1000)`. `n` may be 0.

        Raises: as `stream`.
        """
        return self._deliver(self._collect(n, seed=seed, given=given, progress=progress))

    def write(self, n: int, path: Any, **options: Any) -> Any:
        """Write `n` items to `path` in parts, with several processes, resumable. Options: see `understudy.run.write`."""
        return registry.get("runners", "write")(self, n, path, **options)

    def _collect(self, n: int, *, seed: int = 0, given: Any = None, progress: ProgressLike = None) -> Batch:
        """The first `n` items as one batch, before delivery."""
        batches = list(self.stream(n, seed=seed, given=given, progress=progress))
        if batches:
            return batches[0] if len(batches) == 1 else self._concat(batches)
        return self._slice(self.block(0, seed=seed, given=given), 0, 0)

    def _batches(self, start: int, stop: int | None, stream: Stream, prepared: Any, progress: ProgressLike) -> Iterator[Batch]:
        size = self.block_size
        first_block = start // size
        last_block = first_block if stop is None or stop <= start else -(-stop // size)

        def indices() -> Iterable[int]:
            return count(first_block) if stop is None else range(first_block, last_block)

        with listening(progress) as listener, closing(self._blocks(indices(), stop, stream, prepared, listener)) as blocks:
            listener.stage("sample", None if stop is None else stop - start)
            for index in indices():
                if listener.cancelled:
                    raise Cancelled("Sampling was stopped.", where=f"before item {max(start, index * size)}")
                first, last = max(start, index * size), (index + 1) * size if stop is None else min(stop, (index + 1) * size)
                batch = next(blocks)
                made = index * size + self._length(batch)
                if made < last:
                    raise ConstraintError(f"Only {made:,} items could be made; {stop:,} were asked for.", remedy="Ask for fewer.")
                yield batch if last - first == size else self._slice(batch, first - index * size, last - index * size)
                listener.advance(last - start)

    def _blocks(
        self, indices: Iterable[int], stop: int | None, stream: Stream, prepared: Any, listener: Progress
    ) -> Generating[Batch, None, None]:
        """Blocks one after another; a subclass that makes several sooner together overrides it.

        Items at `stop` and beyond are not wanted, so the last block may be without them.
        """
        for index in indices:
            yield self._make(index, stream, prepared)

    def _stop(self, stop: int | None, prepared: Any) -> int | None:
        """Where a stream ends. Raises `ConstraintError` where it would end beyond what can be made."""
        most = self._most(prepared)
        if most is None:
            return stop
        if stop is not None and stop > most[0]:
            raise ConstraintError(
                f"{stop:,} items are asked for, but at most {most[0]:,} can be made: {most[1]}.", remedy=f"Ask for {most[0]:,} or fewer."
            )
        return most[0] if stop is None else stop

    def _make(self, index: int, stream: Stream, prepared: Any) -> Batch:
        return self._block(index, self.block_size, stream.child("block", index), prepared)

    # -- what a batch is

    def _concat(self, batches: Sequence[Batch]) -> Batch:
        """One batch of at least one batch, in order."""
        return list(chain.from_iterable(batches))

    def _slice(self, batch: Batch, start: int, stop: int) -> Batch:
        """Items `start` up to `stop` of a batch; 0 ≤ start ≤ stop ≤ its length."""
        return batch[start:stop]

    def _length(self, batch: Batch) -> int:
        """Items in a batch."""
        return len(batch)

    def _fingerprint(self, batch: Batch) -> bytes:
        """Bytes that are equal if, and only if, the data are equal."""
        return fingerprint(batch)

    def _deliver(self, batch: Batch) -> Any:
        """The last step of `sample`: into the caller's own type."""
        return batch


class Synthesizer(Generator):
    """A generator that learns from real data.

    The constructor takes options only, `fit` takes data, and fitted state lives in attributes that end in `_`, but for:

    Attributes:
        record: what `fit` did and why; None before `fit`.
    """

    record: FitRecord | None = None

    @property
    def from_real_data(self) -> bool:
        return True

    @abstractmethod
    def fit(self, data: Any, *, budget: BudgetLike = None, seed: int = 0, progress: ProgressLike = None) -> Self:
        """Learn from `data` and return self.

        The same data, options and seed give the same model, unless the budget ran out. Stopped early, by the budget or by the
        listener, it keeps its best so far. `record` is set last.
        """

    @property
    def remarks(self) -> list[str]:
        return list(self.record.notes) if self.record is not None else []

    def _require_ready(self) -> None:
        if self.record is None:
            raise NotFittedError(f"This {type(self).__name__} has not learned anything yet.", remedy="Call .fit(data) first.")

    def _sealed_state(self) -> State:
        state = self._state()
        if self.record is not None:
            state.manifest.setdefault("record", self.record.to_dict())
        return state

    @classmethod
    def _revived(cls, state: State, path: str | Path) -> Self:
        model = super()._revived(state, path)
        if model.record is None:
            model.record = FitRecord.from_dict(state.manifest.get("record") or {})
        return model


class Collection(Storable):
    """Generators that belong together, such as the tables of a database: each a data set of its own, all made under one seed.

    A table's block depends on (collection, table, seed, index) and on nothing else: whatever it takes from another table it remakes.

    Attributes:
        seed: of the data set, where no other is asked for.
    """

    seed: int = 0

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, Generator]:
        """The generators by name, each after those that it refers to."""

    @abstractmethod
    def sizes(self, *, seed: int | None = None) -> Mapping[str, int]:
        """Rows of every table, in the order of `tables`, under `seed` (the collection's own unless told)."""

    @property
    def from_real_data(self) -> bool:
        return any(table.from_real_data for table in self.tables.values())

    def create_statements(self, dialect: str) -> list[str]:
        """SQL that makes the tables with their keys and constraints, parents first; empty where the columns' types say enough.

        Args:
            dialect: "sqlite", "postgresql" or "duckdb".
        """
        return []

    def sample(self, *, seed: int | None = None, progress: ProgressLike = None) -> dict[str, Any]:
        """All rows of all tables, by name, each as its generator delivers it."""
        seed = self.seed if seed is None else seed
        sizes = self.sizes(seed=seed)
        return {name: table.sample(sizes[name], seed=seed, progress=progress) for name, table in self.tables.items()}

    def write(self, path: Any, **options: Any) -> Any:
        """Write all tables to `path` in parts, with several processes, resumable. Options: see `understudy.run.write`."""
        return registry.get("runners", "write")(self, None, path, **options)


def load(path: str | Path) -> Any:
    """Read a saved generator, or collection of them, of any kind. Runs no code from the file; safe on a stranger's file.

    Raises:
        ArtifactError: the file is damaged, hostile, of a newer release, or of a kind that is not installed.
    """
    return Storable.load(path)


def _checked_count(value: Any, name: str) -> int:
    """`value` as an integer of at least 0."""
    remedy = f"Pass an integer of at least 0, for example {name}=1000."
    try:
        number = operator.index(value)
    except TypeError:
        raise ArgumentError(f"`{name}` must be an integer, not {value!r}.", remedy=remedy) from None
    if isinstance(value, bool) or number < 0:
        raise ArgumentError(f"`{name}` must be an integer of at least 0, not {value!r}.", remedy=remedy)
    return number
