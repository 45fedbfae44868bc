"""A shot as files and back, with nothing lost: what JSON can hold in `shot.json`, pictures as pictures, all other arrays in .npz files.

    shot.json                      everything but arrays; masks beyond what is visible as runs
    CAMERA_FRAME.image.png         the picture
    CAMERA_FRAME.track.png         `Frame.track`, 16 bits
    CAMERA_FRAME.category.png      `Frame.category`
    CAMERA_FRAME.labels.npz        depth, normals, flow … under the names of `Frame`'s fields
    arrays.npz                     `Shot.arrays`

An array that is no picture (a track beyond 65,535, further bands) lies in labels.npz under its field's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import DataError
from understudy.data.media.image_files import Array, npz, png, read_image, read_npz
from understudy.data.media.items import CameraView, Category, CroppedMask, Frame, Instance, Shot
from understudy.data.media.json_files import plain
from understudy.data.media.runs import mask_runs, runs_mask, runs_text, text_runs

VERSION = 1
ARRAYS = ("depth", "distance", "normal", "flow_forward", "flow_backward", "hidden_forward", "hidden_backward", "scene_flow")
"""`Frame`'s fields of arrays that may be missing."""

Files = dict[str, bytes]


def shot_row(shot: Shot, names: Mapping[str, str]) -> dict[str, Any]:
    """What `shot.json` holds. names: each camera's name in the names of files."""
    row = {field.name: getattr(shot, field.name) for field in fields(Shot) if field.name not in ("frames", "categories", "arrays")}
    row |= {"version": VERSION, "categories": [asdict(category) for category in shot.categories]}
    row["frames"] = [frame_row(frame) | {"files": frame_stem(frame, names)} for frame in shot.frames]
    row["arrays"] = list(shot.arrays)
    found: dict[str, Any] = plain(row)
    return found


def frame_stem(frame: Frame, names: Mapping[str, str]) -> str:
    return f"{names[frame.camera]}_{frame.index:04d}"


def frame_files(frame: Frame, stem: str, picture: Callable[[Frame], tuple[str, bytes]], *, compressed: bool) -> Files:
    """A frame's arrays as files, by name. picture: the ending and the content of the picture's file."""
    files: Files = {}
    rest = {name: array for name in ARRAYS if (array := getattr(frame, name)) is not None}
    if _is_picture(frame.image):
        ending, content = picture(frame)
        files[f"{stem}.image.{ending}"] = content
    else:
        rest["image"] = frame.image
    if frame.track.min(initial=0) >= 0 and frame.track.max(initial=0) <= 65535:
        files[f"{stem}.track.png"] = png(frame.track.astype(np.uint16), flat=True)
    else:
        rest["track"] = frame.track
    files[f"{stem}.category.png"] = png(frame.category, flat=True)
    if rest:
        files[f"{stem}.labels.npz"] = npz(rest, compressed=compressed)
    return files


def _is_picture(image: Array) -> bool:
    return image.dtype == np.uint8 if image.ndim == 3 and image.shape[2] == 3 else image.ndim == 2 and image.dtype in (np.uint8, np.uint16)


def frame_row(frame: Frame) -> dict[str, Any]:
    """What JSON can hold of a frame."""
    kept = ("camera", "index", "time", "conditions", "caption", "questions", "proof")
    row: dict[str, Any] = {name: getattr(frame, name) for name in kept}
    row |= {"width": frame.width, "height": frame.height, "view": asdict(frame.view)}
    row["instances"] = [_instance_row(instance) for instance in frame.instances]
    return row


def _instance_row(instance: Instance) -> dict[str, Any]:
    row = {field.name: getattr(instance, field.name) for field in fields(Instance)}
    mask = instance.amodal_mask
    if mask is not None:
        row["amodal_mask"] = {"x": mask.x, "y": mask.y, "size": list(mask.pixels.shape), "counts": runs_text(mask_runs(mask.pixels))}
    return row


def read_shot(row: Mapping[str, Any], content: Callable[[str], bytes], names: set[str]) -> Shot:
    """A shot of what `shot_row` and `frame_files` gave.

    Args:
        row: what `shot.json` holds.
        content: gives a file of the shot by its name.
        names: of all files there are.

    Raises:
        DataError: the files are of a later release, or do not belong together.
    """
    if row["version"] > VERSION:
        raise DataError(
            f"The shot is of version {row['version']} of this form; this release reads up to {VERSION}.", remedy="Upgrade understudy."
        )
    kept = {field.name: row[field.name] for field in fields(Shot) if field.name not in ("frames", "categories", "arrays", "edge_cases")}
    arrays = read_npz(content("arrays.npz"), "arrays.npz") if row["arrays"] else {}
    return Shot(
        **kept,
        frames=[read_frame(frame, content, names) for frame in row["frames"]],
        categories=tuple(_read_category(category) for category in row["categories"]),
        edge_cases=tuple(row["edge_cases"]),
        arrays={name: arrays[name] for name in row["arrays"]},
    )


def _read_category(row: dict[str, Any]) -> Category:
    pairs = tuple((first, second) for first, second in row["skeleton"])
    lists = {name: tuple(row[name]) for name in ("color", "keypoints", "flips")}
    return Category(**{**row, **lists, "skeleton": pairs})


def read_frame(row: Mapping[str, Any], content: Callable[[str], bytes], names: set[str]) -> Frame:
    """A frame of what `frame_row` (with the beginning of its files' names as "files") and `frame_files` gave."""
    stem = row["files"]
    labels = f"{stem}.labels.npz"
    arrays = read_npz(content(labels), labels) if labels in names else {}
    for field in ("image", "track", "category"):
        name = next((f"{stem}.{field}.{ending}" for ending in ("png", "jpg") if f"{stem}.{field}.{ending}" in names), None)
        if field not in arrays:
            if name is None:
                raise DataError(f"The file {stem}.{field}.png is missing.")
            arrays[field] = read_image(content(name), name)
    shape = (row["height"], row["width"])
    wrong = [name for name, array in arrays.items() if array.shape[:2] != shape]
    if wrong:
        raise DataError(f"{stem}: {', '.join(wrong)} is not of the frame's {shape[1]} × {shape[0]} pixels.")
    view = row["view"]
    return Frame(
        camera=row["camera"],
        index=row["index"],
        time=row["time"],
        view=CameraView(
            view["model"], _matrix(view["matrix"]), tuple(view["distortion"]), _matrix(view["pose"]), view["exposure"], view["readout"]
        ),
        image=arrays["image"],
        track=arrays["track"].astype(np.int32),
        category=arrays["category"].astype(np.uint8),
        instances=[_read_instance(instance) for instance in row["instances"]],
        **{name: arrays[name] for name in ARRAYS if name in arrays},
        conditions=row["conditions"],
        caption=row["caption"],
        questions=[(question, answer) for question, answer in row["questions"]],
        proof=row["proof"],
    )


def _read_instance(row: Mapping[str, Any]) -> Instance:
    values = dict(row)
    for name in ("oriented_box", "center", "size", "rotation", "pose", "velocity"):
        values[name] = _matrix(row[name])
    values["keypoints"] = None if row["keypoints"] is None else _matrix(row["keypoints"]).reshape(-1, 3)
    values |= {"box": tuple(row["box"]), "amodal_box": tuple(row["amodal_box"])}
    mask = row["amodal_mask"]
    if mask is not None:
        values["amodal_mask"] = CroppedMask(mask["x"], mask["y"], runs_mask(text_runs(mask["counts"]), *mask["size"]))
    return Instance(**values)


def _matrix(values: Any) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)
