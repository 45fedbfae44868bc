"""How words, numbers and dates are written in a language: one file a language."""

from __future__ import annotations

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.text.grammar.languages.english import English
from understudy.text.grammar.languages.german import German
from understudy.text.grammar.languages.language import Language

LANGUAGES: dict[str, type[Language]] = {"en": English, "de": German}


def language(code: str) -> Language:
    """The language of a code such as "en".

    Raises:
        ArgumentError: there is none of that code.
    """
    if code not in LANGUAGES:
        raise ArgumentError(
            f'There are no forms of words for the language "{code}".',
            remedy=f"{did_you_mean(code, LANGUAGES)} Texts of another language are written without forms: leave `language` as it is.",
        )
    return LANGUAGES[code]()
