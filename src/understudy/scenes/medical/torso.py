"""A torso from the hips to the neck: skin, fat, muscles, bones, and organs of chest and belly.

Coordinates (mm, `Canvas.grid`): z = 0 between the first and second lumbar vertebra, the middle of the body at x = y = 0. Proportions follow
rounded textbook sizes of adults; every organ's size, place and boundary is drawn, so that no two patients are alike. No anatomical atlas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.anatomy import NUMBERS, labels_of
from understudy.scenes.medical.belly import paint_belly_vessels, paint_digestion, paint_kidneys, paint_upper_belly
from understudy.scenes.medical.chest import paint_lung_vessels, paint_mediastinum
from understudy.scenes.medical.drawing import near, varied
from understudy.scenes.medical.noise import seed_of
from understudy.scenes.medical.shapes import Canvas, Column, Solid, curve, ellipsoid, joined, mirrored, tube, turned
from understudy.scenes.medical.torso_bones import paint_arms, paint_chest_bones, paint_spine

Floats = NDArray[np.float64]
LEVELS = (-210.0, -170.0, -120.0, -60.0, 0.0, 60.0, 120.0, 180.0, 230.0, 262.0, 290.0, 312.0, 330.0, 380.0)
"""mm, heights at which the body's outline is told."""


@dataclass(frozen=True)
class Build:
    """How a patient is built. fat: mm under the skin of the belly. female: with breasts. arms: hang down (else they are raised, unseen)."""

    fat: float = 18.0
    female: bool = False
    arms: bool = False


def paint_torso(canvas: Canvas, build: Build, rng: np.random.Generator) -> None:
    """All of it, from the skin inwards."""
    cage = _cage(rng)
    _wall(canvas, build, rng)
    _lungs(canvas, cage, rng)
    _belly(canvas, build, rng)
    paint_mediastinum(canvas, cage, rng)
    spine = paint_spine(canvas, rng)
    paint_chest_bones(canvas, cage, spine, rng)
    paint_digestion(canvas, rng)
    paint_upper_belly(canvas, rng)
    paint_kidneys(canvas, rng)
    paint_belly_vessels(canvas, rng)
    paint_lung_vessels(canvas, rng)
    if build.arms:
        paint_arms(canvas, rng)


def _wall(canvas: Canvas, build: Build, rng: np.random.Generator) -> None:
    """Skin, the fat under it, muscles with fat between them."""
    inner_x = np.array([150, 148, 132, 132, 138, 150, 158, 164, 172, 180, 176, 110, 72, 66.0])
    inner_y = np.array([92, 92, 86, 88, 96, 106, 110, 104, 94, 84, 74, 62, 58, 58.0])
    share = np.array([1.5, 1.4, 1.15, 1.1, 0.95, 0.7, 0.6, 0.55, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4])
    center_y = np.array([4, 2, -2, -4, -3, 0, 0, 4, 8, 12, 14, 14, 12, 10.0])
    fat = build.fat * share * varied(rng, [1.0] * len(LEVELS), 0.06)
    seeds = [seed_of(rng) for _ in range(4)]
    # Fat lies thicker in front of the belly than behind.
    outline = Column(LEVELS, inner_x + fat + 2, inner_y + fat + 2, 0.0, center_y - 0.12 * fat, 2.35, bump=3.0, wave=90.0, seed=seeds[0])
    canvas.paint_column(outline, [(0.0, NUMBERS["skin"]), (2.0, NUMBERS["fat"])])
    if build.female:
        _breasts(canvas, fat, inner_y, center_y, rng)
    muscles = Column(LEVELS, inner_x, inner_y, 0.0, center_y, 2.45, bump=2.5, wave=55.0, seed=seeds[1])
    canvas.paint_column(muscles, [(0.0, NUMBERS["muscle"])])
    canvas.paint_sheets(NUMBERS["inner fat"], labels_of("muscle"), (34.0, 26.0, 90.0), 0.016, seeds[2])
    canvas.paint_sheets(NUMBERS["inner fat"], labels_of("muscle"), (60.0, 44.0, 160.0), 0.022, seeds[3])


def _breasts(canvas: Canvas, fat: Floats, inner_y: Floats, center_y: Floats, rng: np.random.Generator) -> None:
    at = LEVELS.index(120.0)
    front = center_y[at] - inner_y[at] - fat[at] * 0.6
    radii = varied(rng, [62.0, 40.0, 58.0], 0.12)
    breast = ellipsoid([82.0, front + 6, 140.0], radii, turned(z=-16, x=8))
    gland = ellipsoid([84.0, front - 2, 137.0], radii * 0.55, turned(z=-16))
    both = Solid(joined(breast, mirrored(breast)), bump=2.0, wave=50.0, seed=seed_of(rng))
    canvas.paint(both, [(0.0, NUMBERS["skin"]), (2.0, NUMBERS["fat"])], over=labels_of("air", "skin", "fat"))
    canvas.paint(
        Solid(joined(gland, mirrored(gland)), bump=7.0, wave=26.0, octaves=3, seed=seed_of(rng)),
        [(0.0, NUMBERS["gland"])],
        labels_of("fat"),
    )


def _cage(rng: np.random.Generator) -> Column:
    """The inside of the ribs."""
    z = [-40.0, 0, 60, 120, 180, 225, 255, 280, 298, 308]
    half_x = varied(rng, [126.0, 134, 139, 138, 128, 110, 92, 70, 46, 20], 0.012)
    half_y = varied(rng, [86.0, 91, 96, 95, 86, 74, 62, 48, 34, 16], 0.012)
    center_y = [0.0, 0, 0, 2, 8, 15, 22, 28, 33, 36]
    return Column(z, half_x, half_y, 0.0, center_y, 2.3, bump=1.5, wave=60.0, seed=seed_of(rng))


def _lungs(canvas: Canvas, cage: Column, rng: np.random.Generator) -> None:
    canvas.paint_column(cage, [(0.0, NUMBERS["lung"])], over=labels_of("muscle", "inner fat"))
    # Lungs reach back beside the spine, not behind it.
    behind = tube([[0, 108, -60], [0, 114, 60], [0, 116, 150], [0, 112, 230], [0, 92, 330]], [40, 40, 38, 36, 34])
    canvas.paint(Solid(behind, bump=2.0, wave=40.0, seed=seed_of(rng)), [(0.0, NUMBERS["muscle"])], over=labels_of("lung"))


def _belly(canvas: Canvas, build: Build, rng: np.random.Generator) -> None:
    """The belly's cavity, filled with fat, and the diaphragm's domes that rise into the chest."""
    z = [-210.0, -170, -120, -60, 0, 16]
    half_x = np.array([116.0, 112, 112, 116, 128, 134])
    half_y = np.array([62.0, 60, 58, 68, 84, 91])
    inside = Column(z, half_x, half_y, 0.0, [-16.0, -20, -22, -16, -4, 0], 2.2, bump=3.0, wave=60.0, seed=seed_of(rng))
    canvas.paint_column(inside, [(0.0, NUMBERS["inner fat"])], over=labels_of("muscle", "inner fat", "lung"))
    lift = rng.normal(0, 4)
    canvas.labels[(canvas.labels == NUMBERS["lung"]) & (canvas.grid.axes()[0] < 4)[:, None, None]] = NUMBERS["muscle"]
    domes = Solid(
        joined(
            ellipsoid(near(rng, [-66.0, -2, -2], 2), varied(rng, [78.0, 95, 84 + lift], 0.02)),
            ellipsoid(near(rng, [66.0, -2, -8], 2), varied(rng, [78.0, 95, 77 + lift], 0.02)),
            ellipsoid([0.0, -10, -6], [70.0, 80, 72 + lift]),
        ),
        blend=14.0, bump=1.5, wave=50.0, seed=seed_of(rng),
    )  # fmt: skip
    canvas.paint(domes, [(0.0, NUMBERS["diaphragm"]), (2.6, NUMBERS["inner fat"])], over=labels_of("lung"))
    # Muscles behind the cavity.
    psoas = tube(curve([[26, 34, 10], [36, 36, -50], [46, 30, -120], [62, 10, -200]], 9), [9, 12, 15, 18, 20, 21, 21, 20, 18])
    back = joined(
        tube([[30, 78, 330], [30, 84, 200], [32, 84, 60], [34, 82, -40], [32, 80, -200]], [12, 13, 17, 22, 20]),
        tube([[52, 80, 100], [58, 74, 0], [60, 70, -90]], [8, 15, 12]),
    )
    square = tube([[76, 46, 10], [80, 48, -60], [82, 46, -110]], [6, 13, 13])
    for muscle in (psoas, back, square):
        shape = Solid(joined(muscle, mirrored(muscle)), blend=2.0, bump=1.8, wave=24.0, seed=seed_of(rng))
        canvas.paint(shape, [(0.0, NUMBERS["inner fat"]), (1.6, NUMBERS["muscle"])], over=labels_of("inner fat", "muscle", "fat"))
    canvas.paint_sheets(NUMBERS["inner fat"], labels_of("muscle"), (18.0, 15.0, 70.0), 0.014, seed_of(rng))
