"""`understudy compare`: fit several engines on the same rows, judge them on the same held-out rows, and write the league table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.evaluate import MARKS
from understudy.cli.options import Data, Debug, Json, Page, Quiet, Reading, Schema, Seed, Target
from understudy.cli.outputs import require_page
from understudy.cli.screen import Screen, seconds_in_words

if TYPE_CHECKING:
    from understudy.evaluate.league import Entry, League
    from understudy.evaluate.result import Figure

_SHOWN = {"c2st_auc": "told", "utility_kept": "useful", "pair_trends": "pairs", "membership_auc": "member", "dcr_share": "nearer"}


def compare(
    data: Data,
    output: Page = None,
    methods: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Methods with commas between them; else all that fit the effort.", show_default=False),
    ] = None,
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="Effort for all fits together: 30s, 10min, 1h, best.")] = None,
    target: Target = None,
    holdout: Annotated[
        str | None, typer.Option(metavar="DATA", help="Real rows to judge on; else a quarter of DATA is kept aside.")
    ] = None,
    schema: Schema = None,
    seed: Seed = 0,
    reading: Reading = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare engines on a table and say which does best.

    **understudy compare customers.csv --methods trees,copula --target churn -o league.html**
    """
    from understudy.cli.tables import read_table
    from understudy.core.cancellation import cancel_on_interrupt
    from understudy.evaluate.comparing import compare as judge

    screen = Screen(machine=as_json, quiet=quiet)
    if output is not None:
        require_page(output)
    named = None if methods is None else [name.strip() for name in methods.split(",") if name.strip()]
    real = read_table(data, schema=schema, reading=reading or ())
    kept = None if holdout is None else read_table(holdout, reading=reading or ())
    listener = screen.progress()
    try:
        with cancel_on_interrupt(listener):
            league = judge(real, methods=named, budget=budget, target=target, holdout=kept, seed=seed, progress=listener)
    finally:
        listener.close()
    if output is not None:
        league.save(output)
    _show(screen, league, output, data)
    if as_json:
        screen.document({"league": None if output is None else str(output), "best": league.best, **league.to_dict()})


def _show(screen: Screen, league: League, output: Path | None, data: str) -> None:
    from understudy.evaluate.report.league import headline_of

    screen.say(headline_of(league), style="bold")
    screen.say()
    rows = [_row(entry) for entry in league.entries]
    if league.real:
        rows.append(["held-out real rows", "", *(_value(_of(league.real, key), of_real=True) for key in _SHOWN), "", ""])
    screen.table(["engine", "verdict", *_SHOWN.values(), "fit, CPU", "why"], rows, wide=len(_SHOWN) + 3)
    screen.say()
    screen.say("told, member, nearer: best at .5; pairs, useful: best at 1", style="dim")
    if output is not None:
        screen.say(f"League table: {output} ({seconds_in_words(league.seconds)})", style="bold")
    if league.best is not None:
        screen.say("Go on with:")
        screen.say(f"  understudy fit {data} --method {league.best} -o model.understudy")


def _row(entry: Entry) -> list[str]:
    lights = "".join(MARKS[family.verdict] for family in entry.families)
    named = f"{entry.engine} (took {entry.learned_by})" if entry.learned_by else entry.engine
    why = entry.why if entry.outcome == "judged" else f"{entry.outcome}: {entry.why}"
    figures = [_value(_of(entry.figures, key), of_real=False) for key in _SHOWN]
    return [named, lights, *figures, "–" if entry.fit_cpu_s is None else seconds_in_words(entry.fit_cpu_s), why]


def _of(figures: list[Figure], key: str) -> Figure | None:
    return next((figure for figure in figures if figure.key == key), None)


def _value(figure: Figure | None, *, of_real: bool) -> str:
    value = None if figure is None else figure.holdout if of_real else figure.value
    return "–" if value is None else f"{value:.3f}"
