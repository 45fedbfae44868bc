import numpy as np
import pytest

from understudy.scenes.traffic.drivers import Bicycle, Idm, Mobil, advance


def test_the_equilibrium_gap_is_that_of_the_formula_and_nobody_accelerates_in_it() -> None:
    driver = Idm(desired_mps=33.3, headway_s=1.5, standstill_m=2.0, acceleration_mps2=1.4, brake_mps2=2.0)
    speed = np.array([0.0, 5.0, 20.0, 30.0])
    gap = driver.equilibrium_gap(speed)
    assert gap == pytest.approx((2.0 + 1.5 * speed) / np.sqrt(1 - (speed / 33.3) ** 4))
    assert driver.acceleration(speed, gap, 0.0) == pytest.approx(0.0, abs=1e-12)
    assert driver.equilibrium_gap(33.3) == np.inf


def test_a_platoon_settles_at_the_equilibrium_gap() -> None:
    driver, lead_speed = Idm(), 20.0
    place, speed = np.arange(10) * -60.0, np.full(10, 12.0)
    for _ in range(6000):
        gap = np.concatenate(([np.inf], place[:-1] - place[1:]))
        closing = np.concatenate(([0.0], speed[1:] - speed[:-1]))
        pull = driver.acceleration(speed, gap, closing)
        pull[0] = np.clip(lead_speed - speed[0], -1, 1)
        speed, way = advance(speed, pull, 0.1)
        place = place + way
    assert place[:-1] - place[1:] == pytest.approx(np.full(9, driver.equilibrium_gap(20.0)), rel=1e-3)


def test_drivers_are_vectorised_over_scenarios_and_vehicles() -> None:
    many = Idm(desired_mps=np.array([[20.0], [30.0]]))
    pull = many.acceleration(np.full((2, 3), 15.0), np.array([10.0, 50.0, np.inf]))
    assert pull.shape == (2, 3)
    assert pull[1, 2] == pytest.approx(1.4 * (1 - 0.5**4))
    assert (np.diff(pull, axis=1) > 0).all()


def test_braking_has_an_end() -> None:
    assert Idm(hardest_brake_mps2=6.0).acceleration(30.0, 0.0, 30.0) == -6.0


def test_who_comes_to_rest_within_a_step_stays_there() -> None:
    speed, way = advance(np.array([1.0, 20.0]), np.array([-4.0, -4.0]), 1.0)
    assert speed.tolist() == [0.0, 16.0]
    assert way == pytest.approx([1.0 / 8.0, 18.0])


def test_a_change_of_lanes_needs_gain_and_safety() -> None:
    mobil = Mobil(politeness=0.5, threshold_mps2=0.1, safe_brake_mps2=4.0, bias_mps2=0.0)
    assert mobil.gain((0.0, 1.0), (0.0, -0.4), (-0.2, 0.4)) == pytest.approx(1.0 + 0.5 * (-0.4 + 0.6) - 0.1)
    assert mobil.gain((0.0, 5.0), (0.0, -4.5), (0.0, 0.0)) == -np.inf
    assert mobil.gain((0.0, 1.0), (0.0, -3.0), (0.0, 0.0)) < 0


def test_the_rule_to_keep_right_moves_vehicles_to_the_right() -> None:
    nothing = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
    gain = Mobil(threshold_mps2=0.1, bias_mps2=0.3).gain(*nothing, to_right=np.array([True, False]))
    assert gain == pytest.approx([0.2, -0.4])


def test_a_bicycle_goes_round_in_a_circle_whatever_the_step() -> None:
    bike, steering = Bicycle(front_m=1.2, rear_m=1.4), 0.2
    slip = np.arctan(1.4 / 2.6 * np.tan(steering))
    radius = 2.6 / (np.cos(slip) * np.tan(steering))
    lap_s = 2 * np.pi * radius / 10.0
    for steps in (3, 50):
        pose, speed = np.zeros((4, 3)), np.full(4, 10.0)
        for _ in range(steps):
            pose, speed = bike.step(pose, speed, 0.0, steering, lap_s / steps)
        assert pose[:, :2] == pytest.approx(0.0, abs=1e-9)
        assert pose[:, 2] == pytest.approx(2 * np.pi)


def test_pure_pursuit_leads_to_the_target() -> None:
    bike, pose, speed = Bicycle(), np.array([0.0, 3.0, 0.4]), 8.0
    for _ in range(120):
        pose, _ = bike.step(pose, speed, 0.0, bike.steering_towards(pose, np.array([pose[0] + 8.0, 0.0])), 0.1)
    assert pose[1] == pytest.approx(0.0, abs=0.02)
    assert pose[2] == pytest.approx(0.0, abs=0.02)
