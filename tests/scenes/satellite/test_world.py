"""The world: whole shots with labels, deterministic, of every site; pairs of dates whose mask marks what changed."""

import numpy as np
import pytest
from tests.scenes.satellite.places import shoot

from understudy.scenes.satellite.changing import BUILT, FIELD, MOVED, REMOVED
from understudy.scenes.satellite.settings import SITES


@pytest.mark.parametrize("site", SITES)
def test_every_site_gives_a_proven_picture(site):
    shot = shoot(3, site=site, gsd_m=20.0 if site == "coast" else 0.8)
    (frame,) = shot.frames
    assert frame.image.shape == (120, 160, 3)
    assert frame.image.std() > 5
    known = {category.id: category for category in shot.categories}
    things = np.isin(frame.category, [number for number, category in known.items() if category.thing])
    assert set(np.unique(frame.category)) <= set(known)
    assert (things == (frame.track > 0)).all()
    assert not (frame.category == 46).any()  # nothing is seen beyond the ground
    assert sum(instance.pixels for instance in frame.instances) == things.sum()
    assert frame.proof["partition"]["pixels"] == frame.category.size


@pytest.mark.parametrize("gsd", [0.3, 10.0])
def test_equal_seeds_give_equal_bytes_and_others_do_not(gsd):
    one, two, other = (shoot(seed, site="fields", gsd_m=gsd) for seed in (4, 4, 5))
    assert one.frames[0].image.tobytes() == two.frames[0].image.tobytes()
    assert one.frames[0].track.tobytes() == two.frames[0].track.tobytes()
    assert one.meta == two.meta
    assert one.drawn == two.drawn
    assert one.frames[0].image.tobytes() != other.frames[0].image.tobytes()


def test_bands_are_reflectances_of_five_and_of_one():
    five = shoot(1, gsd_m=1.0, bands="multispectral")
    assert five.frames[0].image.dtype == np.uint16
    assert five.frames[0].image.shape == (120, 160, 5)
    assert five.meta["bands"] == ["red", "green", "blue", "nir", "swir1"]
    assert 0.02 < np.median(five.frames[0].image[..., 3]) * five.meta["scale"] < 0.6
    grass = five.frames[0].category == 33
    bands = five.frames[0].image[grass].astype(float)
    lit = bands[:, 3] > np.quantile(bands[:, 3], 0.5)
    assert np.median(((bands[:, 3] - bands[:, 0]) / (bands[:, 3] + bands[:, 0]))[lit]) > 0.4
    assert shoot(1, gsd_m=1.0, bands="panchromatic").frames[0].image.shape == (120, 160)


def test_a_pair_of_dates_marks_exactly_what_changed():
    shot = shoot(
        2, gsd_m=0.6, city={"style": "suburb"}, change={"dates": 2, "built": 0.3, "removed": 0.3}, sensor={"width": 320, "height": 240}
    )
    early, late = shot.frames
    mask = shot.arrays["change"]
    rows = {row["track"]: row["kind"] for row in shot.records["changes"]}
    for frame, _gone, kinds in ((early, "removed", {"removed", "left"}), (late, "built", {"built", "came"})):
        for instance in frame.instances:
            marks = set(np.unique(mask[frame.track == instance.track]).tolist())
            changed = rows.get(instance.track)
            if changed is None:
                continue
            assert changed in kinds
            assert 0 not in marks, instance.name
    seen = np.isin(early.track, list(rows)) | np.isin(late.track, list(rows))
    assert (mask[seen] > 0).all()
    assert not (mask[~seen] == BUILT).any()
    assert not (mask[~seen] == MOVED).any()
    same = {i.track for i in early.instances} & {i.track for i in late.instances}
    assert same
    assert not same & set(rows)
    assert {BUILT, REMOVED, MOVED} <= set(np.unique(mask).tolist())


def test_fields_that_change_are_marked_and_others_are_not():
    shot = shoot(
        3,
        site="fields",
        gsd_m=1.0,
        season="summer",
        change={"dates": 2, "fields": 0.5},
        fields={"river": 0.0, "parcel_m": 60, "woods": 0.0},
    )
    mask, (early, late) = shot.arrays["change"], shot.frames
    fields = [row["name"] for row in shot.records["changes"] if row["kind"] == "field"]
    assert fields
    assert (mask == FIELD).any()
    stuff = (early.track == 0) & (late.track == 0)
    assert ((early.category != late.category) & stuff <= (mask == FIELD)).all()
    none = shoot(
        3,
        site="fields",
        gsd_m=1.0,
        season="summer",
        change={"dates": 2, "fields": 0.0},
        fields={"river": 0.0, "parcel_m": 60, "woods": 0.0},
    )
    assert not (none.arrays["change"] == FIELD).any()


def test_clouds_hide_and_are_told():
    clear, cloudy = shoot(7, gsd_m=1.0), shoot(7, gsd_m=1.0, light={"cloud": 0.6})
    assert (clear.arrays["clouds/0000"] < 1).sum() + (clear.arrays["clouds/0000"] == 3).sum() == 120 * 160
    shown = cloudy.arrays["clouds/0000"]
    assert 0.3 < np.isin(shown, (1, 2)).mean() < 0.75
    assert cloudy.frames[0].image[shown == 2].mean() > clear.frames[0].image[shown == 2].mean() + 30
    assert (cloudy.frames[0].category == clear.frames[0].category).all()  # labels are of the ground
    assert all(0 <= instance.attributes["clouded"] <= 1 for instance in cloudy.frames[0].instances)


def test_what_a_place_is_does_not_depend_on_how_it_is_seen():
    noon, evening = (shoot(8, gsd_m=0.8, off_nadir_deg=0.0, light={"sun_elevation_deg": height}) for height in (60.0, 15.0))
    assert (noon.frames[0].track == evening.frames[0].track).all()
    assert evening.frames[0].image.tobytes() != noon.frames[0].image.tobytes()


def test_conditions_and_the_ground_are_told():
    shot = shoot(1, gsd_m=0.7, off_nadir_deg=20.0, view_azimuth_deg=0.0, light={"sun_azimuth_deg": 90.0})
    told = shot.frames[0].conditions
    assert told["gsd_m"] == 0.7
    assert told["off_nadir_deg"] == 20.0
    assert told["sun_compass_deg"] == 0.0
    assert told["view_compass_deg"] == 90.0
    assert shot.meta["crs"].startswith("EPSG:326")
    assert "synthetic" in shot.meta["georeference"]
