"""Ours beside NeMo Data Designer on the same server in one run: rows a second, rows lost, what is asked twice after a kill.

    python bench/peers_language_models.py --setup             make the peer's environment (once; about 800 MB)
    python bench/peers_language_models.py                     all scenes
    python bench/peers_language_models.py --peer VENV/bin/python --rows 500

Both ask for one text a row, of the same words, 64 at once, of `understudy serve-model --echo` in a process of its own. Each job is a
process of its own too; its seconds are those of making rows, without importing. The server's books tell how many replies it made. Scenes:

    clean    every reply after 0.2 s
    faults   429=0.1, 500=0.05, garbled=0.05, hang=0.01, and 0.05 s before replies; both give up on a reply after 2 s
    kill     SIGKILL when the server has made three quarters of the replies; the same job again, told to resume

The peer runs at its defaults but for 64 parallel requests, the timeout, no telemetry and no port for metrics; `rows a group` is its unit of
resuming, 1,000 by default.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from language_models import MODEL, Served

HERE = Path(__file__).parent
ENVIRONMENT = Path(tempfile.gettempdir()) / "understudy-peers" / "data-designer"
OURS = """
import json, sys, time
from understudy.core.random import Stream
from understudy.text.llm import ChatRequest, Endpoint, Session
url, model, place, rows, timeout, _, _ = sys.argv[1:]
with Session(Endpoint(url, model, timeout_s=float(timeout), backoff_s=0.1), journal=place + "/journal.sqlite") as session:
    start, cpu = time.monotonic(), time.process_time()
    words = (f"Write a review of a kettle for customer {Stream(1).child(n).key.hex()}." for n in range(int(rows)))
    asked = (session.ask(ChatRequest.of(text, max_tokens=64), path=("row", n)) for n, text in enumerate(words))
    replies = list(session.run(asked))
    told = sum(reply.problem is not None for reply in replies)
    took = {"seconds": time.monotonic() - start, "cpu": time.process_time() - cpu}
print(json.dumps({"rows": len(replies) - told, "told": told, **took}))
"""
PEER = """
import json, os, sys, time
os.environ["NEMO_TELEMETRY_ENABLED"] = "false"
import data_designer.config as dd
from data_designer.interface import DataDesigner
url, model, place, rows, timeout, resume, group = sys.argv[1:]
designer = DataDesigner(place, model_providers=[dd.ModelProvider(name="local", endpoint=url, provider_type="openai", api_key="none")])
designer.set_run_config(dd.RunConfig(otel_metrics_port=None, buffer_size=int(group)))
parameters = dd.ChatCompletionInferenceParams(max_parallel_requests=64, max_tokens=64, timeout=max(1, int(float(timeout))))
builder = dd.DataDesignerConfigBuilder([dd.ModelConfig(alias="m", model=model, provider="local", inference_parameters=parameters)])
builder.add_column(dd.SamplerColumnConfig(name="id", sampler_type=dd.SamplerType.UUID, params=dd.UUIDSamplerParams()))
builder.add_column(dd.LLMTextColumnConfig(name="review", prompt="Write a review of a kettle for customer {{ id }}.", model_alias="m"))
start, cpu = time.monotonic(), time.process_time()
mode = dd.ResumeMode.ALWAYS if resume == "resume" else dd.ResumeMode.NEVER
found, error = 0, None
try:
    made = designer.create(builder, num_records=int(rows), dataset_name="reviews", resume=mode).load_dataset()
    found = int(made["review"].notna().sum())
except Exception as failure:
    error = f"{type(failure).__name__}: {failure}"[:200]
took = {"seconds": time.monotonic() - start, "cpu": time.process_time() - cpu}
print("\\n" + json.dumps({"rows": found, "told": 0, "error": error, **took}))
"""


def setup() -> None:
    """The peer's environment."""
    subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    subprocess.run([ENVIRONMENT / "bin" / "pip", "install", "-q", "data-designer"], check=True)


class Job:
    """One way to do the job: a name, the Python that runs it, its program, and rows a group."""

    def __init__(self, name: str, python: Path | str, program: str, group: int = 1000) -> None:
        self.name, self._python, self._program, self._group = name, str(python), program, group

    def begin(self, url: str, place: Path, rows: int, timeout_s: float, *, resume: bool = False) -> subprocess.Popen[str]:
        arguments = [url, MODEL, str(place), str(rows), str(timeout_s), "resume" if resume else "new", str(self._group)]
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src") if self._program is OURS else ""}
        command = [self._python, "-c", self._program, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)

    def run(self, *arguments: Any, limit_s: float = 300, **options: Any) -> dict[str, Any]:
        job = self.begin(*arguments, **options)
        try:
            out, _ = job.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            job.kill()
            job.communicate()
            return {"rows": 0, "told": 0, "error": f"not done in {limit_s:g} s", "seconds": limit_s, "cpu": float("nan")}
        lines = [line for line in out.splitlines() if line.startswith('{"rows"')]
        return json.loads(lines[-1]) if lines else {"rows": 0, "told": 0, "error": f"ended with {job.returncode}", "seconds": 0, "cpu": 0}


def clean(jobs: list[Job], rows: int) -> None:
    print(f"\n### clean: {rows:,} rows, 0.2 s a reply\n\n| | rows | rows/s | CPU ms a row | calls |\n|---|---|---|---|---|")
    for job in jobs:
        found, books = _served(job, rows, 60, "--delay", "0.2")
        rate, cpu_ms = found["rows"] / found["seconds"], 1000 * found["cpu"] / rows
        print(f"| {job.name} | {found['rows']:,} | {rate:.0f} | {cpu_ms:.1f} | {books['requests']:,} |{_error(found)}", flush=True)


def faults(jobs: list[Job], rows: int) -> None:
    print(f"\n### faults: {rows:,} rows\n\n| | rows | told why not | lost | s | calls | replies made |\n|---|---|---|---|---|---|---|")
    options = ("--delay", "0.05", "--faults", "429=0.1,500=0.05,garbled=0.05,hang=0.01", "--retry-after", "1", "--seed", "2")
    for job in jobs:
        found, books = _served(job, rows, 2, *options)
        lost = rows - found["rows"] - found["told"]
        print(f"| {job.name} | {found['rows']:,} | {found['told']} | {lost} | {found['seconds']:.0f} ", end="")
        print(f"| {books['requests']:,} | {_made(books):,} |{_error(found)}", flush=True)


def kill(jobs: list[Job], rows: int) -> None:
    print(f"\n### kill: {rows:,} rows, killed at three quarters of the replies, then resumed\n")
    print("| | replies made before | asked after | rows in the end | replies made in vain |\n|---|---|---|---|---|")
    for job in jobs:
        server = Served("--delay", "0.1")
        with tempfile.TemporaryDirectory() as folder:
            first = job.begin(server.url, Path(folder), rows, 60)
            while first.poll() is None and _made(server.books()) < 0.75 * rows:
                time.sleep(0.05)
            first.kill()
            first.communicate()
            before = server.books()
            found = job.run(server.url, Path(folder), rows, 60, resume=True)
            after = server.books()
        server.end()
        print(f"| {job.name} | {_made(before):,} | {after['requests'] - before['requests']:,} | {found['rows']:,} ", end="")
        print(f"| {_made(after) - found['rows']:,} |{_error(found)}", flush=True)


def _served(job: Job, rows: int, timeout_s: float, *options: str) -> tuple[dict[str, Any], dict[str, Any]]:
    server = Served(*options)
    with tempfile.TemporaryDirectory() as folder:
        found = job.run(server.url, Path(folder), rows, timeout_s)
    books = server.books()
    server.end()
    return found, books


def _made(books: dict[str, Any]) -> int:
    """Replies that the server made, and would have billed."""
    return sum(count for outcome, count in books["outcomes"].items() if outcome not in ("429", "500", "503"))


def _error(found: dict[str, Any]) -> str:
    return f" {found['error']}" if found.get("error") else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setup", action="store_true")
    parser.add_argument("--peer", type=Path, default=ENVIRONMENT / "bin" / "python", help="the Python that has data-designer")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--scenes", nargs="*", default=["clean", "faults", "kill"])
    options = parser.parse_args()
    if options.setup:
        setup()
        return
    version = "import importlib.metadata as m; print(m.version('data-designer'))"
    number = subprocess.run([options.peer, "-c", version], capture_output=True, text=True, check=True).stdout.strip()
    jobs = [
        Job("understudy", sys.executable, OURS),
        Job(f"Data Designer {number}", options.peer, PEER),
        Job(f"Data Designer {number}, 100 rows a group", options.peer, PEER, 100),
    ]
    print(f"64 at once; load of the machine {os.getloadavg()[0]:.1f}")
    for scene in options.scenes:
        {"clean": clean, "faults": faults, "kill": kill}[scene](jobs[:2] if scene == "clean" else jobs, options.rows)


if __name__ == "__main__":
    main()
