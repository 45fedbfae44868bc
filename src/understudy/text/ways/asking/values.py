"""What steps give: a grade that brings its reason along, parts by name, and records as prompts show them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from understudy.text.ways.asking.recipe import Shape

MOST_CHARACTERS = 20_000
_Said: Any = Field(min_length=1, max_length=MOST_CHARACTERS)
_FIELDS: dict[str, Any] = {
    "text": (str, _Said),
    "texts": (list[str], Field(min_length=1, max_length=100)),
    "integer": (int, ...),
    "number": (float, Field(allow_inf_nan=False)),
    "boolean": (bool, ...),
}


class Verdict(int):
    """A grade; `score` and `reason` by name too."""

    reason: str

    @classmethod
    def of(cls, score: int, reason: str) -> Verdict:
        made = cls(score)
        made.reason = reason
        return made

    @property
    def score(self) -> int:
        return int(self)


class Parts(SimpleNamespace):
    """Parts by name; as a text, their JSON."""

    def __str__(self) -> str:
        return as_json(vars(self))


class Said(list[Any]):
    """Messages or spans; as a text, a line for each message, or JSON."""

    def __str__(self) -> str:
        if all(isinstance(one, dict) and "role" in one for one in self):
            return "\n".join(f"{one['role']}: {_content(one)}" for one in self)
        return as_json(list(self))


def shown(record: dict[str, Any]) -> dict[str, Any]:
    """What a record holds, as templates take it."""
    return {name: Said(value) if isinstance(value, list) else value for name, value in record.items()}


def part_of(value: Any, part: str) -> Any:
    return getattr(value, part)


def as_json(value: Any) -> str:
    """A value as a prompt shows it."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def parts_shape(fields: dict[str, Any]) -> type[BaseModel]:
    """The shape of an answer with these parts."""
    typed: dict[str, Any] = {
        name: (Literal[tuple(kind)], ...) if isinstance(kind, list) else _FIELDS[kind] for name, kind in fields.items()
    }  # fmt: skip
    made: type[BaseModel] = create_model("Parts", __base__=Shape, **typed)
    return made


def verdict_shape(scale: tuple[int, int]) -> type[Any]:
    """The shape of a judge's answer."""
    low, high = scale
    made: type[Any] = create_model("Verdict", __base__=Shape, reason=(str, Field(max_length=2000)), score=(int, Field(ge=low, le=high)))
    return made


def _content(said: dict[str, Any]) -> str:
    calls = "; ".join(f"calls {call['name']}({call['arguments']})" for call in said.get("tool_calls") or ())
    return " ".join(part for part in (said.get("content"), calls) if part)


def _plain(value: Any) -> Any:
    return vars(value) if isinstance(value, Parts) else str(value)
