"""What a stream of changes is: when rows come, how often they change, which of them go. In a spec under `stream`, or in a file of its own:

stream:
  start: 2025-01-01
  end: 2025-12-31
  tables:
    customers: {update: [plan], updates: 0.5}
    orders: {time: ordered, steps: {status: [new, paid, shipped]}, days: 14, deletes: 0.02}
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from understudy.core.errors import SchemaError, did_you_mean
from understudy.data.constraints import Contradiction


class TableStream(BaseModel):
    """The life of a table's rows.

    time: the column of moments at which rows come; without one they come evenly from `start` to `end`. No row comes before those that it
    refers to. update: columns that are drawn anew at every change; what is computed from them follows. updates: how many changes a row has
    on average. steps: for a column, values that a row passes in this order up to the one that it ends with. deletes: the share of rows that
    go. days: how long after its coming the last of a row's changes may be.
    """

    model_config = ConfigDict(extra="forbid")

    time: str | None = None
    update: list[str] = Field(default_factory=list)
    updates: float = Field(default=0.0, ge=0, le=20)
    steps: dict[str, list[str]] = Field(default_factory=dict)
    deletes: float = Field(default=0.0, ge=0, le=1)
    days: float = Field(default=30.0, gt=0.001, le=36_500)

    @property
    def changed(self) -> list[str]:
        """The columns that changes draw anew or step on."""
        return [*self.update, *self.steps]


class StreamPlan(BaseModel):
    """start, end: between them rows without a time of their own come. tables: those that are streamed, all unless told."""

    model_config = ConfigDict(extra="forbid")

    start: str = "2025-01-01"
    end: str = "2025-12-31"
    tables: dict[str, TableStream] = Field(default_factory=dict)

    @field_validator("start", "end")
    @classmethod
    def _is_a_moment(cls, text: str) -> str:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise Contradiction(f'"{text}" is no moment.', "Write it as 2024-05-31 or 2024-05-31 14:30.") from None
        return text


def stream_plan(stated: Any, origin: str = "stream") -> StreamPlan:
    """A plan from plain values. Raises `SchemaError` with the place of a mistake and the nearest valid word."""
    if isinstance(stated, StreamPlan):
        return stated
    try:
        return StreamPlan.model_validate(stated)
    except ValidationError as error:
        found = error.errors()[0]
        loc, cause = ".".join(map(str, found["loc"])), found.get("ctx", {}).get("error")
        if isinstance(cause, Contradiction):
            raise SchemaError(cause.what, where=f"{origin}: {loc}", remedy=cause.remedy) from None
        if found["type"] == "extra_forbidden":
            model = TableStream if "tables" in found["loc"] else StreamPlan
            word = str(found["loc"][-1])
            raise SchemaError(
                f'"{word}" is not a key here.', where=f"{origin}: {loc}", remedy=did_you_mean(word, model.model_fields)
            ) from None
        raise SchemaError(f"{loc}: {found['msg']}.", where=origin) from None


def read_stream_plan(path: str | Path) -> StreamPlan:
    """The plan of a YAML file. Raises `SchemaError`."""
    from understudy.data.located_yaml import parse_yaml, read_text

    body = parse_yaml(read_text(Path(path), "plan"), str(path)).body
    return stream_plan(body.get("stream", body) if isinstance(body, dict) else body, str(path))
