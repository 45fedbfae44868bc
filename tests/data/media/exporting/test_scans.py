"""DICOM and NIfTI: read back by pydicom and nibabel, and what their validators see."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import photo

from understudy.core.errors import DataError
from understudy.data.media.exporting import exporter, opened_exporter, write_dataset
from understudy.data.media.items import CameraView, Category, Frame, Instance, Shot

pydicom = pytest.importorskip("pydicom")
nibabel = pytest.importorskip("nibabel")

CATEGORIES = (Category(1, "air", thing=False), Category(2, "liver", thing=False), Category(3, "cyst"))
SPACING, ORIGIN = [4.0, 1.5, 1.25], [-30.0, -40.0, 55.5]


def scan(index: int = 0, modality: str = "ct", slices: int = 4) -> Shot:
    """A liver that is a box, with a cyst in its middle slices."""
    rng = np.random.default_rng(index)
    shape = (slices, 20, 24)
    categories = np.ones(shape, dtype=np.uint8)
    categories[:, 4:16, 5:19] = 2
    tracks = np.zeros(shape, dtype=np.uint8)
    tracks[1:3, 8:12, 9:13] = 1
    categories[tracks == 1] = 3
    volume = rng.integers(-1000, 1500, shape).astype(np.int16) if modality == "ct" else rng.integers(0, 4000, shape).astype(np.uint16)
    view = CameraView("orthographic", np.eye(3), (), np.eye(4))
    frames = []
    for number in range(slices):
        cyst = [_cyst()] if tracks[number].any() else []
        image = (volume[number] & 255).astype(np.uint8)
        conditions = {"kilovolts": 120.0, "tesla": 1.5}
        frames.append(
            Frame(modality, number, 0.0, view, image, tracks[number].astype(np.int32), categories[number], cyst, conditions=conditions)
        )
    meta = {"modality": modality, "spacing_mm": SPACING, "origin_mm": ORIGIN, "key": f"{index:032x}", "notice": "Not for diagnosis."}
    arrays = {"volume": volume, "categories": categories, "tracks": tracks}
    if modality == "xray":
        meta |= {"spacing_mm": [0.8, 0.8], "view": "pa"}
        arrays = {"radiograph": volume[1], "categories": categories[1], "tracks": tracks[1]}
        frames = frames[1:2]
    records = {"lesions": [{"kind": "cyst", "diameter_mm": 8.0}]}
    return Shot("medical", index, frames, CATEGORIES, drawn={"region": "abdomen"}, records=records, arrays=arrays, meta=meta)


def _cyst() -> Instance:
    box = (9.0, 8.0, 13.0, 12.0)
    nothing = np.zeros(3)
    return Instance(
        1, 3, "lesions/0", 16, box, box, None, np.zeros((4, 2)), 0.0, 0.0, nothing, nothing, np.eye(3), np.eye(4), 0.0, nothing,
        attributes={"diameter_mm": 8.0},
    )  # fmt: skip


@pytest.mark.parametrize(("modality", "folder", "sop"), [("ct", "ct", "CT Image Storage"), ("mri", "mr", "MR Image Storage")])
def test_slices_come_back_with_values_and_places(tmp_path: Path, modality: str, folder: str, sop: str) -> None:
    source = scan(7, modality)
    write_dataset(opened_exporter("dicom"), [source], tmp_path)
    for number, path in enumerate(sorted((tmp_path / "scans/00000007" / folder).glob("*.dcm"))):
        file = pydicom.dcmread(path)
        assert file.SOPClassUID.name == sop
        assert np.array_equal(
            file.pixel_array * float(file.get("RescaleSlope", 1)) + float(file.get("RescaleIntercept", 0)), source.arrays["volume"][number]
        )
        assert [float(value) for value in file.ImagePositionPatient] == [-30.0, -40.0, 55.5 + 4 * number]
        assert [float(value) for value in file.PixelSpacing] == [1.5, 1.25]
        assert [float(value) for value in file.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]


def test_every_file_says_that_its_patient_is_none(tmp_path: Path) -> None:
    write_dataset(opened_exporter("dicom"), [scan(12), scan(13, "xray")], tmp_path)
    files = [pydicom.dcmread(path) for path in sorted(tmp_path.rglob("*.dcm"))]
    assert len(files) == 4 + 1 + 1
    for file in files:
        assert str(file.PatientName) == "Synthetic^Phantom"
        assert file.PatientID in ("SYNTHETIC-000012", "SYNTHETIC-000013")
        assert file.SyntheticData == "YES"
        assert "Not for diagnosis" in file.PatientComments
    identifiers = [file.SOPInstanceUID for file in files]
    assert len(set(identifiers)) == len(files)
    assert all(identifier.is_valid and identifier.startswith("2.25.") for identifier in identifiers)


def test_the_segmentation_holds_every_mask(tmp_path: Path) -> None:
    source = scan()
    write_dataset(opened_exporter("dicom"), [source], tmp_path)
    file = pydicom.dcmread(tmp_path / "scans/00000000/segmentation.dcm")
    assert file.SOPClassUID.name == "Segmentation Storage"
    names = {int(one.SegmentNumber): str(one.SegmentLabel) for one in file.SegmentSequence}
    assert names == {1: "liver", 2: "cyst 1"}
    found = {name: np.zeros((4, 20, 24), dtype=bool) for name in names.values()}
    for plane, mask in zip(file.PerFrameFunctionalGroupsSequence, file.pixel_array, strict=True):
        number = int(plane.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        at = round((float(plane.PlanePositionSequence[0].ImagePositionPatient[2]) - 55.5) / 4.0)
        found[names[number]][at] = mask > 0
    assert np.array_equal(found["liver"], source.arrays["categories"] == 2)
    assert np.array_equal(found["cyst 1"], source.arrays["tracks"] == 1)


@pytest.mark.parametrize("modality", ["ct", "mri"])
def test_highdicom_reads_the_segmentation_and_finds_each_mask_by_the_slice_it_is_of(tmp_path: Path, modality: str) -> None:
    highdicom = pytest.importorskip("highdicom", reason="highdicom is not installed")
    source = scan(0, modality)
    write_dataset(opened_exporter("dicom"), [source], tmp_path)
    read = highdicom.seg.segread(tmp_path / "scans/00000000/segmentation.dcm")
    assert [read.get_segment_description(number).segment_label for number in read.segment_numbers] == ["liver", "cyst 1"]
    assert {one.meaning for one in read.segmented_property_categories} == {"Anatomical Structure", "Morphologically Abnormal Structure"}
    slices = [pydicom.dcmread(path) for path in sorted((tmp_path / "scans/00000000").glob("??/*.dcm"))]
    masks = read.get_pixels_by_source_instance([file.SOPInstanceUID for file in slices])
    assert np.array_equal(masks[..., 0] > 0, source.arrays["categories"] == 2)
    assert np.array_equal(masks[..., 1] > 0, source.arrays["tracks"] == 1)


def test_a_radiograph_is_computed_radiography(tmp_path: Path) -> None:
    source = scan(0, "xray")
    write_dataset(opened_exporter("dicom"), [source], tmp_path)
    file = pydicom.dcmread(tmp_path / "scans/00000000/cr/0000.dcm")
    assert file.SOPClassUID.name == "Computed Radiography Image Storage"
    assert (file.BitsStored, file.ViewPosition) == (12, "PA")
    assert np.array_equal(file.pixel_array, source.arrays["radiograph"])


@pytest.mark.parametrize("modality", ["ct", "mri", "xray"])
def test_nifti_comes_back_with_values_and_places(tmp_path: Path, modality: str) -> None:
    source = scan(3, modality)
    write_dataset(opened_exporter("nifti"), [source], tmp_path)
    folder = tmp_path / "scans/00000003"
    image = nibabel.load(folder / "image.nii.gz")
    values = np.asarray(image.dataobj)
    name = "radiograph" if modality == "xray" else "volume"
    assert np.array_equal(values.transpose(2, 1, 0).squeeze(), source.arrays[name])
    assert b"Not for diagnosis" in bytes(image.header["descrip"])
    for part in ("categories", "tracks"):
        mask = nibabel.load(folder / f"{part}.nii.gz")
        assert np.array_equal(np.asarray(mask.dataobj).transpose(2, 1, 0).squeeze(), source.arrays[part])
        assert np.array_equal(mask.affine, image.affine)
    if modality != "xray":
        assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
        assert image.affine @ [2, 3, 1, 1] == pytest.approx([30 - 2.5, 40 - 4.5, 59.5, 1])
    else:
        assert nibabel.aff2axcodes(image.affine)[:2] == ("L", "I")


@pytest.mark.parametrize("form", ["dicom", "nifti"])
def test_the_same_shot_gives_the_same_bytes_and_a_right_data_set_has_no_problems(tmp_path: Path, form: str) -> None:
    made = opened_exporter(form)
    assert dict(made.files(scan(5))) == dict(made.files(scan(5)))
    assert dict(made.files(scan(5))) != dict(made.files(scan(6)))
    write_dataset(made, [scan(0), scan(1, "mri"), scan(2, "xray")], tmp_path)
    assert exporter(form).problems(tmp_path) == []
    write_dataset(made, [], tmp_path / "empty")
    assert exporter(form).problems(tmp_path / "empty") == []


def dicom_changed(pattern: str, **values: Any) -> spoil.Spoil:
    def change(folder: Path) -> None:
        path = spoil.first(folder, pattern)
        file = pydicom.dcmread(path)
        for name, value in values.items():
            setattr(file, name, value)
        buffer = io.BytesIO()
        pydicom.dcmwrite(buffer, file)
        path.write_bytes(buffer.getvalue())

    return change


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (spoil.removed("scans/*/ct/0001.dcm"), "holds 3 images"),
        (spoil.cut_short("scans/*/ct/0001.dcm"), "cannot be read as it should"),
        (dicom_changed("scans/*/ct/0001.dcm", PatientID="MUELLER"), "does not say that it is synthetic"),
        (dicom_changed("scans/*/ct/0001.dcm", ImagePositionPatient=[0, 0, 56]), "not evenly apart"),
        (dicom_changed("scans/*/ct/0001.dcm", SOPInstanceUID="2.25.5"), "which is not there"),
        (dicom_changed("scans/*/ct/0001.dcm", PixelData=bytes(960)), "blank"),
        (dicom_changed("scans/*/segmentation.dcm", PixelData=bytes(360)), "has 0 voxels"),
        (spoil.removed("scans/*/labels.json"), "missing"),
    ],
)
def test_a_spoiled_dicom_data_set_is_seen(tmp_path: Path, spoiled: spoil.Spoil, said: str) -> None:
    write_dataset(opened_exporter("dicom"), [scan()], tmp_path)
    spoiled(tmp_path)
    assert any(said in problem for problem in exporter("dicom").problems(tmp_path))


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (spoil.removed("scans/*/tracks.nii.gz"), "missing"),
        (spoil.cut_short("scans/*/image.nii.gz"), "cannot be read"),
        (spoil.copied("scans/*/tracks.nii.gz", "categories.nii.gz"), "classes that are not in the index"),
        (spoil.json_changed("scans/*/labels.json", lambda labels: labels["segments"][0].update(voxels=1)), "labels.json says 1"),
    ],
)
def test_a_spoiled_nifti_data_set_is_seen(tmp_path: Path, spoiled: spoil.Spoil, said: str) -> None:
    write_dataset(opened_exporter("nifti"), [scan()], tmp_path)
    spoiled(tmp_path)
    assert any(said in problem for problem in exporter("nifti").problems(tmp_path))


@pytest.mark.parametrize("form", ["dicom", "nifti"])
def test_a_shot_of_cameras_is_refused_with_a_remedy(form: str) -> None:
    with pytest.raises(DataError, match="is no scan") as refused:
        list(opened_exporter(form).files(photo(0)))
    assert "medical" in str(refused.value)
