"""GeoTIFF, read back by rasterio."""

import json

import numpy as np
import pytest
import rasterio
from tests.scenes.satellite.places import shoot

from understudy.data.media.exporting import exporter, opened_exporter, write_dataset

KIND = exporter("geotiff")


@pytest.fixture(scope="module")
def shots():
    one = shoot(1, gsd_m=0.5, bands="multispectral", off_nadir_deg=20.0)
    pair = shoot(2, gsd_m=0.5, change={"dates": 2})
    pair.index = 1
    return [one, pair]


@pytest.fixture(scope="module")
def folder(shots, tmp_path_factory):
    place = tmp_path_factory.mktemp("geo") / "set"
    write_dataset(opened_exporter("geotiff"), shots, place)
    return place


def test_a_data_set_has_no_problems(folder):
    assert KIND.problems(folder) == []


def test_bands_masks_and_place_come_back_by_rasterio(folder, shots):
    frame = shots[0].frames[0]
    with rasterio.open(folder / "images" / "00000000.tif") as file:
        assert file.count == 5
        assert file.descriptions == ("red", "green", "blue", "nir", "swir1")
        assert (np.moveaxis(file.read(), 0, 2) == frame.image).all()
        assert file.crs.to_string() == shots[0].meta["crs"]
        assert list(file.transform)[:6] == pytest.approx(shots[0].meta["transform"])
        assert file.scales == pytest.approx((shots[0].meta["scale"],) * 5)
        assert "synthetic" in file.tags()["georeference"]
    with rasterio.open(folder / "cover" / "00000000.tif") as file:
        assert (file.read(1) == frame.category).all()
    with rasterio.open(folder / "layers" / "00000000_height.tif") as file:
        assert file.read(1) == pytest.approx(shots[0].arrays["height/0000"])
    with rasterio.open(folder / "layers" / "00000001_change.tif") as file:
        assert (file.read(1) == shots[1].arrays["change"]).all()


def test_outlines_lie_on_the_ground_where_the_objects_stand(folder, shots):
    features = json.loads((folder / "labels" / "00000000.geojson").read_text())["features"]
    frame = shots[0].frames[0]
    by_track = {instance.track: instance for instance in frame.instances}
    assert len(features) == len(by_track) > 3
    east, north = (shots[0].meta["transform"][k] for k in (2, 5))
    for feature in features:
        ring = np.array(feature["geometry"]["coordinates"][0])[:4]
        instance = by_track[feature["id"]]
        assert instance.name == feature["properties"]["name"]
        offset = ring.mean(axis=0) - (east, north)
        corner = (
            -np.array([shots[0].meta["transform"][k] for k in (0, 3)]) * 80 - np.array([shots[0].meta["transform"][k] for k in (1, 4)]) * 60
        )
        assert offset + corner == pytest.approx(instance.center[:2], abs=6.0)


def test_what_is_wrong_is_found(shots, tmp_path):
    place = tmp_path / "set"
    write_dataset(opened_exporter("geotiff"), shots, place)
    labels = place / "labels" / "00000000.geojson"
    found = json.loads(labels.read_text())
    found["features"][0]["properties"]["pixels"] += 1
    labels.write_text(json.dumps(found))
    (place / "cover" / "00000001_satellite_0001.tif").unlink()
    problems = KIND.problems(place)
    assert len(problems) == 2
    assert any("has not the" in problem for problem in problems)
    assert any("missing" in problem for problem in problems)


def test_pictures_without_a_place_have_no_projection(tmp_path):
    bare = shoot(1, gsd_m=0.5)
    del bare.meta["crs"], bare.meta["transform"]
    write_dataset(opened_exporter("geotiff"), [bare], tmp_path / "set")
    with rasterio.open(tmp_path / "set" / "images" / "00000000.tif") as file:
        assert file.crs is None
    assert KIND.problems(tmp_path / "set") == []


def test_equal_shots_give_equal_bytes(shots):
    assert list(opened_exporter("geotiff").files(shots[0])) == list(opened_exporter("geotiff").files(shots[0]))
