"""The longest run of tokens that a text has in common with any text of a reference: matching statistics from a suffix array.

All documents are put one after another, each closed by a mark of its own, so that no run crosses a border. Suffixes are sorted by prefix
doubling (Manber and Myers 1990), common prefixes come from Kasai's algorithm (2001), and one sweep in each direction carries the nearest
suffix of the reference along: the longest common run of every document, exact, in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.text.likeness.words import Tokens

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """Of each document: length: (n,) of its longest common run; start: (n,) its first token within the document; source: (n,) the document
    of the reference that has it, -1 where nothing is in common."""

    length: Index
    start: Index
    source: Index


def longest_runs(reference: Tokens, documents: Tokens) -> Runs:
    """For each of the documents the longest run of tokens that occurs in some document of the reference."""
    both = Tokens.joined([reference, documents])
    symbols, owner, offset = _closed(both)
    order = _suffixes(symbols)
    common = _common_prefixes(symbols, order)
    length = np.zeros(len(both), np.int64)
    start, source = np.zeros(len(both), np.int64), np.full(len(both), -1, np.int64)
    _sweep(order, common, owner, offset, len(reference), length, start, source)
    own = slice(len(reference), None)
    return Runs(length[own], start[own], source[own])


def _closed(tokens: Tokens) -> tuple[Index, Index, Index]:
    """Symbols with a mark of its own behind each document, the document of each symbol, and its place in it."""
    lengths = tokens.lengths + 1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    owner = np.repeat(np.arange(len(tokens)), lengths)
    offset = np.arange(starts[-1]) - starts[owner]
    symbols = np.empty(starts[-1], np.int64)
    ends = starts[1:] - 1
    inside = np.ones(starts[-1], np.bool_)
    inside[ends] = False
    symbols[inside] = tokens.ids
    symbols[ends] = int(tokens.ids.max(initial=0)) + 1 + np.arange(len(tokens))
    return symbols, owner, offset


def _suffixes(symbols: Index) -> Index:
    """The places of all suffixes in sorted order."""
    size = len(symbols)
    rank = np.unique(symbols, return_inverse=True)[1].astype(np.int64)
    reach = 1
    while True:
        following = np.zeros(size, np.int64)
        following[: size - reach] = rank[reach:] + 1
        key = rank * (size + 1) + following
        order = np.argsort(key, kind="stable")
        differs = np.diff(key[order]) != 0
        rank[order] = np.concatenate([[0], np.cumsum(differs)])
        reach *= 2
        if differs.all() or reach >= size:
            return order


@numba.njit(cache=True)
def _common_prefixes(symbols, order):  # type: ignore[no-untyped-def]
    """(n,) how many symbols each suffix has in common with the one sorted before it."""
    size = len(symbols)
    place = np.empty(size, np.int64)
    for at in range(size):
        place[order[at]] = at
    common = np.zeros(size, np.int64)
    length = 0
    for begin in range(size):
        at = place[begin]
        if at == 0:
            length = 0
            continue
        before = order[at - 1]
        while begin + length < size and before + length < size and symbols[begin + length] == symbols[before + length]:
            length += 1
        common[at] = length
        if length:
            length -= 1
    return common


@numba.njit(cache=True)
def _sweep(order, common, owner, offset, reference, length, start, source):  # type: ignore[no-untyped-def]
    """Each suffix meets the nearest suffix of the reference before it and behind it."""
    size = len(order)
    for backwards in (False, True):
        shared, found = 0, -1
        for step in range(size):
            at = size - 1 - step if backwards else step
            link = at + 1 if backwards else at
            if step:
                shared = min(shared, common[link])
            document = owner[order[at]]
            if document < reference:
                shared, found = size, document
            elif found >= 0 and shared > length[document]:
                length[document], start[document], source[document] = shared, offset[order[at]], found
