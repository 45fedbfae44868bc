"""The words that a model is asked with: the task's own, or the spec's (Jinja, sandboxed), about the values of a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from understudy.core.errors import MissingExtraError, did_you_mean
from understudy.data.constraints import Contradiction
from understudy.text.ways.asking.recipe import words_bounds

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec
    from understudy.text.ways.asking.recipe import Recipe

_SYSTEM = "You write data for training and testing software. Everything in it is made up: no real person, address or number."
_SHOWN = 1_000


class Words:
    """Jinja templates over known names. names: what they may speak of. parts: of names whose values have parts, which.

    Raises:
        MissingExtraError: Jinja is not installed.
        Contradiction: a template is none, or names something that is not there; `at` says which.
    """

    def __init__(self, templates: Mapping[tuple[str, ...], str], names: list[str], parts: Mapping[str, list[str]] | None = None) -> None:
        try:
            from jinja2 import TemplateSyntaxError, meta
            from jinja2.sandbox import ImmutableSandboxedEnvironment
        except ImportError:
            raise MissingExtraError.of("text", "Asking language models") from None
        environment = ImmutableSandboxedEnvironment(keep_trailing_newline=False)
        self._templates = {}
        self.uses: dict[tuple[str, ...], set[str]] = {}
        for at, text in templates.items():
            try:
                parsed = environment.parse(text)
            except TemplateSyntaxError as error:
                raise Contradiction(f"The words cannot be read: {error.message}.", at=at) from None
            used = meta.find_undeclared_variables(parsed)
            for name in sorted(used):
                if name not in names:
                    raise Contradiction(f'There is no column or step "{name}".', did_you_mean(name, names, shown=30), at=at)
            for name, part in _parts_in(parsed):
                if name in (parts or {}) and part not in (parts or {})[name]:
                    raise Contradiction(f'"{name}" has no part "{part}".', did_you_mean(part, (parts or {})[name]), at=at)
            self.uses[at] = used
            self._templates[at] = environment.from_string(text)

    def of(self, at: tuple[str, ...], values: Mapping[str, Any]) -> str:
        """The words of a template for these values."""
        from jinja2 import TemplateError

        try:
            return self._templates[at].render(values).strip()
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise Contradiction(f"The words cannot be put together: {error}.", at=at) from None


def _parts_in(parsed: Any) -> list[tuple[str, str]]:
    """Names and parts, as `{{ facts.topic }}` has them."""
    from jinja2 import nodes

    dotted = [(node.node, node.attr) for node in parsed.find_all(nodes.Getattr)]
    dotted += [(node.node, node.arg.value) for node in parsed.find_all(nodes.Getitem) if isinstance(node.arg, nodes.Const)]
    return [(node.name, str(part)) for node, part in dotted if isinstance(node, nodes.Name)]


def system_words(spec: TextSpec) -> str:
    """What a model is told before all else."""
    return f"{_SYSTEM}\nWhat is wanted: {spec.about or spec.task}."


def task_words(spec: TextSpec, recipe: Recipe, row: Mapping[str, Any], shown: list[str], examples: list[str]) -> str:
    """What a model is asked for a row, where the spec has no words of its own."""
    lines = [f"Write {recipe.wants}."]
    if spec.about:
        lines.append(f"It belongs to this data set: {spec.about}.")
    facts = [f"- {name}: {_value(row[name])}" for name in shown if row.get(name) is not None and name != "case"]
    if facts:
        lines += ["It must fit these facts, and contradict none of them:", *facts]
    case = row.get("case")
    if case is not None and case in spec.cases:
        about = spec.cases[case].about
        lines.append(f'It is a rare case, "{case}"{f": {about}" if about else ""}. Make it a clear one.')
    if isinstance(spec.language, str) and spec.language != "en":
        lines.append(f'The language is "{spec.language}".')
    bounds = words_bounds(spec, row)
    if bounds:
        lines.append(f"It has {bounds[0]} to {bounds[1]} words.")
    if recipe.section.document is not None:
        lines += ["The document:", f'"""{row[recipe.section.document]}"""']
    if recipe.form():
        lines.append(recipe.form())
    if examples:
        lines += ["Texts of this kind, to be like in manner and not in content:", *(f"- {text[:_SHOWN]}" for text in examples)]
    return "\n".join(lines)


def _value(value: Any) -> str:
    return str(value) if not isinstance(value, float) else f"{value:g}"
