"""Ours beside the well-known makers of tables, each at its defaults in an environment of its own, all judged by one judge in one run.

    python bench/peers.py --setup                        make the environments of the peers (once)
    python bench/peers.py                                all makers on all sets that are here
    python bench/peers.py --sets adult ai4i --makers tabular-argn understudy:auto understudy:auto@2min
    python bench/peers.py --quick                        small tables, short limits: does everything work?

Peers: the Gaussian copula, CTGAN and TVAE of SDV; TabularARGN (mostlyai-engine); SMOTE (imbalanced-learn). Ours are named
understudy:METHOD, or understudy:METHOD@BUDGET. Each maker learns the same rows in a process of its own with one thread, within a limit
of CPU seconds (600; CTGAN and TVAE, which need hours for their 300 epochs, 180); networks stop in time, others are ended. Finished
runs are kept in the folder of work and not made again unless told (--again MAKER); --kept writes the table of those alone.

The judge is `understudy.evaluate`, on the same held-out real rows for all: C2ST is the AUC of telling made rows from held-out real ones
(.5 best), trends the likeness of related pairs of columns (1 best), TSTR the score on held-out real rows of boosted trees trained on
made rows, beside the same trained on real rows; member is the AUC of recognising training rows by their nearest made row (.5 best),
nearer the share of made rows nearer to training than to held-out rows (.5 best), copies the share of made rows that equal a training
row, beside that of held-out rows; broken the share of made rows that break the rule of the real table that is kept worst. Brackets are
half the width of the 95 % interval in the last digits shown. Two figures are tied where they differ by less than the root of the sum of
their squared half widths. Fit is in CPU seconds without importing, rows/s per CPU second while drawing as many rows as were learned.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from measure import TooSlow, machine, markdown, watched
from sets import SETS, RealTable

import understudy as us
from tabular import RARE, main_score
from understudy.data import as_table, infer_schema

HERE = Path(__file__).parent
SET_NAMES = ("adult", "credit_default", "bank_marketing", "california", "ai4i", "diabetes130")
QUICK_SETS = ("breast_cancer", "wine")
NUMBERS = ("integer", "decimal", "latitude", "longitude")
MOST_MEMBER = 0.52
CPU_RATIO = 10.0
MEMORISES = 0.55
ONE_THREAD = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT", "POLARS_MAX_THREADS"), "1"),
    "PYTHONWARNINGS": "ignore",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True)
class Environment:
    """What pip is to install, in this order, and what is to be taken out again."""

    first: tuple[str, ...]
    then: tuple[str, ...]
    remove: tuple[str, ...] = ()


ENVIRONMENTS = {
    "sdv": Environment(("torch==2.13.0",), ("sdv==2.0.0", "psutil", "pyarrow")),
    # The engine asks for torchvision and torchaudio, whose builds for CUDA break the import beside a torch for CPUs.
    "mostly": Environment(("torch==2.13.0",), ("mostlyai-engine==2.7.3", "psutil", "pyarrow"), ("torchvision", "torchaudio")),
    "light": Environment((), ("imbalanced-learn==0.14.2", "pandas<3", "psutil", "pyarrow")),
}


@dataclass(frozen=True)
class Peer:
    environment: str
    slow: bool = False  # far from done within the limit: gets the shorter one


PEERS = {
    "smote": Peer("light"),
    "sdv-copula": Peer("sdv"),
    "tabular-argn": Peer("mostly"),
    "tvae": Peer("sdv", slow=True),
    "ctgan": Peer("sdv", slow=True),
}
OURS = ("understudy:auto",)


# ---- environments


def set_up(folder: Path) -> None:
    """Make those that are missing. torch comes first, so that nothing pulls in its builds for CUDA."""
    for name, environment in ENVIRONMENTS.items():
        place = folder / name
        if _python(folder, name).exists():
            print(f"{name}: is there")
            continue
        print(f"{name}: being made in {place}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        for packages in (("pip", "wheel", "setuptools<81"), environment.first, environment.then):
            if packages:
                subprocess.run([str(_python(folder, name)), "-m", "pip", "install", "--quiet", "--upgrade", *packages], check=True)
        if environment.remove:
            subprocess.run([str(_python(folder, name)), "-m", "pip", "uninstall", "--quiet", "--yes", *environment.remove], check=True)


def _python(folder: Path, environment: str) -> Path:
    return folder / environment / "bin" / "python"


# ---- making


@dataclass(frozen=True)
class Task:
    """A table to learn, split once for all makers."""

    table: RealTable
    train: pl.DataFrame
    holdout: pl.DataFrame
    kinds: Mapping[str, str]

    @classmethod
    def of(cls, table: RealTable, seed: int, most_rows: int | None) -> Task:
        train, holdout = table.split(seed, most_rows)
        schema = infer_schema(as_table(train))
        return cls(table, train, holdout, {column.name: "number" if column.kind in NUMBERS else "category" for column in schema.columns})


@dataclass(frozen=True)
class Effort:
    seed: int
    limit_s: float
    slow_limit_s: float
    venvs: Path
    work: Path
    kept_only: bool = False

    def limit_of(self, maker: str) -> float:
        return self.slow_limit_s if maker in PEERS and PEERS[maker].slow else self.limit_s

    def interpreter(self, maker: str) -> Path:
        return _python(self.venvs, PEERS[maker].environment) if maker in PEERS else Path(sys.executable)


def made_by(maker: str, task: Task, effort: Effort) -> dict[str, Any] | None:
    """Its report and figures; from the folder of work where the same was done before. None: only such were asked for."""
    job = {
        "maker": maker,
        "kinds": dict(task.kinds),
        "target": task.table.target,
        "rows": task.train.height,
        "seed": effort.seed,
        "limit_s": effort.limit_of(maker),
    }
    folder = effort.work / task.table.name / _folder_name(maker, job, task)
    kept = folder / "found.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    if effort.kept_only:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    found = {"set": task.table.name, "maker": maker, "train_rows": task.train.height, "holdout_rows": task.holdout.height}
    try:
        found |= _run(job, folder, task, effort)
        made = _as_learned(pl.read_parquet(folder / "made.parquet"), task.train)
        found |= judged(task, made, effort.seed)
    except TooSlow as error:
        found["error"] = _last_line(error)
    except (RuntimeError, us.UnderstudyError) as error:
        return {**found, "error": _last_line(error)}  # not kept: it may be put right
    kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def _folder_name(maker: str, job: Mapping[str, Any], task: Task) -> str:
    """Runs of other rows, seeds or limits have other names."""
    digest = hashlib.sha256(json.dumps(job, sort_keys=True).encode() + task.train.hash_rows(seed=0).to_numpy().tobytes())
    return f"{maker.replace(':', '-')}-{digest.hexdigest()[:8]}"


def _run(job: Mapping[str, Any], folder: Path, task: Task, effort: Effort) -> dict[str, Any]:
    """Fit and draw in the maker's own environment."""
    interpreter = effort.interpreter(job["maker"])
    if not interpreter.exists():
        raise RuntimeError(f"{interpreter} is missing: run `python bench/peers.py --setup --venvs {effort.venvs}` first")
    files = {"train": folder / "train.parquet", "made": folder / "made.parquet", "report": folder / "report.json"}
    task.train.write_parquet(files["train"])
    (folder / "job.json").write_text(json.dumps({**job, **{name: str(path) for name, path in files.items()}}), encoding="utf-8")
    command = [str(interpreter), str(HERE / "adapter.py"), str(folder / "job.json")]
    spent = watched(command, job["maker"], cpu_limit_s=1.25 * job["limit_s"] + 120, settings=ONE_THREAD, every_s=0.5)
    report = json.loads(files["report"].read_text(encoding="utf-8"))
    files["train"].unlink()
    return {**report, "peak_gb": round(spent.peak_gb, 2), "all_cpu_s": round(spent.cpu_s, 1)}


def _as_learned(made: pl.DataFrame, train: pl.DataFrame) -> pl.DataFrame:
    """The made rows in the types of the learned ones; whole numbers are rounded, as every user would."""
    columns = []
    for name, dtype in train.schema.items():
        values = made[name]
        if dtype.is_integer():
            values = values.cast(pl.Float64, strict=False).round()
        columns.append(values.cast(dtype, strict=False).alias(name))
    return pl.DataFrame(columns)


def _last_line(error: Exception) -> str:
    return next((line for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)[:200]


# ---- judging


@dataclass(frozen=True)
class Judgement:
    """How one of the figures that decide is read."""

    key: str
    head: str
    higher: bool

    def loss(self, figure: Mapping[str, Any]) -> float:
        """Smaller is better; an AUC of telling apart below .5 is as good as .5."""
        return -figure["value"] if self.higher else max(figure["value"], 0.5)


JUDGEMENTS = (Judgement("c2st", "C2ST", higher=False), Judgement("trends", "trends", higher=True), Judgement("tstr", "TSTR", higher=True))


def judged(task: Task, made: pl.DataFrame, seed: int) -> dict[str, Any]:
    """All figures of one table of made rows."""
    evaluation = us.evaluate(task.train, made, holdout=task.holdout, target=task.table.target, seed=seed)
    figures = {figure.key: figure for figure in evaluation.figures}

    def told(key: str) -> dict[str, Any] | None:
        figure = figures.get(key)
        if figure is None or figure.value is None:
            return None
        return {"value": figure.value, "half": _half(figure.interval), "holdout": figure.holdout}

    classes = task.train[task.table.target].value_counts()["count"]
    rare = len(classes) == 2 and classes.min() < RARE * task.train.height
    score = main_score([score.model_dump() for score in evaluation.utility[0].scores] if evaluation.utility else [], rare=rare)
    tstr = score and {
        "value": score["synthetic"],
        "half": _half(score["synthetic_interval"]),
        "real": score["real"],
        "metric": score["metric"],
    }
    keys = {"c2st": "c2st_auc", "trends": "pair_trends", "trends_all": "pair_trends_all", "shapes": "column_shapes"}
    keys |= {"member": "membership_auc", "nearer": "dcr_share", "copies": "exact_copies", "broken": "rules_broken"}
    return {"figures": {"tstr": tstr, **{name: told(key) for name, key in keys.items()}}, "judge_s": evaluation.seconds}


def _half(interval: Sequence[float] | None) -> float:
    return 0.0 if interval is None else (interval[1] - interval[0]) / 2


def tied(a: Mapping[str, Any], b: Mapping[str, Any], judgement: Judgement) -> bool:
    """They differ by no more than their intervals allow."""
    return abs(judgement.loss(a) - judgement.loss(b)) <= (a["half"] ** 2 + b["half"] ** 2) ** 0.5


def standing(ours: Mapping[str, Any], peers: Sequence[Mapping[str, Any]], judgement: Judgement) -> str:
    """best, tied or behind: against the peer with the best value."""
    mine = ours["figures"][judgement.key]
    rivals = [peer for peer in peers if peer["figures"][judgement.key]]
    if mine is None or not rivals:
        return "–"
    best = min(rivals, key=lambda peer: judgement.loss(peer["figures"][judgement.key]))
    theirs = best["figures"][judgement.key]
    told = f"{mine['value']:.3f} : {theirs['value']:.3f} {best['maker']}{_memorising(best)}"
    if judgement.loss(mine) <= judgement.loss(theirs):
        return f"best {told}"
    return f"{'tied' if tied(mine, theirs, judgement) else 'BEHIND'} {told}"


def _memorising(found: Mapping[str, Any]) -> str:
    member = found["figures"]["member"]
    return f" (memorises: member {member['value']:.2f})" if member and member["value"] - member["half"] > MEMORISES else ""


def verdicts(results: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """For every set and every one of ours: does it stand where it should?"""
    rows = []
    for name in dict.fromkeys(found["set"] for found in results):
        there = [found for found in results if found["set"] == name and "figures" in found]
        peers = [found for found in there if found["maker"] in PEERS]
        rows += [_verdict(found, peers) for found in there if found["maker"] not in PEERS and peers]
    return rows


def _verdict(found: Mapping[str, Any], peers: Sequence[Mapping[str, Any]]) -> list[str]:
    stands = [standing(found, peers, judgement) for judgement in JUDGEMENTS]
    member = found["figures"]["member"]
    safe = member is None or member["value"] <= MOST_MEMBER
    honest = [peer for peer in peers if peer["figures"]["c2st"] and not _memorising(peer)]
    best = min(honest, key=lambda peer: JUDGEMENTS[0].loss(peer["figures"]["c2st"]), default=None)
    ratio = None if best is None else best["fit_cpu_s"] / max(found["fit_cpu_s"], 0.01)
    met = safe and ratio is not None and ratio >= CPU_RATIO and not any(text.startswith("BEHIND") for text in stands)
    return [
        found["set"],
        found["maker"],
        *stands,
        "–" if member is None else f"{member['value']:.3f} ± {member['half']:.3f}{'' if safe else ' ABOVE'}",
        "–" if best is None or ratio is None else f"1/{ratio:.1f} of {best['maker']}{'' if ratio >= CPU_RATIO else ' TOO SLOW'}",
        "met" if met else "NOT MET",
    ]


VERDICT_HEADS = ["set", "ours", *(judgement.head for judgement in JUDGEMENTS), f"member ≤ {MOST_MEMBER}", f"CPU ≤ 1/{CPU_RATIO:.0f}", "all"]
HEADS = ["set", "made by", "C2ST", "trends", "TSTR", "member", "nearer", "copies (held out)", "broken", "fit CPU s", "rows/s", "GB", "note"]


def row(found: Mapping[str, Any]) -> list[str]:
    if "figures" not in found:
        return [found["set"], found["maker"], *["–"] * (len(HEADS) - 3), found["error"]]
    figures = found["figures"]

    def shown(key: str, digits: int = 3) -> str:
        figure = figures[key]
        return "–" if figure is None else f"{figure['value']:.{digits}f} [{figure['half']:.{digits}f}]".replace("0.", ".")

    tstr = figures["tstr"]
    copies, broken = figures["copies"], figures["broken"]
    rows_per_s = found["rows"] / max(found["sample_cpu_s"], 1e-3)
    return [
        found["set"],
        found["maker"] if found["maker"] in PEERS else f"**{found['maker']}**",
        shown("c2st"),
        shown("trends"),
        f"{tstr['metric']} {shown('tstr')} / {tstr['real']:.3f}" if tstr else "–",
        shown("member"),
        shown("nearer"),
        "–" if copies is None else f"{copies['value']:.4f} ({copies['holdout']:.4f})",
        "–" if broken is None else f"{broken['value']:.3f}",
        f"{found['fit_cpu_s']:.1f}",
        f"{rows_per_s:,.0f}" if found["maker"] != "smote" else "–",
        f"{found['peak_gb']:.1f}",
        found["note"],
    ]


def written(results: Sequence[Mapping[str, Any]], effort: Effort, out: Path) -> None:
    """The table and the verdicts as a page, all figures as JSON; both small enough to be kept."""
    packages = sorted({found["package"] for found in results if found.get("package")})
    here = machine()
    rows = {found["set"]: f"{found['set']} {found['train_rows']:,} ({found['holdout_rows']:,})" for found in results}
    said = [
        "# Ours beside peers",
        "",
        "Made by `bench/peers.py`, whose head tells what the columns mean.",
        f"On {here['cores']} cores, {here['memory_gb']:.0f} GB, Python {here['python']}, one thread a maker: {', '.join(packages)}.",
        f"Limits: {effort.limit_s:.0f} CPU s, CTGAN and TVAE {effort.slow_limit_s:.0f} CPU s.",
        f"Rows learned (held out): {', '.join(rows.values())}.",
        "",
        markdown(HEADS, [row(found) for found in results]),
        "",
        "## Best, or tied within intervals?",
        "",
        markdown(VERDICT_HEADS, verdicts(results)),
        "",
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".md").write_text("\n".join(said), encoding="utf-8")
    document = {"machine": here, "limit_cpu_s": effort.limit_s, "slow_limit_cpu_s": effort.slow_limit_s, "results": results}
    out.with_suffix(".json").write_text(json.dumps(_rounded(document), indent=1) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, (list, tuple)) else value


# ---- the command


def run(tables: Sequence[RealTable], makers: Sequence[str], effort: Effort, most_rows: int | None) -> list[dict[str, Any]]:
    results = []
    for table in tables:
        task = Task.of(table, effort.seed, most_rows)
        print(
            f"\n{table.name}: {task.train.height:,} rows to learn, {task.holdout.height:,} held out, {task.train.width} columns", flush=True
        )
        for maker in makers:
            found = made_by(maker, task, effort)
            if found is not None:
                results.append(found)
                print(" | ".join(row(found)), flush=True)
    return results


def forget(makers: Sequence[str], work: Path) -> None:
    for maker in makers:
        for folder in work.glob(f"*/{maker.replace(':', '-')}-????????"):
            shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Ours beside the well-known makers of tables.")
    parser.add_argument("--setup", action="store_true", help="make the environments of the peers and stop")
    parser.add_argument(
        "--venvs", type=Path, default=Path(os.environ.get("UNDERSTUDY_PEERS", HERE.parent / ".venv-peers")), help="their folder"
    )
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SET_NAMES))
    parser.add_argument(
        "--makers", nargs="+", default=[*PEERS, *OURS], metavar="MAKER", help=f"{', '.join(PEERS)}, understudy:METHOD[@BUDGET]"
    )
    parser.add_argument("--limit", type=float, default=600, metavar="S", help="CPU seconds a maker may learn")
    parser.add_argument("--slow-limit", type=float, default=180, metavar="S", help="CPU seconds CTGAN and TVAE may learn")
    parser.add_argument("--rows", type=int, metavar="N", help="use at most N rows of each set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", nargs="*", default=[], metavar="MAKER", help="forget what these made before")
    parser.add_argument("--work", type=Path, default=HERE / "results" / "peers", help="folder where finished runs are kept")
    parser.add_argument("--kept", action="store_true", help="make nothing, write the table of finished runs")
    parser.add_argument("--quick", action="store_true", help=f"only {' and '.join(QUICK_SETS)}, limits of 20 s")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "peers.json")
    asked = parser.parse_args()
    if asked.setup:
        set_up(asked.venvs)
        return
    unknown = [maker for maker in asked.makers if maker not in PEERS and not maker.startswith("understudy:")]
    names = QUICK_SETS if asked.quick else asked.sets
    absent = [name for name in names if not SETS[name].here]
    if unknown or absent:
        parser.error(f"unknown makers: {unknown}; sets that are not here: {absent} (UNDERSTUDY_DATA names the folder that holds tabular/…)")
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    limits = (20.0, 20.0) if asked.quick else (asked.limit, asked.slow_limit)
    effort = Effort(asked.seed, *limits, asked.venvs.resolve(), asked.work.resolve(), asked.kept)
    forget(asked.again, effort.work)
    results = run([SETS[name] for name in names], asked.makers, effort, asked.rows)
    out = asked.out.with_stem("peers-quick") if asked.quick else asked.out
    written(results, effort, out)
    print(f"\n{markdown(HEADS, [row(found) for found in results])}\n\n{markdown(VERDICT_HEADS, verdicts(results))}\n\nAll figures: {out}")


if __name__ == "__main__":
    main()
