"""`generate` of texts whose rows may be dropped or are paid for: a job; and `understudy resume`, which goes on with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen, bytes_in_words, seconds_in_words

if TYPE_CHECKING:
    from understudy.text.generator import Texts
    from understudy.text.job import Order, Outcome
    from understudy.text.place import Place

TRIED_ROWS = 5


def resume(
    output: Annotated[Path, typer.Argument(metavar="OUT", help="The folder or file that `understudy generate` was writing to.")],
    model: Annotated[
        Path | None, typer.Option("--model", metavar="FILE", help="What made the rows, where it is not kept in OUT.", show_default=False)
    ] = None,
    budget: Annotated[float | None, typer.Option(metavar="MONEY", help="Texts: another limit in money.", show_default=False)] = None,
    budget_tokens: Annotated[int | None, typer.Option(metavar="N", help="Texts: another limit in tokens.", show_default=False)] = None,
    endpoint: Annotated[str | None, typer.Option(metavar="URL", help="Texts: the model at another address.", show_default=False)] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Go on with what was begun in a folder, or for a file: what is finished is kept, and nothing is asked for twice.

    **understudy resume reviews/ --budget 10**
    """
    from dataclasses import replace

    from understudy.text.job import load_order
    from understudy.text.place import Place

    screen = Screen(machine=as_json, quiet=quiet)
    place = Place.begun(output)
    if place is not None:
        order = load_order(place)
        run_order(screen, replace(order, spec=with_limits(order.spec, budget, budget_tokens, endpoint)), place)
        return
    for option, value in (("--budget", budget), ("--budget-tokens", budget_tokens), ("--endpoint", endpoint)):
        if value is not None:
            raise typer.BadParameter(f"no job that asks a language model was begun at {output}", param_hint=option)
    _go_on(screen, output, model)


def _go_on(screen: Screen, folder: Path, model: Path | None) -> None:
    """A run of `write` whose plan is in its manifest."""
    from understudy.core.errors import DataError
    from understudy.run import load_manifest, write
    from understudy.run.given import given_from_json
    from understudy.run.manifest import MODEL_NAME
    from understudy.run.store import open_store

    manifest = load_manifest(open_store(str(folder))) if folder.is_dir() or "://" in str(folder) else None
    if manifest is None:
        what = "Nothing was begun here." if folder.exists() else "There is nothing of that name."
        raise DataError(what, where=str(folder), remedy="Name the folder or file that `understudy generate` wrote to.")
    place = model if model is not None else folder / MODEL_NAME
    if not place.is_file():
        raise DataError(
            "What made the rows is not kept here.", where=str(folder), remedy="Name it: --model FILE; or run the same command again."
        )
    plan = manifest.plan
    several = len(plan.tables) > 1 or plan.tables[0].name != ""
    first = plan.tables[0]
    listener = screen.progress()
    try:
        done = write(
            place, None if several else plan.rows, folder, seed=plan.seed, given=given_from_json(plan.given), format=plan.format,
            part_rows=first.part_blocks * first.block_rows, progress=listener,
        )  # fmt: skip
    finally:
        listener.close()
    screen.say(f"{done.rows:,} rows to {done.target}, {done.reused} of {len(done.parts)} parts kept from an earlier run")
    screen.document({"target": done.target, "reused": done.reused, **done.to_json()})


def with_limits(spec: dict[str, Any], budget: float | None, tokens: int | None, endpoint: str | None = None) -> dict[str, Any]:
    """A spec, as plain values, whose language model may spend so much; or is at another address."""
    if budget is None and tokens is None and endpoint is None:
        return spec
    if "llm" not in spec:
        raise typer.BadParameter("no language model is asked by this spec", param_hint="--budget" if endpoint is None else "--endpoint")
    section = dict(spec["llm"])
    if endpoint is not None and "local" in section:
        raise typer.BadParameter("the model of this spec is on this machine and has no address", param_hint="--endpoint")
    limits = dict(section.get("budget", {}))
    limits |= {name: value for name, value in (("money", budget), ("tokens", tokens)) if value is not None}
    section |= ({"budget": limits} if limits else {}) | ({} if endpoint is None else {"endpoint": endpoint})
    return {**spec, "llm": section}


def run_order(screen: Screen, order: Order, place: Place, texts: Texts | None = None, **options: Any) -> None:
    """Do the job, and tell what became of the rows."""
    from understudy.text.job import run_job

    listener = screen.progress()
    try:
        outcome = run_job(order, place, texts, progress=listener, **options)
    finally:
        listener.close()
    _show(screen, outcome)


def _show(screen: Screen, outcome: Outcome) -> None:
    manifest, place = outcome.manifest, outcome.place
    rows = [("kept", outcome.kept), *sorted(outcome.dropped.items(), key=lambda pair: -pair[1])]
    share = max(outcome.requested, 1)
    screen.table(
        ["", "rows", "share"], [(name, f"{count:,}", f"{count / share:.1%}") for name, count in [*rows, ("requested", outcome.requested)]]
    )
    size = f", {bytes_in_words(manifest.bytes)}" if manifest.bytes else ""
    screen.say(f"{manifest.rows:,} rows to {manifest.target}{size} in {seconds_in_words(sum(outcome.seconds.values()))}")
    if outcome.dropped:
        screen.say(f"Rows that were dropped, each with its reason: {place.dropped}")
    if place.is_file:
        screen.say(f"To go on or to look closer: {place.state} keeps what was asked and answered.")
    if outcome.spending is not None:
        screen.say(f"Spent, all runs together: {outcome.spending.in_words()}")
    for said in (*outcome.notes, *outcome.says):
        screen.say(said)
    screen.document({"target": manifest.target, "reused": manifest.reused, **manifest.to_json(), **outcome.to_json()})


def show_estimate(screen: Screen, order: Order, place: Place | None, texts: Texts) -> None:
    """What the job will cost, from a few of its rows; they are kept, and paid once."""
    from understudy.core.errors import Cancelled
    from understudy.text.job import texts_at
    from understudy.text.quality.declared import Declared
    from understudy.text.ways.asking.costing import estimated

    texts = texts if place is None else texts_at(place, texts)
    declared = Declared(texts, order.folder, None if place is None else place.state)
    judges = list(declared.judges.values())
    if texts.journal is None and not judges:
        raise typer.BadParameter(f'the way "{texts.spec.way}" asks nobody and costs nothing', param_hint="--dry-run")
    try:
        found = estimated(texts, order.n, seed=order.seed, given=order.given, tries=TRIED_ROWS, judges=judges)
    except KeyboardInterrupt:
        raise Cancelled(
            "Stopped. The replies that came are kept.", where=str(texts.journal or judges[0].journal), remedy="Run the same again."
        ) from None
    screen.say(found.in_words())
    known = [f'{judge.known_rows} questions to hold the judge "{judge.name}" against known rows' for judge in judges if judge.known_rows]
    if known:
        screen.say(f"Beside that, once: {', '.join(known)}.")
    for note in texts._way.notes():
        screen.say(note)
    journal = texts.journal if texts.journal is not None else judges[0].journal
    screen.say(f"Replies are kept in {journal}; the same command without --dry-run goes on from them.")
    screen.document(found.to_json())
