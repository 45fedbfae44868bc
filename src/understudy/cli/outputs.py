"""Where a command's result goes: what cannot be written is found out before the work, not after."""

from __future__ import annotations

from pathlib import Path

import typer


def require_page(output: Path) -> None:
    """A report: .html or .json, in a folder that exists."""
    if output.suffix.lower() not in (".html", ".htm", ".json") and not output.is_dir():
        raise typer.BadParameter(f'a report ends in .html or .json, not "{output.name}"', param_hint="-o")
    require_file(output, "report.html")


def require_model(output: Path) -> None:
    require_file(output, "model.understudy")


def require_table(output: str) -> None:
    """A table: a database, or a file of a known format in a folder that exists."""
    from understudy.data.files import SUFFIXES

    if "://" in output:
        return
    path = Path(output)
    require_file(path, "train.parquet")
    if not any(suffix.lower() in SUFFIXES for suffix in path.suffixes):
        raise typer.BadParameter(f'"{path.name}" does not say which format to write; end it in .parquet or .csv', param_hint="-o")


def require_file(path: Path, example: str) -> None:
    """A place where a file can be; `example`: a name that it could have."""
    from understudy.core.errors import SinkError

    if path.is_dir():
        raise SinkError("This is a folder, not a file.", where=str(path), remedy=f"Add a file name: {path / example}")
    if not path.parent.is_dir():
        raise SinkError("The folder for the output does not exist.", where=str(path.parent), remedy="Make it, or choose another.")
