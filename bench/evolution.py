"""Private evolution with a language model over HTTP: what votes do, what they cost, and what a killed run costs.

    python bench/evolution.py                           a few minutes of a core
    python bench/evolution.py --model my-llama/ --start "<|start|>"      a model in the Hugging Face form, by `understudy serve-model`

The model is one of words in the context of three (Witten & Bell 1991), learned in seconds from the utterances of clinc150 (public here: 150
intents of everyday life, a few of them of banks). It is a base model: it follows no instructions and goes on with what it is given. The
texts of banking77 (private here: queries to a bank) vote on what it writes, by `by: llm, vary: continue`. The model knows nothing of their
labels, so made texts carry labels by the votes alone.

Columns: near is the mean, over held-out private texts, of the similarity of the nearest made text (cosine, words and pairs by TF-IDF; 1
best); C2ST and TSTR as in bench/texts.py: telling made from held-out private texts (.5 best), and the accuracy on held-out private texts
of a classifier trained on made ones. "drawn" is what the model writes with no vote, labels by chance.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from bisect import bisect
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

from understudy.text.serving import Options, Server
from understudy.text.serving.writers import Writer

GROUPS = {"top_up": "top", "transfer": "transfer", "cash": "cash", "card": "card", "exchange": "exchange"}
"""Labels, and what is in the names of their categories; the first that is counts."""
NO_NOISE = 1e9
HEADS = ["texts", "epsilon", "near", "C2ST", "TSTR", "F1", "requests", "wall s"]


def private_texts(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Private texts, and held-out ones, with five labels."""
    frame = pl.read_parquet(folder / "banking77" / "banking77.parquet").unique("text", maintain_order=True)
    names = [next((group for group, part in GROUPS.items() if part in category.lower()), None) for category in frame["category"]]
    frame = frame.with_columns(pl.Series("label", names, pl.String), text=pl.col("text").str.replace_all(r"\s+", " ")).drop_nulls("label")
    train, test = (frame.filter(pl.col("split") == part).select("label", "text") for part in ("train", "test"))
    return train, test.sample(fraction=1.0, shuffle=True, seed=0)


class WordsInContext(Writer):
    """A model of words in the context of three, by what was seen after them; less context where they were seen seldom."""

    name, holds_schemas = "tiny", False

    def __init__(self, texts: list[str]) -> None:
        seen: dict[tuple[str, ...], Counter[str]] = {}
        for text in texts:
            words = ["<s>", *text.split(), "</s>"]
            for place in range(1, len(words)):
                for length in range(min(place, 3) + 1):
                    seen.setdefault(tuple(words[place - length : place]), Counter())[words[place]] += 1
        self._after = {context: (list(found), np.cumsum(list(found.values())).tolist()) for context, found in seen.items()}

    def text(self, prompt: str, number: int) -> str:
        return self.completion(prompt, number, 64)

    def completion(self, prompt: str, number: int, most_tokens: int) -> str:
        draws = random.Random(number)
        words = ["<s>", *prompt.removeprefix("<s>").split()]
        begun = len(words)
        while len(words) - begun < most_tokens and (word := self._next(words, draws)) != "</s>":
            words.append(word)
        return "".join(f" {word}" for word in words[begun:])

    def _next(self, words: list[str], draws: random.Random) -> str:
        for length in (3, 2, 1, 0):
            known = self._after.get(tuple(words[len(words) - length :])) if length <= len(words) else None
            if known is not None and (length == 0 or draws.random() * (known[1][-1] + len(known[0])) < known[1][-1]):
                return known[0][bisect(known[1], draws.random() * known[1][-1])]
        return "</s>"


@contextmanager
def served(model: Path | None, folder: Path, log: Path) -> Iterator[str]:
    """The model behind the server of `understudy serve-model` → its address. A folder is served in a process of its own."""
    if model is None:
        public = pl.read_parquet(folder / "clinc150" / "clinc150.parquet")["text"].unique(maintain_order=True).to_list()
        writer, cost = timed(lambda: WordsInContext(public))
        print(f"{len(public):,} public texts learned in {cost.cpu_s:.1f} CPU s", flush=True)
        with Server(writer, Options(log=log)) as server:
            yield server.url
        return
    command = [sys.executable, "-m", "understudy", "serve-model", str(model), "--port", "0", "--name", "tiny", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split(" at ")[1].split(";")[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def spec(private: Path, url: str, arguments: argparse.Namespace, epsilon: float, journal: Path | None = None) -> dict[str, Any]:
    model = {"endpoint": url, "model": "tiny", "prompt": arguments.start, "max_tokens": 40, "concurrency": 32, "timeout": 120}
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
    parser.add_argument("--model", type=Path, help="a folder with a causal language model, in the place of our own")
    parser.add_argument("--start", default="<s>", help="what stands before every text")
    parser.add_argument("--size", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
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
        with served(arguments.model, arguments.folder, work / "log") as url:
            evolutions(private, test, url, work, arguments)
            if arguments.kills:
                killed(private, url, work, arguments)


if __name__ == "__main__":
    main()
