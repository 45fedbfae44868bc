"""HTML elements as function calls; what is not markup already is escaped, so no text of a user's reaches the page as HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable

Child = str | int | None | Iterable["Child"]
Attribute = str | int | float | bool | None

_VOID = frozenset({"br", "input", "link", "meta", "col"})


class Markup(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def tag(element: str, *children: Child, **attributes: Attribute) -> Markup:
    """One element with its children.

    Args:
        element: its name, "td".
        children: text (escaped), `Markup` (as it is), None (nothing), or any nesting of these.
        attributes: `class_` for class, `aria_label` for aria-label; None and False leave the attribute out, True writes it bare.
    """
    opening = element + "".join(_attribute(name, value) for name, value in attributes.items())
    if element in _VOID:
        return Markup(f"<{opening}>")
    return Markup(f"<{opening}>{join(*children)}</{element}>")


def join(*children: Child) -> Markup:
    """The children one after another."""
    return Markup("".join(_flatten(children)))


def _flatten(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            yield str(child)
        elif isinstance(child, (str, int)):
            yield html.escape(str(child))
        else:
            yield from _flatten(child)


def _attribute(name: str, value: Attribute) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{html.escape(text)}"'
