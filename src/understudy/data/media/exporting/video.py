"""Video: a file a camera, and a line of labels a frame.

    videos/00000012_front.mkv, labels/00000012_front.jsonl, shots/00000012.json, dataset.json

FFV1 in Matroska loses nothing; H.264 in MP4 is small and plays everywhere. A line holds everything but arrays: the visible mask of each
object as COCO's runs ("mask"), and for FFV1 the picture's checksum. Both encoders work on one thread and write no dates, so that the
same frames give the same bytes with the same release of PyAV.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, DataError, MissingExtraError
from understudy.data.media.exporting.coco import decoded, visible_mask
from understudy.data.media.exporting.exporter import Exporter, Member
from understudy.data.media.exporting.findings import Findings, extent
from understudy.data.media.exporting.pictures import CommonCategories, camera_names, plain_categories
from understudy.data.media.items import Frame, Shot
from understudy.data.media.json_files import as_json, as_json_lines
from understudy.data.media.native import frame_row
from understudy.data.media.runs import mask_runs, runs_text

ENDINGS = {"ffv1": "mkv", "h264": "mp4"}


class Video(Exporter):
    """The exporter.

    Args:
        codec: "ffv1" (loses nothing) or "h264".
        crf: how coarse H.264 is, 0 .. 51; 18 is hard to tell from the original.
    """

    name: ClassVar[str] = "video"

    def __init__(self, *, codec: str = "ffv1", crf: int = 18) -> None:
        if codec not in ENDINGS:
            raise ArgumentError(f'Video is written as "ffv1" or "h264", not as {codec!r}.', remedy='Pass codec="h264".')
        if isinstance(crf, bool) or not isinstance(crf, int) or not 0 <= crf <= 51:
            raise ArgumentError(f"crf is an integer from 0 to 51, not {crf!r}.", remedy="Pass crf=18.")
        self.codec = codec
        self.crf = crf

    def require(self) -> None:
        _av()

    def files(self, shot: Shot) -> Iterator[Member]:
        if shot.rate <= 0:
            raise DataError(
                "A video needs frames at a rate, and this shot is a single picture.",
                where=f"shot {shot.index}",
                remedy="Have clips made (a duration and a rate in the description), or choose a format of pictures.",
            )
        for camera, name in camera_names(shot).items():
            frames = list(shot.of_camera(camera))
            yield f"videos/{shot.index:08d}_{name}.{ENDINGS[self.codec]}", self._video(frames, shot.rate)
            yield f"labels/{shot.index:08d}_{name}.jsonl", as_json_lines([self._labels(frame) for frame in frames])
        kept = ("world", "index", "rate", "drawn", "edge_cases", "events", "records", "meta")
        yield f"shots/{shot.index:08d}.json", as_json({name: getattr(shot, name) for name in kept}, indent=1)

    def _video(self, frames: list[Frame], rate: float) -> bytes:
        av = _av()
        file = io.BytesIO()
        ending = ENDINGS[self.codec]
        with av.open(file, "w", format={"mkv": "matroska"}.get(ending, ending), options={"fflags": "+bitexact"}) as container:
            container.flags |= av.container.Flags.bitexact.value if hasattr(av.container, "Flags") else 0
            stream = container.add_stream({"h264": "libx264"}.get(self.codec, self.codec), rate=Fraction(rate).limit_denominator(1000))
            self._set(stream, frames[0])
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(self._picture(frame.image), format="rgb24" if frame.image.ndim == 3 else "gray")
                container.mux(stream.encode(picture.reformat(format=stream.pix_fmt)))
            container.mux(stream.encode())
        return file.getvalue()

    def _set(self, stream: Any, frame: Frame) -> None:
        height, width = self._picture(frame.image).shape[:2]
        stream.width, stream.height = width, height
        stream.thread_count = 1
        stream.codec_context.flags |= 1 << 23  # AV_CODEC_FLAG_BITEXACT
        if self.codec == "h264":
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(self.crf), "preset": "medium", "x264-params": "threads=1"}
        else:
            stream.pix_fmt = "bgr0" if frame.image.ndim == 3 else "gray"
            stream.options = {"slicecrc": "1", "level": "3"}

    def _picture(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """In 8 bits, the first three of several bands; an even number of rows and columns for H.264, which halves the colours'."""
        shown = image[..., :3] if image.ndim == 3 else image
        shown = (shown >> 8).astype(np.uint8) if shown.dtype == np.uint16 else shown
        if self.codec == "h264":
            odd = [(0, shown.shape[0] % 2), (0, shown.shape[1] % 2)]
            shown = np.pad(shown, odd + [(0, 0)] * (shown.ndim - 2), mode="edge")
        return np.ascontiguousarray(shown)

    def _labels(self, frame: Frame) -> dict[str, Any]:
        row = frame_row(frame)
        for instance, labels in zip(frame.instances, row["instances"], strict=True):
            mask, corner = visible_mask(frame, instance)
            counts = runs_text(mask_runs(mask, corner, frame.height, frame.width))
            labels["mask"] = {"size": [frame.height, frame.width], "counts": counts}
        if self.codec == "ffv1":
            row["crc32"] = zlib.crc32(self._picture(frame.image).tobytes())
        return row

    def record(self, shot: Shot) -> Any:
        videos = [f"{shot.index:08d}_{name}.{ENDINGS[self.codec]}" for name in camera_names(shot).values()]
        return {"shot": shot.index, "videos": videos, "categories": plain_categories(shot)}

    def finish(self, records: Iterable[Any]) -> Iterator[Member]:
        categories, shots = CommonCategories(), []
        for record in records:
            categories.see(record.pop("categories"), record["shot"])
            shots.append(record)
        yield "dataset.json", as_json({"categories": categories.rows, "shots": shots}, indent=1)

    @classmethod
    def problems(cls, folder: Path) -> list[str]:
        findings = Findings(folder)
        index = findings.json(folder / "dataset.json") or {"shots": [], "categories": []}
        with findings.reading(folder / "dataset.json"):
            classes = {row["id"] for row in index["categories"]}
            videos = {folder / "videos" / name for row in index["shots"] for name in row["videos"]}
            for row in index["shots"]:
                findings.json(folder / "shots" / f"{row['shot']:08d}.json")
            for path in sorted(videos):
                labels = folder / "labels" / f"{path.stem}.jsonl"
                with findings.reading(labels):
                    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
                    with findings.reading(path):
                        _check_pictures(findings, path, rows)
                    for row in rows:
                        _check_labels(findings, labels, row, classes)
            findings.strays(folder / "videos", videos)
        return findings.problems


def read_video(path: Path) -> Iterator[NDArray[Any]]:
    """The pictures of a video. Raises `DataError` where it is none; `MissingExtraError` without PyAV."""
    av = _av()
    if not path.is_file():
        raise DataError("the file is missing.", where=str(path))
    try:
        with av.open(str(path)) as container:
            container.streams.video[0].thread_count = 1
            for frame in container.decode(video=0):
                gray = frame.format.name.startswith("gray")
                yield frame.to_ndarray(format="gray" if gray else "rgb24")
    except (av.FFmpegError, IndexError) as error:
        raise DataError(f"it is no video that can be read: {error}.", where=str(path)) from None


def _check_pictures(findings: Findings, path: Path, rows: list[Any]) -> None:
    count = 0
    for count, picture in enumerate(read_video(path), start=1):
        if count > len(rows):
            continue
        row, (height, width) = rows[count - 1], picture.shape[:2]
        right = 0 <= height - row["height"] <= 1 and 0 <= width - row["width"] <= 1
        findings.expect(right, path, f"frame {count - 1} is {width} × {height} pixels, said to be {row['width']} × {row['height']}.")
        if "crc32" in row:
            findings.expect(zlib.crc32(picture.tobytes()) == row["crc32"], path, f"frame {count - 1} is not the picture that was written.")
    findings.expect(count == len(rows), path, f"it has {count} frames, its labels {len(rows)}.")


def _check_labels(findings: Findings, path: Path, row: Any, classes: set[int]) -> None:
    of, taken = f"frame {row['index']}", np.zeros((row["height"], row["width"]), dtype=np.bool_)
    for instance in row["instances"]:
        with findings.reading(path):
            mask = decoded(instance["mask"], row["height"], row["width"])
            x, y, width, height = extent(mask)
            name = f"object {instance['track']}"
            findings.expect(instance["category"] in classes, path, f"{of}: {name} is of class {instance['category']}, which is not listed.")
            findings.expect(int(mask.sum()) == instance["pixels"] > 0, path, f"{of}: {name} has other pixels than its mask.")
            findings.expect(
                np.allclose(instance["box"], [x, y, x + width, y + height]), path, f"{of}: {name} has another box than its mask."
            )
            findings.expect(not (taken & mask).any(), path, f"{of}: {name} overlaps another.")
            taken |= mask


def _av() -> Any:
    try:
        import av
    except ImportError:
        raise MissingExtraError.of("video", "Writing and reading video") from None
    return av
