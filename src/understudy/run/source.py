"""The generator of a run, or the collection, in a file that worker processes can load."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from understudy.core.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from understudy.core.generator import Collection, Generator

    Maker: TypeAlias = Generator | Collection


@dataclass(frozen=True)
class Source:
    """What makes the rows, the file it is saved in, and its checksum.

    path: None where it cannot be saved. class_path: "module:Class", None where another process cannot import it.
    Without both, only this process can make its rows.
    """

    maker: Maker
    checksum: str
    path: Path | None
    class_path: str | None

    @property
    def portable(self) -> bool:
        return self.path is not None and self.class_path is not None and not any(table.one_process for table in self.tables.values())

    @property
    def tables(self) -> Mapping[str, Generator]:
        return tables_of(self.maker)


def tables_of(maker: Maker) -> Mapping[str, Generator]:
    """A collection's generators by name; one by itself under the name ""."""
    from understudy.core.generator import Generator

    return {"": maker} if isinstance(maker, Generator) else maker.tables


@contextmanager
def opened(maker: Maker | str | Path) -> Iterator[Source]:
    """Load a saved generator, or save one that is in memory to a temporary file for as long as the run takes."""
    if isinstance(maker, (str, Path)):
        loaded = load_maker(maker, None)
        yield Source(loaded, _file_checksum(Path(maker)), Path(maker), _class_path(loaded))
        return
    with TemporaryDirectory(prefix="understudy-") as folder:
        path = Path(folder) / "model.understudy"
        try:
            maker.save(path)
        except ArtifactError:  # its class has no saved form
            yield Source(maker, _content_checksum(maker), None, None)
            return
        yield Source(maker, _file_checksum(path), path, _class_path(maker))


def load_maker(path: str | Path, class_path: str | None) -> Maker:
    """The saved generator or collection; `class_path` ("module:Class") names classes that are in no registry."""
    from understudy.core.generator import Collection, Generator, load

    if class_path is None:
        loaded = load(path)
    else:
        module, _, name = class_path.partition(":")
        loaded = getattr(import_module(module), name).load(path)
    assert isinstance(loaded, (Generator, Collection))
    return loaded


def _class_path(maker: Maker) -> str | None:
    """Classes of the script that is running, or made inside a function, exist in this process only."""
    kind = type(maker)
    if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__ or "." in kind.__qualname__:
        return None
    return f"{kind.__module__}:{kind.__qualname__}"


def _file_checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content_checksum(maker: Maker) -> str:
    """What stands for a generator that cannot be saved: the first block of each of its tables."""
    digest = hashlib.sha256()
    for table in tables_of(maker).values():
        digest.update(table._fingerprint(table.block(0)))
    return digest.hexdigest()
