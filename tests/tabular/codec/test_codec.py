"""The codec as a whole: what comes back is what went in, whatever the kind of column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from understudy.core.artifact import State, load_artifact, save_artifact
from understudy.core.errors import ConditionError, DataError, SchemaError
from understudy.core.random import Stream
from understudy.data.schema import ColumnSchema
from understudy.tabular.codec import Codec, Protection
from understudy.tabular.codec.calendar import CalendarColumn
from understudy.tabular.codec.category import CategoryColumn
from understudy.tabular.codec.codec import Codec as CodecClass
from understudy.tabular.codec.remade import ConstantColumn, RemadeColumn
from understudy.tabular.condition import Range
from understudy.tabular.fields import Encoded

Fit = Callable[..., Codec]
N = 4000


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def back(codec: Codec, encoded: Encoded, seed: int = 1) -> pl.DataFrame:
    return codec.decode(encoded, np.arange(encoded.rows), Stream(seed))


def anew(codec: Codec, frame: pl.DataFrame, seed: int = 1) -> pl.DataFrame:
    """The frame with its tokens kept and its places inside bins drawn anew."""
    encoded = codec.encode(frame)
    return back(codec, Encoded(encoded.tokens, [None] * len(encoded.positions)), seed)


@pytest.fixture
def every_kind() -> tuple[pl.DataFrame, list[ColumnSchema]]:
    g = rng()
    start = datetime(2020, 1, 1)
    frame = pl.DataFrame(
        {
            "age": g.integers(18, 90, N),
            "income": np.round(g.lognormal(10, 1, N), 2),
            "noise": g.normal(size=N),
            "plan": g.choice(["basic", "plus", "pro"], N, p=[0.7, 0.2, 0.1]),
            "size": g.choice(["S", "M", "L"], N),
            "active": g.random(N) < 0.3,
            "when": [
                start + timedelta(days=int(d), minutes=15 * int(q))
                for d, q in zip(g.integers(0, 1500, N), g.integers(28, 80, N), strict=True)
            ],
            "day": [date(2021, 1, 1) + timedelta(days=int(d)) for d in g.integers(0, 3000, N)],
            "at": [time(int(h), int(m)) for h, m in zip(g.integers(8, 18, N), g.integers(0, 60, N), strict=True)],
            "took": [timedelta(seconds=int(s)) for s in g.gamma(2, 600, N)],
            "same": ["x"] * N,
            "nothing": pl.Series([None] * N, dtype=pl.String),
        }
    )
    holes = g.random(N) < 0.2
    frame = frame.with_columns(frame[c].set(pl.Series(holes), None) for c in ("income", "plan", "active", "when"))
    kinds = {
        "age": "integer", "noise": "decimal", "plan": "categorical", "active": "boolean", "when": "datetime", "day": "date", "at": "time",
        "took": "duration", "same": "constant", "nothing": "categorical",
    }  # fmt: skip
    columns = [ColumnSchema(name=name, kind=kind) for name, kind in kinds.items()]
    columns.append(ColumnSchema(name="income", kind="decimal", decimals=2))
    columns.append(ColumnSchema(name="size", kind="ordinal", order=["S", "M", "L"]))
    return frame, columns


def test_types_missing_values_and_shares_come_back(fitted: Fit, every_kind: tuple[pl.DataFrame, list[ColumnSchema]]) -> None:
    frame, columns = every_kind
    codec = fitted(frame, *columns)
    made = anew(codec, frame)
    for column in columns:
        real, fake = frame[column.name], made[column.name]
        assert fake.dtype == real.dtype, column.name
        assert (fake.is_null() == real.is_null()).all(), column.name
    for name in ("plan", "size", "active", "same"):
        assert made[name].equals(frame[name]), name
    assert (made["income"].drop_nulls() * 100 - (made["income"].drop_nulls() * 100).round()).abs().max() < 1e-6
    assert set(made["when"].drop_nulls().dt.minute()) == {0, 15, 30, 45}
    assert made["at"].dt.second().max() == 0


def test_encoding_and_decoding_is_exact_for_atoms_and_close_in_bins(
    fitted: Fit, every_kind: tuple[pl.DataFrame, list[ColumnSchema]]
) -> None:
    frame, columns = every_kind
    codec = fitted(frame, *columns)
    made = back(codec, codec.encode(frame))
    assert (made["age"] == frame["age"]).mean() > 0.99
    assert (made["at"] == frame["at"]).mean() > 0.6
    off = (made["income"] - frame["income"]).abs() / frame["income"]
    assert off.median() < 0.005
    assert (made["when"] - frame["when"]).dt.total_days().abs().median() <= 1


def test_a_saved_codec_gives_the_same_rows(fitted: Fit, every_kind: tuple[pl.DataFrame, list[ColumnSchema]], tmp_path: Path) -> None:
    frame, columns = every_kind
    codec = fitted(frame, *columns)
    save_artifact(tmp_path / "c.understudy", "test", codec.to_state())
    _, state = load_artifact(tmp_path / "c.understudy")
    again = CodecClass.from_state(State(state.manifest, state.arrays, state.tables))
    assert anew(again, frame).equals(anew(codec, frame))
    assert [f.name for f in again.fields] == [f.name for f in codec.fields]


def test_a_chunked_table_gives_the_same_codec_as_a_whole_one(every_kind: tuple[pl.DataFrame, list[ColumnSchema]]) -> None:
    from understudy.data.schema import TableSchema

    frame, columns = every_kind
    schema = TableSchema(columns=columns)

    class Chunks:
        def __init__(self, rows: int) -> None:
            self.rows = rows

        def chunks(self):  # type: ignore[no-untyped-def]
            return frame.select(schema.names).iter_slices(self.rows)

    whole, parts = (CodecClass.fit(Chunks(rows), schema, Stream(3), Protection()) for rows in (N, 700))
    assert anew(whole, frame).equals(anew(parts, frame))


def test_missing_is_token_zero_and_numbers_ascend(fitted: Fit, every_kind: tuple[pl.DataFrame, list[ColumnSchema]]) -> None:
    frame, columns = every_kind
    codec = fitted(frame, *columns)
    encoded = codec.encode(frame)
    for j, f in enumerate(codec.fields):
        assert f.shares.sum() == pytest.approx(1)
        assert encoded.tokens[j].dtype == f.token_type
        assert (encoded.positions[j] is None) == f.all_atoms
        assert f.null_token in (None, 0)
    j = codec.main_field("income")
    assert j is not None
    order = frame["income"].arg_sort()
    present = order.filter(frame["income"].gather(order).is_not_null()).to_numpy()
    assert (np.diff(encoded.take(present).coordinate(j)) >= 0).all()


def test_rare_levels_never_come_back_and_common_ones_all_do(fitted: Fit) -> None:
    values = [f"common {i}" for i in range(50)] * 40 + [f"rare {i}" for i in range(30) for _ in range(4)]
    frame = pl.DataFrame({"c": values})
    codec = fitted(frame, ColumnSchema(name="c", kind="categorical"))
    made = anew(codec, frame)
    assert set(made["c"]) == {f"common {i}" for i in range(50)}
    column = codec.column("c")
    assert isinstance(column, CategoryColumn)
    assert (column.rare.levels, column.rare.rows) == (30, 120)
    assert "rare 3" not in str(codec.to_state())
    assert "30 levels" in column.what()


def test_the_rare_threshold_is_drawn_by_the_seed() -> None:
    drawn = {Protection().rare_threshold(10_000, Stream(seed)) for seed in range(40)}
    assert drawn == {5, 6, 7}
    assert Protection().rare_threshold(300, Stream(1)) == 5


def test_rare_levels_can_become_a_constant(fitted: Fit) -> None:
    frame = pl.DataFrame({"c": ["a"] * 100 + ["b"] * 2})
    codec = fitted(frame, ColumnSchema(name="c", kind="categorical"), protection=Protection(rare="constant", rare_text="other"))
    assert anew(codec, frame)["c"].value_counts(sort=True)["c"].to_list() == ["a", "other"]


def test_a_rare_level_of_an_order_counts_as_its_neighbour(fitted: Fit) -> None:
    frame = pl.DataFrame({"c": ["low"] * 100 + ["mid"] * 2 + ["high"] * 100 + ["top"] * 3})
    codec = fitted(frame, ColumnSchema(name="c", kind="ordinal", order=["low", "mid", "high", "top"]))
    made = anew(codec, frame)
    assert (made["c"] == "high").sum() == 103
    assert (made["c"] == "low").sum() == 102
    assert codec.fields[0].kind == "numeric"


def test_booleans_are_never_protected(fitted: Fit) -> None:
    frame = pl.DataFrame({"b": [True] * 2 + [False] * 500})
    assert anew(fitted(frame, ColumnSchema(name="b", kind="boolean")), frame)["b"].sum() == 2


def test_texts_that_are_nearly_all_different_are_made_anew(fitted: Fit) -> None:
    frame = pl.DataFrame({"c": [f"AB-{i:04d}" for i in range(500)]})
    codec = fitted(frame, ColumnSchema(name="c", kind="categorical"))
    assert isinstance(codec.column("c"), RemadeColumn)
    assert codec.fields == []


def test_many_categories_do_not_hurt(fitted: Fit) -> None:
    frame = pl.DataFrame({"c": pl.Series(rng().integers(0, 20_000, 400_000)).cast(pl.String) + " km"})
    codec = fitted(frame, ColumnSchema(name="c", kind="categorical"))
    assert codec.fields[0].token_type is np.uint16
    kept = set(codec.column("c").levels)  # type: ignore[attr-defined]
    made = anew(codec, frame)
    same = made["c"] == frame["c"]
    assert same.filter(frame["c"].is_in(list(kept))).all()


def test_a_constant_and_an_empty_column_have_no_field(fitted: Fit) -> None:
    frame = pl.DataFrame({"k": [7] * 20, "n": pl.Series([None] * 20, dtype=pl.Float64)})
    codec = fitted(frame, ColumnSchema(name="k", kind="constant"), ColumnSchema(name="n", kind="decimal"))
    assert codec.fields == []
    assert isinstance(codec.column("n"), ConstantColumn)
    assert codec.decode(Encoded([], []), np.arange(3), Stream(0)).equals(
        pl.DataFrame({"k": [7] * 3, "n": pl.Series([None] * 3, dtype=pl.Float64)})
    )


def test_a_false_constant_is_refused(fitted: Fit) -> None:
    with pytest.raises(SchemaError, match=r'"k" is declared constant, but holds 2'):
        fitted(pl.DataFrame({"k": [1, 2]}), ColumnSchema(name="k", kind="constant"))


def test_one_row_is_refused(fitted: Fit) -> None:
    with pytest.raises(DataError, match="two rows"):
        fitted(pl.DataFrame({"k": [1]}), ColumnSchema(name="k", kind="integer"))


def test_whole_numbers_beyond_float_precision_are_kept(fitted: Fit) -> None:
    base = 10**18
    frame = pl.DataFrame({"k": base + rng().integers(0, 60, 5000)})
    made = anew(fitted(frame, ColumnSchema(name="k", kind="integer")), frame)
    assert made["k"].equals(frame["k"])


def test_uneven_weekdays_become_a_field_and_come_back_exactly(fitted: Fit) -> None:
    days = [date(2015, 1, 1) + timedelta(days=d) for d in range(3650)]
    working = [d for d in days if d.weekday() < 5]
    frame = pl.DataFrame({"d": [working[k] for k in rng().integers(0, len(working), N)]})
    codec = fitted(frame, ColumnSchema(name="d", kind="date"))
    assert [f.name for f in codec.fields] == ["d", "d|weekday"]
    made = anew(codec, frame)
    assert (made["d"].dt.weekday() == frame["d"].dt.weekday()).all()


def test_first_days_of_months_stay_first_days_of_months(fitted: Fit) -> None:
    months = [date(2000 + m // 12, m % 12 + 1, 1) for m in range(280)]
    frame = pl.DataFrame({"d": [months[k] for k in rng().integers(0, len(months), N)]})
    codec = fitted(frame, ColumnSchema(name="d", kind="date"))
    made = anew(codec, frame)
    assert (made["d"].dt.day() == 1).all()
    column = codec.column("d")
    assert isinstance(column, CalendarColumn)
    assert column.clock.counted == "month"


# Conditions


@pytest.fixture
def conditioned(fitted: Fit, every_kind: tuple[pl.DataFrame, list[ColumnSchema]]) -> Codec:
    frame, columns = every_kind
    return fitted(frame, *columns)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"agee": 30}, 'no column "agee".*\n.*"age"'),
        ({"age": 500}, "outside.*\n.*from 18 to 89"),
        ({"age": (200, 300)}, "outside.*\n.*from 18 to 89"),
        ({"age": (40, 30)}, "empty"),
        ({"age": "old"}, "holds numbers, and 'old' is none"),
        ({"age": 30.5}, "never holds 30.5"),
        ({"age": None}, "never missing"),
        ({"age": []}, "empty"),
        ({"plan": "prro"}, "'prro'.*\n.*\"pro\""),
        ({"plan": ("a", "b")}, "no order"),
        ({"when": "someday"}, "'someday' is no moment"),
        ({"when": ("2010-01-01", "2010-12-31")}, "outside"),
        ({"same": "y"}, "nothing but 'x'"),
        ({"age": (None, None)}, "at least one end"),
        ({"age": (1, 2, 3)}, "two ends"),
    ],
)
def test_impossible_conditions_are_refused_with_a_reason(conditioned: Codec, given: dict[str, object], says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        conditioned.allowed(given)


def test_a_mapping_is_asked_for(conditioned: Codec) -> None:
    with pytest.raises(ConditionError, match="mapping"):
        conditioned.restrict(["age"])  # type: ignore[arg-type]


def test_remade_columns_cannot_be_conditioned(fitted: Fit) -> None:
    frame = pl.DataFrame({"id": [f"A{i:05d}" for i in range(50)]})
    codec = fitted(frame, ColumnSchema(name="id", kind="identifier"))
    with pytest.raises(ConditionError, match="made anew"):
        codec.allowed({"id": "A00001"})


@pytest.mark.parametrize(
    "wanted",
    [(30, 40), Range(30, 40), slice(30, 40), [31, 35, 40], {31, 35}, 33, np.int64(33), np.array([31, 35])],
)
def test_allowed_tokens_are_those_of_the_rows_that_meet_the_condition(
    conditioned: Codec, every_kind: tuple[pl.DataFrame, list[ColumnSchema]], wanted: object
) -> None:
    frame, _ = every_kind
    allowed = conditioned.allowed({"age": wanted})
    (j,) = allowed
    encoded = conditioned.encode(frame)
    inside = allowed[j].contains(encoded.tokens[j], encoded.positions[j])
    age = frame["age"]
    if isinstance(wanted, tuple | slice):
        expected = (age >= 30) & (age <= 40)
    else:
        expected = age.is_in(np.atleast_1d(np.array(list(wanted) if isinstance(wanted, set) else wanted)).tolist())
    assert (inside == expected.to_numpy()).all()


def test_a_range_inside_bins_is_exact_in_coordinates_and_after_decoding(
    conditioned: Codec, every_kind: tuple[pl.DataFrame, list[ColumnSchema]]
) -> None:
    frame, _ = every_kind
    restricted = conditioned.restrict({"income": (20_000.5, 30_000.25)})
    (j,) = restricted.allowed
    allowed = restricted.allowed[j]
    encoded = conditioned.encode(frame)
    inside = allowed.contains(encoded.tokens[j], encoded.positions[j])
    expected = frame["income"].is_between(20_000.5, 30_000.25).fill_null(False).to_numpy()
    assert (inside != expected).sum() <= 2
    some = np.flatnonzero(allowed.mask).astype(conditioned.fields[j].token_type)
    for share in (0.0, 0.5, 1.0):
        spans = np.array([allowed.span(int(t)) for t in some])
        positions = np.minimum(spans[:, 0] + share * (spans[:, 1] - spans[:, 0]), 1 - 2**-24).astype(np.float32)
        drawn = [np.zeros(len(some), f.token_type) for f in conditioned.fields]
        places: list[np.ndarray | None] = [None] * len(drawn)
        drawn[j], places[j] = some, positions
        made = conditioned.decode(Encoded(drawn, places), np.arange(len(some)), Stream(0), restricted.limits)["income"]
        assert made.is_between(20_000.5, 30_000.25).all()


def test_missing_can_be_asked_for(conditioned: Codec) -> None:
    allowed = conditioned.allowed({"income": None})
    (only,) = allowed.values()
    assert only.mask[0]
    assert only.mask.sum() == 1
    both = conditioned.allowed({"plan": [None, "pro"]})
    assert sum(a.mask.sum() for a in both.values()) == 2


def test_a_day_of_a_moment_means_the_whole_day(conditioned: Codec) -> None:
    whole_day = conditioned.restrict({"when": "2021-03-05"})
    assert len(whole_day.inexact) == 0
    part = conditioned.restrict({"when": ("2021-03-05 10:00", "2021-03-05 12:30")})
    assert len(part.allowed) == 2
    assert part.inexact == []
    across = conditioned.restrict({"when": ("2021-03-05 10:00", "2021-04-07 12:30")})
    assert [c.column for c in across.inexact] == ["when"]


def test_coordinates_of_other_columns_serve_as_bounds(conditioned: Codec) -> None:
    j = conditioned.main_field("age")
    assert j is not None
    coordinate = conditioned.coordinate(j, np.array([17.0, 18.0, 30.5, 31.0, 200.0, np.nan]))
    assert coordinate[0] < 0
    assert coordinate[1] < coordinate[2] < coordinate[3] < coordinate[4]
    assert coordinate[2] > np.floor(coordinate[2])
    assert np.isnan(coordinate[5])
    assert conditioned.step(j) == 1
    tokens = np.arange(conditioned.fields[j].size, dtype=conditioned.fields[j].token_type)
    values = conditioned.decode_field(j, tokens, np.zeros(len(tokens), np.float32))
    assert (np.diff(values) > 0).all()


def test_plain_numbers_of_dates_and_times_are_comparable(conditioned: Codec) -> None:
    day, when = conditioned.main_field("day"), conditioned.main_field("when")
    assert day is not None
    assert when is not None
    token = np.array([conditioned.fields[when].size // 2], np.uint16)
    value = conditioned.decode_field(when, token, np.array([0.5], np.float32))
    moment = datetime(1970, 1, 1) + timedelta(microseconds=float(value[0]))
    assert datetime(2020, 1, 1) < moment < datetime(2025, 1, 1)
    assert np.isfinite(conditioned.coordinate(day, value)).all()
