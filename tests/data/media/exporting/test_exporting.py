"""What holds for every format."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.data.media.shots import shot, shots

from understudy.core.errors import ArgumentError, DataError, SinkError
from understudy.data.media.exporting import EXPORTERS, dataset_problems, exporter, opened_exporter, write_dataset
from understudy.data.media.exporting.pictures import SplitExporter, camera_names
from understudy.data.media.exporting.writing import TarFiles

FORMATS = sorted(set(EXPORTERS) - {"dicom", "nifti", "commonroad", "openscenario", "trajectories"})
"""Those for any shot; two hold scans alone, three traffic alone."""


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_shots_give_the_same_bytes_and_no_problems(tmp_path: Path, name: str) -> None:
    for folder in ("one", "two"):
        write_dataset(opened_exporter(name), shots(3), tmp_path / folder)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert exporter(name).problems(tmp_path / "one") == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        dataset_problems("coco", tmp_path / "nowhere")


def test_records_are_plain_values() -> None:
    for name in FORMATS:
        record = opened_exporter(name).record(shot(0))
        assert json.loads(json.dumps(record, allow_nan=False)) == record, name


@pytest.mark.parametrize("name", FORMATS)
def test_names_are_not_given_twice_and_stay_in_the_folder(name: str) -> None:
    kind = opened_exporter(name)
    names = [member for source in shots(3) for member, _ in kind.files(source)]
    names += [member for member, _ in kind.finish([kind.record(source) for source in shots(3)])]
    assert len({member.casefold() for member in names}) == len(names)
    assert not any(member.startswith("/") or ".." in member or "\\" in member for member in names)


def test_an_option_of_no_format_is_told_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="quality") as error:
        opened_exporter("coco:qualty=80")
    assert "quality" in str(error.value)
    with pytest.raises(ArgumentError, match="Did you mean"):
        opened_exporter("cocoo")


@pytest.mark.parametrize("options", ["image=gif", "quality=0", "quality=high", "val=1.5", "val=0.7,test=0.7", "val=much"])
def test_an_option_that_cannot_be_is_refused(options: str) -> None:
    with pytest.raises(ArgumentError):
        opened_exporter(f"coco:{options}")


def test_any_first_shots_hold_the_shares_of_the_splits() -> None:
    splitter = opened_exporter("coco:val=0.2,test=0.1")
    assert isinstance(splitter, SplitExporter)
    for count in (10, 37, 100, 1000):
        splits = [splitter.split(index) for index in range(count)]
        assert abs(splits.count("val") - 0.2 * count) <= 2
        assert abs(splits.count("test") - 0.1 * count) <= 2


def test_cameras_whose_names_are_alike_in_files_are_told_apart() -> None:
    names = camera_names(shot(0, cameras=("a/b", "a b", "A-b", "")))
    assert len({name.casefold() for name in names.values()}) == 4
    assert all(name.replace("-", "").replace("_", "").isalnum() for name in names.values())


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SinkError, match="something at this place"):
        write_dataset(opened_exporter("coco"), shots(1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_tar_file_that_is_closed_is_not_begun_again(tmp_path: Path) -> None:
    with TarFiles(lambda name: (tmp_path / name).open("wb")) as tars:
        assert tars.take("a-0.tar/x", b"1")
        assert tars.take("b-0.tar/x", b"1")
        assert tars.take("a-1.tar/x", b"1")
        assert not tars.take("plain.txt", b"1")
        with pytest.raises(SinkError, match="do not follow one another"):
            tars.take("a-0.tar/y", b"1")
