"""SQL's words for types, in any dialect, as kinds of columns with their ranges."""

from __future__ import annotations

import re

from understudy.rules.importing.declared import DeclaredColumn, Kind

_BYTES = {
    "tinyint": 1, "int1": 1, "smallint": 2, "int2": 2, "smallserial": 2, "serial2": 2, "year": 2, "mediumint": 3, "int": 4, "integer": 4,
    "int4": 4,
    "serial": 4, "serial4": 4, "bigint": 8, "int8": 8, "bigserial": 8, "serial8": 8, "hugeint": 8, "int16": 2, "int32": 4, "int64": 8,
    "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "utinyint": 1, "usmallint": 2, "umediumint": 3, "uint": 4, "uinteger": 4,
    "ubigint": 8, "long": 8,
}  # fmt: skip
_SERIAL = frozenset({"serial", "smallserial", "bigserial", "serial2", "serial4", "serial8"})
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        "decimal numeric dec fixed number money smallmoney real float float4 float8 float32 float64 double halffloat "
        "binary_float binary_double bigdecimal udecimal udouble decimal32 decimal64 decimal128".split(),
        "decimal",
    ),
    **dict.fromkeys("bool boolean logical".split(), "boolean"),
    **dict.fromkeys("date date32".split(), "date"),
    **dict.fromkeys(
        "datetime datetime2 datetime64 smalldatetime timestamp timestamptz timestampltz timestampntz datetimeoffset".split(), "datetime"
    ),
    **dict.fromkeys("time timetz".split(), "time"),
    **dict.fromkeys("uuid uniqueidentifier guid".split(), "uuid"),
    **dict.fromkeys("blob bytea binary varbinary longblob mediumblob tinyblob image raw bytes rowversion bit_varying".split(), "binary"),
    **dict.fromkeys(
        "char varchar varchar2 nchar nvarchar nvarchar2 character text ntext tinytext mediumtext longtext clob nclob string name "
        "citext bpchar long_varchar unichar xml".split(),
        "text",
    ),
}  # fmt: skip
_ROOM = {"tinytext": 255}


def set_type(column: DeclaredColumn, word: str, parameters: list[int]) -> bool:
    """Give a column the kind and the ranges of an SQL type: its first word and the numbers in its parentheses. False where it is unknown.

    SQLite, Oracle and others say NUMBER or NUMERIC without decimals for whole numbers as for others: those are taken for decimals, but for
    NUMBER(p) and NUMBER(p, 0).
    """
    word = word.lower().strip()
    if word in _BYTES or (word in ("decimal", "numeric", "number", "dec") and parameters and (len(parameters) == 1 or parameters[1] == 0)):
        _set_integer(column, word, parameters)
        return True
    if word == "bit":
        column.kind = "boolean" if not parameters or parameters[0] == 1 else "unknown"
        return column.kind == "boolean"
    if word not in _KINDS:
        return False
    column.kind = _KINDS[word]
    if column.kind == "decimal":
        money = word in ("money", "smallmoney")
        column.digits = parameters[0] if parameters and len(parameters) > 1 else None
        column.decimals = parameters[1] if len(parameters) > 1 else (2 if money else None)
    if column.kind == "text" and parameters and parameters[0] > 0:
        column.length = parameters[0]
    column.length = column.length or _ROOM.get(word)
    return True


def _set_integer(column: DeclaredColumn, word: str, parameters: list[int]) -> None:
    column.kind, column.identity = "integer", column.identity or word in _SERIAL
    if word == "tinyint" and parameters == [1]:
        column.kind = "boolean"
        return
    if word == "year":
        column.low, column.high = 1901, 2155
        return
    # No name says more than 2^53 rows apart, and a number beyond is no float.
    limit = 10.0 ** min(parameters[0], 15) - 1 if word not in _BYTES and parameters else 2.0 ** min(8 * _BYTES.get(word, 8) - 1, 53) - 1
    column.high = limit if column.high is None else min(column.high, limit)


def split_type(text: str) -> tuple[str, list[int]]:
    """A type as text, "character varying(20)", as its word and numbers."""
    text = text.lower().strip()
    numbers = re.search(r"\(([\d\s,]+)", text)
    word = re.split(r"[\s(\[]", text, maxsplit=1)[0]
    if text.startswith("double"):
        word = "double"
    if text.startswith(("timestamp", "time ")):
        numbers = None
    return word, [int(part) for part in numbers.group(1).split(",") if part.strip()] if numbers else []
