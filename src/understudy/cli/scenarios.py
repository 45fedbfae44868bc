"""`understudy scenarios`: dangerous traffic situations without pixels: what there are, which of them go wrong, and how probable that is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from understudy.cli.counts import parse_count
from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen

scenarios = typer.Typer(
    name="scenarios", help="Dangerous traffic situations: the catalogue, the search for rare events, coverage.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="A name of the catalogue: cut-in.")]
OPTION_OF_RUNS = {"cross_entropy": "final", "subset_simulation": "per_level", "monte_carlo": "runs"}


@scenarios.command("list")
def list_(as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """List the catalogue."""
    from understudy.scenes.traffic.scenarios import CATALOGUE

    screen = Screen(machine=as_json, quiet=quiet)
    for known in CATALOGUE.values():
        screen.say(f"  {known.name.replace('_', '-'):<20} {known.what}")
    screen.document({"scenarios": {name: known.what for name, known in CATALOGUE.items()}})


@scenarios.command()
def show(name: Name, as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Tell a scenario's parameters: units, bounds and laws."""
    from understudy.scenes.traffic.scenarios import scenario

    screen, known = Screen(machine=as_json, quiet=quiet), scenario(name)
    screen.say(f"{known.name}: {known.what}", style="bold")
    for one in known.parameters:
        shape = ", ".join(f"{key} {value:g}" for key, value in (one.shape or {}).items())
        screen.say(f"  {one.name:<26} {one.low:g} .. {one.high:g}   {one.law}{f' ({shape})' if shape else ''}: {one.what}")
    screen.document(
        {
            "scenario": known.name,
            "what": known.what,
            "parameters": {
                one.name: {"what": one.what, "low": one.low, "high": one.high, "law": one.law, "shape": dict(one.shape or {})}
                for one in known.parameters
            },
        }
    )


@scenarios.command()
def search(
    name: Name,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="A table (.csv, .parquet) of the runs with their likelihood weights."),
    ] = None,
    event: Annotated[
        str, typer.Option(help="collision, or a figure with its limit: min_ttc_s<1.5, min_gap_m<0.5, pet_s<1, max_drac_mps2>6.")
    ] = "collision",
    method: Annotated[str, typer.Option(help="cross-entropy, subset-simulation or monte-carlo.")] = "cross-entropy",
    runs: Annotated[str | None, typer.Option(metavar="N", help="Runs of the estimate (of each level, for subset-simulation): 10k.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Write all weighted runs, not only those in which it happened.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Find the runs of a scenario in which something dangerous happens, and how probable that is.

    **understudy scenarios search cut-in --event collision -o found.csv**, then **--set found=found.csv** for scenes of driving.
    """
    from understudy.scenes.traffic.search import search as searched

    screen = Screen(machine=as_json, quiet=quiet)
    kind, limit = _event(event)
    chosen = method.replace("-", "_")
    options: dict[str, Any] = {} if runs is None else {OPTION_OF_RUNS.get(chosen, "runs"): parse_count(runs)}
    found = searched(name.replace("-", "_"), kind, limit=limit, method=chosen, seed=seed, **options)
    table, estimate = found.runs if every else found.dangerous, found.estimate
    if output is not None:
        _write(table, output)
    screen.say(
        f"{found.scenario.name}, {event}: probability {estimate.probability:.3g}, {estimate.level:.0%} interval {estimate.low:.3g} .. "
        f"{estimate.high:.3g}, from {estimate.runs:,} runs"
    )
    for note in estimate.notes:
        screen.say(f"  {note}")
    screen.say(f"{len(found.dangerous):,} runs in which it happened{f'; {len(table):,} written to {output}' if output else ''}")
    screen.document(
        {
            "scenario": found.scenario.name,
            "event": event,
            "method": estimate.method,
            "probability": estimate.probability,
            "low": estimate.low,
            "high": estimate.high,
            "level": estimate.level,
            "runs": estimate.runs,
            "events": len(found.dangerous),
            "notes": list(estimate.notes),
            "file": None if output is None else str(output),
        }
    )


@scenarios.command()
def coverage(
    name: Name,
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Runs, a column for each parameter (.csv, .parquet).")],
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Tell how much of a scenario's space runs have seen."""
    from dataclasses import asdict

    from understudy.data.files import read
    from understudy.scenes.traffic.coverage import coverage as covered
    from understudy.scenes.traffic.scenarios import scenario

    screen, known = Screen(machine=as_json, quiet=quiet), scenario(name)
    frame = read(str(table), infinities="null").frame
    missing = [column for column in known.names if column not in frame.columns]
    if missing:
        raise typer.BadParameter(f'{table} has no column "{missing[0]}"', param_hint="TABLE")
    weights = frame["likelihood_weight"].to_numpy() if "likelihood_weight" in frame.columns else None
    seen = covered(known, frame.select(known.names).to_numpy(), weights=weights)
    for line in seen.lines():
        screen.say(line)
    screen.document(asdict(seen))


def _event(text: str) -> tuple[str, float | None]:
    """A figure and its limit."""
    for sign in ("<=", ">=", "<", ">", "="):
        kind, found, limit = text.partition(sign)
        if found:
            try:
                return kind.strip(), float(limit)
            except ValueError:
                raise typer.BadParameter(f'"{limit}" is no number', param_hint="--event") from None
    return text.strip(), None


def _write(table: Any, output: Path) -> None:
    from understudy.core.atomic import atomic_file

    if output.suffix not in (".csv", ".parquet"):
        raise typer.BadParameter("write .csv or .parquet", param_hint="--output")
    with atomic_file(output) as file:
        if output.suffix == ".csv":
            table.write_csv(file)
        else:
            table.write_parquet(file)
