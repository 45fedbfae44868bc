"""Plain values as the bytes of JSON files, the same for equal values: UTF-8, no spaces, numbers as short as they can be."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """The value with NumPy's arrays and numbers, tuples and sets as JSON knows them."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def as_json(value: Any, *, indent: int | None = None) -> bytes:
    """The value as JSON. Numbers that are not finite stand as NaN and Infinity, which Python reads back."""
    separators = (",", ": ") if indent else (",", ":")
    return json.dumps(plain(value), ensure_ascii=False, separators=separators, indent=indent).encode("utf-8", "surrogatepass")


def as_json_lines(values: list[Any]) -> bytes:
    return b"".join(as_json(value) + b"\n" for value in values)
