"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """A noun with its number: 1 row, 2,000 rows. `many` where the plural is not made with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
