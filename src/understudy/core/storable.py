"""What can be saved to one file and loaded again: generators, and collections of them."""

from __future__ import annotations

from abc import ABC
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from understudy.core import registry
from understudy.core.errors import ArgumentError, ArtifactError, UnderstudyError

if TYPE_CHECKING:
    from understudy.core.artifact import State


class Storable(ABC):
    """Writes `_state` and `_from_state`; the rest follows.

    Attributes:
        name: the name in the registry and in saved files, e.g. "trees".
    """

    name: ClassVar[str]

    @property
    def from_real_data(self) -> bool:
        """Whether it holds what was learned from real data, so that it must not be handed on, unasked, with what it makes."""
        return False

    def _require_ready(self) -> None:
        """Raise where it cannot make data yet."""

    def save(self, path: str | Path) -> None:
        """Write it to one file, whole or not at all. Equal ones give equal bytes.

        Raises:
            SinkError: the file cannot be written.
        """
        from understudy.core.artifact import save_artifact

        self._require_ready()
        save_artifact(path, self.name, self._sealed_state())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read one of this class from a file. Runs no code from the file; safe on a stranger's file.

        Raises:
            ArtifactError: the file is damaged, hostile, of a newer release, or holds one of another class.
        """
        from understudy.core.artifact import load_artifact

        name, state = load_artifact(path)
        found = cls if getattr(cls, "name", None) == name else _registered(name, path)
        if not issubclass(found, cls):
            raise ArtifactError(
                f'The file holds a "{name}" ({found.__name__}), not a {cls.__name__}.',
                where=str(path),
                remedy=f"Load it with {found.__name__}.load(path) or understudy.load(path).",
            )
        return found._revived(state, path)

    def _state(self) -> State:
        """All that `_from_state` needs: JSON-able facts, NumPy arrays, Arrow tables."""
        raise ArtifactError(f"{type(self).__name__} cannot be saved.", remedy="Its author must write `_state` and `_from_state`.")

    @classmethod
    def _from_state(cls, state: State) -> Self:
        """What `_state` came from. May raise anything on a state that it did not write."""
        raise ArtifactError(f"{cls.__name__} cannot be loaded.", remedy="Its author must write `_state` and `_from_state`.")

    def _sealed_state(self) -> State:
        return self._state()

    @classmethod
    def _revived(cls, state: State, path: str | Path) -> Self:
        try:
            return cls._from_state(state)
        except UnderstudyError:
            raise
        except Exception as error:
            raise ArtifactError(
                f'The contents are not those of a "{cls.name}": {type(error).__name__}: {error}',
                where=str(path),
                remedy="The file is damaged, or of another release; make it anew.",
            ) from error


def _registered(name: str, path: str | Path) -> type[Storable]:
    try:
        found = registry.stored(name)
    except ArgumentError as error:
        raise ArtifactError(
            f'The file holds a "{name}", a kind of generator that is not installed.', where=str(path), remedy=error.remedy
        ) from error
    if not (isinstance(found, type) and issubclass(found, Storable)):
        raise ArtifactError(f'"{name}" is registered as {found!r}, which is no Generator.', where=str(path))
    return found
