"""The networks on a GPU beside the trees on a CPU: seconds to fit, and the figures that decide.

    python bench/gpu.py                                          Adult: autoregressive, diffusion for ten minutes, trees
    python bench/gpu.py --set california --makers trees diffusion@best gan@2min

Without a GPU nothing is measured: it says so and ends well. Figures are those of `peers.py`; seconds are by the clock, because that is
what a GPU saves. Wanted on Adult: `autoregressive` within 10 s, `diffusion` within ten minutes and ahead of `trees` in one figure.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measure import markdown, save, timed
from peers import JUDGEMENTS, Task, judged
from sets import SETS

import understudy as us

MAKERS = ("trees", "autoregressive", "diffusion@10min")
HEADS = ["made by", *(judgement.head for judgement in JUDGEMENTS), "member", "fit s", "rows/s", "ahead of trees in"]


def gpu() -> str | None:
    """Its name; None where torch is missing or sees none."""
    try:
        import torch
    except ImportError:
        return None
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))
    return "Apple's" if torch.backends.mps.is_available() else None


def measured(maker: str, task: Task, seed: int) -> dict[str, Any]:
    """Seconds and figures of METHOD or METHOD@BUDGET."""
    method, _, budget = maker.partition("@")
    model, learning = timed(lambda: us.fit(task.train, method=method, budget=budget or None, seed=seed, progress=None))
    made, drawing = timed(lambda: model.sample(task.train.height, seed=seed + 1))
    return {
        "maker": maker,
        "fit_s": learning.wall_s,
        "rows_per_s": task.train.height / max(drawing.wall_s, 1e-6),
        **judged(task, made, seed),
    }


def ahead(found: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The figures in which it is better, whatever the intervals."""
    pairs = [(judgement, found["figures"][judgement.key], other["figures"][judgement.key]) for judgement in JUDGEMENTS]
    return [judgement.head for judgement, mine, theirs in pairs if mine and theirs and judgement.loss(mine) < judgement.loss(theirs)]


def row(found: Mapping[str, Any], trees: Mapping[str, Any] | None) -> list[str]:
    figures = [found["figures"][key] for key in (*(judgement.key for judgement in JUDGEMENTS), "member")]
    shown = ["–" if figure is None else f"{figure['value']:.3f} [{figure['half']:.3f}]" for figure in figures]
    better = "–" if trees is None or trees is found else ", ".join(ahead(found, trees)) or "none"
    return [found["maker"], *shown, f"{found['fit_s']:.1f}", f"{found['rows_per_s']:,.0f}", better]


def run(makers: Sequence[str], task: Task, seed: int) -> list[dict[str, Any]]:
    results = []
    for maker in makers:
        measured(maker.partition("@")[0] + "@5s", Task(task.table, task.train.head(300), task.holdout.head(300), task.kinds), seed)  # warm
        results.append(measured(maker, task, seed))
        print(f"{maker}: {results[-1]['fit_s']:.1f} s to fit", flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description="The networks on a GPU beside the trees.")
    parser.add_argument("--set", choices=list(SETS), default="adult")
    parser.add_argument("--makers", nargs="+", default=list(MAKERS), metavar="METHOD[@BUDGET]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "gpu.json")
    asked = parser.parse_args()
    name = gpu()
    if name is None:
        print("No GPU is here (or no torch to see it): nothing was measured.")
        return
    if not SETS[asked.set].here:
        parser.error(f"{asked.set} is not here; set UNDERSTUDY_DATA to the folder that holds tabular/…")
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    task = Task.of(SETS[asked.set], asked.seed, None)
    results = run(asked.makers, task, asked.seed)
    trees = next((found for found in results if found["maker"] == "trees"), None)
    print(f"\n{asked.set}, {task.train.height:,} rows, {name} GPU\n\n{markdown(HEADS, [row(found, trees) for found in results])}")
    save(asked.out, {"gpu": name, "set": asked.set, "rows": task.train.height, "results": results})


if __name__ == "__main__":
    main()
