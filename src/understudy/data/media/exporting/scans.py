"""What formats of scans take from a shot: the volume or radiograph, its masks, where it lies in the patient, and unique identifiers.

A shot of a scanner holds `arrays["volume"]` (slices, rows, columns) or `arrays["radiograph"]` (rows, columns), `arrays["categories"]` and
`arrays["tracks"]` of the same shape, and in `meta` "modality", "spacing_mm" (z, y, x or y, x), "origin_mm" (x, y, z of the first voxel's
centre in DICOM's patient coordinates), "key" and "notice".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.items import Category, Shot

MODALITIES = ("ct", "mri", "xray")
LATERAL = "lateral"


@dataclass(frozen=True)
class Scan:
    """values: (slices, rows, columns); one slice for a radiograph. categories, tracks: the same shape. spacing: (z, y, x) mm, z 0 for a
    radiograph. origin: (x, y, z) mm. notice: that it is nobody's."""

    shot: Shot
    modality: str
    values: NDArray[Any]
    categories: NDArray[np.uint8]
    tracks: NDArray[np.uint8]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    notice: str

    @classmethod
    def of(cls, shot: Shot, form: str) -> Scan:
        """Raises `DataError` where the shot is no scanner's."""
        meta, arrays = shot.meta, shot.arrays
        modality = meta.get("modality")
        name = "radiograph" if modality == "xray" else "volume"
        missing = [key for key in (name, "categories", "tracks") if key not in arrays]
        if modality not in MODALITIES or missing:
            raise DataError(
                f"Shot {shot.index} of the world {shot.world} is no scan: the format {form} holds slices and radiographs.",
                remedy="Choose a format of pictures, such as coco, or the world medical.",
            )
        values, categories, tracks = (np.atleast_3d(arrays[key].T).T for key in (name, "categories", "tracks"))
        told = [float(step) for step in meta["spacing_mm"]]
        spacing = (told[0], told[1], told[2]) if len(told) == 3 else (0.0, told[0], told[1])
        x, y, z = (float(value) for value in meta.get("origin_mm", (0.0, 0.0, 0.0)))
        return cls(shot, str(modality), values, categories, tracks, spacing, (x, y, z), str(meta.get("notice", "")))

    @property
    def folder(self) -> str:
        return f"scans/{self.shot.index:08d}"

    def uid(self, *purpose: str | int) -> str:
        """A unique identifier (2.25., an integer of 128 bits), the same whenever the same shot is written."""
        key = str(self.shot.meta.get("key", self.shot.index))
        digest = hashlib.blake2b("\x00".join(map(str, (key, self.shot.index, *purpose))).encode(), digest_size=16).digest()
        return f"2.25.{int.from_bytes(digest, 'big')}"

    def segments(self) -> list[Segment]:
        """Every class that is seen but air, then every counted thing; numbered from 1."""
        by_id = {category.id: category for category in self.shot.categories}
        present = [by_id[number] for number in np.unique(self.categories).tolist() if number in by_id]
        found = [Segment(0, category, 0, category.name) for category in present if not category.thing and category.name != "air"]
        kinds = {one.track: one for frame in self.shot.frames for one in frame.instances}
        for track in sorted(kinds):
            category = by_id[kinds[track].category]
            found.append(Segment(0, category, track, f"{category.name} {track}"))
        return [Segment(number, one.category, one.track, one.label) for number, one in enumerate(found, start=1)]

    def mask(self, segment: Segment) -> NDArray[np.bool_]:
        """(slices, rows, columns) of one segment."""
        found: NDArray[np.bool_] = self.tracks == segment.track if segment.track else self.categories == segment.category.id
        return found

    def labels(self) -> dict[str, Any]:
        """The labels as plain values: lesions, segments, what was drawn."""
        shot = self.shot
        things = [
            {"frame": frame.index, "track": one.track, "category": one.category, "box": [round(value, 3) for value in one.box],
             "pixels": one.pixels, "truncation": round(one.truncation, 6), "attributes": one.attributes}
            for frame in shot.frames for one in frame.instances
        ]  # fmt: skip
        return {
            "notice": self.notice,
            "shot": shot.index,
            "modality": self.modality,
            "meta": {key: value for key, value in shot.meta.items() if key != "key"},
            "edge_cases": list(shot.edge_cases),
            "lesions": shot.records.get("lesions", []),
            "instances": things,
            "segments": [
                {"number": one.number, "label": one.label, "category": one.category.id, "track": one.track,
                 "voxels": int(self.mask(one).sum())}
                for one in self.segments()
            ],
            "drawn": shot.drawn,
        }  # fmt: skip


def listed_scans(findings: Findings, folder: Path) -> tuple[set[int], list[tuple[Path, dict[str, Any]]]]:
    """Of a finished data set: the numbers of its classes, and every scan's folder with its row of the index."""
    index = findings.json(folder / "dataset.json") or {"categories": [], "scans": []}
    return {category["id"] for category in index["categories"]}, [(folder / "scans" / f"{row['shot']:08d}", row) for row in index["scans"]]


@dataclass(frozen=True)
class Segment:
    """number: ≥ 1. track: of a counted thing, else 0. label: in words."""

    number: int
    category: Category
    track: int
    label: str
