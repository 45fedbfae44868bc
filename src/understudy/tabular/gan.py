"""A generative adversarial network over the codec's tokens, which completes rows of which any part is known.

What makes it more than a conditional GAN of tables (CTGAN; Xu et al., NeurIPS 2019):

- the generator sees a *masked row*, any subset of its fields, not one category; so every condition is native, and so are partial rows;
- a row is made in a few passes: each draws a chunk of fields from fresh noise and all that was drawn before. Fields of one chunk depend on
  one another through the noise alone, so fields that hang together are put into different chunks;
- it starts as a masked autoencoder (as in TAEGAN; Li et al. 2024), and goes on being one while it plays against the critic, which at first
  moves alone;
- numbers of small tables are seen unsteadily (`blur.py`), so that no row is learned by heart;
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.random import Stream
from understudy.neural.backend import require_torch, seeded
from understudy.tabular.chain import ChainSynthesizer, Draw, Restriction, chosen, effective, joined_rows, weighed_rounds
from understudy.tabular.fields import Allowed, Encoded, Floats
from understudy.tabular.filling import Filling
from understudy.tabular.levels import Integers, Layout, Levels, Singles
from understudy.tabular.memorising import Memorising, excess
from understudy.tabular.synthesizer import Conditions, TableSynthesizer

if TYPE_CHECKING:
    from os import PathLike

    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.record import FitRecord
    from understudy.neural.training import Course
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection
    from understudy.tabular.gan_networks import Completer

WORTH, PILOT_ROWS = 1 / 4, 2_048
"""Independent rows that a candidate is worth along the passes where these are left as they are; candidates that say what the other way
is worth."""
SPARE, ENOUGH = 1.25, 0.6
"""Candidates a row where conditioned fields come first; independent rows, as a share of those wanted, that they must be worth."""
NOISES = 16
"""Draws of the noise over which the law of a field is averaged."""


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
    tightenings = 1
    """How often the networks are trained anew, with more dropout, where they remember their rows."""

    def __init__(
        self,
        *,
        device: str | None = None,
        checkpoint: str | PathLike[str] | None = None,
        limit: float = 0.52,
        protection: Protection | None = None,
    ) -> None:
        super().__init__(protection=protection)
        self.device, self.limit = device, limit
        self.checkpoint = None if checkpoint is None else Path(checkpoint)

    # -- learning

    def _lighten(self) -> None:
        self.tightenings = 0  # the race measures memorising itself

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        require_torch(f'The method "{self.name}"')
        from understudy.tabular.gan_training import Fitting

        progress.stage("prepare the networks")
        self._learning = Fitting(self, encoded, seed, budget, progress).run()

    def _keep(self, completer: Completer, marginals: Singles) -> None:
        """Draw with this network from now on; `marginals`: the shares of the levels in its rows."""
        self._completer, self._layout, self._marginals = completer, completer.layout, marginals

    def _tell_learning(self, record: FitRecord) -> None:
        names = [f.name for f in self.codec.fields]
        record.figures["passes"] = [[names[j] for j in chunk] for chunk in self._layout.chunks]
        self._learning.tell(record, self.limit)

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
        rows = round(SPARE * size)
        found, weights = weighed_rounds(lambda stream: self._weighed(rows, stream, allowed), rng, enough=ENOUGH * size)
        drawn = joined_rows(found).take(chosen(weights, size, rng))
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
            noise = rng.child("noise", c).generator().standard_normal((rows, self._completer.noise), np.float32)
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
        return self._laws(shown, c, rng.standard_normal((len(shown), self._completer.noise), np.float32))

    def _laws(self, shown: Integers, c: int, noise: Singles) -> dict[int, Singles]:
        with seeded(_NOTHING):
            return self._completer.laws(shown, noise, int(c))

    def _complete(self, known: Encoded, given: NDArray[np.bool_], rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        filling, shown = Filling(self, known, given, rng, allowed), self._shown(known, given)
        for c, chunk in enumerate(self._layout.chunks):
            laws = self._pass(shown, c, rng.child("noise", c).generator())
            for gap in filling.gaps(chunk):
                filling.settle(gap, self._layout.levels[gap.field].draw(laws[gap.field][gap.rows], gap.rng, gap.restriction))
                self._show(shown, gap.field, filling.made, gap.rows)
        return filling.finished()

    def _shown(self, known: Encoded, given: NDArray[np.bool_]) -> Integers:
        """Rows in the flat numbering, hidden where they are not given."""
        shown = np.repeat(self._layout.hidden[None, :], known.rows, axis=0)
        for j in range(len(self._layout.levels)):
            self._show(shown, j, known, np.flatnonzero(given[:, j]))
        return shown

    def _show(self, shown: Integers, j: int, rows: Encoded, where: Integers) -> None:
        shown[where, j] = self._layout.offset[j] + self._layout.levels[j].of_token[rows.tokens[j][where]]

    def _log_prob(self, rows: Encoded) -> Floats:
        raise self._lacks("tell the probability of a row")  # that would be an integral over the noise of every pass

    def _law(self, j: int, known: Encoded, given: NDArray[np.bool_]) -> Floats:
        others = given.copy()
        others[:, j] = False
        shown = self._shown(known, others)
        total: Singles = np.zeros((known.rows, self._layout.counts[j]), np.float32)
        for k in range(NOISES):
            total += self._pass(shown, self._layout.chunk_of[j], _NOTHING.child("law", k).generator())[j]
        return self._layout.levels[j].token_law(total / np.float32(NOISES))

    # -- saving

    def _learned(self) -> State:
        from understudy.neural.weights import to_arrays

        arrays: dict[str, NDArray[Any]] = {"marginals": self._marginals}
        arrays |= {f"levels.{j}": levels.of_token for j, levels in enumerate(self._layout.levels)}
        manifest = {"chunks": self._layout.chunks, "width": self._completer.width}
        return State(manifest, arrays | to_arrays(self._completer, "generator"))

    def _relearn(self, state: State) -> None:
        require_torch(f'A model of the method "{self.name}"')
        from understudy.neural.weights import from_arrays
        from understudy.tabular.gan_networks import Completer

        arrays = state.arrays
        levels = [Levels(f, arrays[f"levels.{j}"].astype(np.int64)) for j, f in enumerate(self.codec.fields)]
        layout = Layout(levels, [[int(j) for j in chunk] for chunk in state.manifest["chunks"]])
        with seeded(_NOTHING):
            completer = Completer(layout, int(state.manifest["width"]))
        from_arrays(completer, arrays, "generator")
        self._keep(completer.eval(), arrays["marginals"])


@dataclass
class Learning:
    """How learning went.

    Attributes:
        courses: of the game, and of the autoencoding but where a game was resumed. attempts: trainings anew with more dropout.
        found, nothing: what the model remembers of its rows, and the same figures of shuffled rows; None where no rows are kept aside.
    """

    courses: dict[str, Course] = field(default_factory=dict)
    attempts: int = 0
    found: Memorising | None = None
    nothing: Memorising | None = None

    def too_much(self, limit: float) -> bool:
        """Whether more is remembered than the limit allows, beyond what chance explains."""
        return self.found is not None and self.nothing is not None and excess(self.found, self.nothing, limit) > 0

    def tell(self, record: FitRecord, limit: float) -> None:
        record.figures["training"] = {name: course.to_dict() for name, course in self.courses.items()}
        game = self.courses["game"]
        record.note(f"Generator and critic played {game.steps:,} steps ({game.ended}){_kept(game)}.")
        if self.found is None or self.nothing is None:
            record.note("Too few rows to measure what the model remembers of them.")
            return
        record.figures["memorising"] = self.found.to_dict()
        record.figures["memorising_of_shuffled_rows"] = self.nothing.to_dict()
        after = f" after {self.attempts} more training{'s' * (self.attempts > 1)} with more dropout" if self.attempts else ""
        verdict = "still above" if self.too_much(limit) else "within"
        membership, nearer = (f"{e.value:.3f} ± {e.standard_error:.3f}" for e in (self.found.membership, self.found.nearer))
        record.note(
            f"Memorising, measured on rows kept aside{after}: membership AUC {membership}, nearer to training {nearer} (.5: nothing "
            f"remembered; shuffled rows, which remember nothing: {self.nothing.membership.value:.3f}, {self.nothing.nearer.value:.3f}); "
            f"{verdict} the limit {limit}, or what shuffled rows have."
        )


def _kept(game: Course) -> str:
    """Which weights were kept, in words."""
    if game.best is None:
        return ""
    step = next(step for step, score in game.scores if score == game.best)
    kept = f"the weights of step {step:,} were kept" if step else "it made nothing better, so the autoencoder that it began as was kept"
    return f"; {kept}: on rows kept aside they scored {game.best:.3f} (AUC of telling rows apart, and what is remembered; best .5)"


_NOTHING = Stream(0).child("gan")
"""For torch's global generator where nothing is drawn from it."""
