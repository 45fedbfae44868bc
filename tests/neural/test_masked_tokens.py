from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from understudy.core.random import Stream  # noqa: E402
from understudy.neural.backend import seeded  # noqa: E402
from understudy.neural.masked_tokens import (  # noqa: E402
    Masking,
    ancestral,
    categorical,
    mask_counted,
    mask_tokens,
    masked_cross_entropy,
    unmasking_plan,
)

CPU = torch.device("cpu")
LAWS = [Masking(), Masking("cosine"), Masking("polynomial", 3.0)]


@pytest.mark.parametrize("masking", LAWS, ids=lambda m: m.law)
def test_tokens_go_from_all_there_to_all_masked_and_weights_follow_the_slope(masking: Masking) -> None:
    t = torch.linspace(0.05, 0.95, 19, dtype=torch.float64)
    assert float(masking.kept(torch.tensor(0.0))) == pytest.approx(1, abs=1e-6)
    assert float(masking.kept(torch.tensor(1.0))) == pytest.approx(0, abs=1e-6)
    slope = (masking.kept(t + 1e-6) - masking.kept(t - 1e-6)) / 2e-6
    assert torch.allclose(masking.weight(t), -slope / (1 - masking.kept(t)), rtol=1e-4)


@pytest.mark.parametrize("masking", LAWS, ids=lambda m: m.law)
def test_weights_make_every_law_bound_the_same_likelihood(masking: Masking) -> None:
    """Where every token's cross-entropy is one nat whatever is masked, the bound is one nat a token."""
    with seeded(Stream(1)):
        masked, weight = mask_tokens((40_000, 6), masking, CPU)
    assert float((masked.sum(dim=1) * weight).mean()) == pytest.approx(6, rel=0.03)


def test_counted_masks_hold_every_number_equally_often_and_bound_the_likelihood() -> None:
    with seeded(Stream(1)):
        masked, weight = mask_counted((600, 6), CPU)
    assert torch.equal(torch.bincount(masked.sum(dim=1), minlength=7), torch.tensor([0] + [100] * 6))
    assert float((masked.sum(dim=1) * weight).mean()) == pytest.approx(6)


def test_only_masked_tokens_cost_and_both_forms_of_logits_agree() -> None:
    with seeded(Stream(2)):
        logits, tokens = torch.randn(5, 3, 4), torch.randint(4, (5, 3))
    masked = torch.tensor([[True, False, True]] * 5)
    wanted = -torch.log_softmax(logits, dim=-1).gather(2, tokens[..., None])[..., 0][:, [0, 2]].sum(dim=1)
    assert torch.allclose(masked_cross_entropy(logits, tokens, masked), wanted, atol=1e-6)
    assert torch.allclose(masked_cross_entropy(list(logits.unbind(1)), tokens, masked), wanted, atol=1e-6)
    assert float(masked_cross_entropy(logits, tokens, torch.zeros_like(masked)).sum()) == 0


@pytest.mark.parametrize(("positions", "steps"), [(10, 3), (10, 10), (3, 30), (500, 30)])
def test_a_plan_unmasks_every_position_once(positions: int, steps: int) -> None:
    for masking in LAWS:
        plan = unmasking_plan(positions, steps, masking)
        assert sum(plan) == positions
        assert min(plan) >= 1
        assert len(plan) <= steps


def chain_law(tokens: Tensor, masked: Tensor) -> Tensor:
    """The exact law of two equal coins, P(first = 1) = .3, each given what is there of the other."""
    prior = torch.tensor([math.log(0.7), math.log(0.3)])
    logits = prior.expand(len(tokens), 2, 2).clone()
    for here, other in ((0, 1), (1, 0)):
        known = ~masked[:, other]
        sure = torch.where(torch.nn.functional.one_hot(tokens[:, other], 2).bool(), 0.0, -30.0)
        logits[known, here] = sure[known]
    return logits


def uniform(generator: torch.Generator) -> object:
    return lambda shape: torch.rand(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("again", [0.0, 0.1])
def test_many_steps_draw_the_joint_law_and_one_step_draws_each_by_itself(again: float) -> None:
    def drawn(steps: int) -> Tensor:
        generator = torch.Generator().manual_seed(3)
        start = torch.zeros(20_000, 2, dtype=torch.long)
        return ancestral(chain_law, start, torch.ones_like(start, dtype=torch.bool), steps, uniform(generator), again=again)  # type: ignore[arg-type]

    for steps, least, most in ((1, 0.55, 0.61), (20, 0.94, 1.0)):
        made = drawn(steps)
        assert least < float((made[:, 0] == made[:, 1]).float().mean()) <= most
        assert float(made.float().mean()) == pytest.approx(0.3, abs=0.02)


def test_what_is_given_is_kept() -> None:
    tokens = torch.tensor([[1, 0]] * 50)
    masked = torch.tensor([[False, True]] * 50)
    made = ancestral(chain_law, tokens, masked, 4, uniform(torch.Generator().manual_seed(1)), again=0.5)  # type: ignore[arg-type]
    assert torch.equal(made, torch.ones_like(made))


def test_draws_follow_the_logits() -> None:
    logits = torch.log(torch.tensor([0.5, 0.0, 0.3, 0.2]))
    points = torch.tensor([0.0, 0.49, 0.51, 0.79, 0.81, 1 - 1e-12], dtype=torch.float64)
    assert categorical(logits.expand(6, 4), points).tolist() == [0, 0, 2, 2, 3, 3]
