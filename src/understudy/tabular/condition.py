"""What a user may ask of a column: a value, one of several, or a range.

    given={"churn": "Yes", "age": (30, 40), "plan": ["basic", "plus"], "income": Range(50_000, None), "phone": None}

A tuple of two, a `Range` or a slice is a range with both ends included (None: open); a list, set, array or series holds choices;
None stands for a missing value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from understudy.core.errors import ConditionError
from understudy.data.condition import Condition as Condition
from understudy.data.condition import meets as meets


class Range(NamedTuple):
    """Values from ``low`` to ``high``, both included; None leaves an end open."""

    low: Any = None
    high: Any = None


def has_shares(given: Any) -> bool:
    """Whether some column is given shares of its values."""
    return isinstance(given, Mapping) and any(isinstance(wanted, Mapping) for wanted in given.values())


def rest_of(values: Sequence[Condition]) -> Condition:
    """Whatever meets none of the conditions on a column."""
    return Condition(values[0].column, None, excluded=tuple(values))


def parse_conditions(given: Any) -> dict[str, Condition]:
    """The conditions in ``given``, by column. Raises ``ConditionError`` for anything that is not a mapping of columns."""
    if not isinstance(given, Mapping):
        raise ConditionError(
            f"Conditions are a mapping from columns to values, not {type(given).__name__}.",
            where="given",
            remedy='For example given={"churn": "Yes"}.',
        )
    return {str(column): _parse(str(column), wanted) for column, wanted in given.items()}


def _parse(column: str, wanted: Any) -> Condition:
    if isinstance(wanted, Condition):
        return wanted
    if isinstance(wanted, slice):
        return _range(column, wanted.start, wanted.stop)
    if isinstance(wanted, tuple):
        if len(wanted) != 2:
            raise ConditionError(
                f"A range has two ends; {len(wanted)} were given.",
                where=f'given, column "{column}"',
                remedy="Use a list for several values.",
            )
        return _range(column, *wanted)
    if isinstance(wanted, list | set | frozenset | np.ndarray) or hasattr(wanted, "to_list"):
        values = [_plain(value) for value in (wanted.to_list() if hasattr(wanted, "to_list") else wanted)]
        return _choices(column, sorted(values, key=_order) if isinstance(wanted, set | frozenset) else values)
    return _choices(column, [_plain(wanted)])


def _choices(column: str, values: list[Any]) -> Condition:
    if not values:
        raise ConditionError("No value is left to choose from: the list is empty.", where=f'given, column "{column}"')
    present = tuple(dict.fromkeys(value for value in values if value is not None))
    return Condition(column, present, null=any(value is None for value in values))


def _range(column: str, low: Any, high: Any) -> Condition:
    low, high = _plain(low), _plain(high)
    if low is None and high is None:
        raise ConditionError("A range needs at least one end.", where=f'given, column "{column}"', remedy="For example (18, None).")
    return Condition(column, None, low, high)


def _plain(value: Any) -> Any:
    """NumPy and pandas scalars as Python's; not-a-number and not-a-time as None."""
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    elif isinstance(value, np.datetime64 | np.timedelta64):
        value = value.astype("datetime64[us]" if isinstance(value, np.datetime64) else "timedelta64[us]").item()
    elif hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    return None if type(value).__name__ in ("NAType", "NaTType") else value


def _order(value: Any) -> tuple[str, str]:
    """Any order will do for a set, as long as it is always the same."""
    return type(value).__name__, repr(value)
