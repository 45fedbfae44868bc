"""Labels under one name, whatever holds them: 1, 1.0 and "1" are one label, and so are True and "true"."""

from __future__ import annotations

from typing import Any


def label_name(value: Any) -> str:
    """What a label is called."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
