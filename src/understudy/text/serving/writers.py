"""What writes the texts of replies. The same request gets the same text, in every run and in any order."""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from typing import Any

from understudy.core.errors import ArgumentError, DataError, UnderstudyError
from understudy.core.generator import Generator

POOL = 2000
_WORDS = (
    "the a this that every some small large quiet bright early late old new plain open house road river market letter garden table window "
    "morning evening summer winter found kept made sent gave took held brought near under over after before with without from towards and "
    "but so then still again never always often here there where people children neighbours friends paper water bread light wood glass"
).split()


class Writer(ABC):
    """Writes texts.

    Attributes:
        name: the model's name over the wire.
        holds_schemas: whether a value is drawn from the schema that a request states; else the request is answered in the model's words.
    """

    name: str
    holds_schemas: bool = True

    @abstractmethod
    def text(self, prompt: str, number: int) -> str:
        """A text for a prompt; `number` (0 to 2⁶⁴ − 1) is drawn from the whole request."""

    def completion(self, prompt: str, number: int, most_tokens: int) -> str:
        """What comes after a prompt, for raw completions; a text for it, unless the writer can go on with one."""
        return self.text(prompt, number)

    def value(self, schema: dict[str, Any], prompt: str, number: int) -> Any:
        """A value of a schema that says something of the prompt; None: one is drawn from the schema alone."""
        return None

    def words(self, number: int) -> list[str]:
        """Some words for short values, drawn by `number`."""
        return [_WORDS[(number >> (6 * place)) % len(_WORDS)] for place in range(8)]


class Echo(Writer):
    """Says what it was told, and needs no file; where there is nothing to say back, words without meaning."""

    name = "understudy-echo"

    def text(self, prompt: str, number: int) -> str:
        return prompt.strip() or " ".join(self.words(number))


class Written(Writer):
    """Texts of a saved generator. A request that names one of its labels gets a text of that label.

    The first `pool` texts of every label are made when they are first needed; a request's own number picks among them.

    Args:
        generator: makes rows with a column of text, such as a `text-ngram`.
        seed: of the texts.
        text, label: columns, where they are not told by the generator.

    Raises:
        DataError: it makes no text.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        name: str | None = None,
        seed: int = 0,
        pool: int = POOL,
        text: str | None = None,
        label: str | None = None,
    ) -> None:
        if pool < 1:
            raise ArgumentError(f"`pool` must be at least 1, not {pool}.")
        self.name = name or f"understudy-{generator.name}"
        self._generator, self._seed, self._size = generator, seed, pool
        first = self._rows(None, min(pool, 200))
        self._text = text or _column(generator, "text", first) or _longest(first)
        found = label or _column(generator, "label", first)
        self._label = found if found in first else None
        self.labels = sorted({str(value): value for value in first[self._label]}.items()) if self._label else []
        self._pools: dict[str | None, list[str]] = {}

    def text(self, prompt: str, number: int) -> str:
        pool = self._pool(self._asked_label(prompt))
        return pool[number % len(pool)]

    def words(self, number: int) -> list[str]:
        return self.text("", number).split() or super().words(number)

    def _asked_label(self, prompt: str) -> str | None:
        """The label that a prompt names last, as a word of its own."""
        places = [(place, name) for name, _ in self.labels if (place := _last_word(prompt, name)) >= 0]
        return max(places)[1] if places else None

    def _pool(self, label: str | None) -> list[str]:
        if label not in self._pools:
            given = None if label is None else {self._label: dict(self.labels)[label]}
            try:
                rows = self._rows(given, self._size)
            except UnderstudyError:  # it takes no such condition: any of its texts will do
                rows = self._rows(None, self._size)
            self._pools[label] = [str(value) for value in rows[self._text] if value]
        if not self._pools[label]:
            raise DataError(f"The model made no text for the label {label!r}.", where=self.name)
        return self._pools[label]

    def _rows(self, given: Any, rows: int) -> dict[str, list[Any]]:
        import narwhals as nw

        frame = self._generator.sample(rows, seed=self._seed, given=given)
        try:
            return {name: column.to_list() for name, column in nw.from_native(frame, eager_only=True).to_dict(as_series=True).items()}
        except TypeError:
            raise DataError(
                f"A {type(self._generator).__name__} makes no rows of text.", where="serve-model", remedy="Serve a text model."
            ) from None


def number_of(body: bytes, seed: int) -> int:
    """A request's number: what its text is drawn by."""
    return int.from_bytes(hashlib.blake2b(body, digest_size=8, key=seed.to_bytes(8, "little")).digest(), "little")


def _column(generator: Generator, role: str, rows: dict[str, list[Any]]) -> str | None:
    for name in (f"{role}_", role, f"{role}_column"):
        value = getattr(generator, name, None)
        if isinstance(value, str) and value in rows:
            return value
    return None


def _longest(rows: dict[str, list[Any]]) -> str:
    lengths = {
        name: sum(len(value) for value in values if isinstance(value, str))
        for name, values in rows.items()
        if any(isinstance(v, str) for v in values)
    }
    if not lengths:
        raise DataError("The model makes no column of text.", where="serve-model", remedy="Serve a text model, or use --echo.")
    return max(lengths, key=lambda name: lengths[name])


def _last_word(prompt: str, word: str) -> int:
    found = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", prompt)]
    return found[-1] if found else -1
