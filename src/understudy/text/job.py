"""`TextJob`: texts asked for, sifted and written to a folder, so that a crash loses no reply and every row is accounted for.

    OUT/part-00000.parquet …           rows that were kept
    OUT/dropped/rows.jsonl             the others, each with the filter that dropped it and its reason
    OUT/.understudy/job.json           what was asked for, to go on with (`resume`)
    OUT/.understudy/journal.sqlite     every request and its reply (ways that ask a language model)

Rows are first asked for, all of them, and what becomes of each is decided; the kept ones are then written from the journal. Without filters
that takes constant memory; filters hold the rows that they compare.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import yaml

from understudy.core.atomic import atomic_file
from understudy.core.errors import ArgumentError, DataError
from understudy.core.progress import ProgressLike, listening

if TYPE_CHECKING:
    from understudy.core.progress import Progress
    from understudy.text.generator import Texts
    from understudy.text.llm.budget import Spending

HIDDEN, JOB, JOURNAL, EVOLVED = ".understudy", "job.json", "journal.sqlite", "evolved.understudy"
STAGED, DROPPED = "dropped.jsonl", "dropped/rows.jsonl"
"""In a folder of its own, so that whoever reads the folder above as a table does not take it for a part."""
NO_RECORD = "no record"
_PROBLEM = "problem"
_VERSION = 1
_MOST_KINDS = 60


@dataclass(frozen=True)
class Order:
    """What is asked for: everything that `resume` needs.

    spec: as plain values. folder: what file names in it are relative to. n, seed, given: of the rows. format, part_rows: of the parts.
    """

    spec: dict[str, Any]
    folder: str
    n: int
    seed: int
    given: Any = None
    format: str | None = None
    part_rows: int | None = None

    def texts(self, out: Path) -> Texts:
        """The generator, its journal in the folder of the job."""
        from understudy.text.generator import Texts

        texts = Texts(self.spec, folder=self.folder)
        if texts.journal is not None:
            texts.journal = out / HIDDEN / JOURNAL
        if texts.spec.way == "evolution":
            texts._way.place = out / HIDDEN / EVOLVED  # type: ignore[attr-defined]
        return texts


@dataclass(frozen=True)
class Outcome:
    """What became of the rows: `requested` = `kept` + all of `dropped`.

    manifest: of the run that wrote the kept ones. dropped: rows by the filter that dropped them; those that could not be made by
    "no record: " and the kind of reason.
    spending: None where nobody is asked. notes: what the filters remark.
    """

    manifest: Any
    requested: int
    kept: int
    dropped: dict[str, int]
    spending: Spending | None
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        spent = self.spending
        money = None if spent is None else {"money": str(spent.money), "currency": spent.currency, "tokens": spent.tokens}
        if spent is not None and money is not None:
            money |= {"replies": spent.requests, "unknown": spent.unknown}
        return {"requested": self.requested, "kept": self.kept, "dropped": self.dropped, "spent": money, "notes": self.notes}


def needs_job(texts: Texts) -> bool:
    """Whether rows may be dropped, or something must be kept that is paid for, in money or in privacy."""
    return (
        texts.journal is not None
        or texts._way.can_fail
        or texts.spec.way == "evolution"
        or bool(texts.spec.quality)
        or texts.spec.mix is not None
    )


def save_order(order: Order, out: Path, *, overwrite: bool = False) -> None:
    """Keep what is asked for in the folder. Raises `ArgumentError` where it holds the rows of another job.

    One that wrote no row is in nobody's way: its replies stay in the journal, and are used where the same is asked.
    """
    place = out / HIDDEN / JOB
    # YAML within: keys of JSON are text, and values of a label may be numbers.
    spec, given = (yaml.safe_dump(part, sort_keys=False, allow_unicode=True) for part in (order.spec, order.given))
    stated = {"understudy_job": _VERSION, **order.__dict__, "spec": spec, "given": given}
    earlier = _read(place)
    if earlier is not None and (out / "manifest.json").exists() and not overwrite and _essence(earlier) != _essence(stated):
        raise ArgumentError(
            "This folder holds the rows of another job.", where=str(out),
            remedy=f"Go on with it (understudy resume {out}), choose another folder, or give it up with --overwrite.",
        )  # fmt: skip
    place.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(place) as file:
        file.write(json.dumps(stated, indent=1, ensure_ascii=False).encode())


def load_order(out: Path) -> Order:
    """What was asked for in a folder. Raises `DataError` where nothing was."""
    place = out / HIDDEN / JOB
    stated = _read(place)
    if stated is None:
        raise DataError("No job of texts was begun here.", where=str(out), remedy="Name the folder that `understudy generate` wrote to.")
    try:
        if stated.pop("understudy_job") != _VERSION:
            raise KeyError("another version")
        return Order(**{**stated, "spec": yaml.safe_load(stated["spec"]), "given": yaml.safe_load(stated["given"])})
    except (KeyError, TypeError) as error:
        raise DataError(f"This is no job of this release ({error}).", where=str(place)) from None


def run_job(order: Order, out: Path, *, overwrite: bool = False, progress: ProgressLike = None, **options: Any) -> Outcome:
    """Ask for all rows, sift and write them; go on where an earlier run of the same job stopped.

    Args:
        options: more of `write`'s: workers, resume, keep_model.

    Raises:
        ArgumentError, DataError, SchemaError: before anything is asked. EndpointError, BudgetError: every reply is kept.
    """
    from understudy.text.kept import KeptTexts
    from understudy.text.mixed import MixedTexts

    texts = order.texts(out)
    sieve = _Sieve(texts, order)
    save_order(order, out, overwrite=overwrite)
    with listening(progress) as listener:
        kept, dropped, notes = sieve.sifted(out, listener)
        spending = _spending(texts)
        remarks = [*_remarks(order, len(kept), dropped, spending), *sieve.declared.remarks]
        chosen = KeptTexts(texts, kept, order.seed, order.given, remarks)
        if texts.spec.mix is not None:
            chosen = MixedTexts(texts, kept, order.seed, order.given, remarks, real=sieve.real_rows, share=texts.spec.mix.share)
            notes = [chosen.remarks[0], *notes]
        manifest = chosen.write(
            chosen.height, out, seed=order.seed, format=order.format, part_rows=order.part_rows, overwrite=overwrite, progress=listener,
            **{**options, "workers": 1 if texts.one_process else options.get("workers")},
        )  # fmt: skip
    (out / DROPPED).parent.mkdir(exist_ok=True)
    (out / HIDDEN / STAGED).replace(out / DROPPED)
    return Outcome(manifest, order.n, len(kept), dict(dropped), spending, notes)


class _Sieve:
    """Decides what becomes of each row, and writes those that are dropped. Filters that cannot work are refused here, before any asking."""

    def __init__(self, texts: Texts, order: Order) -> None:
        from understudy.text.quality.declared import Declared

        self.texts, self.order, self.spec = texts, order, texts.spec
        texts._prepare(order.given)
        self.declared = Declared(texts, order.folder)
        if self.spec.quality or self.spec.mix is not None:
            nothing = texts._collect(0, seed=order.seed).drop(_PROBLEM, strict=False)
            if self.spec.quality:
                self._sift(nothing)
            self.real_rows = self._mixed_in(nothing.schema)

    def _mixed_in(self, schema: Any) -> pl.DataFrame:
        """The real rows to be mixed in; refused where there are too few of them."""
        from understudy.text.mixed import real_wanted

        if self.spec.mix is None:
            return pl.DataFrame(schema=schema)
        rows, share = self.declared.mixed_in(schema), self.spec.mix.share
        wanted = real_wanted(self.order.n, share)
        if wanted > rows.height:
            most = int(rows.height * share / (1 - share))
            higher = self.order.n / (self.order.n + rows.height)
            raise ArgumentError(
                f"{self.order.n:,} rows that are a share of {share:g} need {wanted:,} real ones beside them; there are {rows.height:,}.",
                where="mix.share", remedy=f"Ask for {most:,} rows at most, or raise the share to {higher:.3f}.",
            )  # fmt: skip
        return rows

    def sifted(self, out: Path, listener: Progress) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Counter[str], list[str]]:
        """Numbers of the rows kept, counts of those dropped, notes."""
        from understudy.data.json_rows import write_json_lines

        place = out / HIDDEN / STAGED
        self.declared.place = out / HIDDEN
        told = self.declared.calibrated()
        counts: Counter[str] = Counter()
        notes: list[str] = []
        kept: list[np.ndarray[Any, np.dtype[np.int64]]] = [np.zeros(0, np.int64)]
        with atomic_file(place) as file:

            def drop(frame: pl.DataFrame) -> None:
                counts.update(_kinds(frame))
                if frame.height:
                    write_json_lines(iter([frame]), file)

            good = self._made(drop, listener)
            if not self.spec.quality:
                kept += [frame["row"].to_numpy() for frame in good]
            else:
                frames = list(good)
                whole = pl.concat(frames) if frames else None
                if whole is not None:
                    found = self._sift(whole.drop("row"))
                    numbers = whole["row"].to_numpy()
                    kept.append(numbers[np.array(found.kept_rows, np.int64)])
                    real_rows = pl.Series("row", numbers[found.dropped["row"].to_numpy()], pl.Int64)
                    drop(found.dropped.with_columns(real_rows))
                    notes = found.notes
        notes = [*self.texts._way.notes(), *told, *notes]
        return np.sort(np.concatenate(kept)).astype(np.int64), counts, notes

    def _made(self, drop: Any, listener: Progress) -> Iterator[pl.DataFrame]:
        """All rows that could be made, with their numbers; the others are dropped."""
        first = 0
        for frame in self.texts.stream(self.order.n, seed=self.order.seed, given=self.order.given, progress=listener):
            numbered = frame.insert_column(0, pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True).alias("row"))
            first += frame.height
            if _PROBLEM not in numbered.columns:
                yield numbered
                continue
            failed = numbered.filter(pl.col(_PROBLEM).is_not_null())
            told = [pl.lit(NO_RECORD).alias("filter"), pl.col(_PROBLEM).alias("reason")]
            drop(failed.select("row", *told, pl.all().exclude("row", _PROBLEM)))
            yield numbered.filter(pl.col(_PROBLEM).is_null()).drop(_PROBLEM)

    def _sift(self, frame: pl.DataFrame) -> Any:
        from understudy.text.quality import sift

        outputs = self.spec.of_task.outputs(self.spec)
        texts = [name for name, dtype in outputs.items() if dtype == pl.String or name == "messages"]
        return sift(
            frame.drop(_PROBLEM, strict=False), self.declared.filters, text=texts[0] if len(texts) == 1 else texts,
            label=self.spec.label_column, real=self.declared.real, tests=self.declared.tests, judges=self.declared.judges,
            seed=self.order.seed,
        )  # fmt: skip


def _kinds(frame: pl.DataFrame) -> list[str]:
    """The filter of each row; of rows that could not be made, the kind of reason: its words without what is the row's own."""
    found = []
    for name, reason in zip(frame["filter"].to_list(), frame["reason"].to_list(), strict=True):
        kind = re.sub(r"\d+", "N", str(reason).partition(":")[0])[:_MOST_KINDS]
        found.append(f"{NO_RECORD}: {kind}" if name == NO_RECORD else str(name))
    return found


def _spending(texts: Texts) -> Spending | None:
    spent: Any = getattr(texts._way, "spent", None)
    found: Spending | None = None if spent is None else spent()
    return found


def _remarks(order: Order, kept: int, dropped: Counter[str], spending: Spending | None) -> list[str]:
    """What the card says of the choice."""
    rejected = ", ".join(f"{name} {count:,}" for name, count in dropped.most_common()) or "none"
    filters = ", ".join(str(entry) if isinstance(entry, str) else json.dumps(entry) for entry in order.spec.get("quality", [])) or "none"
    said = [f"{order.n:,} rows were requested, {kept:,} kept. Dropped: {rejected}. Filters: {filters}."]
    if spending is not None:
        said.append(f"Spent: {spending.in_words()}.")
    return said


def _essence(stated: dict[str, Any]) -> dict[str, Any]:
    """A job without what changes no row: it may go on with another budget, or at another address."""
    from understudy.text.kept import without

    spec = dict(yaml.safe_load(stated["spec"]))
    free = ("endpoint", "budget", "price", "concurrency", "timeout", "retries", "key_env", "journal")
    if isinstance(spec.get("llm"), dict):
        spec["llm"] = without(spec["llm"], free)
    if isinstance(spec.get("judges"), dict):
        spec["judges"] = {name: without(judge, free) for name, judge in spec["judges"].items()}
    return {**stated, "spec": spec, "folder": None}


def _read(place: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(place.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DataError(f"This file cannot be read ({error}).", where=str(place), remedy="Remove it, or use another folder.") from None
    return found if isinstance(found, dict) else None
