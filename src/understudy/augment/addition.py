"""What is to be added, and what could not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Addition:
    """Rows to make: how many, under which conditions, and why."""

    rows: int
    given: Mapping[str, Any] | None
    why: str


@dataclass(frozen=True)
class Step:
    """One thing that was asked for, and what came of it.

    Args:
        why: as in the rows' provenance, "balance: churn=Yes".
        wanted, made: synthetic rows (`impute`: cells; `drop`: real rows left out).
        reason: why fewer were made than wanted, or how they were found; empty where there is nothing to say.
        tried: candidates that were looked at, where rows were searched for.
    """

    why: str
    wanted: int
    made: int
    reason: str = ""
    tried: int | None = None

    @property
    def unmet(self) -> bool:
        return self.made < self.wanted
