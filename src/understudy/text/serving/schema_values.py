"""A value that is valid against a JSON schema, drawn from the schema: the same schema and number give the same value.

Honoured: type, enum, const, properties, required, additionalProperties, min/maxProperties, items, prefixItems, min/maxItems, uniqueItems,
min/maxLength, pattern, format (date, time, date-time, email, uri, uuid, ipv4, hostname), minimum, maximum, exclusive bounds, multipleOf,
anyOf, oneOf, allOf, $ref to $defs and definitions. What is refused is refused by name.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from understudy.core.errors import SchemaError

DEEPEST = 12
UNBOUNDED_ITEMS, UNBOUNDED_TEXT, UNBOUNDED_NUMBER = 3, 60, 1000
_LEFT_OUT = ("not", "if", "then", "else", "patternProperties", "dependentRequired", "dependentSchemas", "contains", "unevaluatedProperties")
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
Words = Callable[[int], list[str]]


class Drawing:
    """Draws one value; every part of it has a number of its own, from its place in the value."""

    def __init__(self, schema: dict[str, Any], number: int, words: Words) -> None:
        self._root, self._number, self._words = schema, number, words

    def value(self) -> Any:
        """The value.

        Raises:
            SchemaError: the schema asks for what is not honoured here, or for what cannot be.
        """
        return self._draw(self._root, "", 0)

    def _draw(self, schema: Any, place: str, depth: int) -> Any:
        schema = self._resolved({} if schema is True else schema, place, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._pick(schema["enum"], place)
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._alternative(schema, schema[choice], place, depth)
        kind = schema.get("type", _guessed(schema))
        if isinstance(kind, list):
            kind = self._pick([name for name in kind if name != "null"] or kind, place + "#type")
        makers: dict[str, Callable[[dict[str, Any], str, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._decimal,
            "boolean": lambda _schema, at, _depth: bool(self._at(at) & 1),
            "null": lambda _schema, _at, _depth: None,
        }
        if not isinstance(kind, str) or kind not in makers:
            raise _refused(f"the type {kind!r}", place)
        return makers[kind](schema, place, depth)

    def _resolved(self, schema: Any, place: str, depth: int) -> dict[str, Any]:
        """The schema with references followed and `allOf` joined."""
        if not isinstance(schema, dict):
            raise _refused(f"{schema!r} in place of a schema", place)
        if depth > DEEPEST:
            raise _refused("a schema that goes deeper than a value can", place)
        for name in _LEFT_OUT:
            if name in schema:
                raise _refused(f'"{name}"', place)
        if "$ref" in schema:
            rest = {name: part for name, part in schema.items() if name != "$ref"}
            return self._resolved({**self._target(schema["$ref"], place), **rest}, place, depth + 1)
        if "allOf" in schema:
            joined = {name: part for name, part in schema.items() if name != "allOf"}
            for part in schema["allOf"]:
                joined = _joined(joined, self._resolved(part, place, depth + 1))
            return self._resolved(joined, place, depth + 1)
        return schema

    def _target(self, reference: Any, place: str) -> dict[str, Any]:
        found: Any = self._root
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise _refused(f"the reference {reference!r}", place)
        for step in filter(None, reference[1:].split("/")):
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise _refused(f"the reference {reference!r}, which leads nowhere,", place)
        return found

    def _alternative(self, schema: dict[str, Any], choices: list[Any], place: str, depth: int) -> Any:
        """One of several schemas; where it goes deep, the simplest, so that a schema that holds itself comes to an end."""
        rest = {name: part for name, part in schema.items() if name not in ("anyOf", "oneOf")}
        order = sorted(
            range(len(choices)), key=lambda index: len(json.dumps(choices[index])) if depth > DEEPEST // 2 else self._at(f"{place}|{index}")
        )
        error: SchemaError | None = None
        for index in order:
            try:
                return self._draw(_joined(rest, self._resolved(choices[index], place, depth + 1)), place, depth + 1)
            except SchemaError as refused:
                error = refused
        raise error or _refused("a choice among nothing", place)

    def _object(self, schema: dict[str, Any], place: str, depth: int) -> dict[str, Any]:
        known = schema.get("properties", {})
        required = list(schema.get("required", ()))
        wanted = [name for name in known if name in required or (depth < DEEPEST // 2 and self._at(f"{place}/{name}?") & 1)]
        wanted += [name for name in required if name not in known]
        least = schema.get("minProperties", 0)
        wanted += [name for name in known if name not in wanted][: max(0, least - len(wanted))]
        wanted = wanted[: max(len(required), schema.get("maxProperties", len(wanted)))]
        other = schema.get("additionalProperties", True)
        value = {name: self._draw(known.get(name, other), f"{place}/{name}", depth + 1) for name in wanted}
        for index in range(least - len(value)):
            if other is False:
                raise _refused("more properties than there are", place)
            value[f"field{index}"] = self._draw(other, f"{place}/field{index}", depth + 1)
        return value

    def _array(self, schema: dict[str, Any], place: str, depth: int) -> list[Any]:
        first = schema.get("prefixItems", [])
        least = max(schema.get("minItems", 0), 0)
        most = schema.get("maxItems", max(least, len(first)) if depth > DEEPEST // 2 else max(least, len(first)) + UNBOUNDED_ITEMS)
        if most < least:
            raise _refused("fewer items than it asks for", place)
        count = least + self._at(place + "#count") % (most - least + 1)
        count = max(count, min(len(first), most))
        items: list[Any] = []
        seen: set[str] = set()
        for index in range(count * 20):
            if len(items) == count:
                break
            part = first[len(items)] if len(items) < len(first) else schema.get("items", {"type": "string"})
            item = self._draw(part, f"{place}/{index}", depth + 1)
            if not schema.get("uniqueItems") or json.dumps(item, sort_keys=True) not in seen:
                seen.add(json.dumps(item, sort_keys=True))
                items.append(item)
        if len(items) < least:
            raise _refused("more different items than there are", place)
        return items

    def _string(self, schema: dict[str, Any], place: str, depth: int) -> str:
        number = self._at(place)
        if "pattern" in schema:
            return _matching(schema["pattern"], schema, number, place)
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        if schema.get("format") in _FORMATS:
            text = _FORMATS[schema["format"]](number)
        else:
            words = self._words(number)
            text = " ".join(words)[: int(min(most, max(least, UNBOUNDED_TEXT)))].strip()
            while len(text) < least:
                number = _mixed(number, "more")
                text = f"{text} {' '.join(self._words(number)) or 'word'}".strip()[: int(min(most, max(least, UNBOUNDED_TEXT)))]
                text = text.ljust(least, "s") if text.endswith(" ") or len(text) + 1 == least else text
        if not least <= len(text) <= most:
            raise _refused(f"a text of {least} to {most} characters in the format {schema.get('format')!r}", place)
        return text

    def _integer(self, schema: dict[str, Any], place: str, depth: int) -> int:
        step = schema.get("multipleOf", 1)
        if step != int(step) or step <= 0:
            raise _refused(f"integers that are multiples of {step}", place)
        low, high = _bounds(schema, 1, place)
        first, last = math.ceil(low / step), math.floor(high / step)
        if last < first:
            raise _refused("an integer between bounds that have none", place)
        return int(int(step) * (first + self._at(place) % (last - first + 1)))

    def _decimal(self, schema: dict[str, Any], place: str, depth: int) -> float:
        if "multipleOf" in schema:
            step = schema["multipleOf"]
            low, high = _bounds(schema, step, place)
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last < first:
                raise _refused("a number between bounds that have none", place)
            return float(step * (first + self._at(place) % (last - first + 1)))
        low, high = _bounds(schema, 0, place)
        share = (self._at(place) % 9999 + 1) / 10001
        value = round(low + (high - low) * share, 4)
        return value if low < value < high else low + (high - low) * share

    def _at(self, place: str) -> int:
        return _mixed(self._number, place)

    def _pick(self, choices: list[Any], place: str) -> Any:
        if not choices:
            raise _refused("a choice among nothing", place)
        return choices[self._at(place) % len(choices)]


def _mixed(number: int, place: str) -> int:
    return int.from_bytes(hashlib.blake2b(place.encode(), digest_size=8, key=number.to_bytes(8, "little")).digest(), "little")


def _bounds(schema: dict[str, Any], step: float, place: str) -> tuple[float, float]:
    """Inclusive bounds of a number; exclusive ones are moved by `step` where there is one."""
    lows, highs = [schema["minimum"]] if "minimum" in schema else [], [schema["maximum"]] if "maximum" in schema else []
    if "exclusiveMinimum" in schema:
        lows.append(schema["exclusiveMinimum"] + step if step != 1 else math.floor(schema["exclusiveMinimum"]) + 1)
    if "exclusiveMaximum" in schema:
        highs.append(schema["exclusiveMaximum"] - step if step != 1 else math.ceil(schema["exclusiveMaximum"]) - 1)
    low = max(lows) if lows else min(0, *highs, 0) - (UNBOUNDED_NUMBER if highs and min(highs) < 0 else 0)
    high = min(highs) if highs else low + UNBOUNDED_NUMBER
    if high < low:
        raise _refused("a number between bounds that contradict each other", place)
    return low, high


def _guessed(schema: dict[str, Any]) -> str:
    """The type of a schema that names none, by its keywords."""
    for kind, words in {
        "object": ("properties", "required", "additionalProperties"),
        "array": ("items", "prefixItems", "minItems", "maxItems"),
        "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }.items():
        if any(word in schema for word in words):
            return kind
    return "string"


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What holds where both hold, keyword by keyword."""
    out = dict(first)
    for name, part in second.items():
        mine = out.get(name, part)
        if name == "properties":
            out[name] = {**mine, **{key: _joined(mine[key], value) if key in mine else value for key, value in part.items()}}
        elif name == "required":
            out[name] = list(dict.fromkeys([*mine, *part]))
        elif name == "enum":
            out[name] = [value for value in mine if value in part]
        elif name.startswith("min") or name == "exclusiveMinimum":
            out[name] = max(mine, part)
        elif name.startswith("max") or name == "exclusiveMaximum":
            out[name] = min(mine, part)
        else:
            out[name] = part
    return out


def _matching(pattern: str, schema: dict[str, Any], number: int, place: str) -> str:
    """A text that a regular expression matches as a whole and whose length fits."""
    import re

    import numpy as np

    from understudy.core.errors import UnderstudyError
    from understudy.rules.regex.pattern import Pattern

    least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    try:
        drawn = Pattern.parse(pattern.removeprefix("^").removesuffix("$")).draw(np.arange(64, dtype=np.int64), np.uint64(number))
    except UnderstudyError as error:
        raise _refused(f"the pattern {pattern!r} ({error.what})", place) from None
    for text in drawn:
        if least <= len(text) <= most and re.search(pattern, text):
            return str(text)
    raise _refused(f"a text of {least} to {most} characters that fits {pattern!r}", place)


def _uuid(number: int) -> str:
    text = f"{number:016x}{_mixed(number, 'rest'):016x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"


_FORMATS: dict[str, Callable[[int], str]] = {
    "date": lambda number: (_BEGIN + timedelta(days=number % 2000)).date().isoformat(),
    "time": lambda number: f"{number % 24:02}:{number % 60:02}:{number % 59:02}Z",
    "date-time": lambda number: (_BEGIN + timedelta(seconds=number % 170_000_000)).isoformat().replace("+00:00", "Z"),
    "email": lambda number: f"user{number % 10_000}@example.com",
    "uri": lambda number: f"https://example.com/{number % 10_000}",
    "hostname": lambda number: f"host{number % 10_000}.example.com",
    "ipv4": lambda number: f"192.0.2.{number % 254 + 1}",
    "uuid": _uuid,
}


def _refused(what: str, place: str) -> SchemaError:
    return SchemaError(f"The schema asks for {what}, which cannot be drawn.", where=place or "the whole")
