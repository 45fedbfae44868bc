"""Video files and their labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import photo, shot, shots

from understudy.core.errors import ArgumentError, DataError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.video import Video, read_video

pytest.importorskip("av")


def written(folder: Path, form: str = "video") -> Path:
    write_dataset(opened_exporter(form), shots(2), folder)
    return folder


def test_ffv1_gives_the_pictures_back_as_they_were(tmp_path: Path) -> None:
    written(tmp_path)
    for source in shots(2):
        for path, camera in ((tmp_path / "videos" / f"{source.index:08d}_front.mkv", "front"),):
            frames = list(read_video(path))
            assert len(frames) == 3
            assert all((seen == frame.image).all() for seen, frame in zip(frames, source.of_camera(camera), strict=True))


def test_h264_is_near_to_the_pictures_and_fills_odd_sizes(tmp_path: Path) -> None:
    source = shot(0)
    for frame in source.frames:
        frame.image = np.repeat(np.arange(47, dtype=np.uint8)[:, None, None] * np.uint8(4), 63, axis=1).repeat(3, axis=2)
        frame.track, frame.category, frame.instances = frame.track[:47, :63] * 0, frame.category[:47, :63], []
    write_dataset(Video(codec="h264", crf=10), [source], tmp_path)
    frames = list(read_video(tmp_path / "videos" / "00000000_front.mp4"))
    assert len(frames) == 3
    assert frames[0].shape == (48, 64, 3)
    assert np.abs(frames[0][:47, :63].astype(int) - source.frames[0].image).mean() < 3
    assert Video.problems(tmp_path) == []


@pytest.mark.parametrize("codec", ["ffv1", "h264"])
def test_grey_pictures_are_video_too(tmp_path: Path, codec: str) -> None:
    source = shot(0)
    for frame in source.frames:
        frame.image = np.ascontiguousarray(frame.image[..., 0])
    write_dataset(Video(codec=codec), [source], tmp_path)
    assert Video.problems(tmp_path) == []


@pytest.mark.parametrize("codec", ["ffv1", "h264"])
def test_the_same_frames_give_the_same_bytes(codec: str) -> None:
    assert dict(Video(codec=codec).files(shot(1))) == dict(Video(codec=codec).files(shot(1)))


def test_a_photo_is_no_video() -> None:
    with pytest.raises(DataError, match="frames at a rate"):
        list(Video().files(photo(0)))


def test_other_codecs_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r'"ffv1" or "h264"'):
        Video(codec="vp9")


def line_changed(change: dict[str, object]) -> spoil.Spoil:
    def edit(text: str) -> str:
        rows = [json.loads(line) for line in text.splitlines()]
        rows[0]["instances"][0].update(change)
        return "".join(json.dumps(row) + "\n" for row in rows)

    return spoil.text_changed("labels/*.jsonl", edit)


def another_picture(folder: Path) -> None:
    source = shot(0)
    source.frames[0].image = source.frames[0].image + np.uint8(1)
    name, content = next(iter(Video().files(source)))
    (folder / name).write_bytes(content)


SPOILT = {
    "a video is missing": (spoil.removed("videos/*.mkv"), "the file is missing"),
    "labels are missing": (spoil.removed("labels/*.jsonl"), "the file is missing"),
    "the shot is missing": (spoil.removed("shots/*.json"), "the file is missing"),
    "a picture is another": (another_picture, "is not the picture that was written"),
    "a frame's labels are missing": (
        spoil.text_changed("labels/*.jsonl", lambda text: text.split("\n", 1)[1]),
        "has 3 frames, its labels 2",
    ),
    "a box is another": (line_changed({"box": [0, 0, 2, 2]}), "another box than its mask"),
    "pixels are miscounted": (line_changed({"pixels": 1}), "other pixels than its mask"),
    "a class is unknown": (line_changed({"category": 99}), "not listed"),
    "a video is one too many": (spoil.copied("videos/*.mkv", "more.mkv"), "no index speaks of this file"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path))
    problems = Video.problems(tmp_path)
    assert any(message in problem for problem in problems), problems


def test_a_file_that_is_no_video_is_told(tmp_path: Path) -> None:
    path = spoil.first(written(tmp_path), "videos/*.mkv")
    path.write_bytes(b"no video at all")
    assert any("no video that can be read" in problem for problem in Video.problems(tmp_path))
