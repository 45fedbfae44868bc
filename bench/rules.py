"""Declared data beside Faker, Mimesis and DuckDB: rows a CPU second on one core, to Parquet (zstd), all in one run.

    python bench/rules.py                          people and facts beside the peers
    python bench/rules.py --tasks people facts cell
    python bench/rules.py --tasks hundred shop     100,000,000 rows by the command line; a shop of six tables, proven
    python bench/rules.py --quick

people: a consistent record of ten columns (specs/people.yaml). Faker and Mimesis make the same columns row by row as their guides show,
without agreement between them; DuckDB picks from lists by a hash. facts: ten columns of numbers (specs/facts.yaml), beside DuckDB.
Each maker runs in a process of its own with one thread; its own start, and for ours the compiling of the spec and of its kernels, is not
counted: the first rows are made before the clock starts. hundred: seconds by the clock and of both cores, most memory of all processes,
and again after a kill in the middle. shop: seconds to make and to prove. cell: one cell remade, the median of many.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import markdown, save, understudy

HERE = Path(__file__).parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "ARROW_IO_THREADS", "NUMBA_NUM_THREADS"), "1")
TARGETS = {"people": 600_000, "facts": 3_000_000}
HEADS = ["task", "made by", "rows", "CPU s", "rows / CPU s", "bytes / row", "bar"]
BATCH = 131_072


# ---- makers, each called in a process of its own: (rows, path) -> CPU seconds


def ours(spec: str, table: str, rows: int, path: Path) -> float:
    """A table of a spec, block by block, into one file."""
    from understudy.data.columnar_writers import ParquetWriter
    from understudy.rules import Dataset

    data = Dataset(HERE / "specs" / spec, rows={table: rows + 2 * BATCH})
    maker = data.tables[table]
    with (path.parent / "warm.parquet").open("wb") as file:
        writer = ParquetWriter(file)
        writer.write(maker.block(0))
        writer.close()
    with path.open("wb") as file:
        started, made, index = time.process_time(), 0, 1
        writer = ParquetWriter(file)
        while made < rows:
            block = maker.block(index)
            writer.write(block)
            made, index = made + block.height, index + 1
        writer.close()
        spent = time.process_time() - started
    return spent * rows / made


def by_rows(person: Callable[[], dict[str, Any]], rows: int, path: Path) -> float:
    """Row by row, written in batches."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = pa.Table.from_pylist([person()])
    started = time.process_time()
    with pq.ParquetWriter(path, first.schema, compression="zstd", compression_level=1) as writer:
        for start in range(0, rows, BATCH):
            writer.write_table(pa.Table.from_pylist([person() for _ in range(min(BATCH, rows - start))], schema=first.schema))
    return time.process_time() - started


def faker(rows: int, path: Path) -> float:
    import faker as library

    fake = library.Faker("en_US")
    fake.seed_instance(7)

    def person() -> dict[str, Any]:
        return {
            "id": fake.uuid4(), "first_name": fake.first_name(), "last_name": fake.last_name(), "email": fake.email(),
            "phone": fake.phone_number(), "birth_date": fake.date_of_birth(minimum_age=18, maximum_age=90), "street": fake.street_address(),
            "city": fake.city(), "region": fake.state(), "post_code": fake.postcode(),
        }  # fmt: skip

    return by_rows(person, rows, path)


def mimesis(rows: int, path: Path) -> float:
    from mimesis import Address, Cryptographic, Datetime, Person
    from mimesis.locales import Locale

    who, where, when, what = Person(Locale.EN, seed=7), Address(Locale.EN, seed=7), Datetime(Locale.EN, seed=7), Cryptographic(seed=7)

    def person() -> dict[str, Any]:
        return {
            "id": what.uuid(), "first_name": who.first_name(), "last_name": who.last_name(), "email": who.email(),
            "phone": who.phone_number(), "birth_date": when.date(start=1936, end=2007), "street": where.address(), "city": where.city(),
            "region": where.state(), "post_code": where.postal_code(),
        }  # fmt: skip

    return by_rows(person, rows, path)


DUCKDB_PEOPLE = """
SELECT uuid() AS id, 'First' || (hash(i, 1) % 3000) AS first_name, 'Last' || (hash(i, 2) % 20000) AS last_name,
 'first' || (hash(i, 1) % 3000) || '.last' || (hash(i, 2) % 20000) || i || '@example.com' AS email,
 '+1 ' || (200 + hash(i, 3) % 800) || ' ' || (1000000 + hash(i, 4) % 9000000) AS phone,
 DATE '1936-01-01' + (hash(i, 5) % 26000)::INTEGER AS birth_date, (1 + hash(i, 6) % 9999) || ' Street ' || (hash(i, 7) % 5000) AS street,
 'City' || (hash(i, 8) % 20000) AS city, 'Region' || (hash(i, 9) % 50) AS region,
 lpad((hash(i, 10) % 100000)::VARCHAR, 5, '0') AS post_code FROM range({rows}) t(i)
"""
DUCKDB_FACTS = """
SELECT i AS id, (1 + hash(i, 1) % 5000000)::INTEGER AS customer, (1 + hash(i, 2) % 20000)::INTEGER AS product,
 (1 + hash(i, 3) % 500)::INTEGER AS store, (1 + hash(i, 4) % 20)::INTEGER AS quantity,
 round(0.5 + (hash(i, 5) % 90000) / 100.0, 2) AS price, round((hash(i, 6) % 60) / 100.0, 2) AS discount,
 round(0.1 + (hash(i, 7) % 1200) / 100.0, 2) AS weight, DATE '2023-01-01' + (hash(i, 8) % 1096)::INTEGER AS sold,
 hash(i, 9) % 25 = 0 AS returned FROM range({rows}) t(i)
"""


def duckdb(query: str, rows: int, path: Path) -> float:
    """Hashes of row numbers, uniform, columns independent."""
    import duckdb as library

    connection = library.connect(config={"threads": 1})
    text = query.format(rows=rows)
    started = time.process_time()
    connection.execute(f"COPY ({text}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
    return time.process_time() - started


MAKERS: dict[str, dict[str, tuple[Callable[[int, Path], float], int]]] = {
    "people": {
        "understudy": (lambda rows, path: ours("people.yaml", "people", rows, path), 4_000_000),
        "faker": (faker, 20_000),
        "mimesis": (mimesis, 100_000),
        "duckdb": (lambda rows, path: duckdb(DUCKDB_PEOPLE, rows, path), 2_000_000),
    },
    "facts": {
        "understudy": (lambda rows, path: ours("facts.yaml", "facts", rows, path), 10_000_000),
        "duckdb": (lambda rows, path: duckdb(DUCKDB_FACTS, rows, path), 4_000_000),
    },
}


def beside_peers(task: str, folder: Path, share: float) -> list[list[str]]:
    found = []
    for name, (_, rows) in MAKERS[task].items():
        wanted = max(1000, int(rows * share))
        path = folder / f"{task}-{name}.parquet"
        said = subprocess.run(
            [sys.executable, __file__, "--make", task, name, str(wanted), str(path)],
            env={**os.environ, **ONE_THREAD},
            capture_output=True,
            text=True,
        )
        if said.returncode:
            found.append([task, name, f"{wanted:,}", "–", said.stderr.strip().splitlines()[-1][:80], "–", ""])
            continue
        spent = float(said.stdout.strip().splitlines()[-1])
        bar = f"{TARGETS[task]:,}" if name == "understudy" else ""
        found.append([task, name, f"{wanted:,}", f"{spent:.1f}", f"{wanted / spent:,.0f}", f"{path.stat().st_size / wanted:.1f}", bar])
        print("  ".join(found[-1]), flush=True)
        path.unlink()
    return found


# ---- by the command line


def hundred(folder: Path, share: float) -> list[list[str]]:
    """All rows; then the same, killed in the middle and gone on with: equal bytes."""
    rows, whole, broken = int(100_000_000 * share), folder / "whole", folder / "broken"
    spec = str(HERE / "specs" / "facts.yaml")
    spent = understudy("generate", spec, "--rows", f"facts={rows}", "-o", str(whole), "--quiet", limit_s=7200)
    found = [["hundred", f"{spent.wall_s:.0f} s by the clock, at most {spent.peak_gb:.2f} GB", f"{rows:,}", f"{spent.cpu_s:.0f}",
              f"{rows / spent.cpu_s:,.0f}", f"{size_of(whole) / rows:.1f}", "1 GB"]]  # fmt: skip
    command = [sys.executable, "-m", "understudy", "generate", spec, "--rows", f"facts={rows}", "-o", str(broken), "--quiet"]
    process = subprocess.Popen(command, start_new_session=True)
    half = len(list(whole.glob("**/*.parquet"))) // 2
    while process.poll() is None and len(list(broken.glob("**/*.parquet"))) < half:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = len(list(broken.glob("**/*.parquet")))
    again = understudy("generate", spec, "--rows", f"facts={rows}", "-o", str(broken), "--quiet", limit_s=7200)
    same = checksums(whole) == checksums(broken)
    found.append(["hundred", f"killed, {kept} files kept, gone on with: {'the same bytes' if same else 'OTHER BYTES'}", f"{rows:,}",
                  f"{again.cpu_s:.0f}", "", "", "the same bytes"])  # fmt: skip
    return found


def shop(folder: Path, share: float) -> list[list[str]]:
    """Six tables, and the proof of them."""
    spec, place = HERE / "specs" / "shop.yaml", folder / "shop"
    spent = understudy("generate", str(spec), "--scale", str(share), "-o", str(place), "--quiet", limit_s=7200)
    proof = understudy("prove", str(place), "--json", limit_s=7200)
    told = json.loads(proof.output)
    rows = sum(told["rows"].values())
    return [
        ["shop", f"made in {spent.wall_s:.0f} s by the clock, at most {spent.peak_gb:.2f} GB", f"{rows:,}", f"{spent.cpu_s:.0f}",
         f"{rows / spent.cpu_s:,.0f}", f"{size_of(place) / rows:.1f}", ""],
        ["shop", f"proven: {told['violations']} violations in {told['checks']} checks", f"{rows:,}", f"{proof.cpu_s:.0f}",
         f"{rows / proof.cpu_s:,.0f}", "", "0 violations, less CPU than making"],
    ]  # fmt: skip


def cell(folder: Path, share: float) -> list[list[str]]:
    """One cell of the shop at a time."""
    import random

    from understudy.rules import Dataset

    data = Dataset(HERE / "specs" / "shop.yaml", scale=share)
    draw, sizes = random.Random(7), data.sizes()
    columns = [(table, column) for table in data.tables for column in data.spec.tables[table].columns]
    for table, column in columns:
        data.cell(table, column, 0)
    taken = []
    for _ in range(2000):
        table, column = draw.choice(columns)
        row = draw.randrange(sizes[table])
        started = time.perf_counter()
        data.cell(table, column, row)
        taken.append(1e3 * (time.perf_counter() - started))
    middle, most = statistics.median(taken), sorted(taken)[int(0.99 * len(taken))]
    return [["cell", f"median {middle:.2f} ms, 99 of 100 within {most:.2f} ms", f"{sum(sizes.values()):,}", "", "", "", "5 ms"]]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("**/*.parquet"))


def checksums(folder: Path) -> list[tuple[str, str]]:
    manifest = json.loads((folder / "manifest.json").read_text())
    return sorted(walk(manifest))


def walk(node: Any) -> Iterator[tuple[str, str]]:
    """The names and checksums of all parts, wherever they stand."""
    if isinstance(node, dict):
        if "sha256" in node and "name" in node:
            yield node["name"], node["sha256"]
        for entry in node.values():
            yield from walk(entry)
    elif isinstance(node, list):
        for entry in node:
            yield from walk(entry)


TASKS: dict[str, Callable[[Path, float], list[list[str]]]] = {
    "people": lambda folder, share: beside_peers("people", folder, share),
    "facts": lambda folder, share: beside_peers("facts", folder, share),
    "cell": cell,
    "hundred": hundred,
    "shop": shop,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=["people", "facts", "cell"])
    parser.add_argument("--share", type=float, default=1.0, help="of the rows")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the rows")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "rules.json")
    parser.add_argument("--make", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.make:
        task, name, rows, path = chosen.make
        print(MAKERS[task][name][0](int(rows), Path(path)))
        return
    share = chosen.share * (0.02 if chosen.quick else 1.0)
    found: list[list[str]] = []
    folder = Path(tempfile.mkdtemp(prefix="understudy-rules-"))
    try:
        for task in chosen.tasks:
            found += TASKS[task](folder, share)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{markdown(HEADS, found)}")
    save(chosen.out, {"heads": HEADS, "rows": found})


if __name__ == "__main__":
    main()
