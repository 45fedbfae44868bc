from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.tabular.fields import Field
from understudy.tabular.scale import CENSORED, SPIKE, Scale

NULL, FLOOR, INSIDE, CAP = 0, 1, 5, 9


def mixed_field(cap: float = 0.1, floor: float = 0.02, null: float = 0.1) -> Field:
    """NULL, an atom at either end, a heavy and a light atom among bins."""
    shares = np.array([null, floor, 0.1, 0.12, 0.08, 0.2, 0.02, 0.15, 0.1, cap])
    atom = np.isin(np.arange(10), [NULL, FLOOR, INSIDE, 6, CAP])
    return Field("x", "x", "numeric", 10, NULL, shares / shares.sum(), atom)


def test_spikes_are_missing_values_and_heavy_atoms() -> None:
    scale = Scale.of(mixed_field())
    assert set(np.flatnonzero(scale.spike)) == {NULL, INSIDE}
    assert scale.tokens == 8


def test_bins_are_never_spikes_however_heavy() -> None:
    shares = np.array([0.1, 0.8, 0.1])
    assert not Scale.of(Field("x", "x", "numeric", 3, None, shares, np.zeros(3, bool))).spike.any()


def test_a_cap_counts_as_beyond_the_end_until_it_holds_too_much() -> None:
    """An atom above `SPIKE` at the end of the range stays on the scale as its tail, up to `CENSORED`."""
    light, heavy = mixed_field(cap=0.1, floor=0.1), mixed_field(cap=0.6, floor=0.6)
    assert light.shares[CAP] > SPIKE
    assert heavy.shares[CAP] > CENSORED
    scale = Scale.of(light)
    assert not scale.spike[[FLOOR, CAP]].any()
    assert Scale.of(heavy).spike[[FLOOR, CAP]].all()
    assert set(scale.token(np.array([3.0, 9.0, np.inf]))[0]) == {CAP}
    assert set(scale.token(np.array([-3.0, -9.0, -np.inf]))[0]) == {FLOOR}
    assert scale.edge(np.array([CAP + 1.0, np.inf])).tolist() == [np.inf, np.inf]
    assert scale.edge(np.array([-np.inf, 0.0])).tolist() == [-np.inf, -np.inf]


@given(st.integers(FLOOR, CAP), st.floats(0.01, 0.99))
def test_token_and_position_come_back_from_their_score(token: int, position: float) -> None:
    scale = Scale.of(mixed_field())
    score = scale.score(np.array([token]), np.array([position]))
    if scale.spike[token]:
        assert np.isnan(score).all()
        return
    back, place = scale.token(score)
    assert back[0] == token
    assert place[0] == pytest.approx(position, abs=1e-4)


@given(st.floats(allow_nan=False))
def test_a_score_never_falls_on_a_spike(score: float) -> None:
    for field in (mixed_field(), mixed_field(cap=0.7, floor=0.7), mixed_field(null=0.9)):
        scale = Scale.of(field)
        token, position = scale.token(np.array([score]))
        assert not scale.spike[token[0]]
        assert 0 <= position[0] < 1


def test_scores_at_the_borders_of_spikes_never_fall_on_them() -> None:
    scale = Scale.of(mixed_field(cap=0.7, floor=0.7))
    borders = scale.edge(np.arange(11.0))
    around = np.concatenate([np.nextafter(borders, -np.inf), borders, np.nextafter(borders, np.inf)])
    assert not scale.spike[scale.token(around)[0]].any()


def test_the_continuous_part_is_standard_normal() -> None:
    field = mixed_field()
    scale, rng = Scale.of(field), np.random.default_rng(0)
    tokens = rng.choice(10, 100_000, p=field.shares)
    scores = scale.score(tokens, rng.random(100_000))
    assert np.isnan(scores).mean() == pytest.approx(field.shares[[NULL, INSIDE]].sum(), abs=0.01)
    assert np.nanmean(scores) == pytest.approx(0, abs=0.01)
    assert np.nanstd(scores) == pytest.approx(1, abs=0.01)
    drawn = np.bincount(scale.token(rng.normal(size=100_000))[0], minlength=10) / 100_000
    expected = np.where(scale.spike, 0, field.shares)
    assert np.abs(drawn - expected / expected.sum()).max() < 0.006


def test_edges_ascend_and_are_the_scores_of_coordinates() -> None:
    scale = Scale.of(mixed_field())
    edges = scale.edge(np.linspace(-1, 11, 500))
    assert (np.diff(edges[np.isfinite(edges)]) >= 0).all()
    tokens, positions = np.array([2, 3, 7]), np.array([0.25, 0.5, 0.75])
    assert scale.edge(tokens + positions) == pytest.approx(scale.score(tokens, positions))


def test_a_field_of_spikes_alone_has_no_scale() -> None:
    field = Field("x", "x", "numeric", 3, 0, np.array([0.2, 0.4, 0.4]), np.ones(3, bool))
    assert Scale.of(field).tokens == 0
