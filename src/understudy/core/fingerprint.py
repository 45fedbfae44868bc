"""One hash for plain values: equal if, and only if, the values are of the same types and equal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from understudy.core.errors import ArgumentError


def fingerprint(value: Any) -> bytes:
    """32 bytes for None, booleans, numbers, text, bytes, lists, tuples, mappings, dataclasses, NumPy arrays, and any nesting of them.

    Mappings count as equal in any order. Floats are compared by their bits' value: NaN equals NaN, and 0.0 is not -0.0.

    Raises:
        ArgumentError: a value of another type; its author must write `_fingerprint`.
    """
    digest = hashlib.blake2b(digest_size=32)
    _feed(value, digest.update)
    return digest.digest()


def _feed(value: Any, put: Callable[[bytes], None]) -> None:
    if value is None or isinstance(value, (bool, int, float, complex)):
        _put(f"{type(value).__name__} {value!r}".encode(), put)
    elif isinstance(value, str):
        _put(b"str " + value.encode("utf-8", "surrogatepass"), put)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        _put(b"bytes " + bytes(value), put)
    elif isinstance(value, (list, tuple)):
        _put(f"{type(value).__name__} {len(value)}".encode(), put)
        for entry in value:
            _feed(entry, put)
    elif isinstance(value, Mapping):
        _put(b"mapping %d" % len(value), put)
        for pair in sorted(fingerprint(name) + fingerprint(entry) for name, entry in value.items()):
            put(pair)
    elif is_dataclass(value) and not isinstance(value, type):
        _feed({entry.name: getattr(value, entry.name) for entry in fields(value)}, put)
    else:
        _feed_array(value, put)


def _feed_array(value: Any, put: Callable[[bytes], None]) -> None:
    import numpy as np

    if not isinstance(value, (np.ndarray, np.generic)):
        raise ArgumentError(
            f"Values of type {type(value).__name__} have no fingerprint.", remedy="Write `_fingerprint` for this kind of batch."
        )
    array = np.asarray(value)
    _put(f"array {array.dtype.str} {array.shape}".encode(), put)
    if array.dtype.hasobject:
        _feed(array.tolist(), put)
    else:
        put(np.ascontiguousarray(array).tobytes())


def _put(entry: bytes, put: Callable[[bytes], None]) -> None:
    """Length first, so that no two sequences of entries run together into the same bytes."""
    put(len(entry).to_bytes(8, "little"))
    put(entry)
