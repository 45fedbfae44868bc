from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from understudy.core.errors import ConstraintError
from understudy.data.keyed import words
from understudy.rules.inverse import Continuous, Discrete, discrete, inverse_of, zipf_ranks
from understudy.rules.law import Law

ROWS = np.arange(200_000)
WORDS = words(ROWS, np.uint64(20_260_101))


def law(stated: dict[str, Any]) -> Law:
    return Law.model_validate(stated)


CONTINUOUS: list[tuple[dict[str, Any], Any, float | None, float | None]] = [
    ({"norm": {"loc": 3, "scale": 2}}, stats.norm(3, 2), None, None),
    ({"norm": {}}, stats.norm(), -0.5, 3.0),
    ({"pareto": {"b": 1.1}}, stats.pareto(1.1), None, None),
    ({"gamma": {"a": 0.3, "scale": 2}}, stats.gamma(0.3, scale=2), None, None),
    ({"beta": {"a": 0.5, "b": 0.5}}, stats.beta(0.5, 0.5), None, None),
    ({"expon": {"scale": 3}}, stats.expon(scale=3), 1.0, None),
]


@pytest.mark.parametrize(("stated", "frozen", "low", "high"), CONTINUOUS)
def test_continuous_laws_have_their_distribution_between_the_bounds(
    stated: dict[str, Any], frozen: Any, low: float | None, high: float | None
) -> None:
    values = inverse_of(law(stated), low, high).at(WORDS)
    start, stop = (0.0 if low is None else frozen.cdf(low)), (1.0 if high is None else frozen.cdf(high))
    assert stats.kstest((frozen.cdf(values) - start) / (stop - start), "uniform").pvalue > 1e-3
    assert low is None or values.min() >= low
    assert high is None or values.max() <= high


def test_tails_keep_their_form_where_cells_of_equal_probability_would_not() -> None:
    pareto = inverse_of(law({"pareto": {"b": 1.5}}))
    shares = np.array([1e-4, 1e-6, 1e-8, 1e-10])
    tail = pareto.at(((1 - shares) * 2.0**53).astype(np.uint64) << np.uint64(11))
    np.testing.assert_allclose(tail, stats.pareto(1.5).isf(shares), rtol=2e-3)


@pytest.mark.parametrize(
    ("stated", "frozen"),
    [
        ({"poisson": {"mu": 3}}, stats.poisson(3)),
        ({"nbinom": {"n": 2, "p": 0.4}}, stats.nbinom(2, 0.4)),
        ({"geom": {"p": 0.3}}, stats.geom(0.3)),
        ({"binom": {"n": 10, "p": 0.3}}, stats.binom(10, 0.3)),
    ],
)
def test_discrete_laws_have_their_distribution(stated: dict[str, Any], frozen: Any) -> None:
    values = inverse_of(law(stated)).at(WORDS)
    points = np.arange(0, 40)
    expected = frozen.pmf(points) * len(values)
    kept = expected > 20
    observed = np.array([(values == point).sum() for point in points[kept]])
    rest = len(values) - observed.sum()
    test = stats.chisquare([*observed, rest], [*expected[kept], len(values) - expected[kept].sum()])
    assert test.pvalue > 1e-3


def test_a_mixture_has_the_shares_of_its_parts() -> None:
    made = inverse_of(law({"mixture": [{"share": 3, "law": {"norm": {}}}, {"share": 1, "law": {"norm": {"loc": 100}}}]})).at(WORDS)
    assert abs((made > 50).mean() - 0.25) < 0.004


def test_a_histogram_is_uniform_inside_its_bins() -> None:
    made = inverse_of(law({"histogram": {"edges": [0, 1, 11], "shares": [3, 1]}})).at(WORDS)
    assert stats.kstest(made[made < 1], "uniform").pvalue > 1e-3
    assert stats.kstest((made[made > 1] - 1) / 10, "uniform").pvalue > 1e-3
    assert abs((made < 1).mean() - 0.75) < 0.004


@pytest.mark.parametrize(("exponent", "size"), [(1.0, 1000), (1.1, 3_000_000), (0.7, 3_000_000)])
def test_zipf_ranks_have_the_chances_of_their_ranks(exponent: float, size: int) -> None:
    ranks = zipf_ranks(exponent, size).at(WORDS)
    chances = np.arange(1, size + 1) ** -exponent
    shares = np.cumsum(chances) / chances.sum()
    assert ranks.min() >= 0
    assert ranks.max() < size
    for rank in (0, 9, 99, size // 2, size - 2):
        assert abs((ranks <= rank).mean() - shares[rank]) < 5 / np.sqrt(len(ranks))


@pytest.mark.parametrize("stated", [{"norm": {}}, {"poisson": {"mu": 4}}, {"histogram": {"edges": [0, 1, 11], "shares": [3, 1]}}])
def test_values_ascend_with_the_bits_and_shares_invert_them(stated: dict[str, Any]) -> None:
    table = inverse_of(law(stated))
    ordered = np.sort(WORDS)
    values = table.at(ordered)
    assert (np.diff(values) >= 0).all()
    if isinstance(table, Discrete):
        assert (table.share_below(values) <= ordered / 2.0**64 + 1e-12).all()
    else:
        np.testing.assert_allclose(table.share_below(values), ordered / 2.0**64, atol=1e-9)


def test_equal_chances_give_equal_counts() -> None:
    places = discrete(np.ones(7)).index(WORDS)
    assert stats.chisquare(np.bincount(places)).pvalue > 1e-3


@pytest.mark.parametrize(
    ("stated", "low", "high"),
    [({"norm": {}}, 40.0, 41.0), ({"poisson": {"mu": 2}}, 0.2, 0.8), ({"values": {1: 1}}, 2.0, 3.0), ({"gamma": {"a": -1}}, None, None)],
)
def test_a_law_without_values_between_the_bounds_is_refused(stated: dict[str, Any], low: float | None, high: float | None) -> None:
    with pytest.raises(ConstraintError, match="law"):
        inverse_of(law(stated), low, high)


def test_knots_are_rounded_so_that_last_bits_of_libraries_do_not_matter() -> None:
    table = inverse_of(law({"norm": {}}))
    assert isinstance(table, Continuous)
    mantissa, _ = np.frexp(table.knots)
    scaled: NDArray[np.float64] = mantissa * 2.0**40
    np.testing.assert_array_equal(scaled, np.round(scaled))
