"""Packages as tables of contents: a name is imported when it is first used, so that `import understudy` loads nothing heavy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def table_of_contents(package: str, contents: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """A package's `__getattr__`, `__dir__` and `__all__` for public names that live in its modules.

    Args:
        package: the package's `__name__`.
        contents: the module that each public name comes from, in full: {"Budget": "understudy.core.budget"}.
    """

    def get(name: str) -> Any:
        if name not in contents:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
        module = import_module(contents[name])
        value = module if module.__name__ == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *contents})

    return get, names, list(contents)


def make_callable(package: str, function: str) -> None:
    """Let a package be called like the function in it of the same name.

    `understudy.evaluate` is a package with a function `evaluate` in it. Python binds the package to the name as soon as anything
    imports it, so `understudy.evaluate(real, fake)` must work on the package itself.
    """

    class CallablePackage(ModuleType):
        def __call__(self, *arguments: Any, **options: Any) -> Any:
            return getattr(self, function)(*arguments, **options)

    sys.modules[package].__class__ = CallablePackage
