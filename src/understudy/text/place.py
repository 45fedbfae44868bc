"""Where the rows of a job go, and where it keeps what it needs to go on.

OUT/part-00000.parquet …        OUT.jsonl                  rows that were kept
OUT/dropped/rows.jsonl          OUT.jsonl.job/dropped.jsonl    the others, each with the filter that dropped it and its reason
OUT/.understudy/job.json        OUT.jsonl.job/job.json     what was asked for, to go on with (`resume`)
OUT/.understudy/journal.sqlite  OUT.jsonl.job/journal.sqlite   every request and its reply (ways that ask a language model)
OUT/.understudy/made/           OUT.jsonl.job/made/        all rows as they were made
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from understudy.core import registry
from understudy.core.errors import ArgumentError

HIDDEN, BESIDE = ".understudy", ".job"
_ORDER, _JOURNAL = "job.json", "journal.sqlite"


@dataclass(frozen=True)
class Place:
    """target: the folder of parts, or the one file. is_file: which of the two."""

    target: Path
    is_file: bool = False

    @classmethod
    def of(cls, target: str | Path, form: str | None = None) -> Place:
        """The place that a name stands for, by its suffix and the format.

        Raises:
            ArgumentError: it is a database, a URL or the standard output, beside which nothing can be kept; or no name of rows at all.
        """
        found = registry.get("runners", "target")(target, form)
        if found.kind not in ("folder", "file") or "://" in found.place:
            raise ArgumentError(
                "Rows may be dropped here, and what is paid for is kept beside them: that needs a disk.", where=str(target),
                remedy="Name a folder or a file, and load it from there.",
            )  # fmt: skip
        return cls(Path(found.place), found.kind == "file")

    @classmethod
    def begun(cls, path: Path) -> Place | None:
        """The place of a job that was begun; None where none was. path: as the job's output was named, or the folder beside its file."""
        named = [cls(path), cls(path, is_file=True)]
        if path.name.endswith(BESIDE):
            named.append(cls(path.with_name(path.name.removesuffix(BESIDE)), is_file=True))
        return next((place for place in named if place.order.is_file()), None)

    @property
    def state(self) -> Path:
        """The folder of what the job keeps."""
        return self.target.with_name(self.target.name + BESIDE) if self.is_file else self.target / HIDDEN

    @property
    def order(self) -> Path:
        return self.state / _ORDER

    @property
    def journal(self) -> Path:
        return self.state / _JOURNAL

    @property
    def evolved(self) -> Path:
        return self.state / "evolved.understudy"

    @property
    def made(self) -> Path:
        return self.state / "made"

    @property
    def dropped(self) -> Path:
        """In a folder of its own, so that whoever reads the folder of parts as a table does not take it for one."""
        return self.state / "dropped.jsonl" if self.is_file else self.target / "dropped" / "rows.jsonl"

    @property
    def is_written(self) -> bool:
        """Whether rows are there already."""
        return self.target.is_file() if self.is_file else (self.target / "manifest.json").exists()


def journal_beside(model: Path) -> Path | None:
    """The journal of the folder that a saved generator lies in; None where there is none."""
    found = model.parent / HIDDEN / _JOURNAL
    return found if found.is_file() else None
