"""A generative adversarial network over the codec's tokens, which completes rows of which any part is known.

What makes it more than a conditional GAN of tables (CTGAN; Xu et al., NeurIPS 2019):

- the generator sees a *masked row*, any subset of its fields, not one category; so every condition is native, and so are partial rows;
- a row is made in a few passes: each draws a chunk of fields from fresh noise and all that was drawn before. Fields of one chunk depend on
  one another through the noise alone, so fields that hang together are put into different chunks;
- it starts as a masked autoencoder (as in TAEGAN; Li et al. 2024), and goes on being one while it plays against the critic, which at first
  moves alone;
- besides the critic's word it matches the shares of single levels, and of pairs of them in 32 pairs of fields a step, softly, from
  probabilities rather than from draws;
- the loss by pairs with two gradient penalties (`neural/adversarial.py`), packing, straight-through Gumbel draws from temperature 1 to .3;
- it keeps the averaged weights whose rows boosted trees found hardest to tell from rows kept aside, less what they remember of their own:
  those of the autoencoder, where the game made nothing better.

Conditions are met along the passes, where they weigh the rows (`chain.py`), noise included. Where that would waste too many candidates,
the conditioned fields come first, the rest is completed around them, and rows are weighed by what the passes as usual would have given
them (importance sampling). Either way rows follow the model's own joint law.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.errors import ConditionError
from understudy.core.random import Stream
from understudy.neural.backend import find_device, require_torch, seeded

require_torch('The method "gan"')

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from understudy.neural.adversarial import BETAS, Game, gumbel, straight_through  # noqa: E402
from understudy.neural.training import Course, Schedule, Task, train  # noqa: E402
from understudy.neural.weights import from_arrays, to_arrays  # noqa: E402
from understudy.tabular.chain import (  # noqa: E402
    PILOT_ROUNDS,
    ROUNDS,
    ChainSynthesizer,
    Draw,
    Restriction,
    effective,
    joined_rows,
    systematic,
)
from understudy.tabular.fields import Allowed, Encoded, Field, Floats  # noqa: E402
from understudy.tabular.levels import COARSE, Integers, Layout, Levels, Singles  # noqa: E402
from understudy.tabular.memorising import Memorising, memorising  # noqa: E402
from understudy.tabular.synthesizer import Conditions, TableSynthesizer  # noqa: E402
from understudy.tabular.telling import telling  # noqa: E402

if TYPE_CHECKING:
    from os import PathLike

    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.record import FitRecord
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection

PASSES = 4
"""Chunks of fields, each drawn at once."""
PAIRS = 32
"""Pairs of fields whose joint shares are matched in a step."""
NOISE = 32
WIDTH, WIDTH_OF_SMALL, SMALL = 192, 96, 2_000
"""Of both networks; fewer in tables of less than `SMALL` rows."""
BLOCKS = 3
DROPOUT, DROPOUT_OF_SMALL, MORE_DROPOUT, MOST_DROPOUT = 0.0, 0.4, 0.2, 0.7
"""Of the generator while it autoencodes; what is added where it remembers too much, and the most that it comes to."""
TIGHTENINGS = 1
RANK = 24
"""Free directions of a level in the generator's heads, besides its features."""
OWN = 8
"""Likewise in the critic's eyes."""
FEW = 3
"""Cells that the smaller of the shown subsets have at the most."""
TEMPERATURES = (1.0, 0.3)
ALONE, TRUSTED_FROM = 0.08, 0.2
"""Places in the game: up to the first only the critic moves, for at first it knows nothing; from the second its word counts in full."""
AUTOENCODING = 1.0
"""Weight of masked autoencoding beside the game."""
SMALL_SHARE = 0.01
"""Shares below it count alike in the matching."""
AUTOENCODING_SHARE, DUEL_SHARE = 0.3, 0.85
"""Of a budget in seconds, and of what is then left."""
SCORED_ROWS, LEAST_ASIDE = 2_000, 40
"""Rows kept aside at the most, and at the least if any."""
COMPARED_ROWS, LIMIT, MEMORISING = 8_000, 0.51, 3.0
"""Learned rows that memorising is measured on while the game is played; what its figures may be; how much more costs in the score."""
WORTH, PILOT_ROWS = 1 / 4, 2_048
"""Independent rows that a candidate is worth along the passes where these are left as they are; candidates that say what the other way
is worth."""
SPARE, ENOUGH = 1.25, 0.6
"""Candidates a row where conditioned fields come first; independent rows, as a share of those wanted, that they must be worth."""
CALIBRATIONS, CALIBRATED_ROWS, CALIBRATED_TIMES = 3, 16_384, 16
"""Rounds of calibration; rows that each is measured on: the learned ones so many times, but no more in all."""
NOISES = 16
"""Draws of the noise over which the law of a field is averaged."""
GAME = Game("relativistic", real_penalty=0.2, made_penalty=0.2, penalty_every=2, together=4)


# -- the players


class Completer(nn.Module):
    """The generator: laws of a chunk's fields, given noise and what is shown of a row.

    A level is seen, and given, by its features (neighbours are alike) and by directions of its own.
    """

    features: Tensor

    def __init__(self, layout: Layout, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layout, self.width = layout, width
        features = torch.from_numpy(layout.features())
        self.register_buffer("features", features)
        self.seen = nn.Parameter(0.3 * torch.randn(layout.size, width) / len(layout.counts) ** 0.5)
        self.of_features = nn.Linear(len(layout.counts) * features.shape[1], width)
        self.of_noise = nn.Linear(NOISE, width, bias=False)
        self.blocks = nn.ModuleList(_Block(width, dropout) for _ in range(BLOCKS))
        self.final = nn.LayerNorm(width)
        self.queries = nn.ModuleList(nn.Linear(width, len(chunk) * (RANK + features.shape[1])) for chunk in layout.chunks)
        self.keys = nn.Parameter(0.1 * torch.randn(layout.size, RANK))
        self.bias = nn.Parameter(torch.from_numpy(layout.log_shares()))
        for c in range(len(layout.chunks)):
            grid, there = layout.grid(c)
            self.register_buffer(f"grid{c}", torch.from_numpy(grid), persistent=False)
            self.register_buffer(f"there{c}", torch.from_numpy(there), persistent=False)

    def trunk(self, shown: Tensor, noise: Tensor) -> Tensor:
        """(n, width) from rows in the flat numbering, hidden where not known (n, fields), and (n, NOISE)."""
        row = functional.embedding_bag(shown, self.seen, mode="sum") + self.of_features(self.features[shown].flatten(1))
        row = row + self.of_noise(noise)
        for block in self.blocks:
            row = block(row)
        normed: Tensor = self.final(row)
        return normed

    def head(self, trunk: Tensor, c: int) -> Tensor:
        """(n, fields of the chunk, most levels) logits, -inf where a field has no such level."""
        grid, there = self.grid(c), self.get_buffer(f"there{c}")
        keys = torch.cat([self.keys, self.features], dim=1)[grid]
        query = self.queries[c](trunk).view(len(trunk), len(grid), -1)
        logits = torch.bmm(query.transpose(0, 1), keys.transpose(1, 2)).transpose(0, 1) + self.bias[grid]
        return logits.masked_fill(~there, -torch.inf)

    def grid(self, c: int) -> Tensor:
        """Flat numbers of the chunk's levels (fields, most levels)."""
        return self.get_buffer(f"grid{c}")

    def forward(self, shown: Tensor, noise: Tensor, c: int) -> Tensor:
        return self.head(self.trunk(shown, noise), c)


class _Block(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.norm, self.rise, self.fall = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)
        with torch.no_grad():
            self.fall.weight.mul_(0.3)

    def forward(self, row: Tensor) -> Tensor:
        change: Tensor = self.dropout(self.fall(functional.silu(self.rise(self.norm(row)))))
        return row + change


class Judge(nn.Module):
    """The critic: one score for some rows at once. It sees levels by features and directions of their own, and which cells were given."""

    features: Tensor

    def __init__(self, layout: Layout, width: int, together: int) -> None:
        super().__init__()
        features = torch.from_numpy(layout.features())
        self.register_buffer("features", features, persistent=False)
        self.own = nn.Parameter(torch.randn(layout.size, OWN))
        self.fields = len(layout.counts)
        self.row = nn.Sequential(
            nn.Linear(self.fields * (features.shape[1] + OWN + 1), width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)
        )
        self.together = together
        self.pack = nn.Sequential(nn.Linear(width * together, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2))
        self.score = nn.Linear(width, 1)

    def table(self) -> Tensor:
        """(size, features + OWN) what every level looks like; of bounded length, so that a penalty cannot be dodged by stretching."""
        return torch.cat([self.features, functional.normalize(self.own, dim=1)], dim=1)

    def forward(self, packs: Tensor) -> Tensor:
        """(packs,) scores of (packs, together · fields, look + 1)."""
        rows = self.row(packs.reshape(len(packs) * self.together, -1))
        scores: Tensor = self.score(self.pack(rows.reshape(len(packs), -1)))
        return scores.squeeze(1)


@dataclass
class Made:
    """Rows that the generator completed, with gradients. ``soft[c]`` (n, fields of the chunk, levels) probabilities, ``hot[c]`` draws."""

    rows: Tensor
    given: Tensor
    soft: list[Tensor] = field(default_factory=list)
    hot: list[Tensor] = field(default_factory=list)


# -- what is trained


class _Autoencoding(Task):
    """The generator alone: hidden fields of real rows from those shown, under noise that it learns to do without."""

    def __init__(self, completer: Completer, aside: Tensor | None, device: torch.device) -> None:
        self.players, self.device = {"generator": completer}, device
        self.completer, self.aside = completer, aside

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        return masked_loss(self.completer, batch[0])

    def score(self) -> float | None:
        return None if self.aside is None else float(masked_loss(self.completer, self.aside))


def masked_loss(completer: Completer, rows: Tensor) -> Tensor:
    """Mean cross-entropy of hidden fields. Half of the rows show the chunks before some chunk, half any subset."""
    layout = completer.layout
    shown = _show_some(layout, rows)
    hidden = torch.as_tensor(layout.hidden, device=rows.device)
    trunk = completer.trunk(torch.where(shown, rows, hidden), torch.randn(len(rows), NOISE, device=rows.device))
    total = rows.new_zeros((), dtype=torch.float32)
    for c, chunk in enumerate(layout.chunks):
        offset = torch.as_tensor(layout.offset[chunk], device=rows.device)
        log_law = completer.head(trunk, c).log_softmax(-1)
        found = log_law.gather(-1, (rows[:, chunk] - offset)[..., None]).squeeze(-1)
        total = total - (found * ~shown[:, chunk]).sum()
    return total / (~shown).sum().clamp_min(1)


def _show_some(layout: Layout, rows: Tensor) -> Tensor:
    """(n, fields) which cells are shown."""
    n, fields = rows.shape
    chunk_of = torch.as_tensor(layout.chunk_of, device=rows.device)
    before = torch.randint(len(layout.chunks), (n, 1), device=rows.device)
    ordered = chunk_of[None, :] < before
    return torch.where(torch.rand((n, 1), device=rows.device) < 0.5, ordered, _any_subset(n, fields, rows.device))


def _any_subset(n: int, fields: int, device: torch.device) -> Tensor:
    """Any subset but all: of up to `FEW` cells in half of the rows, as conditions have them, of any number in the rest."""
    count = torch.randint(fields, (n, 1), device=device)
    few = torch.randint(min(FEW + 1, fields), (n, 1), device=device)
    place = torch.rand((n, fields), device=device).argsort(dim=1)
    return place < torch.where(torch.rand((n, 1), device=device) < 0.5, few, count)


class Duel(Task):
    """Generator against critic."""

    def __init__(self, completer: Completer, judge: Judge, learned: Encoded, unseen: Encoded, game: Game, device: torch.device) -> None:
        self.players, self.device = {"generator": completer, "critic": judge}, device
        rows = torch.from_numpy(completer.layout.flat(learned))
        self.completer, self.judge, self.game = completer, judge, game
        self.layout = completer.layout
        self.coarse = torch.as_tensor(np.eye(COARSE, dtype=np.float32)[self.layout.coarse()], device=device)
        self.coarse_rows = torch.as_tensor(self.layout.coarse(), device=device)[rows[: 1 << 14].to(device)]
        self.shares = [_shares(self.layout, rows.to(device), c) for c in range(len(self.layout.chunks))]
        self.unseen, self.learned = unseen, learned.take(slice(0, COMPARED_ROWS))
        self.temperature, self.trust, self.step, self.alone = TEMPERATURES[0], 0.0, 0, False
        self.made: Made | None = None
        self.nothing: Memorising | None = None

    def moved(self, place: float) -> None:
        self.temperature = TEMPERATURES[0] + (TEMPERATURES[1] - TEMPERATURES[0]) * place
        self.trust = min(1.0, max(place - ALONE, 0.0) / (TRUSTED_FROM - ALONE))
        self.alone = place < ALONE

    def every(self, player: str, step: int) -> bool:
        self.step = step
        return player == "critic" or not self.alone

    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        rows = batch[0]
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
        given = _any_subset(len(rows), rows.shape[1], rows.device)
        given[: max(len(rows) // 2, 1)] = False
        self.made = complete(self.completer, rows, given, self.temperature)
        return self.made

    def score(self) -> float | None:
        if self.unseen.rows < LEAST_ASIDE:
            return None
        rows, _ = draw_rows(self.completer, int(np.clip(2 * self.learned.rows, 1000, COMPARED_ROWS)), self.device)
        rng = np.random.Generator(np.random.Philox(key=0))
        made, fields = self.layout.encoded(rows.cpu().numpy(), rng), [levels.field for levels in self.layout.levels]
        told = telling(fields, self.learned, self.unseen, made, rng).value
        if self.nothing is None:
            self.nothing = blind(fields, self.learned, self.unseen, Stream(0).child("blind"))
        assert self.nothing is not None
        return float(told + MEMORISING * excess(memorising(fields, self.learned, self.unseen, made, rng), self.nothing))

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


def complete(completer: Completer, rows: Tensor, given: Tensor, temperature: float) -> Made:
    """Rows whose cells are kept where ``given`` and drawn elsewhere, pass by pass; no gradient passes from one pass to an earlier one."""
    layout = completer.layout
    hidden = torch.as_tensor(layout.hidden, device=rows.device)
    made = Made(torch.where(given, rows, hidden), given)
    for c, chunk in enumerate(layout.chunks):
        logits = completer(made.rows.clone(), torch.randn(len(rows), NOISE, device=rows.device), c)
        hot = straight_through(logits, gumbel(logits), temperature)
        drawn = hot.detach().argmax(-1) + torch.as_tensor(layout.offset[chunk], device=rows.device)
        made.rows[:, chunk] = torch.where(given[:, chunk], rows[:, chunk], drawn)
        made.soft.append(logits.softmax(-1))
        made.hot.append(hot)
    return made


@torch.no_grad()
def draw_rows(completer: Completer, size: int, device: torch.device) -> tuple[Tensor, list[Tensor]]:
    """Rows from nothing (size, fields), and for each chunk the mean of the fields' probabilities over them (fields, levels)."""
    parts, laws = [], []
    for start in range(0, size, 4096):
        blank = torch.zeros((min(4096, size - start), len(completer.layout.counts)), dtype=torch.long, device=device)
        made = complete(completer, blank, blank.bool(), 1.0)
        parts.append(made.rows)
        laws.append([soft.sum(0) for soft in made.soft])
    return torch.cat(parts), [sum(of_chunk) / size for of_chunk in zip(*laws, strict=True)]


def _shares(layout: Layout, rows: Tensor, c: int) -> Tensor:
    """(fields of the chunk, most levels) the share of every level in real rows."""
    counts = [torch.bincount(rows[:, j] - int(layout.offset[j]), minlength=int(layout.counts[j])) for j in layout.chunks[c]]
    return nn.utils.rnn.pad_sequence([count / len(rows) for count in counts], batch_first=True)


def blind(fields: list[Field], learned: Encoded, unseen: Encoded, stream: Stream) -> Memorising | None:
    """The figures of rows with every column shuffled, which remember nothing: what the luck of the split alone makes of them.

    Where few rows are kept aside it is more than the figures' standard errors, which are those of one split.
    """
    if unseen.rows < LEAST_ASIDE:
        return None
    mixed = [learned.take(stream.child("shuffle", j).generator().permutation(learned.rows)) for j in range(len(fields))]
    made = Encoded([rows.tokens[j] for j, rows in enumerate(mixed)], [rows.positions[j] for j, rows in enumerate(mixed)])
    return memorising(fields, learned, unseen, made.take(slice(0, COMPARED_ROWS)), stream.child("asked").generator())


def excess(found: Memorising, nothing: Memorising, limit: float = LIMIT) -> float:
    """By how much, beyond one standard error, the figures are above `limit`, or above those of rows that remember nothing."""
    pairs = ((found.membership, nothing.membership), (found.nearer, nothing.nearer))
    return sum(max(0.0, e.value - e.standard_error - max(limit, least.value)) for e, least in pairs)


def _distance(made: Tensor, real: Tensor) -> Tensor:
    """Squared differences of shares, relative to the share where it is not small."""
    return (made - real).square() / (real + SMALL_SHARE)


# -- the synthesizer


class _First(Conditions):
    """Conditions whose fields are drawn first, because along the passes too few candidates would count."""


@dataclass
class _Work:
    """What is kept between the fields of one draw. ``shown`` (n, fields) flat numbers, hidden where not drawn yet; ``laws``: (n, levels)
    of the fields that the pass at hand gave. ``alone``: no other field shares the noise of the first one."""

    shown: Integers
    alone: bool
    laws: dict[int, Singles] = field(default_factory=dict)


class Gan(ChainSynthesizer):
    """A generative adversarial network that completes masked rows.

    Args:
        device: where the networks are trained: "cpu", "cuda", "mps"; the best there is where None. Rows are always drawn on the CPU.
        checkpoint: a file to which the game goes while it is played, and from which a fit that was broken off goes on.
        limit: the most that the membership and nearer-to-training figures on rows kept aside may be (.5: nothing remembered),
            beyond one standard error, before the networks are trained again with more dropout.
    """

    name: ClassVar[str] = "gan"
    cost = "costly"
    requires = "torch"
    candidates = 2  # a pass costs more than a tree's walk, and few wanted rows need four
    effort = 1.0
    """Share of the usual steps."""

    def __init__(
        self,
        *,
        device: str | None = None,
        checkpoint: str | PathLike[str] | None = None,
        limit: float = 0.52,
        protection: Protection | None = None,
    ) -> None:
        super().__init__(protection=protection)
        self.device = find_device(device)
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.limit = limit
        self._tightenings, self._attempts = TIGHTENINGS, 0
        self._courses: dict[str, Course] = {}
        self._found: Memorising | None = None
        self._blind: Memorising | None = None

    # -- learning

    def _lighten(self) -> None:
        self._tightenings = 0

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        progress.stage("prepare the networks")
        self._layout = Layout.of(codec.fields, encoded, PASSES, seed.child("association"))
        learn, aside = _split(encoded.rows, seed.child("aside"))
        learned, unseen = encoded.take(learn), encoded.take(aside)
        self._blind = blind(codec.fields, learned, unseen, seed.child("blind"))
        for attempt in range(self._tightenings + 1):
            self._attempts = attempt
            self._train(learned, unseen, seed.child("attempt", attempt), budget, progress)
            self._found = self._remembered(learned, unseen, seed.child("memorising", attempt))
            if not self._too_much() or budget.exhausted or progress.cancelled:
                break

    def _too_much(self) -> bool:
        return self._found is not None and self._blind is not None and excess(self._found, self._blind, self.limit) > 0

    def _remembered(self, learned: Encoded, unseen: Encoded, stream: Stream) -> Memorising | None:
        if unseen.rows < LEAST_ASIDE:
            return None
        made = self._draw(min(learned.rows, 4 * SCORED_ROWS), stream.child("made"), None)
        return memorising(self.codec.fields, learned, unseen, made, stream.child("asked").generator())

    def _calibrate(self, rows: int, stream: Stream, rounds: int) -> None:
        with seeded(stream):
            self._marginals = calibrated(self._completer, rounds, int(np.clip(CALIBRATED_TIMES * rows, 1, CALIBRATED_ROWS)))

    def _train(self, learned: Encoded, unseen: Encoded, seed: Stream, budget: Budget, progress: Progress) -> None:
        """Autoencode, play, calibrate; the generator ends on the CPU."""
        layout, device = self._layout, self.device
        rows = torch.from_numpy(layout.flat(learned))
        width, dropout = (WIDTH, DROPOUT) if len(rows) >= SMALL else (WIDTH_OF_SMALL, DROPOUT_OF_SMALL)
        dropout = min(dropout + MORE_DROPOUT * self._attempts, MOST_DROPOUT)
        game = GAME if len(rows) >= 16 * GAME.together else replace(GAME, together=1)
        with seeded(seed.child("weights"), device):
            self._completer = Completer(layout, width, dropout).to(device)
            judge = Judge(layout, width, game.together).to(device)
        courses: dict[str, Course] = {}
        aside = torch.from_numpy(layout.flat(unseen)).to(device) if unseen.rows >= LEAST_ASIDE else None
        checkpoint = self.checkpoint
        if checkpoint is not None and self._attempts:
            checkpoint = checkpoint.with_name(f"{checkpoint.name}.{self._attempts}")
        if checkpoint is None or not checkpoint.exists():
            first = _Autoencoding(self._completer, aside, device)
            schedule, share = autoencoding_schedule(len(rows), self.effort), budget.share(AUTOENCODING_SHARE)
            stream = seed.child("autoencode")
            courses["autoencoding"] = train(first, [rows], schedule, stream=stream, budget=share, progress=progress)
        duel = Duel(self._completer, judge, learned, unseen, game, device)
        schedule, share, stream = duel_schedule(len(rows), self.effort), budget.share(DUEL_SHARE), seed.child("duel")
        courses["game"] = train(duel, [rows], schedule, stream=stream, budget=share, progress=progress, checkpoint=checkpoint)
        self._courses = courses
        self._completer.to("cpu").eval()
        progress.stage("calibrate")
        self._calibrate(len(rows), seed.child("calibrate"), 1 if budget.exhausted or progress.cancelled else CALIBRATIONS)

    def _tell_learning(self, record: FitRecord) -> None:
        names = [f.name for f in self.codec.fields]
        record.figures["passes"] = [[names[j] for j in chunk] for chunk in self._layout.chunks]
        record.figures["training"] = {name: course.to_dict() for name, course in self._courses.items()}
        game = self._courses["game"]
        record.note(f"Generator and critic played {game.steps:,} steps ({game.ended}){_told(game)}.")
        if self._found is None:
            record.note("Too few rows to measure what the model remembers of them.")
            return
        record.figures["memorising"] = self._found.to_dict()
        after = f" after {self._attempts} more training{'s' * (self._attempts > 1)} with more dropout" if self._attempts else ""
        verdict = "still above" if self._too_much() else "within"
        membership, nearer = (f"{e.value:.3f} ± {e.standard_error:.3f}" for e in (self._found.membership, self._found.nearer))
        assert self._blind is not None
        record.figures["memorising_of_shuffled_rows"] = self._blind.to_dict()
        record.note(
            f"Memorising, measured on rows kept aside{after}: membership AUC {membership}, nearer to training {nearer} (.5: nothing "
            f"remembered; shuffled rows, which remember nothing: {self._blind.membership.value:.3f}, {self._blind.nearer.value:.3f}); "
            f"{verdict} the limit {self.limit}, or what shuffled rows have."
        )

    # -- drawing

    def _chain(self, conditioned: Collection[int]) -> list[int]:
        """The order of the passes; within one, where fields depend on each other through the noise alone, conditioned fields come last."""
        return [j for chunk in self._layout.chunks for j in sorted(chunk, key=lambda j: j in conditioned)]

    def _prepare(self, given: Any) -> Conditions | None:
        return TableSynthesizer._prepare(self, given)

    def _ready(self, conditions: Conditions) -> Conditions:
        """Which of the two ways to meet the conditions makes more of a candidate."""
        if not conditions.allowed:
            return conditions
        along = self._pilot(conditions.allowed, Stream(0).child("pilot")).effective
        if along >= WORTH:
            return conditions
        first = effective(self._weighed(PILOT_ROWS, Stream(0).child("pilot"), conditions.allowed)[1]) / PILOT_ROWS
        return conditions if along > first else _First(**vars(conditions))

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        if not isinstance(conditions, _First):
            return super()._draw(size, rng, conditions)
        return self._draw_first(size, rng, conditions.allowed)

    def _draw_first(self, size: int, rng: Stream, allowed: dict[int, Allowed]) -> Encoded:
        """Weighed candidates, the conditioned fields first; those chosen by their weights are completed in the passes that are left."""
        rounds: list[tuple[Encoded, Floats]] = []
        for i in range(PILOT_ROUNDS):
            drawn, log_weights = self._weighed(round(SPARE * size), rng.child("round", i), allowed)
            if np.isfinite(log_weights).any():
                rounds.append((drawn, log_weights))
            if rounds and (i + 1 >= ROUNDS or effective(np.concatenate([w for _, w in rounds])) >= ENOUGH * size):
                break
        if not rounds:
            raise ConditionError(
                f"No row that meets the conditions was found among {PILOT_ROUNDS * round(SPARE * size):,} candidates.",
                where="given",
                remedy="Each value alone is possible, but not together in this model. Loosen one of them.",
            )
        log_weights = np.concatenate([w for _, w in rounds])
        generator = rng.child("choose").generator()
        index = systematic(np.exp(log_weights - log_weights.max()), size, generator.random())
        drawn = joined_rows([d for d, _ in rounds]).take(generator.permutation(index))
        passes = self._passes_of(allowed)
        known = [j for chunk in self._layout.chunks[:passes] for j in chunk]
        work = self._workspace(size, self._chain(()))
        for j in known:
            self._note(j, work, drawn)
        self._extend(drawn, work, [j for chunk in self._layout.chunks[passes:] for j in chunk], known, rng.child("rest"), {}, None)
        return drawn

    def _passes_of(self, allowed: Collection[int]) -> int:
        """Passes up to that of the last conditioned field."""
        return max(int(self._layout.chunk_of[j]) for j in allowed) + 1

    def _weighed(self, rows: int, rng: Stream, allowed: dict[int, Allowed]) -> tuple[Encoded, Floats]:
        """Candidates drawn up to the pass of the last conditioned field, conditioned fields first; the logarithms of their weights.

        A weight is what the passes as they are usually made give to a candidate's cells, under the same noise, by what they were
        drawn with. So weighed rows follow the joint law that unconditional rows have, however differently the generator completes.
        """
        drawn, work = self._blank(rows), self._workspace(rows, self._chain(()))
        usual = np.repeat(self._layout.hidden[None, :], rows, axis=0)
        first = [j for j in self._chain(()) if j in allowed]
        log_weights = np.zeros(rows)
        for k, j in enumerate(first):
            own = rng.child("first", j).generator()
            law = self._pass(work.shown, self._layout.chunk_of[j], own)[j] if k else self._marginal(j, rows)
            log_weights -= self._drawn_by(j, law, drawn, work, first[:k], rng, allowed[j])
        known, settled = list(first), list[int]()
        for c in range(self._passes_of(allowed)):
            noise = rng.child("noise", c).generator().standard_normal((rows, NOISE), np.float32)
            laws = self._laws(work.shown, c, noise)
            for j in (j for j in self._layout.chunks[c] if j not in allowed):
                log_weights -= self._drawn_by(j, laws[j], drawn, work, known, rng, None)
                known.append(j)
            laws = self._laws(usual, c, noise)
            for j in self._layout.chunks[c]:
                log_weights += self._layout.levels[j].log_density(laws[j], drawn.tokens[j], self._restriction(j, drawn, settled, None))
                settled.append(j)
            usual[:, settled] = work.shown[:, settled]
        return drawn, log_weights

    def _drawn_by(
        self, j: int, law: Singles, drawn: Encoded, work: _Work, known: list[int], rng: Stream, allowed: Allowed | None
    ) -> Floats:
        """Draw field `j` into `drawn`; the log-density of what was drawn."""
        levels, restriction = self._layout.levels[j], self._restriction(j, drawn, known, allowed)
        generator = rng.child(self.codec.fields[j].name).generator()
        draw = levels.draw(law.copy(), generator, restriction)
        drawn.tokens[j], drawn.positions[j] = draw.tokens, self._settled(j, draw, restriction, generator)
        self._note(j, work, drawn)
        found = levels.log_density(law, draw.tokens, restriction)
        return np.where(np.isfinite(found), found, np.inf)  # what was drawn for want of anything possible counts nothing

    def _marginal(self, j: int, rows: int) -> Singles:
        return np.repeat(self._layout.split(self._marginals)[j][None, :], rows, axis=0)

    def _workspace(self, rows: int, chain: list[int]) -> _Work:
        alone = len(chain) == 1 or self._layout.chunk_of[chain[0]] != self._layout.chunk_of[chain[1]]
        return _Work(np.repeat(self._layout.hidden[None, :], rows, axis=0), alone)

    def _take(self, work: _Work, index: NDArray[np.integer]) -> _Work:
        return _Work(work.shown[index], work.alone, {j: law[index] for j, law in work.laws.items()})

    def _join(self, works: list[_Work]) -> _Work:
        laws = {j: np.concatenate([work.laws[j] for work in works]) for j in works[0].laws}
        return _Work(np.concatenate([work.shown for work in works]), works[0].alone, laws)

    def _note(self, j: int, work: _Work, drawn: Encoded) -> None:
        work.shown[:, j] = self._layout.offset[j] + self._layout.levels[j].of_token[drawn.tokens[j]]

    def _draw_field(
        self, j: int, work: _Work, drawn: Encoded, known: list[int], rng: np.random.Generator, restriction: Restriction | None
    ) -> Draw:
        if work.alone and not known and restriction is not None:
            law = self._marginal(j, len(work.shown))
        else:
            if j not in work.laws:
                work.laws = self._pass(work.shown, self._layout.chunk_of[j], rng)
            law = work.laws.pop(j)
        return self._layout.levels[j].draw(law, rng, restriction)

    def _pass(self, shown: Integers, c: int, rng: np.random.Generator) -> dict[int, Singles]:
        """The laws (n, levels) of chunk `c`'s fields under fresh noise, given what is shown."""
        return self._laws(shown, c, rng.standard_normal((len(shown), NOISE), np.float32))

    def _laws(self, shown: Integers, c: int, noise: Singles) -> dict[int, Singles]:
        with seeded(_NOTHING), torch.inference_mode():
            laws = self._completer(torch.from_numpy(shown), torch.from_numpy(noise), int(c)).softmax(-1).numpy()
        return {j: laws[:, i, : self._layout.counts[j]] for i, j in enumerate(self._layout.chunks[c])}

    def _complete(self, known: Encoded, given: NDArray[np.bool_], rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        settled = given.copy()
        made = Encoded(list(known.tokens), list(known.positions))
        shown = np.repeat(self._layout.hidden[None, :], known.rows, axis=0)
        for j, levels in enumerate(self._layout.levels):
            rows = np.flatnonzero(given[:, j])
            shown[rows, j] = self._layout.offset[j] + levels.of_token[known.tokens[j][rows]]
        for c, chunk in enumerate(self._layout.chunks):
            laws = self._pass(shown, c, rng.child("noise", c).generator())
            for j in chunk:
                self._fill(j, laws[j], made, given, settled, rng, allowed.get(j))
                shown[:, j] = self._layout.offset[j] + self._layout.levels[j].of_token[made.tokens[j]]
        return made

    def _fill(
        self,
        j: int,
        law: Singles,
        made: Encoded,
        given: NDArray[np.bool_],
        settled: NDArray[np.bool_],
        rng: Stream,
        allowed: Allowed | None,
    ) -> None:
        """Field `j` where it is not given; bounds are those of the cells that are settled in a row."""
        open_rows = np.flatnonzero(~given[:, j])
        if not len(open_rows):
            return
        generator = rng.child(self.codec.fields[j].name).generator()
        part = made.take(open_rows)
        low, high = self._limits(j, part, list(range(len(self.codec.fields))), settled[open_rows])
        restriction = None if allowed is None and low is None and high is None else Restriction(allowed, low, high)
        draw = self._layout.levels[j].draw(law[open_rows], generator, restriction)
        made.tokens[j] = made.tokens[j].copy()
        made.tokens[j][open_rows] = draw.tokens
        if not self.codec.fields[j].all_atoms:
            self._place(j, made, open_rows, draw, restriction, generator)
        settled[:, j] = True

    def _place(
        self, j: int, made: Encoded, rows: Integers, draw: Draw, restriction: Restriction | None, generator: np.random.Generator
    ) -> None:
        """Positions of drawn cells beside those given."""
        place = self._settled(j, draw, restriction or Restriction(), generator)
        before = made.positions[j]
        positions = np.zeros(made.rows, np.float32) if before is None else before.copy()
        assert place is not None
        positions[rows] = place
        made.positions[j] = positions

    def _log_prob(self, rows: Encoded) -> Floats:
        raise self._lacks("tell the probability of a row")  # that would be an integral over the noise of every pass

    def _law(self, j: int, known: Encoded, given: NDArray[np.bool_]) -> Floats:
        shown = np.repeat(self._layout.hidden[None, :], known.rows, axis=0)
        for i in (i for i in range(len(self.codec.fields)) if i != j):
            rows = np.flatnonzero(given[:, i])
            shown[rows, i] = self._layout.offset[i] + self._layout.levels[i].of_token[known.tokens[i][rows]]
        total: Singles = np.zeros((known.rows, self._layout.counts[j]), np.float32)
        for k in range(NOISES):
            total += self._pass(shown, self._layout.chunk_of[j], _NOTHING.child("law", k).generator())[j]
        return self._layout.levels[j].token_law(total / np.float32(NOISES))

    # -- saving

    def _learned(self) -> State:
        arrays: dict[str, NDArray[Any]] = {"marginals": self._marginals}
        arrays |= {f"levels.{j}": levels.of_token for j, levels in enumerate(self._layout.levels)}
        manifest = {"chunks": self._layout.chunks, "width": self._completer.width}
        return State(manifest, arrays | to_arrays(self._completer, "generator"))

    def _relearn(self, state: State) -> None:
        arrays = state.arrays
        levels = [Levels(f, arrays[f"levels.{j}"].astype(np.int64)) for j, f in enumerate(self.codec.fields)]
        self._layout = Layout(levels, [[int(j) for j in chunk] for chunk in state.manifest["chunks"]])
        self._marginals = arrays["marginals"]
        with seeded(_NOTHING):
            self._completer = Completer(self._layout, int(state.manifest["width"]))
        from_arrays(self._completer, arrays, "generator")
        self._completer.eval()


def _told(game: Course) -> str:
    if game.best is None:
        return ""
    step = next(step for step, score in game.scores if score == game.best)
    kept = f"the weights of step {step:,} were kept" if step else "it made nothing better, so the autoencoder that it began as was kept"
    return f"; {kept}: on rows kept aside they scored {game.best:.3f} (AUC of telling rows apart, and what is remembered; best .5)"


_NOTHING = Stream(0).child("gan")
"""For torch's global generator where nothing is drawn from it."""


def _split(rows: int, stream: Stream) -> tuple[Integers, Integers]:
    """Rows to learn, and rows kept aside."""
    order = stream.generator().permutation(rows)
    aside = 0 if rows < 5 * LEAST_ASIDE else min(SCORED_ROWS, rows // (5 if rows < SMALL else 8))
    return order[aside:], order[:aside]


def autoencoding_schedule(rows: int, effort: float) -> Schedule:
    steps = max(int(effort * np.clip(400 + rows / 30, 400, 1600)), 1)
    return Schedule(steps=steps, batch=512, rate=2e-3, average=0.99, evaluate_every=max(steps // 16, 25))


def duel_schedule(rows: int, effort: float) -> Schedule:
    steps = max(int(effort * np.clip(200 + rows / 80, 200, 600)), 1)
    return Schedule(
        steps=steps, batch=256, rate={"generator": 2e-4, "critic": 1e-3}, betas=BETAS, weight_decay=0.0, average=0.995,
        evaluate_every=max(steps // 8, 25), patience=None, score_start=True,
    )  # fmt: skip


def calibrated(completer: Completer, rounds: int, rows: int) -> Singles:
    """Move the levels' biases until the shares in rows made from nothing are the real ones; the shares that it comes to (size,)."""
    layout = completer.layout
    real = torch.from_numpy(layout.log_shares())
    for i in range(rounds + 1):
        _, laws = draw_rows(completer, rows, torch.device("cpu"))
        made = torch.zeros(layout.size)
        for c, law in enumerate(laws):
            grid, there = layout.grid(c)
            made[torch.from_numpy(grid[there])] = law[torch.from_numpy(there)]
        if i < rounds:
            with torch.no_grad():
                completer.bias.add_(0.8 * (real - made.clamp_min(1e-6).log()).clamp(-1, 1))
    found: Singles = made.numpy()
    return found
