from __future__ import annotations

import numpy as np
from tests.tabular.laws import FIELDS, apart, law

from understudy.core.random import Stream
from understudy.tabular.fields import Encoded, Field
from understudy.tabular.usefulness import CHOSEN, CLASSES, Question, questions, usefulness


def asked(target: str | None) -> list[Question]:
    return questions(FIELDS, law(2000, np.random.default_rng(0)), target, Stream(0))


def test_rows_of_the_law_teach_what_real_rows_teach_and_columns_by_themselves_teach_nothing() -> None:
    rng = np.random.default_rng(1)
    unseen = law(1000, rng)
    fresh = usefulness(FIELDS, asked(None), law(3000, rng), unseen, rng)
    loose = usefulness(FIELDS, asked(None), apart(3000, rng), unseen, rng)
    assert fresh is not None
    assert loose is not None
    assert fresh.value > 0.9
    assert abs(loose.value - 0.5) < 0.1


def test_a_target_is_asked_about_level_by_level_and_a_number_at_its_quartiles() -> None:
    assert [q.field for q in asked("c")] == [2, 2, 2]
    assert [int(q.yes.sum()) for q in asked("c")] == [1, 1, 1]
    assert [q.field for q in asked("x")] == [0, 0, 0]
    assert [int(q.yes.sum()) for q in asked("x")] == [9, 6, 3]
    many = Field("m", "m", "categorical", 9, None, np.arange(9, 0, -1) / 45, np.ones(9, bool))
    rows = Encoded([*law(50, np.random.default_rng(0)).tokens, np.zeros(50, np.uint8)], [None] * 4)
    assert len(questions([*FIELDS, many], rows, "m", Stream(0))) == CLASSES


def test_without_a_target_the_fields_that_go_most_with_the_others_are_asked_about() -> None:
    """A column that nothing goes with, and one that hardly ever changes, are not asked about."""
    rng = np.random.default_rng(2)
    noise = Field("noise", "noise", "categorical", 2, None, np.array([0.5, 0.5]), np.ones(2, bool))
    still = Field("still", "still", "categorical", 2, None, np.array([0.995, 0.005]), np.ones(2, bool))
    rows = law(2000, rng)
    more = [rng.integers(0, 2, 2000).astype(np.uint8), (rng.random(2000) < 0.005).astype(np.uint8)]
    found = questions([noise, still, *FIELDS], Encoded([*more, *rows.tokens], [None, None, *rows.positions]), None, Stream(0))
    assert len(found) == CHOSEN
    assert all(q.field >= 2 for q in found)


def test_made_rows_with_one_answer_only_teach_nothing() -> None:
    rng = np.random.default_rng(3)
    made = law(500, rng)
    made.tokens[2][:] = 1
    found = usefulness(FIELDS, asked("c"), made, law(500, rng), rng)
    assert found is not None
    assert found.value == 0.5


def test_one_column_alone_asks_nothing() -> None:
    rows = Encoded([np.zeros(5, np.uint8)], [None])
    assert questions(FIELDS[:1], rows, None, Stream(0)) == []
    assert usefulness(FIELDS[:1], [], rows, rows, np.random.default_rng(0)) is None
