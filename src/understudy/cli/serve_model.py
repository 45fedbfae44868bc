"""`understudy serve-model`: a saved text model, or an echo, over the OpenAI wire format; with faults where they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.options import Debug, Json, Quiet
from understudy.cli.screen import Screen

if TYPE_CHECKING:
    from understudy.text.llm.prices import Price
    from understudy.text.serving.writers import Writer


def serve_model(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL", help="A saved text model, or the folder of a language model in the Hugging Face form.", show_default=False
        ),
    ] = None,
    echo: Annotated[bool, typer.Option("--echo", help="No model: say back what is said.")] = False,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for all the network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The model's name over the wire.", show_default=False)] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", envvar="UNDERSTUDY_SERVE_KEY", help="Asked of every request.")] = None,
    seed: Annotated[int, typer.Option(help="Of replies and faults; the same request gets the same reply.")] = 0,
    price: Annotated[
        str | None, typer.Option(metavar="IN/OUT", help="Fake prices of a million tokens, stated and reckoned: 0.15/0.60.")
    ] = None,
    faults: Annotated[
        str, typer.Option(metavar="NAME=RATE,…", help="429, 500, 503, json, garbled, cut, hang, usage, shapeless, length.")
    ] = "",
    delay: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Before every reply.")] = 0.0,
    spread: Annotated[float, typer.Option(min=0, max=1, help="Delays vary by such a share.")] = 0.0,
    retry_after: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="Told with 429 and 503.")] = 1.0,
    at_once: Annotated[int | None, typer.Option(metavar="N", min=1, help="Requests at once; more get 429.", show_default=False)] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="A JSON line a request.", show_default=False)] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Serve a text model over the OpenAI wire format.

    **understudy serve-model reviews.understudy --port 8000**

    **understudy serve-model my-llama/**

    **understudy serve-model --echo --faults 429=0.1,500=0.05,hang=0.01**
    """
    from understudy.text.serving.application import Options
    from understudy.text.serving.faults import FaultPlan
    from understudy.text.serving.server import Server

    if echo == (model is not None):
        raise typer.BadParameter("give either MODEL or --echo")
    plan = FaultPlan.parse(faults, delay_s=delay, spread=spread, retry_after_s=retry_after, seed=seed)
    options = Options(key=key, faults=plan, seed=seed, price=None if price is None else _price(price), at_once=at_once, log=log)
    writer = _writer(model, name, seed)
    screen = Screen(machine=as_json, quiet=quiet)
    server = Server(writer, options, host=host, port=port)
    with server:
        screen.say(f"{writer.name} at {server.url}; Ctrl-C ends it")
        screen.document({"model": writer.name, "url": server.url})
        server.wait()
    screen.say(f"{server.ledger.outcomes.total():,} requests")


def _writer(model: Path | None, name: str | None, seed: int) -> Writer:
    from understudy.text.serving.writers import Echo, Written

    if model is None:
        writer = Echo()
        writer.name = name or writer.name
        return writer
    if model.is_dir():
        from understudy.text.serving.local_model import LocalModel

        return LocalModel(model, name=name)
    from understudy.core.generator import load

    return Written(load(model), name=name, seed=seed)


def _price(text: str) -> Price:
    from understudy.text.llm.prices import Price

    asked, slash, answered = text.partition("/")
    if not slash:
        raise typer.BadParameter("--price is two amounts: IN/OUT, such as 0.15/0.60")
    return Price.of(asked, answered)
