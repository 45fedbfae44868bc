"""A shop with something of everything: what holds in it, and that each cell is made alone."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import understudy as us
from understudy.core.errors import ArgumentError, ConstraintError
from understudy.rules import Dataset, Spec
from understudy.rules.spec import parse_spec
from understudy.testing import check_collection, check_generator

SHOP = """\
understudy: rules/1
name: shop
seed: 7
lists:
  brands: {values: {Acme: 3, Bolt: 1}}
tables:
  customers:
    rows: 12_000
    key: id
    columns:
      id: {type: key, shuffled: true}
      code: {type: key, pattern: "[A-Z]{3}-[0-9]{5}"}
      uid: {type: key, uuid: true}
      no: {type: key, format: "C{:08d}"}
      plan: {type: choice, values: {free: .8, pro: .2}}
      brand: {type: list, list: brands}
      fee: {type: choice, values: {0.0: 3, 4.9: 1}}
      score: {type: decimal, law: {norm: {loc: 3, scale: 1}}, low: 0, high: 10, nulls: .1}
      spend: {type: decimal, law: {gamma: {a: 2, scale: 10}}}
      age: {type: integer, low: 18, high: 90}
      vip: {type: expression, formula: plan == 'pro' and score > 3}
      tier: {type: case, cases: [{when: score > 4, then: gold}, {when: score > 3, then: {type: choice, values: [a, b]}}], else: none}
      label: {type: template, text: "{no}: {plan} ({age})"}
      joined: {type: datetime, between: [2022-01-01, 2025-12-31], hours: "9-17", weekdays: {sat: .2, sun: 0}, months: {12: 2}}
      left: {type: datetime, above: joined, gap: {expon: {scale: 90}}, until: 2026-06-01}
      since: {type: date, below: joined, gap: {expon: {scale: 30}}}
      total: {type: decimal, low: 1, high: 100}
      food: {type: part, of: total}
      rent: {type: part, of: total, weight: 3}
      rest: {type: part, of: total}
      boss: {type: reference, to: self.id, roots: .01}
      wakes: {type: time, hours: "5-9"}
      secret: {type: integer, low: 0, high: 9, hidden: true}
      double: {type: expression, formula: secret * 2, decimals: 0}
    correlations: [{columns: [score, spend, age], matrix: [[1, .6, 0], [.6, 1, .3], [0, .3, 1]]}]
    rules: {sane: age > 20 or score < 4}
  products:
    rows: 1000
    columns:
      sku: {type: key, format: "P{:05d}"}
      price: {type: decimal, law: {lognorm: {s: 1, scale: 20}}, low: .5, high: 2000}
      bin: {type: integer, low: 1, high: 50}
      shelf: {type: choice, values: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u]}
    unique: [[bin, shelf]]
  orders:
    per: {table: customers, count: {nbinom: {n: 2, p: .4}}, most: 200}
    columns:
      order_id: key
      customer_id: {type: reference, to: customers.id}
      ordered: {type: datetime, above: customers.joined, gap: {expon: {scale: 90}}}
      plan: {type: parent, of: customers.plan}
      total: {type: aggregate, of: lines.amount}
      items: {type: aggregate, of: lines.amount, by: count}
      top: {type: aggregate, of: lines.amount, by: max}
      nth: ordinal
      status: {type: state, initial: {new: 1}, transitions: {new: {paid: .8, void: .2}, paid: {sent: 1}}}
      next: {type: sibling, of: ordered}
      run: {type: running, of: total}
      budget: {type: part, of: customers.total}
  lines:
    per: {table: orders, count: {poisson: {mu: 2}}, least: 1, most: 30}
    columns:
      order_id: {type: reference, to: orders.order_id}
      line: ordinal
      sku: {type: reference, to: products.sku, distinct: true}
      other: {type: reference, to: products.sku, law: {zipfian: {a: 1.1}}}
      qty: {type: integer, low: 1, high: 9}
      price: {type: parent, of: products.price, through: sku}
      amount: {type: expression, formula: qty * price, decimals: 2}
"""


@cache
def shop() -> Dataset:
    return Dataset(parse_spec(SHOP))


@cache
def made() -> dict[str, pl.DataFrame]:
    return shop().sample()


def of(**columns: Any) -> Dataset:
    """A data set of one table `t` of 20,000 rows."""
    return Dataset({"understudy": "rules/1", "tables": {"t": {"rows": 20_000, "columns": columns}}})


# ---- addressing


def test_each_table_keeps_the_contract() -> None:
    check_collection(shop())
    check_generator(shop().tables["customers"])


@pytest.mark.parametrize("table", ["customers", "products", "orders", "lines"])
def test_any_rows_in_any_order_are_those_of_the_whole(table: str) -> None:
    rows = np.random.default_rng(0).integers(0, shop().sizes()[table], 300)
    assert shop().rows(table, rows.tolist()).equals(made()[table][rows])


def test_one_cell_is_made_alone() -> None:
    frame = made()["orders"]
    for row in (0, 1234, frame.height - 1):
        for column in frame.columns:
            assert shop().cell("orders", column, row) == frame[column][row]


def test_a_column_more_changes_no_other() -> None:
    """Of twenty columns, with one put in at every place."""
    columns = {f"c{i}": {"type": "decimal", "law": {"norm": {}}} if i % 2 else {"type": "choice", "values": ["a", "b"]} for i in range(20)}
    before = of(**columns).tables["t"].sample(500)
    for place in range(21):
        names = list(columns)
        names.insert(place, "new")
        wider = of(**{name: columns.get(name, {"type": "integer", "low": 0, "high": 9}) for name in names}).tables["t"].sample(500)
        assert wider.select(before.columns).equals(before)


def test_another_seed_gives_other_rows_and_the_same_keys() -> None:
    again = shop().tables["customers"].sample(100, seed=8)
    first = made()["customers"].head(100)
    assert again["no"].equals(first["no"])
    assert not again["spend"].equals(first["spend"])


def test_without_a_seed_a_table_is_that_of_the_spec() -> None:
    assert shop().tables["orders"].sample(50).equals(made()["orders"].head(50))


def test_a_data_set_saved_is_the_same_when_loaded(tmp_path: Path) -> None:
    shop().save(tmp_path / "shop.understudy")
    loaded = us.load(tmp_path / "shop.understudy")
    assert loaded.spec == shop().spec
    assert loaded.tables["lines"].sample(50, seed=7).equals(made()["lines"].head(50))


def test_rows_beyond_the_end_are_refused() -> None:
    with pytest.raises(ArgumentError, match="rows 0 to 11,999"):
        shop().rows("customers", [12_000])
    with pytest.raises(ArgumentError, match='Did you mean "orders"'):
        shop().rows("order", [0])
    with pytest.raises(ConstraintError, match="rows: 12000"):
        shop().tables["customers"].sample(12_001)


# ---- what holds


def test_keys_are_unique() -> None:
    customers = made()["customers"]
    for key in ("id", "code", "uid", "no"):
        assert customers[key].n_unique() == customers.height
    assert sorted(customers["id"]) == list(range(1, 12_001))
    assert customers["uid"].str.contains(r"^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$").all()
    assert made()["products"].select("bin", "shelf").n_unique() == 1000


def test_references_name_rows_that_are_there() -> None:
    tables = made()
    assert tables["orders"]["customer_id"].is_in(tables["customers"]["id"].implode()).all()
    assert tables["lines"]["sku"].is_in(tables["products"]["sku"].implode()).all()
    bosses = tables["customers"]["boss"].drop_nulls()
    assert bosses.is_in(tables["customers"]["id"].implode()).all()
    assert abs(tables["customers"]["boss"].null_count() / 12_000 - 0.01) < 0.004
    order = dict(zip(tables["customers"]["id"], range(12_000), strict=True))
    placed = [(order[boss], i) for i, boss in enumerate(tables["customers"]["boss"]) if boss is not None]
    assert all(boss < own for boss, own in placed)


def test_distinct_references_differ_within_their_owner() -> None:
    assert made()["lines"].select("order_id", "sku").n_unique() == made()["lines"].height


def test_a_zipf_reference_has_few_rows_that_are_named_often() -> None:
    counts = made()["lines"]["other"].value_counts(sort=True)["count"]
    chances = np.arange(1, 1001) ** -1.1
    share = chances[0] / chances.sum()
    assert abs(counts[0] / made()["lines"].height - share) < 4 * np.sqrt(share / made()["lines"].height)


def test_aggregates_are_those_of_the_children() -> None:
    lines = (
        made()["lines"]
        .group_by("order_id")
        .agg(pl.col("amount").sum().round(2).alias("sum"), pl.len().alias("n"), pl.col("amount").max().alias("most"))
    )
    both = made()["orders"].join(lines, on="order_id", how="left")
    assert both["n"].equals(both["items"].cast(both["n"].dtype), check_names=False) or (both["n"] == both["items"]).all()
    assert ((both["sum"] - both["total"]).abs() < 1e-9).all()
    assert (both["most"] == both["top"]).all()


def test_parts_add_up_exactly() -> None:
    cents = made()["customers"].select((pl.col("food", "rent", "rest", "total") * 100).round(0).cast(pl.Int64))
    assert (cents["food"] + cents["rent"] + cents["rest"] == cents["total"]).all()
    assert abs((cents["rent"] / cents["total"]).mean() - 0.6) < 0.01  # type: ignore[operator]
    budgets = made()["orders"].group_by("customer_id").agg((pl.col("budget") * 100).round(0).sum().cast(pl.Int64))
    owners = made()["customers"].select("id", (pl.col("total") * 100).round(0).cast(pl.Int64).alias("cents"))
    both = budgets.join(owners, left_on="customer_id", right_on="id")
    assert (both["budget"] == both["cents"]).all()


def test_moments_keep_their_order_and_their_weights() -> None:
    customers = made()["customers"]
    assert (customers["left"] >= customers["joined"]).all()
    assert str(customers["left"].max()) < "2026-06-02"
    assert (customers["since"] <= customers["joined"].dt.date()).all()
    assert set(customers["joined"].dt.hour().unique()) == set(range(9, 17))
    assert 7 not in customers["joined"].dt.weekday()
    december = (customers["joined"].dt.month() == 12).mean()
    assert abs(december - 2 / 13) < 0.015  # type: ignore[operator]
    assert customers["wakes"].dt.hour().is_between(5, 8).all()
    orders = made()["orders"].join(customers.select("id", "joined"), left_on="customer_id", right_on="id")
    assert (orders["ordered"] >= orders["joined"]).all()


def test_formulas_cases_and_templates_are_what_they_say() -> None:
    customers = made()["customers"]
    expected = customers.select(
        pl.when(pl.col("score") > 4).then(pl.lit("gold")).when(pl.col("score") > 3).then(pl.lit("a or b")).otherwise(pl.lit("none"))
    ).to_series()
    shown = customers["tier"].replace({"a": "a or b", "b": "a or b"})
    assert (shown == expected).all()
    said = customers["no"] + ": " + customers["plan"].cast(pl.String) + " (" + customers["age"].cast(pl.String) + ")"
    assert (customers["label"] == said).all()
    assert "secret" not in customers.columns
    assert set(customers["double"].unique()) == set(range(0, 20, 2))


def test_states_walk_along_allowed_ways_and_siblings_follow() -> None:
    orders = (
        made()["orders"]
        .with_columns(pl.col("status").cast(pl.String))
        .with_columns(
            pl.col("status").shift(1).over("customer_id").alias("before"),
            pl.col("ordered").shift(-1).over("customer_id").alias("after"),
            pl.int_range(1, pl.len() + 1).over("customer_id").alias("place"),
            pl.col("total").cum_sum().round(2).over("customer_id").alias("sum"),
        )
    )
    ways = set(orders.select("before", "status").unique().iter_rows())
    assert ways == {(None, "new"), ("new", "paid"), ("new", "void"), ("paid", "sent"), ("sent", "sent"), ("void", "void")}
    assert orders["after"].equals(orders["next"], check_names=False)
    assert (orders["place"] == orders["nth"]).all()
    assert ((orders["sum"] - orders["run"]).abs() < 1e-6).all()


def test_parents_are_those_of_the_owner_and_of_the_reference() -> None:
    orders = made()["orders"].join(made()["customers"].select("id", pl.col("plan").alias("theirs")), left_on="customer_id", right_on="id")
    assert (orders["plan"].cast(pl.String) == orders["theirs"].cast(pl.String)).all()
    lines = made()["lines"].join(made()["products"].select("sku", pl.col("price").alias("theirs")), on="sku")
    assert (lines["price"] == lines["theirs"]).all()


def test_named_rules_hold_by_drawing_again() -> None:
    customers = made()["customers"]
    assert customers.filter(~((pl.col("age") > 20) | (pl.col("score") < 4))).height == 0


def test_correlated_columns_have_the_copulas_ranks() -> None:
    data = Dataset(
        {
            "understudy": "rules/1",
            "tables": {
                "t": {
                    "rows": 50_000,
                    "columns": {
                        "a": {"type": "decimal", "law": {"norm": {}}},
                        "b": {"type": "decimal", "law": {"gamma": {"a": 2}}},
                        "c": {"type": "choice", "values": [1, 2, 3, 4]},
                        "d": {"type": "decimal", "law": {"norm": {}}},
                        "e": {"type": "decimal", "law": {"norm": {}}},
                    },
                    "correlations": [
                        {"columns": ["a", "b", "c"], "matrix": [[1, 0.7, -0.4], [0.7, 1, 0], [-0.4, 0, 1]]},
                        {"columns": ["d", "e"], "matrix": [[1, 0.5], [0.5, 1]], "family": "t", "df": 3},
                    ],
                }
            },
        }
    )
    frame = data.tables["t"].sample(50_000)
    found = stats.spearmanr(frame["a"], frame["b"]).statistic
    assert abs(found - 6 / np.pi * np.arcsin(0.35)) < 0.015
    assert stats.spearmanr(frame["a"], frame["c"]).statistic < -0.33
    # A t copula has more of its rows in both tails than a Gaussian one: for df 3 and r .5 the limit is .31, against 0.
    low = frame["d"].quantile(0.01), frame["e"].quantile(0.01)
    assert ((frame["d"] < low[0]) & (frame["e"] < low[1])).mean() > 0.0025  # type: ignore[operator]


def test_lists_keep_together_what_belongs_together(tmp_path: Path) -> None:
    (tmp_path / "cities.csv").write_text("city,state,weight\nGraz,Styria,3\nLinz,Upper Austria,1\nLeoben,Styria,1\n")
    spec = Spec.from_dict(
        {
            "understudy": "rules/1",
            "lists": {"cities": {"file": "cities.csv", "weight": "weight"}},
            "tables": {
                "t": {
                    "rows": 5000,
                    "columns": {
                        "city": {"type": "list", "list": "cities", "column": "city"},
                        "state": {"type": "list", "list": "cities", "column": "state", "with": "city"},
                    },
                }
            },
        }
    )
    frame = Dataset(spec, folder=tmp_path).tables["t"].sample(5000)
    assert set(frame.unique().cast(pl.String).iter_rows()) == {("Graz", "Styria"), ("Linz", "Upper Austria"), ("Leoben", "Styria")}
    assert abs((frame["city"] == "Graz").mean() - 0.6) < 0.03  # type: ignore[operator]


def test_frames_and_fitted_models_are_sources_too(tmp_path: Path) -> None:
    real = pl.DataFrame({"x": [1, 2, 3, 4] * 30, "y": ["a", "b", "c", "d"] * 30})
    real.write_csv(tmp_path / "seed.csv")
    us.fit(real, method="independent").save(tmp_path / "m.understudy")
    spec = {
        "understudy": "rules/1",
        "frames": {"seed": "seed.csv"},
        "models": {"m": "m.understudy"},
        "tables": {
            "t": {
                "rows": 2000,
                "columns": {
                    "id": "key",
                    "x": {"type": "frame", "frame": "seed", "column": "x"},
                    "y": {"type": "frame", "frame": "seed", "column": "y"},
                    "n": {"type": "frame", "frame": "seed", "column": "x", "take": "order"},
                    "mx": {"type": "model", "model": "m", "column": "x"},
                },
            }
        },
    }
    data = Dataset(spec, folder=tmp_path)
    frame = data.tables["t"].sample(2000)
    assert set(frame.select("x", "y").unique().cast({"y": pl.String}).iter_rows()) == {(1, "a"), (2, "b"), (3, "c"), (4, "d")}
    assert frame["n"].head(5).to_list() == [1, 2, 3, 4, 1]
    assert set(frame["mx"].unique()) <= {1, 2, 3, 4}
    assert data.cell("t", "mx", 1999) == frame["mx"][1999]
    data.save(tmp_path / "d.understudy")
    for gone in ("seed.csv", "m.understudy"):
        (tmp_path / gone).unlink()
    assert us.load(tmp_path / "d.understudy").tables["t"].sample(2000).equals(frame)


# ---- what cannot be


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ({"type": "decimal", "law": {"norm": {}}, "low": 50, "high": 60}, "no value between 50 and 60"),
        ({"type": "key", "pattern": "[A-Z][0-9]"}, "the pattern has 260"),
        ({"type": "pattern", "regex": "[0-9]{3}", "unique": True}, "the pattern has 1,000"),
        ({"type": "date", "between": ["2024-02-01", "2024-01-01"]}, "comes before"),
        ({"type": "date", "between": ["2024-02-31", "2024-03-01"]}, "no date"),
        ({"type": "datetime", "between": ["2024-01-06", "2024-01-07"], "weekdays": {"sat": 0, "sun": 0}}, "weight above 0"),
        ({"type": "expression", "formula": "upper(3)"}, "text is needed"),
        ({"type": "case", "cases": [{"when": "1 > 0", "then": 3}], "else": "x"}, "different types"),
    ],
)
def test_what_cannot_be_is_refused_before_a_row_is_made(column: dict[str, Any], says: str) -> None:
    with pytest.raises(ConstraintError, match=says) as caught:
        of(x=column)
    assert "tables.t.columns.x" in str(caught.value)


def test_more_rows_than_combinations_are_refused() -> None:
    with pytest.raises(ConstraintError, match="100 combinations"):
        Dataset(
            {
                "understudy": "rules/1",
                "tables": {
                    "t": {
                        "rows": 101,
                        "unique": [["a", "b"]],
                        "columns": {"a": {"type": "integer", "low": 1, "high": 10}, "b": {"type": "choice", "values": list("abcdefghij")}},
                    }
                },
            }
        )


def test_weights_and_uniqueness_exclude_one_another() -> None:
    with pytest.raises(ConstraintError, match="equal chances"):
        Dataset(
            {
                "understudy": "rules/1",
                "tables": {
                    "t": {
                        "rows": 10,
                        "unique": [["a", "b"]],
                        "columns": {"a": {"type": "integer", "low": 1, "high": 10}, "b": {"type": "choice", "values": {"x": 1, "y": 2}}},
                    }
                },
            }
        )


def test_a_rule_that_no_row_meets_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(
        "understudy: rules/1\ntables:\n  t:\n    rows: 5\n    columns:\n"
        "      a: {type: integer, low: 1, high: 9}\n    rules:\n      big: a > 10\n"
    )
    with pytest.raises(ConstraintError, match='"big"') as caught:
        Dataset(path)
    assert "line 8" in str(caught.value)


def test_an_owner_with_more_rows_than_there_are_to_refer_to_is_told() -> None:
    with pytest.raises(ConstraintError, match="per: {most: 3}"):
        Dataset(
            {
                "understudy": "rules/1",
                "tables": {
                    "p": {"rows": 3, "columns": {"id": "key"}},
                    "o": {"rows": 50, "columns": {"id": "key"}},
                    "l": {
                        "per": {"table": "o", "count": {"randint": {"low": 5, "high": 6}}},
                        "columns": {"p": {"type": "reference", "to": "p.id", "distinct": True}},
                    },
                },
            }
        )


# ---- the promise between releases

GOLDEN = {
    "customers": "f1511f5377f92143",
    "products": "127850bf73eb1a7d",
    "orders": "a109954424d72482",
    "lines": "7cca4bd6eabf36f2",
}


@pytest.mark.parametrize("table", list(GOLDEN))
def test_the_bytes_are_those_of_the_release(table: str) -> None:
    """Raise `VERSION` in dataset.py, and say so in the changelog, before you change these."""
    text = made()[table].head(1000).write_csv()
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN[table]


def test_a_rule_over_other_rows_must_hold_by_construction() -> None:
    columns = {"x": {"type": "integer", "low": 1, "high": 9}, "sum": {"type": "running", "of": "x"}}
    spec = {
        "understudy": "rules/1",
        "tables": {
            "o": {"rows": 100, "columns": {"id": "key"}},
            "l": {"per": {"table": "o", "count": {"poisson": {"mu": 3}}}, "columns": columns, "rules": {"grows": "sum >= x"}},
        },
    }
    frame = Dataset(spec).tables["l"].sample(100)
    assert (frame["sum"] >= frame["x"]).all()
    spec["tables"]["l"]["rules"] = {"small": "sum < 5"}  # type: ignore[index]
    with pytest.raises(ConstraintError, match="reads other rows"):
        Dataset(spec)
