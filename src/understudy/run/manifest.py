"""`manifest.json`: what a run has finished, so that a killed run goes on and anyone can check the files.

It names the plan, the versions, and each finished part with its rows, bytes and SHA-256. It is replaced in one step after every
part, and holds no clock times: runs with equal plans end with equal manifests.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from understudy.core.atomic import atomic_file
from understudy.core.errors import SinkError
from understudy.run.plan import Plan
from understudy.run.sinks import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_NAME = "manifest.json"
VERSION = 1


@dataclass(frozen=True)
class PartRecord:
    """One finished file: its name inside the target, rows, bytes, and the SHA-256 of its content as hexadecimal."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass
class Manifest:
    """A run's result. `target` is where it was written; `reused` counts the parts that an earlier run had finished."""

    target: str
    plan: Plan
    parts: dict[int, PartRecord] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    reused: int = 0
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts.values())

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts.values())

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.plan.part_count

    def to_json(self) -> dict[str, Any]:
        return {
            "understudy_manifest": VERSION,
            "complete": self.complete,
            "rows": self.rows,
            "bytes": self.bytes,
            "plan": asdict(self.plan),
            "versions": self.versions,
            "parts": [{"index": index, **asdict(self.parts[index])} for index in sorted(self.parts)],
        }

    def save(self, folder: Path) -> None:
        """Replace the folder's manifest in one step. SinkError where it cannot be written."""
        with atomic_file(folder / MANIFEST_NAME) as file:
            file.write(json.dumps(self.to_json(), indent=1).encode())


def load_manifest(folder: Path) -> Manifest | None:
    """The manifest of an earlier run in `folder`, None where there is none. SinkError where it cannot be read."""
    path = folder / MANIFEST_NAME
    if not path.exists():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        plan = Plan(**{key.name: document["plan"][key.name] for key in fields(Plan)})
        parts = {entry.pop("index"): PartRecord(**entry) for entry in document["parts"]}
        if any(record.name != part_name(index, plan.format) for index, record in parts.items()):
            raise ValueError("a part has a name that is not its own")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SinkError(
            f"This manifest is not one that a run of understudy wrote ({error}).",
            where=str(path),
            remedy="Choose an empty folder, or remove this one's files.",
        ) from error
    return Manifest(str(folder), plan, parts, document.get("versions", {}))


def part_name(index: int, form: str) -> str:
    """File name of a part: part-00000.parquet, part-00001.parquet …"""
    return f"part-{index:05d}{FORMATS[form].suffix}"


def intact(folder: Path, record: PartRecord) -> bool:
    """Whether a finished part is still there as it was written."""
    path = folder / record.name
    return path.is_file() and path.stat().st_size == record.bytes and file_checksum(path) == record.sha256


def file_checksum(path: Path) -> str:
    """SHA-256 of a file's content, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
