"""The rows of a spec before they are texts: its columns as `rules/` makes them, with the cases that rows show.

A case changes the columns that it sets. The shares of a choice, or of a boolean, are those of all rows, with cases and without: rows
without a case take what the cases left over. So label shares and rates of cases hold together, or are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import ConditionError, did_you_mean
from understudy.core.random import Stream
from understudy.data.constraints import Contradiction
from understudy.data.keyed import key_of, uniforms
from understudy.rules import columns as c
from understudy.rules.dataset import Dataset
from understudy.rules.spec import Spec, TableSpec
from understudy.text.grammar.inflection import Kind
from understudy.text.spec.text_spec import TextSpec

TABLE = "rows"
MOST_ROWS = 1 << 40
_MOST_VALUES = 1000
_MOST_TABLES = 32
_FREE = (c.ChoiceColumn, c.BooleanColumn, c.IntegerColumn, c.DecimalColumn, c.ListColumn, c.WordColumn, c.ConstantColumn)


@dataclass(frozen=True)
class Conditions:
    """What rows are to be like. cases: names with their rates, None for those without one. tables: what makes the rows of each."""

    cases: tuple[str | None, ...]
    rates: tuple[float, ...]
    tables: Mapping[str | None, Dataset]


class Attributes:
    """The columns of a spec's rows.

    Args:
        spec: the text spec. folder: what file names in it are relative to.
        rows: a table whose rows are to have texts, in the place of the file that the spec names.
        sources: files that were read before, as a saved generator brings them along.
    """

    def __init__(
        self, spec: TextSpec, folder: Path, rows: pl.DataFrame | None = None, sources: Mapping[str, pl.DataFrame] | None = None
    ) -> None:
        self.spec, self._folder = spec, folder
        self._sources = dict(sources or {})
        self._columns = {**self._of_file(rows), **spec.columns}
        self._base = self._table({})
        self._tables = {repr([]): self._base}
        self._sources = self._base.sources
        self.sample = self._rows_of(self._base, np.arange(64), Stream(spec.seed))
        self.plain = self.conditioned(None)

    @property
    def sources(self) -> dict[str, pl.DataFrame]:
        """The files that were read, to be saved with what needs them."""
        return self._sources

    @property
    def visible(self) -> list[str]:
        """The columns that are put out."""
        return [*(name for name, column in self._columns.items() if not column.hidden), *(["case"] if self.spec.cases else [])]

    @property
    def kinds(self) -> dict[str, Kind]:
        """What kind of value each column has, hidden ones too."""
        return {name: _kind(self.sample.schema[name]) for name in [*self._columns, *(["case"] if self.spec.cases else [])]}

    @property
    def height(self) -> int | None:
        """How many rows there are; None: there is no end to them."""
        if f"frame {TABLE}" in self._sources:
            return self._sources[f"frame {TABLE}"].height
        return self.spec.rows if isinstance(self.spec.rows, int) else None

    def _of_file(self, rows: pl.DataFrame | None) -> dict[str, c.AnyColumn]:
        """Columns that take the rows of the file, or of the given table, in their order."""
        name = f"frame {TABLE}"
        if rows is not None:
            self._sources[name] = rows
        elif isinstance(self.spec.rows, str) and name not in self._sources:
            self._sources[name] = self._read(self.spec.rows)
        frame = self._sources.get(name)
        if frame is None:
            return {}
        if not frame.height:
            raise Contradiction("The table of rows is empty.", "Give a table with at least one row.", at=("rows",))
        for column in frame.columns:
            if column in self.spec.columns or column in (*self.spec.of_task.outputs(self.spec), "case", "problem"):
                raise Contradiction(
                    f'The table of rows has a column "{column}" already.', "Give one of the two another name.", at=("rows",)
                )
        return {column: c.FrameColumn(frame=TABLE, column=column, take="order") for column in frame.columns}

    def _read(self, file: str) -> pl.DataFrame:
        from understudy.data.files import read

        path = Path(file) if Path(file).is_absolute() else self._folder / file
        return read(path).frame

    def _table(self, changes: Mapping[str, c.AnyColumn]) -> Dataset:
        """The rows' table, some of its columns others than the spec says."""
        columns: dict[str, c.AnyColumn] = {**self._columns, **changes}
        if not columns:
            columns = {"row": c.KeyColumn(hidden=True)}
        spec = self.spec
        frames = {**spec.frames, **({TABLE: str(spec.rows)} if f"frame {TABLE}" in self._sources else {})}
        tables = {TABLE: TableSpec(rows=self.height or MOST_ROWS, people=spec.people, columns=columns, rules=spec.rules)}
        try:
            rules = Spec(
                seed=spec.seed, today=spec.today, locale=spec.locale, lists=spec.lists, models=spec.models, frames=frames, tables=tables
            )
        except ValueError as error:
            raise _as_contradiction(error) from None
        return Dataset.over(rules, self._folder, self._sources)

    # -- conditions

    def conditioned(self, given: Any) -> Conditions:
        """What `given` asks for: columns with a value or with shares of values, and "case" with a name, None, or rates.

        Raises:
            ConditionError: no such column or case, a value that it does not have, or one that a case contradicts.
        """
        stated = _checked(given)
        asked = stated.pop("case", self) if "case" in stated else self
        changes = {name: self._given(name, wanted) for name, wanted in stated.items()}
        rates = self._rates(None if asked is self else asked, asked is not self, changes)
        cases = (None, *rates)
        every = (max(0.0, 1 - sum(rates.values())), *rates.values())
        tables: dict[str | None, Dataset] = {}
        for case, rate in zip(cases, every, strict=True):
            if rate > 0 or case is None:
                tables[case] = self._of_case(case, rates, changes, asked is not self)
        return Conditions(cases, every, tables)

    def _of_case(self, case: str | None, rates: Mapping[str, float], changes: Mapping[str, c.AnyColumn], asked: bool) -> Dataset:
        """The rows of one case. asked: the rates were given, so that they go before the shares of columns."""
        columns = {**self._columns, **changes}
        set_here = self.spec.cases[case].set if case is not None else {}
        found = {name: _set_to(columns[name], value) for name, value in set_here.items()}
        for name, column in columns.items():
            if name not in found:
                left = self._left_over(name, column, rates, asked)
                if left is not None:
                    found[name] = left
        changed = {**changes, **found}
        key = repr(sorted(changed.items()))
        if key not in self._tables:
            self._tables = {**dict(list(self._tables.items())[-_MOST_TABLES:]), key: self._table(changed)}
        return self._tables[key]

    def tried(self, numbers: NDArray[np.int64]) -> list[pl.DataFrame]:
        """Rows as they may be, those of each case apart."""
        stream = Stream(self.spec.seed)
        return [self._rows_of(table, numbers, stream, case) for case, table in self.plain.tables.items()]

    def _left_over(self, name: str, column: c.AnyColumn, rates: Mapping[str, float], asked: bool) -> c.AnyColumn | None:
        """The shares of a column in rows where no case sets it, so that those of all rows are as the spec says; None: as they are."""
        setting = {case: rate for case, rate in rates.items() if name in self.spec.cases[case].set and rate > 0}
        if not setting or not isinstance(column, c.ChoiceColumn | c.BooleanColumn):
            return None
        wanted = _shares_of(column)
        for case, rate in setting.items():
            for value, share in spread(self.spec.cases[case].set[name]).items():
                wanted[value] = wanted.get(value, 0.0) - rate * share
                if wanted[value] < -1e-9 and not asked:
                    whole = _shares_of(column).get(value, 0.0)
                    raise Contradiction(
                        f'Cases set "{name}" to "{value}" in more rows than its share of {whole:.3g} allows.',
                        "Lower the rates of the cases, or raise that share.",
                        at=("cases", case, "rate"),
                    )
        kept = {value: max(share, 0.0) for value, share in wanted.items()}
        return c.ChoiceColumn(values=kept, hidden=column.hidden, nulls=column.nulls) if sum(kept.values()) > 1e-9 else None

    def _given(self, name: str, wanted: Any) -> c.AnyColumn:
        if name not in self._columns:
            choices = [*self._columns, *(["case"] if self.spec.cases else [])]
            raise ConditionError(f'There is no column "{name}".', where="given", remedy=did_you_mean(name, choices, shown=20))
        column = self._columns[name]
        if not isinstance(column, _FREE):
            raise ConditionError(
                f'The column "{name}" follows from others, or from the row, so that it cannot be given.',
                where="given",
                remedy=f"Columns that can: {', '.join(free for free, one in self._columns.items() if isinstance(one, _FREE)) or 'none'}.",
            )
        spread = _spread_of(wanted)
        domain = self.domain(name, column)
        for value in spread:
            if domain is not None and not any(value == known and type(value) is type(known) for known in domain):
                raise ConditionError(
                    f'"{value}" is no value of the column "{name}".',
                    where="given",
                    remedy=did_you_mean(str(value), [str(known) for known in domain if known is not None], shown=20),
                )
            if domain is None and not isinstance(value, _types_of(column)):
                raise ConditionError(f'The column "{name}" does not hold values like {value!r}.', where="given")
        try:
            made = _set_to(column, spread if len(spread) > 1 else next(iter(spread)))
        except ValueError as error:
            raise ConditionError(_as_contradiction(error).what, where=f"given: {name}") from None
        return made

    def _rates(self, asked: Any, given: bool, changes: Mapping[str, c.AnyColumn]) -> dict[str, float]:
        """The rates of the cases. Where a column is given, cases that set it to something else do not show."""
        cases = self.spec.cases
        clashing = {
            case: name
            for case, stated in cases.items()
            for name, value in stated.set.items()
            if name in changes and not _agrees(changes[name], value)
        }
        if not given:
            return {case: 0.0 if case in clashing else stated.rate for case, stated in cases.items()}
        wanted = {} if asked is None else {asked: 1.0} if isinstance(asked, str) else asked
        if not isinstance(wanted, Mapping) or not all(isinstance(rate, int | float) and 0 <= rate <= 1 for rate in wanted.values()):
            raise ConditionError(
                "A case is a name, None, or names with their rates.", where="given", remedy='For example {"case": "sarcasm"}.'
            )
        for case in wanted:
            if case not in cases:
                raise ConditionError(f'There is no case "{case}".', where="given", remedy=did_you_mean(str(case), cases, shown=20))
            if case in clashing and wanted[case] > 0:
                raise ConditionError(
                    f'The case "{case}" sets "{clashing[case]}" to something else than was given.',
                    where="given",
                    remedy=f'Leave out "{clashing[case]}", or the case.',
                )
        if sum(wanted.values()) > 1 + 1e-9:
            raise ConditionError("The rates of the cases are more than 1 together.", where="given")
        return {case: float(wanted.get(case, 0.0)) for case in cases}

    # -- rows

    def frame(self, conditions: Conditions, numbers: NDArray[np.int64], stream: Stream) -> pl.DataFrame:
        """Rows by their numbers, hidden columns too. stream: of the data set."""
        shown = np.zeros(len(numbers), np.int64)
        if len(conditions.cases) > 1:
            ends = np.cumsum(conditions.rates) / sum(conditions.rates)
            chances = uniforms(numbers, key_of(stream, "text", "case"))
            shown = np.minimum(np.searchsorted(ends, chances, side="right"), len(ends) - 1)
        parts, order = [], []
        for place, case in enumerate(conditions.cases):
            here = np.flatnonzero(shown == place)
            if len(here) or (case is None and not len(numbers)):
                parts.append(self._rows_of(conditions.tables[case], numbers[here], stream, case))
                order.append(here)
        if len(parts) == 1:
            return parts[0]
        back = np.empty(len(numbers), np.int64)
        back[np.concatenate(order)] = np.arange(len(numbers))
        return pl.concat(parts)[back]

    def _rows_of(self, table: Dataset, numbers: NDArray[np.int64], stream: Stream, case: str | None = None) -> pl.DataFrame:
        frame = table.world(stream).cells(TABLE, numbers % (self.height or MOST_ROWS)).frame(list(self._columns))
        if not self._columns:
            frame = pl.DataFrame({"row": numbers})
        frame = frame.with_columns(pl.col(pl.Enum).cast(pl.String))
        if hasattr(self, "sample"):
            frame = frame.cast({name: self.sample.schema[name] for name in self._columns if frame.schema[name] != self.sample.schema[name]})
        return frame.with_columns(pl.lit(case, pl.String).alias("case")) if self.spec.cases else frame

    # -- what values there are

    def domains(self) -> dict[str, list[Any] | None]:
        """The values that each column can have; None: they are not known."""
        found = {name: self.domain(name, column) for name, column in self._columns.items()}
        for case in self.spec.cases.values():
            for name, value in case.set.items():
                known = found.get(name)
                if known is not None:
                    found[name] = list(dict.fromkeys([*known, *spread(value)]))
        return found | ({"case": [None, *self.spec.cases]} if self.spec.cases else {})

    def domain(self, name: str, column: c.AnyColumn) -> list[Any] | None:
        """The values that a column can have, where they are known and not too many."""
        found = self._listed(name, column)
        if found is None or len(found) > _MOST_VALUES:
            return None
        return [*found, *([None] if column.nulls else [])]

    def _listed(self, name: str, column: c.AnyColumn) -> list[Any] | None:
        match column:
            case c.ChoiceColumn():
                return [value for value, weight in column.weights.items() if weight > 0]
            case c.BooleanColumn():
                return [True, False]
            case c.ConstantColumn():
                return [column.value]
            case c.IntegerColumn() if column.low is not None and column.high is not None and column.high - column.low < _MOST_VALUES:
                return list(range(int(np.ceil(column.low)), int(np.floor(column.high)) + 1))
            case c.PersonColumn(field="sex"):
                return ["female", "male"]
            case c.FrameColumn():
                values = self._sources.get(f"frame {column.frame}")
                return None if values is None or column.column not in values.columns else _unique(values[column.column])
            case c.CaseColumn():
                return self._of_cases(name, column)
        return None

    def _of_cases(self, name: str, column: c.CaseColumn) -> list[Any] | None:
        ends = [*(case.then for case in column.cases), column.otherwise]
        found: dict[Any, None] = {}
        for end in ends:
            inner = self.domain(name, end) if isinstance(end, c.Column) else [end]
            if inner is None:
                return None
            found.update(dict.fromkeys(inner))
        return list(found)

    def independent(self, names: Sequence[str]) -> bool:
        """Whether these columns are drawn each by itself, so that all of their values come together."""
        free = (c.ChoiceColumn, c.BooleanColumn, c.ConstantColumn)
        ones = [self._columns[name] for name in names if name != "case"]
        return not self.spec.rules and all(
            isinstance(one, free) or (isinstance(one, c.IntegerColumn) and one.above is None and one.below is None) for one in ones
        )


def _unique(values: pl.Series) -> list[Any] | None:
    distinct = values.unique(maintain_order=True)
    return distinct.to_list() if len(distinct) <= _MOST_VALUES else None


def _checked(given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConditionError(
            "`given` is a mapping from columns to values.", where="given", remedy='For example {"label": "negative", "case": "sarcasm"}.'
        )
    return {str(name): value for name, value in given.items()}


def _spread_of(wanted: Any) -> dict[Any, float]:
    """A value, several values, or shares of values, as shares."""
    if isinstance(wanted, Mapping):
        if not wanted or not all(isinstance(share, int | float) and share >= 0 for share in wanted.values()) or sum(wanted.values()) <= 0:
            raise ConditionError("Shares are numbers of at least 0, one of them above.", where="given")
        return dict(wanted)
    if isinstance(wanted, list | tuple | set | frozenset):
        if not wanted:
            raise ConditionError("A list of values has at least one.", where="given")
        return dict.fromkeys(sorted(wanted, key=str) if isinstance(wanted, set | frozenset) else wanted, 1.0)
    if not isinstance(wanted, bool | int | float | str):
        raise ConditionError(f"{wanted!r} is no value that a column could be given.", where="given", remedy="Give a text or a number.")
    return {wanted: 1.0}


def spread(value: Any) -> dict[Any, float]:
    """A case's value as shares that sum to 1."""
    shares = value if isinstance(value, dict) else {value: 1.0}
    total = sum(shares.values())
    return {key: share / total for key, share in shares.items()}


def _shares_of(column: c.ChoiceColumn | c.BooleanColumn) -> dict[Any, float]:
    if isinstance(column, c.BooleanColumn):
        return {True: column.share, False: 1 - column.share}
    total = sum(column.weights.values())
    return {value: weight / total for value, weight in column.weights.items()}


def _set_to(column: c.AnyColumn, value: Any) -> c.AnyColumn:
    """The column with one value, or with shares of values."""
    if isinstance(value, dict):
        return c.ChoiceColumn(values=dict(value), hidden=column.hidden)
    return c.ConstantColumn(value=value, hidden=column.hidden)


def _agrees(column: c.AnyColumn, value: Any) -> bool:
    """Whether a given column has every value that a case sets it to."""
    mine = {column.value} if isinstance(column, c.ConstantColumn) else set(column.weights) if isinstance(column, c.ChoiceColumn) else set()
    return set(spread(value)) <= mine


def _types_of(column: c.AnyColumn) -> tuple[type, ...]:
    return (int, float) if isinstance(column, c.NumberColumn) else (str, int, float, bool)


def _kind(dtype: pl.DataType) -> Kind:
    if dtype.is_integer():
        return "whole"
    if dtype.is_numeric():
        return "number"
    if dtype in (pl.Date, pl.Datetime):
        return "date" if dtype == pl.Date else "moment"
    return "time" if dtype == pl.Time else "text"


def _as_contradiction(error: ValueError) -> Contradiction:
    """What pydantic complains of, with the place in the text spec in the place of that in the rules' spec."""
    from pydantic import ValidationError

    if isinstance(error, Contradiction):
        return error
    if not isinstance(error, ValidationError):
        raise error
    worst = error.errors()[0]
    cause = worst.get("ctx", {}).get("error")
    loc = tuple(worst["loc"])
    at = (*loc, *cause.at) if isinstance(cause, Contradiction) else loc
    at = at[2:] if at[:2] == ("tables", TABLE) else at
    if isinstance(cause, Contradiction):
        return Contradiction(cause.what.replace(f'"{TABLE}"', "the rows"), cause.remedy, at=at)
    return Contradiction(str(worst["msg"]), at=at)
