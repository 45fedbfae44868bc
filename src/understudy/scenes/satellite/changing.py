"""Dates of a place: what is there at each, and what is therefore changed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from understudy.data.media.items import Frame
from understudy.scenes.hits import Hits
from understudy.scenes.satellite.building import SEASONS, Place
from understudy.scenes.satellite.covers import NUMBER
from understudy.scenes.satellite.ground import PLOT, Plan, Season
from understudy.scenes.satellite.settings import SatelliteSettings
from understudy.scenes.satellite.site import Thing

if TYPE_CHECKING:
    from understudy.scenes.spec.draws import Draws

UNCHANGED, BUILT, REMOVED, MOVED, FIELD = range(5)
"""Values of a change mask."""

MOVING = frozenset({"small-vehicle", "large-vehicle", "ship", "container", "plane"})
DAY = 86_400.0
PHASES = ("ploughed", "young crop", "crop", "ripe crop", "stubble")
"""What becomes of a field in a year; each follows the one before it."""


@dataclass(frozen=True)
class Date:
    """A date. number: 0 or 1. time: s from the first. things: that are there. plan: what is painted then."""

    number: int
    time: float
    things: list[Thing]
    plan: Plan
    season: Season
    season_name: str
    sun_elevation: float
    sun_azimuth: float


def dates_of(place: Place, settings: SatelliteSettings, draw: Draws) -> list[Date]:
    """One date, or two with their changes."""
    sun = [math.radians(draw(getattr(settings.light, name), f"light/{name}")) for name in ("sun_elevation_deg", "sun_azimuth_deg")]
    first = Date(0, 0.0, place.site.things, place.site.plan, place.season, place.season_name, sun[0], sun[1])
    if settings.change.dates == 1:
        return [first]
    change = draw.at("change").settings(settings.change, "")
    fates = {thing.name: _fate(thing, change, draw) for thing in place.site.things}
    early = [thing for thing in place.site.things if fates[thing.name] != "late"]
    late = [thing for thing in place.site.things if fates[thing.name] != "early"]
    season, name = _later(place, change.days)
    shift = math.radians(change.sun_deg)
    sign = 1.0 if draw.chance(0.5, "change/later_in_the_day") else -1.0
    height = float(np.clip(sun[0] + 0.6 * sign * shift, math.radians(12), math.radians(80)))
    plans = (place.site.plan, _resown(place.site.plan, change.fields, draw))
    absent = [
        [thing for thing in place.site.things if thing.category == "building" and fates[thing.name] == gone] for gone in ("late", "early")
    ]
    plans = (_cleared(plans[0], absent[0]), _cleared(plans[1], absent[1]))
    return [
        replace(first, things=early, plan=plans[0]),
        Date(1, change.days * DAY, late, plans[1], season, name, height, sun[1] + sign * shift),
    ]


def _fate(thing: Thing, change: Any, draw: Draws) -> str:
    """ "both", "early" or "late": at which dates a thing is there; by its own name, so that others change nothing."""
    chance = float(draw.generator(f"change/things/{thing.name}").random())
    if thing.category == "building":
        return "late" if chance < change.built else ("early" if chance > 1 - change.removed else "both")
    if thing.category in MOVING:
        return "both" if chance > change.moved else ("early" if chance < change.moved / 2 else "late")
    return "both"


def _later(place: Place, days: float) -> tuple[Season, str]:
    """The season so many days later; snow stays as it is."""
    names = list(SEASONS)
    name = names[(names.index(place.season_name) + round(days / 91.3)) % 4]
    season = SEASONS[name]
    return Season(season.dry, season.autumn, season.bare, place.season.snow), name


def _resown(plan: Plan, share: float, draw: Draws) -> Plan:
    """The plan with some fields in their next phase; the plot's `state` counts it."""
    numbers = [NUMBER[name] for name in PHASES]
    fields = np.unique(plan.plot[np.isin(plan.kind, numbers)])
    kind, rows = plan.kind.copy(), list(plan.rows)
    for plot in fields.tolist():
        if plot and draw.generator(f"change/fields/{plot}").random() < share:
            here = (plan.plot == plot) & np.isin(plan.kind, numbers)
            at = numbers.index(int(np.bincount(plan.kind[here]).argmax()))
            kind[here] = numbers[(at + 1) % len(numbers)]
            row = list(rows[plot])
            row[PLOT.index("state")] += 1.0
            rows[plot] = tuple(row)
    return replace(plan, kind=kind, rows=rows)


def _cleared(plan: Plan, absent: list[Thing]) -> Plan:
    """The plan with bare ground where buildings are not there."""
    made = replace(plan, kind=plan.kind.copy(), plot=plan.plot.copy())
    for thing in absent:
        a, b = thing.size[0] / 2, thing.size[1] / 2
        c, s = abs(math.cos(thing.heading)), abs(math.sin(thing.heading))
        du, dv = a * c + b * s, a * s + b * c
        made.rect(thing.u - du, thing.v - dv, thing.u + du, thing.v + dv, "building site", 0)
    return made


def change_mask(place: Place, dates: list[Date], frames: list[Frame], hits: list[Hits]) -> NDArray[np.uint8]:
    """(H, W) by pixel: what of the thing or the field that is seen at either date is not there, or not so, at the other.

    Shadows, seasons and light change nothing here; a hidden change is none.
    """
    there = [{place.tracks[thing.name] for thing in date.things} for date in dates]
    buildings = {place.tracks[thing.name] for thing in place.site.things if thing.category == "building"}
    mask = np.zeros(frames[0].track.shape, dtype=np.uint8)
    states = [_states(date, hit, frame) for date, hit, frame in zip(dates, hits, frames, strict=True)]
    mask[(states[0] != states[1]) & (frames[0].track == 0) & (frames[1].track == 0)] = FIELD
    for frame, own, other, kind in ((frames[0], there[0], there[1], REMOVED), (frames[1], there[1], there[0], BUILT)):
        changed = own - other
        mask[np.isin(frame.track, list(changed - buildings))] = MOVED
        mask[np.isin(frame.track, list(changed & buildings))] = kind
    return mask


def _states(date: Date, hits: Hits, frame: Frame) -> NDArray[np.float32]:
    """(H, W) the state of the plot that is seen, 0 on things."""
    rows = np.array(date.plan.rows, dtype=np.float32)[:, PLOT.index("state")]
    made = np.zeros(frame.track.shape, dtype=np.float32)
    ground = frame.track == 0
    height, width = date.plan.kind.shape
    turned = _plan_cells(date.plan, hits.point[ground])
    column = np.clip(turned[:, 0], 0, width - 1)
    row = np.clip(turned[:, 1], 0, height - 1)
    made[ground] = rows[date.plan.plot[row, column]]
    return made


def _plan_cells(plan: Plan, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N, 2) column and row of places in the world."""
    c, s = math.cos(plan.turn), math.sin(plan.turn)
    place = points[:, :2] @ np.array([[c, -s], [s, c]])
    if len(plan.waves):
        place = place + np.sin(place @ plan.waves[:, 2:4].T + plan.waves[:, 4]) @ plan.waves[:, :2]
    return np.asarray((place - np.asarray(plan.low)) / plan.cell).astype(np.int64)


def change_rows(place: Place, dates: list[Date]) -> list[dict[str, Any]]:
    """One row for each thing that is at one date only, and for each field that changed."""
    names = [{thing.name for thing in date.things} for date in dates]
    rows: list[dict[str, Any]] = []
    for thing in place.site.things:
        if (thing.name in names[0]) != (thing.name in names[1]):
            new = thing.name in names[1]
            kind = ("built" if new else "removed") if thing.category == "building" else ("came" if new else "left")
            rows.append({"kind": kind, "track": place.tracks[thing.name], "name": thing.name, "category": thing.category})
    column = PLOT.index("state")
    for plot, (before, after) in enumerate(zip(dates[0].plan.rows, dates[1].plan.rows, strict=True)):
        if before[column] != after[column]:
            rows.append({"kind": "field", "track": 0, "name": f"field/{plot}", "category": "crops"})
    return rows
