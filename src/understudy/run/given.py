"""Conditions as JSON and back: for the plan, the manifest, and the way to a worker process.

Python has more kinds of value than JSON; those are written as an object with one key that starts with `$`.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
import zlib
from collections.abc import Callable, Mapping, Set
from typing import Any

import polars as pl

from understudy.core.errors import ConditionError
from understudy.data.frames import is_frame
from understudy.data.table import as_table

_READ: dict[str, Any] = {
    "$tuple": tuple,
    "$set": set,
    "$datetime": dt.datetime.fromisoformat,
    "$date": dt.date.fromisoformat,
    "$time": dt.time.fromisoformat,
    "$seconds": lambda seconds: dt.timedelta(seconds=seconds),
    "$mapping": dict,
    "$frame": lambda text: pl.read_ipc_stream(io.BytesIO(zlib.decompress(base64.b64decode(text)))),
}


def given_to_json(given: Any) -> Any:
    """Conditions as JSON: equal conditions give equal JSON. ConditionError for a value of a type that has no such form."""
    if given is None or isinstance(given, (bool, int, float, str)):
        return given
    for kind, written in _WRITTEN:
        if isinstance(given, kind):
            return written(given)
    if is_frame(given):
        return {"$frame": _packed(as_table(given).frame)}
    if hasattr(given, "to_list"):  # a series
        return given_to_json(given.to_list())
    if hasattr(given, "tolist"):  # a NumPy array or scalar
        return given_to_json(given.tolist())
    raise ConditionError(
        f"A condition holds a {type(given).__name__}, which cannot be stored with the output.",
        remedy="Give plain values: numbers, text, dates, lists, sets or (low, high) ranges.",
    )


def _mapping(given: Mapping[Any, Any]) -> Any:
    """An object where the keys are names; where they are values (asked shares), pairs in one order."""
    if all(isinstance(key, str) and not key.startswith("$") for key in given):
        return {key: given_to_json(value) for key, value in given.items()}
    return {"$mapping": sorted(([given_to_json(key), given_to_json(value)] for key, value in given.items()), key=json.dumps)}


def _packed(frame: pl.DataFrame) -> str:
    """A frame of partial rows as text, with its types."""
    buffer = io.BytesIO()
    frame.rechunk().write_ipc_stream(buffer)
    return base64.b64encode(zlib.compress(buffer.getvalue(), 6)).decode("ascii")


def _all(values: Any) -> list[Any]:
    return [given_to_json(value) for value in values]


_WRITTEN: list[tuple[type, Callable[[Any], Any]]] = [
    (Mapping, _mapping),
    (list, _all),
    (tuple, lambda given: {"$tuple": _all(given)}),
    (slice, lambda given: {"$tuple": _all((given.start, given.stop))}),
    (Set, lambda given: {"$set": sorted(_all(given), key=json.dumps)}),
    (dt.datetime, lambda given: {"$datetime": given.isoformat()}),  # before date, of which it is one
    (dt.date, lambda given: {"$date": given.isoformat()}),
    (dt.time, lambda given: {"$time": given.isoformat()}),
    (dt.timedelta, lambda given: {"$seconds": given.total_seconds()}),
]


def given_from_json(value: Any) -> Any:
    """The conditions that `given_to_json` wrote down."""
    if isinstance(value, list):
        return [given_from_json(element) for element in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag in _READ:
            return _READ[tag](given_from_json(content))
    return {key: given_from_json(element) for key, element in value.items()}
