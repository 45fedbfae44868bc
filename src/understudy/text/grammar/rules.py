"""The rules of a grammar, read from plain values.

praise: "It [really |]works."                                  one alternative
part: [lid, handle, {text: power cord, weight: 2}]             several
size: {small: 3, large: 1}                                     by weight
verdict: {by: label, positive: "{praise}", else: [...]}        by a column's value
- {when: {stars: {most: 2}}, any: [...]}                       under a condition
- {source: "{verb} it", target: "es {verb}"}                   two sides, for pairs
- {turns: [{user: …}, {call: NAME, arguments: {…}, result: {…}}, {assistant: …}, "{more*0-2}"]}    for conversations
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from understudy.core.errors import did_you_mean
from understudy.data.constraints import Contradiction
from understudy.text.grammar.reading import Node, Options, Sequence, Slot, read_nodes

Scalar: TypeAlias = "bool | int | float | str | None"
At: TypeAlias = "tuple[str | int, ...]"
SIDES = ("source", "target")
SPEAKERS = ("system", "user", "assistant")
_BODIES = ("text", "any", "turns", *SIDES)
_KEYS = (*_BODIES, "weight", "when")
_BOUNDS = ("not", "least", "most", "above", "below")
_CALL = ("call", "arguments", "result", "say")


@dataclass(frozen=True)
class Test:
    """A condition on one column: its value is one of `values` (none of them, where negated), or lies between bounds."""

    column: str
    values: tuple[Scalar, ...] | None = None
    negated: bool = False
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def holds(self, value: Any) -> bool:
        """Whether it is true of a value."""
        if self.values is not None:
            return any(value == v and isinstance(value, bool) == isinstance(v, bool) for v in self.values) != self.negated
        if value is None:
            return False
        return not (
            (self.least is not None and value < self.least)
            or (self.most is not None and value > self.most)
            or (self.above is not None and value <= self.above)
            or (self.below is not None and value >= self.below)
        )


@dataclass(frozen=True)
class Turn:
    """What a speaker says."""

    role: str
    text: Sequence


@dataclass(frozen=True)
class Call:
    """A tool called, and what it answers: JSON values whose texts are read. say: what the assistant says with it."""

    tool: str
    arguments: Any
    result: Any
    say: Sequence | None = None


Body: TypeAlias = "tuple[Node | Turn | Call, ...]"


@dataclass(frozen=True)
class Alternative:
    """One way to write a rule. body: its parts; sides: those of each side, where it has two. at: where it stands under `rules`."""

    weight: float
    tests: tuple[Test, ...]
    body: Body
    sides: tuple[Sequence, ...] | None
    at: At


@dataclass(frozen=True)
class Rule:
    """A name for several ways to write something."""

    name: str
    alternatives: tuple[Alternative, ...]

    @property
    def sided(self) -> bool:
        return any(alternative.sides is not None for alternative in self.alternatives)


def read_rules(stated: Mapping[str, Any]) -> dict[str, Rule]:
    """Rules from plain values. Raises `Contradiction` with the place of what cannot be read."""
    return {name: Rule(name, tuple(_alternatives(body, 1.0, (), (name,)))) for name, body in stated.items()}


def slots_of(body: Any) -> Iterator[Slot]:
    """All slots in a part of an alternative, however deep."""
    match body:
        case Slot():
            yield body
        case Options():
            for alternative in body.alternatives:
                yield from slots_of(alternative)
        case Turn():
            yield from slots_of(body.text)
        case Call():
            for value in (body.arguments, body.result, body.say):
                yield from slots_of(value)
        case Mapping():
            for value in body.values():
                yield from slots_of(value)
        case tuple() | list():
            for part in body:
                yield from slots_of(part)


def slots_in(alternative: Alternative) -> list[Slot]:
    """All slots of an alternative, on whichever side."""
    return [*slots_of(alternative.body), *slots_of(alternative.sides)]


# ---- alternatives


def _alternatives(stated: Any, weight: float, tests: tuple[Test, ...], at: At) -> Iterator[Alternative]:
    match stated:
        case str() | bool() | int() | float():
            yield Alternative(weight, tests, _read(str(stated), at), None, at)
        case list():
            if not stated:
                raise Contradiction("The rule is empty: it has no alternative.", "Write at least one text.", at=at)
            for place, entry in enumerate(stated):
                yield from _alternatives(entry, weight, tests, (*at, place))
        case Mapping() if "by" in stated:
            yield from _by_value(stated, weight, tests, at)
        case Mapping() if stated and all(key in _KEYS for key in stated):
            yield from _written(stated, weight, tests, at)
        case Mapping() if stated and all(_is_weight(value) for value in stated.values()):
            for text, share in stated.items():
                yield Alternative(weight * share, tests, _read(str(text), at), None, (*at, text))
        case Mapping() if stated:
            wrong = next(str(key) for key in stated if key not in _KEYS)
            raise Contradiction(f'"{wrong}" is no key of an alternative.', did_you_mean(wrong, [*_KEYS, "by"]), at=(*at, wrong))
        case _:
            raise Contradiction("The rule is empty: it has no alternative.", "Write at least one text.", at=at)


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _by_value(stated: Mapping[Any, Any], weight: float, tests: tuple[Test, ...], at: At) -> Iterator[Alternative]:
    """`{by: COLUMN, VALUE: …, else: …}`."""
    column = stated["by"]
    if not isinstance(column, str):
        raise Contradiction(f"`by` names a column, not {column!r}.", at=(*at, "by"))
    told = [key for key in stated if key not in ("by", "else")]
    if not told:
        raise Contradiction(f"`by: {column}` says nothing for any value.", "Write a line for each: VALUE: text.", at=at)
    for value in told:
        yield from _alternatives(stated[value], weight, (*tests, Test(column, (value,))), (*at, value))
    if "else" in stated:
        yield from _alternatives(stated["else"], weight, (*tests, Test(column, tuple(told), negated=True)), (*at, "else"))


def _written(stated: Mapping[str, Any], weight: float, tests: tuple[Test, ...], at: At) -> Iterator[Alternative]:
    """`{text: …, weight: …, when: …}`, or another body in the place of a text."""
    share = stated.get("weight", 1.0)
    if not _is_weight(share):
        raise Contradiction(f"A weight is a number of at least 0, not {share!r}.", at=(*at, "weight"))
    weight, tests = weight * share, (*tests, *_tests(stated.get("when"), (*at, "when")))
    bodies = [key for key in _BODIES if key in stated]
    if bodies == ["any"]:
        yield from _alternatives(stated["any"], weight, tests, (*at, "any"))
    elif bodies == ["text"]:
        yield Alternative(weight, tests, _read(stated["text"], (*at, "text")), None, at)
    elif bodies == ["turns"]:
        yield Alternative(weight, tests, tuple(_turns(stated["turns"], (*at, "turns"))), None, at)
    elif bodies == list(SIDES):
        yield Alternative(weight, tests, (), tuple(_read(stated[side], (*at, side)) for side in SIDES), at)
    else:
        raise Contradiction("An alternative has one body.", "Give one of: text, any, turns, or source and target together.", at=at)


def _read(text: Any, at: At) -> Sequence:
    if not isinstance(text, str | int | float):
        raise Contradiction(f"A text is wanted here, not {text!r}.", at=at)
    try:
        return read_nodes(str(text))
    except Contradiction as error:
        raise Contradiction(error.what, error.remedy, at=at) from None


# ---- conditions


def _tests(stated: Any, at: At) -> Iterator[Test]:
    if stated is None:
        return
    if not isinstance(stated, Mapping) or not stated:
        raise Contradiction("`when` names columns and their values.", "Write when: {label: positive}.", at=at)
    for column, wanted in stated.items():
        yield _test(str(column), wanted, (*at, column))


def _test(column: str, wanted: Any, at: At) -> Test:
    if isinstance(wanted, list):
        return Test(column, tuple(wanted))
    if not isinstance(wanted, Mapping):
        return Test(column, (wanted,))
    for key in wanted:
        if key not in _BOUNDS:
            raise Contradiction(f'"{key}" is no condition.', did_you_mean(str(key), _BOUNDS), at=(*at, key))
    if "not" in wanted:
        refused = wanted["not"]
        if len(wanted) > 1:
            raise Contradiction("`not` stands alone.", "Write a second alternative for the bounds.", at=at)
        return Test(column, tuple(refused) if isinstance(refused, list) else (refused,), negated=True)
    for key, bound in wanted.items():
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise Contradiction(f"A bound is a number, not {bound!r}.", at=(*at, key))
    return Test(column, **dict(wanted))


# ---- turns


def _turns(stated: Any, at: At) -> Iterator[Node | Turn | Call]:
    if not isinstance(stated, list) or not stated:
        raise Contradiction("`turns` is a list of what is said.", "Write turns: [{user: …}, {assistant: …}].", at=at)
    for place, step in enumerate(stated):
        yield from _step(step, (*at, place))


def _step(step: Any, at: At) -> Iterator[Node | Turn | Call]:
    if isinstance(step, str):
        yield from _references(step, at)
    elif isinstance(step, Mapping) and "call" in step:
        yield _call(step, at)
    elif isinstance(step, Mapping) and len(step) == 1:
        ((role, text),) = step.items()
        if role not in SPEAKERS:
            raise Contradiction(f'"{role}" does not speak here.', did_you_mean(str(role), [*SPEAKERS, "call"]), at=(*at, role))
        yield Turn(role, _read(text, (*at, role)))
    else:
        raise Contradiction(
            "A step is one of: {user: text}, {assistant: text}, {system: text}, {call: NAME, …}, or a rule: '{name}'.", at=at
        )


def _references(step: str, at: At) -> Sequence:
    nodes = _read(step, at)
    if any(isinstance(node, str) and node.strip() for node in nodes):
        raise Contradiction(f'Nobody says "{step}".', "Write who does: {user: text}. A step without a speaker names rules only.", at=at)
    return tuple(node for node in nodes if not isinstance(node, str))


def _call(step: Mapping[str, Any], at: At) -> Call:
    for key in step:
        if key not in _CALL:
            raise Contradiction(f'"{key}" is no key of a call.', did_you_mean(str(key), _CALL), at=(*at, key))
    if not isinstance(step["call"], str) or not step["call"]:
        raise Contradiction("`call` is the name of a tool.", at=(*at, "call"))
    arguments = step.get("arguments", {})
    if not isinstance(arguments, Mapping):
        raise Contradiction("The arguments of a call have names.", "Write arguments: {order: '{order}'}.", at=(*at, "arguments"))
    if "result" not in step:
        raise Contradiction("A call says what the tool answers.", "Write result: {status: '{status}'}.", at=at)
    say = _read(step["say"], (*at, "say")) if "say" in step else None
    return Call(step["call"], _values(arguments, (*at, "arguments")), _values(step["result"], (*at, "result")), say)


def _values(stated: Any, at: At) -> Any:
    """JSON values whose texts are read as texts of the grammar."""
    match stated:
        case Mapping():
            return {str(key): _values(value, (*at, key)) for key, value in stated.items()}
        case list():
            return [_values(value, (*at, place)) for place, value in enumerate(stated)]
        case str():
            return _read(stated, at)
    return stated
