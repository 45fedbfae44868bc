"""Delimited text (CSV, TSV and their kin), in and out.

Reading takes two passes. The first reads every cell as text and finds out each column's type (`text_columns`); the
second gives the values, from memory where the text was small and from the file again, chunk by chunk, where it was not.
"""

from __future__ import annotations

import codecs
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import polars as pl

from understudy.core.errors import DataError, SinkError
from understudy.data.admission import Infinities, require_columns, require_rows
from understudy.data.csv_cells import Layout, Ragged, UndecodableText, text_frames
from understudy.data.csv_faults import first_bad_byte, require_closed_quotes, undecodable
from understudy.data.dialect import SAMPLE_BYTES, Dialect, detect_dialect, detect_encoding, has_header, plain_forms, rows_of
from understudy.data.native_form import NativeForm
from understudy.data.number_text import PLAIN, fixed
from understudy.data.streams import beginning, release_unused
from understudy.data.table import FrameSource, Note, Source, Table, quoted
from understudy.data.text_columns import ColumnPlan, TextColumn, file_mark

# Spreadsheet programs write the delimiter into the first line: sep=;
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?\r?\n", re.IGNORECASE)
MEMORY_BYTES = 256 << 20
_CELL_BYTES = 16  # what a cell of text takes beside its letters


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


@dataclass
class _FirstPass:
    """What reading all cells as text has shown. kept: the text itself, None where it was too much to hold."""

    columns: list[TextColumn]
    rows: int = 0
    missing: int = 0
    left_out: Counter[Path] = field(default_factory=Counter)
    bytes: int = 0
    suspicious: bool = False
    kept: list[pl.DataFrame] | None = field(default_factory=list)


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
    except UndecodableText:
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
        decimals={plan.name: plan.decimals for plan in plans if plan.decimals is not None},
    )
    dtypes = {plan.name: str(plan.dtype) for plan in plans}
    return Table(_source(paths, layout, plans, first), origin=origin, form=NativeForm("polars", dtypes), notes=notes, dialect=dialect)


class CsvSource:
    """Files whose cells are parsed again at each pass, in constant memory."""

    def __init__(self, paths: Sequence[Path], layout: Layout, plans: Sequence[ColumnPlan], rows: int) -> None:
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
            for text in text_frames(path, self._layout, columns=columns):
                yield text.select(self._plans[name].convert().alias(name) for name in columns)


def _source(paths: Sequence[Path], layout: Layout, plans: Sequence[ColumnPlan], first: _FirstPass) -> Source:
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


def _layout_of(path: Path, options: CsvOptions) -> tuple[Layout, list[Note]]:
    where = str(path)
    sample = beginning(path, SAMPLE_BYTES)
    encoding, bom = detect_encoding(sample, where=where)
    encoding = _checked_encoding(options.encoding) if options.encoding is not None else encoding
    text = _decoded(sample, encoding, path, options)
    if text is None:
        encoding, text = "cp1252", _decoded(sample, "cp1252", path, options) or ""
    complete = len(sample) < SAMPLE_BYTES
    preamble = _SEPARATOR_LINE.match(text)
    if preamble:
        text = text[preamble.end() :]
    if not text.strip():
        raise DataError("The file holds nothing but blanks.", where=where, remedy="Hand in a file with column names and rows.")
    dialect = replace(
        detect_dialect(
            text, complete=complete, delimiter=_one_character(options.delimiter) or (preamble[1] if preamble else None), quote=options.quote
        ),
        encoding=encoding,
        bom=bom,
    )
    rows = rows_of(text, dialect, complete=complete)
    header = has_header(rows) if options.header is None else options.header
    dialect = replace(dialect, header=header)
    if not header:
        names = [f"column_{i + 1}" for i in range(len(rows[0]))]
        why = "the caller said so" if options.header is False else "its first row holds values like those below"
        return _layout(dialect, names, options, preamble), [
            Note(None, "the columns are named column_1, column_2, …", f"the file has no header: {why}")
        ]
    if len(rows) == 1 and complete:
        raise DataError("The file has column names but no rows.", where=where, remedy="Hand in a file with at least one row of values.")
    names = [name.strip() if dialect.skip_space else name for name in rows[0]]
    return _layout(dialect, require_columns(names, where=where), options, preamble), []


def _layout(dialect: Dialect, names: list[str], options: CsvOptions, preamble: re.Match[str] | None) -> Layout:
    return Layout(dialect, names, missing=tuple(options.missing), ragged=options.ragged, preamble=1 if preamble else 0)


def _decoded(sample: bytes, encoding: str, path: Path, options: CsvOptions) -> str | None:
    """The sample as text; None where UTF-8 was only assumed and is not it."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        if options.encoding is None and encoding == "utf-8":
            return None
        raise undecodable(path, (encoding,) if options.encoding else ("utf-8", encoding)) from None
    return text.removeprefix("\ufeff")


def _checked_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise DataError(
            f'"{name}" is no known encoding.', remedy='Common ones: "utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "shift_jis".'
        ) from None


def _one_character(delimiter: str | None) -> str | None:
    if delimiter is not None and len(delimiter.encode()) != 1:
        raise DataError(f'The delimiter "{delimiter}" is not one plain character.', remedy='Give one character: delimiter=";".')
    return delimiter


def _require_same_header(path: Path, first: Path, layout: Layout) -> None:
    if not layout.dialect.header:
        return
    sample = beginning(path, SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(layout.dialect.encoding)("replace").decode(sample).removeprefix("\ufeff")
    text = _SEPARATOR_LINE.sub("", text, count=1) if layout.preamble else text
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


def _first_pass(paths: Sequence[Path], layout: Layout, options: CsvOptions) -> _FirstPass:
    forms = plain_forms(options.decimal, options.thousands)
    seen = _FirstPass([TextColumn(name, forms) for name in layout.names])
    for path in paths:
        for text in text_frames(path, layout, left_out=seen.left_out):
            seen.rows += text.height
            seen.suspicious |= _may_have_swallowed_rows(text, layout)
            for column, cells in zip(seen.columns, text, strict=True):
                column.see(cells)
                seen.missing += cells.null_count()
            seen.bytes += int(text.estimated_size()) + _CELL_BYTES * text.height * text.width
            if seen.kept is not None and seen.bytes <= MEMORY_BYTES:
                seen.kept.append(text)
            elif seen.kept is not None:
                seen.kept = None
                release_unused()
        if seen.suspicious:
            require_closed_quotes(path, layout.dialect, layout.preamble)
    return seen


def _may_have_swallowed_rows(text: pl.DataFrame, layout: Layout) -> bool:
    """True where a cell of several lines holds as many delimiters as a whole row: a quote may have been left open."""
    if layout.dialect.quote is None:
        return False
    lines = text.select(pl.any_horizontal(pl.all().str.contains("\n", literal=True))).to_series().fill_null(False)
    if not lines.any():
        return False
    marks = pl.max_horizontal(pl.all().str.count_matches(layout.dialect.delimiter, literal=True))
    return bool((text.filter(lines).select(marks).to_series() >= max(1, len(layout.names) - 1)).any())


# Plans: from evidence to types


def _plans(first: _FirstPass, layout: Layout, options: CsvOptions) -> list[ColumnPlan]:
    mark = options.decimal or file_mark(first.columns)
    default = "." if layout.dialect.delimiter == "," else ","
    # Where missing cells are quoted like all others, or a single column must quote them, "" is how they are written.
    empty_is_missing = first.missing == 0 and (layout.dialect.quote_all or len(layout.names) == 1)
    return [
        column.decide(mark=mark, default=default, empty_is_missing=empty_is_missing, skip_space=layout.dialect.skip_space)
        for column in first.columns
    ]


def _encoding_notes(dialect: Dialect, options: CsvOptions) -> list[Note]:
    if options.encoding is not None or dialect.encoding == "utf-8":
        return []
    if dialect.encoding == "cp1252":
        return [
            Note(
                None,
                'read in the encoding cp1252 (Western European); if letters look wrong, pass encoding="..."',
                "its bytes are not UTF-8",
            )
        ]
    why = "it begins with that byte-order mark" if dialect.bom else "every other of its bytes is zero"
    return [Note(None, f"read in the encoding {dialect.encoding}", why)]


def _row_notes(first: _FirstPass, layout: Layout) -> list[Note]:
    left_out = first.left_out.total()
    if not left_out:
        return []
    return [Note(None, f"{left_out:,} rows that have not {len(layout.names)} cells are left out", 'ragged="skip" was asked for')]


def _in_another_encoding(paths: Sequence[Path], layout: Layout, options: CsvOptions) -> Layout:
    """The layout in cp1252, after UTF-8 failed beyond the first bytes."""
    bad = next(path for path in paths if first_bad_byte(path, layout.dialect.encoding) is not None)
    tried = (layout.dialect.encoding,)
    if options.encoding is not None or layout.dialect.encoding != "utf-8" or layout.dialect.bom:
        raise undecodable(bad, tried)
    if any(first_bad_byte(path, "cp1252") is not None for path in paths):
        raise undecodable(bad, (*tried, "cp1252"))
    again, _ = _layout_of(paths[0], replace(options, encoding="cp1252"))
    return again


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
                f'The letter "{letter}" has no place in the encoding {dialect.encoding}.',
                remedy='Write in another: dialect=Dialect(encoding="utf-8").',
            ) from None

    return encode


def _as_written(frame: pl.DataFrame, dialect: Dialect) -> pl.DataFrame:
    changed: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        form, decimals = dialect.numbers.get(name, PLAIN), dialect.decimals.get(name)
        if dtype.is_float() and decimals is not None:
            changed.append(form.write(fixed(pl.col(name), decimals)))
        elif form != PLAIN and dtype.is_numeric():
            changed.append(form.write(pl.col(name)))
        elif name in dialect.spellings and dtype == pl.Boolean:
            false, true = dialect.spellings[name]
            changed.append(pl.when(pl.col(name)).then(pl.lit(true)).when(~pl.col(name)).then(pl.lit(false)).alias(name))
        elif dtype == pl.Duration:
            changed.append(pl.col(name).dt.to_string("iso"))
    return frame.with_columns(changed) if changed else frame
