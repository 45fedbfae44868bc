"""Conditions as JSON and back: for the plan, the manifest, and the way to a worker process.

Python has more kinds of value than JSON; those are written as an object with one key that starts with `$`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Set
from typing import Any

from understudy.core.errors import ConditionError

_READ: dict[str, Any] = {
    "$tuple": tuple,
    "$set": set,
    "$datetime": dt.datetime.fromisoformat,
    "$date": dt.date.fromisoformat,
    "$time": dt.time.fromisoformat,
    "$seconds": lambda seconds: dt.timedelta(seconds=seconds),
}


def given_to_json(given: Any) -> Any:
    """Conditions as JSON: equal conditions give equal JSON. ConditionError for a value of a type that has no such form."""
    if given is None or isinstance(given, (bool, int, float, str)):
        return given
    for kind, written in _WRITTEN:
        if isinstance(given, kind):
            return written(given)
    if hasattr(given, "to_list"):  # a series
        return given_to_json(given.to_list())
    if hasattr(given, "tolist"):  # a NumPy array or scalar
        return given_to_json(given.tolist())
    raise ConditionError(
        f"A condition holds a {type(given).__name__}, which cannot be stored with the output.",
        remedy="Give plain values: numbers, text, dates, lists, sets or (low, high) ranges.",
    )


def _all(values: Any) -> list[Any]:
    return [given_to_json(value) for value in values]


_WRITTEN: list[tuple[type, Callable[[Any], Any]]] = [
    (Mapping, lambda given: {str(key): given_to_json(value) for key, value in given.items()}),
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
