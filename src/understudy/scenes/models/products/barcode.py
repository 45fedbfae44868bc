"""EAN-13 barcodes, by the GS1 General Specifications: check digit, bars, and a picture of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from understudy.core.errors import ArgumentError
from understudy.scenes.models.prints import canvas, font

_ODD = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_PARITY = ("OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE", "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO")


def check_digit(digits: str) -> str:
    """The thirteenth digit of twelve: their sum, every second one threefold, is filled up to a multiple of ten."""
    if len(digits) != 12 or not digits.isdigit():
        raise ArgumentError(f'An EAN-13 has twelve digits before its check digit, not "{digits}".')
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def modules(code: str) -> str:
    """95 bars (1) and gaps (0) of a whole code."""
    if len(code) != 13 or not code.isdigit() or check_digit(code[:12]) != code[12]:
        raise ArgumentError(f'"{code}" is no EAN-13: its check digit is wrong.', remedy="Append check_digit(first twelve digits).")
    left = "".join(_coded(int(digit), parity) for digit, parity in zip(code[1:7], _PARITY[int(code[0])], strict=True))
    right = "".join(_inverse(_ODD[int(digit)]) for digit in code[7:])
    return f"101{left}01010{right}101"


def _coded(digit: int, parity: str) -> str:
    return _ODD[digit] if parity == "O" else _inverse(_ODD[digit])[::-1]


def _inverse(bits: str) -> str:
    return bits.translate(str.maketrans("01", "10"))


@lru_cache(maxsize=256)
def picture(code: str, module: int = 2, height: int = 60) -> Any:
    """The code as a picture with quiet zones; `module` px a bar."""
    bits = modules(code)
    image, pen = canvas((len(bits) + 18) * module, height + 14)
    for place, bit in enumerate(bits):
        if bit == "1":
            long = place < 3 or place > 91 or 45 <= place < 50
            pen.rectangle(((place + 9) * module, 3, (place + 10) * module - 1, height + (5 if long else 0)), fill=(0, 0, 0))
    for text, start in ((code[1:7], 12), (code[7:], 59)):
        pen.text(((start + 21) * module, height + 8), text, fill=(0, 0, 0), font=font(11), anchor="mm")
    return image
