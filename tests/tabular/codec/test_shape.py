"""The shape of numbers: laws that hold for any column, and what must come out right in columns that are known to be awkward."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from understudy.tabular.codec.protection import Protection
from understudy.tabular.codec.shape import Shape, fit_shape
from understudy.tabular.fields import Floats

DIGITS = (10, 100, 1000)


def shape_of(values: Floats, *, grid: bool = True, rare: int = 5) -> Shape:
    distinct, counts = np.unique(values, return_counts=True)
    return fit_shape(distinct, counts, grid=grid, moduli=DIGITS, protection=Protection(), rare=rare)


def redrawn(shape: Shape, values: Floats, seed: int = 0) -> Floats:
    """Values whose tokens are kept and whose places inside the bins are drawn anew."""
    rng = np.random.default_rng(seed)
    tokens, _ = shape.encode(values)
    return shape.decode(tokens.astype(np.int32), shape.draw_positions(tokens, rng), rng)


columns = st.one_of(
    st.tuples(st.just("lognormal"), st.integers(30, 3000)),
    st.tuples(st.just("zeros"), st.integers(30, 3000)),
    st.tuples(st.just("short scale"), st.integers(30, 3000)),
    st.tuples(st.just("two clusters"), st.integers(30, 3000)),
    st.tuples(st.just("constant"), st.integers(5, 100)),
    st.tuples(st.just("negative"), st.integers(30, 3000)),
)


def column(kind: str, n: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    drawn = {
        "lognormal": lambda: rng.lognormal(8, 1.5, n),
        "zeros": lambda: np.where(rng.random(n) < 0.8, 0, rng.lognormal(5, 2, n)),
        "short scale": lambda: rng.binomial(40, 0.3, n),
        "two clusters": lambda: np.where(rng.random(n) < 0.5, rng.normal(0, 30, n), rng.normal(1e6, 30, n)),
        "constant": lambda: np.full(n, 7.0),
        "negative": lambda: -rng.gamma(2, 1e5, n),
    }[kind]()
    return np.rint(drawn).astype(np.float64)


@settings(max_examples=60, deadline=None)
@given(columns, st.integers(0, 10**6))
def test_coordinates_rise_with_values_and_tokens_survive_decoding(kind: tuple[str, int], seed: int) -> None:
    values = column(*kind, seed)
    shape = shape_of(values)
    tokens, positions = shape.encode(np.sort(values))
    coordinate = tokens + (0 if positions is None else positions.astype(np.float64))
    assert (np.diff(coordinate) >= 0).all()
    rng = np.random.default_rng(seed)
    some = rng.integers(0, shape.size, 500).astype(np.int32)
    drawn = shape.decode(some, rng.random(500, dtype=np.float32), rng)
    assert (drawn == np.rint(drawn)).all()
    assert (shape.encode(drawn)[0] == some).mean() > 0.99
    assert drawn.min() >= shape.lowest
    assert drawn.max() <= shape.highest


@settings(max_examples=40, deadline=None)
@given(columns, st.integers(0, 10**6))
@example(("two clusters", 1998), 1)
def test_bounds_rise_with_their_value_also_beside_a_heavy_value(kind: tuple[str, int], seed: int) -> None:
    values = column(*kind, seed)
    values[::4] = np.sort(values)[len(values) // 2]
    shape = shape_of(values)
    asked = np.unique(np.concatenate([values - 0.5, values - 0.4, values, values + 0.4, values + 0.5]))
    assert (np.diff(shape.coordinate(asked)) >= 0).all()


def test_a_range_from_a_heavy_value_leaves_out_the_bin_before_it() -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(4000) < 0.3, 200, rng.integers(0, 2000, 4000)).astype(np.float64)
    shape = shape_of(values)
    (heavy,) = np.flatnonzero(shape.atom)
    assert not shape.atom[heavy - 1]
    low, high = shape.coordinate(np.array([200 - 0.49, 200 + 0.49]))
    assert heavy - 1e-6 < low < heavy < high < heavy + 1


@settings(max_examples=40, deadline=None)
@given(columns, st.integers(0, 10**6))
def test_nobody_stands_alone_at_the_ends(kind: tuple[str, int], seed: int) -> None:
    values = column(*kind, seed)
    shape = shape_of(values)
    ordered = np.sort(values)
    assert shape.lowest >= ordered[0]
    assert shape.highest <= ordered[-1]
    if (ordered[:5] != ordered[0]).any() and shape.absorbed == 0 and not shape.atom[0]:
        assert shape.lowest > ordered[0] or (ordered == ordered[0]).sum() >= 5 or ordered[4] - ordered[0] < 5


@settings(max_examples=40, deadline=None)
@given(columns, st.integers(0, 10**6))
def test_every_value_of_its_own_has_company(kind: tuple[str, int], seed: int) -> None:
    values = column(*kind, seed)
    shape = shape_of(values)
    single = shape.pieces.width == 0
    token_is_atom = shape.atom[shape.pieces.token]
    distinct, counts = np.unique(values, return_counts=True)
    held = dict(zip(distinct, counts, strict=True))
    for value, is_atom in zip(shape.pieces.low[single], token_is_atom[single], strict=True):
        assert held.get(value, 10) >= (5 if is_atom else 6) or len(values) < 10


def test_encoding_and_decoding_undo_each_other_within_a_piece() -> None:
    values = np.rint(np.random.default_rng(1).lognormal(10, 1, 20_000))
    shape = shape_of(values)
    tokens, positions = shape.encode(values)
    back = shape.decode(tokens.astype(np.int32), positions, np.random.default_rng(0))
    inside = (values >= shape.lowest) & (values <= shape.highest)
    width = np.bincount(shape.pieces.token, shape.pieces.width)[tokens]
    assert (np.abs(back - values)[inside] <= width[inside]).all()
    assert np.median(np.abs(back - values) / values) < 1e-4


@pytest.mark.parametrize("kind", ["lognormal", "zeros", "short scale", "two clusters", "negative"])
def test_redrawn_values_follow_the_column(kind: str) -> None:
    values = column(kind, 20_000, 3)
    assert stats.ks_2samp(redrawn(shape_of(values), values), values, method="asymp").statistic < 0.005


def test_nothing_is_drawn_in_the_gap_between_two_clusters() -> None:
    values = column("two clusters", 20_000, 3)
    drawn = redrawn(shape_of(values), values)
    assert not ((drawn > 1000) & (drawn < 900_000)).any()


def test_zero_is_an_atom_and_nothing_falls_between_it_and_the_next_value() -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(20_000) < 0.9, 0, np.rint(rng.uniform(500, 90_000, 20_000)))
    shape = shape_of(values)
    assert shape.atom[0]
    drawn = redrawn(shape, values)
    assert abs((drawn == 0).mean() - (values == 0).mean()) < 1e-9
    assert drawn[drawn > 0].min() >= 500


def test_ages_stay_as_they_are() -> None:
    values = np.random.default_rng(0).integers(17, 91, 40_000).astype(np.float64)
    shape = shape_of(values)
    assert shape.atom.all()
    assert (shape.lowest, shape.highest) == (17, 90)
    assert (redrawn(shape, values) == values).all()


def test_last_digits_come_out_as_unevenly_as_they_went_in() -> None:
    rng = np.random.default_rng(5)
    amounts = rng.lognormal(11, 0.7, 40_000)
    step = rng.choice([1000, 500, 100, 1], 40_000, p=[0.5, 0.2, 0.2, 0.1])
    values = np.rint(amounts / step) * step
    drawn = redrawn(shape_of(values), values)
    for modulus in (10, 100, 1000):
        real = np.bincount((values % modulus).astype(int), minlength=modulus)
        fake = np.bincount((drawn % modulus).astype(int), minlength=modulus)
        enough = real >= 25
        chi_square = ((fake - real)[enough] ** 2 / (2 * real[enough])).sum()
        assert chi_square < stats.chi2.ppf(0.9999, enough.sum()), modulus


def test_prices_keep_their_endings() -> None:
    rng = np.random.default_rng(6)
    euros = np.floor(rng.lognormal(4, 1, 30_000))
    cents = rng.choice([99, 95, 50, 0], 30_000, p=[0.6, 0.2, 0.1, 0.1])
    values = euros * 100 + cents
    drawn = redrawn(shape_of(values), values)
    real, fake = (np.bincount((v % 100).astype(int), minlength=100) / len(v) for v in (values, drawn))
    assert np.abs(real - fake).sum() / 2 < 0.02


def test_a_coarser_unit_in_part_of_the_column_is_kept() -> None:
    rng = np.random.default_rng(7)
    small, large = rng.integers(1, 1000, 5000), rng.integers(100, 1000, 5000) * 10
    values = np.concatenate([small, large]).astype(np.float64)
    drawn = redrawn(shape_of(values), values)
    assert (drawn[drawn > 1200] % 10 == 0).all()
    assert (drawn[drawn < 900] % 10 != 0).mean() > 0.8


def test_numbers_without_a_grid_come_back_between_their_ends() -> None:
    values = np.random.default_rng(8).normal(size=5000)
    shape = shape_of(values, grid=False)
    assert not shape.atom.any()
    assert stats.ks_2samp(redrawn(shape, values), values, method="asymp").statistic < 0.01
    assert not np.isin(redrawn(shape, values), values).any()


def test_without_a_grid_a_shared_value_is_given_back_exactly() -> None:
    rng = np.random.default_rng(9)
    values = np.where(rng.random(5000) < 0.3, 1 / 3, rng.normal(size=5000))
    drawn = redrawn(shape_of(values, grid=False), values)
    assert abs((drawn == 1 / 3).sum() - (values == 1 / 3).sum()) <= 5


def test_the_tails_are_cut_finer_than_the_middle() -> None:
    values = np.rint(np.random.default_rng(1).lognormal(10, 1, 40_000))
    rows = shape_of(values).rows
    assert rows[-1] < np.median(rows) / 3
    assert rows[0] < np.median(rows) / 3


def test_a_saved_shape_draws_the_same() -> None:
    values = column("zeros", 3000, 4)
    shape = shape_of(values)
    facts, arrays = shape.to_state("x")
    again = Shape.from_state(facts, arrays, "x")
    assert (redrawn(shape, values) == redrawn(again, values)).all()
