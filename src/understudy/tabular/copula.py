"""The mixed-type Gaussian copula as a synthesizer: the learner for small tables of numbers, with exact conditions on any column.

Every value is a latent normal seen through the column's own margin, numbers as points, categories and heaped values as intervals
(Hoff, "Extending the rank likelihood for semiparametric copula estimation", Annals of Applied Statistics 1, 2007). Where rows that were
held out ask for it, several copulas are mixed: one for each value of some column, or for hidden classes, up to some hundred on large
tables (Gaussian mixture copulas: Tewari, Giering & Raghunathan 2011). Conditions are met in closed form or by weighted truncated
draws, never by drawing again.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from understudy.core.artifact import State
from understudy.core.random import Stream
from understudy.tabular.chain import Efficiency
from understudy.tabular.copula_completion import complete, log_evidence
from understudy.tabular.copula_fit import Partition, Watch, fit_model
from understudy.tabular.copula_model import CopulaModel, Stratum, hold
from understudy.tabular.fields import Allowed, Encoded, Floats, Mask
from understudy.tabular.latent import Margins, dimensions
from understudy.tabular.ordered_pairs import OrderedPairs
from understudy.tabular.synthesizer import Conditions, ScarceRowsWarning, TableSynthesizer

if TYPE_CHECKING:
    from understudy.core.budget import Budget
    from understudy.core.progress import Progress
    from understudy.core.record import FitRecord
    from understudy.tabular.codec import Codec
    from understudy.tabular.codec.protection import Protection

PARTICLES = 4096
SCARCE = 0.01
"""Effective sample size as a share of the particles below which a warning is given."""


@dataclass(frozen=True)
class _Prepared(Conditions):
    """Conditions with the ways to meet them, found once a call."""

    strata: tuple[Stratum, ...] = ()


class Copula(TableSynthesizer):
    """A Gaussian copula, or a mixture of them.

    Attributes:
        model: the fitted `CopulaModel`; ``model.log_density(encoded, stream)`` is the log density of encoded rows.
    """

    name: ClassVar[str] = "copula"
    cost = "cheap"
    keeps_bounds = True
    model: CopulaModel

    def __init__(self, *, protection: Protection | None = None) -> None:
        super().__init__(protection=protection)
        self._notes: list[str] = []
        self._figures: dict[str, Any] = {}
        self._partition: Partition | None = None
        self._followed: Partition | None = None

    def log_density(self, encoded: Encoded, *, seed: int = 0) -> NDArray[np.float64]:
        """(n,) log density of rows encoded by `codec`: over the unit scale where they are points, a mass where they are atoms."""
        return self.model.log_density(encoded, Stream(seed))

    # -- learning

    def _follow(self, other: TableSynthesizer) -> None:
        self._followed = other._partition if isinstance(other, Copula) else None

    def _learn(self, encoded: Encoded, codec: Codec, *, seed: Stream, budget: Budget, progress: Progress) -> None:
        progress.stage("learn dependence")
        trials: list[str] = []

        def heard(text: str) -> None:
            trials.append(text)
            progress.note(text)

        watch = Watch(heard, lambda: budget.exhausted or progress.cancelled)
        self.model, self._partition = fit_model(codec.fields, encoded, seed, watch, self._followed)
        self._notes = [f"Gaussian copula with {self._partition.describe(codec.fields)}, {self.model.components} in all."]
        self._figures = {"components": self.model.components, "trials": trials}

    def _tell_learning(self, record: FitRecord) -> None:
        for note in self._notes:
            record.note(note)
        record.figures.update(self._figures)

    # -- drawing

    def _draw(self, size: int, rng: Stream, conditions: Conditions | None) -> Encoded:
        allowed = {} if conditions is None else conditions.allowed
        mend = self._mend(allowed)
        if not allowed:
            return self.model.draw(size, rng, mend)
        strata = conditions.strata if isinstance(conditions, _Prepared) else self._strata(allowed)
        drawn = self.model.draw_given(size, list(strata), rng, mend)
        hold(drawn, self.model, allowed)
        return drawn

    def _mend(self, allowed: dict[int, Allowed]) -> OrderedPairs | None:
        """What puts declared inequalities right; None where there are none."""
        main = {f.column: j for j, f in enumerate(self.codec.fields) if f.main and f.kind == "numeric"}
        pairs = [(main[low], main[high]) for low, high, _ in self.constraints.bounds if low in main and high in main]
        return OrderedPairs(self.model, self.codec, pairs, allowed) if pairs else None

    # -- partial rows

    def _complete(self, known: Encoded, given: Mask, rng: Stream, allowed: Mapping[int, Allowed]) -> Encoded:
        return complete(self.model, known, given, rng, allowed)

    def _log_prob(self, rows: Encoded) -> Floats:
        everything = np.ones((rows.rows, len(rows.tokens)), bool)
        bins = Encoded(rows.tokens, [None] * len(rows.tokens))
        return log_evidence(self.model, bins, everything, Stream(0).child("probability"))

    def _law(self, j: int, known: Encoded, given: Mask) -> Floats:
        """By Bayes' rule: the probability of all that is given with each token in its turn."""
        given, field, columns = given.copy(), self.codec.fields[j], []
        given[:, j] = True
        for token in range(field.size):
            tokens = [np.full(known.rows, token, field.token_type) if k == j else t for k, t in enumerate(known.tokens)]
            positions = [None if k == j else p for k, p in enumerate(known.positions)]
            columns.append(log_evidence(self.model, Encoded(tokens, positions), given, Stream(0).child("law")))
        log_law = np.stack(columns, axis=1)
        law = np.exp(log_law - log_law.max(axis=1, keepdims=True))
        return np.asarray(law / law.sum(axis=1, keepdims=True))

    # -- conditions

    def _ready(self, conditions: Conditions) -> Conditions:
        if not conditions.allowed:
            return conditions
        strata = self._strata(conditions.allowed)
        found = _efficiency(strata)
        if found.effective < SCARCE:
            warnings.warn(
                f"The conditions have density or probability {found.probability:.2g} in this model, and only {found.effective:.1%} of the "
                "weighted draws count: conditioned columns may repeat one another.",
                ScarceRowsWarning,
                stacklevel=5,
            )
        return _Prepared(**{f.name: getattr(conditions, f.name) for f in fields(conditions)}, strata=strata)

    def efficiency(self, given: Any) -> Efficiency:
        """The probability of conditions in this model (a density where they fix exact numbers), and the effective sample size of the
        weighted draws that meet them, a candidate; 1 where the draw is exact.

        Raises:
            ConditionError: they cannot be met.
        """
        return _efficiency(self._strata(self._compiled(given).allowed))

    def _strata(self, allowed: dict[int, Allowed]) -> tuple[Stratum, ...]:
        return tuple(self.model.strata(allowed, Stream(0).child("conditions")))

    # -- saving

    def _learned(self) -> State:
        margins, model = self.model.margins, self.model
        arrays: dict[str, NDArray[Any]] = {
            "weights": margins.weights,
            "location": margins.location,
            "spread": margins.spread,
            "correlations": model.correlations,
        }
        for d, dim in enumerate(margins.dims):
            shares = margins.shares[d]
            if shares is not None:
                arrays[f"shares.{d}"] = shares
            if self.codec.fields[dim.field].kind == "categorical":
                arrays[f"order.{dim.field}"] = dim.order
            if dim.role == "value" and self.codec.fields[dim.field].null_token is not None:
                arrays[f"selected.{dim.field}"] = dim.cumulative
        if model.key_tokens is not None:
            arrays["key_tokens"] = model.key_tokens
        return State({"key": model.key}, arrays)

    def _relearn(self, state: State) -> None:
        arrays, key = state.arrays, state.manifest["key"]
        dims = dimensions(self.codec.fields, _numbered("order.", arrays), key, _numbered("selected.", arrays))
        shares = [arrays.get(f"shares.{d}") for d in range(len(dims))]
        margins = Margins(dims, arrays["weights"], arrays["location"], arrays["spread"], shares)
        self.model = CopulaModel(self.codec.fields, margins, arrays["correlations"], key, arrays.get("key_tokens"))


def _numbered(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[int, NDArray[Any]]:
    return {int(name.removeprefix(prefix)): array for name, array in arrays.items() if name.startswith(prefix)}


def _efficiency(strata: tuple[Stratum, ...]) -> Efficiency:
    masses = np.exp(np.array([s.log_mass for s in strata]))
    effective = float(masses @ [s.effective_share for s in strata] / masses.sum()) if masses.sum() > 0 else 0.0
    return Efficiency(float(masses.sum()), effective, PARTICLES * len(strata))
