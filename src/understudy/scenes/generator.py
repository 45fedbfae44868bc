"""`Scenes`: the generator of a description. An item is a `Shot`, and a block holds one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import TypeAdapter, ValidationError

from understudy.core.errors import ArgumentError, ConditionError, ConstraintError, did_you_mean
from understudy.core.generator import Generator
from understudy.core.random import Stream
from understudy.data.media.items import Shot
from understudy.scenes.rendering import Studio, renderer, require_renderer, require_tracer
from understudy.scenes.spec.description import EdgeCaseSpec, SceneSpec, complaint, fixed_values, read_description
from understudy.scenes.spec.draws import Correlated, Draws
from understudy.scenes.spec.values import AnyValue
from understudy.scenes.world import Video
from understudy.scenes.worlds import world

if TYPE_CHECKING:
    from understudy.core.artifact import State

_VALUE: TypeAdapter[Any] = TypeAdapter(AnyValue)


class Scenes(Generator):
    """Simulated pictures with labels that are true by construction.

    Args:
        source: a description: a YAML file, the name of a ready-made one ("driving-cut-in"), plain values, or a `SceneSpec`.
        renderer: another renderer than the description's.

    `sample(n)` gives a list of `Shot`s; `write(n, folder, format="coco")` a data set. `given` sets settings by path, to constants or
    distributions, and edge cases: {"weather.fog": 0.02, "edge_case": "night"}.

    Raises:
        SchemaError: the description is wrong: where, and the nearest valid word.
        ArgumentError: there is no such renderer, or it has no such option. MissingExtraError: what it needs is not installed. Both when
            items are asked for, before any is made.
    """

    name: ClassVar[str] = "scenes"
    items: ClassVar[Literal["rows", "shots"]] = "shots"
    block_size = 1

    def __init__(self, source: str | Path | Mapping[str, Any] | SceneSpec, *, renderer: str | None = None) -> None:
        spec = read_description(source)
        if renderer is not None:
            require_renderer(renderer)
            spec = _shown_by(spec, renderer)
        self.spec = spec
        self._world = world(spec.world)
        self._correlated = [Correlated(tuple(group.values), group.root) for group in spec.correlated]
        self._studio: Studio | None = None

    @property
    def seed(self) -> int:
        """The description's own seed."""
        return self.spec.seed

    def _prepare(self, given: Any) -> dict[str, AnyValue]:
        if self._studio is None:
            self._studio = self._opened()
        fixed = fixed_values(self.spec, given)
        cases = {**self._world.edge_cases, **{k: None for k, v in self.spec.edge_cases.items() if isinstance(v, EdgeCaseSpec)}}
        case = fixed.get("edge_case")
        if case is not None and case not in cases:
            raise ConditionError(
                f'The world {self.spec.world} has no edge case "{case}".', where="given", remedy=did_you_mean(str(case), cases, shown=30)
            )
        try:
            values = {path: _VALUE.validate_python(value) for path, value in fixed.items()}
            self._changed({path: value for path, value in values.items() if path != "edge_case"})
        except ValidationError as error:
            loc, what, remedy = complaint(error, self._world.settings)
            path = ".".join(str(step) for step in loc if isinstance(step, str))
            raise ConditionError(what, where=f"given: {path}", remedy=remedy) from None
        return values

    def _opened(self) -> Studio:
        """What the world's pictures are made with."""
        if self._world.traces:
            require_tracer()
        name, options = self.spec.renderer_and_options
        return Studio(renderer(name, options), self.spec.wanted)

    def _block(self, index: int, size: int, rng: Stream, given: dict[str, AnyValue]) -> list[Shot]:
        tries, why = self.spec.constraints.tries, ""
        for number in range(tries):
            shot = self._shot(rng if number == 0 else rng.child("again", number), given)
            why = self._missed(shot)
            if not why:
                shot.index = index
                return [shot]
        raise ConstraintError(
            f"Item {index} did not come out as the constraints ask in {tries} tries: {why}.",
            where=f"constraints: {why.split(':')[0]}",
            remedy="Weaken the constraint, change the settings, or allow more tries.",
        )

    def _shot(self, rng: Stream, given: dict[str, AnyValue]) -> Shot:
        shown, fixed = self._edge_cases(rng, given)
        settings = self._changed({**fixed, **{path: value for path, value in given.items() if path != "edge_case"}})
        draw = Draws(rng, settings, correlated=self._correlated)
        draw.set_edge_cases(shown)
        assert self._studio is not None
        video = Video(self.spec.video.frames, self.spec.video.rate)
        shot = self._world.shoot(settings, video, draw, self._studio)
        shot.drawn = dict(draw.drawn)
        shot.edge_cases = tuple(shown)
        return shot

    def _edge_cases(self, rng: Stream, given: dict[str, AnyValue]) -> tuple[list[str], dict[str, AnyValue]]:
        """Which edge cases an item shows, and what they set."""
        draw = Draws(rng, self.spec.settings)
        shown: list[str] = []
        changes: dict[str, AnyValue] = {}
        rates = {name: stated.rate if isinstance(stated, EdgeCaseSpec) else stated for name, stated in self.spec.edge_cases.items()}
        asked = given.get("edge_case")
        for name in {**rates, **({str(asked): 1.0} if asked is not None else {})}:
            if name == asked or draw.chance(rates[name], f"edge_cases/{name}"):
                own = self.spec.edge_cases.get(name)
                stated = own.changes if isinstance(own, EdgeCaseSpec) else self._world.edge_cases[name].changes
                shown.append(name)
                changes.update(stated)
        return shown, changes

    def _changed(self, changes: Mapping[str, Any]) -> Any:
        """The settings with others at these paths, validated again."""
        if not changes:
            return self.spec.settings
        stated = self.spec.settings.model_dump(by_alias=True)
        for path, value in changes.items():
            *above, last = path.split(".")
            node = stated
            for step in above:
                node = node[step]
            node[last] = value
        return self._world.settings.model_validate(stated)

    def _missed(self, shot: Shot) -> str:
        """The constraint that a shot misses, in words; "" where it keeps all."""
        wanted = self.spec.constraints
        seen: dict[int, float] = {}
        for frame in shot.frames:
            for instance in frame.instances:
                share = (1 - instance.occlusion) * (1 - instance.truncation)
                seen[instance.track] = max(seen.get(instance.track, 0.0), share)
        if wanted.things is not None and len(seen) < wanted.things:
            return f"things: {len(seen)} are seen, {wanted.things} were asked for"
        if wanted.visible is not None and seen and min(seen.values()) < wanted.visible:
            return f"visible: one thing is visible to {min(seen.values()):.0%}, {wanted.visible:.0%} were asked for"
        return ""

    def _state(self) -> State:
        from understudy.core.artifact import State

        return State(manifest={"description": self.spec.to_dict()}, arrays={}, tables={})

    @classmethod
    def _from_state(cls, state: State) -> Scenes:
        return cls(state.manifest["description"])


def _shown_by(spec: SceneSpec, renderer: str) -> SceneSpec:
    try:
        return SceneSpec.model_validate({**spec.to_dict(), "renderer": renderer})
    except ValidationError as error:
        _, what, remedy = complaint(error, SceneSpec)
        raise ArgumentError(what, where="renderer", remedy=remedy) from None
