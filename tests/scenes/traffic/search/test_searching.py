import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.traffic.scenarios import scenario
from understudy.scenes.traffic.search import search

SMALL = {"per_step": 500, "final": 2000}


def test_collisions_at_a_cut_in_are_found_with_their_probability() -> None:
    found = search("cut_in", seed=1, **SMALL)
    crude = search("cut_in", method="monte_carlo", seed=2, runs=60_000)
    assert crude.estimate.low * 0.85 <= found.estimate.probability <= crude.estimate.high * 1.15
    assert found.estimate.crude_runs / found.estimate.runs > 20
    dangerous = found.dangerous
    assert dangerous["collision"].all()
    assert len(dangerous) > 500
    assert (found.runs["likelihood_weight"] * found.runs["collision"]).mean() == pytest.approx(found.estimate.probability)


def test_weights_give_back_the_laws_of_the_parameters() -> None:
    found = search("cut_in", seed=3, final=20_000, per_step=500, defensive=0.3)
    weights, speed = found.runs["likelihood_weight"].to_numpy(), found.runs["ego_speed_mps"].to_numpy()
    assert (weights * speed).sum() / weights.sum() == pytest.approx(scenario("cut_in").draw(20_000, Stream(1))[:, 0].mean(), rel=0.02)


@pytest.mark.parametrize(("event", "limit"), [("min_ttc_s", 1.0), ("pet_s", 0.4), ("max_drac_mps2", 7.0), ("min_gap_m", 0.5)])
def test_other_events_have_limits(event: str, limit: float) -> None:
    found = search("hard_brake", event, limit=limit, seed=1, **SMALL)
    figure = found.dangerous[event].to_numpy()
    assert (figure >= limit - 1e-9).all() if event == "max_drac_mps2" else (figure <= limit + 1e-9).all()
    crude = search("hard_brake", event, limit=limit, method="monte_carlo", runs=20_000)
    assert found.estimate.probability == pytest.approx(crude.estimate.probability, rel=0.25)


def test_dangerous_parameters_are_drawn_by_weight_and_run_again() -> None:
    found = search("cut_in", seed=1, **SMALL)
    table = found.parameters(300, Stream(5))
    assert found.scenario.run(table).collision.all()
    assert (found.parameters(300, Stream(5)) == table).all()


def test_subset_simulation_agrees() -> None:
    found = search("cut_in", method="subset_simulation", seed=1)
    assert found.estimate.low <= 1.04e-3 <= found.estimate.high
    assert np.isclose(found.runs["likelihood_weight"].mean(), 1.0)


def test_unknown_words_are_told_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match='"cut_out"'):
        search("cutt_out")
    with pytest.raises(ArgumentError, match='"collision"'):
        search("cut_in", "colision")
    with pytest.raises(ArgumentError, match='"cross_entropy"'):
        search("cut_in", method="crossentropy")
    with pytest.raises(ArgumentError, match="takes a limit"):
        search("cut_in", "min_ttc_s")
    with pytest.raises(ArgumentError, match="takes no limit"):
        search("cut_in", "collision", limit=1.0)
