"""The one training loop, for every kind of data and every objective.

What is trained is a `Task`: networks (the players of a game; most tasks have one), the loss of each on a batch, and a score on rows
kept aside. The loop brings the rest: batches, AdamW, a warm-up and cosine schedule that stretches to the budget, gradient clipping, the
moving average of the weights, evaluation, stopping when nothing improves, checkpoints, progress, and a hook on gradients (per-sample
clipping and noise for differentially private training go there).

Everything random in a step depends on (stream, step) only, so that a run that was broken off and goes on from its checkpoint gives the
same bits as one that was not (on the CPU).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn

from understudy.core.random import Stream
from understudy.neural.averaging import Average
from understudy.neural.backend import autocast, reseed, seeded
from understudy.neural.checkpoint import read_checkpoint, write_checkpoint

if TYPE_CHECKING:
    from understudy.core.budget import Budget

MOST_STRETCH = 8
"""How many times its usual steps a schedule may take where the budget leaves time for it."""
BEST_STRETCH = 4
"""Likewise for the budget "best"."""


class Listening(Protocol):
    """What the loop tells its progress to; see `core.progress.Progress`."""

    cancelled: bool

    def stage(self, name: str, total: float | None = None) -> None: ...
    def advance(self, done: float, **metrics: Any) -> None: ...


class Task(ABC):
    """What is trained.

    Attributes:
        players: the networks by name, in the order in which they move within a step. The first's average is what is kept.
        device: where they are.
    """

    players: dict[str, nn.Module]
    device: torch.device

    @abstractmethod
    def loss(self, player: str, batch: list[Tensor]) -> Tensor:
        """The scalar that `player` makes smaller. May draw from torch's global generator, which the loop seeds for each step."""

    def score(self) -> float | None:
        """How bad the kept network is on rows kept aside (less is better), its average in place; None where nothing is kept aside."""
        return None

    def every(self, player: str, step: int) -> bool:
        """Whether `player` moves in this step."""
        return True

    def moved(self, place: float) -> None:
        """Called before each step with the place in the course, 0 .. 1: temperatures and the like follow it."""


@dataclass(frozen=True)
class Schedule:
    """How a task is trained.

    Args:
        steps: steps of the usual course, at least 1; a budget in seconds stretches or cuts it.
        batch: rows a step.
        rate: peak learning rate, of all players or by name.
        betas: of Adam.
        weight_decay: of AdamW, on weights with two dimensions or more.
        warmup: share of the course in which the rate rises.
        final: the rate at the end as a share of the peak.
        average: decay of the moving average (see `Average`).
        clip: largest norm of a player's gradient; None for no limit.
        evaluate_every: steps between two scores.
        patience: scores without improvement before the course ends; None never ends it.
        score_start: whether the weights at the start are scored too, so that a course that only makes them worse gives them back.
    """

    steps: int
    batch: int = 512
    rate: float | dict[str, float] = 2e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 1e-4
    warmup: float = 0.05
    final: float = 0.02
    average: float = 0.999
    clip: float | None = 1.0
    evaluate_every: int = 100
    patience: int | None = 5
    score_start: bool = False

    def rate_of(self, player: str, place: float) -> float:
        """The learning rate of a player at a place (0 .. 1) of the course."""
        peak = self.rate if isinstance(self.rate, float) else self.rate[player]
        if place < self.warmup:
            return peak * max(place / self.warmup, 0.02)
        along = min(1.0, (place - self.warmup) / max(1e-9, 1 - self.warmup))
        return peak * (self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * along)))


@dataclass
class Course:
    """What came of the training. ``scores``: (step, score) of each evaluation; ``best``: the least of them, None without."""

    steps: int = 0
    seconds: float = 0.0
    scores: list[tuple[int, float]] = field(default_factory=list)
    best: float | None = None
    ended: str = "course complete"

    def to_dict(self) -> dict[str, Any]:
        return {"steps": self.steps, "seconds": round(self.seconds, 2), "best": self.best, "ended": self.ended, "scores": self.scores}


def train(
    task: Task,
    data: Sequence[Tensor],
    schedule: Schedule,
    *,
    stream: Stream,
    budget: Budget,
    progress: Listening,
    checkpoint: Path | None = None,
    on_gradients: Callable[[str, nn.Module], None] | None = None,
) -> Course:
    """Train, and leave the best average in the task's first player.

    Args:
        data: tensors with one row each for every row learned; a batch is a list of their slices on the task's device.
        stream: all that is random depends on it.
        budget: a started budget. Seconds stretch the course, at most `MOST_STRETCH` times; "best" `BEST_STRETCH` times.
        checkpoint: a file to which the state goes at every evaluation and on being cancelled, and from which a course that was
            broken off goes on. It is removed when the course is complete.
        on_gradients: called with a player's name and network after its gradients are there and before they are used.
    """
    with seeded(stream, task.device):
        return _Loop(task, data, schedule, stream, budget, progress, checkpoint, on_gradients).run()


class _Loop:
    def __init__(
        self,
        task: Task,
        data: Sequence[Tensor],
        schedule: Schedule,
        stream: Stream,
        budget: Budget,
        progress: Listening,
        checkpoint: Path | None,
        on_gradients: Callable[[str, nn.Module], None] | None,
    ) -> None:
        self.task, self.schedule, self.stream, self.budget, self.progress = task, schedule, stream, budget, progress
        self.checkpoint, self.on_gradients = checkpoint, on_gradients
        self.data = [tensor.to(task.device) for tensor in data]
        self.rows = len(self.data[0])
        self.kept = next(iter(task.players.values()))
        self.average = Average(self.kept, schedule.average)
        self.optimizers = {name: _optimizer(network, schedule, name) for name, network in task.players.items()}
        self.course, self.step, self.waited, self.spent_before = Course(), 0, 0, 0.0
        self.best: dict[str, Tensor] | None = None
        self._permutation: tuple[int, Tensor] | None = None
        self._began = budget.spent
        self._limit = self._last_step()

    def _last_step(self) -> int:
        seconds = self.budget.seconds
        stretch = 1 if seconds is None else BEST_STRETCH if self.budget.best else MOST_STRETCH
        return self.schedule.steps * stretch

    def run(self) -> Course:
        if self.checkpoint is not None and self.checkpoint.exists():
            self._resume(self.checkpoint)
        self.progress.stage("train", self._limit)
        while True:
            place = self._place()
            if self._over(place):
                break
            if self.step == 0 and self.schedule.score_start:
                self._evaluate()
            self._move(place)
            self.step += 1
            if self.step % self.schedule.evaluate_every == 0:
                self._evaluate()
                self._save()
        self._finish()
        return self.course

    def _place(self) -> float:
        """How far the course has come, 0 .. 1: by steps, or by time where the budget ends it sooner."""
        by_steps = self.step / self._limit
        if self.budget.seconds is None or self.budget.best:
            return by_steps
        whole = max(self.budget.seconds - self._began, 1e-9) + self.spent_before
        return min(1.0, max(by_steps, (self.budget.spent - self._began + self.spent_before) / whole))

    def _over(self, place: float) -> bool:
        if place >= 1.0:
            self.course.ended = "course complete" if self.step >= self._limit else "time is up"
        elif self.progress.cancelled:
            self.course.ended = "stopped"
        elif self.schedule.patience is not None and self.waited >= self.schedule.patience:
            self.course.ended = "no further improvement"
        else:
            return False
        return True

    def _move(self, place: float) -> None:
        reseed(self.stream.child("step", self.step))
        batch = self._batch()
        self.task.moved(place)
        for name, network in self.task.players.items():
            if not self.task.every(name, self.step):
                continue
            optimizer = self.optimizers[name]
            for group in optimizer.param_groups:
                group["lr"] = self.schedule.rate_of(name, place)
            optimizer.zero_grad(set_to_none=True)
            with autocast(self.task.device):
                loss = self.task.loss(name, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            if self.on_gradients is not None:
                self.on_gradients(name, network)
            if self.schedule.clip is not None:
                nn.utils.clip_grad_norm_(network.parameters(), self.schedule.clip)
            optimizer.step()
        self.average.update(self.step)

    def _batch(self) -> list[Tensor]:
        """The step's rows: every epoch goes through all rows in an order of its own."""
        size = min(self.schedule.batch, self.rows)
        each = self.rows // size
        epoch, part = divmod(self.step, each)
        if self._permutation is None or self._permutation[0] != epoch:
            order = self.stream.child("epoch", epoch).generator().permutation(self.rows)
            self._permutation = epoch, torch.from_numpy(order).to(self.task.device)
        index = self._permutation[1][part * size : (part + 1) * size]
        return [tensor[index] for tensor in self.data]

    def _evaluate(self) -> None:
        reseed(self.stream.child("score"))
        self.kept.eval()
        with torch.no_grad(), self.average.applied():
            score = self.task.score()
        self.kept.train()
        metrics = {} if score is None else {"score": score}
        self.progress.advance(self.step, **metrics)
        if score is None:
            return
        self.course.scores.append((self.step, float(score)))
        if math.isfinite(score) and (self.course.best is None or score < self.course.best):
            self.course.best, self.best, self.waited = float(score), self.average.snapshot(), 0
        else:
            self.waited += 1

    def _finish(self) -> None:
        if self.step % self.schedule.evaluate_every:
            self._evaluate()
        self.course.steps = self.step
        self.course.seconds = self.budget.spent - self._began + self.spent_before
        if self.course.ended in ("stopped", "time is up"):
            self._save()
        elif self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)
        self.kept.load_state_dict(self.best if self.best is not None else self.average.tensors)
        self.kept.eval()

    # -- checkpoints

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        facts = {
            "step": self.step, "waited": self.waited, "best": self.course.best, "scores": self.course.scores,
            "seconds": self.budget.spent - self._began + self.spent_before, "rows": self.rows, "key": self.stream.key.hex(),
        }  # fmt: skip
        write_checkpoint(self.checkpoint, self.task.players, self.optimizers, {"average": self.average.tensors, "best": self.best}, facts)

    def _resume(self, path: Path) -> None:
        expected = {"rows": self.rows, "key": self.stream.key.hex()}
        facts, tensors = read_checkpoint(path, self.task.players, self.optimizers, expected)
        self.step, self.waited, self.spent_before = facts["step"], facts["waited"], facts["seconds"]
        self.course.best, self.course.scores = facts["best"], [(int(step), float(score)) for step, score in facts["scores"]]
        for name, value in tensors["average"].items():
            self.average.tensors[name].copy_(value)
        self.best = tensors.get("best")


def _optimizer(network: nn.Module, schedule: Schedule, player: str) -> torch.optim.AdamW:
    matrices = [p for p in network.parameters() if p.requires_grad and p.dim() >= 2]
    rest = [p for p in network.parameters() if p.requires_grad and p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": schedule.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=schedule.rate_of(player, 0.0), betas=schedule.betas, foreach=True)
