"""`understudy prove`: ask another engine whether generated data keep every rule of their spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.failures import VERDICT
from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.outputs import require_page
from understudy.cli.screen import Screen, seconds_in_words

if TYPE_CHECKING:
    from understudy.rules.proof import Proof

SHOWN = 10


def prove(
    place: Annotated[str, typer.Argument(metavar="OUT", help="What `understudy generate` made: a folder, a database's file or URL.")],
    spec: Annotated[
        Path | None, typer.Option(metavar="SPEC", help="The spec; the one that the run kept beside its files unless told.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="REPORT", help="A page (.html) or all figures (.json).")] = None,
    distribution: Annotated[bool, typer.Option(help="Test shares, laws and correlations as well.")] = True,
    level: Annotated[float, typer.Option(help="The chance that faultless data fail any test of a distribution.")] = 0.001,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the engine.")] = None,
    memory: Annotated[str | None, typer.Option(help="What the engine may hold, as 2GB; beyond, it spills to disk.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Check every rule of a spec again, by SQL that shares nothing with what made the rows. Exit code 3 where one does not hold.

    **understudy prove shop/ -o proof.html**
    """
    from understudy.rules.proof import prove as proven

    screen = Screen(machine=as_json, quiet=quiet)
    if output is not None:
        require_page(output)
    stated = _kept_spec(place) if spec is None else spec
    listener = screen.progress()
    try:
        proof = proven(stated, place, distribution=distribution, level=level, threads=threads, memory=memory, progress=listener)
    finally:
        listener.close()
    if output is not None:
        proof.save(output)
    _show(screen, proof, output)
    return 0 if proof.ok else VERDICT


def _kept_spec(place: str) -> Any:
    """The data set that a run kept beside its files."""
    from understudy.core import load
    from understudy.core.errors import ArgumentError

    kept = Path(place) / "model.understudy"
    if not kept.is_file():
        raise ArgumentError("No spec is kept here.", where=place, remedy="Name it: --spec shop.yaml")
    return load(kept)


def _show(screen: Screen, proof: Proof, output: Path | None) -> None:
    keys = proof.keys
    screen.say(
        f"{sum(proof.rows.values()):,} rows of {len(proof.rows)} tables, {len(proof.checks)} checks in {seconds_in_words(proof.seconds)}"
    )
    screen.say(f"keys: {keys.repeated:,} repeated; references: {keys.dangling:,} of {keys.references_checked:,} lead nowhere")
    for check in proof.broken[:SHOWN]:
        screen.say(f"  {check.name}: {check.violations:,} of {check.rows:,} rows ({check.what})", style="red")
    for check in proof.unchecked[:SHOWN]:
        screen.say(f"  {check.name}: not re-checked: {check.skipped}", style="dim")
    for test in proof.unlikely[:SHOWN]:
        screen.say(
            f"  {test.name}: {test.what}: p = {test.adjusted:.2g}" if test.adjusted is not None else f"  {test.name}: {test.what}",
            style="red",
        )
    passed = sum(test.passed and not test.skipped for test in proof.distribution)
    screen.say(f"{proof.violations:,} violations; {passed} of {len(proof.distribution)} distributions as declared")
    if output is not None:
        screen.say(f"Report: {output}")
    screen.document(
        {
            "ok": proof.ok, "violations": proof.violations, "checks": len(proof.checks), "rows": proof.rows, "keys": keys.model_dump(),
            "cpu_seconds": proof.cpu_seconds, "broken": [check.name for check in proof.broken],
            "unchecked": [check.name for check in proof.unchecked], "unlikely": [test.name for test in proof.unlikely],
        }
    )  # fmt: skip
