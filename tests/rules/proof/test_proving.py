"""The proof finds nothing in what was made, and every fault that is planted."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from understudy.core.errors import ArgumentError, DataError
from understudy.data.files import write_table
from understudy.rules.proof import prove
from understudy.rules.spec import parse_spec

pytest.importorskip("duckdb")

SHOP = r"""
understudy: rules/1
name: shop
lists:
  places: {values: [Rome, Oslo]}
tables:
  customers:
    rows: 300
    key: id
    columns:
      id: key
      code: {type: pattern, regex: "[A-Z]{2}[0-9]{4}", unique: true}
      plan: {type: choice, values: {free: .7, pro: .3}}
      score: {type: decimal, low: 0, high: 10, decimals: 2, nulls: .1}
      limit: {type: decimal, above: score, gap: {expon: {scale: 2}}}
      vip: {type: expression, formula: "plan == 'pro' and score > 5"}
      joined: {type: datetime, between: [2022-01-01, 2024-12-31], hours: "9-17", weekdays: {sun: 0}, resolution: min}
      town: {type: list, list: places}
      label: {type: template, text: "{plan}-{id}"}
      spent: {type: aggregate, of: orders.total, by: sum}
    rules: {earned: "plan == 'free' or limit >= 0"}
  orders:
    per: {table: customers, count: {poisson: {mu: 2}}, most: 12}
    key: id
    columns:
      id: {type: key, start: 100}
      customer_id: {type: reference, to: customers.id}
      total: {type: decimal, low: 1, high: 90}
      net: {type: part, of: total, weight: 4}
      tax: {type: part, of: total}
      status: {type: state, initial: {new: 1}, transitions: {new: {paid: 1}, paid: {sent: 1}}}
      nth: ordinal
      so_far: {type: running, of: total}
      town: {type: parent, of: customers.town}
"""


def shop() -> dict[str, pl.DataFrame]:
    """Rows by hand, so that the proof is tried on what no code of ours has made."""
    rng = np.random.default_rng(5)
    rows = 300
    cents = rng.integers(0, 1001, rows)
    score = [None if rng.random() < 0.1 else int(cent) / 100 for cent in cents]
    plan = rng.choice(["free", "pro"], rows, p=[0.7, 0.3]).tolist()
    days = [day for day in range(1096) if (day + 5) % 7 != 6]  # 2022-01-01 was a Saturday
    minutes = rng.choice(days, rows) * 1440 + rng.integers(9 * 60, 17 * 60, rows)
    gaps = np.floor(rng.exponential(2, rows) * 100)
    counts = np.minimum(rng.poisson(2, rows), 12)
    owner = np.repeat(np.arange(rows), counts)
    nth = np.concatenate([np.arange(1, n + 1) for n in counts])
    units = rng.integers(100, 9001, len(owner))
    town = rng.choice(["Rome", "Oslo"], rows)
    customers = pl.DataFrame(
        {
            "id": np.arange(1, rows + 1),
            "code": [f"{chr(65 + i % 26)}{chr(65 + i // 26)}{i:04d}" for i in range(rows)],
            "plan": plan,
            "score": score,
            "limit": [None if s is None else round((round(s * 100) + g) / 100, 2) for s, g in zip(score, gaps, strict=True)],
            "vip": [False if p == "free" else None if s is None else s > 5 for p, s in zip(plan, score, strict=True)],
            "joined": (np.datetime64("2022-01-01T00:00", "m") + minutes).astype("datetime64[us]"),
            "town": town,
            "label": [f"{p}-{i + 1}" for i, p in enumerate(plan)],
            "spent": [int(units[owner == i].sum()) / 100 for i in range(rows)],
        }
    )
    net = np.round(units * 0.8)
    orders = pl.DataFrame(
        {
            "id": np.arange(100, 100 + len(owner)),
            "customer_id": owner + 1,
            "total": units / 100,
            "net": net / 100,
            "tax": (units - net) / 100,
            "status": [("new", "paid", "sent")[min(int(n), 3) - 1] for n in nth],
            "nth": nth,
            "so_far": np.concatenate([np.cumsum(units[owner == i]) for i in range(rows)]) / 100,
            "town": town[owner],
        }
    )
    return {"customers": customers, "orders": orders}


SPEC = parse_spec(SHOP)
TABLES = shop()


def with_cell(table: str, column: str, row: int, value: object) -> dict[str, pl.DataFrame]:
    series = TABLES[table][column]
    if isinstance(value, str) and series.dtype != pl.String:
        series = series.cast(pl.String)
    changed = series.to_list()
    changed[row] = value
    return {**TABLES, table: TABLES[table].with_columns(pl.Series(column, changed, dtype=series.dtype))}


def test_nothing_is_found_in_rows_that_obey() -> None:
    proof = prove(SPEC, TABLES)
    assert proof.violations == 0
    assert [check.name for check in proof.unchecked] == []
    assert proof.ok, proof.unlikely
    assert proof.keys.references == 1
    assert proof.keys.dangling == 0
    assert proof.rows == {"customers": 300, "orders": TABLES["orders"].height}


last = TABLES["orders"].height - 1
PAIR = int(np.flatnonzero(np.diff(TABLES["orders"]["customer_id"].to_numpy()) == 0)[0])
SUNDAY = TABLES["customers"]["joined"][4].replace(year=2022, month=1, day=2)
FAULTS: list[tuple[str, Callable[[], dict[str, pl.DataFrame]]]] = [
    ("customers.key(id)", lambda: with_cell("customers", "id", 4, 4)),
    ("customers.id.null", lambda: with_cell("customers", "id", 4, None)),
    ("customers.id.type", lambda: with_cell("customers", "id", 4, "four")),
    ("customers.code.unique", lambda: with_cell("customers", "code", 4, TABLES["customers"]["code"][9])),
    ("customers.code.pattern", lambda: with_cell("customers", "code", 4, "ab1234")),
    ("customers.plan.values", lambda: with_cell("customers", "plan", 4, "gold")),
    ("customers.plan.null", lambda: with_cell("customers", "plan", 4, None)),
    ("customers.score.low", lambda: with_cell("customers", "score", 4, -0.01)),
    ("customers.score.high", lambda: with_cell("customers", "score", 4, 10.01)),
    ("customers.score.decimals", lambda: with_cell("customers", "score", 4, 3.005)),
    ("customers.limit.above", lambda: with_cell("customers", "limit", 4, -1.0)),
    ("customers.rules.earned", lambda: {**with_cell("customers", "limit", TABLES["customers"]["plan"].to_list().index("pro"), -1.0)}),
    ("customers.vip.formula", lambda: with_cell("customers", "vip", 4, TABLES["customers"]["vip"][4] is not True)),
    ("customers.joined.first", lambda: with_cell("customers", "joined", 4, TABLES["customers"]["joined"].min().replace(year=2021))),  # type: ignore[union-attr]
    ("customers.joined.hours", lambda: with_cell("customers", "joined", 4, TABLES["customers"]["joined"][4].replace(hour=8))),
    ("customers.joined.resolution", lambda: with_cell("customers", "joined", 4, TABLES["customers"]["joined"][4].replace(second=1))),
    ("customers.joined.weekdays", lambda: with_cell("customers", "joined", 4, SUNDAY)),
    ("customers.town.values", lambda: with_cell("customers", "town", 4, "Bonn")),
    ("customers.label.text", lambda: with_cell("customers", "label", 4, "free-6")),
    ("customers.spent.aggregate", lambda: with_cell("customers", "spent", 4, TABLES["customers"]["spent"][4] + 0.01)),
    ("orders.customer_id.reference", lambda: with_cell("orders", "customer_id", last, 4711)),
    ("orders.total.parts", lambda: with_cell("orders", "tax", last, TABLES["orders"]["tax"][last] + 0.01)),
    ("orders.status.transitions", lambda: with_cell("orders", "status", last, "sent" if TABLES["orders"]["nth"][last] < 3 else "new")),
    ("orders.nth.ordinal", lambda: with_cell("orders", "nth", last, 9)),
    ("orders.so_far.running", lambda: with_cell("orders", "so_far", last, 0.01)),
    ("orders.town.of", lambda: with_cell("orders", "town", last, "Bonn")),
    ("customers.rows", lambda: {**TABLES, "customers": TABLES["customers"].vstack(TABLES["customers"].tail(1))}),
    ("orders.per.adjacent", lambda: {**TABLES, "orders": TABLES["orders"][[*range(PAIR), *range(PAIR + 1, last + 1), PAIR]]}),
    ("orders.per.most", lambda: {**TABLES, "orders": pl.concat([TABLES["orders"], *[TABLES["orders"].tail(1)] * 12])}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "broken"), FAULTS, ids=[rule for rule, _ in FAULTS])
def test_a_planted_fault_is_found_by_the_rule_that_it_breaks(rule: str, broken: Callable[[], dict[str, pl.DataFrame]]) -> None:
    proof = prove(SPEC, broken(), distribution=False, threads=1)
    assert proof.check(rule).violations >= 1
    assert not proof.ok
    assert rule.endswith(("rows", "adjacent")) or proof.check(rule).examples


def test_files_of_every_format_and_databases_are_proven_alike(tmp_path: Path) -> None:
    import duckdb

    for form in ("parquet", "csv", "jsonl", "arrow"):
        for name, frame in TABLES.items():
            folder = tmp_path / form / name
            folder.mkdir(parents=True)
            half = frame.height // 2
            for number, part in enumerate((frame[:half], frame[half:])):
                path = folder / f"part-{number:05d}.{form}"
                {"parquet": part.write_parquet, "csv": part.write_csv, "jsonl": part.write_ndjson, "arrow": part.write_ipc}[form](path)  # type: ignore[operator]
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        for name, frame in TABLES.items():
            database.register("frame", frame.to_arrow())
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
    for name, frame in TABLES.items():
        write_table(frame, f"sqlite:///{tmp_path / 'shop.db'}", table=name)
    for output in [*(tmp_path / form for form in ("parquet", "csv", "jsonl", "arrow")), tmp_path / "shop.duckdb", tmp_path / "shop.db"]:
        proof = prove(SPEC, output, distribution=False)
        assert proof.violations == 0, (output, proof.broken)
        assert proof.unchecked == []


def test_shares_and_laws_that_are_not_as_declared_are_told() -> None:
    rng = np.random.default_rng(1)
    spec = parse_spec(
        "understudy: rules/1\ntables: {t: {rows: 5000, columns: {a: {type: choice, values: {x: .5, y: .5}}, "
        "b: {type: decimal, law: {norm: {loc: 0, scale: 1}}, low: -1}, c: {type: decimal, law: {norm: {}}}}, "
        "correlations: [{columns: [b, c], matrix: [[1, .5], [.5, 1]]}]}}"
    )
    z = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 12_000)
    z = z[z[:, 0] >= -1][:5000]
    good = {"a": rng.choice(["x", "y"], 5000), "b": z[:, 0].round(2), "c": rng.permutation(z[:, 1]).round(2)}
    proof = prove(spec, {"t": pl.DataFrame({**good, "a": rng.choice(["x", "y"], 5000, p=[0.6, 0.4])})})
    told = {test.name: test.passed for test in proof.distribution}
    assert told["t.a.shares"] is False
    assert told["t.b.law"] is True
    assert told["t.b,c.correlation"] is False
    assert not proof.ok
    assert proof.violations == 0


def test_the_result_is_written_as_json_and_as_a_page(tmp_path: Path) -> None:
    proof = prove(SPEC, with_cell("customers", "label", 4, "<script>"))
    proof.save(tmp_path / "proof.json")
    assert json.loads((tmp_path / "proof.json").read_text())["violations"] == 1
    proof.save(tmp_path / "proof.html")
    page = (tmp_path / "proof.html").read_text()
    assert "<script>" not in page
    assert "customers.label.text" in page
    with pytest.raises(ArgumentError, match=r"proof\.html"):
        proof.save(tmp_path / "proof.txt")


def test_what_is_not_there_is_said_before_anything_is_checked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no files of the table "customers"'):
        prove(SPEC, tmp_path)
    with pytest.raises(DataError, match='no column "plan"'):
        prove(SPEC, {**TABLES, "customers": TABLES["customers"].drop("plan")})


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on the path")
def test_the_page_is_drawn_in_a_browser(tmp_path: Path) -> None:
    prove(SPEC, TABLES).save(tmp_path / "proof.html")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([*command, (tmp_path / "proof.html").as_uri()], capture_output=True, text=True, timeout=120, check=True)
    assert "holds in every row" in done.stdout
