"""What stands between the lungs (heart, great vessels, airways, gullet), and the vessels in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.anatomy import NUMBERS, labels_of
from understudy.scenes.medical.drawing import branches, near
from understudy.scenes.medical.noise import seed_of
from understudy.scenes.medical.shapes import Canvas, Column, Solid, Vector, curve, ellipsoid, joined, tube, turned

Floats = NDArray[np.float64]


def paint_mediastinum(canvas: Canvas, cage: Column, rng: np.random.Generator) -> None:
    """What stands between the lungs: fat, heart, great vessels, airways, gullet."""
    within = labels_of("lung", "inner fat")
    strip = Solid(
        joined(
            tube([[0, -82, 100], [0, -72, 160], [0, -50, 220], [0, -20, 262], [0, 5, 320]], [22, 15, 20, 26, 30]),
            tube([[2, -30, 90], [2, -25, 160], [0, -12, 220], [0, 5, 262], [0, 16, 330]], [26, 30, 34, 32, 30]),
            tube([[6, 30, 60], [6, 30, 150], [2, 26, 230], [0, 28, 330]], [26, 26, 26, 24]),
        ),
        blend=10.0, bump=3.0, wave=36.0, seed=seed_of(rng),
    )  # fmt: skip
    canvas.paint(strip, [(0.0, NUMBERS["inner fat"])], over=within)
    _heart(canvas, rng)
    _great_vessels(canvas, rng)
    _airways(canvas, rng)


def _heart(canvas: Canvas, rng: np.random.Generator) -> None:
    middle = near(rng, [24.0, -34, 116], 3)
    size = 1 + float(np.clip(rng.normal(0, 0.06), -0.12, 0.15))
    turn = turned(z=-38, y=24, x=6)

    def part(offset: Vector, radii: Vector) -> Floats:
        return ellipsoid(middle + turn @ np.asarray(offset) * size, np.asarray(radii) * size, turn)

    seeds = [seed_of(rng) for _ in range(4)]
    over = labels_of("lung", "inner fat", "diaphragm")
    sac = joined(part([2, 0, 0], [63, 47, 47]), part([-34, 8, 14], [38, 40, 42]))
    canvas.paint(Solid(sac, blend=14, bump=2.5, wave=40, seed=seeds[0]), [(0.0, NUMBERS["soft tissue"]), (1.2, NUMBERS["inner fat"])], over)
    walls = joined(
        part([12, 6, -6], [50, 34, 35]),
        part([-4, -16, 0], [46, 24, 34]),
        part([-40, -2, 8], [26, 30, 32]),
        part([-30, 26, 14], [27, 22, 26]),
    )
    canvas.paint(
        Solid(walls, blend=7, bump=2.0, wave=30, seed=seeds[1]), [(0.0, NUMBERS["heart muscle"])], labels_of("inner fat", "soft tissue")
    )
    rooms = (
        part([13, 9, -8], [37, 20, 21]),  # left ventricle
        part([-6, -22, 2], [38, 12.5, 25]),  # right ventricle
        part([-42, -4, 9], [21, 24, 27]),  # right atrium
        part([-31, 27, 15], [23, 17, 22]),  # left atrium
    )
    for room in rooms:
        shape = Solid(room, bump=1.8, wave=22, octaves=2, seed=seeds[2])
        canvas.paint(shape, [(0.0, NUMBERS["heart blood"])], labels_of("heart muscle", "inner fat"))


def _great_vessels(canvas: Canvas, rng: np.random.Generator) -> None:
    over = labels_of("lung", "inner fat", "soft tissue", "heart muscle", "diaphragm")
    wide = float(rng.uniform(0.9, 1.15))
    aorta = curve(
        [[2, -30, 148], [-12, -38, 180], [-14, -34, 206], [-2, -18, 228], [14, 6, 234], [26, 26, 222], [27, 34, 196], [24, 36, 140],
         [16, 30, 70], [8, 20, 10]], 40,
    )  # fmt: skip
    radii = np.interp(np.arange(40), [0, 14, 22, 39], [15.5, 14.5, 12.0, 9.5]) * wide
    pulmonary = joined(
        tube(curve([[16, -52, 158], [18, -44, 176], [16, -24, 190]], 8), 13.0),
        tube(curve([[16, -24, 190], [-8, -14, 190], [-36, -8, 184], [-54, -4, 178]], 12), np.linspace(11.5, 7.5, 12)),
        tube(curve([[16, -24, 190], [30, -8, 196], [46, 6, 194], [60, 10, 186]], 12), np.linspace(11.0, 7.5, 12)),
        tube(curve([[-18, 2, 140], [-38, 6, 150], [-58, 4, 146]], 7), [9, 8, 7, 7, 6, 6, 5]),
        tube(curve([[18, 4, 146], [40, 10, 156], [60, 10, 154]], 7), [9, 8, 7, 7, 6, 6, 5]),
    )
    cava = tube(curve([[-27, -18, 140], [-26, -22, 180], [-24, -22, 220], [-20, -14, 252]], 12), 9.0)
    arms = joined(
        tube(curve([[-20, -14, 250], [-40, -16, 268], [-80, -14, 276]], 10), 6.5),
        tube(curve([[-20, -16, 246], [10, -26, 252], [42, -18, 268], [84, -14, 276]], 14), 6.5),
        tube(curve([[-12, -24, 226], [-20, -8, 256], [-26, 2, 330]], 12), 5.5),
        tube(curve([[0, -10, 234], [16, 2, 262], [24, 4, 330]], 12), 4.2),
        tube(curve([[18, 12, 234], [32, 16, 262], [70, 6, 280]], 12), 5.0),
    )
    azygos = tube(curve([[-8, 30, 40], [-9, 32, 120], [-10, 30, 196], [-16, 16, 210], [-24, -8, 208]], 20), 3.6)
    canvas.paint(Solid(pulmonary, bump=0.8, wave=20, seed=seed_of(rng)), [(0.0, NUMBERS["vessel"])], over)
    canvas.paint(joined(cava, arms, azygos), [(0.0, NUMBERS["vein"])], over)
    canvas.paint(tube(aorta, radii), [(0.0, NUMBERS["aorta wall"]), (1.4, NUMBERS["aorta"])], [*over, *labels_of("vessel", "vein")])


def _airways(canvas: Canvas, rng: np.random.Generator) -> None:
    over = labels_of("lung", "inner fat", "soft tissue", "muscle", "lung vessel")
    gullet = tube(curve([[4, 38, 330], [5, 36, 220], [2, 30, 150], [8, 20, 90], [16, 6, 62]], 24), 7.5)
    canvas.paint(Solid(gullet, bump=1.0, wave=18, seed=seed_of(rng)), [(0.0, NUMBERS["oesophagus"])], over)
    canvas.paint(tube(curve([[4, 39, 330], [5, 36, 250]], 6), 2.0), [(0.0, NUMBERS["airway"])], labels_of("oesophagus"))
    pipes = (
        tube(curve([[0, 14, 340], [0, 14, 270], [-2, 18, 208]], 14), 9.5),
        tube(curve([[-2, 18, 208], [-20, 16, 194], [-44, 12, 176]], 8), [8, 8, 7.5, 7, 7, 6.5, 6, 5.5]),
        tube(curve([[-2, 18, 208], [20, 18, 192], [48, 16, 172]], 8), [8, 7.5, 7, 7, 6.5, 6, 6, 5.5]),
        tube(curve([[-44, 12, 176], [-58, 20, 140], [-66, 30, 110]], 8), np.linspace(5.2, 3.2, 8)),
        tube(curve([[48, 16, 172], [60, 26, 140], [68, 36, 110]], 8), np.linspace(5.2, 3.2, 8)),
        tube(curve([[-40, 12, 178], [-58, 2, 200], [-66, -4, 224]], 8), np.linspace(4.8, 2.8, 8)),
        tube(curve([[46, 16, 174], [62, 4, 196], [68, -2, 222]], 8), np.linspace(4.8, 2.8, 8)),
    )
    for pipe in pipes:
        canvas.paint(pipe, [(0.0, NUMBERS["bronchus wall"])], over)
    for pipe in pipes:
        inner = pipe.copy()
        inner[:, 7:9] -= 1.5
        canvas.paint(inner, [(0.0, NUMBERS["airway"])], [*over, NUMBERS["bronchus wall"]])


def paint_lung_vessels(canvas: Canvas, rng: np.random.Generator) -> None:
    over = labels_of("lung")
    for side in (-1.0, 1.0):
        hilum = np.array([side * 50, 6.0, 178.0])
        for way in (
            (0.75, 0.1, 0.75),
            (0.9, -0.55, 0.2),
            (0.9, 0.5, 0.05),
            (0.6, -0.3, -0.7),
            (0.6, 0.45, -0.75),
            (0.35, 0.15, -1.0),
            (0.5, 0.5, 0.7),
            (0.9, 0.0, 0.45),
            (0.8, -0.3, -0.35),
            (0.7, 0.6, -0.3),
        ):
            ahead = np.array([side * way[0], way[1], way[2]])
            tree = branches(hilum + rng.normal(0, 5, 3), ahead, float(rng.uniform(4.6, 6.0)), float(rng.uniform(30, 38)), 7, rng)
            canvas.paint_strands(tree, NUMBERS["lung vessel"], over)
