"""`understudy scenes` and `understudy preview`: what worlds there are, and how a description looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen
from understudy.cli.stating import states, values_stated
from understudy.core.wording import counted

if TYPE_CHECKING:
    from understudy.scenes.spec.description import SceneSpec
    from understudy.scenes.world import World


def scenes(
    name: Annotated[str | None, typer.Argument(metavar="[WORLD]", help="A world, or a ready-made description, to tell more of.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the world's descriptions, for editors.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """List the worlds and ready-made descriptions; or tell the settings and edge cases of one.

    **understudy scenes driving**
    """
    from understudy.core.errors import ArgumentError, did_you_mean
    from understudy.scenes.ready import ready_made, ready_names
    from understudy.scenes.spec.description import SceneSpec
    from understudy.scenes.worlds import world, world_names

    screen = Screen(machine=as_json, quiet=quiet)
    if name is None:
        _list(screen)
    elif (path := ready_made(name)) is not None:
        screen.say(path.read_text("utf-8").rstrip())
        screen.document({"name": path.stem, "file": str(path)})
    elif name not in world_names():
        remedy = did_you_mean(name, [*world_names(), *ready_names()], shown=30)
        raise ArgumentError(f'There is no world and no ready-made description called "{name}".', remedy=remedy)
    elif schema:
        import json

        typer.echo(json.dumps(SceneSpec.json_schema(name), indent=2))
    else:
        _tell(screen, world(name))


def preview(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="A description (YAML), or the name of a ready-made one.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The picture to write.")] = Path("preview.png"),
    n: Annotated[int, typer.Option("-n", min=1, help="Items to show.")] = 6,
    columns: Annotated[int, typer.Option(min=1, help="Pictures in a row.")] = 3,
    labels: Annotated[bool, typer.Option(help="Draw the labels on the pictures.")] = True,
    renderer: Annotated[str | None, typer.Option(metavar="NAME", help="raycast, mitsuba, cycles, or none (labels only).")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Another value for a setting: weather.fog=0.02. May be repeated."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another data set of the same description.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make a contact sheet of a description's first items, with labels drawn on.

    **understudy preview driving-cut-in -o sheet.png**
    """
    from understudy.core.atomic import atomic_file
    from understudy.scenes.generator import Scenes
    from understudy.scenes.preview import contact_sheet

    screen = Screen(machine=as_json, quiet=quiet)
    if not Path(spec).exists() and not is_description(spec):
        raise typer.BadParameter(f"{spec} is no file, and no ready-made scenes of that name. {known_scenes(spec)}", param_hint="SPEC")
    if output.suffix.lower() != ".png":
        raise typer.BadParameter(f"{output} is no PNG: name a file that ends in .png", param_hint="--output")
    generator = Scenes(spec, renderer=renderer)
    listener = screen.progress()
    try:
        shots = generator.sample(n, seed=generator.seed if seed is None else seed, given=settings_given(setting), progress=listener)
    finally:
        listener.close()
    sheet = contact_sheet(shots, columns=columns, labels=labels)
    with atomic_file(output) as file:
        sheet.save(file, format="PNG")
    screen.say(f"{counted(n, 'item')} of {spec} to {output} ({sheet.width} x {sheet.height})")
    screen.document({"file": str(output), "items": n, "width": sheet.width, "height": sheet.height})


def settings_given(stated: list[str] | None) -> dict[str, Any] | None:
    """`--set` options as conditions; values are read as YAML, so that distributions can be written too."""
    return values_stated(stated, "--set", "setting and value", "weather.fog=0.02")


def _list(screen: Screen) -> None:
    from understudy.scenes.ready import ready_names
    from understudy.scenes.spec.description import read_description
    from understudy.scenes.worlds import world, world_names

    worlds = {name: world(name).about for name in world_names()}
    ready = {name: read_description(name).about for name in ready_names()}
    screen.say("Worlds", style="bold")
    for name, about in worlds.items():
        screen.say(f"  {name:<16} {about}")
    screen.say("Ready-made descriptions", style="bold")
    for name, about in ready.items():
        screen.say(f"  {name:<32} {about}")
    screen.say("More of one: understudy scenes NAME. Pictures: understudy preview NAME. Data: understudy generate NAME -n 100 -o DIR.")
    screen.document({"worlds": worlds, "ready": ready})


def _tell(screen: Screen, world: World) -> None:
    from understudy.scenes.spec.draws import setting_paths

    settings = world.settings()
    screen.say(f"{world.name}: {world.about}", style="bold")
    screen.say("Settings (defaults; each can be a distribution)", style="bold")
    shown = {path: _value_at(settings, path) for path in setting_paths(settings)}
    for path, value in shown.items():
        screen.say(f"  {path:<36} {value}")
    screen.say("Edge cases", style="bold")
    for name, case in world.edge_cases.items():
        screen.say(f"  {name:<20} {case.about}")
    screen.say("Labelled", style="bold")
    screen.say("  " + ", ".join(category.name for category in world.categories))
    screen.document(
        {
            "world": world.name,
            "about": world.about,
            "settings": shown,
            "edge_cases": {name: case.about for name, case in world.edge_cases.items()},
            "categories": [category.name for category in world.categories],
        }
    )


def _value_at(settings: Any, path: str) -> Any:
    for step in path.split("."):
        settings = getattr(settings, step)
    return settings.model_dump(mode="json", exclude_none=True) if hasattr(settings, "model_dump") else settings


def is_description(source: str) -> bool:
    """Whether a spec is a description of scenes: by its first line, or as the name of a ready-made one."""
    from understudy.scenes.ready import ready_made

    return states(source, "scenes/", ready_made)


def known_scenes(name: str) -> str:
    """What may have been meant by the name of a ready-made description."""
    from understudy.core.errors import did_you_mean
    from understudy.scenes.ready import bare_name, ready_names

    return did_you_mean(bare_name(name), ready_names(), shown=20)


def generated(
    screen: Screen, spec: str, n: int | None, output: str | None, renderer: str | None, setting: list[str] | None, **options: Any
) -> None:
    """Write `n` shots of a description; for formats without pictures neither these nor labels of pixels are made."""
    from understudy.data.media.exporting import exporter
    from understudy.scenes.generator import Scenes

    if n is None:
        raise typer.BadParameter("say how many items: -n 100", param_hint="-n")
    if n < 1:
        raise typer.BadParameter("make at least one item: -n 100", param_hint="-n")
    if output is None:
        raise typer.BadParameter("name a folder: -o DIR (to look at some first: understudy preview SPEC)", param_hint="--output")
    form = options.get("format")
    generator = Scenes(spec, renderer=renderer)
    if renderer is None and form is not None and not exporter(str(form).partition(":")[0]).pictures:
        generator = Scenes({**generator.spec.to_dict(), "renderer": "none", "labels": []})
    seed = options.pop("seed")
    listener = screen.progress()
    try:
        manifest = generator.write(
            n, output, seed=generator.seed if seed is None else seed, given=settings_given(setting), progress=listener, **options
        )
    finally:
        listener.close()
    spec_words = _frames_in_words(generator.spec, n)
    kept = f", {counted(manifest.reused, 'part')} kept from an earlier run" if manifest.reused else ""
    screen.say(f"{spec_words} to {manifest.target} as {manifest.plan.format} in {manifest.seconds:.1f} s{kept}")
    screen.document({"target": manifest.target, "seconds": round(manifest.seconds, 3), "reused": manifest.reused, **manifest.to_json()})


def _frames_in_words(spec: SceneSpec, n: int) -> str:
    frames = spec.video.frames
    items = counted(n, "item")
    return items if frames == 1 else f"{items} of {frames} frames"
