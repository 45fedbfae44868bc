"""The generator's contract, clause by clause. It holds for any kind of data: batches are compared by `Generator._fingerprint` alone."""

from __future__ import annotations

import copy
import json
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from unittest import mock

from understudy.core.artifact import load_artifact
from understudy.core.errors import ArgumentError, Cancelled, ConditionError
from understudy.core.generator import Batch, Generator
from understudy.core.progress import Progress
from understudy.testing.clauses import Check, ContractBroken, global_randomness, refuses, require, run_checks
from understudy.testing.process import fingerprints_elsewhere

_ATTEMPTS = 4
"""How many seeds or blocks may be alike by chance before they are taken to be the same."""


def check_generator(generator: Generator, *, given: Any = None, seed: int = 7) -> None:
    """Test the whole contract on a generator that is ready to make data.

    Some ten blocks are made, some of them in another process, so the class must live at the top of a module.

    Args:
        generator: any generator; it is left as it was.
        given: conditions that it accepts, to hold the same contract under them; None for one that takes no conditions.
        seed: any seed.

    Raises:
        ContractBroken: an AssertionError that names every clause that does not hold.
    """
    run_checks(repr(type(generator).__name__), generator_checks(generator, given=given, seed=seed))


def generator_checks(generator: Generator, *, given: Any = None, seed: int = 7) -> Iterator[Check]:
    """The clauses as pairs of a name and a function that raises where it is broken, for parametrised tests."""
    free = _Trial(generator, None, seed)
    for check in (*_FORM, *_DATA, *_FREE_DATA, *_ARGUMENTS, *_SAVING):
        yield _sentence(check), partial(check, free)
    if given is not None:
        conditioned = _Trial(generator, given, seed)
        for check in (*_DATA, *_CONDITIONS):
            yield f"{_sentence(check)}, under conditions", partial(check, conditioned)


class _Trial:
    """A generator under test, with the conditions and the seed that it is tested with."""

    def __init__(self, generator: Generator, given: Any, seed: int) -> None:
        self.generator = generator
        self.given = given
        self.seed = seed

    @property
    def size(self) -> int:
        return self.generator.block_size

    @property
    def some(self) -> int:
        """A number of items that ends inside the second block, or with it where a block is one item."""
        return self.size + (self.size + 1) // 2

    def block(self, index: int, seed: int | None = None) -> Batch:
        return self.generator.block(index, seed=self.seed if seed is None else seed, given=self.given)

    def print_of(self, index: int, seed: int | None = None) -> bytes:
        return self.generator._fingerprint(self.block(index, seed))

    def first(self, n: int) -> Batch:
        return self.generator._collect(n, seed=self.seed, given=self.given)

    def stream(self, n: int | None, *, start: int = 0, progress: Progress | None = None) -> Iterator[Batch]:
        return self.generator.stream(n, seed=self.seed, given=self.given, start=start, progress=progress)

    def cut(self, batch: Batch, start: int, stop: int) -> bytes:
        return self.generator._fingerprint(self.generator._slice(batch, start, stop))

    @cached_property
    def reference(self) -> list[bytes]:
        """The fingerprints of blocks 0, 1 and 2."""
        return [self.print_of(index) for index in range(3)]


# -- the generator itself


def the_name_and_the_block_size_are_set(trial: _Trial) -> None:
    name = getattr(trial.generator, "name", None)
    require(isinstance(name, str) and bool(name), f"`name` is {name!r}; give the class a name")
    size = trial.size
    require(type(size) is int and size >= 1, f"`block_size` is {size!r}; it must be an integer of at least 1")


def a_block_holds_as_many_items_as_promised(trial: _Trial) -> None:
    for index in (0, 1):
        length = trial.generator._length(trial.block(index))
        require(length == trial.size, f"block {index} holds {length} items, block_size is {trial.size}")


def slices_joined_again_are_the_batch(trial: _Trial) -> None:
    generator, whole = trial.generator, trial.block(0)
    middle = trial.size // 2
    joined = generator._concat([generator._slice(whole, 0, middle), generator._slice(whole, middle, trial.size)])
    require(generator._fingerprint(joined) == trial.reference[0], "`_concat` of two `_slice`s is not the batch that was sliced")


# -- the data


def the_same_seed_gives_the_same_data(trial: _Trial) -> None:
    for index in (0, 1):
        require(trial.print_of(index) == trial.print_of(index), f"block {index} differs when it is made again with the same seed")


def another_seed_gives_other_data(trial: _Trial) -> None:
    others = (trial.print_of(0, trial.seed + attempt) for attempt in range(1, _ATTEMPTS + 1))
    require(any(other != trial.reference[0] for other in others), f"{_ATTEMPTS + 1} seeds give the same block 0")


def another_block_holds_other_data(trial: _Trial) -> None:
    others = (trial.print_of(index) for index in range(1, _ATTEMPTS + 1))
    require(any(other != trial.reference[0] for other in others), f"blocks 0 to {_ATTEMPTS} are all the same")


def blocks_do_not_depend_on_what_was_made_before(trial: _Trial) -> None:
    expected = trial.reference
    for index in (2, 0, 1):
        trial.print_of(0, trial.seed + 1)
        require(trial.print_of(index) == expected[index], f"block {index} differs when the blocks are made in another order")


def sample_is_the_blocks_in_order(trial: _Trial) -> None:
    generator, n = trial.generator, trial.some
    blocks = generator._concat([trial.block(0), trial.block(1)])
    require(generator._fingerprint(trial.first(n)) == trial.cut(blocks, 0, n), f"sample({n}) is not the first {n} items of blocks 0 and 1")


def a_small_sample_is_the_head_of_a_large_one(trial: _Trial) -> None:
    large = trial.first(trial.some)
    for n in sorted({1, trial.size, trial.some - 1} - {0}):
        head = trial.generator._fingerprint(trial.first(n))
        require(head == trial.cut(large, 0, n), f"sample({n}) is not the head of sample({trial.some})")


def stream_gives_what_sample_gives(trial: _Trial) -> None:
    generator, n = trial.generator, trial.some
    sample, batches = trial.first(n), list(trial.stream(n))
    require(all(generator._length(batch) <= trial.size for batch in batches), "a batch is longer than a block")
    streamed = generator._fingerprint(generator._concat(batches))
    require(streamed == generator._fingerprint(sample), "stream(n) differs from sample(n)")
    later = generator._fingerprint(generator._concat(list(trial.stream(n - 1, start=1))))
    require(later == trial.cut(sample, 1, n), "stream(n - 1, start=1) is not sample(n) without its first item")


def an_endless_stream_gives_the_blocks(trial: _Trial) -> None:
    endless = trial.stream(None)
    made = [trial.generator._fingerprint(next(endless)) for _ in range(2)]
    require(made == trial.reference[:2], "stream(None) does not give block 0, then block 1")


def a_sample_of_none_is_empty(trial: _Trial) -> None:
    generator, none = trial.generator, trial.first(0)
    require(generator._length(none) == 0, f"sample(0) holds {generator._length(none)} items")
    require(generator._fingerprint(none) == trial.cut(trial.block(0), 0, 0), "sample(0) is not block 0 cut to nothing")


def sample_delivers_n_items(trial: _Trial) -> None:
    for n in (0, 1, trial.some):
        delivered = trial.generator.sample(n, seed=trial.seed, given=trial.given)
        if type(trial.generator)._deliver is Generator._deliver:
            same = trial.generator._fingerprint(delivered) == trial.generator._fingerprint(trial.first(n))
            require(same, f"sample({n}) is not what stream({n}) gives")
        elif hasattr(delivered, "__len__"):
            require(len(delivered) == n, f"sample({n}) delivers {len(delivered)} items")


def global_random_state_is_neither_read_nor_touched(trial: _Trial) -> None:
    prints = []
    for state in (1, 2):
        with global_randomness(state) as untouched:
            prints.append(trial.print_of(0))
            require(untouched(), "making a block moves Python's or NumPy's global random state; draw from `rng` alone")
    require(prints[0] == prints[1], "a block depends on Python's or NumPy's global random state; draw from `rng` alone")


def progress_is_told_and_can_stop_the_work(trial: _Trial) -> None:
    listener = _Listener()
    list(trial.stream(trial.some, progress=listener))
    require(listener.done[-1:] == [trial.some], f"progress ends at {listener.done[-1:]}, not at {trial.some}")
    require(listener.done == sorted(listener.done), "progress runs backwards")
    work = trial.stream(trial.some, progress=listener)
    next(work)
    listener.cancelled = True
    refuses(lambda: next(work), "going on after cancellation", Cancelled)


# -- arguments


def a_bad_n_is_refused(trial: _Trial) -> None:
    wrong: tuple[Any, ...] = (-1, 1.5, "10", True)
    for n in wrong:
        refuses(partial(trial.generator.sample, n), f"sample({n!r})", ArgumentError)
        refuses(partial(trial.generator.stream, n), f"stream({n!r}), before its first batch,", ArgumentError)


def a_bad_seed_is_refused(trial: _Trial) -> None:
    wrong: tuple[Any, ...] = (-1, 2**63, 0.5, None)
    for seed in wrong:
        refuses(partial(trial.generator.sample, 1, seed=seed), f"seed={seed!r}", ArgumentError)


def a_bad_block_index_is_refused(trial: _Trial) -> None:
    wrong: tuple[Any, ...] = (-1, 0.5)
    for index in wrong:
        refuses(partial(trial.generator.block, index), f"block({index!r})", ArgumentError)


def an_unknown_condition_is_refused_before_work_starts(trial: _Trial) -> None:
    unknown = {"there is nothing of this name": "and no such value"}
    refuses(lambda: trial.generator.block(0, given=unknown), "block(0, given=<unknown>)", ConditionError)
    refuses(lambda: trial.generator.stream(1, given=unknown), "stream(1, given=<unknown>), before its first batch,", ConditionError)


def conditions_are_left_as_they_were(trial: _Trial) -> None:
    before = copy.deepcopy(trial.given)
    trial.block(0)
    require(_equal(before, trial.given), f"`given` was {before!r} and is {trial.given!r} after a block was made")


def conditions_change_the_data(trial: _Trial) -> None:
    free = _Trial(trial.generator, None, trial.seed)
    different = any(free.print_of(index) != trial.print_of(index) for index in range(_ATTEMPTS))
    require(different, f"blocks 0 to {_ATTEMPTS - 1} are the same with and without `given`")


def another_process_makes_the_same_data_under_conditions(trial: _Trial) -> None:
    if _is_json(trial.given):
        another_process_makes_the_same_data(trial)


# -- saving and loading


def a_loaded_generator_makes_the_same_data(trial: _Trial) -> None:
    with _saved(trial.generator) as path:
        loaded = type(trial.generator).load(path)
    require(loaded.block_size == trial.size, f"block_size was {trial.size} and is {loaded.block_size} after loading")
    prints = [loaded._fingerprint(loaded.block(index, seed=trial.seed, given=trial.given)) for index in range(2)]
    require(prints == trial.reference[:2], "the blocks differ after saving and loading")


def saving_gives_the_same_bytes_every_time(trial: _Trial) -> None:
    with _saved(trial.generator) as first, _saved(trial.generator) as second:
        require(first.read_bytes() == second.read_bytes(), "saving twice gives two different files")
        with _saved(type(trial.generator).load(first)) as third:
            require(first.read_bytes() == third.read_bytes(), "a loaded generator saves to a different file")


def making_data_does_not_change_the_generator(trial: _Trial) -> None:
    with _saved(trial.generator) as before:
        trial.first(trial.some)
        with _saved(trial.generator) as after:
            require(before.read_bytes() == after.read_bytes(), "the saved file differs after data were made")


def the_file_is_an_artifact_without_pickle(trial: _Trial) -> None:
    with _without_pickle(), _saved(trial.generator) as path:
        name, _ = load_artifact(path)
        require(name == trial.generator.name, f'the file names "{name}", the generator is "{trial.generator.name}"')
        type(trial.generator).load(path)


def another_process_makes_the_same_data(trial: _Trial) -> None:
    expected = [print_.hex() for print_ in trial.reference]
    order = [2, 0, 1]
    with _saved(trial.generator) as path:
        made = fingerprints_elsewhere(type(trial.generator), path, seed=trial.seed, given=trial.given, indices=order)
    for index, print_ in zip(order, made, strict=True):
        require(print_ == expected[index], f"block {index} differs when another process makes it")


_FORM = (the_name_and_the_block_size_are_set,)
_DATA = (
    a_block_holds_as_many_items_as_promised,
    the_same_seed_gives_the_same_data,
    blocks_do_not_depend_on_what_was_made_before,
    sample_is_the_blocks_in_order,
    a_small_sample_is_the_head_of_a_large_one,
    stream_gives_what_sample_gives,
    an_endless_stream_gives_the_blocks,
    a_sample_of_none_is_empty,
    sample_delivers_n_items,
    global_random_state_is_neither_read_nor_touched,
)
_FREE_DATA = (
    slices_joined_again_are_the_batch,
    another_seed_gives_other_data,
    another_block_holds_other_data,
    progress_is_told_and_can_stop_the_work,
)
_ARGUMENTS = (
    a_bad_n_is_refused,
    a_bad_seed_is_refused,
    a_bad_block_index_is_refused,
    an_unknown_condition_is_refused_before_work_starts,
)
_SAVING = (
    a_loaded_generator_makes_the_same_data,
    saving_gives_the_same_bytes_every_time,
    making_data_does_not_change_the_generator,
    the_file_is_an_artifact_without_pickle,
    another_process_makes_the_same_data,
)
_CONDITIONS = (
    conditions_are_left_as_they_were,
    conditions_change_the_data,
    a_loaded_generator_makes_the_same_data,
    another_process_makes_the_same_data_under_conditions,
)


class _Listener(Progress):
    """Remembers how far it was told the work is."""

    def __init__(self) -> None:
        self.done: list[float] = []

    def advance(self, done: float, **metrics: Any) -> None:
        self.done.append(done)


@contextmanager
def _saved(generator: Generator) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="understudy-check-") as folder:
        path = Path(folder) / "generator.understudy"
        generator.save(path)
        yield path


@contextmanager
def _without_pickle() -> Iterator[None]:
    """Any use of pickle within the block is a broken contract."""

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise ContractBroken("saving or loading uses pickle, which runs code from the file")

    with ExitStack() as patches:
        for name in ("load", "loads", "dump", "dumps", "Pickler", "Unpickler"):
            patches.enter_context(mock.patch.object(pickle, name, refuse))
        yield


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _equal(first: Any, second: Any) -> bool:
    """Whether two conditions are the same; frames know that of themselves."""
    return bool(first.equals(second) if hasattr(first, "equals") else first == second)


def _sentence(check: Callable[[_Trial], None]) -> str:
    return check.__name__.replace("_", " ")
