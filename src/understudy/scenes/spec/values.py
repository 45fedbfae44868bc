"""Values of a description: a constant, or a distribution. In YAML:

    speed: 13.5                                          the same everywhere
    speed: {uniform: [8, 20]}                            evenly between
    speed: {normal: [13, 3], within: [5, 25]}            mean and standard deviation; cut off
    gap: {lognormal: [1.2, 0.4], within: [0.3, 6]}       median, and standard deviation of the logarithm
    lanes: {integer: [2, 4]}                             whole numbers, both ends included
    count: {poisson: 6, within: [0, 20]}                 counts
    wet: {chance: 0.3}                                   true or false
    kind: {choice: {sedan: 5, van: 1}}                   by weights; {choice: [sedan, van]}: evenly
    speed: {mixture: [{weight: 9, value: {normal: [13, 3]}}, {weight: 1, value: {normal: [25, 3]}}]}
    fog: {when: weather.kind, is: {foggy: {uniform: [0.01, 0.06]}}, else: 0}     by another value
    speed: {law: {gamma: {a: 2, scale: 5}}, within: [0, 40]}       any distribution of scipy.stats by its name

Every distribution is drawn through its inverse from one uniform number, so that values can be correlated, and searched, by that number.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from itertools import accumulate
from math import inf, isfinite
from typing import Annotated, Any, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_serializer,
    field_validator,
    model_validator,
)
from scipy import special

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.rules.distributions import continuous
from understudy.rules.law import Law

Constant: TypeAlias = bool | int | float | str
Lookup: TypeAlias = "Callable[[str], Constant]"
"""What another value of the scene is, by its path; an error where there is none."""

EDGE = 1e-12


class Distribution(BaseModel):
    """A value that varies."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    def at(self, u: float, lookup: Lookup) -> Constant:
        """The value at the quantile `u`, 0 < u < 1."""
        raise NotImplementedError


class _Ranged(Distribution):
    """A distribution that may be cut off: within [low, high], by its own law between them."""

    within: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.within is not None:
            low, high = self.within
            if not low < high:
                raise Contradiction(f"Nothing lies within [{low:g}, {high:g}].", "Write the lesser end first.", at=("within",))
            if not self._cdf(high) - self._cdf(low) > 1e-9:
                raise Contradiction(f"This distribution has next to nothing within [{low:g}, {high:g}].", at=("within",))
        return self

    def _cdf(self, x: float) -> float:
        raise NotImplementedError

    def _ppf(self, u: float) -> float:
        raise NotImplementedError

    def at(self, u: float, lookup: Lookup) -> Constant:
        low, high = self.within or (-inf, inf)
        below, above = (self._cdf(low) if isfinite(low) else 0.0), (self._cdf(high) if isfinite(high) else 1.0)
        found = self._ppf(min(max(below + u * (above - below), EDGE), 1 - EDGE))
        return min(max(found, low), high)


class Uniform(Distribution):
    """Evenly between two numbers."""

    uniform: tuple[float, float]

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if not self.uniform[0] <= self.uniform[1]:
            raise Contradiction("The lesser end of a range comes first.", at=("uniform",))
        return self

    def at(self, u: float, lookup: Lookup) -> Constant:
        low, high = self.uniform
        return low + u * (high - low)


class Normal(_Ranged):
    """Mean and standard deviation."""

    normal: tuple[float, Annotated[float, Field(gt=0)]]

    def _cdf(self, x: float) -> float:
        return float(special.ndtr((x - self.normal[0]) / self.normal[1]))

    def _ppf(self, u: float) -> float:
        return float(self.normal[0] + self.normal[1] * special.ndtri(u))


class Lognormal(_Ranged):
    """Median, and standard deviation of the logarithm."""

    lognormal: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]

    def _cdf(self, x: float) -> float:
        return float(special.ndtr(math.log(x / self.lognormal[0]) / self.lognormal[1])) if x > 0 else 0.0

    def _ppf(self, u: float) -> float:
        return self.lognormal[0] * math.exp(self.lognormal[1] * float(special.ndtri(u)))


class Triangular(Distribution):
    """Least, most likely, greatest."""

    triangular: tuple[float, float, float]

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        low, mode, high = self.triangular
        if not (low <= mode <= high and low < high):
            raise Contradiction("Write the least, the most likely and the greatest, in this order.", at=("triangular",))
        return self

    def at(self, u: float, lookup: Lookup) -> Constant:
        low, mode, high = self.triangular
        turn = (mode - low) / (high - low)
        if u < turn:
            return float(low + (u * (high - low) * (mode - low)) ** 0.5)
        return float(high - ((1 - u) * (high - low) * (high - mode)) ** 0.5)


class Integer(Distribution):
    """Whole numbers, evenly, both ends included."""

    integer: tuple[int, int]

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.integer[0] > self.integer[1]:
            raise Contradiction("The lesser end of a range comes first.", at=("integer",))
        return self

    def at(self, u: float, lookup: Lookup) -> Constant:
        low, high = self.integer
        return min(low + int(u * (high - low + 1)), high)


class Poisson(Distribution):
    """Counts of this mean, cut off within [least, most] where told."""

    poisson: float = Field(ge=0, le=1e6)
    within: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if self.within is not None and not 0 <= self.within[0] <= self.within[1]:
            raise Contradiction("Counts lie within [least, most], least first.", at=("within",))
        return self

    def at(self, u: float, lookup: Lookup) -> Constant:
        if self.poisson == 0:
            return self.within[0] if self.within else 0
        low, high = self.within or (0, 2**31)
        below = float(special.pdtr(low - 1, self.poisson)) if low else 0.0
        target = below + u * (float(special.pdtr(high, self.poisson)) - below)
        found = int(special.pdtrik(min(max(target, EDGE), 1 - EDGE), self.poisson)) if target > 0 else low
        while found > low and special.pdtr(found - 1, self.poisson) >= target:
            found -= 1
        while found < high and special.pdtr(found, self.poisson) < target:
            found += 1
        return min(max(found, low), high)


class Chance(Distribution):
    """True with this probability."""

    chance: float = Field(ge=0, le=1)

    def at(self, u: float, lookup: Lookup) -> Constant:
        return u < self.chance


class Choice(Distribution):
    """One of several, by weights (any scale)."""

    choice: dict[Constant, float]

    @model_validator(mode="before")
    @classmethod
    def _even(cls, stated: Any) -> Any:
        listed = stated.get("choice") if isinstance(stated, Mapping) else None
        if isinstance(listed, list | tuple):
            return {**stated, "choice": _mapping(listed) if _are_pairs(listed) else dict.fromkeys(listed, 1.0)}
        return stated

    @field_serializer("choice")
    def _plain(self, choice: dict[Constant, float]) -> Any:
        return _pairs(choice)

    @model_validator(mode="after")
    def _weighs(self) -> Self:
        _require_weights(list(self.choice.values()), "choice")
        return self

    def at(self, u: float, lookup: Lookup) -> Constant:
        return list(self.choice)[_slot(list(self.choice.values()), u)[0]]


class Share(BaseModel):
    """A part of a mixture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: float = Field(gt=0, allow_inf_nan=False)
    value: AnyValue


class Mixture(Distribution):
    """Several values, of which each item has one, by weights."""

    mixture: list[Share] = Field(min_length=1)

    def at(self, u: float, lookup: Lookup) -> Constant:
        slot, rest = _slot([share.weight for share in self.mixture], u)
        return constant(self.mixture[slot].value, rest, lookup)


class When(Distribution):
    """By another value of the scene."""

    when: str = Field(description="the path of another value: weather.kind; in an object also one of its own: speed")
    is_: dict[Constant, AnyValue] = Field(alias="is", min_length=1)
    otherwise: AnyValue = Field(alias="else")

    @field_validator("is_", mode="before")
    @classmethod
    def _from_pairs(cls, stated: Any) -> Any:
        return _mapping(stated) if _are_pairs(stated) else stated

    @field_serializer("is_", mode="wrap")
    def _plain(self, cases: dict[Constant, AnyValue], inner: Any) -> Any:
        return _pairs(dict(zip(cases, inner(cases).values(), strict=True)))

    def at(self, u: float, lookup: Lookup) -> Constant:
        return constant(self.is_.get(lookup(self.when), self.otherwise), u, lookup)


class Named(_Ranged):
    """Any distribution of scipy.stats, by its name and parameters there."""

    law: Law

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if not math.isfinite(self._ppf(0.5)):
            raise Contradiction(f"The distribution {self.law.name} has no such parameters.", at=("law",))
        return self

    def _cdf(self, x: float) -> float:
        return float(self._frozen().cdf(x))

    def _ppf(self, u: float) -> float:
        return float(self._frozen().ppf(u))

    def _frozen(self) -> Any:
        own = continuous(self.law.name, self.law.parameters)
        if own is not None:
            return own
        from scipy import stats

        return getattr(stats, self.law.name)(**self.law.parameters)


_KINDS: dict[str, type[Distribution]] = {
    "uniform": Uniform, "normal": Normal, "lognormal": Lognormal, "triangular": Triangular, "integer": Integer, "poisson": Poisson,
    "chance": Chance, "choice": Choice, "mixture": Mixture, "when": When, "law": Named,
}  # fmt: skip
_USUAL = {"gaussian": "normal", "range": "uniform", "between": "uniform", "bernoulli": "chance", "categorical": "choice", "if": "when"}


def _known(stated: Any) -> Any:
    """What stands in the place of a value, if it names one distribution or none. Raises `Contradiction` with the nearest name."""
    if isinstance(stated, Mapping) and len(named := [str(key) for key in stated if key in _KINDS]) != 1:
        if named:
            raise Contradiction(f"A value is one distribution; here are {', '.join(named)}.")
        wrong = next((str(key) for key in stated if key not in ("within", "is", "else")), "")
        near = f"Did you mean {_USUAL[wrong]}?" if wrong in _USUAL else did_you_mean(wrong, _KINDS, shown=20)
        raise Contradiction(f'"{wrong}" is no distribution.', near)
    return stated


def _tag(stated: Any) -> str:
    if isinstance(stated, Distribution):
        return next(name for name, kind in _KINDS.items() if type(stated) is kind)
    return next((str(key) for key in stated if key in _KINDS), "constant") if isinstance(stated, Mapping) else "constant"


AnyValue: TypeAlias = Annotated[
    Annotated[Constant, Tag("constant")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[Normal, Tag("normal")]
    | Annotated[Lognormal, Tag("lognormal")]
    | Annotated[Triangular, Tag("triangular")]
    | Annotated[Integer, Tag("integer")]
    | Annotated[Poisson, Tag("poisson")]
    | Annotated[Chance, Tag("chance")]
    | Annotated[Choice, Tag("choice")]
    | Annotated[Mixture, Tag("mixture")]
    | Annotated[When, Tag("when")]
    | Annotated[Named, Tag("law")],
    Discriminator(_tag),
    BeforeValidator(_known),
]
"""A constant or a distribution."""


class _Limits:
    """What constants a place takes; distributions are held to it at their ends, and draws to it always."""

    def __init__(self, kind: str, low: float = -inf, high: float = inf, words: tuple[str, ...] = ()) -> None:
        self.kind, self.low, self.high, self.words = kind, low, high, words

    def __call__(self, value: Any) -> Any:
        for end in possible(value):
            self.require(end)
        return value

    def require(self, value: Constant) -> Constant:
        """`value`, as this place's type. Raises `Contradiction` where it cannot be."""
        if self.kind == "word":
            if not isinstance(value, str) or (self.words and value not in self.words):
                raise Contradiction(f'"{value}" is not a choice here.', did_you_mean(str(value), self.words, shown=40))
            return value
        if self.kind == "switch":
            if not isinstance(value, bool):
                raise Contradiction(f"{value!r} is neither true nor false.")
            return value
        if isinstance(value, bool | str) or value != value:
            raise Contradiction(f"{value!r} is no number.", _with_exponent(value) if isinstance(value, str) else None)
        if self.kind == "count" and value != int(value):
            raise Contradiction(f"{value!r} is no whole number.")
        if not self.low <= value <= self.high:
            raise Contradiction(f"{value:g} lies outside {self.low:g} .. {self.high:g}.", "Change it, or cut the distribution: within.")
        return int(value) if self.kind == "count" else float(value)


def _with_exponent(text: str) -> str | None:
    """What to write for a number with an exponent that YAML takes for a word."""
    try:
        return f"In YAML it is written {float(text):.6e}: with a point, and a sign in the exponent."
    except ValueError:
        return None


def number(low: float = -inf, high: float = inf) -> AfterValidator:
    """A place for numbers within low .. high: `speed: Annotated[AnyValue, number(0, 50)] = 13.0`."""
    return AfterValidator(_Limits("number", low, high))


def count(low: int = 0, high: int = 10_000) -> AfterValidator:
    """A place for whole numbers within low .. high."""
    return AfterValidator(_Limits("count", low, high))


def switch() -> AfterValidator:
    """A place for true or false."""
    return AfterValidator(_Limits("switch"))


def word(*words: str) -> AfterValidator:
    """A place for one of these words."""
    return AfterValidator(_Limits("word", words=words))


def constant(value: Any, u: float, lookup: Lookup) -> Constant:
    """A constant as it is; a distribution at its quantile `u`."""
    if isinstance(value, Distribution):
        return value.at(min(max(u, EDGE), 1 - EDGE), lookup)
    assert isinstance(value, bool | int | float | str)
    return value


def normal_score(u: float) -> float:
    """The standard normal number at the quantile `u`."""
    return float(special.ndtri(min(max(u, EDGE), 1 - EDGE)))


def possible(value: Any) -> list[Constant]:
    """The constants that decide whether a value fits its place: itself, all choices, or both ends (far quantiles where there is none)."""
    match value:
        case Choice():
            return [word for word, weight in value.choice.items() if weight > 0]
        case Mixture():
            return [end for share in value.mixture for end in possible(share.value)]
        case When():
            return [end for inner in (*value.is_.values(), value.otherwise) for end in possible(inner)]
        case Distribution():
            return [value.at(u, _unasked) for u in (1e-6, 0.5, 1 - 1e-6)]
        case _:
            return [value]


def _unasked(path: str) -> Constant:
    raise AssertionError(path)


def _pairs(mapping: dict[Constant, Any]) -> Any:
    """A mapping as it is where JSON can hold it; pairs where its keys are no words."""
    return mapping if all(isinstance(key, str) for key in mapping) else [[key, value] for key, value in mapping.items()]


def _are_pairs(stated: Any) -> bool:
    return isinstance(stated, list | tuple) and bool(stated) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in stated)


def _mapping(pairs: Any) -> dict[Any, Any]:
    return {key: value for key, value in pairs}  # noqa: C416 - the pairs are lists


def _slot(weights: list[float], u: float) -> tuple[int, float]:
    """Which of several has the quantile `u`, and where in it, 0 .. 1."""
    ends = list(accumulate(weights))
    target = u * ends[-1]
    slot = min(bisect_right(ends, target), len(weights) - 1)
    start = ends[slot] - weights[slot]
    return slot, (target - start) / weights[slot] if weights[slot] else 0.5


def _require_weights(weights: list[float], key: str) -> None:
    if not weights or any(not 0 <= weight < inf for weight in weights) or not sum(weights) > 0:
        raise Contradiction("Weights are numbers of at least 0, one of them above.", at=(key,))


Share.model_rebuild()
Mixture.model_rebuild()
When.model_rebuild()
