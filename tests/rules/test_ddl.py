"""The SQL that makes a spec's tables is taken by databases, and holds what the spec says."""

from __future__ import annotations

import sqlite3

import pytest

from understudy.core.errors import ArgumentError
from understudy.rules import Dataset
from understudy.rules.ddl import create_statements, to_check
from understudy.rules.spec import Spec, parse_spec

SHOP = """
understudy: rules/1
tables:
  lines:
    per: {table: orders, count: {poisson: {mu: 2}}}
    key: [order_id, no]
    columns:
      order_id: {type: reference, to: orders.id}
      no: {type: ordinal}
      amount: {type: decimal, low: 1, high: 50, decimals: 2}
      code: {type: choice, values: ["it's", b]}
  orders:
    rows: 40
    key: id
    columns:
      id: {type: key}
      total: {type: aggregate, of: lines.amount, by: sum}
      day: {type: date, between: [2024-01-01, 2024-12-31]}
      paid: {type: date, above: day, gap: {expon: {scale: 5}}, nulls: 0.3}
      before: {type: reference, to: self.id, roots: 0.2}
      vip: {type: expression, formula: total > 100}
      label: {type: pattern, regex: "[a-z]{3,9}"}
      _hidden: {type: integer, low: 1, high: 3, hidden: true}
    rules: {sane: "total < 100000 or vip", odd: "_hidden < 9", far: "missing(paid) or year(paid) < 2050"}
"""


@pytest.fixture(scope="module")
def spec() -> Spec:
    return parse_spec(SHOP)


def test_tables_come_after_those_that_they_refer_to_and_hidden_columns_are_not_made(spec: Spec) -> None:
    first, second = create_statements(spec, "postgresql")
    assert first.startswith('CREATE TABLE "orders"')
    assert '"total" NUMERIC(18, 2) NOT NULL' in first
    assert '"paid" DATE,' in first
    assert '"paid" >= "day"' in first
    assert 'EXTRACT(YEAR FROM "paid")' in first
    assert "_hidden" not in first
    assert 'PRIMARY KEY ("order_id", "no")' in second
    assert 'FOREIGN KEY ("order_id") REFERENCES "orders" ("id")' in second
    assert "IN ('it''s', 'b')" in second


def test_sqlite_makes_the_tables_and_refuses_what_the_spec_forbids(spec: Spec) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA foreign_keys = ON")
    for statement in create_statements(spec, "sqlite"):
        connection.execute(statement)
    made = Dataset(spec).sample()
    for table in ("orders", "lines"):
        rows = [[str(v) if hasattr(v, "isoformat") else v for v in row] for row in made[table].iter_rows()]
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * made[table].width)})", rows)
    for wrong in ("(999, 1, 5, 'b')", "(1, 99, 0.5, 'b')", "(1, 99, 5, 'z')", "(1, 1, 5, 'b')", "(1, 99, NULL, 'b')"):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"INSERT INTO lines VALUES {wrong}")
    connection.close()


def test_duckdb_makes_the_tables_and_takes_what_is_made(spec: Spec) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        for statement in create_statements(spec, "duckdb"):
            connection.execute(statement)
        made = Dataset(spec).sample()
        orders, lines = made["orders"].to_arrow(), made["lines"].to_arrow()
        connection.register("made_orders", orders)
        connection.register("made_lines", lines)
        connection.execute("INSERT INTO orders SELECT * FROM made_orders ORDER BY id")
        connection.execute("INSERT INTO lines SELECT * FROM made_lines")
        assert connection.execute("SELECT count(*) FROM lines").fetchone()[0] == made["lines"].height


def test_every_dialect_reads_its_own_statements(spec: Spec) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    for dialect, name in (("postgresql", "postgres"), ("sqlite", "sqlite"), ("duckdb", "duckdb"), ("mysql", "mysql")):
        for statement in create_statements(spec, dialect):
            parsed = sqlglot.parse_one(statement, read=name)
            assert parsed.key == "create"


def test_references_in_a_circle_are_added_afterwards() -> None:
    spec = parse_spec(
        "understudy: rules/1\ntables:\n"
        "  a:\n    rows: 3\n    key: id\n    columns: {id: {type: key}, b: {type: reference, to: b.id}}\n"
        "  b:\n    rows: 3\n    key: id\n    columns: {id: {type: key}, a: {type: reference, to: a.id}}\n"
    )
    statements = create_statements(spec, "postgresql")
    assert statements[-1].startswith('ALTER TABLE "a" ADD FOREIGN KEY ("b") REFERENCES "b" ("id") DEFERRABLE')


def test_a_rule_without_words_in_sql_is_left_to_the_proof() -> None:
    assert to_check("weekday(day) < 6", "postgresql") is None
    assert to_check("a / b > 2 and not (c in ['x', 'y'])", "sqlite") == (
        '((CAST("a" AS REAL) / NULLIF("b", 0)) > 2 AND NOT ("c" IN (\'x\', \'y\')))'
    )


def test_an_unknown_dialect_is_refused_with_the_nearest(spec: Spec) -> None:
    with pytest.raises(ArgumentError, match="mysql"):
        create_statements(spec, "mysqll")
