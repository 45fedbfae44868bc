"""Errors as the user sees them: what, where, remedy; in a frame on a terminal, as plain lines elsewhere, or as JSON on the
standard output."""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import typer

from understudy.core.errors import ArgumentError, Cancelled, SinkError, UnderstudyError, nearest

DATA, USE, VERDICT, STORAGE, INTERRUPTED = 1, 2, 3, 4, 130

USAGE: type[Exception] = typer.BadParameter.__mro__[1]
"""The parser's own error; its class has lived in several places."""


def failed(error: Exception, machine: bool) -> int:
    """Report an error of the data, the output or the system, and return the exit code."""
    if isinstance(error, UnderstudyError):
        what, where, remedy = error.what, error.where, error.remedy
    elif isinstance(error, MemoryError):
        what, where, remedy = "There is not enough memory.", None, "Use fewer rows, columns or workers."
    elif not isinstance(error, OSError):
        what, where = f"Something unforeseen happened: {type(error).__name__}: {error}".rstrip(": "), None
        remedy = "This is a fault in understudy. Run the same with --debug and report what it shows."
    else:
        what, where, remedy = f"{getattr(error, 'strerror', None) or error}.", getattr(error, "filename", None), None
    code = _code(error)
    _report(type(error).__name__, what, where, remedy, code, machine)
    return code


def usage(error: Any, machine: bool) -> int:
    """Report a command that cannot be understood, with the nearest that can."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "understudy"
    _report("UsageError", _sentence(_complaint(error)), None, f"See: {command} --help", USE, machine)
    return USE


def interrupted(machine: bool) -> int:
    _report("Cancelled", "Stopped.", None, None, INTERRUPTED, machine)
    return INTERRUPTED


def show_warnings(silent: bool) -> None:
    """What the library warns of becomes a line for the user, without the place in the code; `silent`: nothing."""

    def show(message: Warning | str, category: type[Warning], *_: Any) -> None:
        if issubclass(category, UserWarning) and not silent:
            sys.stderr.write(f"Note: {message}\n")

    warnings.simplefilter("once", UserWarning)
    warnings.showwarning = show  # type: ignore[assignment]


def _code(error: Exception) -> int:
    if isinstance(error, Cancelled):
        return INTERRUPTED
    if isinstance(error, ArgumentError):
        return USE
    if isinstance(error, (SinkError, OSError)) and not isinstance(error, FileNotFoundError):
        return STORAGE
    return DATA


def _complaint(error: Any) -> str:
    """The parser's message, with its guesses as a question."""
    guesses = getattr(error, "possibilities", None)
    if guesses:
        asked = str(getattr(error, "option_name", ""))
        return f"{error.message.rstrip('.')}. Did you mean {' or '.join(nearest(asked, guesses, 2) or sorted(guesses))}?"
    return str(error.format_message()).removeprefix("Invalid value: ").replace("Value error, ", "")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _report(kind: str, what: str, where: str | None, remedy: str | None, code: int, machine: bool) -> None:
    if machine:
        content = {"error": {"type": kind, "what": what, "where": where, "remedy": remedy}, "exit_code": code}
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    text = Text(what)
    if where:
        text.append(f"\n{where}", style="dim")
    if remedy:
        text.append(f"\n\n{remedy}")
    stopped = code == INTERRUPTED
    title = "Stopped" if stopped else "Error"
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(Panel(text, title=title, title_align="left", border_style="yellow" if stopped else "red", expand=False))
    else:  # a frame would break long paths
        sys.stderr.write(f"{title}: {text.plain}\n")
