"""Rules that are found, rules that are not, and rows that break them."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from tests.data.real_data import real_frame, real_table

from understudy.core.errors import ConstraintError
from understudy.data.constraints import Constraint, Dependency, Equal, Inequality, OneHot, Sum, check, discover
from understudy.data.discovery import survey
from understudy.data.infer import infer_schema
from understudy.data.table import Table, as_table

N = 2000


def found(table: Table) -> list[Constraint]:
    return discover(table, infer_schema(table, constraints=False))


def edges(rules: list[Constraint]) -> set[tuple[str, str]]:
    """Dependencies with all that follows from them, in both directions where one-to-one."""
    known: set[tuple[str, str]] = set()
    for rule in rules:
        if isinstance(rule, Dependency):
            known.add((rule.determinants[0], rule.dependent))
            if rule.one_to_one:
                known.add((rule.dependent, rule.determinants[0]))
        if isinstance(rule, Equal):
            known |= {(rule.a, rule.b), (rule.b, rule.a)}
    while True:
        more = {(a, d) for a, b in known for c, d in known if b == c and a != d} - known
        if not more:
            return known
        known |= more


def columns(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    city = rng.integers(0, 40, N)
    low = rng.normal(50, 10, N).round(1)
    net, tax, ship = (rng.lognormal(3, 1, N).round(2) for _ in range(3))
    colour = rng.integers(0, 3, N)
    return {
        "city": np.array([f"c{i}" for i in city]),
        "state": np.array([f"s{i // 8}" for i in city]),
        "country": np.array(["EU" if i < 16 else "US" for i in city]),
        "city_no": city * 7 % 40,
        "low": low,
        "high": (low + rng.exponential(5, N)).round(1),
        "net": net,
        "tax": tax,
        "ship": ship,
        "gross": (net + tax).round(2),
        "invoice": (net + tax + ship).round(2),
        "red": (colour == 0).astype(int),
        "green": (colour == 1).astype(int),
        "blue": (colour == 2).astype(int),
        "noise": rng.integers(0, 5, N),
        "low_again": low,
    }


def test_dependencies_are_found_once_and_without_cycles() -> None:
    rules = found(as_table(pl.DataFrame(columns())))
    dependencies = [rule for rule in rules if isinstance(rule, Dependency)]
    assert {("city", "state"), ("city", "country"), ("state", "country"), ("city", "city_no"), ("city_no", "city")} <= edges(rules)
    assert not any("noise" in pair for pair in edges(rules))
    pairs = {(rule.determinants[0], rule.dependent) for rule in dependencies}
    assert not any((b, a) in pairs for a, b in pairs)
    # state → country already gives city → country.
    assert ("state", "country") in pairs
    assert ("city", "country") not in pairs
    assert ("city_no", "country") not in pairs
    assert all(rule.enforce and rule.exceptions == 0 and rule.rows_checked == N for rule in dependencies)


@pytest.mark.parametrize("seed", range(3))
def test_no_dependency_of_few_levels_is_missed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 12, N)
    frame = {f"c{i}": rng.permutation(12)[base] // rng.integers(1, 6) for i in range(6)} | {
        f"r{i}": rng.integers(0, 4, N) for i in range(3)
    }
    table = as_table(pl.DataFrame({name: [f"v{v}" if v != 2 else None for v in values] for name, values in frame.items()}))
    assert exact_dependencies(table.frame) <= edges(found(table))


def exact_dependencies(frame: pl.DataFrame) -> set[tuple[str, str]]:
    """Every a → b between columns of few levels, by group-by; missing is a level."""
    most = min(300, frame.height // 20)
    few = [name for name in frame.columns if 2 <= frame[name].drop_nulls().n_unique() <= most]
    pairs: set[tuple[str, str]] = set()
    for a, b in itertools.permutations(few, 2):
        counts = frame[a].value_counts(sort=True)["count"]
        if counts[1] >= 5 and int(frame.group_by(a).agg(pl.col(b).n_unique())[b].max()) == 1:  # type: ignore[arg-type]
            pairs.add((a, b))
    return pairs


def test_sums_copies_groups_and_inequalities_are_found() -> None:
    rules = found(as_table(pl.DataFrame(columns())))
    sums = {(rule.total, frozenset(rule.parts)) for rule in rules if isinstance(rule, Sum)}
    assert ("gross", frozenset({"net", "tax"})) in sums
    assert ("invoice", frozenset({"gross", "ship"})) in sums or ("invoice", frozenset({"net", "tax", "ship"})) in sums
    assert [(rule.a, rule.b) for rule in rules if isinstance(rule, Equal)] == [("low", "low_again")]
    assert [rule.columns for rule in rules if isinstance(rule, OneHot)] == [["red", "green", "blue"]]
    assert ("low", "high") in {(rule.low, rule.high) for rule in rules if isinstance(rule, Inequality)}


def test_nothing_is_found_among_independent_columns() -> None:
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({f"n{i}": rng.normal(50, 10, N).round(1) for i in range(8)} | {f"k{i}": rng.integers(0, 4, N) for i in range(8)})
    assert found(as_table(frame)) == []


def test_a_rule_broken_by_one_row_outside_the_sample_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_MOST_CELLS", 1)
    monkeypatch.setattr(survey, "_FEWEST_ROWS", 500)
    data = columns()
    for name, value in (("state", "elsewhere"), ("high", -5.0), ("gross", 1.0), ("low_again", 0.0)):
        data[name] = data[name].astype(object)
        data[name][N - 1] = value
    data["red"][N - 1] = data["green"][N - 1] = 1
    rules = found(as_table(pl.DataFrame({name: list(values) for name, values in data.items()})))
    assert not any(isinstance(rule, OneHot | Equal) for rule in rules)
    assert ("city", "state") not in edges(rules)
    assert not any(isinstance(rule, Inequality) and (rule.low, rule.high) == ("low", "high") for rule in rules)


def test_check_counts_the_rows_that_break_a_rule() -> None:
    frame = pl.DataFrame({"a": ["x", "x", "y", None], "b": [1, 2, 3, 3], "c": [1, 1, 4, None], "d": [1, 0, 0, 0], "e": [0, 0, 1, 1]})
    rules: list[Constraint] = [
        Dependency(determinants=["a"], dependent="b"), Inequality(low="b", high="c"), Equal(a="b", b="c"), OneHot(columns=["d", "e"]),
        Sum(total="c", parts=["b", "d"]),
    ]  # fmt: skip
    assert check(frame, rules) == [1, 1, 3, 1, 3]


def test_check_against_a_mapping_leaves_out_unknown_determinants() -> None:
    frame = pl.DataFrame({"a": ["x", "y", "z"], "b": [1, 9, 5]})
    mapping = pl.DataFrame({"a": ["x", "y"], "b": [1, 2]})
    assert check(frame, [Dependency(determinants=["a"], dependent="b")], {"b": mapping}) == [1]


def test_check_names_a_column_that_is_not_there() -> None:
    with pytest.raises(ConstraintError, match='"hihg"'):
        check(pl.DataFrame({"low": [1], "high": [2]}), [Inequality(low="low", high="hihg")])


@pytest.mark.data
@pytest.mark.parametrize(
    "path",
    ["adult/adult", "telco_churn/telco_churn", "compas/compas_two_years", "german_credit/german_credit", "bank_marketing/bank_marketing"],
)
def test_no_dependency_of_few_levels_is_missed_on_real_tables(path: str) -> None:
    table = real_table(f"tabular/{path}.parquet")
    schema = infer_schema(table)
    assert exact_dependencies(table.frame) <= edges(schema.constraints)
    assert check(table.frame, schema.constraints, schema=schema) == [0] * len(schema.constraints)


@pytest.mark.data
def test_rules_of_real_tables() -> None:
    assert edges(found(real_table("tabular/adult/adult.parquet"))) == {("education", "education-num"), ("education-num", "education")}
    bikes = found(real_table("tabular/bike_sharing/bike_sharing_hour.parquet"))
    assert [(rule.total, rule.parts) for rule in bikes if isinstance(rule, Sum)] == [("cnt", ["casual", "registered"])]
    assert {("dteday", name) for name in ("season", "yr", "mnth", "weekday", "holiday")} <= edges(bikes)
    assert ("date_first_hired", "year_first_hired") in edges(found(real_table("tabular/employee_salaries/employee_salaries.parquet")))
    stock = found(as_table(real_frame("timeseries/google_stock/google_stock.parquet")))
    assert [(rule.a, rule.b) for rule in stock if isinstance(rule, Equal)] == [("Close", "Adj_Close")]
    assert {(r.low, r.high) for r in stock if isinstance(r, Inequality)} == {
        ("Low", "Open"),
        ("Low", "Close"),
        ("Open", "High"),
        ("Close", "High"),
    }
