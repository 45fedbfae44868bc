"""Rows of every task, for tests of formats."""

import polars as pl

SPAN = pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String})

CONVERSATION = {
    "goal": "opening hours",
    "messages": [
        {"role": "system", "content": "You help.", "name": None, "tool_calls": None, "tool_call_id": None},
        {"role": "user", "content": 'When are you open? "Today", ünïcode', "name": "Ann", "tool_calls": [], "tool_call_id": None},
        {
            "role": "assistant",
            "content": None,
            "name": None,
            "tool_calls": [{"id": "c1", "name": "hours", "arguments": '{"day": "today"}'}],
            "tool_call_id": None,
        },
        {"role": "tool", "content": '{"open": "9"}', "name": None, "tool_calls": None, "tool_call_id": "c1"},
        {"role": "assistant", "content": "From nine.", "name": None, "tool_calls": None, "tool_call_id": None},
    ],
}
INSTRUCTION = {"instruction": "Add.", "input": "1, 2", "output": "3"}
PAIR = {"prompt": "Hi", "chosen": "Hello!", "rejected": "What."}


def _marked(text, *spans):
    return {"text": text, "spans": [dict(zip(("start", "end", "label"), span, strict=True)) for span in spans]}


MARKED = [
    _marked("Anna-Lena met O’Neil in  New York.", (0, 9, "person"), (14, 20, "person"), (25, 33, "place")),
    _marked("Nobody came."),
    _marked("pre-Berlinisch 🚂 Köln\n", (4, 10, "place"), (17, 21, "place")),
]


def marked_frame():
    return pl.DataFrame(MARKED, schema={"text": pl.String, "spans": pl.List(SPAN)})
