"""Texts drawn word by word down the levels, several for each row, of which one is chosen (see `choosing.py`).

A row's text follows from its label and its key alone, so that any row can be made by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.data.texts.ngram.levels import GROUPED, found_at, mix

if TYPE_CHECKING:
    from understudy.data.texts.ngram.choosing import Taste
    from understudy.data.texts.ngram.levels import Levels

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]


def draw(
    levels: Levels, taste: Taste, labels: Integers, end: int, *, longest: int | Integers, candidates: int, run: int, keys: Words
) -> tuple[Integers, Integers]:
    """A text for each label: tokens one after another, and where each text starts (n + 1).

    Args:
        end: the word that ends a text; the one after it stands before the beginning.
        longest: words of a text, at most; or the least and the most for each row, (n, 2).
        candidates: texts drawn for each row, of which one is kept, with chances as the exponential of its taste.
        run: words in a row, at most, that may come from contexts of two words or more.
        keys: (n,) 64 random bits for each row.
    """
    steps = np.array(levels.steps, np.int64)
    bounds = np.tile([1, longest], (len(labels), 1)) if isinstance(longest, int) else longest
    tokens, lengths = _draw(
        labels, end, bounds, candidates, run, keys, steps, levels.keys, levels.slots, levels.starts, levels.followers, levels.thresholds,
        levels.groups, taste.groups, taste.words, taste.lengths, taste.pair_keys, taste.pair_slots, taste.pairs,
    )  # fmt: skip
    return tokens.astype(np.int64), np.concatenate([[0], np.cumsum(lengths)])


def tasted(taste: Taste, tokens: Integers, starts: Integers, labels: Integers, end: int) -> Floats:
    """The taste of each text, for its label; tokens below 0 are words that nobody knows."""
    found: Floats = _all_tasted(
        tokens.astype(np.int32), starts, taste.groups[labels], end, taste.words, taste.lengths, taste.pair_keys, taste.pair_slots,
        taste.pairs,
    )  # fmt: skip
    return found


@numba.njit(cache=True)
def _all_tasted(tokens, starts, groups, end, words, lengths, pair_keys, pair_slots, pairs):  # type: ignore[no-untyped-def]
    out = np.empty(len(groups))
    for i in range(len(groups)):
        text = tokens[starts[i] : starts[i + 1]]
        out[i] = _tasted(text, len(text), end, groups[i], words, lengths, pair_keys, pair_slots, pairs)
    return out


@numba.njit(cache=True)
def _draw(  # type: ignore[no-untyped-def]
    labels,
    end,
    bounds,
    candidates,
    run,
    row_keys,
    steps,
    keys,
    slots,
    starts,
    followers,
    thresholds,
    kinds,
    groups,
    words,
    lengths,
    pair_keys,
    pair_slots,
    pairs,
):
    longest = bounds[:, 1].max() if len(bounds) else 1
    out = np.empty(len(labels) * 32 + longest, np.int32)
    sizes = np.zeros(len(labels), np.int64)
    text, best = np.empty(longest, np.int32), np.empty(longest, np.int32)
    state, used = np.empty(1, np.uint64), 0
    for row in range(len(labels)):
        state[0] = row_keys[row]
        group, top, size = groups[labels[row]], -np.inf, 0
        for _ in range(candidates):
            n = _one(
                labels[row],
                end,
                text[: bounds[row, 1]],
                bounds[row, 0],
                run,
                state,
                steps,
                keys,
                slots,
                starts,
                followers,
                thresholds,
                kinds,
            )
            score = 0.0
            if candidates > 1:
                score = _tasted(text, n, end, group, words, lengths, pair_keys, pair_slots, pairs) - np.log(
                    -np.log(_uniform(state) + 1e-300)
                )
            if score > top:
                top, size = score, n
                best[:n] = text[:n]
        if used + size > len(out):
            wider = np.empty(2 * len(out) + size, np.int32)
            wider[:used] = out[:used]
            out = wider
        out[used : used + size] = best[:size]
        used, sizes[row] = used + size, size
    return out[:used], sizes


@numba.njit(cache=True)
def _one(label, end, text, least, run, state, steps, keys, slots, starts, followers, thresholds, kinds):  # type: ignore[no-untyped-def]
    """Draws one text into `text`; its length, at least `least`."""
    one = two = three = end + 1
    n, ran = 0, 0
    while n < len(text):
        word, order = _next(label, one, two, three, ran >= run, state, steps, keys, slots, starts, followers, thresholds, kinds)
        if word == end:
            if n >= least:
                break
            continue
        ran = ran + 1 if order > 2 else 0
        text[n] = word
        n += 1
        three, two, one = two, one, word
    return n


@numba.njit(cache=True)
def _next(label, one, two, three, short, state, steps, keys, slots, starts, followers, thresholds, kinds):  # type: ignore[no-untyped-def]
    for level in range(len(steps)):
        order = steps[level, 0]
        grouped = steps[level, 2] > 0
        if short and order > 2 and not grouped:
            continue
        key = mix(np.uint64((label + 1 if steps[level, 1] else 0) * 8 + order + (GROUPED if grouped else 0)))
        if order > 1:
            key = mix(key + np.uint64(kinds[one] if grouped else one))
        if order > 2:
            key = mix(key + np.uint64(kinds[two] if grouped else two))
        if order > 3:
            key = mix(key + np.uint64(three))
        context = found_at(keys, slots, key)
        if context < 0:
            continue
        first, last = starts[context], starts[context + 1]
        share = np.uint32(_bits(state) >> np.uint64(32))
        if share >= thresholds[last - 1] and level < len(steps) - 1:
            continue
        low, high = first, last - 1
        while low < high:
            middle = (low + high) >> 1
            if share < thresholds[middle]:
                high = middle
            else:
                low = middle + 1
        return followers[low], (1 if grouped else order)
    return np.int32(0), 1


@numba.njit(cache=True, inline="always")
def _bits(state):  # type: ignore[no-untyped-def]
    """64 random bits; SplitMix64 (Steele, Lea, Flood 2014)."""
    out = mix(state[0])
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    return out


@numba.njit(cache=True, inline="always")
def _uniform(state):  # type: ignore[no-untyped-def]
    return (_bits(state) >> np.uint64(11)) * 2.0**-53


@numba.njit(cache=True)
def _tasted(text, n, end, group, words, lengths, pair_keys, pair_slots, pairs):  # type: ignore[no-untyped-def]
    total, before = 0.0, end + 1
    for i in range(n):
        if text[i] < 0:
            before = -1
            continue
        total += words[group, text[i]]
        found = found_at(pair_keys, pair_slots, pair_key(group, before, text[i]))
        if found >= 0:
            total += pairs[found]
        before = text[i]
    return total / np.sqrt(max(n, 1)) + lengths[group, min(n, lengths.shape[1] - 1)]


@numba.njit(cache=True, inline="always")
def pair_key(group, before, word):  # type: ignore[no-untyped-def]
    return mix(mix(np.uint64(group)) + np.uint64(before) * np.uint64(1 << 32) + np.uint64(word))


@numba.njit(cache=True)
def pair_keys_of(group, before, words):  # type: ignore[no-untyped-def]
    out = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        out[i] = pair_key(group, before[i], words[i])
    return out
