"""Who touches whom: boxes that move."""

import numpy as np
import pytest

from understudy.scenes.traffic.meetings import meetings
from understudy.scenes.traffic.trajectories import Agent, Trajectories


def moving(*ways: tuple[float, float, float, float, float]) -> Trajectories:
    """Agents of 4 m × 2 m from x, y at a speed along x and along y, with a heading."""
    times = np.arange(0, 2.01, 0.1)
    place = np.stack([np.stack([x + u * times, y + v * times, 0 * times], axis=1) for x, y, u, v, _ in ways], axis=1)
    heading = np.tile([way[4] for way in ways], (len(times), 1))
    agents = tuple(Agent(str(number), "car", (4.0, 2.0, 1.5)) for number in range(len(ways)))
    return Trajectories(times, agents, place, heading, np.zeros_like(heading), np.ones(heading.shape, dtype=bool))


def test_who_drives_into_another_meets_it_and_who_passes_beside_does_not():
    one = moving((0, 0, 10, 0, 0.0))
    assert list(meetings(one, moving((15, 0.0, 0, 0, 0.0)))) == [(0, 0)]
    assert list(meetings(one, moving((15, 2.1, 0, 0, 0.0)))) == []
    assert list(meetings(one, moving((15, 2.1, 0, 0, 0.0)), apart_m=0.2)) == [(0, 0)]


@pytest.mark.parametrize(("turn", "meets"), [(np.pi / 2, True), (0.0, False)])
def test_headings_count(turn, meets):
    assert bool(list(meetings(moving((0, 0, 0, 0, 0.0)), moving((0, 2.5, 0, 0, turn))))) is meets


def test_nobody_meets_itself_or_who_is_away():
    pair = moving((0, 0, 0, 0, 0.0), (1, 0, 0, 0, 0.0))
    assert set(meetings(pair, pair)) == {(0, 1), (1, 0)}
    pair.present[:, 1] = False
    assert not list(meetings(pair, pair))
