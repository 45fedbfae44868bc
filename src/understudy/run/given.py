"""Conditions as JSON and back: for the plan, the manifest, and the way to a worker process.

Python has more kinds of value than JSON; those are written as an object with one key that starts with `$`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Set
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
    if isinstance(given, Mapping):
        return {str(key): given_to_json(value) for key, value in given.items()}
    if isinstance(given, list):
        return [given_to_json(value) for value in given]
    if isinstance(given, tuple):
        return {"$tuple": [given_to_json(value) for value in given]}
    if isinstance(given, Set):
        return {"$set": sorted((given_to_json(value) for value in given), key=json.dumps)}
    if isinstance(given, dt.datetime):
        return {"$datetime": given.isoformat()}
    if isinstance(given, dt.date):
        return {"$date": given.isoformat()}
    if isinstance(given, dt.time):
        return {"$time": given.isoformat()}
    if isinstance(given, dt.timedelta):
        return {"$seconds": given.total_seconds()}
    if hasattr(given, "item") and getattr(given, "ndim", 1) == 0:  # a NumPy scalar
        return given_to_json(given.item())
    raise ConditionError(
        f"A condition holds a {type(given).__name__}, which cannot be stored with the output.",
        remedy="Give plain values: numbers, text, dates, lists, sets or (low, high) ranges.",
    )


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
