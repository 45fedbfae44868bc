from pathlib import Path

import pytest

from understudy.core.errors import SchemaError
from understudy.rules.spec import Spec, parse_spec, read_spec

SHOP = """\
understudy: rules/1
name: shop
tables:
  customers:
    rows: 1000
    key: id
    columns:
      id: key
      mail: {type: person, field: email}
      score: {type: decimal, law: {norm: {loc: 3, scale: 1}}, low: 0, high: 10}
      joined: {type: datetime, between: [2022-01-01, 2025-12-31], hours: "9-17", weekdays: {sat: .2}}
      tier: {type: case, cases: [{when: score > 4, then: gold}, {when: score > 3, then: {type: choice, values: [a, b]}}], else: none}
  orders:
    per: {table: customers, count: {nbinom: {n: 2, p: .4}}}
    columns:
      id: key
      customer_id: {type: reference, to: customers.id}
      ordered: {type: datetime, above: customers.joined, gap: {expon: {scale: 90}}}
      total: {type: aggregate, of: lines.amount}
  lines:
    per: {table: orders, count: {poisson: {mu: 2}}, least: 1}
    columns:
      amount: {type: decimal, law: {gamma: {a: 2, scale: 10}}, low: 0.01, high: 1000}
      nth: ordinal
"""


def test_yaml_and_objects_are_one_to_one(tmp_path: Path) -> None:
    spec = parse_spec(SHOP)
    assert Spec.from_dict(spec.to_dict()) == spec
    spec.save(tmp_path / "shop.yaml")
    assert read_spec(tmp_path / "shop.yaml") == spec


@pytest.mark.parametrize(
    ("right", "wrong", "line", "says"),
    [
        ("norm:", "normal:", 10, "Did you mean norm"),
        ("scale: 1}", "sale: 1}", 10, 'Did you mean "scale"'),
        ("aggregate", "agregate", 19, 'Did you mean "aggregate"'),
        ("customers.joined", "customers.joind", 18, 'Did you mean "joined"'),
        ("{table: customers", "{table: customer", 14, 'Did you mean "customers"'),
        ("rows: 1000", "rows: many", 5, "rows"),
        ("field: email", "field: mail", 9, 'Did you mean "email"'),
        ("low: 0,", "lo: 0,", 10, 'Did you mean "low"'),
        ("least: 1", "leest: 1", 21, 'Did you mean "least"'),
        ('"9-17"', '"17-9"', 11, "no hours"),
        ("key: id", "key: idd", 6, 'Did you mean "id"'),
        ("low: 0, high: 10", "low: 20, high: 10", 10, "above high"),
        ("above: customers.joined", "above: ordered", 18, "needs itself"),
        ("lines.amount", "orders.total", 19, "per"),
        ("when: score > 4", "when: scor > 4", 12, 'Did you mean "score"'),
        ("to: customers.id", "to: customers.score", 17, "no key"),
        ("name: shop", "nam: shop", 2, 'Did you mean "name"'),
        ("2025-12-31]", "2025-12-31", 11, "YAML"),
        ("rows: 1000", "rows: 1000\n    rows: 2", 6, "twice"),
        ("    rows: 1000", "    per: {table: lines, count: {poisson: {mu: 1}}}", 5, "belongs to itself"),
    ],
)
def test_every_mistake_has_its_line_and_the_nearest_word(right: str, wrong: str, line: int, says: str) -> None:
    assert right in SHOP
    with pytest.raises(SchemaError) as caught:
        parse_spec(SHOP.replace(right, wrong, 1), "shop.yaml")
    assert says in str(caught.value)
    if line and says != "YAML":
        assert f"shop.yaml, line {line}" in str(caught.value)


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="understudy: rules/1"):
        parse_spec("tables: {}\n")
    with pytest.raises(SchemaError, match="cannot be read"):
        read_spec(tmp_path / "absent.yaml")


def test_the_json_schema_knows_every_type_of_column() -> None:
    text = str(Spec.json_schema())
    assert all(word in text for word in ("reference", "zipfian", "aggregate", "person", "birth_date"))


def test_rows_are_scaled_and_set() -> None:
    spec = parse_spec(SHOP)
    assert spec.scaled(2.5).tables["customers"].rows == 2500
    assert spec.with_rows({"customers": 7}).tables["customers"].rows == 7
    with pytest.raises(SchemaError, match='follow from "customers"'):
        spec.with_rows({"orders": 7})
    with pytest.raises(SchemaError, match='Did you mean "customers"'):
        spec.with_rows({"customer": 7})
