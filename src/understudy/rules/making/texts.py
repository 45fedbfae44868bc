"""Texts: strings of a pattern, and columns put into a template."""

from __future__ import annotations

from string import Formatter

import polars as pl

from understudy.rules.cells import Cells
from understudy.rules.making.maker import Maker, Place
from understudy.rules.regex import Pattern


class PatternMaker(Maker):
    """Strings of a regular expression, drawn."""

    kind = "text"

    def __init__(self, place: Place, regex: str) -> None:
        super().__init__(place)
        self._pattern = Pattern.parse(regex)

    def make(self, cells: Cells) -> pl.Series:
        return self._pattern.drawn(self.words(cells))


class TemplateMaker(Maker):
    """Columns as text, between pieces of text; a missing one makes it missing."""

    kind = "text"

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(place)
        self._pieces = [(before, name) for before, name, _, _ in Formatter().parse(text)]

    def make(self, cells: Cells) -> pl.Series:
        names = list(dict.fromkeys(name for _, name in self._pieces if name is not None))
        frame = cells.frame(names) if names else pl.DataFrame({"": pl.Series([0] * cells.height)})
        parts: list[pl.Expr] = []
        for before, name in self._pieces:
            if before:
                parts.append(pl.lit(before))
            if name is not None:
                parts.append(as_text(pl.col(name), frame[name].dtype))
        made = frame.select(pl.concat_str(parts).alias("text") if parts else pl.lit("").alias("text"))["text"]
        return made if len(made) == cells.height else pl.Series([made[0]] * cells.height, dtype=pl.String)


def as_text(column: pl.Expr, dtype: object) -> pl.Expr:
    """A value as a person writes it: dates in ISO 8601."""
    if isinstance(dtype, pl.Datetime):
        return column.dt.to_string("%Y-%m-%d %H:%M:%S")
    return column.cast(pl.String)
