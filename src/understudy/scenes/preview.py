"""A contact sheet: one tile for each item, with its labels drawn on, its maps below, and what it shows in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ArgumentError
from understudy.data.media.items import Frame, Shot
from understudy.scenes.drawing import annotated, font, panels, shown

if TYPE_CHECKING:
    from PIL import Image

TILE = 520
"""Pixels of a tile's width."""

MARGIN, GAP, PADDING = 28, 22, 6
PAPER, INK, FAINT, ACCENT = (247, 247, 244), (24, 26, 30), (112, 114, 120), (178, 74, 36)
TITLE, TEXT = 15, 12
LINE = 18


def contact_sheet(shots: Sequence[Shot], columns: int = 3, labels: bool = True) -> Image.Image:
    """Pictures of shots side by side: of each the middle frame of its first camera.

    Args:
        columns: tiles in a row, at most.
        labels: draw them on the pictures, and their maps below; else the pictures alone.

    Raises:
        ArgumentError: there is nothing to show.
        MissingExtraError: Pillow is not installed.
    """
    if not shots:
        raise ArgumentError("There is no item to show.", remedy="Make at least one: n=1.")
    tiles = [_tile(shot, labels) for shot in shots]
    from PIL import Image

    columns = max(1, min(columns, len(tiles)))
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    heights = [max(tile.height for tile in row) for row in rows]
    width = 2 * MARGIN + columns * TILE + (columns - 1) * GAP
    sheet = Image.new("RGB", (width, 2 * MARGIN + sum(heights) + GAP * (len(rows) - 1)), PAPER)
    top = MARGIN
    for row, height in zip(rows, heights, strict=True):
        for position, tile in enumerate(row):
            sheet.paste(tile, (MARGIN + position * (TILE + GAP), top))
        top += height + GAP
    return sheet


def _tile(shot: Shot, labels: bool) -> Image.Image:
    frame = _frame_of(shot)
    picture = _picture(frame, shot, labels) if frame is not None else None
    from PIL import Image, ImageDraw

    strip = _strip(frame, shot) if frame is not None and labels else None
    lines = _lines(shot, frame)
    height = (
        (picture.height + PADDING if picture else 0) + (strip.height + PADDING if strip else 0) + len(lines) * LINE + PADDING + TITLE - TEXT
    )
    tile = Image.new("RGB", (TILE, height), PAPER)
    top = 0
    for part in (picture, strip):
        if part is not None:
            tile.paste(part, (0, top))
            top += part.height + PADDING
    draw = ImageDraw.Draw(tile)
    for text, color, size in lines:
        draw.text((1, top), text, font=font(size), fill=color)
        top += LINE + size - TEXT
    return tile


def _frame_of(shot: Shot) -> Frame | None:
    """The middle frame of the first camera, where motion shows."""
    if not shot.frames:
        return None
    seen = list(shot.of_camera(shot.cameras[0]))
    return seen[len(seen) // 2]


def _picture(frame: Frame, shot: Shot, labels: bool) -> Image.Image:
    if labels:
        return annotated(frame, shot.categories, TILE)
    plain = _image(shown(frame.image))
    return plain.resize((TILE, max(round(frame.height * TILE / frame.width), 1)), _resampling())


def _strip(frame: Frame, shot: Shot) -> Image.Image:
    """The maps, small, side by side, each with its name."""
    made = panels(frame, shot.categories)
    from PIL import Image, ImageDraw

    width = (TILE - PADDING * (len(made) - 1)) // len(made)
    height = max(round(frame.height * width / frame.width), 1)
    strip = Image.new("RGB", (TILE, height + LINE), PAPER)
    draw = ImageDraw.Draw(strip)
    for position, (name, colors) in enumerate(made.items()):
        left = position * (width + PADDING)
        strip.paste(_image(colors).resize((width, height), Image.Resampling.BOX), (left, 0))
        draw.text((left + 1, height + 2), name, font=font(TEXT - 1), fill=FAINT)
    return strip


def _lines(shot: Shot, frame: Frame | None) -> list[tuple[str, tuple[int, int, int], int]]:
    """Number and conditions, edge cases, caption."""
    found = frame.conditions if frame is not None else {}
    told = [str(found[name]) for name in ("time_of_day", "weather") if found.get(name) not in (None, "none")]
    count = len(list(shot.of_camera(shot.cameras[0]))) if shot.frames else 0
    told += [f"{count} frames at {shot.rate:g}/s"] if count > 1 else []
    told += [f"{len(shot.cameras)} cameras"] if len(shot.cameras) > 1 else []
    told += [f"{len(frame.instances)} object{'' if len(frame.instances) == 1 else 's'}"] if frame is not None else []
    lines = [(f"#{shot.index}  {shot.world}  ·  {', '.join(told)}" if told else f"#{shot.index}  {shot.world}", INK, TITLE)]
    if shot.edge_cases:
        lines.append((f"edge cases: {', '.join(shot.edge_cases)}", ACCENT, TEXT))
    if frame is not None and frame.caption:
        lines += [(line, FAINT, TEXT) for line in _wrapped(frame.caption)]
    return lines


def _wrapped(text: str, most: int = 3) -> list[str]:
    """Lines that fit a tile; the last ends in "…" where words are left out."""
    face, lines, words = font(TEXT), [""], text.split()
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if face.getlength(longer) <= TILE - 4:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += " …"
            return lines
    return lines


def _image(array: Any) -> Image.Image:
    from PIL import Image

    return Image.fromarray(array)


def _resampling() -> Any:
    from PIL import Image

    return Image.Resampling.LANCZOS
