from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from understudy.core.budget import Budget  # noqa: E402
from understudy.core.progress import Progress  # noqa: E402
from understudy.core.random import Stream  # noqa: E402
from understudy.neural.adversarial import BETAS, Game, gumbel, straight_through  # noqa: E402
from understudy.neural.backend import seeded  # noqa: E402
from understudy.neural.training import Schedule, Task, train  # noqa: E402

SLOPE = torch.tensor([3.0, 4.0])


def linear(items: Tensor) -> Tensor:
    return items @ SLOPE


REAL, MADE = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.0, 0.0], [1.0, 1.0]])


def test_pairs_are_judged_by_the_difference_of_their_scores() -> None:
    game = Game("relativistic", real_penalty=0.0, made_penalty=0.0)
    expected = (math.log1p(math.exp(0 - 3)) + math.log1p(math.exp(7 - 4))) / 2
    assert game.critic_loss(linear, REAL, MADE).item() == pytest.approx(expected)
    expected = (math.log1p(math.exp(3 - 0)) + math.log1p(math.exp(4 - 7))) / 2
    assert game.generator_loss(linear, REAL, MADE).item() == pytest.approx(expected)


def test_the_hinge_judges_each_side_by_itself() -> None:
    game = Game("hinge", real_penalty=0.0, made_penalty=0.0)
    assert game.critic_loss(linear, REAL, MADE).item() == pytest.approx(0 + (1 + 8) / 2)
    assert game.generator_loss(linear, REAL, MADE).item() == pytest.approx(-3.5)


def test_penalties_are_half_the_squared_slope_on_each_side_and_count_for_the_steps_between() -> None:
    plain = Game(real_penalty=0.0, made_penalty=0.0).critic_loss(linear, REAL, MADE).item()
    penalised = Game(real_penalty=2.0, made_penalty=0.5)
    assert penalised.critic_loss(linear, REAL, MADE).item() == pytest.approx(plain + (2.0 + 0.5) / 2 * 25)
    lazy = Game(real_penalty=2.0, made_penalty=0.5, penalty_every=3)
    losses = [lazy.critic_loss(linear, REAL, MADE, step=step).item() for step in range(3)]
    assert losses == pytest.approx([plain + 3 * (2.0 + 0.5) / 2 * 25, plain, plain])


def test_gradients_reach_the_generator_through_what_it_made_and_never_through_the_critics_loss() -> None:
    made = MADE.clone().requires_grad_()
    Game().generator_loss(linear, REAL, made).backward()
    assert made.grad is not None
    assert (made.grad @ SLOPE < 0).all()  # a step against it raises the scores
    weights = torch.ones(2, requires_grad=True)
    source = MADE.clone().requires_grad_()
    Game().critic_loss(lambda items: items @ weights, REAL, source).backward()
    assert source.grad is None
    assert weights.grad is not None


def test_a_pack_holds_neighbours_side_by_side_and_a_rest_is_left_out() -> None:
    items = torch.arange(10.0).reshape(5, 2)
    assert Game(together=2).packed(items).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    images = torch.zeros(6, 3, 8, 8)
    assert Game(together=3).packed(images).shape == (2, 9, 8, 8)


def test_straight_through_draws_follow_the_logits_and_carry_the_gradient_of_the_tempered_softmax() -> None:
    with seeded(Stream(3)):
        logits = torch.tensor([0.5, 0.3, 0.2]).log().expand(20_000, 3)
        hot = straight_through(logits, gumbel(logits), 0.5)
    assert set(hot.unique().tolist()) <= {0.0, 1.0}
    assert (hot.sum(1) == 1).all()
    assert hot.mean(0).tolist() == pytest.approx([0.5, 0.3, 0.2], abs=0.015)
    one, noise, pull = torch.tensor([[0.1, 0.7, -0.4]]), torch.tensor([[0.3, -0.2, 0.9]]), torch.tensor([1.0, -2.0, 0.5])
    one.requires_grad_()
    (drawn,) = torch.autograd.grad((straight_through(one, noise, 0.4) * pull).sum(), one)
    (soft,) = torch.autograd.grad((((one + noise) / 0.4).softmax(-1) * pull).sum(), one)
    assert torch.allclose(drawn, soft)


class Points(Task):
    """Two numbers around one of two centres."""

    def __init__(self, game: Game) -> None:
        self.device, self.game = torch.device("cpu"), game
        with seeded(Stream(1)):
            self.maker = nn.Sequential(nn.Linear(4, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2))
            self.critic = nn.Sequential(
                nn.Linear(2 * game.together, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
            )
        self.players = {"maker": self.maker, "critic": self.critic}
        self.made = torch.zeros(0)

    def scores(self, packs: Tensor) -> Tensor:
        return self.critic(packs).squeeze(1)

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        if player == "critic":
            return self.game.critic_loss(self.scores, batch[0], self.made)
        self.made = self.maker(torch.randn(len(batch[0]), 4))
        return self.game.generator_loss(self.scores, batch[0], self.made)


@pytest.mark.parametrize("game", [Game(together=2, real_penalty=0.1, made_penalty=0.1), Game("hinge", real_penalty=0.5, made_penalty=0.5)])
def test_a_game_ends_near_the_real_law_with_both_of_its_modes(game: Game) -> None:
    task, generator = Points(game), torch.Generator().manual_seed(2)
    side = torch.where(torch.rand(2000, 1, generator=generator) < 0.5, -1.0, 1.0)
    real = side * torch.tensor([1.0, 0.5]) + 0.1 * torch.randn(2000, 2, generator=generator)
    schedule = Schedule(steps=500, batch=128, rate=3e-3, betas=BETAS, weight_decay=0.0, average=0.99, evaluate_every=10_000)
    train(task, [real], schedule, stream=Stream(4), budget=Budget().start(), progress=Progress())
    with seeded(Stream(5)), torch.no_grad():
        made = task.maker(torch.randn(4000, 4))
    right = made[:, 0] > 0
    assert 0.35 < right.float().mean().item() < 0.65
    for part, sign in ((made[right], 1.0), (made[~right], -1.0)):
        assert part.median(0).values.tolist() == pytest.approx([sign, sign / 2], abs=0.15)
    assert (made[:, 0] * made[:, 1] > 0).float().mean().item() > 0.95
