"""Ready-made specs: YAML files that come with the package, by their file names without suffix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReadyMade:
    """Those in a folder. room: what may stand before a name ("texts/kitchen-reviews.yaml")."""

    folder: Path
    room: str

    def names(self) -> list[str]:
        """All of them, sorted: "kitchen-reviews"."""
        return sorted(path.stem for path in self.folder.glob("*.yaml"))

    def file(self, name: str) -> Path | None:
        """The file of one ("kitchen-reviews", also "texts/kitchen-reviews.yaml"); None where there is none of that name."""
        path = self.folder / f"{self.bare_name(name)}.yaml"
        return path if path.parent == self.folder and path.is_file() else None

    def bare_name(self, name: str) -> str:
        """ "texts/kitchen-reviews.yaml" → "kitchen-reviews"."""
        return name.removeprefix(f"{self.room}/").removesuffix(".yaml")
