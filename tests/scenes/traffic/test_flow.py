import numpy as np
import pytest

from understudy.core.errors import ArgumentError, ConstraintError
from understudy.core.random import Stream
from understudy.scenes.traffic.drivers import Idm
from understudy.scenes.traffic.flow import Vehicle, scattered, simulate
from understudy.scenes.traffic.lanes import Lane, Signal, StopLine, straight
from understudy.scenes.traffic.safety import conflicts
from understudy.scenes.traffic.trajectories import Agent, Trajectories

ROAD = (straight("right", 1500.0, left="left"), straight("left", 1500.0, start=(0, 3.5), right="right"))
ONE = (straight("one", 2000.0, speed_limit_mps=25.0),)


def ring(radius_m: float = 60.0) -> tuple[Lane, ...]:
    """A circle of two half lanes that follow each other."""
    angle = np.linspace(0, np.pi, 60)
    first = radius_m * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    return Lane("north", first, successors=("south",)), Lane("south", -first, successors=("north",))


def test_a_column_of_vehicles_settles_at_the_equilibrium_gap() -> None:
    cars = [Vehicle(f"car{k}", "one", 20.0 + 25.0 * (3 - k), 12.0, wish=0.6 if k == 0 else 1.2) for k in range(4)]
    path = simulate(ONE, cars, 90.0, Stream(1))
    ends = path.position_m[-1, :, 0]
    gaps = ends[:-1] - ends[1:] - 4.6
    expected = Idm(desired_mps=30.0, headway_s=1.4).equilibrium_gap(15.0)
    assert path.speed_mps[-1] == pytest.approx(np.full(4, 15.0), abs=0.1)
    assert gaps == pytest.approx(np.full(3, expected), rel=0.02)


def test_a_fast_car_overtakes_a_slow_lorry_without_touching_it() -> None:
    vehicles = [Vehicle("lorry", "right", 120.0, 18.0, "truck", (9.0, 2.5, 3.4), 0.55), Vehicle("car", "right", 20.0, 30.0)]
    path = simulate(ROAD, vehicles, 30.0, Stream(1))
    assert path.position_m[250, 1, 0] > path.position_m[250, 0, 0]
    lanes = path.lanes_of("car")
    assert "left" in lanes
    assert lanes[-1] == "right" or lanes[-1] is None
    assert np.nanmin(conflicts(path).gap_m) > 0.5
    sideways = np.abs(np.diff(path.position_m[:, 1, 1]))
    assert np.nanmax(sideways) < 0.2


def test_who_changes_lanes_is_minded_on_both_until_it_is_over() -> None:
    """A fast car close behind one that has just begun to leave its lane."""
    vehicles = [
        Vehicle("lorry", "right", 200.0, 15.0, "truck", (9.0, 2.5, 3.4), 0.45), Vehicle("leaves", "right", 160.0, 26.0),
        Vehicle("behind", "right", 140.0, 30.0, wish=1.2),
    ]  # fmt: skip
    path = simulate(ROAD, vehicles, 15.0, Stream(1))
    assert "left" in path.lanes_of("leaves")
    assert np.nanmin(conflicts(path).gap_m) > 0.5


def guest(x_m: float, speed_mps: float, y_m: float = 0.0, until_s: float = 20.0) -> Trajectories:
    times = np.arange(round(until_s / 0.1) + 1) * 0.1
    place = np.stack([x_m + speed_mps * times, np.full_like(times, y_m), 0 * times], axis=1)[:, None]
    ones = np.ones((len(times), 1))
    return Trajectories(times, (Agent("guest", "car", (4.6, 1.85, 1.5)),), place, 0 * ones, speed_mps * ones, ones > 0)


def test_vehicles_follow_guests_whose_motion_is_given() -> None:
    slow = guest(150.0, 8.0)
    path = simulate(ONE, [Vehicle("car", "one", 60.0, 24.0)], 20.0, Stream(1), guests=slow)
    gap = slow.position_m[:, 0, 0] - path.position_m[:, 0, 0] - 4.6
    assert gap.min() > 2.0
    assert path.speed_mps[-1, 0] == pytest.approx(8.0, abs=1.0)
    assert [agent.id for agent in path.agents] == ["car"]


def test_vehicles_do_not_cut_in_before_guests_and_change_lanes_for_them() -> None:
    lorry = Vehicle("lorry", "right", 130.0, 12.0, "truck", (9.0, 2.5, 3.4), 0.4)
    beside = guest(96.0, 27.0, y_m=3.5, until_s=2.0)
    kept = simulate(ROAD, [lorry, Vehicle("car", "right", 100.0, 27.0)], 1.5, Stream(1), guests=beside)
    assert set(kept.lanes_of("car")) == {"right"}
    passed = simulate(ROAD, [Vehicle("car", "right", 60.0, 27.0)], 12.0, Stream(1), guests=guest(130.0, 12.0))
    assert "left" in passed.lanes_of("car")


def test_guests_at_other_times_are_refused() -> None:
    with pytest.raises(ArgumentError, match="other times"):
        simulate(ONE, [], 30.0, Stream(1), guests=guest(0.0, 1.0))


def test_dense_traffic_has_no_crash() -> None:
    path = simulate(ROAD, scattered(ROAD, 60, Stream(4), spacing_m=20.0), 25.0, Stream(4))
    order = conflicts(path, within_m=60.0)
    assert np.nanmin(order.gap_m) > 0.0
    assert path.present[0].all()


def test_vehicles_leave_where_lanes_end_and_go_on_where_they_do_not() -> None:
    gone = simulate((straight("short", 100.0),), [Vehicle("car", "short", 50.0, 20.0)], 6.0, Stream(1))
    assert not gone.present[-1, 0]
    assert np.isnan(gone.position_m[-1, 0]).all()
    assert gone.lanes_of("car")[-1] is None
    round_path = simulate(ring(), [Vehicle("car", "north", 0.0, 13.0)], 60.0, Stream(1))
    assert round_path.present.all()
    assert np.linalg.norm(round_path.position_m[:, 0, :2], axis=1) == pytest.approx(60.0, abs=0.1)
    assert np.abs(np.diff(np.unwrap(round_path.heading_rad[:, 0]))).max() < 0.06


def test_vehicles_stop_at_red_and_go_at_green() -> None:
    signal = Signal("light", green_s=10.0, yellow_s=3.0, red_s=17.0, offset_s=13.0)
    lane = Lane("street", np.array([[0.0, 0], [300, 0]]), stops=(StopLine(150.0, signal),))
    path = simulate((lane,), [Vehicle("a", "street", 60.0, 13.0), Vehicle("b", "street", 40.0, 13.0)], 30.0, Stream(1))
    front = path.position_m[:, 0, 0] + 2.3
    assert [signal.colour(t) for t in (0.0, 16.9, 17.1, 28.0)] == ["red", "red", "green", "yellow"]
    assert front[path.times_s < 17.0].max() <= 150.0
    assert path.speed_mps[165, 0] == pytest.approx(0.0, abs=0.3)
    assert front[-1] > 180.0
    assert np.nanmin(conflicts(path).gap_m) > 1.0


def test_who_must_give_way_waits() -> None:
    main = straight("main", 300.0, start=(-150.0, 0.0), speed_limit_mps=14.0)
    side = Lane("side", np.array([[0.0, -100], [0, 100]]), speed_limit_mps=14.0, stops=(StopLine(95.0, None, ("main",)),))
    cars = [Vehicle("first", "main", 70.0, 14.0), Vehicle("waits", "side", 30.0, 14.0)]
    path = simulate((main, side), cars, 25.0, Stream(1))
    assert np.nanmin(conflicts(path).gap_m) > 2.0
    assert path.position_m[50, 1, 1] < -4.0
    assert not path.present[-1, 1] or path.position_m[-1, 1, 1] > 10.0


def test_drivers_slow_down_before_a_slower_lane() -> None:
    lanes = (
        Lane("fast", np.array([[0.0, 0], [200, 0]]), successors=("slow",), speed_limit_mps=20.0),
        Lane("slow", np.array([[200.0, 0], [400, 0]]), speed_limit_mps=8.0),
    )
    path = simulate(lanes, [Vehicle("car", "fast", 10.0, 20.0)], 20.0, Stream(1))
    on_slow = path.position_m[:, 0, 0] > 203.0
    assert np.nanmax(path.speed_mps[on_slow, 0]) < 9.5
    assert np.nanmin(np.diff(path.speed_mps[:, 0])) > -0.35


def test_the_same_seed_is_the_same_traffic_and_a_vehicle_more_turns_nobody_else() -> None:
    lanes = (
        Lane("in", np.array([[0.0, 0], [50, 0]]), successors=("a", "b", "c")),
        *(Lane(name, np.array([[50.0, 0], [150.0, y]])) for name, y in (("a", -50.0), ("b", 0.0), ("c", 50.0))),
    )
    some = [Vehicle(f"v{k}", "in", 40.0 - 9 * k, 5.0) for k in range(4)]
    few, more = simulate(lanes, some[:3], 12.0, Stream(5)), simulate(lanes, some, 12.0, Stream(5))
    assert np.array_equal(few.position_m, more.position_m[:, :3], equal_nan=True)


def test_wrong_traffic_is_refused_by_name() -> None:
    with pytest.raises(ArgumentError, match='"right"'):
        simulate(ROAD, [Vehicle("car", "rihgt", 0.0, 1.0)], 1.0, Stream(1))
    with pytest.raises(ArgumentError, match="overlap on lane right"):
        simulate(ROAD, [Vehicle("a", "right", 10.0, 1.0), Vehicle("b", "right", 12.0, 1.0)], 1.0, Stream(1))
    with pytest.raises(ArgumentError, match="beyond"):
        simulate(ROAD, [Vehicle("a", "right", 9999.0, 1.0)], 1.0, Stream(1))
    with pytest.raises(ConstraintError, match="at most"):
        scattered(ROAD, 5000, Stream(1))
    with pytest.raises(ArgumentError, match='no lane "nowhere"'):
        simulate((straight("x", 10.0, left="nowhere"),), [], 1.0, Stream(1))


def test_places_along_a_lane_and_back_are_inverse() -> None:
    lane = ring()[0]
    station, aside = np.linspace(1.0, lane.length_m - 1.0, 50), np.linspace(-1.5, 1.5, 50)
    place, _ = lane.at(station, aside)
    back, left = lane.station_of(place)
    assert back == pytest.approx(station, abs=0.1)
    assert left == pytest.approx(aside, abs=0.02)
