"""`Scene`: everything that is there, where it is at any time, and who looks at it. Worlds make it; renderers and labels read it.

Nothing in it is a distribution any more: what varies was drawn before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Category
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.mesh import Mesh
from understudy.scenes.geometry.motion import Motion
from understudy.scenes.material import Material

if TYPE_CHECKING:
    from understudy.core.random import Stream

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """A rigid part of a body: a wheel, a forearm, or all of it. materials: those that the mesh's faces count."""

    mesh: Mesh
    motion: Motion
    materials: tuple[Material, ...]


@dataclass(frozen=True)
class Keypoint:
    """A labelled point. link: position in the body's links. place: (3,) m in that link's coordinates. It is visible where a ray
    reaches it to within `reach` m, so that points inside a limb count."""

    link: int
    place: tuple[float, float, float]
    reach: float = 0.12


@dataclass(frozen=True)
class Body:
    """One object, or one piece of stuff.

    Attributes:
        name: its path in the scene, unique: "traffic/car/3".
        category: a `Category.id`.
        track: ≥ 1 for things, unique in the scene and stable over time; 0 for stuff.
        links: rigid parts, at least one. The first carries the 3D box.
        size, middle: 3D box: (3,) length, width, height m, and its centre, both in the first link's coordinates
            (for walkers: of a link that stays upright).
        keypoints: in the order of its category's names; () for none.
        attributes: plain values that become labels ("color": "red", "sku": "A17").
        dynamic: attributes that change: name → (times, values), each value holding from its time on.
    """

    name: str
    category: int
    track: int
    links: tuple[Link, ...]
    size: tuple[float, float, float]
    middle: tuple[float, float, float] = (0.0, 0.0, 0.0)
    keypoints: tuple[Keypoint, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    dynamic: Mapping[str, tuple[Floats, tuple[Any, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lamp:
    """A lamp. link: (body's name, position of the link) that it moves with, None: in the world. place, direction: in those coordinates.
    color: brightness at 1 m, in the unit of sunlit white. cone: half angle in radians, π for all directions; soft: of its edge."""

    place: tuple[float, float, float]
    color: tuple[float, float, float]
    direction: tuple[float, float, float] = (0.0, 0.0, -1.0)
    cone: float = float(np.pi)
    soft: float = 0.2
    link: tuple[str, int] | None = None


@dataclass(frozen=True)
class Sky:
    """Light from above.

    Attributes:
        sun_elevation, sun_azimuth: radians; below 0 it is night. Azimuth 0 along x, counter-clockwise.
        sun: strength of direct sun, 1.0 for a clear day at noon, 0 under clouds. ambient: of the sky's light, .25 clear, .6 overcast.
        cloud: 0 (clear) .. 1 (overcast), as seen in the sky.
        glow: of a city at night.
        studio: instead of a sky, this plain colour all around (products), or None.
        indoors: under a ceiling, where neither the hour nor the weather shows.
    """

    sun_elevation: float = 0.8
    sun_azimuth: float = 0.6
    sun: float = 1.0
    ambient: float = 0.3
    cloud: float = 0.2
    glow: float = 0.0
    studio: tuple[float, float, float] | None = None
    indoors: bool = False


@dataclass(frozen=True)
class Weather:
    """Air and ground. fog: extinction per m (visibility = 3 / fog: .03 is 100 m). rain: mm/h, 0 .. 50. snow: mm/h. wet: 0 .. 1, water on
    horizontal surfaces. haze: extinction per m of dry haze."""

    fog: float = 0.0
    rain: float = 0.0
    snow: float = 0.0
    wet: float = 0.0
    haze: float = 0.0002


class Sensor(Protocol):
    """What senses a scene and is no camera. name: unique in the scene."""

    @property
    def name(self) -> str: ...

    def sense(self, scene: Scene, tracer: Any, number: int, rng: Stream) -> Sensed:
        """What it gives at the scene's time of this number; `tracer` as in `hits.Tracer`, `rng` keyed by sensor and time."""
        ...


@dataclass(frozen=True)
class Sensed:
    """arrays and rows of one moment, by name; they are kept under "SENSOR/…"."""

    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """A scene.

    Attributes:
        bodies: everything that rays can hit.
        cameras: who looks, at least one.
        times: (T,) s of the frames, the middle of each exposure.
        rate: frames a second; 0 for a single picture.
        categories: of bodies; `sky` is the id of what is seen where nothing is hit.
        ground: category that wetness, puddles and tyre tracks apply to; 0 for none.
        events, records, arrays, meta: go to the shot as they are.
        sensors: that are no cameras.
    """

    world: str
    bodies: tuple[Body, ...]
    cameras: tuple[Camera, ...]
    times: Floats
    categories: tuple[Category, ...]
    sky_category: int
    rate: float = 0.0
    sky: Sky = field(default_factory=Sky)
    weather: Weather = field(default_factory=Weather)
    lamps: tuple[Lamp, ...] = ()
    ground: int = 0
    events: tuple[Mapping[str, Any], ...] = ()
    records: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    sensors: tuple[Sensor, ...] = ()

    def links(self) -> Iterator[tuple[int, int, Link]]:
        """Every link with the positions of its body and of itself in it, in the order in which hits count them."""
        for number, body in enumerate(self.bodies):
            for position, link in enumerate(body.links):
                yield number, position, link
