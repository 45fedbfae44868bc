"""Names for things that are loaded only when asked for.

A target is written "module:attribute". Others add their own through the entry point group `understudy.<kind>`:

    [project.entry-points."understudy.generators"]
    dice = "my_package.dice:Dice"

A plug-in cannot take the name of a built-in.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ArgumentError, UnderstudyError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_BUILT_IN: dict[str, dict[str, str]] = {
    "generators": {
        "auto": "understudy.tabular.auto:Auto",
        "autoregressive": "understudy.tabular.autoregressive:Autoregressive",
        "copula": "understudy.tabular.copula:Copula",
        "diffusion": "understudy.tabular.diffusion:Diffusion",
        "gan": "understudy.tabular.gan:Gan",
        "independent": "understudy.tabular.independent:Independent",
        "mixture": "understudy.tabular.mixture:Mixture",
        "text-evolution": "understudy.text.evolution.synthesizer:Evolution",
