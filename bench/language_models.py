"""Asking language models: rows lost, money counted, rate and memory, against understudy's own server with faults on demand.

    python bench/language_models.py            all: 2,000 requests with faults, 20 kills, limits, rates, 100,000 rows
    python bench/language_models.py --quick    fewer of each
    python bench/language_models.py rates      one part: faults, kills, limits, rates, memory, jobs

The server runs in a process of its own on the same machine, which has two shared cores; what it counts as billed is the provider's side of
the books. Bars: every row delivered or told with a reason; nothing asked for again that was stored; no limit passed; at 64 requests at
once nine tenths of the rate that a plain load generator (bytes over 64 open connections, nothing read but lengths) gets in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from understudy.core.errors import BudgetError
from understudy.core.random import Stream
from understudy.text.llm import ChatRequest, Endpoint, Reply, Session, SpendingLimit

RATE_BAR = 0.9
MODEL = "understudy-echo"
FAULTS = "429=0.1,500=0.05,json=0.05,hang=0.01"


class Review(BaseModel):
    title: str = Field(max_length=60)
    stars: int = Field(ge=1, le=5)


class Served:
    """The server in its own process."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "understudy", "serve-model", "--echo", "--port", "0", "--price", "1/2", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().split(" at ")[1].split(";")[0]

    def books(self) -> dict[str, object]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/ledger") as response:
            return json.load(response)

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate()


@contextmanager
def served(*options: str) -> Iterator[tuple[Served, Path]]:
    """A server, and a folder for journals."""
    server = Served(*options)
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield server, Path(folder)
    finally:
        server.end()


def request(number: int, max_tokens: int = 64) -> ChatRequest:
    return ChatRequest.of(f"Write review {number} of a kettle that somebody has bought and used for a month.", max_tokens=max_tokens)


def asked(session: Session, count: int, *, start: int = 0, shape: type[BaseModel] | None = None) -> Iterator[Reply]:
    return session.run(session.ask(request(number), path=("row", number), shape=shape) for number in range(start, start + count))


def faults(count: int) -> None:
    """Rows delivered under faults."""
    print(f"\n## {count:,} structured requests under faults ({FAULTS}, cut=0.01, garbled=0.01)\n")
    options = ("--faults", FAULTS + ",cut=0.01,garbled=0.01", "--retry-after", "0.05", "--delay", "0.05", "--spread", "0.5", "--seed", "1")
    with served(*options) as (server, folder):
        endpoint = Endpoint(server.url, MODEL, timeout_s=2, backoff_s=0.1)
        start, cpu = time.monotonic(), time.process_time()
        with Session(endpoint, journal=folder / "j") as session:
            replies = list(asked(session, count, shape=Review))
        took_s, cpu_s = time.monotonic() - start, time.process_time() - cpu
        valid = sum(isinstance(reply.value, Review) for reply in replies)
        told = sum(reply.problem is not None for reply in replies)
        books, spent = server.books(), session.spent()
    again = sum(reply.tries == 2 for reply in replies)
    billed = Decimal(str(books["money"]))
    print("| rows asked | valid | with a reason | silently lost | calls | re-asked | billed by the server | counted by us | s | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print(f"| {count:,} | {valid:,} | {told} | {count - valid - told} | {books['requests']:,} | {again} ", end="")
    print(f"| {billed:.4f} | {spent.money:.4f} | {took_s:.0f} | {cpu_s:.1f} |")
    print(f"\noutcomes at the server: {books['outcomes']}")
    for reason in sorted({str(reply.problem) for reply in replies if reply.problem}):
        print(f"reason: {reason}")


JOB = """
import sys
from bench_language_models import asked
from understudy.text.llm import Endpoint, Session, SpendingLimit
endpoint = Endpoint(sys.argv[1], "understudy-echo", timeout_s=2, backoff_s=0.05)
with Session(endpoint, journal=sys.argv[2], budget=SpendingLimit(money="1.5")) as session:
    for index, reply in enumerate(asked(session, int(sys.argv[3]))):
        if index == 0:
            print("going", flush=True)
print("done", flush=True)
"""


def kills(times: int, count: int) -> None:
    """A job killed with SIGKILL at random moments, then finished."""
    print(f"\n## kill -9 at a random moment, {times} times; {count:,} rows, 64 at once\n")
    draw = Stream(5).child("kills").generator()
    with tempfile.TemporaryDirectory() as logs, served("--delay", "0.05", "--spread", "0.8", "--log", f"{logs}/log") as (server, folder):
        journal, log = folder / "j", Path(logs) / "log"
        again = unknown = stored = 0
        begins: list[tuple[set[str], int]] = []
        for index in range(times):
            job = _job(server.url, journal, count)
            assert job.stdout is not None
            job.stdout.readline()
            time.sleep(float(draw.uniform(0, 1.5 * count / 400 / times)))
            job.kill()
            job.communicate()
            keys, number = _stored(journal)
            unknown += number
            begins.append((keys, len(log.read_text().splitlines())))
            stored = len(keys)
            if index % 5 == 4:
                print(f"- after kill {index + 1}: {stored:,} stored, {unknown} were on their way")
        last = _job(server.url, journal, count)
        out, _ = last.communicate()
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        again = sum(len(keys & {line["key"] for line in lines[begin:]}) for keys, begin in begins)
        with Session(Endpoint(server.url, MODEL), journal=journal) as session:
            spent = session.spent()
        books = server.books()
    answered = sum(line["outcome"] == "ok" for line in lines)
    print(f"\n- finished: {out.split()[-1] == 'done'}; rows {count:,}, replies made by the server {answered:,}")
    print(f"- stored replies asked for again: {again}")
    print(f"- in flight at the kills: {unknown}, counted at their worst case: {spent.unknown}", end="")
    print(f"; made twice by the server: {answered - count - 1}")
    print(f"- billed by the server {books['money']}, counted by us {spent.money:.6f}, limit 1.5")


def limits(count: int) -> None:
    """Limits with 64 requests under way."""
    print("\n## Limits with 64 requests under way, 1 % hangs\n")
    print("| limit | counted by us | billed by the server | replies | passed |\n|---|---|---|---|---|")
    for limit in (SpendingLimit(money=Decimal("0.02")), SpendingLimit(tokens=20_000), SpendingLimit(money=Decimal("0.0005"))):
        with served("--delay", "0.05", "--spread", "1", "--faults", "hang=0.01") as (server, folder):
            endpoint = Endpoint(server.url, MODEL, timeout_s=1, backoff_s=0.05)
            with Session(endpoint, journal=folder / "j", budget=limit) as session:
                with suppress(BudgetError):
                    list(asked(session, count))
                replies = session.counts()["replies"]
            spent, books = session.spent(), server.books()
        billed = Decimal(str(books["money"])) if limit.money else books["prompt_tokens"] + books["completion_tokens"]  # type: ignore[operator]
        counted, most = (spent.money, limit.money) if limit.money else (spent.tokens, limit.tokens)
        print(f"| {most} {'tokens' if limit.tokens else 'money'} | {counted} | {billed} | {replies} | {counted > most or billed > most} |")  # type: ignore[operator]


def rates(count: int, repeats: int) -> None:
    """Our rate beside that of a plain load generator."""
    print("\n## Rate at 64 requests at once, beside a plain load generator, alternating in one run\n")
    print("| server's delay | plain, replies/s | ours | ratio | CPU ms a reply, plain | ours | load of the machine |")
    print("|---|---|---|---|---|---|---|")
    for delay, share in (("0.5", 0.25), ("0.2", 0.5), ("0.1", 1.0), ("0", 1.0)):
        some = max(640, int(count * share))
        with served("--delay", delay) as (server, folder):
            plain, ours = [], []
            with Session(Endpoint(server.url, MODEL), journal=folder / "j") as session:
                list(asked(session, 640, start=10**6))  # the window is open
                for repeat in range(repeats):
                    plain.append(_measured(partial(_loaded, server.url, some), some))
                    ours.append(_measured(partial(_asked, session, some, repeat * some), some))
        ratio = sorted(mine[0] / theirs[0] for mine, theirs in zip(ours, plain, strict=True))[repeats // 2]
        best_plain, best_ours = max(plain), max(ours)
        print(
            f"| {delay} s | {best_plain[0]:.0f} | {best_ours[0]:.0f} | {ratio:.2f} | {best_plain[1]:.2f} | {best_ours[1]:.2f} | "
            f"{os.getloadavg()[0]:.1f} |"
        )
    print(
        f"\nrates: the best of {repeats}; ratio: the median of {repeats}; bar {RATE_BAR}. At no delay the server's own code is the limit."
    )


def memory(count: int) -> None:
    """Resident memory over a long job."""
    print(f"\n## {count:,} rows in constant memory\n")
    print("| rows | resident MB | replies/s since the last line | journal MB |\n|---|---|---|---|")
    with served() as (server, folder), Session(Endpoint(server.url, MODEL), journal=folder / "j") as session:
        mark, cpu = time.monotonic(), time.process_time()
        step = count // 10
        for index, _ in enumerate(asked(session, count), start=1):
            if index == 1_000 or index % step == 0:
                now = time.monotonic()
                rate = (index % step or step) / (now - mark)
                print(f"| {index:,} | {_resident_mb():.0f} | {rate:.0f} | {(folder / 'j').stat().st_size / 1e6:.0f} |", flush=True)
                mark = now if index != 1_000 else mark
        cpu_ms = 1000 * (time.process_time() - cpu) / count
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"\npeak {peak:.0f} MB; {cpu_ms:.2f} CPU ms a row")


SPEC = """understudy: text/1
task: classification
about: reviews of kettles
seed: 3
columns:
  label: {type: choice, values: {good: 3, bad: 1}}
  stars: {type: integer, low: 1, high: 5}
label: label
way: llm
llm: {endpoint: "URL", model: understudy-echo, max_tokens: 200}
"""
FILTERS = "quality: [exact_duplicates, {length: {words: [1, 6]}}]\n"


def jobs(counts: list[int]) -> None:
    """The command itself, rows of a spec into a folder: memory, and what it takes to go through the rows once more."""
    print("\n## `understudy generate` with the way llm, rows in a folder, replies without delay\n")
    print("| rows | filters | peak MB | s | CPU s | made in s | sifted | written | again: s | CPU s | disk MB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    with served() as (server, folder):
        for count, filters in [(1, ""), *((count, "") for count in counts), (counts[0], FILTERS)]:
            spec, out = folder / "text.yaml", folder / f"out-{count}-{bool(filters)}"
            spec.write_text(SPEC.replace("URL", server.url) + filters)
            command = ["generate", str(spec), "-n", str(count), "-o", str(out), "--json"]
            done, took_s, cpu_s, peak_mb = _commanded(command)
            _, again_s, again_cpu_s, _ = _commanded(["resume", str(out), "--json"])
            steps = " | ".join(f"{done['seconds'][step]:.1f}" for step in ("make", "sift", "write"))
            disk = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
            print(f"| {done['requested']:,} | {2 if filters else 0} | {peak_mb:.0f} | {took_s:.0f} | {cpu_s:.0f} | {steps} ", end="")
            print(f"| {again_s:.1f} | {again_cpu_s:.1f} | {disk:.0f} |", flush=True)
            assert done["requested"] == done["kept"] + sum(done["dropped"].values())


def _commanded(arguments: list[str]) -> tuple[dict[str, Any], float, float, float]:
    """What a command tells, its seconds, CPU seconds and peak of resident memory in MB."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([sys.executable, "-m", "understudy", *arguments], stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        told = json.loads(out.read())
    assert process.returncode == 0, told
    return told, time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def _measured(work: Callable[[], None], count: int) -> tuple[float, float]:
    """Replies a second, CPU milliseconds a reply."""
    start, cpu = time.monotonic(), time.process_time()
    work()
    return count / (time.monotonic() - start), 1000 * (time.process_time() - cpu) / count


def _loaded(url: str, count: int) -> None:
    asyncio.run(_load(url, count, 64))


def _asked(session: Session, count: int, start: int) -> None:
    for _ in asked(session, count, start=start):
        pass


async def _load(url: str, count: int, connections: int) -> None:
    """The plain load generator: prepared bytes over open connections, lengths read and no more."""
    parts = urlsplit(url)
    left = iter(range(count))

    async def work() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for number in left:
            body = json.dumps(request(number).body(MODEL)).encode()
            head = f"POST {parts.path}/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in answer[:20], answer
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))


def _job(url: str, journal: Path, count: int) -> subprocess.Popen[str]:
    code = f"import importlib.util, sys\nspec = importlib.util.spec_from_file_location('bench_language_models', {__file__!r})\n"
    code += "module = importlib.util.module_from_spec(spec)\nsys.modules[spec.name] = module\nspec.loader.exec_module(module)\n" + JOB
    return subprocess.Popen([sys.executable, "-c", code, url, str(journal), str(count)], stdout=subprocess.PIPE, text=True)


def _stored(journal: Path) -> tuple[set[str], int]:
    with closing(sqlite3.connect(journal)) as connection:
        keys = {row[0].hex() for row in connection.execute("SELECT key FROM replies WHERE body IS NOT NULL")}
        return keys, connection.execute("SELECT count(*) FROM sends WHERE state = 'sent'").fetchone()[0]


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["faults", "kills", "limits", "rates", "memory", "jobs"])
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    quick = options.quick
    work = {
        "faults": lambda: faults(300 if quick else 2_000),
        "kills": lambda: kills(3 if quick else 20, 500 if quick else 4_000),
        "limits": lambda: limits(2_000),
        "rates": lambda: rates(1_000 if quick else 3_000, 3),
        "memory": lambda: memory(5_000 if quick else 100_000),
        "jobs": lambda: jobs([1_000] if quick else [10_000, 100_000]),
    }
    for part in options.parts:
        work[part]()


if __name__ == "__main__":
    main()
