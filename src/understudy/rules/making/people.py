"""Data of made-up persons, and words of the vocabularies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from understudy.rules.cells import Cells
from understudy.rules.columns import PersonColumn, WordColumn
from understudy.rules.making.maker import Maker, Place

if TYPE_CHECKING:
    from understudy.rules.spec import Locales, People, Spec

KINDS = {"birth_date": "date", "age": "integer", "latitude": "decimal", "longitude": "decimal"}


@dataclass(frozen=True)
class Group:
    """Who one `who` of a table is."""

    people: People
    locale: Locales
    today: dt.date


def person_law(spec: Spec, table: str, who: str) -> Group:
    """The persons of a table that go by `who`."""
    from understudy.rules.spec import People

    people = spec.tables[table].people.get(who, People())
    return Group(people, people.locale or spec.locale, dt.date.fromisoformat(spec.today))


class PersonMaker(Maker):
    """One datum of the row's person."""

    def __init__(self, place: Place, column: PersonColumn, group: Group) -> None:
        super().__init__(place)
        self._field, self._who, self._group = column.field, column.who, group
        self.kind = KINDS.get(column.field, "text")

    def make(self, cells: Cells) -> pl.Series:
        raise NotImplementedError


class WordMaker(Maker):
    """A word of a vocabulary."""

    kind = "text"

    def __init__(self, place: Place, column: WordColumn, spec: Spec) -> None:
        super().__init__(place)
        self._of, self._locale = column.of, column.locale or spec.locale

    def make(self, cells: Cells) -> pl.Series:
        raise NotImplementedError
