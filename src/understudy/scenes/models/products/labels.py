"""Prints of goods: made-up brands, colour schemes, icons, nutrition tables, barcodes. No mark that exists is meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.scenes.material import Print
from understudy.scenes.models.prints import Shade, canvas, centred, font, printed
from understudy.scenes.models.products import barcode

KINDS: dict[str, tuple[str, ...]] = {
    "carton": ("Crisp Flakes", "Oat Rings", "Herbal Tea", "Rice", "Crackers", "Milk Powder", "Granola"),
    "bottle": ("Lemonade", "Olive Oil", "Apple Juice", "Iced Tea", "Mineral Water", "Vinegar", "Syrup"),
    "can": ("Cola", "Tomatoes", "Sweet Corn", "Ginger Ale", "Red Beans", "Chickpeas"),
    "jar": ("Honey", "Berry Jam", "Pickles", "Pesto", "Mustard", "Olives"),
    "mug": ("Mug",),
    "tube": ("Toothpaste", "Hand Cream", "Sun Cream", "Tomato Paste"),
    "bag": ("Potato Chips", "Roast Coffee", "Pasta", "Muesli", "Nuts"),
    "shoe": ("Runner",),
    "bowl": ("Bowl",),
    "book": ("The Quiet Harbour", "Stars and Stones", "A Garden in Winter", "Numbers", "Bread"),
    "cosmetics": ("Shampoo", "Body Lotion", "Soap", "Conditioner"),
    "electronics": ("Smart Plug", "Headphones", "Router", "LED Lamp", "Power Bank"),
}
"""Kinds of goods and what they may hold."""

FLAVOURS = (
    "Original",
    "Lemon",
    "Berry",
    "Mint",
    "Classic",
    "Organic",
    "Extra",
    "Light",
    "Peach",
    "Honey",
    "Spicy",
    "Mild",
    "Forest",
    "Ocean",
)
SCHEMES: tuple[tuple[Shade, Shade, Shade], ...] = (
    ((178, 24, 36), (250, 240, 220), (240, 190, 40)),
    ((20, 70, 150), (245, 248, 252), (245, 160, 30)),
    ((30, 120, 70), (244, 246, 226), (190, 40, 50)),
    ((245, 190, 30), (60, 35, 20), (200, 50, 30)),
    ((90, 40, 120), (240, 230, 245), (230, 170, 60)),
    ((240, 240, 236), (30, 60, 70), (40, 150, 160)),
    ((24, 26, 30), (235, 225, 200), (200, 160, 70)),
    ((230, 90, 40), (255, 248, 235), (60, 110, 60)),
    ((20, 140, 160), (245, 250, 250), (240, 90, 120)),
    ((235, 150, 170), (90, 30, 50), (255, 250, 245)),
    ((110, 70, 40), (245, 232, 205), (210, 130, 50)),
    ((150, 190, 60), (30, 60, 30), (250, 245, 230)),
)
"""Ground, letters and accent, sRGB."""

ICONS = ("round", "leaf", "drop", "berries", "star", "citrus", "wave", "mountain")
STYLES = ("band", "stripes", "diagonal", "arch", "plain", "split")


@dataclass(frozen=True)
class Sku:
    """An article: everything that its print shows. Two articles are the same goods where all of it is equal.

    Attributes:
        kind: of `KINDS`. brand, product, flavour, amount: as printed. scheme: position in `SCHEMES`. icon, style: of the print.
        code: EAN-13. proportions: (3,) shares by which its shape differs from its kind's.
    """

    kind: str
    brand: str
    product: str
    flavour: str
    amount: str
    scheme: int
    icon: str
    style: str
    code: str
    proportions: tuple[float, float, float]

    @property
    def name(self) -> str:
        return f"{self.brand} {self.product} {self.flavour} {self.amount}"


def sku(rng: np.random.Generator, kind: str | None = None) -> Sku:
    """An article drawn at random.

    Raises:
        ArgumentError: an unknown kind.
    """
    if kind is not None and kind not in KINDS:
        raise ArgumentError(f'There are no goods "{kind}".', remedy=did_you_mean(kind, KINDS))
    chosen = kind or str(rng.choice(list(KINDS)))
    amount = str(rng.choice(["250 g", "330 ml", "500 g", "1 l", "750 ml", "400 g", "120 g"]))
    shares = tuple(round(float(share), 2) for share in rng.uniform(0.88, 1.14, 3))
    return Sku(
        chosen, _brand(rng), str(rng.choice(KINDS[chosen])), str(rng.choice(FLAVOURS)), amount, int(rng.integers(len(SCHEMES))),
        str(rng.choice(ICONS)), str(rng.choice(STYLES)), _code(rng), (shares[0], shares[1], shares[2]),
    )  # fmt: skip


def hard_negative(rng: np.random.Generator, like: Sku) -> Sku:
    """Another article that is easily taken for `like`: the same brand and shape with another flavour, colour or amount."""
    flavour = str(rng.choice([word for word in FLAVOURS if word != like.flavour]))
    change = rng.integers(3)
    scheme = like.scheme if change == 0 else int(rng.choice([number for number in range(len(SCHEMES)) if number != like.scheme]))
    icon = like.icon if change == 1 else str(rng.choice([icon for icon in ICONS if icon != like.icon]))
    return replace(like, flavour=flavour, scheme=scheme, icon=icon, code=_code(rng))


def _brand(rng: np.random.Generator) -> str:
    starts = (
        "Al",
        "Bre",
        "Cor",
        "Del",
        "Fen",
        "Gri",
        "Hal",
        "Jun",
        "Kel",
        "Lum",
        "Mor",
        "Nor",
        "Ori",
        "Pel",
        "Quil",
        "Ros",
        "Sel",
        "Tav",
        "Ul",
        "Ver",
    )
    ends = ("bora", "dale", "enta", "ico", "ina", "lund", "mira", "nova", "osa", "ric", "sona", "tia", "vano", "wen", "zo")
    return str(rng.choice(starts)) + str(rng.choice(ends))


def _code(rng: np.random.Generator) -> str:
    """A code of the range 200 .. 299, which GS1 keeps for use inside shops: no article in the world carries it."""
    first = f"2{rng.integers(0, 10**11):011d}"
    return first + barcode.check_digit(first)


@lru_cache(maxsize=256)
def panel(article: Sku, width: int, height: int) -> Print:
    """The front of a pack."""
    image, pen = canvas(width, height, SCHEMES[article.scheme][0])
    _face(image, pen, article, 0, 0, width, height)
    return printed(image)


@lru_cache(maxsize=256)
def wrap(article: Sku, width: int, height: int) -> Print:
    """A label that goes round: the front in its middle, table and barcode behind."""
    image, pen = canvas(width, height, SCHEMES[article.scheme][0])
    middle = round(width * 0.44)
    start = (width - middle) // 2
    _face(image, pen, article, start, 0, middle, height)
    back = (width - middle) // 2
    _facts(image, pen, article, 0, 0, back, height)
    _code_on(image, article, width - back, 0, back, height)
    return printed(image)


@lru_cache(maxsize=256)
def side(article: Sku, width: int, height: int) -> Print:
    """The side of a pack: table and barcode."""
    image, pen = canvas(width, height, SCHEMES[article.scheme][0])
    _facts(image, pen, article, 0, 0, width, round(height * 0.62))
    _code_on(image, article, 0, round(height * 0.62), width, height - round(height * 0.62))
    return printed(image)


@lru_cache(maxsize=256)
def strip(article: Sku, width: int, height: int) -> Print:
    """The brand alone: tops of packs, spines of books, mugs."""
    ground, letters, _ = SCHEMES[article.scheme]
    image, pen = canvas(width, height, ground)
    centred(pen, article.brand, (0.12 * width, 0.2 * height, 0.88 * width, 0.8 * height), letters, bold=0.02)
    return printed(image)


def _face(image: Any, pen: Any, article: Sku, x: int, y: int, w: int, h: int) -> None:
    ground, letters, accent = SCHEMES[article.scheme]
    _style(pen, article.style, x, y, w, h, letters, accent)
    pen.rounded_rectangle((x + 0.07 * w, y + 0.08 * h, x + 0.93 * w, y + 0.3 * h), radius=0.05 * h, fill=ground)
    centred(pen, article.brand.upper(), (x + 0.1 * w, y + 0.1 * h, x + 0.9 * w, y + 0.27 * h), letters, bold=0.03)
    _icon(pen, article.icon, x + w / 2, y + 0.52 * h, min(0.3 * w, 0.19 * h), accent, letters)
    pen.rectangle((x + 0.08 * w, y + 0.735 * h, x + 0.92 * w, y + 0.9 * h), fill=ground)
    centred(pen, article.product, (x + 0.1 * w, y + 0.745 * h, x + 0.9 * w, y + 0.825 * h), letters)
    centred(pen, article.flavour, (x + 0.1 * w, y + 0.84 * h, x + 0.55 * w, y + 0.895 * h), accent)
    centred(pen, article.amount, (x + 0.62 * w, y + 0.845 * h, x + 0.9 * w, y + 0.89 * h), letters)


def _style(pen: Any, style: str, x: int, y: int, w: int, h: int, light: Shade, accent: Shade) -> None:
    if style == "band":
        pen.rectangle((x, y + 0.33 * h, x + w, y + 0.71 * h), fill=light)
    elif style == "stripes":
        for number in range(0, 9, 2):
            pen.rectangle((x + number * w / 9, y + 0.32 * h, x + (number + 1) * w / 9, y + 0.72 * h), fill=light)
    elif style == "diagonal":
        pen.polygon([(x, y + 0.55 * h), (x + w, y + 0.3 * h), (x + w, y + 0.6 * h), (x, y + 0.85 * h)], fill=light)
    elif style == "arch":
        pen.ellipse((x + 0.08 * w, y + 0.3 * h, x + 0.92 * w, y + 1.05 * h), fill=light)
    elif style == "split":
        pen.rectangle((x, y + 0.5 * h, x + w, y + h), fill=accent)
        pen.ellipse((x + 0.2 * w, y + 0.3 * h, x + 0.8 * w, y + 0.74 * h), fill=light)


def _icon(pen: Any, icon: str, x: float, y: float, r: float, color: Shade, other: Shade) -> None:  # noqa: C901 (a list of drawings)
    def disc(cx: float, cy: float, size: float, fill: Shade) -> None:
        pen.ellipse((cx - size, cy - size, cx + size, cy + size), fill=fill)

    def star(points: int, inner: float) -> list[tuple[float, float]]:
        angles = np.arange(2 * points) * np.pi / points - np.pi / 2
        return [(x + r * (inner if n % 2 else 1) * np.cos(a), y + r * (inner if n % 2 else 1) * np.sin(a)) for n, a in enumerate(angles)]

    if icon == "round":
        disc(x, y, r, color)
        disc(x - 0.3 * r, y - 0.3 * r, 0.2 * r, (255, 255, 255))
    elif icon == "leaf":
        pen.chord((x - r, y - r, x + r, y + r), 135, 315, fill=color)
        pen.line((x - 0.7 * r, y + 0.7 * r, x + 0.5 * r, y - 0.5 * r), fill=other, width=max(1, int(r / 12)))
    elif icon == "drop":
        disc(x, y + 0.3 * r, 0.7 * r, color)
        pen.polygon([(x - 0.6 * r, y), (x + 0.6 * r, y), (x, y - r)], fill=color)
    elif icon == "berries":
        for dx, dy in ((-0.5, 0.3), (0.5, 0.3), (0.0, -0.4), (0.0, 0.75)):
            disc(x + dx * r, y + dy * r, 0.42 * r, color)
    elif icon == "star":
        pen.polygon(star(5, 0.45), fill=color)
    elif icon == "citrus":
        disc(x, y, r, color)
        disc(x, y, 0.85 * r, (250, 245, 225))
        for number in range(8):
            pen.pieslice((x - 0.78 * r, y - 0.78 * r, x + 0.78 * r, y + 0.78 * r), 45 * number + 4, 45 * number + 41, fill=color)
    elif icon == "wave":
        for number in range(3):
            pen.arc(
                (x - r, y - r + 0.5 * number * r, x + r, y + 0.6 * r + 0.5 * number * r), 200, 340, fill=color, width=max(2, int(r / 5))
            )
    else:
        peaks = [(-1.0, 0.7), (-0.25, -0.8), (0.2, 0.0), (0.5, -0.4), (1.0, 0.7)]
        pen.polygon([(x + dx * r, y + dy * r) for dx, dy in peaks], fill=color)


def _facts(image: Any, pen: Any, article: Sku, x: int, y: int, w: int, h: int) -> None:
    """A table of figures, made up from the code so that it is always the same for an article."""
    seed = int(article.code[1:9])
    low, high = y + 0.1 * h, y + 0.88 * h
    left, right = x + 0.1 * w, x + 0.9 * w
    pen.rectangle((left, low, right, high), fill=(250, 250, 248), outline=(0, 0, 0))
    rows = ("Energy kJ", "Fat g", "Carbohydrate g", "Sugars g", "Fibre g", "Protein g", "Salt g")
    step = (high - low) / (len(rows) + 1)
    size = max(6, int(0.62 * step))
    pen.text((left + 3, low + step / 2), "Nutrition per 100 g", fill=(0, 0, 0), font=font(min(size, max(6, int(w / 11)))), anchor="lm")
    for number, row in enumerate(rows, 1):
        middle = low + (number + 0.5) * step
        pen.line((left, middle - step / 2, right, middle - step / 2), fill=(0, 0, 0))
        small = font(min(size, max(6, int(w / 12))))
        pen.text((left + 3, middle), row, fill=(0, 0, 0), font=small, anchor="lm")
        figure = (seed // 7**number) % (2400 if number == 1 else 500)
        pen.text((right - 3, middle), f"{figure}" if number == 1 else f"{figure / 10:.1f}", fill=(0, 0, 0), font=small, anchor="rm")


def _code_on(image: Any, article: Sku, x: int, y: int, w: int, h: int) -> None:
    """The barcode, as large as whole pixels a bar allow, in the middle of a box."""
    module = max(1, int(w * 0.94) // 113)
    picture = barcode.picture(article.code, module, max(20, min(int(h * 0.5), 46 * module)))
    image.paste(picture, (int(x + (w - picture.width) / 2), int(y + (h - picture.height) / 2)))
