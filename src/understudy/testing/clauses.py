"""Running clauses of a contract, and telling which are broken."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from understudy.core.errors import UnderstudyError

Check: TypeAlias = tuple[str, Callable[[], None]]
"""A clause as a sentence, and the function that raises where it is broken."""


class ContractBroken(AssertionError):
    """A clause of the contract does not hold; the message names it and says what was seen."""


def run_checks(subject: str, checks: Iterable[Check]) -> None:
    """Run all checks, then raise one `ContractBroken` that lists every broken clause."""
    broken: list[tuple[str, Exception]] = []
    for clause, check in checks:
        try:
            check()
        except Exception as error:
            broken.append((clause, error))
    if broken:
        lines = [f"  - {clause}: {_told(error)}" for clause, error in broken]
        raise ContractBroken(f"{subject} breaks {len(broken)} clause(s) of the contract:\n" + "\n".join(lines)) from broken[0][1]


def require(holds: bool, seen: str) -> None:
    if not holds:
        raise ContractBroken(seen)


def refuses(call: Callable[[], object], what: str, expected: type[UnderstudyError] = UnderstudyError) -> None:
    """Require that `call` raises `expected`, with a message for the user."""
    try:
        call()
    except expected as error:
        require(bool(str(error).strip()), f"{what} is refused without a word")
    except Exception as error:
        raise ContractBroken(f"{what} raises {type(error).__name__} ({error}), not {expected.__name__}") from error
    else:
        raise ContractBroken(f"{what} is accepted; it must raise {expected.__name__}")


@contextmanager
def global_randomness(seed: int) -> Iterator[Callable[[], bool]]:
    """Python's and NumPy's global generators seeded for the block, then put back; yields whether they are still untouched."""
    import numpy as np

    python_before, numpy_before = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    python_state, numpy_state = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002

    def untouched() -> bool:
        return random.getstate() == python_state and repr(np.random.get_state(legacy=False)) == repr(numpy_state)  # noqa: NPY002

    try:
        yield untouched
    finally:
        random.setstate(python_before)
        np.random.set_state(numpy_before)  # noqa: NPY002


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, ContractBroken) else f"{type(error).__name__}: {error}"
