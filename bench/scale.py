"""Speed and memory of the table learners at sizes that hurt, each beside its bar and beside a bound measured in the same run.

    python bench/scale.py                          all tasks at full size
    python bench/scale.py --tasks files --rows 10M
    python bench/scale.py --quick                  smaller tables, a few minutes

A bound is what no program of this kind can do without: writing the same rows with pyarrow, reading the same file and sorting its
columns. "× bound" is how many times that ours took. Memory is that of the whole process tree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from measure import Spent, TooSlow, markdown, save, timed, understudy
from sets import SETS, people

import understudy as us

ADULT_ROWS = 39_074
WIDE_LIMIT_S = 300.0
HEADS = ["task", "measured", "figure", "bar", "", "× bound", "bound"]
DEFAULT_ENGINE = "trees"


@dataclass(frozen=True)
class Sizes:
    """How large each task is. At quick size the bars stay those of the full one."""

    sample_rows: int = 1_000_000
    memory_rows: int = 500_000
    source_rows: int = 5_000_000
    wide_columns: int = 500
    wide_rows: int = 10_000
    category_rows: int = 1_500_000
    categories: int = 200_000


QUICK = Sizes(
    sample_rows=300_000,
    memory_rows=100_000,
    source_rows=250_000,
    wide_columns=60,
    wide_rows=2_000,
    category_rows=400_000,
    categories=50_000,
)


@dataclass(frozen=True)
class Finding:
    """One figure. ok: None where there is no bar, or where the size is not the bar's."""

    task: str
    measured: str
    figure: str
    bar: str = "–"
    ok: bool | None = None
    ratio: float | None = None
    bound: str = "–"

    def row(self) -> list[str]:
        mark = {None: "", True: "✓", False: "✗"}[self.ok]
        return [self.task, self.measured, self.figure, self.bar, mark, "–" if self.ratio is None else f"{self.ratio:.1f}", self.bound]


@dataclass(frozen=True)
class Bench:
    """Where to work, how large, and whether the sizes are those that the bars are about."""

    folder: Path
    sizes: Sizes
    full: bool
    engine: str

    def judged(self, passes: bool) -> bool | None:
        return passes if self.full else None

    def model(self) -> tuple[Path, pl.DataFrame, str]:
        """A model of a table of Adult's size: Adult itself where it is here."""
        path = self.folder / "people.understudy"
        train, name = adult_or_alike()
        if not path.exists():
            us.fit(train, method=self.engine, progress=None).save(path)
        return path, train, name


def adult_or_alike() -> tuple[pl.DataFrame, str]:
    adult = SETS["adult"]
    return (adult.split(0)[0], "Adult") if adult.here else (people(ADULT_ROWS), "a made table like Adult")


def memory(bench: Bench) -> Iterator[Finding]:
    """Rows per second of one core, into memory."""
    train, name = adult_or_alike()
    rows = bench.sizes.memory_rows
    plain = np.random.default_rng(0)
    _, bound = timed(lambda: train[plain.integers(0, train.height, rows)])
    for engine in dict.fromkeys(("independent", "copula", bench.engine)):
        model, fitting = timed(lambda engine=engine: us.fit(train, method=engine, progress=None))
        yield Finding("memory", f"{engine}: fit {name}", f"{fitting.cpu_s:.1f} CPU s")
        model.sample(model.block_size)
        _, spent = timed(lambda model=model: model.sample(rows))
        rate = rows / spent.cpu_s
        yield Finding(
            "memory",
            f"{engine}: sample {rows:,} rows of {name}",
            f"{rate:,.0f} rows/CPU s",
            "300,000",
            bench.judged(rate >= 300_000) if engine == bench.engine else None,
            spent.cpu_s / bound.cpu_s,
            f"rows picked at random by Polars, {bound.cpu_s:.2f} CPU s",
        )


def files(bench: Bench) -> Iterator[Finding]:
    """Rows to Parquet by the command line, with one and with two workers."""
    model, _, name = bench.model()
    rows, sums = bench.sizes.sample_rows, {}
    for workers in (1, 2):
        target = bench.folder / f"rows-{workers}"
        options = ("--workers", str(workers), "--part-rows", str(min(500_000, rows // 4)), "--quiet")
        spent = understudy("sample", str(model), "-n", str(rows), "-o", str(target), *options)
        sums[workers] = [part["sha256"] for part in json.loads((target / "manifest.json").read_text())["parts"]]
        bound = _writing(target, bench.folder / "bound.parquet")
        what = f"{rows:,} rows of {name} to Parquet, {workers} worker{'s' * (workers > 1)}"
        allowed = max(10.0, 90 * rows / 10_000_000)  # the bar is for ten million; starting takes the same for fewer
        yield Finding(
            "files",
            what,
            f"{spent.wall_s:.1f} s wall, {spent.cpu_s:.1f} CPU s",
            f"{allowed:.0f} s" if workers == 2 else "–",
            bench.judged(spent.wall_s <= allowed) if workers == 2 and (os.cpu_count() or 1) >= 2 else None,
            spent.cpu_s / bound.cpu_s,
            f"pyarrow writes the same, {bound.cpu_s:.1f} CPU s",
        )
        yield Finding("files", f"{what}: peak memory", f"{spent.peak_gb:.2f} GB", "1.5 GB", spent.peak_gb <= 1.5)
        if workers == 1:
            shutil.rmtree(target)
    yield Finding(
        "files",
        f"{len(sums[1])} parts: SHA-256 with 1 and 2 workers",
        "equal" if sums[1] == sums[2] else "DIFFER",
        "equal",
        sums[1] == sums[2],
    )


def _writing(source: Path, target: Path) -> Spent:
    """What pyarrow takes to write the rows that lie in a folder of parts, reading not counted."""
    wall, cpu = 0.0, 0.0
    for part in sorted(source.glob("*.parquet")):
        table = pq.read_table(part)
        _, spent = timed(lambda table=table: pq.write_table(table, target, compression="zstd"))
        wall, cpu = wall + spent.wall_s, cpu + spent.cpu_s
    return Spent(wall, cpu)


def out_of_core(bench: Bench) -> Iterator[Finding]:
    """A table that is larger than what one wants in memory, learned from Parquet and from CSV."""
    rows = bench.sizes.source_rows
    parquet, csv = bench.folder / "large.parquet", bench.folder / "large.csv"
    _write_people(parquet, rows)
    pl.scan_parquet(parquet).sink_csv(csv)
    for path, read in ((parquet, pl.read_parquet), (csv, pl.read_csv)):
        _, bound = timed(lambda path=path, read=read: _sorted_columns(read(path)))
        spent = understudy("fit", str(path), "-o", str(bench.folder / "large.understudy"), "--method", bench.engine, "--quiet")
        size = path.stat().st_size / 1e6
        what = f"{bench.engine}: fit {rows:,} × 15 from {path.suffix[1:].upper()} ({size:,.0f} MB)"
        yield Finding(
            "out of core",
            what,
            f"{spent.wall_s:.1f} s wall, {spent.cpu_s:.1f} CPU s",
            ratio=spent.cpu_s / bound.cpu_s,
            bound=f"Polars reads it and sorts each column, {bound.cpu_s:.1f} CPU s",
        )
        yield Finding("out of core", f"{what}: peak memory", f"{spent.peak_gb:.2f} GB", "4 GB", bench.judged(spent.peak_gb < 4))


def _write_people(path: Path, rows: int, chunk: int = 500_000) -> None:
    writer = None
    for number, start in enumerate(range(0, rows, chunk)):
        table = people(min(chunk, rows - start), seed=number).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _sorted_columns(frame: pl.DataFrame) -> None:
    for values in frame:
        values.sort()


def wide(bench: Bench) -> Iterator[Finding]:
    """Hundreds of columns, half of them driven by a few hidden causes."""
    train = _wide_table(bench.sizes.wide_rows, bench.sizes.wide_columns)
    source, model, made = (bench.folder / name for name in ("wide.parquet", "wide.understudy", "wide-made.parquet"))
    train.write_parquet(source)
    _, bound = timed(lambda: _sorted_columns(pl.read_parquet(source)))
    for engine in dict.fromkeys(("copula", bench.engine)):
        what = f"{engine}: fit and sample {train.height:,} × {train.width}"
        try:
            fitting = understudy("fit", str(source), "-o", str(model), "--method", engine, "--quiet", limit_s=WIDE_LIMIT_S)
            sampling = understudy("sample", str(model), "-n", str(train.height), "-o", str(made), "--quiet", limit_s=WIDE_LIMIT_S)
        except TooSlow as slow:
            yield Finding("wide", what, str(slow), "120 s", False)
            continue
        wall = fitting.wall_s + sampling.wall_s
        yield Finding(
            "wide",
            what,
            f"{wall:.1f} s wall ({fitting.cpu_s:.1f} + {sampling.cpu_s:.1f} CPU s), {max(fitting.peak_gb, sampling.peak_gb):.2f} GB",
            "120 s",
            bench.judged(wall <= 120),
            (fitting.cpu_s + sampling.cpu_s) / max(bound.cpu_s, 1e-3),
            f"Polars reads it and sorts each column, {bound.cpu_s:.2f} CPU s",
        )


def _wide_table(rows: int, columns: int) -> pl.DataFrame:
    draw = np.random.default_rng(0)
    causes = draw.normal(size=(rows, 12)).astype(np.float32)
    made: dict[str, Any] = {}
    for number in range(columns):
        value = causes @ draw.normal(size=12).astype(np.float32) * (number % 2) + draw.normal(0, 1, rows)
        if number % 5 == 0:
            made[f"class_{number}"] = pl.Series(np.digitize(value, [-1, 0, 1.5])).cast(pl.String).str.replace("^", "level ")
        elif number % 5 == 1:
            made[f"count_{number}"] = np.floor(np.exp(np.clip(value / 3, -3, 5)) * 4).astype(np.int64)
        else:
            made[f"measure_{number}"] = np.round(value, 3)
    return pl.DataFrame(made)


def categories(bench: Bench) -> Iterator[Finding]:
    """A column of very many categories, beside the same table with few."""
    seconds: dict[int, float] = {}
    for count in (200, bench.sizes.categories):
        train = _places(bench.sizes.category_rows, count)
        table = us.as_table(train)
        table = table.with_schema(table.schema.override({"place": "categorical"}))
        model, fitting = timed(lambda table=table: us.fit(table, method=bench.engine, progress=None))
        made, sampling = timed(lambda model=model: model.sample(100_000))
        seconds[count] = fitting.cpu_s + sampling.cpu_s
        many = count > 200
        yield Finding(
            "categories",
            f"{bench.engine}: fit {train.height:,} rows and sample 100,000, {train['place'].n_unique():,} categories",
            f"{fitting.cpu_s:.1f} + {sampling.cpu_s:.1f} CPU s",
            "3 × that of 200" if many else "–",
            seconds[count] <= 3 * seconds[200] if many else None,
            seconds[count] / seconds[200] if many else None,
            "the same with 200 categories" if many else "–",
        )
        away = _lost(train, made)
        yield Finding("categories", f"{count:,} categories: by region, share of made places that lie in the right one", f"{away:.3f}")


def _places(rows: int, count: int) -> pl.DataFrame:
    """Places, each in one of 20 regions with a price level of its own."""
    draw = np.random.default_rng(0)
    place = np.minimum((draw.random(rows) ** 1.3 * count).astype(np.int64), count - 1)
    region = place % 20
    price = np.round(np.exp(draw.normal(0, 0.3, rows) + region / 10) * 100, 2)
    syllables = np.array("ba de fi go hu ka le mi no pu ra se ti vo wu xa ye zi".split())
    names = ["".join(syllables[(number // 18**power) % 18] for power in range(5)).capitalize() for number in range(count)]
    return pl.DataFrame(
        {
            "place": np.array(names)[place],
            "region": pl.Series(region).cast(pl.String).str.replace("^", "region "),
            "price": price,
            "rooms": draw.integers(1, 7, rows),
        }
    )


def _lost(train: pl.DataFrame, made: pl.DataFrame) -> float:
    """Share of made rows whose place lies in the region that it lies in for real; places that are not real do not count."""
    truth = train.group_by("place").agg(pl.col("region").first().alias("truth"))
    joined = made.join(truth, on="place", how="inner")
    return float((joined["region"] == joined["truth"]).mean() or 0.0)


def report(bench: Bench) -> Iterator[Finding]:
    """The report on a table of Adult's size."""
    model, train, name = bench.model()
    real, synthetic, held = (bench.folder / f"{part}.parquet" for part in ("real", "synthetic", "held"))
    cut = train.height * 4 // 5
    train[:cut].write_parquet(real)
    train[cut:].write_parquet(held)
    us.load(model).write(cut, synthetic, workers=1)
    target = train.columns[-1]
    page = bench.folder / "report.html"
    _, bound = timed(lambda: _sorted_columns(pl.read_parquet(real)))
    spent = understudy("evaluate", str(real), str(synthetic), "--holdout", str(held), "--target", target, "-o", str(page), "--quiet")
    yield Finding(
        "report",
        f"evaluate {cut:,} rows of {name} × {train.width}",
        f"{spent.wall_s:.1f} s wall, {spent.cpu_s:.1f} CPU s, {spent.peak_gb:.2f} GB",
        "30 s",
        spent.wall_s <= 30,
        spent.cpu_s / bound.cpu_s,
        f"Polars reads it and sorts each column, {bound.cpu_s:.2f} CPU s",
    )
    yield Finding("report", "size of report.html", f"{page.stat().st_size / 1e6:.2f} MB", "3 MB", page.stat().st_size <= 3e6)


TASKS: dict[str, Callable[[Bench], Iterator[Finding]]] = {
    "memory": memory,
    "files": files,
    "out-of-core": out_of_core,
    "wide": wide,
    "categories": categories,
    "report": report,
}


def run(names: list[str], bench: Bench) -> list[Finding]:
    """Do the tasks, one line printed for each figure as it comes, then all as a table."""
    findings: list[Finding] = []
    for name in names:
        for finding in TASKS[name](bench):
            print(f"{finding.measured}: {finding.figure} {finding.row()[4]}".rstrip(), flush=True)
            findings.append(finding)
    print("\n" + markdown(HEADS, [finding.row() for finding in findings]))
    return findings


def _count(text: str) -> int:
    """ "10M", "500k", "5000"."""
    factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    return int(float(text[:-1] if factor > 1 else text) * factor)


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed and memory of the table learners at sizes that hurt.")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--rows", type=_count, metavar="N", help="rows that `files` writes: 1M unless told, 10M for the bar itself")
    parser.add_argument("--source-rows", type=_count, metavar="N", help="rows that `out-of-core` learns from: 5M unless told")
    parser.add_argument("--engine", default=DEFAULT_ENGINE, metavar="METHOD")
    parser.add_argument("--quick", action="store_true", help="smaller tables; figures whose bar is for another size are not judged")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "scale.json")
    asked = parser.parse_args()
    chosen = {"sample_rows": asked.rows, "source_rows": asked.source_rows}
    sizes = Sizes(**{**asdict(QUICK if asked.quick else Sizes()), **{key: value for key, value in chosen.items() if value}})
    with tempfile.TemporaryDirectory() as folder:
        findings = run(asked.tasks, Bench(Path(folder), sizes, not asked.quick, asked.engine))
    save(asked.out, {"sizes": asdict(sizes), "findings": [asdict(finding) for finding in findings]})


if __name__ == "__main__":
    main()
