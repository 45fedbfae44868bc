"""Every rule at once, on every method that there is: it holds in all rows, and rows that break it in training are set aside."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import understudy
from understudy.core import registry
from understudy.core.errors import ConditionError, ConstraintError, MissingExtraError
from understudy.core.generator import Synthesizer
from understudy.data.constraints import (
    Combinations,
    Constraint,
    Dependency,
    Equal,
    Formula,
    Implication,
    Inequality,
    OneHot,
    Range,
    Regex,
    Sum,
    Unique,
    check,
)  # fmt: skip
from understudy.data.schema import ColumnSchema, TableSchema
from understudy.tabular.synthesizer import TableSynthesizer

N = 600


def orders(seed: int = 0) -> pl.DataFrame:
    g = np.random.default_rng(seed)
    city = g.choice(["Paris", "Lyon", "Rome", "Milan"], N, p=[0.4, 0.2, 0.25, 0.15])
    start = [date(2020, 1, 1) + timedelta(days=int(day)) for day in g.integers(0, 1000, N)]
    quantity, price = g.integers(1, 50, N), np.round(g.lognormal(3, 0.5, N), 2)
    done = g.random(N) < 0.7
    way = g.integers(0, 3, N)
    frame = pl.DataFrame(
        {
            "id": [f"A{i:05d}" for i in range(N)],
            "city": city,
            "country": np.where(np.isin(city, ["Paris", "Lyon"]), "FR", "IT"),
            "start": start,
            "end": [day + timedelta(days=int(length)) for day, length in zip(start, g.integers(0, 90, N), strict=True)],
            "quantity": quantity,
            "price": price,
            "total": np.round(quantity * price * 1.2, 2),
            "status": np.where(done, "done", "open"),
            "score": pl.Series(np.round(g.uniform(0, 100, N), 1)).set(pl.Series(~done), None),
            "code": [f"{a}{b:03d}" for a, b in zip(g.choice(list("XYZ"), N), g.integers(0, 999, N), strict=True)],
            "badge": g.permutation(np.arange(10_000, 99_999))[:N],
            "grown": g.poisson(3, N),
            "young": g.poisson(1, N),
            "air": (way == 0).astype(int),
            "sea": (way == 1).astype(int),
            "land": (way == 2).astype(int),
        }
    )
    return frame.with_columns(people=pl.col("grown") + pl.col("young"), heads=pl.col("grown") + pl.col("young"))


RULES: list[Constraint] = [
    Range(column="quantity", low=1, high=50, strict_high=True),
    Combinations(columns=["city", "country"]),
    Inequality(low="start", high="end"),
    Formula(target="total", expression="round(quantity * price * 1.2, 2)"),
    Implication(when={"status": "open"}, then={"score": None}),
    Implication(when={"status": "done"}, then={"score": {"missing": False}}),
    Implication(when={"city": "Milan"}, then={"quantity": (2, 45)}),
    Regex(column="code", pattern=r"[XYZ]\d{3}"),
    Regex(column="id", pattern=r"A\d{5}"),
    Regex(column="status", pattern="open|done"),
    Unique(columns=["id"]),
    Unique(columns=["badge"], most=2_000),
    Unique(columns=["start", "city", "quantity"]),
    Sum(total="people", parts=["grown", "young"]),
    Equal(a="people", b="heads"),
    OneHot(columns=["air", "sea", "land"]),
]
KINDS = {
    "id": "identifier", "city": "categorical", "country": "categorical", "start": "date", "end": "date", "quantity": "integer",
    "price": "decimal", "total": "decimal", "status": "categorical", "score": "decimal", "code": "code", "badge": "integer",
    "grown": "integer", "young": "integer", "air": "boolean", "sea": "boolean", "land": "boolean", "people": "integer", "heads": "integer",
}  # fmt: skip


def schema(*rules: Constraint) -> TableSchema:
    dtypes = {"integer": "Int64", "decimal": "Float64", "date": "Date"}
    columns = [
        ColumnSchema.model_validate(
            {
                "name": name, "kind": kind, "dtype": "Int64" if name in ("air", "sea", "land") else dtypes.get(kind, "String"),
                **({"decimals": 1 if name == "score" else 2} if kind == "decimal" else {}),
                **({"spelling": [0, 1]} if kind == "boolean" else {}),
            }
        )
        for name, kind in KINDS.items()
    ]  # fmt: skip
    return TableSchema(columns=columns, constraints=list(rules))


def spoiled() -> pl.DataFrame:
    """Some rows against some rules."""
    row = pl.int_range(pl.len())
    return orders().with_columns(
        quantity=pl.when(row < 3).then(-5).otherwise("quantity"),
        score=pl.when(row == 9).then(5.0).when(row == 11).then(None).otherwise("score"),
        code=pl.when(row == 20).then(pl.lit("W12")).otherwise("code"),
        badge=pl.when(row < 40).then(pl.col("badge").first()).otherwise("badge"),
    )


def methods() -> list[str]:
    """Every registered method that learns tables, and whose packages are installed."""
    found = []
    for name in registry.names("generators"):
        try:
            method = registry.get("generators", name)
        except MissingExtraError:
            continue
        if isinstance(method, type) and issubclass(method, TableSynthesizer) and name != "auto":
            found.append(name)
    return found


def fitted(method: str, frame: pl.DataFrame, *rules: Constraint) -> Synthesizer:
    try:
        return understudy.fit(frame, method=method, schema=schema(*rules), budget="2s", seed=1, progress=None)
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("method", methods())
def test_every_rule_holds_in_every_row_of_every_method(method: str, tmp_path: Path) -> None:
    model = fitted(method, spoiled(), *RULES)
    made = model.sample(1_000, seed=3)
    known = {"city + country": orders().select("city", "country").unique()}
    assert check(made, RULES, known, schema(*RULES)) == [0] * len(RULES)
    assert made.schema == orders().schema
    assert model.sample(40, seed=3).equals(made.head(40))
    assert (model.sample(30, seed=1, given={"city": "Milan", "total": (50, 500)})["total"].is_between(50, 500)).all()
    model.save(tmp_path / "rules.understudy")
    again = understudy.load(tmp_path / "rules.understudy")
    assert again.sample(1_000, seed=3).equals(made)
    with pytest.raises(ConstraintError, match=r"at most [\d,]+ can be made: no two of them may have the same badge"):
        again.sample(100_000)


def test_rows_against_a_rule_are_told_and_not_learned() -> None:
    model = fitted("independent", spoiled(), *RULES)
    assert model.record is not None
    notes = "\n".join(model.record.notes)
    assert '3 rows of the source against the rule "1 ≤ quantity < 50" were set aside' in notes
    assert '1 row of the source against the rule "code matches' in notes
    assert 'against the rule "no two rows have the same badge"' in notes
    assert 0 < model.record.figures["rows_that_keep_the_rules"] < 1
    assert (model.sample(500)["badge"] != spoiled()["badge"][0]).any()


def test_a_rule_that_hardly_a_row_keeps_is_refused() -> None:
    with pytest.raises(ConstraintError, match=r"600 rows of 600 break the rule, and only 0 keep all rules(?s:.)*1000 ≤ quantity"):
        fitted("independent", orders(), Range(column="quantity", low=1_000))


def test_rules_that_exclude_one_another_are_refused_before_anything_is_learned() -> None:
    apart = [Range(column="start", low="2021-01-01"), Inequality(low="start", high="end"), Range(column="end", high="2020-12-31")]
    with pytest.raises(ConstraintError, match="The rules leave no value"):
        fitted("independent", orders(), *apart)


def test_conditions_that_leave_nothing_beside_a_rule_are_refused_with_its_name() -> None:
    model = fitted("independent", orders(), Implication(when={"city": "Milan"}, then={"quantity": (2, 45)}))
    with pytest.raises(ConditionError, match=r"meets the conditions and keeps all rules.*0\.0%.*if city is Milan, then quantity"):
        model.sample(5, given={"city": "Milan", "quantity": 48})
    assert set(model.sample(5, given={"city": "Rome", "quantity": 48})["quantity"]) == {48}


def test_dependencies_are_judged_by_the_commonest_when_rows_are_set_aside() -> None:
    frame = orders().with_columns(country=pl.when(pl.int_range(pl.len()) % 50 == 0).then(pl.lit("??")).otherwise("country"))
    model = fitted("independent", frame, Dependency(determinants=["city"], dependent="country"))
    made = model.sample(2_000)
    assert set(made.select("city", "country").rows()) == {("Paris", "FR"), ("Lyon", "FR"), ("Rome", "IT"), ("Milan", "IT")}
    assert model.record is not None
    assert any("12 rows of the source" in note for note in model.record.notes)
