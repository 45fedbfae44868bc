import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.data.apportioning import MILESTONE, Apportioning


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12).filter(lambda w: sum(w) > 0.01))
def test_every_head_has_the_shares_to_within_one_row(weights):
    shares = np.array(weights) / sum(weights)
    cells = Apportioning(shares).cells(0, 600)
    counts = np.cumsum(cells[:, None] == np.arange(len(shares)), axis=0)
    assert np.abs(counts - np.arange(1, 601)[:, None] * shares).max() < 1 + 1e-6
    assert not np.isin(cells, np.flatnonzero(shares == 0)).any()


@pytest.mark.parametrize("start", [0, 1, 8192, MILESTONE - 3, MILESTONE, 2 * MILESTONE + 77])
def test_any_part_is_the_same_made_alone(start):
    shares = np.array([0.501, 0.3, 0.1989, 0.0001])
    whole = Apportioning(shares).cells(0, 2 * MILESTONE + 200)
    assert (Apportioning(shares).cells(start, 100) == whole[start : start + 100]).all()
