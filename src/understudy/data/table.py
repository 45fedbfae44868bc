"""`Table`: what everything inside works on — columns with a meaning, wherever their values lie.

A table stands on a `Source`: a frame in memory, or files that are read again chunk by chunk and never held whole. It
knows where it came from, what it has to give back (`to_native`) and what was done to its values on the way in (`notes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import fspath
from typing import TYPE_CHECKING, Any, Protocol

from understudy.core.errors import DataError, SchemaError, did_you_mean

if TYPE_CHECKING:
    from os import PathLike

    import polars as pl

    from understudy.data.dialect import Dialect
    from understudy.data.native_form import NativeForm
    from understudy.data.schema import TableSchema

CHUNK_ROWS = 250_000


@dataclass(frozen=True)
class Note:
    """Something that was done to the values on the way in. `column` is None where it concerns the whole table."""

    column: str | None
    what: str
    why: str

    def __str__(self) -> str:
        place = f'Column "{self.column}": ' if self.column is not None else ""
        return f"{place}{self.what}, because {self.why}."


class Source(Protocol):
    """Where a table's values lie. `frames` may be called any number of times and gives the same rows each time."""

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """The columns in order, with their types."""
        ...

    @property
    def rows(self) -> int: ...

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows in order, in frames of any height, with exactly `columns`."""
        ...


class FrameSource:
    """A frame in memory."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        return dict(self.frame.schema)

    @property
    def rows(self) -> int:
        return int(self.frame.height)

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        yield self.frame.select(columns)


class Table:
    """Rows and columns with a schema, in memory or on disk.

    Made by `read` and `as_table`. The schema is inferred when it is first asked for, unless one was given.
    """

    def __init__(
        self,
        source: Source,
        *,
        origin: str,
        form: NativeForm,
        schema: TableSchema | None = None,
        notes: Sequence[Note] = (),
        dialect: Dialect | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        self._source = source
        self._columns = list(source.dtypes) if columns is None else list(columns)
        self._schema = schema
        self._declared = schema is not None
        self._frame: pl.DataFrame | None = None
        self.origin = origin
        self.form = form
        self.notes = list(notes)
        self.dialect = dialect

    @property
    def schema(self) -> TableSchema:
        """What the columns mean: as given, or inferred now."""
        if self._schema is None:
            from understudy.data.infer import infer_schema

            self._schema = infer_schema(self)
        return self._schema

    @property
    def declared(self) -> TableSchema | None:
        """The schema that was given; None where it is inferred, and so comes from the rows."""
        return self._schema if self._declared else None

    @property
    def native(self) -> str:
        """The library of the frames to give back: "polars", "pandas" or "pyarrow"."""
        return self.form.library

    @property
    def rows(self) -> int:
        return self._source.rows

    @property
    def columns(self) -> list[str]:
        return list(self._columns)

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """The columns' Polars types, in order."""
        dtypes = self._source.dtypes
        return {name: dtypes[name] for name in self._columns}

    @property
    def in_memory(self) -> bool:
        """True where `frame` costs nothing."""
        return self._frame is not None or isinstance(self._source, FrameSource)

    @property
    def frame(self) -> pl.DataFrame:
        """All rows as one Polars frame; collected now where the table is on disk, and kept."""
        if self._frame is None:
            self._frame = _joined(list(self._source.frames(self._columns)), self.dtypes)
        return self._frame

    def chunks(self, rows: int = CHUNK_ROWS) -> Iterator[pl.DataFrame]:
        """The table in order, in frames of `rows` rows (the last may be shorter). Memory is constant where it is on disk."""
        if rows < 1:
            raise DataError(f"A chunk has at least one row; asked for {rows}.")
        frames = iter([self._frame]) if self._frame is not None else self._source.frames(self._columns)
        return rechunked(frames, rows)

    def head(self, n: int = 5) -> pl.DataFrame:
        """The first `n` rows."""
        if self.in_memory:
            return self.frame.head(n)
        taken: list[pl.DataFrame] = []
        for frame in self._source.frames(self._columns):
            taken.append(frame.head(n - sum(part.height for part in taken)))
            if sum(part.height for part in taken) >= n:
                break
        return _joined(taken, self.dtypes)

    def select(self, columns: Sequence[str]) -> Table:
        """The same table with these columns, in this order; constraints that name other columns are left out."""
        self._require(columns)
        return self._with(
            columns=columns, schema=None if self._schema is None else self._schema.select(list(columns)), declared=self._declared
        )

    def with_schema(self, schema: TableSchema) -> Table:
        """The same table under another schema, which must name each of its columns. Raises `SchemaError`."""
        names = [column.name for column in schema.columns]
        for name in names:
            if name not in self._columns:
                raise SchemaError(
                    f'The schema names the column "{name}", which the table lacks.',
                    where=self.origin,
                    remedy=did_you_mean(name, self._columns),
                )
        absent = [name for name in self._columns if name not in names]
        if absent:
            raise SchemaError(
                f"The schema says nothing about the column {quoted(absent)}.",
                where=self.origin,
                remedy="Describe it in the schema, or leave it out of the table: table.select([...]).",
            )
        return self._with(columns=names, schema=schema, declared=True)

    def to_native(self, frame: pl.DataFrame) -> Any:
        """`frame` (made from this table) as the type that the table was handed in as, with its types and labels."""
        return self.form.restore(frame)

    def __len__(self) -> int:
        return self.rows

    def __repr__(self) -> str:
        return f"Table({self.origin}: {self.rows:,} rows × {len(self._columns)} columns)"

    def _require(self, columns: Sequence[str]) -> None:
        for name in columns:
            if name not in self._columns:
                raise DataError(f'There is no column "{name}".', where=self.origin, remedy=did_you_mean(name, self._columns))

    def _with(self, *, columns: Sequence[str], schema: TableSchema | None, declared: bool) -> Table:
        notes = [note for note in self.notes if note.column is None or note.column in columns]
        table = Table(self._source, origin=self.origin, form=self.form, schema=schema, notes=notes, dialect=self.dialect, columns=columns)
        table._declared = declared
        if self._frame is not None:
            table._frame = self._frame.select(columns)
        return table


def as_table(data: Any, schema: TableSchema | str | PathLike[str] | None = None) -> Table:
    """`data` as a `Table`.

    Args:
        data: a path, a database URL, a pandas, Polars or PyArrow table (or another that narwhals knows), or a `Table`.
        schema: what the columns mean, as an object or a YAML file; inferred when first needed where None.

    Raises:
        DataError: the data cannot be used; names the column, the row and what to do.
        SchemaError: the schema does not fit the data.
    """
    table = _table_of(data)
    if schema is None:
        return table
    from understudy.data.schema import TableSchema

    return table.with_schema(schema if isinstance(schema, TableSchema) else TableSchema.load(fspath(schema)))


def rechunked(frames: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of exactly `rows` rows; the last may be shorter."""
    import polars as pl

    waiting: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        start = 0
        while height + frame.height - start >= rows:
            take = rows - height
            waiting.append(frame.slice(start, take))
            yield waiting[0] if len(waiting) == 1 else pl.concat(waiting)
            waiting, height, start = [], 0, start + take
        if start < frame.height:
            waiting.append(frame.slice(start))
            height += frame.height - start
    if waiting:
        yield waiting[0] if len(waiting) == 1 else pl.concat(waiting)


def quoted(names: Sequence[str], shown: int = 5) -> str:
    """Column names for a message: the first few in quotes, and how many more."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(f'"{name}"' for name in names[:shown]) + more


def _table_of(data: Any) -> Table:
    if isinstance(data, Table):
        return data
    if isinstance(data, str) or hasattr(data, "__fspath__"):
        from understudy.data.files import read

        return read(data)
    from understudy.data.frames import table_from_frame

    return table_from_frame(data)


def _joined(frames: list[pl.DataFrame], dtypes: dict[str, pl.DataType]) -> pl.DataFrame:
    import polars as pl

    return pl.concat(frames, rechunk=True) if frames else pl.DataFrame(schema=dtypes)
