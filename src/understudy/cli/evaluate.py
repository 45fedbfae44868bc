"""`understudy evaluate`: compare a synthetic table with the real one and write the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from understudy.cli.failures import VERDICT
from understudy.cli.options import Debug, Json, Page, Quiet, Reading, Schema, Seed, Target
from understudy.cli.outputs import require_page
from understudy.cli.screen import Screen, seconds_in_words

if TYPE_CHECKING:
    from understudy.evaluate.result import Evaluation, Figure
    from understudy.evaluate.texts.result import TextEvaluation

MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "undecided": "?", "info": " "}
STYLES = {"pass": "green", "warn": "yellow", "fail": "red", "undecided": "dim", "info": ""}


FailOn: TypeAlias = Literal["never", "fail", "warn"]
BAD: dict[str, set[str]] = {"never": set(), "fail": {"fail"}, "warn": {"fail", "warn"}}


def evaluate(
    real: Annotated[str, typer.Argument(metavar="REAL", help="The real table, that the model was fitted on.")],
    synthetic: Annotated[str, typer.Argument(metavar="SYNTHETIC", help="The synthetic table: a file, a folder of parts, or URL#table.")],
    output: Page = None,
    holdout: Annotated[str | None, typer.Option(metavar="DATA", help="Real rows that the model never saw: the yardstick.")] = None,
    target: Target = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="COLUMN", help="Judge the texts of this column, rather than the whole table.")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", metavar="COLUMN", help="With --text: the column of the texts' classes.")] = None,
    model: Annotated[Path | None, typer.Option(metavar="MODEL", help="The model, to show its record in the report.")] = None,
    schema: Schema = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with code 3 on this verdict or a worse one.")] = "never",
    seed: Seed = 0,
    reading: Reading = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Judge a synthetic table against the real one, the texts of one column, or a folder of pictures against one of real pictures.

    **understudy evaluate customers.csv synthetic.csv --holdout later.csv --target churn -o report.html**

    **understudy evaluate reviews.csv made.csv --holdout later.csv --text review --label stars -o report.html**
    """
    from understudy.cli.pictures import evaluate_pictures, holds_pictures
    from understudy.cli.tables import fitted_schema, read_table
    from understudy.core.generator import load
    from understudy.evaluate.judging import evaluate as judge

    screen = Screen(machine=as_json, quiet=quiet)
    if holds_pictures(real) and holds_pictures(synthetic):
        evaluate_pictures(screen, real, synthetic, output, holdout, seed, as_json)
        return
    if output is not None:
        require_page(output)
    if label is not None and text is None:
        raise typer.BadParameter("it goes with --text, the column of texts", param_hint="--label")
    if text is not None:
        from understudy.cli.texts import evaluate_texts

        evaluation_of_texts = evaluate_texts(screen, real, synthetic, output, holdout, text, label, seed, reading or (), as_json)
        if _failed(evaluation_of_texts, fail_on):
            raise typer.Exit(VERDICT)
        return
    learner = None if model is None else load(model)
    real_table = read_table(real, schema=schema, reading=reading or ())
    listener = screen.progress()
    try:
        evaluation = judge(
            real_table,
            read_table(synthetic),
            holdout=None if holdout is None else read_table(holdout, reading=reading or ()),
            target=target,
            schema=fitted_schema(learner) if schema is None else None,
            record=learner,
            seed=seed,
            progress=listener,
        )
    finally:
        listener.close()
    if output is not None:
        evaluation.save(output)
    show_evaluation(screen, evaluation, output)
    if as_json:
        screen.document({"report": None if output is None else str(output), **evaluation.to_dict()})
    if _failed(evaluation, fail_on):
        raise typer.Exit(VERDICT)


def _failed(evaluation: Evaluation | TextEvaluation, fail_on: FailOn) -> bool:
    return any(family.verdict in BAD[fail_on] for family in evaluation.verdict.families)


def show_evaluation(screen: Screen, evaluation: Evaluation | TextEvaluation, output: Path | None) -> None:
    """The verdict, the weak points, and the figures of each family beside their yardsticks."""
    screen.say(evaluation.verdict.headline, style="bold")
    screen.say()
    for family in evaluation.verdict.families:
        screen.say(f"{MARKS[family.verdict]} {family.title}: {family.sentence}", style=STYLES[family.verdict])
    if evaluation.verdict.weak_points:
        screen.say()
        screen.say("Weak points", style="bold")
        for point in evaluation.verdict.weak_points[:8]:
            screen.say(f"  {MARKS[point.severity]} {point.text}", style=STYLES[point.severity])
    screen.say()
    judged = [figure for figure in evaluation.figures if figure.value is not None]
    rows = [
        (MARKS[figure.verdict], figure.name, shown(figure, "value"), shown(figure, "holdout"), _number(figure.best, figure))
        for figure in judged
    ]
    screen.table(["", "figure", "synthetic", "held-out real", "best"], rows)
    if output is not None:
        screen.say()
        screen.say(f"Report: {output} ({seconds_in_words(evaluation.seconds)})", style="bold")


def shown(figure: Figure, which: str) -> str:
    """A figure's value, or its yardstick's, with its interval."""
    value, interval = (figure.value, figure.interval) if which == "value" else (figure.holdout, figure.holdout_interval)
    if value is None:
        return "–"
    between = f" ({_number(interval[0], figure)} … {_number(interval[1], figure)})" if interval else ""
    return _number(value, figure) + between


def _number(value: float, figure: Figure) -> str:
    if figure.form == "share":
        return f"{100 * value:.2f} %"
    return f"{value:,.0f}" if figure.form == "count" else f"{value:.3f}"
