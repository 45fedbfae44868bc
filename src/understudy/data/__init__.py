"""What goes in and out: tables from files, databases and frames, their schema, and the remaking of what is never learned.

| file | holds |
|---|---|
| `table.py` | `Table`, `as_table`: rows and columns, wherever they lie |
| `files.py` | `read`, `write_table`: any file, folder or database |
| `csv.py`, `csv_cells.py`, `csv_faults.py` | delimited text |
| `dialect.py`, `text_columns.py`, `number_text.py` | how it is written, and the types of its columns |
| `columnar.py`, `columnar_writers.py`, `json_rows.py`, `excel.py`, `sql.py` | the other formats |
| `frames.py`, `pandas_frames.py`, `arrow_frames.py`, `native_form.py` | frames of other libraries, and how they are given back |
| `values.py`, `admission.py`, `spool.py`, `streams.py` | Python values; what is refused at the door; rows and bytes on their way |
| `schema.py`, `schema_file.py`, `dtypes.py`, `infer.py`, `constraints.py` | what the columns mean |
| `typed.py` | values from the form of the source and back |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.core.lazy import table_of_contents

if TYPE_CHECKING:
    from understudy.data.constraints import Constraint as Constraint
    from understudy.data.dialect import Dialect as Dialect
    from understudy.data.files import read as read
    from understudy.data.files import write_table as write_table
    from understudy.data.infer import infer_schema as infer_schema
    from understudy.data.native_form import NativeForm as NativeForm
    from understudy.data.schema import KINDS as KINDS
    from understudy.data.schema import ColumnSchema as ColumnSchema
    from understudy.data.schema import TableSchema as TableSchema
    from understudy.data.table import Note as Note
    from understudy.data.table import Table as Table
    from understudy.data.table import as_table as as_table
else:
    __getattr__, __dir__, __all__ = table_of_contents(
        __name__,
        {
            "Table": "understudy.data.table",
            "Note": "understudy.data.table",
            "as_table": "understudy.data.table",
            "read": "understudy.data.files",
            "write_table": "understudy.data.files",
            "NativeForm": "understudy.data.native_form",
            "Dialect": "understudy.data.dialect",
            "TableSchema": "understudy.data.schema",
            "ColumnSchema": "understudy.data.schema",
            "KINDS": "understudy.data.schema",
            "Constraint": "understudy.data.constraints",
            "infer_schema": "understudy.data.infer",
        },
    )
