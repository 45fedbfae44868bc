"""Partial rows of a chain whose law is written down, completed: the exact conditional law is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.tabular.written import Written, chance, joint, levels

from understudy.core.random import Stream
from understudy.tabular.completion import _effective, _systematic_by_segment
from understudy.tabular.fields import Encoded

PATTERNS = {
    "nothing": [],
    "the first": [0],
    "the last": [3],
    "the middle": [1, 2],
    "all but the first": [1, 2, 3],
    "first and last": [0, 3],
    "everything": [0, 1, 2, 3],
}
SIZES = (4, 3, 5, 2)


@pytest.fixture(scope="module")
def written() -> Written:
    rng = np.random.default_rng(2)
    return Written([chance(rng, 4), chance(rng, 4, 3), chance(rng, 4, 3, 5), chance(rng, 4, 3, 5, 2)])


def partial(tokens: tuple[int, ...], fields: list[int], rows: int) -> tuple[Encoded, np.ndarray]:
    given = np.zeros((rows, 4), bool)
    given[:, fields] = True
    return Encoded([np.full(rows, t, np.uint8) for t in tokens], [None] * 4), given


def conditional(model: Written, tokens: tuple[int, ...], fields: list[int]) -> np.ndarray:
    law = joint(model)
    for j in fields:
        law = law * (np.arange(SIZES[j]) == tokens[j]).reshape([-1 if k == j else 1 for k in range(4)])
    return law / law.sum()


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("tokens", [(0, 0, 0, 0), (3, 2, 4, 1)])
def test_completed_rows_follow_the_written_law(written: Written, name: str, tokens: tuple[int, ...]) -> None:
    known, given = partial(tokens, PATTERNS[name], 20_000)
    made = written._complete(known, given, Stream(5), {})
    assert all((made.tokens[j] == tokens[j]).all() for j in PATTERNS[name])
    law, counts = conditional(written, tokens, PATTERNS[name]), np.zeros(SIZES)
    np.add.at(counts, tuple(made.tokens), 1)
    assert _distance(counts, law) < 0.02 + 0.5 * np.sqrt((law > 0).sum() / counts.sum())


def test_rows_that_are_all_different_are_completed_each_by_its_own_law(written: Written) -> None:
    """Every row has its own pattern and its own cells; together the completed table follows the model's law again."""
    model_rows = written._draw(30_000, Stream(1), None)
    given = np.random.default_rng(0).random((30_000, 4)) < 0.5
    made = written._complete(model_rows, given, Stream(2), {})
    for j in range(4):
        assert (made.tokens[j][given[:, j]] == model_rows.tokens[j][given[:, j]]).all()
    counts = np.zeros(SIZES)
    np.add.at(counts, tuple(made.tokens), 1)
    law = joint(written)
    assert _distance(counts, law) < 0.01 + 0.5 * np.sqrt((law > 0).sum() / counts.sum())


def test_cells_that_are_not_given_keep_to_what_is_allowed(written: Written) -> None:
    known, given = partial((0, 0, 1, 0), [2], 20_000)
    made = written._complete(known, given, Stream(3), {1: levels(3, 1, 2), 3: levels(2, 1)})
    law = conditional(written, (0, 0, 1, 0), [2])
    law[:, 0] = 0
    law[..., 0] = 0
    counts = np.zeros(SIZES)
    np.add.at(counts, tuple(made.tokens), 1)
    assert _distance(counts, law / law.sum()) < 0.02 + 0.5 * np.sqrt((law > 0).sum() / counts.sum())


def test_the_probability_of_rows_is_that_of_the_written_law(written: Written) -> None:
    rows = written._draw(500, Stream(4), None)
    assert written._log_prob(rows) == pytest.approx(np.log(joint(written)[tuple(rows.tokens)]), rel=1e-6)


@pytest.mark.parametrize("j", range(4))
def test_the_law_of_a_field_given_all_others_is_exact(written: Written, j: int) -> None:
    rows = written._draw(200, Stream(6), None)
    given = np.ones((200, 4), bool)
    law = np.moveaxis(joint(written), j, -1)[tuple(t for k, t in enumerate(rows.tokens) if k != j)]
    assert written._law(j, rows, given) == pytest.approx(law / law.sum(axis=1, keepdims=True), abs=1e-6)


def test_the_law_of_a_field_given_some_others_is_right_on_average(written: Written) -> None:
    known, given = partial((1, 2, 0, 1), [0, 3], 200)
    law = conditional(written, (1, 2, 0, 1), [0, 3]).sum(axis=(0, 1, 3))
    assert written._law(2, known, given).mean(axis=0) == pytest.approx(law, abs=0.02)


def test_completing_does_not_depend_on_other_rows_of_another_kind(written: Written) -> None:
    known, given = partial((3, 2, 4, 1), [0, 1], 300)
    assert (written._complete(known, given, Stream(1), {}).tokens[2] == written._complete(known, given, Stream(1), {}).tokens[2]).all()


class AnyOrder(Written):
    """Knows that fields 0 and 1 can change places."""

    def _chain(self, conditioned: Any) -> list[int]:
        return [1, 0, 2, 3] if conditioned == {1} else [0, 1, 2, 3]

    def _draw_field(self, j: int, work: Any, drawn: Encoded, known: list[int], rng: np.random.Generator, restriction: Any) -> Any:
        if j == 0 and known == [1]:
            law = (self.tables[0][:, None] * self.tables[1])[:, drawn.tokens[1]].T
            cumulative = law.cumsum(axis=1) / law.sum(axis=1, keepdims=True)
            from understudy.tabular.chain import Draw

            tokens = (rng.random(len(law))[:, None] >= cumulative).sum(axis=1)
            return Draw(np.minimum(tokens, 3).astype(np.uint8), None, None)
        return super()._draw_field(j, work, drawn, known, rng, restriction)


def test_a_learner_that_knows_every_order_gets_given_fields_first(written: Written) -> None:
    model = AnyOrder(written.tables)
    known, given = partial((0, 2, 0, 0), [1], 20_000)
    given[::2] = False
    made = model._complete(known, given, Stream(5), {}).take(slice(1, None, 2))
    counts = np.zeros(SIZES)
    np.add.at(counts, tuple(made.tokens), 1)
    law = conditional(written, (0, 2, 0, 0), [1])
    assert _distance(counts, law) < 0.02 + 0.5 * np.sqrt((law > 0).sum() / counts.sum())


def test_segments_are_resampled_each_by_its_own_weights() -> None:
    segment = np.repeat([0, 1, 2], [3, 1, 2])
    weights = np.log([0.5, 0.25, 0.25, 7.0, 0.9, 0.1])
    wanted = np.array([400, 5, 0])
    index = _systematic_by_segment(weights, segment, wanted, np.random.default_rng(0))
    assert np.bincount(index, minlength=6) == pytest.approx([200, 100, 100, 5, 0, 0], abs=1)
    assert _effective(weights, segment, 3) == pytest.approx([8 / 3, 1, 1 / 0.82])


def _distance(counts: np.ndarray, law: np.ndarray) -> float:
    return float(0.5 * np.abs(counts / counts.sum() - law).sum())
