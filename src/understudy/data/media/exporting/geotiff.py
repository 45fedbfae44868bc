"""GeoTIFF and GeoJSON: pictures of the ground with coordinates, for geographic information systems.

    images/NAME.tif       the bands, with their names, their scale, the projection and the map from pixels to the ground
    cover/NAME.tif        uint8, the class of each pixel
    objects/NAME.tif      int32, the object's number, 0 for none
    layers/NAME_LAYER.tif other arrays of the picture's size (height, clouds), and of a pair of dates: change
    labels/NAME.geojson   one polygon an object: its oriented box on the ground, with class, size, attributes
    dataset.json          classes, and what each picture shows

Format: OGC GeoTIFF 1.1; RFC 7946 with the member "crs" of the 2008 draft, since coordinates are metres of a projection. The shot tells
`meta["crs"]` and `meta["transform"]` (a, b, c, d, e, f of the affine map from pixels); simulated places have made-up origins. Pictures of
other worlds lie nowhere: their files have no projection, and outlines are in pixels with y upwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError
from understudy.data.media.exporting.exporter import Exporter, Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import dataset_index, plain_categories, stem
from understudy.data.media.items import Frame, Instance, Shot
from understudy.data.media.json_files import as_json

VERSION = 1
_FOLDERS = ("images", "cover", "objects")


class GeoTiff(Exporter):
    """The exporter.

    Raises:
        MissingExtraError: rasterio is not installed.
    """

    name: ClassVar[str] = "geotiff"

    def require(self) -> None:
        _rasterio()

    def files(self, shot: Shot) -> Iterator[Member]:
        crs, transform = _reference(shot)
        bands = [str(band) for band in shot.meta.get("bands", ())]
        for frame in shot.frames:
            name = stem(shot, frame)
            image = frame.image if frame.image.ndim == 3 else frame.image[..., None]
            colors = dict(zip(range(len(bands)), bands, strict=True)) if len(bands) == image.shape[2] else {}
            tags = {"time_s": str(frame.time), **{key: str(value) for key, value in frame.conditions.items()}}
            tags["georeference"] = str(shot.meta.get("georeference", ""))
            yield f"images/{name}.tif", _tiff(image, crs, transform, list(colors.values()), tags, float(shot.meta.get("scale", 1.0)))
            yield f"cover/{name}.tif", _tiff(frame.category[..., None], crs, transform)
            yield f"objects/{name}.tif", _tiff(frame.track[..., None], crs, transform)
            for layer, values in _layers(shot, frame).items():
                yield f"layers/{name}_{layer}.tif", _tiff(values[..., None], crs, transform)
            yield f"labels/{name}.geojson", as_json(_collection(shot, frame, crs, transform))
        if "change" in shot.arrays:
            yield f"layers/{shot.index:08d}_change.tif", _tiff(shot.arrays["change"][..., None], crs, transform)

    def record(self, shot: Shot) -> Any:
        rows = [
            {"name": stem(shot, frame), "objects": len(frame.instances), "conditions": frame.conditions, "caption": frame.caption}
            for frame in shot.frames
        ]
        meta = {key: shot.meta[key] for key in ("site", "bands", "unit", "scale", "crs", "georeference") if key in shot.meta}
        changes = shot.records.get("changes", [])
        return {"shot": shot.index, "categories": plain_categories(shot), "pictures": rows, "meta": meta, "changes": changes}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        yield dataset_index(VERSION, records)

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        index = findings.json(folder / "dataset.json")
        if index is None:
            return findings.problems
        classes: dict[int, dict[str, Any]] = {}
        with findings.reading(folder / "dataset.json"):
            classes = {row["id"]: row for row in index["categories"]}
            places = {row["name"]: "crs" in shot["meta"] for shot in index["shots"] for row in shot["pictures"]}
            known = {folder / sub / f"{name}.tif" for sub in _FOLDERS for name in places}
            for sub in _FOLDERS:
                findings.strays(folder / sub, known)
            for name, on_ground in places.items():
                _check(findings, name, classes, on_ground)
        return findings.problems


def _reference(shot: Shot) -> tuple[str | None, tuple[float, ...]]:
    """The projection and the map from pixels; without a place on the ground no projection, and pixels with y upwards."""
    if "crs" in shot.meta and "transform" in shot.meta:
        return str(shot.meta["crs"]), tuple(float(value) for value in shot.meta["transform"])
    return None, (1.0, 0.0, 0.0, 0.0, -1.0, float(max((frame.height for frame in shot.frames), default=0)))


def _layers(shot: Shot, frame: Frame) -> dict[str, NDArray[Any]]:
    """Arrays of the shot that belong to this frame and have its size, by name."""
    ending = f"/{frame.index:04d}"
    size = frame.image.shape[:2]
    return {name.removesuffix(ending): array for name, array in shot.arrays.items() if name.endswith(ending) and array.shape == size}


def _rasterio() -> Any:
    try:
        import rasterio
    except ImportError:
        raise MissingExtraError.of("satellite", "Writing and reading GeoTIFF") from None
    return rasterio


def _tiff(
    pixels: NDArray[Any],
    crs: str | None,
    transform: tuple[float, ...],
    bands: list[str] | None = None,
    tags: dict[str, str] | None = None,
    scale: float = 1.0,
) -> bytes:
    """(H, W, B) as a GeoTIFF, without loss."""
    rasterio = _rasterio()
    from rasterio.io import MemoryFile

    height, width, count = pixels.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", height=height, width=width, count=count, dtype=pixels.dtype.name, crs=crs,
            transform=rasterio.Affine(*transform), compress="deflate", interleave="pixel",
        ) as file:  # fmt: skip
            file.write(np.moveaxis(pixels, 2, 0))
            for number, name in enumerate(bands or (), 1):
                file.set_band_description(number, name)
            if scale != 1.0:
                file.scales = (scale,) * count
            if tags:
                file.update_tags(**tags)
        return bytes(memory.read())


def _collection(shot: Shot, frame: Frame, crs: str | None, transform: tuple[float, ...]) -> dict[str, Any]:
    names = {category.id: category.name for category in shot.categories}
    told = {"crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs.replace(':', '::')}"}}} if crs else {}
    return {
        "type": "FeatureCollection",
        **told,
        "features": [_feature(instance, names[instance.category], transform) for instance in frame.instances],
    }


def _feature(instance: Instance, name: str, transform: tuple[float, ...]) -> dict[str, Any]:
    """An object's oriented box, its corners counter-clockwise on the ground as RFC 7946 asks."""
    a, b, c, d, e, f = transform
    x, y = instance.oriented_box[:, 0], instance.oriented_box[:, 1]
    ring = np.column_stack([a * x + b * y + c, d * x + e * y + f])
    area = float(np.dot(ring[:, 0], np.roll(ring[:, 1], -1)) - np.dot(ring[:, 1], np.roll(ring[:, 0], -1)))
    ring = ring if area >= 0 else ring[::-1]
    corners = [[round(float(value), 3) for value in point] for point in (*ring, ring[0])]
    return {
        "type": "Feature",
        "id": instance.track,
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": {
            "category": name,
            "name": instance.name,
            "pixels": instance.pixels,
            "box": list(instance.box),
            "occlusion": instance.occlusion,
            "truncation": instance.truncation,
            **instance.attributes,
        },
    }


def _check(findings: Findings, name: str, classes: dict[int, dict[str, Any]], on_ground: bool) -> None:
    """One picture: its files fit one another, and its labels its masks."""
    rasterio = _rasterio()
    from rasterio.errors import RasterioError

    read: dict[str, tuple[NDArray[Any], Any, Any]] = {}
    for sub in _FOLDERS:
        path = findings.folder / sub / f"{name}.tif"
        try:
            with rasterio.open(path) as file:
                read[sub] = (file.read(), file.crs, file.transform)
        except (RasterioError, OSError):
            findings.add(path, "it is missing or no GeoTIFF.")
    if len(read) < len(_FOLDERS):
        return
    (image, crs, transform), (cover, *_), (objects, *_) = (read[sub] for sub in _FOLDERS)
    where = findings.folder / "images" / f"{name}.tif"
    findings.expect((crs is not None and crs.is_projected) == on_ground, where, "it should have a projection, or none.")
    findings.expect(not transform.is_identity, where, "its pixels have no place on the ground.")
    findings.expect(image.shape[1:] == cover.shape[1:] == objects.shape[1:], where, "picture and masks are not of one size.")
    findings.expect(len({(str(part[1]), part[2]) for part in read.values()}) == 1, where, "picture and masks do not lie on one another.")
    unknown = set(np.unique(cover).tolist()) - set(classes)
    findings.expect(not unknown, findings.folder / "cover" / f"{name}.tif", f"the classes {sorted(unknown)} are not listed.")
    with findings.reading(findings.folder / "labels" / f"{name}.geojson"):
        features = findings.json(findings.folder / "labels" / f"{name}.geojson")["features"]
        _check_features(findings, name, features, objects[0], cover[0], {row["name"]: number for number, row in classes.items()})


def _check_features(
    findings: Findings, name: str, features: list[dict[str, Any]], objects: NDArray[Any], cover: NDArray[Any], numbers: dict[str, int]
) -> None:
    where = findings.folder / "labels" / f"{name}.geojson"
    listed = {feature["id"] for feature in features}
    findings.expect(listed == set(np.unique(objects).tolist()) - {0}, where, "the objects listed are not those of the mask.")
    counts = np.bincount(objects.ravel())
    for feature in features:
        told, number = feature["properties"], feature["id"]
        findings.expect(told["category"] in numbers, where, f'object {number} is of class "{told["category"]}", which is not listed.')
        findings.expect(
            number < len(counts) and counts[number] == told["pixels"],
            where,
            f"object {number} has not the {told['pixels']} pixels it tells.",
        )
        ring = feature["geometry"]["coordinates"][0]
        findings.expect(len(ring) == 5 and ring[0] == ring[-1], where, f"the outline of object {number} is not closed.")
        found = np.unique(cover[objects == number]).tolist()
        findings.expect(found in ([], [numbers.get(told["category"])]), where, f"pixels of object {number} are of another class.")
