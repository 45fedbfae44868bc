"""Columns of text: the decision does not hang on how the cells are cut into pieces."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.data.text_columns import ColumnPlan, TextColumn

CELLS = st.sampled_from(
    [
        "1", "-7", "0", "007", "1.5", "2.25", "1,5", "1.234", "1,234", "1 234", "1.234,5", "12345", "1e3",
        "true", "false", "True", " ", "NA", "?", "", "x", " 3", "inf", None,
    ]
)  # fmt: skip


def decided(pieces: list[list[str | None]]) -> ColumnPlan:
    column = TextColumn("x")
    for piece in pieces:
        column.see(pl.Series("x", piece, dtype=pl.String))
    return column.decide(mark=None, default=".", empty_is_missing=False, skip_space=False)


@settings(deadline=None, max_examples=300)
@given(cells=st.lists(CELLS, min_size=1, max_size=8), cut=st.integers(0, 8))
def test_cutting_the_cells_into_pieces_changes_nothing(cells: list[str | None], cut: int) -> None:
    assert decided([cells]) == decided([cells[:cut], cells[cut:]])


@settings(deadline=None, max_examples=300)
@given(cells=st.lists(CELLS, min_size=1, max_size=8))
def test_no_cell_is_lost_but_those_that_stand_for_missing(cells: list[str | None]) -> None:
    plan = decided([cells])
    values: list[Any] = pl.DataFrame({"x": pl.Series(cells, dtype=pl.String)}).select(plan.convert())["x"].to_list()
    if plan.dtype == pl.String:
        assert values == cells
    else:
        lost = {cell for cell, value in zip(cells, values, strict=True) if value is None}
        assert lost <= {None, "", " ", "NA", "?", "inf"}
        assert any(value is not None for value in values)


def test_order_of_cells_changes_nothing() -> None:
    cells: list[str | None] = ["1", "2.5", "NA", "", None, "1e3"]
    assert decided([cells]) == decided([cells[::-1]])
