"""`understudy stream`: a spec's tables as changes in time, as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import typer

from understudy.cli.counts import parse_count
from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen


def stream(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="A spec of tables (YAML), with `stream` or without.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="A file of JSON lines, or - for the standard output.")
    ] = "-",
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How rows come, change and go (YAML), in place of the spec's `stream`.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="MOMENT", help="Changes from then on: 2025-03-01, 2025-03-01T09:30.")] = None,
    until: Annotated[str | None, typer.Option(metavar="MOMENT", help="Changes before then.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="N/s", help="Play so many changes a second: 100/s, 30/min.")] = None,
    speed: Annotated[str | None, typer.Option(metavar="Nx", help="Play so many times as fast as the changes are dated: 60x.")] = None,
    form: Annotated[str, typer.Option("--format", help="plain, or debezium (op, before, after, source, ts_us).")] = "plain",
    most: Annotated[str | None, typer.Option("-n", "--most", metavar="N", help="No more changes than so many: 500, 10k.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Another than the spec's.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Play the changes of tables: rows that come, change and go.

    **understudy stream shop.yaml --rate 100/s**
    """
    from understudy.core.cancellation import cancel_on_interrupt
    from understudy.rules import Dataset
    from understudy.rules.playing import played, rate_of, speed_of
    from understudy.rules.stream import ChangeStream
    from understudy.rules.streaming import read_stream_plan

    if rate is not None and speed is not None:
        raise typer.BadParameter("--rate and --speed both say when; give one of them")
    screen = Screen(machine=as_json, quiet=quiet, aside=output == "-")
    if output == "-" and as_json:
        raise typer.BadParameter("--json and -o - both want the standard output; write to a file")
    per_second, times = None if rate is None else rate_of(rate), None if speed is None else speed_of(speed)
    limit = None if most is None else parse_count(most)
    changes = ChangeStream(Dataset(spec), None if plan is None else read_stream_plan(plan), seed=seed)
    timed = changes.timed(since, until, form=form)  # type: ignore[arg-type]
    listener = screen.progress()
    with cancel_on_interrupt(listener):
        lines = played(timed, rate=per_second, speed=times, stopped=lambda: listener.cancelled)
        count = _write(lines, output, limit, flush=bool(per_second or times))
    listener.close()
    stopped = ", stopped" if listener.cancelled else ""
    screen.say(f"{count:,} changes to {'the standard output' if output == '-' else output}{stopped}")
    screen.document({"target": output, "changes": count, "stopped": bool(listener.cancelled)})


def _write(lines: Iterator[str], output: str, most: int | None, *, flush: bool) -> int:
    if output == "-":
        return _put(lines, sys.stdout, most, flush=flush)
    try:
        with Path(output).open("w", encoding="utf-8") as file:
            return _put(lines, file, most, flush=flush)
    except OSError as error:
        from understudy.core.atomic import sink_error

        raise sink_error(error, Path(output)) from None


def _put(lines: Iterator[str], file: IO[str], most: int | None, *, flush: bool) -> int:
    count = 0
    for line in lines if most != 0 else ():
        file.write(line + "\n")
        count += 1
        if flush:
            file.flush()
        if count == most:
            break
    return count
