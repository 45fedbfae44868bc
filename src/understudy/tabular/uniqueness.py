"""Rows that must not share a key, whatever the number of blocks and workers that make them.

A block may depend on (model, seed, index) alone, so blocks cannot ask one another which keys are taken. Instead every key belongs to
one block: the one that a keyed hash of its values names. A block keeps the keys that belong to it, each once, and draws again for the rest;
then no two blocks can hold the same key, and nothing needs to be remembered. Rows with a missing value in the key are not compared.

How many rows can be had is estimated at fit from trial rows. The number of blocks and their size follow from it, so that requests
beyond it are refused before anything is drawn. Up to `LARGEST_BLOCK` rows there is one block, and no key is given away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.data.keyed import key_of, mixed
from understudy.data.schema import ColumnSchema
from understudy.data.typed import written

Mask = NDArray[np.bool_]
Keys = NDArray[np.uint64]

LARGEST_BLOCK = 65_536
LEAST_WANTED = 10_000
DRAWS_A_ROW = 4
"""Candidates drawn for a row that is to be had, at the most, while capacity is estimated."""
MOST_TRIALS = 131_072
SAFETY = 0.9
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Uniqueness:
    """The keys of a model that must not repeat.

    ``keys``: the columns of each key. ``rows``: the most rows of a data set. ``blocks``: how many blocks share the keys.
    ``trials``: candidates that were drawn to find that out.
    """

    keys: tuple[tuple[str, ...], ...]
    rows: int
    blocks: int
    trials: int

    @property
    def block_size(self) -> int:
        return -(-self.rows // self.blocks)

    @classmethod
    def of(cls, keys: Sequence[Sequence[str]], rows: int, trials: int) -> Self:
        return cls(tuple(tuple(key) for key in keys), rows, -(-rows // LARGEST_BLOCK), trials)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"keys": [list(key) for key in self.keys]}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Self:
        return cls(tuple(tuple(key) for key in facts["keys"]), facts["rows"], facts["blocks"], facts["trials"])


class Registry:
    """The keys that one block holds so far."""

    def __init__(
        self, unique: Uniqueness, index: int, columns: Mapping[str, ColumnSchema], rng: Stream, taken: Sequence[Keys] = ()
    ) -> None:
        """``taken``: by key, sorted hashes that no row may have."""
        self._unique, self._index, self._columns, self._rng = unique, index, columns, rng
        self._seen = list(taken) or [np.empty(0, np.uint64) for _ in unique.keys]
        self._round = 0

    def admitted(self, frame: pl.DataFrame, most: int | None = None) -> Mask:
        """Which finished typed rows (n,) have keys of this block that none before them has, at most `most`; these are taken."""
        admitted = np.ones(frame.height, bool)
        found = []
        for k, names in enumerate(self._unique.keys):
            keys, there = hashed(frame, names, self._columns)
            admitted &= self._mine(k, keys, there)
            compared = admitted & there
            admitted[compared] = first_of_each(keys[compared], self._seen[k])
            found.append((keys, there))
        if most is not None:
            admitted[np.flatnonzero(admitted)[most:]] = False
        for k, (keys, there) in enumerate(found):
            self._seen[k] = np.union1d(self._seen[k], keys[admitted & there])
        self._round += 1
        return admitted

    def one_each(self, frame: pl.DataFrame, owner: NDArray[np.int64], pinned: Mask) -> Mask:
        """Of candidates for some rows, the first of each ``owner`` (n,) that can be admitted; these are taken.

        ``pinned`` (n, keys): keys that were given, and so are what they are.
        """
        open_, found = np.ones(frame.height, bool), []
        for k, names in enumerate(self._unique.keys):
            keys, there = hashed(frame, names, self._columns)
            compared = there & ~pinned[:, k]
            open_ &= pinned[:, k] | self._mine(k, keys, there)
            open_[compared] &= ~np.isin(keys[compared], self._seen[k])
            found.append((keys, compared))
        self._round += 1
        admitted = _greedily(open_, owner, found)
        for k, (keys, compared) in enumerate(found):
            self._seen[k] = np.union1d(self._seen[k], keys[admitted & compared])
        return admitted

    def _mine(self, k: int, keys: Keys, there: Mask) -> Mask:
        """Keys that belong to this block; of rows without a key as large a share."""
        blocks = self._unique.blocks
        if blocks == 1:
            return np.ones(len(keys), bool)
        with np.errstate(over="ignore"):
            owner = mixed(keys + key_of(self._rng.root, "owner", k)) % np.uint64(blocks)
        chance = self._rng.child("without a key", k, self._round).generator().random(len(keys)) * blocks < 1
        return np.where(there, owner == np.uint64(self._index), chance)


class Unkeyed(Registry):
    """Admits all rows: for trial rows, which are no data set."""

    def __init__(self) -> None:
        pass

    def admitted(self, frame: pl.DataFrame, most: int | None = None) -> Mask:
        return np.ones(frame.height, bool)


def _greedily(open_: Mask, owner: NDArray[np.int64], found: list[tuple[Keys, Mask]]) -> Mask:
    """The first open row of every owner whose compared keys no row before it has."""
    admitted, settled = np.zeros(len(open_), bool), set[int]()
    taken: list[set[int]] = [set() for _ in found]
    for i in np.flatnonzero(open_):
        own = [(k, int(keys[i])) for k, (keys, compared) in enumerate(found) if compared[i]]
        if int(owner[i]) in settled or any(key in taken[k] for k, key in own):
            continue
        settled.add(int(owner[i]))
        admitted[i] = True
        for k, key in own:
            taken[k].add(key)
    return admitted


def hashed(frame: pl.DataFrame, names: Sequence[str], columns: Mapping[str, ColumnSchema]) -> tuple[Keys, Mask]:
    """A 64-bit hash of each row's key as it is written (n,), the same on every machine, and whether all of the key is there."""
    total = np.zeros(frame.height, np.uint64)
    there = np.ones(frame.height, bool)
    for name in names:
        there &= frame[name].is_not_null().to_numpy()
        texts = written(frame[name], columns[name]).cast(pl.String).fill_null("")
        with np.errstate(over="ignore"):
            total = mixed(total * _GOLDEN + _hashed_texts(texts))
    return total, there


def _hashed_texts(texts: pl.Series) -> Keys:
    distinct = texts.unique(maintain_order=True)
    codes = [int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") for text in distinct]
    place = texts.to_frame("t").join(
        distinct.to_frame("t").with_row_index("place"), on="t", how="left", maintain_order="left"
    )["place"]  # fmt: skip
    return np.array(codes, np.uint64)[place.to_numpy()] if len(codes) else np.empty(0, np.uint64)


def first_of_each(keys: Keys, seen: Keys) -> Mask:
    """The first row of every key (n,) that is not among the sorted `seen`."""
    first = np.zeros(len(keys), bool)
    first[np.unique(keys, return_index=True)[1]] = True
    if len(seen):
        place = np.searchsorted(seen, keys).clip(max=len(seen) - 1)
        first &= seen[place] != keys
    return first


def wanted_rows(most: Sequence[int | None], learned: int) -> int:
    """The rows that a data set should have at the most: what the rules say, or else twice the source's."""
    said = [count for count in most if count is not None]
    return min(said) if said else max(LEAST_WANTED, 2 * learned)


def trials_for(wanted: int) -> int:
    return min(DRAWS_A_ROW * wanted, MOST_TRIALS)


def capacity(keys: Keys, there: Mask, wanted: int) -> int:
    """How many rows with different keys can be had by `DRAWS_A_ROW` candidates a wanted row, from trial candidates.

    Where every key of the trials came up at least twice, the keys are taken to be known, all of them. Beyond the trials the number of
    different keys is extrapolated as if all were equally likely, which underestimates it for any other law.
    """
    share = float(there.mean()) if len(there) else 0.0
    if share == 0:
        return wanted
    counts = np.unique(keys[there], return_counts=True)[1]
    different = float(len(counts))
    if counts.min() >= 2:
        return min(wanted, int(different / share))
    trials, draws = float(there.sum()), DRAWS_A_ROW * wanted * share
    if draws > trials:
        different = _extrapolated(different, trials, draws)
    return min(wanted, max(1, int(SAFETY * different / share)))


def _extrapolated(different: float, trials: float, draws: float) -> float:
    """Different keys among `draws`, if `different` were among `trials` and all are equally likely."""
    if different >= trials:
        return draws
    low, high = different, trials * trials
    for _ in range(100):
        domain = (low * high) ** 0.5
        if domain * -np.expm1(-trials / domain) < different:
            low = domain
        else:
            high = domain
    return float(high * -np.expm1(-draws / high))
