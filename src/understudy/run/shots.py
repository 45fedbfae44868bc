"""Parts of shots: a tar file with the files of each shot as its format writes them, and with what the common files need of it."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any, BinaryIO

from understudy.run.sinks import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from understudy.data.media.items import Shot

FILES, RECORDS = "files/", "records/"
SUFFIX = ".tar"


def is_shot_format(form: str) -> bool:
    """Whether a format is one of shots, not of rows."""
    return form not in FORMATS


def suffix_of(form: str) -> str:
    """What the names of a format's parts end in."""
    return SUFFIX if is_shot_format(form) else FORMATS[form].suffix


class ShotWriter:
    """Writes shots to an open file as a tar archive, whose bytes depend on the shots alone."""

    def __init__(self, file: BinaryIO, form: str) -> None:
        from understudy.data.media.exporting import opened_exporter

        self._exporter = opened_exporter(form)
        self._file = file

    def write(self, shot: Shot) -> None:
        for name, content in self._exporter.files(shot):
            self._add(f"{FILES}{name}", content)
        record = json.dumps(self._exporter.record(shot), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        self._add(f"{RECORDS}{shot.index:09d}.json", record.encode())

    def close(self) -> None:
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))

    def _add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)  # no time, no owner
        member.size = len(content)
        self._file.write(member.tobuf(tarfile.PAX_FORMAT))
        self._file.write(content)
        self._file.write(bytes(-len(content) % tarfile.BLOCKSIZE))


def members_of(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a part's members, in order."""
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            yield member.name, content.read()


def record_in(content: bytes) -> Any:
    """What a member under `RECORDS` says of its shot."""
    return json.loads(content)
