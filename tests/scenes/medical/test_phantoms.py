import numpy as np
import pytest

from understudy.core.errors import ArgumentError, ConstraintError
from understudy.core.random import Stream
from understudy.scenes.medical.anatomy import CATEGORIES, CATEGORY_IDS, FIRST_LESION, NUMBERS, STRUCTURES
from understudy.scenes.medical.lesions import Wanted, hounsfield
from understudy.scenes.medical.phantoms import matter, phantom, with_lesion
from understudy.scenes.medical.shapes import Canvas, Grid, Solid, ellipsoid, mirrored, tube, turned
from understudy.scenes.medical.tissues import TISSUES

CHEST = Grid.around([0, 0, 60], [360, 260, 120], [6, 2.4, 2.4])


@pytest.fixture(scope="module")
def chest():
    return phantom("torso", CHEST, Stream(3))


def test_a_sphere_of_voxels_has_the_volume_of_a_sphere():
    canvas = Canvas(Grid.around([1, 2, 3], [60, 60, 60], [1, 1, 1]))
    canvas.paint(ellipsoid([1.3, 2.2, 2.9], [20, 20, 20]), [(0.0, 1)])
    assert (canvas.labels == 1).sum() == pytest.approx(4 / 3 * np.pi * 20**3, rel=0.005)


def test_layers_lie_at_their_depths():
    canvas = Canvas(Grid.around([0, 0, 0], [80, 8, 8], [1, 1, 0.25]))
    canvas.paint(ellipsoid([0, 0, 0], [30, 30, 30]), [(0.0, 1), (4.0, 2)])
    row = canvas.labels[4, 4]
    assert (row == 1).sum() * 0.25 == pytest.approx(8.0, abs=0.6)
    assert (row == 2).sum() * 0.25 == pytest.approx(52.0, abs=0.6)


def test_a_tube_is_a_cylinder_with_round_ends():
    canvas = Canvas(Grid.around([0, 0, 0], [40, 40, 80], [0.5, 0.5, 0.5]))
    canvas.paint(tube([[0, 0, -25], [0, 0, 25]], 8.0), [(0.0, 1)])
    assert (canvas.labels == 1).sum() / 8 == pytest.approx(np.pi * 64 * 50 + 4 / 3 * np.pi * 512, rel=0.01)


def test_the_mirror_image_of_a_turned_solid_lies_on_the_other_side():
    part = ellipsoid([20, 5, 3], [14, 6, 9], turned(z=30, y=20, x=10))
    grid = Grid.around([0, 0, 0], [81, 61, 61], [1, 1, 1])
    one, other = Canvas(grid), Canvas(grid)
    one.paint(part, [(0.0, 1)])
    other.paint(mirrored(part), [(0.0, 1)])
    assert one.labels.any()
    assert np.array_equal(one.labels[:, :, ::-1], other.labels)


def test_a_solid_can_only_cover_what_it_may():
    canvas = Canvas(Grid.around([0, 0, 0], [40, 40, 40], [1, 1, 1]))
    canvas.paint(ellipsoid([0, 0, 0], [10, 10, 10]), [(0.0, 1)])
    canvas.paint(Solid(ellipsoid([6, 0, 0], [10, 10, 10])), [(0.0, 2)], over=[1])
    assert (canvas.labels == 2).any()
    assert (canvas.labels > 0).sum() == pytest.approx(4 / 3 * np.pi * 1000, rel=0.02)


def test_every_structure_has_a_tissue_and_a_category():
    assert {structure.tissue for structure in STRUCTURES.values()} <= set(TISSUES)
    assert {structure.category for structure in STRUCTURES.values()} <= set(CATEGORY_IDS)
    assert len({category.id for category in CATEGORIES}) == len(CATEGORIES)
    assert len(STRUCTURES) < FIRST_LESION


def test_tissues_have_usual_hounsfield_units():
    usual = {"air": (-1000, 5), "fat": (-100, 25), "muscle": (50, 20), "liver": (55, 15), "lung": (-830, 60), "blood": (42, 12),
             "cerebrospinal fluid": (7, 8), "grey matter": (38, 8), "white matter": (30, 8), "spongy bone": (250, 120)}  # fmt: skip
    for name, (value, spread) in usual.items():
        assert hounsfield(TISSUES[name].densities) == pytest.approx(value, abs=spread), name


def test_the_chest_holds_its_organs_in_plausible_amounts(chest):
    ml = {
        name: (chest.categories()[chest.labels] == CATEGORY_IDS[name]).sum() * CHEST.voxel_ml
        for name in ("lung", "liver", "heart", "spleen")
    }
    assert 800 < ml["lung"] < 4000
    assert 600 < ml["liver"] < 2200
    assert 60 < ml["spleen"] < 400


def test_the_same_patient_is_drawn_again_and_another_is_not(chest):
    again, other = phantom("torso", CHEST, Stream(3)), phantom("torso", CHEST, Stream(4))
    assert np.array_equal(chest.labels, again.labels)
    assert (chest.labels != other.labels).mean() > 0.02


def test_the_body_does_not_depend_on_the_grid(chest):
    slab = Grid((1, *CHEST.shape[1:]), CHEST.spacing, (*CHEST.origin[:2], CHEST.origin[2] + 10 * CHEST.spacing[0]))
    assert np.array_equal(phantom("torso", slab, Stream(3)).labels[0], chest.labels[10])


@pytest.mark.parametrize(
    ("kind", "organ", "diameter"), [("nodule", "lung", 14.0), ("cyst", "liver", 26.0), ("tumour", "liver", 30.0), ("tumour", "lung", 24.0)]
)
def test_a_lesion_lies_wholly_inside_its_organ(chest, kind, organ, diameter):
    found = with_lesion(chest, Wanted(kind, organ, diameter), Stream(8))
    mask = found.labels == FIRST_LESION
    assert (chest.categories()[chest.labels[mask]] == CATEGORY_IDS[organ]).all()
    assert np.array_equal(found.labels[~mask], chest.labels[~mask])
    lesion = found.lesions[0]
    assert lesion.volume_ml == pytest.approx(mask.sum() * CHEST.voxel_ml)
    assert lesion.volume_ml == pytest.approx(np.pi / 6 * diameter**3 / 1000, rel=0.05 if kind == "cyst" else 0.35)


@pytest.mark.parametrize("asked", [-60.0, 15.0, 400.0])
@pytest.mark.parametrize("contrast", [0.0, 1.0])
def test_a_lesion_differs_from_its_organ_by_the_contrast_asked_for(chest, asked, contrast):
    found = with_lesion(chest, Wanted("cyst", "liver", 26.0, asked), Stream(8))
    made = matter(found, contrast)
    difference = hounsfield(made.densities[FIRST_LESION]) - hounsfield(made.densities[NUMBERS["liver"]])
    assert difference == pytest.approx(asked, abs=1.0)


def test_lesions_do_not_overlap_and_keep_their_places_when_one_is_added(chest):
    one = with_lesion(chest, Wanted("cyst", "liver", 20.0), Stream(8))
    two = with_lesion(one, Wanted("tumour", "liver", 18.0), Stream(9))
    assert one.lesions[0].volume_ml == two.lesions[0].volume_ml
    assert np.array_equal(one.labels == FIRST_LESION, two.labels == FIRST_LESION)


def test_a_lesion_too_large_for_its_organ_is_refused_with_the_room_there_is(chest):
    with pytest.raises(ConstraintError, match=r"tumour of 90 mm does not fit into the spleen, which has room for"):
        with_lesion(chest, Wanted("tumour", "spleen", 90.0), Stream(8))


def test_an_organ_that_is_not_shown_is_named(chest):
    with pytest.raises(ConstraintError, match="grey matter, which this volume does not show"):
        with_lesion(chest, Wanted("tumour", "grey matter", 10.0), Stream(8))


def test_an_unknown_body_is_answered_with_the_nearest():
    with pytest.raises(ArgumentError, match='Did you mean "torso"'):
        phantom("torsoe", CHEST, Stream(1))


def test_metal_shows_where_it_is_asked_for():
    spine = Grid.around([0, 20, -60], [160, 160, 90], [3, 1.5, 1.5])
    found = phantom("torso", spine, Stream(3), implant=True)
    assert found.implants[0].name == "spinal screws"
    assert (found.labels == found.implants[0].label).sum() * spine.voxel_ml > 1.0
