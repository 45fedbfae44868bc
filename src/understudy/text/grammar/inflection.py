"""The forms that a slot can take: `{city|upper}`, `{amount|fixed 2}`, `{arrived|date}`, `{part|a}`.

| form | of | gives |
|---|---|---|
| `capital` `title` `lower` `upper` | texts | First letter large; All Words; small; LARGE |
| `a` `plural` `possessive` | texts (English; `possessive` also German) | an order; orders; Ann's |
| `words` | numbers, dates | twenty-one; the third of March 2026 |
| `ordinal` `nth` | whole numbers | 3rd; third |
| `fixed 2` `grouped` `plain` `digits` | numbers | 1,250.00; 1,250.5; 1250.5 with the language's mark; digits alone |
| `date` `short` `us` `iso` `day` `month` `year` `weekday` | dates | 3 March 2026; 03/03/2026; March 3, 2026; 2026-03-03; … |
| `time` `hour` | times | 4:05 pm; 16 |
| `list` `any-of` `commas` `lines` `bullets` `numbered` | rules, several times | a, b and c; a, b or c; … |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.text.grammar.languages.language import Language
from understudy.text.grammar.reading import Filter

Kind: TypeAlias = Literal["text", "number", "whole", "date", "moment", "time"]
JOINERS = ("list", "any-of", "commas", "lines", "bullets", "numbered")


@dataclass(frozen=True)
class Form:
    """takes: the kinds of value that it is a form of. make: (language, value, argument) to text."""

    takes: tuple[Kind, ...]
    make: Callable[[Language, Any, int | None], str]
    argument: bool = False


def _capital(text: str) -> str:
    """Large first letter; a letter whose large form is longer (ß) stays, so that characters keep their places."""
    for place, character in enumerate(text):
        if character.isalpha():
            large = character.upper()
            return text[:place] + large + text[place + 1 :] if len(large) == 1 else text
        if character.isdigit():
            return text
    return text


def _article(language: Language, text: str) -> str:
    return f"{language.article(text)} {text}"


_TEXT: dict[str, Callable[[Language, str], str]] = {
    "capital": lambda _, text: _capital(text),
    "title": lambda _, text: " ".join(_capital(word) for word in text.split(" ")),
    "lower": lambda _, text: text.lower(),
    "upper": lambda _, text: text.upper(),
    "a": _article,
    "plural": lambda language, text: str(language.plural(text)),
    "possessive": lambda language, text: language.possessive(text),
}


def _of_text(make: Callable[[Language, str], str]) -> Form:
    return Form(("text", "number", "whole", "date", "moment", "time"), lambda language, text, _: make(language, text))


FORMS: dict[str, Form] = {
    **{name: _of_text(make) for name, make in _TEXT.items()},
    "words": Form(
        ("number", "whole", "date", "moment"), lambda lang, v, _: lang.date_words(v) if isinstance(v, dt.date) else lang.number_words(v)
    ),
    "ordinal": Form(("whole",), lambda lang, v, _: lang.ordinal(v)),
    "nth": Form(("whole",), lambda lang, v, _: lang.ordinal_words(v)),
    "fixed": Form(("number", "whole"), lambda lang, v, digits: lang.fixed(v, digits or 0), argument=True),
    "grouped": Form(("number", "whole"), lambda lang, v, _: lang.grouped(v)),
    "plain": Form(("number", "whole"), lambda lang, v, _: lang.plain(v)),
    "digits": Form(("text", "number", "whole"), lambda _, v, __: "".join(c for c in str(v) if c.isdigit())),
    "date": Form(("date", "moment"), lambda lang, v, _: lang.date(v)),
    "short": Form(("date", "moment"), lambda lang, v, _: f"{v:%d.%m.%Y}" if lang.code == "de" else f"{v:%d/%m/%Y}"),
    "us": Form(("date", "moment"), lambda lang, v, _: f"{lang.months[v.month - 1]} {v.day}, {v.year}"),
    "iso": Form(("date", "moment"), lambda _, v, __: f"{v:%Y-%m-%d}"),
    "day": Form(("date", "moment"), lambda _, v, __: str(v.day)),
    "month": Form(("date", "moment"), lambda lang, v, _: lang.months[v.month - 1]),
    "year": Form(("date", "moment"), lambda _, v, __: str(v.year)),
    "weekday": Form(("date", "moment"), lambda lang, v, _: lang.weekdays[v.weekday()]),
    "time": Form(("time", "moment"), lambda lang, v, _: lang.clock(v.time() if isinstance(v, dt.datetime) else v)),
    "hour": Form(("time", "moment"), lambda _, v, __: str(v.hour)),
}
PARTS = ("day", "month", "year", "weekday", "hour", "digits")
"""Forms that tell a part of a value only: what they write does not state it."""
_NEEDS = {"a": "article", "plural": "plural", "possessive": "possessive"}


def require_form(form: Filter, kind: Kind, language: Language) -> None:
    """Raise `Contradiction` for a form that there is not, or not of this kind of value or in this language."""
    if form.name in JOINERS:
        raise Contradiction(f'"{form.name}" joins what comes several times.', f"Write {{name*2-4|{form.name}}}.")
    if form.name not in FORMS:
        raise Contradiction(f'There is no form "{form.name}".', did_you_mean(form.name, [*FORMS, *JOINERS], shown=30))
    known = FORMS[form.name]
    if kind not in known.takes:
        raise Contradiction(f'"{form.name}" is a form of {" and ".join(known.takes)}, not of {kind}.', _forms_of(kind))
    if form.argument is not None and not known.argument:
        raise Contradiction(f'The form "{form.name}" takes no number.')
    if known.argument and form.argument is None:
        raise Contradiction(f'The form "{form.name}" takes a number.', f"Write |{form.name} 2.")
    method = _NEEDS.get(form.name)
    if method is not None and getattr(type(language), method) is getattr(Language, method):
        raise Contradiction(
            f'The language "{language.code}" does not tell the form "{form.name}" from the letters of a word.',
            "Write the forms as alternatives of a rule.",
        )


def written(value: Any, language: Language, forms: Sequence[Filter]) -> str:
    """A value in these forms, one after the other; nothing where it is missing."""
    if value is None:
        return ""
    found: Any = value
    for form in forms:
        text = found if form.name not in _TEXT else plainly(found, language)
        found = FORMS[form.name].make(language, text, form.argument)
    return plainly(found, language)


def plainly(value: Any, language: Language) -> str:
    """A value without a form: dates in ISO 8601, numbers with the language's decimal mark."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return language.plain(int(value) if value.is_integer() else value)
        case dt.datetime():
            return value.isoformat(" ", "minutes")
    return str(value)


def in_all_forms(value: Any, language: Language) -> set[str]:
    """Every way that a value is written, in small letters: what a text that states it may say."""
    kind = kind_of(value)
    found = {plainly(value, language), str(value)}
    for name, form in FORMS.items():
        method = _NEEDS.get(name)
        if kind not in form.takes or (method is not None and getattr(type(language), method) is getattr(Language, method)):
            continue
        if name in PARTS or (name in ("ordinal", "nth") and value < 1):
            continue
        if name == "time" and not isinstance(value, dt.datetime | dt.time):
            continue
        if form.argument:
            found |= {written(value, language, [Filter(name, digits)]) for digits in range(4) if _exact(value, digits)}
        else:
            found.add(written(value, language, [Filter(name)]))
    return {text.lower() for text in found}


def _exact(value: float, digits: int) -> bool:
    """Whether a number is the same with so many digits."""
    return round(value, digits) == value


def kind_of(value: Any) -> Kind:
    """What kind of value it is."""
    if isinstance(value, bool):
        return "text"
    if isinstance(value, int):
        return "whole"
    if isinstance(value, float):
        return "number"
    if isinstance(value, dt.datetime):
        return "moment"
    if isinstance(value, dt.date):
        return "date"
    return "time" if isinstance(value, dt.time) else "text"


def _forms_of(kind: Kind) -> str:
    return f"Forms of {kind}: {', '.join(name for name, form in FORMS.items() if kind in form.takes)}."


# ---- forms of what a rule wrote: its pieces


def inflect(pieces: list[Any], form: str, language: Language) -> None:
    """Give the pieces that a rule wrote another form, in place; marks among them stay where they are."""
    texts = [place for place, piece in enumerate(pieces) if piece.__class__ is str and piece]
    if not texts:
        return
    if form == "a":
        pieces.insert(0, f"{language.article(''.join(pieces[place] for place in texts))} ")
    elif form == "possessive":
        whole = "".join(pieces[place] for place in texts)
        pieces.append(language.possessive(whole)[len(whole) :])
    elif form == "capital":
        for place in texts:
            if any(character.isalnum() for character in pieces[place]):
                pieces[place] = _capital(pieces[place])
                return
    elif form == "plural":
        pieces[texts[-1]] = str(language.plural(pieces[texts[-1]]))
    else:
        for place in texts:
            pieces[place] = _TEXT[form](language, pieces[place])


def require_form_of_rule(form: Filter, language: Language) -> None:
    """Raise `Contradiction` where a form is not one of what a rule writes."""
    require_form(form, "text", language)
    if form.name not in _TEXT:
        raise Contradiction(f'"{form.name}" is not a form of what a rule writes.', f"Forms of rules: {', '.join(_TEXT)}.")


def separators(joiner: str | None, parts: int, language: Language) -> tuple[str, list[str]]:
    """What stands before the first of several parts, and between them."""
    match joiner:
        case "list" | "any-of":
            return "", language.listed([""] * parts, language.both if joiner == "list" else language.either)
        case "commas":
            return "", [", "] * (parts - 1)
        case "lines":
            return "", ["\n"] * (parts - 1)
        case "bullets":
            return "- ", ["\n- "] * (parts - 1)
        case "numbered":
            return "1. ", [f"\n{number}. " for number in range(2, parts + 1)]
    return "", [" "] * (parts - 1)
