"""How near synthetic rows come to training rows: alarms, not proof.

A table can pass all of these and still leak (Yao et al., "The DCR Delusion", arXiv 2505.01524), so they can raise a warning and never give
an acquittal; `membership` decides. The same distances for held-out rows stand beside each: fresh real rows also lie near training rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from understudy.core.random import Stream
from understudy.data.nearest import Estimate, dcr_share
from understudy.evaluate.membership import clopper_pearson
from understudy.evaluate.proximity import Points, Space
from understudy.evaluate.resample import Floats

_NEAR = 0.01
_DRAWS = 200


@dataclass(frozen=True)
class Share:
    """A proportion with its exact 95 % interval."""

    value: float
    interval: tuple[float, float]
    hits: int
    n: int


@dataclass(frozen=True)
class Middle:
    """A median with its bootstrap 95 % interval."""

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Closeness:
    dcr_share: Estimate  # synthetic rows nearer to training than to held-out rows, 50 % baseline
    dcr_share_null: Estimate  # the same for half of the holdout against training rows and the other half
    near: Share  # nearer to a training row than the nearest 1 % of held-out rows
    near_holdout: Share
    ratio: Middle  # distance to the nearest over the second nearest training row
    ratio_holdout: Middle
    to_train: Floats  # distances of synthetic rows to their nearest training row
    holdout_to_train: Floats


def closeness(space: Space, stream: Stream) -> Closeness | None:
    """None where a table has fewer than 20 rows."""
    if min(len(points) for points in space.points.values()) < 20:
        return None
    train, holdout, synthetic = space["real"], space["holdout"], space["synthetic"][: space.queries]
    two = synthetic.to(train, k=2).distance.astype(np.float64)
    holdout_two = holdout[: space.queries].to(train, k=2).distance.astype(np.float64)
    middle = len(holdout) // 2
    edge = float(np.quantile(holdout_two[:, 0], _NEAR))
    return Closeness(
        _share_nearer(synthetic, train, holdout),
        _share_nearer(holdout[:middle][: space.queries], train, holdout[middle:]),
        _within(two[:, 0], edge),
        _within(holdout_two[:, 0], edge),
        _ratio(two, stream.child("synthetic")),
        _ratio(holdout_two, stream.child("holdout")),
        two[:, 0],
        holdout_two[:, 0],
    )


def _share_nearer(queries: Points, train: Points, holdout: Points) -> Estimate:
    near, far = queries.to(train), queries.to(holdout)
    row = np.where(near.distance < far.distance, near.row, len(train) + far.row)[:, 0]
    return dcr_share(near.distance[:, 0], far.distance[:, 0], len(train), len(holdout), row)


def _within(distances: Floats, edge: float) -> Share:
    hits = int((distances <= edge).sum())
    return Share(hits / len(distances), clopper_pearson(hits, len(distances)), hits, len(distances))


def _ratio(two: Floats, stream: Stream) -> Middle:
    ratio = two[:, 0] / np.maximum(two[:, 1], 1e-9)
    rng = stream.generator()
    drawn = [np.median(rng.choice(ratio, len(ratio))) for _ in range(_DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Middle(float(np.median(ratio)), (float(low), float(high)))
