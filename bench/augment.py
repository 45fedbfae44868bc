"""Does augmentation help, and is it ahead of SMOTE? Repeated splits of real tables, two seeds each, so that agreement can be seen.

    python bench/augment.py --quick                       # breast cancer, 3 splits
    UNDERSTUDY_DATA=... python bench/augment.py           # AI4I and telco churn, 10 splits, two seeds

Prints, for each table: PR-AUC of the rare class of every way to train with its interval, the differences from real rows alone and from the
best SMOTE, whether the two seeds agree within their intervals, and CPU seconds.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import understudy as us
from understudy.augment.study_result import Study, VariantResult, shown
from understudy.augment.study_verdict import best_of

from sets import SETS  # isort: skip


def main() -> None:
    options = _options()
    for name in options.tables:
        if not SETS[name].here:
            print(f"{name}: the data are not here; set UNDERSTUDY_DATA to their folder")
            continue
        studies = [_studied(name, seed, options) for seed in options.seeds]
        if len(studies) > 1:
            print(f"{name}: {_agreement(studies[0], studies[1])}\n", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=sorted(SETS), default=["ai4i", "telco_churn"])
    parser.add_argument("--method", default="copula")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--out", type=Path, help="folder for the studies as HTML and JSON")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.tables, options.splits, options.seeds = ["breast_cancer"], 3, [0]
    return options


def _studied(name: str, seed: int, options: argparse.Namespace) -> Study:
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = us.augment.study(
            SETS[name].load(), target=SETS[name].target, method=options.method, splits=options.splits, seed=seed, progress=None
        )
    print(f"{name}, seed {seed}, {options.splits} splits, {options.method}, {time.process_time() - began:.0f} CPU s")
    print(study, "\n", flush=True)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        for ending in ("html", "json"):
            study.save(options.out / f"{name}-{options.method}-{seed}.{ending}")
    return study


def _agreement(one: Study, other: Study) -> str:
    """Every figure of one run that lies outside the other run's interval, or that there is none."""
    apart, counted = [], 0
    for first in one.variants:
        second: VariantResult = other.variant(first.key)
        for key, score in first.scores.items():
            pairs = [(score, second.scores[key])]
            pairs += [(first.against_real[key], second.against_real[key])] if first.against_real else []
            for a, b in pairs:
                counted += 1
                if (
                    a.interval
                    and b.interval
                    and not (a.interval[0] <= (b.value or 0) <= a.interval[1] and b.interval[0] <= (a.value or 0) <= b.interval[1])
                ):
                    apart.append(f"{first.key} {key} {shown(a)} / {shown(b)}")
    best = [best_of(study.variants, "synthetic", study.measures[0]) for study in (one, other)]
    names = " and ".join(variant.name for variant in best if variant)
    return f"{counted - len(apart)} of {counted} figures agree within both runs' intervals; best: {names}. " + "; ".join(apart)


if __name__ == "__main__":
    main()
