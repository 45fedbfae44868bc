"""Dirt: at the stated rates, a function of the row, every hurt cell labelled, and all labels undone give the clean rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.core.errors import ArgumentError, ConstraintError, SchemaError
from understudy.rules.dirt import Dirty, dirty, plan_of, read_plan, slips

ROWS = 5 * 1024 + 300
RNG = np.random.default_rng(5)
FRAME = pl.DataFrame(
    {
        "id": np.arange(ROWS),
        "first": pl.Series(RNG.choice(["Anna", "Jörg", "Zoë Maria", "Bob"], ROWS)),
        "last": pl.Series(RNG.choice(["Müller", "Groß", "Stone Hill", "Ng"], ROWS)),
        "city": pl.Series(RNG.choice(["Rome", "Paris"], ROWS), dtype=pl.Enum(["Rome", "Paris"])),
        "height": RNG.normal(170, 10, ROWS).round(1),
        "count": RNG.integers(0, 9, ROWS),
        "born": [date(1980, 1, 1) + timedelta(days=int(d)) for d in RNG.integers(0, 9_000, ROWS)],
        "at": [datetime(2024, 1, 1) + timedelta(minutes=i) for i in range(ROWS)],
        "note": pl.Series([None if i % 3 == 0 else f"note {i}" for i in range(ROWS)], dtype=pl.String),
    }
)
CELLS: list[dict[str, Any]] = [
    {"kind": "typo", "columns": ["first", "last", "city"], "rate": 0.03},
    {"kind": "case", "columns": ["last"], "rate": 0.03},
    {"kind": "encoding", "columns": ["first", "last"], "rate": 0.1},
    {"kind": "whitespace", "columns": ["note"], "rate": 0.05},
    {"kind": "missing", "columns": ["first", "height", "count", "born"], "rate": 0.02},
    {"kind": "swap", "columns": ["first", "last"], "rate": 0.02},
    {"kind": "unit", "columns": ["height"], "rate": 0.02, "factors": [0.3937]},
    {"kind": "outlier", "columns": ["count", "height"], "rate": 0.02},
    {"kind": "format", "columns": ["born", "at"], "rate": 0.05},
    {"kind": "stale", "columns": ["city", "height"], "rate": 0.02},
]
DUPLICATES = {"kind": "duplicate", "rate": 0.02, "fuzzy": 0.5, "columns": ["first", "last"], "match": "entity"}


def undone(made: Dirty) -> pl.DataFrame:
    """The dirty frame with every label's clean value put back, without the rows that came again."""
    frame = made.frame.with_columns(pl.all().exclude("born", "at").cast(pl.String), row=pl.int_range(pl.len()), of=made.origin)
    for name in [name for name in frame.columns if name not in ("row", "of", "entity")]:
        labels = made.labels.filter(pl.col("column") == name).select("row", "clean", hit=True)
        frame = frame.join(labels, on="row", how="left", maintain_order="left")
        frame = frame.with_columns(pl.when("hit").then("clean").otherwise(name).alias(name)).drop("clean", "hit")
    copies = made.labels.filter(pl.col("column").is_null())["row"]
    return frame.filter(~pl.col("row").is_in(copies.implode())).drop("row", "of", "entity", strict=False)


def test_all_labels_undone_give_the_clean_rows() -> None:
    made = dirty(FRAME, [DUPLICATES, *CELLS], seed=3)
    texts = FRAME.with_columns(pl.col("born", "at").dt.to_string("iso")).cast(pl.String)
    assert undone(made).equals(texts)
    assert not made.frame.cast(pl.String, strict=False)[: FRAME.height].equals(texts)


def test_a_cell_is_hurt_once_and_its_label_tells_what_it_was_and_is() -> None:
    made = dirty(FRAME, CELLS, seed=3)
    assert made.labels.group_by("row", "column").len()["len"].max() == 1
    for row, of, column, clean, now in made.labels.select("row", "of", "column", "clean", "dirty").head(500).rows():
        assert row == of
        was = FRAME[column][row]
        assert clean == (was if isinstance(was, str) else FRAME[column].dt.to_string("iso")[row] if column in ("born", "at") else str(was))
        assert now == (None if made.frame[column][row] is None else str(made.frame[column][row]))
        assert now != clean


@pytest.mark.parametrize("entry", CELLS, ids=lambda entry: entry["kind"])
def test_rates_are_as_stated(entry: dict[str, Any]) -> None:
    made = dirty(FRAME, [{**entry, "rate": 0.2}], seed=1)
    for column in entry["columns"]:
        there = FRAME[column].is_not_null()
        room = there & FRAME[column].str.contains(r"[^\x00-\x7f]") if entry["kind"] == "encoding" else there
        hurt = made.labels.filter(pl.col("column") == column).height
        expected = 0.2 * room.sum()
        if entry["kind"] in ("stale", "swap", "outlier", "missing"):  # another row's value may be the same
            assert hurt <= expected + 5 * expected**0.5
            assert hurt > expected * 0.4
        else:
            assert abs(hurt - expected) < 5 * expected**0.5
    assert dirty(FRAME, [{**entry, "rate": 0}], seed=1).labels.height == 0


def test_parts_are_hurt_alone() -> None:
    plan = [DUPLICATES, *CELLS, {"kind": "late", "column": "at", "rate": 0.1}]
    plan = [entry for entry in plan if entry["kind"] != "format"]
    whole = dirty(FRAME, plan, seed=9)
    part = dirty(FRAME[2048:4096], plan, seed=9, first_row=2048)
    first = int(part.labels["row"].min())  # type: ignore[arg-type]
    start = 2 * (1024 + 20)
    assert first >= start
    assert part.frame.equals(whole.frame[start : start + part.frame.height])
    assert part.labels.equals(whole.labels.filter(pl.col("row").is_between(start, start + part.frame.height - 1)))
    with pytest.raises(ArgumentError, match="multiple of 1,024"):
        dirty(FRAME, plan, first_row=7)


def test_another_column_or_kind_changes_no_other_cell() -> None:
    some = dirty(FRAME, [CELLS[0], CELLS[6]], seed=2)
    more = dirty(FRAME.with_columns(extra=pl.lit("x")), [CELLS[7] | {"columns": ["count"]}, CELLS[0], CELLS[6]], seed=2)
    for name in ("first", "last", "city", "height"):
        assert some.frame[name].equals(more.frame[name])
    assert not dirty(FRAME, [CELLS[0]], seed=2).frame.equals(dirty(FRAME, [CELLS[0]], seed=3).frame)


def test_duplicates_come_after_their_row_with_its_match_id() -> None:
    made = dirty(FRAME, [DUPLICATES], seed=4)
    copies = made.labels.filter(pl.col("column").is_null())
    assert copies.height == 5 * round(0.02 * 1024) + round(0.02 * 300) == made.frame.height - FRAME.height
    assert set(copies["kind"]) == {"duplicate", "fuzzy duplicate"}
    for row, of, kind in copies.select("row", "of", "kind").rows():
        assert made.frame["entity"][row] == of
        original = made.frame.with_row_index().filter((pl.col("entity") == of) & (pl.col("index") < row))
        assert original.height == 1
        names = ["id", "first", "last", "height"]
        assert (original.select(names).rows()[0] == made.frame[row].select(names).rows()[0]) == (kind == "duplicate")
    assert made.frame.filter(pl.col("entity").is_first_distinct()).drop("entity").equals(FRAME)


def test_late_rows_arrive_when_others_are_long_there() -> None:
    made = dirty(FRAME, [{"kind": "late", "column": "at", "rate": 0.1, "usual": 60, "delays": [3600, 7200]}], seed=0)
    delay = (made.frame["arrived_at"] - made.frame["at"]).dt.total_seconds()
    late = made.labels["row"]
    assert delay.gather(late).is_between(3600, 7200).all()
    assert delay.filter(~pl.Series(np.isin(np.arange(ROWS), late))).is_between(0, 60).all()
    assert abs(len(late) - ROWS * 0.1) < 5 * (ROWS * 0.09) ** 0.5


def test_stale_values_are_of_another_row_and_an_earlier_time() -> None:
    made = dirty(FRAME, [{"kind": "stale", "columns": ["height", "born"], "stamp": "at", "days": 10, "rate": 0.1}], seed=0)
    stamps = made.labels.filter(pl.col("column") == "at")
    back = FRAME["at"].gather(stamps["row"]) - made.frame["at"].gather(stamps["row"])
    assert back.is_between(timedelta(0), timedelta(days=10)).all()
    pairs = set(FRAME.select("height", "born").rows())
    assert all(pair in pairs for pair in made.frame.select("height", "born").gather(stamps["row"]).rows())


def test_schema_drift_splits_into_parts_as_a_source_sends_them() -> None:
    drift = {
        "kind": "schema",
        "start": 2000,
        "rename": {"first": "given"},
        "drop": ["note"],
        "add": {"channel": "web"},
        "retype": {"count": "text"},
    }
    made = dirty(FRAME, [drift])
    before, after = made.split()
    assert before.equals(FRAME[:2000].select(before.columns))
    assert before.columns == FRAME.columns
    assert set(after.columns) == {*FRAME.columns, "given", "channel"} - {"first", "note"}
    assert after["given"].equals(FRAME["first"][2000:].rename("given"))
    assert after["count"].dtype == pl.String
    assert set(after["channel"]) == {"web"}
    assert set(made.labels["kind"]) == {"schema rename", "schema drop", "schema add", "schema retype"}
    since = dirty(FRAME, [{**drift, "start": {"column": "at", "moment": "2024-01-02"}}])
    assert since.split()[0].height == 24 * 60
    assert [part.columns for part in dirty(FRAME, []).split()] == [FRAME.columns]


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=12), st.integers(0, 2**64 - 1))
def test_a_slip_is_one_slip(text: str, bits: int) -> None:
    assert abs(len(slips.typo(text, bits, slips.WAYS)) - len(text)) <= 1
    assert slips.typo(text, bits, ["double"]) != text
    assert slips.typo("", bits, slips.WAYS) == ""
    assert " ".join(slips.spaced("a b", bits, ["before", "doubled", "tab", "unbreaking", "after"]).split()) == "a b"


def test_encodings_go_wrong_as_they_do() -> None:
    assert slips.misread("Müller") == "MÃ¼ller"
    assert slips.misread("€ 5 – “x”") == "â‚¬ 5 â€“ â€œxâ€\x9d"
    assert slips.misread("plain") == "plain"


def test_neighbours_touch_on_the_keyboard() -> None:
    assert set(slips.NEIGHBOURS["s"]) == set("adwezx")
    assert set(slips.NEIGHBOURS["Q"]) == set("WA12")


def test_markers_of_missing_values() -> None:
    made = dirty(FRAME, [{"kind": "missing", "columns": ["count"], "rate": 0.5, "markers": ["N/A", None]}])
    assert made.frame["count"].dtype == pl.String
    assert made.frame["count"].null_count() > 500
    assert (made.frame["count"] == "N/A").sum() > 500
    assert set(dirty(FRAME, [{"kind": "missing", "columns": ["count"], "rate": 1}]).frame["count"]) <= {-999, -1}
    assert dirty(FRAME, [{"kind": "missing", "columns": ["born"], "rate": 1}]).frame["born"].unique().to_list() == [date(1900, 1, 1)]


@pytest.mark.parametrize(
    ("plan", "error", "says"),
    [
        ([{"kind": "typoo", "columns": ["a"], "rate": 0.1}], SchemaError, 'Did you mean "typo"'),
        ([{"kind": "typo", "columns": ["first"], "rat": 0.1}], SchemaError, 'Did you mean "rate"'),
        ([{"kind": "typo", "columns": ["firsd"], "rate": 0.1}], ConstraintError, 'Did you mean "first"'),
        ([{"kind": "typo", "columns": ["height"], "rate": 0.1}], ConstraintError, "slips are made in texts"),
        ([{"kind": "unit", "columns": ["first"], "rate": 0.1}], ConstraintError, "only numbers"),
        ([{"kind": "format", "columns": ["first"], "rate": 0.1}], ConstraintError, "days and moments"),
        ([{"kind": "swap", "columns": ["first", "height"], "rate": 0.1}], ConstraintError, "of two types"),
        ([{"kind": "typo", "columns": ["first"], "rate": 1.5}], SchemaError, "less than or equal to 1"),
        ([{"kind": "duplicate", "rate": 0.1, "fuzzy": 0.5}], SchemaError, "Fuzzy duplicates differ"),
        ([{"kind": "late", "column": "at", "rate": 0.1, "arrival": "id"}], ConstraintError, "already"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_before_anything_is_hurt(plan: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        dirty(FRAME, plan)


def test_a_plan_is_read_from_a_file(tmp_path: Any) -> None:
    file = tmp_path / "dirt.yaml"
    file.write_text("people:\n  - {kind: typo, columns: [first], rate: 0.1}\n")
    assert read_plan(file, "people") == plan_of([{"kind": "typo", "columns": ["first"], "rate": 0.1}])
    with pytest.raises(SchemaError, match="people"):
        read_plan(file, "persons")
