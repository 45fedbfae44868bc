"""Private evolution with a real, if tiny, language model over HTTP: what votes do, what they cost, and what a killed run costs.

    python bench/evolution.py                           about ten minutes of a core
    python bench/evolution.py --budget 60 --size 200 --rounds 2

A small transformer is trained on the utterances of clinc150 (public here: 150 intents of everyday life, a few of them of banks), written as
a folder in the Hugging Face form and served by `understudy serve-model`. The texts of banking77 (private here: queries to a bank) vote on
what it writes, by `by: llm, vary: continue`. The model knows nothing of their labels, so made texts carry labels by the votes alone.

Columns: near is the mean, over held-out private texts, of the similarity of the nearest made text (cosine, words and pairs by TF-IDF; 1
best); C2ST and TSTR as in bench/texts.py: telling made from held-out private texts (.5 best), and the accuracy on held-out private texts
of a classifier trained on made ones. "drawn" is what the model writes with no vote, labels by chance.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measure import markdown, timed
from sklearn.feature_extraction.text import TfidfVectorizer
from texts import FOLDER, told_apart, utility

GROUPS = {"top_up": "top", "transfer": "transfer", "cash": "cash", "card": "card", "exchange": "exchange"}
"""Labels, and what is in the names of their categories; the first that is counts."""
NO_NOISE = 1e9
HEADS = ["texts", "epsilon", "near", "C2ST", "TSTR", "F1", "requests", "wall s"]


def private_texts(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Private texts, and held-out ones, with five labels."""
    frame = pl.read_parquet(folder / "banking77" / "banking77.parquet").unique("text", maintain_order=True)
    names = [next((group for group, part in GROUPS.items() if part in category.lower()), None) for category in frame["category"]]
    frame = frame.with_columns(pl.Series("label", names, pl.String), text=pl.col("text").str.replace_all(r"\s+", " ")).drop_nulls("label")
    return tuple(frame.filter(pl.col("split") == part).select("label", "text") for part in ("train", "test"))  # type: ignore[return-value]


def trained(folder: Path, place: Path, budget: float) -> None:
    """A language model of public texts, in the Hugging Face form."""
    from understudy.text import TransformerText

    public = pl.read_parquet(folder / "clinc150" / "clinc150.parquet").select("text").unique(maintain_order=True)
    model, cost = timed(lambda: TransformerText(company=1, candidates=1).fit(public, text="text", budget=budget, seed=1))
    model.export(place)
    steps = model.record.figures["training"] if model.record is not None else {}
    print(f"{public.height:,} public texts, {cost.cpu_s:.0f} CPU s of training: {steps}", flush=True)


@contextmanager
def served(model: Path, log: Path) -> Iterator[str]:
    """The model behind `understudy serve-model`, in a process of its own → its address."""
    command = [sys.executable, "-m", "understudy", "serve-model", str(model), "--port", "0", "--name", "tiny", "--log", str(log)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().split(" at ")[1].split(";")[0]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


def spec(private: Path, url: str, arguments: argparse.Namespace, epsilon: float, journal: Path | None = None) -> dict[str, Any]:
    model = {"endpoint": url, "model": "tiny", "prompt": "<|start|>", "max_tokens": 40, "concurrency": 8, "timeout": 120}
    course = {"size": arguments.size, "rounds": arguments.rounds, "variations": arguments.variations, "epsilon": epsilon}
    return {
        "understudy": "text/1", "task": "classification", "columns": {"label": {"type": "choice", "values": list(GROUPS)}}, "seed": 2,
        "label": "label", "way": "evolution", "llm": model if journal is None else {**model, "journal": str(journal)},
        "evolution": {"private": str(private), "text": "text", "label": "label", "by": "llm", "vary": "continue", "total": 2e9, **course},
    }  # fmt: skip


def near(made: pl.DataFrame, test: pl.DataFrame) -> float:
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(test["text"].to_list())
    return float((vectors.transform(test["text"]) @ vectors.transform(made["text"]).T).max(axis=1).toarray().mean())


def line(
    name: str, epsilon: str, made: pl.DataFrame, test: pl.DataFrame, requests: int | None = None, wall: float | None = None
) -> list[str]:
    accuracy, f1 = utility(made, test)
    figures = [near(made, test), told_apart(made, test), accuracy, f1]
    return [
        name,
        epsilon,
        *(f"{x:.3f}" for x in figures),
        "" if requests is None else f"{requests:,}",
        "" if wall is None else f"{wall:.0f}",
    ]


def evolutions(private: Path, test: pl.DataFrame, url: str, work: Path, arguments: argparse.Namespace) -> None:
    from understudy.text import Texts

    table: list[list[str]] = []
    train = pl.read_parquet(private)
    real = train.sample(arguments.size, seed=1, shuffle=True)
    table.append(line("private themselves", "", real, test))
    journal, log = work / "journal.sqlite", work / "log"
    for epsilon in arguments.epsilons:
        before, began = lines(log), time.perf_counter()
        texts = Texts(spec(private, url, arguments, NO_NOISE if epsilon == "none" else float(epsilon), journal))
        texts.sample(1)
        model = texts._way.evolved()  # type: ignore[attr-defined]
        made = model.sample(arguments.size).select("label", "text")
        if len(table) == 1:
            table.append(line("drawn", "", drawn(texts, arguments.size), test))
        table.append(line("evolved", epsilon, made, test, lines(log) - before, time.perf_counter() - began))
        print(markdown(HEADS, table), flush=True)
        print(made.sample(10, seed=1, shuffle=True).rows(), model.record.figures, flush=True)


def drawn(texts: Any, size: int) -> pl.DataFrame:
    """What the model writes by itself, each label as often."""
    from understudy.core.random import Stream

    labels = np.resize(list(GROUPS), size).tolist()
    return pl.DataFrame({"label": labels, "text": texts._way._provider(None).draw(labels, Stream(77))})


def killed(private: Path, url: str, work: Path, arguments: argparse.Namespace) -> None:
    """A run that is killed in the middle of its votes, and gone on with: what is asked and what is spent twice."""
    import json

    from understudy.text import Texts

    place, out, log = work / "killed.yaml", work / "killed", work / "log"
    Texts({**spec(private, url, arguments, 4.0), "seed": 3}).spec.save(place)
    command = [sys.executable, "-m", "understudy", "generate", str(place), "-n", str(arguments.size), "-o", str(out), "--quiet"]
    before, kills = lines(log), 0
    while True:
        process = subprocess.Popen(command, env={**os.environ, "XDG_STATE_HOME": str(work / "killed-state")})
        begun = lines(log)
        while process.poll() is None and not (kills < arguments.kills and lines(log) - begun > arguments.kill_after):
            time.sleep(0.2)
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
    asked = Counter(json.loads(entry)["key"] for entry in log.read_text().splitlines()[before:])
    account = [json.loads(entry) for entry in (work / "killed-state/understudy/private-votes.jsonl").read_text().splitlines() if entry]
    releases = {(entry["evolution"], entry["release"]) for entry in account}
    print(
        f"killed {kills} times, exit {process.returncode}: {len(asked):,} different requests, {asked.total() - len(asked)} asked again; "
        f"{len({name for name, _ in releases})} evolution(s), {len(releases)} releases for {arguments.rounds} votes and the counts"
    )


def lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--budget", type=float, default=180, help="seconds for training the model")
    parser.add_argument("--model", type=Path, help="a folder with such a model, or where it is to be")
    parser.add_argument("--size", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--variations", type=int, default=3)
    parser.add_argument("--epsilons", nargs="*", default=["1", "4", "8", "none"])
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--kill-after", type=int, default=300, help="requests")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ |= {"XDG_CACHE_HOME": str(work / "cache"), "XDG_STATE_HOME": str(work / "state")}
        train, test = private_texts(arguments.folder)
        private = work / "private.parquet"
        train.write_parquet(private)
        print(f"{train.height:,} private texts, {test.height:,} held out; {dict(train.group_by('label').len().rows())}", flush=True)
        model = arguments.model or work / "model"
        if not model.is_dir():
            trained(arguments.folder, model, arguments.budget)
        with served(model, work / "log") as url:
            evolutions(private, test, url, work, arguments)
            if arguments.kills:
                killed(private, url, work, arguments)


if __name__ == "__main__":
    main()
