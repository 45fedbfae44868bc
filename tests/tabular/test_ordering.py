from __future__ import annotations

import numpy as np

from understudy.core.random import Stream
from understudy.tabular.fields import Encoded, Field
from understudy.tabular.ordering import CONDITIONING, chain_order, conditioning_sets


def field(name: str, kind: str, shares: np.ndarray | list[float], atoms: bool) -> Field:
    shares = np.asarray(shares, float)
    return Field(name, name, kind, len(shares), None, shares / shares.sum(), np.full(len(shares), atoms))


def test_categories_come_before_numbers_and_rare_flags_last() -> None:
    fields = [
        field("bins", "numeric", np.ones(30), False),
        field("rare flag", "categorical", [0.97, 0.03], True),
        field("large category", "categorical", np.ones(40), True),
        field("whole numbers", "numeric", np.ones(12), True),
        field("flag", "categorical", [0.6, 0.4], True),
        field("few whole numbers", "numeric", np.ones(4), True),
    ]
    order = [fields[j].name for j in chain_order(fields)]
    assert order == ["flag", "large category", "few whole numbers", "whole numbers", "bins", "rare flag"]


def wide(fields: int, rows: int = 600) -> tuple[list[Field], Encoded]:
    """Independent numbers of ten bins; field i + 60 nearly repeats field i, and the last one is how far field 2 lies from its middle."""
    rng = np.random.default_rng(0)
    tokens = [rng.integers(0, 10, rows) for _ in range(fields)]
    for i in range(fields - 60):
        tokens[i + 60] = np.where(rng.random(rows) < 0.1, tokens[i + 60], tokens[i])
    tokens[-1] = np.abs(2 * tokens[2] - 9)
    shares = [np.bincount(t, minlength=10) / rows for t in tokens]
    made = [field(f"x{i}", "numeric", s, True) for i, s in enumerate(shares)]
    return made, Encoded([t.astype(np.uint8) for t in tokens], [None] * fields)


def test_a_narrow_table_looks_at_everything_before() -> None:
    fields, encoded = wide(CONDITIONING + 1)[0], wide(CONDITIONING + 1)[1]
    chain = chain_order(fields)
    sets = conditioning_sets(fields, encoded, chain, Stream(0))
    assert all(sets[j].tolist() == chain[:i] for i, j in enumerate(chain))


def test_a_wide_table_looks_at_the_most_associated_before() -> None:
    fields, encoded = wide(120)
    chain = list(range(120))
    sets = conditioning_sets(fields, encoded, chain, Stream(0))
    for i, j in enumerate(chain):
        assert len(sets[j]) == min(i, CONDITIONING)
        assert len(set(sets[j])) == len(sets[j])
        assert set(sets[j]) <= set(chain[:i])
    assert all(i in sets[i + 60] for i in range(59))
    assert 2 in sets[119], "a dependence of spread, without correlation, is seen too"


def test_the_choice_is_the_same_for_the_same_stream() -> None:
    fields, encoded = wide(100)
    one, again = (conditioning_sets(fields, encoded, list(range(100)), Stream(3)) for _ in range(2))
    assert all(np.array_equal(one[j], again[j]) for j in one)
