"""The way `llm`: rows written by a language model behind an endpoint, each reply kept before it is used.

What a model answers is no function of the seed, so the journal takes the place of randomness: over the same journal the same rows come
out, without asking. Rows that cannot be made keep their place, with the reason in the column `problem`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from understudy.core.errors import DataError, UnderstudyError
from understudy.core.folders import user_folder
from understudy.core.random import Stream
from understudy.text.spec.attributes import Attributes
from understudy.text.spec.language_model import NOWHERE, OF_THE_RUN, OF_THE_SIEVE
from understudy.text.spec.sections import without
from understudy.text.spec.text_spec import TextSpec
from understudy.text.ways.asking.examples import Examples
from understudy.text.ways.asking.program import Program
from understudy.text.ways.asking.running import REUSED, Made
from understudy.text.ways.way import Way

if TYPE_CHECKING:
    from understudy.core.progress import ProgressLike
    from understudy.text.llm.budget import Spending
    from understudy.text.llm.session import Session
    from understudy.text.serving.server import Server

EXAMPLES = "examples"
Numbers = NDArray[np.int64]


class LanguageModel(Way):
    """Asks a language model for every row.

    Attributes:
        journal: where requests and replies are kept; the spec's, or a file in the user's cache folder that the spec's content names.
    """

    name: ClassVar[str] = "llm"
    can_fail: ClassVar[bool] = True
    one_process: ClassVar[bool] = True
    block_size: int = 128

    def __init__(self, spec: TextSpec, rows: Attributes, examples: Examples | None, folder: Path = Path()) -> None:
        assert spec.llm is not None
        self.spec, self.section, self._examples, self._folder = spec, spec.llm, examples, folder
        self._server: Server | None = None
        self._model = ""
        columns = {name: rows.sample.schema.get(name, pl.String()) for name in rows.kinds}
        self._program = Program(spec, spec.llm, columns, [name for name in rows.visible if name != spec.llm.document], examples)
        self.journal = folder / spec.llm.journal if spec.llm.journal is not None else cached_journal(spec)

    @classmethod
    def of(cls, spec: TextSpec, rows: Attributes, folder: Path, kept: Mapping[str, pl.DataFrame]) -> Self:
        assert spec.llm is not None
        shown = spec.llm.examples
        examples = None
        if shown is not None:
            examples = Examples(kept[EXAMPLES], shown) if EXAMPLES in kept else Examples.read(shown, folder)
        return cls(spec, rows, examples, folder)

    # -- asking

    def write(self, rows: pl.DataFrame, numbers: Numbers, rng: Stream) -> pl.DataFrame:
        if not rows.height:  # nobody is asked for nothing
            return self._frame([])
        return next(iter(self.write_many([(rows, numbers)], rng)))

    def write_many(
        self, blocks: Iterable[tuple[pl.DataFrame, Numbers]], rng: Stream, progress: ProgressLike = None
    ) -> Iterator[pl.DataFrame]:
        """Blocks in order; rows of the next ones are asked for while those before wait for their last replies."""
        sizes: list[int] = []
        self._program.reuses = 0

        def programs(session: Session) -> Iterator[Any]:
            for rows, numbers in blocks:
                sizes.append(rows.height)
                for row, number in zip(rows.iter_rows(named=True), numbers.tolist(), strict=True):
                    yield self._program.made(session, row, number, rng)

        with self.session(progress) as session:
            made: list[Made] = []
            for one in session.run(programs(session)):
                made.append(one)
                if len(made) == sizes[0]:
                    yield self._frame(made)
                    made = []
                    sizes.pop(0)
            for _ in sizes:  # blocks of no rows
                yield self._frame([])

    def answered(self, blocks: Iterable[tuple[pl.DataFrame, Numbers]], rng: Stream) -> int:
        """For how many rows of blocks the journal holds every reply. Nobody is asked."""
        with self.session(batched=False) as session:
            begun = {path[1] for path in session.journal.paths() if len(path) > 1 and path[0] == self._program.seed(rng)}
            session.stop()
            programs = (
                _ends(self._program.made(session, row, number, rng))
                for rows, numbers in blocks
                if not begun.isdisjoint(numbers.tolist())
                for row, number in zip(rows.iter_rows(named=True), numbers.tolist(), strict=True)
                if number in begun
            )
            return sum(session.run(programs))

    def session(self, progress: ProgressLike = None, *, batched: bool = True) -> Session:
        """A session with the section's endpoint, over the way's journal. Errors as those of `Session`.

        Args:
            batched: through batches, where the section says so.
        """
        from understudy.text.llm import Batching, Session

        section = self.section
        url, model = self._asked()
        batches = section.batches if batched else None
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        session = Session(
            section.endpoint_of(url, model), journal=self.journal, budget=section.limit, concurrency=section.concurrency,
            batching=None if batches is None else Batching(batches.size, batches.poll), seed=self.spec.seed, models=self._other_models(),
            progress=progress,
        )  # fmt: skip
        if url == NOWHERE:
            what = "The replies that these rows were made of are not all in the journal."
            session.stop(DataError(what, where=str(self.journal), remedy="Put the journal back, beside the rows or where it was."))
        return session

    def _other_models(self) -> list[str]:
        """Models of steps and judges."""
        judges = [judge.model for judge in self.spec.judges.values() if judge.endpoint is None]
        named = [self._program.graph.steps[name].model for name in self._program.graph.order]
        own = None if self.section.judge is None else self.section.judge.model
        return [model for model in (*named, own, *judges) if model is not None]

    def _asked(self) -> tuple[str, str]:
        """Address and model: the section's, or those of a model on this machine, which is served from the first question on."""
        section = self.section
        if section.local is None:
            assert section.endpoint is not None
            return section.endpoint, section.model
        if self._server is None:
            from understudy.text.serving.local_model import LocalModel
            from understudy.text.serving.server import Server

            writer = LocalModel(self._folder / section.local, name=section.model or None, most_tokens=section.max_tokens)
            self._server = Server(writer).__enter__()
            self._model = writer.name
        return self._server.url, self._model

    def spent(self) -> Spending:
        """What all runs over the journal have spent."""
        with self.session() as session:
            return session.spent()

    def _frame(self, made: list[Made]) -> pl.DataFrame:
        outputs = self.spec.of_task.outputs(self.spec)
        columns = [
            pl.Series(name, [None if one.record is None else one.record[name] for one in made], dtype) for name, dtype in outputs.items()
        ]
        columns += [
            pl.Series(name, [one.kept.get(name) for one in made], dtype) for name, (_, _, dtype) in self._program.graph.kept.items()
        ]
        return pl.DataFrame([*columns, pl.Series("problem", [one.problem for one in made], pl.String)])

    # -- what it says

    def needs(self) -> list[str]:
        if self.section.local is not None:
            return [f"the language model in {self.section.local}"]
        return [f"an endpoint at {self.section.endpoint} that has the model {self.section.model}"]

    def says(self) -> list[str]:
        said = [
            f"Texts were written by the language model {self.section.model or self.section.local}: only as fluent, as true, as varied "
            "and as free of its training texts as that model is. Labels and facts are what it was asked for, checked for their form and "
            "not for their sense.",
            "The same texts come out again over the same journal, not from the seed alone.",
        ]
        if self.section.examples is not None:
            said.append(
                f"Prompts showed up to {self.section.examples.shots} real rows each, personal data in them replaced; they were sent to the "
                "endpoint. This is not differentially private."
            )
        if self.section.judge is not None:
            said.append("Records that a model judged too bad were refused; a model's verdict favours some kinds of text.")
        return said

    def notes(self) -> list[str]:
        told = []
        unused = self._program.graph.unused
        if unused:
            told.append(f"Nothing uses these steps, which were left out: {', '.join(unused)}. Name them in a prompt, or write keep: true.")
        if self._program.reuses:
            with self.session() as session:
                asked = session.answered_at(REUSED)
            told.append(f"{self._program.reuses:,} questions of reused steps were asked {asked:,} times.")
        return told

    def keep(self) -> dict[str, pl.DataFrame]:
        return {} if self._examples is None else {EXAMPLES: self._examples.frame}

    @property
    def from_real_data(self) -> bool:
        return self._examples is not None


async def _ends(program: Coroutine[Any, Any, Made]) -> bool:
    """Whether a program comes to its end with the replies that there are."""
    try:
        await program
    except UnderstudyError:
        return False
    return True


def cached_journal(spec: TextSpec) -> Path:
    """The journal of a spec in the user's cache folder: its own for each spec, whatever the endpoint, the budget and the speed."""
    stated = without(spec.to_dict(), OF_THE_SIEVE)
    if "llm" in stated:
        stated["llm"] = without(stated["llm"], OF_THE_RUN)
    name = hashlib.blake2b(repr(stated).encode(), digest_size=10).hexdigest()
    return user_folder("cache") / "journals" / f"{name}.sqlite"
