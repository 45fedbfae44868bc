"""English."""

from __future__ import annotations

import datetime as dt
import re

from understudy.text.grammar.languages.language import Language

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
_GROUPS = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_IRREGULAR = {
    "child": "children", "person": "people", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth", "mouse": "mice",
    "goose": "geese", "knife": "knives", "life": "lives", "wife": "wives", "leaf": "leaves", "shelf": "shelves", "half": "halves",
    "loaf": "loaves", "wolf": "wolves", "thief": "thieves", "scarf": "scarves", "potato": "potatoes", "tomato": "tomatoes",
    "hero": "heroes", "echo": "echoes", "diagnosis": "diagnoses", "analysis": "analyses", "crisis": "crises", "basis": "bases",
    "criterion": "criteria",
    "phenomenon": "phenomena", "series": "series", "species": "species", "sheep": "sheep", "fish": "fish", "aircraft": "aircraft",
    "quiz": "quizzes", "ox": "oxen", "medium": "media", "staff": "staff", "luggage": "luggage",
}  # fmt: skip
_SILENT_H = ("hour", "honest", "honour", "honor", "heir")
_LIKE_YOU = re.compile(r"(?:uni(?:[^nmd]|$)|un(?:i|a)nim|us(?:e|u|a)|ut(?:i|e)|ur(?:i|a)|eu|ew|one\b|once|ubiq)", re.IGNORECASE)
_LETTERS_AS_VOWELS = re.compile(r"[AEFHILMNORSX](?:[A-Z0-9.-]|\b)")


class English(Language):
    """English, with British dates (3 March 2026) that are read everywhere."""

    code = "en"
    months = (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    )  # fmt: skip
    weekdays = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    decimal, thousands, both, either = ".", ",", "and", "or"

    def cardinal(self, number: int) -> str:
        if number < 20:
            return _SMALL[number]
        if number < 100:
            return _TENS[number // 10] + (f"-{_SMALL[number % 10]}" if number % 10 else "")
        if number < 1000:
            return f"{_SMALL[number // 100]} hundred" + (f" and {self.cardinal(number % 100)}" if number % 100 else "")
        size, name = next(group for group in _GROUPS if number >= group[0])
        rest = number % size
        between = " and " if 0 < rest < 100 else " "
        return f"{self.cardinal(number // size)} {name}" + (between + self.cardinal(rest) if rest else "")

    def ordinal(self, number: int) -> str:
        ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending}"

    def ordinal_words(self, number: int) -> str:
        words = self.cardinal(number)
        head, last = re.fullmatch(r"(.*?)([a-z]+)", words).groups()  # type: ignore[union-attr]
        return head + _ORDINALS.get(last, f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")

    def date(self, day: dt.date) -> str:
        return f"{day.day} {self.months[day.month - 1]} {day.year}"

    def date_words(self, day: dt.date) -> str:
        return f"the {self.ordinal_words(day.day)} of {self.months[day.month - 1]} {day.year}"

    def clock(self, time: dt.time) -> str:
        return f"{(time.hour - 1) % 12 + 1}:{time.minute:02d} {'am' if time.hour < 12 else 'pm'}"

    def article(self, word: str) -> str:
        bare = word.lstrip("\"'“‘(")
        low = bare.lower()
        if re.match(r"8|11\b|18\b|11[,.]?\d{3}|18[,.]?\d{3}", bare):
            return "an"
        if _LETTERS_AS_VOWELS.match(bare) and (len(bare) == 1 or not bare[1].islower()):
            return "an"
        if low.startswith(_SILENT_H):
            return "an"
        if _LIKE_YOU.match(low) or (len(bare) > 1 and bare[0] == "U" and bare[1].isupper()):
            return "a"
        return "an" if low[:1] in tuple("aeiouàáâäåèéêëìíîòóôöøùúûü") else "a"

    def plural(self, word: str) -> str:
        head, noun = re.fullmatch(r"(.*?)([^\s-]*)", word, re.DOTALL).groups()  # type: ignore[union-attr]
        return head + _plural(noun)

    def possessive(self, name: str) -> str:
        return f"{name}'" if name.endswith("s") else f"{name}'s"


def _plural(noun: str) -> str:
    low = noun.lower()
    if low in _IRREGULAR:
        found = _IRREGULAR[low]
        return noun[:1] + found[1:] if noun[:1].isupper() else found
    if re.search(r"[^aeiou]y$", low):
        return f"{noun[:-1]}ies"
    if re.search(r"(?:s|x|z|ch|sh)$", low):
        return f"{noun}es"
    return f"{noun}s"
