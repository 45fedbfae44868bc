"""Categories of pictures from above, and `KINDS`: what each kind of ground looks like and which land cover it counts as."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Category
from understudy.scenes.satellite.spectra import spectrum

THINGS = (
    Category(1, "building", group="built", color=(222, 92, 72)),
    Category(2, "small-vehicle", group="vehicle", color=(255, 214, 60)),
    Category(3, "large-vehicle", group="vehicle", color=(255, 150, 40)),
    Category(4, "ship", group="vessel", color=(190, 90, 240)),
    Category(5, "plane", group="aircraft", color=(80, 140, 255)),
    Category(6, "storage-tank", group="built", color=(230, 120, 200)),
    Category(7, "harbor", group="built", color=(150, 110, 90)),
    Category(8, "swimming-pool", group="built", color=(60, 220, 230)),
    Category(9, "tree", group="vegetation", color=(30, 130, 50)),
    Category(10, "container-crane", group="built", color=(250, 90, 140)),
    Category(11, "container", group="cargo", color=(170, 60, 60)),
    Category(12, "tennis-court", group="sport", color=(90, 190, 140)),
    Category(13, "soccer-ball-field", group="sport", color=(140, 220, 110)),
)
STUFF = (
    Category(32, "water", thing=False, color=(40, 80, 180)),
    Category(33, "grass", thing=False, group="vegetation", color=(140, 200, 90)),
    Category(34, "forest", thing=False, group="vegetation", color=(20, 90, 30)),
    Category(35, "shrub", thing=False, group="vegetation", color=(110, 150, 70)),
    Category(36, "crops", thing=False, group="vegetation", color=(220, 200, 90)),
    Category(37, "bare-soil", thing=False, color=(170, 130, 90)),
    Category(38, "road", thing=False, group="sealed", color=(90, 90, 95)),
    Category(39, "pavement", thing=False, group="sealed", color=(150, 150, 150)),
    Category(40, "sand", thing=False, color=(235, 220, 170)),
    Category(41, "rock", thing=False, color=(130, 120, 115)),
    Category(42, "built-up", thing=False, group="built", color=(200, 80, 80)),
    Category(43, "railway", thing=False, group="sealed", color=(110, 80, 100)),
    Category(44, "snow", thing=False, color=(245, 250, 255)),
    Category(45, "wetland", thing=False, group="vegetation", color=(80, 140, 140)),
    Category(46, "outside", thing=False, color=(0, 0, 0)),
)
CATEGORIES = THINGS + STUFF
BY_NAME = {category.name: category.id for category in CATEGORIES}


@dataclass(frozen=True)
class Kind:
    """A kind of ground.

    Attributes:
        cover: name of the category.
        low, high: names of the spectra that its patches lie between.
        gap: spectrum between rows of plants.
        scale: m, size of patches. contrast: 0 .. 1, how far patches go towards both ends.
        grain_scale: m. grain: relative deviation of single spots.
        clumps: the grain is round, like crowns.
        growing: share that seasons and dryness work on.
    """

    cover: str
    low: str
    high: str
    gap: str = "soil"
    scale: float = 12.0
    contrast: float = 0.7
    grain_scale: float = 0.5
    grain: float = 0.10
    clumps: bool = False
    growing: float = 0.0


KINDS: dict[str, Kind] = {
    "outside": Kind("outside", "asphalt", "asphalt"),
    "lawn": Kind("grass", "grass", "lush grass", scale=9, contrast=0.8, grain=0.09, growing=1.0),
    "rough grass": Kind("grass", "grass", "dry grass", scale=14, contrast=0.8, grain=0.16, grain_scale=0.8, growing=1.0),
    "meadow": Kind("grass", "lush grass", "grass", scale=40, contrast=0.8, grain=0.08, grain_scale=0.8, growing=1.0),
    "pasture": Kind("grass", "grass", "dry grass", scale=60, contrast=0.6, grain=0.10, grain_scale=1.0, growing=1.0),
    "sports turf": Kind("grass", "lush grass", "grass", scale=6, contrast=0.5, grain=0.05, growing=0.6),
    "forest": Kind("forest", "broadleaf", "broadleaf light", scale=90, contrast=0.9, grain=0.55, grain_scale=7, clumps=True, growing=1.0),
    "conifers": Kind("forest", "conifer", "broadleaf", scale=120, contrast=0.5, grain=0.60, grain_scale=5, clumps=True),
    "shrub": Kind("shrub", "shrub", "dry grass", scale=30, contrast=0.9, grain=0.35, grain_scale=3, clumps=True, growing=0.6),
    "heath": Kind("shrub", "shrub", "dark rock", scale=120, contrast=0.9, grain=0.22, grain_scale=4, growing=0.5),
    "bed": Kind("shrub", "shrub", "broadleaf", "soil", scale=3, contrast=0.8, grain=0.3, grain_scale=0.7, clumps=True, growing=0.5),
    "crop": Kind("crops", "dense crop", "light crop", "soil", scale=70, contrast=0.7, grain=0.06, growing=0.3),
    "young crop": Kind("crops", "young crop", "light crop", "soil", scale=60, contrast=0.6, grain=0.08, growing=0.3),
    "flowering crop": Kind("crops", "flowering crop", "light crop", "soil", scale=60, contrast=0.5, grain=0.06),
    "ripe crop": Kind("crops", "ripe crop", "dry grass", "light soil", scale=60, contrast=0.7, grain=0.06),
    "stubble": Kind("crops", "stubble", "dry grass", "light soil", scale=50, contrast=0.6, grain=0.08),
    "orchard ground": Kind("crops", "grass", "dry grass", "soil", scale=20, contrast=0.8, grain=0.12, growing=1.0),
    "ploughed": Kind("bare-soil", "soil", "dark soil", "dark soil", scale=70, contrast=0.9, grain=0.10, grain_scale=0.8),
    "soil": Kind("bare-soil", "soil", "light soil", scale=25, contrast=0.7, grain=0.12),
    "red ground": Kind("bare-soil", "red soil", "light soil", scale=60, contrast=0.7, grain=0.12),
    "building site": Kind("bare-soil", "light soil", "soil", scale=8, contrast=0.9, grain=0.18),
    "dirt road": Kind("road", "light soil", "soil", scale=6, contrast=0.6, grain=0.10),
    "asphalt": Kind("road", "asphalt", "dark concrete", scale=25, contrast=0.35, grain=0.05),
    "fresh asphalt": Kind("road", "new asphalt", "asphalt", scale=30, contrast=0.4, grain=0.05),
    "marking": Kind("road", "white paint", "concrete", scale=2, contrast=0.7, grain=0.10),
    "yellow marking": Kind("road", "yellow paint", "asphalt", scale=2, contrast=0.5, grain=0.10),
    "sidewalk": Kind("pavement", "dark concrete", "concrete", scale=8, contrast=0.6, grain=0.06),
    "parking": Kind("pavement", "asphalt", "new asphalt", scale=16, contrast=0.7, grain=0.07),
    "parking line": Kind("pavement", "white paint", "concrete", scale=2, contrast=0.8, grain=0.10),
    "yard": Kind("pavement", "dark concrete", "asphalt", scale=18, contrast=0.8, grain=0.07),
    "concrete": Kind("pavement", "concrete", "dark concrete", scale=15, contrast=0.7, grain=0.06),
    "paving": Kind("pavement", "paving", "concrete", scale=4, contrast=0.6, grain=0.08),
    "gravel": Kind("pavement", "gravel", "light soil", scale=8, contrast=0.6, grain=0.10),
    "runway": Kind("road", "dark concrete", "asphalt", scale=40, contrast=0.5, grain=0.04),
    "ballast": Kind("railway", "ballast", "rust", scale=5, contrast=0.5, grain=0.12),
    "rail": Kind("railway", "rust", "steel", scale=3, contrast=0.4, grain=0.05),
    "acrylic green": Kind("pavement", "acrylic green", "acrylic green", contrast=0.1, grain=0.03),
    "acrylic blue": Kind("pavement", "acrylic blue", "acrylic blue", contrast=0.1, grain=0.03),
    "clay court": Kind("pavement", "clay court", "clay court", contrast=0.1, grain=0.04),
    "sand": Kind("sand", "sand", "light soil", scale=30, contrast=0.6, grain=0.06),
    "wet sand": Kind("sand", "wet sand", "sand", scale=20, contrast=0.6, grain=0.05),
    "rock": Kind("rock", "rock", "dark rock", scale=40, contrast=0.9, grain=0.22, grain_scale=3),
    "marsh": Kind("wetland", "marsh", "shrub", scale=80, contrast=0.9, grain=0.15, grain_scale=6, growing=0.5),
    "snow": Kind("snow", "snow", "snow", scale=40, contrast=0.4, grain=0.02),
    "town": Kind("built-up", "dark concrete", "grey tiles", scale=60, contrast=0.8, grain=0.45, grain_scale=14, growing=0.0),
    "suburb": Kind("built-up", "broadleaf", "paving", scale=70, contrast=0.9, grain=0.55, grain_scale=16, growing=0.4),
    "industry": Kind("built-up", "concrete", "white membrane", scale=90, contrast=0.9, grain=0.50, grain_scale=45),
    "water": Kind("water", "water", "water", scale=200, contrast=0.5, grain=0.06, grain_scale=3),
    "silty water": Kind("water", "silty water", "water", scale=260, contrast=0.6, grain=0.04, grain_scale=3),
    "pond": Kind("water", "water", "silty water", scale=60, contrast=0.5, grain=0.03, grain_scale=3),
    "foam": Kind("water", "water", "foam", scale=7, contrast=1.0, grain=0.2, grain_scale=1.2),
}
NUMBER = {name: number for number, name in enumerate(KINDS)}
WATERS = frozenset(NUMBER[name] for name, kind in KINDS.items() if kind.cover == "water")


@dataclass(frozen=True)
class KindTable:
    """`KINDS` as arrays. low, high, gap: (K, 5). looks: (K, 5) scale, contrast, grain scale, grain, clumps. growing, cover, water: (K,)."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]
    gap: NDArray[np.float32]
    looks: NDArray[np.float32]
    growing: NDArray[np.float32]
    cover: NDArray[np.uint8]
    water: NDArray[np.bool_]


@functools.cache
def kind_table() -> KindTable:
    kinds = list(KINDS.values())
    low, high, gap = (np.array([spectrum(getattr(kind, part)) for kind in kinds], dtype=np.float32) for part in ("low", "high", "gap"))
    looks = [(kind.scale, kind.contrast, kind.grain_scale, kind.grain, float(kind.clumps)) for kind in kinds]
    return KindTable(
        low,
        high,
        gap,
        np.array(looks, dtype=np.float32),
        np.array([kind.growing for kind in kinds], dtype=np.float32),
        np.array([BY_NAME[kind.cover] for kind in kinds], dtype=np.uint8),
        np.array([kind.cover == "water" for kind in kinds], dtype=np.bool_),
    )
