"""From the caller's data to a model and back to the caller's form, through the simplest learner."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ConditionError, DataError
from understudy.core.progress import Callback
from understudy.data.constraints import Dependency, Inequality, Sum
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.independent import Independent
from understudy.tabular.synthesizer import ScarceRowsWarning
from understudy.testing import check_synthesizer

N = 1500


def customers(seed: int = 0) -> pl.DataFrame:
    g = np.random.default_rng(seed)
    plan = g.integers(0, 3, N)
    frame = pl.DataFrame(
        {
            "id": [f"C-{i:05d}" for i in range(N)],
            "plan": np.array(["basic", "plus", "pro"])[plan],
            "price": np.array([9.99, 19.99, 49.0])[plan],
            "calls": g.poisson(3, N),
            "visits": g.poisson(2, N),
            "churn": g.choice(["Yes", "No"], N, p=[0.2, 0.8]),
            "born": [
                f"{d:02d}.{m:02d}.{y}"
                for d, m, y in zip(g.integers(1, 29, N), g.integers(1, 13, N), g.integers(1940, 2005, N), strict=True)
            ],
            "since": [datetime(2020, 1, 1) + timedelta(hours=int(h)) for h in g.integers(0, 20_000, N)],
            "income": np.round(g.lognormal(10, 0.6, N), 2),
        }
    )
    contacts = (pl.col("calls") + pl.col("visits")).alias("contacts")
    return frame.with_columns(contacts, (pl.col("income") * 1.5).round(2).alias("limit"), pl.lit("EU").alias("region"))


def schema() -> TableSchema:
    kinds = {
        "id": "identifier", "plan": "categorical", "price": "decimal", "calls": "integer", "visits": "integer", "churn": "boolean",
        "born": "date", "since": "datetime", "income": "decimal", "contacts": "integer", "limit": "decimal", "region": "constant",
    }  # fmt: skip
    money = {"decimals": 2, "dtype": "Float64"}
    facts = {
        "price": money, "income": money, "limit": money,
        "calls": {"dtype": "Int64"}, "visits": {"dtype": "Int64"}, "contacts": {"dtype": "Int64"}, "churn": {"spelling": ["No", "Yes"]},
        "born": {"format": "%d.%m.%Y"}, "since": {"dtype": "Datetime[us]"}, "region": {"value": "EU"},
    }  # fmt: skip
    columns = [ColumnSchema(name=name, kind=kind, **facts.get(name, {})) for name, kind in kinds.items()]  # type: ignore[arg-type]
    rules = [
        Dependency(determinants=["plan"], dependent="price"),
        Sum(total="contacts", parts=["calls", "visits"]),
        Inequality(low="income", high="limit"),
    ]
    return TableSchema(columns=columns, constraints=rules)


@pytest.fixture(scope="module")
def model() -> Independent:
    return Independent().fit(customers(), schema=schema(), seed=3)


def test_the_contract_holds() -> None:
    check_synthesizer(Independent, customers(), given={"plan": "pro", "income": (20_000, 30_000)})


def test_columns_types_and_order_are_those_of_the_source(model: Independent) -> None:
    fake = model.sample(3000)
    assert fake.schema == customers().schema
    assert fake.height == 3000
    assert fake["id"].is_unique().all()
    assert fake["born"].str.to_date("%d.%m.%Y").is_not_null().all()
    assert set(fake["churn"]) == {"Yes", "No"}
    assert set(fake["region"]) == {"EU"}


def test_rules_hold_in_every_row(model: Independent) -> None:
    fake = model.sample(20_000)
    assert set(fake.select("plan", "price").rows()) == {("basic", 9.99), ("plus", 19.99), ("pro", 49.0)}
    assert (fake["calls"] + fake["visits"] == fake["contacts"]).all()
    assert (fake["income"] <= fake["limit"]).all()


def test_single_columns_follow_the_source(model: Independent) -> None:
    real, fake = customers(), model.sample(20_000)
    for name in ("plan", "churn"):
        shares = [frame[name].value_counts(normalize=True).sort(name)["proportion"] for frame in (real, fake)]
        assert (shares[0] - shares[1]).abs().max() < 0.015
    assert abs(real["calls"].mean() - fake["calls"].mean()) < 0.05  # type: ignore[operator]


@pytest.mark.parametrize(
    "given",
    [
        {"churn": "Yes"},
        {"churn": True},
        {"price": 49.0},
        {"price": (15, 60), "plan": ["basic", "plus"]},
        {"contacts": (9, None)},
        {"since": ("2020-03-01 07:00", "2020-03-09 12:00")},
        {"born": "03.05.1980"},
        {"born": ("1980-01-01", "1980-02-15")},
        {"income": (20_000, 20_500.5), "limit": (None, 50_000)},
        {"region": "EU", "calls": {2, 4}},
    ],
)
def test_conditions_hold_in_every_row(model: Independent, given: dict[str, object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScarceRowsWarning)
        fake = model.sample(500, given=given)
    checks = {
        "churn": fake["churn"] == "Yes",
        "price": fake["price"] >= 15,
        "plan": fake["plan"].is_in(["basic", "plus"]),
        "contacts": fake["contacts"] >= 9,
        "since": fake["since"].is_between(datetime(2020, 3, 1, 7), datetime(2020, 3, 9, 12)),
        "income": fake["income"].is_between(20_000, 20_500.5),
        "limit": fake["limit"] <= 50_000,
        "calls": fake["calls"].is_in([2, 4]),
        "region": fake["region"] == "EU",
    }
    assert fake.height == 500
    for name in set(given) & set(checks):
        assert checks[name].all(), name
    if "born" in given:
        born = fake["born"].str.to_date("%d.%m.%Y")
        assert (born.dt.year() == 1980).all()
    assert (fake["income"] <= fake["limit"]).all()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"plann": "pro"}, '"plann".*(?s:.)*"plan"'),
        ({"price": 12.0}, 'No value of the column "price".*(?s:.)*9.99'),
        ({"contacts": (900, None)}, "No row that meets"),
        ({"id": "C-00001"}, "made anew"),
    ],
)
def test_conditions_that_cannot_be_met_are_refused(model: Independent, given: dict[str, object], says: str) -> None:
    with pytest.raises(ConditionError, match=says):
        model.sample(10, given=given)


def test_a_saved_model_makes_the_same_rows(model: Independent, tmp_path: Path) -> None:
    model.save(tmp_path / "m.understudy")
    again = Independent.load(tmp_path / "m.understudy")
    assert again.sample(9000, seed=5).equals(model.sample(9000, seed=5))
    assert again.schema == model.schema
    assert again.record is not None
    assert model.record is not None
    assert again.record.decisions == model.record.decisions


def test_the_record_says_something_about_every_column(model: Independent) -> None:
    assert model.record is not None
    for name in customers().columns:
        assert model.record.of(name), name
    assert "looked up" in model.record.of("price")[0]["what"]


def test_frames_of_pandas_come_back_as_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3, 4] * 20, "b": list("xyzx") * 20, "c": pandas.Categorical(list("ppqq") * 20)})
    fake = Independent().fit(frame).sample(10)
    assert isinstance(fake, pandas.DataFrame)
    assert list(fake.dtypes) == list(frame.dtypes)


@pytest.mark.parametrize(("rows", "says"), [(1, "one row"), (0, "no rows|header|empty")])
def test_tables_too_small_to_learn_from_are_refused(rows: int, says: str) -> None:
    with pytest.raises(DataError, match=says):
        Independent().fit(pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}).head(rows))


def test_a_small_table_is_learned_with_a_word_of_warning() -> None:
    model = Independent().fit(pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]}))
    assert model.record is not None
    assert any("only 3 rows" in note for note in model.record.notes)
    assert model.sample(5).height == 5


def test_a_table_with_nothing_to_learn_is_made_all_the_same() -> None:
    columns = [ColumnSchema(name="id", kind="identifier"), ColumnSchema(name="k", kind="constant", value="x")]
    frame = pl.DataFrame({"id": [f"A{i:04d}" for i in range(60)], "k": ["x"] * 60})
    model = Independent().fit(frame, schema=TableSchema(columns=columns))
    assert model.codec.fields == []
    assert model.sample(100)["id"].n_unique() == 100


def test_protected_levels_are_in_neither_the_rows_nor_the_file(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"c": ["a", "b"] * 200 + ["Rumpelstiltskin"], "x": list(range(401))}, schema_overrides={"c": pl.Enum(["a", "b", "Rumpelstiltskin"])}
    )
    columns = [
        ColumnSchema(name="c", kind="categorical", dtype="Enum", categories=["a", "b", "Rumpelstiltskin"]),
        ColumnSchema(name="x", kind="integer", dtype="Int64"),
    ]
    model = Independent().fit(frame, schema=TableSchema(columns=columns))
    assert set(model.sample(500)["c"].cast(pl.String)) == {"a", "b"}
    state = model._state()
    assert "Rumpelstiltskin" not in str(state.manifest)
    assert model.record is not None
    assert any("1 level held by fewer than 5 rows" in d["what"] for d in model.record.of("c"))


def test_what_is_made_up_instead_of_a_remade_column_stands_in_the_record() -> None:
    frame = pl.DataFrame({"mail": [f"p{i}@firm{i % 7}.at" for i in range(100)], "x": list(range(100))})
    record = Independent().fit(frame).record
    assert record is not None
    assert any("RFC 2606" in decision["what"] for decision in record.of("mail"))


def test_a_value_that_does_not_fit_its_kind_is_named_with_its_place() -> None:
    frame = pl.DataFrame({"a": ["1", "2", "three"]})
    with pytest.raises(DataError, match=r"\"a\".*'three'.*(?s:.)*row 3"):
        Independent().fit(frame, schema=TableSchema(columns=[ColumnSchema(name="a", kind="integer")]))


def test_progress_is_told_and_can_stop_the_fit() -> None:
    stages: list[str] = []
    Independent().fit(customers(), schema=schema(), progress=Callback(lambda event: stages.append(event.get("stage") or "")))
    assert {"read", "learn the columns", "encode"} <= set(stages)


def test_rows_are_repeated_with_a_warning_where_hardly_any_meets_the_conditions(model: Independent) -> None:
    with pytest.warns(ScarceRowsWarning, match="candidates meet"):
        fake = model.sample(8192, given={"contacts": (14, None)})
    assert (fake["contacts"] >= 14).all()
    assert fake["id"].n_unique() == 8192
