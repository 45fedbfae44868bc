"""Options that several commands share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# -- what goes in

Data = Annotated[
    str, typer.Argument(metavar="DATA", help="The real table: a file (CSV, Parquet, Excel …), a folder of parts, or a database URL.")
]
Schema = Annotated[
    Path | None, typer.Option("--schema", metavar="FILE", help="What the columns mean, as YAML; see `understudy inspect --schema-out`.")
]
TableName = Annotated[str | None, typer.Option("--table", metavar="NAME", help="Table of the database, or sheet of the workbook.")]
Reading = Annotated[
    list[str] | None,
    typer.Option(
        "--read",
        metavar="OPTION=VALUE",
        help="How to read DATA, where it is not found out: delimiter, encoding, decimal, missing=n/a,?, infinities=null, nested=text, "
        "ragged=skip … May be repeated.",
    ),
]

# -- what is done with it

Target = Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The column that models will be trained to predict.")]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="NAME",
        help="How to learn the table: auto picks the best by measured quality; else trees, copula, mixture, autoregressive, diffusion, "
        "gan, independent, or a plug-in's name.",
    ),
]
Budget = Annotated[str | None, typer.Option("--budget", metavar="TIME", help="Effort of learning: 30s, 10min, 1h, best.")]
Sieve = Annotated[bool, typer.Option("--sieve/--no-sieve", help="Sift the rows made for a class by what the real rows say of it.")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same result; 0 or more.")]
Engine = Annotated[str, typer.Option("--engine", metavar="NAME", help="Who makes the parts: local (processes here) or ray (a cluster).")]
Address = Annotated[
    str | None,
    typer.Option("--address", metavar="HOST:PORT", help="Of the Ray cluster, or auto; one on this machine is started unless told."),
]
KeepModel = Annotated[
    bool | None,
    typer.Option(
        "--keep-model/--no-keep-model",
        show_default=False,
        help="Put the model beside the parts in a folder, for `understudy verify`; only where it learned from no real data unless told.",
    ),
]

# -- what is told

Page = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="PAGE", help="A page (.html) or its figures (.json).", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on the standard output, errors too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
