from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from understudy.core.atomic import atomic_file, sink_error
from understudy.core.errors import SinkError


def test_the_file_appears_on_leaving_and_not_before(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with atomic_file(target) as file:
        file.write(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["model"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic_file(target) as file:
        file.write(b"half")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model"]


def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SinkError, match="disk is full") as caught, atomic_file(tmp_path / "model") as file:
        file.write(b"much")
    assert str(tmp_path / "model") in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_really_full_device_raises_the_same_error() -> None:
    with pytest.raises(OSError, match="space") as caught, open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")
    assert "disk is full" in str(sink_error(caught.value, "out/model"))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="folder does not exist") as caught, atomic_file(tmp_path / "no" / "model"):
        pass
    assert "no/model" in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="is a folder"), atomic_file(tmp_path):
        pass


def test_an_error_of_another_kind_keeps_its_own_words() -> None:
    assert "Input/output error" in str(sink_error(OSError(errno.EIO, "Input/output error"), "x"))


def test_permissions_are_those_of_any_new_file_or_of_the_old_one(tmp_path: Path) -> None:
    plain, target = tmp_path / "plain", tmp_path / "model"
    plain.write_bytes(b"")
    with atomic_file(target):
        pass
    assert target.stat().st_mode == plain.stat().st_mode
    target.chmod(0o600)
    with atomic_file(target):
        pass
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_long_file_name_fits(tmp_path: Path) -> None:
    target: Any = tmp_path / ("m" * 250)
    with atomic_file(target) as file:
        file.write(b"x")
    assert target.read_bytes() == b"x"
