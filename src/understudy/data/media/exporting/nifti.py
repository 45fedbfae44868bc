"""NIfTI: a volume and its masks in the same space.

    scans/00000012/image.nii.gz        HU, magnitudes, or a radiograph of one slice
    scans/00000012/categories.nii.gz   the class of each voxel
    scans/00000012/tracks.nii.gz       the number of the lesion or implant in each voxel, 0 for none
    scans/00000012/labels.json         lesions, boxes, what was drawn
    dataset.json                       the classes, and a line a scan

The affine leads to the patient's right-anterior-superior mm, as NIfTI has it: DICOM's x and y with the other sign.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError
from understudy.data.media.exporting.exporter import Exporter, Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import dataset_index, plain_categories
from understudy.data.media.exporting.scans import LATERAL, Scan, listed_scans
from understudy.data.media.items import Shot
from understudy.data.media.json_files import as_json

VERSION = 1
DESCRIPTION = b"Synthetic phantom. Not for diagnosis."
PARTS = ("image", "categories", "tracks")


class Nifti(Exporter):
    """The exporter. Takes shots of the world `medical`."""

    name: ClassVar[str] = "nifti"

    def require(self) -> None:
        nibabel()

    def files(self, shot: Shot) -> Iterator[Member]:
        scan = Scan.of(shot, self.name)
        for part, values in zip(PARTS, (scan.values, scan.categories, scan.tracks), strict=True):
            yield f"{scan.folder}/{part}.nii.gz", _bytes(values, affine(scan))
        yield f"{scan.folder}/labels.json", as_json(scan.labels(), indent=1)

    def record(self, shot: Shot) -> Any:
        scan = Scan.of(shot, self.name)
        row = {"shot": shot.index, "modality": scan.modality, "shape": list(scan.values.shape[::-1]), "notice": scan.notice}
        return row | {"categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        yield dataset_index(VERSION, records, "scans")

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        classes, scans = listed_scans(findings, folder)
        for place, row in scans:
            _scan_problems(findings, place, row, classes)
        return findings.problems


def nibabel() -> Any:
    """The library. Raises `MissingExtraError` with the install line."""
    try:
        import nibabel as library
    except ImportError:
        raise MissingExtraError.of("medical", "NIfTI files") from None
    return library


def affine(scan: Scan) -> NDArray[np.float64]:
    """(4, 4): from a voxel's column, row, slice to right-anterior-superior mm."""
    depth, down, across = scan.spacing
    found = np.eye(4)
    if scan.modality != "xray":
        found[:3, :3] = np.diag([-across, -down, depth])
        found[:3, 3] = [-scan.origin[0], -scan.origin[1], scan.origin[2]]
        return found
    # A radiograph's columns run to the patient's left, or forward in a side view; its rows run to the feet.
    right = [0.0, across, 0.0] if scan.shot.meta.get("view") == LATERAL else [-across, 0.0, 0.0]
    found[:3, 0], found[:3, 1] = right, [0.0, 0.0, -down]
    found[:3, 2] = [1.0, 0.0, 0.0] if scan.shot.meta.get("view") == LATERAL else [0.0, 1.0, 0.0]
    return found


def _bytes(values: NDArray[Any], matrix: NDArray[np.float64]) -> bytes:
    library = nibabel()
    image = library.Nifti1Image(np.ascontiguousarray(values.transpose(2, 1, 0)), matrix)
    image.header["descrip"] = DESCRIPTION
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


def _scan_problems(findings: Findings, folder: Path, row: dict[str, Any], classes: set[int]) -> None:
    """What is wrong with one scan."""
    labels = findings.json(folder / "labels.json")
    read: dict[str, Any] = {}
    for part in PARTS:
        path = folder / f"{part}.nii.gz"
        with findings.reading(path):
            image = _read(path)
            values = np.asarray(image.dataobj)
            read[part] = (values, image.affine)
            findings.expect(
                list(values.shape) == row["shape"], path, f"it is {list(values.shape)} voxels, and the index says {row['shape']}."
            )
            findings.expect(b"Not for diagnosis" in bytes(image.header["descrip"]), path, "it does not say that it is synthetic.")
    if len(read) < len(PARTS) or labels is None:
        return
    image, matrix = read["image"]
    findings.expect(bool(image.min() != image.max()), folder / "image.nii.gz", "the picture is blank.")
    for part in PARTS[1:]:
        findings.expect(bool(np.allclose(read[part][1], matrix)), folder / f"{part}.nii.gz", "it does not lie where the image lies.")
    unknown = set(np.unique(read["categories"][0]).tolist()) - classes
    findings.expect(not unknown, folder / "categories.nii.gz", f"it holds classes that are not in the index: {sorted(unknown)}.")
    for one in labels["segments"]:
        part, number = ("tracks", one["track"]) if one["track"] else ("categories", one["category"])
        found = int((read[part][0] == number).sum())
        path = folder / f"{part}.nii.gz"
        findings.expect(found == one["voxels"], path, f'"{one["label"]}" has {found} voxels, and labels.json says {one["voxels"]}.')


def _read(path: Path) -> Any:
    """A file; what is wrong with it at all is a `ValueError`."""
    library = nibabel()
    try:
        image = library.load(path)
        np.asarray(image.dataobj)
    except library.filebasedimages.ImageFileError as error:
        raise ValueError(str(error)) from None
    return image
