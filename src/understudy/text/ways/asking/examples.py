"""Real rows as examples for a prompt: personal data replaced, of the row's own label, each used no more often than agreed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from understudy.core.errors import did_you_mean
from understudy.core.random import Stream
from understudy.data.constraints import Contradiction
from understudy.data.texts.scrubbing import scrub
from understudy.text.spec.language_model import ExamplesSection

MOST_TEXT = 2_000


class Examples:
    """The examples of a section.

    Args:
        frame: columns `text` and, with labels, `label`; as `keep` gives it.
        section: how many, and how often each.

    Which rows stand in the prompt of a data set's row depends on the seed and the row's number alone (`places`), so that it can be told
    later which prompts a real row went into. Where `most_uses` is set, row `i` shows the examples of its place in a fixed order, in turn.
    """

    def __init__(self, frame: pl.DataFrame, section: ExamplesSection) -> None:
        self.frame, self.section = frame, section
        self._texts = frame["text"].to_list()
        self._of_label: dict[str | None, list[int]] = {None: list(range(frame.height))}
        if "label" in frame.columns:
            for place, label in enumerate(frame["label"].cast(pl.String).to_list()):
                self._of_label.setdefault(label, []).append(place)

    @classmethod
    def read(cls, section: ExamplesSection, folder: Path) -> Examples:
        """From the section's file. Raises `Contradiction` where a column is not there, or no row holds a text."""
        from understudy.data.files import read

        path = Path(section.file) if Path(section.file).is_absolute() else folder / section.file
        found = read(path).frame
        for key, column in (("text", section.text), ("label", section.label)):
            if column is not None and column not in found.columns:
                raise Contradiction(
                    f'The examples have no column "{column}".', did_you_mean(column, found.columns), at=("llm", "examples", key)
                )
        columns = [pl.col(section.text).cast(pl.String).alias("text")]
        if section.label is not None:
            columns.append(pl.col(section.label).cast(pl.String).alias("label"))
        rows = found.select(columns).filter(pl.col("text").str.strip_chars() != "")
        if rows.is_empty():
            raise Contradiction("No row of the examples holds a text.", "Name another file or column.", at=("llm", "examples", "text"))
        return cls(rows.with_columns(pl.Series("text", [scrub(text)[:MOST_TEXT] for text in rows["text"]])), section)

    def places(self, number: int, label: str | None, stream: Stream) -> list[int]:
        """Which examples the prompt of row `number` shows: places in `frame`, as many as there are to be or may be."""
        pool = self._of_label.get(label) or self._of_label[None]
        shots = min(self.section.shots, len(pool))
        if self.section.most_uses is None:
            return [pool[i] for i in stream.child("examples", number).generator().choice(len(pool), shots, replace=False)]
        order = np.asarray(pool)[stream.child("examples", str(label)).generator().permutation(len(pool))]
        first = number * shots
        return [int(order[i % len(order)]) for i in range(first, first + shots) if i // len(order) < self.section.most_uses]

    def texts(self, number: int, label: str | None, stream: Stream) -> list[str]:
        """The examples themselves."""
        return [self._texts[place] for place in self.places(number, label, stream)]
