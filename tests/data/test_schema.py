"""The schema: a YAML file that comes back the same, and mistakes told with their place and the nearest word."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import SchemaError
from understudy.data.constraints import Dependency, Inequality, OneHot, Sum
from understudy.data.schema import FACTS, KINDS, ColumnSchema, TableSchema
from understudy.data.schema_file import schema_from_text, schema_text


def customers() -> TableSchema:
    return TableSchema(
        columns=[
            ColumnSchema(name="id", kind="identifier", pattern="[0-9]{4}", unique=True),
            ColumnSchema(name="size", kind="ordinal", order=["S", "M", "L"], reason="words of one scale"),
            ColumnSchema(name="churn", kind="boolean", spelling=["No", "Yes"]),
            ColumnSchema(name="since", kind="date", format="%d/%m/%Y", nullable=True, missing_text=["n/a"]),
            ColumnSchema(name="net", kind="decimal", dtype="Float64", decimals=2),
            ColumnSchema(name="tax", kind="decimal", dtype="Float64", decimals=2),
            ColumnSchema(name="gross", kind="decimal", dtype="Float64", decimals=2),
        ],
        constraints=[
            Sum(total="gross", parts=["net", "tax"], decimals=2, rows_checked=10),
            Inequality(low="tax", high="net", strict=True),
            Dependency(determinants=["size"], dependent="churn", enforce=False),
        ],
        key="id",
    )


def test_a_schema_comes_back_from_its_file(tmp_path: Path) -> None:
    customers().save(tmp_path / "s.yaml")
    assert TableSchema.load(tmp_path / "s.yaml") == customers()


@given(
    st.text(min_size=1, max_size=20).filter(str.isprintable),
    st.text(max_size=30).filter(str.isprintable),
    st.lists(
        st.one_of(st.booleans(), st.integers(-(10**6), 10**6), st.sampled_from(["No", "yes", "2020-01-01", "~", "1e3", ": x", "#"])),
        min_size=1,
        unique_by=repr,
    ),
)
def test_any_names_reasons_and_values_come_back(name: str, reason: str, order: list[object]) -> None:
    schema = TableSchema(columns=[ColumnSchema(name=name, kind="ordinal", order=order, reason=reason)])
    assert schema_from_text(schema_text(schema), "x") == schema


def test_plain_yes_and_no_are_text() -> None:
    schema = schema_from_text("columns:\n  - {name: a, kind: boolean, spelling: [No, Yes]}\n", "x")
    assert schema.column("a").spelling == ["No", "Yes"]


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("kind: ordinal", "kind: ordnal", 'column "size"', ['"ordnal"', '"ordinal"']),
        ("order: [S", "ordr: [S", 'column "size"', ['"ordr"', '"order"']),
        ("type: sum", "type: summ", "line", ['"summ"', '"sum"']),
        ("total: gross", "totl: gross", "line", ['"totl"', '"total"']),
        ("total: gross", "total: gros", "line", ['"gros"', '"gross"']),
        ("key: id", "key: idd", "line", ['"idd"', '"id"']),
        ("name: tax", "name: net", 'column "net"', ["twice"]),
        ("decimals: 2", "pattern: '9'", "line", ['"pattern"', "decimal"]),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_nearest_word(right: str, wrong: str, line: str, words: list[str]) -> None:
    text = schema_text(customers()).replace(right, wrong, 1)
    number = next(i for i, row in enumerate(text.splitlines(), 1) if wrong in row)
    with pytest.raises(SchemaError) as error:
        schema_from_text(text, "customers.yaml")
    told = str(error.value)
    assert "customers.yaml, line" in told
    assert line in told
    told_line = int(told.split("line ")[1].split(",")[0].split(")")[0])
    assert abs(told_line - number) <= 8
    for word in words:
        assert word in told


def test_the_line_of_a_wrong_kind_is_exact() -> None:
    text = schema_text(customers()).replace("kind: ordinal", "kind: ordnal")
    number = next(i for i, row in enumerate(text.splitlines(), 1) if "ordnal" in row)
    with pytest.raises(SchemaError, match=f"line {number},"):
        schema_from_text(text, "x")


def test_a_repeated_key_is_refused_with_its_line() -> None:
    with pytest.raises(SchemaError, match=r'"kind" stands twice.*line 4'):
        schema_from_text("columns:\n  - name: a\n    kind: text\n    kind: code\n", "x")


def test_broken_yaml_is_told_with_its_line() -> None:
    with pytest.raises(SchemaError, match=r"not YAML.*line 2"):
        schema_from_text("columns:\n  - [}\n", "x")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SchemaError, match=r"nowhere\.yaml"):
        TableSchema.load("nowhere.yaml")


def test_an_override_by_kind_drops_the_facts_of_the_old_kind() -> None:
    changed = customers().override({"size": "categorical"}).column("size")
    assert changed.kind == "categorical"
    assert changed.order is None
    assert changed.reason == "the caller said so"


def test_an_override_by_facts_keeps_the_others() -> None:
    changed = customers().override({"since": {"format": "%m/%d/%Y"}}).column("since")
    assert (changed.kind, changed.format, changed.missing_text) == ("date", "%m/%d/%Y", ["n/a"])


@pytest.mark.parametrize(
    ("change", "near"),
    [
        ({"sise": "text"}, '"size"'),
        ({"size": "ordnal"}, '"ordinal"'),
        ({"net": {"decimal": 1}}, '"decimals"'),
        ({"net": {"decimals": -1}}, "decimals"),
    ],
)
def test_a_wrong_override_names_the_nearest(change: dict[str, object], near: str) -> None:
    with pytest.raises(SchemaError) as error:
        customers().override(change)  # type: ignore[arg-type]
    assert near in str(error.value)


def test_selecting_columns_leaves_out_their_constraints() -> None:
    part = customers().select(["size", "churn"])
    assert part.names == ["size", "churn"]
    assert len(part.constraints) == 1
    assert part.key is None


def test_every_kind_says_which_facts_it_has() -> None:
    assert set(FACTS) == set(KINDS)
    for facts in FACTS.values():
        assert facts <= set(ColumnSchema.model_fields)


def test_a_constraint_names_a_column_once() -> None:
    with pytest.raises(ValueError, match='"a" twice'):
        OneHot(columns=["a", "a"])
