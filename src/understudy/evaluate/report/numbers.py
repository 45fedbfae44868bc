"""Numbers as people read them: no more digits than mean something, thousands apart, a true minus sign."""

from __future__ import annotations

import math
from typing import Literal

Form = Literal["share", "score", "number", "count"]

THIN = "\u202f"  # a narrow space that no line breaks at
MINUS = "\u2212"
NONE = "–"


def formatted(value: float | None, form: str) -> str:
    """`value` as its figure's `form` wants it: a share as per cent, a score with three decimals, a count with thousands apart."""
    if value is None or not math.isfinite(value):
        return NONE
    if form == "share":
        return share(value)
    if form == "count":
        return count(value)
    if form == "score":
        return score(value)
    return number(value)


def score(value: float) -> str:
    """Three decimals; four where three would round a flaw away (0.9997 is not 1.000)."""
    if value == round(value):
        return _minus(f"{value:.0f}")
    if abs(value) >= 100:
        return number(value)
    text = f"{value:.3f}"
    if float(text) == round(value) and abs(value - round(value)) >= 5e-5:
        text = f"{value:.4f}"
    return _minus(text)


def share(value: float) -> str:
    """Per cent with one decimal from 1 % on, two under it; what is not nought never reads as nought."""
    percent = 100 * value
    if percent == 0 or percent == 100:
        return f"{percent:.0f}{THIN}%"
    if 0 < abs(percent) < 0.01:
        return f"{'<' if percent > 0 else '>'}{THIN}{_minus('0.01' if percent > 0 else '-0.01')}{THIN}%"
    decimals = 1 if abs(percent) >= 0.995 else 2
    text = f"{percent:.{decimals}f}"
    if text == "100.0":
        text = f"{percent:.2f}" if percent < 99.995 else ">" + THIN + "99.99"
    return f"{_minus(text)}{THIN}%"


def count(value: float) -> str:
    """A whole number, thousands apart."""
    return _minus(f"{value:,.0f}")


def number(value: float | None) -> str:
    """Any number with four significant digits."""
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e12 or size < 1e-4:
        mantissa, exponent = f"{value:.2e}".split("e")
        return _minus(f"{mantissa}e{int(exponent)}")
    if size >= 1000:
        return _minus(f"{value:,.0f}")
    return _minus(f"{value:.4g}")


def interval(ends: tuple[float, float] | None, form: str) -> str:
    """Both ends, "0.986–0.988"; the word "to" where a minus sign would run into the dash."""
    if ends is None:
        return NONE
    low, high = formatted(ends[0], form), formatted(ends[1], form)
    if low == high:
        return low
    if min(ends) < 0 or "<" in low + high:
        return f"{low} to {high}"
    if form == "share":
        low = low.removesuffix(f"{THIN}%")
    return f"{low}–{high}"


def signed(value: float | None, form: str) -> str:
    """A difference, with its sign unless it is nought; in per cent points where the form is a share."""
    if value is None or not math.isfinite(value):
        return NONE
    if form == "share":
        value, text = 100 * value, f"{abs(100 * value):.{1 if abs(value) >= 0.0995 else 2}f}"
    else:
        text = formatted(abs(value), form)
    sign = "" if not text.strip("0.") else MINUS if value < 0 else "+"
    return sign + text


def gap(value: float | None, ends: tuple[float, float] | None, form: str) -> str:
    """A difference and its interval: "−0.72 points (−0.97 to −0.45)"."""
    unit = " points" if form == "share" and value is not None else ""
    between = f" ({signed(ends[0], form)} to {signed(ends[1], form)})" if ends else ""
    return f"{signed(value, form)}{unit}{between}"


def seconds(value: float) -> str:
    """A time span: "0.4 s", "21 s", "3 min 20 s"."""
    if value < 10:
        return f"{value:.1f}{THIN}s"
    if value < 120:
        return f"{value:.0f}{THIN}s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}{THIN}min {rest}{THIN}s" if minutes < 120 else f"{minutes // 60}{THIN}h {minutes % 60}{THIN}min"


def plural(n: int, one: str, many: str | None = None) -> str:
    """One column, 3 columns: `n` and the noun that goes with it."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
