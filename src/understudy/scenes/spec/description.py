"""`SceneSpec`: scenes described, not drawn. The YAML file and this object are one-to-one.

    understudy: scenes/1
    world: driving
    settings:
      scenario: cut-in
      weather: {fog: {uniform: [0, 0.02]}}
    video: {frames: 20, rate: 10}
    edge_cases: {night: 0.2, glare: 0.1}
    constraints: {visible: 0.2}

What the settings are belongs to the world (`understudy scenes WORLD` lists them); `values.py` tells what a value can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from understudy.core.errors import ConditionError, SchemaError, did_you_mean, nearest
from understudy.core.random import MAX_SEED
from understudy.data.constraints import Contradiction
from understudy.data.located_yaml import LocatedYaml, parse_yaml, read_text
from understudy.data.schema import weightiest
from understudy.data.spec_file import SpecFile, mistake
from understudy.scenes.rendering import LABELS, RENDERERS
from understudy.scenes.spec.values import AnyValue, Constant, Distribution
from understudy.scenes.worlds import world, world_names

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from understudy.scenes.world import World

MARK = "scenes/1"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)


class VideoSpec(_Model):
    """Frames of an item, 1 for a single picture, and how many there are a second."""

    frames: int = Field(default=1, ge=1, le=100_000)
    rate: float = Field(default=10.0, gt=0, le=1000)


class EdgeCaseSpec(_Model):
    """An edge case of one's own: a rate, and the settings that it changes by path."""

    rate: float = Field(ge=0, le=1)
    changes: dict[str, AnyValue] = Field(default_factory=dict)


class ConstraintSpec(_Model):
    """What an item must fulfil, or it is drawn again. visible: each thing of these frames has at least this share in sight, in its best
    frame; things: so many are seen at least; tries: before giving up."""

    visible: float | None = Field(default=None, ge=0, le=1)
    things: int | None = Field(default=None, ge=0)
    tries: int = Field(default=20, ge=1, le=10_000)


class CorrelatedSpec(_Model):
    """Settings that are drawn together: a Gaussian copula with this matrix of correlations between their normal scores."""

    values: list[str] = Field(min_length=2)
    matrix: list[list[float]]

    @model_validator(mode="after")
    def _is_a_correlation(self) -> Self:
        from understudy.rules.spec import Correlation

        Correlation(columns=self.values, matrix=self.matrix)
        return self

    @property
    def root(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.linalg.cholesky(np.array(self.matrix))


class SceneSpec(_Model, SpecFile):
    """A description. renderer: its name, or {name: {option: value}}; none where the world makes its pictures itself. labels: "all", "fast"
    (no flow, amodal masks or questions), or names. edge_cases: rate by name, or edge cases of one's own."""

    understudy: Literal["scenes/1"] = "scenes/1"
    world: str
    about: str = ""
    seed: int = Field(default=0, ge=0, le=MAX_SEED)
    renderer: str | dict[str, dict[str, Any]] = ""
    labels: Literal["all", "fast"] | list[str] = "all"
    video: VideoSpec = VideoSpec()
    settings: Any = Field(default_factory=dict)
    edge_cases: dict[str, float | EdgeCaseSpec] = Field(default_factory=dict)
    constraints: ConstraintSpec = ConstraintSpec()
    correlated: list[CorrelatedSpec] = Field(default_factory=list)

    @field_validator("world")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in world_names():
            raise Contradiction(f'There is no world called "{name}".', did_you_mean(name, world_names(), shown=20))
        return name

    @field_validator("renderer")
    @classmethod
    def _can_render(cls, stated: str | dict[str, dict[str, Any]]) -> str | dict[str, dict[str, Any]]:
        names = [stated] if isinstance(stated, str) else list(stated)
        if stated == "":
            return stated
        if len(names) != 1:
            raise Contradiction("A renderer is one name with its options.", "Write {mitsuba: {samples: 16}}.")
        if names[0] not in RENDERERS:
            raise Contradiction(f'There is no renderer called "{names[0]}".', did_you_mean(names[0], RENDERERS))
        return stated

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, stated: str | list[str]) -> str | list[str]:
        for name in [] if isinstance(stated, str) else stated:
            if name not in LABELS:
                raise Contradiction(f'"{name}" is no label.', did_you_mean(name, LABELS, shown=20))
        return stated

    @model_validator(mode="after")
    def _fits_the_world(self) -> Self:
        kind = world(self.world)
        self._choose_renderer(kind)
        if not isinstance(self.settings, BaseModel):
            try:
                self.settings = kind.settings.model_validate(self.settings or {})
            except ValidationError as error:
                loc, what, remedy = complaint(error, kind.settings)
                raise Contradiction(what, remedy, at=("settings", *loc)) from None
        for name, stated in self.edge_cases.items():
            if isinstance(stated, float) and name not in kind.edge_cases:
                remedy = did_you_mean(name, kind.edge_cases, shown=30)
                raise Contradiction(f'The world {self.world} has no edge case "{name}".', remedy, at=("edge_cases", name))
            if isinstance(stated, float) and not 0 <= stated <= 1:
                raise Contradiction(f"The rate {stated:g} of an edge case lies outside 0 .. 1.", at=("edge_cases", name))
            if isinstance(stated, EdgeCaseSpec):
                for path in stated.changes:
                    self.require_setting(path, ("edge_cases", name, "changes", path))
        for number, group in enumerate(self.correlated):
            for path in group.values:
                self.require_setting(path, ("correlated", number, "values"))
        return self

    def _choose_renderer(self, kind: World) -> None:
        """The world's first where none is stated. Raises `Contradiction` where the world cannot be shown by the one that is."""
        if self.renderer == "":
            self.renderer = (*kind.renderers, "none")[0]
        name, _ = self.renderer_and_options
        if name not in (*kind.renderers, "none"):
            own = "makes its pictures itself" if not kind.renderers else f"is shown by {', '.join(kind.renderers)}"
            raise Contradiction(f'The world {kind.name} {own}, not by the renderer "{name}".', "Leave the renderer out.", at=("renderer",))

    def require_setting(self, path: str, at: tuple[str | int, ...] = ()) -> None:
        """Raise `Contradiction` where `path` names no setting."""
        from understudy.scenes.spec.draws import setting_paths

        paths = setting_paths(self.settings)
        if path not in paths:
            raise Contradiction(f'The world {self.world} has no setting "{path}".', did_you_mean(path, sorted(paths), shown=10), at=at)

    @property
    def wanted(self) -> frozenset[str]:
        """Names of the labels to make."""
        if isinstance(self.labels, str):
            return frozenset(LABELS) - (frozenset({"amodal", "flow", "scene_flow", "questions"}) if self.labels == "fast" else frozenset())
        return frozenset(self.labels)

    @property
    def renderer_and_options(self) -> tuple[str, dict[str, Any]]:
        if isinstance(self.renderer, str):
            return self.renderer, {}
        ((name, options),) = self.renderer.items()
        return name, dict(options or {})

    def to_dict(self) -> dict[str, Any]:
        """Plain values, what was left at its default left out."""
        body = self.model_dump(mode="json", exclude_defaults=True, exclude={"understudy", "world", "settings"})
        settings = self.settings.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        if self.renderer == next(iter(world(self.world).renderers), None):
            body.pop("renderer")
        return {
            "understudy": MARK,
            "world": self.world,
            **{k: v for k, v in body.items() if k not in ("understudy", "world")},
            "settings": settings,
        }

    @classmethod
    def json_schema(cls, name: str) -> dict[str, Any]:
        """The JSON Schema (2020-12) of descriptions of the world `name`, for editors."""
        schema = cls.model_json_schema(by_alias=True)
        settings = world(name).settings.model_json_schema(by_alias=True)
        schema["properties"]["settings"] = {key: value for key, value in settings.items() if key != "$defs"}
        schema["$defs"] = {**schema.get("$defs", {}), **settings.get("$defs", {})}
        schema["properties"]["world"] = {"const": name}
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": f"understudy scenes: {name}"}


def read_description(source: str | Path | Mapping[str, Any] | SceneSpec) -> SceneSpec:
    """A description from a YAML file, the name of a ready-made one, plain values, or as it is.

    Raises:
        SchemaError: with file, line, and the nearest valid word.
    """
    from understudy.scenes.ready import ready_made

    if isinstance(source, SceneSpec):
        return source
    if isinstance(source, Mapping):
        return _validated(source, "description", None)
    path = Path(source)
    if not path.exists() and (found := ready_made(str(source))) is not None:
        path = found
    return parse_description(read_text(path, "description"), str(path))


def parse_description(text: str, origin: str = "description") -> SceneSpec:
    """From YAML text; `origin` names it in errors."""
    found = parse_yaml(text, origin)
    if not isinstance(found.body, dict) or "understudy" not in found.body:
        raise SchemaError("A description begins with what it is.", where=f"{origin}, line 1", remedy=f"Begin with: understudy: {MARK}")
    return _validated(found.body, origin, found)


def _validated(stated: Any, origin: str, located: LocatedYaml | None) -> SceneSpec:
    try:
        return SceneSpec.model_validate(stated)
    except ValidationError as error:
        loc, what, remedy = complaint(error, SceneSpec)
        raise mistake(what, remedy, loc, [step for step in loc if isinstance(step, str)], origin, located) from None


def complaint(error: ValidationError, model: type[BaseModel]) -> tuple[tuple[Any, ...], str, str | None]:
    """Where a mistake is, what it is, and what to do."""
    worst = _most_precise(error)
    loc, context = _without_tags(worst["loc"]), worst.get("ctx", {})
    key = next((str(step) for step in reversed(loc) if isinstance(step, str)), "")
    match worst["type"]:
        case "extra_forbidden":
            return loc, f'"{key}" is not a key here.', _key_meant(key, model, loc[:-1])
        case "missing" if isinstance(loc[-1], int):
            return loc, f'"{key}" takes more values: number {loc[-1] + 1} is missing.', None
        case "missing":
            return loc, f'The key "{key}" is missing.', f"Worlds: {', '.join(world_names())}." if loc == ("world",) else None
        case "model_type":
            return loc, f"A section holds keys with values, not {worst['input']!r}.", None
        case "literal_error":
            choices = re.findall(r"'([^']+)'", str(context["expected"]))
            return loc, f'"{worst["input"]}" is not a choice for "{key}".', did_you_mean(str(worst["input"]), choices, shown=20)
        case "value_error" if isinstance(context.get("error"), Contradiction):
            cause = context["error"]
            return (*loc, *cause.at), cause.what, cause.remedy
    message, shown = str(worst["msg"]), repr(worst["input"])
    remedy = "It takes a constant, no distribution." if isinstance(worst["input"], Mapping) else None
    return loc, f'"{key}" is {shown if len(shown) < 60 else shown[:57] + "…"}: {message[:1].lower()}{message[1:]}.', remedy


def _most_precise(error: ValidationError) -> ErrorDetails:
    """The complaint to tell first; where a union complains of each of its members, the one that got deepest."""
    worst = weightiest(error)
    at = _without_tags(worst["loc"])
    inside = [one for one in error.errors() if _without_tags(one["loc"])[: len(at)] == at and one["type"] != "extra_forbidden"]
    return worst if worst["type"] == "extra_forbidden" else max(inside, key=lambda one: len(_without_tags(one["loc"])))


def _without_tags(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A place without what names a union's member: "str", "list[str]", "EdgeCaseSpec", a distribution's name before its key."""
    steps = [step for step in loc if not (isinstance(step, str) and (step in ("str", "float") or step.endswith(("]", "Spec"))))]
    return tuple(step for number, step in enumerate(steps) if step not in steps[number + 1 : number + 2])


def _key_meant(key: str, model: type[BaseModel], loc: tuple[Any, ...]) -> str:
    """A remedy for a key that a place does not take: the nearest that it takes, or where there is one of that name further down."""
    known = _keys(model, loc)
    below = [path for section in _models_at(model, loc) for path in _paths_below(section) if path.rpartition(".")[2] == key]
    return f'Did you mean "{below[0]}"?' if below and not nearest(key, known) else did_you_mean(key, known, shown=40)


def _paths_below(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Paths of all keys of the sections in a section, and so on."""
    for name, info in model.model_fields.items():
        path = f"{above}{info.alias or name}"
        if above:
            yield path
        for inner in _models_in(info.annotation):
            if not issubclass(inner, Distribution):
                yield from _paths_below(inner, f"{path}.")


def _keys(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The keys that a place takes."""
    return list(dict.fromkeys(info.alias or name for section in _models_at(model, loc) for name, info in section.model_fields.items()))


def _models_at(model: type[BaseModel], loc: tuple[Any, ...]) -> list[type[BaseModel]]:
    """What a place may hold, found by walking down the models; several where it is a union."""
    models = [model]
    for step in loc:
        found = [info for one in models for name, info in one.model_fields.items() if step in (name, info.alias)]
        models = [inner for info in found for inner in _models_in(info.annotation)] or models
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation holds, through unions, lists and dictionaries."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _models_in(part)]


def fixed_values(spec: SceneSpec, given: Any) -> dict[str, AnyValue]:
    """Conditions of `sample(given=…)`: settings by path, and `edge_case`, checked.

    Raises:
        ConditionError: `given` is no mapping, or names no setting.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConditionError("`given` is a mapping from settings to values.", where="given", remedy='For example {"weather.fog": 0.02}.')
    for path in given:
        if path == "edge_case":
            continue
        try:
            spec.require_setting(path)
        except Contradiction as error:
            raise ConditionError(error.what, where="given", remedy=error.remedy) from None
    return dict(given)


__all__ = ["CorrelatedSpec", "Constant", "EdgeCaseSpec", "SceneSpec", "VideoSpec", "fixed_values", "parse_description", "read_description"]
