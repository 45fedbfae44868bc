"""How the gan of tables is learned: rows kept aside, the masked start, the game, calibration, and what it remembers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from understudy.core.random import Stream
from understudy.neural.backend import find_device, seeded
from understudy.neural.training import Course, Schedule, Task, train
from understudy.tabular.blur import Blur
from understudy.tabular.fields import Encoded
from understudy.tabular.gan import Gan, Learning
from understudy.tabular.gan_autoencoding import Autoencoding, autoencoding_schedule
from understudy.tabular.gan_duel import Duel, duel_schedule, packing
from understudy.tabular.gan_networks import Completer, Judge, calibrated
from understudy.tabular.levels import Integers, Layout
from understudy.tabular.memorising import Memorising, memorising, memorising_of_shuffled

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress

PASSES = 4
"""Chunks of fields, each drawn at once."""
WIDTH, WIDTH_OF_SMALL, SMALL = 192, 96, 2_000
"""Of both networks; fewer in tables of less than `SMALL` rows."""
DROPOUT, DROPOUT_OF_SMALL, MORE_DROPOUT, MOST_DROPOUT = 0.0, 0.4, 0.2, 0.7
"""Of the generator while it autoencodes; what is added where it remembers too much, and the most that it comes to."""
AUTOENCODING_SHARE, DUEL_SHARE = 0.3, 0.85
"""Of a budget in seconds, and of what is then left."""
SCORED_ROWS, LEAST_ASIDE = 2_000, 40
"""Rows kept aside at the most, and at the least if any."""
CALIBRATIONS, CALIBRATED_ROWS, CALIBRATED_TIMES = 3, 16_384, 16
"""Rounds of calibration; rows that each is measured on: the learned ones so many times, but no more in all."""


class Fitting:
    """Learns one table for a `Gan`."""

    def __init__(self, model: Gan, encoded: Encoded, seed: Stream, budget: Budget, progress: Progress) -> None:
        self.model, self.seed, self.budget, self.progress = model, seed, budget, progress
        self.device = find_device(model.device)
        self.layout = Layout.of(model.codec.fields, encoded, PASSES, seed.child("association"))
        learn, aside = _split(encoded.rows, seed.child("aside"))
        self.learned, self.unseen = encoded.take(learn), encoded.take(aside)
        self.learning = Learning()

    def run(self) -> Learning:
        """Leaves the model ready to draw; how it went."""
        learning, fields = self.learning, self.model.codec.fields
        if self.unseen.rows:
            learning.nothing = memorising_of_shuffled(fields, self.learned, self.unseen, self.seed.child("blind"))
        for attempt in range(self.model.tightenings + 1):
            learning.attempts = attempt
            self._train(self.seed.child("attempt", attempt))
            learning.found = self._remembered(self.seed.child("memorising", attempt))
            if not learning.too_much(self.model.limit) or self._hurried():
                break
        return learning

    def _hurried(self) -> bool:
        return self.budget.exhausted or self.progress.cancelled

    def _remembered(self, stream: Stream) -> Memorising | None:
        if not self.unseen.rows:
            return None
        made = self.model._draw(min(self.learned.rows, 4 * SCORED_ROWS), stream.child("made"), None)
        return memorising(self.model.codec.fields, self.learned, self.unseen, made, stream.child("asked").generator())

    def _train(self, seed: Stream) -> None:
        """Autoencode, play, calibrate; the generator ends on the CPU."""
        completer, judge = self._players(seed.child("weights"))
        rows, effort, checkpoint = self.learned.rows, self.model.effort, self._checkpoint()
        blur = Blur(self.layout, rows, self.device)
        courses = self.learning.courses = {}
        if checkpoint is None or not checkpoint.exists():
            alone = Autoencoding(completer, self.unseen, blur, self.device)
            schedule = autoencoding_schedule(rows, effort)
            courses["autoencoding"] = self._course(alone, seed.child("autoencode"), schedule, AUTOENCODING_SHARE)
        duel = Duel(completer, judge, self.learned, self.unseen, self.learning.nothing, blur, self.device)
        courses["game"] = self._course(duel, seed.child("duel"), duel_schedule(rows, effort), DUEL_SHARE, checkpoint)
        self.progress.stage("calibrate")
        rounds, measured = 1 if self._hurried() else CALIBRATIONS, min(CALIBRATED_TIMES * rows, CALIBRATED_ROWS)
        with seeded(seed.child("calibrate")):
            marginals = calibrated(completer.to("cpu").eval(), rounds, measured)
        self.model._keep(completer, marginals)

    def _players(self, stream: Stream) -> tuple[Completer, Judge]:
        large = self.learned.rows >= SMALL
        width, dropout = (WIDTH, DROPOUT) if large else (WIDTH_OF_SMALL, DROPOUT_OF_SMALL)
        dropout = min(dropout + MORE_DROPOUT * self.learning.attempts, MOST_DROPOUT)
        with seeded(stream, self.device):
            completer = Completer(self.layout, width, dropout)
            judge = Judge(self.layout, width, packing(self.learned.rows).together)
        return completer.to(self.device), judge.to(self.device)

    def _course(self, task: Task, stream: Stream, schedule: Schedule, share: float, checkpoint: Path | None = None) -> Course:
        data, budget = [torch.from_numpy(self.layout.flat(self.learned))], self.budget.share(share)
        return train(task, data, schedule, stream=stream, budget=budget, progress=self.progress, checkpoint=checkpoint)

    def _checkpoint(self) -> Path | None:
        """Where the game of this attempt is kept while it is played."""
        file = self.model.checkpoint
        return file if file is None or not self.learning.attempts else file.with_name(f"{file.name}.{self.learning.attempts}")


def _split(rows: int, stream: Stream) -> tuple[Integers, Integers]:
    """Rows to learn, and rows kept aside: at least `LEAST_ASIDE`, or none."""
    order = stream.generator().permutation(rows)
    aside = 0 if rows < 5 * LEAST_ASIDE else min(SCORED_ROWS, rows // (5 if rows < SMALL else 8))
    return order[aside:], order[:aside]
