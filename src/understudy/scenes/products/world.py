"""`Products`: goods with generated prints on a turntable, in clutter or on a shelf, labelled for visual search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Category
from understudy.scenes.geometry.motion import Motion, about_z, along, looking, still
from understudy.scenes.geometry.primitives import plane
from understudy.scenes.models.model import Model
from understudy.scenes.models.products import KINDS, product
from understudy.scenes.products import stands
from understudy.scenes.products.assortment import article, mistaken_for, numbers_of
from understudy.scenes.products.settings import ProductCamera, ProductsSettings
from understudy.scenes.scene import Body, Lamp, Scene, Sky
from understudy.scenes.spec.common import camera_of, focal_of, sky_of
from understudy.scenes.spec.draws import Draws
from understudy.scenes.spec.placing import placed
from understudy.scenes.world import EdgeCase, Video, World

Floats = NDArray[np.float64]
THINGS = tuple(KINDS)
STUFF = ("backdrop", "table", "wall", "shelf", "turntable", "surroundings")
IDS = {name: number for number, name in enumerate((*THINGS, *STUFF), 1)}
TURN_S = 6.0
"""Of a turntable."""
DENSITY = 0.42
"""Of goods in a clutter: smaller is looser."""


def _color(number: int) -> tuple[int, int, int]:
    hue = number * 0.618 % 1 * 2 * np.pi
    red, green, blue = (int(140 + 100 * np.cos(hue + shift)) for shift in (0.0, 2.09, 4.19))
    return red, green, blue


@dataclass(frozen=True)
class Placed:
    """An article somewhere: its number, its model, how it moves, its heading."""

    number: int
    made: Model
    motion: Motion
    heading: float


class Products(World):
    """One article on a turntable, many in clutter, or rows of them on a shelf."""

    name: ClassVar[str] = "products"
    about: ClassVar[str] = "goods with labels and barcodes: turntable, clutter and shelf, for detection and visual search"
    settings: ClassVar[type[ProductsSettings]] = ProductsSettings
    categories: ClassVar[tuple[Category, ...]] = tuple(
        Category(number, name, name in THINGS, "goods" if name in THINGS else "surroundings", _color(number))
        for name, number in IDS.items()
    )
    edge_cases: ClassVar[Mapping[str, EdgeCase]] = {
        "dim": EdgeCase(
            "little light, much noise",
            {"room": "home", "light.sun_elevation_deg": {"uniform": [-4, 3]}, "camera.sensor.noise": {"uniform": [3, 7]}},
        ),
        "glare": EdgeCase(
            "the low sun on glossy goods", {"room": "home", "light.sun_elevation_deg": {"uniform": [8, 20]}, "light.cloud": 0.0}
        ),
        "truncated": EdgeCase(
            "goods at the picture's edge",
            {"camera.aim": {"mixture": [{"weight": 1, "value": {"uniform": [side - 0.1, side + 0.1]}} for side in (-0.4, 0.4)]}},
        ),
        "occlusion": EdgeCase(
            "many goods seen from low down",
            {"setup": "clutter", "things": {"integer": [18, 26]}, "camera.elevation_deg": {"uniform": [2, 9]}},
        ),
        "from-behind": EdgeCase("the back of an article", {"setup": "turntable", "view_deg": {"uniform": [120, 180]}}),
        "small": EdgeCase("goods far away", {"camera.fill": {"uniform": [0.12, 0.25]}}),
        "blurred": EdgeCase("out of focus", {"camera.sensor.blur": {"uniform": [1.5, 4]}}),
        "dirty-lens": EdgeCase("dirt on the lens", {"camera.sensor.dirt": {"uniform": [0.1, 0.4]}}),
        "low-quality": EdgeCase("strongly compressed", {"camera.sensor.quality": {"integer": [8, 25]}}),
        "rare-class": EdgeCase("bowls alone", {"kind": "bowl"}),
    }

    def scene(self, settings: ProductsSettings, video: Video, draw: Draws) -> Scene:
        setup, room = str(draw(settings.setup, "setup")), str(draw(settings.room, "room"))
        numbers = numbers_of(settings.assortment, settings.articles, str(draw(settings.kind, "kind")))
        goods = {"turntable": _turntable, "clutter": _clutter, "shelf": _shelf}[setup](settings, numbers, video, draw)
        bodies = [self._body(settings, track, one) for track, one in enumerate(goods, 1)]
        around = self._around(settings, setup, room, goods, draw)
        sky = sky_of(settings.light, draw)
        if room == "studio":
            sky = Sky(sky.sun_elevation, sky.sun_azimuth, 0.35, 0.55, 1.0, studio=(0.82, 0.82, 0.82))
        return Scene(
            world=self.name,
            bodies=(*around, *bodies),
            cameras=(_camera(settings.camera, setup, goods, draw),),
            times=video.times,
            categories=self.categories,
            sky_category=IDS["surroundings"],
            rate=video.rate if video.frames > 1 else 0.0,
            sky=sky,
            lamps=_lamps(room, sky, draw),
            records={"goods": _rows(settings, goods), "pairs": _pairs(settings, goods)},
            meta={"setup": setup, "room": room, "assortment": settings.assortment},
        )

    def _body(self, settings: ProductsSettings, track: int, one: Placed) -> Body:
        facts = {"article": one.number, "heading_deg": round(float(np.degrees(one.heading)) % 360, 2)}
        other = mistaken_for(one.number, settings.articles)
        if other is not None:
            facts["mistaken_for"] = article(settings.assortment, other).code  # type: ignore[assignment]
        return one.made.body(f"goods/{track}", IDS[one.made.name], track, one.motion, attributes=facts)

    def _around(self, settings: ProductsSettings, setup: str, room: str, goods: list[Placed], draw: Draws) -> list[Body]:
        rng = draw.generator("room")
        tone = {"white": 0.8, "grey": 0.35}.get(settings.backdrop, float(rng.choice([0.8, 0.75, 0.5, 0.3, 0.12])))
        tint = rng.uniform(0.85, 1.0, 3) if settings.backdrop == "varied" else np.ones(3)
        around = stands.home(IDS["table"], IDS["wall"], rng)
        if room == "studio":
            around = stands.studio(IDS["backdrop"], (float(tone * tint[0]), float(tone * tint[1]), float(tone * tint[2])))
        if setup == "shelf":
            ground = around[0].links[0].materials[0]
            floor = stands.stuff(
                "room/floor", IDS["backdrop" if room == "studio" else "table"], plane((8.0, 12.0)), ground, (2.5, 0.0, -0.35)
            )
            return [*stands.shelf(IDS["shelf"], rng), floor, *around[1:]]
        if setup == "turntable":
            radius = 0.75 * max(goods[0].made.size[:2]) + 0.03
            return [*around, stands.disc(IDS["turntable"], radius)]
        return around


def _pick(numbers: tuple[int, ...], draw: Draws) -> int:
    return numbers[min(int(draw.quantile("article") * len(numbers)), len(numbers) - 1)]


def _turntable(settings: ProductsSettings, numbers: tuple[int, ...], video: Video, draw: Draws) -> list[Placed]:
    number = _pick(numbers, draw.at("goods/1"))
    heading = float(np.radians(draw(settings.view_deg, "view_deg")))
    made, base = product(article(settings.assortment, number)), np.array([0.0, 0.0, 0.012])
    if video.frames == 1:
        return [Placed(number, made, still(base, about_z(heading)), heading)]
    times = np.linspace(0.0, float(video.times[-1]), max(2, int(8 * video.times[-1]) + 1))
    turning = heading + 2 * np.pi * times / TURN_S
    return [Placed(number, made, along(times, np.repeat(base[None], len(times), axis=0), turning), heading)]


def _clutter(settings: ProductsSettings, numbers: tuple[int, ...], video: Video, draw: Draws) -> list[Placed]:
    count, most = int(draw(settings.things, "things")), float(draw(settings.turned, "turned"))
    chosen = _clutter_numbers(settings, numbers, count, draw)
    goods = [product(article(settings.assortment, number)) for number in chosen]
    radii = [float(np.hypot(*made.size[:2])) / 2 + 0.004 for made in goods]
    reach = min(float(np.sqrt(sum(radius**2 for radius in radii) / DENSITY)), float(draw(settings.spread_m, "spread_m")))
    found: list[Placed] = []
    for position, (number, made, radius) in enumerate(zip(chosen, goods, radii, strict=True), 1):
        here = draw.at(f"goods/{position}")

        def propose(at: Draws) -> tuple[float, float]:
            angle, away = 2 * np.pi * at.quantile("angle"), reach * np.sqrt(at.quantile("away"))
            return float(away * np.cos(angle)), float(1.5 * away * np.sin(angle))

        def apart(place: tuple[float, float], radius: float = radius) -> bool:
            others = zip(found, radii, strict=False)
            return all(np.hypot(*(one.motion.positions[0][:2] - place)) > radius + other for one, other in others)

        x, y = placed(here, propose, {"no overlap": apart}, what=f"Article {position} of {count}")
        heading = float(np.radians(most * (2 * here.quantile("turned") - 1)))
        found.append(Placed(number, made, still((x, y, 0.0), about_z(heading)), heading))
    return found


def _clutter_numbers(settings: ProductsSettings, numbers: tuple[int, ...], count: int, draw: Draws) -> list[int]:
    """Articles; every fourth is the one before again, or the one that it is taken for."""
    chosen: list[int] = []
    for position in range(1, count + 1):
        here = draw.at(f"goods/{position}")
        number = _pick(numbers, here)
        if chosen and here.quantile("twin") < 0.25:
            other = mistaken_for(chosen[-1], settings.articles)
            number = other if other in numbers and here.quantile("other") < 0.5 else chosen[-1]
        chosen.append(number)
    return chosen


def _shelf(settings: ProductsSettings, numbers: tuple[int, ...], video: Video, draw: Draws) -> list[Placed]:
    found: list[Placed] = []
    for row, z in enumerate(stands.BOARDS):
        y, position = stands.SHELF_WIDTH / 2 - 0.02, 0
        while True:
            here = draw.at(f"boards/{row}/{position}")
            number = _pick(numbers, here)
            made = product(article(settings.assortment, number))
            deep, wide, tall = made.size
            if wide > y + stands.SHELF_WIDTH / 2 - 0.02 or position > 60:
                break
            for facing in range(int(here(settings.facings, "facings"))):
                if wide > y + stands.SHELF_WIDTH / 2 - 0.02:
                    break
                if tall < 0.33 and deep < stands.SHELF_DEPTH and not here.at(f"{facing}").chance(float(draw(settings.gaps, "gaps")), "gap"):
                    turn = 0.12 * (here.quantile(f"{facing}/turned") - 0.5)
                    place = (stands.SHELF_DEPTH / 2 - deep / 2 - 0.015, y - wide / 2, z)
                    found.append(Placed(number, made, still(place, about_z(turn)), turn))
                y -= wide + 0.012
            y -= 0.015
            position += 1
    return found


def _camera(settings: ProductCamera, setup: str, goods: list[Placed], draw: Draws) -> Any:
    """Far enough away that what is shown fills its share of the picture."""
    at = draw.at("camera")
    view = float(at(settings.field_of_view_deg, "field_of_view_deg"))
    up, left = (np.radians(float(at(getattr(settings, name), name))) for name in ("elevation_deg", "azimuth_deg"))
    if setup == "shelf":
        up, left = 0.4 * up, 0.6 * left
    low, high = _extent(goods)
    middle, sensor = (low + high) / 2, settings.sensor
    focal = focal_of(view, sensor.width)
    spread = 0.7 if setup == "clutter" else 1.0
    across = max(float(high[2] - low[2]), spread * float(np.hypot(*(high - low)[:2])) * sensor.height / sensor.width, 0.05)
    distance = across * focal / (float(at(settings.fill, "fill")) * sensor.height) + 0.4 * float((high - low)[0])
    way = np.array([np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up)])
    place = middle + distance * way
    place[2] = max(place[2], 0.02)
    aside = np.array([-np.sin(left), np.cos(left), 0.0]) * float(at(settings.aim, "aim")) * distance * sensor.width / focal
    return camera_of(sensor, draw, "main", focal, still(place, looking(middle + aside, place)))


def _extent(goods: list[Placed]) -> tuple[Floats, Floats]:
    lows, highs = [], []
    for one in goods:
        place, reach = one.motion.positions[0], float(np.hypot(*one.made.size[:2])) / 2
        lows.append(place - np.array([reach, reach, 0.0]))
        highs.append(place + np.array([reach, reach, one.made.size[2]]))
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _lamps(room: str, sky: Sky, draw: Draws) -> tuple[Lamp, ...]:
    """Soft boxes in a studio; at home a ceiling lamp where it is dark outside."""
    if room == "studio":
        strength = 0.9 * draw.generator("lamps").uniform(0.7, 1.3, 2)
        return tuple(Lamp((1.4, y, 1.6), (float(s), float(s), float(s))) for y, s in zip((1.2, -1.2), strength, strict=True))
    if sky.sun_elevation > 0.08:
        return ()
    return (Lamp((0.5, 0.3, 1.9), (0.5, 0.42, 0.3)),)


def _rows(settings: ProductsSettings, goods: list[Placed]) -> list[dict[str, Any]]:
    """What each thing is, for visual search."""
    rows = []
    for track, one in enumerate(goods, 1):
        known = article(settings.assortment, one.number)
        rows.append(
            {
                "track": track,
                "article": one.number,
                "sku": known.code,
                "name": known.name,
                "heading_deg": float(np.degrees(one.heading)) % 360,
            }
        )
    return rows


def _pairs(settings: ProductsSettings, goods: list[Placed]) -> list[dict[str, Any]]:
    """Pairs of things in the item that are the same article, or are easily taken for one another."""
    rows = []
    for first in range(len(goods)):
        for second in range(first + 1, len(goods)):
            a, b = goods[first].number, goods[second].number
            relation = "same" if a == b else "hard negative" if mistaken_for(a, settings.articles) == b else ""
            if relation:
                rows.append({"first": first + 1, "second": second + 1, "relation": relation})
    return rows
