"""German."""

from __future__ import annotations

import datetime as dt

from understudy.text.grammar.languages.language import Language

_SMALL = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn"
).split()
_TENS = "- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_ORDINALS = {1: "erste", 3: "dritte", 7: "siebte", 8: "achte"}


class German(Language):
    """German."""

    code = "de"
    months = (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
    )  # fmt: skip
    weekdays = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
    decimal, thousands, both, either = ",", ".", "und", "oder"
    point = "Komma"

    def cardinal(self, number: int) -> str:
        if number >= 10**6:
            name, size = ("Milliarde", 10**9) if number >= 10**9 else ("Million", 10**6)
            count, rest = divmod(number, size)
            many = f"{'eine' if count == 1 else self.cardinal(count)} {name}{'' if count == 1 else 'n' if name.endswith('e') else 'en'}"
            return f"{many} {self.cardinal(rest)}" if rest else many
        return self._under_a_million(number)

    def _under_a_million(self, number: int) -> str:
        if number < 20:
            return _SMALL[number]
        if number < 100:
            one = number % 10
            return (f"{'ein' if one == 1 else _SMALL[one]}und" if one else "") + _TENS[number // 10]
        name, size = ("tausend", 1000) if number >= 1000 else ("hundert", 100)
        count, rest = divmod(number, size)
        many = self._under_a_million(count)
        many = many.removesuffix("s") if many.endswith("eins") else many
        return many + name + (self._under_a_million(rest) if rest else "")

    def ordinal(self, number: int) -> str:
        return f"{number}."

    def ordinal_words(self, number: int) -> str:
        if number % 100 < 20 and number % 100:
            head, last = number - number % 100, number % 100
            word = _ORDINALS.get(last, f"{_SMALL[last]}te")
            return (self.cardinal(head) if head else "") + word
        return f"{self.cardinal(number)}ste"

    def date(self, day: dt.date) -> str:
        return f"{day.day}. {self.months[day.month - 1]} {day.year}"

    def date_words(self, day: dt.date) -> str:
        return f"{self.ordinal_words(day.day)}r {self.months[day.month - 1]} {day.year}"

    def clock(self, time: dt.time) -> str:
        return f"{time.hour}.{time.minute:02d} Uhr"

    def possessive(self, name: str) -> str:
        return f"{name}’" if name.endswith(("s", "ß", "x", "z")) else f"{name}s"
