"""Any-order autoregression: one network that knows the law of every field given any others.

A row is drawn field by field. Since every order is known, whatever is given or asked for comes first, and the rest follows: any subset of
columns conditions without drawing in vain, missing cells are filled, and the probability of a row or of a cell is told. Learned with
torch (`any_order_network.py`), drawn in NumPy (`any_order_law.py`).

Steps of `_learn`: rows kept aside → course of training, stopped where those rows say so → on small tables again with all rows → calibration
of single columns → what is remembered, measured; and from the start with more dropout where that is too much.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.neural.backend import find_device, require_torch, seeded
from understudy.tabular.any_order import AnyOrderSynthesizer
from understudy.tabular.any_order_law import AnyOrderLaw, Seen
from understudy.tabular.chain import Draw, Restriction, token_weights
from understudy.tabular.fields import Allowed, Encoded, Field, Floats
from understudy.tabular.filling import Filling
from understudy.tabular.memorising import Memorising, memorising
from understudy.tabular.ordering import chain_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.random import Stream
    from understudy.core.record import FitRecord
    from understudy.neural.training import Course
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection

ASIDE = 0.1
"""Share of the rows that are kept aside (a fifth of them below `SMALL` rows), `MOST_ASIDE` at the most."""
MOST_ASIDE = 5_000
SMALL = 3_000
"""Below this many rows the network is trained again on all of them, for as many steps as the rows kept aside found best."""
LARGE = 20_000
"""From this many rows on the score is asked for less often: it is less noisy there, and costs more."""
LEAST_ROWS = 50
"""Below this many rows none are kept aside."""
PRESENTED, TIMES, MOST_STEPS = 400_000, 200, 3_000
"""Rows presented in the usual course: every row `TIMES` times, but no more than this in all, and in no more than this many steps."""
WORK = 1.5e11
"""Multiplications that the usual course takes at the most, forward."""
CALIBRATION_ROWS, CALIBRATION_ROUNDS = 40_000, 2
TIGHTENINGS = 1
MADE_FOR_MEMORISING = 40_000
WIDE = 64


@dataclass(frozen=True)
class Size:
    """How large the network is, and how strongly it is held back. See `AnyOrderNetwork`."""

    width: int
    hidden: int
    layers: int
    dropout: float

    @classmethod
    def of(cls, rows: int, fields: int) -> Size:
        dropout = 0.4 if rows < 2_000 else 0.3 if rows < 10_000 else 0.2 if rows < 200_000 else 0.1
        return cls(12, 64, 3, dropout) if fields <= WIDE else cls(8, 32, 2, dropout)


class Autoregressive(AnyOrderSynthesizer):
    """An any-order autoregressive network over the codec's tokens.

    Args:
        device: where to learn, "cpu", "cuda" or "mps"; the best there is where None. Rows are drawn on the CPU, without torch.
        checkpoint: a file to which the training's state goes, so that a fit that was broken off goes on from there.
        limit: the most that the membership and nearer-to-training figures on rows kept aside may be (.5: nothing remembered),
            beyond one standard error, before the network is trained again with more dropout.

    Raises ``MissingExtraError`` on `fit` where torch is not installed.
    """

    name: ClassVar[str] = "autoregressive"
    cost = "costly"
    requires = "torch"
    block_size = 8192
    presented = PRESENTED

    def __init__(
        self,
        *,
        device: str | None = None,
        checkpoint: str | Path | None = None,
        limit: float = 0.52,
        protection: Protection | None = None,
    ) -> None:
        super().__init__(protection=protection)
        self.device = device
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.limit = limit
        self._tightenings = TIGHTENINGS

    # -- learning

    def _lighten(self) -> None:
        self._tightenings = 0

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        require_torch("Learning with the method autoregressive")
        fields = codec.fields
        self._order = chain_order(fields)
        learn, aside = _split(encoded, seed.child("aside"))
        size = Size.of(encoded.rows, len(fields))
        for attempt in range(self._tightenings + 1):
            trainer = _Trainer(self, fields, replace(size, dropout=min(0.6, size.dropout + 0.15 * attempt)), budget, progress)
            self._law_of_fields, self._course = trainer.trained(learn, aside, seed.child("train", attempt))
            self._found = self._remembered(fields, learn, aside, seed.child("memorising", attempt))
            if self._found is None or self._found.safe(self.limit) or budget.exhausted or progress.cancelled:
                break
        self._attempts = attempt

    def _calibrate(self, law: AnyOrderLaw, fields: list[Field], stream: Stream) -> None:
        """Move what is drawn of single columns to the shares of training, where it differs by more than chance."""
        self._law_of_fields = law
        for i in range(CALIBRATION_ROUNDS):
            drawn = self._drawn(CALIBRATION_ROWS, stream.child(i))
            for j, field in enumerate(fields):
                if not law.bases[j]:
                    law.shift(j, _calibration(field.shares, np.bincount(drawn.tokens[j], minlength=field.size)))

    def _remembered(self, fields: list[Field], learn: Encoded, aside: Encoded, stream: Stream) -> Memorising | None:
        if not aside.rows:
            return None
        made = self._drawn(min(learn.rows, MADE_FOR_MEMORISING), stream.child("made"))
        return memorising(fields, learn, aside, made, stream.child("asked").generator())

    def _drawn(self, rows: int, stream: Stream) -> Encoded:
        """Rows by the law alone, without rules or positions."""
        drawn = self._blank(rows)
        for start in range(0, rows, self.block_size):
            part = slice(start, min(start + self.block_size, rows))
            seen = self._law_of_fields.blank(part.stop - start)
            rng = stream.child(start).generator()
            for j in self._order:
                tokens = self._law_of_fields.draw(seen, j, rng, None, None, None).tokens
                drawn.tokens[j][part] = tokens
                self._law_of_fields.show(seen, j, tokens)
        return drawn

    def _tell_learning(self, record: FitRecord) -> None:
        record.figures["training"] = self._course.to_dict()
        record.figures["order"] = [self.codec.fields[j].name for j in self._order]
        record.note(f"Trained for {self._course.steps:,} steps: {self._course.ended}.")
        if self._found is None:
            record.note("Too few rows to measure what the model remembers of them.")
            return
        record.figures["memorising"] = self._found.to_dict()
        after = f" after {self._attempts} more training{'s' * (self._attempts > 1)} with more dropout" if self._attempts else ""
        verdict = "within" if self._found.safe(self.limit) else "still above"
        membership, nearer = (f"{e.value:.3f} ± {e.standard_error:.3f}" for e in (self._found.membership, self._found.nearer))
        record.note(
            f"Memorising, measured on rows kept aside{after}: membership AUC {membership}, nearer to training {nearer} "
            f"(.5: nothing remembered); {verdict} the limit {self.limit}."
        )

    # -- drawing

    def _workspace(self, rows: int, chain: list[int]) -> Seen:
        return self._law_of_fields.blank(rows)

    def _take(self, work: Seen, index: NDArray[np.integer]) -> Seen:
        return work.take(index)

    def _join(self, works: list[Seen]) -> Seen:
        return Seen.join(works)

    def _note(self, j: int, work: Seen, drawn: Encoded) -> None:
        self._law_of_fields.show(work, j, drawn.tokens[j])

    def _draw_field(
        self, j: int, work: Seen, drawn: Encoded, known: list[int], rng: np.random.Generator, restriction: Restriction | None
    ) -> Draw:
        field, weights, first, last = self.codec.fields[j], None, None, None
        if restriction is not None:
            weights = None if restriction.allowed is None else token_weights(field, restriction.allowed)
            first = None if restriction.low is None else np.floor(np.maximum(restriction.low, -1.0))
            last = None if restriction.high is None else np.floor(np.minimum(restriction.high, field.size))
        chosen = self._law_of_fields.draw(work, j, rng, weights, first, last)
        work.log_prob += chosen.log_token
        mass = None if weights is None else _difference(chosen.log_inside, chosen.log_within)
        return Draw(chosen.tokens.astype(field.token_type), None, mass)

    def _log_prob_along(self, rows: Encoded, order: list[int]) -> Floats:
        return self._law_of_fields.log_prob(rows, order)

    def _complete(self, known: Encoded, given: NDArray[np.bool_], rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        """All rows at once, whatever is given in each: what is given is visible from the beginning."""
        filling, seen = Filling(self, known, given, rng, allowed), self._shown(known, given)
        for gap in filling.gaps(self._order):
            j = gap.field
            filling.settle(gap, self._draw_field(j, seen.take(gap.rows), gap.part, [], gap.rng, gap.restriction))
            self._law_of_fields.show(seen, j, filling.made.tokens[j], ~given[:, j])
        return filling.finished()

    def _shown(self, known: Encoded, given: NDArray[np.bool_]) -> Seen:
        """A workspace in which what is given is visible."""
        seen = self._law_of_fields.blank(known.rows)
        for j in range(len(self.codec.fields)):
            if given[:, j].any():
                self._law_of_fields.show(seen, j, known.tokens[j], given[:, j])
        return seen

    # -- probabilities

    def _log_prob(self, rows: Encoded) -> Floats:
        return self._law_of_fields.log_prob(rows, self._order)

    def _law(self, j: int, known: Encoded, given: NDArray[np.bool_]) -> Floats:
        others = given.copy()
        others[:, j] = False
        return self._law_of_fields.law(self._shown(known, others), j)

    # -- saving

    def _learned(self) -> State:
        return State({"order": self._order, "bases": self._law_of_fields.bases}, dict(self._law_of_fields.arrays))

    def _relearn(self, state: State) -> None:
        self._order = [int(j) for j in state.manifest["order"]]
        self._law_of_fields = AnyOrderLaw(self.codec.fields, state.manifest["bases"], dict(state.arrays))


class _Trainer:
    """Trains networks of one size on parts of the rows."""

    def __init__(self, model: Autoregressive, fields: list[Field], size: Size, budget: Budget, progress: Progress) -> None:
        self.model, self.fields, self.size, self.budget, self.progress = model, fields, size, budget, progress

    def trained(self, learn: Encoded, aside: Encoded, stream: Stream) -> tuple[AnyOrderLaw, Course]:
        """The law learned from ``learn``, and from ``aside`` too where the table is small; and the course that it took."""
        law, course = self._course(learn, aside, stream.child("course"), None)
        best = _best_step(course)
        if aside.rows and learn.rows + aside.rows < SMALL and best and not self.progress.cancelled:
            both = _both(learn, aside)
            law, _ = self._course(both, both.take(slice(0, 0)), stream.child("all rows"), best)
        self.model._calibrate(law, self.fields, stream.child("calibration"))
        return law, course

    def _course(self, learn: Encoded, aside: Encoded, stream: Stream, steps: int | None) -> tuple[AnyOrderLaw, Course]:
        import torch

        from understudy.neural.training import train
        from understudy.tabular.any_order_network import AnyOrderNetwork, AnyOrderTask, matrix_of

        device, size = find_device(self.model.device), self.size
        with seeded(stream.child("weights")):
            network = AnyOrderNetwork(self.fields, width=size.width, hidden=size.hidden, layers=size.layers, dropout=size.dropout)
        columns = network.columns
        data, kept = torch.from_numpy(matrix_of(columns, learn)), torch.from_numpy(matrix_of(columns, aside))
        task = AnyOrderTask(network, self.model._order, kept, device)
        course = train(
            task, [data], self._schedule(learn.rows, network.work(), steps),
            stream=stream.child("steps"), budget=self.budget, progress=self.progress, checkpoint=self.model.checkpoint,
        )  # fmt: skip
        bases = [0] * len(self.fields)
        for column in columns:
            bases[column.field] = column.base
        return AnyOrderLaw(self.fields, bases, network.to_arrays()), course

    def _schedule(self, rows: int, work: float, steps: int | None) -> Any:
        from understudy.neural.training import Schedule

        batch = int(2 ** np.clip(np.round(np.log2(max(rows, 2) / 70)), 5, 9))
        presented = max(min(TIMES * rows, self.model.presented, WORK / work), min(rows, self.model.presented))
        usual = int(np.clip(presented / min(batch, rows), 20, MOST_STEPS))
        steps = usual if steps is None else steps
        looks, patience = (12, 3) if rows >= LARGE else (40, 8)
        return Schedule(
            steps, batch, rate=3e-3, weight_decay=0.1, average=0.998, evaluate_every=max(10, usual // looks), patience=patience
        )  # fmt: skip


def _split(encoded: Encoded, stream: Stream) -> tuple[Encoded, Encoded]:
    """Rows to learn, and rows kept aside."""
    rows = encoded.rows
    share = 0.2 if rows < SMALL else ASIDE
    many = 0 if rows < LEAST_ROWS else min(MOST_ASIDE, round(share * rows))
    order = stream.generator().permutation(rows)
    return encoded.take(np.sort(order[many:])), encoded.take(np.sort(order[:many]))


def _both(first: Encoded, second: Encoded) -> Encoded:
    positions = [None if a is None or b is None else np.concatenate([a, b]) for a, b in zip(first.positions, second.positions, strict=True)]
    return Encoded([np.concatenate([a, b]) for a, b in zip(first.tokens, second.tokens, strict=True)], positions)


def _best_step(course: Course) -> int | None:
    return min(course.scores, key=lambda found: found[1])[0] if course.scores else None


def _calibration(shares: Floats, counts: NDArray[np.integer]) -> Floats:
    """(size,) what to add to log-probabilities so that ``counts`` come nearer to ``shares``; less where chance explains the difference."""
    drawn = counts / max(1, counts.sum())
    error = np.sqrt(np.maximum(shares, 1e-9) / max(1, counts.sum()))
    surprise = (drawn - shares) / error
    real = np.clip(1 - 1 / np.maximum(surprise**2, 1.0), 0, 1)
    return np.asarray(real * np.clip(np.log(np.maximum(shares, 1e-9) / np.maximum(drawn, error / 2)), -1, 1))


def _difference(inside: Floats, within: Floats) -> Floats:
    """log(inside / within), -inf where nothing is inside."""
    return np.where(np.isfinite(inside), inside - np.where(np.isfinite(within), within, 0.0), -np.inf)
