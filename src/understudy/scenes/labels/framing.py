"""From hits to `Frame`s. The one thing that labels do not know is the picture: it is asked for, and given what the tracer saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.data.media.items import Frame
from understudy.scenes.camera import Camera
from understudy.scenes.hits import Hits, Tracer
from understudy.scenes.labels.captions import caption
from understudy.scenes.labels.conditions import conditions
from understudy.scenes.labels.flow import Flow, flow, nowhere
from understudy.scenes.labels.graph import Graph
from understudy.scenes.labels.lens import margins, rays
from understudy.scenes.labels.objects import instance
from understudy.scenes.labels.proof import prove, prove_flow
from understudy.scenes.labels.questions import questions
from understudy.scenes.labels.silhouette import Silhouette, silhouette
from understudy.scenes.labels.staging import Sight, Staging, Survey, survey
from understudy.scenes.rendering import LABELS
from understudy.scenes.scene import Scene

Picture = Callable[[Camera, int, Hits], NDArray[Any]]
"""The picture of a camera in the frame of a number, from what the tracer saw."""

Streams = Callable[[Camera, int], Stream]
"""The randomness of a camera's frame, for the choice of words and questions."""

MOVING = frozenset({"flow", "scene_flow"})


def frames(
    scene: Scene, tracer: Tracer, wanted: Iterable[str] = LABELS, picture: Picture | None = None, streams: Streams | None = None
) -> list[Frame]:
    """All frames of a scene, by time and then by camera.

    Args:
        tracer: over the same scene.
        wanted: names from `rendering.LABELS`; flow and scene flow are there in clips of two frames and more.
        picture: called once a frame, right after its hits; None leaves black pictures, and out of the proof.
        streams: None: the same words for every scene.

    Raises:
        ArgumentError: a label that does not exist.
        ProofError: a frame is blank, or its labels contradict each other.
    """
    return list(_Takes(Staging.of(scene, tracer), tracer, _known(wanted), picture, streams or _same).frames())


def label_frame(
    scene: Scene, tracer: Tracer, camera: Camera, number: int, hits: Hits, image: NDArray[Any] | None, wanted: Iterable[str], rng: Stream
) -> Frame:
    """One frame by itself: what `frames` gives, but for what its flow proves together with its neighbours', at the price of their hits."""
    staging, names = Staging.of(scene, tracer), _known(wanted)
    sight = staging.sight(camera, number, hits)
    made = frame(sight, image, names, rng)
    if names & MOVING and len(scene.times) > 1:
        for step in (1, -1) if "flow" in names else (1,):
            other = number + step
            found = nowhere(made.height, made.width)
            if 0 <= other < len(scene.times):
                there = staging.sight(camera, other, tracer.hits(camera, float(scene.times[other])))
                found = flow(sight, there, tracer, scene=step > 0)
            _keep(made, found, names, forward=step > 0)
    return made


def _known(wanted: Iterable[str]) -> frozenset[str]:
    names = frozenset(wanted)
    unknown = sorted(names - set(LABELS))
    if unknown:
        raise ArgumentError(f'There is no label called "{unknown[0]}".', remedy=did_you_mean(unknown[0], LABELS))
    return names


def _same(camera: Camera, number: int) -> Stream:
    return Stream(0).child(camera.name, number)


def _keep(made: Frame, found: Flow, wanted: frozenset[str], *, forward: bool) -> None:
    if "flow" in wanted and forward:
        made.flow_forward, made.hidden_forward = found.flow, found.hidden
    elif "flow" in wanted:
        made.flow_backward, made.hidden_backward = found.flow, found.hidden
    if "scene_flow" in wanted and forward:
        made.scene_flow = found.scene


class _Takes:
    """Goes through the times; holds what the cameras saw last and see now."""

    def __init__(self, staging: Staging, tracer: Tracer, wanted: frozenset[str], picture: Picture | None, streams: Streams) -> None:
        self.staging, self.tracer, self.wanted, self.picture, self.streams = staging, tracer, wanted, picture, streams

    def frames(self) -> Iterator[Frame]:
        """A frame is given away once the next is seen, to which its flow leads."""
        before: list[tuple[Sight, Frame]] = []
        for number in range(len(self.staging.scene.times)):
            now = [self._frame(camera, number) for camera in self.staging.scene.cameras]
            self._flows(before, now)
            yield from (frame for _, frame in before)
            before = now
        self._flows(before, [])
        yield from (frame for _, frame in before)

    def _frame(self, camera: Camera, number: int) -> tuple[Sight, Frame]:
        hits = self.tracer.hits(camera, float(self.staging.scene.times[number]))
        sight = self.staging.sight(camera, number, hits)
        image = self.picture(camera, number, hits) if self.picture else None
        return sight, frame(sight, image, self.wanted, self.streams(camera, number))

    def _flows(self, before: list[tuple[Sight, Frame]], now: list[tuple[Sight, Frame]]) -> None:
        """Flow between two times; of the first frames from nowhere, of the last ones to nowhere."""
        if not self.wanted & MOVING or len(self.staging.scene.times) < 2:
            return
        for early, late in zip_longest(before, now):
            if late is None or early is None:
                made = (early or late)[1]
                _keep(made, nowhere(made.height, made.width), self.wanted, forward=late is None)
                continue
            _keep(early[1], flow(early[0], late[0], self.tracer, scene="scene_flow" in self.wanted), self.wanted, forward=True)
            if "flow" in self.wanted:
                _keep(late[1], flow(late[0], early[0], self.tracer, scene=False), self.wanted, forward=False)
                prove_flow(early[1], late[1], (early[0].hits.link, late[0].hits.link))


def frame(sight: Sight, image: NDArray[Any] | None, wanted: frozenset[str], stream: Stream) -> Frame:
    """All that one sight says without another; proven."""
    camera, scene = sight.camera, sight.staging.scene
    left, top = margins(camera)
    table = rays(camera)
    seen = survey(sight, table[top : top + camera.height, left : left + camera.width])
    things = [int(body) for body in np.flatnonzero((seen.pixels > 0) & (sight.staging.tracks > 0))]
    outlines = {body: silhouette(sight, seen, table, body) for body in things}
    made = Frame(
        camera=camera.name,
        index=sight.number,
        time=sight.time,
        view=camera.view(sight.time),
        image=np.zeros((camera.height, camera.width, 3), np.uint8) if image is None else image,
        track=seen.track,
        category=seen.category,
        instances=[instance(sight, seen, outline, body, wanted) for body, outline in outlines.items()],
        depth=seen.depth if "depth" in wanted else None,
        distance=seen.distance if "depth" in wanted else None,
        normal=sight.hits.normal if "normals" in wanted else None,
        conditions=conditions(scene, camera),
    )
    by_track = {scene.bodies[body].track: outline for body, outline in outlines.items()}
    made.proof = prove(made, scene.categories, by_track, rendered=image is not None)
    if wanted & {"captions", "questions"}:
        _speak(made, scene, _hiders(seen, outlines, sight.staging.tracks), wanted, stream)
    return made


def _speak(made: Frame, scene: Scene, hiders: dict[int, int], wanted: frozenset[str], stream: Stream) -> None:
    """Caption and questions."""
    graph = Graph.of(made, scene.categories, hiders)
    if "captions" in wanted:
        made.caption = caption(graph, scene.world, stream.child("caption"))
    if "questions" in wanted:
        made.questions = questions(graph, scene.categories, stream.child("questions"))


def _hiders(seen: Survey, outlines: dict[int, Silhouette], tracks: NDArray[np.int32]) -> dict[int, int]:
    """What hides most of the hidden pixels of an object, as tracks, where it is a thing."""
    found = {}
    for body, outline in outlines.items():
        if outline.hidden:
            mask = outline.mask
            top, left = max(mask.y, 0), max(mask.x, 0)
            part = seen.body[top : mask.y + mask.pixels.shape[0], left : mask.x + mask.pixels.shape[1]]
            covered = mask.pixels[top - mask.y :, left - mask.x :][: part.shape[0], : part.shape[1]]
            shown = np.bincount(part[covered & (part != body) & (part >= 0)], minlength=1)
            hider = int(tracks[np.argmax(shown)]) if shown.any() else 0
            if hider:
                found[int(tracks[body])] = hider
    return found
