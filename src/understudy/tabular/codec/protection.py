"""What the codec holds back so that no single person's value is carried by the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream

SMALL_TABLE = 1000


@dataclass(frozen=True)
class Protection:
    """How much company a value needs before it is released.

    Args:
        rare_minimum, rare_maximum: a category held by fewer than ``r`` rows is protected; ``r`` is drawn from
            [rare_minimum, rare_maximum) by the seed, so that nobody can tell how many rows a released level has at least.
            Tables of fewer than 1,000 rows use ``rare_minimum``.
        rare: what stands for a protected category: "resample" draws one of the others by their shares, "constant" writes
            ``rare_text`` (numbers are always resampled).
        rare_text: the constant.
        knot_rows: rows that a number within a bin is averaged over: every stretch of a bin is the mean and spread of at least
            about this many rows, and a number is released as itself only if at least this many rows share it.
        extremes: the smallest and largest value released are the means of this many smallest and largest rows.

    Raises ``ArgumentError`` where a figure is out of range.
    """

    rare_minimum: int = 5
    rare_maximum: int = 8
    rare: Literal["resample", "constant"] = "resample"
    rare_text: str = "(rare)"
    knot_rows: int = 10
    extremes: int = 5

    def __post_init__(self) -> None:
        for name in ("rare_minimum", "knot_rows", "extremes"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"Protection's {name} must be at least 1, not {getattr(self, name)}.")
        if self.rare_maximum <= self.rare_minimum:
            raise ArgumentError("Protection's rare_maximum must be above rare_minimum.", remedy="For example 5 and 8.")
        if self.rare not in ("resample", "constant"):
            raise ArgumentError(f'Protection\'s rare must be "resample" or "constant", not {self.rare!r}.')

    def rare_threshold(self, rows: int, stream: Stream) -> int:
        """The number of rows that a category needs in a table of ``rows`` rows."""
        if rows < SMALL_TABLE:
            return self.rare_minimum
        return int(stream.child("rare threshold").generator().integers(self.rare_minimum, self.rare_maximum))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**values)
