from __future__ import annotations

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.data.nearest import Estimate
from understudy.tabular.fields import Encoded, Field
from understudy.tabular.memorising import Memorising
from understudy.tabular.race import CROSSWISE, Result, best, race, telling_apart

SIZES = (12, 10, 3)
FIELDS = [
    Field("x", "x", "numeric", 12, None, np.full(12, 1 / 12), np.zeros(12, bool)),
    Field("y", "y", "numeric", 10, None, np.full(10, 0.1), np.zeros(10, bool)),
    Field("c", "c", "categorical", 3, None, np.full(3, 1 / 3), np.ones(3, bool)),
]


def law(n: int, rng: np.random.Generator) -> Encoded:
    """x at random, y follows x, c says whether they agree."""
    x = rng.integers(0, 12, n)
    y = np.clip(x - rng.integers(0, 4, n), 0, 9)
    c = np.where(rng.random(n) < 0.1, 2, x - y > 1)
    tokens = [x.astype(np.uint8), y.astype(np.uint8), c.astype(np.uint8)]
    return Encoded(tokens, [rng.random(n).astype(np.float32), rng.random(n).astype(np.float32), None])


class Truthful:
    """Knows the law."""

    def learn(self, rows: Encoded, stream: Stream) -> None: ...

    def make(self, size: int, stream: Stream) -> Encoded:
        return law(size, stream.generator())


class Apart(Truthful):
    """Draws every field by itself."""

    def make(self, size: int, stream: Stream) -> Encoded:
        made = super().make(size, stream)
        order = [stream.child("apart", j).generator().permutation(size) for j in range(3)]
        return Encoded([t[o] for t, o in zip(made.tokens, order, strict=True)], made.positions)


class Copying:
    """Gives back what it learned."""

    def learn(self, rows: Encoded, stream: Stream) -> None:
        self.rows = rows

    def make(self, size: int, stream: Stream) -> Encoded:
        return self.rows.take(stream.generator().permutation(self.rows.rows)[:size])


RACERS = {"apart": Apart, "truthful": Truthful, "copying": Copying}


@pytest.fixture(scope="module")
def league() -> list[Result]:
    return race(FIELDS, law(1500, np.random.default_rng(0)), dict(RACERS), Stream(4))


def test_the_truly_better_racer_wins(league: list[Result]) -> None:
    assert [r.name for r in league] == list(RACERS)
    assert best(league, 0.52).name == "truthful"
    found = {r.name: r.telling.value for r in league}
    assert found["truthful"] < 0.56
    assert found["apart"] > 0.75


def test_a_copying_racer_never_wins_however_real_its_rows(league: list[Result]) -> None:
    apart, _, copying = league
    assert copying.telling.value < apart.telling.value
    assert not copying.memorising.safe(0.52)
    assert best([apart, copying], 0.52).name == "apart"


def test_where_all_memorise_the_one_that_remembers_least_wins() -> None:
    def result(name: str, telling: float, membership: float) -> Result:
        return Result(name, Estimate(telling, 0.01), Memorising(Estimate(membership, 0.001), Estimate(0.6, 0.001)))

    assert best([result("a", 0.5, 0.9), result("b", 0.9, 0.6), result("c", 0.7, 0.8)], 0.52).name == "b"


def test_rows_that_are_judged_were_never_learned() -> None:
    """Every round learns and judges parts that share no row; a racer is made anew for every round."""
    encoded = law(300, np.random.default_rng(1))
    encoded.positions[0] = (np.arange(300) / 300).astype(np.float32)  # tells every row
    seen: list[set[float]] = []

    class Watching(Truthful):
        def learn(self, rows: Encoded, stream: Stream) -> None:
            assert not hasattr(self, "learned")
            self.learned = True
            seen.append(set(rows.positions[0].tolist()))

    race(FIELDS, encoded, {"watching": Watching}, Stream(0))
    assert len(seen) >= 1
    assert all(len(rows) == 200 for rows in seen)
    assert len({frozenset(rows) for rows in seen}) == len(seen)


def test_large_tables_are_raced_over_once() -> None:
    rounds: list[int] = []

    class Counting(Truthful):
        def learn(self, rows: Encoded, stream: Stream) -> None:
            rounds.append(rows.rows)

    race(FIELDS, law(CROSSWISE, np.random.default_rng(1)), {"counting": Counting}, Stream(0))
    assert len(rounds) == 1


def test_one_law_cannot_be_told_apart_and_the_order_of_racers_changes_nothing(league: list[Result]) -> None:
    rng = np.random.default_rng(5)
    found = telling_apart(FIELDS, law(900, rng), law(900, rng), rng)
    assert abs(found.value - 0.5) < 3.5 * found.standard_error
    backwards = race(FIELDS, law(1500, np.random.default_rng(0)), dict(reversed(RACERS.items())), Stream(4))
    assert {r.name: r.to_dict() for r in backwards} == {r.name: r.to_dict() for r in league}


def test_a_result_goes_into_the_record(league: list[Result]) -> None:
    facts = league[1].to_dict()
    assert facts["engine"] == "truthful"
    assert facts["c2st_auc"] == pytest.approx(league[1].telling.value, abs=1e-4)
    assert facts["membership_auc"] == pytest.approx(league[1].memorising.membership.value, abs=1e-4)
