"""How the diffusion model of tables is learned: rows kept aside, training, the order of unmasking, calibration, and what it remembers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from understudy.core.random import Stream
from understudy.neural.backend import find_device, seeded
from understudy.neural.training import Course, Schedule, train
from understudy.tabular.diffusion import (
    CALIBRATED_ROWS,
    EVALUATIONS,
    LARGE,
    LEAST_ASIDE,
    ORDERED_ROWS,
    PATIENCE,
    RANDOM_ORDERS,
    Diffusion,
)
from understudy.tabular.diffusion_network import Codes, Denoising, Network
from understudy.tabular.fields import Encoded, Floats
from understudy.tabular.memorising import Memorising, memorising

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress

CALIBRATION_ROUNDS = 12
MOST_CORRECTION = 1.0
EVENED_ROWS = 25
"""Expected rows of a value from which on its share is evened out among the rows that are calibrated on."""
SHARED = 0.003
"""Nats that fields of one step may tell of one another, for each that joins it."""
AHEAD, SHARED_FIELDS = 3, 64
"""How many places ahead a field may be drawn, to join a step; fields at the most, for more of them would cost much to try."""
TRAINING_SHARE = 0.8
"""Of a budget in seconds; the rest is for the order, the calibration and the measuring."""


@dataclass(frozen=True)
class Size:
    """How large the network is, and how long its usual course."""

    width: int
    depth: int
    dropout: float
    batch: int
    steps: int
    rate: float

    @classmethod
    def of(cls, rows: int, on_card: bool) -> Size:
        width = 160 if rows >= 2_000 else 128
        batch = int(np.clip(2 ** round(np.log2(rows / 32)), 32, 256))
        epochs = float(np.clip(40 * np.sqrt(35_000 / rows), 25, 60))
        steps = int(max(300, epochs * rows / batch))
        dropout = 0.0 if rows >= 10_000 else 0.1
        if on_card:  # a card is as fast at four times the rows and twice the width
            return cls(2 * width, 4, 0.1, min(4 * batch, rows), steps, 2e-3)
        return cls(width, 3, dropout, min(batch, rows), steps, 2e-3)

    def cautious(self, level: int) -> Size:
        return replace(self, dropout=min(0.5, self.dropout + 0.15 * level), steps=max(1, int(self.steps * 0.6**level)))


class Fitting:
    """Learns one table for a `Diffusion`."""

    def __init__(self, model: Diffusion, encoded: Encoded, seed: Stream, budget: Budget, progress: Progress) -> None:
        self.model, self.encoded, self.seed, self.budget, self.progress = model, encoded, seed, budget, progress
        self.device = find_device(model.device)
        usual = Size.of(encoded.rows, self.device.type != "cpu")
        self.size = replace(usual, steps=max(1, round(usual.steps * model.course)))
        order = seed.child("aside").generator().permutation(encoded.rows)
        aside = 0 if encoded.rows < LEAST_ASIDE else min(4_000, encoded.rows // (10 if encoded.rows >= LARGE else 5))
        self.unseen = encoded.take(np.sort(order[:aside]))
        self.learned = encoded.take(np.sort(order[aside:]))
        self.course = Course()
        self.caution = 0
        self.all_rows = False

    def run(self) -> Memorising | None:
        """Leaves the model ready to draw; what it remembers."""
        found = None
        for level in range(self.model.CAUTIONS + 1):
            self.caution = level
            self.course = self._train(self.learned, self.unseen if self.unseen.rows else None, self.size.cautious(level), level)
            if self.unseen.rows:
                self._choose_order()
            self._calibrate(self.learned)
            found = self._memorising() if self.unseen.rows else None
            if found is None or found.safe(self.model.limit) or self._hurried():
                break
        if self.unseen.rows and self.encoded.rows < LARGE and self.model.learns_all and not self._hurried():
            self._learn_all()
        return found

    def told(self) -> dict[str, Any]:
        when = ", on a part of the table, before all of it was learned" if self.all_rows else ""
        return {**self.course.to_dict(), "caution": self.caution, "when": when}

    def _hurried(self) -> bool:
        return self.budget.exhausted or self.progress.cancelled

    # -- training

    def _train(self, rows: Encoded, aside: Encoded | None, size: Size, level: int | str) -> Course:
        stream = self.seed.child("train", level)
        plan = self.model._plan(size.width, size.depth, size.dropout)
        with seeded(stream.child("weights"), self.device):
            network = Network(plan, self.model._token_shares())
        task = Denoising(network, None if aside is None else self._tensors(aside), self.device)
        schedule = Schedule(
            steps=size.steps, batch=size.batch, rate=size.rate, average=0.998, clip=1.0,
            evaluate_every=max(10, size.steps // EVALUATIONS), patience=PATIENCE,
        )  # fmt: skip
        budget = self.budget if self.budget.seconds is None or self.budget.best else self.budget.share(TRAINING_SHARE)
        checkpoint = self.model.checkpoint if level == 0 else None
        course = train(task, self._tensors(rows), schedule, stream=stream, budget=budget, progress=self.progress, checkpoint=checkpoint)
        self.model._keep(network, self.device)
        return course

    def _learn_all(self) -> None:
        """The same course over all rows, as long as the rows kept aside found good."""
        best = min(self.course.scores, key=lambda found: found[1])[0] if self.course.scores else self.course.steps
        steps = max(1, round(best * self.encoded.rows / max(1, self.learned.rows)))
        size = replace(self.size.cautious(self.caution), steps=steps)
        self._train(self.encoded, None, size, "all")
        self._calibrate(self.encoded)
        self.all_rows = True

    def _tensors(self, rows: Encoded) -> list[Tensor]:
        """Slots, numbers, codes of the flows, and whether each lies in a group; one row each."""
        model = self.model
        work = model._blank_work(rows.rows)
        for j in range(len(model._gates)):
            model._show(work, j, rows)
        codes = [model._gates[j].code[rows.tokens[j]] for j in model._flows] or [np.zeros(rows.rows, np.int64)]
        grouped = [model._gates[j].grouped[code] for j, code in zip(model._flows, codes, strict=False)] or [np.zeros(rows.rows, bool)]
        arrays = (work.slots.astype(np.int32), work.numbers, np.stack(codes, 1).astype(np.int32), np.stack(grouped, 1))
        return [torch.from_numpy(array) for array in arrays]

    # -- order

    def _choose_order(self) -> None:
        """Of some orders, the one in which rows kept aside are most probable."""
        if self._hurried():
            return
        model, rng = self.model, self.seed.child("order").generator()
        usual = model._order
        orders = [usual, usual[::-1], sorted(usual, key=lambda j: -model._gates[j].codes)]
        orders += [rng.permutation(len(usual)).tolist() for _ in range(RANDOM_ORDERS)]
        some = self.unseen.take(slice(0, ORDERED_ROWS))
        surprises = []
        with seeded(self.seed):
            for order in orders:
                model._set_order(order)
                surprises.append(self._surprise(some))
            model._set_order(orders[int(np.argmin(surprises))])
            if len(usual) <= min(SHARED_FIELDS, model.steps):
                model._set_turns(self._turns(self.unseen))
        self.surprises = surprises

    def _turns(self, rows: Encoded) -> list[list[int]]:
        """The order in steps: a field joins the step of one shortly before it, where rows kept aside are as probable so.

        What a step's fields tell of one another beyond all that is known before it is the step's multi-information; of each field that
        joins it may be `SHARED` at the most.
        """
        model, work, left = self.model, self.model._blank_work(rows.rows), list(self.model._order)
        turns = [[left.pop(0)]]
        model._show(work, turns[0][0], rows)
        while left:
            near = left[: AHEAD + 1]
            alone, turn = self._log_probs(near, work, rows), [left.pop(0)]
            model._show(work, turn[0], rows)
            beside = self._log_probs(near, work, rows)
            for j in near[1:]:
                if beside[j] <= alone[j] + SHARED:
                    turn.append(j)
                    left.remove(j)
                    model._show(work, j, rows)
                    beside = self._log_probs(near, work, rows)
            turns.append(turn)
        return turns

    def _log_probs(self, fields: list[int], work: Any, rows: Encoded) -> dict[int, float]:
        """The mean log-probability of each field's codes, given what is known."""
        hidden = self.model._look(work)
        return {j: self._log_prob(j, hidden, rows) for j in fields}

    def _log_prob(self, j: int, hidden: Tensor, rows: Encoded) -> float:
        gate, total = self.model._gates[j], 0.0
        for slot, values in zip(self.model._slots[j], gate.slots(gate.code[rows.tokens[j]]), strict=True):
            law = self.model._drawer.law(hidden, slot)
            total += float(np.log(np.maximum(law[np.arange(rows.rows), values], 1e-12)).mean())
        return total

    def _surprise(self, rows: Encoded) -> float:
        """Mean negative log-probability of rows' codes along the model's order."""
        model, total, work = self.model, 0.0, self.model._blank_work(rows.rows)
        for j in model._order:
            total -= self._log_prob(j, self._hidden(work, j), rows)
            model._show(work, j, rows)
        return total

    def _hidden(self, work: Any, j: int) -> Tensor:
        if work.hidden is None or work.step != self.model._step[j]:
            work.hidden, work.step = self.model._look(work), self.model._step[j]
        hidden: Tensor = work.hidden
        return hidden

    # -- calibration

    def _calibrate(self, rows: Encoded) -> None:
        """Move the heads' biases, field after field along the order, until drawn rows have the columns' shares."""
        if self._hurried():
            return
        model = self.model
        n = min(CALIBRATED_ROWS, max(2_000, 4 * rows.rows))
        stream = self.seed.child("calibrate")
        with seeded(stream):
            work = model._blank_work(n)
            drawn, weights = model._blank(n), np.ones(n)
            self.progress.stage("calibrate", len(model._order))
            for done, j in enumerate(model._order):
                rng = stream.child(model.codec.fields[j].name).generator()
                gate, slots = model._gates[j], model._slots[j]
                if work.seen and len(slots) == 1:
                    self._correct(slots[0], model._drawer.law(self._hidden(work, j), slots[0]), gate.share, weights)
                draw = model._draw_field(j, work, drawn, [], rng, None)
                drawn.tokens[j], drawn.positions[j] = draw.tokens, draw.positions
                model._show(work, j, drawn)
                weights *= _evened(gate.code[draw.tokens], gate.share, weights)
                self.progress.advance(done + 1)

    def _correct(self, slot: int, law: Floats, share: Floats, weights: Floats) -> None:
        """Add to the biases of one head what makes the weighted mean of its laws (n, codes) the shares."""
        added = np.zeros(law.shape[1])
        for _ in range(CALIBRATION_ROUNDS):
            weighed = law * np.exp(added)
            mean = (weights / weighed.sum(axis=1)) @ weighed / weights.sum()
            added += np.where(share > 0, np.log(np.maximum(share, 1e-9) / np.maximum(mean, 1e-9)), 0.0)
            added = np.clip(added - float(share @ added), -MOST_CORRECTION, MOST_CORRECTION)
        network = self.model._network
        start = sum(network.plan.slots[:slot])
        with torch.no_grad():
            network.heads.bias[start : start + law.shape[1]] += torch.from_numpy(added).to(network.heads.bias)

    # -- memorising

    def _memorising(self) -> Memorising:
        stream = self.seed.child("memorising")
        made = self.model._draw(self.learned.rows, stream.child("make"), None)
        return memorising(self.model.codec.fields, self.learned, self.unseen, made, stream.child("rows").generator())


def _evened(codes: Codes, share: Floats, weights: Floats) -> Floats:
    """(n,) factors that give the weighted rows the shares of a field: what rows got too often by chance must not move the next fields."""
    found = np.bincount(codes, weights, len(share)) / weights.sum()
    common = share * len(codes) >= EVENED_ROWS
    ratio = np.ones(len(share))
    ratio[common] = np.clip(share[common] / np.maximum(found[common], 1e-12), 0.5, 2.0)
    return np.asarray(ratio[codes])
