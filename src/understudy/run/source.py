"""The generator of a run, in a file that worker processes can load."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from understudy.core.errors import ArtifactError
from understudy.run.manifest import file_checksum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from understudy.core.generator import Generator


@dataclass(frozen=True)
class Source:
    """A generator, the file it is saved in, and its checksum.

    path: None where the generator cannot be saved. class_path: "module:Class", None where another process cannot import it.
    Without both, only this process can make its rows.
    """

    generator: Generator
    checksum: str
    path: Path | None
    class_path: str | None

    @property
    def portable(self) -> bool:
        return self.path is not None and self.class_path is not None


@contextmanager
def opened(generator: Generator | str | Path) -> Iterator[Source]:
    """Load a saved generator, or save one that is in memory to a temporary file for as long as the run takes."""
    from understudy.core.generator import Generator

    if isinstance(generator, (str, Path)):
        loaded: Generator = Generator.load(generator)
        yield Source(loaded, file_checksum(Path(generator)), Path(generator), _class_path(loaded))
        return
    with TemporaryDirectory(prefix="understudy-") as folder:
        path = Path(folder) / "model.understudy"
        try:
            generator.save(path)
        except ArtifactError:  # its class has no saved form
            yield Source(generator, _content_checksum(generator), None, None)
            return
        yield Source(generator, file_checksum(path), path, _class_path(generator))


def _class_path(generator: Generator) -> str | None:
    """Classes of the script that is running, or made inside a function, exist in this process only."""
    kind = type(generator)
    if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__ or "." in kind.__qualname__:
        return None
    return f"{kind.__module__}:{kind.__qualname__}"


def _content_checksum(generator: Generator) -> str:
    """What stands for a generator that cannot be saved: its first block."""
    return hashlib.sha256(generator._fingerprint(generator.block(0))).hexdigest()
