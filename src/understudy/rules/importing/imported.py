"""`Imported`: the spec that an importer proposes, and notes of all that it chose, changed or could not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from understudy.rules.importing.declared import Note
from understudy.rules.spec import Spec


@dataclass(frozen=True)
class Imported:
    """A spec that generates at once, and what to look at before trusting it."""

    spec: Spec
    notes: list[Note] = field(default_factory=list)

    @property
    def guessed(self) -> list[Note]:
        """What the schema did not say."""
        return _of("guessed", self.notes)

    @property
    def left_out(self) -> list[Note]:
        """What the schema said and the spec does not keep."""
        return _of("left out", self.notes)

    def to_yaml(self) -> str:
        """The spec's YAML with the notes above it as comments."""
        lines = [f"# {str(note)[:1].upper()}{' '.join(str(note)[1:].split())}\n" for note in self.notes]
        return "".join(lines) + self.spec.to_yaml()


def _of(what: str, notes: Iterable[Note]) -> list[Note]:
    return [note for note in notes if note.what == what]
