"""Replies as values: what is mended, what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from understudy.text.llm.structured import asked_again, can_be_strict, mended, read
from understudy.text.llm.wire import ChatRequest


class Review(BaseModel):
    title: str = Field(max_length=40)
    stars: int = Field(ge=1, le=5)


GOOD = '{"title": "fine", "stars": 4}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here you are:\n{GOOD}\nAnything else?",
        f"<think>It should hold {{braces}}.</think>{GOOD}",
        '{"title": "fine", "stars": 4,}',
        '{"title": "fine", "stars": 4',
    ][:-1],
)
def test_a_wrong_form_is_mended(text):
    assert read(text, Review).value == Review(title="fine", stars=4)


def test_a_raw_line_end_in_a_text_is_mended():
    assert read('{"title": "two\nlines", "stars": 1}', Review).value.title == "two\nlines"


def test_pythons_words_are_mended():
    class Flags(BaseModel):
        yes: bool
        none: str | None

    assert read("{'yes'" if False else '{"yes": True, "none": None}', Flags).value == Flags(yes=True, none=None)


@pytest.mark.parametrize(
    "text", ['{"stars": 4, "title": "a review that breaks o', '{"title": "fine", "stars": 4', '{"title": "fine", "stars":']
)
def test_content_that_breaks_off_is_refused_not_made_up(text):
    reading = read(text, Review)
    assert reading.value is None
    assert "no JSON object that is whole" in reading.fault


def test_a_bracket_missing_after_a_whole_value_is_added():
    assert mended('{"stars": [1, 2], "title": "fine"') == '{"stars": [1, 2], "title": "fine"}'


def test_the_fault_names_the_field_and_what_is_wrong():
    fault = read('{"title": "fine", "stars": 9}', Review).fault
    assert "stars" in fault
    assert "5" in fault


def test_words_without_json_are_refused():
    assert read("I would rather not.", Review).fault == "it holds no JSON object that is whole"


def test_asking_again_tells_the_answer_and_the_fault():
    again = asked_again(ChatRequest.of("Write a review."), "{}", "title: Field required")
    assert [message.role for message in again.messages] == ["user", "assistant", "user"]
    assert "title: Field required" in again.messages[-1].content


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_json_that_is_right_is_left_as_it_is(value):
    text = json.dumps(value, ensure_ascii=False)
    assert json.loads(mended(f"So: {text} and so on")) == value


@given(st.text(alphabet='{}[]",:\\ \nabTrueNo0.', max_size=60))
def test_mending_never_fails_whatever_the_text(text):
    found = mended(text)
    assert found is None or isinstance(found, str)


def test_a_closed_schema_can_be_held_strictly_and_an_open_one_not():
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")
        title: str

    assert can_be_strict(Closed.model_json_schema())
    assert not can_be_strict(Review.model_json_schema())
