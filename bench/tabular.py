"""Quality of the table learners beside naive makers of rows, on held-out real rows, all in one run.

    python bench/tabular.py                                  all sets that are here, all methods
    python bench/tabular.py --sets adult --engines trees auto --rows 10000
    python bench/tabular.py --quick                          two small sets

Columns: C2ST is the AUC of telling made rows from held-out real ones (.5 best), pairs the likeness of pairs of columns (1 best),
utility the score of boosted trees trained on made rows and tested on held-out real ones, beside the same trained on real rows.
Memorising: member is the AUC of recognising training rows by their nearest made row (.5 best), nearer the share of made rows that
are nearer to training than to held-out rows (.5 best), copies the share of made rows that equal a training row, beside that of
held-out rows. Fit is in CPU seconds, "× naive" its ratio to the naive chain at leaf 20, rows/s per CPU second while sampling.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import yardsticks
from measure import Spent, markdown, save, timed
from sets import QUICK, SETS, RealTable

import understudy as us

ENGINES = ("independent", "copula", "trees", "auto")
SPEED_ROWS = 100_000
RARE = 0.1
HEADS = [
    "set",
    "made by",
    "C2ST",
    "pairs",
    "utility",
    "made / real",
    "member",
    "nearer",
    "copies (held out)",
    "fit CPU s",
    "× naive",
    "rows/s",
]

Sampler = Callable[[int, int], pl.DataFrame]


@dataclass(frozen=True)
class Maker:
    """A way to make rows: `learn(train)` gives the function (rows, seed) -> frame."""

    name: str
    learn: Callable[[pl.DataFrame], Sampler]


def _naive(leaf: int, train: pl.DataFrame) -> Sampler:
    return yardsticks.NaiveChain(leaf).fit(train).sample


def _ours(method: str, seed: int, train: pl.DataFrame) -> Sampler:
    model = us.fit(train, method=method, seed=seed, progress=None)
    return lambda rows, seed: model.sample(rows, seed=seed)


def makers(engines: Sequence[str], seed: int) -> list[Maker]:
    """The yardsticks, then the engines."""
    naive = [Maker(f"naive chain, leaf {leaf}", partial(_naive, leaf)) for leaf in (20, 60)]
    plain = [
        Maker("copy of train", lambda train: partial(yardsticks.copy, train)),
        Maker("columns shuffled", lambda train: partial(yardsticks.shuffle, train)),
    ]
    return [*plain, *naive, *(Maker(f"**{engine}**", partial(_ours, engine, seed)) for engine in engines)]


def measured(table: RealTable, maker: Maker, train: pl.DataFrame, holdout: pl.DataFrame, seed: int) -> dict[str, Any]:
    """All figures of one maker on one table."""
    sampler, learning = timed(lambda: maker.learn(train))
    made, _ = timed(lambda: sampler(train.height, seed + 1))
    _, sampling = timed(lambda: sampler(SPEED_ROWS, seed + 2))
    evaluation = us.evaluate(train, made, holdout=holdout, target=table.target, seed=seed)
    task = evaluation.utility[0] if evaluation.utility else None
    return {
        "set": table.name,
        "maker": maker.name.strip("*"),
        "rows": train.height,
        "columns": train.width,
        "figures": {
            figure.key: {"value": figure.value, "interval": figure.interval, "holdout": figure.holdout} for figure in evaluation.figures
        },
        "rare": train[table.target].value_counts()["count"].min() < RARE * train.height
        if task is not None and task.classes == 2
        else False,
        "utility": [] if task is None else [score.model_dump() for score in task.scores],
        "fit_cpu_s": round(learning.cpu_s, 3),
        "fit_wall_s": round(learning.wall_s, 3),
        "rows_per_cpu_s": round(SPEED_ROWS / max(sampling.cpu_s, 1e-9)),
        "evaluate_s": evaluation.seconds,
    }


def _row(name: str, found: dict[str, Any], naive_cpu_s: float | None) -> list[str]:
    figures = found["figures"]

    def shown(key: str, what: str = "value", digits: int = 3) -> str:
        value = figures.get(key, {}).get(what)
        return "–" if value is None else f"{value:.{digits}f}"

    score = main_score(found["utility"], rare=found["rare"])
    return [
        found["set"],
        name,
        shown("c2st_auc"),
        shown("pair_trends"),
        score["metric"] if score else "–",
        f"{score['synthetic']:.3f} / {score['real']:.3f}" if score else "–",
        shown("membership_auc"),
        shown("dcr_share"),
        f"{shown('exact_copies', digits=4)} ({shown('exact_copies', 'holdout', 4)})",
        f"{found['fit_cpu_s']:.2f}",
        f"{found['fit_cpu_s'] / naive_cpu_s:.1f}" if naive_cpu_s else "–",
        f"{found['rows_per_cpu_s']:,}",
    ]


def main_score(scores: list[dict[str, Any]], *, rare: bool) -> dict[str, Any] | None:
    """Of boosted trees; PR AUC where one of two classes is rare, because ROC AUC forgives too much there."""
    boosted = [score for score in scores if score["model"] == "boosted trees"]
    wanted = [score for score in boosted if score["metric"] == "PR AUC"] if rare else boosted
    return next(iter(wanted), None)


def _warm_up(engines: Sequence[str]) -> Spent:
    """Compile and import what each engine needs, so that the first set does not pay for it."""
    small = SETS["diabetes"].load().head(200)
    return timed(lambda: [_ours(engine, 0, small)(100, 0) for engine in engines])[1]


def run(tables: Sequence[RealTable], engines: Sequence[str], most_rows: int | None, seed: int) -> dict[str, Any]:
    """Measure every maker on every table; print a table of markdown for each as soon as it is done."""
    results: list[dict[str, Any]] = []
    for table in tables:
        train, holdout = table.split(seed, most_rows)
        print(f"\n{table.name}: {train.height:,} rows to learn, {holdout.height:,} held out, {train.width} columns\n", flush=True)
        rows, naive_cpu_s = [], None
        for maker in makers(engines, seed):
            try:
                found = measured(table, maker, train, holdout, seed)
            except us.UnderstudyError as error:
                results.append({"set": table.name, "maker": maker.name.strip("*"), "error": str(error)})
                rows.append([table.name, maker.name, f"refused: {str(error).splitlines()[0]}", *["–"] * (len(HEADS) - 3)])
                continue
            naive_cpu_s = found["fit_cpu_s"] if maker.name == "naive chain, leaf 20" else naive_cpu_s
            results.append(found)
            rows.append(_row(maker.name, found, naive_cpu_s))
        print(markdown(HEADS, rows), flush=True)
    return {"seed": seed, "results": results}


def main() -> None:
    here = [name for name, table in SETS.items() if table.here]
    parser = argparse.ArgumentParser(description="Quality of the table learners beside naive makers of rows.")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), help="all that are here, unless told")
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), metavar="METHOD", help=f"default: {' '.join(ENGINES)}")
    parser.add_argument("--rows", type=int, metavar="N", help="use at most N rows of each set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help=f"only {' and '.join(QUICK)}")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "tabular.json")
    asked = parser.parse_args()
    names = asked.sets or (QUICK if asked.quick else here)
    absent = [name for name in names if name not in here]
    if absent:
        parser.error(f"not here: {', '.join(absent)}; set UNDERSTUDY_DATA to the folder that holds tabular/…")
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    warm = _warm_up(asked.engines)
    print(f"Importing and compiling took {warm.cpu_s:.1f} CPU s and is not counted below.", flush=True)
    save(asked.out, run([SETS[name] for name in names], asked.engines, asked.rows, asked.seed))


if __name__ == "__main__":
    main()
