"""E-mail addresses and user names: made of a person's name and the row's number, so that no two rows have the same."""

from __future__ import annotations

import numba
import numpy as np

from understudy.data.composed import seal
from understudy.data.keyed import GOLDEN, mix, word_at


@numba.njit(nogil=True, cache=True, boundscheck=False)
def write_accounts(rows, key, first, first_data, first_offsets, last, last_data, last_offsets, domains, domain_offsets, count, views, data):  # type: ignore[no-untyped-def]
    """Addresses: first.last, flast, first_last or firstlast; then the row's number, scrambled; then a domain.

    Names are letters alone, so that the digits at the end can be read back: equal addresses would have equal numbers.
    """
    used = 0
    for i in range(rows.size):
        state = word_at(rows[i], key)
        shape = state & np.uint64(3)
        start, end = first_offsets[first[i]], first_offsets[first[i] + 1]
        if shape == 1:
            end = min(end, start + 1)
        at = used
        for j in range(start, end):
            data[at] = first_data[j]
            at += 1
        if shape == 0 or shape == 2:
            data[at] = np.uint8(46 if shape == 0 else 95)
            at += 1
        for j in range(last_offsets[last[i]], last_offsets[last[i] + 1]):
            data[at] = last_data[j]
            at += 1
        at = _put_scrambled(data, at, np.uint64(rows[i]), key)
        domain = np.int64(((state >> np.uint64(32)) * count) >> np.uint64(32))
        for j in range(domain_offsets[domain], domain_offsets[domain + 1]):
            data[at] = domains[j]
            at += 1
        used = seal(views, i, data, used, at)
    return used


@numba.njit(nogil=True, cache=True, boundscheck=False, inline="always")
def _put_scrambled(text, at, row, key):  # type: ignore[no-untyped-def]
    """Write a number that no other row has: the first 10**5 rows share out the numbers of five digits, the next 10**6 those of six …

    A Feistel network whose two halves are decimal digits, added modulo their powers of ten (Black and Rogaway 2002, as in NIST SP 800-38G):
    a permutation of the numbers of so many digits.
    """
    digits, size = 5, np.uint64(100_000)
    while row >= size and digits < 18:
        row -= size
        size *= np.uint64(10)
        digits += 1
    low_digits = digits // 2
    low_size = np.uint64(1)
    for _ in range(low_digits):
        low_size *= np.uint64(10)
    high_size = size // low_size
    high = row // low_size
    low = row - high * low_size
    half = np.uint64(32)
    for turn in range(3):
        round_key = key + np.uint64(2 * turn) * GOLDEN
        low += ((mix(high * GOLDEN + round_key) >> half) * low_size) >> half
        low -= low_size if low >= low_size else np.uint64(0)
        high += ((mix(low * GOLDEN + round_key + GOLDEN) >> half) * high_size) >> half
        high -= high_size if high >= high_size else np.uint64(0)
    for j in range(digits - 1, digits - 1 - low_digits, -1):
        rest = low // np.uint64(10)
        text[at + j] = np.uint8(48 + (low - rest * np.uint64(10)))
        low = rest
    for j in range(digits - 1 - low_digits, -1, -1):
        rest = high // np.uint64(10)
        text[at + j] = np.uint8(48 + (high - rest * np.uint64(10)))
        high = rest
    return at + digits
