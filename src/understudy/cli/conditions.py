"""Conditions from the command line: `city=Paris`, `city=Paris,Rome`, `age=20..30`, `age=..30`, `phone=` (missing)."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ConditionError, did_you_mean

if TYPE_CHECKING:
    from understudy.core.generator import Generator
    from understudy.data.schema import ColumnSchema

RANGE = ".."
_RANGED = frozenset({"integer", "decimal", "ordinal", "datetime", "date", "time", "latitude", "longitude"})


def parse_conditions(texts: list[str], generator: Generator) -> dict[str, Any]:
    """The `given=` of `texts`, each value as its column's kind has it.

    Raises:
        ConditionError: no `=`, an unknown column (with the nearest), a value that its column cannot have, or a column named twice.
    """
    from understudy.cli.tables import fitted_schema

    schema = fitted_schema(generator)
    columns = {} if schema is None else {column.name: column for column in schema.columns}
    given: dict[str, Any] = {}
    for text in texts:
        name, wanted = _split(text, columns)
        if name in given:
            raise ConditionError(
                f'There are two conditions on "{name}".', where=f"--given {text}", remedy=f"Name all its values in one: --given {name}=a,b"
            )
        given[name] = _parsed(wanted, columns.get(name), text)
    return given


def _split(text: str, columns: dict[str, ColumnSchema]) -> tuple[str, str]:
    """Column and value; a column's name may hold an equals sign itself."""
    cuts = [index for index, character in enumerate(text) if character == "="]
    if not cuts:
        raise ConditionError(f'"{text}" is no condition.', where="--given", remedy="Write COLUMN=VALUE, for example --given age=20..30")
    known = [cut for cut in cuts if text[:cut].strip() in columns]
    if columns and not known:
        name = text[: cuts[0]].strip()
        raise ConditionError(f'There is no column "{name}".', where=f"--given {text}", remedy=did_you_mean(name, columns))
    cut = known[-1] if known else cuts[0]
    return text[:cut].strip(), text[cut + 1 :].strip()


def _parsed(wanted: str, column: ColumnSchema | None, text: str) -> Any:
    if wanted == "":
        return None
    if RANGE in wanted and (column is None or column.kind in _RANGED):
        low, _, high = wanted.partition(RANGE)
        return tuple(_value(end, column, text) if end else None for end in (low.strip(), high.strip()))
    values = [_value(value.strip(), column, text) for value in next(csv.reader([wanted], skipinitialspace=True))]
    return values if len(values) > 1 else values[0]


def _value(text: str, column: ColumnSchema | None, condition: str) -> Any:
    """One value as its column's kind has it; text that is not a number stays text where the kind is not one."""
    if column is None or column.dtype == "String":
        return text
    read = _READERS.get(column.kind)
    if read is None:
        return _as_dtype(text, column)
    try:
        return read(text)
    except ValueError:
        raise ConditionError(
            f'"{text}" is no {column.kind}, as column "{column.name}" is.', where=f"--given {condition}", remedy=_EXAMPLES.get(column.kind)
        ) from None


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _boolean(text: str) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


def _as_dtype(text: str, column: ColumnSchema) -> Any:
    """Categories may be numbers or truth values; then so is the condition."""
    if column.dtype == "Boolean":
        return _boolean(text)
    if column.dtype.startswith(("Int", "UInt", "Float", "Decimal")):
        return _number(text)
    return text


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": _number,
    "decimal": _number,
    "latitude": _number,
    "longitude": _number,
    "boolean": _boolean,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
}
_EXAMPLES = {
    "integer": "Write a number, or a range such as 20..30",
    "decimal": "Write a number, or a range such as 0.5..1.5",
    "boolean": "Write true or false.",
    "datetime": "Write 2024-05-31T12:00:00, or a range of two such times joined by ..",
    "date": "Write 2024-05-31, or a range such as 2024-01-01..2024-12-31",
    "time": "Write 12:30:00.",
}
