"""Made-up values that match a pattern: all of them, in every row that may be asked for, unique where they were."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ConstraintError
from understudy.core.random import Stream
from understudy.data.constraints import Regex
from understudy.data.matching import Matching, fitted_to
from understudy.data.regenerator import Regenerator, fit_regenerator, regenerator_from_dict
from understudy.data.schema import ColumnSchema

STREAM = Stream(5)


def made(values: list[str], pattern: str, **facts: object) -> Regenerator:
    column = ColumnSchema.model_validate({"name": "c", **facts})
    return fitted_to(fit_regenerator(pl.Series("c", values), column, STREAM), Regex(column="c", pattern=pattern), STREAM.child("p"))


def scattered_ids(rows: int = 400) -> list[str]:
    g = np.random.default_rng(0)
    return [f"{''.join(g.choice(list('ABCDEF'), 2))}-{k}" for k in g.choice(np.arange(100_000, 999_999), rows, replace=False)]


def matches(regenerator: Regenerator, pattern: str, rows: np.ndarray) -> bool:
    return bool(regenerator.make(rows, STREAM).str.contains(f"^(?:{pattern})$").all())


def test_identifiers_match_a_narrower_pattern_and_stay_unique() -> None:
    pattern = "[A-C][A-F]-[1-9][0-9]{4}[02468]"
    kept = [text for text in scattered_ids(2_000) if text[0] in "ABC" and text[-1] in "02468"]
    regenerator = made(kept, pattern, kind="identifier", unique=True)
    rows = np.arange(30_000)
    assert matches(regenerator, pattern, rows)
    assert regenerator.make(rows, STREAM).n_unique() == 30_000


def test_a_row_has_its_value_whatever_rows_are_made_with_it() -> None:
    regenerator = made([f"{a}{b}" for a, b in zip("ABCD" * 50, range(200), strict=True)], "[AB].*", kind="code")
    assert isinstance(regenerator, Matching)
    assert regenerator.candidates > 2
    whole = regenerator.make(np.arange(100), STREAM)
    assert regenerator.make(np.array([7, 93]), STREAM).to_list() == [whole[7], whole[93]]
    again = regenerator_from_dict(regenerator.to_dict())
    assert again.make(np.arange(100), STREAM).equals(whole)


def test_a_numbering_goes_on_as_it_is_up_to_the_end_of_its_pattern() -> None:
    regenerator = made([f"INV-{k:04d}" for k in range(1, 301)], r"INV-\d{4}", kind="identifier")
    first = int(regenerator.make(np.arange(1), STREAM)[0].removeprefix("INV-"))
    assert regenerator.most == 10_000 - first
    assert matches(regenerator, r"INV-\d{4}", np.arange(regenerator.most))
    assert not matches(regenerator.inner, r"INV-\d{4}", np.array([regenerator.most]))  # type: ignore[attr-defined]


def test_identifiers_that_repeat_go_on_repeating() -> None:
    values = [text for text in scattered_ids(100) for _ in range(5)]
    regenerator = made(values, "[A-F]{2}-[0-9]{5}[0-4]", kind="identifier")
    texts = regenerator.make(np.arange(1_000), STREAM)
    assert texts.n_unique() == 200
    assert texts.str.contains("[0-4]$").all()


def test_a_pattern_that_made_up_values_do_not_match_is_refused() -> None:
    with pytest.raises(ConstraintError, match="hardly one of them would match"):
        made([f"{k:03d}" for k in range(1000)], r"\d{3}", kind="identifier")
    with pytest.raises(ConstraintError, match="hardly one"):
        made(["some words of a text", "other words of a text"] * 20, "[0-9]+", kind="text")
