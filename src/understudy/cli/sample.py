"""`understudy sample`: write rows from a model to files, a database or the standard output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.counts import parse_count
from understudy.cli.options import Address, Debug, Engine, Json, KeepModel, Quiet, Seed
from understudy.cli.screen import Screen, bytes_in_words, seconds_in_words

if TYPE_CHECKING:
    from understudy.run import Manifest


def sample(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model that `understudy fit` saved.")],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            show_default=False,
            help="A file (.csv .parquet .tsv .jsonl .arrow; text also .gz .zst), a folder for parts, either also behind a URL "
            "(s3://bucket/path), a database URL#table, or - for CSV on the standard output.",
        ),
    ],
    rows: Annotated[str, typer.Option("-n", "--rows", metavar="ROWS", help="How many: 5000, 5k, 10M.", show_default=False)],
    given: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="Only rows like this: city=Paris, city=Paris,Rome, age=20..30, age=..30; or shares: churn=yes:0.5. May be repeated.",
        ),
    ] = None,
    given_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Partial rows to complete, over and over; an empty cell is not given.")
    ] = None,
    seed: Seed = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as there are cores unless told. The rows are the same.")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="Of the parts in a folder: parquet, csv, csv.gz, csv.zst, tsv, jsonl, arrow …")
    ] = None,
    part_rows: Annotated[str | None, typer.Option(metavar="ROWS", help="Rows in a part; 500k unless told.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the parts that an earlier run finished.")] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Give up an earlier run with another plan; replace a database table.")
    ] = False,
    engine: Engine = "local",
    address: Address = None,
    keep_model: KeepModel = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make rows and write them.

    **understudy sample customers.understudy -n 10M -o synthetic/ --workers 2**
    """
    from understudy.cli.conditions import parse_given
    from understudy.core import load
    from understudy.run import write

    screen = Screen(machine=as_json, quiet=quiet, aside=output == "-")
    if output == "-" and as_json:
        raise typer.BadParameter("--json and -o - both want the standard output; write to a file")
    wanted, part = parse_count(rows), None if part_rows is None else parse_count(part_rows)
    conditions = parse_given(given, given_file, load(model)) if given or given_file else None
    listener = screen.progress()
    try:
        manifest = write(
            model, wanted, output, seed=seed, given=conditions, format=form, workers=workers, part_rows=part, resume=resume,
            overwrite=overwrite, engine=engine, address=address, keep_model=keep_model, progress=listener,
        )  # fmt: skip
    finally:
        listener.close()
    _show(screen, manifest, str(model))


def _show(screen: Screen, manifest: Manifest, model: str) -> None:
    kept = f", {manifest.reused} of {len(manifest.parts)} parts kept from an earlier run" if manifest.reused else ""
    rate = manifest.rows / manifest.seconds if manifest.seconds > 0 else 0.0
    place = "the standard output" if manifest.target == "-" else manifest.target
    speed = f" ({rate:,.0f} rows/s)" if manifest.seconds >= 1 and not manifest.reused else ""
    size = f", {bytes_in_words(manifest.bytes)}" if manifest.bytes else ""
    screen.say(f"{manifest.rows:,} rows to {place}{size} in {seconds_in_words(manifest.seconds)}{speed}{kept}")
    screen.document(
        {"target": manifest.target, "seconds": round(manifest.seconds, 3), "reused": manifest.reused, **manifest.to_json(), "model": model}
    )
