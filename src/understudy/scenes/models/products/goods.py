"""Shapes of goods: cartons, bottles, cans, jars, mugs, tubes, bags, shoes, bowls, books, cosmetics, boxes of electronics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from understudy.scenes.geometry.curves import spline
from understudy.scenes.geometry.lofts import grid, lathe, loft, sweep
from understudy.scenes.geometry.measures import creased
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.motion import about_z
from understudy.scenes.geometry.primitives import box, cylinder
from understudy.scenes.material import Color, Material, Print
from understudy.scenes.models.model import Assembly, Model, model
from understudy.scenes.models.products import labels
from understudy.scenes.models.products.labels import SCHEMES, Sku

Floats = NDArray[np.float64]

TURN = about_z(np.pi)
"""A lathe's seam lies in front; turned, the middle of a print does."""


def linear(shade: tuple[int, int, int]) -> Color:
    """Reflectance of an sRGB colour."""
    r, g, b = (float(((value / 255 + 0.055) / 1.055) ** 2.4 if value > 10 else value / 3295) for value in shade)
    return r, g, b


def _tint(article: Sku, number: int) -> Color:
    return linear(SCHEMES[article.scheme][number])


def carton(article: Sku) -> Model:
    """A folding box with prints all round."""
    deep, wide, tall = np.multiply((0.06, 0.15, 0.22), article.proportions)
    return _printed_box(article, (float(deep), float(wide), float(tall)), 0.0015, "paper board", 0.5)


def electronics(article: Sku) -> Model:
    deep, wide, tall = np.multiply((0.09, 0.17, 0.15), article.proportions)
    return _printed_box(article, (float(deep), float(wide), float(tall)), 0.002, "glossy board", 0.25)


def _printed_box(article: Sku, size: tuple[float, float, float], bevel: float, name: str, roughness: float) -> Model:
    deep, wide, tall = size
    solid = box(size, bevel=bevel).moved(offset=(0, 0, tall / 2))
    made = Assembly()
    for faces, role in ((slice(0, 4), "front"), (slice(4, 8), "side"), (slice(8, 12), "top"), (slice(12, None), "edge")):
        made.add(Mesh(solid.vertices, solid.faces[faces], solid.materials[faces], solid.uv), role)
    scale = 512 / max(wide, tall)
    paint = {
        "front": Material(name, print=labels.panel(article, round(wide * scale), round(tall * scale)), roughness=roughness),
        "side": Material(
            name, print=labels.side(article, max(140, round(deep * scale * 1.3)), round(tall * scale * 1.3)), roughness=roughness
        ),
        "top": Material(name, print=labels.strip(article, round(wide * scale), max(64, round(deep * scale))), roughness=roughness),
        "edge": Material(name, _tint(article, 0), roughness=roughness),
    }
    return _goods(article, made, paint)


def _goods(article: Sku, made: Assembly, paint: dict[str, Material]) -> Model:
    part = made.part()
    low, high = part.mesh.bounds
    middle = (low + high) / 2
    centred = made.part((float(-middle[0]), float(-middle[1]), float(-low[2])))
    facts = {"sku": article.code, **{name: getattr(article, name) for name in ("kind", "brand", "product", "flavour", "amount")}}
    return model(article.kind, [centred], {role: paint[role] for role in centred.roles}, attributes=facts)


def _label(profile: Floats, low: float, high: float, lift: float = 0.0004) -> Mesh:
    """A band round the part of a lathe's profile between two heights, its middle in front."""
    z = np.linspace(low, high, 6)
    order = np.argsort(profile[:, 1], kind="stable")
    r = np.interp(z, profile[order, 1], profile[order, 0]) + lift
    band = lathe(np.column_stack([r, z]), 40, crease=9.0)
    return band.moved(TURN)


def _cut(profile: Floats, z: float) -> tuple[Floats, Floats]:
    """A rising profile below and above a height."""
    r = float(np.interp(z, profile[:, 1], profile[:, 0]))
    below, above = profile[profile[:, 1] < z - 1e-6], profile[profile[:, 1] > z + 1e-6]
    return np.concatenate([below, [[r, z]]]), np.concatenate([[[r, z]], above])


def bottle(article: Sku) -> Model:
    """A bottle of glass or plastic, filled, with a cap and a label."""
    wide, _, tall = np.multiply((0.037, 1, 0.26), article.proportions)
    slim = article.style in ("arch", "diagonal")
    shoulder = [(1.0, 0.56), (0.9, 0.68)] if slim else [(1.0, 0.64), (0.9, 0.72)]
    outline = [(1.0, 0.03), (1.0, 0.3), *shoulder, (0.5, 0.8), (0.36, 0.86), (0.34, 0.95)]
    profile = spline(np.array(outline), 26) * [wide, tall]
    profile[:, 0] = np.minimum(profile[:, 0], wide)
    profile = np.concatenate([[[0.0, 0.004 * tall], [0.7 * wide, 0.0], [0.9 * wide, 0.002]], profile])
    profile = profile[np.r_[True, np.diff(profile[:, 1]) > -0.01]]
    rising = profile[2:]
    filled, empty = _cut(rising, 0.78 * tall)
    made = Assembly()
    made.add(lathe(np.concatenate([profile[:2], filled]), 36), "liquid")
    made.add(lathe(empty, 36), "glass")
    neck = 0.37 * wide
    made.add(lathe([(neck, 0.93 * tall), (neck * 1.12, 0.932 * tall), (neck * 1.12, 0.995 * tall), (neck, tall), (0.0, tall)], 30), "cap")
    made.add(_label(rising, 0.2 * tall, 0.58 * tall), "label")
    clear = article.icon in ("drop", "wave")
    drink = (0.75, 0.8, 0.82) if clear else linear(SCHEMES[article.scheme][2])
    paint = {
        "liquid": Material("filled bottle", drink, roughness=0.05, clearcoat=1.0, opacity=0.6 if clear else 0.9, specular=0.04),
        "glass": Material("bottle glass", (0.55, 0.62, 0.58), roughness=0.03, clearcoat=1.0, opacity=0.35),
        "cap": Material("plastic cap", _tint(article, 0), roughness=0.35),
        "label": Material("paper label", print=labels.wrap(article, 900, round(900 * 0.38 * tall / (2 * np.pi * wide))), roughness=0.45),
    }
    return _goods(article, made, paint)


def can(article: Sku) -> Model:
    """A tin: of drinks, with necked ends, or of food, with ridges."""
    drink = article.product in ("Cola", "Ginger Ale")
    wide, _, tall = np.multiply((0.033 if drink else 0.038, 1, 0.12 if drink else 0.11), article.proportions)
    made = Assembly()
    if drink:
        made.add(lathe([(0, 0.006), (0.7 * wide, 0.004), (0.78 * wide, 0.0), (0.86 * wide, 0.004), (wide, 0.012)], 36), "metal")
        made.add(lathe([(wide, 0.012), (wide, tall - 0.014), (0.84 * wide, tall - 0.003)], 36, crease=9.0).moved(TURN), "label")
        end = [(0.84 * wide, tall - 0.003), (0.86 * wide, tall), (0.8 * wide, tall), (0.78 * wide, tall - 0.004), (0, tall - 0.004)]
        made.add(lathe(end, 36), "metal")
        made.add(cylinder(0.3 * wide, 0.0012, 14).moved(offset=(0.25 * wide, 0, tall - 0.004)), "metal")
    else:
        rim = [(0, 0.003), (0.93 * wide, 0.003), (0.95 * wide, 0), (wide, 0), (wide, 0.004), (0.97 * wide, 0.005)]
        made.add(lathe(rim, 36), "metal")
        made.add(lathe([(0.97 * wide, 0.005), (0.97 * wide, tall - 0.005)], 36).moved(TURN), "label")
        end = [
            (0.97 * wide, tall - 0.005),
            (wide, tall - 0.004),
            (wide, tall),
            (0.95 * wide, tall),
            (0.93 * wide, tall - 0.003),
            (0, tall - 0.003),
        ]
        made.add(lathe(end, 36), "metal")
    paint = {
        "metal": Material("tin", (0.72, 0.72, 0.7), roughness=0.25, metallic=1.0),
        "label": Material(
            "printed tin", print=labels.wrap(article, 900, round(900 * tall / (2 * np.pi * wide))), roughness=0.3, clearcoat=0.4
        ),
    }
    return _goods(article, made, paint)


def jar(article: Sku) -> Model:
    wide, _, tall = np.multiply((0.038, 1, 0.105), article.proportions)
    outline = np.array([(0.95, 0.02), (1.0, 0.06), (1.0, 0.4), (1.0, 0.72), (0.93, 0.8), (0.86, 0.84)]) * [wide, tall]
    made = Assembly()
    profile = np.concatenate([[[0.0, 0.0], [0.88 * wide, 0.0]], outline])
    made.add(lathe(profile, 36), "content")
    lid = [(0.88 * wide, 0.84 * tall), (0.92 * wide, 0.845 * tall), (0.92 * wide, 0.985 * tall), (0.89 * wide, tall), (0, tall)]
    made.add(lathe(lid, 36), "lid")
    made.add(_label(outline, 0.14 * tall, 0.68 * tall), "label")
    content = {"Honey": (0.55, 0.27, 0.03), "Berry Jam": (0.25, 0.02, 0.04), "Pickles": (0.2, 0.24, 0.05), "Pesto": (0.1, 0.16, 0.03)}
    paint = {
        "content": Material("filled glass", content.get(article.product, (0.4, 0.28, 0.06)), roughness=0.06, clearcoat=1.0, opacity=0.9),
        "lid": Material("lid", _tint(article, 0), roughness=0.3, metallic=0.0, clearcoat=0.5),
        "label": Material("paper label", print=labels.wrap(article, 900, round(900 * 0.54 * tall / (2 * np.pi * wide))), roughness=0.5),
    }
    return _goods(article, made, paint)


def mug(article: Sku) -> Model:
    wide, _, tall = np.multiply((0.041, 1, 0.095), article.proportions)
    inner = wide - 0.0035
    made = Assembly()
    outer = [(0, 0.003), (0.75 * wide, 0.003), (0.8 * wide, 0), (0.92 * wide, 0.002), (wide, 0.012), (wide, 0.15 * tall)]
    made.add(lathe(outer, 36), "ceramic")
    made.add(lathe([(wide, 0.15 * tall), (wide, 0.85 * tall)], 36).moved(TURN), "print")
    rim = [
        (wide, 0.85 * tall),
        (wide, tall - 0.002),
        (wide - 0.0017, tall),
        (inner, tall - 0.002),
        (inner, 0.012),
        (0.9 * inner, 0.006),
        (0, 0.005),
    ]
    made.add(lathe(rim, 36, crease=1.2), "ceramic")
    y = wide + np.array([-0.004, 0.018, 0.03, 0.03, 0.018, -0.004])
    glaze = _tint(article, 1) if article.scheme % 2 else (0.75, 0.74, 0.71)
    handle = spline(np.column_stack([0 * y, y, tall * np.array([0.8, 0.82, 0.68, 0.4, 0.24, 0.22])]), 16)
    made.add(sweep(handle, 0.0052, 8), "ceramic")
    paint = {
        "ceramic": Material("glazed ceramic", glaze, pattern="ceramic", roughness=0.15, clearcoat=1.0),
        "print": Material("glazed print", print=labels.wrap(article, 800, 200), roughness=0.2, clearcoat=0.8),
    }
    return _goods(article, made, paint)


def tube(article: Sku) -> Model:
    """A tube that lies on its back: round at the shoulder, flat at the fold."""
    long, wide, high = np.multiply((0.15, 0.05, 0.034), article.proportions)
    share = np.linspace(0, 1, 14)
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    half_width = (wide / 2) * (0.72 + 0.28 * share**1.5)
    half_height = np.maximum((high / 2) * (1 - share**2.2), 0.0008)
    rings = np.empty((len(share), len(angle), 3))
    rings[..., 0] = (share * long)[:, None]
    rings[..., 1] = half_width[:, None] * np.sin(angle)
    rings[..., 2] = high / 2 * (1 - 0.6 * share)[:, None] - half_height[:, None] * np.cos(angle)
    made = Assembly()
    made.add(loft(rings), "label")
    lying = np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]])
    made.add(cylinder(0.26 * wide, 0.02, 24, top=0.24 * wide, bevel=0.001).moved(lying, (0.0, 0, high / 2)), "cap")
    paint = {
        "label": Material("printed tube", print=labels.wrap(article, 420, 640), roughness=0.3, clearcoat=0.3),
        "cap": Material("plastic cap", _tint(article, 1), roughness=0.35),
    }
    return _goods(article, made, paint)


def bag(article: Sku) -> Model:
    """A pillow bag that stands: fat in the middle, flat at its seams, creased."""
    deep, wide, tall = np.multiply((0.07, 0.16, 0.23), article.proportions)
    u, v = np.meshgrid(np.linspace(0, 1, 19), np.linspace(0, 1, 23))
    chance = np.random.default_rng(int(article.code[:9]))
    plump = np.sqrt(np.maximum(1 - (2 * u - 1) ** 4, 0)) * np.sqrt(np.maximum(1 - np.abs(2 * v - 1) ** 3.5, 0))
    crease = np.zeros_like(u)
    for k in range(1, 5):
        crease += chance.normal(0, 0.05) * np.sin(2 * np.pi * (k * u + chance.uniform(0.5, 3) * v + chance.random()))
    x = (deep / 2) * np.clip(plump * (1 + crease), 0.004, None)
    y = (u - 0.5) * wide * (1 - 0.06 * plump[:, 9:10])
    z = v * tall
    made = Assembly()
    made.add(grid(np.stack([x, y, z], axis=-1)), "front")
    back = grid(np.stack([-x[:, ::-1], y[:, ::-1], z[:, ::-1]], axis=-1))
    made.add(back, "back")
    paint = {
        "front": Material("foil", print=labels.panel(article, 400, round(400 * tall / wide)), roughness=0.3, clearcoat=0.3),
        "back": Material("foil", print=labels.side(article, 400, round(400 * tall / wide)), roughness=0.3, clearcoat=0.3),
    }
    return _goods(article, made, paint)


def shoe(article: Sku) -> Model:
    """A running shoe: sole, upper, laces, stripes."""
    long, wide, tall = np.multiply((0.29, 0.105, 0.12), article.proportions)
    x = np.array([0.0, 0.06, 0.2, 0.4, 0.55, 0.72, 0.88, 0.96, 1.0])
    half = np.array([0.16, 0.3, 0.35, 0.3, 0.36, 0.48, 0.44, 0.3, 0.12])
    top = np.array([0.5, 0.92, 1.0, 0.82, 0.66, 0.48, 0.36, 0.3, 0.2])
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    at = np.linspace(0, 1, 30)
    w = np.interp(at, x, half) * wide
    h = np.interp(at, x, top) * tall
    sole = 0.028 * (1 + 0.25 * (at - 0.5) ** 2 * 4 * (at < 0.5))
    rings = np.empty((len(at), len(angle), 3))
    rings[..., 0] = (at * long - long / 2)[:, None]
    rings[..., 1] = w[:, None] * np.cos(angle) * (1 - 0.35 * np.clip(np.sin(angle), 0, 1))
    above, below = np.clip(np.sin(angle), 0, 1) ** 0.7, np.clip(np.sin(angle), -1, 0)
    rings[..., 2] = sole[:, None] * 0.9 + (h - sole)[:, None] * above + 0.1 * sole[:, None] * below
    made = Assembly()
    made.add(loft(rings), "upper")
    flat = np.concatenate([np.column_stack([at * long - long / 2, -1.06 * w]), np.column_stack([at * long - long / 2, 1.06 * w])[::-1]])
    heights = np.interp((flat[:, 0] + long / 2) / long, at, sole)
    lift = 0.012 * np.clip(((flat[:, 0] + long / 2) / long - 0.75) / 0.25, 0, 1) ** 2
    levels = [np.column_stack([flat * 0.98, lift]), np.column_stack([flat * 1.02, lift + 0.006]), np.column_stack([flat, heights])]
    made.add(creased(loft(np.stack(levels), smooth=False), 0.7), "sole")
    for number in range(5):
        share = 0.46 + 0.055 * number
        place = (share * long - long / 2, 0, float(np.interp(share, at, h)) - 0.003)
        made.add(box((0.007, 0.045, 0.006), bevel=0.002).moved(offset=place), "lace")
    for number in range(3):
        share = 0.44 + 0.07 * number
        y = float(np.interp(share, at, w)) * 0.93
        for side in (1, -1):
            made.add(box((0.011, 0.006, 0.035), bevel=0.002).moved(offset=(share * long - long / 2, side * y, 0.055)), "accent")
    opening = cylinder(0.03, 0.004, 20).scaled((1.15, 0.85, 1)).moved(offset=(-0.27 * long, 0, float(np.interp(0.23, at, h)) - 0.001))
    made.add(opening, "inside")
    paint = {
        "upper": Material("mesh fabric", _tint(article, 0), _tint(article, 1), "fabric", 0.003, 0.25, roughness=0.8),
        "sole": Material("foam", (0.75, 0.75, 0.73), roughness=0.6),
        "lace": Material("laces", _tint(article, 1), roughness=0.9),
        "accent": Material("accent", _tint(article, 2), roughness=0.5),
        "inside": Material("lining", (0.03, 0.03, 0.03), roughness=1.0),
    }
    return _goods(article, made, paint)


def bowl(article: Sku) -> Model:
    wide, _, tall = np.multiply((0.08, 1, 0.07), article.proportions)
    t = np.linspace(0, 1, 10)
    outer = np.column_stack([wide * (0.45 + 0.55 * np.sin(t * np.pi / 2)), tall * (0.06 + 0.94 * (1 - np.cos(t * np.pi / 2)))])
    inner = (outer - [0.004, -0.003])[::-1]
    inner[0, 1] = tall - 0.001
    made = Assembly()
    made.add(lathe([(0, 0.002), (0.4 * wide, 0.002), (0.42 * wide, 0), (0.46 * wide, 0.0), *outer[:6]], 40), "outside")
    made.add(lathe(outer[5:], 40), "band")
    made.add(lathe([outer[-1], *inner, (0, 0.007)], 40, crease=1.5), "inside")
    tones = {"outside": _tint(article, 0), "band": _tint(article, 2), "inside": (0.74, 0.72, 0.68)}
    paint = {role: Material("glazed ceramic", tone, pattern="ceramic", roughness=0.15, clearcoat=1.0) for role, tone in tones.items()}
    return _goods(article, made, paint)


def book(article: Sku) -> Model:
    """A hardback that stands: boards, spine, pages set back."""
    thick, wide, tall = np.multiply((0.03, 0.14, 0.21), article.proportions)
    made = Assembly()
    for side in (1, -1):
        made.add(box((0.003, wide, tall), bevel=0.0006).moved(offset=(side * (thick / 2 - 0.0015), 0, tall / 2)), "cover")
    made.add(box((thick, 0.003, tall), bevel=0.0006).moved(offset=(0, -wide / 2 + 0.0015, tall / 2)), "spine")
    made.add(box((thick - 0.006, wide - 0.008, tall - 0.008)).moved(offset=(0, 0.0, tall / 2)), "pages")
    spine = np.ascontiguousarray(np.rot90(labels.strip(article, 420, 60).image, 3))
    paint = {
        "cover": Material("cloth board", print=labels.panel(article, 340, round(340 * tall / wide)), roughness=0.6),
        "spine": Material("cloth board", print=Print(spine), roughness=0.6),
        "pages": Material("paper", (0.72, 0.69, 0.6), (0.6, 0.57, 0.5), "noise", 0.001, 0.3, roughness=1.0),
    }
    return _goods(article, made, paint)


def cosmetics(article: Sku) -> Model:
    """A bottle with a pump."""
    wide, _, tall = np.multiply((0.032, 1, 0.17), article.proportions)
    outline = np.array([(0.94, 0.01), (1.0, 0.04), (1.0, 0.4), (1.0, 0.74), (0.94, 0.8), (0.5, 0.83)]) * [wide, tall]
    made = Assembly()
    made.add(lathe(np.concatenate([[[0, 0.0], [0.9 * wide, 0.0]], outline, [[0.0, 0.832 * tall]]]), 36), "body")
    made.add(_label(outline, 0.1 * tall, 0.68 * tall), "label")
    made.add(cylinder(0.5 * wide, 0.07 * tall, 24, bevel=0.001).moved(offset=(0, 0, 0.825 * tall)), "pump")
    made.add(cylinder(0.12 * wide, 0.08 * tall, 12).moved(offset=(0, 0, 0.88 * tall)), "pump")
    made.add(box((1.3 * wide, 0.5 * wide, 0.05 * tall), bevel=0.002).moved(offset=(0.4 * wide, 0, 0.975 * tall)), "pump")
    paint = {
        "body": Material("plastic", _tint(article, 0), roughness=0.3),
        "label": Material("film label", print=labels.wrap(article, 800, round(800 * 0.58 * tall / (2 * np.pi * wide))), roughness=0.3),
        "pump": Material("plastic", (0.75, 0.75, 0.74), roughness=0.3),
    }
    return _goods(article, made, paint)


MODELS: dict[str, Callable[[Sku], Model]] = {
    "carton": carton,
    "bottle": bottle,
    "can": can,
    "jar": jar,
    "mug": mug,
    "tube": tube,
    "bag": bag,
    "shoe": shoe,
    "bowl": bowl,
    "book": book,
    "cosmetics": cosmetics,
    "electronics": electronics,
}
"""A function for each kind of goods."""
