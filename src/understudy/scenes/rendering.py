"""`Studio`: from a scene to a shot: hits, labels, a renderer's pictures, and the proof that they agree."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, MissingExtraError, did_you_mean
from understudy.core.random import Stream

if TYPE_CHECKING:
    from understudy.data.media.items import Shot
    from understudy.scenes.camera import Camera
    from understudy.scenes.hits import Hits, Tracer
    from understudy.scenes.scene import Scene
    from understudy.scenes.spec.draws import Draws

RENDERERS = {
    "raycast": "understudy.scenes.raycast.renderer:Raycast",
    "mitsuba": "understudy.scenes.mitsuba.renderer:Mitsuba",
    "cycles": "understudy.scenes.cycles.renderer:Cycles",
    "none": "understudy.scenes.rendering:LabelsOnly",
}
LABELS = ("boxes", "amodal", "depth", "normals", "flow", "scene_flow", "keypoints", "captions", "questions")
"""What can be left out; track and category maps, tight boxes and 3D boxes are always there."""


class Renderer(ABC):
    """Makes the picture of a frame. It never makes labels.

    Attributes:
        name: as a description writes it.
    """

    name: ClassVar[str]

    @abstractmethod
    def image(self, scene: Scene, tracer: Tracer, camera: Camera, time: float, hits: Hits, rng: Stream) -> NDArray[Any]:
        """The picture that `camera` takes at `time`: (H, W, 3) uint8 sRGB, (H, W) uint8 for the bands infrared and thermal, (H, W, 3 + B)
        uint16 where the camera has further bands. `rng` is keyed by camera and frame."""


class LabelsOnly(Renderer):
    """The categories' colours, shaded by the surface's direction: for labels without the price of a picture."""

    name = "none"

    def image(self, scene: Scene, tracer: Tracer, camera: Camera, time: float, hits: Hits, rng: Stream) -> NDArray[Any]:
        colors = {category.id: category.color for category in scene.categories}
        of_link = [colors[scene.bodies[body].category] for body, _, _ in scene.links()]
        table = np.array([*of_link, colors[scene.sky_category]], dtype=np.float32)  # the last is what -1 takes
        light = np.where(hits.link >= 0, 0.6 + 0.4 * np.abs(hits.normal[..., 2]), 1.0)
        return np.asarray(table[hits.link] * light[..., None], dtype=np.uint8)


@dataclass(frozen=True)
class Studio:
    """What turns scenes into shots.

    renderer: of the pictures. wanted: names from `LABELS`.
    """

    renderer: Renderer
    wanted: frozenset[str]

    def shot(self, scene: Scene, draw: Draws) -> Shot:
        """All frames of all cameras, labelled.

        Raises:
            ProofError: a picture is blank, or labels do not agree.
        """
        from understudy.data.media.items import Shot
        from understudy.scenes.labels import frames
        from understudy.scenes.raycast.embree import EmbreeTracer

        tracer = EmbreeTracer(scene)

        def stream(camera: Camera, number: int) -> Stream:
            return draw.stream(f"frames/{camera.name}/{number}")

        def picture(camera: Camera, number: int, hits: Hits) -> NDArray[Any]:
            return self.renderer.image(scene, tracer, camera, float(scene.times[number]), hits, stream(camera, number))

        arrays, records = _sensed(scene, tracer, draw)
        return Shot(
            world=scene.world,
            index=0,
            frames=frames(scene, tracer, self.wanted, picture, stream),
            categories=scene.categories,
            rate=scene.rate,
            edge_cases=draw.edge_cases,
            events=[dict(event) for event in scene.events],
            records={**{name: list(rows) for name, rows in scene.records.items()}, **records},
            arrays={**scene.arrays, **arrays},
            meta=dict(scene.meta),
        )


def _sensed(scene: Scene, tracer: Tracer, draw: Draws) -> tuple[dict[str, NDArray[Any]], dict[str, list[dict[str, Any]]]]:
    """What the sensors that are no cameras give, over all times."""
    arrays: dict[str, NDArray[Any]] = {}
    records: dict[str, list[dict[str, Any]]] = {}
    for sensor in scene.sensors:
        for number, time in enumerate(scene.times):
            found = sensor.sense(scene, tracer, number, draw.stream(f"sensors/{sensor.name}/{number}"))
            arrays |= {f"{sensor.name}/{number:04d}/{name}": array for name, array in found.arrays.items()}
            if found.rows:
                records.setdefault(sensor.name, []).extend({"frame": number, "time": float(time), **row} for row in found.rows)
    return arrays, records


def renderer(name: str, options: dict[str, Any]) -> Renderer:
    """The renderer called `name`. Raises `ArgumentError` with the nearest name, or for options that it does not take."""
    require_renderer(name)
    module, _, attribute = RENDERERS[name].partition(":")
    kind: type[Renderer] = getattr(import_module(module), attribute)
    known = list(signature(kind).parameters)
    for option in options:
        if option not in known:
            remedy = did_you_mean(option, known) if known else "It takes none."
            raise ArgumentError(f'The renderer {name} has no option "{option}".', where=f"renderer: {name}", remedy=remedy)
    return kind(**options)


def require_tracer() -> None:
    """Raises `MissingExtraError` where there is no Embree to cast rays with."""
    try:
        import embreex.rtcore  # noqa: F401
    except ImportError:
        raise MissingExtraError.of("scenes", "Tracing rays") from None


def require_whole(kind: type[Renderer], option: str, value: object, low: int, high: int) -> None:
    """Raises `ArgumentError` where a renderer's option is no whole number of `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ArgumentError(f"`{option}` is a whole number of {low} to {high}, not {value!r}.", where=f"renderer: {kind.name}: {option}")


def require_renderer(name: str) -> None:
    """Raises `ArgumentError` with the nearest name where there is no renderer called `name`."""
    if name not in RENDERERS:
        raise ArgumentError(f'There is no renderer called "{name}".', where="renderer", remedy=did_you_mean(name, RENDERERS))
