"""A course broken off, as one file: weights, optimizer states, averages and counters. A model file's format, so no code is in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from understudy.core.artifact import State, below, load_artifact, save_artifact
from understudy.core.errors import ArtifactError

_NAME = "checkpoint"


def write_checkpoint(
    path: Path,
    players: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    more: Mapping[str, Mapping[str, Tensor] | None],
    facts: dict[str, Any],
) -> None:
    """Write everything, whole or not at all. ``more``: further named tensors; ``facts``: JSON values."""
    arrays: dict[str, Tensor] = {}
    for player, network in players.items():
        arrays |= {f"player/{player}/{name}": value for name, value in network.state_dict().items()}
        arrays |= {f"optimizer/{player}/{i}/{key}": value for i, state in _states(optimizers[player]) for key, value in state.items()}
    for group, tensors in more.items():
        arrays |= {f"more/{group}/{name}": value for name, value in (tensors or {}).items()}
    save_artifact(path, _NAME, State(facts, {name: value.detach().cpu().numpy() for name, value in arrays.items()}))


def read_checkpoint(
    path: Path, players: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer], expected: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, dict[str, Tensor]]]:
    """Put players and optimizers where they were; the facts and the further tensors.

    Raises:
        ArtifactError: the file is no checkpoint, or one of other data, options or seed (``expected`` facts differ).
    """
    name, state = load_artifact(path)
    facts = state.manifest
    if name != _NAME or any(facts.get(key) != value for key, value in expected.items()):
        raise ArtifactError(
            "The checkpoint belongs to another training: other data, options or seed.", where=str(path),
            remedy="Take another file for this one, or delete it to begin anew.",
        )  # fmt: skip
    tensors = {key: torch.from_numpy(array.copy()) for key, array in state.arrays.items()}
    try:
        for player, network in players.items():
            network.load_state_dict(below(tensors, f"player/{player}/"))
            _restore(optimizers[player], below(tensors, f"optimizer/{player}/"))
    except RuntimeError as error:
        raise ArtifactError(f"The checkpoint does not fit this network: {error}", where=str(path)) from error
    groups = {key.split("/")[1] for key in tensors if key.startswith("more/")}
    return facts, {group: below(tensors, f"more/{group}/") for group in groups}


def _states(optimizer: torch.optim.Optimizer) -> list[tuple[int, dict[str, Tensor]]]:
    """The state tensors of each parameter, by its place."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    return [(i, optimizer.state[p]) for i, p in enumerate(parameters) if p in optimizer.state]


def _restore(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for key, value in tensors.items():
        place, _, name = key.partition("/")
        parameter = parameters[int(place)]
        optimizer.state[parameter][name] = value if name == "step" else value.to(parameter.device)
