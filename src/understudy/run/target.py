"""Where the rows go: a folder of parts or one file, on a disk or behind a URL, a database, or the standard output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from understudy.core.errors import ArgumentError, did_you_mean, nearest
from understudy.run.sinks import FORMATS
from understudy.run.url_store import is_store_scheme

Kind = Literal["folder", "file", "sql", "stdout", "dataset"]
SHOTS = "coco"
"""The format that shots are written in where none is named."""

# Suffixes that a table may be expected to have, but that cannot be written part by part.
REFUSED = {
    ".json": "Write .jsonl: one JSON object a line.",
    ".xlsx": "Write .csv and open that.",
    ".xls": "Write .csv and open that.",
    ".ods": "Write .csv and open that.",
    ".sqlite": "Write to sqlite:///PATH#TABLE.",
    ".db": "Write to sqlite:///PATH#TABLE.",
    ".duckdb": "Write to duckdb:///PATH#TABLE.",
    ".zip": "Write .csv.gz or .csv.zst.",
    ".bz2": "Write .csv.gz or .csv.zst.",
    ".xz": "Write .csv.gz or .csv.zst.",
}


@dataclass(frozen=True)
class Target:
    """kind: what it is. place: the path, the URL, or "-". format: a name in `sinks.FORMATS` (not for SQL). table: SQL only."""

    kind: Kind
    place: str
    format: str = ""
    table: str | None = None


def parse_target(target: str | Path, form: str | None = None, *, several: bool = False) -> Target:
    """Tell what `target` names; `form` overrides the default (Parquet for folders, CSV for the standard output).

    A path or URL that ends in a known suffix is one file, any other a folder. ArgumentError for a format that is not known, a suffix
    that cannot be written, a format that contradicts the suffix, or, with `several` tables to write, a place for one only.
    """
    text = str(target)
    if form is not None:
        form = _known_format(form)
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    if "://" in text:
        scheme = text.partition("://")[0].rpartition("::")[2]
        if not is_store_scheme(scheme):
            return _database(text, form, several)
    found = _file_or_folder(text, form)
    if several and found.kind != "folder":
        raise ArgumentError(
            "Several tables do not go into one file.",
            where=text,
            remedy="Name a folder (each table gets one in it) or a database (sqlite:///x.db).",
        )
    return found


def parse_dataset_target(target: str | Path, form: str | None) -> Target:
    """The folder, on a disk or behind a URL, of a data set of shots. ArgumentError for what is none, or a format that shots do not have."""
    from understudy.data.media.exporting import opened_exporter

    text = str(target).removeprefix("file://")
    opened_exporter(form or SHOTS)
    scheme = text.partition("://")[0].rpartition("::")[2] if "://" in text else None
    if text == "-" or (scheme is not None and not is_store_scheme(scheme)):
        raise ArgumentError(
            "Pictures and their labels go to a folder.", where=text, remedy="Name a folder, or a URL such as s3://bucket/set."
        )
    if scheme is None and Path(text).is_file():
        raise ArgumentError("This is a file; pictures and their labels go to a folder.", where=text, remedy="Name a new folder.")
    return Target("dataset", text.rstrip("/") or "/", form or SHOTS)


def _file_or_folder(text: str, form: str | None) -> Target:
    if text == "-":
        return Target("stdout", "-", form or "csv")
    url = "://" in text
    if text.endswith(("/", "\\")) or (not url and Path(text).is_dir()):
        return Target("folder", text.rstrip("/") if url else text, form or "parquet")
    if form is not None and text.lower().endswith(FORMATS[form].suffixes):
        return _named_file(text, form)
    suffixed = format_of(text)
    if suffixed is None:
        _refuse_suffix(Path(text.rpartition("/")[2]) if url else Path(text), text)
        return Target("folder", text, form or "parquet")
    if form is not None and form != suffixed:
        raise ArgumentError(
            f"The name ends like {suffixed}, but the format asked for is {form}.",
            where=text,
            remedy=f"Leave out the format, or name the file *{FORMATS[form].suffix}; a folder of parts needs no suffix.",
        )
    return Target("file", text, suffixed)


def _named_file(text: str, form: str) -> Target:
    """One file whose name ends as those of the format that was asked for."""
    if FORMATS[form].staged is None:
        raise ArgumentError(f"{form} is a folder with a card and parts, not one file.", where=text, remedy="Name a folder.")
    return Target("file", text, form)


def format_of(path: str) -> str | None:
    """The format that a file's name stands for, None where it has no known suffix."""
    name = re.split(r"[/\\\\]", path)[-1].lower()
    matches = [known for known in FORMATS.values() if known.told_by_suffix and name.endswith(known.suffixes)]
    return max(matches, key=lambda known: len(known.suffix)).name if matches else None


def _known_format(form: str) -> str:
    name = form.lower().lstrip(".")
    for known in FORMATS.values():
        if name == known.name or f".{name}" in known.suffixes:
            return known.name
    raise ArgumentError(f'There is no format "{form}".', remedy=did_you_mean(name, FORMATS))


def _database(url: str, form: str | None, several: bool) -> Target:
    from understudy.data.sql import shown_url, split_url

    place, table = split_url(url)
    shown = shown_url(place)
    if table is None and not several:
        raise ArgumentError(
            "A database needs the name of a table to write.", where=shown, remedy=f"Add it after a #, as in {shown}#synthetic"
        )
    if table is not None and several:
        raise ArgumentError(
            "Several tables are written under their own names.", where=f"{shown}#{table}", remedy=f"Name the database alone: {shown}"
        )
    if form is not None:
        raise ArgumentError(f"A database table has no file format, but {form} was asked for.", where=shown, remedy="Leave out the format.")
    return Target("sql", place, table=table)


def _refuse_suffix(path: Path, where: str) -> None:
    """A misspelt or unsupported suffix is an error, not a folder of that name."""
    suffix = path.suffix.lower()
    if suffix in REFUSED:
        raise ArgumentError(f"{suffix} files cannot be written.", where=where, remedy=REFUSED[suffix])
    known = sorted({suffix for form in FORMATS.values() for suffix in form.suffixes})
    close = nearest(suffix, known, 1) if suffix else []
    if close:
        raise ArgumentError(
            f"{suffix} is no known suffix.",
            where=where,
            remedy=f"Did you mean {close[0]}? (For a folder of that name, end it with a slash.)",
        )
