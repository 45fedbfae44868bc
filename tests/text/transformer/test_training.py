"""Texts are packed without loss, each seeing itself alone."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from understudy.core.random import Stream  # noqa: E402
from understudy.neural.backend import seeded  # noqa: E402
from understudy.text.transformer.network import Network, Plan  # noqa: E402
from understudy.text.transformer.training import NextNumber, packed  # noqa: E402


def test_every_text_is_in_one_row_whole() -> None:
    rng = np.random.default_rng(0)
    texts = [[2, *rng.integers(10, 99, rng.integers(1, 30)).tolist()] for _ in range(200)]
    rows = packed(texts, np.arange(200, dtype=np.float32), 1, 64)
    found = []
    for numbers, text, weights in zip(rows.numbers, rows.text, rows.weights, strict=True):
        for n in range(text.max() + 1):
            own = text == n
            assert len(set(weights[own].tolist())) == 1
            found.append((int(weights[own][0]), numbers[own].tolist()))
    assert [row for _, row in sorted(found)] == [[*text, 1] for text in texts]
    assert (rows.text >= 0).mean() > 0.9


def test_texts_in_one_row_do_not_see_each_other() -> None:
    with seeded(Stream(1)):
        network = Network(Plan(50, 32, 1, 1, 80, 64))
    texts = [[2, 10, 11, 12], [2, 20, 21, 22, 23], [2, 30, 31]]
    together = NextNumber(network, None, range(0), 0, torch.device("cpu"))
    whole = packed(texts, np.ones(3, np.float32), 1, 32)
    alone = [packed([text], np.ones(1, np.float32), 1, 32) for text in texts]
    with torch.no_grad():
        total, count = together._nats(*whole.tensors())
        parts = [together._nats(*rows.tensors()) for rows in alone]
    assert float(total) == pytest.approx(sum(float(p[0]) for p in parts), rel=1e-4)
    assert float(count) == sum(float(p[1]) for p in parts)


def test_one_step_after_another_is_the_same_as_all_at_once() -> None:
    with seeded(Stream(1)):
        network = Network(Plan(50, 32, 2, 1, 80, 64)).eval()
    numbers = torch.randint(0, 50, (3, 7), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        at_once, cache = network(numbers), []
        for place in range(7):
            logits, cache = network.step(numbers[:, place], cache, place)
            assert torch.allclose(logits, at_once[:, place], atol=1e-5)
