"""`Draws`: the values of one item, each from a random stream of its own path, so that an object more changes no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import BaseModel
from scipy import special

from understudy.core.errors import ConditionError, did_you_mean
from understudy.core.random import Stream
from understudy.scenes.spec.values import Constant, Distribution, constant


@dataclass(frozen=True)
class Correlated:
    """Values that are drawn together. paths: of settings, "traffic.speed"; values of single objects are named without the object's
    number. root: lower triangle of the correlations' Cholesky factor."""

    paths: tuple[str, ...]
    root: np.ndarray[Any, np.dtype[np.float64]]


@dataclass
class _Item:
    """What the draws of one item share."""

    settings: BaseModel
    fixed: Mapping[str, Constant]
    correlated: Sequence[Correlated]
    drawn: dict[str, Constant] = field(default_factory=dict)
    edge_cases: tuple[str, ...] = ()
    open: list[str] = field(default_factory=list)


class Draws:
    """Draws values of an item at a path of its scene.

    Args:
        stream: the item's stream.
        settings: the world's, whose values `when` may name.
        fixed: values by path that are not drawn but set (conditions, edge cases).
        correlated: groups of values that are drawn together.

    `draw(settings.speed, "speed")` gives a constant and notes it; `draw.at("vehicles/3")` draws below that path.
    """

    def __init__(
        self,
        stream: Stream,
        settings: BaseModel,
        fixed: Mapping[str, Constant] | None = None,
        correlated: Sequence[Correlated] = (),
    ) -> None:
        self._item = _Item(settings, fixed or {}, correlated)
        self._stream = stream
        self._path: tuple[str, ...] = ()

    def at(self, path: str) -> Draws:
        """Draws below `path`, "vehicles/3"."""
        below = Draws.__new__(Draws)
        below._item, below._stream, below._path = self._item, self._stream, (*self._path, *path.split("/"))
        return below

    def __call__(self, value: Any, path: str) -> Any:
        """The constant that `value` is here; the same whenever it is asked for again at this path."""
        steps = (*self._path, *path.replace(".", "/").split("/"))
        full = "/".join(steps)
        item = self._item
        if full in item.drawn:
            return item.drawn[full]
        general = ".".join(step for step in steps if not step.isdigit())
        if general in item.fixed:
            found: Constant = item.fixed[general]
        elif isinstance(value, Distribution):
            if full in item.open:
                raise ConditionError(f'The value "{full}" depends on itself: {" → ".join([*item.open, full])}.', where=full)
            item.open.append(full)
            found = constant(value, self._quantile(steps, general), self._lookup(steps))
            item.open.pop()
        else:
            found = value
        item.drawn[full] = found
        return found

    def settings(self, model: BaseModel, path: str) -> Any:
        """A settings object with all its values drawn, below `path`; lists and objects in it likewise."""
        drawn = {}
        for name, value in model:
            here = f"{path}/{name}" if path else name
            if isinstance(value, BaseModel) and not isinstance(value, Distribution):
                drawn[name] = self.settings(value, here)
            elif isinstance(value, bool | int | float | str | Distribution):
                drawn[name] = self(value, here)
            else:
                drawn[name] = value
        return model.model_copy(update=drawn)

    def chance(self, probability: float, path: str) -> bool:
        """True with this probability; noted."""
        full = "/".join((*self._path, path))
        if full not in self._item.drawn:
            self._item.drawn[full] = bool(self._uniform(*self._path, *path.split("/")) < probability)
        return bool(self._item.drawn[full])

    def quantile(self, path: str) -> float:
        """The uniform number, 0 < u < 1, that a value at this path is drawn by, for laws that are not values of a description."""
        steps = (*self._path, *path.replace(".", "/").split("/"))
        return self._quantile(steps, ".".join(step for step in steps if not step.isdigit()))

    def note(self, path: str, value: Constant) -> None:
        """Write down what was decided by other means."""
        self._item.drawn["/".join((*self._path, path))] = value

    def stream(self, purpose: str) -> Stream:
        """The random stream at this path for one purpose."""
        return self._stream.child(*self._path, purpose)

    def generator(self, purpose: str) -> np.random.Generator:
        """A NumPy generator at this path for one purpose: a texture's noise, a walk's steps."""
        return self.stream(purpose).generator()

    @property
    def drawn(self) -> dict[str, Constant]:
        """Everything drawn so far, by path."""
        return self._item.drawn

    @property
    def edge_cases(self) -> tuple[str, ...]:
        """Names of the edge cases that this item shows."""
        return self._item.edge_cases

    def shows(self, edge_case: str) -> bool:
        """Whether the item shows this edge case."""
        return edge_case in self._item.edge_cases

    def set_edge_cases(self, names: Sequence[str]) -> None:
        self._item.edge_cases = tuple(names)

    # -- how

    def _uniform(self, *steps: str) -> float:
        """In the open interval 0 .. 1, from 53 bits of the path's key."""
        bits = int.from_bytes(self._stream.child(*steps, "value").key[:8], "little") >> 11
        return (bits + 0.5) / 2**53

    def _quantile(self, steps: tuple[str, ...], general: str) -> float:
        for number, group in enumerate(self._item.correlated):
            if general in group.paths:
                row = group.paths.index(general)
                owner = steps[
                    : max((place for place, step in enumerate(steps, 1) if step.isdigit()), default=0)
                ]  # the object, or the scene
                normal = [special.ndtri(self._uniform(*owner, "correlated", str(number), path)) for path in group.paths[: row + 1]]
                return float(special.ndtr(group.root[row, : row + 1] @ np.array(normal)))
        return self._uniform(*steps)

    def _lookup(self, steps: tuple[str, ...]) -> Any:
        """What `when` names: a value beside this one, further up, or of the settings."""

        def found(path: str) -> Constant:
            wanted = path.replace(".", "/").split("/")
            for depth in range(len(steps) - 1, -1, -1):
                full = "/".join((*steps[:depth], *wanted))
                if full in self._item.drawn:
                    return self._item.drawn[full]
            return self._of_settings(path, wanted)

        return found

    def _of_settings(self, path: str, wanted: list[str]) -> Constant:
        node: Any = self._item.settings
        for step in wanted:
            if not isinstance(node, BaseModel) or step not in type(node).model_fields:
                raise ConditionError(
                    f'`when` names "{path}", which is no value here.',
                    where="when",
                    remedy=did_you_mean(path, sorted(setting_paths(self._item.settings))),
                )
            node = getattr(node, step)
        top = self.at("x")
        top._path = ()
        return top(node, "/".join(wanted))  # type: ignore[no-any-return]


def setting_paths(model: BaseModel, before: str = "") -> list[str]:
    """The paths of all single values of settings."""
    paths = []
    for name, value in model:
        if isinstance(value, BaseModel) and not isinstance(value, Distribution):
            paths += setting_paths(value, f"{before}{name}.")
        elif value is None or isinstance(value, bool | int | float | str | Distribution):
            paths.append(f"{before}{name}")
    return paths
