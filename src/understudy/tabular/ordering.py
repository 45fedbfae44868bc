"""The order of a chain, and which earlier fields each field looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.core.random import Stream
from understudy.tabular.features import location_outputs, token_outputs
from understudy.tabular.fields import Encoded, Field

RARE_CLASS = 0.1
"""A category of two levels with a rarer one comes last: it is told by the rest, and few rows would tell the rest by it."""
CONDITIONING = 48
CONDITIONING_OF_WIDE = 24
"""Earlier fields that a field looks at, at the most; fewer in tables of more than `WIDE` fields."""
WIDE = 200
SCREENING_ROWS = 4_000


def chain_order(fields: list[Field]) -> list[int]:
    """Categories before numbers, few tokens before many; rare two-level categories last."""

    def place(j: int) -> tuple[int, int, int]:
        field = fields[j]
        if field.kind == "categorical":
            rare = field.size == 2 and float(field.shares.min()) < RARE_CLASS
            return (3 if rare else 0, field.size, j)
        return (1 if field.all_atoms else 2, field.size if field.all_atoms else 0, j)

    return sorted(range(len(fields)), key=place)


def conditioning_sets(fields: list[Field], encoded: Encoded, chain: list[int], stream: Stream) -> dict[int, NDArray[np.int64]]:
    """For every field the earlier ones that it looks at: all, or in wide tables the most associated.

    The association of two fields is the largest absolute correlation between their outputs (level indicators; rank, spikes and
    distance from the middle of numbers), on a sample of rows.
    """
    if len(chain) <= CONDITIONING + 1:
        return {j: np.array(chain[:i], np.int64) for i, j in enumerate(chain)}
    most = CONDITIONING if len(chain) <= WIDE else CONDITIONING_OF_WIDE
    strength = association(fields, encoded, stream)
    chosen = {}
    for i, j in enumerate(chain):
        earlier = np.array(chain[:i], np.int64)
        if i > most:
            earlier = earlier[np.argsort(-strength[j, earlier], kind="stable")[:most]]
        chosen[j] = earlier
    return chosen


def association(fields: list[Field], encoded: Encoded, stream: Stream) -> NDArray[np.float32]:
    """(fields, fields) largest absolute correlation between outputs."""
    index = np.sort(stream.generator().permutation(encoded.rows)[:SCREENING_ROWS])
    blocks = []
    for j, field in enumerate(fields):
        tokens = encoded.tokens[j][index]
        outputs = token_outputs(field, tokens)[0] if field.kind == "categorical" else location_outputs(field, tokens)[0]
        if field.kind == "numeric":
            outputs = np.column_stack([outputs, np.abs(outputs[:, 0] - 0.5)])
        blocks.append(outputs)
    matrix = np.column_stack(blocks).astype(np.float32)
    matrix -= matrix.mean(axis=0)
    matrix /= np.maximum(np.sqrt((matrix**2).sum(axis=0)), 1e-6)
    correlation = np.abs(matrix.T @ matrix)
    starts = np.cumsum([0] + [b.shape[1] for b in blocks])[:-1]
    return np.asarray(np.maximum.reduceat(np.maximum.reduceat(correlation, starts, axis=0), starts, axis=1))
