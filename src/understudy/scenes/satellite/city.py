"""Cities: streets that split the plan again and again into blocks; blocks of houses, flats, offices, halls, parks and cars.

The plan's slow waves bend the streets. A block's use comes from chance and the city's style; each block draws from a stream of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from understudy.scenes.satellite.blocks import Block, CityLook, paint_streets, split
from understudy.scenes.satellite.flat_roofs import flats, halls, offices
from understudy.scenes.satellite.houses import houses
from understudy.scenes.satellite.open_grounds import apron, park, parking_lot, sports
from understudy.scenes.satellite.parking import drive
from understudy.scenes.satellite.planting import line_with_trees
from understudy.scenes.satellite.site import Site

Rng = np.random.Generator
USES: Mapping[str, Callable[[Site, Block, CityLook, Rng], None]] = {
    "houses": houses, "flats": flats, "offices": offices, "halls": halls, "park": park, "parking": parking_lot, "sports": sports,
    "apron": apron,
}  # fmt: skip
"""What blocks are used for."""

MIXES = {
    "suburb": (0.80, 0.07, 0.01, 0.01, 0.06, 0.02, 0.03, 0.0),
    "town": (0.34, 0.34, 0.13, 0.03, 0.07, 0.06, 0.03, 0.0),
    "downtown": (0.00, 0.16, 0.68, 0.00, 0.06, 0.10, 0.00, 0.0),
    "industrial": (0.02, 0.03, 0.04, 0.62, 0.03, 0.16, 0.00, 0.10),
}


def build_city(site: Site, look: CityLook, stream: Any) -> None:
    """Paint streets and blocks on the site's plan, and put buildings, trees and cars on it. stream: `Draws` at the city's path."""
    rng = stream.generator("streets")
    reach = site.radius
    blocks, streets = split(rng, -reach, -reach, reach, reach, look.block)
    paint_streets(site.plan, streets)
    for block in blocks:
        if not site.in_sight(block.middle, math.hypot(*block.size) / 2):
            continue
        own = stream.generator(f"block/{block.number}")
        USES[use_of(own, look.style)](site, block, look, own)
    for number, street in enumerate(streets):
        if not site.in_sight(street.at(street.length / 2, 0.0), street.length / 2):
            continue
        drive(site, street, look, stream.generator(f"cars/{number}"))
        line_with_trees(site, street, look, stream.generator(f"trees/{number}"))


def use_of(rng: Rng, style: str) -> str:
    """What a block is used for."""
    return list(USES)[int(rng.choice(len(USES), p=np.array(MIXES[style]) / sum(MIXES[style])))]
