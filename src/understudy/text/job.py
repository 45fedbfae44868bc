"""`run_job`: texts made, sifted and written, so that a crash loses no reply and every row is accounted for.

    make    all rows, in constant memory: those of a language model are asked for, and kept as they come (`made.py`)
    sift    what becomes of each is decided; filters hold the rows that they compare
    write   the kept ones go to the folder of parts, or the file, that was named (`place.py`)

Each step goes on where an earlier run of the same job stopped.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from copy import copy
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray

from understudy.core.atomic import atomic_file
from understudy.core.errors import ArgumentError, BudgetError, Cancelled, DataError, EndpointError, SinkError, UnderstudyError
from understudy.core.held import held
from understudy.core.progress import ProgressLike, listening
from understudy.text.made import MadeRows
from understudy.text.place import Place
from understudy.text.spec.language_model import OF_THE_RUN, OF_THE_SIEVE
from understudy.text.spec.sections import without

if TYPE_CHECKING:
    from understudy.core.progress import Progress
    from understudy.text.generator import Texts
    from understudy.text.llm.budget import Spending

NO_RECORD = "no record"
_STEPS = ("make", "sift", "write")
_STAGED = "dropped.new.jsonl"
_PROBLEM = "problem"
_VERSION = 1
_MOST_KINDS = 60
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """What is asked for: everything that `resume` needs.

    spec: as plain values. folder: what file names in it are relative to. n, seed, given: of the rows. format, part_rows: of the parts.
    program: that a program brought along rows which are in no file, so that it alone can go on.
    """

    spec: dict[str, Any]
    folder: str
    n: int
    seed: int
    given: Any = None
    format: str | None = None
    part_rows: int | None = None
    program: bool = False

    def texts(self) -> Texts:
        """The generator. Raises `DataError` where a program alone can make it."""
        from understudy.text.generator import Texts

        if self.program:
            raise DataError(
                "The rows of this job came from a table in a program.", remedy="Run the program again: it goes on where it stopped."
            )
        return Texts(self.spec, folder=self.folder)


@dataclass(frozen=True)
class Outcome:
    """What became of the rows: `requested` = `kept` + all of `dropped`.

    manifest: of the run that wrote the kept ones. place: of the job. dropped: rows by the filter that dropped them; those that could not
    be made by "no record: " and the kind of reason. spending: None where nobody is asked. seconds: by step. notes: what the filters
    remark. says: what the way does.
    """

    manifest: Any
    place: Place
    requested: int
    kept: int
    dropped: dict[str, int]
    spending: Spending | None
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        spent = self.spending
        money = None if spent is None else {"money": str(spent.money), "currency": spent.currency, "tokens": spent.tokens}
        if spent is not None and money is not None:
            money |= {"replies": spent.requests, "unknown": spent.unknown}
        files = {"dropped_rows": str(self.place.dropped), "kept_by_the_job": str(self.place.state)}
        counts = {"requested": self.requested, "kept": self.kept, "dropped": self.dropped}
        seconds = {step: round(took, 3) for step, took in self.seconds.items()}
        return {**counts, "spent": money, "seconds": seconds, "notes": self.notes, "says": self.says, **files}


def needs_job(texts: Texts) -> bool:
    """Whether rows may be dropped, or something must be kept that is paid for, in money or in privacy."""
    return (
        texts.journal is not None
        or texts._way.can_fail
        or texts.spec.way == "evolution"
        or bool(texts.spec.quality)
        or texts.spec.mix is not None
    )


def order_of(
    texts: Texts, n: int, *, seed: int | None = None, given: Any = None, form: str | None = None, part_rows: int | None = None
) -> Order:
    """What is asked for of texts, as `write` takes it."""
    folder = str(texts.folder.absolute())
    return Order(texts.spec.to_dict(), folder, n, seed or texts.seed, given, form, part_rows, texts.from_program)


def save_order(order: Order, place: Place, *, overwrite: bool = False) -> None:
    """Keep what is asked for. Raises `ArgumentError` where the rows of another job are in its place.

    One that wrote no row is in nobody's way: its replies stay in the journal, and are used where the same is asked.
    """
    # YAML within: keys of JSON are text, and values of a label may be numbers.
    spec, given = (yaml.safe_dump(part, sort_keys=False, allow_unicode=True) for part in (order.spec, order.given))
    stated = {"understudy_job": _VERSION, **order.__dict__, "spec": spec, "given": given}
    earlier = _read(place.order)
    if earlier is not None and place.is_written and not overwrite and _essence(earlier) != _essence(stated):
        raise ArgumentError(
            f"This {'file' if place.is_file else 'folder'} holds the rows of another job.", where=str(place.target),
            remedy=f"Go on with it (understudy resume {place.target}), choose another, or give it up with --overwrite.",
        )  # fmt: skip
    with atomic_file(place.order) as file:
        file.write(json.dumps(stated, indent=1, ensure_ascii=False).encode())


def load_order(place: Place) -> Order:
    """What was asked for at a place. Raises `DataError` where nothing was."""
    stated = _read(place.order)
    if stated is None:
        remedy = "Name the folder or file that `understudy generate` wrote to."
        raise DataError("No job of texts was begun here.", where=str(place.target), remedy=remedy)
    try:
        if stated.pop("understudy_job") != _VERSION:
            raise KeyError("another version")
        return Order(**{**stated, "spec": yaml.safe_load(stated["spec"]), "given": yaml.safe_load(stated["given"])})
    except (KeyError, TypeError) as error:
        raise DataError(f"This is no job of this release ({error}).", where=str(place.order)) from None


def texts_at(place: Place, texts: Texts) -> Texts:
    """The same texts, which keep what they pay for at the place of a job, unless they have a journal of their own."""
    texts = copy(texts)
    texts._way = copy(texts._way)
    if texts.journal is not None and not texts.has_own_journal:
        texts.journal = place.journal
    if texts.spec.way == "evolution":
        texts._way.place = place.evolved.absolute()  # type: ignore[attr-defined]
    return texts


def run_job(
    order: Order,
    place: Place,
    texts: Texts | None = None,
    *,
    overwrite: bool = False,
    resume: bool = True,
    progress: ProgressLike = None,
    **options: Any,
) -> Outcome:
    """Make all rows, sift and write them; go on where an earlier run of the same job stopped.

    Args:
        texts: what makes them, where it is at hand.
        options: more of `write`'s: workers, engine, address, keep_model.

    Raises:
        ArgumentError, DataError, SchemaError: before anything is asked. EndpointError, BudgetError, Cancelled: every reply is kept, and
            the error says what is missing and how to go on.
    """
    from understudy.text.kept import KeptTexts
    from understudy.text.mixed import MixedTexts

    texts = texts_at(place, order.texts() if texts is None else texts)
    sieve = _Sieve(texts, order)
    with listening(progress) as listener, closing(held(place.state / "job", "this job", place.target)):
        save_order(order, place, overwrite=overwrite)
        made = MadeRows(texts, order.n, order.seed, order.given, place.made, _essence_of_rows(order))
        if not resume:
            made.clear()
        sieve.declared.place = place.state
        told = sieve.declared.calibrated()
        marks = [time.monotonic()]
        _fill(made, texts, order, place, listener)
        marks.append(time.monotonic())
        kept, dropped, notes = sieve.sifted(made, place)
        notes = [*texts._way.notes(), *told, *notes]
        marks.append(time.monotonic())
        spending = _spending(texts)
        remarks = [*_remarks(order, len(kept), dropped, spending), *sieve.declared.remarks]
        chosen = KeptTexts(texts, kept, order.seed, order.given, remarks, made)
        if texts.spec.mix is not None:
            share = texts.spec.mix.share
            chosen = MixedTexts(texts, kept, order.seed, order.given, remarks, made, real=sieve.real_rows, share=share)
            notes = [chosen.remarks[0], *notes]
        manifest = chosen.write(
            chosen.height, place.target, seed=order.seed, format=order.format, part_rows=order.part_rows, overwrite=overwrite,
            resume=resume, progress=listener, **{**options, "workers": 1 if texts.one_process else options.get("workers")},
        )  # fmt: skip
        place.dropped.parent.mkdir(exist_ok=True)
        (place.state / _STAGED).replace(place.dropped)
        marks.append(time.monotonic())
    seconds = {step: end - start for step, (start, end) in zip(_STEPS, pairwise(marks), strict=True)}
    return Outcome(manifest, place, order.n, len(kept), dict(dropped), spending, seconds, notes, texts.says())


def _fill(made: MadeRows, texts: Texts, order: Order, place: Place, listener: Progress) -> None:
    """All rows made; where that ends before, the error says what there is and how to go on."""
    try:
        made.fill(listener)
    except BudgetError as error:
        raise _at_the_limit(error, made, texts, order, place) from error
    except KeyboardInterrupt:
        raise Cancelled(f"Stopped. {_kept_replies(texts):,} replies are kept.", where=str(place.target), remedy=_way_on(place)) from None
    except (EndpointError, Cancelled, SinkError) as error:
        if not _kept_replies(texts):  # there is nothing to go on from: the same command, with what is wrong put right
            raise
        remedy = " ".join(filter(None, [error.remedy, _way_on(place)]))
        raise type(error)(error.what, where=error.where, remedy=remedy) from error


def _way_on(place: Place) -> str:
    return f"Go on with: understudy resume {place.target}"


def _kept_replies(texts: Texts) -> int:
    """How many replies are in the journal; 0 where nobody is asked, or it cannot be read."""
    from understudy.text.llm.journal import Journal

    if texts.journal is None or not texts.journal.is_file():
        return 0
    with suppress(UnderstudyError), closing(Journal(texts.journal)) as journal:
        return journal.counts()["replies"]
    return 0


def _at_the_limit(error: BudgetError, made: MadeRows, texts: Texts, order: Order, place: Place) -> UnderstudyError:
    """What a limit allowed, what is missing, what all is likely to take, and how to go on."""
    way: Any = texts._way
    if not hasattr(way, "answered") or not _kept_replies(texts):
        return error
    done = made.done
    frames = texts.numbered_rows(range(done // texts.block_size, -(-order.n // texts.block_size)), order.n, order.seed, order.given)
    have = done + way.answered(frames, texts._stream_of_seed(order.seed))
    told = f"{have:,} of {order.n:,} rows have all their replies, {order.n - have:,} are missing; no row is written yet."
    in_money = order.spec.get("llm", {}).get("budget", {}).get("money") is not None
    option, spent = "--budget" if in_money else "--budget-tokens", way.spent()
    if have:
        whole = (
            f"{float(spent.money) * order.n / have:.4g} {spent.currency}" if in_money else f"{spent.tokens * order.n / have:,.0f} tokens"
        )
        told += f" At this rate all of them take about {whole}."
    remedy = f"Every reply is kept. With a higher limit, go on with: understudy resume {place.target} {option} …"
    return BudgetError(f"{error.what} {told}", where=str(place.target), remedy=remedy)


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

    def sifted(self, made: MadeRows, place: Place) -> tuple[Numbers, Counter[str], list[str]]:
        """Numbers of the rows kept, counts of those dropped, notes."""
        from understudy.data.json_rows import write_json_lines

        counts: Counter[str] = Counter()
        notes: list[str] = []
        with atomic_file(place.state / _STAGED) as file:

            def drop(frame: pl.DataFrame) -> None:
                counts.update(_kinds(frame))
                if frame.height:
                    write_json_lines(iter([frame]), file)

            if self.spec.quality:
                whole = pl.concat([pl.DataFrame({"row": []}, {"row": pl.Int64}), *self._good(made, drop)], how="diagonal_relaxed")
                kept = whole["row"].to_numpy()
                if whole.height:
                    found = self._sift(whole.drop("row"))
                    drop(found.dropped.with_columns(pl.Series("row", kept[found.dropped["row"].to_numpy()], pl.Int64)))
                    kept, notes = kept[np.array(found.kept_rows, np.int64)], found.notes
            else:
                numbers = [frame["row"].to_numpy() for frame in self._good(made, drop)]
                kept = np.concatenate([np.zeros(0, np.int64), *numbers])
        return np.sort(kept).astype(np.int64), counts, notes

    def _good(self, made: MadeRows, drop: Any) -> Iterator[pl.DataFrame]:
        """All rows that could be made, with their numbers; the others are dropped."""
        for first, frame in made.frames():
            numbered = frame.insert_column(0, pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True).alias("row"))
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
    spec = dict(yaml.safe_load(stated["spec"]))
    if isinstance(spec.get("llm"), dict):
        spec["llm"] = without(spec["llm"], OF_THE_RUN)
    if isinstance(spec.get("judges"), dict):
        spec["judges"] = {name: without(judge, OF_THE_RUN) for name, judge in spec["judges"].items()}
    return {**stated, "spec": spec, "folder": None, "program": None}


def _essence_of_rows(order: Order) -> dict[str, Any]:
    """What decides the rows before they are sifted, but how many of them there are."""
    stated = _essence({**order.__dict__, "spec": yaml.safe_dump(order.spec)})
    return {"spec": without(stated["spec"], OF_THE_SIEVE), "seed": order.seed, "given": order.given}


def _read(place: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(place.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise DataError(f"This file cannot be read ({error}).", where=str(place), remedy="Remove it, or use another folder.") from None
    return found if isinstance(found, dict) else None
