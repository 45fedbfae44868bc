"""Who enters the race of `auto`: every registered learner of tables that declares what it costs, the cheap ones first.

A learner enters by its class attribute `cost`: "cheap" in every race, "moderate" beside them where there is a budget, "costly" where it
leaves room, "yardstick" in every race beside them; one of a plug-in enters in the same way. What learning needs besides the base install
is its attribute `requires`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from understudy.core import registry
from understudy.core.errors import ArgumentError, UnderstudyError
from understudy.tabular.synthesizer import TableSynthesizer

YARDSTICK = "independent"
_ORDER = ("yardstick", "cheap", "moderate", "costly")


@dataclass(frozen=True)
class Entrant:
    """A learner by its registry name. `missing`: what must be installed before it can learn; empty where nothing must."""

    name: str
    learner: type[TableSynthesizer]
    missing: str = ""

    @property
    def costly(self) -> bool:
        return self.learner.cost == "costly"

    @property
    def wants_budget(self) -> bool:
        """It races only where there is a budget, unless it is named."""
        return self.learner.cost in ("moderate", "costly")

    @property
    def yardstick(self) -> bool:
        return self.learner.cost == "yardstick"


def entrants(named: Sequence[str] | None = None) -> list[Entrant]:
    """All that declare a cost, or those named (and the yardstick), the yardstick first, then from cheap to costly.

    Raises:
        ArgumentError: a name that is none of a learner of tables, or no name at all.
    """
    if named is None:
        found = [entrant for name in registry.names("generators") if (entrant := _volunteer(name)) is not None]
    elif not named:
        raise ArgumentError("No engine is named for the race.", remedy='Name some, for example engines=["copula", "trees"].')
    else:
        found = [_entrant(name) for name in dict.fromkeys([YARDSTICK, *named])]
    return sorted(found, key=lambda entrant: _ORDER.index(entrant.learner.cost or "cheap"))


def _volunteer(name: str) -> Entrant | None:
    try:
        found = registry.get("generators", name)
    except UnderstudyError:  # a plug-in that cannot be loaded is told of where it is asked for by name
        return None
    races = isinstance(found, type) and issubclass(found, TableSynthesizer) and found.cost is not None
    return _of(name, found) if races else None


def _entrant(name: str) -> Entrant:
    found = registry.get("generators", name)
    if not (isinstance(found, type) and issubclass(found, TableSynthesizer)) or name == "auto":
        raise ArgumentError(f'"{name}" cannot race: it is no learner of tables.', remedy="Leave it out of `engines`.")
    return _of(name, found)


def _of(name: str, learner: type[TableSynthesizer]) -> Entrant:
    absent = learner.requires is not None and find_spec(learner.requires) is None
    return Entrant(name, learner, 'pip install "understudy[neural]"' if absent else "")
