"""Words that belong to no column: `{word:city}`, `{word:job:de_DE}`, `{int:2-9}`."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.data.constraints import Contradiction
from understudy.rules.words import WORDS, word_table


def is_word(name: str) -> bool:
    """Whether a slot's name asks for a word of the vocabularies, or for a number."""
    return name.startswith(("word:", "int:"))


def number_range(name: str) -> tuple[int, int] | None:
    """Least and greatest of `int:2-9`; None: it is none."""
    if not name.startswith("int:"):
        return None
    least, _, most = name[4:].partition("-") if name[4] != "-" else (name[4:].rpartition("-"))
    if not most or int(least) > int(most):
        raise Contradiction(f'"{name}" is no range of whole numbers.', "Write {int:2-9}.")
    return int(least), int(most)


@lru_cache(maxsize=64)
def words_of(name: str, locale: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """The words that a slot like `word:city` draws from, and their weights added up from the first to each."""
    _, of, *told = name.split(":")
    if of not in WORDS:
        raise Contradiction(f'The vocabularies have no "{of}".', did_you_mean(of, WORDS))
    try:
        table = word_table(of, told[0] if told else locale)
    except ArgumentError as error:
        raise Contradiction(error.what, error.remedy) from None
    return tuple(table["name"].to_list()), tuple(accumulate(table["weight"].cast(float).to_list()))
