"""Schemas of one kind of record each: what they say of a column is kept in what is made."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
from dataclasses import dataclass
from typing import Annotated, Literal

import polars as pl
import pyarrow as pa
import pytest
from pydantic import BaseModel, Field

from understudy.core.errors import ArgumentError, SchemaError
from understudy.rules import Dataset
from understudy.rules.importing import (
    Imported,
    from_arrow,
    from_dataclass,
    from_dbt,
    from_json_schema,
    from_pandera,
    from_pydantic,
    import_schema,
)


def made(found: Imported) -> dict[str, pl.DataFrame]:
    return Dataset(found.spec).sample()


ORDER = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "orders",
    "type": "object",
    "required": ["id", "kind", "weight", "code", "placed", "where", "lines"],
    "properties": {
        "id": {"type": "integer"},
        "kind": {"enum": ["web", "shop"]},
        "weight": {"type": "number", "exclusiveMinimum": 0, "maximum": 5, "multipleOf": 0.1},
        "code": {"type": "string", "pattern": "^[A-Z]{2}\\d{3}$"},
        "placed": {"type": "string", "format": "date-time"},
        "remark": {"type": ["string", "null"], "maxLength": 10},
        "where": {"$ref": "#/$defs/place"},
        "lines": {"type": "array", "minItems": 1, "maxItems": 4, "items": {"$ref": "#/$defs/line"}},
        "tags": {"type": "array", "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
        "either": {"oneOf": [{"type": "integer", "minimum": 3, "maximum": 4}, {"type": "boolean"}]},
        "tree": {"$ref": "#"},
    },
    "$defs": {
        "place": {"type": "object", "required": ["floor"], "properties": {"floor": {"type": "integer", "minimum": 1, "maximum": 9}}},
        "line": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 20}}},
    },
}


def test_json_schema_becomes_tables_whose_lists_belong_to_their_rows() -> None:
    found = from_json_schema(ORDER, rows=200)
    frames = made(found)
    orders, lines, tags = frames["orders"], frames["orders_lines"], frames["orders_tags"]
    assert set(orders["kind"].cast(pl.String)) == {"web", "shop"}
    assert orders["weight"].is_between(0.1, 5).all()
    assert orders["code"].str.contains(r"^[A-Z]{2}\d{3}$").all()
    assert orders["placed"].dtype.is_temporal()
    assert orders["remark"].null_count() > 0
    assert orders["where_floor"].is_between(1, 9).all()
    assert orders["either"].drop_nulls().is_between(3, 4).all()
    counts = lines.group_by("orders_id").len()["len"]
    assert counts.is_between(1, 4).all()
    assert set(lines["orders_id"]) == set(orders["id"])
    assert tags.height > 50
    assert tags.unique().height == tags.height
    told = "\n".join(map(str, found.notes))
    assert "one of 2 alternatives" in told
    assert "tree" in told


def test_a_json_schema_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(SchemaError, match="leads nowhere"):
        from_json_schema({"type": "object", "properties": {"a": {"$ref": "#/$defs/missing"}}})
    with pytest.raises(SchemaError, match="no object"):
        from_json_schema({"type": "string"})
    with pytest.raises(SchemaError, match="line 1"):
        from_json_schema("{nothing}")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Car(BaseModel):
    id: int
    plate: str = Field(pattern=r"^[A-Z]{3}-[0-9]{3}$")
    doors: Literal[3, 5]
    colour: Colour
    price: decimal.Decimal = Field(ge=100, le=900, max_digits=5, decimal_places=2)
    built: dt.date
    speed: Annotated[float, Field(gt=0, lt=250)] | None = None
    name: str = Field(min_length=3, max_length=6)


def test_a_pydantic_model_accepts_what_is_made_of_it() -> None:
    rows = made(from_pydantic(Car, rows=100))["Car"]
    assert rows["id"].n_unique() == 100
    for row in rows.iter_rows(named=True):
        row["price"] = decimal.Decimal(f"{row['price']:.2f}")
        Car.model_validate(row)
    assert rows["speed"].null_count() > 0


@dataclass
class Reading:
    id: int
    station: str
    taken: dt.datetime
    value: float
    valid: bool
    note: str | None = None


def test_a_dataclass_can_be_filled_with_what_is_made_of_it() -> None:
    rows = made(from_dataclass(Reading, rows=50))["Reading"]
    first = Reading(**rows.row(0, named=True))
    assert isinstance(first.taken, dt.datetime)
    assert isinstance(first.valid, bool)
    with pytest.raises(ArgumentError, match="dataclass"):
        from_dataclass(Car)
    with pytest.raises(ArgumentError, match="pydantic"):
        from_pydantic(Reading)


def test_an_arrow_schema_gives_columns_of_its_types() -> None:
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            pa.field("small", pa.int8(), nullable=False),
            pa.field("money", pa.decimal128(6, 2), nullable=False),
            pa.field("place", pa.struct([pa.field("floor", pa.uint8(), nullable=False)]), nullable=False),
            pa.field("marks", pa.list_(pa.float64())),
            pa.field("seen", pa.timestamp("us")),
            pa.field("blob", pa.binary()),
        ]
    )
    found = from_arrow(schema, name="things", rows=80)
    frames = made(found)
    things = frames["things"]
    assert things["id"].n_unique() == 80
    assert things["small"].is_between(-128, 127).all()
    assert things["money"].max() <= 9999.99  # type: ignore[operator]
    assert things["place_floor"].is_between(0, 255).all()
    assert set(frames["things_marks"]["things_id"]) <= set(things["id"])
    assert things["blob"].null_count() == 80
    assert any(note.column == "blob" and note.what == "left out" for note in found.notes)


def test_a_pandera_schema_accepts_what_is_made_of_it() -> None:
    pandera = pytest.importorskip("pandera.pandas")
    schema = pandera.DataFrameSchema(
        {
            "id": pandera.Column(int, unique=True),
            "age": pandera.Column(int, [pandera.Check.ge(18), pandera.Check.lt(66)]),
            "share": pandera.Column(float, pandera.Check.in_range(0, 1)),
            "kind": pandera.Column(str, pandera.Check.isin(["a", "b"])),
            "code": pandera.Column(str, pandera.Check.str_matches(r"^[A-Z]{2}\d$")),
            "word": pandera.Column(str, pandera.Check.str_length(2, 5)),
            "odd": pandera.Column(int, pandera.Check(lambda x: x > 0, name="odd_one"), nullable=False),
        }
    )
    found = from_pandera(schema, name="people", rows=60)
    frame = made(found)["people"].with_columns(pl.col(pl.Int32).cast(pl.Int64), pl.col(pl.Enum).cast(pl.String)).drop("odd")
    schema.remove_columns(["odd"]).validate(
        frame.to_pandas(use_pyarrow_extension_array=False).astype({"kind": object, "code": object}), lazy=True
    )
    assert any("odd_one" in note.text for note in found.left_out)


DBT = """
version: 2
models:
  - name: customers
    columns:
      - name: customer_id
        data_tests: [unique, not_null]
      - name: plan
        data_tests:
          - not_null
          - accepted_values: {arguments: {values: [free, pro]}}
  - name: orders
    data_tests:
      - dbt_utils.unique_combination_of_columns: {combination_of_columns: [customer_id, number]}
    columns:
      - name: order_id
        data_type: varchar(12)
        tests: [unique, not_null]
      - name: customer_id
        tests:
          - not_null
          - relationships: {to: ref('customers'), field: customer_id}
      - name: number
        data_type: integer
        tests: [not_null]
      - name: amount
        tests:
          - dbt_utils.accepted_range: {min_value: 1, max_value: 50}
          - my_own_test
"""


def test_dbt_tests_pass_on_what_is_made() -> None:
    found = from_dbt(DBT, rows=100)
    frames = made(found)
    customers, orders = frames["customers"], frames["orders"]
    assert customers["customer_id"].n_unique() == customers.height == 100
    assert set(customers["plan"].cast(pl.String)) == {"free", "pro"}
    assert orders["order_id"].n_unique() == orders.height
    assert set(orders["customer_id"]) <= set(customers["customer_id"])
    assert orders.select("customer_id", "number").unique().height == orders.height
    assert orders["amount"].drop_nulls().is_between(1, 50).all()
    assert any("my_own_test" in note.text for note in found.left_out)


def test_what_a_source_is_is_found_out() -> None:
    assert list(import_schema(Car, rows=5).spec.tables) == ["Car"]
    assert list(import_schema(Reading, rows=5).spec.tables) == ["Reading"]
    assert list(import_schema(pa.schema([("a", pa.int32())]), rows=5).spec.tables) == ["data"]
    assert set(import_schema(DBT, rows=5).spec.tables) == {"customers", "orders"}
    assert list(import_schema("CREATE TABLE t (a int)", rows=5).spec.tables) == ["t"]
    with pytest.raises(ArgumentError, match="json-schema"):
        import_schema({}, "jsonschema")
    with pytest.raises(ArgumentError, match="no such|has no"):
        import_schema("dataclasses:dataklass", "dataclass")
