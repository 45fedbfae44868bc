"""Missing values: the rate of each column, and which columns are missing together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from understudy.evaluate.resample import SIDES, Floats, Groups, Sampled, Side, overlap
from understudy.evaluate.tables import Comparison


@dataclass(frozen=True)
class MissingPattern:
    columns: list[str]
    share: dict[Side, float]


@dataclass(frozen=True)
class Missing:
    rates: dict[str, dict[Side, float]]  # learned columns
    rate_error: Sampled  # mean absolute difference of the rates
    pattern_overlap: Sampled
    patterns: list[MissingPattern]  # commonest first


def missing_values(comparison: Comparison, groups: Groups) -> Missing | None:
    """None where nothing is missing in any table."""
    masks = {side: np.stack([column.missing(side) for column in comparison.columns], axis=1) for side in SIDES}
    if not any(mask.any() for mask in masks.values()):
        return None
    names = [column.name for column in comparison.columns]
    rates = {name: {side: float(masks[side][:, j].mean()) for side in SIDES} for j, name in enumerate(names)}
    distinct, codes = _patterns(masks)
    counts = {side: groups.counts(side, codes[side], len(distinct)) for side in SIDES}
    share = {side: counts[side].sum(axis=0) / len(codes[side]) for side in SIDES}
    order = np.argsort(-np.sum(list(share.values()), axis=0), kind="stable")
    patterns = [
        MissingPattern([names[j] for j in np.flatnonzero(distinct[k])], {side: float(share[side][k]) for side in SIDES}) for k in order
    ]
    return Missing(rates, _rate_error(masks, groups), groups.sampled(counts, overlap), patterns)


def _patterns(masks: dict[Side, np.ndarray]) -> tuple[np.ndarray, dict[Side, np.ndarray]]:
    """The distinct rows of the masks, and which of them each row of each table has."""
    packed = {side: np.packbits(mask, axis=1) for side, mask in masks.items()}
    together = np.concatenate([packed[side] for side in SIDES])
    keys = np.ascontiguousarray(together).view(f"V{together.shape[1]}").ravel()
    found, code = np.unique(keys, return_inverse=True)
    width = next(iter(masks.values())).shape[1]
    distinct = np.unpackbits(found.view(np.uint8).reshape(len(found), -1), axis=1)[:, :width]
    ends = np.cumsum([0, *(len(masks[side]) for side in SIDES)])
    return distinct, {side: code[ends[i] : ends[i + 1]].astype(np.int64) for i, side in enumerate(SIDES)}


def _rate_error(masks: dict[Side, np.ndarray], groups: Groups) -> Sampled:
    per_group = {}
    for side, mask in masks.items():
        dealt = (groups.member[side] == np.arange(groups.size[side])[:, None]).astype(np.float32)
        per_group[side] = np.column_stack([dealt @ mask.astype(np.float32), dealt.sum(axis=1)])

    def rates(sums: Floats) -> Floats:
        return np.asarray(sums[..., :-1] / np.maximum(1.0, sums[..., -1:]))

    def error(real: Floats, other: Floats) -> Floats:
        return np.asarray(np.abs(real - other).mean(axis=-1))

    total = {side: rates(sums.sum(axis=0)) for side, sums in per_group.items()}
    drawn = {side: rates(groups.weights[side] @ sums) for side, sums in per_group.items()}
    return Sampled(
        float(error(total["real"], total["synthetic"])),
        float(error(total["real"], total["holdout"])),
        float(error(total["real"], rates(groups.subsets @ per_group["synthetic"])).mean()),
        error(drawn["real"], drawn["synthetic"]),
        error(drawn["real"], drawn["holdout"]),
    )
