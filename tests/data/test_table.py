"""Tables in pieces, and rows that wait on disk."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.core.errors import DataError
from understudy.data import spool as spool_module
from understudy.data.spool import Spool, SpoolSource, union
from understudy.data.table import as_table, rechunked


@settings(deadline=None, max_examples=100)
@given(heights=st.lists(st.integers(0, 9), max_size=6), rows=st.integers(1, 12))
def test_chunks_have_the_height_asked_for_and_lose_nothing(heights: list[int], rows: int) -> None:
    numbers = iter(range(100))
    frames = [pl.DataFrame({"i": [next(numbers) for _ in range(height)]}, schema={"i": pl.Int64}) for height in heights]
    chunks = list(rechunked(iter(frames), rows))
    assert [number for chunk in chunks for number in chunk["i"]] == list(range(sum(heights)))
    assert all(chunk.height == rows for chunk in chunks[:-1])
    assert all(0 < chunk.height <= rows for chunk in chunks)


def test_chunk_of_no_rows_is_refused() -> None:
    with pytest.raises(DataError, match="at least one row"):
        as_table(pl.DataFrame({"a": [1]})).chunks(0)


def test_notes_go_with_their_columns() -> None:
    table = as_table(pl.DataFrame({"a": [float("nan"), 1.0], "b": [float("nan"), 1.0]}))
    assert [note.column for note in table.select(["b"]).notes] == ["b"]


def test_spool_gives_the_same_from_disk_as_from_memory_and_cleans_up(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [pl.DataFrame({"a": [1, None]}), pl.DataFrame({"a": [2.5], "b": [True]}), pl.DataFrame({"b": ["x"]})]
    held = Spool()
    for frame in frames:
        held.add(frame)
    expected = next(held.source()[0].frames(["a", "b"]))
    monkeypatch.setattr(spool_module, "MEMORY_BYTES", 1)
    spooled = Spool()
    for frame in frames:
        spooled.add(frame)
    source, notes = spooled.source()
    assert isinstance(source, SpoolSource)
    found = pl.concat(source.frames(["a", "b"]))
    assert found.equals(expected)
    assert found.to_dict(as_series=False) == {"a": [1.0, None, 2.5, None], "b": [None, None, "True", "x"]}
    assert [note.column for note in notes] == ["b"]
    folder = Path(source._files[0]).parent
    assert folder.exists()
    del source, spooled
    assert not folder.exists()


def test_union_of_types_holds_the_values_of_all() -> None:
    assert union([pl.Null(), pl.Int64()]) == pl.Int64
    assert union([pl.Int64(), pl.Float64()]) == pl.Float64
    assert union([pl.Int64(), pl.String()]) == pl.String
    assert union([pl.Decimal(38, 2), pl.Decimal(38, 4)]) == pl.Decimal(38, 4)
    assert union([]) == pl.Null
