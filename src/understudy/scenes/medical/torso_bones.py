"""Spine, ribs, breast bone, shoulders, arms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.anatomy import NUMBERS, labels_of
from understudy.scenes.medical.noise import seed_of
from understudy.scenes.medical.shapes import Canvas, Column, Solid, curve, ellipsoid, joined, mirrored, tube, turned

Floats = NDArray[np.float64]


def paint_spine(canvas: Canvas, rng: np.random.Generator) -> Floats:
    """Vertebrae from the fifth lumbar to the seventh of the neck; gives back (N, 3) their centres, from below."""
    heights = [37.0, 37, 36, 35, 34, 32, 30, 29, 28, 27, 26, 25.5, 25, 24, 23, 22, 21, 18]
    bottom = -186.0
    centers, seeds = [], [seed_of(rng) for _ in range(3)]
    lean = rng.normal(0, 1.6)
    for number, height in enumerate(heights):
        z = bottom + height / 2
        bottom += height
        # The curve of the back: hollow at the loins, round at the chest.
        y = float(np.interp(z, [-190, -100, 0, 60, 140, 220, 280, 330], [30, 26, 40, 50, 60, 60, 46, 34]))
        x = lean * np.sin(z / 90.0)
        centers.append((x, y, z))
        share = float(np.interp(number, [0, 5, 12, 17], [1.0, 0.86, 0.66, 0.5]))
        _vertebra(canvas, np.array([x, y, z]), height, share, number >= 5, seeds, rng)
    middle = np.array(centers)
    canal = tube(np.column_stack([middle[:, 0], middle[:, 1] + np.interp(np.arange(len(heights)), [0, 17], [27, 19]), middle[:, 2]]), 7.6)
    canvas.paint(canal, [(0.0, NUMBERS["canal"])])
    cord = canal.copy()
    cord[:, 7:9] = 4.2
    canvas.paint(cord[4:], [(0.0, NUMBERS["cord"])])
    return middle


def _vertebra(canvas: Canvas, at: Floats, height: float, share: float, chest: bool, seeds: list[int], rng: np.random.Generator) -> None:
    x, y, z = at
    width, depth = 23.5 * share, 17.5 * share
    half = height * 0.5
    block = ellipsoid([x, y, z], [width, depth, half * 0.80], exponent=2.3, exponent_z=9.0)
    disc = ellipsoid([x, y, z + half], [width * 1.02, depth * 1.03, half * 0.22], exponent=2.3, exponent_z=4.0)
    canvas.paint(Solid(disc, bump=0.6, wave=20, seed=seeds[0]), [(0.0, NUMBERS["disc"])])
    back = y + depth
    arch = []
    for side in (-1.0, 1.0):
        arch.append(
            tube(
                [[x + side * 10 * share, back - 2, z + half * 0.3], [x + side * 12 * share, back + 9 * share, z + half * 0.25]],
                4.6 * share + 0.8,
            )
        )
        arch.append(
            tube([[x + side * 12 * share, back + 9 * share, z + 2], [x + side * 3, back + 22 * share, z - half * 0.2]], 4.0 * share + 0.6)
        )
        arch.append(
            tube(
                [[x + side * 13 * share, back + 11 * share, z + half * 0.7], [x + side * 13 * share, back + 13 * share, z - half * 0.75]],
                4.6 * share + 0.6,
            )
        )
        wing = [x + side * (38 * share if not chest else 30), back + (8 if not chest else 14) * share, z + 2]
        arch.append(tube([[x + side * 12 * share, back + 9 * share, z + 2], wing], [4.2 * share, 3.2]))
    spine = tube([[x, back + 20 * share, z - 3], [x, back + 42 * share, z - (8 if not chest else 22)]], [3.8, 4.4])
    shape = Solid(joined(*arch, spine), blend=2.5, bump=0.8, wave=14, seed=seeds[1])
    shell = [(0.0, NUMBERS["vertebra cortex"]), (1.5, NUMBERS["vertebra marrow"])]
    canvas.paint(shape, shell)
    canvas.paint(Solid(block, bump=0.9, wave=22, seed=seeds[2]), shell)


def paint_chest_bones(canvas: Canvas, cage: Column, spine: Floats, rng: np.random.Generator) -> None:
    """Ribs and their cartilage, breast bone, collar bones, shoulder blades."""
    heads = spine[5:17][::-1]
    for number in range(12):
        _rib(canvas, cage, heads[number], number, rng)
    _sternum(canvas, cage, rng)
    cortex, marrow = NUMBERS["shoulder cortex"], NUMBERS["shoulder marrow"]
    collar = tube(
        curve([[14, -34, 258], [50, -46, 270], [90, -30, 284], [128, -2, 290], [150, 8, 286]], 14),
        [8, 7, 6.2, 6, 6, 6, 6, 6, 6.2, 6.6, 7, 7.4, 7.4, 7],
    )
    blade = joined(
        ellipsoid([100, 84, 205], [40, 4.6, 62], turned(z=28, y=10, x=8), exponent=2.6),
        tube([[66, 96, 248], [100, 98, 258], [140, 66, 278], [158, 34, 288]], [4, 6, 7, 8]),
        tube([[128, 66, 180], [136, 52, 225], [146, 34, 258]], [3.5, 5, 10]),
        tube([[140, 44, 262], [136, 8, 268]], [7, 6]),
    )
    shell = [(0.0, cortex), (1.5, marrow)]
    around = labels_of("muscle", "inner fat", "fat", "vein", "vessel")
    for bone in (collar, blade):
        canvas.paint(Solid(joined(bone, mirrored(bone)), blend=1.5, bump=0.8, wave=22, seed=seed_of(rng)), shell, around)


def _rib_line(cage: Column, head: Floats, number: int, angles: Floats) -> Floats:
    """(n, 3): along a left rib, by the angle from the back (0) to the front (π)."""
    drop = float(np.interp(number, [0, 1, 3, 6, 9, 11], [28, 48, 78, 104, 96, 60]))
    z = head[2] + 2 - drop * ((1 - np.cos(angles)) / 2) ** 0.85
    half_x, half_y, center_x, center_y = cage.at(np.clip(z, -39, 306))
    power = 2 / cage.exponent
    x = center_x + (half_x + 4.5) * np.abs(np.sin(angles)) ** power
    y = center_y + (half_y + 4.5) * np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** power
    return np.column_stack([x, y, z])


def _rib(canvas: Canvas, cage: Column, head: Floats, number: int, rng: np.random.Generator) -> None:
    end = (0.80 if number < 7 else 0.76 if number < 10 else (0.55, 0.42)[number - 10]) * np.pi
    line = _rib_line(cage, head, number, np.linspace(0.30, end, 26))
    neck = np.array([head[0] + 12, head[1] + 10, head[2] + 5])
    line = np.concatenate([[neck], line])
    wide = float(np.interp(number, [0, 1, 5, 9, 11], [5.6, 5.6, 6.2, 6.0, 4.6])) * float(rng.uniform(0.95, 1.06))
    bone = tube(line, np.interp(np.arange(len(line)), [0, 2, 18, 26], [4.6, wide * 0.85, wide * 0.95, wide * 1.1]))
    shape = Solid(joined(bone, mirrored(bone)), bump=0.5, wave=22, seed=seed_of(rng))
    canvas.paint(shape, [(0.0, NUMBERS["rib cortex"]), (1.4, NUMBERS["rib marrow"])])
    if number >= 10:
        return
    front = _rib_line(cage, head, number, np.linspace(end, (0.93 if number < 7 else 0.86) * np.pi, 8))
    target = (
        np.array([20.0, front[-1][1], max(front[-1][2] + (12 if number > 2 else 0), 118.0)]) if number < 7 else front[-1] + [-14, -3, 22]
    )
    gristle = tube(np.concatenate([front, [target]]), np.linspace(wide, wide * 0.85, 9))
    canvas.paint(
        Solid(joined(gristle, mirrored(gristle)), bump=0.7, wave=16, seed=seed_of(rng)), [(0.0, NUMBERS["rib cartilage"])],
        labels_of("muscle", "inner fat", "lung", "fat", "diaphragm", "soft tissue"),
    )  # fmt: skip


def _sternum(canvas: Canvas, cage: Column, rng: np.random.Generator) -> None:
    heights = np.linspace(112.0, 252.0, 9)
    _, half_y, _, center_y = cage.at(heights)
    line = np.column_stack([np.zeros(9), center_y - half_y - 6, heights])
    widths = [9.0, 13, 16, 18, 18, 17, 16, 24, 27]
    parts = [ellipsoid(at, [wide, 6.5, 13.0], exponent=3) for at, wide in zip(line, widths, strict=True)]
    shape = Solid(joined(*parts), blend=5, bump=1.0, wave=20, seed=seed_of(rng))
    canvas.paint(shape, [(0.0, NUMBERS["sternum cortex"]), (1.4, NUMBERS["sternum marrow"])])


def paint_arms(canvas: Canvas, rng: np.random.Generator) -> None:
    """Upper arms that hang down, with the heads of their bones in the shoulders."""
    flesh = joined(
        tube([[150, 14, 268], [188, 14, 262], [206, 18, 200], [216, 24, 120], [222, 26, 20]], [40, 46, 45, 42, 38]),
        ellipsoid([178, 12, 268], [46, 46, 44]),
    )
    over = labels_of("air", "skin", "fat")
    fat = Solid(joined(flesh, mirrored(flesh)), blend=16, bump=2.0, wave=50, seed=seed_of(rng))
    canvas.paint(fat, [(0.0, NUMBERS["skin"]), (2.0, NUMBERS["fat"]), (9.0, NUMBERS["muscle"])], over)
    bone = joined(
        ellipsoid([164, 12, 264], [23, 23, 23]), tube([[172, 12, 252], [190, 15, 220], [204, 20, 120], [210, 24, 20]], [15, 12, 11, 11])
    )
    shape = Solid(joined(bone, mirrored(bone)), blend=8, bump=0.8, wave=26, seed=seed_of(rng))
    canvas.paint(shape, [(0.0, NUMBERS["shoulder cortex"]), (2.2, NUMBERS["shoulder marrow"])])
