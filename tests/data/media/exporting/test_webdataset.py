"""WebDataset's tar files, read back by tarfile and by webdataset."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.data.media import corruption as spoil
from tests.data.media.shots import shots

from understudy.core.errors import ArgumentError
from understudy.data.media.exporting import opened_exporter, write_dataset
from understudy.data.media.exporting.webdataset import WebDataset
from understudy.data.media.image_files import png

Members = list[tuple[str, bytes]]


def written(folder: Path, form: str = "webdataset:shard=3", count: int = 8) -> Path:
    write_dataset(opened_exporter(form), shots(count), folder)
    return folder


def test_which_shots_a_tar_file_holds_follows_from_their_numbers(tmp_path: Path) -> None:
    assert sorted(path.name for path in written(tmp_path).glob("*.tar")) == [
        "train-000000.tar", "train-000001.tar", "train-000002.tar", "val-000001.tar",
    ]  # fmt: skip
    with tarfile.open(tmp_path / "train-000000.tar") as archive:
        names = archive.getnames()
        assert {member.mtime for member in archive} == {0}
    assert names[:4] == [f"00000000_front_0000.{ending}" for ending in ("png", "json", "npz", "arrays.npz")]
    assert {name[:8] for name in names} == {"00000000", "00000001", "00000002"}


@pytest.mark.filterwarnings("ignore")  # of webdataset
def test_webdataset_reads_samples(tmp_path: Path) -> None:
    library = pytest.importorskip("webdataset")
    written(tmp_path)
    tar = str(tmp_path / "train-000000.tar")
    samples = list(library.WebDataset(tar, shardshuffle=False).decode("rgb8"))
    sources = {source.index: source for source in shots(8)}
    assert len(samples) == 3 * 6
    for sample in samples:
        labels = sample["json"]
        frame = next(f for f in sources[labels["shot"]].frames if (f.camera, f.index) == (labels["camera"], labels["index"]))
        assert (sample["png"] == frame.image).all()
        assert (sample["npz"]["track"] == frame.track).all()
        assert np.array_equal(sample["npz"]["depth"], frame.depth)
        assert len(labels["instances"]) == len(frame.instances)


def test_shards_hold_a_shot_at_least() -> None:
    with pytest.raises(ArgumentError, match="1 shot or more"):
        WebDataset(shard=0)


def repacked(change: Callable[[Members], Members]) -> spoil.Spoil:
    def edit(folder: Path) -> None:
        path = spoil.first(folder, "train-*.tar")
        with tarfile.open(path) as archive:
            members = [(member.name, archive.extractfile(member).read()) for member in archive]  # type: ignore[union-attr]
        with tarfile.open(path, "w") as archive:
            for name, content in change(members):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    return edit


def smaller(members: Members) -> Members:
    return [(members[0][0], png(np.zeros((9, 9, 3), np.uint8))), *members[1:]]


def relabelled(members: Members) -> Members:
    labels = json.loads(members[1][1])
    labels["instances"][0]["box"] = [0, 0, 2, 2]
    return [members[0], (members[1][0], json.dumps(labels).encode()), *members[2:]]


SPOILT = {
    "the index is missing": (spoil.removed("dataset.json"), "the file is missing"),
    "a tar file is missing": (spoil.removed("train-*.tar"), "its tar files are not those of the folder"),
    "a tar file is cut short": (spoil.cut_short("train-*.tar"), "train-000000.tar"),
    "a picture is missing": (repacked(lambda members: members[1:]), "'png' is missing"),
    "labels are missing": (repacked(lambda members: [members[0], *members[2:]]), "'json' is missing"),
    "a sample is missing": (repacked(lambda members: members[4:]), "samples, not"),
    "a picture is of another size": (repacked(smaller), "is not of the frame's 64 × 48 pixels"),
    "a box is another": (repacked(relabelled), "its pixels reach over"),
    "a file comes twice": (repacked(lambda members: [members[0], *members]), "there twice"),
    "samples are mixed": (repacked(lambda members: [*members[1:], members[0]]), "do not follow one another"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_validator_sees_that(tmp_path: Path, what: str) -> None:
    corrupt, message = SPOILT[what]
    corrupt(written(tmp_path, count=4))
    problems = WebDataset.problems(tmp_path)
    assert any(message in problem for problem in problems), problems
