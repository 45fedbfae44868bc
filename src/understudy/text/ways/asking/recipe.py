"""What a task asks a language model for: the words, the shape of the reply, and how a reply becomes a record.

Everything that must be true of a record is checked while the reply is read, so that a reply which is not is asked for once more with the
fault in words, before it is refused.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

if TYPE_CHECKING:
    from understudy.text.spec.language_model import LanguageModelSection
    from understudy.text.spec.text_spec import TextSpec

Row = Mapping[str, Any]
Record = dict[str, Any]


class Shape(BaseModel):
    """A reply. `record` gives what the task puts out."""

    model_config = ConfigDict(extra="forbid")

    def record(self) -> Record:
        return self.model_dump()


class Recipe(ABC):
    """A task's words and shape. spec: of the data set. section: how the model is asked."""

    wants: ClassVar[str]
    """What is to be written, after "Write"."""
    looks_at_rows: ClassVar[bool] = False
    """Whether a shape depends on more of its row than the bounds of its length."""

    def __init__(self, spec: TextSpec, section: LanguageModelSection) -> None:
        self.spec, self.section = spec, section
        self._shapes: dict[tuple[int, int] | None, type[Shape]] = {}

    def require(self) -> None:
        """Raise `Contradiction` where the section lacks what the task needs."""

    @abstractmethod
    def shape(self, row: Row) -> type[Shape]:
        """The shape of a reply for a row."""

    def shape_of(self, row: Row) -> type[Shape]:
        """The same, made once for all rows that it is the same for: making one takes longer than all else that is done for a row."""
        if self.looks_at_rows:
            return self.shape(row)
        bounds = words_bounds(self.spec, row)
        if bounds not in self._shapes:
            self._shapes[bounds] = self.shape(row)
        return self._shapes[bounds]

    def form(self) -> str:
        """What the reply must look like, beyond its shape, in words; "" where the shape says it all."""
        return ""


def words_bounds(spec: TextSpec, row: Row) -> tuple[int, int] | None:
    """Least and most words of the row's text."""
    stated = spec.words
    if stated is None or not isinstance(stated, Mapping):
        return stated
    by: Any = row.get(str(stated["by"]))
    found = stated.get(by, stated.get("else"))
    return None if found is None else (int(found[0]), int(found[1]))


def length_fault(text: str, bounds: tuple[int, int] | None) -> str | None:
    """What is wrong with a text's length; None: nothing."""
    if bounds is None:
        return None
    count = len(text.split())
    return None if bounds[0] <= count <= bounds[1] else f"the text has {count} words, not {bounds[0]} to {bounds[1]}"


_TAG = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")


def untagged(text: str, labels: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """A text with tags `[words](label)` as the plain text and its spans. Tags of other labels stay as they are."""
    pieces: list[str] = []
    spans: list[dict[str, Any]] = []
    at = length = 0
    for match in _TAG.finditer(text):
        words, label = match.groups()
        before = text[at : match.start()]
        pieces.append(before)
        length += len(before)
        at = match.end()
        inside = words.strip()
        if label not in labels or not inside:
            pieces.append(match[0])
            length += len(match[0])
            continue
        start = length + words.index(inside)
        spans.append({"start": start, "end": start + len(inside), "label": label})
        pieces.append(words)
        length += len(words)
    return "".join([*pieces, text[at:]]), spans


def checked(base: type[Shape], fault: Any) -> type[Shape]:
    """`base` with one more test: `fault(record)` says what is wrong with a record, or None."""

    class Checked(base):  # type: ignore[misc, valid-type]
        @model_validator(mode="after")
        def _is_true(self) -> Any:
            found = fault(self.record())
            if found is not None:
                raise ValueError(found)
            return self

    Checked.__name__ = base.__name__
    Checked.__doc__ = base.__doc__
    return Checked
