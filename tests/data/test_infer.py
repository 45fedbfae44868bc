"""Which kind a column gets, and why."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import polars as pl
import pytest
from tests.data.real_data import real_table

from understudy.core.errors import DataError
from understudy.data import infer
from understudy.data.infer import infer_column, infer_schema
from understudy.data.inference.evidence import plain
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.data.table import as_table
from understudy.data.typed import typed

N = 400
RNG = np.random.default_rng(0)


def kind_of(name: str, values: object) -> ColumnSchema:
    return infer_column(pl.Series(name, values))


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("id", np.arange(100_000, 100_400), "identifier"),
        ("anything", np.arange(N), "identifier"),
        ("serial", [f"{v:08x}-{i:04d}" for i, v in enumerate(RNG.integers(0, 2**32, N))], "identifier"),
        ("income", np.round(RNG.lognormal(10, 1, N), 2), "decimal"),
        ("salary", RNG.permutation(10**7)[:N], "integer"),
        ("huge", RNG.integers(9 * 10**17, 9 * 10**18, N), "integer"),
        ("whole", np.round(RNG.normal(50, 20, N)), "integer"),
        ("flag", RNG.integers(0, 2, N), "boolean"),
        ("answer", ["Yes", "No"] * 200, "boolean"),
        ("flag", [True, None, False] * 100, "boolean"),
        ("sex", ["m", "f"] * 200, "categorical"),
        ("income", ["<=50K", ">50K"] * 200, "categorical"),
        ("zone_id", RNG.integers(1, 30, N), "categorical"),
        ("age", ["[0-10)", "[10-20)", "[20-30)"] * 100, "ordinal"),
        ("age", ["under 18", "18-24", "25-64", "65+"] * 100, "ordinal"),
        ("size", ["S", "XL", "M", "L"] * 100, "ordinal"),
        ("score", ["Low", "High", "Medium"] * 100, "ordinal"),
        ("grade", ["1 - very good", "2 - good", "3 - poor"] * 100, "ordinal"),
        ("when", [f"{1 + i % 28:02d}/{1 + i % 12:02d}/2020" for i in range(N)], "date"),
        ("when", [20200101 + i % 28 for i in range(N)], "date"),
        ("mixed", [str(i) if i % 2 else f"n/a {i % 5}" for i in range(N)], "code"),
        ("none", pl.Series([None] * N, dtype=pl.Float64), "constant"),
        ("k", [7] * N, "constant"),
        ("plz", ["01067", "01069", "80331"] * 100, "categorical"),
        ("latitude", np.round(RNG.uniform(40, 41, N), 4), "latitude"),
        ("lng", np.round(RNG.uniform(-74, -73, N), 4), "longitude"),
        ("comment", [f"this is remark number {i} about {i * 7 % 13} things that we saw" for i in range(N)], "text"),
        ("price", ["1.50", "2.25", "n/a"] * 100, "decimal"),
        ("day", [date(2020, 1, 1 + i % 28) for i in range(N)], "date"),
        ("decile_score", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] * 40, "integer"),
    ],
)
def test_the_kind_of(name: str, values: object, kind: str) -> None:
    column = kind_of(name, values)
    assert column.kind == kind, column.reason
    assert column.reason


def test_every_reason_holds_a_number_or_a_type() -> None:
    column = kind_of("huge", RNG.integers(9 * 10**17, 9 * 10**18, N))
    assert "no value repeats" in column.reason
    assert "400" in column.reason


def test_day_first_is_decided_by_the_rows_that_decide_it() -> None:
    texts = ["01/02/2020"] * 300 + ["31/01/2020"]
    assert kind_of("when", texts).format == "%d/%m/%Y"
    assert kind_of("when", ["01/02/2020"] * 300 + ["01/31/2020"]).format == "%m/%d/%Y"


def test_rows_in_time_order_decide_an_ambiguous_date() -> None:
    days = [f"{d:02d}/{m:02d}/2020" for m in range(1, 13) for d in range(1, 13)]
    column = kind_of("when", days)
    assert column.format == "%d/%m/%Y"
    assert "not certain" in column.reason


def test_an_ambiguous_date_is_called_ambiguous() -> None:
    assert "AMBIGUOUS" in kind_of("when", ["01/02/2021", "03/04/2021", "05/06/2021", "02/01/2021", "04/03/2021", "06/05/2021"]).reason


def test_mixed_formats_are_all_read_and_keep_the_time_of_day() -> None:
    texts = [f"2021-0{1 + i % 9}-0{1 + i % 8}" if i % 3 else f"0{1 + i % 9}/0{1 + i % 8}/21 10:0{i % 10}" for i in range(N)]
    column = kind_of("when", texts)
    assert column.kind == "datetime"
    assert column.format == "%m/%d/%y %H:%M"
    assert column.also_read == ["%Y-%m-%d"]
    assert column.resolution == "minute"
    assert "2 formats" in column.reason
    assert "without a time of day count as midnight" in column.reason
    read = typed(pl.Series("when", texts), column)
    assert read.null_count() == 0
    assert {moment.hour for moment in read} == {0, 10}


def test_a_few_times_of_day_among_dates_are_dropped_and_that_is_said() -> None:
    texts = [f"2021-0{1 + i % 9}-0{1 + i % 8}" if i % 50 else "03/04/21 10:05" for i in range(N)]
    column = kind_of("when", texts)
    assert (column.kind, column.format) == ("date", "%Y-%m-%d")
    assert "time of day in 2 % of the rows is dropped" in column.reason


def test_reasons_tell_no_value_that_few_rows_have() -> None:
    rng = np.random.default_rng(0)
    incomes = [*rng.normal(40_000, 9_000, N - 1).round().astype(int).tolist(), 9_876_543]
    for values in (incomes, [value + 0.25 for value in incomes], incomes[-3:]):
        reason = kind_of("income", values).reason.replace(",", "")
        assert not [number for number in re.findall(r"\d+", reason) if int(number) > 80_000], reason
    assert "9876543" not in kind_of("two", [1] * (N - 1) + [9_876_543]).reason
    order = [f"{i}0-{i}9" for i in range(1, 5)]
    assert "90-99" not in kind_of("age", [*(order * (N // 4)), "90-99"]).reason
    assert "'10-19' to '40-49'" in kind_of("age", order * (N // 4)).reason


@pytest.mark.parametrize(
    ("number", "text"),
    [(4600.4, "4,600"), (0.012345, "0.0123"), (1.5, "1.5"), (0, "0"), (-123456, "-123,000"), (12.0, "12"), (1e-9, "1e-09")],
)
def test_numbers_in_reasons_are_written_plainly(number: float, text: str) -> None:
    assert plain(number) == text


def test_zero_dates_stand_for_missing() -> None:
    column = kind_of("when", ["2020-01-01", "0000-00-00", "2020-01-03"] * 10)
    assert column.kind == "date"
    assert column.missing_text == ["0000-00-00"]
    assert column.nullable


def test_decimals_are_counted() -> None:
    assert kind_of("x", [1.25, 3.5, 0.125] * 9).decimals == 3
    assert kind_of("x", RNG.normal(size=N)).decimals is None
    assert kind_of("x", pl.Series([0.1, 0.25] * 9, dtype=pl.Float32)).decimals == 2


@pytest.mark.parametrize(
    ("name", "values", "personal"),
    [
        ("contact", [f"person{i}@firm{i % 5}.at" for i in range(N)], "email"),
        ("phone", [f"+43 664 {1000000 + i * 37}" for i in range(N)], "phone"),
        ("host_ip", [f"10.{i % 250}.{i % 7}.{i % 200}" for i in range(N)], "ip"),
        ("ssn", [f"{100 + i % 500}-{10 + i % 80}-{1000 + i}" for i in range(N)], "national_id"),
        ("Name", [f"Braund{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]}, Mr. Owen" for i in range(100)], "name"),
        ("surname", [f"Huber{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]}" for i in range(100)], "last_name"),
    ],
)
def test_personal_data_are_recognised(name: str, values: list[str], personal: str) -> None:
    column = kind_of(name, values)
    assert (column.kind, column.personal) == ("personal", personal), column.reason


def test_reasons_show_no_personal_datum() -> None:
    column = kind_of("contact", [f"person{i}@firm.at" for i in range(N)])
    assert "person" not in column.reason.replace("personal", "")


def test_first_names_that_are_counted_are_categories() -> None:
    column = kind_of("first_name", [name for name in ("Anna", "Lukas", "Maria", *tuple("ABCDEFGHIJKLMNOPQRSTUVW")) for _ in range(50)])
    assert column.kind == "categorical"


def test_infinite_numbers_are_refused_with_column_and_row() -> None:
    with pytest.raises(DataError, match=r'"rate".*row 4'):
        infer_column(pl.Series("rate", [1.0, 2.0, 3.0, float("inf")]))


def test_lists_in_cells_are_refused_with_the_column() -> None:
    with pytest.raises(DataError, match='"tags"'):
        infer_column(pl.Series("tags", [["a"], ["b", "c"]]))


def test_a_large_table_is_decided_on_a_sample_and_checked_on_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "SAMPLE_ROWS", 1000)
    rows = 50_000
    numbers = np.zeros(rows)
    numbers[123] = 0.25
    texts = ["2020-01-01", "2020-01-02"] * (rows // 2)
    texts[777] = "never"
    frame = pl.DataFrame({"id": np.arange(rows), "x": numbers, "when": texts, "constant": [1] * (rows - 1) + [2]})
    schema = infer_schema(as_table(frame), constraints=False)
    assert schema.key == "id"
    assert schema.column("x").kind == "decimal"
    assert schema.column("x").decimals == 2
    assert schema.column("when").kind == "categorical"
    assert schema.column("constant").kind != "constant"


def test_a_repeat_outside_the_sample_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "SAMPLE_ROWS", 1000)
    codes = [f"K{i:06d}" for i in range(50_000)]
    codes[40_000] = codes[100]
    schema = infer_schema(as_table(pl.DataFrame({"code": codes})), constraints=False)
    assert not schema.column("code").unique


@pytest.mark.data
@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("tabular/adult/adult.parquet", {"education-num": "integer", "fnlwgt": "integer", "income": "categorical", "age": "integer"}),
        (
            "tabular/california_housing/california_housing.parquet",
            {"latitude": "latitude", "longitude": "longitude", "total_rooms": "integer", "median_income": "decimal"},
        ),
        ("tabular/telco_churn/telco_churn.parquet", {"customerID": "identifier", "TotalCharges": "decimal", "Churn": "boolean"}),
        (
            "tabular/titanic/titanic.parquet",
            {"Name": "personal", "Ticket": "code", "Cabin": "code", "PassengerId": "identifier", "Pclass": "categorical"},
        ),
        ("tabular/ai4i_maintenance/ai4i2020.parquet", {"UDI": "identifier", "Product ID": "identifier", "Torque [Nm]": "decimal"}),
        ("tabular/compas/compas_two_years.parquet", {"c_jail_in": "datetime", "screening_date": "date", "violent_recid": "constant"}),
        ("tabular/employee_salaries/employee_salaries.parquet", {"date_first_hired": "date", "division": "categorical"}),
        (
            "tabular/diabetes130/diabetes130.parquet",
            {"encounter_id": "identifier", "patient_nbr": "identifier", "age": "ordinal", "weight": "ordinal", "diag_1": "categorical"},
        ),
        ("tabular/firstnames_at/firstnames_at.parquet", {"first_name": "categorical", "district": "categorical"}),
        ("tabular/airbnb/airbnb_nyc.parquet", {"latitude": "latitude", "longitude": "longitude", "last_review": "date"}),
        ("tabular/airbnb/airbnb_london_titles.parquet", {"title": "text", "property_type": "categorical"}),
        (
            "timeseries/online_retail/online_retail.parquet",
            {"InvoiceNo": "identifier", "InvoiceDate": "datetime", "StockCode": "categorical"},
        ),
    ],
)
def test_the_kinds_of_real_tables(path: str, kinds: dict[str, str]) -> None:
    schema: TableSchema = infer_schema(real_table(path), constraints=False)
    assert {name: schema.column(name).kind for name in kinds} == kinds
