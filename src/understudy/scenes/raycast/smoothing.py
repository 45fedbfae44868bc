"""Smooth edges for little: pixels where something ends get more rays, the others keep their one."""

from __future__ import annotations

import numba
import numpy as np

from understudy.scenes.raycast.sky import sky_at

PLACES = np.array([[0.375, -0.125], [-0.125, -0.375], [-0.375, 0.25]])
"""Of the further rays in a pixel, from its middle: with it, a rotated grid."""


@numba.njit(cache=True, error_model="numpy")
def edge_pixels(link, face, normal, distance, made, sunlit, colors):  # type: ignore[no-untyped-def]
    """Positions of pixels that differ from a neighbour in what they show: another link, a bend, a step in depth, the rim of a shadow;
    and whose light differs enough to be seen."""
    height, width = link.shape
    marked = np.zeros(height * width, np.bool_)
    for y in range(height):
        for x in range(width):
            for right in range(2):
                i, j = (x + 1, y) if right else (x, y + 1)
                if i >= width or j >= height:
                    continue
                n, m = y * width + x, j * width + i
                light, other = colors[n, 0] + 2 * colors[n, 1] + colors[n, 2], colors[m, 0] + 2 * colors[m, 1] + colors[m, 2]
                hue = abs(colors[n, 0] * other - colors[m, 0] * light) + abs(colors[n, 2] * other - colors[m, 2] * light)
                if abs(light - other) < 0.07 * (light + other) and hue < 0.04 * light * other:
                    continue
                if made[y * width + x, 21] > 0 and made[j * width + i, 21] > 0:
                    continue  # leaf before leaf: a pattern, not an edge
                differs = link[y, x] != link[j, i]
                if not differs and link[y, x] >= 0 and face[y, x] != face[j, i]:
                    bend = normal[y, x, 0] * normal[j, i, 0] + normal[y, x, 1] * normal[j, i, 1] + normal[y, x, 2] * normal[j, i, 2]
                    a, b = distance[y, x], distance[j, i]
                    paint = abs(made[n, 0] - made[m, 0]) + abs(made[n, 1] - made[m, 1]) + abs(made[n, 2] - made[m, 2])
                    differs = bend < 0.92 or abs(a - b) > 0.05 * min(a, b) or paint > 0.25
                if not differs and link[y, x] >= 0:
                    differs = abs(sunlit[y, x] - sunlit[j, i]) > 0.5
                if differs:
                    marked[y * width + x] = True
                    marked[j * width + i] = True
    return np.flatnonzero(marked)


@numba.njit(cache=True, error_model="numpy")
def sub_rays(edges, directions, origins, height, width, place):  # type: ignore[no-untyped-def]
    """Rays through a further place of pixels, one of `PLACES`, from how the picture's rays turn from pixel to pixel."""
    starts, made = np.empty((edges.shape[0], 3)), np.empty((edges.shape[0], 3))
    dx, dy = PLACES[place, 0], PLACES[place, 1]
    for e in range(edges.shape[0]):
        n = edges[e]
        x, y = n % width, n // width
        left, right = (n - 1 if x > 0 else n), (n + 1 if x < width - 1 else n)
        over, under = (n - width if y > 0 else n), (n + width if y < height - 1 else n)
        across, down = max(right - left, 1), max((under - over) // width, 1)
        length = 0.0
        for i in range(3):
            ray = (
                directions[n, i]
                + dx * (directions[right, i] - directions[left, i]) / across
                + dy * (directions[under, i] - directions[over, i]) / down
            )
            made[e, i] = ray
            length += ray * ray
            starts[e, i] = (
                origins[n, i] + dx * (origins[right, i] - origins[left, i]) / across + dy * (origins[under, i] - origins[over, i]) / down
            )
        length = np.sqrt(length)
        for i in range(3):
            made[e, i] /= length
    return starts, made


@numba.njit(cache=True, error_model="numpy")
def unlike(colors, edges, again):  # type: ignore[no-untyped-def]
    """Positions of edge pixels in which a second ray saw other light than the first, so that more are worth their price."""
    found = np.zeros(edges.shape[0], np.bool_)
    for e in range(edges.shape[0]):
        for c in range(3):
            one, other = colors[edges[e], c], again[e, c]
            found[e] = found[e] or abs(one - other) > 0.06 * (one + other) + 1e-4
    return np.flatnonzero(found)


@numba.njit(cache=True, error_model="numpy")
def merged(colors, edges, more, counts):  # type: ignore[no-untyped-def]
    """Means over each edge pixel's rays, of light as an eye weighs it, so that one bright ray does not fray an edge. more: (E, S, 3) light
    of further rays, of which the first `counts` (E,) were looked for."""
    for e in range(edges.shape[0]):
        n = edges[e]
        for c in range(3):
            total = colors[n, c] / (1 + colors[n, c])
            for k in range(counts[e]):
                total += more[e, k, c] / (1 + more[e, k, c])
            mean = total / (counts[e] + 1)
            colors[n, c] = mean / (1 - mean)
    return colors


@numba.njit(cache=True, error_model="numpy")
def sky_colors(colors, made, directions, light):  # type: ignore[no-untyped-def]
    """The sky where rays met nothing, in place."""
    for n in range(colors.shape[0]):
        if made[n, 17] <= 0:
            colors[n, 0], colors[n, 1], colors[n, 2] = sky_at(light, directions[n, 0], directions[n, 1], directions[n, 2], 5)
