"""The evaluation as data inside the page: what the pictures are drawn from and what the download button gives.

A picture's cells are turned into columns (one array of counts per table instead of one record per bar) and no number has more digits
than can be seen, which makes 500 columns fit well within the size of a page; the script turns them back. Where even that is too much,
the pictures of the columns that agree best are left out, and the page says so.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from understudy.evaluate.report.verdicts import SEVERITY

if TYPE_CHECKING:
    from understudy.evaluate.result import ColumnResult, Evaluation, Picture

LARGEST = 1_700_000  # bytes of the embedded data; the page as a whole stays under 3 MB
_FIELDS = ("label", "low", "high", "atom", "real", "holdout", "synthetic")


def embedded(evaluation: Evaluation) -> str:
    """JSON that is safe inside a script element: it holds no "<", so it can neither close the element nor open a comment."""
    content = _rounded(evaluation.model_dump(mode="json", exclude={"columns", "matrix"}), digits=10)
    content["columns"] = [_column(column) for column in evaluation.columns]
    content["matrix"] = _rounded(evaluation.matrix.model_dump(mode="json"), digits=3) if evaluation.matrix else None
    _shed(content)
    return safe_text(content)


def _column(column: ColumnResult) -> dict[str, Any]:
    """A column without the fields that say nothing, which get their defaults again on reading back."""
    content: dict[str, Any] = _rounded(column.model_dump(mode="json", exclude_defaults=True, exclude={"picture"}), digits=10)
    if column.picture:
        content["picture"] = _packed(column.picture)
    return content


def _packed(picture: Picture) -> dict[str, Any]:
    """Cells as one array per field; a field that every cell lacks is left out."""
    cells = {field: [getattr(cell, field) for cell in picture.cells] for field in _FIELDS}
    cells["low"], cells["high"] = _to_the_range(cells["low"], cells["high"])
    cells["atom"] = [int(atom) for atom in cells["atom"]]
    stated = {field: values for field, values in cells.items() if any(value is not None for value in values)}
    return {**picture.model_dump(mode="json", exclude_defaults=True, exclude={"cells"}), "cells": stated}


def _to_the_range(low: list[float | None], high: list[float | None]) -> tuple[list[float | None], list[float | None]]:
    """Ends of cells to a hundred-thousandth of what the picture spans: instants and prices far from nought keep their place."""
    ends = [end for end in (*low, *high) if end is not None and math.isfinite(end)]
    span = max(ends) - min(ends) if ends else 0.0
    decimals = 5 - math.floor(math.log10(span)) if span > 0 else 9
    return _cut(low, decimals), _cut(high, decimals)


def _cut(values: list[float | None], decimals: int) -> list[float | None]:
    return [None if value is None else round(value, decimals) for value in values]


def _shed(content: dict[str, Any]) -> None:
    """Leave out pictures, best columns first, until the data is small enough."""
    excess = _size(content) - LARGEST
    if excess <= 0:
        return
    for column in sorted((column for column in content["columns"] if "picture" in column), key=_worst_first, reverse=True):
        before = _size(column)
        del column["picture"]
        column["picture_left_out"] = True
        excess -= before - _size(column)
        if excess <= 0:
            return


def _worst_first(column: dict[str, Any]) -> tuple[int, float]:
    shape = column.get("shape")
    if shape is None or shape.get("value") is None:
        return SEVERITY["info"], 1.0
    return SEVERITY[shape.get("verdict", "info")], shape["value"] - shape.get("holdout", 1.0)


def _rounded(value: Any, digits: int) -> Any:
    """Floats to so many significant digits; those that are no number become None, which JSON can say."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(entry, digits) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry, digits) for entry in value]
    return value


def _size(content: Any) -> int:
    return len(safe_text(content).encode("utf-8"))


def safe_text(content: Any) -> str:
    """JSON without a "<"."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Half a surrogate pair cannot be written as UTF-8; its escape can.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
