"""DICOM: one file a slice (CT, MR) or radiograph (CR), and a segmentation of organs and lesions.

    scans/00000012/ct/0003.dcm            slices from the feet upwards
    scans/00000012/segmentation.dcm       DICOM SEG, binary, one segment an organ and one a lesion; for CT and MR
    scans/00000012/labels.json            lesions, boxes, segments, what was drawn
    dataset.json                          the classes, and a line a scan

The same shot gives the same bytes: identifiers are integers below 2.25 from the shot's random key, dates are constant. Every file says
that its patient is none: PatientName "Synthetic^Phantom", PatientID "SYNTHETIC-000012", SyntheticData "YES", and the notice as comments.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import MissingExtraError
from understudy.data.media.exporting.exporter import Exporter, Member
from understudy.data.media.exporting.findings import Findings
from understudy.data.media.exporting.pictures import dataset_index, plain_categories
from understudy.data.media.exporting.scans import Scan, Segment, listed_scans
from understudy.data.media.items import Shot
from understudy.data.media.json_files import as_json

VERSION = 1
NAME, PATIENT = "Synthetic^Phantom", "SYNTHETIC-"
IMPLEMENTATION = "2.25.271828182845904523536028747135266249"
CLASSES = {"ct": "1.2.840.10008.5.1.4.1.1.2", "mri": "1.2.840.10008.5.1.4.1.1.4", "xray": "1.2.840.10008.5.1.4.1.1.1"}
"""SOP classes: CT, MR and Computed Radiography Image Storage."""
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
CODES = {"ct": "CT", "mri": "MR", "xray": "CR"}
HU_OFFSET = -1024
DAY, HOUR = "20000101", "000000"


class Dicom(Exporter):
    """The exporter. Takes shots of the world `medical`."""

    name: ClassVar[str] = "dicom"

    def require(self) -> None:
        pydicom()

    def files(self, shot: Shot) -> Iterator[Member]:
        scan = Scan.of(shot, self.name)
        folder = CODES[scan.modality].lower()
        for number in range(len(scan.values)):
            yield f"{scan.folder}/{folder}/{number:04d}.dcm", _bytes(_image(scan, number))
        if scan.modality != "xray":
            yield f"{scan.folder}/segmentation.dcm", _bytes(_segmentation(scan))
        yield f"{scan.folder}/labels.json", as_json(scan.labels(), indent=1)

    def record(self, shot: Shot) -> Any:
        scan = Scan.of(shot, self.name)
        row = {"shot": shot.index, "modality": scan.modality, "files": len(scan.values), "study": scan.uid("study")}
        return row | {"notice": scan.notice, "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        yield dataset_index(VERSION, records, "scans")

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        identifiers: dict[str, Path] = {}
        for place, row in listed_scans(findings, folder)[1]:
            _scan_problems(findings, place, row, identifiers)
        return findings.problems


def pydicom() -> Any:
    """The library. Raises `MissingExtraError` with the install line."""
    try:
        import pydicom as library
        import pydicom.pixels
        import pydicom.uid
    except ImportError:
        raise MissingExtraError.of("medical", "DICOM files") from None
    return library


def _bytes(file: Any) -> bytes:
    buffer = io.BytesIO()
    pydicom().dcmwrite(buffer, file, enforce_file_format=True)
    return buffer.getvalue()


def _begun(scan: Scan, sop_class: str, instance: str, series: str, number: int, modality: str) -> Any:
    """A data set with what every file holds."""
    library = pydicom()
    file = library.Dataset()
    file.file_meta = library.dataset.FileMetaDataset()
    file.file_meta.MediaStorageSOPClassUID = sop_class
    file.file_meta.MediaStorageSOPInstanceUID = instance
    file.file_meta.TransferSyntaxUID = library.uid.ExplicitVRLittleEndian
    file.file_meta.ImplementationClassUID = IMPLEMENTATION
    file.file_meta.ImplementationVersionName = "UNDERSTUDY"
    file.SpecificCharacterSet = "ISO_IR 192"
    file.SOPClassUID, file.SOPInstanceUID = sop_class, instance
    file.SyntheticData = "YES"
    file.PatientName, file.PatientID = NAME, f"{PATIENT}{scan.shot.index:06d}"
    file.PatientBirthDate, file.PatientSex = "", "O"
    file.PatientComments = scan.notice
    file.ImageComments = scan.notice
    file.StudyInstanceUID, file.SeriesInstanceUID = scan.uid("study"), series
    file.StudyID, file.SeriesNumber, file.AccessionNumber, file.ReferringPhysicianName = "1", number, "", ""
    for name in ("StudyDate", "SeriesDate", "ContentDate"):
        setattr(file, name, DAY)
    for name in ("StudyTime", "SeriesTime", "ContentTime"):
        setattr(file, name, HOUR)
    file.StudyDescription = "Synthetic phantom"
    file.Modality = modality
    file.Manufacturer, file.ManufacturerModelName, file.DeviceSerialNumber, file.SoftwareVersions = "understudy", "phantom", "0", "1"
    file.FrameOfReferenceUID, file.PositionReferenceIndicator = scan.uid("frame"), ""
    return file


def _image(scan: Scan, number: int) -> Any:
    """A slice or radiograph."""
    modality = CODES[scan.modality]
    file = _begun(scan, CLASSES[scan.modality], scan.uid("image", number), scan.uid("series"), 1, modality)
    file.SeriesDescription = f"Synthetic {modality}, not for diagnosis"
    file.InstanceNumber, file.AcquisitionNumber = number + 1, 1
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.PixelRepresentation = 16, 0
    rows, columns = scan.values.shape[1:]
    file.Rows, file.Columns = rows, columns
    _, down, across = scan.spacing
    file.PixelSpacing = [_text(down), _text(across)]
    values = scan.values[number]
    {"ct": _ct, "mri": _mr, "xray": _cr}[scan.modality](file, scan, number)
    bits = 12 if scan.modality == "xray" else 16
    file.BitsStored, file.HighBit = bits, bits - 1
    stored = values.astype(np.int32) - HU_OFFSET if scan.modality == "ct" else values
    file.PixelData = np.clip(stored, 0, 2**bits - 1).astype("<u2").tobytes()
    return file


def _place(file: Any, scan: Scan, number: int) -> None:
    """Where a slice lies in the patient: rows to the left, columns to the back."""
    x, y, z = scan.origin
    file.ImagePositionPatient = [_text(x), _text(y), _text(z + number * scan.spacing[0])]
    file.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    file.SliceLocation, file.SliceThickness = _text(z + number * scan.spacing[0]), _text(scan.spacing[0])
    file.PatientPosition = "HFS"


def _window(file: Any, scan: Scan) -> None:
    if "window" in scan.shot.meta:
        file.WindowCenter, file.WindowWidth = (_text(value) for value in scan.shot.meta["window"])


def _ct(file: Any, scan: Scan, number: int) -> None:
    _place(file, scan, number)
    file.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    file.RescaleIntercept, file.RescaleSlope, file.RescaleType = HU_OFFSET, 1, "HU"
    file.KVP = _text(float(scan.shot.frames[number].conditions.get("kilovolts", 120)))
    _window(file, scan)


def _mr(file: Any, scan: Scan, number: int) -> None:
    _place(file, scan, number)
    told = scan.shot.frames[number].conditions
    file.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    file.ScanningSequence, file.SequenceVariant, file.ScanOptions, file.MRAcquisitionType = "RM", "NONE", "", "2D"
    file.SequenceName = str(told.get("weighting", ""))[:16]
    file.MagneticFieldStrength = _text(float(told.get("tesla", 1.5)))
    file.RepetitionTime, file.EchoTime, file.EchoTrainLength = "", "", ""
    _window(file, scan)


def _cr(file: Any, scan: Scan, number: int) -> None:
    file.ImageType = ["DERIVED", "SECONDARY"]
    file.ImagerPixelSpacing = file.PixelSpacing
    file.BodyPartExamined = str(scan.shot.meta.get("region", "")).upper()
    file.ViewPosition = {"pa": "PA", "ap": "AP"}.get(str(scan.shot.meta.get("view")), "LL")
    file.PatientOrientation = ["A", "F"] if file.ViewPosition == "LL" else ["L", "F"]
    file.PixelIntensityRelationship, file.PixelIntensityRelationshipSign = "LOG", 1
    file.RescaleIntercept, file.RescaleSlope, file.RescaleType = 0, 1, "US"


def _text(value: float) -> str:
    """A number as DICOM's decimal string: at most 16 letters."""
    return next(text for digits in range(12, 4, -1) if len(text := f"{value:.{digits}g}") <= 16)


# -- segmentation


def _code(value: str, scheme: str, meaning: str) -> Any:
    library = pydicom()
    item = library.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return library.Sequence([item])


def _item(**values: Any) -> Any:
    item = pydicom().Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return item


def _segmentation(scan: Scan) -> Any:
    """All segments of a volume: a frame for every segment and slice where it is seen."""
    library = pydicom()
    file = _begun(scan, SEGMENTATION, scan.uid("segmentation"), scan.uid("segmentation series"), 2, "SEG")
    segments = scan.segments()
    planes = [(one, number, mask) for one in segments for number, mask in enumerate(scan.mask(one)) if mask.any()]
    file.SeriesDescription = "Synthetic segmentation, not for diagnosis"
    file.ImageType = ["DERIVED", "PRIMARY"]
    file.InstanceNumber, file.ContentLabel, file.ContentDescription, file.ContentCreatorName = 1, "PHANTOM", "Exact masks", NAME
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 1, 1, 0
    file.Rows, file.Columns = scan.values.shape[1:]
    file.NumberOfFrames = len(planes)
    file.LossyImageCompression, file.SegmentationType, file.SegmentsOverlap = "00", "BINARY", "NO"
    file.SegmentSequence = library.Sequence([_segment(one) for one in segments])
    dimension = scan.uid("dimension")
    file.DimensionOrganizationSequence = library.Sequence([_item(DimensionOrganizationUID=dimension)])
    file.DimensionOrganizationType = "3D"
    file.DimensionIndexSequence = library.Sequence([
        _item(DimensionOrganizationUID=dimension, DimensionIndexPointer=0x0062000B, FunctionalGroupPointer=0x0062000A),
        _item(DimensionOrganizationUID=dimension, DimensionIndexPointer=0x00200032, FunctionalGroupPointer=0x00209113),
    ])  # fmt: skip
    depth, down, across = scan.spacing
    measures = _item(PixelSpacing=[_text(down), _text(across)], SliceThickness=_text(depth), SpacingBetweenSlices=_text(depth))
    orientation = _item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared = _item(PixelMeasuresSequence=library.Sequence([measures]), PlaneOrientationSequence=library.Sequence([orientation]))
    file.SharedFunctionalGroupsSequence = library.Sequence([shared])
    file.PerFrameFunctionalGroupsSequence = library.Sequence([_plane(scan, one, number) for one, number, _ in planes])
    images = [
        _item(ReferencedSOPClassUID=CLASSES[scan.modality], ReferencedSOPInstanceUID=scan.uid("image", number))
        for number in range(len(scan.values))
    ]
    series = _item(SeriesInstanceUID=scan.uid("series"), ReferencedInstanceSequence=library.Sequence(images))
    file.ReferencedSeriesSequence = library.Sequence([series])
    bits = np.stack([mask for _, _, mask in planes]).astype(np.uint8)
    file.PixelData = library.pixels.pack_bits(bits, pad=True)
    return file


def _segment(one: Segment) -> Any:
    lesion = bool(one.track)
    kind = _code("49755003", "SCT", "Morphologically Abnormal Structure") if lesion else _code("123037004", "SCT", "Anatomical Structure")
    return _item(
        SegmentNumber=one.number,
        SegmentLabel=one.label,
        SegmentAlgorithmType="AUTOMATIC",
        SegmentAlgorithmName="understudy phantom",
        SegmentedPropertyCategoryCodeSequence=kind,
        SegmentedPropertyTypeCodeSequence=_code(str(one.category.id), "99UNDERSTUDY", one.category.name),
    )


def _plane(scan: Scan, one: Segment, number: int) -> Any:
    library = pydicom()
    x, y, z = scan.origin
    source = _item(
        ReferencedSOPClassUID=CLASSES[scan.modality], ReferencedSOPInstanceUID=scan.uid("image", number), SpatialLocationsPreserved="YES",
        PurposeOfReferenceCodeSequence=_code("121322", "DCM", "Source image for image processing operation"),
    )  # fmt: skip
    derivation = _item(
        SourceImageSequence=library.Sequence([source]), DerivationCodeSequence=_code("113076", "DCM", "Segmentation"),
    )  # fmt: skip
    return _item(
        FrameContentSequence=library.Sequence([_item(DimensionIndexValues=[one.number, number + 1])]),
        PlanePositionSequence=library.Sequence([_item(ImagePositionPatient=[_text(x), _text(y), _text(z + number * scan.spacing[0])])]),
        SegmentIdentificationSequence=library.Sequence([_item(ReferencedSegmentNumber=one.number)]),
        DerivationImageSequence=library.Sequence([derivation]),
    )


# -- reading back


def _scan_problems(findings: Findings, folder: Path, row: dict[str, Any], identifiers: dict[str, Path]) -> None:
    """What is wrong with one scan."""
    labels = findings.json(folder / "labels.json")
    images = sorted((folder / CODES[row["modality"]].lower()).glob("*.dcm"))
    findings.expect(len(images) == row["files"], folder, f"it holds {len(images)} images, and the index says {row['files']}.")
    places, known = [], set()
    for path in images:
        with findings.reading(path):
            file = _read(path)
            _file_problems(findings, path, file, row, identifiers)
            findings.expect(file.SOPClassUID == CLASSES[row["modality"]], path, "its SOP class is not that of its modality.")
            values = file.pixel_array
            findings.expect(values.shape == (file.Rows, file.Columns), path, "its pixels are not of the size that it says.")
            findings.expect(bool(values.min() != values.max()), path, "the picture is blank.")
            known.add(str(file.SOPInstanceUID))
            if row["modality"] != "xray":
                places.append(float(file.ImagePositionPatient[2]))
    steps = np.diff(places)
    findings.expect(bool(np.allclose(steps, steps[:1], atol=1e-3)) and bool((steps > 0).all()), folder, "its slices are not evenly apart.")
    if row["modality"] != "xray" and labels is not None:
        _segmentation_problems(findings, folder / "segmentation.dcm", labels, row, known, identifiers)


def _file_problems(findings: Findings, path: Path, file: Any, row: dict[str, Any], identifiers: dict[str, Path]) -> None:
    findings.expect(
        str(file.PatientID).startswith(PATIENT) and file.get("SyntheticData") == "YES", path, "it does not say that it is synthetic."
    )
    findings.expect(file.StudyInstanceUID == row["study"], path, "its study is not the one in the index.")
    first = identifiers.setdefault(str(file.SOPInstanceUID), path)
    findings.expect(first == path, path, f"its identifier is that of {findings.relative(first)} too.")


def _segmentation_problems(
    findings: Findings, path: Path, labels: dict[str, Any], row: dict[str, Any], known: set[str], identifiers: dict[str, Path]
) -> None:
    with findings.reading(path):
        file = _read(path)
        _file_problems(findings, path, file, row, identifiers)
        masks: NDArray[np.uint8] = file.pixel_array.reshape(-1, file.Rows, file.Columns)
        counts: dict[int, int] = {}
        for plane, mask in zip(file.PerFrameFunctionalGroupsSequence, masks, strict=True):
            number = int(plane.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            counts[number] = counts.get(number, 0) + int(mask.sum())
            source = plane.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
            findings.expect(str(source) in known, path, f"a mask belongs to image {source}, which is not there.")
        for one in labels["segments"]:
            found = counts.get(one["number"], 0)
            findings.expect(
                found == one["voxels"], path, f'segment "{one["label"]}" has {found} voxels, and labels.json says {one["voxels"]}.'
            )


def _read(path: Path) -> Any:
    """A file; what is wrong with it at all is a `ValueError`."""
    library = pydicom()
    try:
        return library.dcmread(path)
    except library.errors.InvalidDicomError as error:
        raise ValueError(str(error)) from None
