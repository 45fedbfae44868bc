"""`understudy demo`: the whole job on a real table that comes with scikit-learn, without network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.evaluate import show_evaluation
from understudy.cli.options import Debug, Json, Quiet, Seed
from understudy.cli.screen import Screen, seconds_in_words

if TYPE_CHECKING:
    import polars as pl

HOLDOUT_SHARE = 0.3
ROWS = 10_000
BUDGET = "30s"  # a demonstration must not keep anyone waiting


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to put the results.")] = Path("understudy-demo"),
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Try it: learn a real table of breast cancer diagnoses, write synthetic rows, the model and the report."""
    from understudy.cli.tables import fitted_schema
    from understudy.evaluate.judging import evaluate
    from understudy.tabular import fit

    screen, started = Screen(machine=as_json, quiet=quiet), time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    paths = {name: output / name for name in ("real.csv", "holdout.csv", "model.understudy", "synthetic.parquet", "report.html")}
    train, holdout = split(diagnoses(), seed)
    train.write_csv(paths["real.csv"])
    holdout.write_csv(paths["holdout.csv"])
    screen.say(f"Real table: {train.height} diagnoses, {train.width} columns; {holdout.height} more are held out as the yardstick.")
    listener = screen.progress()
    try:
        model = fit(paths["real.csv"], budget=BUDGET, seed=seed, progress=listener)
        model.save(paths["model.understudy"])
        model.write(ROWS, paths["synthetic.parquet"], seed=seed, workers=1, progress=listener)
        evaluation = evaluate(
            paths["real.csv"],
            paths["synthetic.parquet"],
            holdout=paths["holdout.csv"],
            target="diagnosis",
            seed=seed,
            schema=fitted_schema(model),
            record=model,
            progress=listener,
        )
        evaluation.save(paths["report.html"])
    finally:
        listener.close()
    screen.say()
    show_evaluation(screen, evaluation, None)
    screen.say()
    screen.say(f"Done in {seconds_in_words(time.monotonic() - started)}. In {output}/:", style="bold")
    for name, what in CONTENTS.items():
        screen.say(f"  {name:<18} {what}")
    screen.document({"folder": str(output), "files": {name: str(path) for name, path in paths.items()}, "evaluation": evaluation.to_dict()})


CONTENTS = {
    "report.html": "open it in a browser",
    "synthetic.parquet": f"{ROWS:,} synthetic rows",
    "model.understudy": "the model: understudy sample, understudy inspect",
    "real.csv": "the rows that were learned",
    "holdout.csv": "the rows that were held out",
}


def diagnoses() -> pl.DataFrame:
    """569 real biopsies: 30 measurements of the cell nuclei and the diagnosis (Wolberg, Street and Mangasarian 1995)."""
    import polars as pl
    from sklearn.datasets import load_breast_cancer

    source: Any = load_breast_cancer()
    names = [name.replace(" ", "_") for name in source.feature_names]
    frame = pl.DataFrame(dict(zip(names, source.data.T, strict=True)))
    return frame.with_columns(pl.Series("diagnosis", [str(source.target_names[value]) for value in source.target]))


def split(frame: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows to learn and rows to hold out, at random."""
    from understudy.core.random import Stream

    order = Stream(seed).child("demo", "split").generator().permutation(frame.height)
    held = round(frame.height * HOLDOUT_SHARE)
    return frame[order[held:]], frame[order[:held]]
