"""COCO: boxes, masks, keypoints, captions and panoptic segments, as pycocotools and panopticapi read them.

    images/train/NAME.png
    annotations/instances_train.json, keypoints_train.json, captions_train.json, panoptic_train.json, panoptic_train/NAME.png

Format: https://cocodataset.org/#format-data (Lin et al. 2014; Kirillov et al., "Panoptic Segmentation", CVPR 2019). Numbers of classes are
those of the shots, from 1 on. Every pixel belongs to a panoptic segment: each object to its own, numbered by its track, and each class
of stuff to one. An annotation also has "track_id", "occlusion", "truncation", "amodal_bbox" and "attributes", which readers pass over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError
from understudy.data.media.exporting.exporter import Member
from understudy.data.media.exporting.findings import Findings, extent
from understudy.data.media.exporting.pictures import CommonCategories, SplitExporter, plain_categories, rounded, stem
from understudy.data.media.image_files import QUALITY, png
from understudy.data.media.items import Category, Frame, Instance, Shot
from understudy.data.media.json_files import as_json, plain
from understudy.data.media.outlines import filled, outlines
from understudy.data.media.runs import mask_runs, runs_mask, runs_text, text_runs

STUFF = 1 << 23
"""Segments of stuff are numbered by their class behind this number, segments of objects by their track before it."""


class Coco(SplitExporter):
    """The exporter.

    Args:
        image, quality, val, test: as for `SplitExporter`.
        masks: "rle" (runs, exact for any mask) or "polygon" (outlines along the edges of pixels, for readers that know no runs).
    """

    name: ClassVar[str] = "coco"

    def __init__(self, *, image: str = "png", quality: int = QUALITY, val: float = 0.2, test: float = 0.0, masks: str = "rle") -> None:
        super().__init__(image=image, quality=quality, val=val, test=test)
        if masks not in ("rle", "polygon"):
            raise ArgumentError(f'Masks are written as "rle" or "polygon", not as {masks!r}.', remedy='Pass masks="rle".')
        self.masks = masks

    def files(self, shot: Shot) -> Iterator[Member]:
        split = self.split(shot.index)
        for frame in shot.frames:
            yield f"images/{split}/{stem(shot, frame)}.{self.image}", self.picture(frame)
            segments = segment_numbers(frame, shot.categories)
            yield f"annotations/panoptic_{split}/{stem(shot, frame)}.png", png(_as_color(segments), flat=True)

    def record(self, shot: Shot) -> Any:
        return {
            "shot": shot.index,
            "split": self.split(shot.index),
            "categories": plain_categories(shot),
            "images": [self._image(shot, frame) for frame in shot.frames],
        }

    def _image(self, shot: Shot, frame: Frame) -> dict[str, Any]:
        image = {"file_name": f"{stem(shot, frame)}.{self.image}", "width": frame.width, "height": frame.height}
        image |= {"shot": shot.index, "camera": frame.camera, "frame": frame.index, "time": round(frame.time, 6)}
        return {
            "image": image,
            "annotations": [self._annotation(frame, instance) for instance in frame.instances],
            "segments": _segments(frame, shot.categories),
            "caption": frame.caption,
        }

    def _annotation(self, frame: Frame, instance: Instance) -> dict[str, Any]:
        x0, y0, x1, y1 = instance.box
        a0, b0, a1, b1 = instance.amodal_box
        annotation = {
            "category_id": instance.category,
            "bbox": rounded([x0, y0, x1 - x0, y1 - y0]),
            "area": instance.pixels,
            "segmentation": self._segmentation(frame, instance),
            "iscrowd": 0,
            "track_id": instance.track,
            "amodal_bbox": rounded([a0, b0, a1 - a0, b1 - b0]),
            "occlusion": round(instance.occlusion, 4),
            "truncation": round(instance.truncation, 4),
            "attributes": plain(instance.attributes),
        }
        if instance.keypoints is not None:
            annotation |= keypoint_fields(instance.keypoints)
        return annotation

    def _segmentation(self, frame: Frame, instance: Instance) -> Any:
        mask, corner = visible_mask(frame, instance)
        if self.masks == "polygon":
            return [rounded(polygon.ravel()) for polygon in outlines(mask, corner)]
        counts = mask_runs(mask, corner, frame.height, frame.width)
        return {"size": [frame.height, frame.width], "counts": runs_text(counts)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        categories = CommonCategories()
        splits: dict[str, list[dict[str, Any]]] = {"train": []}
        for record in records:
            categories.see(record["categories"], record["shot"])
            splits.setdefault(record["split"], []).extend(record["images"])
        image_id = annotation_id = 0
        for split, entries in splits.items():
            for entry in entries:
                image_id += 1
                entry["image"] = {"id": image_id, **entry["image"]}
                for annotation in entry["annotations"]:
                    annotation_id += 1
                    annotation |= {"id": annotation_id, "image_id": image_id}
            for name, content in _common_files(entries, categories.rows).items():
                yield f"annotations/{name}_{split}.json", as_json(content)

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        indexes = sorted((folder / "annotations").glob("instances_*.json"))
        findings.expect(bool(indexes), "annotations", "no instances_*.json is here.")
        known: set[Path] = set()
        seen: dict[str, set[int]] = {"images": set(), "annotations": set()}
        for index in indexes:
            split = index.stem.removeprefix("instances_")
            content = findings.json(index)
            with findings.reading(index):
                known |= _Split(findings, split, content, seen).check()
        findings.strays(folder / "images", known)
        return findings.problems


def visible_mask(frame: Frame, instance: Instance) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """The visible pixels of an object, cut to its box, and the box's corner x, y."""
    x0, y0 = int(np.floor(instance.box[0])), int(np.floor(instance.box[1]))
    x1, y1 = int(np.ceil(instance.box[2])), int(np.ceil(instance.box[3]))
    x0, y0 = max(x0, 0), max(y0, 0)
    return frame.track[y0:y1, x0:x1] == instance.track, (x0, y0)


def keypoint_fields(keypoints: NDArray[np.float64]) -> dict[str, Any]:
    """COCO's form: x, y, visibility in one row, all 0 for what is not in the picture."""
    shown = np.where(keypoints[:, 2:] > 0, keypoints, 0.0)
    return {"keypoints": rounded(shown.ravel()), "num_keypoints": int((shown[:, 2] > 0).sum())}


def segment_numbers(frame: Frame, categories: Iterable[Category]) -> NDArray[np.int32]:
    """(H, W) the number of each pixel's panoptic segment."""
    counted = np.zeros(256, dtype=np.bool_)
    counted[[category.id for category in categories if category.thing]] = True
    single = (frame.track > 0) & counted[frame.category]
    return np.where(single, frame.track, STUFF + frame.category.astype(np.int32)).astype(np.int32)


def _segments(frame: Frame, categories: Iterable[Category]) -> list[dict[str, Any]]:
    categories = list(categories)
    counted = {category.id for category in categories if category.thing}
    numbers = segment_numbers(frame, categories)
    found = []
    for number in np.unique(numbers).tolist():
        mask = numbers == number
        category = int(frame.category[mask][0])
        crowd = int(number >= STUFF and category in counted)
        found.append({"id": number, "category_id": category, "area": int(mask.sum()), "bbox": extent(mask), "iscrowd": crowd})
    return found


def _as_color(numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Numbers of segments as colours: R + 256 G + 256² B."""
    return np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16 & 255], axis=-1).astype(np.uint8)


def _common_files(entries: list[dict[str, Any]], categories: list[dict[str, Any]]) -> dict[str, Any]:
    """The index files of one split, by the beginning of their name."""
    head = {"info": {"description": "Simulated pictures, with labels that are true by construction."}, "licenses": []}
    images = [entry["image"] for entry in entries]
    annotations = [annotation for entry in entries for annotation in entry["annotations"]]
    classes = [_category(category) for category in categories]
    counted = [category for category in classes if category.pop("thing")]
    files = {"instances": {**head, "images": images, "annotations": annotations, "categories": counted}}
    if any(category.get("keypoints") for category in counted):
        posed = [annotation for annotation in annotations if "keypoints" in annotation]
        with_points = [category for category in counted if category.get("keypoints")]
        files["keypoints"] = {**head, "images": images, "annotations": posed, "categories": with_points}
    if any(entry["caption"] for entry in entries):
        captions = [
            {"id": image["id"], "image_id": image["id"], "caption": entry["caption"]} for image, entry in zip(images, entries, strict=True)
        ]
        files["captions"] = {**head, "images": images, "annotations": captions}
    segments = [
        {"image_id": image["id"], "file_name": f"{Path(image['file_name']).stem}.png", "segments_info": entry["segments"]}
        for image, entry in zip(images, entries, strict=True)
    ]
    files["panoptic"] = {**head, "images": images, "annotations": segments, "categories": [_panoptic_category(row) for row in categories]}
    return files


def _category(row: dict[str, Any]) -> dict[str, Any]:
    category = {"id": row["id"], "name": row["name"], "supercategory": row["group"] or row["name"], "thing": row["thing"]}
    if row["keypoints"]:
        skeleton = [[first + 1, second + 1] for first, second in row["skeleton"]]
        category |= {"keypoints": list(row["keypoints"]), "skeleton": skeleton}
    return category


def _panoptic_category(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "supercategory": row["group"] or row["name"],
        "isthing": int(row["thing"]),
        "color": list(row["color"]),
    }


class _Split:
    """One split read back. seen: numbers of images and annotations in all splits so far."""

    def __init__(self, findings: Findings, split: str, content: Any, seen: dict[str, set[int]]) -> None:
        self.findings = findings
        self.split = split
        self.index = findings.folder / "annotations" / f"instances_{split}.json"
        self.content = content
        self.seen = seen
        self.images: dict[int, dict[str, Any]] = {}
        self.masks: dict[int, dict[int, NDArray[np.bool_]]] = {}

    def check(self) -> set[Path]:
        """Adds findings; gives the picture files that the index speaks of."""
        categories = self._categories()
        files = {path for image in self.content["images"] if (path := self._image(image)) is not None}
        by_image: dict[int, list[dict[str, Any]]] = {}
        for annotation in self.content["annotations"]:
            with self.findings.reading(self.index):
                self._new("annotations", annotation["id"])
                if annotation["image_id"] not in self.images:
                    self.findings.add(
                        self.index, f"annotation {annotation['id']} is of image {annotation['image_id']}, which is not there."
                    )
                else:
                    by_image.setdefault(annotation["image_id"], []).append(annotation)
        panoptic = self._panoptic()
        for number, image in self.images.items():
            masks = self._masks(image, by_image.get(number, []), categories)
            self._segments(image, panoptic.get(number), masks)
        return files

    def _new(self, kind: str, number: int) -> None:
        self.findings.expect(number not in self.seen[kind], self.index, f"the id {number} of {kind} is given twice.")
        self.seen[kind].add(number)

    def _categories(self) -> dict[int, dict[str, Any]]:
        rows = self.content["categories"]
        categories = {row["id"]: row for row in rows}
        self.findings.expect(len(categories) == len(rows), self.index, "two categories have the same id.")
        self.findings.expect(all(number >= 1 for number in categories), self.index, "ids of categories begin at 1.")
        return categories

    def _image(self, image: dict[str, Any]) -> Path | None:
        with self.findings.reading(self.index):
            self._new("images", image["id"])
            self.images[image["id"]] = image
            path: Path = self.findings.folder / "images" / self.split / image["file_name"]
            self.findings.image_of(path, image["width"], image["height"])
            return path
        return None

    def _masks(
        self, image: dict[str, Any], annotations: list[dict[str, Any]], categories: dict[int, dict[str, Any]]
    ) -> dict[int, NDArray[np.bool_]]:
        """Masks of one picture by track, each checked alone and against the others."""
        taken = np.zeros((image["height"], image["width"]), dtype=np.bool_)
        masks = {}
        for annotation in annotations:
            with self.findings.reading(self.index):
                mask = self._annotation(image, annotation, categories)
                if (taken & mask).any():
                    self.findings.add(self.index, f"annotation {annotation['id']} overlaps another of image {image['id']}.")
                taken |= mask
                masks[annotation["track_id"]] = mask
        return masks

    def _annotation(self, image: dict[str, Any], annotation: dict[str, Any], categories: dict[int, dict[str, Any]]) -> NDArray[np.bool_]:
        of = f"annotation {annotation['id']}"
        category = categories.get(annotation["category_id"])
        self.findings.expect(category is not None, self.index, f"{of} has category {annotation['category_id']}, which is not listed.")
        self.findings.box(annotation["bbox"], image["width"], image["height"], self.index, of)
        mask = decoded(annotation["segmentation"], image["height"], image["width"])
        pixels = int(mask.sum())
        self.findings.expect(pixels > 0, self.index, f"{of} has an empty mask.")
        self.findings.expect(pixels == annotation["area"], self.index, f"{of} has area {annotation['area']} and a mask of {pixels} pixels.")
        self.findings.expect(
            np.allclose(annotation["bbox"], extent(mask), atol=0.5),
            self.index,
            f"{of} has the box {annotation['bbox']}, its mask reaches over {extent(mask)}.",
        )
        if "keypoints" in annotation:
            self._keypoints(image, annotation, category or {})
        return mask

    def _keypoints(self, image: dict[str, Any], annotation: dict[str, Any], category: dict[str, Any]) -> None:
        of = f"annotation {annotation['id']}"
        points = np.array(annotation["keypoints"], dtype=np.float64).reshape(-1, 3)
        names = category.get("keypoints", [])
        self.findings.expect(len(points) == len(names), self.index, f"{of} has {len(points)} keypoints, its category {len(names)}.")
        self.findings.expect(
            bool(np.isin(points[:, 2], (0, 1, 2)).all()), self.index, f"{of} has a keypoint whose visibility is not 0, 1, 2."
        )
        shown = points[points[:, 2] > 0]
        inside = (shown[:, :2] >= 0).all() and (shown[:, 0] <= image["width"]).all() and (shown[:, 1] <= image["height"]).all()
        self.findings.expect(bool(inside), self.index, f"{of} has a keypoint beside the picture.")
        self.findings.expect(len(shown) == annotation["num_keypoints"], self.index, f"{of} counts its keypoints wrongly.")

    def _panoptic(self) -> dict[int, dict[str, Any]]:
        path = self.findings.folder / "annotations" / f"panoptic_{self.split}.json"
        content = self.findings.json(path)
        with self.findings.reading(path):
            rows = {row["image_id"]: row for row in content["annotations"]}
            self.findings.expect(set(rows) == set(self.images), path, "its images are not those of the instances.")
            return rows
        return {}

    def _segments(self, image: dict[str, Any], row: dict[str, Any] | None, masks: dict[int, NDArray[np.bool_]]) -> None:
        if row is None:
            return
        path = self.findings.folder / "annotations" / f"panoptic_{self.split}" / row["file_name"]
        colors = self.findings.image_of(path, image["width"], image["height"])
        if colors is None:
            return
        with self.findings.reading(path):
            numbers = colors[..., 0] + colors[..., 1].astype(np.int32) * 256 + colors[..., 2].astype(np.int32) * 65536
            segments = {segment["id"]: segment for segment in row["segments_info"]}
            self.findings.expect(set(np.unique(numbers).tolist()) == set(segments), path, "its segments are not those of the index.")
            for number, segment in segments.items():
                mask = numbers == number
                right = int(mask.sum()) == segment["area"] and extent(mask) == segment["bbox"]
                self.findings.expect(right, path, f"segment {number} has another area or box than the index says.")
            for track, mask in masks.items():
                self.findings.expect(bool((mask == (numbers == track)).all()), path, f"the mask of track {track} is not its segment.")


def decoded(segmentation: Any, height: int, width: int) -> NDArray[np.bool_]:
    """The mask of COCO's polygons or runs. Raises `DataError` where they are of another picture."""
    if isinstance(segmentation, list):
        return filled([np.array(polygon, dtype=np.float64).reshape(-1, 2) for polygon in segmentation], height, width)
    counts = segmentation["counts"]
    if list(segmentation["size"]) != [height, width]:
        raise ValueError(f"a mask of {segmentation['size']} on a picture of {[height, width]}")
    return runs_mask(text_runs(counts) if isinstance(counts, str) else counts, height, width)
