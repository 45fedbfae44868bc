"""What a schema declares, whatever it is written in: tables, columns with their types, keys, references, checks.

Every importer tells a `Declared`; `building.py` makes the spec of it. What an importer cannot say in it goes into its notes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from understudy.rules.columns import AnyColumn, Scalar
from understudy.rules.law import Law
from understudy.rules.spec import ListSpec

Kind = Literal["integer", "decimal", "boolean", "date", "datetime", "time", "text", "uuid", "binary", "unknown"]
What = Literal["guessed", "changed", "left out"]
_WORD = re.compile(r"[A-Z]+(?![a-zß-ÿ])|[A-Z]?[a-zß-ÿ]+|\d+")


@dataclass(frozen=True)
class Note:
    """Something that the schema did not say and the importer chose ("guessed"), said and is done otherwise ("changed"), or said and is
    not kept ("left out")."""

    what: What
    text: str
    table: str | None = None
    column: str | None = None

    def __str__(self) -> str:
        place = ".".join(name for name in (self.table, self.column) if name)
        return f"{self.what}: {place}: {self.text}" if place else f"{self.what}: {self.text}"


@dataclass
class DeclaredColumn:
    """A column as declared. length: most characters; digits and decimals: of a number, in all and after the point; first and last: of
    days and moments; column: what makes it, where the source tells exactly."""

    name: str
    kind: Kind = "unknown"
    length: int | None = None
    least_length: int = 0
    digits: int | None = None
    decimals: int | None = None
    nullable: bool = True
    identity: bool = False
    start: int = 1
    default: Scalar | None = None
    choices: list[Scalar] | None = None
    low: float | None = None
    high: float | None = None
    first: str | None = None
    last: str | None = None
    pattern: str | None = None
    format: str | None = None
    formula: str | None = None
    nulls: str | float | None = None
    description: str | None = None
    column: AnyColumn | None = None

    @property
    def words(self) -> list[str]:
        """The name's words in lower case: "customerID" is customer, id."""
        return words_of(self.name)


@dataclass(frozen=True)
class DeclaredReference:
    """A foreign key: columns of the table, and those of `table` that they name (its key, where none are told). owns: rows of the table
    are made for each row of the other."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...] = ()
    owns: bool = False


@dataclass(frozen=True)
class DeclaredOrder:
    """One column is at most (`strict`: below) another."""

    low: str
    high: str
    strict: bool = False
    guessed: bool = False


@dataclass
class DeclaredTable:
    """A table as declared. rows: how many, where known."""

    name: str
    columns: dict[str, DeclaredColumn] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    references: list[DeclaredReference] = field(default_factory=list)
    orders: list[DeclaredOrder] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)
    correlations: list[dict[str, Any]] = field(default_factory=list)
    rows: int | None = None

    @property
    def words(self) -> list[str]:
        return words_of(self.name)

    def add(self, column: DeclaredColumn) -> None:
        self.columns[column.name] = column

    def add_rule(self, formula: str, name: str | None = None) -> str:
        """Keep a formula as a rule of a name of its own."""
        if formula in self.rules.values():
            return next(known for known, text in self.rules.items() if text == formula)
        name = free_name(name or "check", self.rules)
        self.rules[name] = formula
        return name


@dataclass
class Declared:
    """Tables as declared, and notes of what could not be said here. fan_out: how many rows refer to each of the other table, and at
    most, where it is measured."""

    tables: dict[str, DeclaredTable] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    lists: dict[str, ListSpec] = field(default_factory=dict)
    name: str = "data"
    fan_out: Callable[[str, DeclaredReference], tuple[Law, int] | None] = lambda table, reference: None

    def note(self, what: What, text: str, table: str | None = None, column: str | None = None) -> None:
        found = Note(what, text, table, column)
        if found not in self.notes:
            self.notes.append(found)


def words_of(name: str) -> list[str]:
    """A name's words in lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted_2`, `wanted_3` … where it is taken."""
    taken = set(taken)
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}_{number}" in taken:
        number += 1
    return f"{wanted}_{number}"
