"""The contract of a collection, clause by clause: what its tables promise together, and what each promises alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from understudy.core.errors import ArgumentError
from understudy.core.generator import Collection, Generator
from understudy.testing.clauses import Check, global_randomness, refuses, require, run_checks
from understudy.testing.process import table_fingerprints_elsewhere


def check_collection(collection: Collection, *, seed: int = 7) -> None:
    """Test the contract on a collection that is ready to make data.

    Two blocks of every table are made a few times over, once in another process, so the class must live at the top of a module.

    Raises:
        ContractBroken: an AssertionError that names every clause that does not hold.
    """
    run_checks(repr(type(collection).__name__), collection_checks(collection, seed=seed))


def collection_checks(collection: Collection, *, seed: int = 7) -> Iterator[Check]:
    """The clauses as pairs of a name and a function that raises where it is broken, for parametrised tests."""
    for check in _TOGETHER:
        yield check.__name__.replace("_", " "), partial(check, collection, seed)
    for name in collection.tables:
        for clause in _ALONE:
            yield f"{name}: {clause.__name__.replace('_', ' ')}", partial(clause, collection, name, seed)


# -- together


def the_name_is_set(collection: Collection, seed: int) -> None:
    name = getattr(collection, "name", None)
    require(isinstance(name, str) and bool(name), f"`name` is {name!r}; give the class a name")


def there_are_tables_and_each_has_a_size(collection: Collection, seed: int) -> None:
    tables, sizes = collection.tables, collection.sizes(seed=seed)
    require(bool(tables), "there is no table")
    require(list(tables) == list(sizes), f"`tables` are {list(tables)}, `sizes` are of {list(sizes)}")
    for name, rows in sizes.items():
        require(isinstance(tables[name], Generator), f"{name} is {type(tables[name]).__name__}, no Generator")
        require(type(rows) is int and rows >= 0, f"the size of {name} is {rows!r}; it must be an integer of at least 0")
    require(dict(sizes) == dict(collection.sizes(seed=seed)), "sizes(seed) differ when they are asked for again")
    require(dict(collection.sizes()) == dict(collection.sizes(seed=collection.seed)), "sizes() are not those of the collection's seed")


def sample_gives_every_table_in_full(collection: Collection, seed: int) -> None:
    """Where that is not much."""
    sizes = collection.sizes(seed=seed)
    if sum(sizes.values()) > _MANY_ROWS:
        return
    for name, rows in collection.sample(seed=seed).items():
        require(len(rows) == sizes[name], f"sample() gives {len(rows)} rows of {name}, sizes() says {sizes[name]}")


def saving_gives_the_same_bytes_every_time(collection: Collection, seed: int) -> None:
    with _saved(collection) as first, _saved(collection) as second:
        require(first.read_bytes() == second.read_bytes(), "saving twice gives two different files")
        with _saved(type(collection).load(first)) as third:
            require(first.read_bytes() == third.read_bytes(), "a loaded collection saves to a different file")


def a_loaded_collection_makes_the_same_data(collection: Collection, seed: int) -> None:
    with _saved(collection) as path:
        loaded = type(collection).load(path)
    require(dict(loaded.sizes(seed=seed)) == dict(collection.sizes(seed=seed)), "the sizes differ after saving and loading")
    for name in collection.tables:
        require(_prints(loaded, name, seed) == _prints(collection, name, seed), f"the blocks of {name} differ after saving and loading")


def another_process_makes_the_same_data(collection: Collection, seed: int) -> None:
    wanted = {name: _blocks(collection, name, seed) for name in reversed(list(collection.tables))}
    with _saved(collection) as path:
        made = table_fingerprints_elsewhere(type(collection), path, seed=seed, wanted=wanted)
    for name in wanted:
        expected = [print_.hex() for print_ in _prints(collection, name, seed)]
        require(made[name] == expected, f"the blocks of {name} differ when another process makes them")


# -- each table


def the_same_seed_gives_the_same_data(collection: Collection, name: str, seed: int) -> None:
    require(_prints(collection, name, seed) == _prints(collection, name, seed), "blocks differ when they are made again")


def blocks_do_not_depend_on_what_was_made_before(collection: Collection, name: str, seed: int) -> None:
    table, expected = collection.tables[name], _prints(collection, name, seed)
    for index in reversed(_blocks(collection, name, seed)):
        table.block(0, seed=seed + 1)
        print_ = table._fingerprint(table.block(index, seed=seed))
        require(print_ == expected[index], f"block {index} differs when the blocks are made in another order")


def a_part_of_the_rows_is_cut_from_all(collection: Collection, name: str, seed: int) -> None:
    table, rows = collection.tables[name], collection.sizes(seed=seed)[name]
    few = min(rows, table.block_size + table.block_size // 2)
    whole = table._collect(few, seed=seed)
    start = few // 3
    later = list(table.stream(few - start, seed=seed, start=start))
    if later:
        same = table._fingerprint(table._concat(later)) == table._fingerprint(table._slice(whole, start, few))
        require(same, f"stream({few - start}, start={start}) is not sample({few}) without its first {start} rows")


def no_row_has_still_columns(collection: Collection, name: str, seed: int) -> None:
    table = collection.tables[name]
    require(table._length(table._collect(0, seed=seed)) == 0, "sample(0) is not empty")


def global_random_state_is_neither_read_nor_touched(collection: Collection, name: str, seed: int) -> None:
    prints = []
    for state in (1, 2):
        with global_randomness(state) as untouched:
            prints.append(_prints(collection, name, seed)[:1])
            require(untouched(), "making a block moves Python's or NumPy's global random state; draw from `rng` alone")
    require(prints[0] == prints[1], "a block depends on Python's or NumPy's global random state; draw from `rng` alone")


def a_bad_seed_is_refused(collection: Collection, name: str, seed: int) -> None:
    for wrong in (-1, 2**63):
        refuses(partial(collection.tables[name].block, 0, seed=wrong), f"seed={wrong!r}", ArgumentError)


_MANY_ROWS = 100_000
_TOGETHER: tuple[Callable[[Collection, int], None], ...] = (
    the_name_is_set,
    there_are_tables_and_each_has_a_size,
    sample_gives_every_table_in_full,
    saving_gives_the_same_bytes_every_time,
    a_loaded_collection_makes_the_same_data,
    another_process_makes_the_same_data,
)
_ALONE: tuple[Callable[[Collection, str, int], None], ...] = (
    the_same_seed_gives_the_same_data,
    blocks_do_not_depend_on_what_was_made_before,
    a_part_of_the_rows_is_cut_from_all,
    no_row_has_still_columns,
    global_random_state_is_neither_read_nor_touched,
    a_bad_seed_is_refused,
)


def _blocks(collection: Collection, name: str, seed: int) -> list[int]:
    """The first two blocks, where the table has as many."""
    rows = collection.sizes(seed=seed)[name]
    return list(range(min(2, -(-rows // collection.tables[name].block_size))))


def _prints(collection: Collection, name: str, seed: int) -> list[bytes]:
    table = collection.tables[name]
    return [table._fingerprint(table.block(index, seed=seed)) for index in _blocks(collection, name, seed)]


@contextmanager
def _saved(collection: Collection) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "collection.understudy"
        collection.save(path)
        yield path
