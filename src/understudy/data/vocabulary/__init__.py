"""Common names, streets and invented towns by language, from the TOML files beside this module (see LICENCE.md)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "de", "fr", "es", "it", "nordic")


@cache
def _file(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


@cache
def people(language: str, part: str) -> tuple[str, ...]:
    """Names of one language; `part` is female, male or last."""
    return tuple(dict.fromkeys(_file("people")[language][part].split()))


@cache
def places(language: str, part: str) -> tuple[str, ...]:
    """Names of places of one language; `part` is street, street_kind or city."""
    return tuple(_file("places")[language][part].split("|"))


@cache
def plain_words() -> tuple[str, ...]:
    """Common English words that say nothing about anyone."""
    return tuple(dict.fromkeys(_file("words")["en"]["words"].split()))


@cache
def all_first_names() -> frozenset[str]:
    """Every first name of every language, in lower case."""
    return frozenset(name.lower() for language in LANGUAGES for part in ("female", "male") for name in people(language, part))
