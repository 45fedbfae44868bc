"""`sift`: filters one after another, a reason for every row that is dropped, counts that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from understudy.core.errors import ArgumentError, DataError, did_you_mean
from understudy.core.generator import Generator
from understudy.core.progress import ProgressLike, listening
from understudy.text.quality.batch import Batch, Columns, Materials, opened, reference, texts_of
from understudy.text.quality.filter import Filter
from understudy.text.quality.filters import USUAL, Declared, filters_of
from understudy.text.quality.judging import Judge
from understudy.text.quality.quota import Draw, draws_of, wanted_by_label

NO_TEXT = "no_text"
_MUCH = 0.5
_UNEVEN = 0.15
_LEAST_OF_A_LABEL = 30


@dataclass(frozen=True)
class Sifted:
    """What was kept and what was dropped.

    Attributes:
        kept: rows as they came, in the frame type of the caller. kept_rows: their numbers.
        dropped: the other rows, with columns `row` (its number), `filter` and `reason` before them.
        counts: columns filter, label, rows: what each filter dropped of each label, and what was kept ("kept"); they add up to `rows`.
        rows: how many came in. notes: what a reader must know, such as a filter that drops much, or more of one label than of another.
    """

    kept: Any
    kept_rows: list[int]
    dropped: pl.DataFrame
    counts: pl.DataFrame
    rows: int
    notes: list[str] = field(default_factory=list)

    def shares(self) -> dict[str, float]:
        """The share of all rows that each filter dropped, and "kept"; they add up to 1."""
        summed = self.counts.group_by("filter", maintain_order=True).agg(pl.col("rows").sum())
        return {name: count / self.rows if self.rows else 0.0 for name, count in summed.rows()}

    def __str__(self) -> str:
        lines = [f"{name:<20} {round(share * self.rows):>8,} {share:>8.1%}" for name, share in self.shares().items()]
        return "\n".join([*lines, f"{'in all':<20} {self.rows:>8,} {1 if self.rows else 0:>8.1%}", *self.notes])


def sift(
    data: Any,
    filters: Sequence[Declared] = USUAL,
    *,
    text: Columns = "text",
    label: str | None = None,
    real: Any = None,
    tests: Mapping[str, Any] | None = None,
    judges: Mapping[str, Judge] | None = None,
    seed: int = 0,
    progress: ProgressLike = None,
) -> Sifted:
    """Drop the texts that are not good enough, each with a reason.

    Args:
        data: a table, a file, or a list of strings.
        filters: names, mappings of a name to its options, or filters; each works on what those before it left. Rows without a text go
            first.
        text: the column of texts, or several that are read as one; a column of messages is read as what they say.
        label: the column of classes.
        real: the real texts that a model learned from, for `training_overlap`, `label_check` and `quota`.
        tests: sets that nothing may be trained on, by name, for `contamination`.
        judges: by name, for `judged`.
        seed: of clusters and directions.
        progress: "auto", None, a function or a listener.

    Raises:
        ArgumentError: an unknown filter or option, or a filter that lacks what it needs; nothing has been done then.
        DataError: a column is not there or holds no text.
    """
    chosen = filters_of(filters, "filters")
    frame, origin, native = opened(_frame(data, text))
    texts = texts_of(frame, text, origin)
    if label is not None and label not in frame.columns:
        raise DataError(f'There is no column "{label}".', where=origin, remedy=did_you_mean(label, frame.columns))
    materials = _materials(text, label, real, tests, judges, seed)
    for each in chosen:
        each.check(materials)
    labels = None if label is None else [_named(value) for value in frame[label].to_list()]
    sieve = _Sieve(frame, labels)
    batch = sieve.started(texts, materials)
    with listening(progress) as listener:
        listener.stage("sift", total=len(chosen))
        for done, each in enumerate(chosen, start=1):
            batch = sieve.passed(batch, each)
            listener.advance(done, kept=len(batch))
    return sieve.sifted(batch, native)


def redraw(
    source: Generator | Draw,
    wanted: int | Mapping[str, int],
    filters: Sequence[Declared] = USUAL,
    *,
    label: str | None = None,
    rounds: int = 8,
    seed: int = 0,
    **options: Any,
) -> Sifted:
    """Draw until so many rows pass the filters, or the rounds are over.

    Args:
        source: a generator of texts, or a function (count, label, drawn before) -> frame.
        wanted: how many rows in all, or of each label.
        rounds: times to draw; each draws what is still missing, by the share that was kept so far.
        seed, options: as in `sift`.

    The rows that pass and are not wanted any more are dropped with the reason "surplus". What is missing at the end is told in the notes.
    """
    asked = wanted_by_label(wanted)
    if rounds < 1:
        raise ArgumentError(f"There is at least one round, not {rounds}.", where="rounds")
    draw = draws_of(source, label, seed) if isinstance(source, Generator) else source
    drawn: dict[str | None, int] = dict.fromkeys(asked, 0)
    kept: dict[str | None, int] = dict.fromkeys(asked, 0)
    parts: list[pl.DataFrame] = []
    origin: list[str | None] = []
    found: Sifted | None = None
    for _ in range(rounds):
        missing = {name: asked[name] - kept[name] for name in asked if asked[name] > kept[name]}
        if found is not None and not missing:
            break
        for name, count in missing.items():
            rate = max((kept[name] + 1) / (drawn[name] + 1), 0.05) if drawn[name] else 1.0
            more = draw(int(np.ceil(1.1 * count / rate)), name, drawn[name])
            drawn[name] += more.height
            parts.append(more)
            origin += [name] * more.height
        found = sift(pl.concat(parts), filters, label=label, seed=seed, **options)
        kept = {name: sum(origin[row] == name for row in found.kept_rows) for name in asked}
    assert found is not None
    return _trimmed(found, pl.concat(parts), origin, asked, label)


def _trimmed(found: Sifted, frame: pl.DataFrame, origin: list[str | None], asked: Mapping[str | None, int], label: str | None) -> Sifted:
    """Without what is not wanted any more."""
    room = dict(asked)
    stay: list[int] = []
    surplus: list[int] = []
    for row in found.kept_rows:
        room[origin[row]] -= 1
        (stay if room[origin[row]] >= 0 else surplus).append(row)
    labels = None if label is None else [_named(value) for value in frame[label].to_list()]
    sieve = _Sieve(frame, labels)
    sieve.fates = {row: (name, reason) for row, name, reason in found.dropped.select("row", "filter", "reason").rows()}
    sieve.order = [name for name in found.counts["filter"].unique(maintain_order=True) if name != "kept"]
    sieve.drop(dict.fromkeys(surplus, "there are enough of them"), "surplus")
    short = [
        f"{count:,} of {asked[name]:,} rows{'' if name is None else f' of {name}'} could not be had."
        for name, count in room.items()
        if count > 0
    ]
    whole = sieve.sifted_rows(stay, lambda rows: rows)
    return Sifted(whole.kept, whole.kept_rows, whole.dropped, whole.counts, whole.rows, [*found.notes, *short])


class _Sieve:
    """The fate of every row."""

    def __init__(self, frame: pl.DataFrame, labels: list[str] | None) -> None:
        self._frame, self._labels = frame, labels
        self.fates: dict[int, tuple[str, str]] = {}
        self.order: list[str] = []
        self.told: list[str] = []

    def started(self, texts: list[str | None], materials: Materials) -> Batch:
        """The rows that have a text."""
        problems = self._frame["problem"].to_list() if "problem" in self._frame.columns else [None] * self._frame.height
        without = {
            row: str(problems[row] or "there is no text")
            for row, content in enumerate(texts)
            if content is None or not content.strip() or problems[row] is not None
        }
        if without:
            self.drop(without, NO_TEXT)
        there = np.array([row for row in range(len(texts)) if row not in without], np.int64)
        labels = None if self._labels is None else [self._labels[row] for row in there.tolist()]
        return Batch(self._frame[there], there, [texts[row] or "" for row in there.tolist()], labels, materials)

    def passed(self, batch: Batch, each: Filter) -> Batch:
        """The rows that a filter lets through."""
        reasons = each.reasons(batch) if len(batch) else []
        self.told += each.notes(batch) if len(batch) else []
        assert len(reasons) == len(batch)
        name = each.name if each.name not in self.order else f"{each.name} ({self.order.count(each.name) + 1})"
        self.drop({int(batch.rows[place]): reason for place, reason in enumerate(reasons) if reason is not None}, name)
        return batch.take(np.array([place for place, reason in enumerate(reasons) if reason is None], np.int64))

    def drop(self, reasons: Mapping[int, str], name: str) -> None:
        self.order.append(name)
        self.fates |= {row: (name, reason) for row, reason in reasons.items()}

    def sifted(self, batch: Batch, native: Any) -> Sifted:
        return self.sifted_rows(batch.rows.tolist(), native)

    def sifted_rows(self, kept: list[int], native: Any) -> Sifted:
        rows = sorted(self.fates)
        assert len(rows) + len(kept) == self._frame.height
        told = pl.DataFrame(
            {"row": rows, "filter": [self.fates[row][0] for row in rows], "reason": [self.fates[row][1] for row in rows]},
            schema={"row": pl.Int64, "filter": pl.String, "reason": pl.String},
        )
        others = self._frame[np.array(rows, np.int64)].drop("row", "filter", "reason", strict=False)
        counts = self._counts(kept)
        dropped = pl.concat([told, others], how="horizontal")
        return Sifted(
            native(self._frame[np.array(kept, np.int64)]), kept, dropped, counts, self._frame.height, [*self.told, *self._notes(counts)]
        )

    def _counts(self, kept: list[int]) -> pl.DataFrame:
        fate = {**{row: name for row, (name, _) in self.fates.items()}, **dict.fromkeys(kept, "kept")}
        order = [*dict.fromkeys(self.order), "kept"]
        classes: list[str | None] = [None] if self._labels is None else [*sorted(set(self._labels))]
        tally = {(name, label): 0 for name in order for label in classes}
        for row, name in fate.items():
            tally[name, None if self._labels is None else self._labels[row]] += 1
        return pl.DataFrame(
            {"filter": [name for name, _ in tally], "label": [label for _, label in tally], "rows": list(tally.values())},
            schema={"filter": pl.String, "label": pl.String, "rows": pl.Int64},
        )

    def _notes(self, counts: pl.DataFrame) -> list[str]:
        """What drops much, and what drops one label more than another."""
        notes = []
        for name, dropped in (
            counts.filter(pl.col("filter") != "kept").group_by("filter", maintain_order=True).agg(pl.col("rows").sum()).rows()
        ):
            if dropped > _MUCH * self._frame.height:
                notes.append(f'"{name}" drops {dropped / self._frame.height:.0%} of the rows: look at them before you go on.')
        if self._labels is None:
            return notes
        sizes = dict(counts.group_by("label").agg(pl.col("rows").sum()).rows())
        for name in dict.fromkeys(self.order):
            share = {
                label: dropped / sizes[label]
                for label, dropped in counts.filter(pl.col("filter") == name).select("label", "rows").rows()
                if sizes[label] >= _LEAST_OF_A_LABEL
            }
            if share and max(share.values()) - min(share.values()) > _UNEVEN:
                most, least = max(share, key=share.__getitem__), min(share, key=share.__getitem__)
                notes.append(
                    f'"{name}" drops {share[most]:.0%} of "{most}" and {share[least]:.0%} of "{least}": the balance of labels shifts.'
                )
        return notes


def _frame(data: Any, text: Columns) -> Any:
    if isinstance(data, Sequence) and not isinstance(data, str):
        name = text if isinstance(text, str) else "text"
        return pl.DataFrame({name: [None if entry is None else str(entry) for entry in data]}, schema={name: pl.String})
    return data


def _materials(
    text: Columns, label: str | None, real: Any, tests: Mapping[str, Any] | None, judges: Mapping[str, Judge] | None, seed: int
) -> Materials:
    return Materials(
        real=None if real is None else reference(real, text, label),
        tests={name: reference(data, text, None).texts for name, data in (tests or {}).items()},
        judges=judges or {},
        label=label,
        seed=seed,
    )


def _named(value: Any) -> str:
    return "(none)" if value is None else str(value)
