"""What a language must say to have forms of words."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import ClassVar


class Language(ABC):
    """The forms of one language. To add one, subclass it in a file of its own and name it in `LANGUAGES`."""

    code: ClassVar[str]
    months: ClassVar[tuple[str, ...]]
    weekdays: ClassVar[tuple[str, ...]]
    decimal: ClassVar[str]
    thousands: ClassVar[str]
    both: ClassVar[str]
    """The word between the last two of a list: "and"."""
    either: ClassVar[str]

    @abstractmethod
    def cardinal(self, number: int) -> str:
        """A whole number in words."""

    @abstractmethod
    def ordinal(self, number: int) -> str:
        """Which one, in digits: 3rd."""

    @abstractmethod
    def ordinal_words(self, number: int) -> str:
        """Which one, in words: third."""

    @abstractmethod
    def date(self, day: dt.date) -> str:
        """A date with the month's name."""

    @abstractmethod
    def date_words(self, day: dt.date) -> str:
        """A date with the day in words, as it is said."""

    @abstractmethod
    def clock(self, time: dt.time) -> str:
        """A time of day."""

    def article(self, word: str) -> str | None:
        """The indefinite article before a word; None: the language does not tell it from the word's letters."""
        return None

    def plural(self, word: str) -> str | None:
        """A noun in the plural; None: the language does not tell it from the word's letters."""
        return None

    def possessive(self, name: str) -> str:
        """Whose it is."""
        raise NotImplementedError

    # -- what follows

    def number_words(self, number: float) -> str:
        """A number in words; digits after the point one by one."""
        whole, _, rest = str(Decimal(str(number)).normalize().__format__("f")).partition(".")
        sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
        words = self.cardinal(int(digits))
        if rest:
            words += f" {self.point} " + " ".join(self.cardinal(int(digit)) for digit in rest)
        return f"{self.minus} {words}" if sign else words

    point: ClassVar[str] = "point"
    minus: ClassVar[str] = "minus"

    def fixed(self, number: float, decimals: int) -> str:
        """A number with so many digits after the point, half rounded up, thousands grouped."""
        rounded = Decimal(str(number)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
        return f"{rounded:,f}".replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)

    def grouped(self, number: float) -> str:
        """A number with its thousands grouped."""
        whole, point, rest = str(number).partition(".")
        return f"{int(whole):,}".replace(",", self.thousands) + (self.decimal + rest if point else "")

    def plain(self, number: float) -> str:
        """A number as it is, with the language's decimal mark."""
        return str(number).replace(".", self.decimal)

    def listed(self, parts: Sequence[str], word: str) -> list[str]:
        """What stands between the parts of a list."""
        return [", "] * (len(parts) - 2) + [f" {word} "] * (len(parts) > 1)
