"""A head with a brain: folded cortex, ventricles, deep nuclei, cerebellum; skull, eyes, sinuses, teeth, neck.

Coordinates (mm): the middle of the brain at 0. The cortex is folded by noise: furrows are sheets where a noise, stretched outwards from the
middle, passes 0; grey matter lines them and the surface; what is left inside is white. No anatomical atlas.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.medical.anatomy import NUMBERS, labels_of
from understudy.scenes.medical.drawing import near, varied
from understudy.scenes.medical.noise import noise, seed_of
from understudy.scenes.medical.shapes import Canvas, Solid, curve, ellipsoid, joined, mirrored, tube, turned
from understudy.scenes.medical.torso import Build

Floats = NDArray[np.float64]
FURROW_MM = 15.0
"""How deep furrows reach."""


def paint_head(canvas: Canvas, build: Build, rng: np.random.Generator) -> None:
    """All of it, from the skin inwards."""
    _outside(canvas, build, rng)
    _neck(canvas, rng)
    vault = _skull(canvas, rng)
    _face(canvas, rng)
    _cerebrum(canvas, vault, rng)
    _back_of_brain(canvas, rng)
    _deep(canvas, rng)
    _eyes(canvas, rng)
    _jaws(canvas, rng)


def _both(*parts: Floats) -> Floats:
    one = joined(*parts)
    return joined(one, mirrored(one))


def _outside(canvas: Canvas, build: Build, rng: np.random.Generator) -> None:
    fat = float(np.clip(build.fat * 0.16, 1.5, 6.0))
    head = joined(
        ellipsoid([0, 3, 8], np.array([75.0, 95, 79]) + fat),
        ellipsoid([0, -36, -58], [60, 57, 56]),
        ellipsoid([0, -56, -104], [40, 42, 26]),
        tube([[0, 24, -50], [0, 26, -110], [0, 30, -200]], [62, 56, 58]),
    )
    nose = joined(ellipsoid([0, -100, -50], [11, 16, 15]), tube([[0, -94, -20], [0, -108, -52]], [6, 9]))
    ears = _both(ellipsoid([82, 16, -24], [5, 17, 27], turned(z=24)))
    outline = Solid(joined(head, nose), blend=16, bump=1.2, wave=40, seed=seed_of(rng))
    canvas.paint(Solid(ears, blend=2, bump=1.5, wave=12, seed=seed_of(rng)), [(0.0, NUMBERS["skin"])])
    canvas.paint(outline, [(0.0, NUMBERS["skin"]), (1.8, NUMBERS["fat"]), (2.6 + fat, NUMBERS["muscle"])])
    canvas.paint_sheets(NUMBERS["fat"], labels_of("muscle"), (22, 18, 40), 0.05, seed_of(rng))


def _face(canvas: Canvas, rng: np.random.Generator) -> None:
    """Nose, sinuses, cheek bones, pharynx, tongue."""
    soft = labels_of("muscle", "fat", "skin")
    bone = NUMBERS["skull"]
    cheeks = tube(curve([[24, -84, -50], [44, -76, -46], [62, -56, -44], [69, -20, -42], [70, 2, -40]], 16), 4.2)
    upper_jaw = joined(ellipsoid([18, -70, -62], [26, 26, 24]), ellipsoid([14, -70, -82], [22, 28, 9]))
    canvas.paint(Solid(_both(cheeks), blend=3, bump=0.8, wave=14, seed=seed_of(rng)), [(0.0, bone), (1.6, NUMBERS["diploe"])], soft)
    canvas.paint(Solid(_both(upper_jaw), blend=6, bump=1.5, wave=18, seed=seed_of(rng)), [(0.0, bone), (1.4, NUMBERS["fat"])], soft)
    wide = varied(rng, [14.0, 17, 17], 0.12)
    antrum = Solid(_both(ellipsoid([28, -62, -60], wide)), bump=2.0, wave=18, seed=seed_of(rng))
    canvas.paint(antrum, [(0.0, bone), (1.1, NUMBERS["mucosa"]), (1.9, NUMBERS["sinus"])])
    nose = Solid(
        joined(ellipsoid([0, -64, -58], [12, 34, 22]), ellipsoid([0, -94, -58], [9, 10, 9])), blend=4, bump=1, wave=14, seed=seed_of(rng)
    )
    canvas.paint(nose, [(0.0, NUMBERS["mucosa"]), (1.8, NUMBERS["sinus"])], [*soft, bone, *labels_of("diploe")])
    shells = _both(tube([[6.5, -84, -62], [6.5, -44, -62]], 3.6), tube([[6, -76, -48], [6, -46, -48]], 2.8))
    canvas.paint(Solid(shells, bump=1.0, wave=9, seed=seed_of(rng)), [(0.0, NUMBERS["mucosa"])], labels_of("sinus"))
    canvas.paint(ellipsoid([float(rng.normal(0, 1)), -66, -54], [1.1, 32, 22]), [(0.0, bone)], labels_of("sinus", "mucosa"))
    tongue = joined(ellipsoid([0, -56, -92], [20, 27, 13]), tube([[0, -40, -96], [0, -34, -130]], [17, 13]))
    canvas.paint(Solid(tongue, blend=6, bump=1.5, wave=18, seed=seed_of(rng)), [(0.0, NUMBERS["muscle"])], soft)
    canvas.paint(
        tube(curve([[0, -30, -58], [0, -18, -80], [0, -16, -200]], 12), 8.0), [(0.0, NUMBERS["mucosa"]), (2.0, NUMBERS["airway"])], soft
    )


def _neck(canvas: Canvas, rng: np.random.Generator) -> None:
    soft = labels_of("muscle", "fat")
    bone, marrow = NUMBERS["vertebra cortex"], NUMBERS["vertebra marrow"]
    for z in np.arange(-206.0, -84.0, 17.5):
        block = ellipsoid([0, 10, z], [12.5, 10, 7.4], exponent=2.6, exponent_z=7)
        arch = _both(
            tube([[9, 20, z], [16, 28, z]], 4.2), tube([[16, 28, z], [3, 44, z - 3]], 3.4), tube([[0, 40, z - 2], [0, 62, z - 8]], 4)
        )
        canvas.paint(Solid(joined(block, arch), blend=2, bump=0.8, wave=12, seed=seed_of(rng)), [(0.0, bone), (1.3, marrow)], soft)
        canvas.paint(ellipsoid([0, 10, z + 8.7], [12, 10, 1.9], exponent=2.6), [(0.0, NUMBERS["disc"])], soft)
    atlas = _both(tube([[0, -1, -62], [16, 6, -62]], 4), tube([[16, 6, -62], [21, 18, -62], [10, 34, -64], [0, 38, -64]], [8, 7, 4, 4]))
    dens = tube([[0, 9, -88], [0, 6, -58]], [6, 4.6])
    canvas.paint(Solid(joined(atlas, dens), bump=0.5, wave=14, seed=seed_of(rng)), [(0.0, bone), (1.3, marrow)], soft)
    canal = tube(curve([[0, 26, -44], [0, 25, -70], [0, 28, -120], [0, 29, -210]], 14), 8.5)
    canvas.paint(canal, [(0.0, NUMBERS["canal"])])
    vessels = _both(
        tube(curve([[20, -2, -50], [28, 4, -90], [30, 6, -200]], 10), 3.4),
        tube(curve([[27, 8, -46], [36, 10, -90], [38, 8, -200]], 10), 5.0),
    )
    canvas.paint(vessels, [(0.0, NUMBERS["vessel"])], soft)
    glands = _both(ellipsoid([58, -2, -70], [11, 16, 22]))
    canvas.paint(Solid(glands, bump=2, wave=14, seed=seed_of(rng)), [(0.0, NUMBERS["gland"])], soft)


def _skull(canvas: Canvas, rng: np.random.Generator) -> NDArray[np.float32]:
    """The vault in three layers, its base, air in bones; gives back the distance (mm) to the inside of the vault, below 0 in it."""
    seeds = [seed_of(rng) for _ in range(5)]
    thick = float(rng.uniform(5.6, 7.6))
    vault = joined(
        ellipsoid([0, 3, 8], [70, 90, 74]), ellipsoid([0, 34, -22], [58, 54, 46]), _both(ellipsoid([32, -16, -16], [27, 36, 28]))
    )
    layers = [(0.0, "skull"), (0.28 * thick, "diploe"), (0.72 * thick, "skull"), (thick, "cerebrospinal fluid")]
    shell = Solid(vault, blend=10, bump=1.0, wave=45, seed=seeds[0])
    canvas.paint(shell, [(depth, NUMBERS[name]) for depth, name in layers])
    floor = Solid(
        joined(ellipsoid([0, -66, -50], [66, 42, 34]), ellipsoid([0, -40, -50], [40, 26, 20])), blend=10, bump=2, wave=24, seed=seeds[4]
    )
    canvas.paint(floor, [(0.0, NUMBERS["skull"]), (2.2, NUMBERS["fat"])], labels_of("cerebrospinal fluid", "diploe", "skull"))
    inside = np.maximum(canvas.distance(shell) + np.float32(thick), np.float32(1.0) - canvas.distance(floor))
    rock = joined(tube([[60, 24, -34], [36, 14, -34], [14, 4, -34]], [13, 10, 6]), ellipsoid([62, 26, -48], [11, 15, 19]))
    around = labels_of("muscle", "fat", "cerebrospinal fluid", "skull", "diploe")
    canvas.paint(Solid(_both(rock), blend=6, bump=1.5, wave=16, seed=seeds[1]), [(0.0, NUMBERS["skull"])], around)
    cells = ellipsoid([60, 28, -44], [8, 12, 15])
    canvas.paint(Solid(_both(cells), bump=7.0, wave=5.5, octaves=1, seed=seeds[2]), [(2.0, NUMBERS["sinus"])], labels_of("skull", "diploe"))
    canvas.paint(_both(tube([[80, 10, -34], [52, 12, -34]], 3.4)), [(0.0, NUMBERS["airway"])])
    hollow = Solid(joined(ellipsoid([0, -28, -36], [14, 12, 10]), ellipsoid([0, -58, -30], [12, 20, 13])), bump=1.5, wave=12, seed=seeds[3])
    canvas.paint(hollow, [(0.0, NUMBERS["skull"]), (1.3, NUMBERS["sinus"])])
    canvas.paint_sheets(NUMBERS["mucosa"], labels_of("sinus"), (9, 9, 9), 0.10, seeds[4])
    frontal = Solid(_both(ellipsoid([10, -84, 4], varied(rng, [11.0, 4.4, 11], 0.2))), bump=1.5, wave=10, seed=seeds[3])
    canvas.paint(frontal, [(0.0, NUMBERS["sinus"])], labels_of("skull", "diploe"))
    opening = tube([[0, 27, -40], [0, 27, -76]], [15, 13])
    canvas.paint(opening, [(0.0, NUMBERS["cerebrospinal fluid"])], labels_of("skull", "diploe", "muscle", "fat"))
    found: NDArray[np.float32] = inside
    return found


def _cerebrum(canvas: Canvas, vault: NDArray[np.float32], rng: np.random.Generator) -> None:
    seeds = [seed_of(rng) for _ in range(3)]
    shrunk = float(rng.uniform(0.0, 2.5))
    wave = float(rng.uniform(14.5, 17.5))
    for side in (1.0, -1.0):
        parts = joined(
            ellipsoid([side * 20, 2, 14], np.array([43.0, 81, 58]) - shrunk),
            ellipsoid([side * 18, -26, 2], [38, 52, 36]),
            ellipsoid([side * 40, -8, -20], [22, 40, 19], turned(z=side * 8)),
            ellipsoid([side * 18, 48, 4], [38, 36, 28]),
        )
        solid = Solid(parts, blend=8, bump=1.0, wave=30, seed=seeds[0])
        half = np.maximum(canvas.distance(solid), vault + np.float32(1.2 + 0.5 * shrunk))
        z, y, x = canvas.grid.axes()
        half[:, :, x * side < 1.0 + 0.3 * shrunk] = 1e6  # the fissure between the halves
        _fold(
            canvas.labels, half, z, y, x, side, seeds[1], wave, 0.55 + 0.45 * shrunk, NUMBERS["cerebrospinal fluid"],
            NUMBERS["grey matter"], NUMBERS["white matter"], labels_of("cerebrospinal fluid")[0],
        )  # fmt: skip
    falx = ellipsoid([0, 6, 34], [0.45, 86, 46])
    canvas.paint(falx, [(0.0, NUMBERS["dura"])], labels_of("cerebrospinal fluid"))
    sinus = tube(curve([[0, -70, 38], [0, -40, 66], [0, 10, 76], [0, 60, 56], [0, 82, 10]], 20), np.linspace(1.6, 3.6, 20))
    canvas.paint(sinus, [(0.0, NUMBERS["sinus vein"])], labels_of("cerebrospinal fluid", "dura"))


@numba.njit(cache=True)
def _furrow(x: float, y: float, z: float, side: float, seed: int, wave: float) -> float:
    """Noise whose sheets run outwards from the middle of a half of the brain."""
    px, py, pz = x - side * 20.0, y * 0.75, z - 6.0
    r = np.sqrt(px * px + py * py + pz * pz) + 1e-6
    reach = 48.0 / r + 0.22
    px, py, pz = px * reach, py * reach, pz * reach
    bend = 0.35 * noise(px / 34.0, py / 34.0, pz / 34.0, seed + 7)
    return noise(px / wave + bend, py / wave - bend, pz / wave + bend, seed)


@numba.njit(cache=True)
def _fold(labels, half, zs, ys, xs, side, seed, wave, open_mm, fluid, grey, white, over):  # type: ignore[no-untyped-def]
    for k in range(len(zs)):
        for j in range(len(ys)):
            for i in range(len(xs)):
                depth = -half[k, j, i]
                if depth <= 0.0 or labels[k, j, i] != over:
                    continue
                x, y, z = xs[i], ys[j], zs[k]
                reach = FURROW_MM * (0.8 + 0.7 * noise(x / 30.0, y / 30.0, z / 30.0, seed + 3))
                label = white
                if depth < reach + 6.0:
                    n = _furrow(x, y, z, side, seed, wave)
                    gx = _furrow(x + 0.5, y, z, side, seed, wave) - n
                    gy = _furrow(x, y + 0.5, z, side, seed, wave) - n
                    gz = _furrow(x, y, z + 0.5, side, seed, wave) - n
                    away = np.abs(n) / max(2.0 * np.sqrt(gx * gx + gy * gy + gz * gz), 1e-3)
                    beyond = max(depth - reach, 0.0)
                    sheet = np.sqrt(away * away + beyond * beyond)
                    thick = 2.9 + 0.5 * noise(x / 15.0, y / 15.0, z / 15.0, seed + 5)
                    gap = open_mm * (1.5 - depth / (reach + 1e-6))
                    if sheet < gap and depth < reach:
                        label = fluid
                    elif min(depth, sheet - max(gap, 0.0)) < thick:
                        label = grey
                labels[k, j, i] = label


def _back_of_brain(canvas: Canvas, rng: np.random.Generator) -> None:
    """Cerebellum and brain stem."""
    over = labels_of("cerebrospinal fluid", "grey matter", "white matter", "canal")
    room = Solid(_both(ellipsoid([25, 51, -40], [30, 29, 22.5])), blend=10)
    canvas.paint(room, [(0.0, NUMBERS["cerebrospinal fluid"])], labels_of("grey matter", "white matter", "cerebrospinal fluid"))
    leaves = Solid(_both(ellipsoid(near(rng, [24, 51, -40], 0.6), [29, 27.5, 21])), blend=9, bump=1.0, wave=16, seed=seed_of(rng))
    canvas.paint(leaves, [(0.0, NUMBERS["cerebellum grey"])], over)
    core = Solid(_both(ellipsoid([20, 45, -39], [19, 17, 12])), blend=8, bump=6.0, wave=8, octaves=2, seed=seed_of(rng))
    canvas.paint(core, [(0.0, NUMBERS["cerebellum white"])], labels_of("cerebellum grey"))
    canvas.paint_sheets(NUMBERS["cerebrospinal fluid"], labels_of("cerebellum grey"), (70, 40, 7.5), 0.07, seed_of(rng))
    stem = joined(
        tube([[0, 12, -4], [0, 18, -26], [0, 24, -46], [0, 27, -74]], [13, 12.5, 10, 6]), ellipsoid([0, 12, -28], [15, 12, 14]),
        tube(curve([[0, 25, -70], [0, 28, -120], [0, 29, -210]], 10), 4.8),
    )  # fmt: skip
    canvas.paint(
        Solid(stem, blend=5, bump=0.6, wave=16, seed=seed_of(rng)),
        [(0.0, NUMBERS["brain stem"])],
        [*over, *labels_of("cerebellum grey", "cerebellum white")],
    )
    fourth = joined(ellipsoid([0, 35, -34], [7, 5, 10]), tube([[0, 22, -8], [0, 33, -28]], 1.3))
    canvas.paint(fourth, [(0.0, NUMBERS["ventricle"])])


def _deep(canvas: Canvas, rng: np.random.Generator) -> None:
    """Ventricles, nuclei, the fissures beside them."""
    brain = labels_of("white matter", "grey matter", "cerebrospinal fluid")
    core = Solid(_both(ellipsoid([20, 0, 4], [24, 40, 22])), blend=8, bump=2, wave=26, seed=seed_of(rng))
    canvas.paint(core, [(0.0, NUMBERS["white matter"])], brain)
    bridge = tube(curve([[0, -36, 12], [0, -30, 24], [0, 0, 31], [0, 28, 26], [0, 36, 16]], 16), 4.4)
    fibres = joined(bridge, bridge + _shift(6), bridge + _shift(-6))
    canvas.paint(fibres, [(0.0, NUMBERS["white matter"])], [*brain, *labels_of("dura")])
    cleft = Solid(
        _both(ellipsoid([46, -14, -3], [19, 25, 5.0], turned(y=10)), ellipsoid([36, -8, 2], [4.5, 22, 15])),
        blend=3,
        bump=1.6,
        wave=14,
        seed=seed_of(rng),
    )
    canvas.paint(cleft, [(0.0, NUMBERS["grey matter"]), (3.1, NUMBERS["cerebrospinal fluid"])], brain)
    nuclei = joined(
        ellipsoid([26, -6, 3], [5, 17, 12], turned(z=-12)),
        ellipsoid([20, -3, 1], [4, 9, 7]), ellipsoid([11, 9, 5], [9, 15, 10], turned(z=-18)),
        tube(curve([[13, -34, 8], [18, -22, 18], [19, 4, 24], [24, 22, 20]], 10), np.linspace(6.5, 2.2, 10)),
        ellipsoid([28, 2, -16], [5, 12, 4]),
    )  # fmt: skip
    canvas.paint(Solid(_both(nuclei), bump=0.8, wave=12, seed=seed_of(rng)), [(0.0, NUMBERS["deep grey matter"])], brain)
    wide = float(rng.uniform(0.8, 1.5))
    widths = np.interp(np.arange(22), [0, 4, 10, 15, 21], [3.5, 5, 4.6, 6.2, 2]) * wide
    horns = joined(
        tube(curve([[9, -38, 6], [10, -24, 16], [11, 0, 22], [18, 24, 17], [25, 42, 8], [26, 58, 4]], 22), widths),
        tube(curve([[23, 34, 8], [32, 20, -8], [34, -2, -18]], 10), np.linspace(4.6, 1.6, 10) * wide),
    )  # fmt: skip
    over = [*brain, *labels_of("deep grey matter")]
    canvas.paint(Solid(_both(horns), bump=0.6, wave=14, seed=seed_of(rng)), [(0.0, NUMBERS["ventricle"])], over)
    canvas.paint(ellipsoid([0, 4, 3], [1.6 * wide, 15, 10]), [(0.0, NUMBERS["ventricle"])], over)
    plexus = _both(tube(curve([[12, 6, 18], [19, 24, 14], [24, 34, 8]], 6), 2.0))
    canvas.paint(Solid(plexus, bump=0.8, wave=4, seed=seed_of(rng)), [(0.0, NUMBERS["plexus"])], labels_of("ventricle"))


def _shift(x: float) -> Floats:
    """What moves the rows of tubes along x."""
    row = np.zeros(18)
    row[1] = row[4] = x
    return row


def _eyes(canvas: Canvas, rng: np.random.Generator) -> None:
    at = near(rng, [32, -80, -27], 0.8)
    socket = Solid(_both(ellipsoid([32, -70, -27], [20, 27, 18]), tube([[30, -62, -27], [14, -36, -23]], [13, 4])), blend=4)
    over = labels_of("muscle", "fat", "skull", "diploe", "cerebrospinal fluid", "grey matter", "white matter")
    canvas.paint(socket, [(0.0, NUMBERS["skull"]), (1.7, NUMBERS["fat"])], over)
    muscles = [
        tube(curve([at + np.array([dx, 2, dz]), at + np.array([dx * 0.8 - 4, 22, dz * 0.8]), [16, -40, -24]], 6), 1.7)
        for dx, dz in ((11, 0), (-11, 0), (0, 11), (0, -11))
    ]
    canvas.paint(_both(*muscles), [(0.0, NUMBERS["muscle"])], labels_of("fat"))
    canvas.paint(
        _both(tube(curve([at, at + np.array([-1, 20, 1]), [10, -32, -20]], 8), 2.3)),
        [(0.0, NUMBERS["optic nerve"])],
        [*over, NUMBERS["sinus"]],
    )
    ball = _both(ellipsoid(at, [12.1, 12.1, 12.0]))
    canvas.paint(ball, [(0.0, NUMBERS["eye wall"]), (1.3, NUMBERS["eye"])])
    canvas.paint(_both(ellipsoid(at + np.array([0, -8.6, 0]), [4.6, 2.1, 4.6])), [(0.0, NUMBERS["lens"])], labels_of("eye"))


def _jaws(canvas: Canvas, rng: np.random.Generator) -> None:
    soft = labels_of("muscle", "fat", "skin", "mucosa", "gland")
    angles = np.linspace(-1.25, 1.25, 24)
    arch = np.column_stack([27 * np.sin(angles), -62 - 27 * np.cos(angles) + 8 * (1 - np.cos(angles)), np.zeros(24)])
    canvas.paint(
        Solid(tube(arch + np.array([0, 0, -84.0]), 6.4), bump=0.8, wave=10, seed=seed_of(rng)),
        [(0.0, NUMBERS["jaw"]), (1.6, NUMBERS["diploe"])],
        soft,
    )
    lower = tube(arch * np.array([1.08, 1.0, 1]) + np.array([0, 0, -108.0]), 7.4)
    branch = _both(tube(curve([[28, -62, -108], [44, -24, -104], [49, -10, -70], [50, -8, -46]], 10), [8, 8, 8, 7.5, 7, 6.5, 6, 6, 6, 7]))
    canvas.paint(
        Solid(joined(lower, branch), blend=4, bump=0.8, wave=12, seed=seed_of(rng)), [(0.0, NUMBERS["jaw"]), (2.0, NUMBERS["diploe"])], soft
    )
    for angle in np.linspace(-1.2, 1.2, 14):
        along = np.array([26.5 * np.sin(angle), -62 - 27 * np.cos(angle) + 8 * (1 - np.cos(angle)), 0.0])
        size = 3.3 if abs(angle) < 0.55 else 4.3
        for z, reach in ((-89.0, 5.5), (-99.0, 5.0)):
            tooth = ellipsoid(along + np.array([0, 0, z]), [size * 0.82, size * 0.9, reach], exponent=3)
            canvas.paint(tooth, [(0.0, NUMBERS["tooth"])])
