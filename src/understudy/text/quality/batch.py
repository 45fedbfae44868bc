"""What filters look at: the rows that are still there, and what they are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import DataError, did_you_mean
from understudy.data.table import as_table
from understudy.text.likeness.grams import text_codes
from understudy.text.likeness.vectors import Sparse, bag
from understudy.text.likeness.words import Tokens, Vocabulary, normalized

if TYPE_CHECKING:
    from understudy.text.quality.judging import Judge

Index = NDArray[np.int64]
Columns = str | Sequence[str]


@dataclass
class Reference:
    """Real texts, and their labels where they have some."""

    texts: list[str]
    labels: list[str] | None
    origin: str


@dataclass
class Materials:
    """What filters may ask for besides the rows. tests: sets of texts that nothing may be trained on, by name."""

    real: Reference | None = None
    tests: Mapping[str, list[str]] = field(default_factory=dict)
    judges: Mapping[str, Judge] = field(default_factory=dict)
    label: str | None = None
    seed: int = 0


@dataclass
class Batch:
    """Rows with their texts. rows: their numbers in what was given."""

    frame: pl.DataFrame
    rows: Index
    texts: list[str]
    labels: list[str] | None
    materials: Materials

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, places: Index) -> Batch:
        labels = None if self.labels is None else [self.labels[place] for place in places.tolist()]
        return Batch(self.frame[places], self.rows[places], [self.texts[place] for place in places.tolist()], labels, self.materials)

    @property
    def real(self) -> Reference:
        assert self.materials.real is not None
        return self.materials.real

    @cached_property
    def normalized(self) -> list[str]:
        return [normalized(text) for text in self.texts]

    @cached_property
    def codes(self) -> Index:
        """One number a text, equal for texts that read the same."""
        return text_codes(self.normalized)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary()

    @cached_property
    def tokens(self) -> Tokens:
        return self.vocabulary.encode(self.texts)

    @cached_property
    def counts(self) -> Sparse:
        return bag(self.tokens)

    def tokens_of(self, texts: list[str]) -> Tokens:
        """Other texts in the same numbers of words."""
        return self.vocabulary.encode(texts)


def texts_of(frame: pl.DataFrame, columns: Columns, origin: str) -> list[str | None]:
    """The texts of a column, or of several one after another; of a column of messages, what they say.

    Raises:
        DataError: a column is not there, or holds neither text nor messages.
    """
    names = [columns] if isinstance(columns, str) else list(columns)
    parts = [_texts_of(frame, name, origin) for name in names]
    if len(parts) == 1:
        return parts[0]
    return [None if all(part is None for part in row) else "\n".join(part for part in row if part) for row in zip(*parts, strict=True)]


def _texts_of(frame: pl.DataFrame, name: str, origin: str) -> list[str | None]:
    if name not in frame.columns:
        raise DataError(f'There is no column "{name}".', where=origin, remedy=did_you_mean(name, frame.columns))
    column = frame[name]
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        return column.cast(pl.String).to_list()
    if isinstance(column.dtype, pl.List) and isinstance(column.dtype.inner, pl.Struct) and "content" in column.dtype.inner.to_schema():
        rows: list[list[dict[str, Any]] | None] = column.to_list()
        return [None if row is None else "\n".join(message["content"] for message in row if message["content"]) for row in rows]
    raise DataError(
        f'The column "{name}" holds {column.dtype}, neither text nor messages.', where=origin, remedy="Name a column of text, or several."
    )


def opened(data: Any) -> tuple[pl.DataFrame, str, Callable[[pl.DataFrame], Any]]:
    """A frame with its origin, and the way back to the type that it came in. Nested columns stay as they are."""
    if isinstance(data, pl.DataFrame):
        return data, "DataFrame", lambda frame: frame
    if isinstance(data, (str, Path)) and Path(data).suffix in _NESTED and Path(data).is_file():
        return _NESTED[Path(data).suffix](data), str(data), lambda frame: frame
    table = as_table(data)
    return table.frame, table.origin, table.to_native


_NESTED: dict[str, Callable[[Any], pl.DataFrame]] = {".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson, ".ndjson": pl.read_ndjson}


def reference(data: Any, columns: Columns, label: str | None) -> Reference:
    """Real texts from a table, a file, or a list of strings; rows without a text are left out. Its labels, where it has that column."""
    if isinstance(data, Sequence) and not isinstance(data, str):
        return Reference([str(text) for text in data], None, "list")
    frame, origin, _ = opened(data)
    texts = texts_of(frame, columns, origin)
    labels = frame[label].cast(pl.String).to_list() if label is not None and label in frame.columns else None
    kept = [place for place, text in enumerate(texts) if text and (labels is None or labels[place] is not None)]
    return Reference([texts[place] or "" for place in kept], None if labels is None else [labels[place] for place in kept], origin)
