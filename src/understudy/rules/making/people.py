"""Data of made-up persons, and words of the vocabularies."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, ConstraintError
from understudy.data.keyed import GOLDEN, Rows, mixed
from understudy.rules.cells import Cells
from understudy.rules.columns import PersonColumn, WordColumn
from understudy.rules.making.maker import Maker, Place
from understudy.rules.people import Cache, PersonLaw, WordLaw

if TYPE_CHECKING:
    from understudy.rules.spec import Spec

KINDS = {"birth_date": "date", "age": "integer", "latitude": "decimal", "longitude": "decimal"}
UNIQUE = ("email", "user_name")


def person_law(spec: Spec, table: str, who: str) -> PersonLaw:
    """The persons of a table that go by `who`."""
    from understudy.rules.spec import People

    people = spec.tables[table].people.get(who, People())
    try:
        return PersonLaw(
            people.locale or spec.locale,
            age=people.age,
            sex=dict(people.sex.items()),
            today=dt.date.fromisoformat(spec.today),
            domains=people.domains,
        )
    except ArgumentError as error:
        where = f"tables.{table}.people.{who}" if who in spec.tables[table].people else f"tables.{table}"
        raise ConstraintError(error.what, where=where, remedy=error.remedy) from None


class PersonMaker(Maker):
    """One datum of the row's person."""

    def __init__(self, place: Place, column: PersonColumn, law: PersonLaw) -> None:
        super().__init__(place)
        self._field, self._who, self._law = column.field, column.who, law
        self.kind = KINDS.get(column.field, "text")

    def make(self, cells: Cells) -> pl.Series:
        stream = cells.world.stream.child(self.place.table, "", "person", self._who)
        rows = cells.rows if self._field in UNIQUE else drawn_again(cells)
        cache: Cache = cells.keep(("person", self._who, self._field in UNIQUE), dict)
        return self._law.make(self._field, rows, stream, cache)


class WordMaker(Maker):
    """A word of a vocabulary."""

    kind = "text"

    def __init__(self, place: Place, column: WordColumn, spec: Spec) -> None:
        super().__init__(place)
        try:
            self._law = WordLaw(column.of, column.locale or spec.locale)
        except ArgumentError as error:
            raise self.refuse(error.what, error.remedy) from None

    def make(self, cells: Cells) -> pl.Series:
        stream = cells.world.stream.child(self.place.table, self.place.column, *self.place.path)
        return self._law.make(drawn_again(cells), stream)


def drawn_again(cells: Cells) -> Rows:
    """The rows' numbers; those that are drawn again have the numbers of rows that there are not."""
    if cells.attempts is None:
        return cells.rows
    again = (mixed(cells.rows.astype(np.uint64) + cells.attempts * GOLDEN) >> np.uint64(2)).astype(np.int64)
    return np.where(cells.attempts > 0, again, cells.rows)
