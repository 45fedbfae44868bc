"""Ready-made specs: YAML files that come with the package, by their file names without suffix."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "specs"


def ready_names() -> list[str]:
    """Names of all ready-made specs, sorted: "kitchen-reviews"."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def ready_made(name: str) -> Path | None:
    """The file of the ready-made spec `name` ("kitchen-reviews", also "texts/kitchen-reviews.yaml"); None where there is none."""
    path = FOLDER / f"{bare_name(name)}.yaml"
    return path if path.parent == FOLDER and path.is_file() else None


def bare_name(name: str) -> str:
    """ "texts/kitchen-reviews.yaml" → "kitchen-reviews"."""
    return name.removeprefix("texts/").removesuffix(".yaml")
