"""A hand with its wrist: 19 finger bones, 8 of the wrist, both bones of the forearm; skin, fat and muscles around them.

Coordinates (mm): fingers point to z, the thumb lies at -x, the back of the hand at -y; z = 0 at the wrist. No anatomical atlas.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.anatomy import NUMBERS, labels_of
from understudy.scenes.medical.drawing import near
from understudy.scenes.medical.noise import seed_of
from understudy.scenes.medical.shapes import Canvas, Solid, ellipsoid, joined, tube
from understudy.scenes.medical.torso import Build

Floats = NDArray[np.float64]
FINGERS = (
    ((-23, 12), (-45, 48), (-58, 80), (-66, 104)),
    ((-11, 22), (-20, 84), (-26, 125), (-29, 150), (-31, 169)),
    ((1, 22), (1, 86), (0, 132), (-1, 162), (-1, 182)),
    ((12, 21), (20, 80), (26, 122), (30, 151), (32, 171)),
    ((22, 18), (37, 70), (47, 103), (53, 123), (57, 141)),
)
"""x, z of the joints, thumb first: base, knuckle, and on to the tip."""
WRIST = (
    (-13, 0, 4, 7.6, 6, 6.8), (-2, 0, 2.5, 6.6, 6.5, 6.4), (9, 0, 4, 6.4, 5.5, 6), (13, 6, 6, 4.4, 4, 4.4), (-21, 2, 11, 6.2, 5.5, 6),
    (-11.5, 0, 15, 5.2, 5, 5.6), (-0.5, 0, 14.5, 6.4, 6, 8), (12, 0, 14, 7, 6, 7),
)  # fmt: skip
"""x, y, z and half axes of the bones of the wrist."""


def paint_hand(canvas: Canvas, build: Build, rng: np.random.Generator) -> None:
    """All of it."""
    spread = float(rng.uniform(0.85, 1.2))
    lines = [_line(finger, spread, rng) for finger in FINGERS]
    _flesh(canvas, lines, build, rng)
    for number, line in enumerate(lines):
        _finger(canvas, line, 1.15 if number == 0 else (1.0, 1.05, 1.0, 0.88)[number - 1], rng)
    _wrist(canvas, rng)


def _line(finger: tuple[tuple[float, float], ...], spread: float, rng: np.random.Generator) -> Floats:
    """(J, 3) joints of a finger, a little bent."""
    x = np.array([at[0] for at in finger], dtype=np.float64)
    z = np.array([at[1] for at in finger], dtype=np.float64)
    x = x[0] + (x - x[0]) * spread + rng.normal(0, 0.8)
    y = np.array([0.0, -2, -1, 1, 3][: len(x)]) + rng.normal(0, 0.6)
    return np.column_stack([x, y, z])


def _flesh(canvas: Canvas, lines: list[Floats], build: Build, rng: np.random.Generator) -> None:
    fat = float(np.clip(build.fat * 0.10, 1.0, 4.0))
    parts = [
        ellipsoid([5, 1, 46], [38 + fat, 13 + fat, 42], exponent=2.4),
        ellipsoid([-30, 5, 32], [14, 12, 24]),
        ellipsoid([30, 4, 34], [12, 12, 28]),
    ]
    for line in lines:
        past = line[-1] + (line[-1] - line[-2]) / np.linalg.norm(line[-1] - line[-2]) * 4
        points = np.vstack([line, past])
        parts.append(tube(points, np.linspace(10.5, 7.4, len(points)) + fat * 0.5))
    forearm = tube([[3, 1, -120], [3, 1, -60], [3, 1, -10], [3, 0, 18]], [33, 29, 25, 24])
    forearm[:, [7, 8]] += fat
    squeezed = Solid(joined(*parts, forearm), blend=7, bump=0.8, wave=24, seed=seed_of(rng))
    canvas.paint(squeezed, [(0.0, NUMBERS["skin"]), (1.4, NUMBERS["fat"]), (2.4 + fat, NUMBERS["muscle"])])
    canvas.paint_sheets(NUMBERS["fat"], labels_of("muscle"), (9, 9, 40), 0.05, seed_of(rng))


def _finger(canvas: Canvas, line: Floats, thick: float, rng: np.random.Generator) -> None:
    for number in range(len(line) - 1):
        way = line[number + 1] - line[number]
        length = float(np.linalg.norm(way))
        start, end = line[number] + way * (1.6 / length), line[number + 1] - way * ((1.6 if number < len(line) - 2 else 0.0) / length)
        share = thick * (1.0, 0.86, 0.74, 0.62)[number]
        along = np.linspace(0, 1, 9)[:, None]
        widths = np.array([6.4, 6.0, 4.9, 4.3, 4.1, 4.2, 4.8, 5.7, 5.8]) * share
        if number == len(line) - 2:
            widths = np.array([5.6, 5.0, 4.0, 3.4, 3.2, 3.2, 3.4, 3.9, 3.6]) * share * 1.1
        points = start + along * (end - start)
        points[:, 1] += np.sin(np.pi * along[:, 0]) * -1.2
        # Round ends would stick out by their radius.
        inset = widths[[0, -1]] * 0.75
        points[0] += way / length * inset[0]
        points[-1] -= way / length * inset[1]
        _bone(canvas, tube(points, widths), 1.7 * share, (points[0], points[-1]), 7.0 * share, rng)


def _bone(canvas: Canvas, parts: Floats, cortex: float, ends: tuple[Floats, Floats], reach: float, rng: np.random.Generator) -> None:
    """A long bone: thick cortex around marrow, thin around the spongy ends."""
    seed = seed_of(rng)
    solid = Solid(parts, blend=1.0, bump=0.35, wave=9, seed=seed)
    canvas.paint(solid, [(-0.9, NUMBERS["joint"])], labels_of("muscle", "fat"))
    canvas.paint(solid, [(0.0, NUMBERS["hand cortex"])])
    inner = parts.copy()
    thin = np.linspace(-1, 1, len(parts) + 1) ** 2
    walls = cortex * (1 - 0.5 * thin)
    inner[:, 7] -= walls[:-1]
    inner[:, 8] -= walls[1:]
    canvas.paint(Solid(inner, blend=1.0, bump=0.35, wave=9, seed=seed), [(0.0, NUMBERS["hand marrow"])], labels_of("hand cortex"))
    balls = joined(*[ellipsoid(end, [reach] * 3) for end in ends])
    canvas.paint(Solid(balls, bump=1.0, wave=5, seed=seed), [(0.0, NUMBERS["hand spongy"])], labels_of("hand marrow"))


def _wrist(canvas: Canvas, rng: np.random.Generator) -> None:
    shell = [(0.0, NUMBERS["hand cortex"]), (0.9, NUMBERS["hand spongy"])]
    for x, y, z, *radii in WRIST:
        bone = Solid(ellipsoid(near(rng, [x, y, z], 0.4), radii, exponent=2.5), bump=1.0, wave=8, seed=seed_of(rng))
        canvas.paint(bone, shell)
    shafts = (
        (
            [[-9, 0, -130], [-8, 0, -60], [-7, 0, -34], [-7, 0, -20], [-7, 0, -13]],
            [7.5, 7.2, 8.6, 11.0, 12.5],
            [-7.0, 0, -12],
            [15.0, 9.5, 8],
        ),
        ([[15, 1, -130], [14, 1, -50], [13, 1, -20], [13, 1, -12], [13, 1, -9]], [7.0, 6, 5.8, 6.4, 6.8], [13.0, 1, -10], [7.5, 7, 5.5]),
    )
    for line, widths, end, radii in shafts:
        seed = seed_of(rng)
        whole = joined(tube(line, widths), ellipsoid(end, radii, exponent=3))
        hollow = joined(tube(line, np.array(widths) - [2.8, 2.8, 2.0, 1.2, 1.0]), ellipsoid(end, np.array(radii) - 1.0, exponent=3))
        canvas.paint(Solid(whole, blend=5, bump=0.6, wave=16, seed=seed), [(0.0, NUMBERS["hand cortex"])])
        canvas.paint(Solid(hollow, blend=5, bump=0.6, wave=16, seed=seed), [(0.0, NUMBERS["hand marrow"])], labels_of("hand cortex"))
        ball = Solid(ellipsoid(end, [20, 20, 20]), bump=3.0, wave=7, seed=seed)
        canvas.paint(ball, [(0.0, NUMBERS["hand spongy"])], labels_of("hand marrow"))
