import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

from understudy.rules.distributions import PARAMETERS, continuous, counts
from understudy.rules.law import scipy_parameters

CONTINUOUS: list[tuple[str, dict[str, float]]] = [
    ("norm", {"loc": 3, "scale": 2}), ("uniform", {"loc": -1, "scale": 4}), ("lognorm", {"s": 0.7, "scale": 20}), ("expon", {"scale": 3}),
    ("gamma", {"a": 0.4, "scale": 2}), ("beta", {"a": 2.5, "b": 3}), ("pareto", {"b": 1.5}), ("weibull_min", {"c": 1.7, "scale": 3}),
]  # fmt: skip
COUNTS: list[tuple[str, dict[str, float]]] = [
    ("poisson", {"mu": 3.3}), ("binom", {"n": 12, "p": 0.3}), ("nbinom", {"n": 1.2, "p": 0.18}), ("geom", {"p": 0.02}),
    ("randint", {"low": -3, "high": 9}), ("poisson", {"mu": 900, "loc": 5}),
]  # fmt: skip


def test_names_and_parameters_are_those_of_scipy() -> None:
    assert all(scipy_parameters()[name] == shapes for name, shapes in PARAMETERS.items())


@pytest.mark.parametrize(("name", "parameters"), CONTINUOUS)
def test_continuous_distributions_are_those_of_scipy(name: str, parameters: dict[str, float]) -> None:
    ours, theirs = continuous(name, parameters), getattr(stats, name)(**parameters)
    shares = np.array([1e-12, 1e-6, 0.01, 0.3, 0.5, 0.9, 0.999])
    points = np.concatenate((theirs.ppf(shares), [-50.0, 0.0, 1e4]))
    assert ours is not None
    np.testing.assert_allclose(ours.ppf(shares), theirs.ppf(shares), rtol=1e-9)
    np.testing.assert_allclose(ours.isf(shares), theirs.isf(shares), rtol=1e-9)
    np.testing.assert_allclose(ours.cdf(points), theirs.cdf(points), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(ours.sf(points), theirs.sf(points), rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize(("name", "parameters"), COUNTS)
def test_distributions_of_whole_numbers_are_those_of_scipy(name: str, parameters: dict[str, float]) -> None:
    ours, theirs = counts(name, parameters), getattr(stats, name)(**parameters)
    values = np.arange(theirs.ppf(1e-9), theirs.isf(1e-9) + 1)
    assert ours is not None
    np.testing.assert_allclose(ours.pmf(values), theirs.pmf(values), rtol=1e-7)
    np.testing.assert_allclose(ours.cdf(values), theirs.cdf(values), rtol=1e-7)
    assert ours.support() == theirs.support()
    for share in (0.5, 0.01, 1e-6, 2.0**-40):
        assert abs(ours.isf(share) - theirs.isf(share)) <= 1


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("norm", {"scale": -1}),
        ("gamma", {"a": 0}),
        ("poisson", {"mu": -1}),
        ("nbinom", {"n": 2, "p": 1.5}),
        ("randint", {"low": 3, "high": 3}),
    ],
)
def test_parameters_that_cannot_be_give_nothing_finite(name: str, parameters: dict[str, float]) -> None:
    from understudy.core.errors import ConstraintError
    from understudy.rules.inverse import inverse_of
    from understudy.rules.law import Law

    with pytest.raises(ConstraintError, match="law"):
        inverse_of(Law(name=name, parameters=parameters))


def test_the_common_laws_need_no_more_than_special_functions() -> None:
    script = """
import sys
from understudy.rules.inverse import inverse_of
from understudy.rules.law import Law
for stated in ({"norm": {}}, {"gamma": {"a": 2}}, {"poisson": {"mu": 3}}, {"nbinom": {"n": 2, "p": 0.4}}, {"zipfian": {"a": 1.1, "n": 50}}):
    inverse_of(Law.model_validate(stated), None, None)
assert "scipy.stats" not in sys.modules
"""
    done: Any = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
