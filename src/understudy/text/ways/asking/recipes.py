"""One recipe a task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, create_model

from understudy.data.constraints import Contradiction
from understudy.data.texts.records import answer_fault, conversation_fault, spans_fault, text_fault
from understudy.text.tasks.document import fact_fault
from understudy.text.ways.asking.recipe import Recipe, Record, Row, Shape, checked, length_fault, untagged, words_bounds

MOST_CHARACTERS = 20_000
MOST_MESSAGES = 80
Said = Field(min_length=1, max_length=MOST_CHARACTERS)


def _first_fault(*texts: str) -> str | None:
    return next((fault for fault in map(text_fault, texts) if fault), None)


class PlainRecipe(Recipe):
    """One text: of the tasks classification and column."""

    wants = "one such text"

    def shape(self, row: Row) -> type[Shape]:
        names = list(self.spec.of_task.outputs(self.spec))
        bounds = words_bounds(self.spec, row)
        fields: dict[str, Any] = dict.fromkeys(names, (str, Said))
        base = create_model("Text", __base__=Shape, **fields)
        measured = self.spec.text
        return checked(base, lambda record: _first_fault(*record.values()) or length_fault(record.get(measured, ""), bounds))


class MarkedRecipe(Recipe):
    """A text whose entities or facts are tagged in it: of the tasks entities and document."""

    wants = "one such text, with tags"

    @property
    def looks_at_rows(self) -> bool:  # type: ignore[override]
        return self.spec.task == "document"

    def require(self) -> None:
        if self.spec.task == "entities" and not self.section.labels:
            raise Contradiction("Which entities are to be marked?", "Write labels: {PERSON: people by name, …}.", at=("llm", "labels"))

    def labels(self) -> list[str]:
        return list(self.spec.facts or []) if self.spec.task == "document" else self.section.label_names

    def form(self) -> str:
        if self.spec.task == "document":
            return (
                "State each of these facts once or more, and tag where it is stated, like [3 May 2024](visit_date): "
                f"{', '.join(self.labels())}. What is tagged must be exactly the fact's value, in words or figures."
            )
        meant = self.section.labels
        kinds = [f"{name} ({about})" for name, about in meant.items()] if isinstance(meant, dict) else meant
        return f"Tag every entity where it stands, like [Ann Lee](PERSON). The tags: {', '.join(kinds)}. Tag nothing else."

    def shape(self, row: Row) -> type[Shape]:
        labels, bounds, spec = self.labels(), words_bounds(self.spec, row), self.spec

        class Tagged(Shape):
            """A text with tags."""

            text: str = Said

            def record(self) -> Record:
                text, spans = untagged(self.text, labels)
                return {spec.text: text, "spans": spans}

        def fault(record: Record) -> str | None:
            text, spans = record[spec.text], record["spans"]
            found = text_fault(text) or spans_fault(text, spans) or length_fault(text, bounds)
            if found is None and "](" in text:
                found = f"a tag is none of {', '.join(labels)}, or is not written [words](TAG)"
            if found is None and spec.task == "document":
                found = fact_fault(text, spans, row, labels, spec.main_language)
            return found

        return checked(Tagged, fault)


class ConversationRecipe(Recipe):
    """Messages, in one reply."""

    wants = "one such conversation of a user with an assistant"

    def form(self) -> str:
        low, high = self.section.turns
        said = f"The user speaks first, the assistant last; they take turns, {low} to {high} times each."
        if self.section.tools:
            tools = "; ".join(f"{name}: {about}" for name, about in self.section.tools.items())
            said += (
                f" The assistant may call tools ({tools}): such a message has `calls`, each with `name` and `arguments` (a JSON object as "
                "text), and the next message, of the role tool, says what came back."
            )
        return said

    def shape(self, row: Row) -> type[Shape]:
        tools = list(self.section.tools)
        name: Any = Literal[tuple(tools)] if tools else str
        called: Any = create_model("Call", __base__=Shape, name=(name, ...), arguments=(str, Said))
        roles: Any = Literal["system", "user", "assistant", "tool"] if tools else Literal["system", "user", "assistant"]
        fields: dict[str, Any] = {"role": (roles, ...), "content": (str | None if tools else str, ...)}
        if tools:
            fields["calls"] = (list[called] | None, Field(default=None, max_length=8))
        turn: Any = create_model("Turn", __base__=Shape, **fields)

        class Conversation(Shape):
            """A conversation."""

            messages: list[turn] = Field(min_length=2, max_length=MOST_MESSAGES)

            def record(self) -> Record:
                return {"messages": _numbered([said.model_dump() for said in self.messages])}

        return checked(Conversation, lambda record: conversation_fault(record["messages"]))


def _numbered(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages in the form of records: calls get ids, and tools' messages answer them in order."""
    messages: list[dict[str, Any]] = []
    waiting: list[tuple[str, str]] = []
    number = 0
    for one in said:
        calls = []
        for called in one.get("calls") or ():
            number += 1
            calls.append({"id": f"call_{number}", "name": called["name"], "arguments": called["arguments"]})
        answered = waiting.pop(0) if one["role"] == "tool" and waiting else (None, None)
        waiting += [(call["id"], call["name"]) for call in calls]
        messages.append(
            {
                "role": one["role"],
                "content": one.get("content"),
                "name": answered[1],
                "tool_calls": calls or None,
                "tool_call_id": answered[0],
            }
        )
    return messages


class QuestionRecipe(Recipe):
    """A context, a question about it, and an answer that stands in it."""

    wants = "a question about such a document, with its answer"
    looks_at_rows = True

    def form(self) -> str:
        given = self.section.document is not None
        said = "The answer is copied from the document, sign by sign, as short as it can be."
        if "unanswerable" in self.spec.cases:
            said += ' Where the case is "unanswerable", the document does not answer the question, and the answer is null.'
        return said if given else f"Write the document first, as `context`. {said}"

    def shape(self, row: Row) -> type[Shape]:
        document = None if self.section.document is None else str(row[self.section.document])
        answerable = row.get("case") != "unanswerable"
        fields: dict[str, Any] = {"question": (str, Said), "answer": (str if answerable else None, ...)}
        if document is None:
            fields = {"context": (str, Said), **fields}
        base: Any = create_model("Question", __base__=Shape, **fields)

        class Asked(base):
            def record(self: Any) -> Record:
                context, answer = document or self.context, self.answer
                start = None if answer is None else context.find(answer)
                return {"context": context, "question": self.question, "answer": answer, "answer_start": start}

        def fault(record: Record) -> str | None:
            if record["answer_start"] == -1:
                return "the answer does not stand in the document as it is written"
            return _first_fault(record["question"]) or answer_fault(record["context"], record["answer"], record["answer_start"])

        return checked(Asked, fault)


class InstructionRecipe(Recipe):
    """An instruction, what it is about, and what is to come out."""

    wants = "one such instruction, the input that it is about (empty where it needs none), and the output that it asks for"

    def shape(self, row: Row) -> type[Shape]:
        class Instruction(Shape):
            """An instruction."""

            instruction: str = Said
            input: str = Field(max_length=MOST_CHARACTERS)
            output: str = Said

        return checked(Instruction, lambda record: _first_fault(record["instruction"], record["output"]))


class PreferenceRecipe(Recipe):
    """A prompt with a better and a worse answer."""

    wants = "one such prompt, a good answer to it (`chosen`), and a worse one (`rejected`) that is not absurd"

    def shape(self, row: Row) -> type[Shape]:
        class Pair(Shape):
            """A pair of answers."""

            prompt: str = Said
            chosen: str = Said
            rejected: str = Said

        def fault(record: Record) -> str | None:
            same = record["chosen"].strip() == record["rejected"].strip()
            return _first_fault(*record.values()) or ("the chosen and the rejected answer are the same" if same else None)

        return checked(Pair, fault)


class RewritingRecipe(Recipe):
    """A source and its other form; the source may be a column's text."""

    looks_at_rows = True

    @property
    def wants(self) -> str:  # type: ignore[override]
        what = "a target that says the same"
        if isinstance(self.spec.language, dict):
            what = f"its translation from {self.spec.language['source']} to {self.spec.language['target']} (`target`)"
        return what if self.section.document is not None else f"one such text (`source`), and {what}"

    def shape(self, row: Row) -> type[Shape]:
        given = None if self.section.document is None else str(row[self.section.document])
        fields: dict[str, Any] = {"target": (str, Said)} if given is not None else {"source": (str, Said), "target": (str, Said)}
        base: Any = create_model("Pair", __base__=Shape, **fields)
        may_be_same = self.spec.task == "translation"

        class Pair(base):
            def record(self: Any) -> Record:
                return {"source": given if given is not None else self.source, "target": self.target}

        def fault(record: Record) -> str | None:
            same = record["source"].strip() == record["target"].strip() and not may_be_same
            return _first_fault(*record.values()) or ("source and target are the same" if same else None)

        return checked(Pair, fault)


RECIPES: dict[str, type[Recipe]] = {
    "classification": PlainRecipe,
    "column": PlainRecipe,
    "conversation": ConversationRecipe,
    "document": MarkedRecipe,
    "entities": MarkedRecipe,
    "instruction": InstructionRecipe,
    "preference": PreferenceRecipe,
    "qa": QuestionRecipe,
    "rewriting": RewritingRecipe,
    "translation": RewritingRecipe,
}
