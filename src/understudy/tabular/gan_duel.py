"""The game of the gan of tables: the generator against a critic, beside which it matches shares and goes on autoencoding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from understudy.neural.adversarial import BETAS, Game
from understudy.neural.training import Schedule, Task
from understudy.tabular.blur import Blur
from understudy.tabular.fields import Encoded
from understudy.tabular.gan_autoencoding import any_subset, masked_loss
from understudy.tabular.gan_networks import Completer, Judge, Made, complete, draw_rows
from understudy.tabular.levels import COARSE, Layout
from understudy.tabular.memorising import Memorising, excess, memorising
from understudy.tabular.telling import telling

PAIRS = 32
"""Pairs of fields whose joint shares are matched in a step."""
TEMPERATURES = (1.0, 0.3)
ALONE, TRUSTED_FROM = 0.08, 0.2
"""Places in the game: up to the first only the critic moves, for at first it knows nothing; from the second its word counts in full."""
AUTOENCODING = 1.0
"""Weight of masked autoencoding beside the game."""
SMALL_SHARE = 0.01
"""Shares below it count alike in the matching."""
COMPARED_ROWS, LIMIT, MEMORISING = 8_000, 0.51, 3.0
"""Learned rows that memorising is measured on while the game is played; what its figures may be; how much more costs in the score."""
GAME = Game("relativistic", real_penalty=0.2, made_penalty=0.2, penalty_every=2, together=4)


class Duel(Task):
    """Generator against critic.

    Args:
        learned, unseen: rows that the generator learns, and rows kept aside, which may be none.
        nothing: what shuffled rows seem to remember; None where no rows are kept aside. blur: how real rows are seen.
    """

    def __init__(
        self,
        completer: Completer,
        judge: Judge,
        learned: Encoded,
        unseen: Encoded,
        nothing: Memorising | None,
        blur: Blur,
        device: torch.device,
    ) -> None:
        self.players, self.device = {"generator": completer, "critic": judge}, device
        rows = torch.from_numpy(completer.layout.flat(learned))
        self.completer, self.judge, self.game, self.blur = completer, judge, packing(learned.rows), blur
        self.layout = completer.layout
        self.coarse = torch.as_tensor(np.eye(COARSE, dtype=np.float32)[self.layout.coarse()], device=device)
        self.coarse_rows = torch.as_tensor(self.layout.coarse(), device=device)[rows[: 1 << 14].to(device)]
        self.shares = [_shares(self.layout, rows.to(device), c) for c in range(len(self.layout.chunks))]
        self.unseen, self.learned, self.nothing = unseen, learned.take(slice(0, COMPARED_ROWS)), nothing
        self.temperature, self.trust, self.step, self.alone = TEMPERATURES[0], 0.0, 0, False
        self.made: Made | None = None

    def moved(self, place: float) -> None:
        self.temperature = TEMPERATURES[0] + (TEMPERATURES[1] - TEMPERATURES[0]) * place
        self.trust = min(1.0, max(place - ALONE, 0.0) / (TRUSTED_FROM - ALONE))
        self.alone = place < ALONE

    def every(self, player: str, step: int) -> bool:
        self.step = step
        return player == "critic" or not self.alone

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        rows = self.blur(batch[0])
        self.judge.requires_grad_(player == "critic")
        if player == "critic":
            if self.alone:
                with torch.no_grad():
                    self._make(rows)
            assert self.made is not None
            looks = self._looks(self.made.rows, self.made.given), self._looks(rows, self.made.given)
            return self.game.critic_loss(self.judge, looks[1], looks[0], step=self.step)
        made = self._make(rows)
        loss = self.trust * self.game.generator_loss(self.judge, self._looks(rows, made.given), self._looks_of_draws(made))
        loss = loss + self._matching(made)
        self.completer.train()
        return loss + AUTOENCODING * masked_loss(self.completer, rows)

    def _make(self, rows: Tensor) -> Made:
        """Half of the rows from nothing, half from some cells of real ones; without dropout, as they will be made."""
        self.completer.eval()
        given = any_subset(len(rows), rows.shape[1], rows.device)
        given[: max(len(rows) // 2, 1)] = False
        self.made = complete(self.completer, rows, given, self.temperature)
        return self.made

    def score(self) -> float | None:
        if self.nothing is None:
            return None
        rows, _ = draw_rows(self.completer, int(np.clip(2 * self.learned.rows, 1000, COMPARED_ROWS)), self.device)
        rng = np.random.Generator(np.random.Philox(key=0))
        made, fields = self.layout.encoded(rows.cpu().numpy(), rng), [levels.field for levels in self.layout.levels]
        told = telling(fields, self.learned, self.unseen, made, rng).value
        return float(told + MEMORISING * excess(memorising(fields, self.learned, self.unseen, made, rng), self.nothing, LIMIT))

    def _looks(self, rows: Tensor, given: Tensor) -> Tensor:
        """(n, fields, look + 1) what the critic sees of rows."""
        return torch.cat([self.judge.table()[rows], given[..., None].float()], dim=2)

    def _looks_of_draws(self, made: Made) -> Tensor:
        """The same of made rows, with gradients through the draws."""
        table = self.judge.table().detach()
        looks = table[made.rows]
        for c, chunk in enumerate(self.layout.chunks):
            drawn = torch.bmm(made.hot[c].transpose(0, 1), table[self.completer.grid(c)]).transpose(0, 1)
            looks[:, chunk] = torch.where(made.given[:, chunk, None], looks[:, chunk], drawn)
        return torch.cat([looks, made.given[..., None].float()], dim=2)

    def _matching(self, made: Made) -> Tensor:
        """How far shares of single levels and of pairs of coarse groups lie from the real ones, in rows made from nothing."""
        free, layout = max(len(made.rows) // 2, 1), self.layout
        single = torch.zeros((), device=self.device)
        soft = torch.empty((free, len(layout.counts), COARSE), device=self.device)
        for c, chunk in enumerate(layout.chunks):
            grid = self.completer.grid(c)
            law = made.soft[c][:free]
            single = single + _distance(law.mean(0), self.shares[c]).sum()
            soft[:, chunk] = torch.bmm(law.transpose(0, 1), self.coarse[grid]).transpose(0, 1)
        if len(layout.counts) == 1:
            return single
        pairs = self._some_pairs()
        pair = _distance(self._joint(soft, self.coarse[made.rows[:free]], pairs), self._real_joint(pairs)).sum()
        return single / len(layout.counts) + pair / len(pairs)

    def _some_pairs(self) -> Tensor:
        """(pairs, 2) fields, the one that is drawn first in front."""
        fields = len(self.layout.counts)
        first = torch.randint(fields, (PAIRS,), device=self.device)
        second = (first + torch.randint(1, fields, (PAIRS,), device=self.device)) % fields
        chunk_of = torch.as_tensor(self.layout.chunk_of, device=self.device)
        swap = chunk_of[first] > chunk_of[second]
        return torch.stack([torch.where(swap, second, first), torch.where(swap, first, second)], dim=1)

    def _joint(self, soft: Tensor, hard: Tensor, pairs: Tensor) -> Tensor:
        """(pairs, COARSE, COARSE): the later field soft beside draws of the earlier; both soft where they share noise."""
        chunk_of = torch.as_tensor(self.layout.chunk_of, device=self.device)
        first, second = pairs.T
        same = (chunk_of[first] == chunk_of[second])[None, :, None]
        left = torch.where(same, soft[:, first], hard[:, first])
        return torch.bmm(left.permute(1, 2, 0), soft[:, second].transpose(0, 1)) / len(soft)

    def _real_joint(self, pairs: Tensor) -> Tensor:
        left, right = self.coarse_rows[:, pairs[:, 0]], self.coarse_rows[:, pairs[:, 1]]
        cells = left * COARSE + right + torch.arange(len(pairs), device=self.device) * COARSE**2
        counts = torch.bincount(cells.flatten(), minlength=len(pairs) * COARSE**2)
        return counts.view(-1, COARSE, COARSE) / len(left)


def packing(rows: int) -> Game:
    """The game as it is played over so many rows: with few, the critic sees them one by one."""
    return GAME if rows >= 16 * GAME.together else replace(GAME, together=1)


def duel_schedule(rows: int, effort: float) -> Schedule:
    steps = max(int(effort * np.clip(200 + rows / 80, 200, 600)), 1)
    return Schedule(
        steps=steps, batch=256, rate={"generator": 2e-4, "critic": 1e-3}, betas=BETAS, weight_decay=0.0, average=0.995,
        evaluate_every=max(steps // 8, 25), patience=None, score_start=True,
    )  # fmt: skip


def _shares(layout: Layout, rows: Tensor, c: int) -> Tensor:
    """(fields of the chunk, most levels) the share of every level in real rows."""
    counts = [torch.bincount(rows[:, j] - int(layout.offset[j]), minlength=int(layout.counts[j])) for j in layout.chunks[c]]
    return nn.utils.rnn.pad_sequence([count / len(rows) for count in counts], batch_first=True)


def _distance(made: Tensor, real: Tensor) -> Tensor:
    """Squared differences of shares, relative to the share where it is not small."""
    return (made - real).square() / (real + SMALL_SHARE)
