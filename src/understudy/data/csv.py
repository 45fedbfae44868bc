"""Delimited text (CSV, TSV and their kin), in and out.

Reading takes two passes. The first reads every cell as text and finds out each column's type (`text_columns`); the
second gives the values, from memory where the text was small and from the file again, chunk by chunk, where it was not.
Tokenising is PyArrow's; what it refuses is looked up again with the standard library's reader to name the row.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import polars as pl

from understudy.core.errors import DataError, SinkError
from understudy.data.admission import Infinities, require_columns, require_rows
from understudy.data.dialect import NAMES, SAMPLE_BYTES, Dialect, detect_dialect, detect_encoding, has_header, plain_forms, rows_of
from understudy.data.frames import NativeForm
from understudy.data.number_text import FORMS, PLAIN, NumberForm
from understudy.data.streams import beginning, opened
from understudy.data.table import FrameSource, Note, Source, Table, quoted
from understudy.data.text_columns import ColumnPlan, TextColumn, file_mark

if TYPE_CHECKING:
    import pyarrow as pa

Ragged = Literal["error", "skip"]
MEMORY_BYTES = 384 << 20
_CELL_BYTES = 16  # what a cell of text takes beside its letters
_BLOCK_BYTES = 1 << 20
_LARGEST_BLOCK = 1 << 30
_UNDEFINED_IN_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


@dataclass(frozen=True)
class CsvOptions:
    """What the caller says about a file; None is found out.

    Args:
        delimiter: one character. encoding: a codec's name. quote: one character, "" for none.
        header: the first row names the columns.
        decimal, thousands: marks within numbers.
        missing: cells that stand for missing in every column, beside the empty ones.
        ragged: rows of another length than the first are refused, or left out and counted.
    """

    delimiter: str | None = None
    encoding: str | None = None
    quote: str | None = None
    header: bool | None = None
    decimal: str | None = None
    thousands: str | None = None
    missing: Sequence[str] = ()
    ragged: Ragged = "error"
    infinities: Infinities = "error"


@dataclass(frozen=True)
class _Layout:
    """All that is needed to read a file's cells as text."""

    dialect: Dialect
    names: list[str]
    missing: tuple[str, ...] = ()
    ragged: Ragged = "error"


@dataclass
class _FirstPass:
    """What reading all cells as text has shown. kept: the text itself, None where it was too much to hold."""

    columns: list[TextColumn]
    rows: int = 0
    empty: int = 0
    missing: int = 0
    skipped: int = 0
    bytes: int = 0
    kept: list[pl.DataFrame] | None = field(default_factory=list)


class _Undecodable(Exception):
    """The bytes are not in the encoding that was tried."""


def read_csv(paths: Sequence[Path], options: CsvOptions, *, origin: str) -> Table:
    """One file, or the parts of one table, as a `Table`.

    Raises:
        DataError: undecodable, ragged or empty files, repeated or differing headers, infinities; names file and row.
    """
    layout, notes = _layout_of(paths[0], options)
    for path in paths[1:]:
        _require_same_header(path, paths[0], layout)
    try:
        first = _first_pass(paths, layout, options)
    except _Undecodable:
        layout = _in_another_encoding(paths, layout, options)
        notes = [note for note in notes if "encoding" not in note.what]
        first = _first_pass(paths, layout, options)
    where = str(paths[0]) if len(paths) == 1 else origin
    require_rows(first.rows, where=where)
    plans = _plans(first, layout, options)
    notes += _encoding_notes(layout.dialect, options) + _row_notes(first, layout)
    notes += [note for column, plan in zip(first.columns, plans, strict=True) for note in column.notes(plan, options.infinities, where)]
    dialect = replace(
        layout.dialect,
        numbers={plan.name: plan.form for plan in plans if plan.form != PLAIN},
        spellings={plan.name: plan.spelling for plan in plans if plan.spelling is not None},
    )
    dtypes = {plan.name: str(plan.dtype) for plan in plans}
    return Table(_source(paths, layout, plans, first), origin=origin, form=NativeForm("polars", dtypes), notes=notes, dialect=dialect)


class CsvSource:
    """Files whose cells are parsed again at each pass, in constant memory."""

    def __init__(self, paths: Sequence[Path], layout: _Layout, plans: Sequence[ColumnPlan], rows: int) -> None:
        self._paths = list(paths)
        self._layout = layout
        self._plans = {plan.name: plan for plan in plans}
        self._rows = rows
        self._stamps = [_stamp(path) for path in paths]

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        return {name: plan.dtype for name, plan in self._plans.items()}

    @property
    def rows(self) -> int:
        return self._rows

    def frames(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        for path, stamp in zip(self._paths, self._stamps, strict=True):
            if not path.exists() or _stamp(path) != stamp:
                raise DataError("The file has changed since it was first read.", where=str(path), remedy="Read it again.")
            for text in _text_frames(path, self._layout, columns=columns):
                yield text.select(self._plans[name].convert().alias(name) for name in columns)


def _source(paths: Sequence[Path], layout: _Layout, plans: Sequence[ColumnPlan], first: _FirstPass) -> Source:
    if first.kept is None:
        return CsvSource(paths, layout, plans, first.rows)
    frames: list[pl.DataFrame] = []
    # Each piece of text goes as soon as it has become values, so that both are never held whole.
    first.kept.reverse()
    while first.kept:
        frames.append(first.kept.pop().select(plan.convert().alias(plan.name) for plan in plans))
    return FrameSource(pl.concat(frames))


def _stamp(path: Path) -> tuple[int, int]:
    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns


# Layout: what the first bytes show


def _layout_of(path: Path, options: CsvOptions) -> tuple[_Layout, list[Note]]:
    where = str(path)
    sample = beginning(path, SAMPLE_BYTES)
    encoding, bom = detect_encoding(sample, where=where)
    encoding = _checked_encoding(options.encoding) if options.encoding is not None else encoding
    text = _decoded(sample, encoding, path, options)
    if text is None:
        encoding, text = "cp1252", _decoded(sample, "cp1252", path, options) or ""
    complete = len(sample) < SAMPLE_BYTES
    if not text.strip():
        raise DataError("The file holds nothing but blanks.", where=where, remedy="Hand in a file with column names and rows.")
    dialect = replace(detect_dialect(text, complete=complete, delimiter=_one_character(options.delimiter), quote=options.quote), encoding=encoding, bom=bom)
    rows = rows_of(text, dialect, complete=complete)
    header = has_header(rows) if options.header is None else options.header
    dialect = replace(dialect, header=header)
    if not header:
        names = [f"column_{i + 1}" for i in range(len(rows[0]))]
        why = "the caller said so" if options.header is False else "its first row holds values like those below"
        return _layout(dialect, names, options), [Note(None, "the columns are named column_1, column_2, …", f"the file has no header: {why}")]
    if len(rows) == 1 and complete:
        raise DataError("The file has column names but no rows.", where=where, remedy="Hand in a file with at least one row of values.")
    names = [name.strip() if dialect.skip_space else name for name in rows[0]]
    return _layout(dialect, require_columns(names, where=where), options), []


def _layout(dialect: Dialect, names: list[str], options: CsvOptions) -> _Layout:
    return _Layout(dialect, names, missing=tuple(options.missing), ragged=options.ragged)


def _decoded(sample: bytes, encoding: str, path: Path, options: CsvOptions) -> str | None:
    """The sample as text; None where UTF-8 was only assumed and is not it."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        if options.encoding is None and encoding == "utf-8":
            return None
        raise _undecodable(path, (encoding,) if options.encoding else ("utf-8", encoding)) from None
    return text.removeprefix("\ufeff")


def _checked_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise DataError(f'"{name}" is no known encoding.', remedy='Common ones: "utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "shift_jis".') from None


def _one_character(delimiter: str | None) -> str | None:
    if delimiter is not None and len(delimiter.encode()) != 1:
        raise DataError(f'The delimiter "{delimiter}" is not one plain character.', remedy='Give one character: delimiter=";".')
    return delimiter


def _require_same_header(path: Path, first: Path, layout: _Layout) -> None:
    if not layout.dialect.header:
        return
    sample = beginning(path, SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(layout.dialect.encoding)("replace").decode(sample).removeprefix("\ufeff")
    names = rows_of(text, layout.dialect, complete=len(sample) < SAMPLE_BYTES)[:1]
    found = [name.strip() if layout.dialect.skip_space else name for name in names[0]] if names else []
    if found != layout.names:
        odd = [name for name in found if name not in layout.names] or [name for name in layout.names if name not in found] or found
        raise DataError(
            f"The parts have different columns: {quoted(odd)}.",
            where=f"{path}, against {first.name}",
            remedy="Give all parts the same columns in the same order, or read them apart.",
        )


# First pass: every cell as text


def _first_pass(paths: Sequence[Path], layout: _Layout, options: CsvOptions) -> _FirstPass:
    forms = plain_forms(options.decimal, options.thousands)
    seen = _FirstPass([TextColumn(name, forms) for name in layout.names])
    for path in paths:
        for text in _text_frames(path, layout, seen=seen):
            seen.rows += text.height
            for column, cells in zip(seen.columns, text, strict=True):
                column.see(cells)
                seen.missing += cells.null_count()
            seen.bytes += int(text.estimated_size()) + _CELL_BYTES * text.height * text.width
            if seen.kept is not None and seen.bytes <= MEMORY_BYTES:
                seen.kept.append(text)
            else:
                seen.kept = None
    return seen


def _text_frames(path: Path, layout: _Layout, *, columns: Sequence[str] | None = None, seen: _FirstPass | None = None) -> Iterator[pl.DataFrame]:
    """The file's rows as text: null is an empty cell, "" a quoted empty one."""
    block = _BLOCK_BYTES
    skipped = 0
    while True:
        try:
            for frame in _parsed(path, layout, columns, seen, block):
                if skipped < frame.height:
                    yield frame.slice(skipped)
                    skipped = 0
                else:
                    skipped -= frame.height
            return
        except _LongRow as long:
            # A cell longer than the block: start anew with larger blocks and leave out what was given already.
            block, skipped = block * 8, long.rows
            if block > _LARGEST_BLOCK:
                raise DataError("A row is longer than a gigabyte.", where=str(path), remedy="Look for a quote that is never closed.") from None


class _LongRow(Exception):
    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.rows = rows


def _parsed(path: Path, layout: _Layout, columns: Sequence[str] | None, seen: _FirstPass | None, block: int) -> Iterator[pl.DataFrame]:
    import pyarrow as pa
    import pyarrow.csv as pc

    width = len(layout.names)
    keys = {f"f{i}": name for i, name in enumerate(layout.names)}
    wanted = [key for key, name in keys.items() if columns is None or name in set(columns)]
    outcome = _Rows(layout, seen)
    given = 0
    with opened(path) as stream:
        reader = None
        try:
            reader = pc.open_csv(
                _as_utf8(stream, layout.dialect.encoding),
                read_options=pc.ReadOptions(autogenerate_column_names=True, block_size=block),
                parse_options=pc.ParseOptions(
                    delimiter=layout.dialect.delimiter,
                    quote_char=layout.dialect.quote or False,
                    double_quote=layout.dialect.escape is None,
                    escape_char=layout.dialect.escape or False,
                    newlines_in_values=layout.dialect.quote is not None,
                    ignore_empty_lines=width > 1,
                    invalid_row_handler=outcome.judge,
                ),
                convert_options=pc.ConvertOptions(
                    column_types={key: pa.string() for key in keys},
                    include_columns=wanted,
                    null_values=["", *layout.missing],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
            header = layout.dialect.header
            for batch in reader:
                frame = _text_frame(batch, keys, layout)
                if header:
                    frame, header = frame.slice(1), frame.height == 0
                yield frame
                given += frame.height
        except UnicodeDecodeError:
            raise _Undecodable from None
        except pa.ArrowKeyError:
            raise _ragged(path, layout) from None
        except pa.ArrowInvalid as error:
            raise _explained(error, path, layout, given) from None
        finally:
            if reader is not None:
                reader.close()


def _as_utf8(stream: Any, encoding: str) -> Any:
    import pyarrow as pa

    return stream if encoding == "utf-8" else pa.transcoding_input_stream(stream, encoding, "utf-8")


def _text_frame(batch: pa.RecordBatch, keys: dict[str, str], layout: _Layout) -> pl.DataFrame:
    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)
    frame = frame.rename({key: keys[key] for key in frame.columns})
    if layout.missing:
        quoted_too = pl.all().is_in(list(layout.missing))
        frame = frame.select(pl.when(~quoted_too).then(pl.all()))
    return frame.with_columns(pl.all().str.strip_chars_start(" ")) if layout.dialect.skip_space else frame


class _Rows:
    """What to do with rows of another length than the first."""

    def __init__(self, layout: _Layout, seen: _FirstPass | None) -> None:
        self._skip = layout.ragged == "skip"
        self._seen = seen

    def judge(self, row: Any) -> str:
        if self._skip and self._seen is not None:
            self._seen.skipped += 1
        return "skip" if self._skip else "error"


# Plans: from evidence to types


def _plans(first: _FirstPass, layout: _Layout, options: CsvOptions) -> list[ColumnPlan]:
    mark = options.decimal or file_mark(first.columns)
    default = "." if layout.dialect.delimiter == "," else ","
    # Where missing cells are quoted like all others, or a single column must quote them, "" is how they are written.
    empty_is_missing = first.missing == 0 and (layout.dialect.quote_all or len(layout.names) == 1)
    return [
        column.decide(mark=mark, default=default, empty_is_missing=empty_is_missing, skip_space=layout.dialect.skip_space) for column in first.columns
    ]


def _encoding_notes(dialect: Dialect, options: CsvOptions) -> list[Note]:
    if options.encoding is not None or dialect.encoding == "utf-8":
        return []
    if dialect.encoding == "cp1252":
        return [Note(None, 'read in the encoding cp1252 (Western European); if letters look wrong, pass encoding="..."', "its bytes are not UTF-8")]
    why = "it begins with that byte-order mark" if dialect.bom else "every other of its bytes is zero"
    return [Note(None, f"read in the encoding {dialect.encoding}", why)]


def _row_notes(first: _FirstPass, layout: _Layout) -> list[Note]:
    if not first.skipped:
        return []
    return [Note(None, f"{first.skipped:,} rows that have not {len(layout.names)} cells are left out", 'ragged="skip" was asked for')]


# Errors: slow, exact, and only when something is wrong


def _in_another_encoding(paths: Sequence[Path], layout: _Layout, options: CsvOptions) -> _Layout:
    """The layout in cp1252, after UTF-8 failed beyond the first bytes."""
    bad = next(path for path in paths if _first_bad_byte(path, layout.dialect.encoding) is not None)
    tried = (layout.dialect.encoding,)
    if options.encoding is not None or layout.dialect.encoding != "utf-8" or layout.dialect.bom:
        raise _undecodable(bad, tried)
    if any(_first_bad_byte(path, "cp1252") is not None for path in paths):
        raise _undecodable(bad, (*tried, "cp1252"))
    again, _ = _layout_of(paths[0], replace(options, encoding="cp1252"))
    return again


def _undecodable(path: Path, tried: Sequence[str]) -> DataError:
    offset, line, byte = _first_bad_byte(path, tried[0]) or (0, 1, 0)
    other = next((name for name in ("utf-8", "cp1252", "latin-1") if name not in tried and _first_bad_byte(path, name) is None), "latin-1")
    return DataError(
        f"The byte 0x{byte:02X} is no text in the encoding {' or '.join(tried)}.",
        where=f"{path}, line {line:,}, byte {offset:,}",
        remedy=f'Say which encoding it is: read(path, encoding="{other}") takes all its bytes, rightly or not.',
    )


def _first_bad_byte(path: Path, encoding: str) -> tuple[int, int, int] | None:
    """Offset (from 0), line (from 1) and value of the first byte that does not decode; None where all do."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line = 0, 1
    with opened(path) as stream:
        while True:
            part = stream.read(1 << 20)
            pending = len(decoder.getstate()[0])
            try:
                line_breaks = decoder.decode(part, final=not part).count("\n")
            except UnicodeDecodeError as error:
                start = max(0, error.start)
                before = error.object[:start]
                value = error.object[start] if start < len(error.object) else 0
                return offset - pending + start, line + before.count(b"\n"), value
            if not part:
                return None
            offset += len(part)
            line += line_breaks


def _explained(error: Exception, path: Path, layout: _Layout, rows: int) -> Exception:
    text = str(error)
    if "invalid UTF8" in text:
        return _Undecodable()
    if "straddl" in text or "block boundaries" in text:
        return _LongRow(rows)
    if "Empty CSV" in text:
        return DataError("The file has no rows.", where=str(path), remedy="Hand in a file with at least one row of values.")
    if "columns, got" in text:
        return _ragged(path, layout)
    return DataError(f"The file cannot be read as delimited text: {text}.", where=str(path), remedy="Name its delimiter and quote: read(path, delimiter=..., quote=...).")


def _ragged(path: Path, layout: _Layout) -> DataError:
    width = len(layout.names)
    listed: list[str] = []
    count = 0
    with opened(path) as stream:
        reader = layout.dialect.reader(_lines(stream, layout.dialect.encoding))
        number = -1 if layout.dialect.header else 0
        for row in reader:
            number += 1 if row else 0
            if row and len(row) != width:
                count += 1
                if len(listed) < 3:
                    listed.append(f"row {max(number, 0):,} (line {reader.line_num:,}) has {len(row)}")
    more = f", and {count - len(listed):,} more rows" if count > len(listed) else ""
    found = "; ".join(listed) + more if listed else "a quote is opened and never closed"
    return DataError(
        f"Rows have different numbers of cells: {width} expected, {found}.",
        where=f"{path}, delimiter {NAMES.get(layout.dialect.delimiter, layout.dialect.delimiter)}",
        remedy='Mend those rows, name the delimiter or quote (delimiter=";", quote=""), or leave the rows out: read(path, ragged="skip").',
    )


def _lines(stream: Any, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    left = ""
    while part := stream.read(1 << 20):
        *lines, left = (left + decoder.decode(part)).split("\n")
        yield from (line + "\n" for line in lines)
    if left:
        yield left


# Out


def write_csv(frames: Iterator[pl.DataFrame], file: BinaryIO, dialect: Dialect) -> None:
    """Frames of one schema as delimited text in `dialect`: missing cells are empty, empty text is quoted."""
    encode = _encoder(dialect)
    header = dialect.header
    if dialect.bom and dialect.encoding == "utf-8":
        file.write(codecs.BOM_UTF8)
    for frame in frames:
        text: str = _as_written(frame, dialect).write_csv(
            include_header=header,
            separator=dialect.delimiter,
            quote_char=dialect.quote or '"',
            quote_style="always" if dialect.quote_all else "necessary",
            line_terminator=dialect.newline,
        )
        header = False
        file.write(encode(text))


def _encoder(dialect: Dialect) -> Callable[[str], bytes]:
    if dialect.encoding == "utf-8":
        return str.encode
    encoder = codecs.getincrementalencoder(dialect.encoding)()

    def encode(text: str) -> bytes:
        try:
            return encoder.encode(text)
        except UnicodeEncodeError as error:
            letter = error.object[error.start]
            raise SinkError(
                f'The letter "{letter}" has no place in the encoding {dialect.encoding}.', remedy='Write in another: dialect=Dialect(encoding="utf-8").'
            ) from None

    return encode


def _as_written(frame: pl.DataFrame, dialect: Dialect) -> pl.DataFrame:
    changed: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        form = dialect.numbers.get(name, PLAIN)
        if form != PLAIN and dtype.is_numeric():
            changed.append(form.write(pl.col(name)))
        elif name in dialect.spellings and dtype == pl.Boolean:
            false, true = dialect.spellings[name]
            changed.append(pl.when(pl.col(name)).then(pl.lit(true)).when(~pl.col(name)).then(pl.lit(false)).alias(name))
        elif dtype == pl.Duration:
            changed.append(pl.col(name).dt.to_string("iso"))
    return frame.with_columns(changed) if changed else frame
