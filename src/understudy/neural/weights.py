"""Weights of a network as NumPy arrays, for a model file that any machine reads, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from understudy.core.errors import ArtifactError


def to_arrays(network: nn.Module, prefix: str) -> dict[str, NDArray[Any]]:
    """Parameters and buffers by name, behind `prefix` and a dot; always from the CPU, float32 where floating."""
    return {f"{prefix}.{name}": _array(value) for name, value in network.state_dict().items()}


def from_arrays(network: nn.Module, arrays: Mapping[str, NDArray[Any]], prefix: str) -> None:
    """Fill `network` with what `to_arrays` gave.

    Raises:
        ArtifactError: an array is missing or has another shape.
    """
    state = {}
    for name, value in network.state_dict().items():
        array = arrays.get(f"{prefix}.{name}")
        if array is None or array.shape != tuple(value.shape):
            raise ArtifactError(
                f'The weights "{prefix}.{name}" are missing or of another shape.', remedy="The file is damaged; make it anew."
            )
        state[name] = torch.from_numpy(np.array(array)).to(value.dtype)
    network.load_state_dict(state)


def _array(value: torch.Tensor) -> NDArray[Any]:
    value = value.detach().cpu()
    return (value.float() if value.is_floating_point() else value).numpy().copy()
