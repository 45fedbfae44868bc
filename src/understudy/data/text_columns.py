"""Columns that come as text (CSV): which type each one has, decided from every cell, and each decision with its reason.

A `TextColumn` sees a column's cells chunk by chunk and keeps what is still possible; `decide` then makes a
`ColumnPlan`, which turns any chunk of the column into its type. What could lose something stays text: leading zeros,
whole numbers beyond 64 bits, telephone numbers with a plus sign, and dates (the schema judges those).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from understudy.core.wording import counted
from understudy.data.admission import Infinities, infinities_error, infinities_note
from understudy.data.number_text import FORMS, INFINITE_WORDS, MISSING_WORDS, PLAIN, NumberForm
from understudy.data.table import Note

SPELLINGS = (("false", "true"), ("False", "True"), ("FALSE", "TRUE"))
_LEADING_ZERO = r"^[+-]?0[0-9]"
_PHONE = r"^\+[0-9]{7,}$"
_LONG = r"^[+-]?[0-9]{19,}$"
_ROWS_SHOWN = 3
_SAMPLED = 64


@dataclass(frozen=True)
class ColumnPlan:
    """How one column of text becomes values.

    spelling: how false and true are written. stripped: blanks around cells are cut. decimals: digits after the mark, where every number
    has as many.
    """

    name: str
    dtype: pl.DataType
    form: NumberForm = PLAIN
    spelling: tuple[str, str] | None = None
    empty_is_missing: bool = False
    stripped: bool = False
    decimals: int | None = None

    def convert(self) -> pl.Expr:
        """The column in its type. Cells that are no value of it (known from the first pass to stand for missing) become null."""
        cell = pl.col(self.name)
        if self.dtype == pl.String:
            cell = cell.str.strip_chars() if self.stripped else cell
            return pl.when(cell != "").then(cell) if self.empty_is_missing else cell
        if self.stripped:
            cell = cell.str.strip_chars()
        if self.spelling is not None:
            false, true = self.spelling
            return pl.when(cell == true).then(True).when(cell == false).then(False).alias(self.name)
        number = self.form.parse(cell).cast(self.dtype, strict=False)
        return pl.when(number.is_finite()).then(number) if self.dtype.is_float() else number


class TextColumn:
    """What one column may still be, after the cells seen so far."""

    def __init__(self, name: str, forms: Sequence[NumberForm] = FORMS) -> None:
        self.name = name
        self._rows = 0
        self._missing = 0
        self._empty = 0
        self._forms = list(forms)
        self._fractional: set[NumberForm] = set()
        self._numbers = False
        self._digits = _Grouping()
        self._ends = _Ends()
        self._spellings = list(SPELLINGS)
        self._words: Counter[str] = Counter()
        self._infinite = 0
        self._infinite_rows: list[int] = []
        self._padded = False
        self._kept_as_text: str | None = None

    @property
    def _open(self) -> bool:
        return bool(self._forms or self._spellings)

    def see(self, cells: pl.Series) -> None:
        """Take in the next cells, in order: null is a missing cell, "" is a quoted empty one."""
        self._missing += cells.null_count()
        empty = int((cells == "").sum())
        self._empty += empty
        if self._open:
            values = cells.drop_nulls()
            values = values.filter(values != "") if empty else values
            if len(values) and not self._see_plain_numbers(values):
                self._see_others(values, cells)
        self._rows += len(cells)

    @property
    def decimal_mark(self) -> str | None:
        """The decimal mark that this column proves, or None where it proves none."""
        forms = self._admissible()
        marks = {form.decimal for form in forms}
        return marks.pop() if self._numbers and len(marks) == 1 and not self._plain_whole(forms) else None

    def decide(self, *, mark: str | None, default: str, empty_is_missing: bool, skip_space: bool) -> ColumnPlan:
        """The plan for the column.

        Args:
            mark: the decimal mark that other columns of the file prove, if any.
            default: the decimal mark to assume where nothing proves one.
            empty_is_missing: quoted empty cells stand for missing.
            skip_space: blanks after the delimiter are no part of the cell.
        """
        held = self._rows - self._missing - self._empty - sum(self._words.values()) - self._infinite
        stripped = self._padded or skip_space or bool(self._words) or bool(self._infinite)
        forms = self._admissible()
        if held and self._numbers and forms:
            form = PLAIN if self._plain_whole(forms) else _preferred(forms, mark, default)
            fractional = form in self._fractional or bool(self._infinite)
            dtype = pl.Float64() if fractional else pl.Int64()
            return ColumnPlan(
                self.name, dtype, form=form, stripped=stripped, decimals=self._ends.decimals(form.decimal) if fractional else None
            )
        if held and self._spellings and not self._numbers:
            return ColumnPlan(self.name, pl.Boolean(), spelling=self._spellings[0], stripped=stripped)
        return ColumnPlan(self.name, pl.String(), empty_is_missing=empty_is_missing, stripped=skip_space)

    def notes(self, plan: ColumnPlan, infinities: Infinities, where: str) -> list[Note]:
        """What the plan does to the cells. Raises `DataError` for infinities unless they are to be treated as missing."""
        notes: list[Note] = []
        if plan.dtype == pl.String:
            return self._text_notes(plan)
        if self._infinite and infinities == "error":
            raise infinities_error(self.name, self._infinite, self._infinite_rows, where)
        if self._infinite:
            notes.append(infinities_note(self.name, self._infinite))
        kind = "true/false" if plan.dtype == pl.Boolean else "numbers"
        for word, count in self._words.most_common(5):
            shown = f'"{word}"' if word.strip() else f"blank ({len(word)} space{'s' if len(word) > 1 else ''})"
            notes.append(Note(self.name, f"{counted(count, 'cell')} {shown} read as missing", f"all others are {kind}"))
        if self._empty:
            notes.append(Note(self.name, f"{counted(self._empty, 'quoted empty cell')} read as missing", f"all others are {kind}"))
        if plan.form != PLAIN:
            notes.append(Note(self.name, f"read as numbers with {plan.form}", self._form_reason()))
        return notes

    def _text_notes(self, plan: ColumnPlan) -> list[Note]:
        notes: list[Note] = []
        if self._kept_as_text is not None:
            notes.append(Note(self.name, "kept as text", self._kept_as_text))
        if self._empty and plan.empty_is_missing:
            notes.append(
                Note(self.name, f"{counted(self._empty, 'quoted empty cell')} read as missing", "the file writes missing cells in quotes")
            )
        elif self._empty:
            beside = f", apart from {counted(self._missing, 'missing cell')}" if self._missing else ""
            notes.append(
                Note(self.name, f"{counted(self._empty, 'quoted empty cell')} kept as empty text{beside}", "a quoted cell holds a text")
            )
        if self._rows == self._missing + self._empty:
            notes.append(Note(self.name, "read as text", "all its cells are empty"))
        return notes

    # Evidence

    def _see_plain_numbers(self, values: pl.Series) -> bool:
        """True where all are plain numbers and nothing forbids reading them so: the quick way."""
        if PLAIN not in self._forms:
            return False
        if len(values) > _SAMPLED and values.head(_SAMPLED).cast(pl.Float64, strict=False).null_count() > _SAMPLED // 2:
            return False
        whole = values.cast(pl.Int64, strict=False)
        numbers = whole if not whole.null_count() else values.cast(pl.Float64, strict=False)
        if numbers.null_count() or not numbers.is_finite().all():
            return False
        # Digits are ASCII here: the casts take nothing else.
        if values.str.contains(_LEADING_ZERO).any() or (values.str.contains("+", literal=True).any() and values.str.contains(_PHONE).any()):
            return False
        if numbers is whole:
            self._digits.see_whole(whole)
        elif values.str.contains(_LONG).any():
            return False
        else:
            # Every plain fraction is one in each form with a decimal point; only 1.234 may have its point between thousands.
            self._forms = [form for form in self._forms if form.decimal == "." or values.str.contains(form.pattern).all()]
            self._fractional.update(form for form in self._forms if form.decimal == ".")
            self._digits.see_ungrouped(values)
        self._ends.see(values)
        self._numbers, self._spellings = True, []
        return True

    def _see_others(self, values: pl.Series, cells: pl.Series) -> None:
        distinct = values.unique(maintain_order=True)
        bare = distinct.str.strip_chars()
        word = (bare == "") | bare.is_in(list(MISSING_WORDS))
        infinite = bare.is_in(list(INFINITE_WORDS))
        held = bare.filter(~(word | infinite))
        self._spellings = [] if self._numbers else [pair for pair in self._spellings if held.is_in(list(pair)).all()]
        self._see_numbers(held)
        if not self._open:
            return
        self._padded |= bool((bare != distinct).any())
        if word.any():
            counts = values.filter(values.is_in(distinct.filter(word).implode())).value_counts()
            self._words.update(dict(counts.iter_rows()))
        if infinite.any():
            self._spellings = []
            where = cells.is_in(distinct.filter(infinite).implode()).fill_null(False).arg_true()
            self._infinite += len(where)
            self._infinite_rows += (where + self._rows + 1).to_list()[: _ROWS_SHOWN - len(self._infinite_rows)]

    def _see_numbers(self, held: pl.Series) -> None:
        """Narrow the number forms by distinct cells that are neither blank nor words for missing."""
        if not self._forms or not len(held):
            return
        sample = held.head(_SAMPLED)
        self._forms = [form for form in self._forms if sample.str.contains(form.pattern).all()]
        self._forms = [form for form in self._forms if held.str.contains(form.pattern).all()]
        if not self._forms:
            return
        if reason := _forbidden(held):
            self._forms, self._kept_as_text = [], reason
            return
        self._numbers = True
        self._digits.see(held)
        self._ends.see(held)
        for form in self._forms:
            if (
                form not in self._fractional
                and held.to_frame("cell").select(form.parse(pl.col("cell")).cast(pl.Int64, strict=False)).to_series().null_count()
            ):
                self._fractional.add(form)

    def _admissible(self) -> list[NumberForm]:
        return [form for form in self._forms if form.thousands != " " or self._digits.spaces_group_thousands]

    def _plain_whole(self, forms: Sequence[NumberForm]) -> bool:
        return PLAIN in forms and PLAIN not in self._fractional

    def _form_reason(self) -> str:
        if len({form.decimal for form in self._admissible()}) > 1:
            return "the rest of the file suggests it; its own cells could also be read otherwise"
        return "all its cells are written so"


class _Ends:
    """Whether all numbers have as many digits after the same mark, as amounts of money do: 1.50."""

    def __init__(self) -> None:
        self._pattern: str | None = None
        self._mark = ""
        self._count: int | None = None

    def see(self, cells: pl.Series) -> None:
        """Take in the next cells, all of them numbers."""
        if self._pattern is None:
            end = re.search(r"([.,])([0-9]{1,9})$", cells[0])
            self._mark, self._count = (end[1], len(end[2])) if end else ("", None)
            self._pattern = f"{re.escape(self._mark)}[0-9]{{{self._count}}}$"
        if self._count is not None and not cells.str.contains(self._pattern).all():
            self._count = None

    def decimals(self, mark: str) -> int | None:
        return self._count if mark == self._mark else None


class _Grouping:
    """Whether blanks between digits are thousands marks: "555 123 456" may as well be a telephone number."""

    def __init__(self) -> None:
        self._proved = False
        self._short = False
        self._long = False

    def see_whole(self, numbers: pl.Series) -> None:
        self._short = True
        # Not abs(): the smallest 64-bit number has none.
        self._long |= bool(((numbers >= 10_000) | (numbers <= -10_000)).any())

    def see(self, cells: pl.Series) -> None:
        self._proved |= bool(cells.str.contains(r"[0-9][\u00a0\u202f][0-9]{3}|[0-9] [0-9]{3}[,.]").any())
        self.see_ungrouped(cells.filter(~cells.str.contains(r"[0-9][ \u00a0\u202f][0-9]")))

    def see_ungrouped(self, cells: pl.Series) -> None:
        self._short |= len(cells) > 0
        self._long = self._long or bool(cells.str.contains(r"^[+-]?[0-9]{5}").any())

    @property
    def spaces_group_thousands(self) -> bool:
        """No-break spaces or fractions prove it; else numbers below 10,000 stand without blanks, and no larger ones do."""
        return self._proved or (self._short and not self._long)


def _preferred(forms: Sequence[NumberForm], mark: str | None, default: str) -> NumberForm:
    by_file = [form for form in forms if form.decimal == mark]
    if by_file:
        return by_file[0]
    if PLAIN in forms:
        return PLAIN
    return next((form for form in forms if form.decimal == default), forms[0])


def file_mark(columns: Sequence[TextColumn]) -> str | None:
    """The decimal mark that most columns prove, or None."""
    marks = Counter(column.decimal_mark for column in columns if column.decimal_mark is not None)
    return marks.most_common(1)[0][0] if marks else None


def _forbidden(held: pl.Series) -> str | None:
    """Why cells that look like numbers must stay text, or None."""
    if held.str.contains(_LEADING_ZERO).any():
        example = held.filter(held.str.contains(_LEADING_ZERO))[0]
        return f'numbers with leading zeros, such as "{example}", are codes'
    if held.str.contains(_PHONE).any():
        example = held.filter(held.str.contains(_PHONE))[0]
        return f'"{example}" with its plus sign is a code'
    long = held.filter(held.str.contains(_LONG))
    if long.cast(pl.Int64, strict=False).null_count():
        return "some of its whole numbers do not fit into 64 bits"
    if held.cast(pl.Float64, strict=False).is_infinite().any():
        return "some of its numbers are too large for a floating-point number"
    return None
