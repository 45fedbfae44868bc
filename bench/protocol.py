"""Our engines by the protocol of the TabSyn, TabDiff and TabPC papers, beside the rows that were published for the same data and split.

    python bench/protocol.py                                          all engines on the sets that are here
    python bench/protocol.py --sets adult --makers understudy:trees understudy:auto@2min
    python bench/protocol.py --quick                                  2,000 rows, without MLE: does everything work?

Figures are defined in `definitions.py`. Shape and Trend are errors in per cent (0 best); Trend cuts each table by its own range, so that
one lost greatest value costs much, and stands beside the same with both cut by the real range; MLE is the area under the ROC curve of
XGBoost trained on made rows and tested on real ones; C2ST 1 is best; wNMIS 0 is best; alpha-precision and beta-recall 1 is best; nearer
is the share of made rows nearer to the half that was learned than to the other half (.5 best; a second model is learned for it).
Published rows (`published.csv`) are those of april-tools/tabpc (arXiv 2603.23016), means over five models, their fitting seconds on a
GPU; ours are of one model, their seconds of one CPU core.

Only sets whose data and split could be had again are here: Adult (UCI's own 32,561 / 16,281), Default (27,000 / 3,000, drawn as there)
and Diabetes (61,059 / 20,354, drawn as there). Magic, Shoppers, Beijing and News are not, and no other table stands in for them.
"columns shuffled" tells how near the definitions come: its row should equal the published "independent".

Rows measured before stay in the file unless they are measured again. Needs XGBoost: pip install "understudy[bench]".
"""

from __future__ import annotations

import argparse
import csv
import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import definitions
import numpy as np
import polars as pl
import yardsticks
from measure import markdown, save, timed
from sets import FOLDER
from sklearn.model_selection import train_test_split

import understudy as us

HERE = Path(__file__).parent
Sampler = Callable[[int, int], pl.DataFrame]
Split = tuple[pl.DataFrame, pl.DataFrame]
FIGURES = ("shape", "trend", "trend_one_range", "mle", "c2st", "wnmis", "alpha", "beta", "nearer")
HEADS = [
    "set",
    "made by",
    "Shape err %",
    "Trend err %",
    "same, one range",
    "MLE AUC",
    "C2ST",
    "wNMIS",
    "alpha-precision",
    "beta-recall",
    "nearer",
    "fit s",
]
DIGITS = {"shape": 2, "trend": 2, "trend_one_range": 2}
MAKERS = ("columns shuffled", "understudy:copula", "understudy:trees", "understudy:auto")
QUICK_ROWS = 2_000
DIABETES_NUMBERS = (
    "num_lab_procedures num_medications number_outpatient number_emergency number_inpatient age time_in_hospital num_procedures"
    " number_diagnoses"
).split()
DIABETES_CATEGORIES = (
    "race gender admission_type_id discharge_disposition_id admission_source_id diag_1 diag_2 diag_3 max_glu_serum A1Cresult metformin"
    " repaglinide nateglinide chlorpropamide glimepiride glipizide glyburide tolbutamide pioglitazone rosiglitazone acarbose miglitol"
    " tolazamide insulin glyburide-metformin change diabetesMed readmitted"
).split()


@dataclass(frozen=True)
class Benchmark:
    """One of the protocol's sets: its rows, which columns are numbers, how it is split to be judged and to count nearer rows."""

    name: str
    target: str
    path: Path
    numbers: tuple[str, ...]
    load: Callable[[Path], pl.DataFrame]
    split: Callable[[pl.DataFrame, set[str]], Split]
    halves: Callable[[pl.DataFrame, set[str]], Split]


def _adult(path: Path) -> pl.DataFrame:
    """What is missing is a category of its own there."""
    return pl.read_parquet(path).with_columns(pl.col(pl.String).fill_null("?"))


def _diabetes(path: Path) -> pl.DataFrame:
    """36 columns of 50, age by its rank, readmitted or not."""
    frame = pl.read_parquet(path)
    ages = sorted(frame["age"].unique())
    return frame.with_columns(
        pl.col("age").replace_strict(ages, range(len(ages)), return_dtype=pl.Int64),
        pl.col(pl.String).exclude("age", "readmitted").fill_null("empty"),
        (pl.col("readmitted") != "NO").cast(pl.Int64),
    ).select(*DIABETES_NUMBERS, *DIABETES_CATEGORIES)


def _first(rows: int) -> Callable[[pl.DataFrame, set[str]], Split]:
    return lambda frame, _: (frame[:rows], frame[rows:])


def _shuffled(share: float) -> Callable[[pl.DataFrame, set[str]], Split]:
    """As TabSyn draws it, by NumPy's old generator: the first seed from 1234 on whose training rows hold every category."""

    def split(frame: pl.DataFrame, categories: set[str]) -> Split:
        order, rows = np.arange(frame.height), int(frame.height * share)
        wanted = {name: frame[name].n_unique() for name in categories}
        for seed in range(1234, 2234):
            np.random.RandomState(seed).shuffle(order)
            train = frame[order[:rows]]
            if all(train[name].n_unique() == levels for name, levels in wanted.items()):
                return train, frame[order[rows:]]
        raise RuntimeError("no seed puts every category into the training rows")

    return split


def _stratified(test: float, aside: float) -> Callable[[pl.DataFrame, set[str]], Split]:
    """As CDTD draws it for Diabetes; the rows aside are for validation there, and are not used here."""

    def split(frame: pl.DataFrame, _: set[str]) -> Split:
        y = frame["readmitted"].to_numpy()
        train, tested = train_test_split(np.arange(frame.height), test_size=test, stratify=y, random_state=42)
        if aside:
            train, _rest = train_test_split(train, test_size=aside, stratify=y[train], random_state=42)
        return frame[train], frame[tested]

    return split


TABULAR = FOLDER / "tabular"
BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "adult",
            "income",
            TABULAR / "adult" / "adult.parquet",
            ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week"),
            _adult,
            _first(32_561),
            _shuffled(0.5),
        ),
        Benchmark(
            "default",
            "has_default",
            TABULAR / "credit_default" / "credit_default.parquet",
            ("limit_bal", "age", *(f"bill_amt{month}" for month in range(1, 7)), *(f"pay_amt{month}" for month in range(1, 7))),
            pl.read_parquet,
            _shuffled(0.9),
            _shuffled(0.5),
        ),
        Benchmark(
            "diabetes",
            "readmitted",
            TABULAR / "diabetes130" / "diabetes130.parquet",
            tuple(DIABETES_NUMBERS),
            _diabetes,
            _stratified(0.2, 0.25),
            _stratified(0.5, 0.0),
        ),
    )
}


# ---- measuring


def learned(maker: str, train: pl.DataFrame, seed: int) -> Sampler:
    """The function (rows, seed) -> frame of a maker that has seen `train`."""
    if maker == "columns shuffled":
        return lambda rows, seed: yardsticks.shuffle(train, rows, seed)
    if maker == "real":
        return lambda rows, seed: yardsticks.copy(train, rows, seed)
    method, _, budget = maker.removeprefix("understudy:").partition("@")
    model = us.fit(train, method=method, budget=budget or None, seed=seed, progress=None)
    return lambda rows, seed: model.sample(rows, seed=seed)


def measured(benchmark: Benchmark, maker: str, frame: pl.DataFrame, seed: int, without: Iterable[str]) -> dict[str, Any]:
    """All figures of one maker on one set."""
    categories = set(frame.columns) - set(benchmark.numbers)
    train, test = benchmark.split(frame, categories - {benchmark.target})
    sampler, learning = timed(lambda: learned(maker, train, seed))
    made, drawing = timed(lambda: sampler(train.height, seed + 1))
    found = {"set": benchmark.name, "maker": maker, "fit_cpu_s": round(learning.cpu_s, 2), "sample_cpu_s": round(drawing.cpu_s, 2)}
    found |= {"train_rows": train.height, "test_rows": test.height, "columns": train.width}
    tables = definitions.coded({"real": train, "made": made.select(train.columns), "test": test}, categories)
    real, drawn = tables["real"], tables["made"]
    features = [definitions.told_apart_features(table) for table in (real, drawn)]
    found |= {"shape": definitions.shape_error(real, drawn), "trend": definitions.trend_error(real, drawn)}
    found["trend_one_range"] = definitions.trend_error(real, drawn, one_range=True)
    found |= {"wnmis": definitions.nmi_error(real, drawn), "c2st": definitions.c2st_score(*features, seed=seed)}
    if "mle" not in without:
        found["mle"] = definitions.usefulness(drawn, tables["test"], benchmark.target, seed)
    if "precision" not in without:
        found["alpha"], found["beta"] = definitions.precision_recall(real, drawn)
    if "nearer" not in without:
        found["nearer"] = _nearer(benchmark, maker, frame, categories, seed)
    return found


def _nearer(benchmark: Benchmark, maker: str, frame: pl.DataFrame, categories: set[str], seed: int) -> float:
    """Learned from one half, compared with both."""
    half, other = benchmark.halves(frame, categories - {benchmark.target})
    made = learned(maker, half, seed)(half.height, seed + 1)
    tables = definitions.coded({"half": half, "other": other, "made": made.select(half.columns)}, categories)
    return definitions.nearer_share(tables["half"], tables["other"], tables["made"])


# ---- the table


def published(names: Iterable[str]) -> list[dict[str, Any]]:
    with (HERE / "published.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["set"] in names]


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """Of each set, what was published and then what was measured."""
    names = list(dict.fromkeys(found["set"] for found in results))
    rows = []
    for name in names:
        rows += [_row(row, row["method"], f"{float(row['fit_gpu_s']):,.0f} GPU") for row in published([name])]
        for found in results:
            if found["set"] == name:
                maker = found["maker"].removeprefix("understudy:")
                shown = maker if maker == found["maker"] else f"**{maker}**"
                rows.append(_row(found, shown, f"{found['fit_cpu_s']:,.1f} CPU"))
    return markdown(HEADS, rows)


def _row(found: Mapping[str, Any], maker: str, fit: str) -> list[str]:
    figures = [f"{float(found[key]):.{DIGITS.get(key, 3)}f}" if found.get(key) not in (None, "") else "–" for key in FIGURES]
    return [found["set"], maker, *figures, fit]


def kept(path: Path) -> list[dict[str, Any]]:
    """What was measured before."""
    return list(json.loads(path.read_text(encoding="utf-8"))["results"]) if path.exists() else []


def merged(before: Sequence[Mapping[str, Any]], new: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Without the figures that are measured anew, in the order of the sets and makers."""
    rest = [found for found in before if (found["set"], found["maker"]) != (new["set"], new["maker"])]
    return sorted([*rest, new], key=lambda found: list(BENCHMARKS).index(found["set"]))


def main() -> None:
    here = [name for name, benchmark in BENCHMARKS.items() if benchmark.path.exists()]
    parser = argparse.ArgumentParser(description="Our engines by a published protocol.")
    parser.add_argument("--sets", nargs="+", choices=list(BENCHMARKS), default=here)
    parser.add_argument(
        "--makers", nargs="+", default=list(MAKERS), metavar="MAKER", help="understudy:METHOD[@BUDGET], columns shuffled, real"
    )
    parser.add_argument("--without", nargs="*", default=[], choices=["mle", "precision", "nearer"], help="figures that cost most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS:,} rows of the first set, without MLE")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "protocol.json")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    if find_spec("xgboost") is None:
        print('The protocol asks for XGBoost, which is not installed: pip install "understudy[bench]"')
        return
    if not set(asked.sets) <= set(here) or not asked.sets:
        print(f"No data: UNDERSTUDY_DATA must name the folder that holds tabular/…; {FOLDER} has {here or 'none of the sets'}.")
        return
    out = asked.out.with_stem("protocol-quick") if asked.quick else asked.out
    results: list[Any] = [] if asked.quick else kept(out)
    for name in asked.sets[:1] if asked.quick else asked.sets:
        benchmark = BENCHMARKS[name]
        frame = benchmark.load(benchmark.path)
        if asked.quick:
            frame = frame.sample(QUICK_ROWS, seed=0)
        for maker in asked.makers:
            if maker.startswith("understudy:"):
                learned(maker, frame.head(300), 0)(100, 0)  # compiled once, not counted
            found = measured(
                _small(benchmark) if asked.quick else benchmark, maker, frame, asked.seed, {"mle"} if asked.quick else asked.without
            )
            results = merged(results, found)
            print(table([found]).splitlines()[-1], flush=True)
            save(out, {"seed": asked.seed, "results": results})
    head = "# By the protocol of TabSyn, TabDiff and TabPC\n\nMade by `bench/protocol.py`, whose head tells what stands here."
    out.with_suffix(".md").write_text(f"{head}\n\n{table(results)}\n", encoding="utf-8")
    print(f"\n{table(results)}")


def _small(benchmark: Benchmark) -> Benchmark:
    """Of a part of the rows, which is no published split."""

    def split(frame: pl.DataFrame, _: set[str]) -> Split:
        return frame[: frame.height // 2], frame[frame.height // 2 :]

    return Benchmark(benchmark.name, benchmark.target, benchmark.path, benchmark.numbers, benchmark.load, split, split)


if __name__ == "__main__":
    main()
