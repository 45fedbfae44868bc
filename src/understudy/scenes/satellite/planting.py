"""Trees: in gardens and parks, along streets."""

from __future__ import annotations

import numpy as np

from understudy.scenes.satellite import shapes
from understudy.scenes.satellite.blocks import Block, CityLook, Street
from understudy.scenes.satellite.site import Site, foliage

Rng = np.random.Generator
SMALLEST_TREE = 5.0
"""The same for single trees."""


def plant(site: Site, u: float, v: float, radius: float, look: CityLook, rng: Rng) -> None:
    """A tree, unless the place is sealed."""
    if site.spacing > SMALLEST_TREE:
        return
    leaves = foliage(rng, look.bare, look.autumn)
    variant, heading, lift = int(rng.integers(24)), float(rng.uniform(0, 6.28)), float(rng.uniform(0.2, 0.9))
    if not site.is_near(u, v) or site.is_sealed(u, v):
        return
    bare = 0.8 if look.bare > 0.5 else 1.0
    size = radius * bare
    site.add("tree", (u, v), heading, shapes.tree(variant), (leaves,), (2 * size, 2 * size, 1.27 * size), scale=size,
             z=lift * size)  # fmt: skip


def scatter_trees(site: Site, block: Block, density: float, look: CityLook, rng: Rng) -> None:
    """Trees anywhere in a block, `density` a square metre."""
    width, height = block.size
    for _ in range(int(rng.poisson(density * width * height))):
        u, v = float(rng.uniform(block.u0, block.u1)), float(rng.uniform(block.v0, block.v1))
        plant(site, u, v, float(rng.uniform(2.0, 5.0)), look, rng)


def line_with_trees(site: Site, street: Street, look: CityLook, rng: Rng) -> None:
    """Trees along both sides of some streets."""
    if rng.random() > 0.3 + 0.6 * look.trees:
        return
    length = street.length
    size = float(rng.uniform(2.0, 4.0))
    for side in (-1, 1):
        at = float(rng.uniform(4, 12))
        while at < length - 4:
            if rng.random() < look.trees:
                u, v = street.at(at, side * (street.width / 2 + 1.5))
                plant(site, u, v, size * float(rng.uniform(0.75, 1.15)), look, rng)
            at += float(rng.uniform(8, 14))
