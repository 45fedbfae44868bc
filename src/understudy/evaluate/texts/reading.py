"""Three sets of texts on equal terms: the real ones, real ones that the model never saw, and the synthetic ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import DataError, did_you_mean
from understudy.core.random import Stream
from understudy.data.table import Table, as_table
from understudy.evaluate.resample import SIDES, Side
from understudy.text.likeness.vectors import Sparse, bag
from understudy.text.likeness.words import Tokens, Vocabulary, characters

MOST_TEXTS = 10_000
MOST_WORDS = 1_000_000
LEAST_TEXTS = 2
Index = NDArray[np.int64]


@dataclass
class Corpora:
    """The texts, in random order. rows: their row numbers in what was given. labels: codes of `classes`; None without a label.

    level: as many texts of each set, for figures that depend on how many there are. withheld: whether held-out texts were given.
    """

    texts: dict[Side, list[str]]
    rows: dict[Side, Index]
    labels: dict[Side, Index] | None
    classes: list[str]
    text: str
    label: str | None
    origins: dict[Side, str]
    given: dict[Side, int]
    withheld: bool
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.vocabulary = Vocabulary()
        self.tokens: dict[Side, Tokens] = {side: self.vocabulary.encode(self.texts[side]) for side in SIDES}
        self.letters: dict[Side, Tokens] = {side: characters(self.texts[side]) for side in SIDES}
        self.bags: dict[Side, Sparse] = {side: bag(self.tokens[side]) for side in SIDES}
        self.level = min(len(self.texts[side]) for side in SIDES)

    def count(self, side: Side) -> int:
        return len(self.texts[side])

    def some(self, most: int) -> int:
        """How many texts of each set a costly figure takes."""
        return min(self.level, most)


def read_corpora(
    real: object, synthetic: object, holdout: object | None, *, text: str | None, label: str | None, stream: Stream
) -> Corpora:
    """Read the sets and bring them to one form.

    Raises:
        DataError: a column is not there (with the nearest name) or holds no text, or a set has fewer than two texts.
    """
    tables: dict[Side, Table] = {"real": _opened(real, text), "synthetic": _opened(synthetic, text)}
    if holdout is not None:
        tables["holdout"] = _opened(holdout, text)
    column = text if text is not None else "text"
    notes: list[str] = []
    frames = {side: _frame(table, side, column, label, notes) for side, table in tables.items()}
    drawn = {side: _shuffled(frame, stream.child("order", side)) for side, frame in frames.items()}
    given = {side: table.rows for side, table in tables.items()}
    origins = {side: table.origin for side, table in tables.items()}
    if holdout is None:
        drawn["real"], drawn["holdout"] = _halves(drawn["real"])
        origins["holdout"], given["holdout"] = origins["real"], given["real"]
        notes.append(
            "No holdout was given. The real texts were split at random: one half stands for the real texts and the other is its yardstick. "
            "The model may have seen both, so nothing can be said about memorising. Fit on part of the texts and pass the rest as holdout."
        )
    drawn = {side: _capped(drawn[side], side, notes) for side in SIDES}
    codes, classes = _coded(drawn, label)
    return Corpora(
        texts={side: drawn[side]["text"].to_list() for side in SIDES},
        rows={side: drawn[side]["row"].to_numpy() for side in SIDES},
        labels=codes,
        classes=classes,
        text=column,
        label=label,
        origins=origins,
        given=given,
        withheld=holdout is not None,
        notes=notes,
    )


def _opened(data: object, text: str | None) -> Table:
    """A table; a list of texts is one with a single column."""
    if isinstance(data, Sequence) and not isinstance(data, str) and all(isinstance(entry, str) for entry in data):
        return as_table(pl.DataFrame({text or "text": list(data)}, schema={text or "text": pl.String}))
    return as_table(data)


def _frame(table: Table, side: Side, text: str, label: str | None, notes: list[str]) -> pl.DataFrame:
    """Columns row, text and label of the rows that have a text."""
    for name in (text, label):
        if name is not None and name not in table.columns:
            raise DataError(
                f'There is no column "{name}" in the {_NAMES[side]} texts.', where=table.origin, remedy=did_you_mean(name, table.columns)
            )
    if table.dtypes[text] not in (pl.String, pl.Categorical, pl.Enum):
        strings = [name for name, dtype in table.dtypes.items() if dtype == pl.String]
        named = ", ".join(f'"{name}"' for name in strings) or "none"
        raise DataError(
            f'The column "{text}" holds {table.dtypes[text]}, not text.', where=table.origin, remedy=f"Columns of text: {named}."
        )
    wanted = [pl.col(text).cast(pl.String).alias("text")]
    wanted.append(pl.lit("").alias("label") if label is None else pl.col(label).cast(pl.String).alias("label"))
    frame = table.select([text] if label is None else list(dict.fromkeys([text, label]))).frame.select(wanted).with_row_index("row")
    frame = frame.with_columns(pl.col("row").cast(pl.Int64))
    kept = frame.filter(pl.col("text").str.strip_chars().fill_null("") != "", pl.col("label").is_not_null())
    if kept.height < frame.height:
        without = "text" if label is None else "text or label"
        notes.append(f"{frame.height - kept.height:,} of the {_NAMES[side]} rows have no {without} and were left out.")
    if kept.height < LEAST_TEXTS * (1 if side != "real" else 2):
        raise DataError(
            f"Of the {_NAMES[side]} texts {kept.height} can be read: too few to judge.",
            where=table.origin,
            remedy=f"Some hundreds are a good number; at least {LEAST_TEXTS} synthetic and {2 * LEAST_TEXTS} real ones are needed.",
        )
    return kept


_NAMES: dict[Side, str] = {"real": "real", "synthetic": "synthetic", "holdout": "held-out"}


def _shuffled(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    return frame[stream.generator().permutation(frame.height)]


def _halves(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    middle = (frame.height + 1) // 2
    return frame[:middle], frame[middle:]


def _capped(frame: pl.DataFrame, side: Side, notes: list[str]) -> pl.DataFrame:
    """At most so many texts, and so many words, as some ten seconds of work allow."""
    spaces = frame["text"].str.count_matches(r"\s+").to_numpy() + 1
    fit = int(np.searchsorted(np.cumsum(spaces), MOST_WORDS, "right"))
    rows = min(frame.height, MOST_TEXTS, max(fit, LEAST_TEXTS))
    if rows < frame.height:
        notes.append(f"Of {frame.height:,} {_NAMES[side]} texts {rows:,} drawn at random were used.")
    return frame[:rows]


def _coded(frames: dict[Side, pl.DataFrame], label: str | None) -> tuple[dict[Side, Index] | None, list[str]]:
    """Labels as numbers; those of real texts first, commonest first."""
    if label is None:
        return None, []
    real = frames["real"]["label"].value_counts(sort=True).sort(["count", "label"], descending=[True, False])["label"].to_list()
    others = sorted({name for frame in frames.values() for name in frame["label"].unique().to_list()} - set(real))
    number: dict[Any, int] = {name: code for code, name in enumerate([*real, *others])}
    return {side: np.array([number[name] for name in frames[side]["label"].to_list()], np.int64) for side in SIDES}, list(number)
