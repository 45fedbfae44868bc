"""One table learned and drawn again by one maker, in the environment that has the maker; `peers.py` starts it.

    PYTHON adapter.py JOB.json

Every peer is driven as its documentation tells, at its defaults; the kinds of the columns are told where it asks for them. A limit in
CPU seconds ends the training loop of a network after the epoch or step in which it is passed, with the network as it then is.
Importing (and, of ours, compiling) is timed apart from learning. The job names the files; the report is written beside the rows.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import psutil

MISSING = "__missing__"
SOFT_SHARE = 0.9  # of the limit that training may take; the rest is for what comes after it

Job = dict[str, Any]
Sampler = Callable[[int], Any]
Learner = Callable[[Any], Sampler]


def cpu_s() -> float:
    """CPU seconds of this process and of all that it started so far."""
    total = 0.0
    own = psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


class CpuClock:
    """Stands in for the module `time` where a peer asks how long it has trained: on a shared machine the clock on the wall says little."""

    monotonic = staticmethod(time.process_time)
    time = staticmethod(cpu_s)


class Told:
    """What a maker wants written beside its figures."""

    package = ""
    note = ""
    began_s = 0.0  # CPU seconds of this process when learning began


# ---- SDV: Gaussian copula, CTGAN, TVAE


def sdv(model: str, job: Job, told: Told) -> Learner:
    import sdv.single_table
    from sdv.metadata import Metadata

    told.package = f"sdv {version('sdv')}"
    columns = {name: {"sdtype": {"number": "numerical", "category": "categorical"}[kind]} for name, kind in job["kinds"].items()}
    network = {"CTGANSynthesizer": "ctgan", "TVAESynthesizer": "tvae"}.get(model)
    if network:
        _stop_epochs(network, job["limit_s"] * SOFT_SHARE, told)

    def learn(frame: Any) -> Sampler:
        metadata = Metadata.load_from_dict({"tables": {"table": {"columns": columns}}, "relationships": []})
        synthesizer = getattr(sdv.single_table, model)(metadata)
        synthesizer.fit({"table": frame})

        def sample(rows: int) -> Any:
            made = synthesizer.sample(rows)
            return made["table"] if isinstance(made, dict) else made

        return sample

    return learn


def _stop_epochs(network: str, limit_s: float, told: Told) -> None:
    """CTGAN and TVAE walk over their epochs with a progress bar; in its place comes a walk that ends in time."""
    from importlib import import_module

    class Epochs:
        def __init__(self, epochs: range, **_: Any) -> None:
            self.epochs = epochs

        def __iter__(self) -> Iterator[int]:
            for epoch in self.epochs:
                if cpu_s() - told.began_s > limit_s:
                    told.note = f"reduced: {epoch} of {len(self.epochs)} epochs in {limit_s:.0f} CPU s"
                    return
                yield epoch

        def set_description(self, _: str) -> None:
            pass

    import_module(f"ctgan.synthesizers.{network}").tqdm = Epochs


# ---- mostlyai-engine: TabularARGN


def tabular_argn(job: Job, told: Told) -> Learner:
    from mostlyai.engine import TabularARGN
    from mostlyai.engine._tabular import training

    told.package = f"mostlyai-engine {version('mostlyai-engine')}"
    training.time = CpuClock

    def learn(frame: Any) -> Sampler:
        model = TabularARGN(random_state=job["seed"], max_training_time=job["limit_s"] * SOFT_SHARE / 60)
        model.fit(frame)
        if cpu_s() - told.began_s > job["limit_s"] * SOFT_SHARE:
            told.note = f"stopped by the limit of {job['limit_s']:.0f} CPU s"
        return lambda rows: model.sample(n_samples=rows)

    return learn


# ---- imbalanced-learn: SMOTE


def smote(job: Job, told: Told) -> Learner:
    """No maker of tables: every class is doubled and only the new rows are kept, so drawing is learning."""
    from imblearn.over_sampling import SMOTE, SMOTENC

    told.package = f"imbalanced-learn {version('imbalanced-learn')}"
    told.note = "every class doubled, the new rows kept"
    target, kinds = job["target"], job["kinds"]
    names = [name for name in kinds if name != target]
    categories = [name for name in names if kinds[name] == "category"]

    def learn(frame: Any) -> Sampler:
        import pandas as pd

        if kinds[target] == "number":
            raise SystemExit("Not for this table: its target is a number, and SMOTE doubles classes.")
        whole = frame.copy()
        for name, kind in kinds.items():
            values = whole[name]
            whole[name] = (
                values.fillna(values.median()) if kind == "number" else values.astype(object).where(values.notna(), MISSING).astype(str)
            )
        counts = whole[target].value_counts()
        wanted = {label: 2 * count for label, count in counts.items() if count > 6}
        few = len(counts) - len(wanted)
        whole = whole[whole[target].isin(wanted)]
        sampler = (
            SMOTENC(categories, sampling_strategy=wanted, random_state=job["seed"])
            if categories
            else SMOTE(sampling_strategy=wanted, random_state=job["seed"])
        )
        features, classes = sampler.fit_resample(whole[names], whole[target])
        made = features.iloc[len(whole) :].assign(**{target: classes.iloc[len(whole) :]})[list(kinds)]
        if few:
            told.note += f"; {few} classes of at most six rows left out"
        made = made.sample(frac=1, random_state=job["seed"]).reset_index(drop=True)
        for name in categories:
            made[name] = made[name].where(made[name] != MISSING, None)
        return lambda rows: made if rows <= len(made) else pd.concat([made] * -(-rows // len(made))).iloc[:rows]

    return learn


# ---- ours


def ours(method: str, budget: str | None, job: Job, told: Told) -> Learner:
    """A budget counts CPU seconds, as the limits of the peers do."""
    import understudy as us
    from understudy.core.budget import Budget
    from understudy.tabular import race

    told.package = f"understudy {us.__version__}"
    race.time = CpuClock
    seconds = None if budget is None else Budget.parse(budget).seconds

    def learn(frame: Any) -> Sampler:
        model = us.fit(frame, method=method, budget=Budget(seconds, clock=time.process_time), seed=job["seed"], progress=None)
        told.note = f"chose {model.chosen}" if method == "auto" else ""
        return lambda rows: model.sample(rows, seed=job["seed"] + 1)

    return learn


def warm_up(learn: Learner, frame: Any) -> None:
    """Compiled code is compiled on a few rows first, as a peer's is when it is installed."""
    learn(frame.head(300))(100)


# ---- the run


def maker(job: Job, told: Told) -> Learner:
    name, _, budget = job["maker"].partition("@")
    if name.startswith("understudy:"):
        return ours(name.partition(":")[2], budget or None, job, told)
    return {
        "sdv-copula": lambda: sdv("GaussianCopulaSynthesizer", job, told),
        "ctgan": lambda: sdv("CTGANSynthesizer", job, told),
        "tvae": lambda: sdv("TVAESynthesizer", job, told),
        "tabular-argn": lambda: tabular_argn(job, told),
        "smote": lambda: smote(job, told),
    }[name]()


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    told = Told()
    began = cpu_s()
    learn = maker(job, told)
    if job["maker"].startswith("understudy:"):
        import polars as pl

        frame = pl.read_parquet(job["train"])
        warm_up(learn, frame)
    else:
        import pandas as pd

        frame = pd.read_parquet(job["train"])
    report = {"import_cpu_s": round(cpu_s() - began, 2)}
    told.began_s, wall = cpu_s(), time.perf_counter()
    sample = learn(frame)
    report.update(fit_cpu_s=round(cpu_s() - told.began_s, 2), fit_wall_s=round(time.perf_counter() - wall, 2))
    started = cpu_s()
    made = sample(job["rows"])
    report.update(sample_cpu_s=round(cpu_s() - started, 3), rows=len(made), package=told.package, note=told.note)
    if hasattr(made, "write_parquet"):
        made.write_parquet(job["made"])
    else:
        for name, kind in job["kinds"].items():
            if kind == "category":
                made[name] = made[name].astype(object).where(made[name].notna(), None).map(str, na_action="ignore")
        made.to_parquet(job["made"], index=False)
    with open(job["report"], "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
