"""Formats of labelled pictures, by name; each is one file here and one line below."""

from __future__ import annotations

from importlib import import_module

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.media.exporting.exporter import Exporter, Member

EXPORTERS: dict[str, str] = {}
"""Name → "module:Class", loaded when asked for."""


def exporter(name: str) -> type[Exporter]:
    """The format called `name`. Raises `ArgumentError` with the nearest name."""
    if name not in EXPORTERS:
        raise ArgumentError(f'There is no format of labelled pictures called "{name}".', remedy=did_you_mean(name, EXPORTERS))
    module, _, attribute = EXPORTERS[name].partition(":")
    found: type[Exporter] = getattr(import_module(module), attribute)
    return found


__all__ = ["EXPORTERS", "Exporter", "Member", "exporter"]
