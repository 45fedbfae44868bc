"""Data sets of shots: the same files for any number of workers, resumed, checked and remade."""

import errno
import json

import pytest
from small_shots import SmallShots

from understudy.core.atomic import sink_error
from understudy.core.errors import ArgumentError, Cancelled, SinkError
from understudy.run import verify, write
from understudy.run.store import FolderStore


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".understudy" not in path.parts
    }


def test_one_worker_and_two_write_the_same_files(tmp_path):
    write(SmallShots(), 10, tmp_path / "one", seed=3, format="raw", workers=1, part_rows=2)
    write(SmallShots(), 10, tmp_path / "two", seed=3, format="raw", workers=2, part_rows=3)
    one = files_of(tmp_path / "one")
    assert one == files_of(tmp_path / "two")
    assert len(one) == 11
    assert [entry["item"] for entry in json.loads(one["list.json"])] == list(range(10))


def test_the_pictures_are_those_that_sample_gives(tmp_path):
    write(SmallShots(), 3, tmp_path / "set", seed=5, format="raw:suffix=bin")
    shots = SmallShots().sample(3, seed=5)
    for shot in shots:
        assert (tmp_path / f"set/deep/pictures/{shot.index:05d}.bin").read_bytes() == shot.frames[0].image.tobytes()


def test_a_run_that_failed_goes_on_from_its_finished_parts(tmp_path):
    with pytest.raises(SinkError, match=r"2 of 3 parts .* are finished and kept"):
        write(SmallShots(fails_at=7), 9, tmp_path / "set", format="raw", part_rows=3, workers=1)
    assert not (tmp_path / "set" / "list.json").exists()
    with pytest.raises(SinkError, match="another plan"):
        write(SmallShots(), 9, tmp_path / "set", format="raw", part_rows=3)
    write(SmallShots(), 9, tmp_path / "set", format="raw", part_rows=3, overwrite=True)
    assert len(files_of(tmp_path / "set")) == 10


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (OSError(errno.ENOSPC, "full"), SinkError, r"disk is full\. 3 of 3 parts"),
        (KeyboardInterrupt(), Cancelled, r"Stopped\. 3 of 3 parts"),
    ],
)
def test_parts_are_kept_when_they_cannot_be_laid_out(tmp_path, monkeypatch, error, kind, says):
    put, seen = FolderStore.put, []

    def failing(store, name, content):
        seen.append(name)
        if len(seen) == 4:
            raise error if kind is Cancelled else sink_error(error, store.path / name)
        put(store, name, content)

    monkeypatch.setattr(FolderStore, "put", failing)
    with pytest.raises(kind, match=rf"{says}(?s:.)*Run the same again"):
        write(SmallShots(), 9, tmp_path / "set", format="raw", part_rows=3, workers=1)
    monkeypatch.undo()
    assert write(SmallShots(), 9, tmp_path / "set", format="raw", part_rows=3).reused == 3
    write(SmallShots(), 9, tmp_path / "calm", format="raw", part_rows=9)
    assert files_of(tmp_path / "set") == files_of(tmp_path / "calm")


def test_a_run_that_finished_nothing_stands_in_nobodys_way(tmp_path):
    with pytest.raises(SinkError, match="0 of 1 parts"):
        write(SmallShots(fails_at=0), 2, tmp_path / "set", format="raw", workers=1)
    write(SmallShots(), 3, tmp_path / "set", format="raw", workers=1)
    assert len(files_of(tmp_path / "set")) == 4


def test_a_finished_data_set_is_left_as_it_is_and_mended_where_a_file_is_gone(tmp_path):
    def again():
        return write(SmallShots(), 5, tmp_path / "set", format="raw", part_rows=2)

    again()
    whole = files_of(tmp_path / "set")
    assert again().reused == 3
    (tmp_path / "set" / "deep/pictures/00003.raw").unlink()
    assert again().reused == 0
    assert files_of(tmp_path / "set") == whole


def test_another_plan_takes_the_place_of_a_data_set_only_when_told(tmp_path):
    write(SmallShots(), 5, tmp_path / "set", format="raw")
    with pytest.raises(SinkError, match="rows is 5, now asked for is 3"):
        write(SmallShots(), 3, tmp_path / "set", format="raw")
    write(SmallShots(), 3, tmp_path / "set", format="raw", overwrite=True)
    assert len(files_of(tmp_path / "set")) == 4


def test_files_of_others_are_never_written_over(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SinkError, match=r"not empty \(notes.txt\)"):
        write(SmallShots(), 3, tmp_path, format="raw")


@pytest.mark.parametrize(
    ("target", "form", "said"),
    [
        ("set", "rawe", '"raw"'),
        ("set", "raw:sufix=a", '"suffix"'),
        ("set", "raw:suffix", "key=value"),
        ("-", "raw", "go to a folder"),
        ("postgresql://x/y#t", "raw", "go to a folder"),
    ],
)
def test_what_cannot_be_written_is_refused_before_work(tmp_path, target, form, said):
    with pytest.raises(ArgumentError, match=said):
        write(SmallShots(fails_at=0), 3, tmp_path / target if target == "set" else target, format=form)


def test_verify_makes_parts_again_and_finds_what_was_changed(tmp_path):
    write(SmallShots(), 6, tmp_path / "set", format="raw", part_rows=2, keep_model=True)
    result = verify(tmp_path / "set", model=SmallShots(), k=None)
    assert (result.ok, result.files, len(result.remade)) == (True, 7, 3)
    (tmp_path / "set" / "deep/pictures/00001.raw").write_bytes(b"x" * 72)
    (tmp_path / "set" / "deep/pictures/00004.raw").unlink()
    findings = {finding.name: finding.what for finding in verify(tmp_path / "set", k=0).findings}
    assert "checksum" in findings["deep/pictures/00001.raw"]
    assert "missing" in findings["deep/pictures/00004.raw"]
    assert findings["raw"] == "4: no picture"


def test_tar_files_of_many_shots_are_the_same_for_any_parts_and_workers(tmp_path):
    write(SmallShots(), 10, tmp_path / "one", seed=3, format="webdataset:shard=4", workers=1, part_rows=2)
    write(SmallShots(), 10, tmp_path / "two", seed=3, format="webdataset:shard=4", workers=2, part_rows=3)
    one = files_of(tmp_path / "one")
    assert one == files_of(tmp_path / "two")
    assert "train-000000.tar" in one
    assert verify(tmp_path / "one", model=SmallShots()).ok
