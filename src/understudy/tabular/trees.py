"""A chain of tree ensembles: every field given those before it. The default learner.

What makes it more than a chain of trees with donors (synthpop; Nowok, Raab & Dibben, JSS 74, 2016):

- honest leaves: splits are found on other rows than those that fill the leaves (`forest.py`);
- many trees a field, one of them taken for each draw: the mixture of their leaves is smoother than any leaf, at the price of one walk;
- splits must be significant, and draws may stop above the leaf;
- strongly dependent numbers are drawn as an expected place plus a donor's residual (`location.py`); which of the two ways a
  number is drawn is decided by the logarithmic score on rows that were kept aside;
- it asks of itself whether it remembers its rows (`memorising.py`), and grows again, coarser, until it does not.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.random import Stream
from understudy.core.record import FitRecord
from understudy.tabular.chain import ChainSynthesizer, Draw, Restriction
from understudy.tabular.conditional import Conditional, DonorTrees, Located, ResidualTrees
from understudy.tabular.features import Binning, Features, rank_scores
from understudy.tabular.fields import Encoded, Field, Floats, Tokens
from understudy.tabular.forest import Growth
from understudy.tabular.location import fit_location
from understudy.tabular.memorising import LARGE, Memorising, kept_aside, memorising, pooled, told
from understudy.tabular.ordering import chain_order, conditioning_sets
from understudy.tabular.scale import Scale

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection

UNSEEN = 1e-4
"""Weight of a field's overall shares in the probability of a given cell, so that what no leaf holds is unlikely, not impossible."""
GROUPS = 32
"""Equal parts of a number's range whose probability is scored."""
MINIMAL_TOKENS = 20
BETTER = 0.06
"""Mean logarithmic score by which the slower way must be better."""
WORTH_LOCATING = 0.35
"""Share of the variance that a quick boosting must explain before the slow one is tried."""
SCORED_ROWS = 4_000
FOLDS = 3
"""Of the location: a row's residual comes from the trees of the folds that it is not in."""
CHOICE_ROWS, CHOICE_TREES = 10_000, 6
"""Rows on which the two ways of drawing a number are compared, at the most, and with how many trees: a probability looks at no more."""
WORK = 400e6
"""Rows times features looked at while growing, at the most: about half a minute on one core."""
LEAST_TREES, LEAST_TREE_ROWS = 4, 20_000
MOST_HELD = 0.05
"""Share of a tree's donors that a leaf is made to hold, at the most: in a small table more would leave no room for a split."""
WIDE = 100
"""From this many fields on no number is located: it would cost more than all the rest."""


@dataclasses.dataclass(frozen=True)
class Caution:
    """How finely the trees may look. Every step coarser multiplies what a leaf must hold and what its splits must earn."""

    level: int = 0

    def growth(self, kind: str) -> Growth:
        times, earn = 2**self.level, 1.6**self.level
        if kind == "category":
            return Growth(leaf=3 * times, donors=2 * times, significance=2.5 * earn)
        if kind == "residual":
            return Growth(leaf=30 * times, donors=10 * times, significance=3.5 * earn)
        return Growth(leaf=10 * times, donors=10 * times, significance=2.5 * earn)

    def smoothing(self, kind: str) -> float:
        return (0.5 if kind == "category" else 3.0) * float(2**self.level)


class Trees(ChainSynthesizer):
    """A chain of honest tree ensembles.

    Args:
        trees: trees a field, at least 1. Fitting time grows with it, sampling time does not.
        limit: the most that the membership and nearer-to-training figures on rows kept aside may be (.5: nothing remembered),
            beyond one standard error, before the model grows again coarser.
    """

    name: ClassVar[str] = "trees"
    cost = "cheap"
    block_size: int = 8192
    TIGHTENINGS = 4
    work = WORK
    rounds = 2
    """Splits of a small table on which memorising is measured; the figures are their mean."""
    measures = True
    """It asks of itself whether it remembers its rows, and grows coarser until it does not."""

    def __init__(self, *, trees: int = 16, limit: float = 0.52, protection: Protection | None = None) -> None:
        super().__init__(protection=protection)
        self.trees = trees
        self.limit = limit

    # -- learning

    def _lighten(self) -> None:
        self.measures, self.rounds = False, 1  # the race measures memorising itself
        self.work /= 4

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        fields = codec.fields
        self._binnings = [Binning.of(f) for f in fields]
        self._order = chain_order(fields)
        self._use = conditioning_sets(fields, encoded, self._order, seed.child("screening"))
        splits = kept_aside(encoded.rows, self.rounds, seed.child("aside").generator())
        fitting = _Fitting(self, fields, encoded, budget, progress)
        parts = [fitting.part(learn) for learn, _ in splits]
        chosen = [
            fitting.kinds(part, aside, seed.child("kinds", i)) for i, (part, (_, aside)) in enumerate(zip(parts, splits, strict=True))
        ]
        kinds = _commonest_kinds(chosen)
        self._caution, self._found, self._relearned = Caution(), None, encoded.rows < LARGE or not self.measures
        for level in range(self.TIGHTENINGS + 1) if self.measures else ():
            self._caution = Caution(level)
            trials = [
                fitting.fit(part, aside, self._caution, seed.child("fit", level, i), kinds)
                for i, (part, (_, aside)) in enumerate(zip(parts, splits, strict=True))
            ]
            self._conditionals = trials[0].conditionals
            self._found = pooled([t.memorising for t in trials])
            if self._found is None or self._found.safe(self.limit) or budget.exhausted:
                break
        if self._relearned:
            whole = fitting.part(np.arange(encoded.rows))
            self._conditionals = fitting.fit(whole, None, self._caution, seed.child("final"), kinds).conditionals

    def _tell_learning(self, record: FitRecord) -> None:
        fields = self.codec.fields
        record.figures["chain"] = [fields[j].name for j in self._order]
        record.figures["caution"] = self._caution.level
        for j, conditional in self._conditionals.items():
            if conditional.kind == "residual":
                what, why = "drawn as an expected place plus a residual", "scored better on rows kept aside than values from leaves"
                record.decide(fields[j].column, what, why)
        self._tell_memorising(record)

    def _tell_memorising(self, record: FitRecord) -> None:
        if self._found is not None:
            record.figures["memorising"] = self._found.to_dict()
        if not self.measures:
            record.note("What the model remembers of its rows was measured in the race, not by itself.")
            return
        record.note(told(self._found, self.limit, self._caution.level, self._relearned))

    # -- drawing

    def _chain(self, conditioned: Any) -> list[int]:
        return self._order

    def _workspace(self, rows: int, chain: list[int]) -> NDArray[np.uint8]:
        return np.zeros((rows, len(self._binnings)), np.uint8)

    def _take(self, work: NDArray[np.uint8], index: NDArray[np.integer]) -> NDArray[np.uint8]:
        return np.asarray(work[index])

    def _join(self, works: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        return np.concatenate(works)

    def _note(self, j: int, work: NDArray[np.uint8], drawn: Encoded) -> None:
        work[:, j] = self._binnings[j].table[drawn.tokens[j]]

    def _draw_field(
        self, j: int, work: Any, drawn: Encoded, known: list[int], rng: np.random.Generator, restriction: Restriction | None
    ) -> Draw:
        return self._conditionals[j].draw(work, rng, restriction)

    def _log_mass(
        self, j: int, work: Any, drawn: Encoded, known: list[int], tokens: Tokens, rng: np.random.Generator, effort: int = 1
    ) -> Floats:
        found = [self._conditionals[j].token_mass(work, tokens, rng) for _ in range(effort)]
        return np.asarray(np.log((1 - UNSEEN) * np.mean(found, axis=0) + UNSEEN * self.codec.fields[j].shares[tokens] + 1e-300))

    # -- saving

    def _learned(self) -> State:
        arrays: dict[str, NDArray[Any]] = {}
        facts = []
        for j in self._order:
            conditional = self._conditionals[j]
            arrays.update(conditional.arrays(f"field{j}"))
            facts.append({"field": j, "kind": conditional.kind, **conditional.facts()})
        return State({"fields": facts}, arrays)

    def _relearn(self, state: State) -> None:
        fields = self.codec.fields
        self._binnings = [Binning.of(f) for f in fields]
        kinds = {c.kind: c for c in (DonorTrees, ResidualTrees)}
        self._order = []
        self._conditionals = {}
        for entry in state.manifest["fields"]:
            j = entry["field"]
            self._order.append(j)
            self._conditionals[j] = kinds[entry["kind"]].from_arrays(fields[j], state.arrays, f"field{j}", entry)


@dataclasses.dataclass
class _Part:
    """Rows to learn, as they are and as trees see them; and where numbers lie in them, found once, for caution does not change it."""

    learned: Encoded
    features: Features
    located: dict[int, Located] = dataclasses.field(default_factory=dict)

    def some(self, most: int, stream: Stream) -> _Part:
        """A random choice of the rows, where there are more than `most`."""
        if self.learned.rows <= most:
            return self
        chosen = stream.generator().permutation(self.learned.rows)[:most]
        return _Part(self.learned.take(chosen), self.features.take(chosen))


@dataclasses.dataclass
class _Trial:
    """One chain fitted, and what the rows kept aside say of it."""

    conditionals: dict[int, Conditional]
    memorising: Memorising | None


class _Fitting:
    """Fits chains on parts of the encoded rows."""

    def __init__(self, model: Trees, fields: list[Field], encoded: Encoded, budget: Budget, progress: Progress) -> None:
        self.model, self.fields, self.encoded = model, fields, encoded
        self.budget, self.progress = budget, progress

    def part(self, rows: NDArray[np.int64]) -> _Part:
        learned = self.encoded.take(rows)
        return _Part(learned, Features.of(self.model._binnings, learned))

    def fit(self, part: _Part, aside: NDArray[np.int64] | None, caution: Caution, stream: Stream, kinds: dict[int, str]) -> _Trial:
        """A chain learned on the part, whose memorising is measured on the rows `aside`."""
        conditionals: dict[int, Conditional] = {}
        self.progress.stage("learn", len(self.model._order))
        for done, j in enumerate(self.model._order):
            trees = 2 if self._hurried else self.model.trees
            conditionals[j] = self._made(kinds[j], j, part, caution, trees, stream.child(self.fields[j].name))
            self.progress.advance(done + 1)
        if aside is None or len(aside) == 0:
            return _Trial(conditionals, None)
        unseen = self.encoded.take(aside)
        return _Trial(conditionals, self._memorising(conditionals, part.learned, unseen, stream.child("memorising")))

    # -- which way a number is drawn

    def kinds(self, part: _Part, aside: NDArray[np.int64], stream: Stream) -> dict[int, str]:
        """For every field the way that the rows `aside` prefer."""
        if len(aside) == 0:
            return dict.fromkeys(self.model._order, "donors")
        unseen = self.encoded.take(aside[:SCORED_ROWS])
        rows = np.ascontiguousarray(Features.of(self.model._binnings, unseen).bins.T)
        return {j: self._kind(j, part, unseen.tokens[j], rows, stream.child(self.fields[j].name)) for j in self.model._order}

    def _kind(self, j: int, part: _Part, unseen: Tokens, rows: NDArray[np.uint8], stream: Stream) -> str:
        """By the mean log-probability of the group that a row kept aside falls in."""
        if self._hurried or not self._worth_locating(j, part, stream.child("worth")):
            return "donors"
        some = part.some(CHOICE_ROWS, stream.child("choice"))
        low, high = group_bounds(self.fields[j], unseen)

        def score(kind: str) -> float:
            conditional = self._made(kind, j, some, Caution(), min(CHOICE_TREES, self.model.trees), stream)
            mass = conditional.interval_mass(rows, low, high, stream.child("score", kind).generator())
            return float(np.log(0.98 * mass + 0.02 / GROUPS).mean())

        return "residual" if score("residual") > score("donors") + BETTER else "donors"

    def _worth_locating(self, j: int, part: _Part, stream: Stream) -> bool:
        field, use, learned = self.fields[j], self.model._use[j], part.learned
        if field.kind != "numeric" or len(use) == 0 or len(self.fields) >= WIDE:
            return False
        scale = Scale.of(field)
        leaves_suffice = float(field.shares[field.atom].sum()) > 0.5 and learned.rows >= LARGE
        if scale.tokens < MINIMAL_TOKENS or leaves_suffice:
            return False
        some = stream.generator().permutation(learned.rows)[:6_000]
        scores = scale.score(learned.tokens[j][some], np.full(len(some), 0.5))
        if np.isfinite(scores).sum() < 100 or float(np.nanvar(scores)) <= 0:
            return False
        few = part.features.take(some)
        _, rest = fit_location(few.bins, few.ordered, few.sizes, use, scores, stream.child("quick"), folds=2, trees=25)
        return 1 - float(np.nanvar(rest)) / float(np.nanvar(scores)) > WORTH_LOCATING

    # -- one field

    @property
    def _hurried(self) -> bool:
        return self.budget.exhausted or self.progress.cancelled

    def _made(self, kind: str, j: int, part: _Part, caution: Caution, trees: int, stream: Stream) -> Conditional:
        field, use, features = self.fields[j], self.model._use[j], part.features
        role = "category" if field.kind == "categorical" else "residual" if kind == "residual" else "number"
        trees, rows = self._affordable(trees, part.learned.rows)
        growth, smoothing = caution.growth(role), caution.smoothing(role)
        held = min(growth.donors, max(3, int(MOST_HELD * (1 - growth.structure) * part.learned.rows)))
        growth = dataclasses.replace(growth, trees=trees, rows=rows, donors=held)
        tokens, positions = part.learned.tokens[j], part.learned.positions[j]
        if kind == "donors":
            return DonorTrees.fit(field, tokens, features, use, growth, smoothing, stream.child(kind))
        if j not in part.located:
            part.located[j] = Located.fit(field, tokens, positions, features, use, stream.child(kind), FOLDS)
        return ResidualTrees.around(part.located[j], features, use, growth, smoothing, stream.child(kind))

    def _affordable(self, trees: int, rows: int) -> tuple[int, int]:
        """Trees a field, and rows a tree, that keep to `WORK`; every tree sees rows of its own."""
        looked_at = max(1, sum(len(use) for use in self.model._use.values()))
        seen = int(min(rows, max(LEAST_TREE_ROWS, self.model.work / (trees * looked_at))))
        return int(min(trees, max(LEAST_TREES, self.model.work / (looked_at * seen)))), seen

    def _memorising(self, conditionals: dict[int, Conditional], learned: Encoded, unseen: Encoded, stream: Stream) -> Memorising:
        rows = learned.rows
        work = np.zeros((rows, len(self.fields)), np.uint8)
        made = Encoded([np.zeros(rows, f.token_type) for f in self.fields], [None] * len(self.fields))
        for j in self.model._order:
            rng = stream.child(self.fields[j].name).generator()
            draw = conditionals[j].draw(work, rng, None)
            made.tokens[j] = draw.tokens
            free = not self.fields[j].all_atoms
            made.positions[j] = rng.random(rows).astype(np.float32) if draw.positions is None and free else draw.positions
            self.model._note(j, work, made)
        return memorising(self.fields, learned, unseen, made, stream.child("rows").generator())


def group_bounds(field: Field, tokens: NDArray[Any]) -> tuple[Floats, Floats]:
    """(n,) the interval of coordinates of the group that each token belongs to: `GROUPS` parts of equal share, NULL alone."""
    group = np.minimum((rank_scores(field) * GROUPS).astype(np.int64), GROUPS - 1) + 1
    if field.null_token is not None:
        group[field.null_token] = 0
    first = np.searchsorted(group, np.arange(GROUPS + 1), side="left").astype(np.float64)
    last = np.searchsorted(group, np.arange(GROUPS + 1), side="right") - 1.0
    atoms = field.atom[np.clip(last, 0, field.size - 1).astype(np.int64)]
    own = group[tokens]
    return first[own], np.where(atoms[own], last[own], last[own] + 1 - 1e-9)


def _commonest_kinds(found: list[dict[int, str]]) -> dict[int, str]:
    """For every field the way that most splits chose; the simpler one on a tie."""
    fields = found[0].keys()
    return {j: "residual" if sum(kinds[j] == "residual" for kinds in found) * 2 > len(found) else "donors" for j in fields}
