"""A logical scenario: what happens, with parameters; runs of it, measured, and any run as full trajectories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from understudy.core.errors import ArgumentError, did_you_mean
from understudy.core.random import Stream
from understudy.scenes.traffic.lanes import Lane
from understudy.scenes.traffic.safety import COS, SIN, SPEED, X, Y
from understudy.scenes.traffic.scenarios import measuring
from understudy.scenes.traffic.scenarios.aftermath import after_contact
from understudy.scenes.traffic.scenarios.measuring import measure
from understudy.scenes.traffic.scenarios.parameter import Parameter
from understudy.scenes.traffic.scenarios.play import Driver, Script, play
from understudy.scenes.traffic.trajectories import Agent, Trajectories

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]
Staging = tuple[list[Driver], list[Script]]

RUNS_AT_ONCE = 256  # their states fit into a processor's cache


@dataclass(frozen=True)
class Outcome:
    """Figures of n runs, each an array (n,): the ego vehicle against all others, up to the first contact.

    Attributes:
        min_gap_m: least distance of the two boxes; 0 in a collision.
        collision: whether they touched. collision_time_s: when; infinite if not. impact_mps: relative speed then; 0 if not.
        min_ttc_s: least time to collision; infinite if never on a course to collide, 0 in a collision.
        max_drac_mps2: highest deceleration needed to avoid a crash; infinite in a collision.
        pet_s: post-encroachment time in whole steps; infinite above the horizon; 0 in a collision. For vehicles one behind the other it is
            the least time gap.
        other: the number of the agent that came nearest.
    """

    min_gap_m: Floats
    collision: NDArray[np.bool_]
    collision_time_s: Floats
    impact_mps: Floats
    min_ttc_s: Floats
    max_drac_mps2: Floats
    pet_s: Floats
    other: NDArray[np.int64]

    @property
    def margin(self) -> Floats:
        """Least gap, m, where there was no collision, else the speed of impact, m/s, taken negative: a limit state that goes through 0."""
        return np.where(self.collision, -self.impact_mps, self.min_gap_m)

    def __len__(self) -> int:
        return len(self.min_gap_m)


@dataclass(frozen=True)
class Scenario:
    """A logical scenario. The ego vehicle is the first agent and goes along +x from the origin.

    Attributes:
        name: as in the catalogue.
        what: one sentence.
        parameters: what it varies, in the order of the columns of all tables.
        agents: in the order of the states; drivers first.
        staging: from values (n,) by parameter to drivers and scripts.
        road: lanes of the place.
        hides: ids of agents that stand in the line of sight.
        duration_s, step_s: how long a run is, and its frames.
    """

    name: str
    what: str
    parameters: tuple[Parameter, ...]
    agents: tuple[Agent, ...]
    staging: Callable[[Values], Staging]
    road: tuple[Lane, ...]
    hides: tuple[str, ...] = ()
    duration_s: float = 8.0
    step_s: float = 0.1

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def times_s(self) -> Floats:
        """(S,) the frames' times."""
        return np.asarray(np.arange(self._steps + 1) * self.step_s, dtype=np.float64)

    def with_parameters(self, **changed: Parameter | float) -> Self:
        """The scenario with other laws or bounds for some parameters; a number fixes one. Raises ArgumentError for an unknown name."""
        for name in changed:
            if name not in self.names:
                raise ArgumentError(f'"{self.name}" has no parameter "{name}".', remedy=did_you_mean(name, self.names))
        return replace(self, parameters=tuple(_changed(parameter, changed.get(parameter.name)) for parameter in self.parameters))

    def from_normal(self, u: ArrayLike) -> Floats:
        """Values (n, k) at standard normal numbers (n, k): each parameter by the inverse of its law. They are independent."""
        normal = self._table(u)
        return np.stack([parameter.from_normal(normal[:, place]) for place, parameter in enumerate(self.parameters)], axis=1)

    def to_normal(self, values: ArrayLike) -> Floats:
        """Standard normal numbers (n, k) of values (n, k)."""
        table = self._table(values)
        return np.stack([parameter.to_normal(table[:, place]) for place, parameter in enumerate(self.parameters)], axis=1)

    def draw(self, n: int, rng: Stream) -> Floats:
        """n random concrete scenarios, (n, k), by the laws. Column by column from the parameter's own stream: others change nothing."""
        normal = np.stack([rng.child(name).generator().standard_normal(n) for name in self.names], axis=1)
        return self.from_normal(normal)

    def table(self, rows: Mapping[str, ArrayLike]) -> Floats:
        """Values (n, k) from a number or an array for each parameter by name.

        Raises:
            ArgumentError: an unknown name, a missing one, or a value out of bounds.
        """
        for name in rows:
            if name not in self.names:
                raise ArgumentError(f'"{self.name}" has no parameter "{name}".', remedy=did_you_mean(name, self.names))
        missing = [name for name in self.names if name not in rows]
        if missing:
            raise ArgumentError(f'"{self.name}" lacks {", ".join(missing)}.', remedy="Give a value for each parameter.")
        columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(rows[name], dtype=np.float64)) for name in self.names))
        return self._inside(np.stack(columns, axis=1))

    def run(self, parameters: ArrayLike, *, pet_horizon_s: float = 3.0) -> Outcome:
        """Figures of concrete scenarios.

        Args:
            parameters: (n, k) values, columns as `names`.
            pet_horizon_s: PETs up to this are told; the search for higher ones costs time. 0: none are.

        Raises:
            ArgumentError: a table of another shape, or a value out of bounds.
        """
        table = self._inside(self._table(parameters))
        parts = [
            measure(self._play(table[at : at + RUNS_AT_ONCE]), self._halves, self.step_s, pet_horizon_s)
            for at in range(0, len(table), RUNS_AT_ONCE)
        ]
        return _outcome(np.concatenate(parts) if parts else np.empty((0, 7)))

    def trajectories(self, parameters: ArrayLike) -> Trajectories:
        """The motion of all agents in one concrete scenario (k,), as measured by `run`.

        From a contact on, the two move on together and brake (see `aftermath`); its time is in `events` as "collision".
        """
        table = self._inside(self._table(np.asarray(parameters, dtype=np.float64).reshape(1, -1)))
        states = self._play(table)
        found = measure(states, self._halves, self.step_s, 0.0)[0]
        path, contact = states[0], float(found[measuring.CONTACT])
        if contact < np.inf:
            path = after_contact(path, self._halves, int(found[measuring.OTHER]), contact, self.step_s)
        place = np.zeros((*path.shape[:2], 3))
        place[..., :2] = path[..., (X, Y)]
        return Trajectories(
            self.times_s, self.agents, place, np.arctan2(path[..., SIN], path[..., COS]), path[..., SPEED].copy(),
            np.ones(path.shape[:2], dtype=np.bool_), events={"collision": contact} if contact < np.inf else {},
        )  # fmt: skip

    def _play(self, table: Floats) -> Floats:
        drivers, scripts = self.staging({name: table[:, place] for place, name in enumerate(self.names)})
        return play(drivers, scripts, self._halves, self._hiding, len(table), self._steps, self.step_s)

    @property
    def _steps(self) -> int:
        return round(self.duration_s / self.step_s)

    @cached_property
    def _halves(self) -> Floats:
        return np.array([agent.size_m[:2] for agent in self.agents]) / 2.0

    @cached_property
    def _hiding(self) -> NDArray[np.bool_]:
        return np.array([agent.id in self.hides for agent in self.agents])

    def _table(self, values: ArrayLike) -> Floats:
        table = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if table.ndim != 2 or table.shape[1] != len(self.parameters):
            raise ArgumentError(
                f'"{self.name}" has {len(self.parameters)} parameters, but the table is of shape {table.shape}.',
                remedy=f"Give a column each for {', '.join(self.names)}.",
            )
        return table

    def _inside(self, table: Floats) -> Floats:
        low, high = self._bounds
        wrong = ~((table >= low) & (table <= high))
        if wrong.any():
            row, place = (int(where) for where in np.argwhere(wrong)[0])
            parameter = self.parameters[place]
            raise ArgumentError(
                f"{parameter.name} is {table[row, place]:g}.", where=f"{self.name}, row {row}",
                remedy=f"It lies between {parameter.low:g} and {parameter.high:g}; other bounds go to with_parameters.",
            )  # fmt: skip
        return table

    @cached_property
    def _bounds(self) -> tuple[Floats, Floats]:
        """(k,) the lowest and the highest values, with room for rounding."""
        low, high = np.array([[parameter.low, parameter.high] for parameter in self.parameters]).T
        return low - 1e-9, high + 1e-9


def _changed(parameter: Parameter, change: Parameter | float | None) -> Parameter:
    if change is None:
        return parameter
    if isinstance(change, Parameter):
        return replace(change, name=parameter.name)
    width = max(abs(change), 1.0) * 1e-9
    return Parameter(parameter.name, parameter.what, float(change), float(change) + width)


def _outcome(found: Floats) -> Outcome:
    contact = found[:, measuring.CONTACT]
    return Outcome(
        found[:, measuring.GAP], contact < np.inf, contact, found[:, measuring.IMPACT], found[:, measuring.TTC],
        found[:, measuring.DRAC], found[:, measuring.PET], found[:, measuring.OTHER].astype(np.int64),
    )  # fmt: skip


FIGURES = tuple(field.name for field in fields(Outcome))
