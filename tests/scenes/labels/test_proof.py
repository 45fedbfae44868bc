from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.scenes.labels.oracle import CATEGORIES, Oracle, ahead, box, ground, scene, thing

from understudy.core.errors import ProofError
from understudy.data.media.items import Frame
from understudy.scenes.camera import Camera
from understudy.scenes.geometry.motion import along, still
from understudy.scenes.hits import Hits
from understudy.scenes.labels import frames
from understudy.scenes.labels.proof import prove, prove_flow
from understudy.scenes.labels.silhouette import Silhouette
from understudy.scenes.scene import Keypoint, Scene

SMALL = {"width": 160, "height": 120, "focal": 125.0}


def two_cars() -> Scene:
    return scene(
        [ground(), thing(1, box(1, 2, 2), still((10.0, 0.5, 1.2))), thing(2, box(1, 1, 1), still((6.0, -0.3, 0.8)))], [ahead(**SMALL)]
    )


def noise(camera: Camera, number: int, hits: Hits) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (*hits.link.shape, 3)).astype(np.uint8)


class Faulty(Oracle):
    """Changes what the tracer says."""

    def __init__(self, scene: Scene, change: str) -> None:
        super().__init__(scene)
        self.change = change

    def hits(self, camera: Camera, time: float) -> Hits:
        true = super().hits(camera, time)
        if self.change == "lost":  # a part of an object is not met: the ground shines through
            link, distance = true.link.copy(), true.distance.copy()
            rows, columns = np.nonzero(link == 2)
            link[rows[:40], columns[:40]], distance[rows[:40], columns[:40]] = 0, 30.0
            return replace(true, link=link, distance=distance)
        if self.change == "far":
            return replace(true, distance=np.where(true.link == 1, true.distance * 1.05, true.distance))
        return replace(true, link=np.roll(true.link, 3, axis=1), distance=np.roll(true.distance, 3, axis=1))


def test_a_true_frame_carries_the_figures_of_every_check() -> None:
    made = two_cars()
    proof = frames(made, Oracle(made), picture=noise)[0].proof
    assert set(proof) == {"partition", "ids", "boxes", "keypoints", "depth", "image"}
    assert proof["partition"]["pixels"] == proof["partition"]["of_categories"] == 160 * 120
    assert proof["ids"] == {"shown": 2, "listed": 2}
    assert proof["depth"]["pixels"] > 500
    assert proof["depth"]["apart"] == 0
    assert proof["image"]["levels"] == 256


@pytest.mark.parametrize("change", ["lost", "far", "shifted"])
def test_a_tracer_that_errs_is_found_out(change: str) -> None:
    made = two_cars()
    with pytest.raises(ProofError, match=r'check "depth".*camera front, frame 0') as error:
        frames(made, Faulty(made, change))
    assert error.value.remedy


@pytest.mark.parametrize("blank", [np.zeros((120, 160, 3), np.uint8), np.full((120, 160), 90, np.uint8), np.zeros((60, 80, 3), np.uint8)])
def test_a_blank_picture_is_refused(blank: np.ndarray) -> None:
    made = two_cars()
    with pytest.raises(ProofError, match='check "image"'):
        frames(made, Oracle(made), picture=lambda *_: blank)


def test_a_category_that_is_not_listed_is_refused() -> None:
    made = scene([ground(), thing(1, box(1, 1, 1), still((8.0, 0.0, 1.5)), category=9)], [ahead(**SMALL)])
    with pytest.raises(ProofError, match='check "partition".*of_categories'):
        frames(made, Oracle(made))


def test_two_things_with_one_track_are_refused() -> None:
    made = scene([thing(1, box(1, 1, 1), still((8.0, y, 1.5))) for y in (-2.0, 2.0)], [ahead(**SMALL)])
    with pytest.raises(ProofError, match='check "ids"'):
        frames(made, Oracle(made))


def test_a_body_with_other_keypoints_than_its_category_names_is_refused() -> None:
    two = (Keypoint(0, (0.0, 0.0, 0.0)), Keypoint(0, (0.0, 0.0, 0.5)))
    made = scene([thing(1, box(1, 1, 1), still((8.0, 0.0, 1.5)), category=2, keypoints=two)], [ahead(**SMALL)])
    with pytest.raises(ProofError, match='check "keypoints".*thing/1'):
        frames(made, Oracle(made))
    unnamed = scene([thing(1, box(1, 1, 1), still((8.0, 0.0, 1.5)), keypoints=two)], [ahead(**SMALL)])
    assert frames(unnamed, Oracle(unnamed))[0].instances[0].keypoints is None


def outlines(frame: Frame) -> dict[int, Silhouette]:
    return {
        instance.track: Silhouette(instance.amodal_mask, (0, 0, 0, 0), instance.pixels, 0, 0, instance.pixels, 0)  # type: ignore[arg-type]
        for instance in frame.instances
    }


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("boxes", lambda frame: setattr(frame.instances[0], "box", (0.0, 0.0, 160.0, 120.0))),
        ("boxes", lambda frame: setattr(frame.instances[0], "pixels", frame.instances[0].pixels)),
        ("ids", lambda frame: frame.instances.pop()),
        ("partition", lambda frame: frame.category.__setitem__((slice(0, 5), slice(None)), 77)),
        ("partition", lambda frame: frame.track.__setitem__((0, 0), 1)),
    ],
    ids=["box", "amodal box", "instance gone", "category", "stray pixel"],
)
def test_labels_that_are_changed_afterwards_are_found_out(name: str, change: object, request: pytest.FixtureRequest) -> None:
    made = two_cars()
    frame = frames(made, Oracle(made))[0]
    known = outlines(frame)
    prove(frame, CATEGORIES, known, rendered=False)
    change(frame)  # type: ignore[operator]
    if "amodal" in request.node.callspec.id:
        frame.instances[0].amodal_box = (200.0, 0.0, 210.0, 10.0)
    if "gone" in request.node.callspec.id:
        name = "partition"  # the first that sees it
    with pytest.raises(ProofError, match=f'check "{name}"'):
        prove(frame, CATEGORIES, known, rendered=False)


def test_flow_that_does_not_come_back_is_found_out() -> None:
    moving = along([0.0, 0.1], [[9.0, 0.5, 1.0], [9.0, 0.1, 1.0]], 0.0)
    made = scene([ground(), thing(1, box(2, 2, 2), moving)], [ahead(**SMALL)], [0.0, 0.1])
    tracer = Oracle(made)
    first, second = frames(made, tracer)
    links = tuple(tracer.hits(made.cameras[0], time).link for time in (0.0, 0.1))
    assert second.proof["flow"]["missed"] == 0
    second.flow_backward = second.flow_backward + np.float32(1.0)  # type: ignore[operator]
    with pytest.raises(ProofError, match='check "flow".*missed'):
        prove_flow(first, second, links)  # type: ignore[arg-type]
