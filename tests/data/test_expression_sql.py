"""Formulas as SQL: DuckDB and Polars agree on every row, or the row is said to be in doubt."""

from __future__ import annotations

import math
import random
import re
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from understudy.core.errors import ConstraintError
from understudy.data.expression import FUNCTIONS, parse
from understudy.data.expression_sql import SqlTerm, literal, quoted
from understudy.data.schema import ColumnSchema

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

COLUMNS = {
    name: ColumnSchema.model_validate({"name": name, **facts})
    for name, facts in {
        "a": {"kind": "integer", "dtype": "Int64"},
        "b": {"kind": "integer", "dtype": "Int64"},
        "x": {"kind": "decimal", "dtype": "Float64"},
        "y": {"kind": "decimal", "dtype": "Float64"},
        "s": {"kind": "categorical"},
        "u": {"kind": "categorical"},
        "flag": {"kind": "boolean", "spelling": ["No", "Yes"]},
        "yes": {"kind": "boolean"},
        "born": {"kind": "date", "dtype": "Date"},
        "left": {"kind": "datetime", "dtype": "Datetime[us]"},
    }.items()
}
TERMS = {
    "a": SqlTerm('"a"', "number", whole=True),
    "b": SqlTerm('"b"', "number", whole=True),
    "x": SqlTerm('"x"', "number"),
    "y": SqlTerm('"y"', "number"),
    "s": SqlTerm('"s"', "text"),
    "u": SqlTerm('"u"', "text"),
    "flag": SqlTerm('"flag"', "truth", spelling=("No", "Yes")),
    "yes": SqlTerm('"yes"', "truth"),
    "born": SqlTerm('"born"', "moment"),
    "left": SqlTerm('"left"', "moment"),
}
TYPES = {"a": pl.Int64, "b": pl.Int64, "x": pl.Float64, "y": pl.Float64, "s": pl.String, "u": pl.String, "flag": pl.Boolean,
         "yes": pl.Boolean, "born": pl.Date, "left": pl.Datetime("us")}  # fmt: skip
CONNECTION = duckdb.connect(config={"threads": 1})


def _frame(draw: random.Random, size: int) -> pl.DataFrame:
    """Rows of ordinary and of awkward values."""
    wholes = lambda: draw.choice([None, 0, 1, -1, 2, 3, draw.randint(-20, 20), draw.randint(-(10**6), 10**6)])  # noqa: E731
    odd = [None, 0.0, -0.0, 0.5, 1.5, 2.5, -2.5, 1.005, 2.675, 1e-5, 123456.785, 1e15, 1e300]
    decimals = lambda: draw.choice([draw.choice(odd), draw.randint(-100_000, 100_000) / 100, draw.uniform(-1e6, 1e6), draw.gauss(0, 3)])  # noqa: E731
    strange = [None, "", "a", "Ab", " x ", "\tÄ\u2003", "ß", "ΑΣ", "it's", "12", "🤦🏼‍♂️", "ǅ", "éb", "名前b", "İ", "b\u0301"]
    texts = lambda: draw.choice([draw.choice(strange), "".join(draw.choices("abAB '%_\\ñЖ", k=draw.randint(0, 5)))])  # noqa: E731
    truths = lambda: draw.choice([None, True, False])  # noqa: E731
    days = lambda: draw.choice([None, date(2000, 2, 29), date(1970, 1, 1) + timedelta(draw.randint(-20_000, 40_000))])  # noqa: E731
    start = datetime(1970, 1, 1)
    moments = lambda: draw.choice([None, start, start + timedelta(microseconds=draw.randint(-(10**15), 3 * 10**15))])  # noqa: E731
    makers = {"a": wholes, "b": wholes, "x": decimals, "y": decimals, "s": texts, "u": texts, "flag": truths, "yes": truths,
              "born": days, "left": moments}  # fmt: skip
    return pl.DataFrame({name: [make() for _ in range(size)] for name, make in makers.items()}, schema=TYPES)


SHAPES = {
    "number": ["({n} {arithmetic} {n})"] * 4 + [
        "{one}({n})", "{one}({n})", "round({n}, {digits})", "(-{n})", "min({n}, {n})", "max({n}, {n}, {n})", "({n} if {b} else {n})",
        "coalesce({n}, {n})", "{part}({m})", "{span}({m} - {m})", "length({t})", "({n} + {b})", "{n} ** 2",
    ],
    "text": ["({t} + {t})", "{case}({t})", "strip({t})", "text({n})", "({t} if {b} else {t})", "coalesce({t}, {t})", "max({t}, {t})"],
    "truth": [
        "({n} {compared} {n})", "({t} {compared} {t})", "({m} {compared} {m})",
        "({b} and {b})", "({b} or {b})", "(not {b})", "missing({n})",
        "missing({t})", "starts({t}, {t})", "ends({t}, {t})", "contains({t}, {t})", "({n} in [{n}, 2, 3])", "({t} not in [{t}])",
        "({n} <= {n} < {n})", "({m} >= '2000-01-01')", "({b} == {b})",
    ],
    "moment": ["add_days({m}, a % 1000)", "add_days({m}, 1.5)", "({m} + ({m} - {m}))", "min({m}, {m})", "({m} if {b} else {m})"],
}  # fmt: skip
LEAVES = {
    "number": ["a", "b", "x", "y", "2", "0", "0.5", "-3", "7.25"], "text": ["s", "u", "'b'", '"it\'s"', "''"],
    "truth": ["flag", "yes", "True", "(flag == 'Yes')"], "moment": ["born", "left"],
}  # fmt: skip
WORDS = {
    "arithmetic": ["+", "-", "*", "/", "//", "%"], "one": "abs round floor ceil exp log sqrt".split(), "digits": ["0", "1", "2", "4"],
    "part": "year month day weekday hour minute".split(), "span": "days hours minutes seconds".split(), "case": ["lower", "upper"],
    "compared": ["==", "!=", "<", "<=", ">", ">="],
}  # fmt: skip
SORTS = {"n": "number", "t": "text", "b": "truth", "m": "moment"}


def formula(draw: random.Random, sort: str, depth: int) -> str:
    """A random formula whose value is of the sort."""
    if depth == 0:
        return draw.choice(LEAVES[sort])
    shape = draw.choice(SHAPES[sort])
    return re.sub(
        r"{(\w+)}",
        lambda hole: draw.choice(WORDS[hole[1]]) if hole[1] in WORDS else formula(draw, SORTS[hole[1]], draw.randint(0, depth - 1)),
        shape,
    )


def both(frame: pl.DataFrame, formula: str) -> tuple[list[object], list[object], list[bool], SqlTerm]:
    """What Polars and what DuckDB compute, and which rows are in doubt."""
    read, sql = parse(formula).compiled(COLUMNS), parse(formula).to_sql(TERMS)
    ours = frame.with_columns(v=read.expr.dt.total_microseconds() if read.sort == "duration" else read.expr)["v"]
    doubt = " OR ".join(f"coalesce({one}, false)" for one in sql.doubt) or "false"
    found = CONNECTION.execute(f"SELECT {sql.text} AS v, {doubt} AS doubt FROM frame").fetchall()
    assert read.sort == sql.sort
    return ours.to_list(), [v for v, _ in found], [bool(d) for _, d in found], sql


def same(a: object, b: object, close: bool) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a == b and (a is None) == (b is None)
    if isinstance(a, float | int) and isinstance(b, float | int):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) if close else a == b
    if isinstance(a, date) and not isinstance(a, datetime):
        a = datetime(a.year, a.month, a.day)
    if isinstance(b, date) and not isinstance(b, datetime):
        b = datetime(b.year, b.month, b.day)
    return a == b


@pytest.mark.parametrize("seed", range(6))
def test_random_formulas_mean_the_same_in_both_engines(seed: int) -> None:
    draw = random.Random(seed)
    frame = _frame(draw, 100)
    judged = 0
    for _ in range(40):
        text = formula(draw, draw.choice(list(SHAPES)), draw.randint(1, 3))
        try:
            ours, theirs, doubt, sql = both(frame, text)
        except (duckdb.OutOfRangeException, duckdb.ConversionException, pl.exceptions.ComputeError):
            continue  # numbers or moments beyond what the types hold
        for row, (a, b, doubted) in enumerate(zip(ours, theirs, doubt, strict=True)):
            assert doubted or same(a, b, sql.close), (text, frame.row(row, named=True), a, b, sql.text)
            judged += not doubted
    assert judged > 40 * 100 * 0.8


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a > 0 or flag", [True, False, None]),
        ("a > 0 and flag", [True, False, None]),
        ("1 if a > 0 else 0", [1, 0, 0]),
        ("round(x, 1)", [723.8, 0.0, None]),
        ("round(a / 2)", [4.0, -1.0, None]),
        ("a // 2", [3.0, -1.0, None]),
        ("x / 0", [None, None, None]),
        ("s in []", [False, False, False]),
    ],
)
def test_the_meaning_of_missing_values_and_halves(text: str, values: list[object]) -> None:
    frame = pl.DataFrame({"a": [7, -2, None], "x": [723.85, 0.0, None], "s": ["a", None, "b"], "flag": [True, False, None]})
    whole = frame.with_columns([pl.lit(None, dtype=TYPES[name]).alias(name) for name in TYPES if name not in frame.columns])
    ours, theirs, _, _ = both(whole, text)
    assert ours == theirs == values


def test_every_function_of_the_language_has_its_sql() -> None:
    from understudy.data import expression_sql

    assert sorted(expression_sql._FUNCTIONS) == sorted(FUNCTIONS)


def test_what_the_engines_may_see_differently_is_said() -> None:
    assert parse("upper(s)").to_sql(TERMS).doubt
    assert parse("text(x)").to_sql(TERMS).doubt
    assert not parse("text(a)").to_sql(TERMS).doubt
    assert parse("exp(x) + 1").to_sql(TERMS).close
    assert parse("round(exp(x), 2)").to_sql(TERMS).doubt


def test_a_wrong_formula_is_refused_as_by_polars() -> None:
    for text in ("s + 1", "nowhere > 2", "flag < True"):
        with pytest.raises(ConstraintError):
            parse(text).to_sql(TERMS)


def test_names_and_texts_are_quoted() -> None:
    assert quoted('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
