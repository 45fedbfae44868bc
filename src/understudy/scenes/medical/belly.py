"""Organs of the belly: liver, spleen, stomach, pancreas, bowel, kidneys, and their vessels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.anatomy import NUMBERS, labels_of
from understudy.scenes.medical.drawing import branches, near, varied
from understudy.scenes.medical.noise import seed_of
from understudy.scenes.medical.shapes import Canvas, Solid, curve, ellipsoid, joined, tube, turned

Floats = NDArray[np.float64]


def paint_upper_belly(canvas: Canvas, rng: np.random.Generator) -> None:
    """Liver, gall bladder, spleen, stomach, pancreas."""
    over = labels_of("inner fat", "stomach wall", "bowel wall", "bowel fluid", "bowel gas", "stool")
    spleen = joined(
        ellipsoid(near(rng, [98, 48, 34], 3), varied(rng, [25, 38, 46], 0.08), turned(z=-24, x=-24)),
        ellipsoid(near(rng, [88, 60, 14], 3), [18, 26, 30], turned(z=-24, x=-24)),
    )
    canvas.paint(Solid(spleen, blend=12, bump=2.5, wave=36, seed=seed_of(rng)), [(0.0, NUMBERS["spleen"])], over)
    _stomach(canvas, rng)
    head = near(rng, [-22, -6, -14], 3)
    pancreas = tube(
        curve([head, [-6, -24, 2], [24, -22, 12], [54, 6, 22], [76, 26, 28]], 22),
        np.interp(np.arange(22), [0, 5, 12, 21], [14, 9.5, 9.5, 8]),
    )
    canvas.paint(Solid(pancreas, bump=3.0, wave=11, octaves=2, seed=seed_of(rng)), [(0.0, NUMBERS["pancreas"])], labels_of("inner fat"))
    liver = joined(
        ellipsoid(near(rng, [-74, 2, 20], 2), varied(rng, [59, 78, 60], 0.03), turned(y=-8)),
        ellipsoid(near(rng, [-84, 8, -28], 3), varied(rng, [42, 56, 46], 0.08)),
        ellipsoid(near(rng, [-14, -40, 32], 3), varied(rng, [56, 36, 30], 0.08), turned(y=-14, z=8)),
        ellipsoid(near(rng, [28, -48, 42], 4), varied(rng, [34, 24, 17], 0.12), turned(y=-10)),
        ellipsoid([-24, 12, 36], [16, 18, 24]),
    )
    shape = Solid(liver, blend=18, bump=3.0, wave=55, seed=seed_of(rng))
    canvas.paint(shape, [(0.0, NUMBERS["liver"])], [*over, *labels_of("stomach fluid", "stomach gas")])
    fissure = ellipsoid([-2, -62, 8], [3.2, 26, 26], turned(z=12))
    canvas.paint(Solid(fissure, bump=1.5, wave=16, seed=seed_of(rng)), [(0.0, NUMBERS["inner fat"])], labels_of("liver"))
    gall = tube(curve([[-40, -22, 2], [-48, -40, -10], [-54, -56, -24]], 8), [4, 8, 11, 13, 14, 14, 13, 11])
    canvas.paint(gall, [(0.0, NUMBERS["bowel wall"]), (1.2, NUMBERS["gallbladder"])], labels_of("inner fat", "liver"))
    _liver_vessels(canvas, rng)


def _liver_vessels(canvas: Canvas, rng: np.random.Generator) -> None:
    over = labels_of("liver")
    roots = (
        ([-26, -10, 14], (-1, -0.2, 0.2), 7.0, 34),
        ([-26, -10, 14], (-0.6, -0.8, 0.1), 5.0, 30), ([-26, -10, 14], (0.6, -0.9, 0.5), 5.0, 30),
        ([-18, 14, 66], (-1, 0.2, -0.5), 5.5, 40), ([-16, 12, 66], (-0.5, -0.9, -0.4), 5.0, 36), ([-12, 10, 66], (0.4, -1, -0.3), 4.6, 34),
    )  # fmt: skip
    for start, way, radius, length in roots:
        tree = branches(np.array(start, dtype=float), np.array(way, dtype=float), radius, float(length), 4, rng)
        canvas.paint_strands(tree, NUMBERS["liver vessel"], over)


def _stomach(canvas: Canvas, rng: np.random.Generator) -> None:
    line = curve([near(rng, [50, 22, 56], 4), [66, 2, 40], [58, -40, 12], [26, -60, -14], [-6, -46, -16], [-24, -28, -8]], 18)
    full = float(rng.uniform(0.75, 1.25))
    bag = tube(line, np.interp(np.arange(18), [0, 3, 8, 13, 17], [20, 30, 26, 19, 9]) * full)
    shape = Solid(bag, blend=5, bump=2.2, wave=26, seed=seed_of(rng))
    over = labels_of("inner fat", "bowel wall")
    canvas.paint(shape, [(0.0, NUMBERS["stomach wall"]), (4.0, NUMBERS["stomach fluid"])], over)
    _gas_above(canvas, "stomach fluid", "stomach gas", float(rng.uniform(-52, -24)))


def _gas_above(canvas: Canvas, fluid: str, gas: str, level: float) -> None:
    """A patient lies on the back: gas gathers before (above) the fluid."""
    _, y, _ = canvas.grid.axes()
    above = (y < level)[None, :, None]
    canvas.labels[(canvas.labels == NUMBERS[fluid]) & above] = NUMBERS[gas]


def paint_digestion(canvas: Canvas, rng: np.random.Generator) -> None:
    """Colon and small bowel: tubes with folds, gas, fluid and stool."""
    over = labels_of("inner fat")
    jitter = rng.normal(0, 5, 3)
    colon = [[-96, 10, -170], [-100, 12, -110], [-98, 4, -52], [-84, -30, -34], [-40, -66, -42 + jitter[0]], [10, -70, -50 + jitter[1]],
             [56, -62, -34 + jitter[2]], [92, -10, 2], [106, 18, -8], [106, 20, -70], [102, 14, -130], [84, 6, -190]]  # fmt: skip
    line = curve(colon, 110)
    folds = 1 + 0.16 * np.sin(np.arange(110) * 1.55 + rng.uniform(0, 6))
    wide = np.interp(np.arange(110), [0, 30, 70, 109], [27, 21, 20, 15]) * folds * float(rng.uniform(0.85, 1.1))
    shape = Solid(tube(line, wide), bump=1.6, wave=16, seed=seed_of(rng))
    canvas.paint(shape, [(0.0, NUMBERS["bowel wall"]), (2.4, NUMBERS["stool"])], over)
    canvas.paint(
        Solid(tube(line + np.array([0, -3, 0]), wide * 0.72), bump=4.0, wave=13, octaves=2, seed=seed_of(rng)),
        [(2.0, NUMBERS["bowel gas"])],
        labels_of("stool"),
    )
    for _ in range(int(rng.integers(34, 46))):
        _loop(canvas, rng, over)


def _loop(canvas: Canvas, rng: np.random.Generator, over: list[int]) -> None:
    """A piece of small bowel."""
    at = np.array([rng.uniform(-72, 78), rng.uniform(-66, -8), rng.uniform(-190, -24)])
    way = rng.normal(size=3) * [1, 0.6, 0.7]
    points = [at]
    for _ in range(5):
        way = 0.7 * way / np.linalg.norm(way) + rng.normal(0, 0.55, 3)
        points.append(points[-1] + way / np.linalg.norm(way) * 19)
    line = curve(np.clip(points, [-86, -76, -205], [90, 8, -14]), 14)
    wide = float(rng.uniform(9.5, 13.5)) * (1 + 0.1 * np.sin(np.arange(14) * 1.9))
    content = "bowel gas" if rng.random() < 0.18 else "bowel fluid"
    canvas.paint(
        Solid(tube(line, wide), bump=1.5, wave=12, seed=seed_of(rng)), [(0.0, NUMBERS["bowel wall"]), (2.6, NUMBERS[content])], over
    )


def paint_kidneys(canvas: Canvas, rng: np.random.Generator) -> None:
    over = labels_of("inner fat", "liver", "spleen", "bowel wall", "stool", "bowel gas", "bowel fluid")
    for side, height in ((1.0, -8.0), (-1.0, -24.0)):
        at = np.array([side * 61, 34, height]) + rng.normal(0, 3, 3)
        turn = turned(z=side * -32, y=side * 12, x=-8)
        size = varied(rng, [27, 22, 55], 0.06)
        seed = seed_of(rng)
        canvas.paint(ellipsoid(at, size + 5, turn), [(0.0, NUMBERS["inner fat"])], labels_of("liver", "spleen"))
        canvas.paint(Solid(ellipsoid(at, size, turn), bump=1.5, wave=26, seed=seed), [(0.0, NUMBERS["kidney cortex"])], over)
        for step in range(14):
            angle = step * 2.4
            along = (step / 13 - 0.5) * 1.45
            offset = np.array([np.cos(angle) * 13, np.sin(angle) * 9, along * size[2] * 0.8])
            cone = ellipsoid(at + turn @ offset, [7.5, 6.0, 7.0], turn)
            canvas.paint(cone, [(0.0, NUMBERS["kidney medulla"])], labels_of("kidney cortex"))
        hollow = joined(
            ellipsoid(at + turn @ [-side * 12, 0, 0], [17, 8, 26], turn), ellipsoid(at + turn @ [-side * 27, -3, 0], [14, 9, 15], turn)
        )
        canvas.paint(
            Solid(hollow, blend=5, bump=2.5, wave=14, seed=seed),
            [(0.0, NUMBERS["inner fat"])],
            labels_of("kidney cortex", "kidney medulla"),
        )
        pelvis = tube([at + turn @ [-side * 10, 0, 4], at + turn @ [-side * 25, -3, -6], at + np.array([-side * 24, -4, -60])], [6, 5, 2.4])
        canvas.paint(pelvis, [(0.0, NUMBERS["kidney pelvis"])], labels_of("inner fat"))
        gland = joined(
            tube([at + np.array([-side * 16, -10, 58]), at + np.array([-side * 22, -2, 46])], 3),
            tube([at + np.array([-side * 16, -10, 58]), at + np.array([-side * 10, -4, 46])], 3),
        )
        canvas.paint(gland, [(0.0, NUMBERS["adrenal"])], labels_of("inner fat"))


def paint_belly_vessels(canvas: Canvas, rng: np.random.Generator) -> None:
    over = labels_of("inner fat", "diaphragm", "soft tissue", "kidney pelvis")
    wide = float(rng.uniform(0.92, 1.12))
    aorta = joined(
        tube(curve([[8, 20, 12], [6, 14, -40], [3, 4, -110]], 14), 9.2 * wide),
        tube(curve([[3, 4, -110], [22, 6, -150], [44, 6, -205]], 8), 6.2),
        tube(curve([[3, 4, -110], [-16, 6, -150], [-40, 6, -205]], 8), 6.2),
    )  # fmt: skip
    cava = joined(
        tube(curve([[-20, 8, 84], [-22, 10, 50], [-20, 12, 0], [-18, 8, -110]], 20), 10.5),
        tube(curve([[-18, 8, -112], [-36, 12, -150], [-52, 14, -205]], 8), 7.5),
        tube(curve([[-18, 8, -112], [16, 14, -150], [48, 16, -205]], 8), 7.0),
    )  # fmt: skip
    renal = joined(
        tube(curve([[-18, 10, -4], [-36, 18, -8], [-46, 24, -10]], 6), 4.6),
        tube(curve([[-14, 4, 2], [8, -2, 2], [30, 14, 4], [46, 24, 6]], 10), 4.6),
    )  # fmt: skip
    portal = joined(
        tube(curve([[-28, -12, 16], [-14, -14, 6], [-4, -18, -4], [2, -24, -60]], 14), [7, 7, 7, 7, 6.5, 6.5, 6, 6, 6, 5.5, 5.5, 5, 5, 5]),
        tube(curve([[-4, -16, 4], [28, -12, 12], [58, 14, 24], [80, 32, 30]], 14), 5.0),
    )
    gut = joined(
        tube(curve([[6, 8, 4], [6, -14, -8], [4, -22, -60], [0, -26, -120]], 14), 4.0),
        tube(curve([[6, 10, 16], [4, -6, 20], [-18, -10, 20]], 8), 3.4),
    )
    canvas.paint(joined(cava, renal, portal), [(0.0, NUMBERS["vein"])], [*over, *labels_of("liver", "pancreas")])
    canvas.paint(joined(aorta, gut), [(0.0, NUMBERS["aorta wall"]), (1.2, NUMBERS["aorta"])], over)
    for _ in range(14):
        start = np.array([rng.uniform(-8, 10), -26, rng.uniform(-110, -40)])
        tree = branches(
            start, np.array([rng.normal(), -0.5, rng.normal() * 0.5]), float(rng.uniform(1.8, 2.6)), float(rng.uniform(20, 30)), 3, rng
        )
        canvas.paint_strands(tree, NUMBERS["vein"], labels_of("inner fat"))
