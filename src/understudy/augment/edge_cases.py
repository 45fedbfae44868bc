"""Edge cases of the user's own: a text, a Polars expression or a function says which rows count, and rows are searched until enough do.

What a text says of single columns ("age > 80 AND plan = 'basic'") is asked of the model as a condition, so that only the rest has
to be found by trying. The search is bounded, and tells how many rows it looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from understudy.augment.cells import CLASSES, NUMBERS
from understudy.core.errors import ArgumentError, UnderstudyError
from understudy.data.table import Table

Predicate: TypeAlias = str | pl.Expr | Callable[[Any], Any]

MOST_TRIED = 200_000
_TERM = re.compile(
    r"""\s*(?:"(?P<quoted>[^"]+)"|(?P<plain>\w+))\s*(?P<sign><=|>=|=|<|>)\s*(?:'(?P<text>[^']*)'|(?P<number>-?\d+(?:\.\d+)?))\s*""",
    re.ASCII,
)


@dataclass(frozen=True)
class EdgeCase:
    """Rows of a kind that the user describes.

    Args:
        name: for provenance, "age > 80".
        rows: how many are wanted.
        given: conditions that every candidate meets.
        narrowed: conditions read from the text itself; left out again where the model cannot meet them.
        most_tried: candidates that the search may look at.
    """

    name: str
    predicate: Predicate
    rows: int
    given: Mapping[str, Any] | None
    narrowed: Mapping[str, Any]
    most_tried: int
    real: Table

    def meets(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows of `frame` count. Raises `ArgumentError` where the predicate fails or says something else than yes or no."""
        try:
            found = self._answer(frame)
        except UnderstudyError:
            raise
        except Exception as error:
            raise ArgumentError(
                f"The edge case fails on the table: {type(error).__name__}: {str(error).splitlines()[0]}",
                where=f"cover, where: {self.name}",
                remedy="Columns stand as they are or in double quotes, texts in single quotes: \"monthly fee\" > 80 AND plan = 'basic'.",
            ) from error
        if found.dtype != pl.Boolean or len(found) != frame.height:
            raise ArgumentError(
                f"The edge case must say yes or no for each of {frame.height:,} rows; it gave {len(found):,} values of type {found.dtype}.",
                where=f"cover, where: {self.name}",
                remedy="Compare something: \"age > 80\", pl.col('age') > 80, lambda frame: frame['age'] > 80.",
            )
        return found.fill_null(False)

    def _answer(self, frame: pl.DataFrame) -> pl.Series:
        if isinstance(self.predicate, str):
            return frame.select(pl.sql_expr(self.predicate).alias("met")).to_series()
        if isinstance(self.predicate, pl.Expr):
            return frame.select(self.predicate.alias("met")).to_series()
        answer = self.predicate(self.real.to_native(frame))
        if hasattr(answer, "to_numpy"):
            answer = answer.to_numpy()
        elif hasattr(answer, "to_pylist"):
            answer = answer.to_pylist()
        return pl.Series("met", answer)


def edge_cases(real: Table, asked: Any, *, rows: int, given: Mapping[str, Any] | None, most_tried: Any) -> list[EdgeCase]:
    """The edge cases, each tried on the real rows first.

    Raises:
        ArgumentError: what was given is no predicate, or fails on the real rows.
    """
    if asked is None:
        return []
    tried = MOST_TRIED if most_tried is None else most_tried
    if isinstance(tried, bool) or not isinstance(tried, int) or tried < rows:
        raise ArgumentError(f'"most_tried" is a number of rows of at least {rows:,}, not {tried!r}.', where="cover")
    cases = []
    for name, predicate in _by_name(asked).items():
        if not (isinstance(predicate, str | pl.Expr) or callable(predicate)):
            raise ArgumentError(
                f"An edge case is a text, a Polars expression or a function, not {predicate!r}.",
                where="cover, where",
                remedy="For example \"age > 80 AND plan = 'basic'\".",
            )
        narrowed = narrowing(predicate, real) if isinstance(predicate, str) else {}
        narrowed = {column: wanted for column, wanted in narrowed.items() if column not in (given or {})}
        case = EdgeCase(name, predicate, rows, given, narrowed, tried, real)
        case.meets(real.frame)
        cases.append(case)
    return cases


def narrowing(text: str, real: Table) -> dict[str, Any]:
    """Conditions that follow from a text whose parts are joined by AND: those parts that speak of one column and one value.

    A strict bound is taken as a closed one; what it lets through is found by the predicate itself.
    """
    parts = re.split(r"\s+AND\s+", text, flags=re.IGNORECASE)
    if re.search(r"\b(OR|NOT|BETWEEN|CASE)\b|\(", text, flags=re.IGNORECASE):
        return {}
    found: dict[str, Any] = {}
    for part in parts:
        match = _TERM.fullmatch(part)
        if match is None:
            continue
        column, value = match["quoted"] or match["plain"], match["text"]
        if column not in real.columns:
            continue
        kind = real.schema.column(column).kind
        if match["number"] is not None and kind in NUMBERS:
            found[column] = _narrowed(found.get(column), match["sign"], float(match["number"]))
        elif value is not None and match["sign"] == "=" and kind in CLASSES:
            found[column] = value
    return {column: wanted for column, wanted in found.items() if not _empty(wanted)}


def _empty(wanted: Any) -> bool:
    return isinstance(wanted, tuple) and None not in wanted and bool(wanted[0] > wanted[1])


def _narrowed(known: Any, sign: str, value: float) -> tuple[float | None, float | None]:
    low, high = known or (None, None)
    if sign in (">", ">=", "="):
        low = value if low is None else max(low, value)
    if sign in ("<", "<=", "="):
        high = value if high is None else min(high, value)
    return low, high


def named_predicate(predicate: Predicate) -> str:
    """A short name for provenance."""
    if isinstance(predicate, str):
        return predicate
    if isinstance(predicate, pl.Expr):
        return str(predicate)
    return getattr(predicate, "__name__", type(predicate).__name__).replace("<lambda>", "a function")


def _by_name(asked: Any) -> dict[str, Any]:
    if isinstance(asked, Mapping):
        return {str(name): predicate for name, predicate in asked.items()}
    listed = list(asked) if isinstance(asked, list | tuple) else [asked]
    if not listed:
        raise ArgumentError("There is no edge case in the list.", where="cover, where", remedy="Name one, or leave it out.")
    names: dict[str, Any] = {}
    for predicate in listed:
        name = named_predicate(predicate)
        names[name if name not in names else f"{name} ({len(names) + 1})"] = predicate
    return names
