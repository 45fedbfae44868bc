"""Errors: what is wrong, where it is, and what to do about it.

Every error that a user can cause is an `UnderstudyError`. Its message is put together from three parts, so that no message forgets one:

    Column "age" holds text that is no number: "n/a"  (customers.csv, row 17)
    Declare it as missing: schema.column("age").missing = ["n/a"]
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UnderstudyError(Exception):
    """Something the user can mend.

    Args:
        what: what is wrong, one sentence.
        where: the file, table, column, row or key where it is wrong.
        remedy: what to do, one sentence.

    The parts stay readable as `error.what`, `error.where` and `error.remedy`; the error survives pickling, so a worker
    process can raise it in its parent.
    """

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"  ({self.where})" if self.where else ""
        advice = f"\n{self.remedy}" if self.remedy else ""
        return f"{self.what}{place}{advice}"


class ArgumentError(UnderstudyError, ValueError):
    """An argument is of the wrong type, out of its range, or not the name of anything."""


class DataError(UnderstudyError):
    """The data cannot be read or used as it is."""


class SchemaError(UnderstudyError):
    """The schema contradicts itself or the data."""


class ConditionError(UnderstudyError):
    """A condition (`given=`) cannot be met: unknown column, value outside the domain, impossible combination."""


class ConstraintError(UnderstudyError):
    """A declared constraint contradicts the data or another constraint."""


class ArtifactError(UnderstudyError):
    """A model file is damaged, hostile, or made by a release that this one does not know."""


class SinkError(UnderstudyError):
    """The output cannot be written: full disk, no permission, no such folder, database gone."""


class ProofError(UnderstudyError):
    """What was made fails its own checks: it is blank, or its labels contradict each other. It is refused, not delivered."""


class MissingExtraError(UnderstudyError, ImportError):
    """An optional package is not installed; the message names the line that installs it."""

    @classmethod
    def of(cls, extra: str, purpose: str) -> MissingExtraError:
        """The error for work that needs the extra `extra`; `purpose` is what the user wanted, e.g. "Reading Excel files"."""
        return cls(f"{purpose} needs packages that are not installed.", remedy=f'Install them: pip install "understudy[{extra}]"')


class NotFittedError(UnderstudyError):
    """A synthesizer was asked for data before `fit`."""


class EndpointError(UnderstudyError):
    """A language model's endpoint cannot be used: nothing answers, the key is refused, the model is unknown."""


class BudgetError(UnderstudyError):
    """A spending limit is reached, or cannot be held."""


class Cancelled(UnderstudyError):
    """The work was stopped on request; what was finished is kept."""


def nearest(word: str, choices: Iterable[str], n: int = 3) -> list[str]:
    """The up to `n` choices most like `word`, best first, upper and lower case alike; for "did you mean"."""
    by_folded: dict[str, str] = {}
    for choice in choices:
        by_folded.setdefault(choice.casefold(), choice)
    close = difflib.get_close_matches(word.casefold(), by_folded, n=n, cutoff=0.6)
    return [by_folded[folded] for folded in close]


def did_you_mean(word: str, choices: Iterable[str], *, shown: int = 12) -> str:
    """A remedy for an unknown name: the nearest choices, or else the first `shown` of them."""
    known = list(choices)
    close = nearest(word, known)
    if close:
        return "Did you mean " + " or ".join(f'"{name}"' for name in close) + "?"
    if not known:
        return "There is none to choose from."
    more = f" and {len(known) - shown} more" if len(known) > shown else ""
    return "Known: " + ", ".join(f'"{name}"' for name in known[:shown]) + more + "."
