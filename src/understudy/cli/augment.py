"""`understudy augment`: a table with synthetic rows where it lacks real ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.counts import parse_count
from understudy.cli.options import Budget, Data, Debug, Json, Method, Quiet, Reading, Schema, Seed, Sieve, TableName
from understudy.cli.outputs import require_table
from understudy.cli.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from understudy.augment.result import Augmented
    from understudy.data import Table

PAIRS = {"true": True, "yes": True, "false": False, "no": False}


def augment(
    data: Data,
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="OUT", show_default=False, help="A file (.csv .parquet .tsv .jsonl .arrow) or URL#table."),
    ],
    balance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN[=VALUE:SHARE,…]",
            help="Classes to equal shares (churn), or to these (churn=Yes:0.4). May be repeated: several columns jointly.",
        ),
    ] = None,
    cover: Annotated[
        str | None,
        typer.Option(
            metavar="ROWS | OPTION=VALUE,…",
            help="Rare values and pairs to at least so many rows: 50, or min_count=50,tails=0.01,pairs=false,unlikely=100,rows=200.",
        ),
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="CONDITION", help="An edge case to cover: \"age > 80 AND plan = 'basic'\". May be repeated.")
    ] = None,
    mix: Annotated[
        str | None, typer.Option(metavar="SHARE | ROWS", help="A synthetic share (0.5), a size (20k), or rows=20k,synthetic=0.5.")
    ] = None,
    impute: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Fill the missing cells of a column, or of all. May be repeated.")
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Let a balance leave out real rows of the common classes.")] = False,
    sieve: Sieve = True,
    model: Annotated[Path | None, typer.Option(metavar="MODEL", help="A model of this table, instead of fitting one.")] = None,
    method: Method = "auto",
    budget: Budget = None,
    schema: Schema = None,
    table: TableName = None,
    provenance: Annotated[bool, typer.Option(help="Columns that tell where each row comes from.")] = True,
    seed: Seed = 0,
    reading: Reading = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Add synthetic rows where a table lacks real ones; real rows stay as they are.

    **understudy augment customers.csv --balance churn -o train.parquet**
    """
    from understudy.augment.augmenting import augment as add
    from understudy.cli.tables import read_table
    from understudy.core.cancellation import cancel_on_interrupt

    screen = Screen(machine=as_json, quiet=quiet)
    require_table(output)
    real = read_table(data, schema=schema, table=table, reading=reading or ())
    asked = {"balance": balances(balance, real), "cover": _covered(cover, where), "mix": None if mix is None else mixed(mix)}
    filled: Any = True if impute and impute == ["all"] and "all" not in real.columns else impute or False
    listener = screen.progress()
    try:
        with cancel_on_interrupt(listener):
            made = add(
                real, **asked, impute=filled, drop=drop, sieve=sieve, model=model, method=method, budget=budget, seed=seed,
                provenance=provenance, progress=listener,
            )  # fmt: skip
    finally:
        listener.close()
    made.save(output)
    _show(screen, made, output)


def balances(texts: Sequence[str] | None, real: Table) -> Any:
    """`churn` → "churn"; `churn` and `plan` → both jointly; `churn=Yes:0.4,No:0.6` → shares. A column's name may hold any sign."""
    if not texts:
        return None
    if all(text in real.columns or "=" not in text for text in texts):
        return texts[0] if len(texts) == 1 else list(texts)
    shares: dict[str, Any] = {}
    for text in texts:
        if text in real.columns or "=" not in text:
            shares[text] = "equal"
            continue
        cuts = [place for place, sign in enumerate(text) if sign == "="]
        cut = next((place for place in reversed(cuts) if text[:place] in real.columns), cuts[0])
        shares[text[:cut]] = dict(_share(part, text) for part in text[cut + 1 :].split(","))
    return shares


def _share(part: str, text: str) -> tuple[str, float]:
    value, colon, share = part.rpartition(":")
    try:
        if colon:
            return value.strip(), float(share)
    except ValueError:
        pass
    raise typer.BadParameter(f'"{part}" in "{text}" is no share; write VALUE:SHARE, for example churn=Yes:0.4', param_hint="--balance")


def _covered(text: str | None, where: Sequence[str] | None) -> Any:
    asked = covered(text) if text is not None else {}
    return {**asked, "where": list(where)} if where else asked or None


def covered(text: str) -> dict[str, Any]:
    """`50` or `min_count=50,tails=0.01,pairs=false`; what is unknown is refused by `augment` itself, with the nearest word."""
    if "=" not in text:
        return {"min_count": parse_count(text)}
    return {name: _option(name, value) for name, value in (_named(part, "--cover") for part in text.split(","))}


def _option(name: str, value: str) -> Any:
    if name == "pairs" and value.lower() in PAIRS:
        return PAIRS[value.lower()]
    if name == "columns":
        return value.split("+")
    return _number(value) if name == "tails" else parse_count(value)


def mixed(text: str) -> Any:
    """`0.5`, `20k` or `rows=20k,synthetic=0.5`."""
    if "=" in text:
        named = dict(_named(part, "--mix") for part in text.split(","))
        return {name: parse_count(value) if name == "rows" else _number(value) for name, value in named.items()}
    return _number(text) if text.startswith(("0.", ".")) else parse_count(text)


def _named(part: str, option: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals or not value:
        raise typer.BadParameter(f'"{part}" is not written OPTION=VALUE', param_hint=option)
    return name.strip(), value.strip()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no number; write a share such as 0.5') from None


def _show(screen: Screen, made: Augmented, output: str) -> None:
    for number, line in enumerate(str(made).splitlines()):
        screen.say(line, style="" if number else "bold")
    screen.say()
    screen.say(f"{len(made):,} rows to {output}", style="bold")
    screen.document({"output": output, **made.to_dict()})
