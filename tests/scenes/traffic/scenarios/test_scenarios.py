import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.traffic.safety import conflicts
from understudy.scenes.traffic.scenarios import CATALOGUE, Parameter, scenario

NAMES = {
    "cut_in", "cut_out", "hard_brake", "occluded_pedestrian", "crossing_cyclist", "red_light_runner", "wrong_way", "debris", "animal",
    "stalled_car", "tailgater", "fog_queue_end",
}  # fmt: skip


def test_the_catalogue_holds_what_it_should() -> None:
    assert set(CATALOGUE) == NAMES
    assert scenario("cut-in") is CATALOGUE["cut_in"]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_run_and_its_trajectories_are_one_computation(name: str) -> None:
    known = scenario(name)
    table = known.draw(400, Stream(5))
    outcome = known.run(table)
    quiet, crash = np.flatnonzero(~outcome.collision)[0], np.flatnonzero(outcome.collision)
    for row in [quiet, *crash[:1]]:
        path = known.trajectories(table[row])
        ego = path.agents[0].id
        found = conflicts(path, [(ego, other.id) for other in path.agents[1:]], pet_horizon_s=3.0)
        assert ("collision" in path.events) == outcome.collision[row]
        if outcome.collision[row]:
            assert path.events["collision"] == outcome.collision_time_s[row]
            assert found.gap_m[path.times_s < outcome.collision_time_s[row] - 1e-9].min() > 0
        else:
            assert found.ttc_s[:-1].min() == pytest.approx(outcome.min_ttc_s[row])
            assert found.drac_mps2[:-1].max() == pytest.approx(outcome.max_drac_mps2[row])
            assert found.pet_s.min() == outcome.pet_s[row]
            assert found.gap_m.min() >= outcome.min_gap_m[row] - 1e-9
            assert found.gap_m.min() == pytest.approx(outcome.min_gap_m[row], abs=1.0)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_dangerous_runs_exist_and_so_do_harmless_ones(name: str) -> None:
    known = scenario(name)
    outcome = known.run(known.draw(8000, Stream(1)), pet_horizon_s=0)
    assert 0 < (outcome.min_ttc_s < 2.0).mean() < 0.9
    assert not outcome.collision.all()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_motion_is_smooth_and_nobody_drives_backwards(name: str) -> None:
    known = scenario(name)
    table = known.draw(60, Stream(2))
    row = np.flatnonzero(~known.run(table).collision)[0]
    path = known.trajectories(table[row])
    way = np.linalg.norm(np.diff(path.position_m, axis=0), axis=-1)
    mean_speed = 0.5 * (path.speed_mps[1:] + path.speed_mps[:-1])
    assert way == pytest.approx(0.1 * mean_speed, abs=0.1)
    along = (np.diff(path.position_m[..., :2], axis=0) * path.velocity_mps[:-1]).sum(axis=-1)
    assert along.min() > -1e-9


def test_values_and_normal_numbers_are_inverse_and_keep_to_the_bounds() -> None:
    for known in CATALOGUE.values():
        normal = Stream(3).generator().standard_normal((200, len(known.parameters))) * 2.0
        values = known.from_normal(normal)
        assert known.to_normal(values) == pytest.approx(normal, abs=1e-5)
        assert all(((column >= p.low) & (column <= p.high)).all() for column, p in zip(values.T, known.parameters, strict=True))


def test_a_cut_law_has_the_shares_of_the_law_within_its_bounds() -> None:
    parameter = Parameter("x_m", "", -1.0, 2.0, "norm", {"loc": 0.0, "scale": 1.0})
    median = parameter.from_normal(0.0)
    below = parameter.distribution.cdf(-1.0), parameter.distribution.cdf(median), parameter.distribution.cdf(2.0)
    assert below[1] - below[0] == pytest.approx(below[2] - below[1])
    assert parameter.from_normal(np.array([-40.0, 40.0])).tolist() == [-1.0, 2.0]


def test_a_shorter_draw_is_the_head_of_a_longer_one_and_columns_have_streams_of_their_own() -> None:
    known = scenario("cut_in")
    long = known.draw(500, Stream(7))
    assert (known.draw(20, Stream(7)) == long[:20]).all()
    other = known.with_parameters(gap_m=Parameter("", "", 5.0, 6.0)).draw(500, Stream(7))
    assert (other[:, [0, 2, 3, 4, 5, 6, 7]] == long[:, [0, 2, 3, 4, 5, 6, 7]]).all()
    assert ((other[:, 1] >= 5.0) & (other[:, 1] <= 6.0)).all()


def test_runs_do_not_depend_on_how_many_are_run_at_once() -> None:
    known = scenario("cut_out")
    table = known.draw(300, Stream(4))
    assert (known.run(table).margin[200:] == known.run(table[200:]).margin).all()


def test_later_reaction_and_weaker_brakes_are_more_dangerous() -> None:
    known = scenario("hard_brake")
    base = {"ego_speed_mps": 33.0, "time_gap_s": 1.2, "lead_brake_mps2": 7.0, "braking_s": 5.0}
    late = known.run(known.table(base | {"hardest_brake_mps2": 8.0, "reaction_s": np.linspace(0.6, 2.8, 12)}))
    assert (np.diff(late.margin) <= 0.1).all()
    weak = known.run(known.table(base | {"reaction_s": 1.0, "hardest_brake_mps2": np.linspace(9.0, 4.0, 11)}))
    assert (np.diff(weak.margin) <= 0.1).all()
    assert weak.collision[-1]


def test_the_margin_goes_through_zero_without_a_jump() -> None:
    known = scenario("hard_brake")
    rows = known.table(
        {"ego_speed_mps": 33.0, "time_gap_s": 1.2, "lead_brake_mps2": 7.0, "braking_s": 5.0, "hardest_brake_mps2": 8.0,
         "reaction_s": np.linspace(0.8, 2.0, 4000)}
    )  # fmt: skip
    margin = known.run(rows).margin
    edge = np.flatnonzero(np.diff(margin <= 0))[0]
    assert 0 <= margin[edge] < 0.05
    assert margin[edge + 1] > -1.0


def test_nobody_sees_through_a_parked_van() -> None:
    known = scenario("occluded_pedestrian")
    base = {
        "ego_speed_mps": 12.0, "walking_speed_mps": 1.5, "time_to_arrival_s": 1.6, "side_gap_m": 1.0, "reaction_s": 1.0,
        "hardest_brake_mps2": 8.0,
    }  # fmt: skip
    hidden, early = (known.trajectories(known.table(base | {"step_out_m": step})[0]) for step in (0.3, 4.0))
    assert hidden.speed_mps[:, 0].sum() > early.speed_mps[:, 0].sum()


def test_after_a_contact_the_two_move_as_one_and_come_to_rest() -> None:
    known = scenario("fog_queue_end")
    table = known.draw(300, Stream(2))
    outcome = known.run(table)
    row = np.flatnonzero(outcome.collision & (outcome.collision_time_s < 7.0))[0]
    path = known.trajectories(table[row])
    after = path.times_s >= outcome.collision_time_s[row]
    offset = path.position_m[after, 0] - path.position_m[after, outcome.other[row]]
    assert offset == pytest.approx(np.broadcast_to(offset[0], offset.shape), abs=1e-9)
    assert (np.diff(path.speed_mps[after, 0]) <= 1e-9).all()


def test_wrong_names_and_values_are_told_with_a_remedy() -> None:
    with pytest.raises(ArgumentError, match='"cut_in"'):
        scenario("cutin")
    known = scenario("cut_in")
    with pytest.raises(ArgumentError, match='"gap_m"'):
        known.with_parameters(gab_m=3.0)
    with pytest.raises(ArgumentError, match="lacks gap_m"):
        known.table({name: 1.0 for name in known.names if name != "gap_m"})
    with pytest.raises(ArgumentError, match=r"gap_m is -4.*row 1"):
        table = known.draw(3, Stream(1))
        table[1, 1] = -4.0
        known.run(table)
    with pytest.raises(ArgumentError, match="8 parameters"):
        known.run(np.zeros((3, 5)))
    with pytest.raises(ArgumentError, match='"norm"'):
        Parameter("x", "", 0, 1, "nrom", {})
    with pytest.raises(ArgumentError, match='"scale"'):
        Parameter("x", "", 0, 1, "norm", {"scal": 2})
    with pytest.raises(ArgumentError, match="between 50 and 60"):
        Parameter("x", "", 50, 60, "norm", {"loc": 0, "scale": 1})


def test_a_parameter_can_be_fixed() -> None:
    known = scenario("cut_in").with_parameters(gap_m=12.0)
    assert known.draw(50, Stream(1))[:, 1] == pytest.approx(12.0)
