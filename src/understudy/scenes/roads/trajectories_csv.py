"""Trajectories as CSV: one row for each agent at each moment at which it is present."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from understudy.core.atomic import atomic_file
from understudy.core.errors import DataError, did_you_mean
from understudy.scenes.traffic.trajectories import Agent, Trajectories

COLUMNS = ("frame", "time", "id", "kind", "x", "y", "z", "heading", "speed", "length", "width", "height")
"""s, m, radians and m/s; x, y, z is the middle of the footprint."""
NUMBERS = ("time", "x", "y", "z", "heading", "speed", "length", "width", "height")
Row = dict[str, float]


def write_trajectories(trajectories: Trajectories, path: str | Path) -> None:
    """Numbers are written in full, so that what is read back is equal.

    Raises:
        SinkError: the file cannot be written.
    """
    with atomic_file(path) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for frame, place in zip(*np.nonzero(trajectories.present), strict=True):
            agent = trajectories.agents[place]
            moving = (*trajectories.position_m[frame, place], trajectories.heading_rad[frame, place], trajectories.speed_mps[frame, place])
            numbers = (repr(float(value)) for value in (*moving, *agent.size_m))
            writer.writerow([frame, repr(float(trajectories.times_s[frame])), agent.id, agent.kind, *numbers])
        text.flush()
        text.detach()


def read_trajectories(path: str | Path) -> Trajectories:
    """Agents in the order of their first rows; columns may come in any order, those that are not known are ignored.

    Raises:
        DataError: a column is missing, a cell is no number, a frame has two times or two rows of one agent; names file and line.
    """
    times: dict[int, float] = {}
    agents: dict[str, Agent] = {}
    rows: dict[tuple[int, str], Row] = {}
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _need_columns(reader.fieldnames or (), str(path))
            for cells in reader:
                _take(cells, f"{path}, line {reader.line_num}", times, agents, rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"The file cannot be read: {error}.", where=str(path), remedy="Give a CSV file in UTF-8.") from error
    if not rows:
        raise DataError("The file has no rows.", where=str(path), remedy="Give at least one moment of one agent.")
    return _assembled(times, agents, rows, str(path))


def _need_columns(found: object, where: str) -> None:
    names = [str(name) for name in found] if isinstance(found, (list, tuple)) else []
    for column in COLUMNS:
        if column not in names:
            raise DataError(f'There is no column "{column}".', where=where, remedy=f"Add it. {did_you_mean(column, names)}")


def _take(cells: dict[str, str], where: str, times: dict[int, float], agents: dict[str, Agent], rows: dict[tuple[int, str], Row]) -> None:
    numbers = {name: _number(cells[name], name, where) for name in NUMBERS}
    frame = _number(cells["frame"], "frame", where)
    if frame != int(frame) or frame < 0:
        raise DataError(f'"{cells["frame"]}" is no number of a frame.', where=where, remedy="Count frames from 0.")
    number, name = int(frame), cells["id"]
    agent = Agent(name, cells["kind"], (numbers["length"], numbers["width"], numbers["height"]))
    if agents.setdefault(name, agent) != agent:
        raise DataError(f'"{name}" changes its kind or size.', where=where, remedy="Give each agent one kind and one size.")
    if times.setdefault(number, numbers["time"]) != numbers["time"]:
        raise DataError(f"Frame {number} has two times.", where=where, remedy="Give all rows of a frame the same time.")
    if (number, name) in rows:
        raise DataError(f'"{name}" is twice in frame {number}.', where=where, remedy="Keep one row.")
    rows[number, name] = numbers


def _number(cell: str | None, column: str, where: str) -> float:
    try:
        value = float(cell or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f'The column "{column}" holds "{cell}", which is no number.', where=where, remedy="Write a finite number.")
    return value


def _assembled(times: dict[int, float], agents: dict[str, Agent], rows: dict[tuple[int, str], Row], where: str) -> Trajectories:
    frames = {frame: place for place, frame in enumerate(sorted(times))}
    moments = np.array([times[frame] for frame in frames])
    if np.any(np.diff(moments) <= 0):
        raise DataError("Times do not ascend with the frames.", where=where, remedy="Number the frames in the order of their times.")
    names = {name: place for place, name in enumerate(agents)}
    shape = len(frames), len(names)
    position, heading, speed = np.full((*shape, 3), np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    for (frame, name), row in rows.items():
        place = frames[frame], names[name]
        position[place] = row["x"], row["y"], row["z"]
        heading[place], speed[place] = row["heading"], row["speed"]
    return Trajectories(moments, tuple(agents.values()), position, heading, speed, ~np.isnan(heading))
