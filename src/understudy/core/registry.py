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
        "text-ngram": "understudy.text.ngram.model:NgramText",
        "text-transformer": "understudy.text.transformer.model:TransformerText",
        "trees": "understudy.tabular.trees:Trees",
    },
    # What is declared and never fitted; saved and loaded like the others.
    "declared": {
        "dirty": "understudy.rules.dirt.table:DirtyTable",
        "dirty-dataset": "understudy.rules.dirt.table:DirtyDataset",
        "rule-table": "understudy.rules.dataset:RuleTable",
        "rules": "understudy.rules.dataset:Dataset",
        "scenes": "understudy.scenes.generator:Scenes",
        "texts": "understudy.text.generator:Texts",
        "kept-texts": "understudy.text.kept:KeptTexts",
        "mixed-texts": "understudy.text.mixed:MixedTexts",
    },
    "worlds": {
        "driving": "understudy.scenes.driving.world:Driving",
        "products": "understudy.scenes.products.world:Products",
        "medical": "understudy.scenes.medical.world:Medical",
        "microscopy": "understudy.scenes.microscopy.world:Microscopy",
        "satellite": "understudy.scenes.satellite.world:Satellite",
        "surveillance": "understudy.scenes.surveillance.world:Surveillance",
    },
    "runners": {
        "write": "understudy.run:write",
        "target": "understudy.run.target:parse_target",
    },
}


def get(kind: str, name: str) -> Any:
    """The thing called `name`, imported now.

    Raises:
        ArgumentError: no such kind or name; the message offers the nearest.
        UnderstudyError: a plug-in of that name is there but cannot be imported.
    """
    target = _built_in(kind).get(name)
    if target is not None:
        return _imported(target)
    matches = [point for point in _entry_points(kind) if point.name == name]
    if not matches:
        raise ArgumentError(f'There is no {kind.removesuffix("s")} called "{name}".', remedy=did_you_mean(name, names(kind)))
    return _plug_in(matches, kind)


def stored(name: str) -> Any:
    """What a saved file of this name holds: a generator that is fitted or one that is declared. Raises: as `get`."""
    return get("declared" if name in _BUILT_IN["declared"] else "generators", name)


def names(kind: str) -> list[str]:
    """All names of a kind, built in and plugged in, sorted; nothing is imported."""
    return sorted({*_built_in(kind), *(point.name for point in _entry_points(kind))})


def _built_in(kind: str) -> dict[str, str]:
    try:
        return _BUILT_IN[kind]
    except KeyError:
        raise ArgumentError(f'There is no kind of thing called "{kind}".', remedy=did_you_mean(kind, _BUILT_IN)) from None


def _entry_points(kind: str) -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points

    return entry_points(group=f"understudy.{kind}")


def _imported(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def _plug_in(matches: list[EntryPoint], kind: str) -> Any:
    targets = sorted({point.value for point in matches})
    if len(targets) > 1:
        raise UnderstudyError(
            f'Several plug-ins are called "{matches[0].name}": {", ".join(targets)}.',
            where=f"entry points understudy.{kind}",
            remedy="Uninstall all but one.",
        )
    try:
        return matches[0].load()
    except UnderstudyError:
        raise
    except Exception as error:
        raise UnderstudyError(
            f'The plug-in "{matches[0].name}" cannot be loaded: {type(error).__name__}: {error}',
            where=f"{targets[0]}, an entry point of understudy.{kind}",
            remedy="Repair or uninstall the package that brings it.",
        ) from error
