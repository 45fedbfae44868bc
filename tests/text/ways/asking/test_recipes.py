"""Every task by a language model: what comes back is true, and what is not true is asked for again or refused."""

import pytest

from understudy.core.errors import SchemaError
from understudy.data.texts.records import conversation_fault

NAMES = {"name": {"type": "person", "field": "name"}, "day": {"type": "date", "between": ["2024-01-01", "2024-12-31"]}}


def test_entities_are_tagged_in_the_reply_and_exact_in_the_row(asked):
    def script(prompt, number):
        return {"text": f"[Ann Lee](PERSON) met [Bo](PERSON) in [New York](PLACE) at {number}; not Ann."}

    texts = asked(script, {"task": "entities"}, labels={"PERSON": "people by name", "PLACE": "places"})
    made = texts.sample(5)
    for text, spans in made.select("text", "spans").iter_rows():
        assert "](" not in text
        assert [(text[span["start"] : span["end"]], span["label"]) for span in spans] == [
            ("Ann Lee", "PERSON"), ("Bo", "PERSON"), ("New York", "PLACE")]  # fmt: skip
    assert "people by name" in texts.prompts[0]


def test_a_tag_that_is_none_is_refused(asked):
    texts = asked(lambda prompt, number: {"text": "[Ann](PERSN) came."}, {"task": "entities"}, labels=["PERSON"], tries=1)
    assert "a tag is none of PERSON" in texts.sample(1)["problem"][0]
    with pytest.raises(SchemaError, match="Which entities"):
        asked(lambda prompt, number: {}, {"task": "entities"})


def test_documents_state_their_facts_where_they_say_they_do(asked):
    spec = {"task": "document", "columns": NAMES, "facts": ["name", "day"], "text": "letter"}

    def script(prompt, number):
        if "cannot be used" in prompt:
            assert 'says "Nobody"' in prompt
            return {"text": "I do not know."}
        name = prompt.split("- name: ")[1].split("\n")[0]
        day = prompt.split("- day: ")[1].split("\n")[0]
        wrong = number % 4 == 0
        return {"text": f"Dear [{'Nobody' if wrong else name}](name), you came on [{day}](day). Yours"}

    made = asked(script, spec, tries=6).sample(40)
    assert made["problem"].is_null().all()
    for row in made.iter_rows(named=True):
        said = {span["label"]: row["letter"][span["start"] : span["end"]] for span in row["spans"]}
        assert said == {"name": row["name"], "day": str(row["day"])}


def test_a_fact_that_is_not_stated_is_refused(asked):
    spec = {"task": "document", "columns": NAMES, "facts": ["name"]}
    made = asked(lambda prompt, number: {"text": "Dear Sir or Madam."}, spec, tries=1).sample(2)
    assert made["problem"].str.contains('does not state "name"').all()


TURNS = [
    {"role": "user", "content": "Where is my parcel?"},
    {"role": "assistant", "content": None, "calls": [{"name": "track", "arguments": '{"order": 7}'}]},
    {"role": "tool", "content": '{"at": "depot"}'},
    {"role": "assistant", "content": "At the depot."},
]


def test_conversations_hold_calls_and_their_answers(asked):
    texts = asked(lambda prompt, number: {"messages": TURNS}, {"task": "conversation"}, tools={"track": "finds a parcel"})
    (messages,) = texts.sample(1)["messages"].to_list()
    assert conversation_fault(messages) is None
    assert messages[1]["tool_calls"] == [{"id": "call_1", "name": "track", "arguments": '{"order": 7}'}]
    assert (messages[2]["tool_call_id"], messages[2]["name"]) == ("call_1", "track")


def test_a_conversation_out_of_turn_is_refused(asked):
    script = {"messages": [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Bye."}]}
    made = asked(lambda prompt, number: script, {"task": "conversation"}, tries=1).sample(1)
    assert "it cannot come first" in made["problem"][0]


def test_two_speakers_are_asked_in_turn_and_the_user_knows_the_goal_alone(asked):
    spec = {"task": "conversation", "columns": {"goal": {"type": "choice", "values": ["a refund", "a new part"]}}, "about": "a help desk"}
    texts = asked(lambda prompt, number: f"I say {number}.", spec, mode="turns", turns=[2, 3])
    for messages in texts.sample(4)["messages"].to_list():
        assert conversation_fault(messages) is None
        assert len(messages) in (4, 6)


def test_answers_stand_in_their_documents(asked):
    def script(prompt, number):
        case = "unanswerable" in prompt.split("rare case")[-1] if "rare case" in prompt else False
        return {"context": f"The bridge of {number} was built in 1904.", "question": "When?", "answer": None if case else "1904"}

    spec = {"task": "qa", "cases": {"unanswerable": {"rate": 0.3}}}
    made = asked(script, spec).sample(30)
    assert made["problem"].is_null().all()
    for row in made.iter_rows(named=True):
        if row["case"] == "unanswerable":
            assert row["answer"] is None
        else:
            assert row["context"][row["answer_start"] :].startswith("1904")


def test_questions_about_documents_that_are_given(asked):
    spec = {"task": "qa", "columns": {"passage": {"type": "choice", "values": ["Red is a colour.", "Two is a number."]}}}

    def script(prompt, number):
        return {"question": "What is it?", "answer": "colour" if "Red" in prompt else "letter"}

    made = asked(script, spec, document="passage", tries=1).sample(20)
    for row in made.iter_rows(named=True):
        if row["passage"].startswith("Red"):
            assert (row["context"], row["answer"]) == (row["passage"], "colour")
        else:
            assert "does not stand in the document" in row["problem"]


@pytest.mark.parametrize(
    ("task", "reply", "extra"),
    [
        ("instruction", {"instruction": "Add.", "input": "1 2", "output": "3"}, {}),
        ("preference", {"prompt": "Hi", "chosen": "Hello!", "rejected": "What."}, {}),
        ("rewriting", {"source": "hey", "target": "Good morning"}, {}),
        ("translation", {"source": "water", "target": "Wasser"}, {"language": {"source": "en", "target": "de"}}),
        ("column", {"text": "A note."}, {}),
    ],
)
def test_records_of_other_tasks_come_as_they_are(asked, task, reply, extra):
    made = asked(lambda prompt, number: reply, {"task": task, **extra}).sample(2)
    assert made.select(list(reply)).to_dicts() == [reply, reply]


@pytest.mark.parametrize(
    ("task", "reply", "why"),
    [
        ("preference", {"prompt": "Hi", "chosen": "Hello!", "rejected": "Hello!"}, "are the same"),
        ("rewriting", {"source": "hey", "target": "hey"}, "are the same"),
        ("instruction", {"instruction": "Add.", "output": "3"}, "input"),
        ("instruction", {"instruction": "Add.", "input": "", "output": "3", "more": 1}, "more"),
    ],
)
def test_records_that_are_not_true_are_refused(asked, task, reply, why):
    made = asked(lambda prompt, number: reply, {"task": task}, tries=1).sample(1)
    assert why in made["problem"][0]


def test_a_source_may_be_a_column(asked):
    spec = {"task": "rewriting", "columns": {"casual": {"type": "choice", "values": ["hey you", "gimme that"]}}}
    made = asked(lambda prompt, number: {"target": "Good day."}, spec, document="casual").sample(6)
    assert (made["source"] == made["casual"]).all()
