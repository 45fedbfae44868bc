"""Free-text columns of tables beside real ones: do texts go with their rows, can they be told, do they repeat, what do they cost.

    python bench/text_columns.py
    python bench/text_columns.py --sets airbnb --rows 20000

A table is learned with `us.fit(method="independent")`, so that all that ties a text to its row is what its column learned, and as many rows
are made. Accuracy and F1: a classifier of texts (as in `texts.py`) trained on made texts and the attribute in their made rows, tested on
held-out real ones. C2ST and "8 in a row" as in `texts.py`. Two columns of chance stand beside each text: `goes with` must not name them.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from measure import markdown, timed
from texts import FOLDER, copied, told_apart, utility

import understudy as us

SETS = {
    "reviews": ("text/sentence_polarity/sentence_polarity.parquet", "text", "label"),
    "sms": ("text/sms_spam/sms_spam.parquet", "text", "label"),
    "banking": ("text/banking77/banking77.parquet", "text", "category"),
    "airbnb": ("tabular/airbnb/airbnb_london_titles.parquet", "title", "room_type"),
}
HEADS = ["set", "texts", "accuracy", "F1", "C2ST", "8 in a row", "goes with", "fit CPU s", "rows/s"]
TESTED = 3_000


def table(name: str, folder: Path, rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Training and held-out rows, each text once, with two columns of chance."""
    file, text, label = SETS[name]
    frame = pl.read_parquet(folder / file).rename({text: "text", label: "label"}).drop_nulls("text").unique("text", maintain_order=True)
    rng = np.random.default_rng(0)
    frame = frame[rng.permutation(frame.height)[:rows].tolist()].drop("split", strict=False)
    frame = frame.with_columns(colour=pl.Series(rng.choice(["red", "green", "blue"], frame.height)), weight=rng.normal(size=frame.height))
    cut = round(0.7 * frame.height)
    return frame[:cut], frame[cut : cut + TESTED]


def line(name: str, kind: str, made: pl.DataFrame, train: pl.DataFrame, test: pl.DataFrame) -> dict[str, str]:
    accuracy, f1 = utility(made, test)
    run = "" if kind == "real" else f"{copied(made, train):.4f}"
    return {"set": name, "texts": kind, "accuracy": f"{accuracy:.3f}", "F1": f"{f1:.3f}", "C2ST": f"{told_apart(made, test):.3f}",
            "8 in a row": run}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=FOLDER.parent)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    lines = []
    for name in arguments.sets:
        train, test = table(name, arguments.folder, arguments.rows)
        schema = us.read(train).schema.override({"text": "text", "label": "categorical"})
        model, fit = timed(partial(us.fit, train, schema=schema, method="independent"))
        model.sample(10, seed=2)
        made, draw = timed(partial(model.sample, min(train.height, 8_000), seed=1))
        made = made.filter(pl.col("text").is_not_null())
        taken = [reading.column for column in model.codec.columns for reading in getattr(column, "read", ())]
        found = [
            line(name, "real", train.head(made.height), train, test),
            line(name, "made", made, train, test)
            | {"goes with": ", ".join(dict.fromkeys(taken)), "fit CPU s": f"{fit.cpu_s:.1f}", "rows/s": f"{made.height / draw.cpu_s:,.0f}"},
        ]
        lines += [[one.get(head, "") for head in HEADS] for one in found]
        print(markdown(HEADS, lines[-2:]), flush=True)
    if arguments.out:
        arguments.out.write_text(markdown(HEADS, lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
