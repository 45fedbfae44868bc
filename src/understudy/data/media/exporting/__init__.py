"""Formats of labelled pictures, by name; each is one file here and one line below."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pathlib import Path

from understudy.core.errors import ArgumentError, DataError, did_you_mean
from understudy.data.media.exporting.exporter import Exporter, Member
from understudy.data.media.exporting.writing import write_dataset

EXPORTERS: dict[str, str] = {
    "bop": "understudy.data.media.exporting.bop:Bop",
    "coco": "understudy.data.media.exporting.coco:Coco",
    "commonroad": "understudy.scenes.driving.exporting.commonroad:CommonRoad",
    "dicom": "understudy.data.media.exporting.dicom:Dicom",
    "dota": "understudy.data.media.exporting.dota:Dota",
    "frames": "understudy.data.media.exporting.frames:Frames",
    "geotiff": "understudy.data.media.exporting.geotiff:GeoTiff",
    "imagefolder": "understudy.data.media.exporting.imagefolder:ImageFolder",
    "kitti": "understudy.data.media.exporting.kitti:Kitti",
    "mot": "understudy.data.media.exporting.mot:Mot",
    "nifti": "understudy.data.media.exporting.nifti:Nifti",
    "nuscenes": "understudy.data.media.exporting.nuscenes:NuScenes",
    "openscenario": "understudy.scenes.driving.exporting.openscenario:OpenScenario",
    "trajectories": "understudy.scenes.driving.exporting.trajectories:TrajectoryTables",
    "video": "understudy.data.media.exporting.video:Video",
    "webdataset": "understudy.data.media.exporting.webdataset:WebDataset",
    "yolo": "understudy.data.media.exporting.yolo:Yolo",
    "yolo-obb": "understudy.data.media.exporting.yolo:YoloObb",
    "yolo-pose": "understudy.data.media.exporting.yolo:YoloPose",
    "yolo-segment": "understudy.data.media.exporting.yolo:YoloSegment",
}
"""Name → "module:Class", loaded when asked for."""


def exporter(name: str) -> type[Exporter]:
    """The format called `name`. Raises `ArgumentError` with the nearest name."""
    if name not in EXPORTERS:
        raise ArgumentError(f'There is no format of labelled pictures called "{name}".', remedy=did_you_mean(name, EXPORTERS))
    module, _, attribute = EXPORTERS[name].partition(":")
    found: type[Exporter] = getattr(import_module(module), attribute)
    return found


def opened_exporter(form: str) -> Exporter:
    """A format with its options, as a user writes it: "coco", "coco:image=jpg,val=0.1".

    Raises:
        ArgumentError: no such format or option, or an option's value cannot be. MissingExtraError: what it writes with is not installed.
    """
    name, _, options = form.partition(":")
    kind = exporter(name)
    stated = {}
    for option in filter(None, options.split(",")):
        key, sign, value = option.partition("=")
        if not sign:
            raise ArgumentError(f'"{option}" is no option: write key=value.', where=form)
        stated[key.strip()] = _plain(value.strip())
    known = [key for key in signature(kind).parameters if key != "self"]
    for key in stated:
        if key not in known:
            remedy = did_you_mean(key, known) if known else "It takes none."
            raise ArgumentError(f'The format {name} has no option "{key}".', where=form, remedy=remedy)
    made = kind(**stated)
    made.require()
    return made


def dataset_problems(form: str, folder: str | Path) -> list[str]:
    """What is wrong with a finished data set of a format, read back from its files; empty where nothing is.

    Raises:
        ArgumentError: no such format. DataError: there is no folder.
    """
    kind = exporter(form.partition(":")[0])
    if not Path(folder).is_dir():
        raise DataError("There is no such folder.", where=str(folder), remedy="Name the folder of a data set.")
    return kind.problems(Path(folder))


def _plain(text: str) -> bool | int | float | str:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


__all__ = ["EXPORTERS", "Exporter", "Member", "dataset_problems", "exporter", "opened_exporter", "write_dataset"]
