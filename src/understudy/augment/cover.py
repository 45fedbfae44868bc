"""What is too thinly covered: rare values, pairs of values that hardly occur together, the far ends of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, TypeAlias

import polars as pl

from understudy.augment.cells import CLASSES, MOST_LEVELS, NUMBERS, cells_of, named, require_classes
from understudy.augment.edge_cases import EdgeCase, edge_cases
from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.table import Table
from understudy.data.typed import typed

Cover: TypeAlias = int | Mapping[str, Any]
"""A quota (50), or what is to be covered: see `covering`."""

WORDS = ("min_count", "columns", "pairs", "tails", "unlikely", "where", "rows", "given", "most_tried")
MOST_CELLS = 1_000
EDGE_ROWS = 100


@dataclass(frozen=True)
class Thin:
    """Something of which there are too few rows: how to count its rows, and how to ask for more."""

    why: str
    given: Mapping[str, Any]
    met: pl.Expr

    def rows(self, frame: pl.DataFrame) -> int:
        return int(frame.select(self.met.fill_null(False).sum()).item())


@dataclass(frozen=True)
class Covering:
    """What is to be covered: `min_count` rows of each thin thing, `unlikely` of the least likely rows, and edge cases."""

    min_count: int = 0
    thin: list[Thin] = field(default_factory=list)
    unlikely: int = 0
    edge_cases: list[EdgeCase] = field(default_factory=list)


def covering(real: Table, asked: Cover) -> Covering:
    """What `asked` means for this table.

    Args:
        asked: a quota, or a mapping with these keys, all optional:
            min_count: rows that every value of the classes (and every pair that occurs) is to have at least.
            columns: the classes and numbers to look at; all unless told.
            pairs: False for single values only; a list of pairs of columns for these only.
            tails: a share, .01: at least `min_count` rows below the 1 % and above the 99 % quantile of every number.
            unlikely: so many of the least likely of the rows that the model makes.
            where: an edge case: a text ("age > 80 AND plan = 'basic'"), a Polars expression, a function of a frame, or several by name.
            rows: rows of each edge case; `min_count`, or else 100, unless told.
            given: conditions that narrow the search for edge cases.
            most_tried: candidates that the search may look at.

    Raises:
        ArgumentError, DataError: an unknown key, column or value; a predicate that does not work on the real rows.
    """
    wanted = _parsed(asked)
    quota = _count(wanted, "min_count", 0)
    columns = wanted.get("columns")
    thin: list[Thin] = []
    if quota:
        classes, numbers = _columns(real, columns)
        thin += [*_values(real, classes, quota), *_pairs(real, classes, wanted.get("pairs", True), quota)]
        thin += _tails(real, numbers, wanted.get("tails"), quota)
    _require_few_cells(thin, quota)
    cases = edge_cases(
        real, wanted.get("where"), rows=_count(wanted, "rows", quota or EDGE_ROWS), given=wanted.get("given"),
        most_tried=wanted.get("most_tried"),
    )  # fmt: skip
    return Covering(quota, thin, _count(wanted, "unlikely", 0), cases)


def _parsed(asked: Cover) -> dict[str, Any]:
    if isinstance(asked, int) and not isinstance(asked, bool):
        asked = {"min_count": asked}
    if not isinstance(asked, Mapping):
        raise ArgumentError(
            f"What to cover is a quota or a mapping, not {asked!r}.", where="cover", remedy='For example cover={"min_count": 50}.'
        )
    for word in asked:
        if word not in WORDS:
            raise ArgumentError(f'There is nothing called "{word}" to cover.', where="cover", remedy=did_you_mean(str(word), WORDS))
    for word, needs in (("pairs", "min_count"), ("columns", "min_count"), ("tails", "min_count"), ("rows", "where"), ("given", "where")):
        if word in asked and needs not in asked:
            raise ArgumentError(f'"{word}" says nothing without "{needs}".', where="cover", remedy=f'Add "{needs}", or leave "{word}" out.')
    if not {"min_count", "unlikely", "where"} & set(asked):
        raise ArgumentError("Nothing is said to be covered.", where="cover", remedy='For example cover={"min_count": 50}.')
    return dict(asked)


def _count(wanted: Mapping[str, Any], word: str, default: int) -> int:
    value = wanted.get(word, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < (1 if word in wanted else 0):
        raise ArgumentError(
            f'"{word}" is a number of rows of at least 1, not {value!r}.', where="cover", remedy=f'For example "{word}": 50.'
        )
    return value


def _columns(real: Table, asked: Any) -> tuple[list[str], list[str]]:
    """Classes and numbers among the columns asked for, or among all."""
    kinds = {column.name: column.kind for column in real.schema.columns}
    if asked is None:
        few = [name for name, kind in kinds.items() if kind in CLASSES and real.frame[name].drop_nulls().n_unique() <= MOST_LEVELS]
        return [name for name in few if kinds[name] != "constant"], [name for name, kind in kinds.items() if kind in NUMBERS]
    listed = [asked] if isinstance(asked, str) else list(asked)
    for name in listed:
        if name not in kinds:
            raise ArgumentError(f'There is no column "{name}".', where="cover, columns", remedy=did_you_mean(str(name), real.columns))
    classes = [name for name in listed if kinds[name] not in NUMBERS]
    if classes:
        require_classes(real, classes, "cover")
    return classes, [name for name in listed if kinds[name] in NUMBERS]


def _values(real: Table, classes: Sequence[str], quota: int) -> Iterator[Thin]:
    for column in classes:
        yield from _thin_cells(real, [column], quota)


def _pairs(real: Table, classes: Sequence[str], asked: Any, quota: int) -> Iterator[Thin]:
    """Pairs of values that occur; those that never do may be impossible, and are not made."""
    if asked is False:
        return
    if asked is True:
        chosen = list(combinations(classes, 2))
    else:
        chosen = [tuple(pair) for pair in asked] if isinstance(asked, Sequence) and not isinstance(asked, str) else []
        if not chosen or any(len(pair) != 2 for pair in chosen):
            raise ArgumentError(
                f'"pairs" is True, False or a list of pairs of columns, not {asked!r}.',
                where="cover",
                remedy='For example "pairs": [("plan", "city")].',
            )
        for pair in chosen:
            require_classes(real, list(pair), "cover")
    for pair in chosen:
        yield from _thin_cells(real, list(pair), quota)


def _thin_cells(real: Table, columns: list[str], quota: int) -> Iterator[Thin]:
    for cell in reversed(cells_of(real.frame, columns)):
        if cell.rows < quota:
            met = pl.all_horizontal(pl.col(name) == pl.lit(value, real.dtypes[name]) for name, value in cell.values.items())
            yield Thin(f"cover: {named(cell.values)}", cell.values, met)


def _tails(real: Table, numbers: Sequence[str], asked: Any, quota: int) -> Iterator[Thin]:
    if asked is None or asked is False:
        return
    share = 0.01 if asked is True else asked
    if not isinstance(share, float) or not 0 < share < 0.5:
        raise ArgumentError(f'"tails" is a share between 0 and 0.5, not {share!r}.', where="cover", remedy='For example "tails": 0.01.')
    for column in numbers:
        values = typed(real.frame[column], real.schema.column(column)).drop_nulls()
        if values.n_unique() < 3 or not real.dtypes[column].is_numeric():
            continue
        low, high = values.quantile(share, "lower"), values.quantile(1 - share, "higher")
        for end, sign, given, met in (
            (low, "≤", (None, low), pl.col(column) <= low),
            (high, "≥", (high, None), pl.col(column) >= high),
        ):
            thin = Thin(f"cover: {column} {sign} {end:g}", {column: given}, met)
            if thin.rows(real.frame) < quota:
                yield thin


def _require_few_cells(thin: list[Thin], quota: int) -> None:
    if len(thin) > MOST_CELLS:
        raise ArgumentError(
            f"{len(thin):,} values and pairs of values have fewer than {quota} rows; at most {MOST_CELLS:,} can be filled.",
            where="cover",
            remedy='Name fewer "columns", lower "min_count", or leave the pairs out: "pairs": False.',
        )
