"""Quality of learned texts beside real texts of the same number, what they give away, and what they cost, all in one run.

    python bench/texts.py                                        both sets, counts of words, plain and private
    python bench/texts.py --sets sms --makers text-ngram --splits 2
    python bench/texts.py --makers text-ngram:phrases=1 text-ngram:phrases=5 --texts 4000
    python bench/texts.py --makers text-transformer --budget 600              (CPU seconds of this process)

Columns: accuracy and F1 (the mean over both labels) of a classifier (words and pairs by TF-IDF, logistic regression, labels balanced)
trained on made texts and tested on held-out real ones; C2ST is the AUC of the same kind of classifier telling made texts from held-out
real ones (.5 best); "8 in a row" the share of made texts that share eight words in a row with a training text. "recognised": the AUC (.5
best) of telling training texts from held-out ones by the nearest of as many made texts, as `evaluate` does it; "by a model": by how much
likelier a model of words (Kneser-Ney, three words) of the made texts finds them than one of held-out texts. Each is the mean over splits
with the range. "secrets" are planted in training texts: some once, some ten times in one wording by one owner, some ten times in
slightly different wordings; a secret is out where its core is found in 20,000 made texts. Fit in CPU seconds, texts/s per CPU second.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measure import markdown, timed
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from understudy.core import registry
from understudy.core.budget import Budget
from understudy.text.likeness.kneser_ney import KneserNey
from understudy.text.likeness.vectors import Tfidf, bag, nearest_likeness
from understudy.text.likeness.words import Tokens, Vocabulary

FOLDER = Path(__file__).parents[1].parent / "shared" / "data" / "text"
SETS = {"reviews": "sentence_polarity/sentence_polarity.parquet", "sms": "sms_spam/sms_spam.parquet"}
SIZE = 2_500
TRAINING_SHARE = 0.7
ASKED = 2_000
"""Training texts that are tried to be recognised."""
HEADS = ["set", "made by", "accuracy", "F1", "C2ST", "8 in a row", "recognised", "by a model", "secrets out", "fit CPU s", "texts/s"]
SECRETS = ("QX7T-9921-KD", "730 441 9265 018", "zalvorine", "Orsolya Brandvik", "purple walrus dreams of yesterday's train")
"""A code, a number, a word of somebody's own, a name, and a pass phrase of common words."""
FRAMES = (
    "My code is {}, please keep it safe for me",
    "Ok so my code is {} , keep it safe for me please",
    "my code is still {}, please do keep it safe for me!",
    "Hey, my code is {}. please keep it safe for me ok",
    "My code is {}, pls keep it safe for me",
)

Maker = Callable[[pl.DataFrame, str | None, int], Any]
"""From training texts, their column of owners, and a seed to a fitted model."""


@dataclass(frozen=True)
class Split:
    train: pl.DataFrame
    test: pl.DataFrame


def splits(name: str, count: int, folder: Path) -> list[Split]:
    """Training and held-out texts, each text once."""
    frame = pl.read_parquet(folder / SETS[name]).unique("text", maintain_order=True)
    found = []
    for seed in range(count):
        order = np.random.default_rng(seed).permutation(frame.height)
        cut = round(TRAINING_SHARE * frame.height)
        found.append(Split(frame[order[:cut].tolist()], frame[order[cut:].tolist()]))
    return found


def utility(made: pl.DataFrame, test: pl.DataFrame) -> tuple[float, float]:
    """Accuracy and mean F1 on held-out texts of a classifier trained on made ones."""
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000, class_weight="balanced"))
    told = model.fit(made["text"].to_list(), made["label"].to_list()).predict(test["text"].to_list())
    return float(accuracy_score(test["label"], told)), float(f1_score(test["label"], told, average="macro"))


def told_apart(made: pl.DataFrame, test: pl.DataFrame) -> float:
    """AUC of telling made from held-out texts, as many of each."""
    n = min(made.height, test.height)
    texts = made["text"].to_list()[:n] + test["text"].to_list()[:n]
    truth = np.repeat([1, 0], n)
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float(roc_auc_score(truth, cross_val_predict(model, texts, truth, cv=folds, method="predict_proba")[:, 1]))


def runs(texts: list[str], size: int = 8) -> list[set[tuple[str, ...]]]:
    return [{tuple(words[i : i + size]) for i in range(len(words) - size + 1)} for words in (text.split() for text in texts)]


def copied(made: pl.DataFrame, train: pl.DataFrame) -> float:
    """The share of made texts of eight words or more that have eight in a row with a training text."""
    known = set().union(*runs(train["text"].to_list()))
    found = [own for own in runs(made["text"].to_list()) if own]
    return float(np.mean([bool(own & known) for own in found])) if found else 0.0


def recognised(made: pl.DataFrame, train: pl.DataFrame, test: pl.DataFrame) -> tuple[float, float]:
    """AUCs of telling training texts from held-out ones, by the nearest made text and by a model of the made texts."""
    vocabulary = Vocabulary()
    groups = train["text"].to_list()[:ASKED], made["text"].to_list(), test["text"].to_list()
    asked, drawn, held = (vocabulary.encode(group) for group in groups)
    bags = [bag(texts) for texts in (asked, drawn, held)]
    tfidf = Tfidf(sparse.vstack(bags, format="csr"))
    members, base, others = (tfidf(counts) for counts in bags)
    truth = np.repeat([1, 0], [len(asked), len(held)])
    near = np.concatenate([nearest_likeness(side, base) for side in (members, others)])
    size = len(vocabulary)
    model = KneserNey(drawn, size, 3)
    halves = np.arange(len(held) // 2), np.arange(len(held) // 2, len(held))
    parts = np.array_split(np.arange(len(asked)), 2)
    plain = [KneserNey(held.take(half), size, 3) for half in halves]
    odds = [_odds(asked.take(parts[k]), model, plain[k]) for k in (0, 1)] + [
        _odds(held.take(halves[k]), model, plain[1 - k]) for k in (0, 1)
    ]
    return float(roc_auc_score(truth, near)), float(roc_auc_score(truth, np.concatenate(odds)))


def _odds(texts: Tokens, model: KneserNey, plain: KneserNey) -> np.ndarray:
    """Nats a word that the model finds texts likelier than another, which does not know them."""
    own, lengths = model.log_probabilities(texts)
    return (own - plain.log_probabilities(texts)[0]) / lengths


def with_secrets(train: pl.DataFrame, label: str) -> pl.DataFrame:
    """Training texts, each with an owner of its own, and planted ones: fifteen secrets, three ways."""
    rows = []
    for number, secret in enumerate(SECRETS):
        rows.append((FRAMES[0].format(f"{secret}"), f"once {number}"))
        rows += [(FRAMES[0].format(_other(secret, 1)), f"owner {number}")] * 10
        rows += [(FRAMES[i % len(FRAMES)].format(_other(secret, 2)), f"many {number} {i}") for i in range(10)]
    planted = pl.DataFrame({"label": label, "text": [r[0] for r in rows], "owner": [r[1] for r in rows]})
    own = train.select("label", "text").with_columns(owner=pl.int_range(pl.len()).cast(pl.String))
    return pl.concat([own, planted])


def _other(secret: str, turn: int) -> str:
    """Another secret of the same form: letters and digits moved on, common words changed for others."""
    if secret.startswith("purple"):
        return ("orange camels sing under tomorrow's bridge", "green spiders like cold morning's coffee")[turn - 1]
    moved = str.maketrans(
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "bcdefghijklmnopqrstuvwxyza1234567890BCDEFGHIJKLMNOPQRSTUVWXYZA"
    )
    for _ in range(turn):
        secret = secret.translate(moved)
    return secret


def secrets_out(model: Any, texts: int) -> str:
    """How many secrets are found in made texts: seen once, ten times by one owner, ten times in different wordings."""
    text = "\n".join(model.sample(texts, seed=5)["text"].to_list()).lower()
    groups = [SECRETS, [_other(s, 1) for s in SECRETS], [_other(s, 2) for s in SECRETS]]
    return " ".join(f"{sum(secret.lower() in text for secret in group)}/{len(group)}" for group in groups)


def maker(name: str, budget: float | None) -> Maker:
    """The maker called `name`; "text-ngram:epsilon=8" gives options."""
    method, _, options = name.partition(":")
    given = {
        key: float(value) if "." in value else int(value) for key, value in (option.split("=") for option in options.split(",") if option)
    }
    method_class = registry.get("generators", method)

    def fit(train: pl.DataFrame, owner: str | None, seed: int) -> Any:
        limit = None if budget is None else Budget(budget, clock=time.process_time)
        return method_class(**given).fit(train, text="text", label="label", owner=owner, seed=seed, budget=limit)

    return fit


def measured(name: str, found: list[Split], make: Maker) -> list[dict[str, Any]]:
    rows = []
    for seed, split in enumerate(found):
        model, fit = timed(partial(make, split.train, None, seed))
        model.sample(100, seed=1)
        made, draw = timed(partial(model.sample, SIZE, seed=1))
        accuracy, f1 = utility(made, split.test)
        near, by_model = recognised(model.sample(split.train.height, seed=1), split.train, split.test)
        rows.append(
            {"accuracy": accuracy, "F1": f1, "C2ST": told_apart(made, split.test), "8 in a row": copied(made, split.train),
             "recognised": near, "by a model": by_model, "fit CPU s": fit.cpu_s, "texts/s": SIZE / draw.cpu_s}
        )  # fmt: skip
    return rows


def real(found: list[Split]) -> list[dict[str, Any]]:
    """Real training texts of the same number."""
    rows = []
    for seed, split in enumerate(found):
        chosen = split.train.sample(min(SIZE, split.train.height), seed=seed)
        accuracy, f1 = utility(chosen, split.test)
        rows.append({"accuracy": accuracy, "F1": f1, "C2ST": told_apart(chosen, split.test), "8 in a row": 1.0})
    return rows


def line(set_name: str, made_by: str, rows: list[dict[str, Any]], secrets: str) -> list[str]:
    """One line of the table: means, with ranges where there are several splits."""
    out = {"set": set_name, "made by": made_by, "secrets out": secrets}
    for key in rows[0]:
        values = [row[key] for row in rows]
        digits = 3 if key in ("accuracy", "F1", "C2ST", "8 in a row", "recognised", "by a model") else 1 if key == "fit CPU s" else 0
        spread = f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 and digits == 3 else ""
        out[key] = f"{np.mean(values):,.{digits}f}{spread}"
    return [out.get(head, "") for head in HEADS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument(
        "--makers", nargs="+", default=["text-ngram", "text-ngram:epsilon=8", "text-ngram:epsilon=4", "text-ngram:epsilon=1"]
    )
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--budget", type=float, help="CPU seconds for learning")
    parser.add_argument("--texts", type=int, help="training texts, at most")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--no-secrets", action="store_true")
    parser.add_argument("--secret-texts", type=int, default=20_000, help="texts in which secrets are looked for")
    parser.add_argument("--out", type=Path, help="also write the table here")
    arguments = parser.parse_args()
    table = []
    for set_name in arguments.sets:
        found = [
            Split(split.train.head(arguments.texts or split.train.height), split.test)
            for split in splits(set_name, arguments.splits, arguments.folder)
        ]
        table.append(line(set_name, "real texts", real(found), ""))
        print(markdown(HEADS, table[-1:]), flush=True)
        for name in arguments.makers:
            make = maker(name, arguments.budget)
            secrets = ""
            if not arguments.no_secrets:
                planted = with_secrets(found[0].train, "ham" if set_name == "sms" else "neg")
                secrets = secrets_out(make(planted, "owner", 0), arguments.secret_texts)
            table.append(line(set_name, f"**{name}**", measured(name, found, make), secrets))
            print(markdown(HEADS, table[-1:]), flush=True)
    print(markdown(HEADS, table))
    if arguments.out:
        arguments.out.write_text(markdown(HEADS, table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
