"""`manifest.json`: what a run has finished, so that a killed run goes on and anyone can check the files.

It names the plan with its tables, the versions, and each finished part with its rows, bytes and SHA-256. It holds no clock times: runs
with equal plans end with equal manifests. It is written when a run begins and when it ends, however it ends; in between every finished
part is noted in a journal beside it, since a manifest of thousands of parts cannot be written anew after each of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from understudy.core.errors import SinkError
from understudy.run.plan import Part, Plan
from understudy.run.shots import suffix_of

if TYPE_CHECKING:
    from understudy.run.store import Store

MANIFEST_NAME = "manifest.json"
MODEL_NAME = "model.understudy"
VERSION = 2


@dataclass(frozen=True)
class PartRecord:
    """One finished file: its name inside the target, rows, bytes, and the SHA-256 of its content as hexadecimal."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass
class Manifest:
    """A run's result. `target` is where it was written; `reused` counts the parts that an earlier run had finished.

    model_file: the name of the model that is kept beside the parts; None where none is.
    """

    target: str
    plan: Plan
    parts: dict[int, PartRecord] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    model_file: str | None = None
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

    def of(self, table: str) -> list[PartRecord]:
        """The finished parts of one table of a collection, in order."""
        return [self.parts[part.index] for part in self.plan.parts() if part.table == table and part.index in self.parts]

    def to_json(self) -> dict[str, Any]:
        return {
            "understudy_manifest": VERSION,
            "complete": self.complete,
            "rows": self.rows,
            "bytes": self.bytes,
            "plan": self.plan.to_json(),
            "versions": self.versions,
            "model_file": self.model_file,
            "parts": [part_line(index, self.parts[index]) for index in sorted(self.parts)],
        }

    def save(self, store: Store) -> None:
        """Replace the store's manifest in one step; the journal is not needed any more. SinkError where it cannot be written."""
        with store.file(MANIFEST_NAME) as file:
            file.write(json.dumps(self.to_json(), indent=1).encode())
        store.clear_journal()


def load_manifest(store: Store) -> Manifest | None:
    """The manifest of an earlier run, with what its journal adds; None where there is none. SinkError where it cannot be read."""
    content = store.read(MANIFEST_NAME)
    if content is None:
        return None
    where = f"{store.shown}/{MANIFEST_NAME}"
    try:
        document = json.loads(content)
        version = document["understudy_manifest"]
        if version != VERSION:
            raise _other_version(version, where)
        plan = Plan.from_json(document["plan"])
        for table in plan.tables:
            require_folder_name(table.name, where)
        parts = dict(_listed(entry, plan) for entry in [*document["parts"], *_noted(store.journal())])
        return Manifest(store.shown, plan, parts, document["versions"], _model_file(document["model_file"]))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SinkError(
            f"This manifest is not one that a run of understudy wrote ({error}).",
            where=where,
            remedy="Choose an empty folder, or remove this one's files.",
        ) from error


def part_line(index: int, record: PartRecord) -> dict[str, Any]:
    """A finished part as the manifest and the journal write it."""
    return {"index": index, **asdict(record)}


def part_name(part: Part, form: str) -> str:
    """File name of a part: part-00000.parquet, part-00001.parquet …, in a folder of its table's name for those of a collection."""
    name = f"part-{part.number:05d}{suffix_of(form)}"
    return f"{part.table}/{name}" if part.table else name


def require_folder_name(table: str, where: str) -> None:
    """Raise `SinkError` where a table's name cannot be the name of a folder, on any system; "" is the folder itself."""
    if table and (table.startswith((".", " ")) or table.endswith((".", " ")) or set(table) & set('/\\:*?"<>|\0\n') or len(table) > 120):
        raise SinkError(f"A table called {table!r} cannot have a folder of that name.", where=where, remedy="Rename the table.")


def _listed(entry: dict[str, Any], plan: Plan) -> tuple[int, PartRecord]:
    index = entry["index"]
    record = PartRecord(**{key: value for key, value in entry.items() if key != "index"})
    if record.name != part_name(plan.part(index), plan.format):
        raise ValueError("a part has a name that is not its own")
    return index, record


def _noted(lines: list[bytes]) -> list[dict[str, Any]]:
    """The journal's lines; one that was cut off when the run was killed is left out, and its part made again."""
    noted = []
    for line in lines:
        try:
            noted.append(json.loads(line))
        except ValueError:
            continue
    return noted


def _model_file(name: Any) -> str | None:
    if name not in (None, MODEL_NAME):
        raise ValueError("its model file has another name")
    return str(name) if name else None


def _other_version(version: Any, where: str) -> SinkError:
    newer = isinstance(version, int) and version > VERSION
    return SinkError(
        f"This manifest was written by {'a newer' if newer else 'an older'} release (form {version}; this one reads form {VERSION}).",
        where=where,
        remedy="Upgrade: pip install -U understudy" if newer else "Use the release that wrote it, or write into another folder.",
    )
