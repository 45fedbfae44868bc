"""Diffusion of tables: categories are unmasked step by step, numbers flow from noise to their value. Learned with torch.

- Every number becomes a gate (NULL, an atom, or a group of bins) and a normal score inside it (`gates.py`): masked diffusion draws the
  gates, flow matching the scores (as in TabDiff; Shi et al., ICLR 2025, which diffuses both at once).
- The network learns any subset of fields given any other (`diffusion_network.py`), so what is known is simply not masked: conditions and
  gaps in partial rows need no rejection.
- Fields are unmasked in the order that makes rows kept aside most probable, in one step where they tell nothing of one another given
  what is known by then; and rows that are still alike are looked at once.
- A condition that cuts a group of bins is exact too: a flow in one dimension, walked backwards, is a distribution function.
- After training the heads are calibrated, so that columns have their shares; the first field of a chain is drawn by its shares.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from understudy.core.artifact import State
from understudy.core.errors import ArgumentError
from understudy.core.random import Stream
from understudy.core.record import FitRecord
from understudy.neural.backend import find_device, require_torch, seeded
from understudy.tabular.any_order import AnyOrderSynthesizer
from understudy.tabular.chain import Draw, Restriction
from understudy.tabular.fields import Allowed, Encoded, Floats
from understudy.tabular.filling import Filling
from understudy.tabular.gates import Codes, Gate
from understudy.tabular.ordering import chain_order
from understudy.tabular.synthesizer import Conditions

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection
    from understudy.tabular.diffusion_network import Drawing, Network, Plan

STEPS = 30
GROUPS = 32
LEVELS = 256
MOST_LOGITS = 16_384
LARGE = 20_000
"""From here on the rows kept aside stay aside; below, all rows are learned once it is known for how long."""
LEAST_ASIDE = 40
"""Tables of fewer rows keep none aside."""
CALIBRATED_ROWS = 40_000
ORDERED_ROWS = 1_500
RANDOM_ORDERS = 4
MOSTLY = 0.8
"""Share of different rows above which it is not worth looking for those that are alike."""
EVALUATIONS = 40
PATIENCE = 10


@dataclass
class _Work:
    """Rows as the network sees them. ``hidden`` was computed before step ``step``; ``seen``: some cell is there.

    ``alike`` (n,): rows with one number have the same cells there; None: most rows differ.
    """

    slots: Codes
    numbers: NDArray[np.float32]
    seen: bool = False
    hidden: Any = None
    step: int = -1
    alike: Codes | None = None
    log_prob: Floats = dataclasses.field(default_factory=lambda: np.zeros(0))

    def take(self, index: NDArray[np.integer]) -> _Work:
        hidden = None if self.hidden is None else self.hidden[index]
        alike = None if self.alike is None else self.alike[index]
        return _Work(self.slots[index], self.numbers[index], self.seen, hidden, self.step, alike, self.log_prob[index])

    @classmethod
    def join(cls, parts: list[_Work]) -> _Work:
        slots, numbers = np.concatenate([p.slots for p in parts]), np.concatenate([p.numbers for p in parts])
        alike = [p.alike + k * len(slots) for k, p in enumerate(parts) if p.alike is not None]
        whole = np.concatenate(alike) if len(alike) == len(parts) else None
        return cls(slots, numbers, parts[0].seen, alike=whole, log_prob=np.concatenate([p.log_prob for p in parts]))

    def tell_apart(self, values: Codes, alone: NDArray[np.bool_] | None) -> None:
        """Rows alike so far that differ in ``values`` (n,), and those that are ``alone``, are alike no longer."""
        if self.alike is None:
            return
        key = self.alike * (int(values.max(initial=0)) + 1) + values
        if alone is not None and alone.any():
            key[alone] = int(key.max()) + 1 + np.arange(int(alone.sum()))
        different, self.alike = np.unique(key, return_inverse=True)
        if len(different) > MOSTLY * len(key):
            self.alike = None


class Diffusion(AnyOrderSynthesizer):
    """Masked diffusion of gates and flow matching of the numbers inside.

    Args:
        steps: times that the network looks at a row while it is made, at the most; from as many steps as fields on, each is drawn
            by itself.
        device: where to learn and to draw: "cpu", "cuda", "mps"; None: the best there is for learning, the CPU for a loaded model.
        checkpoint: a file to which training goes now and then, and from which `fit` goes on where it was broken off.
        limit: the most that the membership and nearer-to-training figures on rows kept aside may be (.5: nothing remembered),
            beyond one standard error, before the model learns again with more caution.
    """

    name: ClassVar[str] = "diffusion"
    cost = "costly"
    requires = "torch"
    block_size: int = 4096
    spare = 1.1
    CAUTIONS = 2
    """How often the model learns anew with more caution where it remembers its rows."""
    course: float = 1.0
    """Share of the usual course of training."""
    learns_all: bool = True
    """Whether a small table is learned anew with the rows that were kept aside."""
    again: int = 0
    """How many fields of finished rows are masked again and redrawn given all the others."""

    def __init__(
        self,
        *,
        steps: int = STEPS,
        device: str | None = None,
        checkpoint: str | Path | None = None,
        limit: float = 0.52,
        protection: Protection | None = None,
    ) -> None:
        super().__init__(protection=protection)
        if steps < 1:
            raise ArgumentError(f"A row is made in at least one step, not {steps}.", remedy=f"Leave `steps` out, or take {STEPS}.")
        self.steps, self.device, self.limit = steps, device, limit
        self.checkpoint = None if checkpoint is None else Path(checkpoint)

    # -- learning

    def _lighten(self) -> None:
        self.CAUTIONS, self.checkpoint, self.learns_all = 0, None, False  # the race measures memorising itself

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        require_torch(f'The method "{self.name}"')
        from understudy.tabular.diffusion_training import Fitting

        self._open(codec)
        fitting = Fitting(self, encoded, seed, budget, progress)
        self._found = fitting.run()
        self._course = fitting.told()

    def _open(self, codec: Codec) -> None:
        """Gates and slots of the codec's fields."""
        fields = codec.fields
        levels = int(np.clip(MOST_LOGITS // max(1, len(fields)), 24, LEVELS))
        self._gates = [Gate(field, min(GROUPS, levels // 2), levels) for field in fields]
        self._slots: list[list[int]] = []
        for gate in self._gates:
            first = sum(len(slots) for slots in self._slots)
            self._slots.append(list(range(first, first + len(gate.sizes))))
        self._flows = [j for j, gate in enumerate(self._gates) if gate.flows]
        self._ranked = [j for j, gate in enumerate(self._gates) if gate.field.kind == "numeric" and gate.codes > 8]
        self._set_order(chain_order(fields))

    def _set_order(self, order: list[int]) -> None:
        """Unmask in this order, a field a step, or several where there are more fields than steps."""
        steps = min(self.steps, len(order))
        of = np.arange(len(order)) * steps // len(order)
        self._set_turns([[j for j, step in zip(order, of, strict=True) if step == k] for k in range(steps)])

    def _set_turns(self, turns: list[list[int]]) -> None:
        """The fields that are unmasked in each step."""
        self._turns = turns
        self._order = [j for turn in turns for j in turn]
        self._step = {j: k for k, turn in enumerate(turns) for j in turn}

    def _plan(self, width: int, depth: int, dropout: float) -> Plan:
        from understudy.tabular.diffusion_network import Plan

        owner = [j for j, slots in enumerate(self._slots) for _ in slots]
        return Plan(
            slots=[size for gate in self._gates for size in gate.sizes], owner=owner, last=[slots[-1] for slots in self._slots],
            flows=self._flows, codes=[self._gates[j].codes for j in self._flows], ranked=self._ranked,
            width=width, depth=depth, dropout=dropout, context=48 if len(self._flows) <= 64 else 16,
        )  # fmt: skip

    def _token_shares(self) -> list[Floats]:
        """By slot, the share of each value in training."""
        found = []
        for gate in self._gates:
            for values, size in zip(gate.slots(np.arange(gate.codes)), gate.sizes, strict=True):
                found.append(np.asarray(np.bincount(values, gate.share, size), np.float64))
        return found

    def _tell_learning(self, record: FitRecord) -> None:
        record.figures["training"] = self._course
        record.figures["order"] = [[self.codec.fields[j].name for j in turn] for turn in self._turns]
        found = self._found
        if found is None:
            record.note("Too few rows to measure what the model remembers of them.")
            return
        record.figures["memorising"] = found.to_dict()
        verdict = "within" if found.safe(self.limit) else "above"
        record.note(
            f"Memorising, measured on rows kept aside{self._course['when']}: membership AUC {found.membership.value:.3f} ± "
            f"{found.membership.standard_error:.3f}, nearer to training {found.nearer.value:.3f} ± {found.nearer.standard_error:.3f} "
            f"(.5: nothing remembered); {verdict} the limit {self.limit}."
        )

    # -- rows as the network sees them

    def _blank_work(self, rows: int) -> _Work:
        masked = np.array([size for gate in self._gates for size in gate.sizes], np.int64)
        numbers = np.zeros((rows, max(1, len(self._flows) + len(self._ranked))), np.float32)
        return _Work(np.tile(masked, (rows, 1)), numbers, alike=np.zeros(rows, np.int64), log_prob=np.zeros(rows))

    def _show(self, work: _Work, j: int, rows: Encoded, where: NDArray[np.int64] | None = None) -> None:
        """Field `j` of `rows` is known from now on (in the rows of `where`)."""
        gate, here = self._gates[j], slice(None) if where is None else where
        for slot, values in zip(self._slots[j], gate.slots(gate.code[rows.tokens[j]]), strict=True):
            work.slots[here, slot] = values[here]
        if j in self._flows:
            work.numbers[here, self._flows.index(j)] = gate.score(rows, j)[here]
        if j in self._ranked:
            work.numbers[here, len(self._flows) + self._ranked.index(j)] = gate.rank(rows, j)[here]
        work.seen = True
        moving = work.numbers[:, self._flows.index(j)] != 0 if j in self._flows else None
        for slot in self._slots[j]:
            work.tell_apart(work.slots[:, slot], moving)

    def _look(self, work: _Work) -> Any:
        """The network's hidden state of every row; rows that are alike are looked at once."""
        if work.alike is None:
            return self._drawer.hidden(work.slots, work.numbers)
        _, first, own = np.unique(work.alike, return_index=True, return_inverse=True)
        return self._drawer.hidden(work.slots[first], work.numbers[first])[own]

    def _hide(self, work: _Work, j: int) -> None:
        for slot, size in zip(self._slots[j], self._gates[j].sizes, strict=True):
            work.slots[:, slot] = size
        if j in self._flows:
            work.numbers[:, self._flows.index(j)] = 0
        if j in self._ranked:
            work.numbers[:, len(self._flows) + self._ranked.index(j)] = 0
        work.step, work.alike = -1, None

    # -- drawing

    @contextmanager
    def _drawing_thread(self, rng: Stream) -> Iterator[None]:
        require_torch(f'Drawing from a model of the method "{self.name}"')
        with seeded(rng):
            yield

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        with self._drawing_thread(rng):
            drawn = super()._draw(size, rng, conditions)
            self._redraw(drawn, rng.child("again"), {} if conditions is None else conditions.allowed)
        return drawn

    def _pilot(self, allowed: dict[int, Allowed], rng: Stream) -> Any:
        with self._drawing_thread(rng):
            return super()._pilot(allowed, rng)

    def _log_prob_along(self, rows: Encoded, order: list[int]) -> Floats:
        """Of the codes; where a score lies inside its code counts for nothing."""
        work = self._blank_work(rows.rows)
        for j in order:
            gate, codes = self._gates[j], self._gates[j].code[rows.tokens[j]]
            if not work.seen:
                work.log_prob += np.log(np.maximum(gate.share[codes], 1e-12))
            else:
                if work.hidden is None or work.step != self._step[j]:
                    work.hidden, work.step = self._look(work), self._step[j]
                work.log_prob += self._log_prob_of_codes(j, work, codes)
            self._show(work, j, rows)
        return work.log_prob

    def _log_prob_of_codes(self, j: int, work: _Work, codes: Codes) -> Floats:
        hidden, total = work.hidden, np.zeros(len(codes))
        for slot, values in zip(self._slots[j], self._gates[j].slots(codes), strict=True):
            law = self._drawer.law(hidden, slot)
            total += np.log(np.maximum(law[np.arange(len(codes)), values], 1e-300))
            if slot != self._slots[j][-1]:
                work.slots[:, slot] = values
                hidden = self._drawer.hidden(work.slots, work.numbers)
        return total

    def _workspace(self, rows: int, chain: list[int]) -> _Work:
        return self._blank_work(rows)

    def _take(self, work: _Work, index: NDArray[np.integer]) -> _Work:
        return work.take(index)

    def _join(self, works: list[_Work]) -> _Work:
        return _Work.join(works)

    def _note(self, j: int, work: _Work, drawn: Encoded) -> None:
        self._show(work, j, drawn)

    def _draw_field(
        self, j: int, work: Any, drawn: Encoded, known: list[int], rng: np.random.Generator, restriction: Restriction | None
    ) -> Draw:
        if not work.seen:
            draw = self._draw_first(j, len(work.slots), rng, None if restriction is None else restriction.allowed)
            work.log_prob += np.log(np.maximum(self._gates[j].share[self._gates[j].code[draw.tokens]], 1e-12))
            return draw
        if work.hidden is None or work.step != self._step[j] or restriction is not None:
            work.hidden, work.step = self._look(work), self._step[j]
        return self._draw_known(j, work, rng, restriction)

    def _draw_first(self, j: int, size: int, rng: np.random.Generator, allowed: Allowed | None) -> Draw:
        """Where nothing is known, a field follows its shares."""
        gate = self._gates[j]
        tokens, positions = gate.by_shares(size, allowed, rng)
        if allowed is None:
            return Draw(tokens, positions)
        mass = max(float((gate.share * gate.share_allowed(allowed)).sum()), 1e-12)
        return Draw(tokens, positions, np.full(size, np.log(mass)))

    def _draw_known(self, j: int, work: _Work, rng: np.random.Generator, restriction: Restriction | None) -> Draw:
        """From the network's law, as far as the restriction leaves it."""
        gate, n = self._gates[j], len(work.slots)
        limits = _Limits(gate, restriction, n)
        base, mass, hidden = np.zeros(n, np.int64), np.ones(n), work.hidden
        if len(gate.sizes) == 2:
            blocks = self._drawer.law(hidden, self._slots[j][0])
            block, mass = _pick(blocks * limits.blocks(), rng)
            work.log_prob += np.log(np.maximum(blocks[np.arange(n), block], 1e-300))
            base = block * gate.width
            work.slots[:, self._slots[j][0]] = block
            hidden = self._drawer.hidden(work.slots, work.numbers)
        codes = np.minimum(base[:, None] + np.arange(gate.sizes[-1]), gate.codes - 1)
        whole = self._drawer.law(hidden, self._slots[j][-1])
        law = whole * (base[:, None] + np.arange(gate.sizes[-1]) < gate.codes)
        window = limits.window(codes)
        if window is not None:
            law = law * self._window_mass(j, hidden, codes, law, window)
        column, part = _pick(law, rng)
        work.log_prob += np.log(np.maximum(whole[np.arange(n), column], 1e-300))
        chosen = np.take_along_axis(codes, column[:, None], 1)[:, 0]
        log_mass = np.log(np.maximum(mass * part, 1e-300)) if restriction is not None and restriction.allowed is not None else None
        if log_mass is not None:
            log_mass[mass * part <= 0] = -np.inf
        if limits.holes is not None:
            return Draw(*gate.within(chosen, limits.holes, limits.low, limits.high, rng), log_mass)
        scores = self._draw_scores(j, hidden, chosen, None if window is None else _at(window, column), rng)
        return Draw(*gate.decode(chosen, scores), log_mass)

    def _window_mass(self, j: int, hidden: Any, codes: Codes, law: Floats, window: _Window) -> Floats:
        """(n, k) the probability of the open part of each code; ``window.below`` and ``above`` become probabilities, not places."""
        cut = self._gates[j].grouped[codes] & (window.stop > window.start) & (window.stop - window.start < 1) & (law > 1e-6)
        row, column = np.nonzero(cut)
        if len(row):
            some, flow = hidden[row], self._flows.index(j)
            for place, reached in ((window.start, window.below), (window.stop, window.above)):
                edge = place[row, column]
                noise = self._drawer.noise(some, flow, codes[row, column], ndtri(np.clip(edge, 1e-4, 1 - 1e-4)))
                reached[row, column] = np.where(edge <= 0, 0.0, np.where(edge >= 1, 1.0, ndtr(noise)))
        return np.maximum(window.above - window.below, 0.0) * (window.stop > window.start)

    def _draw_scores(self, j: int, hidden: Any, codes: Codes, window: _Window | None, rng: np.random.Generator) -> Floats:
        """Scores inside the codes; inside the window where there is one."""
        scores, uniform, spare = np.zeros(len(codes)), rng.random(len(codes)), rng.random(len(codes))
        row = np.flatnonzero(self._gates[j].grouped[codes])
        if not len(row):
            return scores
        if window is not None:
            uniform = window.below + uniform * np.maximum(window.above - window.below, 0)
        noise = ndtri(np.clip(uniform[row], 1e-6, 1 - 1e-6))
        scores[row] = self._drawer.scores(hidden[row], self._flows.index(j), codes[row], noise)
        if window is not None:  # the way there and the way back differ a little
            low, high = window.start[row], window.stop[row]
            place = ndtr(scores[row])
            place = np.where((place < low) | (place > high), low + spare[row] * (high - low), place)
            scores[row] = ndtri(np.clip(place, 1e-9, 1 - 1e-9))
        return scores

    def _redraw(self, drawn: Encoded, rng: Stream, allowed: Mapping[int, Allowed]) -> None:
        """Mask some fields again, one after the other, and draw them given all the others."""
        chosen = self._again()
        if not chosen:
            return
        work = self._blank_work(drawn.rows)
        for j in range(len(self._gates)):
            self._show(work, j, drawn)
        for turn, j in enumerate(chosen):
            others = [i for i in range(len(self._gates)) if i != j]
            restriction = self._restriction(j, drawn, others, allowed.get(j))
            self._hide(work, j)
            draw = self._draw_field(j, work, drawn, others, rng.child(turn).generator(), restriction)
            self._put(drawn, j, draw, None if draw.log_mass is None else np.isfinite(draw.log_mass))
            self._show(work, j, drawn)

    def _again(self) -> list[int]:
        """The fields that are drawn again."""
        return [] if len(self._order) < 3 else self._order[: min(len(self._order), self.again)]

    def _put(self, drawn: Encoded, j: int, draw: Draw, where: NDArray[np.bool_] | None) -> None:
        positions = drawn.positions[j]
        if where is None:
            drawn.tokens[j], drawn.positions[j] = draw.tokens, draw.positions
            return
        drawn.tokens[j] = np.where(where, draw.tokens, drawn.tokens[j]).astype(draw.tokens.dtype)
        if draw.positions is not None:
            drawn.positions[j] = np.where(where, draw.positions, 0 if positions is None else positions).astype(np.float32)

    # -- partial rows

    def _complete(self, known: Encoded, given: NDArray[np.bool_], rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        filling, work = Filling(self, known, given, rng, allowed), self._blank_work(known.rows)
        for j in range(len(self._gates)):
            self._show(work, j, known, np.flatnonzero(given[:, j]))
        with self._drawing_thread(rng):
            for gap in filling.gaps(self._order):
                part = work.take(gap.rows)
                part.hidden = self._look(part)
                filling.settle(gap, self._draw_known(gap.field, part, gap.rng, gap.restriction))
                self._show(work, gap.field, filling.made, gap.rows)
        return filling.finished()

    # -- saving

    def _keep(self, network: Network, device: Any) -> None:
        """Draw with this network from now on."""
        from understudy.tabular.diffusion_network import Drawing

        self._network = network
        self._drawer: Drawing = Drawing(network, device)

    def _learned(self) -> State:
        from understudy.neural.weights import to_arrays

        plan = self._network.plan
        sizes = {"width": plan.width, "depth": plan.depth, "dropout": plan.dropout}
        return State({"sizes": sizes, "turns": self._turns, "steps": self.steps}, to_arrays(self._network, "network"))

    def _relearn(self, state: State) -> None:
        require_torch(f'A model of the method "{self.name}"')
        from understudy.neural.weights import from_arrays
        from understudy.tabular.diffusion_network import Network

        self.steps = state.manifest["steps"]
        self._open(self.codec)
        self._set_turns(state.manifest["turns"])
        with seeded(Stream(0)):
            network = Network(self._plan(**state.manifest["sizes"]), self._token_shares())
        from_arrays(network, state.arrays, "network")
        self._keep(network, find_device(self.device or "cpu"))

    def to(self, device: str) -> Diffusion:
        """Draw on this device ("cpu", "cuda", "mps") from now on; returns self. The same rows come only from the same kind of device."""
        self.device = device
        self._keep(self._network, find_device(device))
        return self


@dataclass
class _Window:
    """The open part of codes: places ``start`` .. ``stop``, and the probabilities ``below`` .. ``above`` of what lies under them."""

    start: Floats
    stop: Floats
    below: Floats
    above: Floats


def _at(window: _Window, column: Codes) -> _Window:
    """The window of each row's chosen code."""
    parts = [np.take_along_axis(getattr(window, f.name), column[:, None], 1)[:, 0] for f in dataclasses.fields(window)]
    return _Window(*parts)


class _Limits:
    """A restriction on one field of n rows, as the gate sees it: each row's interval, and a condition with holes in it or None."""

    def __init__(self, gate: Gate, restriction: Restriction | None, n: int) -> None:
        self._gate = gate
        self._given = restriction is not None
        self.low, self.high = np.full(n, -np.inf), np.full(n, np.inf)
        self.holes: Allowed | None = None
        self._null = True
        if restriction is None:
            return
        if restriction.low is not None:
            self.low = np.maximum(self.low, restriction.low)
        if restriction.high is not None:
            self.high = np.minimum(self.high, restriction.high)
        allowed = restriction.allowed
        if allowed is None:
            return
        interval = gate.interval(allowed)
        if interval is None:
            self.holes = allowed
            return
        self.low, self.high = np.maximum(self.low, interval[0]), np.minimum(self.high, interval[1])
        self._null = gate.field.null_token is not None and bool(allowed.mask[gate.field.null_token])

    def window(self, codes: Codes) -> _Window | None:
        """The open part of ``codes`` (n, k); None where all is open."""
        if not self._given:
            return None
        start, stop = self._gate.windows(codes, self.low, self.high)
        if self.holes is not None:
            stop = start + (stop - start) * self._gate.share_allowed(self.holes)[codes]
        null = self._gate.field.null_token
        if null is not None and not self._null:
            stop = np.where(codes == self._gate.code[null], start, stop)
        return _Window(start, stop, start.copy(), stop.copy())

    def blocks(self) -> Floats:
        """(n or 1, blocks) 1 where a block of codes has an open part."""
        gate = self._gate
        if not self._given:
            return np.ones((1, 1))
        window = self.window(np.tile(np.arange(gate.codes), (len(self.low), 1)))
        assert window is not None
        firsts = np.arange(0, gate.codes, gate.width)
        return np.maximum.reduceat((window.stop > window.start).astype(np.float64), firsts, axis=1)


def _pick(law: Floats, rng: np.random.Generator) -> tuple[Codes, Floats]:
    """A column of each row (n, k) in proportion to its weights, and the sum of the weights; any column where they are all zero."""
    cumulative = np.cumsum(law, axis=1)
    total = cumulative[:, -1]
    point = rng.random(len(law)) * total
    return np.minimum((cumulative <= point[:, None]).sum(axis=1), law.shape[1] - 1), total
