"""Distributions as a spec names them: SciPy's by SciPy's own names and parameters, and three made of others.

    {norm: {loc: 3, scale: 1}}      {gamma: {a: 2, scale: 10}}      {poisson: {mu: 3}}      {uniform: {loc: 0, scale: 5}}
    {mixture: [{share: 0.9, law: {…}}, {share: 0.1, law: {…}}]}
    {histogram: {edges: [0, 10, 100], shares: [3, 1]}}
    {values: {1: 0.5, 2: 0.3, 9: 0.2}}

Every distribution of `scipy.stats` is there (names and parameters: https://docs.scipy.org/doc/scipy/reference/stats.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.rules.distributions import PARAMETERS

COMPOSED = ("mixture", "histogram", "values")
COMMON = (
    "norm", "uniform", "lognorm", "expon", "gamma", "beta", "poisson", "binom", "nbinom", "geom", "zipfian", "randint",
    "pareto", "weibull_min",
)  # fmt: skip
USUAL = {
    "normal": "norm", "gaussian": "norm", "exponential": "expon", "lognormal": "lognorm", "binomial": "binom", "student_t": "t",
    "negative_binomial": "nbinom", "geometric": "geom", "weibull": "weibull_min", "triangular": "triang", "zipf_bounded": "zipfian",
}  # fmt: skip


class Part(BaseModel):
    """A part of a mixture: its share (any positive weight) and its law."""

    model_config = ConfigDict(extra="forbid")

    share: float = Field(gt=0, allow_inf_nan=False)
    law: Law


class Histogram(BaseModel):
    """Bins between ascending edges, uniform inside. shares: one weight a bin."""

    model_config = ConfigDict(extra="forbid")

    edges: list[float] = Field(min_length=2)
    shares: list[float] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.shares) != len(self.edges) - 1:
            raise Contradiction(f"{len(self.edges)} edges make {len(self.edges) - 1} bins, but there are {len(self.shares)} shares.")
        if any(low >= high for low, high in zip(self.edges, self.edges[1:], strict=False)):
            raise Contradiction("The edges of a histogram ascend.")
        _require_weights(self.shares)
        return self


class Law(BaseModel):
    """A distribution of numbers: one name, and what it takes. In YAML `{name: {parameter: value}}`.

    name: of a distribution in `scipy.stats`, or "mixture", "histogram", "values". parameters: SciPy's shape parameters, loc and scale.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    _KEYS: ClassVar = {"name", "parameters", "mixture", "histogram", "values"}

    name: str
    parameters: dict[str, float] = Field(default_factory=dict)
    mixture: list[Part] | None = None
    histogram: Histogram | None = None
    values: dict[float, float] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_one_key(cls, stated: Any) -> Any:
        if isinstance(stated, str):
            stated = {stated: {}}
        if not isinstance(stated, Mapping) or "name" in stated:
            return stated
        if len(stated) != 1:
            raise Contradiction(f"A law is one name with its parameters; here are {len(stated)}.", "Write {norm: {loc: 0, scale: 1}}.")
        ((name, facts),) = stated.items()
        if name in COMPOSED:
            if name == "values" and isinstance(facts, list):
                facts = dict.fromkeys(facts, 1.0)
            return {"name": name, name: facts}
        return {"name": str(name), "parameters": facts or {}}

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.name == "values":
            _require_weights(list((self.values or {}).values()))
        if self.name in COMPOSED:
            return self
        known = parameters_of(self.name)
        if known is None:
            near = USUAL.get(self.name)
            remedy = f"Did you mean {near}?" if near else did_you_mean(self.name, [*COMMON, *COMPOSED, *scipy_parameters()])
            raise Contradiction(f'"{self.name}" is no distribution of scipy.stats.', remedy, at=(self.name,))
        for parameter in self.parameters:
            if parameter not in (*known, "loc", "scale"):
                raise Contradiction(
                    f'The distribution {self.name} has no parameter "{parameter}".',
                    did_you_mean(parameter, [*known, "loc", "scale"]),
                    at=(self.name, parameter),
                )
        # Over the rows of a table, Zipf's law ends where they do.
        missing = [p for p in known if p not in self.parameters and (self.name, p) != ("zipfian", "n")]
        if missing:
            raise Contradiction(f'The distribution {self.name} needs the parameter "{missing[0]}".', at=(self.name,))
        return self

    @model_serializer
    def _as_one_key(self) -> dict[str, Any]:
        if self.name == "mixture":
            return {"mixture": [{"share": part.share, "law": part.law.model_dump()} for part in self.mixture or []]}
        if self.name == "histogram" and self.histogram is not None:
            return {"histogram": self.histogram.model_dump()}
        if self.name == "values":
            return {"values": dict(self.values or {})}
        return {self.name: dict(self.parameters)}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        numbers = {"type": "object", "additionalProperties": {"type": "number"}}
        composed = {
            "mixture": {"type": "array", "items": {"type": "object", "required": ["share", "law"]}},
            "histogram": {"type": "object", "required": ["edges", "shares"]},
            "values": {"type": ["object", "array"]},
        }
        return {
            "type": "object",
            "description": "A distribution of scipy.stats by its name there, with its parameters; or a mixture, histogram or values.",
            "properties": {**dict.fromkeys(COMMON, numbers), **composed},
            "additionalProperties": numbers,
            "minProperties": 1,
            "maxProperties": 1,
        }


def _require_weights(weights: list[float]) -> None:
    if any(not 0 <= weight < float("inf") for weight in weights) or not sum(weights) > 0:
        raise Contradiction("Weights are numbers of at least 0, one of them above.")


def parameters_of(name: str) -> tuple[str, ...] | None:
    """The shape parameters of a distribution of `scipy.stats`; None where there is none of that name."""
    return PARAMETERS[name] if name in PARAMETERS else scipy_parameters().get(name)


@cache
def scipy_parameters() -> dict[str, tuple[str, ...]]:
    """The distributions of `scipy.stats`, with their shape parameters."""
    from scipy import stats

    laws = {name: law for name, law in vars(stats).items() if isinstance(law, stats.rv_continuous | stats.rv_discrete)}
    return {name: tuple(part.strip() for part in (law.shapes or "").split(",") if part.strip()) for name, law in laws.items()}
