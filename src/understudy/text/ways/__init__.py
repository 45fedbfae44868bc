"""Ways: how rows become texts. One file a way; each has a section of its name in the spec (`spec/sections.py`)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction

if TYPE_CHECKING:
    from understudy.text.ways.way import Way

WAYS = {
    "evolution": "understudy.text.ways.evolved:Evolved",
    "llm": "understudy.text.ways.asking.way:LanguageModel",
    "template": "understudy.text.ways.template:Template",
    "ngram": "understudy.text.ways.learned:Ngram",
    "transformer": "understudy.text.ways.learned:Transformer",
}


def way(name: str) -> type[Way]:
    """The way of a name. Raises `Contradiction` with the nearest where there is none."""
    if name not in WAYS:
        raise Contradiction(f'There is no way "{name}".', did_you_mean(name, WAYS), at=("way",))
    module, _, attribute = WAYS[name].partition(":")
    found: type[Way] = getattr(import_module(module), attribute)
    return found
