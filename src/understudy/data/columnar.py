"""Parquet and Arrow (Feather) files: typed columns, read batch by batch, so that memory stays constant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from understudy.core.errors import DataError
from understudy.data.admission import Admission, Door, require_columns, require_rows
from understudy.data.arrow_frames import frame_from_arrow
from understudy.data.native_form import polars_form
from understudy.data.table import Note, Table, quoted

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 65_536


class _File(Protocol):
    """One columnar file: its Arrow schema, its rows, and its batches."""

    schema: pa.Schema
    rows: int

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]: ...


class ParquetFile:
    """A Parquet file. Batches are decoded one after the other; row groups are not read ahead."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._path = path
        with pq.ParquetFile(path) as file:
            self.schema: pa.Schema = file.schema_arrow
            self.rows: int = file.metadata.num_rows

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self._path, buffer_size=1 << 20, pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns))


class ArrowFile:
    """An Arrow IPC file (Feather v2) or stream, mapped into memory, cut to batches of bounded height."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows = 0
        with self._mapped() as mapped:
            reader, batches = _ipc_batches(mapped)
            self.schema: pa.Schema = reader.schema
            for batch in batches:
                self.rows += batch.num_rows

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with self._mapped() as mapped:
            _, batches = _ipc_batches(mapped)
            for batch in batches:
                chosen = batch.select(list(columns))
                for start in range(0, batch.num_rows, _BATCH_ROWS):
                    yield chosen.slice(start, _BATCH_ROWS)

    def _mapped(self) -> Any:
        import pyarrow as pa

        return pa.memory_map(str(self._path), "r")


def _ipc_batches(mapped: Any) -> tuple[Any, Iterator[pa.RecordBatch]]:
    import pyarrow as pa

    if mapped.read(6) == b"ARROW1":
        mapped.seek(0)
        reader = pa.ipc.open_file(mapped)
        return reader, (reader.get_batch(i) for i in range(reader.num_record_batches))
    mapped.seek(0)
    stream = pa.ipc.open_stream(mapped)
    return stream, iter(stream)


class ColumnarSource:
    """The parts of one table in typed files."""

    def __init__(self, paths: Sequence[Path], files: Sequence[_File], admission: Admission) -> None:
        self._paths = list(paths)
        self._files = list(files)
        self._where = str(paths[0]) if len(paths) == 1 else str(paths[0].parent)
        raw, self.notes = _common_types(paths, files)
        self.door = Door(raw, admission, where=self._where)
        self._raw = raw
        self._dtypes = dict(self.door.admit(pl.DataFrame(schema=raw)).schema)

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        return dict(self._dtypes)

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self._files)

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        for frame in self._raw_frames(columns):
            yield self.door.admit(frame)

    def examine(self) -> list[Note]:
        """Look at every cell that may have to be refused, once."""
        if self.door.examined:
            for frame in self._raw_frames(self.door.examined):
                self.door.examine(frame)
        return self.notes + self.door.finish()

    def _raw_frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        wanted = {name: self._raw[name] for name in columns}
        for path, file in zip(self._paths, self._files, strict=True):
            with _Readable(path):
                for batch in file.batches(columns):
                    frame = _frame_of(batch, self._where)
                    yield frame if dict(frame.schema) == wanted else frame.cast(wanted)  # type: ignore[arg-type]


def read_columnar(paths: Sequence[Path], kind: Callable[[Path], _File], admission: Admission, *, origin: str) -> Table:
    """Parquet or Arrow files as a `Table`. kind: `ParquetFile` or `ArrowFile`.

    Raises:
        DataError: damaged files, parts that differ, no rows, cells that are refused.
    """
    files = []
    for path in paths:
        with _Readable(path):
            files.append(kind(path))
        require_columns(files[-1].schema.names, where=str(path))
    source = ColumnarSource(paths, files, admission)
    require_rows(source.rows, where=str(paths[0]) if len(paths) == 1 else origin)
    notes = source.examine()
    return Table(source, origin=origin, form=polars_form(pl.DataFrame(schema=source.dtypes)), notes=notes)


def _frame_of(batch: pa.RecordBatch, where: str) -> pl.DataFrame:
    import pyarrow as pa

    return frame_from_arrow(pa.Table.from_batches([batch]), where=where)[0]


def _common_types(paths: Sequence[Path], files: Sequence[_File]) -> tuple[dict[str, pl.DataType], list[Note]]:
    """The columns' types, which all parts share or can be brought to."""
    common: dict[str, pl.DataType] = {}
    notes: list[Note] = []
    for path, file in zip(paths, files, strict=True):
        frame, told = frame_from_arrow(file.schema.empty_table(), where=str(path))
        types = dict(frame.schema)
        if not common:
            common, notes = types, told
        elif set(types) != set(common):
            odd = [name for name in types if name not in common] or [name for name in common if name not in types]
            raise DataError(
                f"The parts have different columns: {quoted(odd)}.",
                where=f"{path}, against {paths[0].name}",
                remedy="Give all parts the same columns, or read them apart.",
            )
        for name, dtype in types.items():
            if dtype != common[name]:
                common[name] = _wider(name, common[name], dtype, path, paths[0])
    return common, notes


def _wider(name: str, first: pl.DataType, other: pl.DataType, path: Path, against: Path) -> pl.DataType:
    if pl.Null in (first, other):
        return other if first == pl.Null else first
    if first.is_numeric() and other.is_numeric():
        schema = pl.concat([pl.DataFrame(schema={name: first}), pl.DataFrame(schema={name: other})], how="vertical_relaxed").schema
        return schema[name]
    text = (pl.String, pl.Categorical, pl.Enum)
    if first in text and other in text:
        return pl.String()
    raise DataError(
        f'The column "{name}" is {other} in one part and {first} in another.',
        where=f"{path}, against {against.name}",
        remedy="Give all parts the same types, or read them apart.",
    )


class _Readable:
    """Turns what PyArrow says about a damaged file into a `DataError` that names it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        import pyarrow as pa

        if isinstance(error, (pa.ArrowException, OSError)) and not isinstance(error, DataError):
            reason = str(error).partition("\n")[0].strip().rstrip(".")
            raise DataError(
                f"The file cannot be read: {reason}.",
                where=str(self._path),
                remedy="It is damaged or of another format; write it again, or name its format.",
            ) from None
