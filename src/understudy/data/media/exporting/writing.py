"""`write_dataset`: shots to a folder, one after another, in one process; `TarFiles`: members that belong in tar files."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path, PurePosixPath
from typing import Any

from understudy.core.atomic import sink_error
from understudy.core.errors import SinkError
from understudy.data.media.exporting.exporter import Exporter
from understudy.data.media.items import Shot


def write_dataset(exporter: Exporter, shots: Iterable[Shot], folder: str | Path) -> int:
    """Write a data set to a new folder, and give the number of its shots. `run.write` does the same with many workers.

    Raises:
        SinkError: the folder holds something already, or cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SinkError("There is something at this place already.", where=str(folder), remedy="Name a new folder, or empty this one.")
    records: list[Any] = []
    with TarFiles(lambda name: _placed(folder, name).open("wb")) as tars:
        for shot in shots:
            for name, content in exporter.files(shot):
                if not tars.take(name, content):
                    _write(folder, name, content)
            records.append(exporter.record(shot))
    for name, content in exporter.finish(records):
        _write(folder, name, content)
    return len(records)


def _write(folder: Path, name: str, content: bytes) -> None:
    try:
        _placed(folder, name).write_bytes(content)
    except OSError as error:
        raise sink_error(error, folder / name) from error


def _placed(folder: Path, name: str) -> Path:
    """The path of a member, its folders made."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise SinkError(f'"{name}" is no place in a data set.', where=str(folder))
    path = folder.joinpath(*parts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise sink_error(error, path) from error
    return path


class TarFiles:
    """Tar files that members are added to in the order of the shots; their bytes depend on the members alone.

    Of the files whose names differ behind the last "-" only ("train-000003.tar"), one is open at a time.

    Args:
        opened: opens a file for writing by its name.
    """

    def __init__(self, opened: Callable[[str], AbstractContextManager[Any]]) -> None:
        self._opened = opened
        self._open: dict[str, tuple[str, tarfile.TarFile, ExitStack]] = {}
        self._whole: set[str] = set()

    def __enter__(self) -> TarFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for series in list(self._open):
            self._close(series)

    def take(self, name: str, content: bytes) -> bool:
        """Add a member to its tar file; False where its name is in none."""
        tar_name, found, inner = name.partition(".tar/")
        if not found:
            return False
        member = tarfile.TarInfo(inner)
        member.size, member.mode = len(content), 0o644
        try:
            self._file(f"{tar_name}.tar").addfile(member, io.BytesIO(content))
        except OSError as error:
            raise sink_error(error, f"{tar_name}.tar") from error
        return True

    def _file(self, name: str) -> tarfile.TarFile:
        series = name.rpartition("-")[0]
        if series in self._open and self._open[series][0] != name:
            self._close(series)
        if series not in self._open:
            if name in self._whole:
                raise SinkError(f"Shots that share {name} do not follow one another.", remedy="This is a mistake of the format's exporter.")
            stack = ExitStack()
            file = stack.enter_context(self._opened(name))
            tar = stack.enter_context(tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT))  # noqa: SIM115 - the stack closes it
            self._open[series] = (name, tar, stack)
        return self._open[series][1]

    def _close(self, series: str) -> None:
        name, _, stack = self._open.pop(series)
        self._whole.add(name)
        stack.close()
