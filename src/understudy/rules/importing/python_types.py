"""Python's own descriptions of records: pydantic models and dataclasses, through the JSON Schema that pydantic makes of them."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from typing import Any

from understudy.core.errors import ArgumentError, SchemaError, did_you_mean
from understudy.rules.importing.building import ROWS
from understudy.rules.importing.imported import Imported
from understudy.rules.importing.json_schema import from_json_schema


def from_pydantic(model: Any, *, rows: int = ROWS, scale: float = 1.0) -> Imported:
    """A spec of a pydantic model: its fields with their types, bounds, choices and patterns.

    Raises `ArgumentError` where it is none, `SchemaError` where a field has a type that JSON Schema has no words for.
    """
    from pydantic import BaseModel

    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ArgumentError(f"{model!r} is no pydantic model.", remedy="Pass the class itself, a subclass of pydantic.BaseModel.")
    return _from_type(model, rows, scale)


def from_dataclass(model: Any, *, rows: int = ROWS, scale: float = 1.0) -> Imported:
    """A spec of a dataclass: its fields with their types. Raises as `from_pydantic`."""
    if not (isinstance(model, type) and dataclasses.is_dataclass(model)):
        raise ArgumentError(f"{model!r} is no dataclass.", remedy="Pass the class itself, decorated with @dataclass.")
    return _from_type(model, rows, scale)


def _from_type(model: type, rows: int, scale: float) -> Imported:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUndefinedAnnotation

    try:
        schema = TypeAdapter(model).json_schema(mode="validation")
    except (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUndefinedAnnotation) as error:
        raise SchemaError(f"A field has a type that cannot be described: {str(error).splitlines()[0]}", where=model.__name__) from None
    return from_json_schema(schema, rows=rows, scale=scale, name=model.__name__)


def imported_object(path: str) -> Any:
    """What "package.module:Name" names. Importing runs the module, as any import does."""
    module, _, name = path.partition(":")
    try:
        found: Any = import_module(module)
    except ImportError as error:
        raise ArgumentError(
            f'The module "{module}" cannot be imported: {error}.', where=path, remedy="Write package.module:Name."
        ) from None
    for step in name.split("."):
        if not hasattr(found, step):
            names = [n for n in vars(found) if not n.startswith("_")]
            raise ArgumentError(f'"{module}" has no "{step}".', where=path, remedy=did_you_mean(step, names))
        found = getattr(found, step)
    return found
