"""Ways to spoil a data set, for tests of what validators see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from understudy.data.media.image_files import png, read_image

Spoil = Callable[[Path], None]


def first(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    assert found, f"nothing like {pattern} to spoil"
    return found[0]


def removed(pattern: str) -> Spoil:
    return lambda folder: first(folder, pattern).unlink()


def cut_short(pattern: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = first(folder, pattern)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return spoil


def copied(pattern: str, name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = first(folder, pattern)
        path.with_name(name).write_bytes(path.read_bytes())

    return spoil


def json_changed(pattern: str, change: Callable[[Any], None]) -> Spoil:
    def spoil(folder: Path) -> None:
        path = first(folder, pattern)
        content = json.loads(path.read_text("utf-8"))
        change(content)
        path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")

    return spoil


def text_changed(pattern: str, change: Callable[[str], str]) -> Spoil:
    """Changes the first file like `pattern` that is not empty."""

    def spoil(folder: Path) -> None:
        path = next(path for path in sorted(folder.glob(pattern)) if path.read_text("utf-8").strip())
        old = path.read_text("utf-8")
        new = change(old)
        assert new != old
        path.write_text(new, "utf-8")

    return spoil


def picture_changed(pattern: str) -> Spoil:
    """One corner of the picture takes another value."""

    def spoil(folder: Path) -> None:
        path = first(folder, pattern)
        image = read_image(path.read_bytes()).copy()
        image[:3, :3] = np.where(image[:3, :3] == 7, 9, 7)
        path.write_bytes(png(image))

    return spoil


def shrunk(pattern: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = first(folder, pattern)
        path.write_bytes(png(read_image(path.read_bytes())[1:]))

    return spoil
