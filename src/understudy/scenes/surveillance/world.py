"""`Surveillance`: fixed cameras over places where people walk, and where something happens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Category
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import joined
from understudy.scenes.geometry.motion import Motion, about_z, looking, still
from understudy.scenes.geometry.primitives import box
from understudy.scenes.material import Material
from understudy.scenes.models.people import look, person
from understudy.scenes.scene import Body, Link, Scene, Sky
from understudy.scenes.spec.common import camera_of, focal_of, sky_of, weather_of
from understudy.scenes.spec.draws import Draws
from understudy.scenes.surveillance.categories import CATEGORIES, IDS
from understudy.scenes.surveillance.events import Role, Story, story_of
from understudy.scenes.surveillance.places import Place, place_of
from understudy.scenes.surveillance.settings import Cameras, SurveillanceSettings
from understudy.scenes.world import EdgeCase, Video, World

Floats = NDArray[np.float64]
DARK = 0.03
"""Radians of the sun's height under which street lamps are on."""
BAG = (0.45, 0.24, 0.3)


class Surveillance(World):
    """A square, a car park, a shop or a lobby, watched by one to three cameras."""

    name: ClassVar[str] = "surveillance"
    about: ClassVar[str] = "people and events before fixed cameras, indoors and outdoors"
    settings: ClassVar[type[SurveillanceSettings]] = SurveillanceSettings
    categories: ClassVar[tuple[Category, ...]] = CATEGORIES
    edge_cases: ClassVar[Mapping[str, EdgeCase]] = {
        "night": EdgeCase(
            "after dark; few lamps indoors", {"light.sun_elevation_deg": {"uniform": [-30, -8]}, "lit": {"uniform": [0.1, 0.3]}}
        ),
        "infrared": EdgeCase(
            "at night by an infrared lamp at the camera",
            {"light.sun_elevation_deg": {"uniform": [-30, -8]}, "lit": 0.0, "cameras.band": "infrared"},
        ),
        "thermal": EdgeCase("a thermal camera", {"cameras.band": "thermal", "cameras.sensor.quality": 0}),
        "low-bitrate": EdgeCase("hard compression", {"cameras.sensor.quality": {"integer": [5, 18]}}),
        "rain": EdgeCase(
            "rain, outdoors", {"weather.rain": {"uniform": [4, 30]}, "light.cloud": 1.0, "cameras.sensor.drops": {"integer": [5, 40]}}
        ),
        "glare": EdgeCase(
            "the low sun in the lens",
            {
                "light.sun_elevation_deg": {"uniform": [4, 14]}, "light.sun_azimuth_deg": {"uniform": [30, 60]}, "light.cloud": 0.0,
                "cameras.sensor.flare": {"uniform": [0.6, 1]},
            },
        ),
        "crowded": EdgeCase(
            "many people, who hide each other",
            {"people": {"integer": [12, 18]}},
        ),
        "occlusion": EdgeCase(
            "a low camera, before which things and people hide each other",
            {"cameras.height_m": 2.5, "people": {"integer": [8, 14]}},
        ),
    }  # fmt: skip

    def scene(self, settings: SurveillanceSettings, video: Video, draw: Draws) -> Scene:
        sky = sky_of(settings.light, draw)
        kind, event = str(draw(settings.place, "place")), str(draw(settings.event, "event"))
        place = place_of(kind, draw(settings.parked, "parked"), draw(settings.lit, "lit"), draw, dark=sky.sun_elevation < DARK)
        duration = (video.frames - 1) / video.rate
        story = story_of(event, draw(settings.people, "people"), draw(settings.crowd, "crowd"), place, duration, draw)
        start = _start(story, duration, draw)
        bodies = [_person(number, role, story, draw) for number, role in enumerate(story.roles, 1)]
        if story.bag is not None:
            bodies.append(_bag(len(bodies) + 1, story.bag, story.times, draw.generator("bag")))
        vehicles = [_numbered(body, len(bodies)) for body in place.bodies]
        weather = weather_of(settings.weather, draw)
        return Scene(
            world=self.name,
            bodies=(*vehicles, *bodies),
            cameras=_cameras(settings.cameras, place, draw),
            times=start + video.times,
            categories=self.categories,
            sky_category=IDS["sky"],
            ground=0 if place.indoors else IDS["floor"],
            rate=video.rate if video.frames > 1 else 0.0,
            sky=_ceiling(draw(settings.lit, "lit")) if place.indoors else sky,
            weather=type(weather)(haze=0.0) if place.indoors else weather,
            lamps=tuple(place.lamps),
            events=tuple(_shown(story, start, duration)),
            arrays={"people/times": story.times - start, "people/position": np.stack([role.path for role in story.roles], axis=1)}
            if story.roles
            else {},
            meta={
                "place": kind,
                "event": event,
                "zones": [{"name": "restricted", "polygon_m": _corners(place.zone)}],
                "people": [{"track": number, "name": role.name} for number, role in enumerate(story.roles, 1)],
            },
        )


def _ceiling(lit: float) -> Sky:
    """The little light of a hall beside that of its lamps."""
    return Sky(sun_elevation=0.8, sun=0.0, ambient=0.004 + 0.02 * lit, cloud=1.0, indoors=True)


def _start(story: Story, duration: float, draw: Draws) -> float:
    """The story's time of the first frame: the event begins within the clip, or has begun."""
    last = float(story.times[-1]) - duration
    if not story.rows:
        return last * draw.quantile("moment")
    begins, ends = story.rows[0]["start"], story.rows[0]["end"]
    share = draw.quantile("moment")
    wanted = begins - 0.6 * share * duration if duration > 0 else begins + (0.2 + 0.6 * share) * min(ends - begins, 6.0)
    return float(np.clip(wanted, 0.0, last))


def _shown(story: Story, start: float, duration: float) -> list[dict[str, Any]]:
    """The events that touch the clip, in s from its first frame."""
    return [
        {**row, "start": row["start"] - start, "end": row["end"] - start}
        for row in story.rows
        if row["end"] >= start and row["start"] <= start + duration
    ]


def _corners(zone: tuple[float, float, float, float]) -> list[list[float]]:
    x0, y0, x1, y1 = zone
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def _headings(role: Role, times: Floats) -> Floats:
    """Where people look: along their way; who stands keeps the direction, or turns to what draws the crowd."""
    way = np.gradient(role.path, times, axis=0)
    moving = np.flatnonzero(np.linalg.norm(way, axis=1) > 0.25)
    if not len(moving):
        return np.zeros_like(times)
    angles: Floats = np.interp(times, times[moving], np.unwrap(np.arctan2(way[moving, 1], way[moving, 0])))
    if role.facing is not None:
        stands = times > times[moving[-1]]
        toward = math.atan2(role.facing[1] - role.path[-1, 1], role.facing[0] - role.path[-1, 0])
        turn = (toward - angles[-1] + math.pi) % (2 * math.pi) - math.pi
        angles = angles + turn * np.clip((times - times[moving[-1]]) / 0.8, 0, 1) * stands
    return angles


def _person(track: int, role: Role, story: Story, draw: Draws) -> Body:
    rng = draw.at(role.name).generator("look")
    appearance = look(rng, age="adult" if role.name.startswith("event") else None)
    clothes = {f"{part}_rgb": [round(float(c), 3) for c in tone] for part, tone in appearance.colors if part in ("top", "bottom")}
    facts = {**clothes, "extras": ", ".join(appearance.extras)}
    headings = _headings(role, story.times)
    return person(
        role.name, IDS["person"], track, appearance, story.times, role.path, headings, role.action, since=role.since, attributes=facts
    )


def _bag(track: int, path: Floats, times: Floats, rng: np.random.Generator) -> Body:
    """A travel bag with handles."""
    tone = [(0.02, 0.02, 0.025), (0.03, 0.05, 0.12), (0.3, 0.04, 0.03), (0.1, 0.09, 0.04)][int(rng.integers(4))]
    cloth = Material("bag", tone, tuple(0.6 * c for c in tone), "fabric", 0.006, 0.3)  # type: ignore[arg-type]
    strap = Material("strap", (0.03, 0.03, 0.03))
    long, wide, tall = BAG
    handles = [box((0.2, 0.02, 0.02), 1).moved(offset=(0, s * 0.05, tall + 0.06)) for s in (-1, 1)]
    handles += [box((0.02, 0.02, 0.08), 1).moved(offset=(t * 0.1, s * 0.05, tall + 0.03)) for s in (-1, 1) for t in (-1, 1)]
    shape = joined([box(BAG, bevel=0.04).moved(offset=(0, 0, tall / 2)), *handles])
    way = np.gradient(path[:, :2], times, axis=0)
    moving = np.flatnonzero(np.linalg.norm(way, axis=1) > 0.3)
    angles = np.interp(times, times[moving], np.unwrap(np.arctan2(way[moving, 1], way[moving, 0]))) if len(moving) else np.zeros_like(times)
    motion = Motion(times, path, np.stack([about_z(float(angle)) for angle in angles]))
    return Body(
        "event/bag", IDS["bag"], track, (Link(shape, motion, (cloth, strap)),), (long, wide, tall + 0.07), (0.0, 0.0, tall / 2 + 0.035)
    )


def _numbered(body: Body, people: int) -> Body:
    """Fixed things keep their track; vehicles count from 1001, so that a person more changes none."""
    return replace(body, track=1000 + body.track) if body.track else body


def _cameras(settings: Cameras, place: Place, draw: Draws) -> tuple[Camera, ...]:
    """On poles and walls outdoors, under the ceiling indoors."""
    view, bend = draw(settings.field_of_view_deg, "cameras/field_of_view_deg"), draw(settings.distortion, "cameras/distortion")
    height, band = draw(settings.height_m, "cameras/height_m"), draw(settings.band, "cameras/band")
    made = []
    for number in range(draw(settings.fixed, "cameras/fixed")):
        spot, target = place.mounts[number]
        at = (spot[0], spot[1], min(spot[2], height) if place.indoors else height)
        focal = focal_of(max(view, 85.0) if place.indoors else view, settings.sensor.width)
        bent: tuple[float, ...] = (bend, 0.0, 0.0, 0.0, 0.0) if bend else ()
        made.append(camera_of(settings.sensor, draw, f"camera_{number}", focal, still(at, looking(target, at)), distortion=bent, band=band))
    if draw(settings.dome, "cameras/dome"):
        at = (0.1, -0.9, 3.2 if place.indoors else height)
        turn = looking((0.1, -0.9, 0.0), at)
        made.append(camera_of(settings.sensor, draw, "dome", settings.sensor.width / math.pi, still(at, turn), model="fisheye", band=band))
    return tuple(made)
