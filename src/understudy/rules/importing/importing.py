"""`import_schema`: a spec from whatever describes the data, found out by what it is or what its file is called."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.rules.importing.building import ROWS
from understudy.rules.importing.imported import Imported

Form = Literal["ddl", "database", "json-schema", "pydantic", "dataclass", "arrow", "pandera", "dbt", "sample"]
FORMS: tuple[str, ...] = get_args(Form)
_ENDINGS = {".sql": "ddl", ".ddl": "ddl", ".yml": "dbt", ".yaml": "dbt"}
_OBJECT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def import_schema(
    source: Any,
    form: Form | str | None = None,
    *,
    dialect: str | None = None,
    rows: int | None = None,
    scale: float = 1.0,
    profile: bool = False,
) -> Imported:
    """A spec from a schema, with notes of what was guessed, changed or could not be said.

    Args:
        source: SQL statements or their file; a database's URL; a JSON Schema; a pydantic model, dataclass, Arrow or pandera schema, or
            "package.module:Name" of one; dbt's schema.yml; a table of values.
        form: what it is, where that is not to be found out: "ddl", "database", "json-schema", "pydantic", "dataclass", "arrow", "pandera",
            "dbt" or "sample".
        dialect: of SQL: "postgres", "mysql", "sqlite", "tsql", "oracle", "duckdb" …
        rows: of each table whose number of rows is not known (1000 unless told; a sample's own number of rows).
        scale: so many times the rows.
        profile: of a database: propose values from those that are there.

    Raises:
        ArgumentError: not to be told what it is. SchemaError, DataError: it cannot be read, with file and line.
    """
    if form is not None and form not in FORMS:
        raise ArgumentError(f'"{form}" is no form of a schema.', where="form", remedy=did_you_mean(str(form), FORMS))
    form = form or _form_of(source)
    facts: dict[str, Any] = {"scale": scale, **({"rows": rows} if rows is not None else {})}
    if isinstance(source, str) and _OBJECT.fullmatch(source) and form in ("pydantic", "dataclass", "arrow", "pandera"):
        from understudy.rules.importing.python_types import imported_object

        source = imported_object(source)
        form = form if form != "pydantic" else _form_of(source)
    match form:
        case "ddl":
            from understudy.rules.importing.ddl import from_ddl

            return from_ddl(source, dialect=dialect, **facts)
        case "database":
            from understudy.rules.importing.database import from_database

            place, _, table = str(source).partition("#")
            return from_database(place, tables=[table] if table else None, profile=profile, **facts)
        case "sample":
            from understudy.rules.importing.sample import from_sample

            return from_sample(source, **facts)
        case "dbt":
            from understudy.rules.importing.dbt import from_dbt

            return from_dbt(source, **facts)
    return _of_one_record(source, form, facts)


def _of_one_record(source: Any, form: str, facts: dict[str, Any]) -> Imported:
    from understudy.rules import importing

    readers: dict[str, Callable[..., Imported]] = {
        "json-schema": importing.from_json_schema,
        "pydantic": importing.from_pydantic,
        "dataclass": importing.from_dataclass,
        "arrow": importing.from_arrow,
        "pandera": importing.from_pandera,
    }
    return readers[form](source, **{"rows": ROWS, **facts})


def _form_of(source: Any) -> str:
    """What a source is."""
    if isinstance(source, type):
        if dataclasses.is_dataclass(source) and not hasattr(source, "model_fields"):
            return "dataclass"
        return "pydantic" if hasattr(source, "model_fields") else "pandera" if hasattr(source, "to_schema") else _refuse(source)
    if isinstance(source, Mapping):
        return "json-schema"
    if type(source).__module__.startswith("pyarrow") and type(source).__name__ == "Schema":
        return "arrow"
    if type(source).__module__.startswith("pandera"):
        return "pandera"
    if isinstance(source, Path):
        return _form_of_file(source)
    if not isinstance(source, str):
        return "sample" if hasattr(source, "columns") else _refuse(source)
    return _form_of_text(source)


def _form_of_text(source: str) -> str:
    if re.match(r"[a-z0-9+]+://", source) and not re.match(r"(https?|s3|gs|file|memory)://", source):
        return "database"
    if "\n" in source or re.search(r"\bcreate\s+table\b", source, re.IGNORECASE):
        return "json-schema" if source.lstrip().startswith("{") else "ddl" if re.search(r"\bcreate\b", source, re.IGNORECASE) else "dbt"
    if source.lstrip().startswith("{"):
        return "json-schema"
    return "pydantic" if _OBJECT.fullmatch(source) and not Path(source).exists() else _form_of_file(Path(source))


def _form_of_file(path: Path) -> str:
    if path.suffix.lower() in _ENDINGS:
        return _ENDINGS[path.suffix.lower()]
    if path.suffix.lower() == ".json":
        try:
            body = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return "json-schema"
        is_schema = isinstance(body, dict) and ({"$schema", "properties", "$defs", "definitions"} & set(body))
        return "json-schema" if is_schema else "sample"
    return "sample"


def _refuse(source: Any) -> str:
    raise ArgumentError(f"It cannot be told what kind of schema {type(source).__name__} is.", remedy=f"Say the form: {', '.join(FORMS)}.")
