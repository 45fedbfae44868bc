"""The commands put together, and every way for them to end."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated, Any

import typer

from understudy.cli import failures
from understudy.cli.augment import augment
from understudy.cli.compare import compare
from understudy.cli.demo import demo
from understudy.cli.evaluate import evaluate
from understudy.cli.fit import fit
from understudy.cli.generate import generate
from understudy.cli.impute import impute
from understudy.cli.inspect import inspect
from understudy.cli.prove import prove
from understudy.cli.sample import sample
from understudy.cli.scenarios import scenarios
from understudy.cli.scenes import preview, scenes
from understudy.cli.schema import schema
from understudy.cli.serve_model import serve_model
from understudy.cli.stream import stream
from understudy.cli.study import study
from understudy.cli.text_jobs import resume
from understudy.cli.text_specs import texts
from understudy.cli.verify import verify

app = typer.Typer(
    name="understudy",
    help="Synthetic data, and the proof that it is good enough to stand in for the real thing.",
    epilog="Exit codes: 0 done · 1 data or model · 2 usage · 3 verdict (--fail-on, prove, verify) · 4 output cannot be written · "
    "130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for command in (
    fit,
    sample,
    generate,
    resume,
    stream,
    prove,
    verify,
    scenes,
    preview,
    texts,
    impute,
    evaluate,
    compare,
    augment,
    study,
    inspect,
    demo,
):
    app.command()(command)
app.command("serve-model")(serve_model)
app.add_typer(schema)
app.add_typer(scenarios)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; no exception leaves, unless `--debug` asks for it."""
    machine = "--json" in arguments
    with warnings.catch_warnings():
        failures.show_warnings(machine or "--quiet" in arguments or "-q" in arguments)
        return _run(arguments, machine)


def _run(arguments: list[str], machine: bool) -> int:
    try:
        code = app(args=arguments, prog_name="understudy", standalone_mode=False)
        sys.stdout.flush()
        if code == failures.INTERRUPTED:  # the parser has caught Ctrl-C by itself, and says nothing
            return failures.interrupted(machine)
        return code if isinstance(code, int) else 0
    except failures.USAGE as error:
        return failures.usage(error, machine)
    except (KeyboardInterrupt, typer.Abort):
        return failures.interrupted(machine)
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if "--debug" in arguments:
            raise
        return failures.failed(error, machine)


def _show_version(asked: bool) -> None:
    if asked:
        from understudy import __version__

        typer.echo(f"understudy {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _understudy(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")] = False,
) -> Any:
    """Synthetic data, and the proof that it is good enough to stand in for the real thing.

    Start with **understudy demo**, or: **understudy fit customers.csv -o customers.understudy**
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
