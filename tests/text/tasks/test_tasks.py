"""Tasks over many rows: offsets, roles, answers and facts are true in every record; and false records are seen."""

import json

import polars as pl
import pytest

from understudy.data.texts.records import answer_fault, conversation_fault, spans_fault
from understudy.text import Texts
from understudy.text.spec.text_spec import read_text_spec
from understudy.text.tasks.document import fact_fault

MANY = 3_000


def test_conversations_keep_roles_and_schema():
    frame = Texts("support-conversations").sample(MANY, seed=8)
    assert [fault for fault in map(conversation_fault, frame["messages"].to_list()) if fault] == []
    for row in frame.filter(pl.col("case").is_null()).head(300).iter_rows(named=True):
        calls = [made for said in row["messages"] for made in said["tool_calls"] or []]
        assert calls
        assert all(json.loads(made["arguments"]).get("order_id", row["order_id"]) == row["order_id"] for made in calls)


def test_entities_are_at_their_offsets():
    for name in ("city-news", "stadtnachrichten"):
        frame = Texts(name).sample(MANY, seed=8)
        wrong = [spans_fault(text, spans) for text, spans in frame.select("text", "spans").iter_rows()]
        assert not any(wrong)
        assert frame["spans"].list.len().sum() > 2 * MANY
        empty = frame.filter(pl.col("spans").list.len() == 0)
        assert set(empty["case"]) <= {"no-entity", "ohne"}


def test_documents_state_their_facts():
    frame = Texts("clinical-notes").sample(500, seed=8)
    for row in frame.iter_rows(named=True):
        assert spans_fault(row["note"], row["spans"]) is None
        assert {"name", "diagnosis", "drug"} <= {span["label"] for span in row["spans"]}
        for span in row["spans"]:
            if isinstance(row[span["label"]], str):
                assert row["note"][span["start"] : span["end"]].lower() == row[span["label"]].lower()


def test_answers_stand_in_their_contexts():
    frame = Texts("event-questions").sample(MANY, seed=8)
    assert not any(answer_fault(*row) for row in frame.select("context", "answer", "answer_start").iter_rows())
    assert (frame["answer"].is_null() == (frame["case"] == "unanswerable").fill_null(False)).all()


def test_a_fact_that_is_stated_wrongly_is_seen():
    spans = [{"start": 0, "end": 6, "label": "dose"}]
    assert fact_fault("twelve mg", spans, {"dose": 12}, [], "en") is None
    assert "where" in fact_fault("eleven mg", spans, {"dose": 12}, [], "en")
    assert 'does not state "drug"' in fact_fault("twelve mg", spans, {"dose": 12, "drug": "x"}, ["drug"], "en")


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("kitchen-reviews", "text", " ", "empty"),
        ("helpful-answers", "rejected", None, "missing"),
        ("travel-en-de", "target", "", "empty"),
        ("event-questions", "answer_start", 0, "there is not"),
    ],
)
def test_false_records_are_seen(name, column, value, said):
    spec = read_text_spec(name)
    frame = Texts(spec).sample(20, given={"case": None} if spec.cases else None)
    spoiled = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(value)).otherwise(pl.col(column)).cast(frame.schema[column]).alias(column)
    )
    ((row, fault),) = spec.of_task.faults(spoiled, spec)
    assert row == 3
    assert said in fault
