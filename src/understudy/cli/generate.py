"""`understudy generate`: make the data that a spec declares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.counts import parse_count
from understudy.cli.options import Address, Debug, Engine, Json, KeepModel, Quiet
from understudy.cli.screen import Screen, bytes_in_words, seconds_in_words
from understudy.core.wording import counted

if TYPE_CHECKING:
    from understudy.run import Manifest


def generate(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC",
            help="A YAML file of tables (docs/rules.md), scenes (docs/scenes.md) or texts (docs/texts.md), or the name of a ready-made "
            "one (`understudy scenes` and `understudy texts` list them).",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            show_default=False,
            help="A folder (a folder of parts for each table), a database URL (postgresql://…, sqlite:///shop.db, duckdb:///shop.duckdb), "
            "or a place behind a URL (s3://bucket/shop/). Without one, the first rows of each table are shown.",
        ),
    ] = None,
    n: Annotated[int | None, typer.Option("-n", "--items", show_default=False, help="Scenes and texts: how many to make.")] = None,
    renderer: Annotated[
        str | None, typer.Option(metavar="NAME", show_default=False, help="Scenes: raycast, mitsuba, cycles, or none (labels only).")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Scenes: another value for a setting: weather.fog=0.02. May be repeated."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--given", metavar="COLUMN=VALUE", help="Texts: only rows like this: label=negative, case=sarcasm. May be repeated."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Texts of a language model: ask for a few rows, and tell what all will cost.")
    ] = False,
    budget: Annotated[float | None, typer.Option(metavar="MONEY", help="Texts: spend no more, in the place of the spec's limit.")] = None,
    budget_tokens: Annotated[int | None, typer.Option(metavar="N", help="Texts: use no more tokens, in the place of the spec's.")] = None,
    way: Annotated[str | None, typer.Option(metavar="NAME", help="Texts: another way than the spec's: template, ngram …")] = None,
    scale: Annotated[float, typer.Option(help="So many times the rows that the spec says.")] = 1.0,
    rows: Annotated[
        list[str] | None, typer.Option(metavar="TABLE=ROWS", help="Other numbers of rows: customers=10M. May be repeated.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another data set of the same spec; the spec's own seed unless told.")] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Tables and texts, the parts in folders: parquet, csv, jsonl, chat, conll … Scenes: coco, yolo, kitti, frames …",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; as many as there are cores unless told. The bytes are the same.")
    ] = None,
    engine: Engine = "local",
    address: Address = None,
    keep_model: KeepModel = None,
    part_rows: Annotated[str | None, typer.Option(metavar="ROWS", help="Rows in a part; 500k unless told.")] = None,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Hurt the rows as the spec's `dirt` says, with a file of labels beside the output.")
    ] = False,
    resume: Annotated[bool, typer.Option(help="Go on with the parts that an earlier run finished.")] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Give up an earlier run of another spec; replace tables of a database.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make the data that a spec declares, tables, scenes or texts: exact, the same bytes wherever and however often.

    **understudy generate shop.yaml -o shop/ --scale 10**

    **understudy generate driving-cut-in -n 100 -o driving/ --format coco**

    **understudy generate support-conversations -n 5000 -o chats/ --format chat**
    """
    from understudy.cli import text_specs
    from understudy.cli.scenes import generated, is_description
    from understudy.rules import Dataset, DirtyDataset

    screen = Screen(machine=as_json, quiet=quiet)
    if is_description(spec):
        for option, stated in (("--rows", rows), ("--scale", scale != 1.0), ("--dirty", dirty)):
            if stated:
                raise typer.BadParameter("this is for tables; scenes take -n, --renderer and --set", param_hint=option)
        generated(
            screen, spec, n, output, renderer, setting, seed=seed, format=form, workers=workers, engine=engine, address=address,
            resume=resume, overwrite=overwrite, part_rows=None if part_rows is None else parse_count(part_rows), keep_model=keep_model,
        )  # fmt: skip
        return
    if text_specs.is_text_spec(spec):
        text_specs.generated(
            screen, spec, n, output, text_specs.conditions(given), way, seed=seed, format=form, workers=workers, engine=engine,
            address=address, resume=resume, overwrite=overwrite, keep_model=keep_model, dry_run=dry_run, budget=budget,
            budget_tokens=budget_tokens, part_rows=None if part_rows is None else parse_count(part_rows),
        )  # fmt: skip
        return
    if given or way is not None or dry_run or budget is not None or budget_tokens is not None:
        raise typer.BadParameter(
            "--given, --way, --dry-run and --budget are for texts; for scenes there is --set, for tables --rows and --scale"
        )
    for_scenes = n is not None or renderer is not None or bool(setting)
    if not Path(spec).exists() and (for_scenes or (Path(spec).name == spec and not Path(spec).suffix)):
        raise typer.BadParameter(f"{spec} is no file, and no ready-made spec of that name. {known_ready(spec)}", param_hint="SPEC")
    if for_scenes:
        raise typer.BadParameter(
            f"{spec} describes no scenes: it does not begin with understudy: scenes/1 (-n, --renderer and --set are for scenes; "
            "for tables there are --rows and --scale)",
            param_hint="SPEC",
        )
    data = Dataset(Path(spec), scale=scale, rows=dict(_table_rows(entry) for entry in rows or []))
    if output is None:
        _preview(screen, DirtyDataset(data) if dirty else data, data.seed if seed is None else seed)
        return
    made = DirtyDataset(data) if dirty else data
    listener = screen.progress()
    try:
        manifest = made.write(
            output, seed=seed, format=form, workers=workers, engine=engine, address=address, resume=resume, overwrite=overwrite,
            part_rows=None if part_rows is None else parse_count(part_rows), keep_model=keep_model, progress=listener,
        )  # fmt: skip
    finally:
        listener.close()
    _show(screen, manifest, made.sizes(seed=seed))


def known_ready(name: str) -> str:
    """What may have been meant by the name of a ready-made spec."""
    from understudy.core.errors import did_you_mean
    from understudy.scenes import ready as scenes
    from understudy.text import ready as texts

    return did_you_mean(scenes.bare_name(name), [*scenes.ready_names(), *texts.ready_names()], shown=40)


def _table_rows(entry: str) -> tuple[str, int]:
    table, sign, count = entry.partition("=")
    if not (table and sign):
        raise typer.BadParameter(f'"{entry}" names no table and number: write --rows customers=10M')
    return table, parse_count(count)


def _preview(screen: Screen, data: Any, seed: int) -> None:
    import polars as pl

    sizes = data.sizes(seed=seed)
    found = {}
    for name, table in data.tables.items():
        head = table.sample(min(5, sizes[name]), seed=seed)
        found[name] = {"rows": sizes[name], "head": head.with_columns(pl.all().cast(pl.String)).to_dicts()}
        screen.say(f"{name}: {sizes[name]:,} rows")
        screen.say(head.glimpse(max_items_per_column=5, max_colname_length=24, return_type="string"))
    screen.document({"tables": found, "seed": seed})


def _show(screen: Screen, manifest: Manifest, sizes: dict[str, int]) -> None:
    rows = sum(sizes.values())
    kept = f", {counted(manifest.reused, 'part')} kept from an earlier run" if manifest.reused else ""
    speed = f" ({rows / manifest.seconds:,.0f} rows/s)" if manifest.seconds >= 1 and not manifest.reused else ""
    size = f", {bytes_in_words(manifest.bytes)}" if manifest.bytes else ""
    tables = ", ".join(f"{name} {count:,}" for name, count in sizes.items())
    screen.say(f"{rows:,} rows ({tables}) to {manifest.target}{size} in {seconds_in_words(manifest.seconds)}{speed}{kept}")
    screen.document({"target": manifest.target, "seconds": round(manifest.seconds, 3), "reused": manifest.reused, **manifest.to_json()})
