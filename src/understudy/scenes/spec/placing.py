"""Placing with constraints: try, look, try again, and say what stood in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from understudy.core.errors import ConstraintError
from understudy.scenes.spec.draws import Draws

Place = TypeVar("Place")
TRIES = 200


def placed(
    draw: Draws, propose: Callable[[Draws], Place], tests: Mapping[str, Callable[[Place], bool]], *, tries: int = TRIES, what: str = ""
) -> Place:
    """The first proposal that passes all tests.

    Args:
        draw: at the object's path; each try draws below "try/0", "try/1" …, so that the values of a first try that fits are the object's.
        propose: a place from draws.
        tests: by the constraint's name.

    Raises:
        ConstraintError: none of `tries` proposals fits; it names the constraint that failed most often.
    """
    failed: Counter[str] = Counter()
    for number in range(tries):
        place = propose(draw.at(f"try/{number}"))
        broken = next((name for name, holds in tests.items() if not holds(place)), None)
        if broken is None:
            return place
        failed[broken] += 1
    name, times = failed.most_common(1)[0]
    raise ConstraintError(
        f'{what or "An object"} found no place in {tries} tries: "{name}" failed {times} times.',
        where=f"constraints: {name}",
        remedy="Ask for fewer or smaller objects, more room, or a weaker constraint.",
    )
