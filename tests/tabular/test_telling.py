from __future__ import annotations

import numpy as np
from tests.tabular.laws import FIELDS, apart, law

from understudy.tabular.fields import Encoded
from understudy.tabular.telling import coordinates, telling


def test_one_law_cannot_be_told_apart() -> None:
    rng = np.random.default_rng(5)
    found = telling(FIELDS, law(1500, rng), law(900, rng), law(3600, rng), rng)
    assert abs(found.value - 0.5) < 3.5 * found.standard_error
    assert 0.005 < found.standard_error < 0.02


def test_columns_drawn_each_by_itself_are_told_from_rows() -> None:
    rng = np.random.default_rng(6)
    assert telling(FIELDS, law(1500, rng), law(900, rng), apart(3600, rng), rng).value > 0.75


def test_rows_that_are_asked_about_are_not_those_that_the_trees_learned_on() -> None:
    """Labels without any meaning stay without meaning: trees that had seen the rows would tell them."""
    rng = np.random.default_rng(7)
    rows = [law(300, rng) for _ in range(3)]
    found = [telling(FIELDS, rows[0], rows[1], law(600, rng), np.random.default_rng(k)).value for k in range(3)]
    assert abs(np.mean(found) - 0.5) < 0.08


def test_bins_without_positions_are_filled_evenly_and_atoms_are_not() -> None:
    rows = Encoded([np.zeros(2000, np.uint8), np.zeros(2000, np.uint8), np.ones(2000, np.uint8)], [None, None, None])
    table = coordinates(FIELDS, rows, np.random.default_rng(0))
    assert abs(table[:, 0].mean() - 0.5) < 0.03
    assert (table[:, 2] == 1).all()
