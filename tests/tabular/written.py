"""A chain whose law is written down: every conditional law is a table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from understudy.core.artifact import State
from understudy.tabular.chain import ChainSynthesizer, Draw, Restriction, token_weights
from understudy.tabular.fields import Allowed, Encoded, Field


def field(name: str, size: int, kind: Any = "categorical", atom: np.ndarray | None = None) -> Field:
    return Field(name, name, kind, size, None, np.full(size, 1 / size), np.ones(size, bool) if atom is None else atom)


class Written(ChainSynthesizer):
    """Field j follows ``tables[j]``, indexed by the fields before it and then by its own token."""

    name = "written"
    block_size = 2048

    def __init__(self, tables: list[np.ndarray], fields: list[Field] | None = None) -> None:
        self.tables = tables
        made = fields or [field(f"f{j}", t.shape[-1]) for j, t in enumerate(tables)]
        self.codec = SimpleNamespace(fields=made)
        self.constraints = SimpleNamespace(bounds=[], inequalities=[], may_break=False)

    def _draw_field(
        self, j: int, work: Any, drawn: Encoded, known: list[int], rng: np.random.Generator, restriction: Restriction | None
    ) -> Draw:
        law = self.tables[j][tuple(drawn.tokens[k] for k in range(j))] if j else np.tile(self.tables[0], (len(drawn.tokens[0]), 1))
        mass = None
        if restriction is not None and restriction.allowed is not None:
            law = law * token_weights(self.codec.fields[j], restriction.allowed)
            with np.errstate(divide="ignore"):
                mass = np.log(law.sum(axis=1))
        cumulative = law.cumsum(axis=1)
        tokens = (rng.random(len(law))[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=1)
        return Draw(np.minimum(tokens, law.shape[1] - 1).astype(self.codec.fields[j].token_type), None, mass)

    def _learn(self, *args: Any, **options: Any) -> None: ...

    def _learned(self) -> State:
        return State({}, {})

    def _relearn(self, state: State) -> None: ...


def chance(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.dirichlet(np.full(shape[-1], 0.4), shape[:-1])


def joint(model: Written) -> np.ndarray:
    law = model.tables[0]
    for table in model.tables[1:]:
        law = law[..., None] * table
    return law


def levels(size: int, *tokens: int) -> Allowed:
    return Allowed(np.isin(np.arange(size), tokens))
