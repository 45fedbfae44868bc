"""Which rays may meet which moving things: a tree of boxes over them, so that Embree is asked about likely pairs alone.

Things that move keep their own shape built in Embree, once; rays are taken into their coordinates instead of things to the rays'.
"""

from __future__ import annotations

import numba
import numpy as np

DEPTH = 64
"""Of the stack that walks the tree; the tree is balanced, so it never fills."""
GROUP = 32
TINY = 1e-30


@numba.njit(cache=True)
def boxes_around(lows, highs, poses):  # type: ignore[no-untyped-def]
    """(M, 6) least and greatest corners in the world of M boxes (M, 3), each seen at T poses (T, M, 3, 4)."""
    boxes = np.empty((lows.shape[0], 6))
    for m in range(lows.shape[0]):
        boxes[m, :3], boxes[m, 3:] = np.inf, -np.inf
        for t in range(poses.shape[0]):
            for i in range(3):
                low = high = poses[t, m, i, 3]
                for j in range(3):
                    a, b = poses[t, m, i, j] * lows[m, j], poses[t, m, i, j] * highs[m, j]
                    low += min(a, b)
                    high += max(a, b)
                margin = 1e-4 + 1e-6 * max(abs(low), abs(high))
                boxes[m, i] = min(boxes[m, i], low - margin)
                boxes[m, 3 + i] = max(boxes[m, 3 + i], high + margin)
    return boxes


@numba.njit(cache=True)
def tree_of(boxes):  # type: ignore[no-untyped-def]
    """A binary tree: nodes' boxes (K, 6), children (K, 2) (both -1 - m: a leaf, box m), halved at the median along the widest axis."""
    count = boxes.shape[0]
    bounds = np.empty((max(2 * count - 1, 1), 6))
    children = np.full((max(2 * count - 1, 1), 2), -1, np.int64)
    order = np.arange(count)
    starts, stops = np.zeros(bounds.shape[0], np.int64), np.zeros(bounds.shape[0], np.int64)
    stops[0] = count
    used, node = 1, 0
    while node < used:
        start, stop = starts[node], stops[node]
        for i in range(3):
            low, high = np.inf, -np.inf
            for k in range(start, stop):
                low, high = min(low, boxes[order[k], i]), max(high, boxes[order[k], 3 + i])
            bounds[node, i], bounds[node, 3 + i] = low, high
        if stop - start == 1:
            children[node, :] = -1 - order[start]
        elif stop > start:
            widest = 0
            for i in range(3):
                if bounds[node, 3 + i] - bounds[node, i] > bounds[node, 3 + widest] - bounds[node, widest]:
                    widest = i
            middles = np.empty(stop - start)
            for k in range(start, stop):
                middles[k - start] = boxes[order[k], widest] + boxes[order[k], 3 + widest]
            order[start:stop] = order[start:stop][np.argsort(middles, kind="mergesort")]
            half = (start + stop) // 2
            children[node, 0], children[node, 1] = used, used + 1
            starts[used], stops[used], starts[used + 1], stops[used + 1] = start, half, half, stop
            used += 2
        node += 1
    return bounds[:used], children[:used]


@numba.njit(cache=True, error_model="numpy", inline="always")
def _meets(bounds, node, x, y, z, ix, iy, iz, limit):  # type: ignore[no-untyped-def]
    a, b = (bounds[node, 0] - x) * ix, (bounds[node, 3] - x) * ix
    near, far = min(a, b), max(a, b)
    a, b = (bounds[node, 1] - y) * iy, (bounds[node, 4] - y) * iy
    near, far = max(near, min(a, b)), min(far, max(a, b))
    a, b = (bounds[node, 2] - z) * iz, (bounds[node, 5] - z) * iz
    near, far = max(near, min(a, b)), min(far, max(a, b))
    return far >= max(near, 0.0) and near <= limit


@numba.njit(cache=True, error_model="numpy")
def _may_meet(bounds, node, low, high, inverse_low, inverse_high, limit):  # type: ignore[no-untyped-def]
    """Whether any ray of a group may meet a box, by interval arithmetic; an axis along which the group turns back says nothing."""
    near, far = 0.0, limit
    for i in range(3):
        if inverse_low[i] > 0:
            first, last = bounds[node, i] - high[i], bounds[node, 3 + i] - low[i]
            near = max(near, first * (inverse_low[i] if first > 0 else inverse_high[i]))
            far = min(far, last * (inverse_high[i] if last > 0 else inverse_low[i]))
        elif inverse_high[i] < 0:
            first, last = bounds[node, 3 + i] - low[i], bounds[node, i] - high[i]
            near = max(near, first * (inverse_high[i] if first < 0 else inverse_low[i]))
            far = min(far, last * (inverse_low[i] if last < 0 else inverse_high[i]))
    return near <= far


@numba.njit(cache=True, error_model="numpy")
def _overlap(bounds, node, near, far):  # type: ignore[no-untyped-def]
    across = bounds[node, 0] <= far[0] and bounds[node, 3] >= near[0] and bounds[node, 1] <= far[1] and bounds[node, 4] >= near[1]
    return across and bounds[node, 2] <= far[2] and bounds[node, 5] >= near[2]


@numba.njit(cache=True, error_model="numpy")
def pairs_of(bounds, children, count, origins, directions, limits):  # type: ignore[no-untyped-def]
    """Rays sorted by the box that they may meet within (N,) `limits`: positions of rays, and where each of `count` boxes' begin.

    Rays go down the tree in groups of neighbours, then each is tried on the boxes that its group may meet.
    """
    rays, boxes = np.empty(1024, np.int32), np.empty(1024, np.int32)
    starts = np.zeros(count + 1, np.int64)
    inverse = np.empty((GROUP, 3))
    likely, stack = np.empty(max(count, 1), np.int64), np.empty(DEPTH, np.int64)
    found = 0
    for first in range(0, origins.shape[0] if count else 0, GROUP):
        size = min(GROUP, origins.shape[0] - first)
        low, high = np.full(3, np.inf), np.full(3, -np.inf)
        inverse_low, inverse_high = np.full(3, np.inf), np.full(3, -np.inf)
        furthest = -1.0
        near, far = np.full(3, np.inf), np.full(3, -np.inf)
        for k in range(size):
            furthest = max(furthest, limits[first + k])
            for i in range(3):
                direction = directions[first + k, i]
                inverse[k, i] = 1 / (direction if abs(direction) > TINY else TINY)
                start, end = origins[first + k, i], origins[first + k, i] + direction * max(limits[first + k], 0.0)
                low[i], high[i] = min(low[i], start), max(high[i], start)
                near[i], far[i] = min(near[i], start, end), max(far[i], start, end)
                inverse_low[i], inverse_high[i] = min(inverse_low[i], inverse[k, i]), max(inverse_high[i], inverse[k, i])
        stack[0], height, candidates = 0, 1, 0
        while height:
            height -= 1
            node = stack[height]
            if not _overlap(bounds, node, near, far) or not _may_meet(bounds, node, low, high, inverse_low, inverse_high, furthest):
                continue
            if children[node, 0] >= 0:
                stack[height], stack[height + 1] = children[node, 0], children[node, 1]
                height += 2
            else:
                likely[candidates] = node
                candidates += 1
        for candidate in range(candidates):
            node = likely[candidate]
            box = -1 - children[node, 0]
            for k in range(size):
                ray = first + k
                x, y, z = origins[ray, 0], origins[ray, 1], origins[ray, 2]
                if not _meets(bounds, node, x, y, z, inverse[k, 0], inverse[k, 1], inverse[k, 2], limits[ray]):
                    continue
                if found == rays.shape[0]:
                    more = np.empty(found, np.int32)
                    rays, boxes = np.concatenate((rays, more)), np.concatenate((boxes, more))
                rays[found], boxes[found] = ray, box
                starts[box + 1] += 1
                found += 1
    starts = np.cumsum(starts)
    cursors = starts.copy()
    ordered = np.empty(found, np.int32)
    for k in range(found):
        ordered[cursors[boxes[k]]] = rays[k]
        cursors[boxes[k]] += 1
    return ordered, starts
