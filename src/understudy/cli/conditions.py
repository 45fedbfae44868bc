"""Conditions from the command line.

`city=Paris`, `city=Paris,Rome`, `age=20..30`, `age=..30`, `phone=` (missing); shares of values: `churn=yes:0.5`, `age=18..29:30%,60..:0.2`.
A share needs a point or a percent sign, so that `12:30` stays a time and `a:1` a value.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ConditionError, did_you_mean

if TYPE_CHECKING:
    from understudy.core.generator import Generator
    from understudy.data.schema import ColumnSchema

RANGE = ".."
_SHARE = re.compile(r"(.*):\s*(0?\.\d+|1\.0*|0\.|\d+(?:\.\d+)?%)", re.DOTALL)
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


def parse_given(texts: list[str] | None, file: Path | None, generator: Generator) -> Any:
    """The `given=` of `--given` texts or of a `--given-file` of partial rows; None where there is neither.

    Raises:
        ConditionError: both are given, or as `parse_conditions`.
    """
    if file is None:
        return parse_conditions(texts, generator) if texts else None
    if texts:
        raise ConditionError(
            "Partial rows and conditions cannot be asked for together.", where="--given-file",
            remedy="Write the conditions into a column of the file.",
        )  # fmt: skip
    from understudy.data import read

    return read(file).frame


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
    values = next(csv.reader([wanted], skipinitialspace=True))
    shares = [_SHARE.fullmatch(value.strip()) for value in values]
    if all(shares) and not _names_a_level(wanted, column):
        return {_shared(match[1], column, text): _share(match[2]) for match in shares if match is not None}
    if _is_range(wanted, column):
        return _range(wanted, column, text)
    choices = [_value(value.strip(), column, text) for value in values]
    return choices if len(choices) > 1 else choices[0]


def _names_a_level(text: str, column: ColumnSchema | None) -> bool:
    """A category may be called "ratio:0.5"."""
    return column is not None and text in {str(level) for level in [*(column.categories or []), *(column.order or [])]}


def _shared(value: str, column: ColumnSchema | None, condition: str) -> Any:
    """What a share is asked for: a value, a range, or missing."""
    value = value.strip()
    return None if value == "" else _range(value, column, condition) if _is_range(value, column) else _value(value, column, condition)


def _is_range(text: str, column: ColumnSchema | None) -> bool:
    return RANGE in text and (column is None or column.kind in _RANGED)


def _range(text: str, column: ColumnSchema | None, condition: str) -> tuple[Any, ...]:
    low, _, high = text.partition(RANGE)
    return tuple(_value(end, column, condition) if end else None for end in (low.strip(), high.strip()))


def _share(text: str) -> float:
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


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
