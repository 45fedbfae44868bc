"""Columns that are made anew and never learned: what every regenerator does, and which one a column gets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ArtifactError, DataError
from understudy.core.random import Stream
from understudy.data.dtypes import polars_dtype
from understudy.data.schema import ColumnSchema


class Regenerator(ABC):
    """Makes one column's values from row numbers.

    `make(rows, stream)` is a pure function of the fitted state, the row numbers and the stream's key: the same row gives the same value
    in whichever block it is made. The caller passes the same stream for all blocks of a data set, and different ones for different
    seeds. Fitted state is JSON (and, for texts, arrays) and holds none of the real values: only their form, and what at least five rows
    share.
    """

    tag: ClassVar[str]
    dtype: str = "String"
    notes: list[str]
    most: int | None = None
    """Rows beyond which it runs out of values; None: endless."""

    @classmethod
    @abstractmethod
    def fit(cls, values: pl.Series, column: ColumnSchema, stream: Stream) -> Self:
        """Learn the form of `values` (no nulls). `stream` decides what is arbitrary."""

    @abstractmethod
    def texts(self, rows: NDArray[np.int64], stream: Stream) -> pl.Series:
        """The values of `rows` as text."""

    def texts_of(self, rows: NDArray[np.int64], stream: Stream, classes: NDArray[np.int64]) -> pl.Series:
        """The values of `rows` as text, made to go with the classes (n,) of the rows; most have none."""
        return self.texts(rows, stream)

    def make(self, rows: NDArray[np.int64], stream: Stream, classes: NDArray[np.int64] | None = None) -> pl.Series:
        """The values of `rows` (global row numbers, from 0) in the source column's type. Never null."""
        rows = np.asarray(rows, dtype=np.int64)
        made = self.texts(rows, stream) if classes is None else self.texts_of(rows, stream, classes)
        if self.dtype == "String":
            return made
        cast = made.cast(polars_dtype(self.dtype), strict=False)
        if cast.null_count():
            raise DataError(
                f"Made-up identifiers no longer fit the column's type {self.dtype}: {made.filter(cast.is_null())[0]} is too large.",
                remedy="Ask for fewer rows, or set a wider dtype for the column in the schema (Int64 or String).",
            )
        return cast

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The fitted state as JSON."""

    @classmethod
    @abstractmethod
    def from_dict(cls, state: dict[str, Any]) -> Self: ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What of the fitted state is kept in arrays."""
        return {}

    def tables(self) -> dict[str, pl.DataFrame]:
        """What of the fitted state is kept in tables."""
        return {}

    @classmethod
    def from_state(cls, state: dict[str, Any], arrays: dict[str, NDArray[Any]], tables: dict[str, pl.DataFrame]) -> Self:
        return cls.from_dict(state)


_CLASSES = {
    "sequence": "identifiers:SequenceIdentifier", "pattern": "identifiers:PatternIdentifier", "code": "code:Code",
    "free-text": "text:FreeText", "personal": "personal:PersonalData", "matching": "matching:Matching",
}  # fmt: skip


def fit_regenerator(values: pl.Series, column: ColumnSchema, stream: Stream) -> Regenerator:
    """The fitted regenerator for a column of kind identifier, personal, code or text. Nulls in `values` are left out."""
    present = values.drop_nulls().cast(pl.String)
    if column.kind == "identifier":
        from understudy.data.identifiers import fit_identifier

        made: Regenerator = fit_identifier(present, column, stream)
    else:
        made = _class_of("free-text" if column.kind == "text" else column.kind).fit(present, column, stream)
    # Enum and Categorical columns come back as text: the real categories are not kept.
    made.dtype = "String" if column.dtype in ("Enum", "Categorical") else column.dtype
    return made


def regenerator_from_dict(
    state: dict[str, Any], arrays: dict[str, NDArray[Any]] | None = None, tables: dict[str, pl.DataFrame] | None = None
) -> Regenerator:
    """The regenerator whose `to_dict`, `arrays` and `tables` these are. Raises `ArtifactError` for a state of no known kind."""
    if state.get("tag") == "text":
        raise ArtifactError(
            "The model holds a column of free text as an earlier release learned it.", remedy="Learn it again, or use that release."
        )
    if state.get("tag") not in _CLASSES:
        raise ArtifactError(f"The model holds a column of the unknown kind {state.get('tag')!r}.", remedy="Load it with a newer release.")
    return _class_of(state["tag"]).from_state(state, arrays or {}, tables or {})


def _class_of(tag: str) -> type[Regenerator]:
    module, _, name = _CLASSES[tag].partition(":")
    found: Callable[..., Any] = getattr(import_module(f"understudy.data.{module}"), name)
    return found  # type: ignore[return-value]
