"""Labels through Embree and through a tracer of a few lines are the same, but for rays that pass an edge within rounding."""

from __future__ import annotations

import numpy as np
import pytest
from tests.scenes.labels.oracle import Oracle, scene
from tests.scenes.labels.test_flow import LENSES, NAMES, cars, driving

from understudy.scenes.labels import frames
from understudy.scenes.raycast.embree import EmbreeTracer


@pytest.mark.parametrize("lens", LENSES, ids=NAMES)
def test_two_tracers_give_the_same_labels(lens: dict[str, object]) -> None:
    made = scene(cars(), [driving(lens)], [0.0, 0.1])
    for slow, fast in zip(frames(made, Oracle(made)), frames(made, EmbreeTracer(made)), strict=True):
        same = slow.track == fast.track
        assert (~same).sum() <= 6
        for name, slack in (("depth", 1e-3), ("distance", 1e-3), ("normal", 1e-4), ("flow_forward", 1e-2), ("flow_backward", 1e-2)):
            one, other = (np.nan_to_num(getattr(frame, name), posinf=0.0) for frame in (slow, fast))
            off = np.abs(one - other).reshape(*same.shape, -1).max(axis=2)
            assert (off > slack * np.maximum(1, np.abs(one).reshape(*same.shape, -1).max(axis=2))).sum() <= 30, name
        assert np.mean(slow.hidden_forward == fast.hidden_forward) > 0.998
        assert np.mean(slow.hidden_backward == fast.hidden_backward) > 0.998
        for a, b in zip(slow.instances, fast.instances, strict=True):
            assert a.box == pytest.approx(b.box, abs=1)
            assert a.occlusion == pytest.approx(b.occlusion, abs=0.01)
            assert a.truncation == pytest.approx(b.truncation, abs=1e-6)


def test_labels_made_again_are_the_same_to_the_bit() -> None:
    made = scene(cars(), [driving(LENSES[1])], [0.0, 0.1])
    one, other = (frames(made, EmbreeTracer(made)) for _ in range(2))
    for first, second in zip(one, other, strict=True):
        for name in ("track", "category", "depth", "distance", "normal", "flow_forward", "hidden_forward", "scene_flow"):
            assert getattr(first, name).tobytes() == getattr(second, name).tobytes(), name
        assert first.caption == second.caption
        assert first.questions == second.questions
        assert first.proof == second.proof
