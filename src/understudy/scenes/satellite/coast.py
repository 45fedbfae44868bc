"""Coasts and islands at medium resolution: hills cut by valleys, a shelf under shallow water, covers by height and place.

Land is where the noise is above the level that gives the asked share. The sea deepens with distance from land over a bank of uneven depth,
and falls off at the shelf's edge; the bottom shows through where it is shallow. Fields, towns and roads lie in the lowlands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.fft import next_fast_len

from understudy.scenes.satellite.covers import NUMBER
from understudy.scenes.satellite.ground import Plan, Relief
from understudy.scenes.satellite.noise import fractal
from understudy.scenes.satellite.port import PortLook, sail
from understudy.scenes.satellite.site import Site

Rng = np.random.Generator
Floats = NDArray[np.float64]
RELIEF_CELLS = 3
"""Pixels along a cell of the relief's mesh."""


@dataclass(frozen=True)
class CoastLook:
    """As `settings.Coast`, drawn. seen: m from the middle to a corner of the picture. spacing: m between pixels."""

    land: float
    relief: float
    shelf: float
    farmed: float
    towns: float
    dry: float
    season: str
    seen: float
    spacing: float


@dataclass
class _Fields:
    """What the covers are decided by, on the plan's cells. height: m, below 0 under water. inland: m from the sea. steep: slope."""

    height: Floats
    inland: Floats
    steep: Floats
    moist: Floats
    patches: Floats
    fine: Floats


def build_coast(site: Site, look: CoastLook, stream: Any) -> None:
    """Paint the site's plan, and give the site its relief and the depth of its water. stream: `Draws` at the coast's path."""
    plan = site.plan
    fields, depth = _shaped(plan, look, stream)
    _covers(plan, fields, look)
    _farms(plan, fields, look, stream.generator("farms"))
    _towns(plan, fields, look, stream.generator("towns"))
    _shores(plan, fields, look)
    site.depth = depth.astype(np.float32)
    site.relief = _relief(plan, fields.height, look)
    site.bottom = "sand" if look.dry > 0.25 or look.shelf < 10 else "wet sand"
    if look.spacing <= 15:
        sail(site, PortLook(0, 1, 0, 0, look.spacing), stream.generator("sea"), -look.seen, -look.seen, look.seen, look.seen)


def _shaped(plan: Plan, look: CoastLook, stream: Any) -> tuple[_Fields, Floats]:
    """Heights, and water's depth."""
    count = plan.kind.shape[0]
    size = next_fast_len(count)
    rng = stream.generator("relief")
    base = fractal(rng, size, 2.1, 1.6)
    ridges = 1 - np.abs(fractal(rng, size, 1.9, 3.0))
    valleys = np.exp(-((fractal(rng, size, 2.1, 2.5) / 0.16) ** 2))
    shape = base + 0.22 * ridges + 0.05 * fractal(rng, size, 1.25, 8)
    middle = slice(size // 4, -size // 4)
    level = (
        float(np.quantile(shape[middle, middle], 1 - look.land))
        if 0 < look.land < 1
        else float(shape.max() + 1 if look.land <= 0 else shape.min() - 1)
    )
    above = shape - level
    top = max(float(np.quantile(above, 0.985)), 0.3)
    height = look.relief * np.sign(above) * np.abs(above / top) ** 1.35
    height = np.where(height > 0, height * (1 - 0.4 * valleys * np.minimum(height / (0.3 * look.relief), 1.0)), height)
    land = above > 0
    inland = ndimage.distance_transform_edt(land) * plan.cell
    offshore = ndimage.distance_transform_edt(~land) * plan.cell
    bank = 0.55 + 0.45 * fractal(rng, size, 1.6, 3)
    wide = 0.035 * size * plan.cell * (0.15 + np.exp(1.0 * fractal(rng, size, 2.3, 1.0)))
    shallow = look.shelf * np.clip(bank, 0.06, 2.2) * np.clip(offshore / (wide * 0.6), 0.02, 1.6) ** 0.8
    rough = 1 + 0.5 * np.tanh(fractal(rng, size, 1.3, 5))
    fall = np.clip((offshore * rough - wide) / (25 * plan.cell), 0.0, 1.0) ** 1.5
    steep_y, steep_x = np.gradient(ndimage.gaussian_filter(height, 1.5), plan.cell)
    cover = stream.generator("cover")
    moist, patches, fine = fractal(cover, size, 1.7, 3), fractal(cover, size, 1.35, 8), fractal(cover, size, 0.8, 20)
    found = (height, inland, np.hypot(steep_x, steep_y), moist, patches, fine)
    return _Fields(*(field[:count, :count] for field in found)), (shallow + fall * 400.0)[:count, :count]


def _covers(plan: Plan, f: _Fields, look: CoastLook) -> None:
    """Wild covers by height, slope, moisture and chance."""
    share = f.height / max(look.relief, 1.0)
    wet = f.moist - 0.5 * share + 0.25 * f.patches + 0.9 - 1.6 * look.dry
    kind = plan.kind
    kind[:] = NUMBER["water"]
    land = f.height > 0
    for name, where in (
        ("rough grass", land),
        ("shrub", land & (wet > -0.6)),
        ("forest", land & (wet + 0.35 * f.fine > 0.25)),
        ("conifers", land & (wet + 0.35 * f.fine > 0.25) & (share + 0.08 * f.patches > 0.55)),
        ("heath", land & (wet < -1.1)),
        ("red ground" if look.dry > 0.6 else "soil", land & (wet < -1.9)),
        ("rock", land & ((f.steep + 0.06 * f.fine > 0.75) | ((share > 1.15) & (f.patches > 0.3)))),
    ):
        kind[where] = NUMBER[name]
    plots = [plan.new_plot(brightness=value, dryness=0.5 * look.dry) for value in np.linspace(0.82, 1.12, 9)]
    index = np.clip((f.patches * 1.6 + 4.5).astype(int), 0, 8)
    plan.plot[land] = np.array(plots, dtype=np.uint16)[index[land]]


def _farms(plan: Plan, f: _Fields, look: CoastLook, rng: Rng) -> None:
    """Parcels in rows, in lowlands that are not steep."""
    from understudy.scenes.satellite.fields import BY_SEASON, CROPS

    order = 0.8 * f.patches + f.moist * (0.8 if look.dry > 0.4 else -0.2)
    low = (f.height > 1.5) & (f.height < 0.35 * look.relief + 15) & (f.steep < 0.22)
    if look.farmed <= 0 or not low.any():
        return
    here = low & (order > np.quantile(order[low], 1 - look.farmed))
    parcel = _parcels(plan, f, float(np.clip(rng.lognormal(5.5, 0.4), 9 * look.spacing, 1500)), float(rng.uniform(0, math.pi)))
    chosen = rng.choice(len(CROPS), 4096, p=np.array(BY_SEASON[look.season]) / sum(BY_SEASON[look.season]))
    kinds = np.array([NUMBER[CROPS[crop]] for crop in chosen], dtype=np.uint8)
    plots = np.array(
        [
            plan.new_plot(
                brightness=float(np.exp(rng.normal(0, 0.14))), shift=float(rng.normal(0, 0.25)), dryness=float(rng.uniform(0, 0.5))
            )
            for _ in range(4096)
        ],
        dtype=np.uint16,
    )
    plan.kind[here] = kinds[parcel[here]]
    plan.plot[here] = plots[parcel[here]]


def _parcels(plan: Plan, f: _Fields, size: float, turn: float) -> NDArray[np.int64]:
    """(N, M) a number 0 .. 4095 for each parcel: irregular bricks, bent a little."""
    across, along = plan.middles((slice(0, plan.kind.shape[0]), slice(0, plan.kind.shape[1])))
    bend = 0.35 * size * f.moist
    u = (math.cos(turn) * across + math.sin(turn) * along + bend) / size
    v = (math.cos(turn) * along - math.sin(turn) * across - bend) / size
    row = np.floor(u).astype(np.int64)
    column = np.floor(v * (0.6 + (row * 2654435761 % 97) / 97) + (row * 40503 % 89) / 89).astype(np.int64)
    return np.asarray(((row * 73856093) ^ (column * 19349663)) & 4095)


def _towns(plan: Plan, f: _Fields, look: CoastLook, rng: Rng) -> None:
    """Built-up ground in the lowlands: a core, suburbs around it, streets through both."""
    order = f.patches + 0.5 * f.moist - 0.25 * np.log1p(f.inland / 600)
    low = (f.height > 1.0) & (f.height < 0.3 * look.relief + 12) & (f.steep < 0.15)
    if look.towns <= 0 or not low.any():
        return
    edge, core, works = (float(np.quantile(order[low], 1 - look.towns * part)) for part in (1.0, 0.35, 0.10))
    suburb, town = low & (order + 0.08 * f.fine > edge), low & (order + 0.08 * f.fine > core)
    plan.kind[suburb] = NUMBER["suburb"]
    plan.kind[town] = NUMBER["town"]
    plan.kind[low & (order > works)] = NUMBER["industry"]
    plan.plot[suburb] = plan.new_plot(brightness=0.95)
    if look.spacing <= 20:
        block = max(110.0, 6 * look.spacing)
        turn = float(rng.uniform(0, math.pi))
        across, along = plan.middles((slice(0, plan.kind.shape[0]), slice(0, plan.kind.shape[1])))
        u = (math.cos(turn) * across + math.sin(turn) * along + 90 * f.moist) / block
        v = (math.cos(turn) * along - math.sin(turn) * across + 90 * f.patches) / (1.6 * block)
        wide = max(9.0, 0.5 * look.spacing) / block
        plan.kind[suburb & ((u % 1 < wide) | (v % 1 < wide / 1.6))] = NUMBER["asphalt"]


def _shores(plan: Plan, f: _Fields, look: CoastLook) -> None:
    """Beaches, wet sand at their edges, marsh where land is low and wet."""
    land = f.height > 0
    sandy = f.moist + 0.3 * f.fine > 0.1 - 0.8 * look.dry
    beach = land & (f.inland < (1.1 + 1.4 * np.clip(f.patches, 0, 2)) * max(plan.cell, 14.0)) & sandy & (f.steep < 0.4)
    plan.kind[beach] = NUMBER["sand"]
    plan.kind[land & (f.inland < 1.2 * plan.cell) & sandy] = NUMBER["wet sand"]
    plan.kind[land & (f.inland < 9 * plan.cell) & (f.inland > 2.2 * plan.cell) & (f.moist > 0.7) & (f.steep < 0.05)] = NUMBER["marsh"]


def _relief(plan: Plan, height: Floats, look: CoastLook) -> Relief:
    """The land's height on a coarser grid; water is level."""
    cell = RELIEF_CELLS * look.spacing
    reach = -plan.low[0]
    count = int(2 * reach / cell) + 1
    places = np.arange(count) * cell / plan.cell
    smooth = ndimage.gaussian_filter(np.maximum(height, 0.0), RELIEF_CELLS * look.spacing / plan.cell / 3)
    grid = ndimage.map_coordinates(smooth, np.meshgrid(places, places, indexing="ij"), order=1, mode="nearest")
    return Relief(grid.astype(np.float32), plan.low, cell)
