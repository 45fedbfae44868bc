from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.tabular.chain import Restriction
from understudy.tabular.conditional import DonorTrees, ResidualTrees
from understudy.tabular.features import Binning, Features
from understudy.tabular.fields import Allowed, Encoded, Field
from understudy.tabular.forest import Growth

NOTHING = np.zeros(0, np.int64)
BOTH = np.array([0, 1])
WHOLE, BINS = 2, 3
SPIKE = 24
"""The commonest of the whole numbers; the others are rare enough to be on the scale."""


def field_of(name: str, tokens: np.ndarray, size: int, atom: np.ndarray, null: bool = False, kind: Any = "numeric") -> Field:
    shares = np.bincount(tokens, minlength=size) / len(tokens)
    return Field(name, name, kind, size, 0 if null else None, shares, atom)


class World:
    """Rows of a number x (60 bins), a category c, and a target that hangs on both: whole numbers with a spike, or bins with NULL."""

    def __init__(self, rows: int = 12_000, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        x, c = rng.integers(0, 60, rows), rng.integers(0, 3, rows)
        place = x / 3 + 6 * (c == 1)
        whole = np.clip(np.rint(2 * place + 2 * rng.normal(size=rows)), 0, 59).astype(np.int64)
        whole[rng.random(rows) < np.where(c == 2, 0.4, 0.02)] = SPIKE
        bins = np.clip(1 + place + 1.5 * rng.normal(size=rows), 1, 30.999)
        bins[rng.random(rows) < np.where(c == 0, 0.3, 0.05)] = 0
        fields = [
            field_of("x", x, 60, np.zeros(60, bool)),
            field_of("c", c, 3, np.ones(3, bool), kind="categorical"),
            field_of("whole", whole, 60, np.ones(60, bool)),
            field_of("bins", bins.astype(int), 31, np.arange(31) == 0, null=True),
        ]
        tokens = [x, c, whole, bins.astype(np.int64)]
        self.fields = fields
        self.tokens = [t.astype(f.token_type) for t, f in zip(tokens, fields, strict=True)]
        self.positions = [None, None, None, (bins % 1).astype(np.float32)]
        self.features = Features.of([Binning.of(f) for f in fields], Encoded(self.tokens, [None] * 4))

    def donors(self, j: int, use: np.ndarray = BOTH) -> DonorTrees:
        growth = Growth(leaf=10, donors=8, significance=4.0)
        return DonorTrees.fit(self.fields[j], self.tokens[j], self.features, use, growth, 0.5, Stream(1))

    def residual(self, j: int) -> ResidualTrees:
        growth = Growth(leaf=30, donors=10)
        return ResidualTrees.fit(self.fields[j], self.tokens[j], self.positions[j], self.features, BOTH, growth, 3.0, Stream(1), 3)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


WAYS = ["donors", "residual"]


@pytest.fixture(scope="module")
def models(world: World) -> dict[tuple[str, int], DonorTrees | ResidualTrees]:
    return {(way, j): getattr(world, way)(j) for way in WAYS for j in (WHOLE, BINS)}


def cell(x: int, c: int, n: int) -> np.ndarray:
    return np.tile(np.array([x, c, 0, 0], np.uint8), (n, 1))


def coordinates(draw: Any) -> np.ndarray:
    return draw.tokens + (0.0 if draw.positions is None else draw.positions.astype(float))


@pytest.fixture(scope="module")
def fresh() -> World:
    return World(60_000, seed=7)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("j", [WHOLE, BINS])
def test_draws_follow_the_conditional_law(models: Any, fresh: World, way: str, j: int) -> None:
    """Against rows of the same law that were not learned, in cells of 2,000; some 400 of a cell were learned."""
    made = models[way, j].draw(np.ascontiguousarray(fresh.features.bins.T), np.random.default_rng(0), None).tokens
    x, c = fresh.tokens[0], fresh.tokens[1]
    for least in (0, 12, 27, 40, 54):
        for level in range(3):
            here = (x >= least) & (x < least + 6) & (c == level)
            laws = [np.bincount((t[here] + 2) // 4, minlength=16) / here.sum() for t in (made, fresh.tokens[j])]
            assert 0.5 * np.abs(laws[0] - laws[1]).sum() < (0.1 if way == "residual" else 0.16), (least, level)


@pytest.mark.parametrize("way", WAYS)
def test_margins_are_those_of_the_learned_rows(world: World, models: Any, fresh: World, way: str) -> None:
    rows = np.ascontiguousarray(fresh.features.bins.T)
    for j in (WHOLE, BINS):
        made = models[way, j].draw(rows, np.random.default_rng(0), None)
        shares = np.bincount(made.tokens, minlength=world.fields[j].size) / len(rows)
        assert 0.5 * np.abs(shares - world.fields[j].shares).sum() < 0.05


def levels(*tokens: int, size: int = 60) -> Allowed:
    return Allowed(np.isin(np.arange(size), tokens))


def span(low: float, high: float, size: int, atom: bool, null: bool = False) -> Allowed:
    """A range as the codec compiles it."""
    token = np.arange(size)
    mask = (token >= low) & (token <= high) if atom else (token + 1 > low) & (token <= high)
    if not atom:
        mask[0] = null
    return Allowed(mask, low, high, nullable=not atom)


RESTRICTIONS = {
    "a spike": (WHOLE, levels(SPIKE)),
    "some values": (WHOLE, levels(19, 23, SPIKE, 27)),
    "one value": (WHOLE, span(24.5, 25.5, 60, True)),
    "a range of values": (WHOLE, span(21.5, 25.5, 60, True)),
    "a range of bins": (BINS, span(10.4, 14.7, 31, False)),
    "inside one bin": (BINS, span(13.2, 13.9, 31, False)),
    "missing": (BINS, Allowed(np.arange(31) == 0, nullable=True)),
    "a range or missing": (BINS, span(10.4, 14.7, 31, False, null=True)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RESTRICTIONS)
def test_restricted_draws_follow_the_restricted_law_and_their_mass_is_its_probability(models: Any, way: str, name: str) -> None:
    """Weighed by their mass, restricted draws are free draws thinned by the condition."""
    j, allowed = RESTRICTIONS[name]
    model, n = models[way, j], 30_000
    for rows in (cell(36, 0, n), cell(20, 1, n)):
        free = model.draw(rows, np.random.default_rng(1), None)
        where = coordinates(free)
        if free.positions is None and j == BINS:
            where += np.random.default_rng(2).random(n) * (where > 0)
        meets = allowed.mask[free.tokens] & (((where >= allowed.low) & (where <= allowed.high)) | (allowed.nullable & (free.tokens == 0)))
        made = model.draw(rows, np.random.default_rng(3), Restriction(allowed))
        mass = np.exp(made.log_mass)
        assert allowed.mask[made.tokens[mass > 0]].all()
        if made.positions is not None:
            assert allowed.contains(made.tokens, made.positions)[mass > 0].all()
        assert mass.mean() == pytest.approx(meets.mean(), abs=0.012)
        thinned = np.bincount(free.tokens[meets], minlength=61) / n
        weighed = np.bincount(made.tokens, mass, minlength=61) / n
        assert np.abs(weighed - thinned).max() < 0.012


@pytest.mark.parametrize("way", WAYS)
def test_the_mass_of_an_interval_is_how_often_it_is_drawn(models: Any, way: str) -> None:
    n = 20_000
    for j, low, high in ((WHOLE, 20.0, 25.0), (BINS, 9.25, 15.5)):
        model, rows = models[way, j], cell(33, 0, n)
        free = model.draw(rows, np.random.default_rng(1), None)
        where = coordinates(free)
        if free.positions is None and j == BINS:
            where = where + np.random.default_rng(2).random(n) * (where > 0)
            low, high = np.floor(low), np.floor(high) + 1 - 1e-9  # donors know whole bins
        inside = (where >= low) & (where <= high) | ((free.tokens == 0) & (j == BINS))
        mass = model.interval_mass(rows, np.full(n, low), np.full(n, high), np.random.default_rng(3))
        assert mass.mean() == pytest.approx(inside.mean(), abs=0.015)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("j", [WHOLE, BINS])
def test_bounds_hold_in_every_row(world: World, models: Any, way: str, j: int) -> None:
    """Also where they leave next to nothing: far from where the row lies, or the end of the last token."""
    n, size = 6000, world.fields[j].size
    rng = np.random.default_rng(0)
    bound = rng.uniform(1, size, n) if j == BINS else rng.integers(1, size, n).astype(float)
    rows = cell(30, 0, n)
    for low, high in ((bound, None), (None, bound), (bound, np.minimum(bound + 2.0, size)), (bound, bound)):
        made = models[way, j].draw(rows, np.random.default_rng(1), Restriction(None, low, high))
        assert made.log_mass is None
        where, missing = coordinates(made), (made.tokens == 0) & (j == BINS)
        slack = 1e-5 if made.positions is not None else 1.0 if j == BINS else 0.0  # without positions they are chosen later
        if low is not None:
            assert (missing | (where >= low - slack)).all()
        if high is not None:
            assert (missing | (where <= high + slack)).all()


def test_a_bound_inside_the_last_bin_holds_far_from_where_the_rows_lie() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 60, 2000)
    bins = np.clip(x / 3 + rng.normal(size=2000), 0, 19.999)
    fields = [field_of("x", x, 60, np.zeros(60, bool)), field_of("bins", bins.astype(int), 20, np.zeros(20, bool))]
    tokens = [x.astype(np.uint8), bins.astype(np.uint8)]
    features = Features.of([Binning.of(f) for f in fields], Encoded(tokens, [None, None]))
    growth = Growth(leaf=30, donors=10)
    model = ResidualTrees.fit(fields[1], tokens[1], (bins % 1).astype(np.float32), features, np.array([0]), growth, 3.0, Stream(1), 3)
    bound = rng.uniform(19, 20, 3000)
    made = model.draw(np.tile(np.array([6, 0], np.uint8), (3000, 1)), rng, Restriction(None, bound, None))
    assert (made.tokens == 19).all()
    assert (coordinates(made) >= bound - 1e-5).all()


@pytest.mark.parametrize("way", WAYS)
def test_conditions_and_bounds_together_weigh_by_the_share_of_what_the_bounds_leave(models: Any, way: str) -> None:
    n, model = 30_000, models[way, WHOLE]
    rows = cell(36, 0, n)
    allowed, low = span(20.5, 26.5, 60, True), np.full(n, 24.0)
    free = model.draw(rows, np.random.default_rng(1), None).tokens
    made = model.draw(rows, np.random.default_rng(2), Restriction(allowed, low, None))
    assert set(made.tokens) <= {24, 25, 26}
    share = np.isin(free, [24, 25, 26]).sum() / (free >= 24).sum()
    assert np.exp(made.log_mass).mean() == pytest.approx(share, abs=0.04)


def test_where_nothing_is_allowed_the_mass_is_nothing(models: Any) -> None:
    for way in WAYS:
        made = models[way, WHOLE].draw(cell(3, 0, 500), np.random.default_rng(0), Restriction(levels(58)))
        assert (made.log_mass == -np.inf).mean() > 0.9
        assert np.isin(made.tokens[np.isfinite(made.log_mass)], [58]).all()


def test_the_first_field_of_a_chain_is_drawn_by_its_shares() -> None:
    """However rare what is allowed is."""
    rows = 30_000
    shares = np.array([0.9, 0.095, 0.0033, 0.001, 0.0007])
    tokens = np.repeat(np.arange(5), (shares * rows).astype(int)).astype(np.uint8)
    field = field_of("c", tokens, 5, np.ones(5, bool), kind="categorical")
    features = Features.of([Binning.of(field)], Encoded([tokens], [None]))
    model = DonorTrees.fit(field, tokens, features, NOTHING, Growth(), 0.5, Stream(0))
    n = 20_000
    free = model.draw(np.zeros((n, 1), np.uint8), np.random.default_rng(0), None)
    assert np.abs(np.bincount(free.tokens, minlength=5) / n - shares).max() < 0.01
    rare = model.draw(np.zeros((n, 1), np.uint8), np.random.default_rng(0), Restriction(levels(2, 3, 4, size=5)))
    assert np.bincount(rare.tokens, minlength=5)[2:] / n == pytest.approx(shares[2:] / shares[2:].sum(), abs=0.02)
    assert np.ptp(rare.log_mass) == 0
    assert np.exp(rare.log_mass[0]) == pytest.approx(0.005, rel=0.1)


def test_donors_keep_no_row_numbers_and_are_sorted_inside_leaves(models: Any) -> None:
    for (way, _), model in models.items():
        forest = model.forest
        assert len(forest.donors) == 0
        for node in np.flatnonzero(forest.leaves()):
            part = slice(forest.start[node], forest.stop[node])
            if way == "donors":
                assert (np.diff(model.tokens[part]) >= 0).all()
                continue
            at_spike = model.spikes[part] >= 0
            assert (np.diff(at_spike.astype(int)) >= 0).all()
            assert (np.diff(model.residuals[part][~at_spike]) >= 0).all()


def test_leaves_hold_the_least_donors(world: World, models: Any) -> None:
    for way, least in (("donors", 8), ("residual", 10)):
        forest = models[way, WHOLE].forest
        leaves = forest.leaves()
        assert leaves.sum() > 50
        assert (forest.stop - forest.start)[leaves].min() >= least


@pytest.mark.parametrize("way", WAYS)
def test_a_conditional_survives_its_arrays(world: World, models: Any, way: str) -> None:
    for j in (WHOLE, BINS):
        model = models[way, j]
        again = type(model).from_arrays(world.fields[j], model.arrays("field9"), "field9", model.facts())
        rows = world.features.bins.T.copy()
        for restriction in (None, Restriction(None, np.full(len(rows), 5.0), None)):
            one, other = (m.draw(rows, np.random.default_rng(0), restriction) for m in (model, again))
            assert np.array_equal(one.tokens, other.tokens)
            assert np.array_equal(coordinates(one), coordinates(other))
