"""Smears: labels that agree with each other, light that is multiplied, edge cases that show."""

import numpy as np
import pytest

from understudy.scenes.generator import Scenes
from understudy.scenes.microscopy.world import IDS, Microscopy
from understudy.scenes.ready import ready_made

SMALL = {"width": 160, "height": 120, "pixels_per_um": 3.5}


def shots(count=2, *, cases=(), **settings):
    spec = {"understudy": "scenes/1", "world": "microscopy", "settings": {**SMALL, **settings}}
    if cases:
        spec["edge_cases"] = dict.fromkeys(cases, 1.0)
    return Scenes(spec).sample(count)


def frames(count=2, **more):
    return [shot.frames[0] for shot in shots(count, **more)]


def test_every_frame_carries_its_proof_and_counts_what_is_listed():
    for shot in shots(4):
        frame = shot.frames[0]
        assert set(frame.proof) >= {"partition", "ids", "boxes", "depth", "image"}
        reds = sum(one.category == IDS["red cell"] for one in frame.instances)
        assert shot.meta["counts"]["red cell"] == reds
        assert frame.questions[0][1] == str(reds)


def test_shares_of_overlap_and_truncation_are_those_of_the_amodal_masks():
    frame = frames(1, cases=("crowded",))[0]
    for one in frame.instances:
        whole = one.amodal_mask.full(frame.height, frame.width)
        assert one.pixels == np.count_nonzero(whole & (frame.track == one.track))
        assert one.occlusion == pytest.approx(1 - one.pixels / whole.sum())
        assert one.truncation == pytest.approx(1 - whole.sum() / one.amodal_mask.pixels.sum())
    assert any(one.occlusion > 0.1 for one in frame.instances)
    assert any(one.attributes["at_edge"] for one in frame.instances)


def test_where_two_cells_lie_on_each_other_less_light_comes_through():
    quiet = {"noise": 0.0, "quality": 0, "depth_um": 0.0, "fringe": 0.0}
    red = {"kind": "dense", "density": 20, "clustering": 0.9, "droplets": 0.0}
    frame = frames(1, optics=quiet, red=red, white={"count": 0}, platelets={"count": 0}, debris=0)[0]
    layers = sum(one.amodal_mask.full(frame.height, frame.width).astype(int) for one in frame.instances)
    green = frame.image[..., 1].astype(float)
    assert green[layers == 0].mean() > green[layers == 1].mean() + 20
    assert green[layers == 1].mean() > green[layers == 2].mean() + 10


def test_equal_seeds_give_equal_pictures_and_other_items_others():
    first, again = shots(2), shots(2)
    assert all(np.array_equal(a.frames[0].image, b.frames[0].image) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].frames[0].image, first[1].frames[0].image)


def test_a_better_camera_changes_no_label():
    coarse, fine = frames(1)[0], frames(1, optics={"noise": 0.0, "quality": 0})[0]
    assert np.array_equal(coarse.track, fine.track)
    assert not np.array_equal(coarse.image, fine.image)


@pytest.mark.parametrize("kind", ["neutrophil", "lymphocyte", "monocyte", "eosinophil"])
def test_white_cells_are_darker_than_red_ones_in_their_nucleus(kind):
    frame = frames(1, white={"kind": kind, "count": 1}, optics={"defocus_um": 0.0, "depth_um": 0.0})[0]
    white = [one for one in frame.instances if one.category == IDS["white cell"]]
    assert [one.attributes["kind"] for one in white] == [kind]
    green = frame.image[..., 1]
    assert np.quantile(green[frame.category == IDS["white cell"]], 0.2) < np.median(green[frame.category == IDS["red cell"]]) - 30


def test_edge_cases_change_what_they_say():
    usual = frames(3)
    contrast = {case: np.mean([f.image[..., 1].std() for f in frames(3, cases=(case,))]) for case in ("dark_stain", "pale_stain")}
    assert contrast["pale_stain"] < np.mean([f.image[..., 1].std() for f in usual]) < contrast["dark_stain"]
    assert np.mean([len(f.instances) for f in frames(3, cases=("crowded",))]) > 1.5 * np.mean([len(f.instances) for f in usual])
    heap = [one for one in frames(1, cases=("clumped_platelets",))[0].instances if one.category == IDS["platelet"]]
    assert len(heap) >= 5
    assert any(one.attributes["kind"] == "eosinophil" for one in frames(1, cases=("eosinophil",))[0].instances if "kind" in one.attributes)


def test_every_edge_case_is_proven():
    for case in Microscopy.edge_cases:
        assert shots(1, cases=(case,))[0].edge_cases == (case,)


def test_the_ready_made_description_is_of_this_world():
    spec = Scenes(ready_made("microscopy-smear")).spec
    assert spec.world == "microscopy"
    assert "not for diagnosis" in spec.about
