from __future__ import annotations

import numpy as np
import pytest

from understudy.tabular.fields import Allowed, Encoded, Field
from understudy.tabular.gates import Gate


def number(bins: int = 40, atoms: tuple[int, ...] = (0, 5, 12), null: bool = True) -> Field:
    """NULL, bins of unequal shares, and some atoms between them."""
    atom = np.zeros(bins, bool)
    atom[list(atoms)] = True
    shares = np.linspace(1, 2, bins)
    return Field("x", "x", "numeric", bins, 0 if null else None, shares / shares.sum(), atom)


def category(size: int) -> Field:
    shares = 1 / np.arange(1, size + 1)
    return Field("c", "c", "categorical", size, None, shares / shares.sum(), np.ones(size, bool))


def rows_of(field: Field, n: int = 4_000, seed: int = 0) -> Encoded:
    rng = np.random.default_rng(seed)
    tokens = rng.choice(field.size, n, p=field.shares).astype(field.token_type)
    if field.all_atoms:
        return Encoded([tokens], [None])
    return Encoded([tokens], [np.where(field.atom[tokens], 0, rng.random(n) * 0.999).astype(np.float32)])


@pytest.mark.parametrize("groups", [1, 4, 16, 100])
def test_codes_and_scores_bring_the_rows_back(groups: int) -> None:
    field = number()
    gate, rows = Gate(field, groups, 256), rows_of(field)
    tokens, positions = gate.decode(gate.code[rows.tokens[0]], gate.score(rows, 0).astype(np.float64))
    assert positions is not None
    back = Encoded([tokens], [positions])
    assert np.abs(back.coordinate(0) - rows.coordinate(0)).mean() < 0.01 if groups > 1 else 0.05
    atoms = field.atom[rows.tokens[0]]
    assert np.array_equal(tokens[atoms], rows.tokens[0][atoms])
    assert (positions[atoms] == 0).all()


def test_groups_hold_about_equal_shares_and_atoms_have_codes_of_their_own() -> None:
    field = number()
    gate = Gate(field, 8, 256)
    grouped = gate.share[gate.grouped]
    assert grouped.max() < 2 * grouped.min()
    assert gate.codes == len(grouped) + field.atom.sum()
    assert gate.share.sum() == pytest.approx(1)


def test_places_inside_a_group_are_spread_evenly_so_that_scores_are_normal() -> None:
    field = number()
    gate, rows = Gate(field, 4, 256), rows_of(field, 20_000)
    code = gate.code[rows.tokens[0]]
    for c in np.flatnonzero(gate.grouped):
        scores = gate.score(rows, 0)[code == c]
        assert scores.mean() == pytest.approx(0, abs=0.07)
        assert scores.std() == pytest.approx(1, abs=0.07)


def test_a_field_of_many_codes_has_two_slots_that_say_the_same() -> None:
    gate = Gate(category(5_000), 32, 256)
    codes = np.arange(5_000)
    block, rest = gate.slots(codes)
    assert max(gate.sizes) < 256
    assert (block.max() < gate.sizes[0], rest.max() < gate.sizes[1]) == (True, True)
    assert np.array_equal(block * gate.width + rest, codes)


def test_windows_are_the_part_of_each_code_inside_an_interval() -> None:
    field = number()
    gate, rows = Gate(field, 6, 256), rows_of(field, 40_000)
    low, high = 7.3, 20.6
    code, inside = gate.code[rows.tokens[0]], (rows.coordinate(0) >= low) & (rows.coordinate(0) <= high)
    start, stop = gate.windows(np.arange(gate.codes)[None], np.array([low]), np.array([high]))
    for c in range(gate.codes):
        if c != gate.code[0]:
            assert (stop - start)[0, c] == pytest.approx(inside[code == c].mean(), abs=0.05)
    assert (stop - start)[0, gate.code[0]] == 1  # NULL lies in every interval


def test_a_range_is_an_interval_and_a_set_is_not() -> None:
    field = number()
    gate = Gate(field, 6, 256)
    mask = np.zeros(40, bool)
    mask[7:20] = True
    assert gate.interval(Allowed(mask, 7.3, 19.5, True)) == (7.3, 19.5)
    mask[10] = False
    assert gate.interval(Allowed(mask, nullable=True)) is None


def test_draws_by_shares_and_within_codes_keep_to_what_is_allowed() -> None:
    field, rng = number(), np.random.default_rng(0)
    gate = Gate(field, 6, 256)
    mask = np.zeros(40, bool)
    mask[[7, 9, 12, 30, 31]] = True
    allowed = Allowed(mask, 7.5, 31.2, True)
    tokens, positions = gate.by_shares(3_000, allowed, rng)
    assert allowed.contains(tokens, positions).all()
    assert set(np.unique(tokens)) == {7, 9, 12, 30, 31}
    codes = gate.code[tokens]
    n = len(codes)
    again, places = gate.within(codes, allowed, np.full(n, -np.inf), np.full(n, np.inf), rng)
    assert np.array_equal(gate.code[again], codes)
    assert allowed.contains(again, places).all()
