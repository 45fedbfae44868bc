"""`understudy verify`: compare a run's files with its manifest, and make some of its parts again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.failures import VERDICT
from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen

if TYPE_CHECKING:
    from understudy.run import Verification


def verify(
    place: Annotated[str, typer.Argument(metavar="DIR", help="A folder, or URL, that a run has filled.")],
    k: Annotated[int, typer.Option("-k", "--parts", min=0, help="Parts to make again, chosen at random; 0: compare checksums only.")] = 8,
    every: Annotated[bool, typer.Option("--all", help="Make every part again.")] = False,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What the rows were made with, where the run did not keep it beside them.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="For the choice of parts; the run's own unless told.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Check that the files of a run are whole, and that its model makes the same again. Exit code 3 where anything differs.

    **understudy verify synthetic/ -k 20**
    """
    from understudy.run import verify as verified

    screen = Screen(machine=as_json, quiet=quiet)
    listener = screen.progress()
    try:
        result = verified(place, k=None if every else k, model=model, seed=seed, progress=listener)
    finally:
        listener.close()
    _show(screen, result)
    return 0 if result.ok else VERDICT


def _show(screen: Screen, result: Verification) -> None:
    again = f"; {len(result.remade):,} made again" if result.remade else ""
    screen.say(f"{result.target}: {result.files:,} files compared with the manifest{again}")
    for finding in result.findings:
        screen.say(f"  {finding.name}: {finding.what}")
        if finding.why:
            screen.say(f"    {finding.why}", style="dim")
    screen.say(
        "All is as it was made." if result.ok else f"{len(result.findings):,} differences.", style="green" if result.ok else "bold red"
    )
    screen.document(result.to_json())
