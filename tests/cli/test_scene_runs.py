"""Data sets of pictures through the command: killed, interrupted, out of space, and gone on with; the same bytes whoever makes them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("embreex")

import understudy
from understudy.cli.application import run

ITEMS, PARTS = 24, 12
RAYCAST = """\
understudy: scenes/1
world: products
labels: fast
settings: {setup: turntable, room: studio, camera: {sensor: {width: 48, height: 32}}}
"""
DRIVING = """\
understudy: scenes/1
world: driving
video: {frames: 2, rate: 10}
edge_cases: {night: 0.5}
settings:
  scenario: cut-in
  moment_s: 1.0
  around: {walkers: 1, trees: 0.1, buildings: 0.1, oncoming_per_km: 2}
  cameras: {sensor: {width: 48, height: 32}}
"""
OWN = """\
understudy: scenes/1
world: medical
settings: {modality: xray, region: hand, size: 48}
"""
MITSUBA = RAYCAST + "renderer: {mitsuba: {samples: 2, depth: 3}}\n"


def described(folder: Path, text: str) -> str:
    path = folder / "spec.yaml"
    path.write_text(text)
    return str(path)


def asked(spec: str, out: Path, *more: str, n: int = ITEMS) -> list[str]:
    return ["generate", spec, "-n", str(n), "-o", str(out), "--part-rows", "2", *more]


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".understudy" not in path.parts
    }


def command(arguments: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(understudy.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "understudy", *arguments], env=environment, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.005)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A description and the data set of an uninterrupted run of one process."""
    folder = tmp_path_factory.mktemp("calm")
    spec = described(folder, RAYCAST)
    assert run(asked(spec, folder / "out", "--workers", "1", "--quiet")) == 0
    return spec, folder / "out"


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_and_ends_with_the_same_files(
    calm: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: str
) -> None:
    spec, whole = calm
    out = tmp_path / "out"
    process = command(asked(spec, out, "--workers", workers))
    wait_for((out / ".understudy" / "part-00002.tar").exists)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not files_of(out)
    finished = len(list((out / ".understudy").glob("part-*.tar")))
    assert 2 <= finished < PARTS
    assert run(asked(spec, out, "--workers", "1", "--json")) == 0
    assert finished - 1 <= int(str(told(capsys)["reused"])) <= finished  # a part that was written may not have been listed yet
    assert files_of(out) == files_of(whole)
    assert run(["verify", str(out), "-k", "1", "--quiet"]) == 0


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_ctrl_c_keeps_what_is_finished(calm: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: str) -> None:
    spec, whole = calm
    out = tmp_path / "out"
    process = command(asked(spec, out, "--workers", workers))
    wait_for((out / ".understudy" / "part-00001.tar").exists)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert f"of {PARTS} parts" in said
    assert "finished and kept" in said
    assert "Run the same again" in said
    assert "Traceback" not in said
    assert not files_of(out)
    assert run(asked(spec, out, "--workers", "1", "--json")) == 0
    assert int(str(told(capsys)["reused"])) >= 1
    assert files_of(out) == files_of(whole)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only the superuser can mount a small disk")
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_space(
    calm: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, whole = calm
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        out = disk / "out"
        assert run(asked(spec, out, "--workers", "1")) == 4
        said = capsys.readouterr().err
        assert "disk is full" in said
        assert "Run the same again" in said
        finished = list((out / ".understudy").glob("part-*.tar"))
        assert 0 < len(finished) < PARTS
        assert f"{len(finished)} of {PARTS} parts" in said
        parts_kb = sum(path.stat().st_size for path in finished) / len(finished) * PARTS / 1024
        subprocess.run(["mount", "-o", f"remount,size={int(1.2 * parts_kb) + 60}k", str(disk)], check=True)
        assert run(asked(spec, out, "--workers", "1")) == 4  # room for the parts, none to lay them out
        assert f"{PARTS} of {PARTS} parts ({ITEMS} of {ITEMS} rows) are finished and kept" in capsys.readouterr().err
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        assert run(asked(spec, out, "--workers", "1", "--json")) == 0
        assert told(capsys)["reused"] == PARTS
        assert files_of(out) == files_of(whole)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        pytest.param(DRIVING, "frames", id="raycast", marks=pytest.mark.slow),
        pytest.param(MITSUBA, "coco", id="mitsuba", marks=pytest.mark.slow),
        pytest.param(OWN, "frames", id="own"),
    ],
)
def test_the_bytes_are_the_same_with_one_worker_two_and_another_process(tmp_path: Path, text: str, form: str) -> None:
    if "mitsuba" in text:
        pytest.importorskip("mitsuba")
    spec = described(tmp_path, text)
    assert run(asked(spec, tmp_path / "here", "--workers", "1", "--format", form, "--quiet", n=4)) == 0
    other = command(asked(spec, tmp_path / "there", "--workers", "1", "--format", form, "--quiet", n=4))
    _, said = other.communicate()
    assert other.returncode == 0, said
    assert run(asked(spec, tmp_path / "two", "--workers", "2", "--format", form, "--quiet", n=4)) == 0
    here = files_of(tmp_path / "here")
    assert len(here) > 4
    assert here == files_of(tmp_path / "there")
    assert here == files_of(tmp_path / "two")
    shutil.rmtree(tmp_path)
