"""`understudy texts`: the tasks, ways and ready-made specs of texts; and `generate` for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen, bytes_in_words, seconds_in_words
from understudy.cli.stating import states, values_stated

if TYPE_CHECKING:
    from understudy.text.generator import Texts


def texts(
    name: Annotated[str | None, typer.Argument(metavar="[SPEC]", help="A ready-made spec to print.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of specs of texts, for editors.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """List the tasks, ways and ready-made specs of texts; or print a spec, to begin one's own from.

    **understudy texts kitchen-reviews**
    """
    from understudy.core.errors import ArgumentError, did_you_mean
    from understudy.text.ready import ready_made, ready_names
    from understudy.text.spec.text_spec import TextSpec

    screen = Screen(machine=as_json, quiet=quiet)
    if schema:
        import json

        typer.echo(json.dumps(TextSpec.json_schema(), indent=2))
    elif name is None:
        _list(screen)
    elif (path := ready_made(name)) is not None:
        screen.say(path.read_text("utf-8").rstrip())
        screen.document({"name": path.stem, "file": str(path)})
    else:
        raise ArgumentError(f'There is no ready-made spec called "{name}".', remedy=did_you_mean(name, ready_names(), shown=30))


def _list(screen: Screen) -> None:
    from understudy.text.ready import ready_names
    from understudy.text.spec.text_spec import read_text_spec
    from understudy.text.tasks import TASKS, task
    from understudy.text.ways import WAYS

    tasks = {name: task(name).about for name in TASKS}
    ready = {name: read_text_spec(name) for name in ready_names()}
    screen.say("Tasks", style="bold")
    for name, about in tasks.items():
        screen.say(f"  {name:<24} {about}")
    screen.say("Ready-made specs", style="bold")
    for name, spec in ready.items():
        screen.say(f"  {name:<24} {spec.task}: {spec.about}")
    screen.say(f"Ways: {', '.join(WAYS)}. More of one: understudy texts NAME. Data: understudy generate NAME -n 1000 -o DIR.")
    screen.document(
        {"tasks": tasks, "ways": list(WAYS), "ready": {name: {"task": spec.task, "about": spec.about} for name, spec in ready.items()}}
    )


def is_text_spec(source: str) -> bool:
    """Whether a spec is one of texts: by its first line, or as the name of a ready-made one."""
    from understudy.text.ready import ready_made

    return states(source, "text/", ready_made)


def conditions(stated: list[str] | None) -> dict[str, Any] | None:
    """`--given` options as conditions; values are read as YAML, so that shares can be written too: label={a: 1, b: 3}."""
    return values_stated(stated, "--given", "column and value", "label=negative")


def generated(
    screen: Screen, source: str, n: int | None, output: str | None, given: dict[str, Any] | None, way: str | None,
    *, dry_run: bool, budget: float | None, budget_tokens: int | None, **options: Any,
) -> None:  # fmt: skip
    """Write `n` rows of a text spec, or show some."""
    from understudy.cli import text_jobs
    from understudy.text.generator import Texts
    from understudy.text.job import needs_job, order_of
    from understudy.text.place import Place

    if n is not None and n < 1:
        raise typer.BadParameter("make at least one row: -n 1000", param_hint="-n")
    generator = Texts(source, way=way)
    stated = text_jobs.with_limits(generator.spec.to_dict(), budget, budget_tokens)
    folder = Path(source).parent if Path(source).exists() else Path()
    if stated != generator.spec.to_dict():
        generator = Texts(stated, folder=folder)
    seed = options.pop("seed")
    seed = generator.seed if seed is None else seed
    if output is None and not dry_run:
        _preview(screen, generator, n or 3, seed, given)
        return
    if n is None and generator._rows.height is None:
        raise typer.BadParameter("say how many rows: -n 1000", param_hint="-n")
    if dry_run or needs_job(generator):
        rows, form, part_rows = n or generator._rows.height or 0, options.pop("format"), options.pop("part_rows")
        order = order_of(generator, rows, seed=seed, given=given, form=form, part_rows=part_rows)
        place = None if output is None else Place.of(output, form)
        if dry_run or place is None:
            text_jobs.show_estimate(screen, order, place, generator)
        else:
            text_jobs.run_order(screen, order, place, generator, **options)
        return
    assert output is not None
    listener = screen.progress()
    try:
        manifest = generator.write(n or generator._rows.height or 0, output, seed=seed, given=given, progress=listener, **options)
    finally:
        listener.close()
    kept = f", {manifest.reused} parts kept from an earlier run" if manifest.reused else ""
    speed = f" ({manifest.rows / manifest.seconds:,.0f} rows/s)" if manifest.seconds >= 1 and not manifest.reused else ""
    size = f", {bytes_in_words(manifest.bytes)}" if manifest.bytes else ""
    screen.say(f"{manifest.rows:,} rows to {manifest.target}{size} in {seconds_in_words(manifest.seconds)}{speed}{kept}")
    for said in generator.says():
        screen.say(said)
    screen.document(
        {
            "target": manifest.target,
            "seconds": round(manifest.seconds, 3),
            "reused": manifest.reused,
            **manifest.to_json(),
            "says": generator.says(),
        }
    )


def _preview(screen: Screen, generator: Texts, n: int, seed: int, given: dict[str, Any] | None) -> None:
    rows = generator.sample(n, seed=seed, given=given).to_dicts()
    for row in rows:
        for name, value in row.items():
            screen.say(f"{name}: {_shown(value)}")
        screen.say("")
    screen.document(
        {"rows": [{name: _plain(value) for name, value in row.items()} for row in rows], "seed": seed, "says": generator.says()}
    )


def _shown(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict) and "role" in value[0]:
        return "".join(f"\n  {said['role']}: {said['content'] or ''}{_calls(said)}" for said in value)
    return str(value)


def _calls(said: dict[str, Any]) -> str:
    return "".join(f" → {made['name']}({made['arguments']})" for made in said["tool_calls"] or [])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str | list) else str(value)
