"""What a fit did: nothing is changed silently, so everything that was decided, coerced, dropped or protected is written here."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Self, TypedDict


class Decision(TypedDict):
    """One thing that was done to one column, and why; `column` is None for the whole table."""

    column: str | None
    what: str
    why: str


@dataclass
class FitRecord:
    """The record of one fit. It is saved with the model and shown by `understudy inspect`.

    Attributes:
        decisions: what was done to each column, in order.
        notes: remarks for the reader, in order.
        figures: measured values by name; JSON-able.
        seconds: wall-clock time of the fit.
        versions: the releases that were at work, by package.
    """

    decisions: list[Decision] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)

    def decide(self, column: str | None, what: str, why: str) -> None:
        """Note that `what` was done to `column`, because `why`."""
        self.decisions.append(Decision(column=column, what=what, why=why))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def of(self, column: str) -> list[Decision]:
        """The decisions about one column."""
        return [decision for decision in self.decisions if decision["column"] == column]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; figures that are no finite number become None."""
        plain = _jsonable(dataclasses.asdict(self))
        assert isinstance(plain, dict)
        return plain

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Back from `to_dict`; entries of a newer release that this one does not know are left out."""
        known = {entry.name for entry in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


def versions_at_work(*packages: str) -> dict[str, str]:
    """The installed releases of Python, understudy, NumPy and the named distributions; for `FitRecord.versions`."""
    import platform
    from importlib import metadata

    found = {"python": platform.python_version()}
    for package in ("understudy", "numpy", *packages):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _jsonable(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _jsonable(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
