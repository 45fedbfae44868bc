"""Pictures on things: text, number plates, pictograms, drawn with Pillow."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from understudy.core.errors import MissingExtraError
from understudy.scenes.material import Print

Shade = tuple[int, int, int]


def canvas(width: int, height: int, color: Shade | tuple[int, int, int, int] = (255, 255, 255)) -> tuple[Any, Any]:
    """A picture of one colour and its pen."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingExtraError.of("scenes", "Drawing prints") from None
    image = Image.new("RGBA" if len(color) == 4 else "RGB", (width, height), color)
    return image, ImageDraw.Draw(image)


def printed(image: Any) -> Print:
    return Print(np.asarray(image, dtype=np.uint8).copy())


@lru_cache(maxsize=64)
def font(size: int) -> Any:
    """Pillow's own font, so that prints are the same on every machine."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def fitted(pen: Any, text: str, width: float, height: float) -> int:
    """The largest size at which a text fits into width and height, px."""
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font(100))
    return max(6, int(100 * min(width / max(right - left, 1), height / max(bottom - top, 1))))


def centred(pen: Any, text: str, box: tuple[float, float, float, float], color: Shade, *, bold: float = 0.0) -> None:
    """Writes a text as large as fits into the middle of a box (x0, y0, x1, y1). `bold`: stroke as a share of its size."""
    x0, y0, x1, y1 = box
    size = fitted(pen, text, (x1 - x0), (y1 - y0))
    pen.text(
        ((x0 + x1) / 2, (y0 + y1) / 2), text, fill=color, font=font(size), anchor="mm", stroke_width=round(size * bold), stroke_fill=color
    )


@lru_cache(maxsize=256)
def _plate(text: str, rear: bool) -> Print:
    image, pen = canvas(260, 56, (232, 232, 226) if not rear else (226, 228, 224))
    pen.rectangle((0, 0, 259, 55), outline=(20, 20, 20), width=2)
    pen.rectangle((2, 2, 22, 53), fill=(20, 50, 140))
    centred(pen, text, (30, 8, 252, 48), (15, 15, 15), bold=0.02)
    return printed(image)


def plate(rng: np.random.Generator) -> tuple[str, Print]:
    """A made-up registration and its plate."""
    letters = "".join(rng.choice(list("ABCDEFGHJKLMNPRSTUVWXYZ"), 2))
    text = f"{letters} {rng.integers(10, 99)}{rng.integers(0, 9)} {''.join(rng.choice(list('ABCDEFGHJKLMNPRSTUVWXYZ'), 2))}"
    return text, _plate(text, False)
