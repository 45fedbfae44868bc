"""Ready-made descriptions: YAML files that come with the package, by their file names without suffix."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "specs"


def ready_names() -> list[str]:
    """Names of all ready-made descriptions, sorted: "driving-cut-in"."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def ready_made(name: str) -> Path | None:
    """The file of the ready-made description `name` ("driving-cut-in", also "scenes/driving-cut-in.yaml"); None where there is none."""
    path = FOLDER / f"{bare_name(name)}.yaml"
    return path if path.parent == FOLDER and path.is_file() else None


def bare_name(name: str) -> str:
    """ "scenes/driving-cut-in.yaml" → "driving-cut-in"."""
    return name.removeprefix("scenes/").removesuffix(".yaml")
