"""Excel workbooks (extra `excel`), read through calamine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from understudy.core.errors import DataError, MissingExtraError, did_you_mean
from understudy.data.admission import Admission, admitted, require_columns, require_rows
from understudy.data.native_form import polars_form
from understudy.data.table import FrameSource, Note, Table


def read_excel(path: Path, admission: Admission, *, sheet: str | int | None, origin: str) -> Table:
    """One sheet of a workbook as a `Table`; its first row names the columns.

    Args:
        sheet: name or position from 0; None takes the only sheet that holds something, and is refused where there are several.

    Raises:
        MissingExtraError: the extra `excel` is not installed.
        DataError: no such sheet, no rows, repeated names.
    """
    try:
        import fastexcel
    except ImportError:
        raise MissingExtraError.of("excel", "Reading Excel files") from None
    try:
        book = fastexcel.read_excel(path)
    except Exception as error:  # the reader's own hierarchy of errors has no common name that is public
        raise DataError(
            f"The workbook cannot be read: {str(error).partition(chr(10))[0]}.",
            where=str(path),
            remedy="It is damaged, protected or no Excel file.",
        ) from None
    name = _chosen(book, sheet, path)
    where = f"{path}, sheet {name}"
    head = book.load_sheet(name, header_row=None, n_rows=1, dtypes="string").to_polars()
    names = require_columns([_label(value) for value in (head.row(0) if head.height else ())], where=where)
    body, notes = _body(book, name, names)
    require_rows(body.height, where=where)
    frame, told = admitted(body, admission, where=where)
    if len(book.sheet_names) > 1:
        notes.append(Note(None, f'only the sheet "{name}" of {len(book.sheet_names)} is read', "a table is one sheet"))
    return Table(FrameSource(frame), origin=f"{origin}:{name}", form=polars_form(frame), notes=notes + told)


def _chosen(book: Any, sheet: str | int | None, path: Path) -> str:
    names: list[str] = list(book.sheet_names)
    if isinstance(sheet, int):
        if not 0 <= sheet < len(names):
            raise DataError(
                f"There is no sheet {sheet}: the workbook has {len(names)}.", where=str(path), remedy=f"Sheets: {', '.join(names)}."
            )
        return names[sheet]
    if sheet is not None:
        if sheet not in names:
            raise DataError(f'There is no sheet "{sheet}".', where=str(path), remedy=did_you_mean(sheet, names))
        return sheet
    filled = [name for name in names if len(names) == 1 or book.load_sheet(name, header_row=None).height]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        raise DataError("The workbook is empty.", where=str(path), remedy="Hand in a workbook with a table in it.")
    raise DataError(
        f"The workbook has {len(filled)} sheets: {', '.join(filled)}.",
        where=str(path),
        remedy=f'Name one: read(path, sheet="{filled[0]}").',
    )


def _label(value: Any) -> str:
    return "" if value is None else str(value)


def _body(book: Any, name: str, names: list[str]) -> tuple[pl.DataFrame, list[Note]]:
    """The rows under the header. Columns whose cells are of several types come as text, and that is said."""
    typed = _under_header(book, name, None)
    text = _under_header(book, name, "string")
    columns: dict[str, pl.Series] = {}
    notes: list[Note] = []
    for position, label in enumerate(names):
        if position >= text.width:
            # Columns that are empty to the end are not reported by the reader.
            columns[label] = pl.Series(label, [None] * text.height, dtype=pl.Null)
            continue
        columns[label] = typed[:, position].alias(label)
        # The reader drops the cells that are not of the type it chose: only the text knows of them.
        if columns[label].null_count() > text[:, position].null_count():
            columns[label] = text[:, position].alias(label)
            notes.append(Note(label, "read as text", "it holds cells of several types together"))
    if text.width > len(names):
        raise DataError(
            f"The rows have {text.width} cells, the header names {len(names)}.",
            where=name,
            remedy="Name every column in the first row of the sheet.",
        )
    return pl.DataFrame(columns), notes


def _under_header(book: Any, name: str, dtypes: str | None) -> pl.DataFrame:
    frame: pl.DataFrame = book.load_sheet(name, header_row=None, skip_rows=1, schema_sample_rows=None, dtypes=dtypes).to_polars()
    return frame
