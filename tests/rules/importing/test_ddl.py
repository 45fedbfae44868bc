"""Tables read from SQL: keys, references and checks hold in what is made."""

# ruff: noqa: E501 - statements in the words of each dialect

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from understudy.core.errors import ArgumentError, SchemaError
from understudy.rules import Dataset
from understudy.rules.importing import Imported, from_ddl

SHOP = """
CREATE TYPE mood AS ENUM ('calm', 'busy');
CREATE DOMAIN cents AS integer CHECK (value > 0);
CREATE TABLE staff (
    id SERIAL PRIMARY KEY,
    badge char(4) NOT NULL UNIQUE,
    boss_id integer REFERENCES staff (id),
    mentor_id integer NOT NULL REFERENCES staff (id),
    mood mood NOT NULL DEFAULT 'busy',
    born date NOT NULL CHECK (born >= '1950-01-01' AND born < '2000-01-01'),
    low numeric(6, 2) NOT NULL, high numeric(6, 2) NOT NULL,
    bonus cents,
    status varchar(8) NOT NULL CHECK (status IN ('open', 'closed')),
    closed_at timestamp,
    handle varchar(12) NOT NULL CHECK (length(handle) >= 5 AND handle <> 'root'),
    extra jsonb,
    CHECK (low < high AND low >= 5),
    CHECK (status <> 'closed' OR closed_at IS NOT NULL)
);
CREATE TABLE goods (sku varchar(10) PRIMARY KEY, label varchar(20) NOT NULL, price numeric(8, 2) NOT NULL CHECK (price BETWEEN 1 AND 99));
CREATE TABLE orders (
    staff_id integer NOT NULL REFERENCES staff, no integer NOT NULL, quantity integer NOT NULL, price numeric(8, 2) NOT NULL,
    total numeric(12, 2) GENERATED ALWAYS AS (quantity * price) STORED, PRIMARY KEY (staff_id, no)
);
CREATE TABLE lines (
    staff_id integer, no integer, position smallint, sku varchar(10) NOT NULL REFERENCES goods (sku),
    PRIMARY KEY (staff_id, no, position), FOREIGN KEY (staff_id, no) REFERENCES orders
);
CREATE TABLE tags (staff_id integer REFERENCES staff, sku varchar(10) REFERENCES goods, since date, PRIMARY KEY (staff_id, sku));
CREATE TABLE friends (a integer REFERENCES staff, b integer REFERENCES staff, PRIMARY KEY (a, b));
CREATE TABLE complaints (id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100) PRIMARY KEY, who integer, what integer,
    FOREIGN KEY (who, what) REFERENCES orders (staff_id, no));
CREATE TABLE lockers (staff_id integer PRIMARY KEY REFERENCES staff, colour text);
CREATE TABLE history (sku varchar(10) REFERENCES goods, day date, price numeric(8, 2), PRIMARY KEY (sku, day));
CREATE TABLE channels (staff_id integer NOT NULL REFERENCES staff, kind varchar(5) NOT NULL CHECK (kind IN ('mail', 'phone')),
    active boolean, UNIQUE (staff_id, kind));
"""


@pytest.fixture(scope="module")
def shop() -> Imported:
    return from_ddl(SHOP, dialect="postgres", rows=300)


@pytest.fixture(scope="module")
def made(shop: Imported) -> dict[str, pl.DataFrame]:
    return Dataset(shop.spec).sample()


def keys(frame: pl.DataFrame, *columns: str) -> set[tuple[Any, ...]]:
    return set(frame.select(columns).drop_nulls().iter_rows())


@pytest.mark.parametrize(
    ("table", "columns", "other", "theirs"),
    [
        ("staff", ["boss_id"], "staff", ["id"]),
        ("staff", ["mentor_id"], "staff", ["id"]),
        ("orders", ["staff_id"], "staff", ["id"]),
        ("lines", ["staff_id", "no"], "orders", ["staff_id", "no"]),
        ("lines", ["sku"], "goods", ["sku"]),
        ("tags", ["staff_id"], "staff", ["id"]),
        ("tags", ["sku"], "goods", ["sku"]),
        ("friends", ["a"], "staff", ["id"]),
        ("friends", ["b"], "staff", ["id"]),
        ("complaints", ["who", "what"], "orders", ["staff_id", "no"]),
        ("lockers", ["staff_id"], "staff", ["id"]),
        ("history", ["sku"], "goods", ["sku"]),
    ],
)
def test_every_foreign_key_names_a_row(
    made: dict[str, pl.DataFrame], table: str, columns: list[str], other: str, theirs: list[str]
) -> None:
    named = keys(made[table], *columns)
    assert named
    assert named <= keys(made[other], *theirs)


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("staff", ["id"]), ("staff", ["badge"]), ("goods", ["sku"]), ("orders", ["staff_id", "no"]), ("lines", ["staff_id", "no", "position"]),
        ("tags", ["staff_id", "sku"]), ("friends", ["a", "b"]), ("complaints", ["id"]), ("lockers", ["staff_id"]), ("history", ["sku", "day"]),
        ("channels", ["staff_id", "kind"]),
    ],
)  # fmt: skip
def test_every_key_is_unique_and_there(made: dict[str, pl.DataFrame], table: str, columns: list[str]) -> None:
    found = made[table].select(columns)
    assert found.height > 100
    assert found.null_count().sum_horizontal()[0] == 0
    assert found.unique().height == found.height


def test_checks_hold_in_every_row(made: dict[str, pl.DataFrame]) -> None:
    staff = made["staff"]
    assert staff.filter(~(pl.col("low") < pl.col("high")) | (pl.col("low") < 5)).height == 0
    assert staff["born"].min() >= pl.Series(["1950-01-01"]).str.to_date()[0]  # type: ignore[operator]
    assert staff["born"].max() < pl.Series(["2000-01-01"]).str.to_date()[0]  # type: ignore[operator]
    assert staff["bonus"].drop_nulls().min() >= 1  # type: ignore[operator]
    assert set(staff["status"].cast(pl.String)) == {"open", "closed"}
    assert set(staff["mood"].cast(pl.String)) == {"calm", "busy"}
    closed = staff.filter(pl.col("status").cast(pl.String) == "closed")
    assert closed.height > 50
    assert closed["closed_at"].null_count() == 0
    assert made["goods"]["price"].is_between(1, 99).all()
    orders = made["orders"]
    assert ((orders["quantity"] * orders["price"]).round(2) - orders["total"]).abs().max() < 0.005  # type: ignore[operator]


def test_texts_fit_in_their_columns(made: dict[str, pl.DataFrame]) -> None:
    assert set(made["staff"]["badge"].str.len_chars()) == {4}
    assert made["goods"]["sku"].cast(pl.String).str.len_chars().max() <= 10  # type: ignore[operator]
    assert made["goods"]["label"].cast(pl.String).str.len_chars().max() <= 20  # type: ignore[operator]
    assert made["staff"]["handle"].str.len_chars().is_between(5, 12).all()


def test_a_row_that_must_name_a_row_of_its_own_table_may_name_itself(made: dict[str, pl.DataFrame]) -> None:
    staff = made["staff"]
    assert staff["mentor_id"].null_count() == 0
    assert (staff["mentor_id"] <= staff["id"]).all()
    assert 0 < staff["boss_id"].null_count() < 60


def test_a_composite_reference_is_missing_as_a_whole(made: dict[str, pl.DataFrame]) -> None:
    complaints = made["complaints"]
    assert complaints["id"].min() == 100
    assert (complaints["who"].is_null() == complaints["what"].is_null()).all()
    assert 0 < complaints["who"].null_count() < 100


def test_what_is_guessed_or_cannot_be_said_is_told(shop: Imported) -> None:
    told = "\n".join(map(str, shop.notes))
    assert "handle <> 'root' is kept as the rule" in told
    assert "left out: staff.extra: values of the type JSONB" in told
    assert "rows for each row" in told
    assert shop.to_yaml().startswith("# ")


def test_the_spec_is_read_again_as_it_is_written(shop: Imported) -> None:
    from understudy.rules.spec import parse_spec

    assert parse_spec(shop.to_yaml()) == shop.spec


CIRCLE = """
CREATE TABLE teams (id int PRIMARY KEY, name varchar(30) NOT NULL, lead_id int REFERENCES members (id));
CREATE TABLE members (id int PRIMARY KEY, team_id int NOT NULL REFERENCES teams (id));
"""


def test_a_circle_is_broken_at_a_nullable_reference_and_told() -> None:
    found = from_ddl(CIRCLE, rows=50)
    made = Dataset(found.spec).sample()
    assert made["teams"]["lead_id"].null_count() == 50
    assert keys(made["members"], "team_id") <= keys(made["teams"], "id")
    assert any("circle" in note.text and note.what == "changed" for note in found.notes)


def test_references_that_share_a_column_hold_where_one_follows_from_the_other() -> None:
    found = from_ddl(
        "CREATE TABLE t (id int PRIMARY KEY);"
        "CREATE TABLE p (t_id int REFERENCES t (id), no int, PRIMARY KEY (t_id, no));"
        "CREATE TABLE c (id int PRIMARY KEY, t_id int NOT NULL REFERENCES t (id), no int NOT NULL, FOREIGN KEY (t_id, no) REFERENCES p);",
        rows=60,
    )
    assert not found.left_out
    made = Dataset(found.spec).sample()
    assert keys(made["c"], "t_id", "no") <= keys(made["p"], "t_id", "no")


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("mysql", "CREATE TABLE `a b` (`id` INT UNSIGNED AUTO_INCREMENT, `kind` ENUM('x','y') DEFAULT 'x', `on` TINYINT(1), PRIMARY KEY (`id`)) ENGINE=InnoDB;"),
        ("tsql", "CREATE TABLE [dbo].[a b] ([id] INT IDENTITY(1,1) PRIMARY KEY, [kind] NVARCHAR(10) CHECK ([kind] IN (N'x', N'y')), [on] BIT);"),
        ("oracle", "CREATE TABLE \"a b\" (\"id\" NUMBER(10) PRIMARY KEY, \"kind\" VARCHAR2(5 CHAR) CHECK (\"kind\" = 'x' OR \"kind\" = 'y'), \"on\" NUMBER(1));"),
        ("sqlite", "CREATE TABLE [a b] ([id] INTEGER PRIMARY KEY AUTOINCREMENT, [kind] TEXT CHECK ([kind] IN ('x','y')), [on] BOOLEAN);"),
        ("duckdb", "CREATE TABLE \"a b\" (id INTEGER PRIMARY KEY, kind VARCHAR CHECK (kind IN ('x','y')), \"on\" BOOLEAN);"),
    ],
)  # fmt: skip
def test_dialects_say_the_same_in_their_own_ways(dialect: str, text: str) -> None:
    spec = from_ddl(text, dialect=dialect).spec
    table = spec.tables["a b"]
    assert table.key == ["id"]
    assert list(table.columns) == ["id", "kind", "on"]
    assert set(table.columns["kind"].weights) == {"x", "y"}  # type: ignore[union-attr]
    assert Dataset(spec.with_rows({"a b": 20})).tables["a b"].sample(20).height == 20


def test_constraints_that_are_added_later_count_as_well() -> None:
    found = from_ddl(
        "CREATE TABLE a (id int, code varchar(6) NOT NULL); CREATE TABLE b (id int, a_id int NOT NULL);"
        "ALTER TABLE a ADD CONSTRAINT pk PRIMARY KEY (id); ALTER TABLE b ADD CONSTRAINT fk FOREIGN KEY (a_id) REFERENCES a (id);"
        "CREATE UNIQUE INDEX u ON a (code); COMMENT ON COLUMN a.code IS 'what it is called';",
        dialect="postgres",
    )
    a, b = found.spec.tables["a"], found.spec.tables["b"]
    assert a.key == ["id"]
    assert a.unique == [["code"]]
    assert a.columns["code"].description == "what it is called"
    assert b.columns["a_id"].type == "reference"


def test_what_is_no_sql_is_refused_with_its_line() -> None:
    with pytest.raises(SchemaError, match=r"line 2"):
        from_ddl("CREATE TABLE a (id int);\nCREATE TABLE b (id int")
    with pytest.raises(SchemaError, match="no table"):
        from_ddl("SELECT 1; SELECT (2)")
    with pytest.raises(ArgumentError, match="postgres"):
        from_ddl("CREATE TABLE a (id int)", dialect="postgress")
