"""The world `medical`: what a shot of it holds, in all modalities, and that it holds together."""

import numpy as np
import pytest

from understudy.core.errors import ConstraintError, SchemaError
from understudy.scenes.generator import Scenes
from understudy.scenes.medical import NOTICE
from understudy.scenes.medical.anatomy import CATEGORY_IDS
from understudy.scenes.medical.frames import reduced

SMALL = {"size": 64, "slices": 3, "spacing_mm": 8.0, "ct": {"views": 90}}


def shot(case=None, index=0, seed=3, **settings):
    made = Scenes({"understudy": "scenes/1", "world": "medical", "renderer": "none", "settings": {**SMALL, **settings}})
    return made.block(index, seed=seed, given={"edge_case": case} if case else None)[0]


@pytest.fixture(scope="module")
def ct():
    return shot(region="abdomen", lesions={"kind": "cyst", "organ": "liver", "diameter_mm": 30.0}, ct={"views": 90})


def test_a_shot_of_slices_holds_volume_masks_and_what_they_mean(ct):
    assert ct.arrays["volume"].shape == ct.arrays["categories"].shape == ct.arrays["tracks"].shape == (3, 64, 64)
    assert ct.arrays["volume"].dtype == np.int16
    assert ct.meta["spacing_mm"] == [8.0, 400 / 64, 400 / 64]
    assert ct.meta["notice"] == NOTICE
    assert "not for diagnosis" in NOTICE.lower()
    assert all("Not for diagnosis" in frame.caption for frame in ct.frames)
    assert ct.drawn["lesions/0/kind"] == "cyst"
    assert ct.drawn["patient/size"] == pytest.approx(1, abs=0.2)


def test_masks_boxes_and_maps_of_a_frame_agree(ct):
    seen = 0
    for number, frame in enumerate(ct.frames):
        assert (frame.category > 0).all()
        assert np.array_equal(frame.category, ct.arrays["categories"][number])
        for one in frame.instances:
            seen += 1
            mask = frame.track == one.track
            assert mask.sum() == one.pixels
            assert np.array_equal(one.amodal_mask.full(64, 64), mask)
            assert (frame.category[mask] == CATEGORY_IDS["cyst"]).all()
        assert set(frame.proof) == {"partition", "ids", "boxes", "image"}
    assert seen >= 2


def test_a_lesions_3d_box_projects_around_its_pixels(ct):
    for frame in ct.frames:
        for one in frame.instances:
            inside = np.linalg.inv(frame.view.pose) @ np.append(one.center, 1.0)
            pixel = frame.view.matrix[:2, :2] @ inside[:2] + frame.view.matrix[:2, 2]
            assert one.box[0] - 1 <= pixel[0] <= one.box[2] + 1
            assert one.box[1] - 1 <= pixel[1] <= one.box[3] + 1
            assert np.allclose(one.size[:2], 0.03, atol=0.0063)
            assert one.size[2] <= 3 * 0.008 + 1e-9  # the volume ends


def test_the_lesion_is_as_dark_against_its_organ_as_asked():
    settings = {"region": "abdomen", "lesions": {"kind": "cyst", "organ": "liver", "diameter_mm": 36.0}, "slices": 1, "size": 128}
    made = shot(**settings, ct={"views": 180, "milliampere_seconds": 2000.0})
    hu, track, category = (made.arrays[name] for name in ("volume", "tracks", "categories"))
    liver = hu[(category == CATEGORY_IDS["liver"])]
    assert np.median(hu[track == 1]) - np.median(liver) == pytest.approx(made.records["lesions"][0]["contrast_hu"], abs=12)


def test_volume_and_diameter_belong_together(ct):
    lesion = ct.records["lesions"][0]
    assert lesion["volume_ml"] <= np.pi / 6 * lesion["diameter_mm"] ** 3 / 1000 * 1.05


@pytest.mark.parametrize(
    "settings", [{"region": "chest"}, {"modality": "mri", "region": "head"}, {"modality": "xray", "region": "hand", "size": 48}]
)
def test_the_same_item_is_made_again_and_the_next_is_another(settings):
    one, again, other = shot(**settings), shot(**settings), shot(index=1, **settings)
    assert all(np.array_equal(one.arrays[name], again.arrays[name]) for name in one.arrays)
    assert np.array_equal(one.frames[0].image, again.frames[0].image)
    assert not np.array_equal(one.frames[0].image, other.frames[0].image)
    assert one.drawn == again.drawn != other.drawn


def test_a_lesion_more_leaves_patient_and_first_lesion_as_they_were():
    one, two = (shot(region="chest", lesions={"count": number}) for number in (1, 2))
    assert one.records["lesions"][0] == two.records["lesions"][0]
    assert len(two.records["lesions"]) == 2
    apart = two.arrays["tracks"] < 2
    assert np.array_equal(one.arrays["categories"][apart], two.arrays["categories"][apart])


@pytest.mark.slow
def test_a_radiograph_shows_lesion_and_organs_each_by_itself():
    made = shot(modality="xray", region="chest", size=64)
    frame = made.frames[0]
    assert frame.image.shape == (64, 64)
    assert made.arrays["radiograph"].max() == 4095
    assert len(frame.instances) == 1
    lung, heart = made.arrays["organs/lung"].astype(bool), made.arrays["organs/heart"].astype(bool)
    assert lung[frame.track == 1].all()
    assert (lung & heart).any()  # shadows overlap
    assert (frame.category[heart & (frame.track == 0)] == CATEGORY_IDS["heart"]).mean() > 0.5


@pytest.mark.slow
def test_a_hand_is_broken_where_it_is_said():
    made = shot(modality="xray", region="hand", size=128)
    lesion = made.records["lesions"][0]
    assert lesion["kind"] == "fracture"
    assert made.frames[0].instances[0].pixels > 4


def test_metal_is_labelled_and_streaks():
    plain, metal = shot(region="abdomen", shift_mm=-40.0), shot("metal", region="abdomen", shift_mm=-40.0)
    assert metal.edge_cases == ("metal",)
    mask = metal.arrays["categories"] == CATEGORY_IDS["implant"]
    assert mask.any()
    assert np.median(metal.arrays["volume"][mask]) > 1500
    flesh = (metal.arrays["categories"] == CATEGORY_IDS["muscle"]) & (plain.arrays["categories"] == CATEGORY_IDS["muscle"])
    difference = (metal.arrays["volume"].astype(float) - plain.arrays["volume"])[flesh]
    assert np.abs(difference).max() > 100


def test_low_dose_is_noisier():
    settings = {"region": "abdomen", "lesions": {"count": 0}, "slices": 1, "spacing_mm": 2.0, "ct": {"views": 120}}
    high = {**settings, "ct": {"views": 120, "milliampere_seconds": 2000.0}}
    plain, low, best = shot(**settings), shot("low_dose", **settings), shot(**high)
    liver = plain.arrays["categories"] == CATEGORY_IDS["liver"]
    plain_noise, low_noise = ((one.arrays["volume"].astype(float) - best.arrays["volume"])[liver].std() for one in (plain, low))
    assert low_noise > 2 * plain_noise > 0


def test_truncation_cuts_the_patient_off():
    plain, cut = (shot(case, region="abdomen", lesions={"count": 0}) for case in (None, "truncation"))
    air = CATEGORY_IDS["air"]
    assert (cut.arrays["categories"] == air).mean() < 0.5 * (plain.arrays["categories"] == air).mean()
    assert cut.meta["spacing_mm"][1] < plain.meta["spacing_mm"][1]
    assert cut.arrays["volume"][1, 32, 2:6].mean() > plain.arrays["volume"][1, 32, 2:6].mean() + 500


@pytest.mark.slow
def test_faint_rare_many_and_none():
    faint, usual, rare = (shot(case, slices=1).records["lesions"][0] for case in ("faint_lesion", None, "rare_lesion"))
    assert faint["contrast_hu"] == pytest.approx(0.25 * usual["contrast_hu"])
    assert (rare["kind"], rare["organ"]) in {("calcification", "lung"), ("cyst", "lung"), ("tumour", "heart")}
    assert 3 <= len(shot("many_lesions").records["lesions"]) <= 6
    assert shot("no_lesion").records["lesions"] == []


def test_motion_makes_ghosts_in_mri():
    still, moved = (shot(case, modality="mri", region="head", lesions={"count": 0}) for case in (None, "motion"))
    air = still.arrays["categories"] == CATEGORY_IDS["air"]
    assert moved.arrays["volume"][air].mean() > 1.5 * still.arrays["volume"][air].mean()


def test_a_size_that_was_asked_for_is_kept_or_refused():
    with pytest.raises(ConstraintError, match="does not fit into the spleen"):
        shot(region="abdomen", lesions={"kind": "tumour", "organ": "spleen", "diameter_mm": 120.0})


@pytest.mark.parametrize(
    ("wrong", "word"), [({"regoin": "chest"}, "region"), ({"region": "chets"}, "chest"), ({"lesions": {"kind": "tumor"}}, "tumour")]
)
def test_a_wrong_word_is_answered_with_the_nearest(wrong, word):
    with pytest.raises(SchemaError, match=word):
        shot(**wrong)


def test_a_pixel_takes_the_label_of_most_of_its_voxels_and_a_lesion_wins_a_tie():
    labels = np.array([[1, 1, 2, 200], [1, 2, 200, 2], [5, 6, 7, 7], [7, 8, 7, 7]], dtype=np.uint8)
    assert reduced(labels, 2).tolist() == [[1, 200], [8, 7]]
