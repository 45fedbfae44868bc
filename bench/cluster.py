"""The Ray engine beside local processes: what a cluster costs for every part, and what that makes of 1,000 cores.

    python bench/cluster.py            rows of a fitted model, on one, two and three nodes of one core each, all on this machine
    python bench/cluster.py --quick

Seconds by the clock say little where three nodes share two cores, so CPU seconds are counted, apart for those who make the parts, for
Ray's own processes and for the process that asked. From them follows by calculation, and is marked so, what a large cluster would do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from measure import markdown
from sets import people

import understudy as us

FULL_PART_ROWS = 500_000
CORES = 1_000
MAKERS = ("ray::_make_part", "ray::IDLE")
HEADS = ["made by", "parts", "rows", "wall s", "CPU s a part: makers", "CPU ms a part: Ray's own", "CPU ms a part: asking", "bytes"]


@dataclass(frozen=True)
class Cost:
    """Of one run: wall and CPU seconds of makers, of Ray's own processes, and of the process that asked for it."""

    name: str
    parts: int
    rows: int
    wall_s: float
    makers_s: float
    ray_s: float
    asking_s: float
    same: bool

    def row(self) -> list[str]:
        each = [f"{self.makers_s / self.parts:.3f}", f"{1000 * self.ray_s / self.parts:.1f}", f"{1000 * self.asking_s / self.parts:.1f}"]
        return [self.name, f"{self.parts:,}", f"{self.rows:,}", f"{self.wall_s:.1f}", *each, "equal" if self.same else "DIFFER"]


class Clock:
    """CPU seconds of this process and of all below it, by what they do; of those that ended meanwhile, what was seen last."""

    def __init__(self) -> None:
        self._began = self._seen()
        self._wall = time.perf_counter()

    def cost(self, name: str, manifest: Any, same: bool) -> Cost:
        spent = {role: now - self._began.get(role, 0.0) for role, now in self._seen().items()}
        wall = time.perf_counter() - self._wall
        return Cost(name, len(manifest.parts), manifest.rows, wall, spent.get("makers", 0.0), spent.get("ray", 0.0), spent["asking"], same)

    @staticmethod
    def _seen() -> dict[str, float]:
        me = psutil.Process()
        # Local workers are waited for, so their time is found with this process's children that ended.
        seen = {"asking": sum(me.cpu_times()[:2]), "makers": sum(me.cpu_times()[2:4]), "ray": 0.0}
        for process in me.children(recursive=True):
            try:
                makes = " ".join(process.cmdline()).startswith(MAKERS)
                seen["makers" if makes else "ray"] += sum(process.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
        return seen


@contextmanager
def cluster() -> Iterator[Any]:
    """A cluster of one node of one core on loopback; `add_node` makes it larger."""
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0")
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={**node(), "include_dashboard": False})
    try:
        yield nodes
    finally:
        nodes.shutdown()


def node() -> dict[str, Any]:
    return {"num_cpus": 1, "object_store_memory": 80 << 20, "node_ip_address": "127.0.0.2"}


def measured(model: Path, parts: int, part_rows: int, folder: Path) -> list[Cost]:
    """The same rows by local processes and by clusters of one to three nodes."""
    rows = parts * part_rows
    plain = us.write(model, rows, folder / "plain", part_rows=part_rows, workers=1)
    expected = sums(plain)

    def run(name: str, **options: Any) -> Cost:
        clock = Clock()
        manifest = us.write(model, rows, folder / "out", part_rows=part_rows, resume=False, **options)
        return clock.cost(name, manifest, sums(manifest) == expected)

    costs = [run("local, 2 workers", workers=2)]
    shutil.rmtree(folder / "out")
    with cluster() as nodes:
        import ray

        for count in (1, 2, 3):
            if count > 1:
                nodes.add_node(**node())
            ray.init(address=nodes.address, log_to_driver=False, configure_logging=False)
            run("warm", engine="ray")  # workers start, and load the model
            costs.append(run(f"ray, {count} node{'s' * (count > 1)}", engine="ray"))
            ray.shutdown()
            shutil.rmtree(folder / "out")
    return costs


def sums(manifest: Any) -> list[str]:
    return [manifest.parts[index].sha256 for index in sorted(manifest.parts)]


def large(work: Cost, small: Cost, bytes_a_row: float) -> list[str]:
    """What `CORES` cores would do: a part's work grows with its rows, and has a share that does not; two sizes of parts tell both."""
    rows = [cost.rows / cost.parts for cost in (small, work)]
    makers = [cost.makers_s / cost.parts for cost in (small, work)]
    a_row = (makers[1] - makers[0]) / (rows[1] - rows[0])
    lost_s = max(0.0, makers[0] - a_row * rows[0])
    asked_s = small.asking_s / small.parts
    part_s = a_row * FULL_PART_ROWS
    wanted = CORES / (part_s + lost_s)
    per_s = min(wanted, 1 / asked_s)
    share = per_s / wanted * part_s / (part_s + lost_s)
    hours = 1e12 / FULL_PART_ROWS / per_s / 3600
    return [
        f"- A part of {FULL_PART_ROWS:,} rows is {part_s:.2f} CPU s of work, and costs its maker {1000 * lost_s:.0f} CPU ms beside that.",
        f"- The process that asks spends {1000 * asked_s:.1f} CPU ms on a part: at most {1 / asked_s:,.0f} parts a second.",
        f"- {CORES:,} cores would want {wanted:,.0f} parts a second and get {per_s:,.0f}: {100 * share:.0f} % of their time would be "
        f"work, and 10^12 rows would take {hours:,.1f} hours.",
        f"- With parts of {CORES * asked_s / a_row / 1e6:.1f} million rows or more the asking keeps up, and all of their time is work.",
        f"- The place that they write to would have to take {per_s * FULL_PART_ROWS * bytes_a_row / 1e9:,.1f} GB a second. That, the "
        "network between them and machines that fail are not in this sum.",
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true")
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "ray.md")
    asked = options.parse_args()
    parts, part_rows, few = (6, 100_000, 60) if asked.quick else (16, 100_000, 200)
    with tempfile.TemporaryDirectory(prefix="understudy-bench-") as name:
        folder = Path(name)
        model = folder / "people.understudy"
        us.fit(people(39_074), method="independent", progress=None).save(model)
        costs = measured(model, parts, part_rows, folder)
        size = sum(path.stat().st_size for path in (folder / "plain").glob("*.parquet")) / costs[0].rows
        shutil.rmtree(folder / "plain")
        small = measured(model, few, us.load(model).block_size, folder)
    lines = [
        "# Ray beside local processes",
        "",
        f"Rows of 15 columns by the method `independent` to Parquet; every node is one core of this machine, which has {os.cpu_count()}.",
        "Made by `python bench/cluster.py`. Local workers are started for the run, some 2 CPU seconds each; those of clusters are warm.",
        "",
        markdown(HEADS, [cost.row() for cost in costs]),
        "",
        "Parts of one block, to see what a part costs beside its rows:",
        "",
        markdown(HEADS, [cost.row() for cost in small]),
        "",
        f"## {CORES:,} cores, by calculation",
        "",
        *large(costs[-1], small[-1], size),
        "",
    ]
    asked.out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
