import numpy as np
import pytest

from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.scenes.traffic.coverage import coverage
from understudy.scenes.traffic.scenarios import scenario

CUT_IN = scenario("cut_in")


def test_many_runs_see_all_that_the_laws_expect() -> None:
    seen = coverage(CUT_IN, CUT_IN.draw(3000, Stream(1)))
    assert all(share == 1.0 for share in seen.of_law.values())
    assert 0.3 < seen.pairs < 1.0
    assert sum(seen.min_ttc.counts) == sum(seen.pet.counts) == 3000


def test_a_grid_over_the_ranges_sees_every_bin() -> None:
    rows = Stream(2).generator().random((5000, 8))
    table = np.array([p.low for p in CUT_IN.parameters]) + rows * np.array([p.high - p.low for p in CUT_IN.parameters])
    seen = coverage(CUT_IN, table)
    assert all(share == 1.0 for share in seen.of_range.values())
    assert seen.pairs == 1.0
    assert seen.empty == ()


def test_what_was_not_seen_is_named() -> None:
    table = CUT_IN.draw(4000, Stream(1))
    low, high = CUT_IN.parameters[0].low, CUT_IN.parameters[0].high
    slow = table[table[:, 0] < low + 0.5 * (high - low) - 0.01]
    seen = coverage(CUT_IN, slow)
    unseen = [bounds for name, *bounds in seen.empty if name == "ego_speed_mps"]
    assert len(unseen) >= 5
    assert unseen[-1][1] == pytest.approx(high)
    assert seen.of_range["ego_speed_mps"] <= 0.5
    assert any("ego_speed_mps" in line for line in seen.lines())


def test_weights_count_for_shares_and_runs_for_counts() -> None:
    table = CUT_IN.draw(2000, Stream(1))
    outcome = CUT_IN.run(table)
    near = outcome.min_ttc_s < 3.0
    seen = coverage(CUT_IN, table, outcome=outcome, weights=np.where(near, 0.0, 1.0))
    assert sum(seen.min_ttc.counts[:5]) == near.sum()
    assert sum(seen.min_ttc.shares[:5]) == 0.0
    assert sum(seen.min_ttc.shares) == pytest.approx(1.0)


def test_wrong_tables_are_refused() -> None:
    with pytest.raises(ArgumentError, match="gap_m"):
        coverage(CUT_IN, np.zeros((3, 2)))
    with pytest.raises(ArgumentError, match="2 to 1000"):
        coverage(CUT_IN, CUT_IN.draw(3, Stream(1)), bins=1)
