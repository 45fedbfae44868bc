"""The rule, case by case."""

from __future__ import annotations

import numpy as np
import pytest

from understudy.data.nearest import Estimate
from understudy.tabular.election import DOUBT, LIMIT, Standing, elect, likely_errors, remembered
from understudy.tabular.memorising import Memorising

EVEN = Memorising(Estimate(0.5, 0.01), Estimate(0.5, 0.01))


def standing(
    name: str,
    told: float,
    *,
    membership: float = 0.5,
    nearer: float = 0.5,
    error: float = 0.01,
    alike: float | None = 0.95,
    useful: float | None = 0.8,
    costly: bool = False,
) -> Standing:
    kept = Memorising(Estimate(membership, error), Estimate(nearer, error))
    figures = [None if value is None else Estimate(value, 0.01) for value in (alike, useful)]
    return Standing(name, Estimate(told, 0.01), kept, figures[0], figures[1], costly)


YARDSTICK = Standing("independent", Estimate(0.9, 0.01), None, Estimate(0.9, 0.01), Estimate(0.5, 0.01))


def test_the_hardest_to_tell_wins() -> None:
    found = elect([standing("a", 0.6), standing("b", 0.55)], YARDSTICK)
    assert found.winner == "b"
    assert "hardest to tell" in found.why
    assert found.why_not == {"a": "easier to tell from real rows than b"}


@pytest.mark.parametrize("figure", ["membership", "nearer"])
def test_one_that_remembers_never_wins_however_real_its_rows(figure: str) -> None:
    found = elect([standing("copying", 0.5, **{figure: 0.7}), standing("honest", 0.75)], YARDSTICK)
    assert found.winner == "honest"
    assert "training rows (0.700" in found.why_not["copying"]


@pytest.mark.parametrize("figure", ["membership", "nearer"])
def test_above_the_limit_by_no_more_than_chance_is_not_held_against_an_engine(figure: str) -> None:
    assert elect([standing("a", 0.55, **{figure: 0.54}, error=0.03), standing("b", 0.65)], YARDSTICK).winner == "a"
    assert elect([standing("a", 0.55, **{figure: 0.54}, error=0.0146), standing("b", 0.65)], YARDSTICK).winner == "a"
    assert elect([standing("a", 0.55, **{figure: 0.54}, error=0.01), standing("b", 0.65)], YARDSTICK).winner == "b"


def test_both_figures_above_the_limit_are_held_against_an_engine_sooner_than_one() -> None:
    one, both = standing("a", 0.55, nearer=0.534), standing("a", 0.55, nearer=0.534, membership=0.534)
    assert elect([one, standing("b", 0.65)], YARDSTICK).winner == "a"
    assert elect([both, standing("b", 0.65)], YARDSTICK).winner == "b"


def test_engines_that_remember_nothing_are_seldom_ruled_out_however_many_they_are() -> None:
    """At the limit itself some engine of nine is above it by a standard error in most races, and by what nine may have in few."""
    rng, ruled_out = np.random.default_rng(0), 0
    for _ in range(400):
        at_the_limit = [standing(f"{i}", 0.6, membership=LIMIT + 0.01 * rng.normal(), nearer=LIMIT + 0.01 * rng.normal()) for i in range(9)]
        ruled_out += any("training rows" in words for words in elect(at_the_limit, YARDSTICK).why_not.values())
    assert 0.1 < ruled_out / 400 < 0.45


def test_the_more_figures_the_further_the_largest_goes() -> None:
    assert likely_errors(1) == pytest.approx(1.0)
    assert 1.7 < likely_errors(4) < likely_errors(18) < DOUBT


def test_one_clearly_worse_than_columns_by_themselves_is_out() -> None:
    bad = standing("bad", 0.55, alike=0.8)
    found = elect([bad, standing("fair", 0.7)], YARDSTICK)
    assert found.winner == "fair"
    assert "less alike in pairs than columns by themselves" in found.why_not["bad"]
    assert "easier to tell from real rows than columns" in elect([standing("x", 0.99), standing("y", 0.6)], YARDSTICK).why_not["x"]


def test_within_one_standard_error_of_the_difference_usefulness_decides() -> None:
    found = elect([standing("a", 0.55, useful=0.7), standing("b", 0.563, useful=0.8)], YARDSTICK)
    assert found.winner == "b"
    assert "more useful" in found.why
    assert elect([standing("a", 0.55, useful=0.7), standing("b", 0.566, useful=0.8)], YARDSTICK).winner == "a"


def test_then_pairs_then_the_cheaper_kind_then_the_smaller_figure() -> None:
    assert elect([standing("a", 0.55, alike=0.93), standing("b", 0.555)], YARDSTICK).winner == "b"
    assert elect([standing("a", 0.55, costly=True), standing("b", 0.555)], YARDSTICK).winner == "b"
    assert elect([standing("a", 0.555), standing("b", 0.55)], YARDSTICK).winner == "b"
    assert elect([standing("a", 0.55), standing("b", 0.55)], YARDSTICK).winner == "a"


def test_an_auc_under_a_half_is_chance_and_no_merit() -> None:
    assert elect([standing("a", 0.45, useful=0.7), standing("b", 0.5, useful=0.8)], YARDSTICK).winner == "b"


def test_figures_that_could_not_be_had_decide_nothing() -> None:
    plain = [standing("a", 0.55, alike=None, useful=None), standing("b", 0.551, alike=None, useful=None)]
    assert elect(plain, None).winner == "a"


def test_where_all_remember_a_little_the_one_that_does_least_is_taken_and_said_so() -> None:
    found = elect([standing("a", 0.5, membership=0.545), standing("b", 0.6, membership=0.541)], YARDSTICK)
    assert found.winner == "b"
    assert "every engine is above the limit" in found.why
    assert set(found.why_not) == {"a"}


def test_where_all_remember_beyond_doubt_columns_are_drawn_each_by_itself() -> None:
    found = elect([standing("a", 0.5, membership=0.9), standing("b", 0.6, nearer=0.8)], YARDSTICK)
    assert found.winner == "independent"
    assert "beyond doubt" in found.why
    assert set(found.why_not) == {"a", "b"}


def test_where_all_are_worse_than_the_yardstick_the_best_of_them_is_taken() -> None:
    assert elect([standing("a", 0.97), standing("b", 0.99)], YARDSTICK).winner == "a"


def test_the_words_about_memory_name_the_figure_its_error_and_the_limit() -> None:
    assert remembered(EVEN, LIMIT) == ""
    assert remembered(None, LIMIT) == ""
    assert (
        remembered(Memorising(Estimate(0.61, 0.02), Estimate(0.5, 0.02)), LIMIT)
        == "recognises its training rows (0.610 ± 0.020, at most 0.52)"
    )
