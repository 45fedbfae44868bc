"""What the filters of a spec are given: real texts and test sets from its files, and judges, held against people before they decide.

Everything is read and tried before anybody is asked, and what is wrong is told with its place in the spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.core.errors import UnderstudyError, did_you_mean
from understudy.core.random import Stream
from understudy.data.constraints import Contradiction
from understudy.text.quality.batch import opened, texts_of
from understudy.text.quality.judging import calibrate
from understudy.text.quality.language_model import LanguageModelJudge

if TYPE_CHECKING:
    from understudy.text.generator import Texts
    from understudy.text.llm.session import Session
    from understudy.text.spec.quality import CalibrationSection, TextJudgeSection
    from understudy.text.spec.text_spec import TextSpec


class Declared:
    """The filters of a spec with what they need.

    Args:
        texts: what makes the rows. folder: what file names are relative to. place: the folder of judges' journals.

    Attributes:
        filters: as `sift` takes them. real, tests, judges: likewise.
        remarks: what a reader of the data must know of real rows and judges; complete after `calibrated`.

    Raises:
        SchemaError: a file, a column or a judge that is not there; with file and line.
    """

    def __init__(self, texts: Texts, folder: str | Path, place: Path | None = None) -> None:
        self.texts, self.spec, self.folder, self.place = texts, texts.spec, Path(folder), place
        self.tests: dict[str, list[str]] = {}
        self.remarks: list[str] = []
        with self.spec.located():
            self.filters = [self._filter(entry, ("quality", number)) for number, entry in enumerate(self.spec.quality)]
            self.real = self._real()
            asked = [name for name, _ in judged_by(self.spec)]
            self.judges = {name: SpecJudge(name, section, self) for name, section in self.spec.judges.items() if name in asked}
            for judge in self.judges.values():
                judge.prepare()

    def calibrated(self) -> list[str]:
        """Hold each judge against what is known, and say how it did. Raises `SchemaError` where one agrees too little to decide."""
        with self.spec.located():
            said = [sentence for name, least in judged_by(self.spec) for sentence in self.judges[name].calibrated(least)]
        self.remarks += said
        return said

    def read(self, file: str, at: tuple[Any, ...]) -> pl.DataFrame:
        """The rows of a file. Raises `Contradiction` where it cannot be read, or is empty."""
        path = Path(file) if Path(file).is_absolute() else self.folder / file
        if not path.is_file():
            raise Contradiction(f"There is no file {path}.", "Names of files are relative to the spec.", at=(*at, "file"))
        try:
            frame = opened(path)[0]
        except UnderstudyError as error:
            raise Contradiction(f"{path} cannot be read: {error.what}", error.remedy, at=(*at, "file")) from None
        if frame.is_empty():
            raise Contradiction(f"{path} has no rows.", at=(*at, "file"))
        return frame

    @staticmethod
    def require(frame: pl.DataFrame, column: str, at: tuple[Any, ...]) -> str:
        if column not in frame.columns:
            raise Contradiction(f'The file has no column "{column}".', did_you_mean(column, frame.columns), at=at)
        return column

    def _filter(self, entry: Any, at: tuple[Any, ...]) -> Any:
        """The entry, the files of `contamination` read into test sets."""
        if not (isinstance(entry, dict) and "contamination" in entry):
            return entry
        options = dict(entry["contamination"])
        column, names = options.pop("text", "text"), []
        for file in options.pop("files"):
            frame = self.read(file, (*at, "contamination"))
            self.require(frame, column, (*at, "contamination"))
            name = file if file not in self.tests else f"{file}: {column}"
            self.tests[name] = [text for text in texts_of(frame, column, file) if text]
            if not self.tests[name]:
                raise Contradiction(f'The column "{column}" of {file} holds no text.', at=(*at, "contamination"))
            names.append(name)
        return {"contamination": {**options, "sets": names}}

    def _real(self) -> pl.DataFrame | None:
        """Real texts under the names of the spec's columns: of the section `real`, or those that the way learns from or shows."""
        section: Any = getattr(self.spec, self.spec.way)
        shown: Any = getattr(section, "examples", None)
        text, label = first_text(self.spec), self.spec.label_column
        at: tuple[Any, ...] = ("real",)
        columns: Any = self.spec.real
        if columns is None and (not self.filters or shown is None):
            return None
        if columns is None:
            columns, at = (section, (self.spec.way,)) if isinstance(shown, str) else (shown, (self.spec.way, "examples"))
        file = shown if columns is section else columns.file
        frame = self.read(file, at)
        names = {self.require(frame, columns.text, (*at, "text")): text}
        if columns.label is not None and label is not None:
            names[self.require(frame, columns.label, (*at, "label"))] = label
        return frame.select(pl.col(old).alias(new) for old, new in names.items())

    # -- real rows among the others

    def mixed_in(self, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """The real rows as rows of the data set, with their numbers in the file as `parent`.

        Raises:
            SchemaError: a column that every row must have is not there, or its values do not go into that of the made rows.
        """
        section = self.spec.real
        assert section is not None
        with self.spec.located():
            frame = self.read(section.file, ("real",))
            old = {first_text(self.spec): section.text}
            if section.label is not None and self.spec.label_column is not None:
                old[self.spec.label_column] = section.label
            found = []
            for name, dtype in schema.items():
                source = old.get(name, name)
                if source not in frame.columns and name in self.spec.of_task.outputs(self.spec):
                    what = f'Real rows are to be mixed in, and their file has no column "{source}".'
                    raise Contradiction(what, did_you_mean(source, frame.columns), at=("real",))
                found.append(self._cast(frame, source, name, dtype) if source in frame.columns else pl.lit(None, dtype).alias(name))
            whole = frame.select(*found, pl.int_range(pl.len(), dtype=pl.Int64).cast(pl.String).alias("parent"))
            return whole.filter(pl.col(first_text(self.spec)).is_not_null())

    @staticmethod
    def _cast(frame: pl.DataFrame, source: str, name: str, dtype: pl.DataType) -> pl.Expr:
        try:
            frame.select(pl.col(source).cast(dtype))
        except pl.exceptions.PolarsError:
            what = f'The column "{source}" of the real rows holds {frame.schema[source]}, which does not go into "{name}" ({dtype}).'
            raise Contradiction(what, "Give both the same kind of values.", at=("real",)) from None
        return pl.col(source).cast(dtype).alias(name)


class SpecJudge:
    """A judge that a spec declares. It asks over the journal of the rows, or at an endpoint of its own over a journal of its own.

    Attributes:
        reasons: of the last scores, in the model's words.
    """

    def __init__(self, name: str, section: TextJudgeSection, declared: Declared) -> None:
        self.name, self.section, self._declared = name, section, declared
        self.reasons: list[str | None] = []
        self._known: tuple[pl.DataFrame, pl.Series] | None = None

    @property
    def shares(self) -> bool:
        """Whether it asks over the journal of the rows, within their limit."""
        return self.section.endpoint is None and self._declared.spec.way == "llm"

    @property
    def show(self) -> list[str]:
        return self.section.show or list(self._declared.spec.of_task.outputs(self._declared.spec))

    @property
    def known_rows(self) -> int:
        """How many rows it is asked about before it decides."""
        return 0 if self._known is None else self._known[0].height

    @property
    def batched(self) -> bool:
        """Whether it is asked through batches, as the rows are."""
        return self.shares and self._declared.spec.llm is not None and self._declared.spec.llm.batches is not None

    def session(self, *, batched: bool = True) -> Session:
        """A session with whoever is the judge. batched: through batches, where the rows are."""
        from understudy.text.llm import Session

        spec, texts = self._declared.spec, self._declared.texts
        if self.shares:
            return texts._way.session(batched=batched)  # type: ignore[attr-defined,no-any-return]
        asked: Any = self.section if self.section.endpoint is not None else spec.llm
        endpoint = asked.endpoint_of(asked.endpoint, self.section.model or asked.model)
        journal = self.journal
        journal.parent.mkdir(parents=True, exist_ok=True)
        return Session(endpoint, journal=journal, budget=asked.limit, concurrency=asked.concurrency, seed=spec.seed)

    @property
    def journal(self) -> Path:
        """Where its replies are kept, where it is not the journal of the rows."""
        from understudy.text.ways.asking.way import cached_journal

        beside = self._declared.texts.journal
        if self._declared.place is None and beside is None:
            return cached_journal(self._declared.spec).with_suffix(f".{self.name}.sqlite")
        return (self._declared.place or beside.parent) / f"judge-{self.name}.sqlite"  # type: ignore[union-attr]

    def over(self, session: Any) -> LanguageModelJudge:
        """The judge in a session."""
        section, spec = self.section, self._declared.spec
        return LanguageModelJudge(
            session, spec.about or spec.task, rubric=section.rubric, scale=section.scale, columns=self.show, model=section.model,
            max_tokens=section.max_tokens,
        )  # fmt: skip

    def score(self, rows: pl.DataFrame) -> list[float | None]:
        with self.session() as session:
            judge = self.over(session)
            scores = judge.score(rows)
            if not self.shares:
                self._declared.remarks = [said for said in self._declared.remarks if not said.startswith(self._spent)]
                self._declared.remarks.append(f"{self._spent}: {session.spent().in_words()}.")
        self.reasons = judge.reasons
        return scores

    @property
    def _spent(self) -> str:
        return f'Spent by the judge "{self.name}"'

    # -- what is known

    def prepare(self) -> None:
        """Read what it is to be held against. Raises `Contradiction`."""
        stated, at = self.section.calibrate, ("judges", self.name, "calibrate")
        if stated is None:
            return
        frame = self._declared.read(stated.file, at)
        text = first_text(self._declared.spec)
        columns = {shown: stated.text if shown == text and stated.text is not None else shown for shown in self.show}
        for shown, column in columns.items():
            self._declared.require(frame, column, (*at, "text") if shown == text else at)
        truth = frame[self._declared.require(frame, stated.label, (*at, "label"))]
        there = truth.is_not_null() & (frame[columns[text]].is_not_null() if text in columns else True)
        numbers = there.arg_true().to_numpy()
        if len(numbers) < 20:
            raise Contradiction(f"{len(numbers)} rows are too few to hold a judge against.", "Give 20 or more; some hundreds are good.", at)
        stream = Stream(self._declared.spec.seed).child("calibrate", self.name)
        chosen = numbers[sorted(stream.generator().permutation(len(numbers))[: stated.rows])]
        self._known = frame.select(pl.col(column).alias(shown) for shown, column in columns.items())[chosen], truth[chosen]
        for name, least in judged_by(self._declared.spec):
            if name == self.name:
                self._truth(stated, least)

    def _truth(self, stated: CalibrationSection, least: float) -> list[bool]:
        """Which of the known rows are good."""
        assert self._known is not None
        at, labels = ("judges", self.name, "calibrate", "label"), self._known[1]
        if stated.good is not None:
            values = labels.cast(pl.String).to_list()
            for place, value in enumerate(stated.good):
                if _shown(value) not in values:
                    remedy = did_you_mean(_shown(value), sorted(set(values)))
                    raise Contradiction(f'No row has the label "{_shown(value)}".', remedy, at=(*at[:-1], "good", place))
            good = [value in {_shown(value) for value in stated.good} for value in values]
        elif labels.dtype == pl.Boolean:
            good = labels.to_list()
        elif labels.dtype.is_numeric() and labels.is_between(*self.section.scale).all():
            good = (labels >= least).to_list()
        else:
            raise Contradiction(
                f"These labels are neither true and false nor grades from {self.section.scale[0]} to {self.section.scale[1]}.",
                "Write good: [VALUE, …], the labels of good rows.", at=at,
            )  # fmt: skip
        if len(set(good)) < 2:
            raise Contradiction("All of these rows are good, or none is: they show nothing of a judge.", "Give rows of both kinds.", at=at)
        return good

    def calibrated(self, least: float) -> list[str]:
        """What came of holding it against what is known. Raises `Contradiction` where it agrees too little."""
        stated, at = self.section.calibrate, ("judges", self.name, "calibrate")
        if stated is None or self._known is None:
            return [f'The judge "{self.name}" was never held against people or known labels: what it drops proves nothing.']
        found = calibrate(self, self._known[0], self._truth(stated, least), least=least, seed=self._declared.spec.seed)
        said = f'The judge "{self.name}" beside {stated.file}: {found}.'
        if found.kappa < stated.kappa and not stated.anyway:
            remedy = "Change its rubric or model, lower kappa, or write anyway: true to let it decide."
            raise Contradiction(f"The judge agrees too little to decide: {found}; {stated.kappa:g} is wanted.", remedy, at=(*at, "kappa"))
        if found.kappa < stated.kappa:
            said += f" That is less than the {stated.kappa:g} that is wanted; it decides because it was told to."
        elif found.interval[0] < stated.kappa:
            said += f" It may agree less than the {stated.kappa:g} that is wanted."
        return [said]


def judged_by(spec: TextSpec) -> list[tuple[str, float]]:
    """The judges that filters of a spec ask, with the least grade of each."""
    options = [entry["judged"] for entry in spec.quality if isinstance(entry, dict) and "judged" in entry]
    return list(dict.fromkeys((str(one["judge"]), float(one["least"])) for one in options))


def first_text(spec: TextSpec) -> str:
    """The output of the task that is its text, or its messages."""
    outputs = spec.of_task.outputs(spec)
    return next(name for name, dtype in outputs.items() if dtype == pl.String or name == "messages")


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
