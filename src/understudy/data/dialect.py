"""How a delimited file is written: encoding, delimiter, quotes, header. Found out from its beginning, never asked for twice."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from understudy.core.errors import DataError
from understudy.data.number_text import FORMS, PLAIN, NumberForm

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space", ":": "colon"}
SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 1000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUMBER = re.compile("|".join(form.pattern for form in FORMS))


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written.

    Args:
        quote: the quote mark; None where quotes are plain characters.
        escape: the character before a quote inside quotes; None where it is doubled.
        skip_space: a blank follows each delimiter and is no part of the cell.
        quote_all: every cell is quoted.
        numbers: by column, number forms other than 1234.5.
        spellings: by column, how false and true are written.
        decimals: by column, the digits after the mark, where each of its numbers has as many (1.50).
    """

    encoding: str = "utf-8"
    bom: bool = False
    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    header: bool = True
    skip_space: bool = False
    quote_all: bool = False
    newline: str = "\n"
    numbers: Mapping[str, NumberForm] = field(default_factory=dict)
    spellings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON writes them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Dialect:
        numbers = {name: NumberForm(**form) for name, form in state["numbers"].items()}
        spellings = {name: (false, true) for name, (false, true) in state["spellings"].items()}
        return cls(**{**state, "numbers": numbers, "spellings": spellings})

    def reader(self, lines: Iterable[str], *, strict: bool = False) -> Any:
        """The standard library's reader for this dialect: exact row by row, where speed does not matter."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            doublequote=self.escape is None,
            escapechar=self.escape,
            skipinitialspace=self.skip_space,
            strict=strict,
        )


def detect_encoding(sample: bytes, *, where: str) -> tuple[str, bool]:
    """The encoding that a file's first bytes show, and whether they begin with a byte-order mark.

    "utf-8" stands for "UTF-8 until a byte proves otherwise": the rest of the file is checked while it is read.

    Raises:
        DataError: the bytes are no text.
    """
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return encoding, True
    zeros = sample.count(0)
    if not zeros:
        return "utf-8", False
    # Latin text in UTF-16 has a zero in every other byte.
    odd = sample[1::2].count(0)
    for encoding, share in (("utf-16-le", odd), ("utf-16-be", zeros - odd)):
        if share > 0.6 * len(sample) / 2 and share > 0.95 * zeros:
            return encoding, False
    if zeros > 0.01 * len(sample):
        raise DataError("The file is binary, not text.", where=where, remedy="Name its format: read(path, format=...).")
    return "utf-8", False


def detect_dialect(text: str, *, complete: bool, delimiter: str | None = None, quote: str | None = None) -> Dialect:
    """The dialect of a file that begins with `text`; `delimiter` and `quote` are taken as given. `header` is not judged here.

    Every plausible pair of delimiter and quoting is tried on the text; the one that gives rows of equal length, and the
    more columns, wins.
    """
    newline = "\r\n" if "\r\n" in text else "\n" if "\n" in text else "\r" if "\r" in text else "\n"
    best, best_score = Dialect(delimiter=delimiter or ","), (-1.0, -1.0, -1.0)
    for candidate in _candidates(text, delimiter, quote):
        rows = rows_of(text, candidate, complete=complete)
        score = _score(rows, candidate) if rows else (-1.0, -1.0, -1.0)
        if score > best_score:
            best, best_score = candidate, score
    rows = rows_of(text, best, complete=complete)
    return replace(best, newline=newline, skip_space=_skips_space(rows), quote_all=_quotes_all(text, best))


def rows_of(text: str, dialect: Dialect, *, complete: bool) -> list[list[str]]:
    """The first rows of `text`; the last is dropped where the text may have been cut in it. Blank lines are skipped."""
    rows: list[list[str]] = []
    try:
        for row in dialect.reader(io.StringIO(text, newline="")):
            if row:
                rows.append(row)
            if len(rows) > _SAMPLE_ROWS:
                return rows[:_SAMPLE_ROWS]
    except csv.Error:
        return rows
    return rows if complete or len(rows) < 2 else rows[:-1]


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """True where the first row names the columns.

    Text over a column of numbers proves a header, a number over numbers denies it — unless the numbers count the
    columns (0, 1, 2 …) or look like years. Where all is text, a first row whose cells come again below is no header.
    """
    first, body = [cell.strip() for cell in rows[0]], rows[1:]
    if not body or _counts_columns(first):
        return True
    columns = [[row[i].strip() for row in body if i < len(row) and row[i].strip()] for i in range(len(first))]
    typed = [bool(cells) and all(map(_is_number, cells)) for cells in columns]
    named = [cell != "" and not _is_number(cell) for cell in first]
    if any(t and n for t, n in zip(typed, named, strict=True)):
        return True
    numbers = [cell for cell in first if _is_number(cell)]
    if numbers:
        return _all_years(numbers) and len(set(numbers)) == len(numbers) and not _all_years([cell for cells in columns for cell in cells])
    again = sum(cell in cells for cell, cells in zip(first, columns, strict=True) if cell)
    return again * 2 <= len(first)


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.match(cell))


def _all_years(cells: Sequence[str]) -> bool:
    return all(re.fullmatch("(19|20)[0-9]{2}", cell) for cell in cells)


def _counts_columns(first: list[str]) -> bool:
    return len(first) > 1 and (first == [str(i) for i in range(len(first))] or first == [str(i + 1) for i in range(len(first))])


def _candidates(text: str, delimiter: str | None, quote: str | None) -> list[Dialect]:
    delimiters = (delimiter,) if delimiter else tuple(mark for mark in DELIMITERS if mark in text) or (",",)
    if quote is not None:
        styles: list[tuple[str | None, str | None]] = [(quote or None, None)]
    else:
        styles = [('"', None)]
        if '\\"' in text:
            styles.append(('"', "\\"))
        if "'" in text:
            styles.append(("'", None))
        if '"' in text:
            styles.append((None, None))
    return [Dialect(delimiter=mark, quote=style, escape=escape) for mark in delimiters for style, escape in styles]


def _score(rows: list[list[str]], dialect: Dialect) -> tuple[float, float, float]:
    """Evenness of the rows, then tidiness of the cells, then the number of columns."""
    widths = Counter(map(len, rows))
    width, often = widths.most_common(1)[0]
    even = often / len(rows) * (1.0 if len(rows[0]) == width else 0.5)
    if width == 1:
        # One column is right only where no delimiter divides the rows evenly.
        return round(0.5 * even, 1), 0.0, 1.0
    cells = [cell for row in rows[:200] for cell in row]
    others = tuple(mark for mark in DELIMITERS if mark != dialect.delimiter)
    marks = ('"', "'") if dialect.quote is None else ("'",) if dialect.quote == '"' else ('"',)
    tidy = sum(1 for cell in cells if _is_tidy(cell, others, marks, dialect.delimiter)) / len(cells)
    return round(even, 2), round(tidy, 1), float(width)


def _is_tidy(cell: str, others: tuple[str, ...], marks: tuple[str, ...], delimiter: str) -> bool:
    if cell[:1] in marks and cell[:1] == cell[-1:]:
        return False
    return not any(mark in cell for mark in others) or _is_number(cell.strip())


def _skips_space(rows: list[list[str]]) -> bool:
    later = [cell for row in rows for cell in row[1:] if cell]
    return len(later) > 1 and all(cell[0] == " " and cell.strip() for cell in later)


def _quotes_all(text: str, dialect: Dialect) -> bool:
    """True where every cell of the first lines begins and ends with a quote."""
    if dialect.quote is None:
        return False
    lines = [line for line in text.splitlines()[:20] if line][:-1] or text.splitlines()[:1]
    quote, mark = re.escape(dialect.quote), re.escape(dialect.delimiter)
    cell = f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}"
    return bool(lines) and all(re.fullmatch(f"{cell}(?:{mark} ?{cell})*", line) for line in lines)


def plain_forms(decimal: str | None, thousands: str | None) -> tuple[NumberForm, ...]:
    """The number forms that the caller's words leave. Raises `DataError` where they contradict each other."""
    if decimal is None and thousands is None:
        return FORMS
    if decimal not in (None, ".", ",") or (decimal is not None and decimal == thousands):
        raise DataError(
            f'decimal="{decimal}" with thousands="{thousands}" is no way to write numbers.',
            remedy='The decimal mark is "." or ","; the thousands mark differs from it.',
        )
    if thousands is not None and thousands not in {form.thousands for form in FORMS}:
        raise DataError(f'thousands="{thousands}" is no mark between thousands.', remedy='Known: ",", ".", "\'", " ", "" for none.')
    if thousands is not None and decimal is None:
        decimal = "," if thousands == "." else "."
    chosen = NumberForm(decimal or ".", thousands or "")
    return tuple(
        dict.fromkeys(
            (chosen,) if thousands is not None else (chosen, *(form for form in FORMS if form.decimal == decimal and form != PLAIN))
        )
    )
