"""Lanes as traffic needs them: a middle line to go along, neighbours to change to, successors to go on in, lines to stop at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from understudy.core.errors import ArgumentError, did_you_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Signal:
    """A traffic light that repeats itself: green, then yellow, then red, s each. offset_s: how long before time 0 a green began."""

    id: str
    green_s: float
    yellow_s: float
    red_s: float
    offset_s: float = 0.0

    def colour(self, time_s: float) -> str:
        """green, yellow or red."""
        since = (time_s + self.offset_s) % (self.green_s + self.yellow_s + self.red_s)
        return "green" if since < self.green_s else "yellow" if since < self.green_s + self.yellow_s else "red"


@dataclass(frozen=True)
class StopLine:
    """Where vehicles wait.

    Attributes:
        position_m: along the lane.
        signal: the light that it belongs to; None: traffic gives way here, with or without a sign.
        yields_to: ids of the lanes whose traffic goes first. With a signal they matter while it is green (turning left).
    """

    position_m: float
    signal: Signal | None = None
    yields_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lane:
    """A lane, in the direction of travel.

    Attributes:
        id: of its own.
        centre: (N, 2) or (N, 3) the middle line, m, N ≥ 2; x, y (and z), world axes.
        width_m: > 0.
        left, right: ids of the lanes beside it with the same direction of travel that one may change to.
        successors: ids of lanes that begin where it ends; none: traffic leaves the scene there.
        speed_limit_mps: > 0.
        kind: "driving", "biking" or "walking".
        stops: in any order.
    """

    id: str
    centre: Floats
    width_m: float = 3.5
    left: str | None = None
    right: str | None = None
    successors: tuple[str, ...] = ()
    speed_limit_mps: float = 13.9
    kind: str = "driving"
    stops: tuple[StopLine, ...] = field(default=())

    def __post_init__(self) -> None:
        line = np.asarray(self.centre, dtype=np.float64)
        where = f"lane {self.id}"
        if line.ndim != 2 or line.shape[1] not in (2, 3) or len(line) < 2 or not np.isfinite(line).all():
            raise ArgumentError(
                f"The middle line is of shape {line.shape}.", where=where, remedy="Give two or more finite points (N, 2) or (N, 3)."
            )
        if (np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1) <= 0).any():
            raise ArgumentError("The middle line stands still between two points.", where=where, remedy="Leave out repeated points.")
        if self.width_m <= 0 or self.speed_limit_mps <= 0:
            raise ArgumentError("Width and speed limit are above 0.", where=where)
        object.__setattr__(self, "centre", np.column_stack((line, np.zeros(len(line)))) if line.shape[1] == 2 else line)

    @cached_property
    def stations_m(self) -> Floats:
        """(N,) arc length at each point, over ground (in x and y)."""
        return np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(self.centre[:, :2], axis=0), axis=1))))

    @property
    def length_m(self) -> float:
        return float(self.stations_m[-1])

    def at(self, station_m: Floats, aside_m: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """Places (…, 3) and headings (…) at arc lengths, moved to the left by `aside_m`. Beyond the ends the lane goes straight on.

        Headings turn evenly between the middles of the line's pieces, so that vehicles do not jerk at its points.
        """
        station = np.asarray(station_m, dtype=np.float64)
        piece = np.clip(np.searchsorted(self.stations_m, station, side="right") - 1, 0, len(self.centre) - 2)
        share = (station - self.stations_m[piece]) / np.diff(self.stations_m)[piece]
        place = self.centre[piece] + share[..., None] * (self.centre[piece + 1] - self.centre[piece])
        middles = 0.5 * (self.stations_m[1:] + self.stations_m[:-1])
        heading = np.interp(station, middles, self._headings)
        place[..., 0] -= aside_m * np.sin(heading)
        place[..., 1] += aside_m * np.cos(heading)
        return place, heading

    @cached_property
    def _headings(self) -> Floats:
        """(N - 1,) of each piece, without jumps of a full turn."""
        way = np.diff(self.centre[:, :2], axis=0)
        return np.unwrap(np.arctan2(way[:, 1], way[:, 0]))

    def station_of(self, place: Floats) -> tuple[Floats, Floats]:
        """The arc lengths (…) of the nearest points of the middle line to places (…, 2 or 3), and how far to the left of it they are."""
        at = np.asarray(place, dtype=np.float64)[..., None, :2]
        way = np.diff(self.centre[:, :2], axis=0)
        long = np.linalg.norm(way, axis=1)
        away = at - self.centre[:-1, :2]
        share = np.clip((away * way).sum(axis=-1) / long**2, 0.0, 1.0)
        left = (way[:, 0] * away[..., 1] - way[:, 1] * away[..., 0]) / long
        distance = np.linalg.norm(away - share[..., None] * way, axis=-1)
        best = distance.argmin(axis=-1)[..., None]
        station = np.take_along_axis(self.stations_m[:-1] + share * long, best, axis=-1)[..., 0]
        side = np.sign(np.take_along_axis(left, best, axis=-1)[..., 0])
        return station, side * np.take_along_axis(distance, best, axis=-1)[..., 0]


def checked(lanes: Iterable[Lane]) -> dict[str, Lane]:
    """Lanes by id. Raises ArgumentError for an id that is used twice, and for a neighbour or successor that is not there."""
    by_id: dict[str, Lane] = {}
    for lane in lanes:
        if lane.id in by_id:
            raise ArgumentError(f'Two lanes have the id "{lane.id}".')
        by_id[lane.id] = lane
    for lane in by_id.values():
        named = [lane.left, lane.right, *lane.successors, *(name for stop in lane.stops for name in stop.yields_to)]
        for name in named:
            if name is not None and name not in by_id:
                raise ArgumentError(f'There is no lane "{name}".', where=f"lane {lane.id}", remedy=did_you_mean(name, by_id))
    return by_id


def straight(
    id: str,  # noqa: A002
    length_m: float,
    *,
    start: tuple[float, float] = (0.0, 0.0),
    heading_rad: float = 0.0,
    width_m: float = 3.5,
    left: str | None = None,
    right: str | None = None,
    speed_limit_mps: float = 33.3,
) -> Lane:
    """A straight lane from `start` on."""
    end = (start[0] + length_m * np.cos(heading_rad), start[1] + length_m * np.sin(heading_rad))
    return Lane(id, np.array([start, end]), width_m, left, right, speed_limit_mps=speed_limit_mps)
