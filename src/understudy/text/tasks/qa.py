"""Questions about documents, with answers that stand in them (as SQuAD: Rajpurkar et al. 2016; without an answer: 2018).

A context marks what it states; `questions` names, for each mark, the rule that asks for it. Rows of the case "unanswerable" ask by the rule
`unanswerable` for what the context does not say, and have no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from understudy.core.errors import ProofError
from understudy.data.constraints import Contradiction
from understudy.data.texts.records import answer_fault
from understudy.text.grammar.checking import Allowed
from understudy.text.grammar.compiling import Draw, Row
from understudy.text.grammar.pieces import joined, marked
from understudy.text.tasks.task import Compose, Fault, Task, empty_texts

if TYPE_CHECKING:
    from understudy.text.spec.text_spec import TextSpec

UNANSWERABLE = "unanswerable"


class QuestionAnswer(Task):
    """A context, a question, the answer and where in the context it begins."""

    name = "qa"
    about = "questions about documents, with verified answer spans"
    allowed = Allowed(labels=True)
    marks_columns = True
    measured = "context"

    def outputs(self, spec: TextSpec) -> dict[str, pl.DataType]:
        return {"context": pl.String(), "question": pl.String(), "answer": pl.String(), "answer_start": pl.Int64()}

    def require(self, spec: TextSpec) -> None:
        if spec.template is None or spec.way != "template":
            return
        if not spec.template.questions:
            raise Contradiction(
                "A grammar of this task says how each mark is asked for.", "Write questions: {LABEL: RULE, …}.", at=("template",)
            )
        if UNANSWERABLE in spec.cases and spec.template.unanswerable is None:
            raise Contradiction(
                f'The case "{UNANSWERABLE}" needs a rule that asks for what no context says.', "Write unanswerable: RULE.", at=("template",)
            )

    def starts(self, spec: TextSpec) -> dict[str, str]:
        assert spec.template is not None
        stated = spec.template.start
        found = {"context": stated if isinstance(stated, str) else (stated or {}).get("context", "context")}
        found |= {f"ask {label}": rule for label, rule in spec.template.questions.items()}
        return found | ({UNANSWERABLE: spec.template.unanswerable} if spec.template.unanswerable is not None else {})

    def decides(self, spec: TextSpec) -> list[str]:
        return ["case"] if UNANSWERABLE in spec.cases else []

    def composed(self, spec: TextSpec, writers: Mapping[str, Any], holds: Callable[[str, Any], bool]) -> Compose:
        context = writers["context"]
        questions = {name.removeprefix("ask "): write for name, write in writers.items() if name.startswith("ask ")}
        unanswerable = holds("case", UNANSWERABLE)

        def compose(row: Row, draw: Draw) -> tuple[Any, ...]:
            pieces: list[Any] = []
            context(row, draw, pieces.append)
            text, spans = marked(pieces)
            asked: list[Any] = []
            if unanswerable:
                writers[UNANSWERABLE](row, draw, asked.append)
                return text, joined(asked), None, None
            answers = [span for span in spans if span["label"] in questions]
            if not answers:
                raise ProofError(
                    "A context states nothing that is asked for.",
                    where=f'template.questions: "{text[:60]}…"',
                    remedy=f"Mark in every context at least one of: {', '.join(questions)}.",
                )
            answer = answers[int(draw() * len(answers))]
            questions[answer["label"]](row, draw, asked.append)
            return text, joined(asked), text[answer["start"] : answer["end"]], answer["start"]

        return compose

    def faults(self, frame: pl.DataFrame, spec: TextSpec) -> Iterator[Fault]:
        yield from empty_texts(frame, "context", "question")
        for row, (context, answer, start) in enumerate(frame.select("context", "answer", "answer_start").iter_rows()):
            fault = None if context is None else answer_fault(context, answer, start)
            if fault is not None:
                yield row, fault
