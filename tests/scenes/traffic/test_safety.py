from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.core.errors import ArgumentError
from understudy.scenes.traffic.boxes import contact_time, crosses, nearest_approach, separation
from understudy.scenes.traffic.safety import conflicts, deceleration_to_avoid_crash, time_to_collision
from understudy.scenes.traffic.trajectories import Agent, Trajectories, joined

angles = st.floats(-3.2, 3.2)
ways = st.floats(-12, 12)


def straight_ahead(starts: list[tuple[float, float]], headings: list[float], speeds: list[float], seconds: float = 5.0) -> Trajectories:
    """Cars that keep their velocities."""
    times = np.arange(0, seconds + 1e-9, 0.1)
    along = np.stack((np.cos(headings), np.sin(headings)), axis=-1) * np.array(speeds)[:, None]
    place = np.zeros((len(times), len(starts), 3))
    place[..., :2] = np.array(starts) + times[:, None, None] * along
    shape = place.shape[:2]
    agents = tuple(Agent(f"car{number}", "car", (4.0, 2.0, 1.5)) for number in range(len(starts)))
    return Trajectories(times, agents, place, np.broadcast_to(headings, shape), np.broadcast_to(speeds, shape), np.ones(shape, dtype=bool))


def corners(x: float, y: float, angle: float) -> np.ndarray:
    along, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    return np.array([[x, y] + a * 2.0 * along + b * 1.0 * aside for a in (-1, 1) for b in (-1, 1)])


def boundary(x: float, y: float, angle: float) -> np.ndarray:
    """Many points of a box's boundary."""
    around = corners(x, y, angle)[[0, 1, 3, 2, 0]]
    return np.concatenate([a + np.linspace(0, 1, 120)[:, None] * (b - a) for a, b in pairwise(around)])


@given(ways, ways, angles, angles)
def test_the_distance_of_boxes_is_that_of_their_boundaries(dx: float, dy: float, first: float, second: float) -> None:
    a, b = (np.cos(first), np.sin(first), 2.0, 1.0), (np.cos(second), np.sin(second), 2.0, 1.0)
    gap = nearest_approach(dx, dy, 0.0, 0.0, *a, *b)
    assert separation(dx, dy, 0.0, 0.0, *a, *b) <= gap + 1e-9
    if gap > 0:
        away = boundary(0, 0, first)[:, None] - boundary(dx, dy, second)
        assert np.sqrt((away**2).sum(axis=-1)).min() == pytest.approx(gap, abs=0.02)


@given(ways, ways, ways, ways, angles, angles)
def test_boxes_touch_when_contact_time_says_so(dx: float, dy: float, wx: float, wy: float, first: float, second: float) -> None:
    a, b = (np.cos(first), np.sin(first), 2.0, 1.0), (np.cos(second), np.sin(second), 2.0, 1.0)
    time = contact_time(dx, dy, wx, wy, *a, *b)
    gaps = [nearest_approach(dx + wx * t, dy + wy * t, 0.0, 0.0, *a, *b) for t in np.linspace(0, min(time, 30.0), 40)]
    if time == np.inf:
        assert min(gaps) > 0
    else:
        assert nearest_approach(dx + wx * time, dy + wy * time, 0.0, 0.0, *a, *b) == pytest.approx(0.0, abs=1e-6)
        assert time == 0.0 or min(gaps[:-1]) > 0.0 or gaps[-1] < 1e-6
    swept = nearest_approach(dx, dy, wx, wy, *a, *b)
    stepwise = min(nearest_approach(dx + wx * t, dy + wy * t, 0.0, 0.0, *a, *b) for t in np.linspace(0, 1, 400))
    assert swept == pytest.approx(stepwise, abs=0.05)
    assert separation(dx, dy, wx, wy, *a, *b) <= swept + 1e-9


def test_a_line_of_sight_is_blocked_by_what_stands_in_it() -> None:
    assert crosses(10.0, 0.5, 20.0, 0.0, 1.0, 0.0, 2.0, 1.0)
    assert not crosses(10.0, 1.5, 20.0, 0.0, 1.0, 0.0, 2.0, 1.0)
    assert not crosses(30.0, 0.5, 20.0, 0.0, 1.0, 0.0, 2.0, 1.0)


def test_along_a_lane_ttc_and_drac_are_the_textbook_ones() -> None:
    assert time_to_collision([20.0, 20.0, 0.0], [5.0, -1.0, 0.0]).tolist() == [4.0, np.inf, 0.0]
    assert deceleration_to_avoid_crash([20.0, 20.0, 0.0], [10.0, -1.0, 1.0]).tolist() == [2.5, 0.0, np.inf]


def test_on_the_plane_they_agree_with_those_along_the_lane() -> None:
    found = conflicts(straight_ahead([(0, 0), (30, 0)], [0.0, 0.0], [20.0, 15.0]))
    gap = 26.0 - 5.0 * found.times_s[:40]
    assert found.gap_m[:40, 0] == pytest.approx(gap)
    assert found.ttc_s[:40, 0] == pytest.approx(time_to_collision(gap, 5.0))
    assert found.drac_mps2[:40, 0] == pytest.approx(deceleration_to_avoid_crash(gap, 5.0))


def test_crossing_ways_have_the_post_encroachment_time_of_the_corner() -> None:
    # The first leaves the crossing (x up to 21, y up to 2) after 2.3 s; the other comes to it a second later.
    found = conflicts(straight_ahead([(0, 0), (20, -31 - 4.0)], [0.0, np.pi / 2], [10.0, 10.0]))
    assert found.pet_s[0] == pytest.approx(0.9, abs=0.11)
    assert found.ttc_s[0, 0] == np.inf


def test_oncoming_traffic_that_passes_is_no_conflict() -> None:
    found = conflicts(straight_ahead([(0, 0), (60, 3.5)], [0.0, np.pi], [15.0, 15.0]))
    assert np.isinf(found.ttc_s).all()
    assert (found.drac_mps2 == 0).all()
    assert found.gap_m.min() == pytest.approx(1.5, abs=1e-9)


def test_limits_are_the_callers_and_give_intervals() -> None:
    found = conflicts(straight_ahead([(0, 0), (30, 0)], [0.0, 0.0], [20.0, 15.0]))
    strict, wide = found.intervals(ttc_s=1.0)[0], found.intervals(ttc_s=4.0)[0]
    assert strict.pair == ("car0", "car1")
    assert strict.begin_s == pytest.approx(4.2, abs=0.11)
    assert wide.begin_s == pytest.approx(1.2, abs=0.11)
    with pytest.raises(ArgumentError, match="ttc_s="):
        found.intervals()


def test_who_is_not_there_has_no_figures() -> None:
    cars = straight_ahead([(0, 0), (30, 0)], [0.0, 0.0], [20.0, 15.0])
    cars.present[:10, 1] = False
    found = conflicts(cars)
    assert np.isnan(found.gap_m[:10]).all()
    assert not np.isnan(found.gap_m[10:]).any()


def test_an_unknown_agent_is_named_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match='"car1"'):
        conflicts(straight_ahead([(0, 0), (30, 0)], [0.0, 0.0], [20.0, 15.0]), [("car0", "cra1")])


def test_trajectories_join_where_their_times_are_the_same() -> None:
    both = joined([straight_ahead([(0, 0)], [0.0], [1.0]), straight_ahead([(5, 5)], [0.0], [2.0])])
    assert both.position_m.shape == (51, 2, 3)
    with pytest.raises(ArgumentError, match="times"):
        joined([straight_ahead([(0, 0)], [0.0], [1.0]), straight_ahead([(5, 5)], [0.0], [2.0], seconds=3.0)])
