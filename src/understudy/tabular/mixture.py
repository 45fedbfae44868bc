"""A mixture of Chow–Liu trees as a synthesizer: exact likelihood, and exact conditions on any columns at once, without torch.

Each component is a tree of dependence of its own; some dozens of them together say what no tree can (Meilă & Jordan, "Learning with
mixtures of trees", JMLR 1, 2000; a shallow probabilistic circuit in the words of Choi, Vergari & Van den Broeck 2020). What is notable:

- tables stay small: trees stand on groups of tokens (`grouping.py`), the token inside its group is drawn by the component's own shares;
- what a component has too few rows to know comes from all rows, shifted by its own shares (`tree_mixture_fit.py`);
- under conditions the model is again a mixture of trees, so conditioned rows are drawn as fast as others (`tree_mixture.py`);
- partial rows are filled in by messages, row by row (`messages.py`);
- rows kept aside choose how many components there are and how fine the groups, and it asks of itself whether it remembers its rows
  (`memorising.py`), and learns again, coarser, until it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.errors import ArtifactError
from understudy.tabular.chain import Efficiency, token_weights
from understudy.tabular.fields import Allowed, Encoded, Field, Floats, Mask, Positions, Tokens
from understudy.tabular.grouping import Grouping, group_fields
from understudy.tabular.memorising import LARGE, Memorising, kept_aside, memorising, pooled, told
from understudy.tabular.messages import complete, law
from understudy.tabular.synthesizer import Conditions, TableSynthesizer
from understudy.tabular.tree_mixture import Inside, Rows, TreeMixture, table_starts
from understudy.tabular.tree_mixture_fit import Common, Smoothing, learn

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.random import Stream
    from understudy.core.record import FitRecord
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection

GROUPS = (32, 16, 8)
"""Groups of a number that are tried: from the finest down, as long as rows kept aside become likelier."""
LEVELS = (2, 0, -1)
"""Levels of caution that are tried, in the same way: each takes twice as much from all rows as the one below it."""
COMPONENTS = (1, 8, 32, 128, 512)
"""Components that are tried, from few to many, in the same way."""
BETTER = 0.01
"""Mean log probability by which what is tried must be better."""
WORK = 6e9
"""Rows × fields × components looked at in all steps of one trial, at the most: about twenty seconds on one core."""
CELLS = 8e6
"""Probabilities in all tables, at the most."""
MOST_ROWS = 200_000
"""Rows that trees are learned from, at the most."""
MOST_ASIDE = 5_000
LAST_POSITION = np.float32(1 - 2.0**-24)


@dataclass(frozen=True)
class Setting:
    """How finely the mixture looks: groups of a number, components, and a level of caution, each of which takes twice as much from all rows
    as the one below."""

    groups: int
    components: int
    level: int = LEVELS[0]

    @property
    def smoothing(self) -> Smoothing:
        return Smoothing().times(2.0**self.level)

    def coarser(self) -> Setting:
        """A step coarser: half the components, a level up."""
        return replace(self, components=max(1, self.components // 2), level=self.level + 1)


@dataclass(frozen=True)
class _Prepared(Conditions):
    """Conditions with what they leave of the model, found once a call."""

    model: TreeMixture | None = None


class Mixture(TableSynthesizer):
    """A mixture of trees.

    Args:
        components: how many; chosen by rows kept aside where None.
        limit: the most that the membership and nearer-to-training figures on rows kept aside may be (.5: nothing remembered),
            beyond one standard error, before the model is learned again coarser.

    Attributes:
        model: the fitted `TreeMixture`.
    """

    name: ClassVar[str] = "mixture"
    cost = "moderate"
    TIGHTENINGS: int = 4
    rounds: int = 2
    """Splits of a small table on which memorising is measured; the figures are their mean."""
    model: TreeMixture

    def __init__(self, *, components: int | None = None, limit: float = 0.52, protection: Protection | None = None) -> None:
        super().__init__(protection=protection)
        self.components = components
        self.limit = limit

    # -- learning

    def _lighten(self) -> None:
        self.TIGHTENINGS, self.rounds = 0, 1  # the race measures memorising itself

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        splits = kept_aside(encoded.rows, self.rounds, seed.child("aside").generator())
        search = _Search(codec, encoded, seed, budget, progress)
        self._setting, self.model = search.best(*splits[0], self.components)
        self._trials, self._found, self._steps = search.trials, None, 0
        for step in range(self.TIGHTENINGS + 1):
            models = [self.model, *[None] * (len(splits) - 1)]
            found = [search.memorising(self._setting, split, model) for split, model in zip(splits, models, strict=True)]
            self._found = pooled(found)
            if self._found is None or self._found.safe(self.limit) or step == self.TIGHTENINGS or search.hurried:
                break
            self._setting, self._steps = self._setting.coarser(), step + 1
            self.model = search.fit(self._setting, splits[0][0])
        self._relearned = encoded.rows < LARGE and not search.hurried
        if self._relearned:
            self.model = search.fit(self._setting, np.arange(encoded.rows))

    def _tell_learning(self, record: FitRecord) -> None:
        components = self.model.components
        record.note(f"Mixture of {components} tree{'s' * (components > 1)} of dependence, numbers in about {self._setting.groups} groups.")
        record.figures.update({"components": components, "groups": self._setting.groups, "caution": self._steps})
        record.figures["trials"] = self._trials
        if self._found is not None:
            record.figures["memorising"] = self._found.to_dict()
        record.note(told(self._found, self.limit, self._steps, self._relearned))

    # -- drawing

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        allowed = {} if conditions is None else conditions.allowed
        model = self.model
        if allowed:
            prepared = conditions.model if isinstance(conditions, _Prepared) else None
            model = prepared or self._given(allowed)[0]
        tokens = model.draw(size, rng.child("component").generator().random(size), self._uniform(size, rng))
        positions = [self._positions(j, tokens[j], allowed.get(j), rng) if j in allowed else None for j in range(len(tokens))]
        return Encoded(_typed(tokens, self.codec.fields), positions)

    def _uniform(self, size: int, rng: Stream) -> Floats:
        """(size, fields) one uniform number a cell, each field by its own name."""
        out = np.empty((size, len(self.codec.fields)))
        for j, field in enumerate(self.codec.fields):
            out[:, j] = rng.child(field.name).generator().random(size)
        return out

    def _positions(self, j: int, tokens: NDArray[np.integer[Any]], allowed: Allowed | None, rng: Stream) -> Positions | None:
        """Places in the bins, evenly over what is allowed of each; None where every token is an atom."""
        field = self.codec.fields[j]
        if field.all_atoms:
            return None
        low, high = (-np.inf, np.inf) if allowed is None else (allowed.low, allowed.high)
        start, stop = np.clip(low - tokens, 0.0, 1.0), np.clip(high - tokens, 0.0, 1.0)
        positions = start + rng.child(field.name, "position").generator().random(len(tokens)) * np.maximum(stop - start, 0.0)
        return np.where(field.atom[tokens], np.float32(0), np.minimum(positions.astype(np.float32), LAST_POSITION))

    # -- conditions

    def _ready(self, conditions: Conditions) -> Conditions:
        if not conditions.allowed:
            return conditions
        compiled = {f.name: getattr(conditions, f.name) for f in fields(conditions)}
        return _Prepared(**compiled, model=self._given(conditions.allowed)[0])

    def efficiency(self, given: Any) -> Efficiency:
        """The probability of conditions in this model; every draw meets them and counts in full.

        Raises:
            ConditionError: they cannot be met.
        """
        allowed = self._compiled(given).allowed
        return Efficiency(float(np.exp(self._given(allowed)[1])) if allowed else 1.0, 1.0, self.block_size)

    def _given(self, allowed: Mapping[int, Allowed]) -> tuple[TreeMixture, float]:
        return self.model.given({j: self._share(j, one) for j, one in allowed.items()})

    def _share(self, j: int, allowed: Allowed) -> Floats:
        """(tokens,) the share of each token that is allowed; a single point of a bin stands for the bin."""
        share = token_weights(self.codec.fields[j], allowed)
        return share if share.any() else allowed.mask.astype(np.float64)

    # -- partial rows, probabilities

    def _complete(self, known: Encoded, given: Mask, rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        rows, size = self._rows(known), known.rows
        component, uniform = rng.child("component").generator().random(size), self._uniform(size, rng)
        places = complete(self.model, rows, given, {j: self._share(j, one) for j, one in allowed.items()}, component, uniform)
        tokens: list[Tokens] = []
        positions: list[Positions | None] = []
        for j, field in enumerate(self.codec.fields):
            found = np.where(given[:, j], known.tokens[j], self.model.groupings[j].order[places[:, j]])
            drawn, kept = self._positions(j, found, allowed.get(j), rng), known.positions[j]
            tokens.append(found.astype(field.token_type))
            positions.append(drawn if drawn is None or kept is None else np.where(given[:, j], kept, drawn))
        return Encoded(tokens, positions)

    def _log_prob(self, rows: Encoded) -> Floats:
        return self.model.log_prob(self._rows(rows))

    def _law(self, j: int, known: Encoded, given: Mask) -> Floats:
        return law(self.model, j, self._rows(known), given)

    def _rows(self, encoded: Encoded) -> Rows:
        return Rows.of(self.model.groupings, encoded)

    # -- saving

    def _learned(self) -> State:
        model = self.model
        arrays: dict[str, NDArray[Any]] = {
            "weights": model.weights,
            "parents": model.parents,
            "tables": model.tables,
            "inside": model.inside.values,
            "groups": np.concatenate([g.table for g in model.groupings]),
            "own": model.inside.strides > 0,
        }
        return State({}, arrays)

    def _relearn(self, state: State) -> None:
        arrays, fields = state.arrays, self.codec.fields
        ends = np.cumsum([f.size for f in fields])
        weights, parents, tables, own = (arrays[name] for name in ("weights", "parents", "tables", "own"))
        shapes = arrays["groups"].shape == (ends[-1],) and parents.shape == (len(weights), len(fields)) and own.shape == (len(fields),)
        if not shapes or parents.max() >= len(fields) or not _trees_only(parents):
            raise _damaged()
        groupings = [Grouping.of(table) for table in np.split(arrays["groups"].astype(np.uint8), ends[:-1])]
        inside = Inside.empty(groupings, len(weights), own.astype(np.bool_))
        cells = table_starts(parents, np.array([g.size for g in groupings]))[1]
        if arrays["inside"].shape != inside.values.shape or tables.shape != (cells,):
            raise _damaged()
        inside = inside._replace(values=arrays["inside"].astype(np.float32))
        self.model = TreeMixture(groupings, weights.astype(np.float64), parents.astype(np.int32), tables.astype(np.float32), inside)


def _typed(tokens: list[NDArray[np.int32]], fields: list[Field]) -> list[Tokens]:
    return [t.astype(f.token_type) for t, f in zip(tokens, fields, strict=True)]


def _trees_only(parents: NDArray[np.integer[Any]]) -> bool:
    """No field is above itself."""
    above = parents
    for _ in range(parents.shape[1]):
        if (above < 0).all():
            return True
        above = np.where(above >= 0, np.take_along_axis(parents, np.maximum(above, 0), axis=1), -1)
    return False


def _damaged() -> ArtifactError:
    return ArtifactError(
        "The tables of the mixture do not fit one another.", where="learned", remedy="The file is damaged: save the model again."
    )


class _Found(NamedTuple):
    """A setting, the mixture learned under it, and the mean log probability that this gives to rows kept aside."""

    setting: Setting
    model: TreeMixture
    score: float


class _Search:
    """Fits mixtures to parts of the encoded rows, and finds the setting under which rows kept aside are likeliest."""

    def __init__(self, codec: Codec, encoded: Encoded, seed: Stream, budget: Budget, progress: Progress) -> None:
        self.fields, self.encoded, self.seed = codec.fields, encoded, seed
        self.budget, self.progress = budget, progress
        self.trials: list[dict[str, Any]] = []
        self._groupings: dict[int, list[Grouping]] = {}

    @property
    def hurried(self) -> bool:
        return self.budget.exhausted or self.progress.cancelled

    def best(self, learned: NDArray[np.int64], aside: NDArray[np.int64], components: int | None) -> tuple[Setting, TreeMixture]:
        """The likeliest setting for the rows ``aside`` and its model: the groups first, then caution, then the number of components."""
        few = min(COMPONENTS[1], self._most(GROUPS[0], len(learned)))
        start = Setting(GROUPS[-1] if len(aside) == 0 else GROUPS[0], components or few)
        model = self.fit(start, learned)
        if len(aside) == 0:
            return start, model
        found = _Found(start, model, self._score(start, model, aside))
        found = self._improved(found, [{"groups": groups} for groups in GROUPS[1:]], learned, aside)
        found = self._improved(found, [{"level": level} for level in LEVELS[1:]], learned, aside)
        if components is None:
            most = self._most(found.setting.groups, len(learned))
            found = self._improved(found, [{"components": n} for n in COMPONENTS if few < n <= most], learned, aside)
            found = self._improved(found, [{"components": 1}], learned, aside, 0.0)
        return found.setting, found.model

    def _improved(
        self,
        found: _Found,
        changes: list[dict[str, int]],
        learned: NDArray[np.int64],
        aside: NDArray[np.int64],
        better: float = BETTER,
    ) -> _Found:
        """The last of the changes, one after another, that makes the rows ``aside`` likelier; the first that does not is the last tried."""
        for change in changes:
            if self.hurried:
                break
            setting = replace(found.setting, **change)
            model = self.fit(setting, learned)
            score = self._score(setting, model, aside)
            if score <= found.score + better:
                break
            found = _Found(setting, model, score)
        return found

    def _most(self, groups: int, rows: int) -> int:
        """Components that can be afforded, and that some rows each are left for."""
        fields = len(self.fields)
        afforded = min(WORK / (16.0 * min(rows, MOST_ROWS) * fields), CELLS / (fields * groups**2))
        return int(max(1, min(afforded, rows / 8)))

    def _score(self, setting: Setting, model: TreeMixture, aside: NDArray[np.int64]) -> float:
        score = float(model.log_prob(Rows.of(model.groupings, self.encoded.take(aside[:MOST_ASIDE]))).mean())
        self.trials.append({**asdict(setting), "log_probability_aside": round(score, 4)})
        tried = f"{setting.components} components, {setting.groups} groups, level {setting.level}"
        self.progress.note(f"{tried}: mean log probability aside {score:.3f}")
        return score

    def fit(self, setting: Setting, learned: NDArray[np.int64]) -> TreeMixture:
        """A mixture learned from some rows; the state it is in where time runs out."""
        stream = self.seed.child("fit", setting.groups, setting.components)
        if setting.groups not in self._groupings:
            self._groupings[setting.groups] = group_fields(self.fields, self.encoded, setting.groups, self.seed.child("groups"))
        groupings = self._groupings[setting.groups]
        if len(learned) > MOST_ROWS:
            learned = np.sort(stream.child("rows").generator().permutation(learned)[:MOST_ROWS])
        common = Common(groupings, Rows.of(groupings, self.encoded.take(learned)))
        self.progress.stage("learn trees", total=None)
        components = max(1, min(setting.components, len(learned)))
        steps = learn(common, components, setting.smoothing, stream)
        model, done = next(steps), 1
        while not self.hurried and (better := next(steps, None)) is not None:
            model, done = better, done + 1
            self.progress.advance(done)
        return model

    def memorising(
        self, setting: Setting, split: tuple[NDArray[np.int64], NDArray[np.int64]], model: TreeMixture | None
    ) -> Memorising | None:
        """What a mixture remembers of the rows that it learned; it is fitted first where there is none."""
        learned, aside = split
        if len(aside) == 0 or self.hurried:
            return None
        model = model or self.fit(setting, learned)
        stream, size = self.seed.child("memorising"), len(learned)
        rng = stream.child("made").generator()
        tokens = model.draw(size, rng.random(size), rng.random((size, len(self.fields))))
        positions = [
            None if f.all_atoms else np.where(f.atom[t], 0, rng.random(size)).astype(np.float32)
            for f, t in zip(self.fields, tokens, strict=True)
        ]
        made = Encoded(_typed(tokens, self.fields), positions)
        known, unseen = self.encoded.take(learned), self.encoded.take(aside)
        return memorising(self.fields, known, unseen, made, stream.child("rows").generator())
