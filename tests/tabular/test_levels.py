from __future__ import annotations

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.tabular.chain import Restriction
from understudy.tabular.fields import Allowed, Encoded, Field
from understudy.tabular.levels import COARSE, Layout, Levels

RNG = np.random.default_rng(0)


def numeric(size: int = 300, *, null: bool = True) -> Field:
    """Bins of uneven mass, a heavy atom at token 40, and NULL."""
    shares = RNG.gamma(2.0, 1.0, size)
    shares[40] = shares.sum() / 4
    atom = np.zeros(size, bool)
    atom[[0, 40]] = True
    return Field("x", "x", "numeric", size, 0 if null else None, shares / shares.sum(), atom)


def category(size: int) -> Field:
    shares = 1 / np.arange(1, size + 1)
    return Field("c", "c", "categorical", size, None, shares / shares.sum(), np.ones(size, bool))


def test_levels_of_a_number_are_runs_of_neighbours_and_heavy_tokens_stay_alone() -> None:
    levels = Levels.of(numeric(), 50)
    assert 30 < levels.count <= 60
    assert (np.diff(levels.of_token) >= 0).all()
    assert (levels.of_token == levels.of_token[40]).sum() == 1
    assert (levels.of_token == levels.of_token[0]).sum() == 1
    others = np.delete(levels.shares, [0, levels.of_token[40]])
    assert others.max() < 3 * others.mean()


def test_the_rarest_levels_of_a_category_share_levels_and_few_tokens_are_left_as_they_are() -> None:
    levels = Levels.of(category(5000), 128)
    assert levels.count <= 132
    assert (np.bincount(levels.of_token)[levels.of_token[:96]] == 1).all()
    assert Levels.of(category(100), 128).of_token.tolist() == list(range(100))


def test_features_ascend_with_the_value_and_tell_null_apart() -> None:
    levels = Levels.of(numeric(), 50)
    features = levels.features()
    assert (np.diff(features[1:, 0]) > 0).all()
    assert features[0].tolist() == [0.0] * (features.shape[1] - 1) + [1.0]
    assert not Levels.of(category(9), 50).features().any()


@pytest.mark.parametrize("field", [numeric(), category(4), category(500)])
def test_coarse_groups_hold_about_equal_mass_of_a_number_and_the_commonest_of_a_category(field: Field) -> None:
    levels = Levels.of(field, 128)
    coarse = levels.coarse()
    assert coarse.min() == 0
    assert coarse.max() < COARSE
    assert len(coarse) == levels.count


def test_draws_follow_the_law_and_the_shares_within_a_level() -> None:
    field = numeric()
    levels = Levels.of(field, 50)
    law = np.repeat(levels.shares[None, :].astype(np.float32), 60_000, axis=0)
    tokens = levels.draw(law, RNG, None).tokens
    found = np.bincount(tokens, minlength=field.size) / len(tokens)
    assert np.abs(found - field.shares).max() < 5 * np.sqrt(field.shares.max() / len(tokens))
    assert np.abs(found - field.shares).sum() < 0.08
    assert levels.token_law(law[:1])[0] == pytest.approx(field.shares, abs=1e-5)


def test_restricted_draws_give_allowed_tokens_alone_and_the_mass_of_what_is_allowed() -> None:
    field = numeric()
    levels = Levels.of(field, 50)
    allowed = Allowed((np.arange(field.size) >= 60) & (np.arange(field.size) <= 91), 60.25, 91.5, nullable=True)
    law = np.repeat(levels.shares[None, :].astype(np.float32), 20_000, axis=0)
    draw = levels.draw(law, RNG, Restriction(allowed))
    assert allowed.mask[draw.tokens].all()
    part = field.shares[60:92].sum() - 0.25 * field.shares[60] - 0.5 * field.shares[91]
    assert draw.log_mass is not None
    assert np.exp(draw.log_mass) == pytest.approx(part, rel=1e-4)
    found = np.bincount(draw.tokens, minlength=field.size)[70] / len(draw.tokens)
    assert found == pytest.approx(field.shares[70] / part, abs=0.01)


def test_rows_keep_their_own_bounds_and_null_meets_them_all() -> None:
    field = numeric()
    levels = Levels.of(field, 50)
    law = np.repeat(levels.shares[None, :].astype(np.float32), 5000, axis=0)
    low = RNG.uniform(1, 290, 5000)
    draw = levels.draw(law, RNG, Restriction(None, low, low + 8.0))
    there = draw.tokens != 0
    assert 0 < there.mean() < 1
    assert ((draw.tokens + 1 > low) & (draw.tokens <= low + 8))[there].all()
    assert draw.log_mass is None


def test_a_row_that_bounds_leave_nothing_gets_the_nearest_token() -> None:
    levels = Levels.of(numeric(null=False), 50)
    law = np.repeat(levels.shares[None, :].astype(np.float32), 3, axis=0)
    draw = levels.draw(law, RNG, Restriction(None, np.full(3, 400.0), None))
    assert draw.tokens.tolist() == [299, 299, 299]


def test_what_hangs_together_is_drawn_in_different_chunks_and_rows_come_back_as_they_were() -> None:
    n, size = 4000, 6
    fields = [Field(name, name, "categorical", size, None, np.full(size, 1 / size), np.ones(size, bool)) for name in "abcdef"]
    first = [RNG.integers(0, size, n) for _ in range(3)]
    twins = [np.where(RNG.random(n) < 0.1, RNG.integers(0, size, n), one) for one in first]
    encoded = Encoded([t.astype(np.uint8) for t in first + twins], [None] * 6)
    layout = Layout.of(fields, encoded, 2, Stream(1))
    assert sorted(j for chunk in layout.chunks for j in chunk) == list(range(6))
    assert all(layout.chunk_of[j] != layout.chunk_of[j + 3] for j in range(3))
    again = layout.encoded(layout.flat(encoded), RNG)
    assert all((a == b).all() for a, b in zip(encoded.tokens, again.tokens, strict=True))


def test_wide_tables_have_fewer_levels_a_field() -> None:
    fields = [numeric() for _ in range(500)]
    encoded = Encoded([RNG.integers(0, 300, 50).astype(np.uint16) for _ in fields], [None] * 500)
    layout = Layout.of(fields, encoded, 4, Stream(1))
    assert layout.size < 25_000
    assert {len(chunk) for chunk in layout.chunks} == {125}


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("asked", [False, True])
def test_log_density_is_that_of_restricted_draws(bounded: bool, asked: bool) -> None:
    field, n = numeric(60), 60_000
    levels = Levels.of(field, 20)
    law = np.repeat(levels.shares[::-1][None, :].astype(np.float32), n, axis=0)
    low = np.full(n, 12.0) if bounded else None
    restriction = Restriction(Allowed(np.arange(60) % 3 > 0) if asked else None, low, None)
    tokens = levels.draw(law.copy(), np.random.default_rng(4), restriction).tokens
    found = np.exp(levels.log_density(law, tokens, restriction))
    for level in np.unique(levels.of_token[tokens]):
        here = levels.of_token[tokens] == level
        within = field.shares * (levels.of_token == level)
        kept = within[np.unique(tokens[here])].sum() / within.sum()  # the level's tokens that the restriction leaves, all of them drawn
        assert here.mean() == pytest.approx(found[here][0] * kept, abs=0.012)
