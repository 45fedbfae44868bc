"""The evaluation as data inside the page: what the pictures are drawn from and what the download button gives.

Numbers in pictures are cut to three significant digits and a picture's cells are turned into columns (one array of counts per table
instead of one record per bar), which makes 500 columns fit well within the size of a page; the script turns them back. Where even that
is too much, the pictures of the columns that agree best are left out, and the page says so.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from understudy.evaluate.report.verdicts import SEVERITY

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation

LARGEST = 1_700_000  # bytes of the embedded data; the page as a whole stays under 3 MB
_FIELDS = ("label", "low", "high", "atom", "real", "holdout", "synthetic")


def embedded(evaluation: Evaluation) -> str:
    """JSON that is safe inside a script element: it holds no "<", so it can neither close the element nor open a comment."""
    content = _rounded(evaluation.to_dict(), digits=6)
    for column in content["columns"]:
        if column["picture"]:
            column["picture"] = _packed(column["picture"])
    if content["matrix"]:
        content["matrix"] = _rounded(content["matrix"], digits=3)
    _shed(content)
    return _text(content)


def _shed(content: dict[str, Any]) -> None:
    """Leave out pictures, best columns first, until the data is small enough."""
    excess = len(_text(content).encode("utf-8")) - LARGEST
    if excess <= 0:
        return
    for column in sorted((column for column in content["columns"] if column["picture"]), key=_worst_first, reverse=True):
        excess -= len(_text(column["picture"]).encode("utf-8"))
        column["picture"] = None
        column["picture_left_out"] = True
        if excess <= 0:
            return


def _worst_first(column: dict[str, Any]) -> tuple[int, float]:
    shape = column["shape"]
    if shape is None or shape["value"] is None:
        return SEVERITY["info"], 1.0
    return SEVERITY[shape["verdict"]], shape["value"] - (shape["holdout"] or 1.0)


def _packed(picture: dict[str, Any]) -> dict[str, Any]:
    """Cells as one array per field; a field that every cell lacks is left out."""
    cells = picture["cells"]
    columns = {field: [cell[field] for cell in cells] for field in _FIELDS}
    columns["low"], columns["high"] = _rounded(columns["low"], digits=6), _rounded(columns["high"], digits=6)
    columns["atom"] = [int(atom) for atom in columns["atom"]]
    return {**picture, "cells": {field: values for field, values in columns.items() if any(value is not None for value in values)}}


def _rounded(value: Any, digits: int) -> Any:
    """Floats to so many significant digits; those that are no number become None, which JSON can say."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _rounded(entry, digits) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rounded(entry, digits) for entry in value]
    return value


def _text(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Half a surrogate pair cannot be written as UTF-8; its escape can.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
