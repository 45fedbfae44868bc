"""Records of texts: what is true of them, and the fault that is told where it is not."""

import polars as pl
import pytest

from understudy.data.texts.records import (
    MESSAGES,
    SPANS,
    answer_fault,
    answer_of_tool,
    arguments_fault,
    call,
    conversation_fault,
    message,
    spans_fault,
    text_fault,
)

LOOK_UP = {"id": "c1", "name": "look_up", "arguments": '{"order": 7}'}
WHOLE = [
    message("system", "You help."),
    message("user", "Where is my order?"),
    call(LOOK_UP),
    answer_of_tool(LOOK_UP, '{"status": "sent"}'),
    message("assistant", "On its way."),
]


def changed(place, **changes):
    return [{**said, **changes} if at == place else said for at, said in enumerate(WHOLE)]


def test_a_whole_conversation_has_no_fault():
    assert conversation_fault(WHOLE) is None


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([], "no messages"),
        (WHOLE[:4], "the tool has the last word"),
        (WHOLE[:3], "c1 is not answered"),
        (WHOLE[1:2], "the user has the last word"),
        ([WHOLE[1], WHOLE[1], WHOLE[4]], "cannot follow the user"),
        ([WHOLE[4]], "cannot come first"),
        ([*WHOLE, WHOLE[0]], "cannot follow the assistant"),
        ([WHOLE[1], WHOLE[2], WHOLE[4]], "cannot follow the assistant"),
        ([WHOLE[1], WHOLE[2], WHOLE[3], WHOLE[3], WHOLE[4]], "which is not open"),
        (changed(3, tool_call_id="c9"), "which is not open"),
        (changed(3, name="send"), 'not of "send"'),
        (changed(1, role="customer"), 'no role "customer"'),
        (changed(1, content=" "), "empty"),
        (changed(4, content=None), "missing"),
        (changed(2, tool_calls=[]), "list of calls is empty"),
        (changed(2, tool_calls=[LOOK_UP, LOOK_UP]), "stands twice"),
        (changed(2, tool_calls=[{**LOOK_UP, "arguments": "{order"}]), "no JSON"),
        (changed(2, tool_calls=[{**LOOK_UP, "arguments": "[7]"}]), "no JSON object"),
        (changed(1, tool_calls=[LOOK_UP]), "only the assistant calls tools"),
        (changed(4, tool_call_id="c1"), "only a tool answers"),
    ],
)
def test_each_fault_of_a_conversation_is_told(messages, said):
    assert said in conversation_fault(messages)


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([(0, 3, "A"), (4, 7, "B")], None),
        ([], None),
        ([(4, 7, "B"), (0, 3, "A")], "comes before"),
        ([(0, 5, "A"), (4, 7, "B")], "overlaps"),
        ([(0, 4, "A")], "with a space"),
        ([(5, 99, "A")], "outside"),
        ([(3, 3, "A")], "empty"),
        ([(-2, 3, "A")], "outside"),
        ([(0, 3, "")], "lacks its label"),
        ([(0, None, "A")], "lacks its place"),
    ],
)
def test_each_fault_of_spans_is_told(spans, said):
    fault = spans_fault("Ada met Alan", [dict(zip(("start", "end", "label"), span, strict=True)) for span in spans])
    assert fault is None if said is None else said in fault


def test_an_answer_stands_in_its_context_or_is_missing():
    assert answer_fault("Ada met Alan", "Alan", 8) is None
    assert answer_fault("Ada met Alan", None, None) is None
    assert 'there is not "Alan"' in answer_fault("Ada met Alan", "Alan", 7)
    assert "missing" in answer_fault("Ada met Alan", "Alan", None)
    assert "empty" in answer_fault("Ada met Alan", "", 0)


def test_a_text_says_something():
    assert text_fault("ok") is None
    assert "missing" in text_fault(None)
    assert "empty" in text_fault(" \n")
    assert "surrogate" in text_fault("\ud800x")


def test_offsets_count_characters_not_bytes():
    assert spans_fault("Zoë 🙂 Øre", [{"start": 6, "end": 9, "label": "COIN"}]) is None
    assert spans_fault("Zoë 🙂 Øre", [{"start": 6, "end": 10, "label": "COIN"}]) is not None


def test_arguments_are_a_json_object():
    assert arguments_fault('{"a": 1}') is None
    assert "no JSON" in arguments_fault("")


def test_records_are_columns_of_frames():
    frame = pl.DataFrame(
        {"messages": [WHOLE], "spans": [[{"start": 0, "end": 3, "label": "A"}]]}, schema={"messages": MESSAGES, "spans": SPANS}
    )
    assert frame["messages"].to_list() == [WHOLE]
