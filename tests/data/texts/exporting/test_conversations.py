import json

import pytest
from tests.data.texts.exporting.rows import CONVERSATION, INSTRUCTION, PAIR

from understudy.data.texts.exporting import RowError, alpaca_line, chat_line, dpo_line, sharegpt_line


def test_a_chat_example_states_calls_as_openai_takes_them_and_nothing_that_is_null():
    messages = json.loads(chat_line(CONVERSATION))["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert messages[2] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "hours", "arguments": '{"day": "today"}'}}],
    }
    assert messages[3]["tool_call_id"] == "c1"
    assert messages[1]["name"] == "Ann"
    assert all(value is not None for message in messages for key, value in message.items() if key != "content")


def test_sharegpt_names_its_speakers_and_calls():
    turns = json.loads(sharegpt_line(CONVERSATION))["conversations"]
    assert [turn["from"] for turn in turns] == ["system", "human", "function_call", "observation", "gpt"]
    assert json.loads(turns[2]["value"]) == {"name": "hours", "arguments": '{"day": "today"}'}


def test_an_instruction_becomes_a_conversation_and_stays_an_instruction():
    assert json.loads(chat_line(INSTRUCTION))["messages"] == [
        {"role": "user", "content": "Add.\n\n1, 2"},
        {"role": "assistant", "content": "3"},
    ]
    assert json.loads(alpaca_line(INSTRUCTION)) == INSTRUCTION


def test_a_conversation_of_many_turns_is_no_alpaca_example():
    with pytest.raises(RowError, match="more than one question"):
        alpaca_line(CONVERSATION)


def test_pairs_keep_prompt_chosen_and_rejected():
    assert json.loads(dpo_line({"tone": "plain", **PAIR})) == PAIR


@pytest.mark.parametrize(
    ("encode", "row", "why"),
    [
        (chat_line, {"text": "x"}, "no messages"),
        (dpo_line, {"prompt": "x"}, "no prompt, chosen and rejected"),
        (dpo_line, {**PAIR, "chosen": None, "problem": "the reply was cut"}, "no chosen \\(the reply was cut\\)"),
        (alpaca_line, {**INSTRUCTION, "output": None}, "no output"),
    ],
)
def test_a_row_that_lacks_something_says_what(encode, row, why):
    with pytest.raises(RowError, match=why):
        encode(row)
