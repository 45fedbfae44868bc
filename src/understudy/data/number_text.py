"""How numbers are written in text: decimal mark and thousands mark, and the way there and back."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

# A space that groups digits may be a plain, a no-break or a narrow no-break space (ISO 80000-1, 7.3.1).
_SPACES = " \u00a0\u202f"
_APOSTROPHES = "'\u2019"

MISSING_WORDS = frozenset(
    "NA N/A n/a na NaN nan NAN NULL Null null None none NONE <NA> NaT #N/A #NULL! (null) \\N missing Missing ? - -- .".split()
)
INFINITE_WORDS = frozenset(
    sign + word for sign in ("", "+", "-") for word in ("inf", "Inf", "INF", "infinity", "Infinity", "INFINITY", "∞")
)


@dataclass(frozen=True)
class NumberForm:
    """decimal: "." or ",". thousands: "", ",", ".", "'" or " " (any space)."""

    decimal: str = "."
    thousands: str = ""

    @property
    def pattern(self) -> str:
        """A regular expression that a whole number cell in this form matches."""
        point = re.escape(self.decimal)
        exponent = "(?:[eE][+-]?[0-9]+)?"
        plain = f"(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+){exponent}"
        if not self.thousands:
            return f"^[+-]?{plain}$"
        grouped = f"[1-9][0-9]{{0,2}}(?:{self._mark}[0-9]{{3}})+(?:{point}[0-9]*)?"
        return f"^[+-]?(?:{plain}|{grouped})$"

    def parse(self, text: pl.Expr) -> pl.Expr:
        """Text in this form, as text that a plain cast reads."""
        if self.thousands:
            text = text.str.replace_all(self._mark, "")
        return text.str.replace(self.decimal, ".", literal=True) if self.decimal != "." else text

    def write(self, number: pl.Expr) -> pl.Expr:
        """Numbers as text in this form."""
        text = number.cast(pl.String)
        if self.thousands:
            whole = text.str.extract(r"^-?(\d+)(?:\.|$)")
            grouped = whole.str.reverse().str.replace_all(r"(\d{3})", "${1}_").str.reverse().str.strip_chars_start("_")
            rest = pl.when(text.str.contains(".", literal=True)).then(text.str.extract(r"(\.\d*)$")).otherwise(pl.lit(""))
            regrouped = pl.when(text.str.starts_with("-")).then(pl.lit("-")).otherwise(pl.lit("")) + grouped + rest
            # Exponents (1e22) have no groups and stay as they are.
            text = pl.when(whole.is_null() | text.str.contains("e", literal=True)).then(text).otherwise(regrouped)
        if self.decimal != ".":
            text = text.str.replace(".", self.decimal, literal=True)
        return text.str.replace_all("_", self.thousands, literal=True) if self.thousands else text

    def __str__(self) -> str:
        names = {".": "point", ",": "comma", "'": "apostrophe", " ": "space", "": "none"}
        groups = f", {names[self.thousands]} between thousands" if self.thousands else ""
        return f"decimal {names[self.decimal]}{groups}"

    @property
    def _mark(self) -> str:
        if self.thousands == " ":
            return f"[{_SPACES}]"
        return f"[{_APOSTROPHES}]" if self.thousands == "'" else re.escape(self.thousands)


def fixed(number: pl.Expr, decimals: int) -> pl.Expr:
    """Numbers as text with so many digits after the point; those that 38 digits cannot hold, as they are."""
    return pl.coalesce(number.cast(pl.Decimal(38, decimals), strict=False).cast(pl.String), number.cast(pl.String))


PLAIN = NumberForm()
# In order of preference where a column could be read in several of them and nothing else in the file decides.
FORMS = (
    PLAIN, NumberForm(","), NumberForm(".", ","), NumberForm(",", "."), NumberForm(".", "'"), NumberForm(".", " "), NumberForm(",", " "),
)  # fmt: skip
